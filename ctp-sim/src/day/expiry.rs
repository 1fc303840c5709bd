//! What ends with its last day: options are exercised or lapse, futures are delivered (§6.6).

use ctp_market::{Exchange as Venue, Money, OptionRight};
use ctp_types::Text;

use crate::clock;
use crate::exchange::Exchange;
use crate::market::instrument::{Class, MarketIndex};
use crate::money::account::HoldingKey;
use crate::money::holding::{Execution, Holding};

/// An exercised right: lots of the underlying at the strike, or the difference in money.
struct Exercise {
    /// Of one lot: what the option is worth at settlement.
    worth: Money,
    /// The future that is delivered, with the strike in its ticks; none where money is.
    future: Option<(MarketIndex, i64)>,
    /// Whether the holder of the right receives the long side.
    call: bool,
}

impl Exchange {
    /// Marks all positions at the settlement prices of the day.
    pub(super) fn price_at_settlement(&mut self) {
        for market in 0..self.markets.len() {
            let price = self.settlement_of(market);
            self.mark_at(market, price);
        }
    }

    /// Returns the settlement price of the day: the one that was set, or what the market reckons.
    pub(crate) fn settlement_of(&self, market: MarketIndex) -> i64 {
        let set = self.days.prices.get(&market).copied();
        set.unwrap_or_else(|| self.markets[market].settlement_price())
    }

    /// Exercises what was declared, then what has its last day and is worth something. Futures need nothing more than
    /// their settlement price: their lots are delivered at it.
    pub(super) fn expire(&mut self) {
        for (investor, key, holding) in self.option_positions() {
            let declared = holding.strike_frozen.min(holding.volume());
            if let Some(exercise) = self.exercise_of(key.0).filter(|_| key.1 && declared > 0) {
                self.carry_out(&investor, key, &exercise, declared);
                self.assign(key.0, &exercise, declared);
            }
        }
        for (investor, key, holding) in self.option_positions() {
            let abandoned = holding.abandon_frozen;
            let exercise = self.exercise_of(key.0).filter(|exercise| exercise.worth > Money::ZERO);
            let is_last_day = self.markets[key.0].instrument.last_day <= self.trading_day;
            if let Some(exercise) = exercise.filter(|_| is_last_day && holding.volume() > abandoned) {
                self.carry_out(&investor, key, &exercise, holding.volume() - abandoned);
            }
        }
    }

    /// Assigns exercised lots to the clients that are short, in the order of their names; the crowd takes the rest.
    fn assign(&mut self, market: MarketIndex, exercise: &Exercise, mut volume: i32) {
        for (investor, key, holding) in self.option_positions() {
            let assigned = if key.0 == market && !key.1 { holding.volume().min(volume) } else { 0 };
            if assigned > 0 {
                self.carry_out(&investor, key, exercise, assigned);
                volume -= assigned;
            }
        }
    }

    fn option_positions(&self) -> Vec<(Text<13>, HoldingKey, Holding)> {
        let mut positions = Vec::new();
        for (investor, account) in self.accounts.iter() {
            for (key, holding) in &account.holdings {
                let is_option = matches!(self.markets[key.0].instrument.class, Class::Option { .. });
                if is_option && holding.volume() > 0 {
                    positions.push((*investor, *key, holding.clone()));
                }
            }
        }
        positions
    }

    fn exercise_of(&self, market: MarketIndex) -> Option<Exercise> {
        let instrument = &self.markets[market].instrument;
        let Class::Option { right, strike, underlying, underlying_id } = instrument.class else {
            return None;
        };
        let future = &self.markets[underlying];
        let tick = future.instrument.tick.amount(1, 1);
        let price = future.instrument.tick.amount(self.settlement_of(underlying), 1);
        let call = right == OptionRight::Call;
        let gain = if call { price - strike } else { strike - price };
        // Index options are settled in money, and so is an option whose future is not listed.
        let delivered = instrument.exchange != Venue::Cffex
            && future.instrument.id == underlying_id.to_str().as_ref()
            && tick.0 > 0;
        Some(Exercise {
            worth: gain.lots(instrument.multiplier),
            future: delivered.then(|| (underlying, strike.0 / tick.0)),
            call,
        })
    }

    /// Takes option lots out of a position and books what they turn into, without commission.
    fn carry_out(&mut self, investor: &Text<13>, key: HoldingKey, exercise: &Exercise, volume: i32) {
        let (option, long, hedge) = key;
        let date = clock::date_text(self.trading_day);
        let worth = exercise.worth.lots(volume);
        let cash = match exercise.future {
            Some(_) => Money::ZERO,
            None if long => worth,
            None => -worth,
        };
        self.accounts.take_out(investor, key, volume, cash);
        if let Some((future, strike)) = exercise.future {
            let key = (future, long == exercise.call, hedge);
            let trade_id = self.markets[option].instrument.id;
            let trade_id = Text::new(&trade_id.to_str()).unwrap_or_default();
            let execution = Execution { trade_id, date, volume, price: strike, combination: None };
            self.accounts.book_free(investor, key, &execution);
        }
    }
}
