//! When each product trades, and the status changes that tell of it (§4.5).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ctp_market::{MarketError, Phase, Timetable};
use ctp_types::{InstStatusEnterReason, InstrumentStatus, InstrumentStatusField, Text, TraderCallback};

use crate::clock;
use crate::config::Hours;
use crate::exchange::{Exchange, Task};
use crate::interface::Timestamp;
use crate::market::instrument::{Class, MarketIndex};
use crate::text::text;

/// `InstrumentStatus` continuous trading.
const CONTINUOUS: u8 = b'2';
/// From the close to the snapshot with the settlement price; it comes "~15:00–16:00" (§4.2).
const SETTLEMENT_DELAY: Duration = Duration::from_secs(10 * 60);

/// The hours of all products on the trading day.
#[derive(Debug)]
pub(crate) struct Sessions {
    products: Vec<Product>,
    by_id: BTreeMap<Text<81>, usize>,
    /// The day's changes that are still to come, in order of time.
    due: VecDeque<Due>,
    /// Each market's product.
    product_of: Vec<usize>,
    /// When the day session is about to begin.
    morning: Timestamp,
    /// Counts days: what was meant for an earlier one is void.
    day: u32,
}

impl Sessions {
    /// Returns the hours before the first trading day.
    pub(crate) fn new() -> Self {
        Self {
            products: Vec::new(),
            by_id: BTreeMap::new(),
            due: VecDeque::new(),
            product_of: Vec::new(),
            morning: Timestamp(0),
            day: 0,
        }
    }

    /// Returns whether a market's first auction of the day is over.
    pub(crate) fn has_opened(&self, market: MarketIndex) -> bool {
        self.product_of.get(market).is_some_and(|product| self.products[*product].has_opened)
    }

    /// Returns whether a moment belongs to the night before the day session.
    pub(crate) fn is_before_day(&self, at: Timestamp) -> bool {
        at < self.morning
    }
}

/// A product as the instrument status sees it: the options on a product are one of their own.
#[derive(Debug)]
struct Product {
    id: Text<81>,
    exchange: Text<9>,
    markets: Vec<MarketIndex>,
    status: u8,
    phase: Phase,
    /// Since when.
    since: Timestamp,
    has_opened: bool,
    /// `TradingSegmentSN`: counts the day's changes.
    segment: i32,
}

/// A change of a product that the timetable knows.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Timestamp,
    product: usize,
    phase: Phase,
    status: u8,
}

impl Exchange {
    /// Begins the hours of the trading day. What has passed of it is published with its own times, as a replay of the
    /// public stream shows it (§9.1).
    pub(crate) fn begin_hours(&mut self) -> Result<(), MarketError> {
        let day = self.hours.day + 1;
        let eight = self.trading_day.at(8, 0, 0, 0);
        let morning = ctp_market::unix_nanoseconds(eight).map_or(self.now, Timestamp);
        let product_of = vec![0; self.markets.len()];
        let mut hours = Sessions { product_of, morning, day, ..Sessions::new() };
        let mut changes = Vec::new();
        for index in 0..self.markets.len() {
            let instrument = &self.markets[index].instrument;
            if !self.markets[index].listed {
                continue;
            }
            let id = match instrument.class {
                Class::Future | Class::Option { .. } => instrument.product_id,
                // Combinations have no status of their own: they trade when their first leg does.
                Class::Combination { legs } => self.markets[legs[0]].instrument.product_id,
            };
            let product = match hours.by_id.get(&id) {
                Some(product) => *product,
                None => {
                    let product = hours.products.len();
                    let timetable = self.timetable_of(index)?;
                    changes.extend(timetable.into_iter().flat_map(|timetable| moments(&timetable, product)));
                    hours.products.push(Product {
                        id,
                        exchange: text(instrument.exchange.id()),
                        markets: Vec::new(),
                        status: instrument.rules.status.opening,
                        phase: Phase::Closed,
                        since: self.now,
                        has_opened: false,
                        segment: 0,
                    });
                    hours.by_id.insert(id, product);
                    product
                }
            };
            hours.products[product].markets.push(index);
            hours.product_of[index] = product;
        }
        changes.sort_by_key(|change: &Due| change.at);
        self.hours = hours;
        if self.config.hours == Hours::Always {
            for product in 0..self.hours.products.len() {
                self.change(product, Phase::Continuous, CONTINUOUS, self.now, Reason::Timetable);
            }
            self.touched.forget();
            return Ok(());
        }
        for product in 0..self.hours.products.len() {
            let status = self.hours.products[product].status;
            self.publish_status(product, status, self.now, Reason::Timetable);
        }
        let (past, due): (Vec<Due>, Vec<Due>) = changes.into_iter().partition(|change| change.at <= self.now);
        self.hours.due = due.into();
        for Due { at, product, phase, status } in past {
            self.hours.products[product].enter(phase, status, at);
            self.publish_status(product, status, at, Reason::Timetable);
        }
        for product in 0..self.hours.products.len() {
            let phase = self.hours.products[product].phase;
            for market in self.hours.products[product].markets.clone() {
                self.markets[market].phase = phase_of(&self.markets[market].instrument.class, phase);
                self.join_session(market);
            }
        }
        self.await_change();
        Ok(())
    }

    /// Carries out the changes that are due; void when the day they belong to is over.
    pub(crate) fn hours_due(&mut self, day: u32) {
        if day != self.hours.day {
            return;
        }
        while let Some(Due { at, product, phase, status }) =
            self.hours.due.front().copied().filter(|due| due.at <= self.now)
        {
            self.hours.due.pop_front();
            self.change(product, phase, status, at, Reason::Timetable);
        }
        self.await_change();
    }

    /// The operator's hand: a product, or an instrument's, goes into a status at once. Nothing happens when there is no
    /// such product or status.
    pub(crate) fn set_status(&mut self, product: &str, status: char) {
        let Ok(id) = Text::new(product) else { return };
        let of_market = || {
            let market = *self.market_by_id.get(&id)?;
            self.hours.by_id.get(&self.markets[market].instrument.product_id).copied()
        };
        let Some(product) = self.hours.by_id.get(&id).copied().or_else(of_market) else { return };
        let phase = match status {
            '2' => Phase::Continuous,
            '3' => Phase::Auction,
            '4' | '5' => Phase::Matching,
            '6' => Phase::Closed,
            '0' | '1' | '7' => Phase::Break,
            _ => return,
        };
        self.change(product, phase, status as u8, self.now, Reason::Operator);
    }

    /// Returns whether any market trades.
    pub(crate) fn is_any_open(&self) -> bool {
        self.hours.products.iter().any(|product| product.phase == Phase::Continuous)
    }

    /// Tells the settlement price of a product whose trading day is over.
    pub(crate) fn tell_settlement_prices(&mut self, day: u32, product: usize) {
        if day != self.hours.day || self.hours.products[product].phase != Phase::Closed {
            return;
        }
        for market in self.hours.products[product].markets.clone() {
            self.tell_settlement(market);
        }
        self.keep_ticking();
    }

    /// Returns the markets in continuous trading with the minutes since their session began, and until it ends.
    pub(crate) fn open_sessions(&self) -> Vec<(MarketIndex, i64, i64)> {
        let mut ends = vec![None; self.hours.products.len()];
        for due in &self.hours.due {
            ends[due.product].get_or_insert(due.at);
        }
        let minutes = |from: Timestamp, to: Timestamp| (to.0 - from.0).max(0) / 60_000_000_000;
        let open = self.hours.products.iter().zip(ends).filter_map(|(product, end)| {
            let is_open = product.phase == Phase::Continuous;
            let left = minutes(self.now, end.filter(|_| is_open)?);
            Some(product.markets.iter().map(move |market| (*market, minutes(product.since, self.now), left)))
        });
        open.flatten().collect()
    }

    fn await_change(&mut self) {
        if let Some(next) = self.hours.due.front() {
            let (at, day) = (next.at, self.hours.day);
            self.schedule.add(at, Task::Hours { day });
        }
    }

    fn change(&mut self, product: usize, phase: Phase, status: u8, at: Timestamp, reason: Reason) {
        self.publish_status(product, status, at, reason);
        let known = &mut self.hours.products[product];
        known.enter(phase, status, at);
        let markets = std::mem::take(&mut known.markets);
        for market in &markets {
            let phase = phase_of(&self.markets[*market].instrument.class, phase);
            self.enter_phase(*market, phase);
        }
        self.hours.products[product].markets = markets;
        // §7: what was parked is sent at the auction's or the session's begin.
        if matches!(phase, Phase::Auction | Phase::Continuous) {
            let id = self.hours.products[product].id;
            self.send_parked(&id);
        }
        if phase == Phase::Closed {
            let day = self.hours.day;
            self.schedule.add(self.now.after(SETTLEMENT_DELAY), Task::SettlementPrices { day, product });
        }
        self.keep_ticking();
    }

    /// Publishes where every product stands, on a public stream that was cleared.
    pub(crate) fn announce_products(&mut self) {
        for product in 0..self.hours.products.len() {
            let Product { status, since, segment, .. } = self.hours.products[product];
            self.hours.products[product].segment = segment - 1;
            self.publish_status(product, status, since, Reason::Timetable);
        }
    }

    fn publish_status(&mut self, product: usize, status: u8, at: Timestamp, reason: Reason) {
        let enter_time = clock::time_text(at);
        let product = &mut self.hours.products[product];
        product.segment += 1;
        let record = InstrumentStatusField {
            exchange_id: product.exchange,
            instrument_id: product.id,
            exchange_inst_id: product.id,
            instrument_status: InstrumentStatus::from_char(status),
            trading_segment_sn: product.segment,
            enter_time,
            enter_reason: match reason {
                Reason::Timetable => InstStatusEnterReason::AUTOMATIC,
                Reason::Operator => InstStatusEnterReason::MANUAL,
            },
            ..InstrumentStatusField::default()
        };
        self.publish_public(TraderCallback::OnRtnInstrumentStatus, &record);
    }

    /// Returns the hours of a market's product on the trading day; none where it always trades.
    fn timetable_of(&self, market: MarketIndex) -> Result<Option<Timetable>, MarketError> {
        if self.config.hours == Hours::Always {
            return Ok(None);
        }
        let instrument = &self.markets[market].instrument;
        let timetable = match instrument.class {
            Class::Option { .. } => self.reference.option_timetable(&instrument.product, self.trading_day),
            _ => self.reference.timetable(&instrument.product, self.trading_day),
        };
        timetable.map(Some)
    }
}

impl Product {
    fn enter(&mut self, phase: Phase, status: u8, at: Timestamp) {
        (self.phase, self.status, self.since) = (phase, status, at);
        self.has_opened |= matches!(phase, Phase::Matching | Phase::Continuous);
    }
}

/// `EnterReason`.
#[derive(Clone, Copy, Debug)]
enum Reason {
    Timetable,
    Operator,
}

fn moments(timetable: &Timetable, product: usize) -> Vec<Due> {
    let changes = timetable.changes().iter().filter_map(|change| {
        let at = Timestamp(ctp_market::unix_nanoseconds(change.at)?);
        Some(Due { at, product, phase: change.phase, status: change.status })
    });
    changes.collect()
}

/// Combinations have no auction.
fn phase_of(class: &Class, phase: Phase) -> Phase {
    match (class, phase) {
        (Class::Combination { .. }, Phase::Auction | Phase::Matching) => Phase::Break,
        (_, phase) => phase,
    }
}
