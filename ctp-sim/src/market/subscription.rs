//! Who subscribed to what (§4.1, §4.8).

use ctp_types::{
    ForQuoteRspField, MdCallback, MulticastInstrumentField, QryMulticastInstrumentField, RecordBox, Text,
};

use crate::errors::{CoreError, success};
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::market::instrument::MarketIndex;
use crate::market::snapshot;
use crate::text::text;

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

    /// Returns which of a market's lists it concerns.
    const fn list(self) -> usize {
        match self {
            Self::Ticks | Self::NoTicks => 0,
            Self::Quotes | Self::NoQuotes => 1,
        }
    }
}

impl Exchange {
    /// Answers each id, known or not, and sends the latest snapshots of what is subscribed.
    pub(crate) fn change_subscription(
        &mut self,
        id: SessionId,
        subscription: Subscription,
        ids: &[Text<81>],
    ) {
        let logged_in = self.login(id).is_some();
        let mut snapshots = Vec::new();
        for (position, instrument) in ids.iter().enumerate() {
            let market = self.market_by_id.get(instrument).copied();
            let info = match market {
                _ if !logged_in => CoreError::NotLoginYet.rsp_info(),
                Some(market) if subscription == Subscription::Ticks && self.is_one_too_many(id, market) => {
                    CoreError::TooManyInstruments.rsp_info()
                }
                _ => success(),
            };
            if let Some(market) = market.filter(|_| info.error_id == 0) {
                self.enlist(id, subscription, market);
                snapshots.push(market);
            }
            let record = RecordBox::new(&snapshot::specific_instrument(instrument));
            let is_last = position + 1 == ids.len();
            self.send_md(id, subscription.callback(), Some(record), Some(info), 0, is_last);
        }
        if subscription == Subscription::Ticks {
            for market in snapshots {
                let record = self.snapshot(market);
                self.send_md(id, MdCallback::OnRtnDepthMarketData, Some(record), None, 0, true);
            }
        }
    }

    /// Returns whether a session has as many instruments as it may (§3.4: `MaxSubInstCnt`), without this one.
    fn is_one_too_many(&self, id: SessionId, market: MarketIndex) -> bool {
        let most = self.config.access.md_instruments as usize;
        let Some(session) = self.sessions.get(&id).filter(|_| most > 0) else { return false };
        session.subscriptions.len() >= most && !session.subscriptions.contains(&market)
    }

    /// Puts a session into a market's list, in the order of sessions, or takes it out.
    fn enlist(&mut self, id: SessionId, subscription: Subscription, market: MarketIndex) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let list = &mut self.markets[market].subscribers[subscription.list()];
        match (subscription, list.binary_search(&id)) {
            (Subscription::Ticks | Subscription::Quotes, Err(place)) => {
                list.insert(place, id);
                session.subscriptions.insert(market);
            }
            (Subscription::NoTicks | Subscription::NoQuotes, Ok(place)) => {
                list.remove(place);
                let lists = &self.markets[market].subscribers;
                if lists.iter().all(|list| list.binary_search(&id).is_err()) {
                    session.subscriptions.remove(&market);
                }
            }
            _ => {}
        }
    }

    /// Ends all subscriptions of a session.
    pub(crate) fn end_subscriptions(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        for market in std::mem::take(&mut session.subscriptions) {
            for list in &mut self.markets[market].subscribers {
                list.retain(|subscriber| *subscriber != id);
            }
        }
    }

    /// Tells those who subscribed to it that somebody asks for a quote (§4.8); `number` is the exchange's.
    pub(crate) fn announce_for_quote(&mut self, market: MarketIndex, number: Text<21>) {
        let stamp = self.stamp();
        let here = &self.markets[market];
        let record = RecordBox::new(&ForQuoteRspField {
            trading_day: self.trading_day(),
            for_quote_sys_id: number,
            for_quote_time: stamp.time,
            action_day: stamp.date,
            exchange_id: text(here.instrument.exchange.id()),
            instrument_id: here.instrument.id,
            ..ForQuoteRspField::default()
        });
        for session in here.subscribers[1].clone() {
            self.send_md(session, MdCallback::OnRtnForQuoteRsp, Some(record.clone()), None, 0, true);
        }
    }

    /// §4.8: what the binary multicast of SHFE (topics 1000, 1001) and INE (5000, 5001) numbers its instruments with.
    pub(crate) fn answer_multicast(
        &mut self,
        id: SessionId,
        query: &QryMulticastInstrumentField,
        request_id: i32,
    ) {
        let exchange = match query.topic_id {
            1000 | 1001 => Some(ctp_market::Exchange::Shfe),
            5000 | 5001 => Some(ctp_market::Exchange::Ine),
            _ => None,
        };
        let markets = self.markets.iter().enumerate().filter(|(_, market)| {
            market.listed
                && Some(market.instrument.exchange) == exchange
                && (query.instrument_id.is_empty() || query.instrument_id == market.instrument.id)
        });
        let records: Vec<RecordBox> = markets
            .map(|(index, market)| {
                RecordBox::new(&MulticastInstrumentField {
                    topic_id: query.topic_id,
                    instrument_no: i32::try_from(index + 1).unwrap_or(i32::MAX),
                    code_price: market.price(market.reference.settlement),
                    volume_multiple: market.instrument.multiplier,
                    price_tick: market.instrument.tick.to_f64(),
                    instrument_id: market.instrument.id,
                    ..MulticastInstrumentField::default()
                })
            })
            .collect();
        let callback = MdCallback::OnRspQryMulticastInstrument;
        if records.is_empty() {
            self.send_md(id, callback, None, None, request_id, true);
        }
        let last = records.len().saturating_sub(1);
        for (position, record) in records.into_iter().enumerate() {
            self.send_md(id, callback, Some(record), None, request_id, position == last);
        }
    }
}
