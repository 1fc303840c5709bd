//! Reference data: exchanges, products, instruments, rates (§6.2, §6.3).

use ctp_market::{Exchange as Venue, OptionRight, OrderReports, Product};
use ctp_types::{
    BizType, ClassType, ClientIDType, CombinationType, ExchangeField, ExchangeProperty, InstLifePhase,
    InstrumentField, InvestorField, MaxMarginSideAlgorithm, NO_PRICE, OptionsType, PositionDateType,
    PositionType, ProductClass, ProductField, QryClassifiedInstrumentField, QryExchangeField,
    QryExchangeMarginRateAdjustField, QryExchangeMarginRateField, QryInstrumentCommissionRateField,
    QryInstrumentField, QryInstrumentMarginRateField, QryInvestorField, QryOptionInstrCommRateField,
    QryOptionInstrTradeCostField, QryProductExchRateField, QryProductField, QryProductGroupField,
    QryTraderOfferField, QryTradingCodeField, RecordBox, TraderRequest, TradingCodeField, TradingType,
};

use super::matches;
use crate::clock;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::market::Market;
use crate::market::instrument::Class;
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
        // The investor's own records: of another investor's there are none to see.
        macro_rules! own {
            ($filter:ty, |$query:ident| $records:expr) => {
                if let Some($query) = record.get::<$filter>() {
                    match self.check_query(id, &$query.broker_id, &$query.investor_id) {
                        Ok(()) => {
                            let records = $records;
                            self.answer_records(id, request, records, request_id);
                        }
                        Err(error) => self.refuse(id, request, record, error, request_id),
                    }
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
                own!(QryInvestorField, |_query| vec![self.investor_record(id)])
            }
            TraderRequest::ReqQryTradingCode => {
                own!(QryTradingCodeField, |query| self.query_trading_codes(id, query));
            }
            TraderRequest::ReqQryInstrumentMarginRate => {
                own!(QryInstrumentMarginRateField, |query| self.query_margin_rates(id, query));
            }
            TraderRequest::ReqQryInstrumentCommissionRate => {
                own!(QryInstrumentCommissionRateField, |query| self.query_commission_rates(id, query));
            }
            TraderRequest::ReqQryOptionInstrTradeCost => {
                own!(QryOptionInstrTradeCostField, |query| self.query_option_cost(id, query));
            }
            TraderRequest::ReqQryOptionInstrCommRate => {
                own!(QryOptionInstrCommRateField, |query| self.query_option_commission(id, query));
            }
            TraderRequest::ReqQryExchangeMarginRate => {
                answer!(QryExchangeMarginRateField, |query| self.query_exchange_margin_rates(query));
            }
            TraderRequest::ReqQryExchangeMarginRateAdjust => {
                answer!(QryExchangeMarginRateAdjustField, |query| self.query_margin_adjustments(query));
            }
            TraderRequest::ReqQryProductGroup => {
                answer!(QryProductGroupField, |query| self.query_product_groups(query));
            }
            TraderRequest::ReqQryProductExchRate => {
                answer!(QryProductExchRateField, |query| self.query_product_rates(query));
            }
            TraderRequest::ReqQryTraderOffer => {
                answer!(QryTraderOfferField, |query| self.query_trader_offers(query));
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
        let listed = self.markets.iter().filter(|market| market.listed);
        let records = listed.map(|market| self.instrument_record(market));
        let found = records.filter(|record| {
            matches(&query.instrument_id, &record.instrument_id)
                && matches(&query.exchange_id, &record.exchange_id)
                && matches(&query.exchange_inst_id, &record.exchange_inst_id)
                && matches(&query.product_id, &record.product_id)
        });
        found.collect()
    }

    /// Returns whether a listed instrument trades (`IsTrading`): the operator may have stopped it.
    fn is_trading(&self, id: &ctp_types::Text<81>) -> bool {
        let market = self.market_by_id.get(id);
        market.is_some_and(|market| self.desk.rights.check_trading(*market).is_ok())
    }

    /// §3.5: only TradingType and ClassType count, and both must be set.
    fn query_classified(&self, query: &QryClassifiedInstrumentField) -> Vec<InstrumentField> {
        let is_wanted = |record: &InstrumentField| match query.trading_type {
            TradingType::ALL => true,
            TradingType::TRADE => record.is_trading == 1,
            TradingType::UNTRADE => record.is_trading == 0,
            _ => false,
        };
        let wanted = |class: &Class| match query.class_type {
            ClassType::ALL => true,
            ClassType::FUTURE => *class == Class::Future,
            ClassType::OPTION => matches!(class, Class::Option { .. }),
            ClassType::COMB => matches!(class, Class::Combination { .. }),
            _ => false,
        };
        let found = self.markets.iter().filter(|market| market.listed && wanted(&market.instrument.class));
        found.map(|market| self.instrument_record(market)).filter(is_wanted).collect()
    }

    /// §6.3.
    pub(super) fn instrument_record(&self, market: &Market) -> InstrumentField {
        let instrument = &market.instrument;
        let listed =
            instrument.delivery.checked_sub(jiff::Span::new().years(1)).unwrap_or(instrument.delivery);
        let record = InstrumentField {
            reserve1: resize(&instrument.id),
            reserve2: resize(&instrument.id),
            reserve3: resize(&instrument.product_id),
            exchange_id: text(instrument.exchange.id()),
            instrument_name: instrument.name,
            product_class: product_class(instrument.class),
            delivery_year: i32::from(instrument.delivery.year()),
            delivery_month: i32::from(instrument.delivery.month()),
            max_market_order_volume: instrument.largest_market_order,
            min_market_order_volume: 1,
            max_limit_order_volume: instrument.largest_limit_order,
            min_limit_order_volume: 1,
            volume_multiple: instrument.multiplier,
            price_tick: instrument.tick.to_f64(),
            create_date: clock::date_text(listed),
            open_date: clock::date_text(listed),
            expire_date: clock::date_text(instrument.last_day),
            start_deliv_date: clock::date_text(instrument.last_day),
            end_deliv_date: clock::date_text(instrument.last_day),
            inst_life_phase: InstLifePhase::STARTED,
            is_trading: i32::from(self.is_trading(&instrument.id)),
            position_type: PositionType::GROSS,
            position_date_type: self.position_date_type(instrument.exchange),
            long_margin_ratio: instrument.margin.to_f64(),
            short_margin_ratio: instrument.margin.to_f64(),
            max_margin_side_algorithm: if instrument.one_sided {
                MaxMarginSideAlgorithm::YES
            } else {
                MaxMarginSideAlgorithm::NO
            },
            strike_price: NO_PRICE,
            underlying_multiple: 1.0,
            instrument_id: instrument.id,
            exchange_inst_id: instrument.id,
            product_id: instrument.product_id,
            ..InstrumentField::default()
        };
        match instrument.class {
            Class::Future => record,
            Class::Option { right, strike, underlying_id, .. } => InstrumentField {
                strike_price: strike.to_f64(),
                options_type: match right {
                    OptionRight::Call => OptionsType::CALL_OPTIONS,
                    OptionRight::Put => OptionsType::PUT_OPTIONS,
                },
                underlying_instr_id: resize(&underlying_id),
                reserve4: underlying_id,
                // The margin of a short option depends on its premium: the rates here are of no use.
                long_margin_ratio: NO_PRICE,
                short_margin_ratio: NO_PRICE,
                ..record
            },
            Class::Combination { .. } => {
                InstrumentField { combination_type: CombinationType::FUTURE, ..record }
            }
        }
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

    pub(super) fn listed_products(&self) -> impl Iterator<Item = &Product> {
        let only = &self.config.products;
        self.reference.products().iter().filter(|product| only.is_empty() || only.contains(&product.id))
    }

    /// Options are products of their own (§4.5), at CZCE calls and puts apart.
    fn query_products(&self, query: &QryProductField) -> Vec<ProductField> {
        let mut records = Vec::new();
        for product in self.listed_products() {
            let record = self.product_record(product);
            records.push(record);
            let Some(terms) = product.options.as_ref().filter(|_| self.config.options) else { continue };
            let mut ids = vec![&terms.call_id, &terms.put_id];
            ids.dedup();
            records.extend(ids.into_iter().map(|id| ProductField {
                reserve1: text(id),
                product_id: text(id),
                exchange_product_id: text(id),
                product_name: text(&terms.name),
                product_class: ProductClass::OPTIONS,
                volume_multiple: terms.multiplier,
                price_tick: terms.tick.to_f64(),
                max_market_order_volume: terms.largest_limit_order,
                max_limit_order_volume: terms.largest_limit_order,
                ..record
            }));
        }
        records.retain(|record| {
            matches(&query.product_id, &record.product_id)
                && matches(&query.exchange_id, &record.exchange_id)
                && (query.product_class == ProductClass::default()
                    || query.product_class == record.product_class)
        });
        records
    }

    fn product_record(&self, product: &Product) -> ProductField {
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
            position_date_type: self.position_date_type(product.exchange),
            trade_currency_id: text(&product.currency),
            underlying_multiple: 1.0,
            product_id: text(&product.id),
            exchange_product_id: text(&product.id),
            ..ProductField::default()
        }
    }

    /// §5.3: whether rows of today and before are kept apart, with the switch "SimNow style" everywhere.
    fn position_date_type(&self, venue: Venue) -> PositionDateType {
        let is_split = self.reference.rules(venue).close_today || self.config.switches.simnow_style.is_on();
        if is_split { PositionDateType::USE_HISTORY } else { PositionDateType::NO_USE_HISTORY }
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
        let has_code = |venue: &Venue| self.desk.rights.has_code(&investor, *venue);
        let records = Venue::ALL.into_iter().filter(has_code).map(|venue| TradingCodeField {
            investor_id: investor,
            broker_id: text(&self.config.broker),
            exchange_id: text(venue.id()),
            client_id: self.desk.participant.client_id(&investor),
            is_active: 1,
            client_id_type: ClientIDType::SPECULATION,
            biz_type: BizType::FUTURE,
            ..TradingCodeField::default()
        });
        let found = records.filter(|record| {
            matches(&query.exchange_id, &record.exchange_id)
                && matches(&query.client_id, &record.client_id)
                && (query.client_id_type == ClientIDType::default()
                    || query.client_id_type == record.client_id_type)
        });
        found.collect()
    }
}

/// Returns whether an instrument is of the class that a query names; none names all.
pub(super) fn is_of_class(wanted: ProductClass, class: Class) -> bool {
    wanted == ProductClass::default() || wanted == product_class(class)
}

fn product_class(class: Class) -> ProductClass {
    match class {
        Class::Future => ProductClass::FUTURES,
        Class::Option { .. } => ProductClass::OPTIONS,
        Class::Combination { .. } => ProductClass::COMBINATION,
    }
}
