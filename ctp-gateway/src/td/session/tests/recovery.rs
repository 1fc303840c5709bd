//! What is found out after a login before orders leave.

use ctp_types::{HedgeFlag, InvestorPositionDetailField, InvestorPositionField, PosiDirection, PositionDate};

use super::*;
use crate::config::Reconcile;
use crate::td::ledger::{Compared, Comparison};
use crate::td::recovery::{GateReason, GateState};

impl Bench {
    pub(super) fn disconnect(&mut self) -> &mut Self {
        self.callback(TraderCallback::OnFrontDisconnected, 0x1001);
        self.now += Duration::from_secs(2);
        self.step(Input::Time);
        self
    }

    pub(super) fn asked(&self, request: TraderRequest) -> usize {
        self.sent.iter().filter(|(sent, ..)| *sent == request).count()
    }

    pub(super) fn gate(&self) -> GateState {
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

/// A session that hears of nothing else must not wait for its own next question.
#[test]
fn each_answer_leads_to_the_next_question() {
    let mut bench = Bench::with(|_| {});
    bench.log_in("20261120", "7");
    let start = bench.now;
    bench.recover();
    assert!(bench.now - start <= Duration::from_secs(7), "{:?}", bench.now - start);
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

/// F47: a push that is lost while the link stands.
#[test]
fn f47_an_order_that_is_not_heard_of_again_is_looked_for() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0));
    assert_eq!(phase(&placed), OrderPhase::Acknowledged);
    bench.at_ms(4_900);
    assert_eq!(bench.asked(TraderRequest::ReqQryOrder), 0);
    bench.at_ms(5_000);
    let row = order("8", Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 4);
    assert_eq!(bench.answer_query(&[row], &[]), TraderRequest::ReqQryOrder);
    bench.answer_query(&[row], &[]);
    // The trade is not there either: it is asked for once more.
    let before = bench.now;
    while bench.answer_query(&[row], &[trade("8", "a", 4)]) != TraderRequest::ReqQryTrade {}
    assert!(bench.now - before >= Duration::from_secs(4));
    assert_eq!((placed.order().volume_filled, bench.count(is_trade)), (4, 1));
    bench.now += Duration::from_secs(30);
    bench.step(Input::Time);
    assert_eq!(bench.asked(TraderRequest::ReqQryTrade), 2);
    // An order that works may do so for long.
    assert_eq!(bench.session.recovery_deadline(), None);
}

/// Seeds 4115 and 6917 of the simulation: the trade came, and the record of the order that should come with it did not.
#[test]
fn f47_a_fill_whose_order_record_is_lost_is_looked_for() {
    let mut bench = Bench::ready();
    let placed = bench.working();
    bench.push(TraderCallback::OnRtnTrade, trade("8", "a", 10));
    assert_eq!((placed.order().volume_traded, placed.order().volume_filled), (0, 10));
    bench.now += Duration::from_millis(4_900);
    bench.step(Input::Time);
    assert_eq!(bench.asked(TraderRequest::ReqQryOrder), 0);
    bench.now += Duration::from_millis(100);
    bench.step(Input::Time);
    let row = order("8", Status::ALL_TRADED, Submit::ACCEPTED, 10);
    assert_eq!(bench.answer_query(&[row], &[]), TraderRequest::ReqQryOrder);
    assert_eq!((phase(&placed), bench.count(is_trade)), (OrderPhase::Filled, 1));
}

#[test]
fn an_order_whose_cancel_is_not_answered_is_looked_for() {
    let mut bench = Bench::ready();
    let placed = bench.working();
    let mut cancelled = bench.cancel(placed.order().id);
    bench.at_ms(6_000);
    assert!(matches!(cancelled.try_recv(), Ok(Err(Error::Unknown { .. }))));
    let row = order("8", Status::CANCELED, Submit::ACCEPTED, 0);
    assert_eq!(bench.answer_query(&[row], &[]), TraderRequest::ReqQryOrder);
    assert_eq!(phase(&placed), OrderPhase::Canceled);
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

/// A trade that opens 10 lots.
fn opened() -> TradeField {
    TradeField {
        offset_flag: OffsetFlag::OPEN,
        hedge_flag: HedgeFlag::SPECULATION,
        trading_day: text("20261120"),
        ..trade("3", "a", 10)
    }
}

/// A session that knows of one trade more than the counter's positions show.
fn differing(policy: Reconcile) -> Bench {
    let mut bench = Bench::with(|config| config.reconcile = policy);
    bench.log_in("20261120", "7");
    let row = order("3", Status::ALL_TRADED, Submit::ACCEPTED, 10);
    bench.recover_with(&[row], &[opened()]);
    bench
}

fn differences(bench: &Bench) -> usize {
    bench.count(|event| matches!(event, TdEvent::Differences { .. }))
}

/// The rows that a trade of 10 lots leads to.
fn position() -> (InvestorPositionField, InvestorPositionDetailField) {
    let position = InvestorPositionField {
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        posi_direction: PosiDirection::LONG,
        hedge_flag: HedgeFlag::SPECULATION,
        position_date: PositionDate::TODAY,
        position: 10,
        today_position: 10,
        open_volume: 10,
        open_amount: 390_000.0,
        position_cost: 390_000.0,
        open_cost: 390_000.0,
        ..InvestorPositionField::default()
    };
    let detail = InvestorPositionDetailField {
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        direction: Direction::BUY,
        hedge_flag: HedgeFlag::SPECULATION,
        open_date: text("20261120"),
        trading_day: text("20261120"),
        trade_id: text("a"),
        volume: 10,
        open_price: 3_900.0,
        ..InvestorPositionDetailField::default()
    };
    (position, detail)
}

fn reconcile(bench: &mut Bench) -> Reply<Comparison> {
    let (reply, answer) = oneshot::channel();
    bench.command(Command::Reconcile { reply });
    answer
}

#[test]
fn differences_are_told_once_and_close_the_gate_until_they_are_accepted() {
    let mut bench = differing(Reconcile::Strict);
    // Two looks, and the session goes on with its gate closed.
    assert_eq!(bench.asked(TraderRequest::ReqQryInvestorPosition), 2);
    assert_eq!((bench.gate().to_string().as_str(), differences(&bench)), ("closed: differs", 1));
    assert!(matches!(bench.try_place(), Err(Error::Denied(denial)) if denial.rule == Rule::Gate));
    let told = bench.events.iter().find_map(|event| match event {
        TdEvent::Differences { differences, .. } => Some(differences),
        _ => None,
    });
    assert!(told.unwrap().iter().any(|difference| difference.what == Compared::Position));
    // A minute later it is looked at again: the same, and told no more.
    let row = order("3", Status::ALL_TRADED, Submit::ACCEPTED, 10);
    let looks = bench.asked(TraderRequest::ReqQryTradingAccount);
    while bench.asked(TraderRequest::ReqQryTradingAccount) < looks + 3 {
        bench.answer_query(&[row], &[opened()]);
    }
    assert_eq!((bench.gate().is_open(), differences(&bench)), (false, 1));
    let (reply, mut answer) = oneshot::channel();
    bench.command(Command::AcceptDifferences { reply });
    assert!(matches!(answer.try_recv(), Ok(Ok(()))));
    assert!(bench.gate().is_open());
    assert!(bench.try_place().is_ok());
}

#[test]
fn the_policy_may_open_the_gate() {
    for policy in [Reconcile::AdoptCounter, Reconcile::ReportOnly] {
        let mut bench = differing(policy);
        assert!(bench.gate().is_open(), "{policy:?}");
        assert_eq!(differences(&bench), 1);
        // With the counter's word taken over, nothing differs any more.
        let mut answer = reconcile(&mut bench);
        let row = order("3", Status::ALL_TRADED, Submit::ACCEPTED, 10);
        let found = loop {
            if let Ok(found) = answer.try_recv() {
                break found.unwrap();
            }
            bench.answer_query(&[row], &[opened()]);
        };
        assert_eq!(found.agrees(), policy == Reconcile::AdoptCounter, "{:?}", found.differences);
        assert!(bench.gate().is_open());
    }
}

#[test]
fn a_comparison_on_demand_joins_agrees_and_ends_with_the_link() {
    let mut bench = Bench::with(|_| {});
    bench.log_in("20261120", "7");
    // Joins the login's own.
    let mut answer = reconcile(&mut bench);
    bench.recover();
    assert!(matches!(answer.try_recv(), Ok(Ok(found)) if found.agrees()));
    assert_eq!(bench.asked(TraderRequest::ReqQryTradingAccount), 1);
    let mut broken = reconcile(&mut bench);
    bench.answer_query(&[], &[]);
    bench.disconnect();
    assert!(matches!(broken.try_recv(), Ok(Err(Error::NotSent { .. }))));
    let mut down = reconcile(&mut bench);
    assert!(matches!(down.try_recv(), Ok(Err(Error::NotSent { .. }))));
}

#[test]
fn positions_that_agree_open_the_gate() {
    let mut bench = Bench::with(|_| {});
    bench.log_in("20261120", "7");
    let row = order("3", Status::ALL_TRADED, Submit::ACCEPTED, 10);
    let (position, detail) = position();
    (bench.positions, bench.details) = (vec![position], vec![detail]);
    bench.recover_with(&[row], &[opened()]);
    assert!(bench.gate().is_open(), "{:?}", bench.events);
    assert_eq!((bench.asked(TraderRequest::ReqQryInvestorPosition), differences(&bench)), (1, 0));
}

fn accept(bench: &mut Bench) {
    let (reply, mut answer) = oneshot::channel();
    bench.command(Command::AcceptDifferences { reply });
    assert!(matches!(answer.try_recv(), Ok(Ok(()))));
}

/// Answers everything until the counter was asked for its money so many times more.
fn look(bench: &mut Bench, times: usize, trades: &[TradeField]) {
    let looks = bench.asked(TraderRequest::ReqQryTradingAccount) + times;
    let row = order("3", Status::ALL_TRADED, Submit::ACCEPTED, 10);
    while bench.answer_query(&[row], trades) != TraderRequest::ReqQryTradingAccount
        || bench.asked(TraderRequest::ReqQryTradingAccount) < looks
    {}
}

/// Rows from before a trade would take it back.
#[test]
fn what_is_accepted_late_is_asked_for_again() {
    let mut bench = differing(Reconcile::Strict);
    let later = TradeField { trade_id: text("b"), ..opened() };
    bench.push(TraderCallback::OnRtnTrade, later);
    accept(&mut bench);
    assert!(bench.gate().is_open());
    assert_eq!(bench.session.ledger().positions()[0].volume, 20);
    let (position, detail) = position();
    (bench.positions, bench.details) = (vec![position], vec![detail]);
    look(&mut bench, 2, &[opened(), later]);
    assert_eq!(bench.session.ledger().positions()[0].volume, 10);
    assert!(bench.gate().is_open());
    // It was for once.
    bench.positions.clear();
    bench.details.clear();
    let mut answer = reconcile(&mut bench);
    look(&mut bench, 2, &[opened(), later]);
    assert!(matches!(answer.try_recv(), Ok(Ok(found)) if !found.agrees()));
    assert_eq!(bench.gate().to_string(), "closed: differs");
}

/// Another rule of the broker's makes another figure in every look.
#[test]
fn money_that_was_accepted_counts_no_more_on_its_day() {
    let mut bench = Bench::with(|_| {});
    bench.log_in("20261120", "7");
    let row = order("3", Status::ALL_TRADED, Submit::ACCEPTED, 10);
    let (mut position, detail) = position();
    position.open_cost = 1.0;
    (bench.positions, bench.details) = (vec![position], vec![detail]);
    bench.recover_with(&[row], &[opened()]);
    assert_eq!((bench.gate().to_string().as_str(), differences(&bench)), ("closed: differs", 1));
    accept(&mut bench);
    bench.positions[0].open_cost = 2.0;
    let mut answer = reconcile(&mut bench);
    look(&mut bench, 1, &[opened()]);
    // It is shown, and the gate is open.
    assert!(matches!(answer.try_recv(), Ok(Ok(found)) if !found.agrees()));
    assert!(bench.gate().is_open() && differences(&bench) == 1);
    // Lots are another matter.
    bench.positions[0].position = 9;
    let _answer = reconcile(&mut bench);
    look(&mut bench, 2, &[opened()]);
    assert_eq!((bench.gate().to_string().as_str(), differences(&bench)), ("closed: differs", 2));
}

/// What differs by another amount in every look, while something moves, is no difference.
#[test]
fn a_busy_account_does_not_close_the_gate() {
    let mut bench = Bench::with(|_| {});
    bench.log_in("20261120", "7");
    bench.recover();
    let mut answer = reconcile(&mut bench);
    let row = order("3", Status::ALL_TRADED, Submit::ACCEPTED, 10);
    let mut number = 0;
    let found = loop {
        if bench.answer_query(&[row], &[]) == TraderRequest::ReqQryInvestorPositionDetail {
            number += 1;
            bench.push(
                TraderCallback::OnRtnTrade,
                TradeField { trade_id: text(&number.to_string()), ..opened() },
            );
        }
        if let Ok(found) = answer.try_recv() {
            break found.unwrap();
        }
    };
    assert!(!found.agrees());
    assert_eq!((bench.gate(), differences(&bench)), (GateState::Open, 0));
    // The lots that nobody has differ by as much when it is quiet.
    let _answer = reconcile(&mut bench);
    look(&mut bench, 2, &[]);
    assert_eq!((bench.gate().to_string().as_str(), differences(&bench)), ("closed: differs", 1));
}

#[test]
fn queries_without_answers_do_not_close_a_gate_that_was_open() {
    let mut bench = Bench::with(|_| {});
    bench.log_in("20261120", "7");
    bench.recover();
    let mut answer = reconcile(&mut bench);
    let error = loop {
        bench.now = bench.session.next_deadline().unwrap().max(bench.now);
        bench.step(Input::Time);
        if let Ok(found) = answer.try_recv() {
            break found.unwrap_err();
        }
    };
    assert!(matches!(error, Error::Unknown { .. }), "{error}");
    assert_eq!(bench.gate(), GateState::Open);
}

#[test]
fn the_kill_switch_shows_in_the_gate() {
    let mut bench = Bench::ready();
    bench.step(Input::Kill { reason: "a test".to_owned() });
    assert_eq!(bench.gate().to_string(), "closed: kill_switch");
    assert!(matches!(bench.try_place(), Err(Error::Denied(denial)) if denial.rule == Rule::KillSwitch));
    bench.disconnect().log_in("20261120", "1");
    bench.recover();
    assert_eq!(bench.gate().to_string(), "closed: kill_switch");
    bench.step(Input::Release);
    assert!(bench.gate().is_open());
}

/// A proof that was wrong must not hide an order that lives.
#[test]
fn f45_an_order_that_shows_up_after_all_lives_on() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.disconnect().log_in("20261120", "1");
    bench.recover();
    assert_eq!((phase(&placed), bench.count(is_rejected)), (OrderPhase::Rejected, 1));
    let id = placed.order().id;
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0));
    let told = bench.events.iter().rev().find_map(|event| event.order().filter(|order| order.id == id));
    assert_eq!(told.map(|order| (order.phase, order.refusal.clone())), Some((OrderPhase::Working, None)));
    let _answer = bench.cancel(id);
    assert_eq!(bench.asked(TraderRequest::ReqOrderAction), 1);
}

#[test]
fn a_journal_that_fails_closes_the_gate() {
    let mut bench = Bench::ready();
    bench.step(Input::JournalFailed { reason: "no space".to_owned() });
    assert_eq!(bench.gate().to_string(), "closed: journal_failed");
    assert!(matches!(bench.try_place(), Err(Error::Denied(denial)) if denial.rule == Rule::Gate));
}
