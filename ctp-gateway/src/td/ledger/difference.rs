//! What ledger and counter say differently.

use std::fmt;

use ctp_market::Money;
use ctp_types::PositionDate;

use super::view::{PositionKey, Unknown};

/// One figure that ledger and counter say differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Which figure.
    pub what: Compared,
    /// Of which position; `None` for the account.
    pub key: Option<PositionKey>,
    /// Of which of its rows, where today's lots and older ones have their own.
    pub date: Option<PositionDate>,
    /// What the ledger says.
    pub ours: Figure,
    /// What the counter says.
    pub theirs: Figure,
}

impl Difference {
    /// Returns which figure it is of.
    pub(crate) fn place(&self) -> (Compared, Option<PositionKey>, Option<PositionDate>) {
        (self.what, self.key, self.date)
    }

    /// Returns whether another look found the same figure to differ by as much.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.place() == other.place() && self.gap() == other.gap()
    }

    /// Returns how much more the counter has: lots, or 1/10,000 CNY.
    fn gap(&self) -> i64 {
        let number = |figure| match figure {
            Figure::Lots(lots) => i64::from(lots),
            Figure::Money(money) => money.0,
        };
        number(self.theirs).saturating_sub(number(self.ours))
    }

    /// Returns whether lots differ, and not only money.
    pub fn is_of_lots(&self) -> bool {
        matches!((self.ours, self.theirs), (Figure::Lots(_), _) | (_, Figure::Lots(_)))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key {
            Some(key) => write!(f, "{key}")?,
            None => f.write_str("account")?,
        }
        match self.date {
            Some(PositionDate::TODAY) => f.write_str(", today's lots")?,
            Some(_) => f.write_str(", older lots")?,
            None => {}
        }
        write!(f, ": {} is {} by the ledger and {} by the counter", self.what, self.ours, self.theirs)
    }
}

/// A figure of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Figure {
    /// A number of lots.
    Lots(i32),
    /// An amount.
    Money(Money),
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lots(lots) => write!(f, "{lots} lots"),
            Self::Money(money) => write!(f, "{money} CNY"),
        }
    }
}

/// A figure that is compared. It shows as the name of its field at the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Compared {
    /// Lots held.
    Position,
    /// Lots of today.
    TodayPosition,
    /// Lots at the start of the day.
    YdPosition,
    /// Lots at the start of the day as the lots one by one add up to.
    DetailVolume,
    /// Lots reserved by working orders to buy.
    LongFrozen,
    /// Lots reserved by working orders to sell.
    ShortFrozen,
    /// Lots opened today.
    OpenVolume,
    /// Lots closed today.
    CloseVolume,
    /// Money of the lots opened today.
    OpenAmount,
    /// Money of the lots closed today.
    CloseAmount,
    /// Cost marked to market.
    PositionCost,
    /// Cost at the opening prices.
    OpenCost,
    /// Margin of a position.
    UseMargin,
    /// Commission.
    Commission,
    /// Profit of closed lots, marked to market.
    CloseProfit,
    /// Profit of closed lots since they were opened.
    CloseProfitByTrade,
    /// Profit of the lots held at the row's own price.
    PositionProfit,
    /// Equity less the profit of the lots held, which moves with every price.
    Balance,
    /// Available funds less what of that profit counts.
    Available,
    /// Margin of the account.
    CurrMargin,
    /// Margin of working orders.
    FrozenMargin,
    /// Commission of working orders.
    FrozenCommission,
    /// Premium of working orders.
    FrozenCash,
    /// Premium received less paid.
    CashIn,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a comparison with the counter found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// What differs.
    pub differences: Vec<Difference>,
    /// What was not compared, because the ledger does not know it.
    pub unknown: Vec<Unknown>,
    /// How many figures were compared.
    pub compared: usize,
}

impl Comparison {
    /// Returns whether everything that was compared agrees.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use ctp_types::{HedgeFlag, PosiDirection, Text};

    use super::*;

    #[test]
    fn the_same_difference_is_one_of_the_same_figure_by_as_much() {
        let key = |id| PositionKey::new(Text::new(id).unwrap(), PosiDirection::LONG, HedgeFlag::SPECULATION);
        let one = Difference {
            what: Compared::Position,
            key: Some(key("rb2701")),
            date: Some(PositionDate::TODAY),
            ours: Figure::Lots(2),
            theirs: Figure::Lots(5),
        };
        let money = |ours, theirs| (Figure::Money(Money(ours)), Figure::Money(Money(theirs)));
        for (other, is_same) in [
            (one, true),
            (Difference { ours: Figure::Lots(3), theirs: Figure::Lots(6), ..one }, true),
            (Difference { ours: Figure::Lots(5), theirs: Figure::Lots(2), ..one }, false),
            (Difference { theirs: Figure::Lots(6), ..one }, false),
            (Difference { what: Compared::TodayPosition, ..one }, false),
            (Difference { key: Some(key("rb2705")), ..one }, false),
            (Difference { key: None, ..one }, false),
            (Difference { date: None, ..one }, false),
        ] {
            assert_eq!(one.is_same(&other), is_same, "{other:?}");
        }
        let (ours, theirs) = money(10, 7);
        let cash = Difference { ours, theirs, ..one };
        let (ours, theirs) = money(3, 0);
        assert!(cash.is_same(&Difference { ours, theirs, ..cash }));
        assert!(one.is_of_lots() && !cash.is_of_lots());
        let shown = "rb2701 long, today's lots: Position is 2 lots by the ledger and 5 lots by the counter";
        assert_eq!(one.to_string(), shown);
    }
}
