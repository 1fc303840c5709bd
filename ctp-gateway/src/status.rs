//! Words for the states of an order, in Chinese and English, for people to read.

use std::fmt;

use ctp_types::{OrderStatus, OrderSubmitStatus};

/// The state of an order in words: `全部成交 all traded`.
///
/// Programs decide by [`OrderPhase`](crate::td::OrderPhase) or by the enumerations, never by these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusText {
    /// The word of the trade.
    pub chinese: &'static str,
    /// The same in English.
    pub english: &'static str,
}

impl StatusText {
    /// Returns the words for a status and a submit status.
    ///
    /// A cancelled order whose insertion was rejected reads as rejected. A value newer than the header reads as
    /// unknown status.
    pub fn of(status: OrderStatus, submit_status: OrderSubmitStatus) -> Self {
        let text = |chinese, english| Self { chinese, english };
        if submit_status == OrderSubmitStatus::INSERT_REJECTED {
            return text("报单被拒绝", "rejected");
        }
        match status {
            OrderStatus::ALL_TRADED => text("全部成交", "all traded"),
            OrderStatus::PART_TRADED_QUEUEING => text("部分成交", "partly traded, queueing"),
            OrderStatus::PART_TRADED_NOT_QUEUEING => text("部分成交不在队列", "partly traded, not queueing"),
            OrderStatus::NO_TRADE_QUEUEING => text("未成交", "queueing, no trade yet"),
            OrderStatus::NO_TRADE_NOT_QUEUEING => text("未成交不在队列", "not queueing, no trade"),
            OrderStatus::CANCELED => text("已撤单", "cancelled"),
            OrderStatus::UNKNOWN => text("报单已提交", "submitted"),
            OrderStatus::NOT_TOUCHED => text("未触发", "not triggered"),
            OrderStatus::TOUCHED => text("已触发", "triggered"),
            _ => text("未知状态", "unknown status"),
        }
    }
}

impl fmt::Display for StatusText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.chinese, self.english)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_known_and_new_values() {
        let words = |status, submit| StatusText::of(status, submit).to_string();
        assert_eq!(words(OrderStatus::ALL_TRADED, OrderSubmitStatus::ACCEPTED), "全部成交 all traded");
        assert_eq!(words(OrderStatus::CANCELED, OrderSubmitStatus::INSERT_REJECTED), "报单被拒绝 rejected");
        assert_eq!(
            words(OrderStatus::from_char(b'z'), OrderSubmitStatus::from_char(0)),
            "未知状态 unknown status"
        );
    }
}
