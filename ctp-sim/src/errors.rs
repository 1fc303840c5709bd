//! The errors that the core answers with: CTP's numbers and texts.

use ctp_types::RspInfoField;

use crate::text::text;

/// An error of the core (`CThostFtdcRspInfoField`), with the text that follows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum CoreError {
    InvalidLogin,
    /// The option `LoginFreq` of the market-data front; its number is not documented.
    LoginTooOften,
    /// The option `MaxSubInstCnt` of the market-data front.
    TooManyInstruments,
    NotInited,
    FrontNotActive,
    ChangeOtherPassword,
    OldPasswordMismatch,
    SessionLimit,
    LoginForbidden,
    OrderFrequency,
    WeakPassword,
    SimplePassword,
    FirstLogin,
    PasswordOutOfDate,
    PasswordMustDiffer,
    IpForbidden,
    IpBlack,
    NoAuthRight,
    CfmmcNoConnection,
    AuthIp,
    AuthUser,
    AuthForbidden,
    MobileNotMatch,
    SmsNotConfigured,
    SmsRepeated,
    SmsMismatch,
    SmsUsed,
    SmsOutOfTime,
    SmsNeeded,
    SmsCentreNotConfigured,
    AfterLogin,
    NotLoginYet,
    NotSynchronised,
    NoPrivilege,
    InvestorNotFound,
    BadField,
    InstrumentNotFound,
    InstrumentNotTrading,
    NotExchangeClient,
    NoTraderAvailable,
    DuplicateOrderRef,
    BadOrderActionField,
    DuplicateOrderAction,
    OrderNotFound,
    InsuitableOrderStatus,
    UnsupportedFunction,
    NoTradingRight,
    CloseOnly,
    OverClosePosition,
    /// The money missing, told to clients of 6.7.7 and later, in 1/10,000 CNY.
    InsufficientMoney {
        missing: Option<i64>,
    },
    BrokerSynchronising,
    BrokerSynchronised,
    ExchangeNetwork,
    ExchangePending,
    ExchangePerSecond,
    SettlementNotConfirmed,
    OverCloseToday,
    OverCloseYesterday,
    BrokerConditionalLimit,
    InvestorConditionalLimit,
    ConditionalUnsupported,
    ArbitrageUnsupported,
    NoConditionalRight,
    SwapUnsupported,
    OptionsOnlySpeculation,
    PriceTypeNotSupported,
    CombinationOnlyIoc,
    AuthenticationFailed,
    NotAuthenticated,
    NoFoundFunction,
    NeedRetry,
    QuoteDerivedOrder,
    BadPrice,
    PositionLimit,
    InvestorIdMissing,
    ExchangeIdMissing,
    ExchangeIdInvalid,
    ExchangeIdWrong,
    CancelUnknownOrder,
    InformationLimit,
    NotTradingPeriod,
    PriceOverLimit,
    VolumeNotValid,
    PriceWrongTick,
    ConditionalCombination,
}

/// Returns what a request is answered with that the core does not know (error 27).
pub fn unsupported_function() -> RspInfoField {
    CoreError::UnsupportedFunction.rsp_info()
}

/// Returns CTP's text of an error that a core tells about itself, a login or a limit; `None` of any other.
pub fn error_text(id: i32) -> Option<String> {
    let known = CoreError::TOLD.iter().map(|error| error.rsp_info());
    known.filter(|info| info.error_id == id).map(|info| info.error_msg.to_str().into_owned()).next()
}

/// Returns what a request is answered with that could not be kept, so that nothing was done (error 1).
pub fn core_not_synchronised() -> RspInfoField {
    CoreError::NotSynchronised.rsp_info()
}

impl CoreError {
    /// What a client may meet without having done anything wrong.
    const TOLD: [Self; 34] = [
        Self::NotSynchronised,
        Self::InvalidLogin,
        Self::NotLoginYet,
        Self::NotInited,
        Self::FrontNotActive,
        Self::NoPrivilege,
        Self::BadField,
        Self::InstrumentNotFound,
        Self::NoTraderAvailable,
        Self::DuplicateOrderRef,
        Self::DuplicateOrderAction,
        Self::OrderNotFound,
        Self::InsuitableOrderStatus,
        Self::UnsupportedFunction,
        Self::InsufficientMoney { missing: None },
        Self::SettlementNotConfirmed,
        Self::SessionLimit,
        Self::AuthenticationFailed,
        Self::NotAuthenticated,
        Self::LoginForbidden,
        Self::NeedRetry,
        Self::OrderFrequency,
        Self::WeakPassword,
        Self::SimplePassword,
        Self::FirstLogin,
        Self::PasswordOutOfDate,
        Self::PasswordMustDiffer,
        Self::IpForbidden,
        Self::IpBlack,
        Self::NoAuthRight,
        Self::AuthIp,
        Self::AuthUser,
        Self::AuthForbidden,
        Self::NotTradingPeriod,
    ];

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

    /// Returns whether a login fails until the password is changed.
    pub(crate) const fn asks_for_password(self) -> bool {
        matches!(self, Self::FirstLogin | Self::PasswordOutOfDate | Self::WeakPassword)
    }

    const fn entry(self) -> (i32, &'static str) {
        match self {
            Self::InvalidLogin => (3, "CTP:不合法的登录"),
            Self::TooManyInstruments => (6000, "CTP:sub too many insts"),
            Self::LoginTooOften => (3, "CTP: api login over limit freq"),
            Self::NotInited => (7, "CTP:还没有初始化"),
            Self::FrontNotActive => (8, "CTP:前置不活跃"),
            Self::ChangeOtherPassword => (10, "CTP:修改别人的口令"),
            Self::OldPasswordMismatch => (14, "CTP:原口令不匹配"),
            Self::SessionLimit => (60, "CTP:用户在线会话超出上限"),
            Self::LoginForbidden => (75, "CTP:连续登录失败次数超限，登录被禁止"),
            Self::OrderFrequency => (116, "CTP:下单频率限制"),
            Self::WeakPassword => (131, "CTP：您当前密码为弱密码，请修改成强密码后重新登录"),
            Self::SimplePassword => (132, "CTP：您输入的密码过于简单"),
            Self::FirstLogin => (140, "CTP:首次登录必须修改密码，请修改密码后重新登录"),
            Self::PasswordOutOfDate => (141, "CTP:您当前密码已过期，请修改后登录"),
            Self::PasswordMustDiffer => (142, "CTP:修改密码失败。新密码不允许与旧密码相同"),
            Self::IpForbidden => (143, "CTP:您登录失败次数过多，IP被禁止登入CTP"),
            Self::IpBlack => (144, "CTP:您当前IP在黑名单中，被禁止登录和认证"),
            Self::NoAuthRight => (145, "CTP:终端在本系统没有认证权限"),
            Self::CfmmcNoConnection => (155, "CTP:未连接监控中心"),
            Self::AuthIp => (4042, "CTP:IP授权验证失败"),
            Self::AuthUser => (4043, "CTP:用户与客户端授权验证失败"),
            Self::AuthForbidden => (4060, "CTP:您认证失败次数过多，IP进入认证禁止列表"),
            Self::MobileNotMatch => (6014, "CTP:非预留手机号"),
            Self::SmsNotConfigured => (6015, "CTP:该用户没有开启短信验证"),
            Self::SmsRepeated => (6016, "CTP:重复的申请验证码请求"),
            Self::SmsMismatch => (6017, "CTP:验证码不匹配"),
            Self::SmsUsed => (6018, "CTP:验证码已经使用过"),
            Self::SmsOutOfTime => (6019, "CTP:验证码已过期"),
            Self::SmsNeeded => (6020, "CTP:您已开启短信认证，请填写短信验证码"),
            Self::SmsCentreNotConfigured => (6021, "CTP:该中心未配置短信验证功能"),
            Self::AfterLogin => (6023, "CTP:您已登录成功，不允许申请验证码"),
            Self::NotLoginYet => (6, "CTP:还没有登录"),
            Self::NotSynchronised => (1, "CTP:不在已同步状态"),
            Self::NoPrivilege => (9, "CTP:无此权限"),
            Self::InvestorNotFound => (13, "CTP:找不到投资者"),
            Self::BadField => (15, "CTP:报单字段有误"),
            Self::InstrumentNotFound => (16, "CTP:找不到合约"),
            Self::InstrumentNotTrading => (17, "CTP:合约不能交易"),
            Self::NotExchangeClient => (20, "CTP:投资者未在交易所开户"),
            Self::NoTraderAvailable => (21, "CTP:该交易席位未连接到交易所"),
            Self::DuplicateOrderRef => (22, "CTP:报单错误：不允许重复报单"),
            Self::BadOrderActionField => (23, "CTP:错误的报单操作字段"),
            Self::DuplicateOrderAction => (24, "CTP:撤单已报送，不允许重复撤单"),
            Self::OrderNotFound => (25, "CTP:撤单找不到相应报单"),
            Self::InsuitableOrderStatus => (26, "CTP:报单已全成交或已撤销，不能再撤"),
            Self::UnsupportedFunction => (27, "CTP:不支持的功能"),
            Self::NoTradingRight => (28, "CTP:没有报单交易权限"),
            Self::CloseOnly => (29, "CTP:只能平仓"),
            Self::OverClosePosition => (30, "CTP:平仓量超过持仓量"),
            Self::InsufficientMoney { .. } => (31, "CTP:资金不足"),
            Self::BrokerSynchronising => (35, "CTP:经纪公司正在同步"),
            Self::BrokerSynchronised => (36, "CTP:经纪公司已同步"),
            Self::ExchangeNetwork => (39, "CTP:交易所网络连接失败"),
            Self::ExchangePending => (40, "CTP:交易所未处理请求超过许可数"),
            Self::ExchangePerSecond => (41, "CTP:交易所每秒发送请求数超过许可数"),
            Self::SettlementNotConfirmed => (42, "CTP:结算结果未确认"),
            Self::OverCloseToday => (50, "CTP:平今仓位不足"),
            Self::OverCloseYesterday => (51, "CTP:平昨仓位不足"),
            Self::BrokerConditionalLimit => (52, "CTP:经纪公司没有足够可用的条件单数量"),
            Self::InvestorConditionalLimit => (53, "CTP:投资者没有足够可用的条件单数量"),
            Self::ConditionalUnsupported => (54, "CTP:经纪公司不支持条件单"),
            Self::ArbitrageUnsupported => (61, "CTP:该交易所不支持套利/做市商类型报单"),
            Self::NoConditionalRight => (62, "CTP:没有条件单交易权限"),
            Self::AuthenticationFailed => (63, "CTP:客户端认证失败"),
            Self::NotAuthenticated => (64, "CTP:客户端未认证"),
            Self::SwapUnsupported => (65, "CTP:该合约不支持互换类型报单"),
            Self::OptionsOnlySpeculation => (66, "CTP:该期权合约只支持投机类型报单"),
            Self::NoFoundFunction => (77, "CTP:无此功能"),
            Self::PriceTypeNotSupported => (80, "CTP:交易所不支持的价格类型"),
            Self::CombinationOnlyIoc => (88, "CTP:该组合期权合约只支持IOC"),
            Self::NeedRetry => (90, "CTP：查询未就绪，请稍后重试"),
            Self::QuoteDerivedOrder => (92, "CTP:报价衍生单要等待交易所返回才能撤单"),
            Self::BadPrice => (95, "CTP：不支持的价格"),
            Self::PositionLimit => (106, "CTP:投资者限仓"),
            Self::InvestorIdMissing => (146, "CTP:缺少InvestorID字段，请填入InvestorID"),
            Self::ExchangeIdMissing => (147, "CTP:缺少ExchangeID字段，请填入ExchangeID"),
            Self::ExchangeIdInvalid => (148, "CTP:无效的ExchangeID字段，请填入正确的ExchangeID"),
            Self::ExchangeIdWrong => (150, "CTP:交易所代码错误"),
            Self::CancelUnknownOrder => (157, "CTP:该交易所不支持撤销未知单"),
            Self::InformationLimit => (158, "CTP:超过信息量限制"),
            Self::NotTradingPeriod => (162, "CTP:产品不在可以交易的阶段"),
            Self::PriceOverLimit => (163, "CTP:报单价格不在涨跌停板价范围内"),
            Self::VolumeNotValid => (164, "CTP:下单数量不符合交易所规范"),
            Self::PriceWrongTick => (165, "CTP:报单价格非最小变动价位整数倍"),
            Self::ConditionalCombination => (6013, "CTP:不允许报入组合合约条件单"),
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
    fn texts_are_found_by_number() {
        assert_eq!(error_text(7).as_deref(), Some("CTP:还没有初始化"));
        assert_eq!(error_text(31).as_deref(), Some("CTP:资金不足"));
        assert_eq!(error_text(123_456), None);
    }

    #[test]
    fn ids_are_those_of_the_vendors_table() {
        assert_eq!(CoreError::NotLoginYet.entry().0, ctp_types::errors::NOT_LOGIN_YET);
        assert_eq!(CoreError::PriceWrongTick.entry().0, ctp_types::errors::PRICE_WRONG_TICK);
        assert_eq!(EXCHANGE_REFUSED, ctp_types::errors::EXCHANGE_RTNERROR);
    }
}
