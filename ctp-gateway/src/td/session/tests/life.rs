//! What a session says of itself, and how it ends.

use super::*;

#[test]
fn logs_in_and_says_each_state() {
    let bench = &mut Bench::new();
    bench.log_in("20261120", "7");
    bench.recover();
    let states: Vec<_> = bench.states.iter().map(ToString::to_string).collect();
    assert_eq!(
        states,
        [
            "authenticating",
            "logging in",
            "confirming the settlement",
            "recovering on trading day 20261120",
            "ready on trading day 20261120"
        ]
    );
    assert_eq!(bench.session.logins(), 1);
}

#[test]
fn nothing_that_can_be_printed_has_a_secret() {
    let mut bench = Bench::new();
    bench.log_in("20261120", "7");
    let printed = format!("{:?} {:?} {:?}", bench.sent, bench.states, bench.events);
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn a_new_trading_day_forgets_instruments_and_orders() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    bench.at_ms(2_000).log_in("20261123", "1");
    assert_eq!(phase(&placed), OrderPhase::Unknown);
    let id = placed.order().id;
    assert!(matches!(bench.cancel(id).try_recv(), Ok(Err(Error::Denied(_)))));
}

#[test]
fn an_error_of_nobody_is_an_event() {
    let mut bench = Bench::ready();
    bench.answer::<OrderField>(TraderCallback::OnRspError, None, Some(refusal(90)), 77, true);
    // NULL and code 0 are no error.
    bench.callback(TraderCallback::OnRspError, 78);
    assert!(matches!(bench.events.as_slice(), [TdEvent::Error { request_id: 77, .. }]));
}

#[test]
fn null_records_are_harmless() {
    let mut bench = Bench::ready();
    for callback in TraderCallback::ALL {
        if !matches!(callback, TraderCallback::OnFrontConnected | TraderCallback::OnFrontDisconnected) {
            bench.answer::<OrderField>(*callback, None, None, -5, true);
            bench.answer::<OrderField>(*callback, None, Some(RspInfoField::default()), 0, false);
        }
    }
    assert!(bench.session.state().is_ready());
    assert!(bench.events.is_empty(), "{:?}", bench.events);
}

#[test]
fn a_panic_ends_the_session_and_tells_everybody() {
    let mut bench = Bench::ready();
    let (placed, working) = (bench.place(), bench.working());
    let mut cancel = bench.cancel(working.order().id);
    let mut query = bench.request(TraderRequest::ReqQryTrade);
    bench.step(Input::Panicked { callback: "OnRtnOrder", message: "boom".into() });
    assert!(bench.session.state().is_over());
    bench.step(Input::Finish);
    assert!(matches!(query.try_recv(), Ok(Err(Error::Faulted(Fault::Panicked { .. })))));
    assert!(matches!(cancel.try_recv(), Ok(Err(Error::Unknown { .. }))));
    assert!(placed.order().phase == OrderPhase::Unknown || working.order().phase == OrderPhase::Unknown);
    assert!(placed.is_over() && working.is_over());
    assert!(matches!(bench.states.last(), Some(SessionState::Faulted(_))));
}

#[test]
fn closing_says_so() {
    let mut bench = Bench::ready();
    bench.step(Input::Finish);
    assert_eq!(bench.states.last(), Some(&SessionState::Closed));
}
