//! What the core says to an instruction that it refuses (§7, §5.9).

use ctp_types::RspInfoField;

use crate::errors::CoreError;
use crate::text::text;

/// Why an instruction is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// As an order would be.
    Core(CoreError),
    ParkedNotFound,
    ParkedSent,
    ParkedDeleted,
    ParkedWrongType,
    ParkedCombination,
    ParkedCombinationAction,
    DuplicateExercise,
    NotAnOption,
    ExerciseUnsupported,
    BadExercise,
    DuplicateExerciseAction,
    ExerciseNotFound,
    OverExercise,
    BadExerciseType,
    ExerciseForbiddenNow,
    NotACombination,
    ForQuoteUnsupported,
    ForQuoteTime,
    ForQuoteSpread,
    QuoteUnsupported,
    QuoteNotFound,
    QuoteHedge,
    BatchUnsupported,
    AccountIdMissing,
    NoCombinationRecord,
    CombinationTooFresh,
    SelfCloseNotAnOption,
    DuplicateSelfClose,
    BadSelfClose,
    SelfCloseNotFound,
    SelfCloseStatus,
    OffsetProduct,
    OffsetVolume,
    OffsetTwice,
    OffsetNotFound,
    OffsetStatus,
    SpreadNotFound,
    SpreadStatus,
    HedgeNotFound,
    HedgeStatus,
    IllegalBank,
    NotRegistered,
    Currency,
    FundAccount,
    TransferAmount,
}

impl From<CoreError> for Refusal {
    fn from(error: CoreError) -> Self {
        Self::Core(error)
    }
}

impl Refusal {
    /// Returns the record that goes to the client.
    pub(crate) fn rsp_info(self) -> RspInfoField {
        let (error_id, message) = match self {
            Self::Core(error) => return error.rsp_info(),
            Self::ParkedNotFound => (45, "CTP:找不到预埋（撤单）单"),
            Self::ParkedSent => (46, "CTP:预埋（撤单）单已经发送"),
            Self::ParkedDeleted => (47, "CTP:预埋（撤单）单已经删除"),
            Self::DuplicateExercise => (67, "CTP:执行宣告错误，不允许重复执行"),
            Self::NotAnOption => (69, "CTP:只有期货期权合约可执行"),
            Self::ExerciseUnsupported => (70, "CTP:该期权合约不支持执行"),
            Self::BadExercise => (71, "CTP:执行宣告字段有误"),
            Self::DuplicateExerciseAction => (72, "CTP:执行宣告撤单已报送，不允许重复撤单"),
            Self::ExerciseNotFound => (73, "CTP:执行宣告撤单找不到相应执行宣告"),
            Self::OverExercise => (74, "CTP:执行仓位不足"),
            Self::BadExerciseType => (81, "CTP:错误的执行类型"),
            Self::NotACombination => (82, "CTP:无效的组合合约"),
            Self::ForQuoteUnsupported => (83, "CTP:该合约不支持询价"),
            Self::QuoteUnsupported => (85, "CTP:该合约不支持报价"),
            Self::QuoteNotFound => (86, "CTP:报价撤单找不到相应报价"),
            Self::BatchUnsupported => (103, "CTP:该交易所不支持批量撤单"),
            Self::ForQuoteTime => (113, "CTP:当前时间禁止询价"),
            Self::ForQuoteSpread => (114, "CTP:当前价差禁止询价"),
            Self::ExerciseForbiddenNow => (139, "CTP:当前时间禁止行权"),
            Self::AccountIdMissing => (149, "CTP:缺少AccountID字段，请填入AccountID"),
            Self::NoCombinationRecord => (151, "CTP:删除拆分组合指令：没有找到该记录"),
            Self::CombinationTooFresh => (152, "CTP:删除拆分组合指令：原指令需要等待30s 才能删除"),
            Self::ParkedWrongType => (161, "CTP:预埋单:不支持的触发类型"),
            Self::IllegalBank => (1002, "CTP:银期转账：不合法的转账银行"),
            Self::NotRegistered => (1004, "CTP:银期转账：未开户"),
            Self::Currency => (1035, "CTP:银期转账：该币种代码不支持"),
            Self::FundAccount => (2011, "CTP:资金账户不存在"),
            Self::TransferAmount => (2014, "CTP:转帐金额错误"),
            Self::SelfCloseNotAnOption => (3041, "CTP:期权对冲,履约对冲:非期权合约"),
            Self::DuplicateSelfClose => (3042, "CTP:期权对冲,履约对冲:请求引用不合法"),
            Self::BadSelfClose => (3043, "CTP:期权对冲,履约对冲:非法字段 "),
            Self::SelfCloseNotFound => (3044, "CTP:期权对冲,履约对冲:撤销未找到记录"),
            Self::SelfCloseStatus => (3045, "CTP:期权对冲,履约对冲:对冲状态不对，不能撤销"),
            Self::QuoteHedge => (3047, "CTP:报价不支持该投机套保类型"),
            Self::OffsetProduct => (6001, "CTP:对冲的合约/产品设置不合法"),
            Self::OffsetVolume => (6002, "CTP:对冲的数量设置不合法"),
            Self::OffsetTwice => (6004, "CTP:对冲设置不能重复提交，需要先撤销再设置"),
            Self::OffsetNotFound => (6005, "CTP:撤销对冲设置未找到记录"),
            Self::OffsetStatus => (6006, "CTP:对冲状态不对，不能撤销"),
            Self::SpreadNotFound => (6007, "CTP:未找到套利申请记录"),
            Self::SpreadStatus => (6008, "CTP:套利申请已撤销，不能重复撤销"),
            Self::HedgeNotFound => (6009, "CTP:未找到套保申请记录"),
            Self::HedgeStatus => (6010, "CTP:套保申请已撤销，不能重复撤销"),
            Self::ParkedCombination => (6011, "CTP:不允许报入组合合约预埋单"),
            Self::ParkedCombinationAction => (6012, "CTP:不允许报入组合合约预埋撤单"),
        };
        RspInfoField { error_id, error_msg: text(message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctp_types::errors;

    #[test]
    fn ids_are_those_of_the_vendors_table() {
        let pairs = [
            (Refusal::ParkedNotFound, errors::PARKEDORDER_NOT_FOUND),
            (Refusal::ParkedSent, errors::PARKEDORDER_HASSENDED),
            (Refusal::ParkedDeleted, errors::PARKEDORDER_HASDELETE),
            (Refusal::ParkedWrongType, errors::PARKED_ORDER_WRONG_TYPE),
            (Refusal::DuplicateExercise, errors::DUPLICATE_EXECORDER_REF),
            (Refusal::NotAnOption, errors::EXECORDER_NOTOPTIONS),
            (Refusal::ExerciseUnsupported, errors::OPTIONS_NOT_SUPPORT_EXEC),
            (Refusal::BadExercise, errors::BAD_EXECORDER_ACTION_FIELD),
            (Refusal::DuplicateExerciseAction, errors::DUPLICATE_EXECORDER_ACTION_REF),
            (Refusal::ExerciseNotFound, errors::EXECORDER_NOT_FOUND),
            (Refusal::OverExercise, errors::OVER_EXECUTE_POSITION),
            (Refusal::BadExerciseType, errors::BAD_EXECUTE_TYPE),
            (Refusal::ExerciseForbiddenNow, errors::EXEC_FORBIDDEN_TIME),
            (Refusal::NotACombination, errors::BAD_OPTION_INSTR),
            (Refusal::ForQuoteUnsupported, errors::INSTR_NOTSUPPORT_FORQUOTE),
            (Refusal::ForQuoteTime, errors::OUT_OF_TIMEINTERVAL),
            (Refusal::ForQuoteSpread, errors::OUT_OF_PRICEINTERVAL),
            (Refusal::QuoteUnsupported, errors::INSTR_NOTSUPPORT_QUOTE),
            (Refusal::QuoteNotFound, errors::QUOTE_NOT_FOUND),
            (Refusal::BatchUnsupported, errors::BATCHACTION_NOSUPPORT),
            (Refusal::NoCombinationRecord, errors::DEL_COMB_ACTION_NO_REC),
            (Refusal::CombinationTooFresh, errors::DEL_COMB_ACTION_TOO_FAST),
            (Refusal::SelfCloseNotAnOption, errors::OPTION_SELF_CLOSE_NOT_OPTION),
            (Refusal::SelfCloseStatus, errors::OPTION_SELF_CLOSE_STATUS_ERR),
            (Refusal::OffsetProduct, errors::OFFSET_INSTR_PROD),
            (Refusal::OffsetStatus, errors::OFFSET_SETTING_STATUS_ERR),
            (Refusal::SpreadNotFound, errors::SPD_APPLY_ORDER_REF_NOT_FOUND),
            (Refusal::HedgeStatus, errors::HEDGE_CFM_STATUS_ERR),
            (Refusal::ParkedCombination, errors::COMB_PARKED_ORDER_INSERT),
            (Refusal::ParkedCombinationAction, errors::COMB_PARKED_ORDER_ACTION),
            (Refusal::TransferAmount, errors::AMOUNT_OUTOFTHEWAY),
            (Refusal::Core(CoreError::BadField), errors::BAD_FIELD),
        ];
        for (refusal, id) in pairs {
            let info = refusal.rsp_info();
            assert_eq!(info.error_id, id, "{refusal:?}");
            assert!(info.error_msg.to_str().starts_with("CTP:"), "{refusal:?}");
        }
    }
}
