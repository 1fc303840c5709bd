//! Which order a record, a trade or a refusal is of.

use super::*;

/// The counter names a refused order by all that was sent: what differs in one of them is another session's.
#[test]
fn a_public_refusal_is_of_the_order_that_it_repeats() {
    let own = input("1", 5);
    for (other, what) in [
        (InputOrderField { order_ref: text("2"), ..own }, "reference"),
        (InputOrderField { instrument_id: text("cu2601"), ..own }, "instrument"),
        (InputOrderField { direction: Direction::SELL, ..own }, "direction"),
        (InputOrderField { volume_total_original: 9, ..own }, "volume"),
        (InputOrderField { request_id: 6, ..own }, "request"),
    ] {
        let mut bench = Bench::with_own_order();
        let error = || ServerError::counter(31, "CTP:no");
        bench.book.refuse_public(&other, error(), LIVE, &mut bench.events);
        assert_eq!(bench.words(), ["foreign rejected 31"], "{what}");
        assert_eq!(bench.own().phase, OrderPhase::Sent, "{what}");
        // Another one of the same session is told, too.
        bench.book.refuse_public(&other, ServerError::counter(32, "CTP:no"), LIVE, &mut bench.events);
        assert_eq!(bench.words(), ["foreign rejected 32"], "{what}");
        bench.book.refuse_public(&own, error(), LIVE, &mut bench.events);
        assert_eq!(bench.words(), ["rejected 31"], "{what}");
    }
}

/// An answer whose number is not known is of the order that its record repeats.
#[test]
fn an_answer_under_another_number_is_of_the_order_that_it_repeats() {
    let mut bench = Bench::with_own_order();
    bench.book.refuse(Some(&input("1", 5)), 99, ServerError::counter(22, "no"), LIVE, &mut bench.events);
    assert_eq!(bench.words(), ["rejected 22"]);
    bench.book.refuse(Some(&input("2", 7)), 99, ServerError::counter(22, "no"), LIVE, &mut bench.events);
    assert_eq!(bench.words(), ["error"]);
}

/// After a counter restart another order may carry the same session name: the local number tells them apart, where both
/// have one.
#[test]
fn a_session_name_is_believed_unless_the_local_numbers_differ() {
    let local = text("        1001");
    for (known, told, is_same) in [
        (Text::default(), Text::default(), true),
        (local, Text::default(), true),
        (Text::default(), local, true),
        (local, local, true),
        (local, text("        1002"), false),
    ] {
        let mut bench = Bench::with_own_order();
        let first =
            OrderField { order_local_id: known, ..order("1", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0) };
        let id = bench.book.apply_order(&first, LIVE, &mut bench.events);
        assert_eq!(id, OrderId(1));
        // Under the seat that the counter has now.
        let second = OrderField {
            order_local_id: told,
            trader_id: text("other"),
            ..order("1", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0)
        };
        let found = bench.book.apply_order(&second, LIVE, &mut bench.events);
        assert_eq!(found == id, is_same, "{known:?} {told:?}");
        assert_eq!(bench.book.by_record(&second).map(|order| order.id), Some(found));
    }
}

/// Two trades wait for the same order; the first is told alone before the order comes.
#[test]
fn a_trade_that_waits_is_not_forgotten_with_the_one_before_it() {
    let mut bench = Bench::with_own_order();
    let begun = bench.now;
    bench.trade("a", 3);
    bench.now += TRADE_WAIT / 2;
    bench.trade("b", 2);
    assert_eq!(bench.book.next_deadline(), Some(begun + TRADE_WAIT));
    bench.book.handle_deadline(begun + TRADE_WAIT, &mut bench.events);
    assert_eq!(bench.words(), ["trade 3 of None"]);
    assert_eq!(bench.book.next_deadline(), Some(begun + TRADE_WAIT * 3 / 2));
    bench.push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 5);
    assert_eq!(bench.words(), ["Working 5", "trade 2 of Some(2)", "Working 5"]);
    assert_eq!((bench.own().volume_filled, bench.book.next_deadline()), (5, None));
}

/// A trade is found by the counter's number, too; the exchange's number that an order has is never replaced.
#[test]
fn a_trade_is_found_by_the_local_number() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    let mut fill = trade("1", "a", 3);
    (fill.trader_id, fill.order_local_id) = (text("9999cac"), text("        1001"));
    fill.order_sys_id = Text::default();
    bench.book.apply_trade(bench.now, &fill, LIVE, &mut bench.events);
    assert_eq!((bench.own().volume_filled, bench.own().keys.order_sys_id), (3, sys_id("1")));
    fill.order_sys_id = text("another");
    bench.book.apply_trade(bench.now, &fill, LIVE, &mut bench.events);
    assert_eq!((bench.own().volume_filled, bench.own().keys.order_sys_id), (6, sys_id("1")));

    // Without a number of the exchange there is nothing to learn.
    let mut bench = Bench::with_own_order();
    bench.push(Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0);
    let nameless = TradeField { order_sys_id: Text::default(), ..fill };
    bench.book.apply_trade(bench.now, &nameless, LIVE, &mut bench.events);
    assert_eq!((bench.own().volume_filled, bench.own().keys.order_sys_id), (3, Text::default()));
}

#[test]
fn numbers_count_on_over_the_days() {
    let mut bench = Bench::new();
    for day in 0..3 {
        for number in 1..=2 {
            let id = bench.book.place(&input(&number.to_string(), number), None, FRONT, SESSION).id;
            assert_eq!(id, OrderId(2 * day + number.cast_unsigned() as u64));
            assert_eq!(bench.book.get(id).map(|order| order.id), Some(id));
            assert!(bench.book.is_unanswered(id) && bench.book.was_sent_as(number));
        }
        bench.book.begin_trading_day(&mut bench.events);
        for id in 0..=2 * day + 3 {
            assert!(bench.book.get(OrderId(id)).is_none() && !bench.book.is_unanswered(OrderId(id)));
        }
        assert!(!bench.book.was_sent_as(1));
    }
}

/// What an action names: the exchange's number, or what it was placed under.
#[test]
fn an_action_finds_its_order_by_any_of_its_names() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    let by_exchange =
        OrderActionField { exchange_id: text("SHFE"), order_sys_id: sys_id("1"), ..Default::default() };
    let by_session = OrderActionField {
        front_id: FRONT,
        session_id: SESSION,
        order_ref: text("1"),
        ..OrderActionField::default()
    };
    for (action, found) in [
        (by_exchange, true),
        (by_session, true),
        (OrderActionField { order_sys_id: sys_id("2"), ..by_exchange }, false),
        (OrderActionField { session_id: 7, ..by_session }, false),
        (OrderActionField::default(), false),
    ] {
        assert_eq!(bench.book.order_of_action(&action).is_some(), found);
    }
}
