//! A session's recording: what stands around every step.

use std::sync::Arc;
use std::time::Duration;

use super::note::{Note, Value};
use super::recorded::{Recorded, Relay, Relayed};
use super::recorder::{Beginning, Progress, Recorder, TickSource};
use super::{CaptureConfig, CaptureError, Header, SessionKind};
use crate::config::Secret;
use crate::session::Now;

/// The key under which a step says which callers went away before it.
pub(super) const GONE: &str = "gone";

/// What a recording says about the session that it begins with.
pub(crate) struct About<'a> {
    pub(crate) session: SessionKind,
    pub(crate) library: String,
    pub(crate) seed: u64,
    pub(crate) config: serde_json::Value,
    pub(crate) secrets: &'a [&'a Secret],
    /// Texts of the session that are no secret.
    pub(crate) public: &'a [&'a str],
}

/// A session's recording, or nothing where none is wanted.
pub(crate) struct Recording<S: Recorded> {
    active: Option<Active<S>>,
}

struct Active<S: Recorded> {
    recorder: Recorder<S::Output>,
    /// The input of the step that is under way.
    note: Option<Note>,
    /// Who waits, by the number of the command among all that somebody waits for.
    relays: Vec<(i64, Box<dyn Relay>)>,
    commands: i64,
}

impl<S: Recorded> Recording<S> {
    pub(crate) fn off() -> Self {
        Self { active: None }
    }

    /// Begins a recording.
    ///
    /// # Errors
    ///
    /// Returns why the file cannot be made.
    pub(crate) fn begin(
        now: Now,
        config: &CaptureConfig,
        about: About<'_>,
        ticks: Option<Box<dyn TickSource>>,
    ) -> Result<Self, CaptureError> {
        let About { session, library, seed, config: session_config, secrets, public } = about;
        let header = Header {
            session,
            gateway: env!("CARGO_PKG_VERSION").to_owned(),
            api: ctp_types::API_VERSION.to_owned(),
            library,
            started_unix_ns: now.unix_ns,
            seed,
            config: session_config,
        };
        let ticks = ticks.filter(|_| config.ticks);
        let beginning = Beginning { config, header, secrets, public, ticks };
        let recorder = Recorder::begin(now.instant, beginning)?;
        tracing::info!(path = %recorder.path().display(), "recording the session");
        Ok(Self { active: Some(Active { recorder, note: None, relays: Vec::new(), commands: 0 }) })
    }

    /// Returns whether there is one.
    pub(crate) fn is_on(&self) -> bool {
        self.active.is_some()
    }

    /// Writes an input down and returns it for the session.
    pub(crate) fn before(&mut self, input: S::Input) -> S::Input {
        let Some(active) = &mut self.active else { return input };
        if let Some(secret) = S::secret(&input) {
            active.recorder.hide(secret);
        }
        let mut note = S::note(&input);
        let gone = active.look();
        if !gone.is_empty() {
            note = note.with(GONE, gone);
        }
        active.note = Some(note);
        let (input, relay) = S::relayed(input);
        if let Some(relay) = relay {
            active.relays.push((active.commands, relay));
            active.commands += 1;
        }
        input
    }

    /// Records the step with what the session answered, and passes answers on to who waits for them.
    pub(crate) fn after(&mut self, now: Now, outputs: &[S::Output]) {
        let Some(active) = &mut self.active else { return };
        if let Some(note) = active.note.take() {
            active.recorder.record(now, note, outputs);
        }
        active.relays.retain_mut(|(_, relay)| !relay.pass());
    }

    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        self.active.as_ref().map(|active| Arc::clone(active.recorder.progress()))
    }

    /// Returns what ends the recording and waits until the file is whole, at most as long as given. It blocks.
    pub(crate) fn end(&mut self) -> impl FnOnce(Duration) + Send + 'static + use<S> {
        let recorder = self.active.take().map(|active| active.recorder);
        move |timeout| {
            if let Some(recorder) = recorder {
                recorder.close(timeout);
            }
        }
    }
}

impl<S: Recorded> Active<S> {
    /// Returns the numbers of those who went away since the last step.
    fn look(&mut self) -> Vec<Value> {
        let mut gone = Vec::new();
        self.relays.retain_mut(|(number, relay)| match relay.look() {
            Relayed::Waiting => true,
            Relayed::Answered => false,
            Relayed::Gone => {
                gone.push(Value::Number(*number));
                false
            }
        });
        gone
    }
}
