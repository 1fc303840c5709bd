//! The account, the broker's parameters, and how many lots an order may have (§3.5, §6.1).

use ctp_market::{Exchange as Venue, Money};
use ctp_types::{
    BizType, BrokerTradingAlgosField, BrokerTradingParamsField, Direction, FindMarginRateAlgoID,
    HandlePositionAlgoID, HandleTradingAccountAlgoID, OffsetFlag, QryBrokerTradingAlgosField,
    QryMaxOrderVolumeField, Text, TradingAccountField,
};

use super::matches;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::money::account::{Account, HoldingKey, positive};
use crate::money::margin::Margin;
use crate::money::terms::{Effect, Terms};
use crate::text::{resize, text};

impl Exchange {
    /// §6.1: one record per currency; everything here is in CNY.
    pub(super) fn query_account(&self, id: SessionId, currency: &Text<4>) -> Vec<TradingAccountField> {
        let investor = self.investor_of(id);
        let in_cny = currency.is_empty() || *currency == "CNY";
        let found = self.accounts.get(&investor).filter(|_| in_cny);
        Vec::from_iter(found.map(|account| self.account_record(&investor, account)))
    }

    /// Returns an account's record at the present marks.
    pub(crate) fn account_record(&self, investor: &Text<13>, account: &Account) -> TradingAccountField {
        let value = account.value();
        let funds = &account.funds;
        let held_back =
            if self.config.switches.quota_without_profit.is_on() { account.gains() } else { Money::ZERO };
        TradingAccountField {
            broker_id: text(&self.config.broker),
            account_id: *investor,
            pre_mortgage: funds.pre_mortgage.to_f64(),
            pre_credit: funds.pre_credit.to_f64(),
            pre_deposit: funds.pre_balance.to_f64(),
            pre_balance: funds.pre_balance.to_f64(),
            pre_margin: account.pre_margin.to_f64(),
            deposit: funds.deposit.to_f64(),
            withdraw: funds.withdraw.to_f64(),
            frozen_margin: value.frozen_margin.to_f64(),
            frozen_cash: account.frozen_cash.to_f64(),
            frozen_commission: account.frozen_commission.to_f64(),
            curr_margin: value.margin.to_f64(),
            cash_in: account.cash_in.to_f64(),
            commission: account.commission.to_f64(),
            close_profit: account.close_profit.to_f64(),
            position_profit: value.position_profit.to_f64(),
            balance: value.balance.to_f64(),
            available: value.available.to_f64(),
            withdraw_quota: positive(value.available - held_back).to_f64(),
            trading_day: self.trading_day(),
            settlement_id: 1,
            credit: funds.credit.to_f64(),
            mortgage: funds.mortgage.to_f64(),
            exchange_margin: self.exchange_margin(investor, account).to_f64(),
            delivery_margin: funds.delivery_margin.to_f64(),
            exchange_delivery_margin: funds.delivery_margin.to_f64(),
            currency_id: text("CNY"),
            biz_type: BizType::FUTURE,
            option_value: self.option_value(account).to_f64(),
            ..TradingAccountField::default()
        }
    }

    /// Marks everything that an investor holds, so that a query shows the present prices.
    pub(super) fn remark_holdings(&mut self, investor: &Text<13>) {
        let held = self.accounts.get(investor).map(|account| account.holdings.keys().map(|key| key.0));
        let markets: Vec<usize> = held.into_iter().flatten().collect();
        for market in markets {
            self.remark(market);
        }
    }

    pub(super) fn trading_params(&self, id: SessionId) -> BrokerTradingParamsField {
        let params = self.config.params;
        BrokerTradingParamsField {
            broker_id: text(&self.config.broker),
            investor_id: self.investor_of(id),
            margin_price_type: params.margin_price_type,
            algorithm: params.algorithm,
            avail_include_close_profit: params.avail_include_close_profit,
            currency_id: text("CNY"),
            option_royalty_price_type: params.option_royalty_price_type,
            account_id: self.investor_of(id),
        }
    }

    /// Per exchange: DCE and CZCE have algorithms of their own.
    pub(super) fn query_algos(&self, query: &QryBrokerTradingAlgosField) -> Vec<BrokerTradingAlgosField> {
        let records = Venue::ALL.into_iter().map(|venue| {
            let (position, rate, account) = match venue {
                Venue::Dce => {
                    (HandlePositionAlgoID::DCE, FindMarginRateAlgoID::DCE, HandleTradingAccountAlgoID::DCE)
                }
                Venue::Czce => {
                    (HandlePositionAlgoID::CZCE, FindMarginRateAlgoID::CZCE, HandleTradingAccountAlgoID::CZCE)
                }
                _ => {
                    (HandlePositionAlgoID::BASE, FindMarginRateAlgoID::BASE, HandleTradingAccountAlgoID::BASE)
                }
            };
            BrokerTradingAlgosField {
                broker_id: text(&self.config.broker),
                exchange_id: text(venue.id()),
                reserve1: resize(&query.instrument_id),
                handle_position_algo_id: position,
                find_margin_rate_algo_id: rate,
                handle_trading_account_algo_id: account,
                instrument_id: query.instrument_id,
            }
        });
        records.filter(|record| matches(&query.exchange_id, &record.exchange_id)).collect()
    }

    /// §3.5: from the settlement price of the day before, without fees, capped by the largest order; what may be closed
    /// leaves out what orders freeze.
    pub(super) fn max_order_volume(
        &self,
        id: SessionId,
        query: &QryMaxOrderVolumeField,
    ) -> Vec<QryMaxOrderVolumeField> {
        let investor = self.investor_of(id);
        let Some(market) = self.market_by_id.get(&query.instrument_id).copied() else { return Vec::new() };
        let Some(account) = self.accounts.get(&investor) else { return Vec::new() };
        let terms = self.accounts.terms(&investor, market);
        let instrument = &self.markets[market].instrument;
        let effect = match query.offset_flag {
            OffsetFlag::OPEN => Effect::Open,
            OffsetFlag::CLOSE_TODAY if terms.close_today => Effect::CloseToday,
            _ if terms.close_today => Effect::CloseYesterday,
            _ => Effect::Close,
        };
        let long = (query.direction == Direction::BUY) == (effect == Effect::Open);
        let key = (market, long, query.hedge_flag.as_char());
        let volume = if effect == Effect::Open {
            affordable(account, key, &terms)
        } else {
            account.holdings.get(&key).map_or(0, |holding| holding.closable(&terms, effect))
        };
        vec![QryMaxOrderVolumeField {
            max_volume: volume.clamp(0, instrument.largest_limit_order),
            exchange_id: text(instrument.exchange.id()),
            ..*query
        }]
    }

    /// Returns the margin at the exchange's own rates.
    fn exchange_margin(&self, investor: &Text<13>, account: &Account) -> Money {
        let mut margin = Margin::default();
        for (key, holding) in &account.holdings {
            let terms = self.accounts.terms(investor, key.0);
            margin.charge(*key, &terms, holding.exchange_margin(&terms));
        }
        margin.charged()
    }

    /// (long − short) × multiplier × last price.
    fn option_value(&self, account: &Account) -> Money {
        let options = account.holdings.iter().map(|((market, ..), holding)| {
            let terms = self.accounts.base_terms(*market);
            if terms.is_option() { holding.option_value(&terms) } else { Money::ZERO }
        });
        options.sum()
    }
}

/// Returns how many lots the available money opens.
fn affordable(account: &Account, key: HoldingKey, terms: &Terms) -> i32 {
    let per_lot = terms.frozen(Effect::Open, key.1, terms.pre_settlement, 1);
    let needed = (per_lot.margin + per_lot.cash).0;
    let available = positive(account.value().available).0;
    if needed <= 0 { i32::MAX } else { i32::try_from(available / needed).unwrap_or(i32::MAX) }
}
