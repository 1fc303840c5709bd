//! Reference data: exchanges, products, instruments, rates (§6.2, §6.3).

use ctp_market::{Exchange as Venue, OrderReports, Product};
use ctp_types::{
    BizType, ClientIDType, ExchangeField, ExchangeProperty, HedgeFlag, InstLifePhase,
    InstrumentCommissionRateField, InstrumentField, InstrumentMarginRateField, InvestorField, InvestorRange,
    MaxMarginSideAlgorithm, NO_PRICE, PositionDateType, PositionType, ProductClass, ProductField,
    QryClassifiedInstrumentField, QryExchangeField, QryInstrumentCommissionRateField, QryInstrumentField,
    QryInstrumentMarginRateField, QryInvestorField, QryProductField, QryTradingCodeField, RecordBox,
    TraderRequest, TradingCodeField,
};

use super::matches;
use crate::clock;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::market::Market;
use crate::money::holding::Terms;
use crate::text::{resize, text};

impl Exchange {
    pub(super) fn answer_reference_query(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &RecordBox,
        request_id: i32,
    ) {
        macro_rules! answer {
            ($filter:ty, |$query:ident| $records:expr) => {
                if let Some($query) = record.get::<$filter>() {
                    let records = $records;
                    self.answer_records(id, request, records, request_id);
                }
            };
        }
        match request {
            TraderRequest::ReqQryInstrument => {
                answer!(QryInstrumentField, |query| self.query_instruments(query))
            }
            TraderRequest::ReqQryClassifiedInstrument => {
                answer!(QryClassifiedInstrumentField, |query| self.query_classified(query));
            }
            TraderRequest::ReqQryExchange => answer!(QryExchangeField, |query| self.query_exchanges(query)),
            TraderRequest::ReqQryProduct => answer!(QryProductField, |query| self.query_products(query)),
            TraderRequest::ReqQryInvestor => {
                answer!(QryInvestorField, |_query| vec![self.investor_record(id)])
            }
            TraderRequest::ReqQryTradingCode => {
                answer!(QryTradingCodeField, |query| self.query_trading_codes(id, query));
            }
            TraderRequest::ReqQryInstrumentMarginRate => {
                answer!(QryInstrumentMarginRateField, |query| self.query_margin_rates(id, query));
            }
            TraderRequest::ReqQryInstrumentCommissionRate => {
                answer!(QryInstrumentCommissionRateField, |query| self.query_commission_rates(id, query));
            }
            // §7: nothing to show is an empty result.
            _ => {
                if let Some(callback) = request.answer() {
                    self.send(id, callback, None, None, request_id, true);
                }
            }
        }
    }

    fn query_instruments(&self, query: &QryInstrumentField) -> Vec<InstrumentField> {
        let records = self.markets.iter().map(instrument);
        let found = records.filter(|record| {
            matches(&query.instrument_id, &record.instrument_id)
                && matches(&query.exchange_id, &record.exchange_id)
                && matches(&query.exchange_inst_id, &record.exchange_inst_id)
                && matches(&query.product_id, &record.product_id)
        });
        found.collect()
    }

    /// §3.5: only TradingType and ClassType count, and both must be set. Everything here is a tradable future.
    fn query_classified(&self, query: &QryClassifiedInstrumentField) -> Vec<InstrumentField> {
        let tradable = matches!(query.trading_type.as_char(), b'0' | b'1');
        let futures = matches!(query.class_type.as_char(), b'0' | b'1');
        if tradable && futures { self.markets.iter().map(instrument).collect() } else { Vec::new() }
    }

    fn query_exchanges(&self, query: &QryExchangeField) -> Vec<ExchangeField> {
        let records = Venue::ALL.into_iter().map(|venue| {
            let rules = self.reference.rules(venue);
            ExchangeField {
                exchange_id: text(venue.id()),
                exchange_name: text(&rules.name),
                exchange_property: match rules.order_reports {
                    OrderReports::Full => ExchangeProperty::NORMAL,
                    OrderReports::TradesOnly => ExchangeProperty::GEN_ORDER_BY_TRADE,
                },
            }
        });
        records.filter(|record| matches(&query.exchange_id, &record.exchange_id)).collect()
    }

    fn query_products(&self, query: &QryProductField) -> Vec<ProductField> {
        let listed = |product: &&Product| {
            self.config.products.is_empty() || self.config.products.contains(&product.id)
        };
        let products = self.reference.products().iter().filter(listed);
        let records = products.map(|product| self.product_record(product));
        records.filter(|record| matches(&query.product_id, &record.product_id)).collect()
    }

    fn product_record(&self, product: &Product) -> ProductField {
        let rules = self.reference.rules(product.exchange);
        ProductField {
            reserve1: text(&product.id),
            product_name: text(&product.name),
            exchange_id: text(product.exchange.id()),
            product_class: ProductClass::FUTURES,
            volume_multiple: product.multiplier,
            price_tick: product.tick.to_f64(),
            max_market_order_volume: product.largest_market_order,
            min_market_order_volume: 1,
            max_limit_order_volume: product.largest_limit_order,
            min_limit_order_volume: 1,
            position_type: PositionType::GROSS,
            position_date_type: position_date_type(rules.close_today),
            trade_currency_id: text("CNY"),
            underlying_multiple: 1.0,
            product_id: text(&product.id),
            exchange_product_id: text(&product.id),
            ..ProductField::default()
        }
    }

    fn investor_record(&self, id: SessionId) -> InvestorField {
        let investor = self.investor_of(id);
        InvestorField {
            investor_id: investor,
            broker_id: text(&self.config.broker),
            investor_name: text(&format!("模拟投资者{investor}")),
            is_active: 1,
            ..InvestorField::default()
        }
    }

    fn query_trading_codes(&self, id: SessionId, query: &QryTradingCodeField) -> Vec<TradingCodeField> {
        let investor = self.investor_of(id);
        let records = Venue::ALL.into_iter().map(|venue| TradingCodeField {
            investor_id: investor,
            broker_id: text(&self.config.broker),
            exchange_id: text(venue.id()),
            client_id: text(&format!("{}{investor}", self.config.broker)),
            is_active: 1,
            client_id_type: ClientIDType::SPECULATION,
            biz_type: BizType::FUTURE,
            ..TradingCodeField::default()
        });
        records.filter(|record| matches(&query.exchange_id, &record.exchange_id)).collect()
    }

    /// §6.2: an empty id means the instruments held; HedgeFlag must be set.
    fn query_margin_rates(
        &self,
        id: SessionId,
        query: &QryInstrumentMarginRateField,
    ) -> Vec<InstrumentMarginRateField> {
        if query.hedge_flag != HedgeFlag::SPECULATION {
            return Vec::new();
        }
        let investor = self.investor_of(id);
        let held = |index: usize| {
            let account = self.accounts.get(&investor);
            account.is_some_and(|account| account.holdings.keys().any(|key| key.0 == index))
        };
        let markets = self.markets.iter().enumerate();
        let found = markets.filter(|(index, market)| {
            if query.instrument_id.is_empty() { held(*index) } else { query.instrument_id == market.id }
        });
        let records = found.map(|(index, market)| {
            let Terms { margin, .. } = self.terms(index);
            InstrumentMarginRateField {
                reserve1: resize(&market.id),
                investor_range: InvestorRange::ALL,
                broker_id: text(&self.config.broker),
                investor_id: investor,
                hedge_flag: query.hedge_flag,
                long_margin_ratio_by_money: margin.to_f64(),
                short_margin_ratio_by_money: margin.to_f64(),
                exchange_id: text(market.product.exchange.id()),
                instrument_id: market.id,
                ..InstrumentMarginRateField::default()
            }
        });
        records.collect()
    }

    /// §6.2: rates are the product's, so the answer names the product.
    fn query_commission_rates(
        &self,
        id: SessionId,
        query: &QryInstrumentCommissionRateField,
    ) -> Vec<InstrumentCommissionRateField> {
        let Some(market) = self.market_by_id.get(&query.instrument_id) else { return Vec::new() };
        let product = &self.markets[*market].product;
        let fees = &product.fees;
        vec![InstrumentCommissionRateField {
            reserve1: text(&product.id),
            investor_range: InvestorRange::ALL,
            broker_id: text(&self.config.broker),
            investor_id: self.investor_of(id),
            open_ratio_by_money: fees.open_by_money.to_f64(),
            open_ratio_by_volume: fees.open_by_volume.to_f64(),
            close_ratio_by_money: fees.close_by_money.to_f64(),
            close_ratio_by_volume: fees.close_by_volume.to_f64(),
            close_today_ratio_by_money: fees.close_today_by_money.to_f64(),
            close_today_ratio_by_volume: fees.close_today_by_volume.to_f64(),
            exchange_id: text(product.exchange.id()),
            biz_type: BizType::FUTURE,
            instrument_id: text(&product.id),
            ..InstrumentCommissionRateField::default()
        }]
    }
}

fn position_date_type(close_today: bool) -> PositionDateType {
    if close_today { PositionDateType::USE_HISTORY } else { PositionDateType::NO_USE_HISTORY }
}

fn instrument(market: &Market) -> InstrumentField {
    let product = &market.product;
    let contract = &market.contract;
    let digits = contract.id.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let listed = contract.delivery.checked_sub(jiff::Span::new().years(1)).unwrap_or(contract.delivery);
    InstrumentField {
        reserve1: resize(&market.id),
        reserve2: resize(&market.id),
        reserve3: text(&product.id),
        exchange_id: text(product.exchange.id()),
        instrument_name: text(&format!("{}{digits}", product.name)),
        product_class: ProductClass::FUTURES,
        delivery_year: i32::from(contract.delivery.year()),
        delivery_month: i32::from(contract.delivery.month()),
        max_market_order_volume: product.largest_market_order,
        min_market_order_volume: 1,
        max_limit_order_volume: product.largest_limit_order,
        min_limit_order_volume: 1,
        volume_multiple: product.multiplier,
        price_tick: product.tick.to_f64(),
        create_date: clock::date_text(listed),
        open_date: clock::date_text(listed),
        expire_date: clock::date_text(contract.last_day),
        start_deliv_date: clock::date_text(contract.last_day),
        end_deliv_date: clock::date_text(contract.last_day),
        inst_life_phase: InstLifePhase::STARTED,
        is_trading: 1,
        position_type: PositionType::GROSS,
        position_date_type: position_date_type(market.rules.close_today),
        long_margin_ratio: product.margin.to_f64(),
        short_margin_ratio: product.margin.to_f64(),
        max_margin_side_algorithm: if product.one_sided_margin {
            MaxMarginSideAlgorithm::YES
        } else {
            MaxMarginSideAlgorithm::NO
        },
        strike_price: NO_PRICE,
        underlying_multiple: 1.0,
        instrument_id: market.id,
        exchange_inst_id: market.id,
        product_id: text(&product.id),
        ..InstrumentField::default()
    }
}
