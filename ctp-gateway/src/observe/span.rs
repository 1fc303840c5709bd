//! The spans under which a session works: whoever reads its lines sees the account and the instrument.

use std::fmt;

use ctp_types::{RecordBox, Text, Value, decode, until_nul};
use tracing::Span;

use super::observer::{Observed, Subject, label};

/// Returns the span of a session's whole life. Its level is the highest, so that a log of warnings alone says whose they are.
pub(crate) fn session_span(subject: &Subject) -> Span {
    let Subject { session, broker_id, user_id, .. } = subject;
    tracing::error_span!("ctp_session", session = label(*session), broker = %broker_id, account = %user_id)
}

/// Returns the span of one step. Nothing is looked at unless somebody wants it.
pub(crate) fn step_span<S: Observed>(input: &S::Input) -> Span {
    tracing::debug_span!("step", input = S::name(input), instrument = %InstrumentOf::<S>(input))
}

/// Returns the span of the step of an order, as [`step_span`] does, before there is an input.
pub(crate) fn order_span(instrument_id: &Text<81>) -> Span {
    tracing::debug_span!("step", input = "place", instrument = %instrument_id)
}

struct InstrumentOf<'a, S: Observed>(&'a S::Input);

impl<S: Observed> fmt::Display for InstrumentOf<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&S::instrument(self.0).unwrap_or_default())
    }
}

/// Returns the instrument that a record names. C: `InstrumentID`.
pub(crate) fn instrument_of(record: Option<&RecordBox>) -> Option<String> {
    let record = record?.as_ref();
    match record.field(record.descriptor().field("InstrumentID")?) {
        Value::Text(bytes) => Some(decode(until_nul(bytes)).into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ctp_types::{OrderField, TradingAccountField};

    use super::*;

    #[test]
    fn the_instrument_is_found_by_its_name() {
        let order = OrderField { instrument_id: Text::new("rb2601").unwrap(), ..OrderField::default() };
        assert_eq!(instrument_of(Some(&RecordBox::new(&order))).as_deref(), Some("rb2601"));
        assert_eq!(instrument_of(Some(&RecordBox::new(&TradingAccountField::default()))), None);
        assert_eq!(instrument_of(None), None);
    }
}
