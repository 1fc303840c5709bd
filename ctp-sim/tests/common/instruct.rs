//! Records written as text, and what comes back.

use ctp_types::{FieldKind, Record, RecordBox, TraderRequest, Value};

use super::{Bench, Client};

/// Returns a record of investor `one` with the named fields.
pub(crate) fn make<R: Record>(fields: &str) -> R {
    let mut record = RecordBox::zeroed(R::DESCRIPTOR);
    let common = [("BrokerID", "9999"), ("InvestorID", "one"), ("AccountID", "one"), ("UserID", "one")];
    let named = fields.split(' ').filter_map(|pair| pair.split_once('='));
    for (name, value) in common.into_iter().chain(named) {
        let Some(field) = R::DESCRIPTOR.field(name) else { continue };
        let value = value.replace('_', " ");
        let number = || value.parse().expect(name);
        let value = match field.kind {
            FieldKind::Text(_) => Value::Text(value.as_bytes()),
            FieldKind::Int => Value::Int(number() as i32),
            FieldKind::Double => Value::Double(number()),
            _ => Value::Char(value.as_bytes()[0]),
        };
        record.set(field, value).expect(name);
    }
    *record.get::<R>().expect("of this kind")
}

/// Sends a request and returns the lines of what came.
pub(crate) fn send<R: Record>(
    bench: &mut Bench,
    client: Client,
    request: TraderRequest,
    fields: &str,
) -> Vec<String> {
    bench.take();
    bench.request(client.session, request, &make::<R>(fields));
    bench.settle();
    bench.lines(client.session)
}
