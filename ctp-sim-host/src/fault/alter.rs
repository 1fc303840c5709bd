//! What faults do to one delivery.

use ctp_sim::{Delivery, Random};
use ctp_types::{FieldDescriptor, FieldKind, RecordBox, RspInfoField, Text, Value, until_nul};

use super::classes::glob;
use super::plan::{Action, Garbage};
use crate::scenario::field;

/// Highest byte of GBK's first half and lowest byte that begins a character of two.
const LEAD_MIN: u8 = 0x81;

/// Returns whether an action could do anything to a delivery: otherwise it is no chance for the fault.
pub(super) fn applies(action: &Action, delivery: &Delivery) -> bool {
    let parts = Parts::of(delivery);
    match action {
        Action::CutText { fields } => {
            let in_record = parts.record.is_some_and(|record| texts(record, fields).next().is_some());
            in_record
                || fields.is_empty()
                    && parts.info.is_some_and(|info| cut(info.error_msg.as_bytes()).is_some())
        }
        Action::NullRecord => parts.record.is_some(),
        Action::NullInfo => parts.info.is_some(),
        Action::LoseLast => parts.is_answer && parts.is_last,
        Action::RequestId { .. } => parts.is_answer,
        Action::Error { .. } => parts.is_answer || parts.info.is_some(),
        Action::Garble { .. } => parts.record.is_some(),
        Action::Set { fields } => parts.record.is_some_and(|record| {
            fields
                .iter()
                .any(|(name, _)| record.descriptor().fields.iter().any(|field| field.c_name.as_str() == name))
        }),
        _ => true,
    }
}

/// Changes a delivery. Actions that change none leave it as it is.
pub(super) fn alter(action: &Action, delivery: &mut Delivery, random: &mut Random) {
    let (record, info, number, is_last) = match delivery {
        Delivery::Trader { record, rsp_info, number, is_last, .. }
        | Delivery::Md { record, rsp_info, number, is_last, .. } => (record, rsp_info, number, is_last),
        Delivery::Burst { record, .. } => {
            alter_record(action, record, random);
            return;
        }
        Delivery::Close { .. } => return,
    };
    match action {
        Action::NullRecord => *record = None,
        Action::NullInfo => *info = None,
        Action::LoseLast => *is_last = false,
        Action::RequestId { number: Some(other) } => *number = *other,
        Action::RequestId { number: None } => {
            *number = number.wrapping_add(random.between(1, 1_000_000) as i32)
        }
        Action::Error { error, text } => *info = Some(rsp_info(*error, text)),
        _ => {
            if let (Action::CutText { fields }, Some(info)) = (action, info)
                && fields.is_empty()
                && let Some(length) = cut(info.error_msg.as_bytes())
            {
                info.error_msg = Text::from_bytes(&info.error_msg.as_bytes()[..length]).unwrap_or_default();
            }
            if let Some(record) = record {
                alter_record(action, record, random);
            }
        }
    }
}

/// Returns an error as a client is told it.
pub(super) fn rsp_info(error: i32, text: &str) -> RspInfoField {
    // The reader of plans has tried the text.
    RspInfoField { error_id: error, error_msg: Text::new(text).unwrap_or_default() }
}

fn alter_record(action: &Action, record: &mut RecordBox, random: &mut Random) {
    match action {
        Action::CutText { fields } => {
            let cuts: Vec<_> = texts(record, fields).collect();
            for (field, length) in cuts {
                if let Value::Text(bytes) = record.as_ref().field(field) {
                    let short = bytes[..length].to_vec();
                    // Shorter than what stood there.
                    drop(record.set(field, Value::Text(&short)));
                }
            }
        }
        Action::Set { fields } => {
            for (name, text) in fields {
                let found = record.descriptor().fields.iter().find(|field| field.c_name.as_str() == name);
                if let Some(found) = found {
                    // Another record's field of this name took the value; this one keeps what it has.
                    drop(field::set(record, found, text));
                }
            }
        }
        Action::Garble { fields, with } => {
            for field in record.descriptor().fields {
                if fields.is_empty() || fields.iter().any(|name| glob(name, &field.c_name)) {
                    garble(record, field, *with, random);
                }
            }
        }
        _ => {}
    }
}

fn garble(record: &mut RecordBox, field: &FieldDescriptor, with: Garbage, random: &mut Random) {
    let mut text = Vec::new();
    let bits = if with == Garbage::Random { random.bits() } else { 0 };
    let value = match (field.kind, with) {
        (FieldKind::Double, Garbage::DblMax) => Value::Double(f64::MAX),
        (FieldKind::Double, Garbage::Nan) => Value::Double(f64::NAN),
        (_, Garbage::DblMax | Garbage::Nan) => return,
        (FieldKind::Double, Garbage::Random) => {
            let odd = [f64::MAX, f64::NAN, f64::INFINITY, 0.0, -0.0, -1.0, f64::MIN_POSITIVE];
            Value::Double(odd.get(bits as usize % 8).copied().unwrap_or(f64::from_bits(bits)))
        }
        (FieldKind::Double, Garbage::Zero) => Value::Double(0.0),
        (FieldKind::Text(length), Garbage::Random) => {
            let length = random.between(0, i64::try_from(length).unwrap_or(1) - 1);
            // No NUL, which would end it.
            text.extend((0..length).map(|_| random.between(1, 255) as u8));
            Value::Text(&text)
        }
        (FieldKind::Text(_), Garbage::Zero) => Value::Text(&text),
        (FieldKind::Char | FieldKind::Enumeration(_), _) => Value::Char(bits as u8),
        (FieldKind::Short, _) => Value::Short(bits as i16),
        (FieldKind::Int, _) => Value::Int(bits as i32),
        (FieldKind::UnsignedInt, _) => Value::UnsignedInt(bits as u32),
        (FieldKind::LongLong, _) => Value::LongLong(bits as i64),
    };
    // Every value has the field's own kind and fits.
    drop(record.set(field, value));
}

/// Returns the texts that can be cut, each with the length that is left.
fn texts<'a>(
    record: &'a RecordBox,
    names: &'a [String],
) -> impl Iterator<Item = (&'static FieldDescriptor, usize)> + 'a {
    let fields = record.descriptor().fields.iter();
    let wanted =
        fields.filter(|field| names.is_empty() || names.iter().any(|name| glob(name, &field.c_name)));
    wanted.filter_map(|field| match record.as_ref().field(field) {
        Value::Text(bytes) => cut(until_nul(bytes)).map(|length| (field, length)),
        _ => None,
    })
}

/// Returns the length of a text that ends after the first byte of its last character of two; `None` without one.
fn cut(bytes: &[u8]) -> Option<usize> {
    let (mut place, mut last) = (0, None);
    while place < bytes.len() {
        if bytes[place] >= LEAD_MIN && place + 1 < bytes.len() {
            last = Some(place + 1);
            place += 2;
        } else {
            place += 1;
        }
    }
    last
}

/// What a delivery has of the usual arguments.
struct Parts<'a> {
    record: Option<&'a RecordBox>,
    info: Option<&'a RspInfoField>,
    is_last: bool,
    is_answer: bool,
}

impl<'a> Parts<'a> {
    fn of(delivery: &'a Delivery) -> Self {
        match delivery {
            Delivery::Trader { callback, record, rsp_info, is_last, .. } => Self {
                record: record.as_ref(),
                info: rsp_info.as_ref(),
                is_last: *is_last,
                is_answer: callback.name().starts_with("OnRsp"),
            },
            Delivery::Md { callback, record, rsp_info, is_last, .. } => Self {
                record: record.as_ref(),
                info: rsp_info.as_ref(),
                is_last: *is_last,
                is_answer: callback.name().starts_with("OnRsp"),
            },
            Delivery::Burst { record, .. } => {
                Self { record: Some(record), info: None, is_last: false, is_answer: false }
            }
            Delivery::Close { .. } => Self { record: None, info: None, is_last: false, is_answer: false },
        }
    }
}

/// Returns the record of a delivery.
pub(super) fn record(delivery: &Delivery) -> Option<&RecordBox> {
    Parts::of(delivery).record
}

/// Returns whether a record's fields are as a fault wants them.
pub(super) fn fits(conditions: &[(String, String)], record: Option<&RecordBox>) -> bool {
    conditions.iter().all(|(name, wanted)| {
        record.is_some_and(|record| {
            let found = record.descriptor().fields.iter().find(|field| field.c_name.as_str() == name);
            found.is_some_and(|found| glob(wanted, &field::text(record.as_ref(), found)))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctp_types::{OrderField, TraderCallback};

    #[test]
    fn text_is_cut_inside_its_last_character() {
        let gbk = |text: &str| ctp_types::encode(text).expect("GBK").into_owned();
        assert_eq!(cut(&gbk("报单")), Some(3));
        assert_eq!(cut(&gbk("报单a")), Some(3));
        assert_eq!(cut(b"abc"), None);
        assert_eq!(cut(&gbk("报单")[..3]), Some(1));
        let mut order = OrderField::default();
        order.status_msg.set("未成交").expect("a text");
        let mut delivery = Delivery::Trader {
            callback: TraderCallback::OnRtnOrder,
            record: Some(RecordBox::new(&order)),
            rsp_info: None,
            number: 1,
            is_last: true,
        };
        let action = Action::CutText { fields: Vec::new() };
        assert!(applies(&action, &delivery));
        alter(&action, &mut delivery, &mut Random::new(1, ""));
        let cut: &OrderField = record(&delivery).and_then(RecordBox::get).expect("an order");
        assert_eq!(cut.status_msg.as_bytes(), &gbk("未成交")[..5]);
        assert!(cut.status_msg.to_str().ends_with('\u{fffd}'));
    }
}
