//! Silence, outages, clocks.

use super::*;
use crate::state::LinkLoss;

/// From Sunday's noon to Monday, ten in the morning.
const TO_MONDAY_MS: u64 = 22 * 3_600_000;

impl Bench {
    fn alerts(&self) -> Vec<&Alert> {
        fn alert(event: &TdEvent) -> Option<&Alert> {
            match event {
                TdEvent::Alert(alert) => Some(alert),
                _ => None,
            }
        }
        self.events.iter().filter_map(alert).collect()
    }

    /// A session that is ready on Monday morning.
    fn on_monday() -> Self {
        let mut bench = Self::new();
        bench.at_ms(TO_MONDAY_MS).events.clear();
        bench.log_in("20261123", "7");
        bench.recover();
        bench.callback(TraderCallback::OnRtnInstrumentStatus, 0);
        bench.sent.clear();
        bench
    }

    fn in_s(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self.step(Input::Time);
        self
    }
}

#[test]
fn a_silent_link_is_asked_and_given_up() {
    let mut bench = Bench::on_monday();
    assert!(bench.in_s(59).sent.is_empty());
    bench.in_s(1).last_sent(TraderRequest::ReqQrySettlementInfoConfirm);
    bench.in_s(19);
    assert_eq!(bench.renewals, 0);
    bench.in_s(1);
    let loss = LinkLoss::Silent(Duration::from_secs(80));
    assert_eq!(*bench.session.state(), SessionState::Reconnecting(loss));
    assert_eq!((bench.renewals, bench.alerts()), (1, vec![&Alert::LinkGivenUp(loss)]));
    // What the old object says no longer counts; the fresh one logs in.
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    bench.step(Input::Renewed { result: Ok(()) });
    bench.in_s(40).log_in("20261123", "7");
    bench.recover();
}

#[test]
fn an_answer_or_any_callback_keeps_the_link() {
    let mut bench = Bench::on_monday();
    for _ in 0..5 {
        bench.in_s(60);
        let id = bench.last_sent(TraderRequest::ReqQrySettlementInfoConfirm);
        bench.callback(TraderCallback::OnRspQrySettlementInfoConfirm, id);
        bench.in_s(30).callback(TraderCallback::OnRtnInstrumentStatus, 0);
    }
    assert!(bench.session.state().is_ready() && bench.alerts().is_empty());
}

#[test]
fn outside_trading_hours_silence_is_borne() {
    let mut bench = Bench::ready();
    bench.at_ms(3_600_000).at_ms(2 * 3_600_000);
    assert!(bench.sent.is_empty() && bench.session.state().is_ready());
}

#[test]
fn a_link_on_which_queries_are_not_answered_is_given_up_at_any_hour() {
    let mut bench = Bench::ready();
    // What the session asks for by itself, as a comparison does.
    let (reply, _answer) = tokio::sync::oneshot::channel();
    bench.step(Input::Command(Command::Reconcile { reply }));
    for _ in 0..30 {
        bench.in_s(10);
    }
    assert_eq!(bench.renewals, 1, "{:?}", bench.session.state());
}

#[test]
fn a_fresh_object_that_cannot_be_made_is_tried_again() {
    let mut bench = Bench::on_monday();
    bench.in_s(60).in_s(20);
    bench.step(Input::Renewed { result: Err("no".to_owned()) });
    assert!(matches!(bench.alerts().last(), Some(Alert::NoFreshObject { reason }) if reason == "no"));
    bench.in_s(29);
    assert_eq!(bench.renewals, 1);
    bench.in_s(1);
    assert_eq!(bench.renewals, 2);
}

#[test]
fn a_handshake_without_answers_gets_a_fresh_object() {
    let mut bench = Bench::new();
    bench.callback(TraderCallback::OnFrontConnected, 0);
    for _ in 0..2 {
        bench.in_s(10);
        assert_eq!(bench.renewals, 0);
    }
    bench.in_s(10);
    let loss = LinkLoss::Unanswered { attempts: 3 };
    assert_eq!(*bench.session.state(), SessionState::Reconnecting(loss));
    assert_eq!((bench.renewals, bench.sent.len()), (1, 3));
}

#[test]
fn an_outage_is_told_once() {
    let mut bench = Bench::new();
    bench.step(Input::Time);
    for _ in 0..300 {
        bench.in_s(60);
    }
    let expected =
        Alert::NotUsable { waited: Duration::from_secs(60), state: Box::new(SessionState::Connecting) };
    assert_eq!(bench.alerts(), [&expected]);
}

#[test]
fn a_jump_of_the_clock_is_told_and_the_link_is_checked() {
    let mut bench = Bench::on_monday();
    let wall = |bench: &Bench, jump_s: i64| {
        let elapsed = i64::try_from((bench.now - bench.made).as_nanos()).unwrap();
        Now { instant: bench.now, unix_ns: SUNDAY + elapsed + jump_s * 1_000_000_000 }
    };
    let now = wall(&bench, 1_800);
    let outputs = bench.session.step(now, Input::Time);
    assert!(
        matches!(
            outputs.as_slice(),
            [
                Output::Event(TdEvent::Alert(Alert::ClockJumped { by_ns: 1_800_000_000_000 })),
                Output::Send { request: TraderRequest::ReqQrySettlementInfoConfirm, .. }
            ]
        ),
        "{outputs:?}"
    );
    assert!(bench.session.state().is_ready());
}

#[test]
fn the_front_that_answered_is_told() {
    let bench = Bench::ready();
    assert!(matches!(bench.session.state(), SessionState::Ready(login) if login.front == "tcp://a:1"));
}
