//! What the simulator does with each method of the API: the table beside the dispatch.
//!
//! The tables are matches over all requests, so that a request without a row does not compile; `tests/coverage.rs` sends
//! every request and sees that its row is true.

use ctp_types::{MdRequest, TraderRequest};

/// How far a method is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// As CTP does it, with its errors.
    Full,
    /// Checked, answered, pushed and found by its query, but without effect on orders, positions or money; or a query
    /// whose result is always empty.
    Accepted,
    /// Answered by error 27, or 77 where it has no answer of its own.
    Refused,
}

/// What the simulator does with one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// `CThostFtdcTraderApi` or `CThostFtdcMdApi`.
    pub api: &'static str,
    /// The C name.
    pub method: &'static str,
    /// How far it goes.
    pub class: Class,
    /// What that means, in a line.
    pub note: &'static str,
}

impl Class {
    /// Returns `full`, `accepted` or `refused`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }
}

/// Returns a row for every method of both APIs: requests in slot order, then the others.
pub fn coverage() -> Vec<Coverage> {
    let trader = TraderRequest::ALL.iter().map(|request| row(TRADER, request.name(), trader(*request)));
    let md = MdRequest::ALL.iter().map(|request| row(MD, request.name(), md(*request)));
    let trader_others = TRADER_OTHERS.iter().map(|(method, class, note)| row(TRADER, method, (*class, note)));
    let md_others = MD_OTHERS.iter().map(|(method, class, note)| row(MD, method, (*class, note)));
    trader.chain(trader_others).chain(md).chain(md_others).collect()
}

const TRADER: &str = "CThostFtdcTraderApi";
const MD: &str = "CThostFtdcMdApi";

const fn row(api: &'static str, method: &'static str, (class, note): (Class, &'static str)) -> Coverage {
    Coverage { api, method, class, note }
}

/// A function from each request to its row.
macro_rules! rows {
    ($name:ident, $requests:ident { $($request:ident: $class:ident, $note:literal;)* }) => {
        const fn $name(request: $requests) -> (Class, &'static str) {
            match request {
                $($requests::$request => (Class::$class, $note),)*
            }
        }
    };
}

rows!(trader, TraderRequest {
    ReqAuthenticate: Full, "AppID and AuthCode checked; 63 when they are empty, 64 at login where it is enforced";
    ReqUserLogin: Full, "answer of §2.5, streams replayed; 3, 64";
    ReqUserLogout: Full, "answer, disconnect, reconnect";
    ReqUserPasswordUpdate: Full, "10, 14, 131, 132, 142";
    ReqTradingAccountPasswordUpdate: Full, "the password of the funds account";
    ReqUserAuthMethod: Full, "says that no second method is wanted";
    ReqGenUserCaptcha: Refused, "27: there are no pictures";
    ReqGenUserText: Refused, "27: there are no text messages";
    ReqUserLoginWithCaptcha: Full, "as ReqUserLogin";
    ReqUserLoginWithText: Full, "as ReqUserLogin";
    ReqUserLoginWithOTP: Full, "as ReqUserLogin";
    ReqOrderInsert: Full, "checks of §5.9, sequences of §5.5";
    ReqParkedOrderInsert: Full, "kept until the product trades; 161, 6011";
    ReqParkedOrderAction: Full, "kept until the product trades; 6012";
    ReqOrderAction: Full, "by both keys; checks of §5.9";
    ReqQryMaxOrderVolume: Full, "from money and rates, capped by the largest order";
    ReqSettlementInfoConfirm: Full, "needed before the first order of the day (42)";
    ReqRemoveParkedOrder: Full, "45, 46, 47";
    ReqRemoveParkedOrderAction: Full, "45, 46, 47";
    ReqExecOrderInsert: Full, "freezes the position, carried out at settlement; 67, 69 to 71, 74, 81, 139";
    ReqExecOrderAction: Full, "by both keys; 71 to 73, 26";
    ReqForQuoteInsert: Full, "told to subscribers of OnRtnForQuoteRsp; options only; 83, 113, 114";
    ReqQuoteInsert: Full, "two derived orders; replacement at CZCE, SHFE, INE and by ReplaceSysID at CFFEX; 22, 85, 3047";
    ReqQuoteAction: Full, "by both keys; 86, 26";
    ReqBatchOrderAction: Full, "all orders of a session at DCE; 103 elsewhere";
    ReqOptionSelfCloseInsert: Accepted, "kept and told, without effect on positions; 3041 to 3043";
    ReqOptionSelfCloseAction: Accepted, "by both keys; 3043 to 3045";
    ReqCombActionInsert: Full, "combines, splits, deletes after 30 s; 30, 82, 151, 152";
    ReqQryOrder: Full, "filters of §3.5";
    ReqQryTrade: Full, "filters of §3.5";
    ReqQryInvestorPosition: Full, "rows of §6.4";
    ReqQryTradingAccount: Full, "formulas of §6.1";
    ReqQryInvestor: Full, "the investor logged in";
    ReqQryTradingCode: Full, "one code per exchange";
    ReqQryInstrumentMarginRate: Full, "HedgeFlag mandatory; empty id: what is held";
    ReqQryInstrumentCommissionRate: Full, "the product's rates";
    ReqQryUserSession: Full, "sessions of the investor";
    ReqQryExchange: Full, "six exchanges";
    ReqQryProduct: Full, "products listed";
    ReqQryInstrument: Full, "filters of §3.5";
    ReqQryDepthMarketData: Full, "the same record as a tick";
    ReqQryTraderOffer: Full, "one seat at each exchange";
    ReqQrySettlementInfo: Full, "the day's or month's statement in slices; NULL before the first settlement";
    ReqQryTransferBank: Full, "the simulated bank";
    ReqQryInvestorPositionDetail: Full, "one record per opening trade";
    ReqQryNotice: Full, "notices written by command";
    ReqQrySettlementInfoConfirm: Full, "NULL until confirmed";
    ReqQryInvestorPositionCombineDetail: Full, "two records per combined position";
    ReqQryCFMMCTradingAccountKey: Full, "a key (made up)";
    ReqQryEWarrantOffset: Accepted, "empty result";
    ReqQryInvestorProductGroupMargin: Accepted, "empty result";
    ReqQryExchangeMarginRate: Full, "the exchange's rates of futures";
    ReqQryExchangeMarginRateAdjust: Full, "the exchange's rates beside the broker's";
    ReqQryExchangeRate: Accepted, "empty result";
    ReqQrySecAgentACIDMap: Accepted, "empty result";
    ReqQryProductExchRate: Full, "rate 1 in the product's currency";
    ReqQryProductGroup: Full, "each product its own group";
    ReqQryMMInstrumentCommissionRate: Accepted, "empty result";
    ReqQryMMOptionInstrCommRate: Accepted, "empty result";
    ReqQryInstrumentOrderCommRate: Accepted, "empty result";
    ReqQrySecAgentTradingAccount: Accepted, "empty result";
    ReqQrySecAgentCheckMode: Accepted, "empty result";
    ReqQrySecAgentTradeInfo: Accepted, "empty result";
    ReqQryOptionInstrTradeCost: Full, "premium and margin of a lot";
    ReqQryOptionInstrCommRate: Full, "rates of the option's product";
    ReqQryExecOrder: Full, "own declarations";
    ReqQryForQuote: Full, "own requests";
    ReqQryQuote: Full, "status follows its orders";
    ReqQryOptionSelfClose: Full, "own declarations";
    ReqQryInvestUnit: Accepted, "empty result";
    ReqQryCombInstrumentGuard: Full, "every combination at ratio 1: no discount is modelled";
    ReqQryCombAction: Full, "own instructions";
    ReqQryTransferSerial: Full, "the day's transfers";
    ReqQryAccountregister: Full, "the investor's account at it";
    ReqQryContractBank: Full, "the simulated bank";
    ReqQryParkedOrder: Full, "with status 1, 2, 3";
    ReqQryParkedOrderAction: Full, "with status 1, 2, 3";
    ReqQryTradingNotice: Full, "notices told by command";
    ReqQryBrokerTradingParams: Full, "margin price, algorithm";
    ReqQryBrokerTradingAlgos: Full, "one row per exchange and product";
    ReqQueryCFMMCTradingAccountToken: Full, "answer, then the token (made up)";
    ReqFromBankToFutureByFuture: Full, "moves money of a simulated bank; 1002, 1004, 1035, 2011, 2014";
    ReqFromFutureToBankByFuture: Full, "up to WithdrawQuota (31)";
    ReqQueryBankAccountMoneyByFuture: Full, "balance at the simulated bank";
    ReqQryClassifiedInstrument: Full, "TradingType and ClassType must be set";
    ReqQryCombPromotionParam: Full, "every combination at parameter 1";
    ReqQryRiskSettleInvstPosition: Accepted, "empty result";
    ReqQryRiskSettleProductStatus: Accepted, "empty result";
    ReqQrySPBMFutureParameter: Accepted, "empty result";
    ReqQrySPBMOptionParameter: Accepted, "empty result";
    ReqQrySPBMIntraParameter: Accepted, "empty result";
    ReqQrySPBMInterParameter: Accepted, "empty result";
    ReqQrySPBMPortfDefinition: Accepted, "empty result";
    ReqQrySPBMInvestorPortfDef: Accepted, "empty result";
    ReqQryInvestorPortfMarginRatio: Accepted, "empty result";
    ReqQryInvestorProdSPBMDetail: Accepted, "empty result";
    ReqQryInvestorCommoditySPMMMargin: Accepted, "empty result";
    ReqQryInvestorCommodityGroupSPMMMargin: Accepted, "empty result";
    ReqQrySPMMInstParam: Accepted, "empty result";
    ReqQrySPMMProductParam: Accepted, "empty result";
    ReqQrySPBMAddOnInterParameter: Accepted, "empty result";
    ReqQryRCAMSCombProductInfo: Accepted, "empty result";
    ReqQryRCAMSInstrParameter: Accepted, "empty result";
    ReqQryRCAMSIntraParameter: Accepted, "empty result";
    ReqQryRCAMSInterParameter: Accepted, "empty result";
    ReqQryRCAMSShortOptAdjustParam: Accepted, "empty result";
    ReqQryRCAMSInvestorCombPosition: Accepted, "empty result";
    ReqQryInvestorProdRCAMSMargin: Accepted, "empty result";
    ReqQryRULEInstrParameter: Accepted, "empty result";
    ReqQryRULEIntraParameter: Accepted, "empty result";
    ReqQryRULEInterParameter: Accepted, "empty result";
    ReqQryInvestorProdRULEMargin: Accepted, "empty result";
    ReqQryInvestorPortfSetting: Accepted, "empty result";
    ReqQryInvestorInfoCommRec: Accepted, "empty result";
    ReqQryCombLeg: Full, "two legs per combination";
    ReqOffsetSetting: Accepted, "DCE only; kept and told, without effect on positions; 6001, 6002, 6004";
    ReqCancelOffsetSetting: Accepted, "6005, 6006";
    ReqQryOffsetSetting: Full, "own settings";
    ReqGenSMSCode: Full, "6014 to 6023";
    ReqSpdApply: Accepted, "kept and told; refused by the exchange beyond the position";
    ReqSpdApplyAction: Accepted, "6007, 6008";
    ReqQrySpdApply: Full, "own applications";
    ReqHedgeCfm: Accepted, "kept and told; refused by the exchange beyond the position, with OnErrRtnHedgeCfm";
    ReqHedgeCfmAction: Accepted, "6009, 6010";
    ReqQryHedgeCfm: Full, "own confirmations";
});

rows!(md, MdRequest {
    ReqUserLogin: Full, "nothing is checked unless md_login_verify or a login frequency is set";
    ReqUserLogout: Full, "answer only";
    ReqQryMulticastInstrument: Full, "SHFE and INE; made-up code prices";
});

/// Methods of the trader API that are no requests; the host carries them out.
const TRADER_OTHERS: &[(&str, Class, &str)] = &[
    ("Release", Class::Full, "ends the worker; nothing is delivered afterwards"),
    ("Init", Class::Full, "connects; OnFrontConnected follows"),
    ("Join", Class::Full, "returns after Release"),
    ("GetTradingDay", Class::Full, "19800100 before any login, or the day of the flow file"),
    ("GetFrontInfo", Class::Full, "address after connect, QryFreq after login"),
    ("RegisterFront", Class::Full, "sim:// and tcp:// name an exchange in the process; others never connect"),
    ("RegisterNameServer", Class::Accepted, "taken as a front"),
    ("RegisterFensUserInfo", Class::Accepted, "no effect: there is no directory"),
    ("RegisterSpi", Class::Full, "NULL is taken"),
    ("SubscribePrivateTopic", Class::Full, "RESTART, RESUME, QUICK, NONE, from a number"),
    ("SubscribePublicTopic", Class::Full, "RESTART, RESUME, QUICK, NONE"),
    ("RegisterUserSystemInfo", Class::Accepted, "returns 0, or -1 for length 0"),
    ("SubmitUserSystemInfo", Class::Accepted, "returns 0, or -1 for length 0"),
    ("RegisterWechatUserSystemInfo", Class::Accepted, "returns 0"),
    ("SubmitWechatUserSystemInfo", Class::Accepted, "returns 0"),
];

/// Methods of the market-data API that are no requests.
const MD_OTHERS: &[(&str, Class, &str)] = &[
    ("Release", Class::Full, "ends the worker; nothing is delivered afterwards"),
    ("Init", Class::Full, "connects; OnFrontConnected follows"),
    ("Join", Class::Full, "returns after Release"),
    ("GetTradingDay", Class::Full, "19800100 before any login, or the day of the flow file"),
    ("RegisterFront", Class::Full, "as for trading"),
    ("RegisterNameServer", Class::Accepted, "taken as a front"),
    ("RegisterFensUserInfo", Class::Accepted, "no effect: there is no directory"),
    ("RegisterSpi", Class::Full, "NULL is taken"),
    ("SubscribeMarketData", Class::Full, "answer per id, the last snapshot at once"),
    ("UnSubscribeMarketData", Class::Full, "answer per id"),
    ("SubscribeForQuoteRsp", Class::Full, "answer per id, OnRtnForQuoteRsp"),
    ("UnSubscribeForQuoteRsp", Class::Full, "answer per id"),
];
