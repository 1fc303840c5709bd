//! The recorded inputs through the same state machine, and whether it answers the same.

use std::fmt::Debug;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use ctp_types::RecordBox;
use serde::Deserialize;

use super::CaptureError;
use super::file::Reader;
use super::frame::{Frame, Header, OutputNote, RecordedTick, SessionKind, Step, Totals};
use super::note::Value;
use super::recorded::{Recorded, Waiting};
use super::recording::GONE;
use crate::config::{MdConfig, TdConfig};
use crate::md::{MdEvent, recorded::MdRecorded};
use crate::session::Now;
use crate::state::SessionState;
use crate::td::{TdEvent, recorded::TdRecorded};

/// What a session put out in a replay.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Effect {
    /// It reached a state.
    State(SessionState),
    /// A market data session reported an event.
    MdEvent(MdEvent),
    /// A trading session reported an event.
    TdEvent(TdEvent),
    /// It gave a request to the library. Secrets are blank.
    Request {
        /// The C name.
        request: &'static str,
        /// The number. C: `nRequestID`.
        request_id: i32,
        /// The record.
        record: RecordBox,
    },
    /// Anything else, as `Debug` writes it.
    Other(String),
}

/// One step of a replay.
#[derive(Debug)]
pub struct ReplayedStep {
    /// Where the step begins in the file, in bytes.
    pub offset: u64,
    /// The step as it was recorded.
    pub recorded: Step,
    /// What the session put out now.
    pub effects: Vec<Effect>,
    /// The same as it is compared.
    pub outputs: Vec<OutputNote>,
}

impl ReplayedStep {
    /// Returns whether the session put out now what it put out then.
    pub fn is_equal(&self) -> bool {
        self.recorded.outputs == self.outputs
    }
}

/// What a replay gives, frame by frame.
#[derive(Debug)]
#[non_exhaustive]
pub enum Replayed {
    /// A step of the session. Large, so boxed.
    Step(Box<ReplayedStep>),
    /// A tick. Ticks do not pass through the session.
    Tick(RecordedTick),
    /// Here something was not recorded: from here on the session need not answer the same.
    Lost {
        /// Steps.
        steps: u64,
        /// Ticks.
        ticks: u64,
    },
    /// The end of a session that was closed.
    End(Totals),
}

/// Drives a session by a capture, frame by frame. After an error there is nothing more.
pub struct Replay<R> {
    reader: Reader<R>,
    session: Box<dyn Driven>,
    start: Instant,
    waiting: Vec<(i64, Waiting)>,
    commands: i64,
    over: bool,
}

impl Replay<BufReader<File>> {
    /// Opens a capture.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and a file that cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CaptureError> {
        Self::new(Reader::open(path)?)
    }
}

impl<R: Read> Replay<R> {
    /// Makes a session as the recorded one was.
    ///
    /// # Errors
    ///
    /// [`CaptureError::Malformed`] if the configuration in the header is none.
    pub fn new(reader: Reader<R>) -> Result<Self, CaptureError> {
        let malformed = |reason: String| CaptureError::Malformed { offset: 12, reason };
        let Header { session, config, seed, .. } = reader.header();
        let session: Box<dyn Driven> = match session {
            SessionKind::Md => {
                let config = MdConfig::deserialize(config).map_err(|error| malformed(error.to_string()))?;
                let session = MdRecorded::session(&config, *seed).map_err(malformed)?;
                Box::new(Machine::<MdRecorded>(session))
            }
            SessionKind::Td => {
                let config = TdConfig::deserialize(config).map_err(|error| malformed(error.to_string()))?;
                let session = TdRecorded::session(&config, *seed).map_err(malformed)?;
                Box::new(Machine::<TdRecorded>(session))
            }
        };
        // Only differences to the start are ever used.
        let start = Instant::now();
        Ok(Self { reader, session, start, waiting: Vec::new(), commands: 0, over: false })
    }

    /// Returns what the file says about itself.
    pub fn header(&self) -> &Header {
        self.reader.header()
    }

    fn step(&mut self, offset: u64, recorded: Step) -> Result<ReplayedStep, CaptureError> {
        let not_replayable = |reason: String| CaptureError::NotReplayable { offset, reason };
        for gone in recorded.input.list(GONE).unwrap_or_default() {
            if let Value::Number(gone) = gone {
                self.waiting.retain(|(number, _)| number != gone);
            }
        }
        let instant = self.start.checked_add(Duration::from_nanos(recorded.at.elapsed_ns));
        let instant = instant.ok_or_else(|| not_replayable("its time is out of reach".to_owned()))?;
        let now = Now { instant, unix_ns: recorded.at.unix_ns };
        let driven = self.session.step(now, &recorded.input).map_err(not_replayable)?;
        if let Some(waiting) = driven.waiting {
            self.waiting.push((self.commands, waiting));
            self.commands += 1;
        }
        Ok(ReplayedStep { offset, recorded, effects: driven.effects, outputs: driven.outputs })
    }
}

impl<R: Read> Iterator for Replay<R> {
    type Item = Result<Replayed, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let replayed = match self.reader.next()? {
            Ok((offset, Frame::Step(step))) => {
                self.step(offset, step).map(|step| Replayed::Step(Box::new(step)))
            }
            Ok((_, Frame::Tick(tick))) => Ok(Replayed::Tick(tick)),
            Ok((_, Frame::Lost { steps, ticks })) => Ok(Replayed::Lost { steps, ticks }),
            Ok((_, Frame::End(totals))) => Ok(Replayed::End(totals)),
            Ok((offset, Frame::Header(_))) => {
                Err(CaptureError::Malformed { offset, reason: "a second header".to_owned() })
            }
            Err(error) => Err(error),
        };
        self.over = replayed.is_err();
        Some(replayed)
    }
}

/// How a replay went.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// What the file says about itself.
    pub header: Header,
    /// Steps that were replayed.
    pub steps: u64,
    /// Outputs that they made.
    pub outputs: u64,
    /// Ticks in the file.
    pub ticks: u64,
    /// Steps and ticks that the file says are missing. With missing steps nothing behind them is compared.
    pub lost: (u64, u64),
    /// The first step that answered otherwise than recorded.
    pub difference: Option<Box<ReplayedStep>>,
    /// The states that the session went through.
    pub states: Vec<SessionState>,
    /// Why the replay ended before the end mark, if it did.
    pub fault: Option<CaptureError>,
}

impl Outcome {
    /// Returns whether the whole file was replayed and every output was equal to the recorded one.
    pub fn is_equal(&self) -> bool {
        self.fault.is_none() && self.difference.is_none() && self.lost.0 == 0
    }
}

/// Replays a capture and compares every output with the recorded one.
///
/// # Errors
///
/// A file whose beginning is no capture of this build; what is wrong behind it is the outcome's `fault`.
pub fn replay(path: impl AsRef<Path>) -> Result<Outcome, CaptureError> {
    Replay::open(path).map(Outcome::of)
}

impl Outcome {
    fn of<R: Read>(replay: Replay<R>) -> Self {
        let mut outcome = Self {
            header: replay.header().clone(),
            steps: 0,
            outputs: 0,
            ticks: 0,
            lost: (0, 0),
            difference: None,
            states: Vec::new(),
            fault: None,
        };
        for replayed in replay {
            match replayed {
                Ok(Replayed::Step(step)) => outcome.take(step),
                Ok(Replayed::Tick(_)) => outcome.ticks += 1,
                Ok(Replayed::Lost { steps, ticks }) => {
                    outcome.lost.0 += steps;
                    outcome.lost.1 += ticks;
                }
                Ok(Replayed::End(_)) => {}
                Err(error) => outcome.fault = Some(error),
            }
        }
        outcome
    }

    fn take(&mut self, step: Box<ReplayedStep>) {
        self.steps += 1;
        self.outputs += step.outputs.len() as u64;
        self.states.extend(step.effects.iter().filter_map(|effect| match effect {
            Effect::State(state) => Some(state.clone()),
            _ => None,
        }));
        if self.difference.is_none() && self.lost.0 == 0 && !step.is_equal() {
            self.difference = Some(step);
        }
    }
}

/// A session that a replay can drive.
pub(crate) trait Replayable: Recorded {
    type Config;
    type Session;

    /// Makes a session as a recorded one was.
    fn session(config: &Self::Config, seed: u64) -> Result<Self::Session, String>;

    fn step(session: &mut Self::Session, now: Now, input: Self::Input) -> Vec<Self::Output>;

    fn effect(output: Self::Output) -> Effect;
}

struct Machine<S: Replayable>(S::Session);

/// What one step gave.
struct DrivenStep {
    effects: Vec<Effect>,
    outputs: Vec<OutputNote>,
    waiting: Option<Waiting>,
}

/// Either kind of session.
trait Driven {
    fn step(&mut self, now: Now, note: &super::Note) -> Result<DrivenStep, String>;
}

impl<S: Replayable> Driven for Machine<S> {
    fn step(&mut self, now: Now, note: &super::Note) -> Result<DrivenStep, String> {
        let (input, waiting) = S::input(note)?;
        let outputs = S::step(&mut self.0, now, input);
        let notes = outputs.iter().map(|output| OutputNote::of(&text(output))).collect();
        Ok(DrivenStep { effects: outputs.into_iter().map(S::effect).collect(), outputs: notes, waiting })
    }
}

/// The text of an output that digests are made of.
pub(super) fn text(output: &impl Debug) -> String {
    format!("{output:?}")
}
