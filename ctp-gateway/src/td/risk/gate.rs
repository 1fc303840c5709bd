//! The check of an order.

use std::time::Instant;

use ctp_types::{Direction, InputOrderField, OrderPriceType};

use super::denials;
use super::instruments::Place;
use super::sanity;
use super::working::{Effect, market_price};
use super::{Holdings, RiskGate};
use crate::error::{Denial, Rule};

/// How much a price may be beyond a limit, as a part of it: prices carry binary noise.
const NOISE: f64 = 1e-9;

impl RiskGate {
    /// Checks an order that is to be sent now, behind others of the same request, and fills in its exchange. The pace is
    /// checked apart.
    ///
    /// # Errors
    ///
    /// Returns the first rule that it breaks. Nothing is counted then but the denial.
    pub(crate) fn check_order(
        &mut self,
        order: &mut InputOrderField,
        before: &[InputOrderField],
        holdings: &impl Holdings,
    ) -> Result<(), Denial> {
        let result = self.judge(order, before, holdings);
        self.denied += u64::from(result.is_err());
        result
    }

    /// Checks that the kill switch is off: before anything else is said of what is new.
    ///
    /// # Errors
    ///
    /// Returns the denial if it is on.
    pub(crate) fn check_switch(&mut self) -> Result<(), Denial> {
        let result = self.judge_switch();
        self.denied += u64::from(result.is_err());
        result
    }

    /// Checks a request that makes no order but counts as one, such as the exercise of an option.
    ///
    /// # Errors
    ///
    /// Returns the first rule that it breaks.
    pub(crate) fn check_other(&mut self) -> Result<(), Denial> {
        let result = self.judge_day(0);
        self.denied += u64::from(result.is_err());
        result
    }

    /// Checks whether as many orders may be sent now.
    ///
    /// # Errors
    ///
    /// Returns the denial if the window has no room for them.
    pub(crate) fn check_pace(&mut self, now: Instant, orders: usize) -> Result<(), Denial> {
        let result = self.judge_pace(now, orders);
        self.denied += u64::from(result.is_err());
        result
    }

    /// Checks a cancel. Only the pace holds it back, with the reserve that orders leave.
    ///
    /// # Errors
    ///
    /// Returns the denial if the window is full.
    pub(crate) fn check_cancel(&mut self, now: Instant) -> Result<(), Denial> {
        if self.counts.allows_cancel(now) {
            return Ok(());
        }
        self.denied += 1;
        let from = self.counts.allows_cancel_from(now);
        Err(denials::pace(self.counts.in_window(now), self.counts.most(), self.config.window, from, now))
    }

    fn judge(
        &self,
        order: &mut InputOrderField,
        before: &[InputOrderField],
        holdings: &impl Holdings,
    ) -> Result<(), Denial> {
        let place = self.instruments.get(&order.instrument_id);
        let row = place.and_then(|place| place.row.as_deref());
        sanity::check(order, row, self.instruments.complete)?;
        self.judge_size(order)?;
        if let Some(place) = place {
            self.judge_price(order, place)?;
        }
        self.judge_self_trade(order, before, place)?;
        self.judge_position(order, place, holdings)?;
        // A request has two orders at most: a quote's.
        let before = u32::from(!before.is_empty());
        self.judge_open_orders(place, before)?;
        self.judge_day(before)?;
        self.judge_cancels(order, place, before)
    }

    fn judge_switch(&self) -> Result<(), Denial> {
        match &self.switch {
            Some(killed) => Err(denials::killed(&killed.reason)),
            None => Ok(()),
        }
    }

    fn judge_size(&self, order: &InputOrderField) -> Result<(), Denial> {
        match self.config.order_lots {
            Some(most) if i64::from(order.volume_total_original) > i64::from(most) => Err(denials::too_many(
                Rule::OrderLots,
                "lots in one order",
                order.volume_total_original,
                most,
            )),
            _ => Ok(()),
        }
    }

    fn judge_price(&self, order: &InputOrderField, place: &Place) -> Result<(), Denial> {
        if order.order_price_type != OrderPriceType::LIMIT_PRICE {
            return Ok(());
        }
        let (limit, prices) = (order.limit_price, &place.prices);
        if self.config.price_limit_check {
            let (lower, upper) = (prices.lower, prices.upper);
            if upper.is_some_and(|upper| limit > upper + upper.abs() * NOISE)
                || lower.is_some_and(|lower| limit < lower - lower.abs() * NOISE)
            {
                return Err(denials::outside_limits(limit, lower, upper));
            }
        }
        // A trigger may be far away, and its limit with it.
        if let (Some(most), Some(last)) = (self.config.price_distance_bp, prices.last)
            && !sanity::has_trigger(order)
            && (limit - last).abs() > last.abs() * (f64::from(most) / 10_000.0) * (1.0 + NOISE)
        {
            return Err(denials::too_far(limit, last, most));
        }
        Ok(())
    }

    fn judge_self_trade(
        &self,
        order: &InputOrderField,
        before: &[InputOrderField],
        place: Option<&Place>,
    ) -> Result<(), Denial> {
        if !self.config.self_trade_check {
            return Ok(());
        }
        let Some(own) = market_price(order) else { return Ok(()) };
        let is_buy = order.direction == Direction::BUY;
        let working =
            place.and_then(|place| if is_buy { place.sells.lowest() } else { place.buys.highest() });
        let others = before.iter().filter(|other| other.direction != order.direction);
        let prices = others.filter_map(market_price).map(|price| price.0).chain(working);
        let crossed = prices.into_iter().find(|price| if is_buy { *price <= own.0 } else { *price >= own.0 });
        match crossed {
            Some(other) => Err(denials::self_trade(is_buy, order.limit_price, other)),
            None => Ok(()),
        }
    }

    fn judge_position(
        &self,
        order: &InputOrderField,
        place: Option<&Place>,
        holdings: &impl Holdings,
    ) -> Result<(), Denial> {
        let is_buy = order.direction == Direction::BUY;
        let lots = i64::from(order.volume_total_original);
        match Effect::of(order.comb_offset_flag.raw()[0]) {
            Effect::Opens => self.judge_opening(order, place, holdings, is_buy, lots),
            _ if !self.config.over_close_check => Ok(()),
            closes => {
                let row = place.and_then(|place| place.row.as_deref());
                // The legs of a combination are positions of their own.
                if sanity::is_combination(&order.instrument_id, row) {
                    return Ok(());
                }
                let Some(free) = holdings.closable(order, !is_buy) else { return Ok(()) };
                let free = match free.is_split {
                    true if closes == Effect::ClosesToday => free.today,
                    true => free.yesterday,
                    false => free.total,
                };
                match order.volume_total_original > free {
                    true => Err(denials::over_close(order.volume_total_original, free)),
                    false => Ok(()),
                }
            }
        }
    }

    fn judge_opening(
        &self,
        order: &InputOrderField,
        place: Option<&Place>,
        holdings: &impl Holdings,
        is_buy: bool,
        lots: i64,
    ) -> Result<(), Denial> {
        if let Some(most) = self.config.position_lots {
            let held = holdings
                .held(&order.instrument_id, is_buy)
                .ok_or_else(|| denials::unknown(Rule::Position, "the position", most))?;
            let opening = place.map_or(0, |place| place.side(is_buy).opening);
            let after = held + opening + lots;
            if after > i64::from(most) {
                return Err(denials::too_many(Rule::Position, "lots held and on order", after, most));
            }
        }
        if let Some(most) = self.config.position_lots_total {
            let held = holdings
                .held_in_all()
                .ok_or_else(|| denials::unknown(Rule::PositionTotal, "the positions", most))?;
            let after = held + self.opening + lots;
            if after > i64::from(most) {
                return Err(denials::too_many(
                    Rule::PositionTotal,
                    "lots held and on order in all",
                    after,
                    most,
                ));
            }
        }
        if let Some(most) = self.config.loss_cny {
            let result =
                holdings.result().ok_or_else(|| denials::unknown(Rule::Loss, "the day's result", most))?;
            if result.0 <= -i64::from(most) * 10_000 {
                return Err(denials::loss(result, most));
            }
        }
        Ok(())
    }

    fn judge_open_orders(&self, place: Option<&Place>, before: u32) -> Result<(), Denial> {
        if let Some(most) = self.config.open_orders {
            let open = before + place.map_or(0, |place| place.buys.orders + place.sells.orders);
            if open >= most {
                return Err(denials::too_many(Rule::OpenOrders, "working orders", open + 1, most));
            }
        }
        match self.config.open_orders_total {
            Some(most) if self.open + before >= most => {
                let after = self.open + before + 1;
                Err(denials::too_many(Rule::OpenOrdersTotal, "working orders in all", after, most))
            }
            _ => Ok(()),
        }
    }

    fn judge_day(&self, before: u32) -> Result<(), Denial> {
        if let Some(most) = self.config.orders_per_day
            && self.counts.orders + before >= most
        {
            let after = self.counts.orders + before + 1;
            return Err(denials::too_many(Rule::OrdersPerDay, "orders on this trading day", after, most));
        }
        match self.config.cancels_per_day {
            // Each working order may need a cancel of its own, and this one too.
            Some(most) if self.counts.cancels + self.own + before >= most => {
                Err(denials::cancels(Rule::CancelsPerDay, "in all", self.counts.cancels, self.own, most))
            }
            _ => Ok(()),
        }
    }

    fn judge_cancels(
        &self,
        order: &InputOrderField,
        place: Option<&Place>,
        before: u32,
    ) -> Result<(), Denial> {
        let Some(most) = self.config.cancels_per_instrument else { return Ok(()) };
        let (cancels, own) = place.map_or((0, 0), |place| (place.cancels, place.buys.own + place.sells.own));
        if cancels + own + before < most {
            return Ok(());
        }
        let of = format!("of {}", order.instrument_id);
        Err(denials::cancels(Rule::CancelsPerInstrument, &of, cancels, own, most))
    }

    fn judge_pace(&self, now: Instant, orders: usize) -> Result<(), Denial> {
        if self.counts.allows_orders(now, orders) {
            return Ok(());
        }
        let from = self.counts.allows_orders_from(now, orders);
        let most = self.counts.most_with_orders();
        Err(denials::pace(self.counts.in_window(now), most, self.config.window, from, now))
    }
}

#[cfg(test)]
mod tests;
