//! Counts: in the rolling second, in the day, over several sessions and runs.

use super::*;

fn remembered(entries: Vec<Entry>, bench: &mut Bench) {
    for entry in entries {
        bench.step(Input::Remembered(entry));
    }
}

pub(super) fn login(trading_day: &str) -> Entry {
    let (front_id, session_id) = (FRONT, SESSION - 1);
    Entry::Login { at_ns: 1, trading_day: text(trading_day), front_id, session_id, max_order_ref: text("1") }
}

fn action(request: TraderRequest, record: RecordBox) -> Entry {
    let (front_id, session_id) = (FRONT, SESSION - 1);
    Entry::Action { at_ns: 2, request, record, request_id: 9, front_id, session_id, order_ref: text("") }
}

#[test]
fn no_second_has_more_than_nine_orders_and_cancels() {
    let mut bench = Bench::risky(|_| {});
    let placed: Vec<_> =
        (0..7).map(|_| bench.try_order(&buy(1, 3_900.0)).expect("within the pace")).collect();
    assert_eq!(bench.broken(&buy(1, 3_900.0)), Some(Rule::ActionsPerSecond));
    assert_eq!(bench.counts().actions_in_window, 7, "what is denied is not counted");
    // The rest is for cancels, however they are asked for.
    let _first = bench.cancel(placed[0].order().id);
    let raw = InputOrderActionField { instrument_id: text("rb2601"), ..InputOrderActionField::default() };
    let (submission, mut answer) = Submission::of_caller(CANCELS, RecordBox::new(&raw));
    bench.command(Command::Request { logins: bench.session.logins(), submission });
    assert!(answer.try_recv().is_ok_and(|answer| answer.is_ok()), "sent");
    assert_eq!(rule_of(bench.cancel(placed[1].order().id).try_recv().unwrap()), Rule::ActionsPerSecond);
    assert_eq!((bench.asked(ORDERS), bench.asked(CANCELS)), (7, 2));
    let counts = bench.counts();
    assert_eq!(
        (counts.orders_today, counts.cancels_today, counts.busiest_window, counts.denied),
        (7, 2, 9, 2)
    );
    bench.at_ms(1_000);
    assert_eq!(bench.broken(&buy(1, 3_900.0)), Some(Rule::ActionsPerSecond), "both ends of a second count");
    bench.at_ms(1_001);
    assert_eq!(bench.broken(&buy(1, 3_900.0)), None);
}

#[test]
fn the_second_begins_when_the_library_has_it() {
    let mut bench = Bench::risky(|_| {});
    // The disk keeps the journal waiting between the decision and the library.
    let (reply, _answer) = oneshot::channel();
    let command = insert(&buy(1, 3_900.0), bench.session.logins(), reply);
    let now = bench.time();
    let outputs = bench.session.step(now, Input::Command(command));
    let [Output::Send { request_id, .. }] = outputs[..] else { panic!("{outputs:?}") };
    bench.at_ms(900);
    bench.step(Input::Sent { request_id, result: Ok(()) });
    bench.at_ms(1_500);
    assert_eq!(bench.counts().actions_in_window, 1);
    bench.at_ms(1_901);
    assert_eq!(bench.counts().actions_in_window, 0);
}

#[test]
fn what_the_library_does_not_take_counts_all_the_same() {
    let mut bench = Bench::risky(|_| {});
    bench.word = Err(SendRefusal::TooFast);
    for _ in 0..7 {
        assert!(matches!(bench.try_order(&buy(1, 3_900.0)), Err(Error::NotSent { .. })));
    }
    assert_eq!(rule_of(bench.try_order(&buy(1, 3_900.0))), Rule::ActionsPerSecond);
    assert_eq!(bench.counts().open_orders, 0);
}

#[test]
fn other_sessions_of_the_account_count() {
    let mut bench = Bench::risky(|config| config.orders_per_day = Some(8));
    let age = |ms: u64| ms * 1_000_000;
    let elsewhere = [(age(2_000), Counted::Order), (age(400), Counted::Order), (age(300), Counted::Cancel)];
    bench.step(Input::Elsewhere(elsewhere.map(|(age, what)| (age, what, text("rb2601"))).to_vec()));
    let counts = bench.counts();
    assert_eq!((counts.orders_today, counts.cancels_today), (2, 1));
    for _ in 0..5 {
        assert_eq!(bench.broken(&buy(1, 3_900.0)), None);
    }
    assert_eq!(bench.broken(&buy(1, 3_900.0)), Some(Rule::ActionsPerSecond));
    // What only others sent is no news to them.
    assert_eq!(bench.session.taken(), []);
    bench.at_ms(2_000);
    assert_eq!(bench.broken(&buy(1, 3_900.0)), None);
    assert_eq!(bench.session.taken().len(), 0, "the last step was the library's word");
    assert_eq!(bench.broken(&buy(1, 3_900.0)), Some(Rule::OrdersPerDay));
}

#[test]
fn a_slower_front_lowers_the_pace() {
    let mut bench = Bench::risky(|_| {});
    bench.step(Input::FrontInfo { address: text("tcp://a:1"), query_frequency: 1, package_frequency: 5 });
    let counts = bench.counts();
    assert_eq!((counts.actions_max, counts.actions_max_with_orders), (Some(5), Some(3)));
    for _ in 0..3 {
        assert_eq!(bench.broken(&buy(1, 3_900.0)), None);
    }
    assert_eq!(bench.broken(&buy(1, 3_900.0)), Some(Rule::ActionsPerSecond));
}

#[test]
fn earlier_runs_of_the_day_count() {
    let change = |config: &mut RiskConfig| {
        config.orders_per_day = Some(4);
        config.cancels_per_instrument = Some(3);
    };
    let order = || action(ORDERS, RecordBox::new(&buy(1, 3_900.0).record().unwrap()));
    let cancelling =
        InputOrderActionField { instrument_id: text("rb2601"), ..InputOrderActionField::default() };
    let cancel = || action(CANCELS, RecordBox::new(&cancelling));
    for (day, expected) in [("20261120", (2, 1)), ("20261119", (0, 0))] {
        let mut bench = Bench::with(|config| {
            config.recovery = Recovery::Orders;
            change(&mut config.risk);
        });
        remembered(vec![login(day), order(), cancel(), order()], &mut bench);
        bench.make_ready();
        let counts = bench.counts();
        assert_eq!((counts.orders_today, counts.cancels_today), expected, "{day}");
        assert_eq!(counts.actions_in_window, 0, "the login took longer than the window");
    }
    // Their orders were not found: only their cancels count against the instrument.
    let mut bench = Bench::with(|config| {
        config.recovery = Recovery::Orders;
        change(&mut config.risk);
    });
    remembered(vec![login("20261120"), order(), cancel(), cancel()], &mut bench);
    bench.make_ready();
    assert_eq!(bench.broken(&buy(1, 3_900.0)), None);
    assert_eq!(bench.broken(&buy(1, 3_900.0)), Some(Rule::CancelsPerInstrument));
}

#[test]
fn a_new_trading_day_counts_from_nothing() {
    let mut bench = Bench::risky(|config| config.orders_per_day = Some(1));
    assert_eq!(bench.broken(&buy(1, 3_900.0)), None);
    assert_eq!(bench.broken(&buy(1, 3_900.0)), Some(Rule::OrdersPerDay));
    bench.disconnect();
    bench.log_in("20261123", "1");
    bench.recover();
    let counts = bench.counts();
    assert_eq!((counts.orders_today, counts.open_orders), (0, 0));
    assert_eq!(bench.broken(&buy(1, 3_900.0)), None);
}

#[test]
fn late_answers_raise_an_alert_once() {
    let mut bench = Bench::risky(|_| {});
    bench.place();
    bench.at_ms(999);
    assert_eq!(bench.told_alerts(), Vec::<String>::new());
    bench.at_ms(1_000);
    assert_eq!(bench.told_alerts(), ["1 orders wait for their first answer for 1000 ms"]);
    bench.place();
    bench.at_ms(2_000);
    assert_eq!((bench.told_alerts().len(), bench.counts().late_acks), (1, 2), "still the same slowness");
    bench.place();
    bench.push(TraderCallback::OnRtnOrder, order("10", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0));
    bench.place();
    bench.at_ms(3_000);
    assert_eq!((bench.told_alerts().len(), bench.counts().late_acks), (2, 3));
}
