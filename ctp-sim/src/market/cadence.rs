//! Snapshots at a steady pace: two a second and market, each market at a moment of its own (§4.1).

use ctp_market::Phase;
use ctp_types::{MdCallback, RecordBox};

use crate::exchange::{Exchange, Task};
use crate::interface::{Delivery, Output, Timestamp};
use crate::market::instrument::{Class, MarketIndex};
use crate::market::{process, snapshot};
use crate::matching::TickTrade;
use crate::matching::book::{Book, Side};

/// Parts of the interval between two snapshots of a market.
pub(crate) const SLOTS: usize = 50;
/// Deepest book shown.
const DEPTH: usize = 5;

/// Which markets come when, and which have something new to show.
#[derive(Debug)]
pub(crate) struct Cadence {
    /// The markets of each part of the interval.
    slots: Vec<Vec<MarketIndex>>,
    /// By market: whether it changed since its last snapshot.
    changed: Vec<bool>,
    changes: usize,
    running: bool,
    /// The minute that the crowds' pace was last looked up for.
    minute: i64,
    /// Moments before this one are left out.
    from: Timestamp,
}

impl Cadence {
    pub(crate) fn new(from: Timestamp) -> Self {
        Self { slots: Vec::new(), changed: Vec::new(), changes: 0, running: false, minute: 0, from }
    }

    /// Leaves out what is due before a moment.
    pub(crate) fn skip_to(&mut self, from: Timestamp) {
        self.from = from;
    }

    /// Notes that a market has something new to show at its next moment.
    pub(crate) fn insert(&mut self, market: MarketIndex) {
        if let Some(changed) = self.changed.get_mut(market)
            && !std::mem::replace(changed, true)
        {
            self.changes += 1;
        }
    }

    /// Forgets what is new: nobody was there to see it otherwise.
    pub(crate) fn forget(&mut self) {
        self.changed.fill(false);
        self.changes = 0;
    }

    /// Returns whether a market has something new to show; from now on it has not.
    pub(crate) fn take(&mut self, market: MarketIndex) -> bool {
        let changed = std::mem::take(&mut self.changed[market]);
        self.changes -= usize::from(changed);
        changed
    }
}

impl Exchange {
    /// Gives every listed market its moment; called when the list of markets changed.
    pub(crate) fn arrange_cadence(&mut self) {
        let mut slots = vec![Vec::new(); SLOTS];
        for (index, market) in self.markets.iter().enumerate().filter(|(_, market)| market.listed) {
            slots[market.slot].push(index);
        }
        self.touched.slots = slots;
        self.touched.changed = vec![false; self.markets.len()];
        self.touched.changes = 0;
    }

    /// Sees to the next moment of the cadence while anybody could notice it.
    pub(crate) fn keep_ticking(&mut self) {
        if !self.touched.running && self.is_watched() {
            self.touched.running = true;
            let part = self.part();
            let after = self.now.max(self.touched.from).0;
            let next = Timestamp((after.div_euclid(part) + 1).saturating_mul(part));
            self.schedule.add(next, Task::Tick);
        }
    }

    /// Lets the markets of this moment move, and sends the snapshots of those that changed.
    pub(crate) fn tick(&mut self) {
        self.touched.running = false;
        if self.now < self.touched.from {
            self.keep_ticking();
            return;
        }
        let slot = self.now.0.div_euclid(self.part()).rem_euclid(SLOTS as i64) as usize;
        self.keep_pace();
        let markets = std::mem::take(&mut self.touched.slots[slot]);
        for market in markets.iter().copied() {
            if self.markets[market].phase == Phase::Auction {
                continue;
            }
            let moved = self.move_crowd(market);
            if self.touched.take(market) || moved {
                self.markets[market].stamp(self.now);
                self.send_tick(market);
            }
        }
        self.touched.slots[slot] = markets;
        if self.touched.changes > 0 || self.is_any_open() {
            self.keep_ticking();
        }
    }

    fn is_watched(&self) -> bool {
        self.sessions.values().any(|session| session.connected)
            || self.desk.is_waiting()
            || self.markets.iter().any(|market| !market.matcher.is_empty())
    }

    fn part(&self) -> i64 {
        (self.config.tick_interval.as_nanos() as i64 / SLOTS as i64).max(1)
    }

    /// Sends a market's present snapshot to all who subscribed to it.
    pub(crate) fn send_tick(&mut self, market: MarketIndex) {
        let subscribers = std::mem::take(&mut self.markets[market].subscribers[0]);
        if !subscribers.is_empty() {
            let record = self.snapshot(market);
            for session in subscribers.iter().copied() {
                let delivery = Delivery::Md {
                    callback: MdCallback::OnRtnDepthMarketData,
                    record: Some(record.clone()),
                    rsp_info: None,
                    number: 0,
                    is_last: true,
                };
                self.outbox.push(Output { session, delivery });
            }
        }
        self.markets[market].subscribers[0] = subscribers;
        self.touch_conditions(market);
    }

    /// Returns the market's present record, as the market-data front sends it.
    pub(crate) fn snapshot(&self, market: MarketIndex) -> RecordBox {
        let here = &self.markets[market];
        if here.matcher.is_empty() && here.phase != Phase::Auction {
            return RecordBox::new(&snapshot::depth_market_data(self, here, &here.book));
        }
        RecordBox::new(&snapshot::depth_market_data(self, here, &self.displayed_book(market)))
    }

    /// Returns the crowd's book with the clients' resting orders in it. What gathers in an auction shows when it is over.
    pub(crate) fn displayed_book(&self, market: MarketIndex) -> Book {
        let market = &self.markets[market];
        let mut shown = Book::default();
        if market.phase != Phase::Auction {
            market.matcher.display(&market.book, DEPTH, &mut shown);
        }
        shown
    }

    /// Lets a market's crowd act. Returns whether that changed anything.
    fn move_crowd(&mut self, market: MarketIndex) -> bool {
        let here = &self.markets[market];
        if !here.crowd.present || here.phase != Phase::Continuous {
            return false;
        }
        let (moved, traded): (bool, Option<TickTrade>) = match here.instrument.class {
            Class::Future => self.markets[market].move_future(),
            Class::Option { right, strike, underlying, .. } => {
                let future = &self.markets[underlying];
                let forward = future.instrument.tick.amount(future.mark(), 1);
                self.markets[market].move_option(right, strike, forward)
            }
            Class::Combination { legs } => {
                let best = legs.map(|leg| {
                    let book = &self.markets[leg].book;
                    [book.best(Side::Buy), book.best(Side::Sell)]
                });
                (self.markets[market].move_combination(best), None)
            }
        };
        if moved {
            self.remark(market);
            self.meet_resting_orders(market, traded);
        }
        moved
    }

    /// Looks up once a minute how busy it is.
    fn keep_pace(&mut self) {
        let minute = self.now.0.div_euclid(60_000_000_000);
        if std::mem::replace(&mut self.touched.minute, minute) == minute {
            return;
        }
        for (market, open_minutes, minutes_left) in self.open_sessions() {
            self.markets[market].crowd.pace = process::pace(open_minutes, minutes_left);
        }
    }
}
