//! Records made from records: the fields of the same name, then what the core and its seat at the exchange add (§5.6).

use ctp_types::{FieldKind, Record, RecordBox, RecordRef, Value, until_nul};

use crate::clock;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::session::FRONT_ID;

/// Returns a record with the fields that `source` has under the same name, but for passwords.
pub(crate) fn alike<R: Record>(source: &impl Record) -> R {
    let source = RecordRef::from_record(source);
    let mut made = RecordBox::zeroed(R::DESCRIPTOR);
    for field in R::DESCRIPTOR.fields.iter().filter(|field| !field.secret) {
        if let Some(same) = source.descriptor().field(&field.c_name) {
            put(&mut made, &field.c_name, source.field(same));
        }
    }
    made.get::<R>().copied().unwrap_or_default()
}

/// Writes a field where the record has it; a text is cut to what fits, another kind is left out.
fn put(record: &mut RecordBox, name: &str, value: Value<'_>) {
    let Some(field) = record.descriptor().field(name) else { return };
    let value = match (field.kind, value) {
        (FieldKind::Text(length), Value::Text(bytes)) => {
            let bytes = until_nul(bytes);
            Value::Text(&bytes[..bytes.len().min(length.saturating_sub(1))])
        }
        (_, value) => value,
    };
    // A field of another kind under the same name keeps its zero.
    let _ = record.set(field, value);
}

impl Exchange {
    /// Returns the record that the core makes of an instruction: the client's fields, its session, the seat, the times.
    pub(crate) fn core_record<R: Record>(&self, id: SessionId, input: &impl Record) -> R {
        let mut made = RecordBox::new(&self.action_record_of::<R>(input));
        let login = self.login(id).map_or(0, |login| login.session_id);
        let product_info = self.sessions.get(&id).map(|session| session.product_info).unwrap_or_default();
        put(&mut made, "FrontID", Value::Int(FRONT_ID));
        put(&mut made, "SessionID", Value::Int(login));
        put(&mut made, "UserProductInfo", Value::Text(product_info.raw()));
        made.get::<R>().copied().unwrap_or_default()
    }

    /// Returns the record of an action on an instruction: as [`core_record`](Self::core_record), but `FrontID` and
    /// `SessionID` stay the client's, which name what it acts on.
    pub(crate) fn action_record_of<R: Record>(&self, input: &impl Record) -> R {
        let mut made = RecordBox::new(&alike::<R>(input));
        let source = RecordRef::from_record(input);
        let text_of = |name: &str| match source.descriptor().field(name).map(|field| source.field(field)) {
            Some(Value::Text(bytes)) => until_nul(bytes),
            _ => &[],
        };
        let broker = self.config.broker.as_bytes();
        let client = [broker, text_of("InvestorID")].concat();
        let trader = [broker, b"cac"].concat();
        let date = clock::date_text(clock::local(self.now).date());
        let time = clock::time_text(self.now);
        for (name, value) in [
            ("ParticipantID", broker),
            ("ClientID", &client),
            ("TraderID", &trader),
            ("BusinessUnit", &trader),
            ("TradingDay", self.trading_day().as_bytes()),
            ("InsertDate", date.as_bytes()),
            ("InsertTime", time.as_bytes()),
            ("ActionDate", date.as_bytes()),
            ("ActionTime", time.as_bytes()),
            ("ExchangeInstID", text_of("InstrumentID")),
            ("reserve1", text_of("InstrumentID")),
        ] {
            put(&mut made, name, Value::Text(value));
        }
        put(&mut made, "InstallID", Value::Int(1));
        put(&mut made, "SettlementID", Value::Int(1));
        made.get::<R>().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctp_types::{ExecOrderField, InputExecOrderField, ReqTransferField, RspTransferField, Text};

    #[test]
    fn fields_of_the_same_name_go_over() {
        let input = InputExecOrderField {
            volume: 3,
            exec_order_ref: Text::new("12").expect("fits"),
            ..Default::default()
        };
        let made: ExecOrderField = alike(&input);
        assert_eq!((made.volume, made.exec_order_ref.to_str().as_ref()), (3, "12"));
    }

    #[test]
    fn passwords_stay_behind() {
        let input = ReqTransferField {
            password: Text::new("canary").expect("fits"),
            bank_account: Text::new("6222").expect("fits"),
            trade_amount: f64::NAN,
            ..Default::default()
        };
        let made: RspTransferField = alike(&input);
        assert!(made.password.is_empty() && made.trade_amount.is_nan());
        assert_eq!(made.bank_account, "6222");
    }

    #[test]
    fn a_text_without_an_end_is_cut() {
        let endless = Text::<13>::from_raw(&[b'7'; 13]).expect("fits");
        let made: ExecOrderField =
            alike(&InputExecOrderField { exec_order_ref: endless, ..Default::default() });
        assert_eq!(made.exec_order_ref.as_bytes(), [b'7'; 12]);
    }
}
