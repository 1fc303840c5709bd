//! Queries: one in flight, and paced as the front says (§3.4).

use std::time::Duration;

use super::At;

/// The pause before the front has said anything, and after a refusal by the library.
const PAUSE_DEFAULT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Queries {
    timeout: Duration,
    pause: Duration,
    in_flight: Option<(i32, At)>,
    last: Option<At>,
    /// The library refused a query then.
    refused: Option<At>,
}

impl Queries {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, pause: PAUSE_DEFAULT, in_flight: None, last: None, refused: None }
    }

    pub(super) fn set_frequency(&mut self, per_second: i32) {
        if let Ok(per_second @ 1..) = u32::try_from(per_second) {
            self.pause = Duration::from_secs(1) / per_second;
        }
    }

    pub(super) fn asked(&mut self, at: At, request_id: i32, code: i32) -> Result<(), String> {
        if let Some((other, since)) = self.in_flight
            && at.since(since) < self.timeout
        {
            return Err(format!("query {request_id} was sent while {other} was in flight"));
        }
        if let Some(gap) = self.last.map(|last| at.since(last)).filter(|gap| *gap < self.pause) {
            return Err(format!(
                "query {request_id} was sent {gap:?} after another; the pause is {:?}",
                self.pause
            ));
        }
        if let Some(gap) = self.refused.take().map(|last| at.since(last))
            && gap < PAUSE_DEFAULT
        {
            return Err(format!("query {request_id} was sent {gap:?} after the library refused one"));
        }
        self.last = Some(at);
        match code {
            0 => self.in_flight = Some((request_id, at)),
            _ => self.refused = Some(at),
        }
        Ok(())
    }

    pub(super) fn over(&mut self, request_id: i32) {
        self.in_flight.take_if(|(id, _)| *id == request_id);
    }

    pub(super) fn link_lost(&mut self) {
        self.in_flight = None;
    }
}
