//! Lots and their sums: what positions are made of, and what trades and orders do to them (§6.2, §6.4).

use ctp_market::Money;
use ctp_types::Text;

/// The lots of one opening trade.
#[derive(Clone, Debug)]
pub(crate) struct Lot {
    pub(crate) trade_id: Text<21>,
    pub(crate) open_date: Text<9>,
    pub(crate) today: bool,
    pub(crate) open_price: i64,
    /// The market of the combination it is a leg of.
    pub(crate) combination: Option<usize>,
    /// Lots at first.
    pub(crate) first_volume: i32,
    /// Lots left.
    pub(crate) volume: i32,
    pub(crate) closed_volume: i32,
    pub(crate) close_amount: Money,
    pub(crate) close_profit_by_date: Money,
    pub(crate) close_profit_by_trade: Money,
    pub(crate) margin: Money,
}

/// Sums of the lots left that are of today, or older.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) volume: i32,
    /// Lots that are legs of combinations.
    pub(crate) combined: i32,
    /// At the prices that profit by date counts from.
    pub(crate) position_cost: Money,
    /// At the prices they were opened at.
    pub(crate) open_cost: Money,
    pub(crate) margin: Money,
}

impl Left {
    pub(crate) fn add(&mut self, other: &Self) {
        self.volume += other.volume;
        self.combined += other.combined;
        self.position_cost += other.position_cost;
        self.open_cost += other.open_cost;
        self.margin += other.margin;
    }
}

/// Sums of the day of one row of the position query.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowSums {
    /// Whether the row was ever used and so stays for the day.
    pub(crate) used: bool,
    pub(crate) open_volume: i32,
    pub(crate) open_amount: Money,
    pub(crate) close_volume: i32,
    pub(crate) close_amount: Money,
    pub(crate) commission: Money,
    pub(crate) cash_in: Money,
    pub(crate) close_profit_by_date: Money,
    pub(crate) close_profit_by_trade: Money,
    pub(crate) pre_margin: Money,
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
    /// Premium of options to be bought.
    pub(crate) cash: Money,
}

impl Frozen {
    pub(crate) fn add(&mut self, other: Self) {
        self.volume += other.volume;
        self.amount += other.amount;
        self.margin += other.margin;
        self.commission += other.commission;
        self.cash += other.cash;
    }

    pub(crate) fn remove(&mut self, other: Self) {
        self.volume -= other.volume;
        self.amount -= other.amount;
        self.margin -= other.margin;
        self.commission -= other.commission;
        self.cash -= other.cash;
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
    /// The market of the combination that traded, where this is one of its legs.
    pub(crate) combination: Option<usize>,
}

/// What a trade did to the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Booking {
    pub(crate) commission: Money,
    /// Against the settlement price for old lots, against the opening price for today's. Options have none.
    pub(crate) close_profit_by_date: Money,
    /// Premium received, less premium paid.
    pub(crate) cash_in: Money,
}
