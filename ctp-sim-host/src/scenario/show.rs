//! Callbacks for people: one line each, secrets hidden.

use ctp_types::{FieldDescriptor, FieldKind, RecordRef};

use super::field;
use super::target::Seen;

/// Fields that tell most about a record, where it has them and they are set.
const TELLING: [&str; 18] = [
    "InstrumentID",
    "OrderStatus",
    "OrderSubmitStatus",
    "StatusMsg",
    "Direction",
    "VolumeTraded",
    "VolumeTotal",
    "Volume",
    "Price",
    "LimitPrice",
    "LastPrice",
    "OrderRef",
    "OrderSysID",
    "TradeID",
    "InstrumentStatus",
    "ErrorID",
    "ErrorMsg",
    "UpdateTime",
];

/// Returns a callback in one line.
pub(crate) fn seen(seen: &Seen) -> String {
    let mut text = seen.callback.to_owned();
    if seen.callback.starts_with("OnFront") || seen.callback == "OnRtnPrivateSeqNo" {
        return format!("{text} {}", number(seen));
    }
    match &seen.record {
        None => text.push_str(" NULL"),
        Some(record) => {
            for name in TELLING {
                let Ok(found) = field::find(record.descriptor(), name) else { continue };
                let value = self::field(record.as_ref(), found);
                if !value.is_empty() && value != "\"\"" {
                    text.push_str(&format!(" {name}={value}"));
                }
            }
        }
    }
    if seen.rsp_info.is_some_and(|info| info.error_id != 0) {
        text.push_str(&format!(" error={}", error(seen)));
    }
    if seen.callback.starts_with("OnRsp") {
        text.push_str(if seen.is_last { " last" } else { " more" });
    }
    text
}

/// Returns a field's value; text in quotes, so that blanks show.
pub(crate) fn field(record: RecordRef<'_>, field: &FieldDescriptor) -> String {
    if field.secret {
        return "<secret>".to_owned();
    }
    let text = field::text(record, field);
    match field.kind {
        FieldKind::Text(_) => format!("{text:?}"),
        _ => text,
    }
}

/// Returns error and text of a callback.
pub(crate) fn error(seen: &Seen) -> String {
    match seen.rsp_info {
        None => "NULL".to_owned(),
        Some(info) => format!("{} {:?}", info.error_id, info.error_msg.to_str()),
    }
}

/// Returns a callback's number, a reason in hexadecimal.
pub(crate) fn number(seen: &Seen) -> String {
    match seen.callback {
        "OnFrontDisconnected" => format!("{:#x}", seen.number),
        _ => seen.number.to_string(),
    }
}
