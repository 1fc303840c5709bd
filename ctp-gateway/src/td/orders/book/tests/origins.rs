//! Whose an order is, what it came from, and what its records teach of its names.

use ctp_types::{ErrorConditionalOrderField, OrderType};

use super::*;

const PARENT: &str = "TJBD_00000001";

fn conditional(status: Status) -> OrderField {
    OrderField {
        order_sys_id: text(PARENT),
        order_type: OrderType::CONDITIONAL_ORDER,
        ..order("1", status, Submit::ACCEPTED, 0)
    }
}

/// What the counter makes of the conditional order.
fn triggered() -> OrderField {
    OrderField {
        relative_order_sys_id: text(PARENT),
        front_id: 0,
        session_id: 0,
        ..order("9", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0)
    }
}

#[test]
fn a_conditional_order_knows_what_it_became_whichever_comes_first() {
    let touched = conditional(Status::TOUCHED);
    for story in [[touched, triggered()], [triggered(), touched]] {
        let mut bench = Bench::with_own_order();
        bench.book.apply_order(&conditional(Status::NOT_TOUCHED), LIVE, &mut bench.events);
        for record in &story {
            bench.book.apply_order(record, LIVE, &mut bench.events);
        }
        let child = bench.book.by_session(0, 0, text("9")).expect("the child").clone();
        assert_eq!((child.origin, child.parent), (Origin::Own, Some(OrderId(1))));
        assert_eq!((bench.own().phase, bench.own().child), (OrderPhase::Triggered, Some(child.id)));
        assert!(bench.own().is_complete() && !child.is_complete());
    }
}

/// The record that says so may be lost; what the counter made of it says it, too.
#[test]
fn an_order_that_has_a_child_was_triggered() {
    let mut bench = Bench::with_own_order();
    bench.book.apply_order(&conditional(Status::NOT_TOUCHED), LIVE, &mut bench.events);
    assert_eq!(bench.own().phase, OrderPhase::Untriggered);
    bench.book.apply_order(&triggered(), LIVE, &mut bench.events);
    assert_eq!(bench.own().phase, OrderPhase::Triggered);
    // One that is over stays what it became.
    let mut bench = Bench::with_own_order();
    bench.book.apply_order(&conditional(Status::CANCELED), LIVE, &mut bench.events);
    bench.book.apply_order(&triggered(), LIVE, &mut bench.events);
    assert_eq!(bench.own().phase, OrderPhase::Canceled);
}

#[test]
fn a_child_that_overtakes_every_record_of_its_parent_finds_it() {
    let mut bench = Bench::with_own_order();
    bench.book.apply_order(&triggered(), LIVE, &mut bench.events);
    bench.book.apply_order(&triggered(), LIVE, &mut bench.events);
    assert_eq!(bench.own().child, None);
    bench.book.apply_order(&conditional(Status::TOUCHED), LIVE, &mut bench.events);
    let child = bench.own().child.and_then(|id| bench.book.get(id)).expect("the child");
    assert_eq!((child.origin, child.parent), (Origin::Own, Some(OrderId(1))));
}

#[test]
fn a_triggered_order_that_the_counter_refuses_is_rejected_once() {
    let mut bench = Bench::with_own_order();
    bench.book.apply_order(&conditional(Status::TOUCHED), LIVE, &mut bench.events);
    bench.events.clear();
    let error = ErrorConditionalOrderField {
        exchange_id: text("SHFE"),
        order_sys_id: text(PARENT),
        error_id: 31,
        error_msg: text("CTP:no"),
        ..Default::default()
    };
    for _ in 0..2 {
        bench.book.refuse_triggered(&error, LIVE, &mut bench.events);
    }
    assert_eq!(bench.words(), ["rejected 31"]);
    let stranger = ErrorConditionalOrderField { order_sys_id: text("TJBD_9"), ..error };
    bench.book.refuse_triggered(&stranger, LIVE, &mut bench.events);
    assert_eq!(bench.words(), ["error"]);
}

#[test]
fn what_the_counter_makes_of_this_session_is_own_and_of_an_earlier_run_earlier() {
    let mut bench = Bench::new();
    bench.book.know_session(FRONT, SESSION, Origin::Own);
    bench.book.know_session(2, 7, Origin::Earlier);
    // Another login may get the same numbers: the first word counts.
    bench.book.know_session(FRONT, SESSION, Origin::Earlier);
    for (front_id, session_id, origin) in
        [(FRONT, SESSION, Origin::Own), (2, 7, Origin::Earlier), (2, 8, Origin::Foreign)]
    {
        let mut record = order("4", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
        (record.front_id, record.session_id) = (front_id, session_id);
        (record.order_sys_id, record.order_local_id) =
            (text(&session_id.to_string()), text(&session_id.to_string()));
        let id = bench.book.apply_order(&record, LIVE, &mut bench.events);
        assert_eq!(bench.book.get(id).map(|order| order.origin), Some(origin));
    }
}

#[test]
fn an_order_of_an_earlier_run_is_unknown_until_something_tells() {
    let mut bench = Bench::new();
    let id = bench.book.place_earlier(&input("1", 5), FRONT, SESSION).id;
    assert_eq!(bench.book.place_earlier(&input("1", 5), FRONT, SESSION).id, id);
    assert_eq!((bench.own().phase, bench.own().origin), (OrderPhase::Unknown, Origin::Earlier));
    // What is known of it comes from the journal, and why no more is known.
    assert!(bench.own().replayed);
    assert_eq!(bench.own().unknown_cause, Some(UnknownCause::SessionEnded));
    assert_eq!(bench.book.unknown().map(|order| order.id).collect::<Vec<_>>(), [id]);
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    assert_eq!((bench.book.unknown().count(), bench.words()), (0, vec!["Working 0".to_owned()]));
    assert_eq!((bench.own().replayed, bench.own().unknown_cause.clone()), (false, None));
    // Its request number is of another run: an answer to this run's request is not about it.
    bench.book.refuse(None, 5, ServerError::counter(31, "no"), LIVE, &mut bench.events);
    assert_eq!(bench.words(), ["error"]);
}

#[test]
fn a_refusal_of_an_earlier_order_that_is_replayed_is_taken() {
    let mut bench = Bench::new();
    let replay = Arrival { source: Source::Replay, ..LIVE };
    bench.book.place_earlier(&input("1", 5), FRONT, SESSION);
    bench.book.refuse_public(&input("1", 5), ServerError::counter(31, "no"), replay, &mut bench.events);
    assert_eq!(bench.words(), ["rejected 31"]);
    assert!(bench.own().replayed && bench.book.unknown().next().is_none());
}

#[test]
fn a_trade_teaches_the_number_of_its_order() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0);
    let mut fill = trade("1", "a", 3);
    (fill.trader_id, fill.order_local_id) = (text("9999cac"), text("        1001"));
    bench.book.apply_trade(bench.now, &fill, LIVE, &mut bench.events);
    assert_eq!(bench.own().keys.order_sys_id, sys_id("1"));
    assert_eq!(bench.book.by_exchange(text("SHFE"), sys_id("1")).map(|order| order.id), Some(OrderId(1)));
    assert_eq!(bench.words(), ["Acknowledged 0", "trade 3 of Some(3)"]);
}

#[test]
fn the_counters_spelling_of_the_exchange_is_taken() {
    let mut bench = Bench::with_own_order();
    let mut record = order("1", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    record.exchange_id = text("TTS");
    bench.book.apply_order(&record, LIVE, &mut bench.events);
    let mut fill = trade("1", "a", 3);
    fill.exchange_id = text("TTS");
    bench.book.apply_trade(bench.now, &fill, LIVE, &mut bench.events);
    assert_eq!((bench.own().volume_filled, bench.own().keys.exchange_id), (3, text("TTS")));
}

#[test]
fn any_record_proves_that_the_counter_has_the_order() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::from_char(b'z'), Submit::from_char(b'y'), 0);
    assert_eq!(bench.own().phase, OrderPhase::Acknowledged);
    bench.book.mark_all_unknown(&UnknownCause::SessionEnded, &mut bench.events);
    assert_eq!(bench.words(), ["Acknowledged 0"]);
}

#[test]
fn what_is_replayed_says_so() {
    let mut bench = Bench::with_own_order();
    for (source, replayed) in
        [(Source::Replay, true), (Source::Live, false), (Source::Query, true), (Source::Journal, true)]
    {
        let arrival = Arrival { received_ns: 1, source };
        let number = format!("{source:?}");
        bench.book.apply_trade(bench.now, &trade("1", &number, 1), arrival, &mut bench.events);
        bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
        let fill = bench.events.iter().rev().find_map(|event| match event {
            TdEvent::Trade { trade, .. } => Some(trade.replayed),
            _ => None,
        });
        assert_eq!(fill, Some(replayed));
    }
}

#[test]
fn an_unsent_order_gives_its_names_back() {
    let mut bench = Bench::new();
    let id = bench.book.place(&input("1", 5), Some(5), FRONT, SESSION).id;
    bench.book.remove_unsent(id);
    bench.book.remove_unsent(id);
    let again = bench.book.place(&input("1", 6), Some(6), FRONT, SESSION).id;
    assert_ne!(id, again);
    assert_eq!(bench.own().id, again);
    assert_eq!(bench.book.orders.iter().flatten().count(), 1);
}

#[test]
fn a_trade_that_was_reported_alone_still_counts_for_its_late_order() {
    let mut bench = Bench::new();
    bench.trade("a", 3);
    bench.book.handle_deadline(bench.now + TRADE_WAIT, &mut bench.events);
    bench.push(Status::ALL_TRADED, Submit::ACCEPTED, 10).trade("b", 7);
    assert_eq!(bench.words(), ["trade 3 of None", "Filled 10", "Filled 10", "trade 7 of Some(10)"]);
    assert!(bench.own().is_complete());
}
