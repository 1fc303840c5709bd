//! Entries of the journal as notes, and back.

use ctp_types::{Text, TraderRequest};

use crate::capture::recorded::{callback, need, note_callback};
use crate::capture::{Note, Value};
use crate::journal::Entry;

const NAME: &str = "Remembered";

pub(super) fn note(entry: &Entry) -> Note {
    let note = Note::new(NAME).with("kind", entry.name()).with("at_ns", entry.at_ns());
    match entry {
        Entry::Opened { gateway, process, .. } => {
            note.with("gateway", gateway.as_str()).with("process", i64::from(*process))
        }
        Entry::Login { trading_day, front_id, session_id, max_order_ref, .. } => note
            .with("trading_day", &*trading_day.to_str())
            .with("front_id", *front_id)
            .with("session_id", *session_id)
            .with("max_order_ref", &*max_order_ref.to_str()),
        Entry::Action { record, request_id, front_id, session_id, order_ref, .. } => note
            .with("record", record.clone())
            .with("request_id", *request_id)
            .with("front_id", *front_id)
            .with("session_id", *session_id)
            .with("order_ref", &*order_ref.to_str()),
        Entry::Answer { request_id, refusal, .. } => {
            note.with("request_id", *request_id).with_some("refusal", refusal.as_deref())
        }
        Entry::Event(event) => {
            note_callback(event).values().fold(note, |note, (key, value)| note.with(key, value.clone()))
        }
        Entry::Switch { on, reason, .. } => note.with("on", *on).with("reason", reason.as_str()),
        Entry::Closed { .. } => note,
    }
}

pub(super) fn entry(note: &Note) -> Result<Entry, String> {
    let text = |key| need(note, key, note.text(key));
    let number = |key| need(note, key, note.number::<i32>(key));
    let kind = text("kind")?;
    let at_ns = need(note, "at_ns", note.number("at_ns"))?;
    Ok(match kind {
        "Opened" => {
            let process = need(note, "process", note.number("process"))?;
            Entry::Opened { at_ns, gateway: text("gateway")?.to_owned(), process }
        }
        "Login" => Entry::Login {
            at_ns,
            trading_day: fit(text("trading_day")?)?,
            front_id: number("front_id")?,
            session_id: number("session_id")?,
            max_order_ref: fit(text("max_order_ref")?)?,
        },
        "Answer" => {
            let refusal = note.text("refusal").map(str::to_owned);
            Entry::Answer { at_ns, request_id: number("request_id")?, refusal }
        }
        "Switch" => {
            let on = need(note, "on", note.flag("on"))?;
            Entry::Switch { at_ns, on, reason: text("reason")?.to_owned() }
        }
        "Closed" => Entry::Closed { at_ns },
        _ => match TraderRequest::ALL.iter().find(|request| request.name() == kind) {
            Some(request) => Entry::Action {
                at_ns,
                request: *request,
                record: need(note, "record", note.record("record"))?.clone(),
                request_id: number("request_id")?,
                front_id: number("front_id")?,
                session_id: number("session_id")?,
                order_ref: fit(text("order_ref")?)?,
            },
            None => Entry::Event(callback(&renamed(note, kind))?),
        },
    })
}

/// The note as that of the callback that was remembered.
fn renamed(note: &Note, name: &str) -> Note {
    note.values().fold(Note::new(name), |renamed, (key, value)| renamed.with(key, Value::clone(value)))
}

fn fit<const N: usize>(text: &str) -> Result<Text<N>, String> {
    Text::new(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use ctp_types::{InputOrderField, OrderField, RecordBox, TraderCallback};

    use super::*;
    use crate::requests::RawEvent;

    #[test]
    fn every_entry_comes_back() {
        let order_ref = Text::new("17").unwrap();
        let event = RawEvent {
            callback: TraderCallback::OnRtnOrder,
            record: Some(RecordBox::new(&OrderField { limit_price: 3_900.0, ..OrderField::default() })),
            rsp_info: None,
            number: 0,
            is_last: true,
            received_ns: 9,
        };
        let trading_day = Text::new("20261123").unwrap();
        for given in [
            Entry::Opened { at_ns: 1, gateway: "0.1.0".to_owned(), process: u32::MAX },
            Entry::Login { at_ns: 2, trading_day, front_id: 1, session_id: -5, max_order_ref: order_ref },
            Entry::Action {
                at_ns: 3,
                request: TraderRequest::ReqOrderInsert,
                record: RecordBox::new(&InputOrderField { order_ref, ..InputOrderField::default() }),
                request_id: 4,
                front_id: 1,
                session_id: -5,
                order_ref,
            },
            Entry::Answer { at_ns: 5, request_id: 4, refusal: None },
            Entry::Answer { at_ns: 5, request_id: 4, refusal: Some("too fast".to_owned()) },
            Entry::Event(event),
            Entry::Switch { at_ns: 7, on: true, reason: "enough".to_owned() },
            Entry::Closed { at_ns: 8 },
        ] {
            assert_eq!(format!("{:?}", entry(&note(&given)).unwrap()), format!("{given:?}"));
        }
        assert!(entry(&Note::new(NAME)).is_err());
    }
}
