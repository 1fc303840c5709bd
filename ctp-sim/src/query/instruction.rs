//! Queries of what was instructed beside orders, of combinations, of the bank and of notices (§7).

use ctp_types::{
    ContractBankField, ExecOrderField, ForQuoteField, HedgeCfmField, InvestorRange, NoticeField,
    OffsetSettingField, OptionSelfCloseField, OrderStatus, ParkedOrderActionField, ParkedOrderField,
    QryAccountregisterField, QryCFMMCTradingAccountKeyField, QryCombActionField, QryCombInstrumentGuardField,
    QryCombLegField, QryCombPromotionParamField, QryContractBankField, QryExecOrderField, QryForQuoteField,
    QryHedgeCfmField, QryInvestorPositionCombineDetailField, QryNoticeField, QryOffsetSettingField,
    QryOptionSelfCloseField, QryParkedOrderActionField, QryParkedOrderField, QryQuoteField, QrySpdApplyField,
    QryTradingNoticeField, QryTransferBankField, QryTransferSerialField, QuoteField, RecordBox,
    SpdApplyField, TraderRequest, TradingNoticeField, TransferSerialField,
};

use crate::exchange::Exchange;
use crate::instruction::{Instruction, alike};
use crate::interface::SessionId;
use crate::query::matches;
use crate::query::order::is_between;
use crate::text::text;

impl Exchange {
    /// Answers a query of this module's, or returns that it is none.
    pub(super) fn answer_instruction_query(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &RecordBox,
        request_id: i32,
    ) -> bool {
        // The investor's own records: of another investor's there are none to see.
        macro_rules! own {
            ($filter:ty, $investor:ident, |$query:ident| $records:expr) => {
                if let Some($query) = record.get::<$filter>() {
                    match self.check_query(id, &$query.broker_id, &$query.$investor) {
                        Ok(()) => {
                            let records = $records;
                            self.answer_records(id, request, records, request_id);
                        }
                        Err(error) => self.refuse(id, request, record, error, request_id),
                    }
                }
            };
        }
        macro_rules! any {
            ($filter:ty, |$query:ident| $records:expr) => {
                if let Some($query) = record.get::<$filter>() {
                    let records = $records;
                    self.answer_records(id, request, records, request_id);
                }
            };
        }
        match request {
            TraderRequest::ReqQryParkedOrder => {
                own!(QryParkedOrderField, investor_id, |query| self.query_parked_orders(id, query));
            }
            TraderRequest::ReqQryParkedOrderAction => {
                own!(QryParkedOrderActionField, investor_id, |query| self.query_parked_actions(id, query));
            }
            TraderRequest::ReqQryQuote => {
                own!(QryQuoteField, investor_id, |query| self.query_quotes(id, query));
            }
            TraderRequest::ReqQryForQuote => {
                own!(QryForQuoteField, investor_id, |query| self.query_for_quotes(id, query));
            }
            TraderRequest::ReqQryExecOrder => {
                own!(QryExecOrderField, investor_id, |query| self.own_records(
                    id,
                    |record: &ExecOrderField| {
                        matches(&query.instrument_id, &record.instrument_id)
                            && matches(&query.exchange_id, &record.exchange_id)
                            && matches(&query.exec_order_sys_id, &record.exec_order_sys_id)
                            && is_between(
                                &query.insert_time_start,
                                &query.insert_time_end,
                                &record.insert_time,
                            )
                    }
                ));
            }
            TraderRequest::ReqQryOptionSelfClose => {
                own!(QryOptionSelfCloseField, investor_id, |query| self.own_records(
                    id,
                    |record: &OptionSelfCloseField| {
                        matches(&query.instrument_id, &record.instrument_id)
                            && matches(&query.exchange_id, &record.exchange_id)
                            && matches(&query.option_self_close_sys_id, &record.option_self_close_sys_id)
                            && is_between(
                                &query.insert_time_start,
                                &query.insert_time_end,
                                &record.insert_time,
                            )
                    }
                ));
            }
            TraderRequest::ReqQryOffsetSetting => {
                own!(QryOffsetSettingField, investor_id, |query| self.own_records(
                    id,
                    |record: &OffsetSettingField| {
                        matches(&query.product_id, &record.product_id)
                            && (query.offset_type.as_char() == 0 || query.offset_type == record.offset_type)
                    }
                ));
            }
            TraderRequest::ReqQrySpdApply => {
                own!(QrySpdApplyField, investor_id, |query| self.own_records(
                    id,
                    |record: &SpdApplyField| {
                        matches(&query.exchange_id, &record.exchange_id)
                            && matches(&query.order_sys_id, &record.order_sys_id)
                            && matches(&query.first_leg_instrument_id, &record.first_leg_instrument_id)
                            && matches(&query.second_leg_instrument_id, &record.second_leg_instrument_id)
                    }
                ));
            }
            TraderRequest::ReqQryHedgeCfm => {
                own!(QryHedgeCfmField, investor_id, |query| self.own_records(
                    id,
                    |record: &HedgeCfmField| {
                        matches(&query.exchange_id, &record.exchange_id)
                            && matches(&query.order_sys_id, &record.order_sys_id)
                            && matches(&query.instrument_id, &record.instrument_id)
                    }
                ));
            }
            TraderRequest::ReqQryCombAction => {
                own!(QryCombActionField, investor_id, |query| self.query_comb_actions(id, query));
            }
            TraderRequest::ReqQryInvestorPositionCombineDetail => {
                own!(QryInvestorPositionCombineDetailField, investor_id, |query| self
                    .query_combine_details(id, &query.comb_instrument_id));
            }
            TraderRequest::ReqQryCombInstrumentGuard => {
                any!(QryCombInstrumentGuardField, |query| self.query_comb_guards(query));
            }
            TraderRequest::ReqQryCombPromotionParam => {
                any!(QryCombPromotionParamField, |query| self.query_comb_promotions(query));
            }
            TraderRequest::ReqQryCombLeg => any!(QryCombLegField, |query| self.query_comb_legs(query)),
            TraderRequest::ReqQryTransferBank => {
                any!(QryTransferBankField, |query| {
                    let mut banks = vec![self.transfer_bank()];
                    banks.retain(|bank| {
                        matches(&query.bank_id, &bank.bank_id)
                            && matches(&query.bank_brch_id, &bank.bank_brch_id)
                    });
                    banks
                });
            }
            TraderRequest::ReqQryContractBank => {
                any!(QryContractBankField, |query| self.query_contract_banks(query));
            }
            TraderRequest::ReqQryAccountregister => {
                own!(QryAccountregisterField, account_id, |query| {
                    let mut registered = vec![self.account_register(self.investor_of(id))];
                    registered.retain(|record| {
                        matches(&query.bank_id, &record.bank_id)
                            && matches(&query.bank_branch_id, &record.bank_branch_id)
                            && matches(&query.currency_id, &record.currency_id)
                    });
                    registered
                });
            }
            TraderRequest::ReqQryTransferSerial => {
                own!(QryTransferSerialField, account_id, |query| self.query_transfers(id, query));
            }
            TraderRequest::ReqQryNotice => any!(QryNoticeField, |query| self.query_notices(query)),
            TraderRequest::ReqQryTradingNotice => {
                own!(QryTradingNoticeField, investor_id, |_query| self.query_trading_notices(id));
            }
            TraderRequest::ReqQryCFMMCTradingAccountKey => {
                own!(QryCFMMCTradingAccountKeyField, investor_id, |_query| vec![
                    self.monitoring_key(self.investor_of(id))
                ]);
            }
            _ => return false,
        }
        true
    }

    /// Returns the investor's instructions of one kind that a filter lets through.
    fn own_records<R: Instruction>(&self, id: SessionId, keep: impl Fn(&R) -> bool) -> Vec<R> {
        let investor = self.investor_of(id);
        let entries = R::store(&self.instructions).entries.iter();
        let own = entries.filter(|entry| entry.investor == investor).map(|entry| entry.record);
        own.filter(keep).collect()
    }

    fn query_parked_orders(&self, id: SessionId, query: &QryParkedOrderField) -> Vec<ParkedOrderField> {
        let investor = self.investor_of(id);
        let own = self.instructions.parked_orders.iter().filter(|parked| parked.investor == investor);
        own.map(|parked| parked.record)
            .filter(|record| {
                matches(&query.instrument_id, &record.instrument_id)
                    && matches(&query.exchange_id, &record.exchange_id)
            })
            .collect()
    }

    fn query_parked_actions(
        &self,
        id: SessionId,
        query: &QryParkedOrderActionField,
    ) -> Vec<ParkedOrderActionField> {
        let investor = self.investor_of(id);
        let own = self.instructions.parked_actions.iter().filter(|parked| parked.investor == investor);
        own.map(|parked| parked.record)
            .filter(|record| {
                matches(&query.instrument_id, &record.instrument_id)
                    && matches(&query.exchange_id, &record.exchange_id)
            })
            .collect()
    }

    /// A quote's status follows its orders: over when both are, traded when both are filled.
    fn query_quotes(&self, id: SessionId, query: &QryQuoteField) -> Vec<QuoteField> {
        let investor = self.investor_of(id);
        let entries = self.instructions.quotes.entries.iter().enumerate();
        let own = entries.filter(|(_, entry)| entry.investor == investor).map(|(index, entry)| {
            let mut record = entry.record;
            if record.quote_status == OrderStatus::NO_TRADE_QUEUEING && self.is_quote_over(index) {
                let traded = self.is_quote_traded(index);
                record.quote_status = if traded { OrderStatus::ALL_TRADED } else { OrderStatus::CANCELED };
            }
            record
        });
        own.filter(|record| {
            matches(&query.instrument_id, &record.instrument_id)
                && matches(&query.exchange_id, &record.exchange_id)
                && matches(&query.quote_sys_id, &record.quote_sys_id)
                && is_between(&query.insert_time_start, &query.insert_time_end, &record.insert_time)
        })
        .collect()
    }

    fn query_for_quotes(&self, id: SessionId, query: &QryForQuoteField) -> Vec<ForQuoteField> {
        let investor = self.investor_of(id);
        let own = self.instructions.for_quotes.iter().filter(|record| record.investor_id == investor);
        own.filter(|record| {
            matches(&query.instrument_id, &record.instrument_id)
                && matches(&query.exchange_id, &record.exchange_id)
                && is_between(&query.insert_time_start, &query.insert_time_end, &record.insert_time)
        })
        .copied()
        .collect()
    }

    fn query_contract_banks(&self, query: &QryContractBankField) -> Vec<ContractBankField> {
        let mut record: ContractBankField = alike(&self.transfer_bank());
        record.broker_id = text(&self.config.broker);
        let is_meant = matches(&query.bank_id, &record.bank_id)
            && matches(&query.bank_brch_id, &record.bank_brch_id)
            && matches(&query.broker_id, &record.broker_id);
        Vec::from_iter(is_meant.then_some(record))
    }

    fn query_transfers(&self, id: SessionId, query: &QryTransferSerialField) -> Vec<TransferSerialField> {
        let investor = self.investor_of(id);
        let own = self.instructions.transfers.iter().filter(|record| record.investor_id == investor);
        own.filter(|record| {
            matches(&query.bank_id, &record.bank_id) && matches(&query.currency_id, &record.currency_id)
        })
        .copied()
        .collect()
    }

    fn query_notices(&self, query: &QryNoticeField) -> Vec<NoticeField> {
        let notices = self.instructions.notices.iter();
        notices.filter(|notice| matches(&query.broker_id, &notice.broker_id)).copied().collect()
    }

    fn query_trading_notices(&self, id: SessionId) -> Vec<TradingNoticeField> {
        let investor = self.investor_of(id);
        let told = self.instructions.trading_notices.iter();
        let told = told.filter(|(to, _)| to.is_none_or(|to| to == investor));
        told.map(|(to, record)| TradingNoticeField {
            investor_range: if to.is_some() { InvestorRange::SINGLE } else { InvestorRange::ALL },
            ..alike(record)
        })
        .collect()
    }
}
