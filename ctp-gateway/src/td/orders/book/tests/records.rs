//! Which record is believed: the one that is further, and of two that are as far the later one.

use super::*;
use crate::status::StatusText;

/// A record of the order that rests, with the exchange's number of the report.
fn resting(status: Status, traded: i32, sequence_no: i32, message: &str) -> OrderField {
    OrderField {
        sequence_no,
        status_msg: text(message),
        insert_time: text(&format!("10:00:{sequence_no:02}")),
        ..order("1", status, Submit::ACCEPTED, traded)
    }
}

/// Takes records one after the other and returns the message of the one that stands in the end.
fn stands(records: &[OrderField]) -> String {
    let mut bench = Bench::with_own_order();
    for record in records {
        bench.book.apply_order(record, LIVE, &mut bench.events);
    }
    let own = bench.own();
    let record = own.record.as_ref().expect("a record");
    assert_eq!(own.status_message, record.status_msg.to_str());
    assert_eq!((own.status, own.submit_status), (record.order_status, record.order_submit_status));
    own.status_message.clone()
}

#[test]
fn what_came_late_does_not_undo_what_came_before() {
    use Status as S;
    let part = S::PART_TRADED_QUEUEING;
    for (first, second, expected) in [
        // By how far it is.
        (resting(S::NO_TRADE_QUEUEING, 0, 0, "a"), resting(S::UNKNOWN, 0, 0, "b"), "a"),
        (resting(S::UNKNOWN, 0, 0, "a"), resting(S::NO_TRADE_QUEUEING, 0, 0, "b"), "b"),
        (resting(S::UNKNOWN, 0, 9, "a"), resting(S::NO_TRADE_QUEUEING, 0, 8, "b"), "b"),
        // By the lots traded.
        (resting(part, 3, 0, "a"), resting(part, 2, 0, "b"), "a"),
        (resting(part, 3, 0, "a"), resting(part, 3, 0, "b"), "b"),
        (resting(part, 2, 0, "a"), resting(part, 3, 0, "b"), "b"),
        // By the number of the report, where there is one.
        (resting(part, 3, 5, "a"), resting(part, 3, 4, "b"), "a"),
        (resting(part, 3, 5, "a"), resting(part, 3, 5, "b"), "b"),
        (resting(part, 3, 5, "a"), resting(part, 3, 6, "b"), "b"),
        (resting(part, 3, 5, "a"), resting(part, 3, 0, "b"), "b"),
        (resting(part, 3, 5, "a"), resting(part, 4, 4, "b"), "a"),
        // An order that is over stays as it ended.
        (resting(S::CANCELED, 3, 0, "a"), resting(S::ALL_TRADED, 3, 0, "b"), "a"),
        (resting(S::CANCELED, 3, 0, "a"), resting(S::CANCELED, 3, 0, "b"), "b"),
        (resting(S::CANCELED, 3, 0, "a"), resting(part, 3, 0, "b"), "a"),
        // One that was triggered may still end.
        (resting(S::TOUCHED, 0, 0, "a"), resting(S::CANCELED, 0, 0, "b"), "b"),
        (resting(S::TOUCHED, 0, 0, "a"), resting(S::NO_TRADE_QUEUEING, 0, 0, "b"), "a"),
    ] {
        assert_eq!(stands(&[first, second]), expected, "{first:?} then {second:?}");
    }
}

/// Nothing that a user sees changed: nothing is told. The last word is taken all the same.
#[test]
fn a_record_with_other_words_alone_is_no_news() {
    let mut bench = Bench::with_own_order();
    bench.book.apply_order(&resting(Status::NO_TRADE_QUEUEING, 0, 1, "a"), LIVE, &mut bench.events);
    bench.words();
    let later = Arrival { received_ns: 2, source: Source::Replay };
    bench.book.apply_order(&resting(Status::NO_TRADE_QUEUEING, 0, 2, "b"), later, &mut bench.events);
    assert_eq!(bench.words(), [""; 0]);
    assert_eq!((bench.own().received_ns, bench.own().replayed), (2, false));
    let modified = OrderField {
        order_submit_status: Submit::CANCEL_SUBMITTED,
        ..resting(Status::NO_TRADE_QUEUEING, 0, 3, "b")
    };
    bench.book.apply_order(&modified, later, &mut bench.events);
    assert_eq!(bench.words(), ["Working 0"]);
    assert!(bench.own().replayed);
}

/// The phase and the lots of a late record count only as far as they go beyond what is known.
#[test]
fn lots_never_fall_and_never_exceed_the_order() {
    let mut bench = Bench::with_own_order();
    for (traded, expected) in [(3, 3), (2, 3), (-1, 3), (99, 10), (4, 10)] {
        bench.push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, traded);
        assert_eq!((bench.own().volume_traded, bench.own().volume_left()), (expected, 10 - expected));
    }
}

#[test]
fn an_order_is_shown_as_it_was_placed() {
    let mut bench = Bench::new();
    let input = InputOrderField {
        direction: Direction::SELL,
        comb_offset_flag: text("3"),
        comb_hedge_flag: text("2"),
        ..input("1", 5)
    };
    let placed = bench.book.place(&input, Some(5), FRONT, SESSION);
    let record = OrderField {
        direction: Direction::SELL,
        comb_offset_flag: text("3"),
        comb_hedge_flag: text("2"),
        session_id: 8,
        ..order("2", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0)
    };
    let id = bench.book.apply_order(&record, LIVE, &mut bench.events);
    let seen = bench.book.get(id).unwrap();
    for (order, session_id, order_ref) in [(&placed, SESSION, "1"), (seen, 8, "2")] {
        assert_eq!(order.instrument_id, text("rb2601"));
        assert_eq!((order.direction, order.offset.as_char()), (Direction::SELL, b'3'));
        assert_eq!((order.hedge.as_char(), order.volume), (b'2', 10));
        assert_eq!((order.limit_price, order.volume_traded), (Some(3_900.0), 0));
        let keys = &order.keys;
        assert_eq!((keys.front_id, keys.session_id), (FRONT, session_id));
        assert_eq!((keys.order_ref, keys.exchange_id), (text(order_ref), text("SHFE")));
    }
    assert_eq!((placed.origin, seen.origin), (Origin::Own, Origin::Foreign));
}

#[test]
fn every_phase_has_words_for_people() {
    let mut bench = Bench::with_own_order();
    assert_eq!(bench.own().status_text().english, "sent");
    bench.book.mark_all_unknown(&UnknownCause::SessionEnded, &mut bench.events);
    assert_eq!(bench.own().status_text().english, "outcome unknown");
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    let working = StatusText::of(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED);
    assert_eq!(bench.own().status_text(), working);
    let mut bench = Bench::with_own_order();
    bench.book.refuse(None, 5, ServerError::counter(22, "no"), LIVE, &mut bench.events);
    assert_eq!(bench.own().status_text().english, "rejected");
}

#[test]
fn which_phases_are_over() {
    use OrderPhase as P;
    let over = [P::Triggered, P::Filled, P::Canceled, P::Rejected];
    let open = [P::Sent, P::Unknown, P::Acknowledged, P::Untriggered, P::Working];
    assert!(over.iter().all(|phase| phase.is_over()) && !open.iter().any(|phase| phase.is_over()));
    for (status, submit, phase) in [
        (Status::ALL_TRADED, Submit::ACCEPTED, Some(P::Filled)),
        (Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, Some(P::Working)),
        (Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, Some(P::Working)),
        (Status::PART_TRADED_NOT_QUEUEING, Submit::ACCEPTED, Some(P::Canceled)),
        (Status::NO_TRADE_NOT_QUEUEING, Submit::ACCEPTED, Some(P::Canceled)),
        (Status::CANCELED, Submit::ACCEPTED, Some(P::Canceled)),
        (Status::UNKNOWN, Submit::INSERT_SUBMITTED, Some(P::Acknowledged)),
        (Status::NOT_TOUCHED, Submit::ACCEPTED, Some(P::Untriggered)),
        (Status::TOUCHED, Submit::ACCEPTED, Some(P::Triggered)),
        (Status::from_char(b'z'), Submit::ACCEPTED, None),
        (Status::CANCELED, Submit::INSERT_REJECTED, Some(P::Rejected)),
        (Status::from_char(b'z'), Submit::INSERT_REJECTED, Some(P::Rejected)),
        // The order rests: what was refused is its cancel.
        (Status::NO_TRADE_QUEUEING, Submit::CANCEL_REJECTED, Some(P::Working)),
    ] {
        assert_eq!(P::of_status(status, submit), phase, "{status:?} {submit:?}");
    }
}

/// A triggered order is complete when it is known what it became; a filled one when its trades have arrived.
#[test]
fn what_is_complete() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    assert!(!bench.own().is_complete());
    bench.push(Status::CANCELED, Submit::ACCEPTED, 2);
    assert!(!bench.own().is_complete());
    bench.trade("a", 1);
    assert!(!bench.own().is_complete());
    bench.trade("b", 1);
    assert!(bench.own().is_complete());
    let mut bench = Bench::with_own_order();
    bench.push(Status::TOUCHED, Submit::ACCEPTED, 0);
    assert!(!bench.own().is_complete());
}

/// A refusal of an order that the exchange has is of something else, whatever it says.
#[test]
fn only_what_the_exchange_does_not_have_can_be_refused() {
    use OrderPhase as P;
    for (status, traded, phase) in [
        (Status::UNKNOWN, 0, P::Rejected),
        (Status::NOT_TOUCHED, 0, P::Rejected),
        (Status::TOUCHED, 0, P::Rejected),
        (Status::NO_TRADE_QUEUEING, 0, P::Working),
        (Status::ALL_TRADED, 10, P::Filled),
        (Status::CANCELED, 0, P::Canceled),
    ] {
        let mut bench = Bench::with_own_order();
        bench.push(status, Submit::ACCEPTED, traded);
        bench.words();
        bench.book.refuse(None, 5, ServerError::counter(22, "no"), LIVE, &mut bench.events);
        assert_eq!(bench.own().phase, phase, "{status:?}");
        let told: &[&str] = if phase == P::Rejected { &["rejected 22"] } else { &[] };
        assert_eq!(bench.words(), told, "{status:?}");
    }
}

/// An order that was proved not to exist and then shows lives on, and is told as what it is.
#[test]
fn an_order_that_was_proved_away_and_shows_after_all_lives_on() {
    for (status, phase) in [(Status::NO_TRADE_QUEUEING, "Working 0"), (Status::UNKNOWN, "Acknowledged 0")] {
        let mut bench = Bench::with_own_order();
        let id = bench.own().id;
        bench.book.prove_absent(id, LIVE, &mut bench.events);
        assert_eq!((bench.own().phase, bench.words().len()), (OrderPhase::Sent, 0), "nobody asked yet");
        bench.book.mark_all_unknown(&UnknownCause::SessionEnded, &mut bench.events);
        bench.book.prove_absent(id, LIVE, &mut bench.events);
        assert_eq!(bench.own().phase, OrderPhase::Rejected);
        bench.words();
        // The counter's refusal fits to it.
        bench.push(Status::CANCELED, Submit::INSERT_REJECTED, 0);
        assert_eq!((bench.own().phase, bench.own().refusal.is_some()), (OrderPhase::Rejected, true));
        bench.words();
        bench.push(status, Submit::ACCEPTED, 0);
        assert_eq!(bench.words(), [phase]);
        assert_eq!((bench.own().refusal.clone(), bench.own().unknown_cause.clone()), (None, None));
    }
    // What the counter refused with words of its own stays refused.
    let mut bench = Bench::with_own_order();
    bench.book.refuse(None, 5, ServerError::counter(22, "no"), LIVE, &mut bench.events);
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    assert_eq!((bench.own().phase, bench.own().refusal.is_some()), (OrderPhase::Rejected, true));
}

/// A number of the exchange is news, although nothing else changed.
#[test]
fn a_name_that_a_record_brings_is_told() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0);
    let named =
        OrderField { order_sys_id: sys_id("1"), ..order("1", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0) };
    for _ in 0..2 {
        bench.book.apply_order(&named, LIVE, &mut bench.events);
    }
    assert_eq!(bench.words(), ["Acknowledged 0", "Acknowledged 0"]);
    assert_eq!(bench.own().keys.order_sys_id, sys_id("1"));
    // A late record tells of lots that nobody knew of.
    bench.push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 2);
    bench.words();
    bench.push(Status::UNKNOWN, Submit::INSERT_SUBMITTED, 3);
    assert_eq!(
        (bench.words(), bench.own().status),
        (vec!["Working 3".to_owned()], Status::PART_TRADED_QUEUEING)
    );
}

/// Its reason is that of the record which refuses it, not of the one that told of the trigger.
#[test]
fn a_triggered_order_that_the_exchange_refuses_says_why() {
    let mut bench = Bench::with_own_order();
    bench.book.apply_order(&resting(Status::TOUCHED, 0, 1, "1:touched"), LIVE, &mut bench.events);
    let refused = OrderField {
        order_submit_status: Submit::INSERT_REJECTED,
        ..resting(Status::CANCELED, 0, 2, "26:no")
    };
    bench.book.apply_order(&refused, LIVE, &mut bench.events);
    assert_eq!(bench.words(), ["Triggered 0", "rejected 26"]);
    assert_eq!((bench.own().status, bench.own().status_message.as_str()), (Status::CANCELED, "26:no"));
}

/// The lots of a leg are that leg's, whichever trades first.
#[test]
fn a_trade_of_a_leg_fills_that_leg() {
    let mut bench = Bench::new();
    let spread = InputOrderField { instrument_id: text("SP m2701&m2705"), ..input("1", 5) };
    bench.book.place(&spread, Some(5), FRONT, SESSION);
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    for (leg, number, filled) in [("m2705", "a", [0, 3]), ("m2701", "b", [2, 3]), ("m2701", "c", [4, 3])] {
        let lots = if leg == "m2705" { 3 } else { 2 };
        let record = TradeField { instrument_id: text(leg), ..trade("1", number, lots) };
        bench.book.apply_trade(bench.now, &record, LIVE, &mut bench.events);
        assert_eq!(bench.own().legs_filled, filled, "{leg}");
    }
    assert_eq!(bench.own().volume_filled, 3);
}

/// The number is all that a binding keeps of an order.
#[test]
fn an_order_is_found_by_its_number() {
    let bench = Bench::with_own_order();
    let id = bench.own().id;
    let again = OrderId::new(id.number());
    assert_eq!(bench.book.get(again).map(|order| order.id), Some(id));
    assert_ne!(OrderId::new(7).number(), OrderId::new(8).number());
}
