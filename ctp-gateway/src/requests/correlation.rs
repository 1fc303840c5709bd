//! Which request a push is about. Pushes carry no request number of their own (C: `nRequestID`), only what their
//! records repeat of the request.

use ctp_types::{FieldDescriptor, FieldKind, RecordBox, RecordRef, RequestKind, Value, until_nul};

use crate::error::ServerError;

/// The session's own `FrontID` and `SessionID`; `None` before a login.
pub(crate) type Session = Option<(i32, i32)>;

/// Writes the request's number into a `RequestID` that is 0.
pub(crate) fn number(record: &mut RecordBox, request_id: i32) {
    if let Some(field) = record.descriptor().field("RequestID")
        && integer(record.as_ref(), "RequestID") == Some(0)
    {
        // The field is an integer: that was looked at just now.
        let _ = record.set(field, Value::Int(request_id));
    }
}

/// Returns whether `record`, of a push or a refusal to all sessions, is about the request `sent`.
pub(crate) fn is_about(sent: &RecordBox, record: RecordRef<'_>, session: Session, kind: RequestKind) -> bool {
    let of_other_session = match (integer(record, "FrontID"), integer(record, "SessionID"), session) {
        (Some(front), Some(number), Some(own)) => (front, number) != own,
        _ => false,
    };
    if of_other_session {
        return false;
    }
    match (integer(sent.as_ref(), "RequestID"), integer(record, "RequestID")) {
        (Some(own), Some(number)) => own == number,
        // The application's own number, of combinations and requests for quotes.
        _ => match reference(sent.as_ref()) {
            Some((field, own)) => text(record, &field.c_name) == Some(own),
            // What only the requester hears needs no name: the token of the monitoring centre.
            None => kind == RequestKind::Push,
        },
    }
}

/// Returns the refusal in a record that carries one of its own, as the records of bank transfers do.
pub(crate) fn refusal(record: RecordRef<'_>) -> Option<ServerError> {
    let code = integer(record, "ErrorID").filter(|code| *code != 0)?;
    let message = text(record, "ErrorMsg").map(ctp_types::decode).unwrap_or_default();
    Some(ServerError::counter(code, message))
}

fn integer(record: RecordRef<'_>, name: &str) -> Option<i32> {
    match record.field(record.descriptor().field(name)?) {
        Value::Int(number) => Some(number),
        _ => None,
    }
}

fn text<'a>(record: RecordRef<'a>, name: &str) -> Option<&'a [u8]> {
    match record.field(record.descriptor().field(name)?) {
        Value::Text(bytes) => Some(until_nul(bytes)),
        _ => None,
    }
}

/// Returns the first field whose name ends in `Ref` and holds a text.
fn reference(record: RecordRef<'_>) -> Option<(&'static FieldDescriptor, &[u8])> {
    let is_reference =
        |field: &&FieldDescriptor| field.c_name.ends_with("Ref") && matches!(field.kind, FieldKind::Text(_));
    let field = record.descriptor().fields.iter().find(is_reference)?;
    text(record, &field.c_name).filter(|text| !text.is_empty()).map(|text| (field, text))
}

#[cfg(test)]
mod tests {
    use ctp_types::{
        CombActionField, InputCombActionField, InputQuoteField, QuoteField, RspTransferField, Text,
    };

    use super::*;

    fn quote(request_id: i32, front_id: i32, session_id: i32) -> QuoteField {
        QuoteField { request_id, front_id, session_id, ..Default::default() }
    }

    #[test]
    fn the_number_in_the_record_names_the_request() {
        let mut sent = RecordBox::new(&InputQuoteField::default());
        number(&mut sent, 7);
        number(&mut sent, 8);
        let own = Some((1, -5));
        for (record, expected) in [
            (quote(7, 1, -5), true),
            (quote(8, 1, -5), false),
            (quote(7, 1, -6), false),
            (quote(7, 2, -5), false),
        ] {
            let record = RecordRef::from_record(&record);
            assert_eq!(is_about(&sent, record, own, RequestKind::Silent), expected, "{record:?}");
        }
        let unknown = quote(7, 3, 3);
        assert!(is_about(&sent, RecordRef::from_record(&unknown), None, RequestKind::Silent));
    }

    #[test]
    fn without_a_number_the_reference_does() {
        let reference = Text::new("12").unwrap();
        let sent = RecordBox::new(&InputCombActionField { comb_action_ref: reference, ..Default::default() });
        let same = CombActionField { comb_action_ref: reference, ..Default::default() };
        let other = CombActionField { comb_action_ref: Text::new("13").unwrap(), ..Default::default() };
        assert!(is_about(&sent, RecordRef::from_record(&same), None, RequestKind::Silent));
        assert!(!is_about(&sent, RecordRef::from_record(&other), None, RequestKind::Silent));
    }

    #[test]
    fn a_transfer_carries_its_refusal() {
        let refused = RspTransferField {
            error_id: 92,
            error_msg: Text::new("余额不足").unwrap(),
            ..Default::default()
        };
        let error = refusal(RecordRef::from_record(&refused)).unwrap();
        assert_eq!((error.code, error.message.as_str()), (92, "余额不足"));
        assert_eq!(refusal(RecordRef::from_record(&RspTransferField::default())), None);
        assert_eq!(refusal(RecordRef::from_record(&quote(1, 1, 1))), None);
    }
}
