//! What is found out after a login before orders leave.

use super::*;
use crate::config::Recovery;
use crate::td::recovery::{GateReason, GateState};

impl Bench {
    fn with(change: impl FnOnce(&mut TdConfig)) -> Self {
        let mut config = TdConfig::new(["sim://test"], "9999", "000001", "canary-password");
        config.app_id = "client".into();
        config.auth_code = "canary-code".into();
        change(&mut config);
        Self::of(&config)
    }

    fn disconnect(&mut self) -> &mut Self {
        self.callback(TraderCallback::OnFrontDisconnected, 0x1001);
        self.now += Duration::from_secs(2);
        self.step(Input::Time);
        self
    }

    fn asked(&self, request: TraderRequest) -> usize {
        self.sent.iter().filter(|(sent, ..)| *sent == request).count()
    }

    fn gate(&self) -> GateState {
        *self.gates.last().expect("a gate")
    }

    fn try_place(&mut self) -> Result<Placed, Error> {
        self.place_as(&new_order(), self.session.logins()).try_recv().unwrap()
    }

    fn count(&self, is: impl Fn(&TdEvent) -> bool) -> usize {
        self.events.iter().filter(|event| is(event)).count()
    }
}

fn is_rejected(event: &TdEvent) -> bool {
    matches!(event, TdEvent::Rejected { .. })
}

fn is_trade(event: &TdEvent) -> bool {
    matches!(event, TdEvent::Trade { .. })
}

/// F49: no order leaves before the day is known.
#[test]
fn f49_the_gate_opens_when_everything_is_known() {
    let mut bench = Bench::with(|_| {});
    bench.log_in("20261120", "7");
    assert!(bench.gate().reasons().contains(GateReason::Recovering));
    let error = bench.try_place().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::Gate), "{error}");
    assert!(bench.inserts().is_empty());
    let mut asked = Vec::new();
    while !bench.session.state().is_ready() {
        assert!(!bench.gate().is_open());
        asked.push(bench.answer_query(&[], &[]).name());
    }
    assert_eq!(
        asked,
        [
            "ReqQryBrokerTradingParams",
            "ReqQryOrder",
            "ReqQryTrade",
            "ReqQryInvestorPosition",
            "ReqQryInvestorPositionDetail",
            "ReqQryTradingAccount",
        ]
    );
    assert_eq!(bench.gate(), GateState::Open);
    bench.place();
    assert_eq!(bench.inserts()[0].order_ref, "8");
    // A broken link closes it at once.
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    assert_eq!(bench.gate().to_string(), "closed: not_ready");
    let error = bench.try_place().unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: SendRefusal::NotReady(_), .. }), "{error}");
}

#[test]
fn a_cancel_passes_while_the_session_recovers() {
    let mut bench = Bench::ready();
    let placed = bench.working();
    let id = placed.order().id;
    bench.disconnect().log_in("20261120", "1");
    assert!(bench.try_place().is_err());
    let _answer = bench.cancel(id);
    assert_eq!(bench.asked(TraderRequest::ReqOrderAction), 1);
}

#[test]
fn a_session_that_only_asks_is_ready_at_once_and_sends_no_order() {
    let mut bench = Bench::with(|config| config.read_only = true);
    bench.log_in("20261120", "7");
    assert!(bench.session.state().is_ready());
    assert_eq!(bench.gate().to_string(), "closed: read_only");
    let error = bench.try_place().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::Gate), "{error}");
    bench.now += Duration::from_secs(60);
    bench.step(Input::Time);
    assert_eq!(bench.asked(TraderRequest::ReqQryOrder), 0);
}

/// F45: found again by the query.
#[test]
fn f45_an_order_without_an_answer_is_found_again() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.disconnect();
    assert_eq!(phase(&placed), OrderPhase::Unknown);
    bench.log_in("20261120", "1");
    let row = order("8", Status::ALL_TRADED, Submit::ACCEPTED, 10);
    bench.recover_with(&[row], &[trade("8", "a", 10)]);
    assert_eq!(phase(&placed), OrderPhase::Filled);
    assert!(placed.order().is_complete());
    assert_eq!((bench.count(is_trade), bench.count(is_rejected)), (1, 0));
    // Never sent again.
    assert_eq!(bench.inserts().len(), 1);
}

/// F45: proved not to exist, and told once.
#[test]
fn f45_an_order_that_no_query_shows_was_not_accepted() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.disconnect().log_in("20261120", "1");
    let lost = bench.now;
    bench.recover();
    assert!(bench.now >= lost + Duration::from_secs(3), "not before it can have arrived");
    assert_eq!(phase(&placed), OrderPhase::Rejected);
    let told = placed.order().refusal.clone().unwrap();
    assert!(told.message.starts_with("order not found: not accepted"), "{told}");
    assert_eq!(bench.asked(TraderRequest::ReqQryOrder), 3);
    // Its refusal comes with a later replay.
    let input = *bench.inserts()[0];
    bench.answer(TraderCallback::OnErrRtnOrderInsert, Some(input), Some(refusal(31)), 0, true);
    bench.disconnect().log_in("20261120", "1");
    bench.recover();
    assert_eq!((bench.count(is_rejected), bench.inserts().len()), (1, 1));
}

/// A counter that cleared its flow shows the order under other names.
#[test]
fn f45_an_order_that_may_have_been_renamed_stays_unknown() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.disconnect().log_in("20261120", "1");
    let mut row = order("1", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    (row.front_id, row.session_id) = (9, 99);
    bench.recover_with(&[row], &[]);
    assert_eq!((phase(&placed), bench.count(is_rejected)), (OrderPhase::Unknown, 0));
    // Another session's order, which has a request number, is no doubt.
    row.request_id = 7;
    bench.disconnect().log_in("20261120", "1");
    bench.recover_with(&[row], &[]);
    assert_eq!((phase(&placed), bench.count(is_rejected)), (OrderPhase::Rejected, 1));
}

#[test]
fn f45_queries_without_answers_prove_nothing() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.disconnect().log_in("20261120", "1");
    // Three attempts of 5 s, twice, with a pause between.
    while !bench.session.state().is_ready() {
        bench.now = bench.session.next_deadline().unwrap();
        bench.step(Input::Time);
    }
    assert_eq!((phase(&placed), bench.count(is_rejected)), (OrderPhase::Unknown, 0));
    assert_eq!(bench.gate().to_string(), "closed: unverified");
    assert_eq!(bench.count(|event| matches!(event, TdEvent::Alert(Alert::Unverified))), 1);
    assert!(matches!(bench.try_place(), Err(Error::Denied(denial)) if denial.rule == Rule::Gate));
    // It is asked on, and when there is an answer the gate opens.
    while !bench.gate().is_open() {
        bench.answer_query(&[], &[]);
    }
    assert_eq!(phase(&placed), OrderPhase::Rejected);
}

/// F47: what was not pushed is told by the query, once, under the same identity.
#[test]
fn f47_trades_that_were_not_pushed_are_counted_once() {
    let mut bench = Bench::ready();
    let placed = bench.working();
    bench.push(TraderCallback::OnRtnTrade, trade("8", "a", 4));
    bench.disconnect().log_in("20261120", "1");
    let row = order("8", Status::ALL_TRADED, Submit::ACCEPTED, 10);
    bench.recover_with(&[row], &[trade("8", "a", 4), trade("8", "b", 6)]);
    assert_eq!(placed.order().volume_filled, 10);
    // The replay comes after the query, three times.
    for _ in 0..3 {
        bench.push(TraderCallback::OnRtnOrder, row);
        bench.push(TraderCallback::OnRtnTrade, trade("8", "b", 6));
        bench.push(TraderCallback::OnRtnTrade, trade("8", "a", 4));
    }
    assert_eq!((bench.count(is_trade), placed.order().volume_filled), (2, 10));
}

#[test]
fn an_order_that_is_not_answered_is_looked_for() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.at_ms(5_000);
    assert_eq!(phase(&placed), OrderPhase::Unknown);
    let row = order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    assert_eq!(bench.answer_query(&[row], &[]), TraderRequest::ReqQryOrder);
    assert_eq!(phase(&placed), OrderPhase::Working);
    // The gate was not closed for it.
    assert!(bench.gate().is_open() && bench.session.state().is_ready());
    // Not to be there proves nothing while the link stands.
    let other = bench.place();
    bench.at_ms(20_000);
    while bench.answer_query(&[row], &[]) != TraderRequest::ReqQryTrade {}
    assert_eq!(phase(&other), OrderPhase::Unknown);
}

#[test]
fn records_of_a_day_that_is_over_are_left_out() {
    let mut bench = Bench::ready();
    let mut old = order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    old.trading_day = text("20261120");
    bench.push(TraderCallback::OnRtnOrder, old);
    bench.disconnect().log_in("20261123", "1");
    bench.recover_with(&[old], &[TradeField { trading_day: text("20261120"), ..trade("8", "a", 10) }]);
    bench.push(TraderCallback::OnRtnOrder, old);
    bench.push(
        TraderCallback::OnRtnTrade,
        TradeField { trading_day: text("20261120"), ..trade("8", "a", 10) },
    );
    bench.now += Duration::from_secs(10);
    bench.step(Input::Time);
    let orders = bench.count(|event| matches!(event, TdEvent::Order(_)));
    assert_eq!((orders, bench.count(is_trade)), (1, 0));
    // A day that the session has not seen is the counter's affair.
    bench.push(TraderCallback::OnRtnOrder, OrderField { trading_day: text("20261122"), ..old });
    assert_eq!(bench.count(|event| matches!(event, TdEvent::Order(_))), 2);
}

/// The broken link throws away what the session asked; the next login asks anew, from the beginning.
#[test]
fn a_second_break_begins_the_recovery_anew() {
    let mut bench = Bench::with(|config| config.recovery = Recovery::Full);
    bench.log_in("20261120", "7");
    for _ in 0..3 {
        bench.answer_query(&[], &[]);
    }
    bench.disconnect().log_in("20261120", "7");
    bench.sent.clear();
    bench.recover();
    assert_eq!((bench.asked(TraderRequest::ReqQryOrder), bench.asked(TraderRequest::ReqQryTrade)), (1, 1));
    assert_eq!(bench.asked(TraderRequest::ReqQryTradingAccount), 1);
}
