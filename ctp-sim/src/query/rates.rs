//! Margin and commission rates, of the exchange and of the investor (§6.2).

use ctp_market::{Exchange as Venue, Money};
use ctp_types::{
    BizType, ExchangeMarginRateAdjustField, ExchangeMarginRateField, HedgeFlag,
    InstrumentCommissionRateField, InstrumentMarginRateField, InvestorRange, OptionInstrCommRateField,
    OptionInstrTradeCostField, ProductExchRateField, ProductGroupField, QryExchangeMarginRateAdjustField,
    QryExchangeMarginRateField, QryInstrumentCommissionRateField, QryInstrumentMarginRateField,
    QryOptionInstrCommRateField, QryOptionInstrTradeCostField, QryProductExchRateField, QryProductGroupField,
    QryTraderOfferField, Text, TraderConnectStatus, TraderOfferField, price,
};

use super::matches;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::market::Market;
use crate::market::instrument::{Class, MarketIndex};
use crate::text::{resize, text};

impl Exchange {
    /// §6.2: an empty id means the instruments held; HedgeFlag must be set.
    pub(super) fn query_margin_rates(
        &self,
        id: SessionId,
        query: &QryInstrumentMarginRateField,
    ) -> Vec<InstrumentMarginRateField> {
        if query.hedge_flag != HedgeFlag::SPECULATION {
            return Vec::new();
        }
        let investor = self.investor_of(id);
        let markets: Vec<MarketIndex> = if query.instrument_id.is_empty() {
            let holdings = self.accounts.get(&investor).into_iter().flat_map(|account| &account.holdings);
            let held = holdings.filter(|(_, holding)| holding.volume() > 0);
            let mut held: Vec<_> = held.map(|(key, _)| key.0).collect();
            held.dedup();
            held
        } else {
            self.market_by_id.get(&query.instrument_id).copied().into_iter().collect()
        };
        let records = markets.into_iter().map(|index| {
            let instrument = &self.markets[index].instrument;
            let terms = self.accounts.terms(&investor, index);
            InstrumentMarginRateField {
                reserve1: resize(&instrument.id),
                investor_range: InvestorRange::ALL,
                broker_id: text(&self.config.broker),
                investor_id: investor,
                hedge_flag: query.hedge_flag,
                long_margin_ratio_by_money: terms.long_margin.by_money.to_f64(),
                long_margin_ratio_by_volume: terms.long_margin.by_volume.to_f64(),
                short_margin_ratio_by_money: terms.short_margin.by_money.to_f64(),
                short_margin_ratio_by_volume: terms.short_margin.by_volume.to_f64(),
                exchange_id: text(instrument.exchange.id()),
                instrument_id: instrument.id,
                ..InstrumentMarginRateField::default()
            }
        });
        records.collect()
    }

    /// §6.2: the answer names the product, unless the instrument has rates of its own.
    pub(super) fn query_commission_rates(
        &self,
        id: SessionId,
        query: &QryInstrumentCommissionRateField,
    ) -> Vec<InstrumentCommissionRateField> {
        let Some(market) = self.market_by_id.get(&query.instrument_id).copied() else { return Vec::new() };
        let investor = self.investor_of(id);
        let instrument = &self.markets[market].instrument;
        let fees = self.accounts.terms(&investor, market).fees;
        let rates = &self.config.rates;
        let is_instruments = rates.iter().any(|rates| instrument.id == rates.of.as_str());
        let is_investors = rates.iter().any(|rates| investor == rates.investor.as_str());
        let named = if is_instruments { instrument.id } else { instrument.product_id };
        vec![InstrumentCommissionRateField {
            reserve1: resize(&named),
            investor_range: if is_investors { InvestorRange::SINGLE } else { InvestorRange::ALL },
            broker_id: text(&self.config.broker),
            investor_id: investor,
            open_ratio_by_money: fees.open_by_money.to_f64(),
            open_ratio_by_volume: fees.open_by_volume.to_f64(),
            close_ratio_by_money: fees.close_by_money.to_f64(),
            close_ratio_by_volume: fees.close_by_volume.to_f64(),
            close_today_ratio_by_money: fees.close_today_by_money.to_f64(),
            close_today_ratio_by_volume: fees.close_today_by_volume.to_f64(),
            exchange_id: text(instrument.exchange.id()),
            biz_type: BizType::FUTURE,
            instrument_id: named,
            ..InstrumentCommissionRateField::default()
        }]
    }

    /// The exchange's own rates: of the instrument named, or of all; HedgeFlag must be set.
    pub(super) fn query_exchange_margin_rates(
        &self,
        query: &QryExchangeMarginRateField,
    ) -> Vec<ExchangeMarginRateField> {
        let markets = self.futures(&query.instrument_id, query.hedge_flag);
        let records = markets.map(|(index, market)| {
            let rate = self.accounts.base_terms(index).exchange_margin;
            ExchangeMarginRateField {
                broker_id: text(&self.config.broker),
                hedge_flag: query.hedge_flag,
                long_margin_ratio_by_money: rate.by_money.to_f64(),
                long_margin_ratio_by_volume: rate.by_volume.to_f64(),
                short_margin_ratio_by_money: rate.by_money.to_f64(),
                short_margin_ratio_by_volume: rate.by_volume.to_f64(),
                exchange_id: text(market.instrument.exchange.id()),
                instrument_id: market.instrument.id,
                ..ExchangeMarginRateField::default()
            }
        });
        records.filter(|record| matches(&query.exchange_id, &record.exchange_id)).collect()
    }

    /// The exchange's rates beside the broker's additions to them.
    pub(super) fn query_margin_adjustments(
        &self,
        query: &QryExchangeMarginRateAdjustField,
    ) -> Vec<ExchangeMarginRateAdjustField> {
        let markets = self.futures(&query.instrument_id, query.hedge_flag);
        let records = markets.map(|(index, market)| {
            let terms = self.accounts.base_terms(index);
            let exchange = terms.exchange_margin;
            ExchangeMarginRateAdjustField {
                broker_id: text(&self.config.broker),
                hedge_flag: query.hedge_flag,
                long_margin_ratio_by_money: terms.long_margin.by_money.to_f64(),
                long_margin_ratio_by_volume: terms.long_margin.by_volume.to_f64(),
                short_margin_ratio_by_money: terms.short_margin.by_money.to_f64(),
                short_margin_ratio_by_volume: terms.short_margin.by_volume.to_f64(),
                exch_long_margin_ratio_by_money: exchange.by_money.to_f64(),
                exch_long_margin_ratio_by_volume: exchange.by_volume.to_f64(),
                exch_short_margin_ratio_by_money: exchange.by_money.to_f64(),
                exch_short_margin_ratio_by_volume: exchange.by_volume.to_f64(),
                instrument_id: market.instrument.id,
                ..ExchangeMarginRateAdjustField::default()
            }
        });
        records.collect()
    }

    fn futures(&self, id: &Text<81>, hedge: HedgeFlag) -> impl Iterator<Item = (MarketIndex, &Market)> {
        let is_known = hedge.name().is_some();
        let id = *id;
        self.markets.iter().enumerate().filter(move |(_, market)| {
            let instrument = &market.instrument;
            is_known && market.listed && instrument.class == Class::Future && matches(&id, &instrument.id)
        })
    }

    /// What one lot of an option costs: the premium at the price asked about, and the parts of a short lot's margin.
    pub(super) fn query_option_cost(
        &self,
        id: SessionId,
        query: &QryOptionInstrTradeCostField,
    ) -> Vec<OptionInstrTradeCostField> {
        let Some(market) = self.market_by_id.get(&query.instrument_id).copied() else { return Vec::new() };
        let investor = self.investor_of(id);
        let terms = self.accounts.terms(&investor, market);
        let Some(margin) = terms.option else { return Vec::new() };
        let here = &self.markets[market];
        // Without a price the settlement price of the day before counts.
        let asked = price(query.input_price).filter(|price| *price > 0.0);
        let ticks = asked.and_then(|price| here.instrument.tick.ticks_truncated(price).ok());
        let royalty = terms.amount(ticks.unwrap_or(here.reference.settlement), 1);
        vec![OptionInstrTradeCostField {
            broker_id: text(&self.config.broker),
            investor_id: investor,
            hedge_flag: query.hedge_flag,
            fixed_margin: margin.fixed.max(Money::ZERO).to_f64(),
            mini_margin: margin.minimum.to_f64(),
            royalty: royalty.to_f64(),
            exch_fixed_margin: margin.fixed.max(Money::ZERO).to_f64(),
            exch_mini_margin: margin.minimum.to_f64(),
            exchange_id: text(here.instrument.exchange.id()),
            invest_unit_id: query.invest_unit_id,
            instrument_id: here.instrument.id,
            ..OptionInstrTradeCostField::default()
        }]
    }

    /// As for futures: rates are the product's. An exercise costs as much as closing.
    pub(super) fn query_option_commission(
        &self,
        id: SessionId,
        query: &QryOptionInstrCommRateField,
    ) -> Vec<OptionInstrCommRateField> {
        let Some(market) = self.market_by_id.get(&query.instrument_id).copied() else { return Vec::new() };
        let investor = self.investor_of(id);
        let terms = self.accounts.terms(&investor, market);
        if !terms.is_option() {
            return Vec::new();
        }
        let (instrument, fees) = (&self.markets[market].instrument, terms.fees);
        vec![OptionInstrCommRateField {
            investor_range: InvestorRange::ALL,
            broker_id: text(&self.config.broker),
            investor_id: investor,
            open_ratio_by_money: fees.open_by_money.to_f64(),
            open_ratio_by_volume: fees.open_by_volume.to_f64(),
            close_ratio_by_money: fees.close_by_money.to_f64(),
            close_ratio_by_volume: fees.close_by_volume.to_f64(),
            close_today_ratio_by_money: fees.close_today_by_money.to_f64(),
            close_today_ratio_by_volume: fees.close_today_by_volume.to_f64(),
            strike_ratio_by_money: fees.close_by_money.to_f64(),
            strike_ratio_by_volume: fees.close_by_volume.to_f64(),
            exchange_id: text(instrument.exchange.id()),
            invest_unit_id: query.invest_unit_id,
            instrument_id: instrument.product_id,
            ..OptionInstrCommRateField::default()
        }]
    }

    /// Every product is a group of its own.
    pub(super) fn query_product_groups(&self, query: &QryProductGroupField) -> Vec<ProductGroupField> {
        let records = self.listed_products().map(|product| ProductGroupField {
            exchange_id: text(product.exchange.id()),
            product_id: text(&product.id),
            product_group_id: text(&product.id),
            ..ProductGroupField::default()
        });
        let found = records.filter(|record| {
            matches(&query.product_id, &record.product_id) && matches(&query.exchange_id, &record.exchange_id)
        });
        found.collect()
    }

    /// Every product is quoted in the currency it is settled in.
    pub(super) fn query_product_rates(&self, query: &QryProductExchRateField) -> Vec<ProductExchRateField> {
        let records = self.listed_products().map(|product| ProductExchRateField {
            quote_currency_id: text(&product.currency),
            exchange_rate: 1.0,
            exchange_id: text(product.exchange.id()),
            product_id: text(&product.id),
            ..ProductExchRateField::default()
        });
        let found = records.filter(|record| {
            matches(&query.product_id, &record.product_id) && matches(&query.exchange_id, &record.exchange_id)
        });
        found.collect()
    }

    /// The broker's seats: one at each exchange.
    pub(super) fn query_trader_offers(&self, query: &QryTraderOfferField) -> Vec<TraderOfferField> {
        let day = self.trading_day();
        let records = Venue::ALL.into_iter().map(|venue| TraderOfferField {
            exchange_id: text(venue.id()),
            trader_id: text(&format!("{}cac", self.config.broker)),
            participant_id: text(&self.config.broker),
            install_id: 1,
            trader_connect_status: match self.is_linked(venue) && self.desk.rights.check_link(venue).is_ok() {
                true => TraderConnectStatus::CONNECTED,
                false => TraderConnectStatus::NOT_CONNECTED,
            },
            trading_day: day,
            broker_id: text(&self.config.broker),
            ..TraderOfferField::default()
        });
        let found = records.filter(|record| {
            matches(&query.exchange_id, &record.exchange_id)
                && matches(&query.trader_id, &record.trader_id)
                && matches(&query.participant_id, &record.participant_id)
        });
        found.collect()
    }
}
