//! Market data: subscriptions and ticks (§4.1).

use ctp_types::{MdCallback, RecordBox, Text};

use crate::errors::{CoreError, success};
use crate::exchange::Exchange;
use crate::interface::{ApiKind, SessionId};
use crate::market::snapshot;
use crate::matching::book::Book;

/// Deepest book shown.
const DEPTH: usize = 5;

/// What a session asks to begin or end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subscription {
    Ticks,
    NoTicks,
    Quotes,
    NoQuotes,
}

impl Subscription {
    const fn callback(self) -> MdCallback {
        match self {
            Self::Ticks => MdCallback::OnRspSubMarketData,
            Self::NoTicks => MdCallback::OnRspUnSubMarketData,
            Self::Quotes => MdCallback::OnRspSubForQuoteRsp,
            Self::NoQuotes => MdCallback::OnRspUnSubForQuoteRsp,
        }
    }
}

impl Exchange {
    /// Answers each id, known or not, and sends the latest snapshots of what is newly subscribed.
    pub(crate) fn change_subscription(
        &mut self,
        id: SessionId,
        subscription: Subscription,
        ids: &[Text<81>],
    ) {
        let info = if self.login(id).is_some() { success() } else { CoreError::NotLoginYet.rsp_info() };
        for (position, instrument) in ids.iter().enumerate() {
            let record = RecordBox::new(&snapshot::specific_instrument(instrument));
            let is_last = position + 1 == ids.len();
            self.send_md(id, subscription.callback(), Some(record), Some(info), 0, is_last);
        }
        if self.login(id).is_none() {
            return;
        }
        for instrument in ids {
            let Some(market) = self.market_by_id.get(instrument).copied() else { continue };
            let Some(session) = self.sessions.get_mut(&id) else { return };
            match subscription {
                Subscription::Ticks => {
                    session.subscriptions.insert(market);
                    let record = self.snapshot(market);
                    self.send_md(id, MdCallback::OnRtnDepthMarketData, Some(record), None, 0, true);
                }
                Subscription::NoTicks => {
                    session.subscriptions.remove(&market);
                }
                Subscription::Quotes | Subscription::NoQuotes => {}
            }
        }
    }

    /// Lets every market move and sends the snapshots of those that changed.
    pub(crate) fn tick(&mut self) {
        let mut changed = std::mem::take(&mut self.touched);
        for market in &changed {
            self.markets[*market].stamp(self.now);
        }
        for market in 0..self.markets.len() {
            let (moved, crowd_trade) = self.markets[market].tick(self.now);
            if moved {
                changed.insert(market);
                self.remark(market);
                self.meet_resting_orders(market, crowd_trade);
            }
        }
        // Orders filled by this tick show in its own snapshot.
        self.touched.clear();
        for market in changed {
            let sessions = self.sessions.iter();
            let subscribed: Vec<SessionId> = sessions
                .filter(|(_, session)| session.kind == ApiKind::Md && session.subscriptions.contains(&market))
                .map(|(id, _)| *id)
                .collect();
            if subscribed.is_empty() {
                continue;
            }
            let record = self.snapshot(market);
            for session in subscribed {
                self.send_md(session, MdCallback::OnRtnDepthMarketData, Some(record.clone()), None, 0, true);
            }
        }
    }

    /// Returns the market's present record.
    pub(crate) fn snapshot(&self, market: usize) -> RecordBox {
        let book = self.displayed_book(market);
        RecordBox::new(&snapshot::depth_market_data(&self.markets[market], &book, self.trading_day))
    }

    /// Returns the crowd's book with the clients' resting orders in it.
    pub(crate) fn displayed_book(&self, market: usize) -> Book {
        let market = &self.markets[market];
        let mut shown = Book::default();
        market.matcher.display(&market.book, DEPTH, &mut shown);
        shown
    }
}
