//! One side of an investor's position in one instrument: lots, closing, the day's sums (§6.2, §6.4).

use std::collections::VecDeque;

use ctp_market::Money;
use ctp_types::Text;

pub(crate) use crate::money::lot::{Booking, Execution, Frozen, Left, Lot, RowSums};
pub(crate) use crate::money::terms::{Effect, Terms};

/// Open lots in the order of closing: singles before legs of combinations, old ones before today's.
const QUEUES: usize = 4;

/// All lots of one instrument, side and hedge flag.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    pub(crate) long: bool,
    /// In order of opening; closed ones stay for the day with volume 0.
    pub(crate) lots: Vec<Lot>,
    pub(super) queues: [VecDeque<usize>; QUEUES],
    /// Older lots, then today's.
    pub(super) left: [Left; 2],
    /// Lots at the settlement before; stays all day.
    pub(crate) yesterday_volume: i32,
    /// The row of today's lots, or the only row.
    pub(crate) today: RowSums,
    /// The row of older lots, where they are kept apart.
    pub(crate) history: RowSums,
    /// Lots that applications to exercise hold back.
    pub(crate) strike_frozen: i32,
    /// Lots that applications to let options lapse hold back.
    pub(crate) abandon_frozen: i32,
    /// Lots opened today whose closing has not been charged as close-today yet.
    chargeable_today: i32,
}

impl Holding {
    pub(crate) fn new(long: bool) -> Self {
        Self {
            long,
            lots: Vec::new(),
            queues: Default::default(),
            left: [Left::default(); 2],
            yesterday_volume: 0,
            today: RowSums::default(),
            history: RowSums::default(),
            strike_frozen: 0,
            abandon_frozen: 0,
            chargeable_today: 0,
        }
    }

    /// Adds lots held since before today.
    pub(crate) fn carry_in(&mut self, terms: &Terms, open_date: Text<9>, volume: i32, open_price: i64) {
        let lot = lot(Text::default(), open_date, false, open_price, volume);
        self.carry_lot(terms, lot);
    }

    fn carry_lot(&mut self, terms: &Terms, lot: Lot) {
        self.yesterday_volume += lot.volume;
        let (long, volume, price) = (self.long, lot.volume, lot.open_price);
        let row = self.row_mut(terms.close_today, false);
        row.used = true;
        row.pre_margin += terms.lot_margin(long, false, price, volume);
        self.add_lot(terms, lot);
    }

    /// Returns the row that lots of today, or older ones, are counted in.
    pub(crate) fn row_mut(&mut self, close_today: bool, today: bool) -> &mut RowSums {
        if close_today && !today { &mut self.history } else { &mut self.today }
    }

    /// Returns the row that an order of this effect freezes.
    pub(crate) fn row_of(&mut self, terms: &Terms, effect: Effect) -> &mut RowSums {
        self.row_mut(terms.close_today, effect != Effect::CloseYesterday)
    }

    /// Returns the sums of the lots left that are of today, or older.
    pub(crate) const fn left(&self, today: bool) -> &Left {
        &self.left[today as usize]
    }

    pub(crate) const fn volume(&self) -> i32 {
        self.left[0].volume + self.left[1].volume
    }

    /// Returns how many lots an order of this effect could still close.
    pub(crate) fn closable(&self, terms: &Terms, effect: Effect) -> i32 {
        let (volume, row) = match effect {
            Effect::Open => return 0,
            Effect::CloseToday => (self.left(true).volume, &self.today),
            Effect::CloseYesterday if terms.close_today => (self.left(false).volume, &self.history),
            Effect::CloseYesterday => (self.left(false).volume, &self.today),
            Effect::Close => (self.volume(), &self.today),
        };
        volume - row.closing.volume - self.strike_frozen - self.abandon_frozen
    }

    /// Books an opening trade.
    pub(crate) fn open(&mut self, terms: &Terms, execution: &Execution) -> Booking {
        let Execution { trade_id, date, volume, price, combination } = *execution;
        let amount = terms.amount(price, volume);
        let booking = Booking {
            commission: terms.open_fee(price, volume),
            close_profit_by_date: Money::ZERO,
            cash_in: self.premium(terms, Effect::Open, amount),
        };
        let row = self.row_mut(terms.close_today, true);
        row.used = true;
        row.open_volume += volume;
        row.open_amount += amount;
        row.commission += booking.commission;
        row.cash_in += booking.cash_in;
        self.chargeable_today += volume;
        self.add_lot(terms, Lot { combination, ..lot(trade_id, date, true, price, volume) });
        booking
    }

    /// Books a closing trade against the oldest lots that its effect reaches. More lots than there are cannot come
    /// here, since orders freeze what they close; what is too much is ignored.
    pub(crate) fn close(&mut self, terms: &Terms, effect: Effect, volume: i32, price: i64) -> Booking {
        let mut booking = Booking {
            commission: self.closing_fee(terms, effect, volume, price),
            close_profit_by_date: Money::ZERO,
            cash_in: self.premium(terms, effect, terms.amount(price, volume)),
        };
        let row = self.row_of(terms, effect);
        row.used = true;
        row.commission += booking.commission;
        row.cash_in += booking.cash_in;
        let mut wanted = volume;
        for queue in 0..QUEUES {
            let reached = match effect {
                Effect::Open => false,
                Effect::CloseToday => queue % 2 == 1,
                Effect::CloseYesterday => queue % 2 == 0,
                Effect::Close => true,
            };
            while let Some(index) = self.queues[queue].front().copied().filter(|_| reached && wanted > 0) {
                let closed = self.lots[index].volume.min(wanted);
                wanted -= closed;
                booking.close_profit_by_date += self.close_lot(terms, index, closed, price);
                if self.lots[index].volume == 0 {
                    self.queues[queue].pop_front();
                }
            }
        }
        booking
    }

    /// Takes lots out for cash, the oldest first: options that are exercised.
    pub(crate) fn take_out(&mut self, terms: &Terms, volume: i32, cash: Money) {
        let mut wanted = volume;
        for queue in 0..QUEUES {
            while let Some(index) = self.queues[queue].front().copied().filter(|_| wanted > 0) {
                let taken = self.lots[index].volume.min(wanted);
                wanted -= taken;
                self.close_lot(terms, index, taken, 0);
                if self.lots[index].volume == 0 {
                    self.queues[queue].pop_front();
                }
            }
        }
        self.today.used = true;
        self.today.cash_in += cash;
    }

    /// Gives back what all orders hold.
    pub(crate) fn release_all(&mut self) {
        for row in [&mut self.today, &mut self.history] {
            row.opening = Frozen::default();
            row.closing = Frozen::default();
        }
    }

    fn close_lot(&mut self, terms: &Terms, index: usize, closed: i32, price: i64) -> Money {
        let long = self.long;
        let lot = &mut self.lots[index];
        let (basis, today) = (basis(terms, lot), lot.today);
        let profit = |from| match terms.option {
            Some(_) => Money::ZERO,
            None => terms.profit(long, from, price, closed),
        };
        let (by_date, by_trade) = (profit(basis), profit(lot.open_price));
        let amount = terms.amount(price, closed);
        lot.volume -= closed;
        lot.closed_volume += closed;
        lot.close_amount += amount;
        lot.close_profit_by_date += by_date;
        lot.close_profit_by_trade += by_trade;
        let margin = terms.lot_margin(long, today, lot.open_price, lot.volume);
        let former = std::mem::replace(&mut lot.margin, margin);
        let (open_price, combined) = (lot.open_price, lot.combination.is_some());
        let left = &mut self.left[usize::from(today)];
        left.volume -= closed;
        left.combined -= if combined { closed } else { 0 };
        left.position_cost -= terms.amount(basis, closed);
        left.open_cost -= terms.amount(open_price, closed);
        left.margin += margin - former;
        let row = self.row_mut(terms.close_today, today);
        row.used = true;
        row.close_volume += closed;
        row.close_amount += amount;
        row.close_profit_by_date += by_date;
        row.close_profit_by_trade += by_trade;
        by_date
    }

    pub(super) fn add_lot(&mut self, terms: &Terms, mut lot: Lot) {
        lot.margin = terms.lot_margin(self.long, lot.today, lot.open_price, lot.volume);
        let left = &mut self.left[usize::from(lot.today)];
        left.volume += lot.volume;
        left.combined += if lot.combination.is_some() { lot.volume } else { 0 };
        left.position_cost += terms.amount(basis(terms, &lot), lot.volume);
        left.open_cost += terms.amount(lot.open_price, lot.volume);
        left.margin += lot.margin;
        let queue = usize::from(lot.today) + if lot.combination.is_some() { 2 } else { 0 };
        self.queues[queue].push_back(self.lots.len());
        self.lots.push(lot);
    }

    /// Counts the margin of all lots left anew: after a change of rates, or of the price that margin follows.
    pub(crate) fn reprice(&mut self, terms: &Terms) {
        for index in self.queues.iter().flatten() {
            let lot = &mut self.lots[*index];
            let margin = terms.lot_margin(self.long, lot.today, lot.open_price, lot.volume);
            let former = std::mem::replace(&mut lot.margin, margin);
            self.left[usize::from(lot.today)].margin += margin - former;
        }
    }

    /// Counts costs and margin anew after a change of the settlement price of the day before.
    pub(crate) fn rebase(&mut self, terms: &Terms) {
        self.left[0].position_cost = terms.amount(terms.pre_settlement, self.left[0].volume);
        self.reprice(terms);
    }

    /// Returns the margin of all lots.
    pub(crate) fn margin(&self) -> Money {
        self.left[0].margin + self.left[1].margin
    }

    /// Returns the margin of all lots at the exchange's rates.
    pub(crate) fn exchange_margin(&self, terms: &Terms) -> Money {
        self.exchange_margin_of(terms, false) + self.exchange_margin_of(terms, true)
    }

    /// Returns the margin of today's or the older lots at the exchange's rates.
    pub(crate) fn exchange_margin_of(&self, terms: &Terms, today: bool) -> Money {
        if !terms.differs_from_exchange() {
            return self.left(today).margin;
        }
        let lots = self.lots.iter().filter(|lot| lot.today == today && lot.volume > 0);
        lots.map(|lot| terms.exchange_lot_margin(self.long, today, lot.open_price, lot.volume)).sum()
    }

    /// Returns the value of an option's lots at the mark: short ones count negative.
    pub(crate) fn option_value(&self, terms: &Terms) -> Money {
        self.value_of(terms, self.volume())
    }

    pub(crate) fn value_of(&self, terms: &Terms, volume: i32) -> Money {
        let value = terms.amount(terms.mark, volume);
        if self.long { value } else { -value }
    }

    /// Returns the floating profit of lots left at the mark; options have none (§6.1).
    pub(crate) fn position_profit(&self, terms: &Terms) -> Money {
        self.profit_of(terms, false) + self.profit_of(terms, true)
    }

    /// Returns the floating profit of the lots of today, or of the older ones.
    pub(crate) fn profit_of(&self, terms: &Terms, today: bool) -> Money {
        if terms.is_option() {
            return Money::ZERO;
        }
        let left = self.left(today);
        let gain = terms.amount(terms.mark, left.volume) - left.position_cost;
        if self.long { gain } else { -gain }
    }

    /// Returns what one tick up brings.
    pub(crate) fn per_tick(&self, terms: &Terms) -> Money {
        if terms.is_option() {
            return Money::ZERO;
        }
        terms.amount(if self.long { 1 } else { -1 }, self.volume())
    }

    /// Returns the position of the next day: what is left is old, the day's sums are gone (§6.6).
    pub(crate) fn next_day(&self, terms: &Terms) -> Self {
        let mut next = Self::new(self.long);
        for lot in self.lots.iter().filter(|lot| lot.volume > 0) {
            let carried = Lot { combination: lot.combination, ..lot_of(lot) };
            next.carry_lot(terms, carried);
        }
        next
    }

    /// §6.2: where orders know no today and yesterday, close-today is charged first, up to the lots opened today.
    fn closing_fee(&mut self, terms: &Terms, effect: Effect, volume: i32, price: i64) -> Money {
        let today = match effect {
            Effect::Open | Effect::CloseYesterday => 0,
            Effect::CloseToday => volume,
            Effect::Close => volume.min(self.chargeable_today),
        };
        self.chargeable_today = (self.chargeable_today - today).max(0);
        let old = volume - today;
        let today = if today > 0 { terms.close_today_fee(price, today) } else { Money::ZERO };
        let old = if old > 0 { terms.close_fee(price, old) } else { Money::ZERO };
        today + old
    }

    /// Returns the premium that a trade of options brings: a buyer pays.
    fn premium(&self, terms: &Terms, effect: Effect, amount: Money) -> Money {
        match terms.option {
            None => Money::ZERO,
            Some(_) if self.long == (effect == Effect::Open) => -amount,
            Some(_) => amount,
        }
    }
}

/// Returns the price that a lot's profit by date counts from.
pub(crate) const fn basis(terms: &Terms, lot: &Lot) -> i64 {
    if lot.today { lot.open_price } else { terms.pre_settlement }
}

fn lot_of(lot: &Lot) -> Lot {
    self::lot(lot.trade_id, lot.open_date, false, lot.open_price, lot.volume)
}

fn lot(trade_id: Text<21>, open_date: Text<9>, today: bool, open_price: i64, volume: i32) -> Lot {
    Lot {
        trade_id,
        open_date,
        today,
        open_price,
        combination: None,
        first_volume: volume,
        volume,
        closed_volume: 0,
        close_amount: Money::ZERO,
        close_profit_by_date: Money::ZERO,
        close_profit_by_trade: Money::ZERO,
        margin: Money::ZERO,
    }
}
