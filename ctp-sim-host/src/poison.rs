//! Poison: records are overwritten after their callback, so that a client that keeps a pointer
//! reads nonsense instead of luck.

use std::collections::VecDeque;

use ctp_types::{FieldKind, RecordBox, RspInfoField, Text, Value};

use crate::callback::Parcel;

const POISON: u8 = 0xA5;

/// Poisoned records that stay allocated, so that a kept pointer reads poison and not another
/// record.
const KEPT_MAX: usize = 256;

/// The last records delivered, poisoned.
#[derive(Default)]
pub(crate) struct Quarantine {
    kept: VecDeque<Parcel>,
}

impl Quarantine {
    /// Overwrites what was delivered and keeps it a while.
    pub(crate) fn take(&mut self, mut parcel: Parcel) {
        if let Some(record) = &mut parcel.record {
            overwrite(record);
        }
        if let Some(info) = &mut parcel.rsp_info {
            **info = RspInfoField {
                error_id: i32::from_ne_bytes([POISON; 4]),
                error_msg: Text::from_bytes(&[POISON; 80]).unwrap_or_default(),
            };
        }
        if self.kept.len() == KEPT_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back(parcel);
    }
}

fn overwrite(record: &mut RecordBox) {
    let mut text = Vec::new();
    for field in record.descriptor().fields {
        let value = match field.kind {
            FieldKind::Text(length) => {
                text.clear();
                text.resize(length.saturating_sub(1), POISON);
                Value::Text(&text)
            }
            FieldKind::Char | FieldKind::Enumeration(_) => Value::Char(POISON),
            FieldKind::Int => Value::Int(i32::from_ne_bytes([POISON; 4])),
            FieldKind::UnsignedInt => Value::UnsignedInt(u32::from_ne_bytes([POISON; 4])),
            FieldKind::LongLong => Value::LongLong(i64::from_ne_bytes([POISON; 8])),
            FieldKind::Short => Value::Short(i16::from_ne_bytes([POISON; 2])),
            FieldKind::Double => Value::Double(f64::from_ne_bytes([POISON; 8])),
        };
        // Every value has the field's own kind and length, so none is refused.
        drop(record.set(field, value));
    }
}

#[cfg(test)]
mod tests {
    use ctp_types::{Direction, OrderField, TraderCallback};

    use super::*;
    use crate::callback::Method;

    #[test]
    fn a_delivered_record_is_overwritten_in_place() {
        let mut order = OrderField::default();
        order.instrument_id.set("rb2705").unwrap();
        order.limit_price = 3_925.0;
        let mut parcel = Parcel::bare(Method::Trader(TraderCallback::OnRtnOrder), 0);
        parcel.record = Some(RecordBox::new(&order));
        parcel.rsp_info = Some(Box::default());
        let mut quarantine = Quarantine::default();
        quarantine.take(parcel);
        let kept = quarantine.kept[0].lend();
        let order: &OrderField = kept.record.and_then(RecordBox::get).unwrap();
        assert_eq!(order.instrument_id.as_bytes(), [POISON; 80]);
        assert_eq!(order.limit_price.to_ne_bytes(), [POISON; 8]);
        assert_eq!(order.volume_traded.to_ne_bytes(), [POISON; 4]);
        assert_eq!(order.direction, Direction::from_char(POISON));
        assert_eq!(kept.rsp_info.unwrap().error_id.to_ne_bytes(), [POISON; 4]);
        for _ in 0..2 * KEPT_MAX {
            quarantine.take(Parcel::bare(Method::Trader(TraderCallback::OnRtnOrder), 0));
        }
        assert_eq!(quarantine.kept.len(), KEPT_MAX);
    }
}
