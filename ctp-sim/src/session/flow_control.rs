//! How much may be asked: return codes, queries per second, order frequency, packets, connections (§3.1, §3.4).

use std::collections::VecDeque;
use std::time::Duration;

use ctp_types::{RecordBox, RequestKind, TraderCallback, TraderRequest};

use crate::errors::CoreError;
use crate::exchange::{Exchange, Task};
use crate::interface::{ApiKind, SessionId, Timestamp};

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;
/// Return code of a query while one is unanswered.
const TOO_MANY_UNANSWERED: i32 = -2;
/// Return code of a query beyond the library's own limit.
const TOO_MANY_A_SECOND: i32 = -3;

/// How much a session has asked lately.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace {
    pub(crate) query_in_flight: bool,
    /// Queries that ended on this connection.
    queries_done: u32,
    /// When the last queries came to the front, oldest first.
    query_times: VecDeque<Timestamp>,
    /// Queries let through by the library.
    called: Window,
    /// Requests taken by the front.
    taken: Window,
}

/// A count within one second of the clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    second: i64,
    count: u32,
}

impl Window {
    /// Counts one more unless the second already has `limit`; 0 is no limit. Returns whether it was counted.
    pub(crate) fn take(&mut self, now: Timestamp, limit: u32) -> bool {
        if self.is_full(now, limit) {
            return false;
        }
        let second = second_of(now);
        self.count = if self.second == second { self.count + 1 } else { 1 };
        self.second = second;
        true
    }

    fn is_full(&self, now: Timestamp, limit: u32) -> bool {
        limit > 0 && self.second == second_of(now) && self.count >= limit
    }

    /// Counts one more in the first second, from now on, that has room for it; returns when that is.
    fn queue(&mut self, now: Timestamp, limit: u32) -> Timestamp {
        let now_second = second_of(now);
        if self.second < now_second {
            *self = Self { second: now_second, count: 0 };
        }
        if limit > 0 && self.count >= limit {
            *self = Self { second: self.second + 1, count: 0 };
        }
        self.count += 1;
        now.max(Timestamp(self.second.saturating_mul(NANOSECONDS_PER_SECOND)))
    }
}

fn second_of(at: Timestamp) -> i64 {
    at.0.div_euclid(NANOSECONDS_PER_SECOND)
}

impl Exchange {
    /// Returns what a request made at `now` returns to its caller: 0 to go on, −2 for a second query while one is in
    /// flight, −3 beyond the library's own limit of queries.
    ///
    /// To be asked under the same lock as the `step` that follows.
    pub fn admit(&self, now: Timestamp, session: SessionId, kind: ApiKind, method: u16) -> i32 {
        let is_query = match kind {
            ApiKind::Trader => TraderRequest::from_id(method.into())
                .is_some_and(|request| request.kind() == RequestKind::Query),
            ApiKind::Md => false,
        };
        let Some(session) = self.sessions.get(&session).filter(|_| is_query) else { return 0 };
        if session.pace.query_in_flight {
            return TOO_MANY_UNANSWERED;
        }
        let limit = self.config.access.api_queries_per_second;
        if session.pace.called.is_full(now.max(self.now), limit) { TOO_MANY_A_SECOND } else { 0 }
    }

    /// Returns how many queries of a session have ended since it connected, whatever became of their answers, and whether
    /// one is in flight: a client elsewhere that knows it can say −2 by itself.
    pub fn queries(&self, session: SessionId) -> (u32, bool) {
        let pace = self.sessions.get(&session).map(|session| &session.pace);
        pace.map_or((0, false), |pace| (pace.queries_done, pace.query_in_flight))
    }

    /// Returns `QryFreq` and `FTDPkgFreq` of `GetFrontInfo`, which a client knows after login (§1.3).
    pub fn front_limits(&self, session: SessionId) -> (i32, i32) {
        if self.login(session).is_none() {
            return (1, i32::MAX);
        }
        self.limits().1
    }

    /// Returns how many queries a second the library itself lets through (0 is no limit), and the front's `QryFreq` and
    /// `FTDPkgFreq` as they are told after a login.
    pub fn limits(&self) -> (u32, (i32, i32)) {
        let told = |limit: u32| match limit {
            0 => i32::MAX,
            limit => i32::try_from(limit).unwrap_or(i32::MAX),
        };
        let access = &self.config.access;
        let of_front = (told(self.config.queries_per_second), told(access.requests_per_second));
        (access.api_queries_per_second, of_front)
    }

    /// Takes a request in at the front. One beyond the packet limit waits, silently, for a second with room (§3.4).
    pub(crate) fn take_request(
        &mut self,
        session: SessionId,
        request: TraderRequest,
        record: RecordBox,
        request_id: i32,
    ) {
        let (now, limit) = (self.now, self.config.access.requests_per_second);
        let Some(pace) = self.sessions.get_mut(&session).map(|session| &mut session.pace) else { return };
        let waits = Duration::from_nanos((pace.taken.queue(now, limit).0 - now.0).unsigned_abs());
        let mut delay = self.config.answer_delay;
        if request.kind() == RequestKind::Query {
            if self.is_query_too_fast(session) {
                self.later(session, waits + delay, |epoch| Task::QueryTooFast { session, epoch, request_id });
                return;
            }
            delay = self.config.query_delay;
        }
        self.later(session, waits + delay, |epoch| Task::Trader {
            session,
            epoch,
            request,
            record,
            request_id,
        });
    }

    /// Marks a query as in flight; returns whether the second's allowance is used up, or the query core not ready so
    /// soon after the login (§3.4).
    fn is_query_too_fast(&mut self, session: SessionId) -> bool {
        let (now, allowance) = (self.now, self.config.queries_per_second as usize);
        let not_ready = self.config.access.query_ready_delay;
        let Some(session) = self.sessions.get_mut(&session) else { return false };
        let is_ready = session.login.as_ref().is_none_or(|login| now >= login.at.after(not_ready));
        let pace = &mut session.pace;
        pace.query_in_flight = true;
        pace.called.take(now, 0);
        pace.query_times.retain(|at| now.0 - at.0 < NANOSECONDS_PER_SECOND);
        if !is_ready || allowance > 0 && pace.query_times.len() >= allowance {
            return true;
        }
        pace.query_times.push_back(now);
        false
    }

    /// Answers a query that came too fast or too early: `OnRspError` 90.
    pub(crate) fn refuse_query(&mut self, session: SessionId, request_id: i32) {
        self.end_query(session);
        let error = Some(CoreError::NeedRetry.rsp_info());
        self.send(session, TraderCallback::OnRspError, None, error, request_id, true);
    }

    pub(crate) fn end_query(&mut self, session: SessionId) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.pace.queries_done += u32::from(session.pace.query_in_flight);
            session.pace.query_in_flight = false;
        }
    }

    /// Counts a connection; returns whether there are too many in this second (`ConnectFreq`).
    pub(crate) fn is_connect_too_fast(&mut self) -> bool {
        let (now, limit) = (self.now, self.config.access.connects_per_second);
        !self.users.connects.take(now, limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_waits_for_the_next_second_with_room() {
        let at = |seconds: f64| Timestamp((seconds * 1e9) as i64);
        let mut window = Window::default();
        let times: Vec<_> = (0..5).map(|_| window.queue(at(10.5), 2)).collect();
        assert_eq!(times, [at(10.5), at(10.5), at(11.0), at(11.0), at(12.0)]);
        assert_eq!(window.queue(at(11.2), 2), at(12.0));
        assert_eq!(window.queue(at(20.0), 2), at(20.0));
    }

    #[test]
    fn a_full_second_takes_no_more() {
        let mut window = Window::default();
        let taken = |window: &mut Window, at| window.take(Timestamp(at), 1);
        assert!(
            taken(&mut window, 5) && !taken(&mut window, 999_999_999) && taken(&mut window, 1_000_000_000)
        );
        assert!(window.take(Timestamp(1_000_000_001), 0));
    }
}
