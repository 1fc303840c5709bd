//! The end of a trading day and the beginning of the next (§6.6, §9.3).

mod expiry;
mod roll;
mod statement;

use std::collections::BTreeMap;

use ctp_market::Date;
use ctp_types::Text;

use crate::config::Hours;
use crate::exchange::{Exchange, Task};
use crate::interface::{ApiKind, Timestamp};
use crate::session::restart::PEER_CLOSED;

pub(crate) use statement::SettledDay;

/// What is known of the days that are over.
#[derive(Debug, Default)]
pub(crate) struct Days {
    /// Settlement prices that an operator set for the day, in ticks, by market.
    prices: BTreeMap<usize, i64>,
    /// What each investor's day came to.
    settled: BTreeMap<(Text<13>, Date), SettledDay>,
    /// Before this time the core is not ready for logins.
    reopens: Option<Timestamp>,
    /// Days settled so far; a settlement that was scheduled for an earlier day is void.
    number: u32,
}

impl Days {
    /// Returns the settled days of an investor, within `from` and `to`.
    pub(crate) fn settled(
        &self,
        investor: &Text<13>,
        from: Date,
        to: Date,
    ) -> impl DoubleEndedIterator<Item = &SettledDay> {
        self.settled.range((*investor, from)..=(*investor, to)).map(|(_, day)| day)
    }

    /// Returns the last settled day of an investor, within `from` and `to`.
    pub(crate) fn last_settled(&self, investor: &Text<13>, from: Date, to: Date) -> Option<&SettledDay> {
        self.settled(investor, from, to).next_back()
    }
}

impl Exchange {
    /// Settles the trading day and begins the next one: every session is closed, working orders end unseen, money is
    /// settled, what expired is gone. A day after which the calendar has none stays.
    pub(crate) fn settle(&mut self) {
        let Ok(next) = self.reference.calendar().next_trading_day(self.trading_day) else { return };
        self.close_all(ApiKind::Trader, PEER_CLOSED);
        self.close_all(ApiKind::Md, PEER_CLOSED);
        self.accounts.release_all();
        self.price_at_settlement();
        self.expire();
        self.keep_statements();
        self.begin_day(next);
        self.days.reopens = Some(self.now.after(self.config.reopening_delay()));
        self.days.number += 1;
        if self.trading_day == next {
            self.await_settlement();
        }
    }

    /// Schedules the settlement of the trading day, where the exchange keeps hours.
    pub(crate) fn await_settlement(&mut self) {
        if self.config.hours == Hours::Always {
            return;
        }
        let at = self.trading_day.to_datetime(self.config.settlement_time);
        if let Some(at) = ctp_market::unix_nanoseconds(at) {
            let day = self.days.number;
            self.schedule.add(Timestamp(at).max(self.now), Task::Settlement { day });
        }
    }

    /// The time of a day's settlement has come; void when the day was settled before.
    pub(crate) fn settlement_due(&mut self, day: u32) {
        if day == self.days.number {
            self.settle();
        }
    }

    /// Returns whether the core takes logins: not for a while after a settlement (§9.3).
    pub(crate) fn is_initialised(&self) -> bool {
        self.days.reopens.is_none_or(|at| self.now >= at)
    }

    /// Sets the settlement price of the trading day; nothing happens when there is no such instrument or price.
    pub(crate) fn set_settlement_price(&mut self, instrument: &str, price: f64) {
        let market = Text::new(instrument).ok().and_then(|id| self.market_by_id.get(&id)).copied();
        let Some(market) = market else { return };
        if let Ok(ticks) = self.markets[market].instrument.tick.ticks(price) {
            self.days.prices.insert(market, ticks);
            if self.markets[market].settlement.is_some() {
                self.tell_settlement(market);
            }
        }
    }
}
