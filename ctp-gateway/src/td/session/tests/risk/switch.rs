//! The kill switch in a session.

use super::*;

fn kill(reason: &str) -> Input {
    Input::Kill { reason: reason.to_owned() }
}

fn switched(on: bool, reason: &str) -> Input {
    Input::Remembered(Entry::Switch { at_ns: 5, on, reason: reason.to_owned() })
}

/// The counter cancels what it was asked for.
pub(super) fn cancel_all(bench: &mut Bench) {
    for sys_id in bench.cancelled() {
        let order_ref = (sys_id.parse::<i32>().unwrap() - 7_000).to_string();
        bench.push(TraderCallback::OnRtnOrder, order(&order_ref, Status::CANCELED, Submit::ACCEPTED, 0));
    }
}

/// Places so many orders that work, slowly enough for the pace.
pub(super) fn working(bench: &mut Bench, many: usize) -> Vec<Placed> {
    let placed = (0..many).map(|_| {
        bench.now += Duration::from_millis(200);
        let placed = bench.place();
        let order_ref = placed.order().keys.order_ref.to_str().into_owned();
        bench.push(
            TraderCallback::OnRtnOrder,
            order(&order_ref, Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0),
        );
        placed
    });
    placed.collect()
}

#[test]
fn it_denies_every_order_and_cancels_at_the_pace() {
    let mut bench = Bench::risky(|_| {});
    let placed = working(&mut bench, 12);
    bench.now += Duration::from_secs(2);
    bench.step(kill("too many losses"));
    assert_eq!(bench.broken(&buy(1, 3_900.0)), Some(Rule::KillSwitch));
    assert_eq!(bench.asked(CANCELS), 9, "as fast as the pace allows");
    assert!(bench.gate().reasons().contains(GateReason::KillSwitch));
    assert_eq!(
        bench.told_alerts(),
        ["the kill switch is on: too many losses; 12 orders are being cancelled"]
    );
    bench.now += Duration::from_millis(1_001);
    bench.step(Input::Time);
    assert_eq!(bench.asked(CANCELS), 12);
    let numbers: Vec<i32> = bench.cancelled().iter().map(|number| number.parse().unwrap()).collect();
    assert!(numbers.is_sorted() && numbers.len() == 12, "the oldest first, each once: {numbers:?}");
    cancel_all(&mut bench);
    let counts = bench.counts();
    assert_eq!((counts.to_cancel, counts.open_orders, counts.cancels_today), (0, 0, 12));
    assert!(placed.iter().all(|placed| phase(placed) == OrderPhase::Canceled));
    // Again is no news.
    let (events, sent) = (bench.events.len(), bench.sent.len());
    bench.step(kill("again"));
    assert_eq!((bench.events.len(), bench.sent.len()), (events, sent));
    assert_eq!(bench.counts().killed.map(|killed| killed.reason).as_deref(), Some("too many losses"));
    bench.step(Input::Release);
    assert_eq!(
        bench.told_alerts().last().map(String::as_str),
        Some("the kill switch is off; it was on: too many losses")
    );
    assert!(bench.gate().is_open());
    assert_eq!(bench.broken(&buy(1, 3_900.0)), None);
    bench.step(Input::Release);
    assert_eq!(bench.told_alerts().len(), 2);
}

/// Seed 2167 of the simulation: a cancel that is lost on a link that stands was forgotten, and its order worked on. It is
/// sent again when a query shows that; one that somebody else had sent before counts as the switch's own.
#[test]
fn a_cancel_that_is_not_answered_is_sent_again_when_its_order_still_works() {
    let mut bench = Bench::risky(|_| {});
    let placed = working(&mut bench, 3);
    let row =
        |placed: &Placed, status| order(&placed.order().keys.order_ref.to_str(), status, Submit::ACCEPTED, 0);
    bench.now += Duration::from_secs(2);
    let _reply = bench.cancel(placed[0].order().id);
    assert_eq!(bench.asked(CANCELS), 1);
    bench.step(kill("stop"));
    assert_eq!(bench.asked(CANCELS), 3, "one is under way");
    for _ in 0..8 {
        bench.now += Duration::from_secs(1);
        bench.step(Input::Time);
    }
    assert_eq!(bench.asked(CANCELS), 3, "nobody knows what became of them");
    let rows = [
        row(&placed[0], Status::NO_TRADE_QUEUEING),
        row(&placed[1], Status::CANCELED),
        row(&placed[2], Status::NO_TRADE_QUEUEING),
    ];
    assert_eq!(bench.answer_query(&rows, &[]), TraderRequest::ReqQryOrder);
    for _ in 0..3 {
        bench.now += Duration::from_secs(1);
        bench.step(Input::Time);
    }
    assert_eq!(bench.asked(CANCELS), 5, "those that work on, once");
}

#[test]
fn its_deadline_is_when_the_pace_allows_the_next_cancel() {
    let mut bench = Bench::risky(|config| {
        (config.actions_per_second, config.cancel_reserve) = (Some(2), 1);
        config.ack = Duration::ZERO;
    });
    for _ in 0..3 {
        bench.now += Duration::from_millis(1_200);
        bench.place();
    }
    bench.now += Duration::from_millis(1_200);
    let start = bench.now;
    bench.step(kill("test"));
    assert_eq!(bench.asked(CANCELS), 2);
    let due = bench.session.next_deadline().unwrap();
    assert_eq!(due, start + Duration::from_secs(1) + Duration::from_nanos(1));
    bench.now = due;
    bench.step(Input::Time);
    assert_eq!(bench.asked(CANCELS), 3);
}

#[test]
fn what_is_journalled_turns_it_on_again_over_days_and_restarts() {
    let mut bench = Bench::risky(|_| {});
    let now = bench.time();
    let outputs = bench.session.step(now, kill("stop"));
    let is_switch = |on: bool| {
        move |output: &Output| {
            matches!(output, Output::Journal(Entry::Switch { at_ns, on: found, reason })
                if (*at_ns, *found) == (now.unix_ns, on) && reason == "stop")
        }
    };
    assert!(outputs.iter().any(is_switch(true)), "{outputs:?}");
    let outputs = bench.session.step(now, Input::Release);
    assert!(outputs.iter().any(is_switch(false)), "{outputs:?}");

    for (inputs, is_on) in [
        (vec![switched(true, "stop")], true),
        (vec![switched(true, "stop"), switched(false, "stop")], false),
        (vec![switched(true, "a"), switched(false, "a"), switched(true, "b")], true),
    ] {
        let mut bench = Bench::with(|config| config.recovery = Recovery::Orders);
        for input in inputs {
            bench.step(input);
        }
        assert_eq!(bench.session.is_killed(), is_on, "before any login");
        bench.log_in("20261120", "7");
        let told = bench.told_alerts().iter().filter(|alert| alert.contains("kill switch is on")).count();
        assert_eq!(told, usize::from(is_on), "told at the login");
        bench.recover();
        assert_eq!(bench.broken(&buy(1, 3_900.0)).is_some(), is_on);
        assert_eq!(bench.gate().is_open(), !is_on);
        bench.disconnect();
        bench.log_in("20261123", "1");
        bench.recover();
        assert_eq!(bench.session.is_killed(), is_on, "on the next trading day");
    }
}

#[test]
fn it_cancels_what_an_earlier_run_left() {
    let mut bench = Bench::with(|config| config.recovery = Recovery::Orders);
    let input = crate::td::fixtures::input("5", 3);
    for entry in [
        pace::login("20261120"),
        Entry::Action {
            at_ns: 1,
            request: ORDERS,
            record: RecordBox::new(&input),
            request_id: 3,
            front_id: FRONT,
            session_id: SESSION - 1,
            order_ref: text("5"),
        },
        Entry::Switch { at_ns: 2, on: true, reason: "stop".to_owned() },
    ] {
        bench.step(Input::Remembered(entry));
    }
    bench.log_in("20261120", "7");
    let record = |order_ref: &str, session_id| OrderField {
        session_id,
        ..order(order_ref, Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0)
    };
    // One of the earlier run, and one of another program, which is not ours to cancel.
    bench.recover_with(&[record("5", SESSION - 1), record("6", SESSION - 2)], &[]);
    assert_eq!(bench.cancelled(), ["7005"]);
    assert_eq!(bench.counts().open_orders, 2);

    let mut all = Bench::risky(|config| config.kill_foreign = true);
    all.push(TraderCallback::OnRtnOrder, record("6", SESSION - 2));
    all.step(kill("all"));
    assert_eq!(all.cancelled(), ["7006"]);
}

#[test]
fn a_refused_cancel_is_sent_again_five_times_at_most() {
    let mut bench = Bench::risky(|_| {});
    working(&mut bench, 1);
    bench.now += Duration::from_secs(2);
    bench.step(kill("stop"));
    for round in 1..=5 {
        assert_eq!(bench.asked(CANCELS), round);
        let (_, record, id) = bench.sent.last().unwrap();
        let (action, id) = (*record.get::<InputOrderActionField>().unwrap(), *id);
        bench.answer(TraderCallback::OnRspOrderAction, Some(action), Some(refusal(26)), id, true);
        assert_eq!(bench.asked(CANCELS), round, "not at once");
        bench.now += Duration::from_secs(1);
        bench.step(Input::Time);
    }
    bench.now += Duration::from_secs(60);
    bench.step(Input::Time);
    assert_eq!(bench.asked(CANCELS), 5);
    let stuck = |alert: &&String| alert.contains("could not be cancelled for the kill switch");
    assert_eq!(bench.told_alerts().iter().filter(stuck).count(), 1, "{:?}", bench.told_alerts());
    assert_eq!(bench.counts().to_cancel, 1);
}

#[test]
fn a_cancel_that_the_library_does_not_take_is_sent_again() {
    let mut bench = Bench::risky(|_| {});
    working(&mut bench, 1);
    bench.now += Duration::from_secs(2);
    bench.word = Err(SendRefusal::TooFast);
    bench.step(kill("stop"));
    assert_eq!(bench.asked(CANCELS), 1);
    bench.word = Ok(());
    bench.now += Duration::from_secs(1);
    bench.step(Input::Time);
    assert_eq!(bench.asked(CANCELS), 2);
    cancel_all(&mut bench);
    assert_eq!(bench.counts().to_cancel, 0);
}

#[test]
fn it_joins_a_cancel_under_way_and_begins_again_after_a_login() {
    let mut bench = Bench::risky(|_| {});
    let placed = working(&mut bench, 2);
    bench.now += Duration::from_secs(2);
    let _asked = bench.cancel(placed[0].order().id);
    bench.step(kill("stop"));
    assert_eq!(bench.cancelled(), ["7008", "7009"], "each once");
    bench.sent.clear();
    // The link breaks before any answer. Nobody knows whether the cancels arrived.
    bench.disconnect();
    assert_eq!(bench.asked(CANCELS), 0);
    bench.log_in("20261120", "1");
    assert_eq!(bench.cancelled(), ["7008", "7009"]);
    cancel_all(&mut bench);
    assert_eq!(bench.counts().to_cancel, 0);
}

#[test]
fn an_order_that_shows_up_later_is_cancelled_too() {
    let mut bench = Bench::risky(|_| {});
    let placed = bench.place();
    bench.at_ms(5_000);
    assert_eq!(phase(&placed), OrderPhase::Unknown);
    bench.step(kill("stop"));
    assert_eq!(bench.cancelled(), ["8"], "by the session's names: it may be there");
    bench.sent.clear();
    let record =
        OrderField { session_id: SESSION, ..order("77", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0) };
    bench.push(TraderCallback::OnRtnOrder, record);
    assert_eq!(bench.cancelled(), ["7077"], "of this session, whoever sent it");
}

#[test]
fn an_order_on_its_way_when_it_is_thrown_is_cancelled() {
    let mut bench = Bench::risky(|_| {});
    let (reply, _answer) = oneshot::channel();
    let command = insert(&buy(1, 3_900.0), bench.session.logins(), reply);
    let outputs = bench.session.step(bench.time(), Input::Command(command));
    let [Output::Send { request_id, .. }] = outputs[..] else { panic!("{outputs:?}") };
    bench.step(kill("stop"));
    bench.step(Input::Sent { request_id, result: Ok(()) });
    assert_eq!(bench.cancelled(), ["8"]);
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::CANCELED, Submit::ACCEPTED, 0));
    assert_eq!(bench.counts().to_cancel, 0);
}
