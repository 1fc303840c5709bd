//! A trading session's inputs as notes, and back.

mod remembered;

use ctp_types::{RecordBox, Text, TraderCallback, TraderRequest};

use crate::capture::recorded::{
    Recorded, Relay, Waiting, callback, need, note_callback, note_panicked, note_renewed, note_sent,
    note_submission, panicked, relay, renewed, sent, submission, waiting,
};
use crate::capture::replay::{Effect, Replayable};
use crate::capture::{About, CaptureError, Note, Recording, SessionKind, Value};
use crate::config::{Secret, TdConfig};
use crate::session::Now;
use crate::shell::now;
use crate::td::account::AccountTexts;
use crate::td::instructions::{InstructionId, InstructionKind};
use crate::td::io::{ActReply, Command, Input, Output};
use crate::td::ledger::Mark;
use crate::td::orders::order::OrderId;
use crate::td::risk::Counted;
use crate::td::session::TdSession;

/// Trading sessions.
pub(crate) enum TdRecorded {}

impl Recorded for TdRecorded {
    type Input = Input;
    type Output = Output;

    fn note(input: &Input) -> Note {
        match input {
            Input::Callback(event) => note_callback(event),
            Input::Panicked { callback, message } => note_panicked(callback, message),
            Input::Sent { request_id, result } => note_sent(*request_id, result),
            Input::FrontInfo { address, query_frequency, package_frequency } => Note::new("FrontInfo")
                .with("address", address.to_str().into_owned())
                .with("query_frequency", *query_frequency)
                .with("package_frequency", *package_frequency),
            Input::Elsewhere(actions) => note_elsewhere(actions),
            Input::Kill { reason } => Note::new("Kill").with("reason", reason.as_str()),
            Input::Release => Note::new("Release"),
            Input::Renewed { result } => note_renewed(result),
            Input::Mark(mark) => note_mark(mark),
            Input::Command(Command::Act { logins, request, record, .. }) => Note::new("Act")
                .with("logins", logins.cast_signed())
                .with("request", request.name())
                .with("record", record.clone()),
            Input::Command(Command::CancelInstruction { logins, id, .. }) => Note::new("CancelInstruction")
                .with("logins", logins.cast_signed())
                .with("id", id.0.cast_signed()),
            Input::Command(Command::Cancel { logins, id, .. }) => {
                Note::new("Cancel").with("logins", logins.cast_signed()).with("id", id.0.cast_signed())
            }
            Input::Command(Command::CancelAll { logins, instrument, .. }) => Note::new("CancelAll")
                .with("logins", logins.cast_signed())
                .with_some("instrument", instrument.map(|id| id.to_str().into_owned())),
            Input::Command(Command::Request { logins, submission }) => {
                note_submission(submission).with("logins", logins.cast_signed())
            }
            Input::Command(Command::Reconcile { .. }) => Note::new("Reconcile"),
            Input::Command(Command::AcceptDifferences { .. }) => Note::new("AcceptDifferences"),
            Input::Command(Command::Learn { trading_day, records, .. }) => {
                let note = Note::new("Learn").with("trading_day", &*trading_day.to_str());
                note.with("rows", records.iter().cloned().map(Value::from).collect::<Vec<_>>())
            }
            // The words differ from the configuration's, as the secrets do.
            Input::Command(Command::ChangePassword { new, .. }) => {
                Note::new("ChangePassword").with("new", blank(new))
            }
            Input::Command(Command::RequestSmsCode { mobile, .. }) => {
                Note::new("RequestSmsCode").with("mobile", mobile.as_str())
            }
            Input::Command(Command::LogInWithSmsCode { code, .. }) => {
                Note::new("LogInWithSmsCode").with("code", blank(code))
            }
            Input::Remembered(entry) => remembered::note(entry),
            Input::JournalDamaged { place } => Note::new("JournalDamaged").with("place", place.as_str()),
            Input::JournalFailed { reason } => Note::new("JournalFailed").with("reason", reason.as_str()),
            Input::Time => Note::new("Time"),
            Input::Finish => Note::new("Finish"),
        }
    }

    fn input(note: &Note) -> Result<(Input, Option<Waiting>), String> {
        let logins = || need(note, "logins", note.number::<i64>("logins")).map(i64::cast_unsigned);
        let input = match note.name() {
            "Panicked" => {
                let (callback, message) = panicked::<TraderCallback>(note)?;
                Input::Panicked { callback, message }
            }
            "Sent" => {
                let (request_id, result) = sent(note)?;
                Input::Sent { request_id, result }
            }
            "FrontInfo" => {
                let query_frequency = need(note, "query_frequency", note.number("query_frequency"))?;
                let address = Text::new(need(note, "address", note.text("address"))?)
                    .map_err(|error| error.to_string())?;
                // Files of before it was asked for have none.
                let package_frequency = note.number("package_frequency").unwrap_or(0);
                Input::FrontInfo { address, query_frequency, package_frequency }
            }
            "Elsewhere" => Input::Elsewhere(elsewhere(note)?),
            "Kill" => Input::Kill { reason: need(note, "reason", note.text("reason"))?.to_owned() },
            "Release" => Input::Release,
            "Renewed" => Input::Renewed { result: renewed(note) },
            "Mark" => Input::Mark(Box::new(mark(note)?)),
            "Act" => {
                let name = need(note, "request", note.text("request"))?;
                let request = TraderRequest::ALL.iter().find(|request| request.name() == name).copied();
                let request = request.ok_or_else(|| format!("`{name}` is no request"))?;
                let record = need(note, "record", note.record("record"))?.clone();
                let (reply, answer) = if InstructionKind::of(request).is_some() {
                    let (reply, answer) = waiting();
                    (ActReply::Instruction(reply), answer)
                } else {
                    let (reply, answer) = waiting();
                    (ActReply::Order(reply), answer)
                };
                let logins = logins()?;
                return Ok((Input::Command(Command::Act { logins, request, record, reply }), answer));
            }
            "CancelInstruction" => {
                let (reply, answer) = waiting();
                let id = InstructionId(need(note, "id", note.number::<i64>("id"))?.cast_unsigned());
                let command = Command::CancelInstruction { logins: logins()?, id, reply };
                return Ok((Input::Command(command), answer));
            }
            "Cancel" => {
                let (reply, answer) = waiting();
                let id = OrderId(need(note, "id", note.number::<i64>("id"))?.cast_unsigned());
                return Ok((Input::Command(Command::Cancel { logins: logins()?, id, reply }), answer));
            }
            "CancelAll" => {
                let (reply, answer) = waiting();
                let instrument = note.text("instrument").map(Text::new).transpose();
                let instrument = instrument.map_err(|error| error.to_string())?;
                let command = Command::CancelAll { logins: logins()?, instrument, reply };
                return Ok((Input::Command(command), answer));
            }
            "Request" => {
                let (submission, answer) = submission(note)?;
                return Ok((Input::Command(Command::Request { logins: logins()?, submission }), answer));
            }
            "Reconcile" => {
                let (reply, answer) = waiting();
                return Ok((Input::Command(Command::Reconcile { reply }), answer));
            }
            "AcceptDifferences" => {
                let (reply, answer) = waiting();
                return Ok((Input::Command(Command::AcceptDifferences { reply }), answer));
            }
            "Learn" => {
                let (reply, answer) = waiting();
                let day = need(note, "trading_day", note.text("trading_day"))?;
                let trading_day = Text::new(day).map_err(|error| error.to_string())?;
                let rows = need(note, "rows", note.list("rows"))?.iter();
                let records = rows.map(row).collect::<Result<_, _>>()?;
                return Ok((Input::Command(Command::Learn { trading_day, records, reply }), answer));
            }
            "ChangePassword" => {
                let (reply, answer) = waiting();
                let new = Secret::from(need(note, "new", note.text("new"))?);
                return Ok((Input::Command(Command::ChangePassword { new, reply }), answer));
            }
            "RequestSmsCode" => {
                let (reply, answer) = waiting();
                let mobile = need(note, "mobile", note.text("mobile"))?.to_owned();
                return Ok((Input::Command(Command::RequestSmsCode { mobile, reply }), answer));
            }
            "LogInWithSmsCode" => {
                let (reply, answer) = waiting();
                let code = Secret::from(need(note, "code", note.text("code"))?);
                return Ok((Input::Command(Command::LogInWithSmsCode { code, reply }), answer));
            }
            "Remembered" => Input::Remembered(remembered::entry(note)?),
            "JournalDamaged" => {
                Input::JournalDamaged { place: need(note, "place", note.text("place"))?.to_owned() }
            }
            "JournalFailed" => {
                Input::JournalFailed { reason: need(note, "reason", note.text("reason"))?.to_owned() }
            }
            "Time" => Input::Time,
            "Finish" => Input::Finish,
            _ => Input::Callback(callback(note)?),
        };
        Ok((input, None))
    }

    fn relayed(input: Input) -> (Input, Option<Box<dyn Relay>>) {
        match input {
            Input::Command(Command::Act { logins, request, record, reply: ActReply::Order(reply) }) => {
                let (reply, relay) = relay(reply);
                let reply = ActReply::Order(reply);
                (Input::Command(Command::Act { logins, request, record, reply }), Some(relay))
            }
            Input::Command(Command::Act { logins, request, record, reply: ActReply::Instruction(reply) }) => {
                let (reply, relay) = relay(reply);
                let reply = ActReply::Instruction(reply);
                (Input::Command(Command::Act { logins, request, record, reply }), Some(relay))
            }
            Input::Command(Command::CancelInstruction { logins, id, reply }) => {
                let (reply, relay) = relay(reply);
                (Input::Command(Command::CancelInstruction { logins, id, reply }), Some(relay))
            }
            Input::Command(Command::Cancel { logins, id, reply }) => {
                let (reply, relay) = relay(reply);
                (Input::Command(Command::Cancel { logins, id, reply }), Some(relay))
            }
            Input::Command(Command::CancelAll { logins, instrument, reply }) => {
                let (reply, relay) = relay(reply);
                (Input::Command(Command::CancelAll { logins, instrument, reply }), Some(relay))
            }
            Input::Command(Command::Request { logins, submission }) => {
                let (submission, relay) = submission.relayed();
                (Input::Command(Command::Request { logins, submission }), relay)
            }
            Input::Command(Command::Reconcile { reply }) => {
                let (reply, relay) = relay(reply);
                (Input::Command(Command::Reconcile { reply }), Some(relay))
            }
            Input::Command(Command::AcceptDifferences { reply }) => {
                let (reply, relay) = relay(reply);
                (Input::Command(Command::AcceptDifferences { reply }), Some(relay))
            }
            Input::Command(Command::Learn { trading_day, records, reply }) => {
                let (reply, relay) = relay(reply);
                (Input::Command(Command::Learn { trading_day, records, reply }), Some(relay))
            }
            Input::Command(Command::ChangePassword { new, reply }) => {
                let (reply, relay) = relay(reply);
                (Input::Command(Command::ChangePassword { new, reply }), Some(relay))
            }
            Input::Command(Command::RequestSmsCode { mobile, reply }) => {
                let (reply, relay) = relay(reply);
                (Input::Command(Command::RequestSmsCode { mobile, reply }), Some(relay))
            }
            Input::Command(Command::LogInWithSmsCode { code, reply }) => {
                let (reply, relay) = relay(reply);
                (Input::Command(Command::LogInWithSmsCode { code, reply }), Some(relay))
            }
            other => (other, None),
        }
    }

    fn secret(input: &Input) -> Option<&Secret> {
        match input {
            Input::Command(Command::ChangePassword { new, .. }) => Some(new),
            Input::Command(Command::LogInWithSmsCode { code, .. }) => Some(code),
            _ => None,
        }
    }
}

impl Replayable for TdRecorded {
    type Config = TdConfig;
    type Session = TdSession;

    fn session(config: &TdConfig, seed: u64) -> Result<TdSession, String> {
        let account = AccountTexts::new(config).map_err(|error| error.to_string())?;
        Ok(TdSession::new(config, account, seed))
    }

    fn step(session: &mut TdSession, now: Now, input: Input) -> Vec<Output> {
        session.step(now, input)
    }

    fn effect(output: Output) -> Effect {
        match output {
            Output::State(state) => Effect::State(state),
            Output::Event(event) => Effect::TdEvent(event),
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
    config: &TdConfig,
    seed: u64,
    library: &str,
) -> Result<Recording<TdRecorded>, CaptureError> {
    let Some(capture) = &config.capture else { return Ok(Recording::off()) };
    let about = About {
        session: SessionKind::Td,
        library: library.to_owned(),
        seed,
        config: serde_json::to_value(config).unwrap_or_default(),
        secrets: &[&config.password, &config.one_time_password, &config.auth_code],
        public: &[&config.broker_id, &config.user_id, &config.investor_id, &config.app_id],
    };
    Recording::begin(now(&config.clock), capture, about, None)
}

fn note_mark(mark: &Mark) -> Note {
    let mut note = Note::new("Mark").with("instrument", &*mark.instrument_id.to_str());
    for (name, value) in mark.prices() {
        note = note.with_some(name, value);
    }
    note
}

fn mark(note: &Note) -> Result<Mark, String> {
    let id = need(note, "instrument", note.text("instrument"))?;
    let id = Text::new(id).map_err(|error| error.to_string())?;
    Ok(Mark::named(id, |name| note.real(name)))
}

/// Writes each action as its age, its kind and its instrument.
fn note_elsewhere(actions: &[(u64, Counted, Text<81>)]) -> Note {
    let value = |(age_ns, what, instrument): &(u64, Counted, Text<81>)| {
        let what = match what {
            Counted::Order => "order",
            Counted::Cancel => "cancel",
            Counted::Other => "other",
        };
        let age = i64::try_from(*age_ns).unwrap_or(i64::MAX);
        Value::List(vec![age.into(), what.into(), instrument.to_str().into_owned().into()])
    };
    Note::new("Elsewhere").with("actions", actions.iter().map(value).collect::<Vec<_>>())
}

fn elsewhere(note: &Note) -> Result<Vec<(u64, Counted, Text<81>)>, String> {
    let read = |value: &Value| {
        let Value::List(parts) = value else { return Err(format!("{value} is no list")) };
        let [Value::Number(age), Value::Text(what), Value::Text(instrument)] = parts.as_slice() else {
            return Err(format!("{value} is no age, kind and instrument"));
        };
        let age = u64::try_from(*age).map_err(|_| format!("age {age} is below 0"))?;
        let what = match what.as_str() {
            "order" => Counted::Order,
            "cancel" => Counted::Cancel,
            "other" => Counted::Other,
            other => return Err(format!("`{other}` is nothing that is counted")),
        };
        Ok((age, what, Text::new(instrument).map_err(|error| error.to_string())?))
    };
    need(note, "actions", note.list("actions"))?.iter().map(read).collect()
}

fn row(value: &Value) -> Result<RecordBox, String> {
    match value {
        Value::Record(record) => Ok(record.clone()),
        other => Err(format!("{other} is no record")),
    }
}

/// Returns what stands for a secret that a command brings.
fn blank(secret: &Secret) -> &'static str {
    if secret.is_empty() { "" } else { "***new" }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn calls_with_secrets_are_recorded_without_them() {
        let change = Input::Command(Command::ChangePassword {
            new: "kanarie-3f9".into(),
            reply: oneshot::channel().0,
        });
        let code =
            Input::Command(Command::LogInWithSmsCode { code: "123456".into(), reply: oneshot::channel().0 });
        let mobile = "13800000000".to_owned();
        let ask = Input::Command(Command::RequestSmsCode { mobile, reply: oneshot::channel().0 });
        for input in [change, code, ask] {
            let note = TdRecorded::note(&input);
            let text = note.to_string();
            assert!(!text.contains("kanarie") && !text.contains("123456"), "{text}");
            let (again, waiting) = TdRecorded::input(&note).unwrap();
            assert!(waiting.is_some());
            assert_eq!(TdRecorded::note(&again).to_string(), text);
            assert_eq!(TdRecorded::secret(&input).is_some(), note.name() != "RequestSmsCode");
            assert!(TdRecorded::relayed(input).1.is_some());
        }
    }

    #[test]
    fn prices_come_back_as_they_were() {
        let id = Text::new("rb2701").unwrap();
        let names = ["last", "bid", "ask", "upper", "lower", "pre_settlement"];
        let known =
            Mark::named(id, |name| names.iter().position(|known| *known == name).map(|at| at as f64 + 0.1));
        for mark in [known, Mark { instrument_id: id, last: Some(-1.5), ..Mark::default() }] {
            let note = TdRecorded::note(&Input::Mark(Box::new(mark)));
            let (again, _) = TdRecorded::input(&note).unwrap();
            assert!(matches!(again, Input::Mark(again) if *again == mark), "{note}");
        }
        assert!(TdRecorded::input(&Note::new("Mark")).is_err());
    }

    #[test]
    fn the_gates_inputs_come_back_as_they_were() {
        let instrument = Text::new("rb2601").unwrap();
        let actions = vec![(0, Counted::Order, instrument), (7, Counted::Cancel, instrument)];
        let elsewhere = Input::Elsewhere([actions, vec![(9, Counted::Other, Text::default())]].concat());
        for input in [elsewhere, Input::Kill { reason: "停 enough".to_owned() }, Input::Release] {
            let note = TdRecorded::note(&input);
            let (again, _) = TdRecorded::input(&note).unwrap();
            assert_eq!(format!("{again:?}"), format!("{input:?}"));
        }
    }

    #[test]
    fn what_no_session_knows_is_refused() {
        for (note, words) in [
            (Note::new("OnRtnNothing"), "no input"),
            (Note::new("OnRtnOrder"), "no `number`"),
            (Note::new("Request").with("request", "ReqNothing"), "no request"),
            (Note::new("Act"), "no `request`"),
        ] {
            let error = TdRecorded::input(&note).expect_err("refused");
            assert!(error.contains(words), "{error}");
        }
    }
}
