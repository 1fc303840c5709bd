//! The log of states: every state that lasts is in it, and a session that flaps for hours does not fill it.

use std::time::{Duration, Instant};

use crate::observe::Repeated;
use crate::state::SessionState;

/// A state that was held back and has lasted so long is written after all: the last line tells where the session stands.
const LASTS: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct StateLog {
    kinds: Vec<(&'static str, Repeated)>,
    /// The state that the session is in, if its line was held back, and when it is written.
    held: Option<(SessionState, Instant)>,
}

impl StateLog {
    /// Writes a new state: each kind at once if it was not written within the last minute, else when it lasts.
    pub(crate) fn write(&mut self, now: Instant, state: &SessionState) {
        self.held = None;
        let kind = self.kind(state);
        let allowed = match state {
            // Where a session ends is never held back.
            SessionState::Faulted(_) | SessionState::Closed => Some(kind.force(now)),
            _ => kind.allow(now),
        };
        match allowed {
            Some(held_back) => line(state, held_back),
            None => {
                tracing::debug!(%state, "state");
                self.held = Some((state.clone(), now + LASTS));
            }
        }
    }

    /// Returns when [`settle`](Self::settle) is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.held.as_ref().map(|(_, due)| *due)
    }

    /// Writes the state that was held back, if it has lasted.
    pub(crate) fn settle(&mut self, now: Instant) {
        if let Some((state, _)) = self.held.take_if(|(_, due)| *due <= now) {
            // The line itself was counted when it was held back.
            let held_back = self.kind(&state).force(now).saturating_sub(1);
            line(&state, held_back);
        }
    }

    fn kind(&mut self, state: &SessionState) -> &mut Repeated {
        let name = state.name();
        let index = self.kinds.iter().position(|(kind, _)| *kind == name).unwrap_or_else(|| {
            self.kinds.push((name, Repeated::default()));
            self.kinds.len() - 1
        });
        &mut self.kinds[index].1
    }
}

/// Writes a line. The span says whose it is.
fn line(state: &SessionState, held_back: u64) {
    let held_back = (held_back > 0).then_some(held_back);
    match state {
        SessionState::Faulted(_) => tracing::error!(%state, held_back, "state"),
        SessionState::Reconnecting(_) => tracing::warn!(%state, held_back, "state"),
        _ => tracing::info!(%state, held_back, "state"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;
    use crate::state::{DisconnectReason, Login};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Returns the lines at level info that `story` writes.
    fn lines(story: impl FnOnce(&mut StateLog)) -> Vec<String> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || story(&mut StateLog::default()));
        let bytes = lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).lines().map(|line| line.trim().to_owned()).collect()
    }

    fn states() -> (SessionState, SessionState) {
        let broken = SessionState::Reconnecting(DisconnectReason(0x1001).into());
        (SessionState::Ready(Login::default().into()), broken)
    }

    #[test]
    fn the_last_line_tells_where_the_session_stands() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let (ready, broken) = states();
        let said = lines(|log| {
            log.write(at(0), &ready);
            log.write(at(10), &broken);
            log.write(at(12), &ready);
            assert_eq!(log.due(), Some(at(17)));
            log.settle(at(16));
            log.settle(at(17));
            assert_eq!(log.due(), None);
            log.settle(at(100));
            log.write(at(101), &SessionState::Closed);
        });
        let starts = ["INFO state state=ready", "WARN state state=reconn", "INFO state state=ready", "INFO"];
        assert_eq!(said.len(), starts.len(), "{said:#?}");
        for (line, start) in said.iter().zip(starts) {
            assert!(line.starts_with(start), "{said:#?}");
        }
        assert!(!said.concat().contains("held_back"), "{said:#?}");
    }

    #[test]
    fn who_flaps_writes_each_kind_once_a_minute() {
        let start = Instant::now();
        let (ready, broken) = states();
        let said = lines(|log| {
            for second in 0..100 {
                let now = start + Duration::from_secs(second);
                log.settle(now);
                log.write(now, if second % 2 == 0 { &ready } else { &broken });
            }
        });
        assert_eq!(said.len(), 4, "{said:#?}");
        assert!(said[2].contains("held_back=29"), "{said:#?}");
    }
}
