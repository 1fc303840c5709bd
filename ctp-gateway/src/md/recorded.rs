//! A market data session's inputs as notes, and back.

use ctp_types::{MdCallback, Text};

use crate::capture::recorded::{
    Recorded, Relay, Waiting, callback, list, need, note_callback, note_panicked, note_renewed, note_sent,
    note_submission, panicked, renewed, sent, submission,
};
use crate::capture::replay::{Effect, Replayable};
use crate::capture::{About, CaptureError, Note, Recording, SessionKind, TickSource, Value};
use crate::config::{MdConfig, Secret};
use crate::md::event::Seen;
use crate::md::io::{Command, Feed, Id, Input, Output};
use crate::md::session::MdSession;
use crate::session::Now;
use crate::shell::now;

/// Market data sessions.
pub(crate) enum MdRecorded {}

impl Recorded for MdRecorded {
    type Input = Input;
    type Output = Output;

    fn note(input: &Input) -> Note {
        match input {
            Input::Callback(event) => note_callback(event),
            Input::Panicked { callback, message } => note_panicked(callback, message),
            Input::Sent { request_id, result } => note_sent(*request_id, result),
            Input::Command(Command::Subscribe(feed, ids)) => {
                Note::new(feed.subscribe_name()).with("ids", texts(ids))
            }
            Input::Command(Command::Unsubscribe(feed, ids)) => {
                Note::new(feed.unsubscribe_name()).with("ids", texts(ids))
            }
            Input::Renewed { result } => note_renewed(result),
            Input::Command(Command::Request(submission)) => note_submission(submission),
            Input::Time => Note::new("Time"),
            Input::Ticked(seen) => {
                Note::new("Ticked").with("seen", seen.iter().map(seen_value).collect::<Vec<_>>())
            }
            Input::Finish => Note::new("Finish"),
        }
    }

    fn input(note: &Note) -> Result<(Input, Option<Waiting>), String> {
        let input = match note.name() {
            "Panicked" => {
                let (callback, message) = panicked::<MdCallback>(note)?;
                Input::Panicked { callback, message }
            }
            "Sent" => {
                let (request_id, result) = sent(note)?;
                Input::Sent { request_id, result }
            }
            "SubscribeMarketData" => Input::Command(Command::Subscribe(Feed::Ticks, ids(note)?)),
            "SubscribeForQuoteRsp" => Input::Command(Command::Subscribe(Feed::QuoteRequests, ids(note)?)),
            "UnSubscribeMarketData" => Input::Command(Command::Unsubscribe(Feed::Ticks, ids(note)?)),
            "UnSubscribeForQuoteRsp" => Input::Command(Command::Unsubscribe(Feed::QuoteRequests, ids(note)?)),
            "Ticked" => Input::Ticked(
                need(note, "seen", note.list("seen"))?.iter().map(seen).collect::<Result<_, _>>()?,
            ),
            "Renewed" => Input::Renewed { result: renewed(note) },
            "Request" => {
                let (submission, answer) = submission(note)?;
                return Ok((Input::Command(Command::Request(submission)), answer));
            }
            "Time" => Input::Time,
            "Finish" => Input::Finish,
            _ => Input::Callback(callback(note)?),
        };
        Ok((input, None))
    }

    fn relayed(input: Input) -> (Input, Option<Box<dyn Relay>>) {
        match input {
            Input::Command(Command::Request(submission)) => {
                let (submission, relay) = submission.relayed();
                (Input::Command(Command::Request(submission)), relay)
            }
            other => (other, None),
        }
    }

    fn secret(_: &Input) -> Option<&Secret> {
        None
    }
}

impl Replayable for MdRecorded {
    type Config = MdConfig;
    type Session = MdSession;

    fn session(config: &MdConfig, seed: u64) -> Result<MdSession, String> {
        MdSession::new(config, seed).map_err(|error| error.to_string())
    }

    fn step(session: &mut MdSession, now: Now, input: Input) -> Vec<Output> {
        session.step(now, input)
    }

    fn effect(output: Output) -> Effect {
        match output {
            Output::State(state) => Effect::State(state),
            Output::Event(event) => Effect::MdEvent(event),
            Output::Send { request, record, request_id } => {
                Effect::Request { request: request.name(), request_id, record }
            }
            other => Effect::Other(format!("{other:?}")),
        }
    }
}

/// Begins the recording that a configuration asks for.
///
/// # Errors
///
/// Returns why the file cannot be made.
pub(crate) fn begin(
    config: &MdConfig,
    seed: u64,
    library: &str,
    ticks: Option<Box<dyn TickSource>>,
) -> Result<Recording<MdRecorded>, CaptureError> {
    let Some(capture) = &config.capture else { return Ok(Recording::off()) };
    let about = About {
        session: SessionKind::Md,
        library: library.to_owned(),
        seed,
        config: serde_json::to_value(config).unwrap_or_default(),
        secrets: &[&config.password],
        public: &[&config.broker_id, &config.user_id],
    };
    Recording::begin(now(&config.clock), capture, about, ticks)
}

fn texts(ids: &[Id]) -> Vec<Value> {
    list(ids.iter().map(Text::to_str))
}

fn ids(note: &Note) -> Result<Vec<Id>, String> {
    let id = |value: &Value| match value {
        Value::Text(text) => Text::new(text).map_err(|error| error.to_string()),
        other => Err(format!("{other} is no instrument")),
    };
    need(note, "ids", note.list("ids"))?.iter().map(id).collect()
}

fn seen_value(seen: &Seen) -> Value {
    // Exhaustive, so that a new field is not forgotten here.
    let Seen { instrument_id, sequence, received_ns, update_time, update_millisec } = seen;
    Value::List(vec![
        Value::Text(instrument_id.to_str().into_owned()),
        Value::Number(sequence.cast_signed()),
        Value::Number(*received_ns),
        Value::Text(update_time.to_str().into_owned()),
        Value::Number((*update_millisec).into()),
    ])
}

fn seen(value: &Value) -> Result<Seen, String> {
    let no_tick = || format!("{value} is no tick");
    let Value::List(values) = value else { return Err(no_tick()) };
    let [
        Value::Text(instrument_id),
        Value::Number(sequence),
        Value::Number(received_ns),
        Value::Text(update_time),
        Value::Number(update_millisec),
    ] = values.as_slice()
    else {
        return Err(no_tick());
    };
    Ok(Seen {
        instrument_id: Text::new(instrument_id).map_err(|_| no_tick())?,
        sequence: sequence.cast_unsigned(),
        received_ns: *received_ns,
        update_time: Text::new(update_time).map_err(|_| no_tick())?,
        update_millisec: i32::try_from(*update_millisec).map_err(|_| no_tick())?,
    })
}
