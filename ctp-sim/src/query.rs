//! Queries of the investor's own affairs; reference data stand in [`reference`] (§3.5 for the filters).

mod account;
mod combination;
mod instruction;
pub(crate) mod lookup;
mod order;
mod position;
mod rates;
mod reference;
mod session;
mod statement;

use ctp_types::{
    DepthMarketDataField, QryBrokerTradingAlgosField, QryBrokerTradingParamsField, QryDepthMarketDataField,
    QryInvestorPositionDetailField, QryInvestorPositionField, QryMaxOrderVolumeField, QryOrderField,
    QrySettlementInfoConfirmField, QrySettlementInfoField, QryTradeField, QryTradingAccountField, RecordBox,
    Text, TraderRequest,
};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::market::snapshot::depth_market_data;
use crate::switches::OnOff;
use crate::text::text;

impl Exchange {
    /// Answers a query; one that is not supported has an empty result (§7).
    pub(crate) fn answer_query(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &RecordBox,
        request_id: i32,
    ) {
        macro_rules! answer {
            ($records:expr) => {{
                let records = $records;
                self.answer_records(id, request, records, request_id);
            }};
        }
        // The investor's own records: of another investor's there are none to see.
        macro_rules! own {
            ($filter:ty, |$query:ident| $records:expr) => {
                if let Some($query) = record.get::<$filter>() {
                    match self.check_query(id, &$query.broker_id, &$query.investor_id) {
                        Ok(()) => answer!($records),
                        Err(error) => self.refuse(id, request, record, error, request_id),
                    }
                }
            };
        }
        self.remark_holdings(&self.investor_of(id));
        match request {
            TraderRequest::ReqQryOrder => own!(QryOrderField, |query| self.query_orders(id, query)),
            TraderRequest::ReqQryTrade => own!(QryTradeField, |query| self.query_trades(id, query)),
            TraderRequest::ReqQryTradingAccount => {
                own!(QryTradingAccountField, |query| self.query_account(id, &query.currency_id));
            }
            TraderRequest::ReqQryInvestorPosition => {
                own!(QryInvestorPositionField, |query| self.query_positions(id, &query.instrument_id));
            }
            TraderRequest::ReqQryInvestorPositionDetail => {
                own!(QryInvestorPositionDetailField, |query| self
                    .query_position_details(id, &query.instrument_id));
            }
            TraderRequest::ReqQrySettlementInfoConfirm => {
                own!(QrySettlementInfoConfirmField, |_query| {
                    let investor = self.investor_of(id);
                    let confirmed =
                        self.accounts.get(&investor).is_some_and(|account| account.confirmed.is_some());
                    Vec::from_iter(confirmed.then(|| self.confirmation(&investor)))
                });
            }
            TraderRequest::ReqQryBrokerTradingParams => {
                own!(QryBrokerTradingParamsField, |_query| vec![self.trading_params(id)]);
            }
            TraderRequest::ReqQryBrokerTradingAlgos => {
                if let Some(query) = record.get::<QryBrokerTradingAlgosField>() {
                    answer!(self.query_algos(query));
                }
            }
            TraderRequest::ReqQryMaxOrderVolume => {
                own!(QryMaxOrderVolumeField, |query| self.max_order_volume(id, query));
            }
            TraderRequest::ReqQrySettlementInfo if !self.users.core.has_monitoring => {
                self.refuse(id, request, record, CoreError::CfmmcNoConnection, request_id);
            }
            TraderRequest::ReqQrySettlementInfo => {
                own!(QrySettlementInfoField, |query| self.query_statement(id, &query.trading_day));
            }
            TraderRequest::ReqQryUserSession => {
                if let Some(query) = record.get() {
                    answer!(self.query_sessions(id, query));
                }
            }
            TraderRequest::ReqQryDepthMarketData => {
                if let Some(query) = record.get::<QryDepthMarketDataField>() {
                    answer!(self.query_depth(query));
                }
            }
            _ if self.answer_instruction_query(id, request, record, request_id) => {}
            _ => self.answer_reference_query(id, request, record, request_id),
        }
    }

    /// Checks broker and investor of a query; both may be left empty.
    pub(crate) fn check_query(
        &self,
        id: SessionId,
        broker: &Text<11>,
        investor: &Text<13>,
    ) -> Result<(), CoreError> {
        let broker = if broker.is_empty() { text(&self.config.broker) } else { *broker };
        let investor = if investor.is_empty() { self.investor_of(id) } else { *investor };
        self.check_investor(id, &broker, &investor)
    }

    pub(crate) fn investor_of(&self, id: SessionId) -> Text<13> {
        self.login(id).map(|login| login.investor).unwrap_or_default()
    }

    /// §4.1: the same record as a tick, with `ExchangeID`; §3.5: which is not a filter, but the id and the class are.
    fn query_depth(&self, query: &QryDepthMarketDataField) -> Vec<DepthMarketDataField> {
        let markets = self.markets.iter().enumerate().filter(|(_, market)| {
            market.listed
                && matches(&query.instrument_id, &market.instrument.id)
                && reference::is_of_class(query.product_class, market.instrument.class)
        });
        let records = markets.map(|(index, market)| {
            let record = depth_market_data(self, market, &self.displayed_book(index));
            match self.config.switches.depth_query_exchange {
                OnOff::On => {
                    DepthMarketDataField { exchange_id: text(market.instrument.exchange.id()), ..record }
                }
                OnOff::Off => record,
            }
        });
        records.collect()
    }
}

/// An empty filter matches all.
pub(crate) fn matches<const N: usize, const M: usize>(filter: &Text<N>, value: &Text<M>) -> bool {
    filter.is_empty() || filter.as_bytes() == value.as_bytes()
}
