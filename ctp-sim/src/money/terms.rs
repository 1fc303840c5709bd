//! What positions and money need to know of an instrument (§6.2).

use ctp_market::{Fees, Money, Rate};

use crate::money::holding::Frozen;

/// Margin of a lot: a fraction of its amount plus a fixed sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MarginRate {
    pub(crate) by_money: Rate,
    pub(crate) by_volume: Money,
}

impl MarginRate {
    pub(crate) fn of(&self, amount: Money, volume: i32) -> Money {
        amount.times(self.by_money) + self.by_volume.lots(volume)
    }
}

/// The margin of one short lot of an option beside its premium (royalty).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OptionMargin {
    /// The underlying's margin less half of what the option is out of the money (`FixedMargin`).
    pub(crate) fixed: Money,
    /// Half of the underlying's margin (`MiniMargin`).
    pub(crate) minimum: Money,
}

/// At which price a lot's margin is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LotPrice {
    /// The settlement price of the day before.
    PreSettlement,
    /// The lot's own price.
    Open,
    /// A price of the market at this moment, in ticks.
    Market(i64),
}

/// In whose group the larger side is charged alone (大边).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group {
    /// A number for the product.
    pub(crate) product: u32,
    /// Whether each hedge flag is a group of its own (CFFEX).
    pub(crate) by_hedge: bool,
}

/// What a position needs to know of its instrument to count money.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Value of one tick of one lot.
    pub(crate) tick_value: Money,
    /// Settlement price of the day before in ticks.
    pub(crate) pre_settlement: i64,
    /// The price that positions are marked at, in ticks.
    pub(crate) mark: i64,
    pub(crate) long_margin: MarginRate,
    pub(crate) short_margin: MarginRate,
    /// The exchange's own rate of both sides.
    pub(crate) exchange_margin: MarginRate,
    pub(crate) fees: Fees,
    /// Whether today's and yesterday's lots are kept and closed apart (SHFE, INE).
    pub(crate) close_today: bool,
    pub(crate) group: Option<Group>,
    /// Set for options.
    pub(crate) option: Option<OptionMargin>,
    /// The price of the margin of lots opened today; for an option the price of its premium.
    pub(crate) margin_price: LotPrice,
    /// Whether the frozen margin of an order is counted at the settlement price of the day before.
    pub(crate) frozen_at_settlement: bool,
    /// Whether frozen margin counts into the sides of one-sided margin.
    pub(crate) frozen_is_one_sided: bool,
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

impl Terms {
    /// Returns the value of `volume` lots at a price in ticks.
    pub(crate) const fn amount(&self, price: i64, volume: i32) -> Money {
        Money(self.tick_value.0.saturating_mul(price)).lots(volume)
    }

    /// Returns the profit of `volume` lots from `from` to `to`.
    pub(crate) const fn profit(&self, long: bool, from: i64, to: i64, volume: i32) -> Money {
        let ticks = if long { to.saturating_sub(from) } else { from.saturating_sub(to) };
        self.amount(ticks, volume)
    }

    pub(crate) const fn is_option(&self) -> bool {
        self.option.is_some()
    }

    /// Returns whether a tick changes the margin of positions: short options under the max(pre-settlement, last) rule.
    pub(crate) const fn margin_follows_ticks(&self) -> bool {
        self.option.is_some() && matches!(self.margin_price, LotPrice::Market(_))
    }

    pub(crate) fn margin_rate(&self, long: bool) -> &MarginRate {
        if long { &self.long_margin } else { &self.short_margin }
    }

    /// Returns the margin of `volume` lots at a price: a long option needs none.
    pub(crate) fn margin_at(&self, long: bool, price: i64, volume: i32) -> Money {
        match self.option {
            None => self.margin_rate(long).of(self.amount(price, volume), volume),
            Some(_) if long => Money::ZERO,
            Some(option) => self.amount(price, volume) + option.fixed.max(option.minimum).lots(volume),
        }
    }

    /// Returns the margin of lots: old ones at the settlement price, today's as the broker's parameters say.
    pub(crate) fn lot_margin(&self, long: bool, today: bool, open_price: i64, volume: i32) -> Money {
        let price = match self.margin_price {
            LotPrice::Market(price) if today || self.is_option() => price,
            LotPrice::Open if today => open_price,
            _ => self.pre_settlement,
        };
        self.margin_at(long, price, volume)
    }

    /// Returns whether the broker charges other margin than the exchange.
    pub(crate) fn differs_from_exchange(&self) -> bool {
        self.long_margin != self.exchange_margin || self.short_margin != self.exchange_margin
    }

    /// Returns the margin of lots at the exchange's rates.
    pub(crate) fn exchange_lot_margin(&self, long: bool, today: bool, open_price: i64, volume: i32) -> Money {
        let rate = self.exchange_margin;
        let terms = Self { long_margin: rate, short_margin: rate, ..*self };
        terms.lot_margin(long, today, open_price, volume)
    }

    pub(crate) fn open_fee(&self, price: i64, volume: i32) -> Money {
        self.amount(price, volume).times(self.fees.open_by_money) + self.fees.open_by_volume.lots(volume)
    }

    pub(crate) fn close_fee(&self, price: i64, volume: i32) -> Money {
        self.amount(price, volume).times(self.fees.close_by_money) + self.fees.close_by_volume.lots(volume)
    }

    pub(crate) fn close_today_fee(&self, price: i64, volume: i32) -> Money {
        self.amount(price, volume).times(self.fees.close_today_by_money)
            + self.fees.close_today_by_volume.lots(volume)
    }

    /// Returns what `volume` lots of an order at `price` hold back, for the long or the short position.
    pub(crate) fn frozen(&self, effect: Effect, long: bool, price: i64, volume: i32) -> Frozen {
        let amount = self.amount(price, volume);
        // A premium is paid by who buys: to open a long option, or to close a short one.
        let buys = long == (effect == Effect::Open);
        let cash = if self.is_option() && buys { amount } else { Money::ZERO };
        let (margin, commission) = match effect {
            Effect::Open if self.frozen_at_settlement && !self.is_option() => {
                (self.margin_at(long, self.pre_settlement, volume), self.open_fee(price, volume))
            }
            Effect::Open if self.is_option() => {
                (self.lot_margin(long, true, price, volume), self.open_fee(price, volume))
            }
            Effect::Open => (self.margin_at(long, price, volume), self.open_fee(price, volume)),
            // §6.2: with the plain close rate.
            _ => (Money::ZERO, self.close_fee(price, volume)),
        };
        Frozen { volume, amount, margin, commission, cash }
    }
}
