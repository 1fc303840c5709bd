//! What a recording needs to know of a session: its inputs as notes, and back.

use std::any::Any;
use std::fmt::Debug;

use ctp_types::{Callback, RecordBox, Request, RspInfoField};
use tokio::sync::oneshot;

use super::note::{Note, Value};
use crate::config::Secret;
use crate::error::SendRefusal;
use crate::requests::RawEvent;
use crate::requests::submission::{Asker, Submission};

/// A session whose inputs can be written down and made again.
pub(crate) trait Recorded {
    type Input: Debug;
    type Output: Clone + Debug + Send + 'static;

    /// Writes an input down.
    fn note(input: &Self::Input) -> Note;

    /// Makes an input again, with what keeps its caller waiting.
    ///
    /// # Errors
    ///
    /// Returns what is missing or not known.
    fn input(note: &Note) -> Result<(Self::Input, Option<Waiting>), String>;

    /// Puts a relay between the session and who waits for the answer to the input, if somebody does.
    fn relayed(input: Self::Input) -> (Self::Input, Option<Box<dyn Relay>>);

    /// Returns a secret that the input brings.
    fn secret(input: &Self::Input) -> Option<&Secret>;
}

/// As long as it lives, a session believes that somebody waits for an answer.
pub(crate) type Waiting = Box<dyn Any + Send>;

/// Stands between a session and one who waits for its answer.
///
/// A session looks whether its callers still wait, at a time that nothing else tells. With a relay they go away only
/// between two steps, which can be written down.
pub(crate) trait Relay: Send {
    /// Passes the answer on if there is one. Returns whether the relay has done its work.
    fn pass(&mut self) -> bool;

    /// Passes the answer on if there is one, and lets a caller who went away go for the session too. Called before a
    /// step only, which then says so.
    fn look(&mut self) -> Relayed;
}

/// What a [`Relay`] saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relayed {
    /// No answer yet.
    Waiting,
    /// The answer was passed on.
    Answered,
    /// The caller went away: so did the relay, for the session.
    Gone,
}

struct Between<T> {
    caller: Option<oneshot::Sender<T>>,
    answer: oneshot::Receiver<T>,
}

impl<T: Send> Relay for Between<T> {
    fn pass(&mut self) -> bool {
        match self.answer.try_recv() {
            Ok(answer) => {
                if let Some(caller) = self.caller.take() {
                    // A caller that went away is no failure.
                    let _ = caller.send(answer);
                }
                true
            }
            // The session dropped the reply: so does the relay.
            Err(oneshot::error::TryRecvError::Closed) => true,
            Err(oneshot::error::TryRecvError::Empty) => false,
        }
    }

    fn look(&mut self) -> Relayed {
        if self.pass() {
            return Relayed::Answered;
        }
        if self.caller.as_ref().is_some_and(|caller| !caller.is_closed()) {
            return Relayed::Waiting;
        }
        self.answer.close();
        Relayed::Gone
    }
}

/// Returns what the session gets instead of the caller's reply.
pub(crate) fn relay<T: Send + 'static>(caller: oneshot::Sender<T>) -> (oneshot::Sender<T>, Box<dyn Relay>) {
    let (reply, answer) = oneshot::channel();
    (reply, Box::new(Between { caller: Some(caller), answer }))
}

/// Returns a reply for an input that is made again, and what keeps its caller waiting.
pub(crate) fn waiting<T: Send + 'static>() -> (oneshot::Sender<T>, Option<Waiting>) {
    let (reply, answer) = oneshot::channel();
    (reply, Some(Box::new(answer)))
}

/// Writes down what the library said to a request.
pub(crate) fn note_sent(request_id: i32, result: &Result<(), SendRefusal>) -> Note {
    let note = Note::new("Sent").with("request_id", request_id);
    match result {
        Ok(()) => note,
        Err(SendRefusal::NotConnected) => note.with("refused", "not_connected"),
        Err(SendRefusal::TooManyUnanswered) => note.with("refused", "too_many_unanswered"),
        Err(SendRefusal::TooFast) => note.with("refused", "too_fast"),
        Err(SendRefusal::NotJournaled(why)) => {
            note.with("refused", "not_journaled").with("message", why.as_str())
        }
        Err(SendRefusal::Relay { code }) => note.with("refused", "relay").with("code", *code),
        Err(other) => note.with("refused", "library").with("message", other.to_string()),
    }
}

/// Makes again what [`note_sent`] wrote.
pub(crate) fn sent(note: &Note) -> Result<(i32, Result<(), SendRefusal>), String> {
    let request_id = need(note, "request_id", note.number("request_id"))?;
    let result = match note.text("refused") {
        None => Ok(()),
        Some("not_journaled") => {
            Err(SendRefusal::NotJournaled(need(note, "message", note.text("message"))?.to_owned()))
        }
        Some("not_connected") => Err(SendRefusal::NotConnected),
        Some("too_many_unanswered") => Err(SendRefusal::TooManyUnanswered),
        Some("too_fast") => Err(SendRefusal::TooFast),
        Some("relay") => Err(SendRefusal::Relay { code: need(note, "code", note.number("code"))? }),
        Some(_) => Err(SendRefusal::Library(note.text("message").unwrap_or_default().to_owned())),
    };
    Ok((request_id, result))
}

/// Writes a callback down.
pub(crate) fn note_callback<C: Callback>(event: &RawEvent<C>) -> Note {
    Note::new(event.callback.name())
        .with("number", event.number)
        .with("is_last", event.is_last)
        .with("received_ns", event.received_ns)
        .with_some("record", event.record.clone())
        .with_some("rsp_info", event.rsp_info.as_ref().map(RecordBox::new))
}

/// Makes again what [`note_callback`] wrote.
pub(crate) fn callback<C: Callback>(note: &Note) -> Result<RawEvent<C>, String> {
    Ok(RawEvent {
        callback: callback_named(note.name()).ok_or_else(|| format!("`{}` is no input", note.name()))?,
        record: note.record("record").cloned(),
        rsp_info: note.record("rsp_info").and_then(RecordBox::get::<RspInfoField>).copied(),
        number: need(note, "number", note.number("number"))?,
        is_last: need(note, "is_last", note.flag("is_last"))?,
        received_ns: need(note, "received_ns", note.number("received_ns"))?,
    })
}

fn callback_named<C: Callback>(name: &str) -> Option<C> {
    C::ALL.iter().find(|callback| callback.name() == name).copied()
}

/// Writes down that a callback panicked.
pub(crate) fn note_panicked(callback: &'static str, message: &str) -> Note {
    Note::new("Panicked").with("callback", callback).with("message", message)
}

/// Makes again what [`note_panicked`] wrote: the callback's name and the message.
pub(crate) fn panicked<C: Callback>(note: &Note) -> Result<(&'static str, String), String> {
    let known = callback_named::<C>(note.text("callback").unwrap_or_default());
    let message = need(note, "message", note.text("message"))?.to_owned();
    Ok((known.map_or("unknown callback", C::name), message))
}

/// Makes the request again that a caller made, and what keeps its caller waiting.
pub(crate) fn submission<R: Request>(note: &Note) -> Result<(Submission<R>, Option<Waiting>), String> {
    let (reply, answer) = waiting();
    let name = need(note, "request", note.text("request"))?;
    let request = R::ALL.iter().find(|request| request.name() == name).copied();
    let submission = Submission {
        request: request.ok_or_else(|| format!("`{name}` is no request"))?,
        record: need(note, "record", note.record("record"))?.clone(),
        asker: Asker::Caller(reply),
    };
    Ok((submission, answer))
}

/// Writes down what a caller asked for; [`submission`] makes it again.
pub(crate) fn note_submission<R: Request>(submission: &Submission<R>) -> Note {
    Note::new("Request").with("request", submission.request.name()).with("record", submission.record.clone())
}

/// Returns what became of a fresh API object as a note.
pub(crate) fn note_renewed(result: &Result<(), String>) -> Note {
    Note::new("Renewed").with_some("error", result.as_ref().err().map(String::as_str))
}

/// Makes again what [`note_renewed`] wrote.
pub(crate) fn renewed(note: &Note) -> Result<(), String> {
    note.text("error").map_or(Ok(()), |error| Err(error.to_owned()))
}

/// Returns a value that must be there.
pub(crate) fn need<T>(note: &Note, key: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("{} has no `{key}` that fits", note.name()))
}

/// Returns texts as a list.
pub(crate) fn list<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Vec<Value> {
    texts.into_iter().map(|text| Value::Text(text.as_ref().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_passes_answers_on_and_tells_who_went_away() {
        let (caller, mut answer) = oneshot::channel();
        let (reply, mut between) = relay::<u32>(caller);
        assert_eq!(between.look(), Relayed::Waiting);
        assert!(!reply.is_closed());
        reply.send(7).unwrap();
        assert_eq!((between.look(), answer.try_recv()), (Relayed::Answered, Ok(7)));

        let (caller, answer) = oneshot::channel();
        let (reply, mut between) = relay::<u32>(caller);
        drop(answer);
        assert!(!between.pass() && !reply.is_closed(), "until somebody looks before a step");
        assert_eq!(between.look(), Relayed::Gone);
        assert!(reply.is_closed());
    }

    #[test]
    fn the_words_of_the_library_come_back() {
        let words = [
            Ok(()),
            Err(SendRefusal::NotConnected),
            Err(SendRefusal::TooManyUnanswered),
            Err(SendRefusal::TooFast),
            Err(SendRefusal::Relay { code: -3 }),
            Err(SendRefusal::Library("not in this version".to_owned())),
        ];
        for word in words {
            assert_eq!(sent(&note_sent(7, &word)), Ok((7, word)));
        }
        assert!(sent(&Note::new("Sent")).is_err());
    }
}
