//! A front that falls silent (§2.2): the library warns, then gives the connection up.

use std::time::Duration;

use ctp_types::{MdCallback, TraderCallback};

use crate::exchange::{Exchange, Task};
use crate::interface::{ApiKind, Delivery, Output, SessionId};

/// When the library warns, measured.
const WARNING_AFTER: Duration = Duration::from_secs(61);
/// When it disconnects, measured.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(121);
/// `nTimeLapse` of the warning.
const WARNING_LAPSE: i32 = 61;
/// The first version that warns.
const WARNS_FROM: (u16, u16, u16) = (6, 6, 7);
/// `nReason`: nothing received for 120 s.
const NOTHING_RECEIVED: i32 = 0x2001;

/// Silences so far, and what is to be said before what waits in the outbox.
#[derive(Debug, Default)]
pub(crate) struct Heartbeats {
    silences: u32,
    spoken: Vec<Output>,
}

/// What a connection has of a silent front.
#[derive(Clone, Debug)]
pub(crate) struct Silence {
    /// Tells one silence from another.
    number: u32,
    /// What the front has to say, later.
    held: Vec<Delivery>,
}

impl Exchange {
    /// Makes the front silent towards a connection, or lets it speak again: it then says what it kept to itself.
    pub(crate) fn set_silent(&mut self, id: SessionId, on: bool) {
        self.hold_back();
        // Said before it fell silent.
        self.heartbeats.spoken.append(&mut self.outbox);
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.connected) else { return };
        match (on, session.silence.take()) {
            (true, Some(silence)) => session.silence = Some(silence),
            (true, None) => {
                self.heartbeats.silences += 1;
                let number = self.heartbeats.silences;
                session.silence = Some(Silence { number, held: Vec::new() });
                for (after, is_end) in [(WARNING_AFTER, false), (GIVEN_UP_AFTER, true)] {
                    let task = Task::Silence { session: id, number, is_end };
                    self.schedule.add(self.now.after(after), task);
                }
            }
            (false, silence) => {
                let held = silence.into_iter().flat_map(|silence| silence.held);
                self.outbox.extend(held.map(|delivery| Output { session: id, delivery }));
            }
        }
    }

    /// Half of a silence is over: a warning; or all of it: the connection ends.
    pub(crate) fn silence_lasts(&mut self, id: SessionId, number: u32, is_end: bool) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.silence.as_ref().is_none_or(|silence| silence.number != number) {
            return;
        }
        if is_end {
            self.close(id, NOTHING_RECEIVED);
            return;
        }
        if session.api_version < WARNS_FROM {
            return;
        }
        // The library says so itself: the front does not.
        let delivery = match session.kind {
            ApiKind::Trader => Delivery::Trader {
                callback: TraderCallback::OnHeartBeatWarning,
                record: None,
                rsp_info: None,
                number: WARNING_LAPSE,
                is_last: true,
            },
            ApiKind::Md => Delivery::Md {
                callback: MdCallback::OnHeartBeatWarning,
                record: None,
                rsp_info: None,
                number: WARNING_LAPSE,
                is_last: true,
            },
        };
        self.heartbeats.spoken.push(Output { session: id, delivery });
    }

    /// Takes back what silent fronts would have said.
    pub(crate) fn hold_back(&mut self) {
        if self.heartbeats.silences == 0 {
            return;
        }
        let sessions = &mut self.sessions;
        self.outbox.retain(|output| {
            let silence = sessions.get_mut(&output.session).and_then(|session| session.silence.as_mut());
            let Some(silence) = silence else { return true };
            silence.held.push(output.delivery.clone());
            false
        });
    }

    /// Moves what clients receive into `outputs`.
    pub(crate) fn flush(&mut self, outputs: &mut Vec<Output>) {
        self.hold_back();
        outputs.append(&mut self.heartbeats.spoken);
        outputs.append(&mut self.outbox);
    }
}
