//! The lots of one side of one instrument, for one purpose.
//!
//! What the trading day began with and every trade since are kept; the lots of now follow from them. A trade that comes
//! late is put in its place and everything after it is reckoned again.

use ctp_market::Money;
use ctp_types::{HedgeFlag, OffsetFlag};

use super::amount::{Points, Price};
use super::terms::{Commission, Side};

/// Lots opened by one trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lot {
    pub(super) price: Price,
    pub(super) left: i32,
    /// Whether the lots are a leg of a combination: single lots are closed first (§5.3).
    pub(super) is_combined: bool,
}

/// The lots of today, or all older ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// In the order in which they are closed.
    lots: Vec<Lot>,
    /// Lots before this one are closed.
    first: usize,
    pub(super) left: i32,
    pub(super) left_points: Points,
    pub(super) closed: i32,
    /// What the closed lots cost when they were opened.
    pub(super) closed_open_points: Points,
    /// What they were closed at.
    pub(super) close_points: Points,
    pub(super) opened: i32,
    pub(super) open_points: Points,
    /// Whether the opening prices are not known.
    pub(super) is_unpriced: bool,
}

impl Part {
    pub(super) fn push(&mut self, lot: Lot) {
        self.left += lot.left;
        self.left_points += lot.price.lots(lot.left);
        self.lots.push(lot);
    }

    /// Whether some of the lots held are legs of a combination.
    pub(super) fn has_combined(&self) -> bool {
        self.lots[self.first..].iter().any(|lot| lot.is_combined && lot.left > 0)
    }

    /// Closes up to `volume` lots of a kind, the oldest first; returns how many there were.
    fn close(&mut self, volume: i32, price: Price, combined: bool) -> i32 {
        let mut rest = volume;
        for lot in self.lots[self.first..].iter_mut().filter(|lot| lot.is_combined == combined) {
            if rest == 0 {
                break;
            }
            let taken = lot.left.min(rest);
            lot.left -= taken;
            rest -= taken;
            self.left_points -= lot.price.lots(taken);
            self.closed_open_points += lot.price.lots(taken);
        }
        while self.lots.get(self.first).is_some_and(|lot| lot.left == 0) {
            self.first += 1;
        }
        let taken = volume - rest;
        self.left -= taken;
        self.closed += taken;
        self.close_points += price.lots(taken);
        taken
    }
}

/// Which lots a trade closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closes {
    Today,
    Yesterday,
    /// The oldest first.
    Any,
}

/// What a trade does to a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Opens,
    Closes(Closes),
}

/// What an offset flag does, where lots of today and older ones are kept apart and where they are not (§5.3).
pub(super) fn effect(offset: OffsetFlag, split: bool) -> Effect {
    match offset {
        OffsetFlag::OPEN => Effect::Opens,
        OffsetFlag::CLOSE_TODAY if split => Effect::Closes(Closes::Today),
        OffsetFlag::CLOSE | OffsetFlag::CLOSE_YESTERDAY if split => Effect::Closes(Closes::Yesterday),
        _ => Effect::Closes(Closes::Any),
    }
}

/// A trade, as far as it concerns the lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fill {
    /// When it was made: the second of the trading day, and the number of the record.
    pub(super) at: (i32, i32),
    pub(super) offset: OffsetFlag,
    pub(super) price: Price,
    pub(super) volume: i32,
    pub(super) is_combined: bool,
}

/// Which rate a fee has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FeeKind {
    Open,
    Close,
    CloseToday,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fee {
    kind: FeeKind,
    price: Price,
    volume: i32,
}

/// Where a side stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    yesterday: Part,
    today: Part,
    /// Closes whose lots were never seen opened.
    pending: Vec<Fill>,
    /// Lots closed at the rate of today's, where the exchange does not keep them apart.
    charged_today: i32,
    fees: Vec<Fee>,
    /// What the counter says was paid, from before the first trade that is counted here.
    carried_commission: Money,
}

/// The lots of one side of an instrument.
#[derive(Clone, Debug)]
pub(super) struct SideBook {
    pub(super) side: Side,
    pub(super) hedge: HedgeFlag,
    /// The lots when the day began. C: `YdPosition`.
    pub(super) at_start: i32,
    /// Lots reserved by working orders to close.
    pub(super) frozen: Frozen,
    base: State,
    fills: Vec<Fill>,
    now: State,
}

/// The lots that working orders to close reserve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frozen {
    pub(super) today: i32,
    pub(super) yesterday: i32,
    pub(super) any: i32,
}

impl Frozen {
    pub(super) fn add(&mut self, closes: Closes, volume: i32) {
        match closes {
            Closes::Today => self.today += volume,
            Closes::Yesterday => self.yesterday += volume,
            Closes::Any => self.any += volume,
        }
    }

    pub(super) fn total(self) -> i32 {
        self.today + self.yesterday + self.any
    }
}

impl SideBook {
    pub(super) fn new(side: Side, hedge: HedgeFlag) -> Self {
        Self {
            side,
            hedge,
            at_start: 0,
            frozen: Frozen::default(),
            base: State::default(),
            fills: Vec::new(),
            now: State::default(),
        }
    }

    pub(super) fn yesterday(&self) -> &Part {
        &self.now.yesterday
    }

    pub(super) fn today(&self) -> &Part {
        &self.now.today
    }

    pub(super) fn volume(&self) -> i32 {
        self.now.yesterday.left + self.now.today.left
    }

    /// Lots that were closed and never seen opened.
    pub(super) fn missing(&self) -> i32 {
        self.now.pending.iter().map(|fill| fill.volume).sum()
    }

    pub(super) fn open_volume(&self) -> i32 {
        self.now.today.opened
    }

    pub(super) fn close_volume(&self) -> i32 {
        self.now.yesterday.closed + self.now.today.closed + self.missing()
    }

    /// What all closed lots were closed at.
    pub(super) fn close_points(&self) -> Points {
        let pending =
            self.now.pending.iter().fold(Points::default(), |sum, fill| sum + fill.price.lots(fill.volume));
        self.now.yesterday.close_points + self.now.today.close_points + pending
    }

    pub(super) fn open_points(&self) -> Points {
        self.now.today.open_points
    }

    pub(super) fn has_combined(&self) -> bool {
        self.now.yesterday.has_combined() || self.now.today.has_combined()
    }

    /// Whether anything was ever there today.
    pub(super) fn is_used(&self) -> bool {
        self.at_start > 0 || self.volume() != 0 || !self.fills.is_empty() || self.open_volume() > 0
    }

    /// Returns the commission of the day.
    pub(super) fn commission(&self, rates: Option<&Commission>, multiplier: Option<i32>) -> Option<Money> {
        let carried = self.now.carried_commission;
        if self.now.fees.is_empty() {
            return Some(carried);
        }
        let (rates, multiplier) = (rates?, multiplier?);
        let fees = self.now.fees.iter().map(|fee| {
            let charge = match fee.kind {
                FeeKind::Open => rates.open,
                FeeKind::Close => rates.close,
                FeeKind::CloseToday => rates.close_today,
            };
            charge.on(fee.price.lots(fee.volume).times(multiplier), fee.volume)
        });
        Some(carried + fees.sum())
    }

    /// Sets what the side begins the day with; trades that are known already count on top of it.
    pub(super) fn begin(&mut self, lots: Vec<Lot>, is_unpriced: bool, split: bool) {
        let mut base = State::default();
        base.yesterday.is_unpriced = is_unpriced;
        for lot in lots {
            base.yesterday.push(lot);
        }
        self.at_start = base.yesterday.left;
        self.base = base;
        self.rebuild(split);
    }

    /// Takes what the counter says stands now, and forgets the trades that led there.
    pub(super) fn adopt(&mut self, at_start: i32, yesterday: Part, today: Part, commission: Money) {
        self.at_start = at_start;
        let charged_today = (yesterday.closed + today.closed).min(today.opened);
        self.base =
            State { yesterday, today, charged_today, carried_commission: commission, ..State::default() };
        self.fills.clear();
        self.now = self.base.clone();
    }

    /// Counts a trade.
    pub(super) fn fill(&mut self, fill: Fill, split: bool) {
        let place = self.fills.partition_point(|known| known.at <= fill.at);
        let is_late = place < self.fills.len();
        self.fills.insert(place, fill);
        if is_late {
            self.rebuild(split);
        } else {
            self.now.apply(fill, split);
        }
    }

    /// Reckons everything again.
    pub(super) fn rebuild(&mut self, split: bool) {
        self.now = self.base.clone();
        for fill in &self.fills {
            self.now.apply(*fill, split);
        }
    }
}

impl State {
    fn apply(&mut self, fill: Fill, split: bool) {
        match effect(fill.offset, split) {
            Effect::Opens => {
                self.charge(FeeKind::Open, fill.price, fill.volume);
                self.today.opened += fill.volume;
                self.today.open_points += fill.price.lots(fill.volume);
                self.today.push(Lot { price: fill.price, left: fill.volume, is_combined: fill.is_combined });
                for late in std::mem::take(&mut self.pending) {
                    self.close(late, split);
                }
            }
            Effect::Closes(closes) => {
                self.charge_close(closes, fill, split);
                self.close(fill, split);
            }
        }
    }

    fn close(&mut self, fill: Fill, split: bool) {
        let Effect::Closes(closes) = effect(fill.offset, split) else { return };
        let parts: &mut [&mut Part] = match closes {
            Closes::Today => &mut [&mut self.today],
            Closes::Yesterday => &mut [&mut self.yesterday],
            Closes::Any => &mut [&mut self.yesterday, &mut self.today],
        };
        let mut rest = fill.volume;
        // Lots of the trade's own kind, single or in combinations, go before the others, whatever their age.
        for combined in [fill.is_combined, !fill.is_combined] {
            for part in parts.iter_mut() {
                rest -= part.close(rest, fill.price, combined);
            }
        }
        if rest > 0 {
            self.pending.push(Fill { volume: rest, ..fill });
        }
    }

    /// Where lots of today and older ones are not kept apart, lots opened today are charged first (§6.2).
    fn charge_close(&mut self, closes: Closes, fill: Fill, split: bool) {
        let today = match (split, closes) {
            (true, Closes::Today) => fill.volume,
            (true, Closes::Yesterday) => 0,
            (true, Closes::Any) => (fill.volume - self.yesterday.left).clamp(0, fill.volume),
            (false, _) => fill.volume.min(self.today.opened - self.charged_today).max(0),
        };
        self.charged_today += today;
        self.charge(FeeKind::CloseToday, fill.price, today);
        self.charge(FeeKind::Close, fill.price, fill.volume - today);
    }

    fn charge(&mut self, kind: FeeKind, price: Price, volume: i32) {
        if volume > 0 {
            self.fees.push(Fee { kind, price, volume });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(offset: OffsetFlag, volume: i32) -> Fill {
        let price = Price::of(3500.0).unwrap();
        Fill { at: (0, 0), offset, price, volume, is_combined: false }
    }

    /// What was closed in full waits for nothing, and what was not waits for the rest alone.
    #[test]
    fn what_waits_is_what_was_never_seen_opened() {
        let mut book = SideBook::new(Side::Long, HedgeFlag::SPECULATION);
        book.fill(fill(OffsetFlag::OPEN, 3), true);
        book.fill(fill(OffsetFlag::CLOSE_TODAY, 2), true);
        assert!(book.now.pending.is_empty());
        book.fill(fill(OffsetFlag::CLOSE_TODAY, 3), true);
        assert_eq!(book.now.pending.iter().map(|fill| fill.volume).collect::<Vec<_>>(), [2]);
        book.fill(fill(OffsetFlag::OPEN, 2), true);
        assert!(book.now.pending.is_empty());
        assert_eq!((book.volume(), book.missing(), book.open_volume(), book.close_volume()), (0, 0, 5, 5));
    }
}
