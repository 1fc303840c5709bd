//! The errors that the core answers with: CTP's numbers and texts.

use ctp_types::RspInfoField;

use crate::text::text;

/// An error of the core (`CThostFtdcRspInfoField`), with the text that follows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CoreError {
    InvalidLogin,
    NotLoginYet,
    NoPrivilege,
    InvestorNotFound,
    BadField,
    InstrumentNotFound,
    DuplicateOrderRef,
    BadOrderActionField,
    DuplicateOrderAction,
    OrderNotFound,
    InsuitableOrderStatus,
    UnsupportedFunction,
    OverClosePosition,
    /// The money missing, told to clients of 6.7.7 and later, in 1/10,000 CNY.
    InsufficientMoney {
        missing: Option<i64>,
    },
    SettlementNotConfirmed,
    OverCloseToday,
    OverCloseYesterday,
    AuthenticationFailed,
    NotAuthenticated,
    NoFoundFunction,
    NeedRetry,
    BadPrice,
    InvestorIdMissing,
    ExchangeIdMissing,
    ExchangeIdInvalid,
    ExchangeIdWrong,
    CancelUnknownOrder,
    PriceOverLimit,
    VolumeNotValid,
    PriceWrongTick,
}

/// Returns what a request is answered with that the core does not know (error 27).
pub fn unsupported_function() -> RspInfoField {
    CoreError::UnsupportedFunction.rsp_info()
}

impl CoreError {
    /// Returns the record that goes to the client.
    pub(crate) fn rsp_info(self) -> RspInfoField {
        let (id, message) = self.entry();
        let error_msg = match self {
            Self::InsufficientMoney { missing: Some(missing) } => {
                text(&format!("{message}，约缺少资金[{:.2}]", missing as f64 / 10_000.0))
            }
            _ => text(message),
        };
        RspInfoField { error_id: id, error_msg }
    }

    const fn entry(self) -> (i32, &'static str) {
        match self {
            Self::InvalidLogin => (3, "CTP:不合法的登录"),
            Self::NotLoginYet => (6, "CTP:还没有登录"),
            Self::NoPrivilege => (9, "CTP:无此权限"),
            Self::InvestorNotFound => (13, "CTP:找不到投资者"),
            Self::BadField => (15, "CTP:报单字段有误"),
            Self::InstrumentNotFound => (16, "CTP:找不到合约"),
            Self::DuplicateOrderRef => (22, "CTP:报单错误：不允许重复报单"),
            Self::BadOrderActionField => (23, "CTP:错误的报单操作字段"),
            Self::DuplicateOrderAction => (24, "CTP:撤单已报送，不允许重复撤单"),
            Self::OrderNotFound => (25, "CTP:撤单找不到相应报单"),
            Self::InsuitableOrderStatus => (26, "CTP:报单已全成交或已撤销，不能再撤"),
            Self::UnsupportedFunction => (27, "CTP:不支持的功能"),
            Self::OverClosePosition => (30, "CTP:平仓量超过持仓量"),
            Self::InsufficientMoney { .. } => (31, "CTP:资金不足"),
            Self::SettlementNotConfirmed => (42, "CTP:结算结果未确认"),
            Self::OverCloseToday => (50, "CTP:平今仓位不足"),
            Self::OverCloseYesterday => (51, "CTP:平昨仓位不足"),
            Self::AuthenticationFailed => (63, "CTP:客户端认证失败"),
            Self::NotAuthenticated => (64, "CTP:客户端未认证"),
            Self::NoFoundFunction => (77, "CTP:无此功能"),
            Self::NeedRetry => (90, "CTP：查询未就绪，请稍后重试"),
            Self::BadPrice => (95, "CTP：不支持的价格"),
            Self::InvestorIdMissing => (146, "CTP:缺少InvestorID字段，请填入InvestorID"),
            Self::ExchangeIdMissing => (147, "CTP:缺少ExchangeID字段，请填入ExchangeID"),
            Self::ExchangeIdInvalid => (148, "CTP:无效的ExchangeID字段，请填入正确的ExchangeID"),
            Self::ExchangeIdWrong => (150, "CTP:交易所代码错误"),
            Self::CancelUnknownOrder => (157, "CTP:该交易所不支持撤销未知单"),
            Self::PriceOverLimit => (163, "CTP:报单价格不在涨跌停板价范围内"),
            Self::VolumeNotValid => (164, "CTP:下单数量不符合交易所规范"),
            Self::PriceWrongTick => (165, "CTP:报单价格非最小变动价位整数倍"),
        }
    }
}

/// Returns the record of success: ErrorID 0.
pub(crate) fn success() -> RspInfoField {
    RspInfoField { error_id: 0, error_msg: text("CTP:正确") }
}

/// ErrorID of an exchange's refusal of a cancel (§5.5 J); its text is the exchange's own.
pub(crate) const EXCHANGE_REFUSED: i32 = 91;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_gbk_and_whole() {
        let info = CoreError::DuplicateOrderRef.rsp_info();
        assert_eq!((info.error_id, info.error_msg.to_str().as_ref()), (22, "CTP:报单错误：不允许重复报单"));
        assert_eq!(info.error_msg.as_bytes()[4..6], [0xb1, 0xa8]);
        let info = CoreError::InsufficientMoney { missing: Some(22_070_999_800) }.rsp_info();
        assert_eq!(info.error_msg.to_str(), "CTP:资金不足，约缺少资金[2207099.98]");
    }

    #[test]
    fn ids_are_those_of_the_vendors_table() {
        assert_eq!(CoreError::NotLoginYet.entry().0, ctp_types::errors::NOT_LOGIN_YET);
        assert_eq!(CoreError::PriceWrongTick.entry().0, ctp_types::errors::PRICE_WRONG_TICK);
        assert_eq!(EXCHANGE_REFUSED, ctp_types::errors::EXCHANGE_RTNERROR);
    }
}
