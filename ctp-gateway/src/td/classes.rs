//! Which requests change something, and how: everything that moves money goes through gate, risk and journal.

use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, InputOrderField, InputQuoteField, OrderPriceType,
    ParkedOrderField, RecordBox, Text, TimeCondition, TraderRequest, VolumeCondition,
};

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    /// Asks, and changes nothing (C: `ReqQry…`).
    Query,
    /// Belongs to the session: login, passwords, the day's confirmation.
    Session,
    /// Asks the exchange's market makers for a quote: binds nobody, but the exchange counts it.
    Inquiry,
    /// Puts something into the market, or keeps it there: gate, risk and journal.
    New,
    /// Takes something out of the market: always possible, counted, journalled.
    Cancel,
    /// Moves money between bank and account: gate and journal.
    Transfer,
}

impl Class {
    /// Returns the class of a request. There is no "all others": a request of a newer model does not compile here
    /// until somebody says what it does.
    pub(crate) fn of(request: TraderRequest) -> Self {
        use TraderRequest as R;
        match request {
            R::ReqAuthenticate
            | R::ReqUserLogin
            | R::ReqUserLogout
            | R::ReqUserPasswordUpdate
            | R::ReqTradingAccountPasswordUpdate
            | R::ReqUserAuthMethod
            | R::ReqGenUserCaptcha
            | R::ReqGenUserText
            | R::ReqUserLoginWithCaptcha
            | R::ReqUserLoginWithText
            | R::ReqUserLoginWithOTP
            | R::ReqSettlementInfoConfirm
            | R::ReqGenSMSCode => Self::Session,
            R::ReqOrderInsert
            | R::ReqParkedOrderInsert
            | R::ReqQuoteInsert
            | R::ReqExecOrderInsert
            | R::ReqOptionSelfCloseInsert
            | R::ReqCombActionInsert
            // A parked cancel that is taken back leaves its order alive.
            | R::ReqRemoveParkedOrderAction
            // How positions are offset, and what counts as spread or hedge, decides over margin and exercise.
            | R::ReqOffsetSetting
            | R::ReqCancelOffsetSetting
            | R::ReqSpdApply
            | R::ReqSpdApplyAction
            | R::ReqHedgeCfm
            | R::ReqHedgeCfmAction => Self::New,
            R::ReqOrderAction
            | R::ReqParkedOrderAction
            | R::ReqRemoveParkedOrder
            | R::ReqQuoteAction
            | R::ReqExecOrderAction
            | R::ReqOptionSelfCloseAction
            | R::ReqBatchOrderAction => Self::Cancel,
            R::ReqForQuoteInsert => Self::Inquiry,
            R::ReqFromBankToFutureByFuture | R::ReqFromFutureToBankByFuture => Self::Transfer,
            R::ReqQryMaxOrderVolume
            | R::ReqQryOrder
            | R::ReqQryTrade
            | R::ReqQryInvestor
            | R::ReqQryInvestorPosition
            | R::ReqQryTradingAccount
            | R::ReqQryTradingCode
            | R::ReqQryInstrumentMarginRate
            | R::ReqQryInstrument
            | R::ReqQryInstrumentCommissionRate
            | R::ReqQryUserSession
            | R::ReqQryExchange
            | R::ReqQryProduct
            | R::ReqQryDepthMarketData
            | R::ReqQryTraderOffer
            | R::ReqQrySettlementInfo
            | R::ReqQryTransferBank
            | R::ReqQryInvestorPositionDetail
            | R::ReqQryNotice
            | R::ReqQrySettlementInfoConfirm
            | R::ReqQryInvestorPositionCombineDetail
            | R::ReqQryCFMMCTradingAccountKey
            | R::ReqQryEWarrantOffset
            | R::ReqQryInvestorProductGroupMargin
            | R::ReqQryExchangeMarginRate
            | R::ReqQryExchangeMarginRateAdjust
            | R::ReqQryExchangeRate
            | R::ReqQrySecAgentACIDMap
            | R::ReqQryProductExchRate
            | R::ReqQryProductGroup
            | R::ReqQryMMInstrumentCommissionRate
            | R::ReqQryMMOptionInstrCommRate
            | R::ReqQryInstrumentOrderCommRate
            | R::ReqQrySecAgentTradingAccount
            | R::ReqQrySecAgentCheckMode
            | R::ReqQrySecAgentTradeInfo
            | R::ReqQryOptionInstrTradeCost
            | R::ReqQryOptionInstrCommRate
            | R::ReqQryExecOrder
            | R::ReqQryForQuote
            | R::ReqQryQuote
            | R::ReqQryOptionSelfClose
            | R::ReqQryInvestUnit
            | R::ReqQryCombInstrumentGuard
            | R::ReqQryCombAction
            | R::ReqQryTransferSerial
            | R::ReqQryAccountregister
            | R::ReqQryContractBank
            | R::ReqQryParkedOrder
            | R::ReqQryParkedOrderAction
            | R::ReqQryTradingNotice
            | R::ReqQryBrokerTradingParams
            | R::ReqQryBrokerTradingAlgos
            | R::ReqQueryCFMMCTradingAccountToken
            | R::ReqQueryBankAccountMoneyByFuture
            | R::ReqQryClassifiedInstrument
            | R::ReqQryCombPromotionParam
            | R::ReqQryRiskSettleInvstPosition
            | R::ReqQryRiskSettleProductStatus
            | R::ReqQrySPBMFutureParameter
            | R::ReqQrySPBMOptionParameter
            | R::ReqQrySPBMIntraParameter
            | R::ReqQrySPBMInterParameter
            | R::ReqQrySPBMPortfDefinition
            | R::ReqQrySPBMInvestorPortfDef
            | R::ReqQryInvestorPortfMarginRatio
            | R::ReqQryInvestorProdSPBMDetail
            | R::ReqQryInvestorCommoditySPMMMargin
            | R::ReqQryInvestorCommodityGroupSPMMMargin
            | R::ReqQrySPMMInstParam
            | R::ReqQrySPMMProductParam
            | R::ReqQrySPBMAddOnInterParameter
            | R::ReqQryRCAMSCombProductInfo
            | R::ReqQryRCAMSInstrParameter
            | R::ReqQryRCAMSIntraParameter
            | R::ReqQryRCAMSInterParameter
            | R::ReqQryRCAMSShortOptAdjustParam
            | R::ReqQryRCAMSInvestorCombPosition
            | R::ReqQryInvestorProdRCAMSMargin
            | R::ReqQryRULEInstrParameter
            | R::ReqQryRULEIntraParameter
            | R::ReqQryRULEInterParameter
            | R::ReqQryInvestorProdRULEMargin
            | R::ReqQryInvestorPortfSetting
            | R::ReqQryInvestorInfoCommRec
            | R::ReqQryCombLeg
            | R::ReqQryOffsetSetting
            | R::ReqQrySpdApply
            | R::ReqQryHedgeCfm => Self::Query,
        }
    }

    /// Returns whether the pace of orders and cancels counts it.
    pub(crate) fn is_counted(self) -> bool {
        matches!(self, Self::New | Self::Cancel | Self::Inquiry)
    }

    /// Returns whether gate, risk or journal have a word: whether it takes the one way of actions.
    pub(crate) fn is_action(self) -> bool {
        matches!(self, Self::New | Self::Cancel | Self::Transfer | Self::Inquiry)
    }
}

/// Returns the orders that a request would put into the market, as the risk gate judges them: one of an order or a
/// parked order, one or two of a quote, none of anything else.
pub(crate) fn orders_of(request: TraderRequest, record: &RecordBox) -> Vec<InputOrderField> {
    match request {
        TraderRequest::ReqOrderInsert => record.get::<InputOrderField>().copied().into_iter().collect(),
        TraderRequest::ReqParkedOrderInsert => {
            record.get::<ParkedOrderField>().map(order_of_parked).into_iter().collect()
        }
        TraderRequest::ReqQuoteInsert => {
            record.get::<InputQuoteField>().map(orders_of_quote).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Returns the order that the counter sends when the time has come.
pub(crate) fn order_of_parked(parked: &ParkedOrderField) -> InputOrderField {
    InputOrderField {
        broker_id: parked.broker_id,
        investor_id: parked.investor_id,
        order_ref: parked.order_ref,
        user_id: parked.user_id,
        order_price_type: parked.order_price_type,
        direction: parked.direction,
        comb_offset_flag: parked.comb_offset_flag,
        comb_hedge_flag: parked.comb_hedge_flag,
        limit_price: parked.limit_price,
        volume_total_original: parked.volume_total_original,
        time_condition: parked.time_condition,
        gtd_date: parked.gtd_date,
        volume_condition: parked.volume_condition,
        min_volume: parked.min_volume,
        // "Parked" is what it was; the order itself is an ordinary one.
        contingent_condition: match parked.contingent_condition {
            ContingentCondition::PARKED_ORDER => ContingentCondition::IMMEDIATELY,
            other => other,
        },
        stop_price: parked.stop_price,
        force_close_reason: parked.force_close_reason,
        is_auto_suspend: parked.is_auto_suspend,
        business_unit: parked.business_unit,
        request_id: parked.request_id,
        user_force_close: parked.user_force_close,
        is_swap_order: parked.is_swap_order,
        exchange_id: parked.exchange_id,
        invest_unit_id: parked.invest_unit_id,
        account_id: parked.account_id,
        currency_id: parked.currency_id,
        client_id: parked.client_id,
        mac_address: parked.mac_address,
        instrument_id: parked.instrument_id,
        ip_address: parked.ip_address,
        ..InputOrderField::default()
    }
}

/// Returns the orders of a quote, the ask first; a side of no lots has none.
pub(crate) fn orders_of_quote(quote: &InputQuoteField) -> Vec<InputOrderField> {
    let ask = (Direction::SELL, quote.ask_order_ref, quote.ask_price, quote.ask_volume);
    let bid = (Direction::BUY, quote.bid_order_ref, quote.bid_price, quote.bid_volume);
    let flags =
        [(quote.ask_offset_flag, quote.ask_hedge_flag), (quote.bid_offset_flag, quote.bid_hedge_flag)];
    let sides = [ask, bid].into_iter().zip(flags).filter(|((.., volume), _)| *volume != 0);
    sides
        .map(|((direction, order_ref, price, volume), (offset, hedge))| InputOrderField {
            broker_id: quote.broker_id,
            investor_id: quote.investor_id,
            order_ref,
            user_id: quote.user_id,
            order_price_type: OrderPriceType::LIMIT_PRICE,
            direction,
            comb_offset_flag: letter(offset.as_char()),
            comb_hedge_flag: letter(hedge.as_char()),
            limit_price: price,
            volume_total_original: volume,
            time_condition: match quote.time_condition {
                TimeCondition::IOC => TimeCondition::IOC,
                _ => TimeCondition::GFD,
            },
            volume_condition: VolumeCondition::AV,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            request_id: quote.request_id,
            exchange_id: quote.exchange_id,
            invest_unit_id: quote.invest_unit_id,
            client_id: quote.client_id,
            mac_address: quote.mac_address,
            instrument_id: quote.instrument_id,
            ip_address: quote.ip_address,
            order_memo: quote.order_memo,
            ..InputOrderField::default()
        })
        .collect()
}

fn letter(flag: u8) -> Text<5> {
    Text::from_bytes(&[flag]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ctp_types::{HedgeFlag, OffsetFlag, RequestKind};

    use super::*;

    fn names(class: Class) -> BTreeSet<&'static str> {
        let all = TraderRequest::ALL.iter().filter(|request| Class::of(**request) == class);
        all.map(|request| request.name()).collect()
    }

    #[test]
    fn every_request_is_classified_and_queries_are_the_queries() {
        for request in TraderRequest::ALL {
            let class = Class::of(*request);
            let name = request.name();
            // A request for the bank's balance or the monitoring centre's token is a push, and still only asks.
            let asks = request.kind() == RequestKind::Query || name.starts_with("ReqQuery");
            assert_eq!(class == Class::Query, asks, "{name}");
            assert_eq!(name.starts_with("ReqQry") || name.starts_with("ReqQuery"), asks, "{name}");
            // What changes something does so by a record with an investor or an account in it.
            if class.is_action() && name != "ReqBatchOrderAction" {
                let owner = ["InvestorID", "AccountID"].into_iter();
                assert!(owner.filter_map(|field| request.record().field(field)).count() > 0, "{name}");
            }
            if matches!(class, Class::Session) {
                assert_eq!(request.kind(), RequestKind::Answered, "{name}");
            }
        }
    }

    #[test]
    fn what_moves_money_is_named_one_by_one() {
        assert_eq!(
            names(Class::New),
            BTreeSet::from([
                "ReqOrderInsert",
                "ReqParkedOrderInsert",
                "ReqQuoteInsert",
                "ReqExecOrderInsert",
                "ReqOptionSelfCloseInsert",
                "ReqCombActionInsert",
                "ReqRemoveParkedOrderAction",
                "ReqOffsetSetting",
                "ReqCancelOffsetSetting",
                "ReqSpdApply",
                "ReqSpdApplyAction",
                "ReqHedgeCfm",
                "ReqHedgeCfmAction",
            ])
        );
        assert_eq!(
            names(Class::Cancel),
            BTreeSet::from([
                "ReqOrderAction",
                "ReqParkedOrderAction",
                "ReqRemoveParkedOrder",
                "ReqQuoteAction",
                "ReqExecOrderAction",
                "ReqOptionSelfCloseAction",
                "ReqBatchOrderAction",
            ])
        );
        assert_eq!(
            names(Class::Transfer),
            BTreeSet::from(["ReqFromBankToFutureByFuture", "ReqFromFutureToBankByFuture"])
        );
        assert_eq!(names(Class::Inquiry), BTreeSet::from(["ReqForQuoteInsert"]));
    }

    #[test]
    fn the_orders_of_a_request_are_what_it_puts_into_the_market() {
        let order = InputOrderField { volume_total_original: 2, ..Default::default() };
        let of = |request, record: RecordBox| orders_of(request, &record);
        assert_eq!(of(TraderRequest::ReqOrderInsert, RecordBox::new(&order))[0].volume_total_original, 2);
        let parked = ParkedOrderField {
            volume_total_original: 3,
            limit_price: 7.0,
            contingent_condition: ContingentCondition::PARKED_ORDER,
            ..Default::default()
        };
        let orders = of(TraderRequest::ReqParkedOrderInsert, RecordBox::new(&parked));
        assert_eq!((orders.len(), orders[0].volume_total_original, orders[0].limit_price), (1, 3, 7.0));
        assert_eq!(orders[0].contingent_condition, ContingentCondition::IMMEDIATELY);
        let mut quote = InputQuoteField {
            ask_price: 11.0,
            ask_volume: 1,
            ask_offset_flag: OffsetFlag::OPEN,
            ask_hedge_flag: HedgeFlag::SPECULATION,
            bid_price: 9.0,
            bid_volume: 2,
            bid_offset_flag: OffsetFlag::CLOSE,
            bid_hedge_flag: HedgeFlag::SPECULATION,
            ..Default::default()
        };
        let orders = of(TraderRequest::ReqQuoteInsert, RecordBox::new(&quote));
        let shown: Vec<_> = orders
            .iter()
            .map(|order| (order.direction, order.limit_price, order.comb_offset_flag.to_str().into_owned()))
            .collect();
        assert_eq!(shown, [(Direction::SELL, 11.0, "0".to_owned()), (Direction::BUY, 9.0, "1".to_owned())]);
        quote.ask_volume = 0;
        assert_eq!(of(TraderRequest::ReqQuoteInsert, RecordBox::new(&quote)).len(), 1);
        assert!(of(TraderRequest::ReqOrderAction, RecordBox::new(&order)).is_empty());
    }
}
