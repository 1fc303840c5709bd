//! What a client's library refuses by itself (§3.1, §3.4): the exchange's own rules, kept up from what a server tells, so that
//! no request has to wait for an answer.

use std::time::Instant;

use ctp_sim::{Delivery, Input};
use ctp_types::{MdCallback, RequestKind, RspInfoField, TraderCallback};

use crate::wire::{Admission, Limits, Refusal, Welcome};

const TOO_MANY_UNANSWERED: i32 = -2;
const TOO_MANY_A_SECOND: i32 = -3;
const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

/// What a client knows of its session.
#[derive(Debug, Default)]
pub(super) struct Gate {
    limits: Limits,
    refusals: Vec<Refusal>,
    logged_in: bool,
    /// Queries sent since the session connected, and those that have ended.
    queries_sent: u32,
    queries_done: u32,
    /// The second of the exchange's clock in which queries were sent last, and how many.
    second: i64,
    in_second: u32,
    clock: Option<Clock>,
}

/// The exchange's time, as last told.
#[derive(Clone, Copy, Debug)]
struct Clock {
    told: i64,
    at: Instant,
    speed: f64,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is sent.
    Send,
    /// The library refuses it.
    Refuse(i32),
    /// An injected refusal: the server is told.
    Deny(i32),
}

impl Gate {
    pub(super) fn welcome(&mut self, welcome: &Welcome) {
        self.limits = welcome.limits;
        self.clock = Some(Clock { told: welcome.now, at: Instant::now(), speed: welcome.speed });
    }

    pub(super) fn admission(&mut self, admission: Admission) {
        let Admission { queries_done, limits, refusals } = admission;
        (self.queries_done, self.limits) = (queries_done, limits);
        if let Some(refusals) = refusals {
            self.refusals = refusals;
        }
    }

    /// Takes the exchange's time.
    pub(super) fn time(&mut self, now: i64) {
        if let Some(clock) = &mut self.clock {
            (clock.told, clock.at) = (now, Instant::now());
        }
    }

    /// Learns from what comes, before the client sees it.
    pub(super) fn note(&mut self, delivery: &Delivery) {
        match delivery {
            Delivery::Trader { callback: TraderCallback::OnFrontConnected, .. }
            | Delivery::Md { callback: MdCallback::OnFrontConnected, .. } => {
                // A session begins anew with each connect.
                (self.queries_sent, self.queries_done, self.in_second) = (0, 0, 0);
                self.logged_in = false;
            }
            Delivery::Trader { callback: TraderCallback::OnRspUserLogin, rsp_info, .. } => {
                self.logged_in |= is_success(rsp_info.as_ref());
            }
            Delivery::Trader { callback: TraderCallback::OnRspUserLogout, rsp_info, .. } => {
                self.logged_in &= !is_success(rsp_info.as_ref());
            }
            Delivery::Close { .. } => self.logged_in = false,
            _ => {}
        }
    }

    /// Returns `QryFreq` and `FTDPkgFreq`, which a client knows after login.
    pub(super) fn front_limits(&self) -> (i32, i32) {
        match self.logged_in {
            true => (self.limits.qry_freq, self.limits.ftd_pkg_freq),
            false => (1, i32::MAX),
        }
    }

    /// Decides on a request, and counts it if it is sent.
    pub(super) fn admit(&mut self, input: &Input) -> Verdict {
        let (slot, is_query) = match input {
            Input::Trader { request, .. } => (Some(*request as u16), request.kind() == RequestKind::Query),
            Input::Md { request, .. } => (Some(*request as u16), false),
            _ => (None, false),
        };
        if let Some(code) = self.injected(slot) {
            return Verdict::Deny(code);
        }
        if !is_query {
            return Verdict::Send;
        }
        if self.queries_sent > self.queries_done {
            return Verdict::Refuse(TOO_MANY_UNANSWERED);
        }
        let (second, limit) = (self.second_now(), self.limits.api_queries_per_second);
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        if limit > 0 && self.in_second >= limit {
            return Verdict::Refuse(TOO_MANY_A_SECOND);
        }
        self.in_second += 1;
        self.queries_sent += 1;
        Verdict::Send
    }

    /// A request that was to be sent could not be.
    pub(super) fn unsent(&mut self, input: &Input) {
        if matches!(input, Input::Trader { request, .. } if request.kind() == RequestKind::Query) {
            self.queries_sent = self.queries_sent.saturating_sub(1);
            self.in_second = self.in_second.saturating_sub(1);
        }
    }

    /// Returns the code of the first injected refusal that is for a request.
    fn injected(&mut self, slot: Option<u16>) -> Option<i32> {
        let is_for = |refusal: &&mut Refusal| {
            refusal.count > 0
                && (refusal.requests.is_empty() || slot.is_some_and(|slot| refusal.requests.contains(&slot)))
        };
        let refusal = self.refusals.iter_mut().find(is_for)?;
        if refusal.skip > 0 {
            refusal.skip -= 1;
            return None;
        }
        if refusal.count != u32::MAX {
            refusal.count -= 1;
        }
        Some(refusal.code)
    }

    fn second_now(&self) -> i64 {
        let Some(Clock { told, at, speed }) = self.clock else { return 0 };
        let passed = at.elapsed().as_secs_f64() * speed * NANOSECONDS_PER_SECOND as f64;
        // A float-to-integer `as` saturates.
        told.saturating_add(passed as i64).div_euclid(NANOSECONDS_PER_SECOND)
    }
}

fn is_success(rsp_info: Option<&RspInfoField>) -> bool {
    rsp_info.is_none_or(|rsp_info| rsp_info.error_id == 0)
}

#[cfg(test)]
mod tests {
    use ctp_sim::SessionId;
    use ctp_types::{RecordBox, TraderRequest};

    use super::*;

    fn request(request: TraderRequest) -> Input {
        let record = RecordBox::zeroed(request.record());
        Input::Trader { session: SessionId(0), request, record, request_id: 1 }
    }

    fn query() -> Input {
        request(TraderRequest::ReqQryTradingAccount)
    }

    fn connected() -> Delivery {
        Delivery::Trader {
            callback: TraderCallback::OnFrontConnected,
            record: None,
            rsp_info: None,
            number: 0,
            is_last: false,
        }
    }

    fn done(queries_done: u32, limits: Limits) -> Admission {
        Admission { queries_done, limits, refusals: None }
    }

    #[test]
    fn one_query_is_in_flight_until_it_is_told_to_have_ended() {
        let mut gate = Gate::default();
        assert_eq!(gate.admit(&query()), Verdict::Send);
        assert_eq!(gate.admit(&query()), Verdict::Refuse(-2));
        assert_eq!(gate.admit(&request(TraderRequest::ReqOrderInsert)), Verdict::Send);
        gate.admission(done(1, Limits::default()));
        assert_eq!(gate.admit(&query()), Verdict::Send);
        gate.unsent(&query());
        assert_eq!(gate.admit(&query()), Verdict::Send);
        gate.note(&connected());
        assert_eq!(gate.admit(&query()), Verdict::Send);
    }

    #[test]
    fn a_second_of_the_exchange_has_room_for_so_many_queries() {
        let mut gate = Gate::default();
        let limits = Limits { api_queries_per_second: 2, ..Limits::default() };
        let now = 1_795_399_200_000_000_000;
        gate.welcome(&Welcome { session: 1, phase: 1, now, speed: 0.0, limits, exchange: String::new() });
        for queries in 1..=2 {
            assert_eq!(gate.admit(&query()), Verdict::Send);
            gate.admission(done(queries, limits));
        }
        assert_eq!(gate.admit(&query()), Verdict::Refuse(-3));
        gate.time(now + NANOSECONDS_PER_SECOND);
        assert_eq!(gate.admit(&query()), Verdict::Send);
    }

    #[test]
    fn injected_refusals_let_some_through_and_end() {
        let mut gate = Gate::default();
        let insert = TraderRequest::ReqOrderInsert;
        gate.admission(Admission {
            refusals: Some(vec![
                Refusal { code: -1, requests: vec![insert as u16], skip: 1, count: 2 },
                Refusal { code: -3, requests: vec![], skip: 0, count: u32::MAX },
            ]),
            ..Admission::default()
        });
        let mut verdicts = Vec::new();
        for _ in 0..4 {
            verdicts.push(gate.admit(&request(insert)));
        }
        assert_eq!(verdicts, [Verdict::Send, Verdict::Deny(-1), Verdict::Deny(-1), Verdict::Deny(-3)]);
        let subscribe = Input::Subscribe { session: SessionId(0), instruments: Vec::new() };
        assert_eq!(gate.admit(&subscribe), Verdict::Deny(-3));
        gate.admission(Admission::default());
        assert_eq!(gate.admit(&subscribe), Verdict::Deny(-3), "nothing was said about refusals");
        gate.admission(Admission { refusals: Some(Vec::new()), ..Admission::default() });
        assert_eq!(gate.admit(&subscribe), Verdict::Send);
    }

    #[test]
    fn limits_are_known_after_login() {
        let limits = Limits { api_queries_per_second: 0, qry_freq: 5, ftd_pkg_freq: 6 };
        let mut gate = Gate::default();
        gate.admission(done(0, limits));
        let login = |error_id| Delivery::Trader {
            callback: TraderCallback::OnRspUserLogin,
            record: None,
            rsp_info: Some(RspInfoField { error_id, ..RspInfoField::default() }),
            number: 0,
            is_last: true,
        };
        for (delivery, expected) in [
            (connected(), (1, i32::MAX)),
            (login(3), (1, i32::MAX)),
            (login(0), (5, 6)),
            (Delivery::Close { reason: 0x1001 }, (1, i32::MAX)),
        ] {
            gate.note(&delivery);
            assert_eq!(gate.front_limits(), expected, "{delivery:?}");
        }
    }
}
