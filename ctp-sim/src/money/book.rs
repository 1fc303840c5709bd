//! How orders and ticks reach the accounts.

use std::collections::BTreeMap;

use ctp_market::{Exchange as Venue, Money, OptionRight};
use ctp_types::{MarginPriceType, OptionRoyaltyPriceType, Text};

use crate::clock;
use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::market::Market;
use crate::market::instrument::Class;
use crate::money::account::{Account, HoldingKey};
use crate::money::accounts::Mark;
use crate::money::holding::{Execution, Frozen, Holding};
use crate::money::terms::{Effect, Group, LotPrice, MarginRate, OptionMargin, Terms};
use crate::switches::FrozenPrice;

impl Exchange {
    /// Returns what an order of `volume` lots at `price` ticks would hold back of a position, if lots and money are
    /// there (30, 31, 50, 51). `told` is whether the client is told how much money is missing.
    pub(crate) fn claim(
        &self,
        investor: &Text<13>,
        key: HoldingKey,
        effect: Effect,
        (price, volume): (i64, i32),
        told: bool,
    ) -> Result<Frozen, CoreError> {
        let account = self.accounts.get(investor).ok_or(CoreError::InvestorNotFound)?;
        let terms = self.accounts.terms(investor, key.0);
        if effect != Effect::Open {
            let closable = account.holdings.get(&key).map_or(0, |holding| holding.closable(&terms, effect));
            if volume > closable {
                return Err(match effect {
                    Effect::CloseToday => CoreError::OverCloseToday,
                    Effect::CloseYesterday => CoreError::OverCloseYesterday,
                    _ => CoreError::OverClosePosition,
                });
            }
        }
        let frozen = terms.frozen(effect, key.1, price, volume);
        // Who closes a future needs no money; who buys back a short option pays its premium.
        if effect == Effect::Open || frozen.cash > Money::ZERO {
            let missing = account.missing(key, &terms, &frozen);
            if missing > Money::ZERO {
                return Err(CoreError::InsufficientMoney { missing: told.then_some(missing.0) });
            }
        }
        Ok(frozen)
    }

    /// Returns what `volume` lots of an order hold back.
    pub(crate) fn frozen(
        &self,
        investor: &Text<13>,
        key: HoldingKey,
        effect: Effect,
        (price, volume): (i64, i32),
    ) -> Frozen {
        self.accounts.terms(investor, key.0).frozen(effect, key.1, price, volume)
    }

    /// Holds back what a working order needs.
    pub(crate) fn freeze(&mut self, investor: &Text<13>, key: HoldingKey, effect: Effect, frozen: Frozen) {
        let terms = self.accounts.terms(investor, key.0);
        if let Some(account) = self.accounts.get_mut(investor) {
            account.freeze(key, &terms, effect, frozen);
        }
    }

    /// Gives back what an order held.
    pub(crate) fn release(&mut self, investor: &Text<13>, key: HoldingKey, effect: Effect, frozen: Frozen) {
        let terms = self.accounts.terms(investor, key.0);
        if let Some(account) = self.accounts.get_mut(investor) {
            account.release(key, &terms, effect, frozen);
        }
    }

    /// Counts a trade into position and money.
    pub(crate) fn book(
        &mut self,
        investor: &Text<13>,
        key: HoldingKey,
        effect: Effect,
        execution: &Execution,
    ) {
        self.remark(key.0);
        self.accounts.book(investor, key, effect, execution);
    }

    /// Marks the positions in a market at its last price. To be called after every change of that price; cheap when
    /// nobody holds it.
    pub(crate) fn remark(&mut self, market: usize) {
        self.mark_at(market, self.markets[market].mark());
    }

    /// Marks the positions in a market at a price in ticks.
    pub(crate) fn mark_at(&mut self, market: usize, price: i64) {
        let mark = self.mark_of(market, price);
        self.accounts.remark(market, mark);
    }

    /// Starts a day: the money terms of every market.
    pub(crate) fn set_terms(&mut self) {
        let mut products: BTreeMap<Text<81>, u32> = BTreeMap::new();
        let mut all = Vec::with_capacity(self.markets.len());
        let mut ids = Vec::with_capacity(self.markets.len());
        for market in &self.markets {
            let count = products.len() as u32;
            let product = *products.entry(market.instrument.product_id).or_insert(count);
            let id = market.instrument.id.to_str().into_owned();
            let product_id = market.instrument.product_id.to_str().into_owned();
            let mut terms = self.day_terms(market, product);
            for rates in self.config.rates.iter().filter(|rates| rates.investor.is_empty()) {
                if rates.are_of(&id, &product_id) {
                    rates.apply(&mut terms);
                }
            }
            all.push(terms);
            ids.push((id, product_id));
        }
        self.accounts.set_terms(all, ids);
        for market in 0..self.markets.len() {
            self.remark(market);
        }
    }

    /// Makes the account of an investor on its first login.
    pub(crate) fn open_account(&mut self, investor: Text<13>) {
        if self.accounts.contains_key(&investor) {
            return;
        }
        self.accounts.add(investor, Account::new(Money(self.config.initial_balance), self.config.params));
        let own = self.config.rates.iter().filter(|rates| investor == rates.investor.as_str());
        for rates in own.cloned().collect::<Vec<_>>() {
            self.accounts.change_rates(&rates);
        }
        let calendar = self.reference.calendar();
        let date = calendar.previous_trading_day(self.trading_day).unwrap_or(self.trading_day);
        for lot in self.config.carried_lots.clone() {
            let market = Text::new(&lot.instrument).ok().and_then(|id| self.market_by_id.get(&id)).copied();
            let Some(market) = market else { continue };
            let Ok(price) = self.markets[market].instrument.tick.ticks(lot.open_price) else { continue };
            let key = (market, lot.long, b'1');
            let terms = self.accounts.terms(&investor, market);
            let held = self.accounts.get(&investor).and_then(|account| account.holdings.get(&key)).cloned();
            let mut holding = held.unwrap_or_else(|| Holding::new(lot.long));
            holding.carry_in(&terms, clock::date_text(date), lot.volume, price);
            self.accounts.put(&investor, key, holding);
        }
    }

    fn day_terms(&self, market: &Market, product: u32) -> Terms {
        let instrument = &market.instrument;
        let switches = &self.config.switches;
        let rate = MarginRate { by_money: instrument.margin, by_volume: Money::ZERO };
        let is_future = instrument.class == Class::Future;
        Terms {
            tick_value: market.lot_value(1),
            pre_settlement: market.reference.settlement,
            mark: market.reference.settlement,
            long_margin: rate,
            short_margin: rate,
            exchange_margin: rate,
            fees: instrument.fees,
            close_today: instrument.rules.close_today || switches.simnow_style.is_on(),
            group: (instrument.one_sided && is_future)
                .then_some(Group { product, by_hedge: instrument.exchange == Venue::Cffex }),
            option: self.option_margin(market),
            margin_price: LotPrice::Open,
            frozen_at_settlement: switches.frozen_margin_price == FrozenPrice::PreSettlement,
            frozen_is_one_sided: switches.frozen_is_one_sided.is_on(),
        }
    }

    /// The exchanges' formula: premium + max(underlying's margin − ½ out of the money, ½ underlying's margin).
    fn option_margin(&self, market: &Market) -> Option<OptionMargin> {
        let Class::Option { right, strike, underlying, .. } = market.instrument.class else { return None };
        let future = self.markets.get(underlying)?;
        let price = future.instrument.tick.amount(future.reference.settlement, 1);
        let lots = market.instrument.multiplier;
        let margin = price.lots(lots).times(market.instrument.margin);
        let out = match right {
            OptionRight::Call => strike - price,
            OptionRight::Put => price - strike,
        };
        let out = out.max(Money::ZERO).lots(lots);
        Some(OptionMargin { fixed: margin - Money(out.0 / 2), minimum: Money(margin.0 / 2) })
    }

    fn mark_of(&self, index: usize, price: i64) -> Mark {
        let market = &self.markets[index];
        let settlement = market.reference.settlement;
        let params = &self.config.params;
        let margin_price = match market.instrument.class {
            Class::Option { .. } => match params.option_royalty_price_type {
                OptionRoyaltyPriceType::PRE_SETTLEMENT_PRICE => LotPrice::PreSettlement,
                OptionRoyaltyPriceType::OPEN_PRICE => LotPrice::Open,
                _ => LotPrice::Market(price.max(settlement)),
            },
            _ => match params.margin_price_type {
                MarginPriceType::PRE_SETTLEMENT_PRICE => LotPrice::PreSettlement,
                MarginPriceType::SETTLEMENT_PRICE => LotPrice::Market(price),
                MarginPriceType::AVERAGE_PRICE => LotPrice::Market(market.average()),
                _ => LotPrice::Open,
            },
        };
        Mark { price, margin_price }
    }
}
