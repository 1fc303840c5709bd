//! One side of an investor's position in one instrument: lots, closing, the day's sums (§6.2, §6.4).

use ctp_market::{Fees, Money, Rate};
use ctp_types::Text;

/// What a position needs to know of its instrument to count money.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Value of one tick of one lot.
    pub(crate) tick_value: Money,
    /// Settlement price of the day before in ticks.
    pub(crate) pre_settlement: i64,
    pub(crate) margin: Rate,
    pub(crate) fees: Fees,
    /// Whether today's and yesterday's lots are kept and closed apart (SHFE, INE).
    pub(crate) close_today: bool,
}

impl Terms {
    /// Returns the value of `volume` lots at a price in ticks.
    pub(crate) const fn amount(&self, price: i64, volume: i32) -> Money {
        Money(self.tick_value.0.saturating_mul(price)).lots(volume)
    }

    /// Returns the margin of `volume` lots at a price.
    pub(crate) fn margin_of(&self, price: i64, volume: i32) -> Money {
        self.amount(price, volume).times(self.margin)
    }

    pub(crate) fn open_fee(&self, price: i64, volume: i32) -> Money {
        self.amount(price, volume).times(self.fees.open_by_money) + self.fees.open_by_volume.lots(volume)
    }

    pub(crate) fn close_fee(&self, price: i64, volume: i32) -> Money {
        self.amount(price, volume).times(self.fees.close_by_money) + self.fees.close_by_volume.lots(volume)
    }

    fn close_today_fee(&self, price: i64, volume: i32) -> Money {
        self.amount(price, volume).times(self.fees.close_today_by_money)
            + self.fees.close_today_by_volume.lots(volume)
    }
}

/// Which lots an order opens or closes, after the exchange's rules were applied to its offset flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Open,
    /// Closes lots of today (SHFE, INE).
    CloseToday,
    /// Closes lots of the days before (SHFE, INE).
    CloseYesterday,
    /// Closes the oldest lots (the other exchanges).
    Close,
}

/// The lots of one opening trade.
#[derive(Clone, Debug)]
pub(crate) struct Lot {
    pub(crate) trade_id: Text<21>,
    pub(crate) open_date: Text<9>,
    pub(crate) today: bool,
    pub(crate) open_price: i64,
    /// Lots left.
    pub(crate) volume: i32,
    pub(crate) closed_volume: i32,
    pub(crate) close_amount: Money,
    pub(crate) close_profit_by_date: Money,
    pub(crate) close_profit_by_trade: Money,
}

/// Sums of the day of one row of the position query.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowSums {
    /// Whether the row was ever used and so stays for the day.
    pub(crate) used: bool,
    pub(crate) open_volume: i32,
    pub(crate) open_amount: Money,
    pub(crate) close_volume: i32,
    pub(crate) close_amount: Money,
    pub(crate) commission: Money,
    pub(crate) close_profit_by_date: Money,
    pub(crate) close_profit_by_trade: Money,
    /// Working orders that would open lots of this row.
    pub(crate) opening: Frozen,
    /// Working orders that would close lots of this row.
    pub(crate) closing: Frozen,
}

/// What working orders hold back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frozen {
    pub(crate) volume: i32,
    pub(crate) amount: Money,
    pub(crate) margin: Money,
    pub(crate) commission: Money,
}

impl Frozen {
    pub(crate) fn add(&mut self, other: Self) {
        self.volume += other.volume;
        self.amount += other.amount;
        self.margin += other.margin;
        self.commission += other.commission;
    }

    pub(crate) fn remove(&mut self, other: Self) {
        self.volume -= other.volume;
        self.amount -= other.amount;
        self.margin -= other.margin;
        self.commission -= other.commission;
    }
}

/// A trade as positions see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Execution {
    pub(crate) trade_id: Text<21>,
    pub(crate) date: Text<9>,
    pub(crate) volume: i32,
    /// In ticks.
    pub(crate) price: i64,
}

/// What a trade did to the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Booking {
    pub(crate) commission: Money,
    /// Against the settlement price for old lots, against the opening price for today's.
    pub(crate) close_profit_by_date: Money,
}

/// All lots of one instrument, side and hedge flag.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    pub(crate) long: bool,
    pub(crate) lots: Vec<Lot>,
    /// Lots at the settlement before; stays all day.
    pub(crate) yesterday_volume: i32,
    /// The row of today's lots, or the only row.
    pub(crate) today: RowSums,
    /// The row of older lots, where they are kept apart.
    pub(crate) history: RowSums,
    /// Lots opened today whose closing has not been charged as close-today yet.
    chargeable_today: i32,
}

impl Holding {
    pub(crate) fn new(long: bool) -> Self {
        Self {
            long,
            lots: Vec::new(),
            yesterday_volume: 0,
            today: RowSums::default(),
            history: RowSums::default(),
            chargeable_today: 0,
        }
    }

    /// Adds lots held since before today.
    pub(crate) fn carry_in(&mut self, terms: &Terms, open_date: Text<9>, volume: i32, open_price: i64) {
        self.yesterday_volume += volume;
        self.row_mut(terms.close_today, false).used = true;
        self.lots.push(lot(Text::default(), open_date, false, open_price, volume));
    }

    /// Returns the row that lots of today, or older ones, are counted in.
    pub(crate) fn row_mut(&mut self, close_today: bool, today: bool) -> &mut RowSums {
        if close_today && !today { &mut self.history } else { &mut self.today }
    }

    /// Returns the row that an order of this effect freezes.
    pub(crate) fn row_of(&mut self, terms: &Terms, effect: Effect) -> &mut RowSums {
        self.row_mut(terms.close_today, effect != Effect::CloseYesterday)
    }

    /// Returns how many lots an order of this effect could still close.
    pub(crate) fn closable(&self, terms: &Terms, effect: Effect) -> i32 {
        let row =
            if terms.close_today && effect == Effect::CloseYesterday { &self.history } else { &self.today };
        self.volume_where(|lot| hits(lot, effect)) - row.closing.volume
    }

    pub(crate) fn volume_where(&self, keep: impl Fn(&Lot) -> bool) -> i32 {
        self.lots.iter().filter(|lot| keep(lot)).map(|lot| lot.volume).sum()
    }

    /// Books an opening trade.
    pub(crate) fn open(&mut self, terms: &Terms, execution: &Execution) -> Booking {
        let Execution { trade_id, date, volume, price } = *execution;
        let commission = terms.open_fee(price, volume);
        let row = self.row_mut(terms.close_today, true);
        row.used = true;
        row.open_volume += volume;
        row.open_amount += terms.amount(price, volume);
        row.commission += commission;
        self.chargeable_today += volume;
        self.lots.push(lot(trade_id, date, true, price, volume));
        Booking { commission, close_profit_by_date: Money::ZERO }
    }

    /// Books a closing trade against the oldest lots that its effect reaches. More lots than there are cannot come
    /// here, since orders freeze what they close; what is too much is ignored.
    pub(crate) fn close(&mut self, terms: &Terms, effect: Effect, volume: i32, price: i64) -> Booking {
        let commission = self.closing_fee(terms, effect, volume, price);
        let mut booking = Booking { commission, close_profit_by_date: Money::ZERO };
        self.row_of(terms, effect).commission += commission;
        let long = self.long;
        let mut left = volume;
        for index in 0..self.lots.len() {
            let lot = &mut self.lots[index];
            if left == 0 || !hits(lot, effect) {
                continue;
            }
            let closed = lot.volume.min(left);
            left -= closed;
            let by_date = profit(terms, long, basis(terms, lot), price, closed);
            let by_trade = profit(terms, long, lot.open_price, price, closed);
            let amount = terms.amount(price, closed);
            lot.volume -= closed;
            lot.closed_volume += closed;
            lot.close_amount += amount;
            lot.close_profit_by_date += by_date;
            lot.close_profit_by_trade += by_trade;
            let today = lot.today;
            let row = self.row_mut(terms.close_today, today);
            row.used = true;
            row.close_volume += closed;
            row.close_amount += amount;
            row.close_profit_by_date += by_date;
            row.close_profit_by_trade += by_trade;
            booking.close_profit_by_date += by_date;
        }
        booking
    }

    /// Returns the margin of all lots.
    pub(crate) fn margin(&self, terms: &Terms) -> Money {
        self.lots.iter().map(|lot| lot_margin(terms, lot)).sum()
    }

    /// Returns the floating profit of all lots at `mark`.
    pub(crate) fn position_profit(&self, terms: &Terms, mark: i64) -> Money {
        self.lots.iter().map(|lot| profit(terms, self.long, basis(terms, lot), mark, lot.volume)).sum()
    }

    /// §6.2: where orders know no today and yesterday, close-today is charged first, up to the lots opened today.
    fn closing_fee(&mut self, terms: &Terms, effect: Effect, volume: i32, price: i64) -> Money {
        let today = match effect {
            Effect::Open | Effect::CloseYesterday => 0,
            Effect::CloseToday => volume,
            Effect::Close => volume.min(self.chargeable_today),
        };
        self.chargeable_today = (self.chargeable_today - today).max(0);
        terms.close_today_fee(price, today) + terms.close_fee(price, volume - today)
    }
}

/// Returns the price that a lot's profit by date counts from.
pub(crate) const fn basis(terms: &Terms, lot: &Lot) -> i64 {
    if lot.today { lot.open_price } else { terms.pre_settlement }
}

/// Returns the margin of a lot: old lots at the settlement price, today's at their own (MarginPriceType open).
pub(crate) fn lot_margin(terms: &Terms, lot: &Lot) -> Money {
    terms.margin_of(basis(terms, lot), lot.volume)
}

/// Returns the profit of `volume` lots from `from` to `to`.
pub(crate) const fn profit(terms: &Terms, long: bool, from: i64, to: i64, volume: i32) -> Money {
    let ticks = if long { to - from } else { from - to };
    terms.amount(ticks, volume)
}

fn hits(lot: &Lot, effect: Effect) -> bool {
    match effect {
        Effect::Open => false,
        Effect::CloseToday => lot.today,
        Effect::CloseYesterday => !lot.today,
        Effect::Close => true,
    }
}

fn lot(trade_id: Text<21>, open_date: Text<9>, today: bool, open_price: i64, volume: i32) -> Lot {
    Lot {
        trade_id,
        open_date,
        today,
        open_price,
        volume,
        closed_volume: 0,
        close_amount: Money::ZERO,
        close_profit_by_date: Money::ZERO,
        close_profit_by_trade: Money::ZERO,
    }
}
