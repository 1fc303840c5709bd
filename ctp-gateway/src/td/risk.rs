//! The risk gate: what every order and cancel passes before it is sent.
//!
//! It is a part of the session's state machine: it has no clock, no thread and no file. Times come in with each call, so
//! that a recording plays back equal. A check costs one look-up of the instrument and no allocation if it passes; what it
//! compares with are sums that every event of an order keeps up to date.

mod acks;
mod counts;
mod denials;
mod flag;
mod gate;
mod holdings;
mod instruments;
mod sanity;
mod shared;
mod snapshot;
mod switch;
mod window;
mod working;

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{InputOrderField, Text};

use self::acks::Acks;
pub(crate) use self::counts::Counted;
use self::counts::Counts;
pub(crate) use self::flag::KillFlag;
pub(crate) use self::holdings::Holdings;
use self::instruments::Instruments;
pub(crate) use self::instruments::Prices;
pub use self::shared::AccountCounts;
pub(crate) use self::shared::{Member, Taken};
pub use self::snapshot::RiskSnapshot;
pub use self::switch::Killed;
use self::switch::Sweep;
use self::working::Working;
use crate::config::RiskConfig;
use crate::maps::HashMap;
use crate::td::orders::order::{Order, OrderId};
use crate::td::rows::Instrument;

/// The risk gate of one session.
#[derive(Debug)]
pub(crate) struct RiskGate {
    config: RiskConfig,
    counts: Counts,
    instruments: Instruments,
    orders: HashMap<OrderId, Working>,
    /// Orders that can still be cancelled, of all sessions of the account and of this gateway.
    open: u32,
    own: u32,
    /// Lots on order to open.
    opening: i64,
    acks: Acks,
    switch: Option<Killed>,
    sweep: Sweep,
    denied: u64,
    /// What this step sent that counts.
    taken: Vec<Taken>,
    /// Counted requests that the library has not commented.
    in_flight: Vec<i32>,
    /// How many actions were counted since the first of them.
    unsettled: usize,
    /// When the step is.
    now: Option<Instant>,
}

impl RiskGate {
    pub(crate) fn new(config: RiskConfig) -> Self {
        Self {
            counts: Counts::new(&config),
            acks: Acks::new(config.ack),
            config,
            instruments: Instruments::default(),
            orders: HashMap::default(),
            open: 0,
            own: 0,
            opening: 0,
            switch: None,
            sweep: Sweep::default(),
            denied: 0,
            taken: Vec::new(),
            in_flight: Vec::new(),
            unsettled: 0,
            now: None,
        }
    }

    /// Begins a step of the session.
    pub(crate) fn begin_step(&mut self, now: Instant) {
        self.now = Some(now);
        self.taken.clear();
    }

    /// Returns what this step sent that counts.
    pub(crate) fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// Ends a step in which these requests were given out.
    pub(crate) fn end_step(&mut self, counted: impl Iterator<Item = i32>) {
        self.in_flight.extend(counted);
        if self.in_flight.is_empty() {
            self.unsettled = 0;
        }
    }

    /// Takes the library's word about a request. It left between the step that counted it and now: whatever held it up,
    /// such as a disk that the journal waited for, its second begins here.
    pub(crate) fn handle_sent(&mut self, now: Instant, request_id: i32) {
        if let Some(at) = self.in_flight.iter().position(|id| *id == request_id) {
            self.in_flight.swap_remove(at);
            self.counts.delay(now, self.unsettled);
        }
    }

    pub(crate) fn config(&self) -> &RiskConfig {
        &self.config
    }

    /// Takes what an unfiltered query of instruments returned.
    pub(crate) fn replace_instruments(&mut self, rows: &[Arc<Instrument>]) {
        self.instruments.replace(rows);
    }

    /// Takes what a filtered query of instruments returned.
    pub(crate) fn add_instruments(&mut self, rows: &[Arc<Instrument>]) {
        self.instruments.add(rows);
    }

    /// Returns the exchange of an instrument that a query returned.
    pub(crate) fn exchange_of(&self, instrument: &Text<81>) -> Option<Text<9>> {
        self.instruments.get(instrument)?.row.as_ref().map(|row| row.exchange_id)
    }

    /// Takes an instrument's prices.
    pub(crate) fn mark(&mut self, instrument: &Text<81>, prices: Prices) {
        let at = self.instruments.place_of(instrument);
        // A limit of 0 means that there is none.
        let limit = |price: Option<f64>| price.filter(|price| *price != 0.0);
        let prices =
            Prices { last: limit(prices.last), upper: limit(prices.upper), lower: limit(prices.lower) };
        self.instruments.at_mut(at).prices = prices;
    }

    /// Begins a trading day: nothing of the old one counts. A kill switch that is on stays on.
    pub(crate) fn begin_trading_day(&mut self) {
        self.counts.begin_trading_day();
        self.instruments = Instruments::default();
        self.orders.clear();
        (self.open, self.own, self.opening) = (0, 0, 0);
        self.acks.clear();
        self.sweep.clear();
    }

    /// Takes an order that is sent. Its action is counted by [`take`](Self::take).
    pub(crate) fn order_sent(&mut self, id: OrderId, order: &InputOrderField) {
        if self.switch.is_some() {
            // It was with the library already when the switch was thrown.
            self.sweep.add(id);
        }
        let place = self.instruments.place_of(&order.instrument_id);
        self.set(id, Some(Working::sent(place, order)));
        if let Some(now) = self.now {
            self.acks.sent(now, id);
        }
    }

    /// Forgets an order that the library did not take. Its action stays counted: the library may have tried.
    pub(crate) fn order_not_sent(&mut self, id: OrderId) {
        self.set(id, None);
        self.settle_acks();
    }

    /// Takes what is new about an order, whoever placed it.
    pub(crate) fn order_changed(&mut self, order: &Order) {
        let place = self.instruments.place_of(&order.instrument_id);
        let working = Working::known(place, order);
        let is_open = working.is_open;
        let is_swept = is_open && (working.is_own || self.config.kill_foreign);
        self.set(order.id, Some(working).filter(|working| !working.is_gone()));
        if !is_open {
            self.sweep.remove(order.id);
        } else if is_swept && self.switch.is_some() {
            self.sweep.add(order.id);
        }
        self.settle_acks();
    }

    /// Returns when [`Self::handle_deadline`] is due.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.acks.next_deadline()
    }

    /// Returns how many orders wait too long for their first answer, once per slowness.
    pub(crate) fn handle_deadline(&mut self, now: Instant) -> Option<u64> {
        let orders = &self.orders;
        self.acks.handle_deadline(now, |id| orders.get(&id).is_some_and(|order| order.is_unanswered))
    }

    fn settle_acks(&mut self) {
        let orders = &self.orders;
        self.acks.answered(|id| orders.get(&id).is_some_and(|order| order.is_unanswered));
    }

    /// Replaces what the sums have of an order.
    fn set(&mut self, id: OrderId, new: Option<Working>) {
        let old = match new {
            Some(new) => self.orders.insert(id, new),
            None => self.orders.remove(&id),
        };
        if let Some(old) = old {
            self.instruments.at_mut(old.place).side_mut(old.is_buy).remove(&old);
            self.open -= u32::from(old.is_open);
            self.own -= u32::from(old.is_open && old.is_own);
            self.opening -= old.opens();
        }
        if let Some(new) = new {
            self.instruments.at_mut(new.place).side_mut(new.is_buy).add(&new);
            self.open += u32::from(new.is_open);
            self.own += u32::from(new.is_open && new.is_own);
            self.opening += new.opens();
        }
    }

    /// Counts an action that is about to be sent.
    pub(crate) fn take(&mut self, at: Instant, what: Counted, instrument: &Text<81>) {
        self.take_elsewhere(at, what, instrument);
        self.taken.push(Taken { at, what, instrument: *instrument });
    }

    /// Counts an action that another session of the account sent.
    pub(crate) fn take_elsewhere(&mut self, at: Instant, what: Counted, instrument: &Text<81>) {
        self.counts.take(at, what);
        self.unsettled += 1;
        self.count_cancel(what, instrument);
    }

    /// Counts an action that an earlier run sent on this trading day.
    pub(crate) fn restore(&mut self, what: Counted, instrument: &Text<81>) {
        self.counts.restore(what);
        self.count_cancel(what, instrument);
    }

    fn count_cancel(&mut self, what: Counted, instrument: &Text<81>) {
        if what == Counted::Cancel && !instrument.is_empty() {
            let at = self.instruments.place_of(instrument);
            self.instruments.at_mut(at).cancels += 1;
        }
    }

    /// Takes how many requests per second the front says it lets through; 0 or less: it does not say.
    pub(crate) fn set_front_frequency(&mut self, per_second: i32) {
        self.counts.set_front_frequency(per_second);
    }

    /// Throws the kill switch. Returns whether that is news; its first reason stays.
    pub(crate) fn kill(&mut self, reason: String, since_ns: i64) -> bool {
        if self.switch.is_some() {
            return false;
        }
        self.switch = Some(Killed { reason, since_ns });
        self.sweep_all();
        true
    }

    /// Begins to cancel anew, for example after a login: what was asked before may not have arrived.
    pub(crate) fn sweep_all(&mut self) {
        self.sweep.clear();
        if self.switch.is_none() {
            return;
        }
        for id in self.open_orders(self.config.kill_foreign) {
            self.sweep.add(id);
        }
    }

    /// Returns the orders that can still be cancelled, the oldest first: this gateway's, or all of the account.
    pub(crate) fn open_orders(&self, all: bool) -> Vec<OrderId> {
        let open = self.orders.iter().filter(|(_, order)| order.is_open && (order.is_own || all));
        let mut ids: Vec<OrderId> = open.map(|(id, _)| *id).collect();
        // The same order in every run.
        ids.sort_unstable();
        ids
    }

    /// Returns from when on the pace lets a cancel pass, as it looks in this step; `None` for never.
    pub(crate) fn cancel_from(&self) -> Option<Instant> {
        self.counts.allows_cancel_from(self.now?)
    }

    /// Turns the kill switch off. Returns what it was.
    pub(crate) fn release(&mut self) -> Option<Killed> {
        self.sweep.clear();
        self.switch.take()
    }

    /// Returns how many orders the kill switch has still to get cancelled.
    pub(crate) fn to_cancel(&self) -> usize {
        self.sweep.left()
    }

    pub(crate) fn killed(&self) -> Option<&Killed> {
        self.switch.as_ref()
    }

    /// Returns the order whose cancel is to be sent now: as fast as the pace allows.
    pub(crate) fn next_cancel(&mut self, now: Instant) -> Option<OrderId> {
        if self.config.dry_run || !self.counts.allows_cancel(now) {
            return None;
        }
        self.sweep.next(now)
    }

    /// Takes it that a cancel was refused. Returns whether the kill switch asked for it and asks no more.
    pub(crate) fn cancel_refused(&mut self, id: OrderId) -> bool {
        let Some(now) = self.now else { return false };
        self.switch.is_some() && self.sweep.is_known(id) && !self.sweep.refused(id, now)
    }

    /// Returns when [`Self::next_cancel`] has another one at the earliest.
    pub(crate) fn next_cancel_at(&self) -> Option<Instant> {
        let now = self.now.filter(|_| self.switch.is_some() && !self.config.dry_run)?;
        match self.sweep.is_waiting() {
            true => self.counts.allows_cancel_from(now),
            // An order that comes back waits for the pace too.
            false => Some(self.sweep.next_deadline()?.max(self.counts.allows_cancel_from(now)?)),
        }
    }
}
