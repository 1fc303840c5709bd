mod names;
mod origins;
mod records;

use std::collections::HashSet;

use ctp_types::{OrderStatus as Status, OrderSubmitStatus as Submit};
use proptest::prelude::*;

use super::*;
use crate::td::fixtures::{FRONT, SESSION, input, order, sys_id, text, trade};
use crate::td::orders::source::Source;
use crate::td::orders::waiting::TRADE_WAIT;

const LIVE: Arrival = Arrival { received_ns: 1, source: Source::Live };

struct Bench {
    book: OrderBook,
    now: Instant,
    events: Vec<TdEvent>,
}

impl Bench {
    fn new() -> Self {
        Self { book: OrderBook::default(), now: Instant::now(), events: Vec::new() }
    }

    fn with_own_order() -> Self {
        let mut bench = Self::new();
        bench.book.place(&input("1", 5), Some(5), FRONT, SESSION);
        bench
    }

    fn push(&mut self, status: Status, submit: Submit, traded: i32) -> &mut Self {
        self.book.apply_order(&order("1", status, submit, traded), LIVE, &mut self.events);
        self
    }

    fn trade(&mut self, trade_id: &str, volume: i32) -> &mut Self {
        self.book.apply_trade(self.now, &trade("1", trade_id, volume), LIVE, &mut self.events);
        self
    }

    fn own(&self) -> &Order {
        self.book.by_session(FRONT, SESSION, text("1")).expect("the order")
    }

    /// What happened, in words.
    fn words(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events).iter().map(word).collect()
    }
}

fn word(event: &TdEvent) -> String {
    match event {
        TdEvent::Order(order) => format!("{:?} {}", order.phase, order.volume_traded),
        TdEvent::Trade { order, trade } => {
            format!("trade {} of {:?}", trade.volume, order.as_ref().map(|order| order.volume_filled))
        }
        TdEvent::Rejected { error, .. } => format!("rejected {}", error.code),
        TdEvent::ForeignRejected { error, .. } => format!("foreign rejected {}", error.code),
        TdEvent::Unknown { .. } => "unknown".into(),
        TdEvent::CancelRejected { .. } => "cancel rejected".into(),
        TdEvent::Instruction(_)
        | TdEvent::InstructionCancelRejected { .. }
        | TdEvent::Alert(_)
        | TdEvent::TradingDayChanged { .. }
        | TdEvent::Position(_)
        | TdEvent::Differences { .. }
        | TdEvent::DryRun { .. }
        | TdEvent::Error { .. } => "error".into(),
    }
}

#[test]
fn rests_then_fills_in_parts_with_repetitions() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0).push(
        Status::NO_TRADE_QUEUEING,
        Submit::ACCEPTED,
        0,
    );
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    bench.push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 3).trade("a", 3);
    bench.push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 3);
    bench.push(Status::ALL_TRADED, Submit::ACCEPTED, 10);
    assert!(bench.own().phase.is_over() && !bench.own().is_complete());
    bench.trade("b", 7);
    assert!(bench.own().is_complete());
    assert_eq!(
        bench.words(),
        [
            "Acknowledged 0",
            "Working 0",
            "Working 3",
            "trade 3 of Some(3)",
            "Filled 10",
            "trade 7 of Some(10)"
        ]
    );
}

#[test]
fn an_immediate_order_that_fills_in_part() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0).push(
        Status::CANCELED,
        Submit::INSERT_SUBMITTED,
        4,
    );
    bench.push(Status::CANCELED, Submit::INSERT_SUBMITTED, 4).trade("a", 4);
    assert_eq!(bench.own().volume_left(), 0);
    assert_eq!(bench.words(), ["Acknowledged 0", "Canceled 4", "trade 4 of Some(4)"]);
}

#[test]
fn a_replay_of_the_day_says_nothing_twice() {
    let mut bench = Bench::with_own_order();
    for round in 0..3 {
        bench.push(Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0);
        bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
        bench.push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 3).trade("a", 3);
        bench.push(Status::CANCELED, Submit::ACCEPTED, 3);
        assert_eq!(bench.words().len(), if round == 0 { 5 } else { 0 });
    }
    assert_eq!((bench.own().volume_filled, bench.own().phase), (3, OrderPhase::Canceled));
}

#[test]
fn a_refusal_is_told_once_whichever_callbacks_bring_it() {
    // The counter's answer, the counter's public word, the exchange's record: any subset, any order.
    for ways in [[0, 1, 2], [1, 0, 2], [2, 0, 1], [2, 2, 2], [0, 0, 0], [1, 1, 1], [1, 2, 0]] {
        let mut bench = Bench::with_own_order();
        for way in ways {
            let error = ServerError::counter(22, "CTP:no");
            match way {
                0 => bench.book.refuse(Some(&input("1", 5)), 5, error, LIVE, &mut bench.events),
                1 => bench.book.refuse_public(&input("1", 5), error, LIVE, &mut bench.events),
                _ => drop(bench.push(Status::CANCELED, Submit::INSERT_REJECTED, 0)),
            }
        }
        let words = bench.words();
        assert_eq!(
            words.iter().filter(|word| word.starts_with("rejected")).count(),
            1,
            "{ways:?}: {words:?}"
        );
        assert_eq!(bench.own().phase, OrderPhase::Rejected);
        assert!(bench.own().refusal.is_some());
    }
}

#[test]
fn a_refusal_of_another_sessions_order_is_told_once_as_foreign() {
    let mut bench = Bench::with_own_order();
    for _ in 0..3 {
        // Same reference, other number: another program on the same account.
        let error = ServerError::counter(31, "CTP:no");
        bench.book.refuse_public(&input("1", 77), error, LIVE, &mut bench.events);
    }
    assert_eq!(bench.words(), ["foreign rejected 31"]);
    assert_eq!(bench.own().phase, OrderPhase::Sent);
}

#[test]
fn a_null_record_is_refused_by_its_request_number() {
    let mut bench = Bench::with_own_order();
    bench.book.refuse(None, 5, ServerError::counter(42, "CTP:no"), LIVE, &mut bench.events);
    bench.book.refuse(None, 6, ServerError::counter(42, "CTP:no"), LIVE, &mut bench.events);
    assert_eq!(bench.words(), ["rejected 42", "error"]);
}

#[test]
fn a_trade_that_was_reported_without_its_order_still_counts_for_it() {
    let mut bench = Bench::with_own_order();
    bench.trade("a", 3);
    bench.book.handle_deadline(bench.now + TRADE_WAIT, &mut bench.events);
    assert_eq!(bench.words(), ["trade 3 of None"]);
    bench.push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 3);
    assert_eq!(bench.words(), ["Working 3", "Working 3"]);
    assert_eq!(bench.own().volume_filled, 3);
    bench.trade("a", 3).push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 3);
    assert_eq!((bench.words().len(), bench.own().volume_filled), (0, 3));
}

#[test]
fn a_trade_before_its_order_waits_for_it() {
    let mut bench = Bench::with_own_order();
    bench.trade("a", 3);
    assert_eq!(bench.words(), [""; 0]);
    bench.push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 3);
    assert_eq!(bench.words(), ["Working 3", "trade 3 of Some(3)"]);
    bench.book.handle_deadline(bench.now + TRADE_WAIT, &mut bench.events);
    assert_eq!(bench.words(), [""; 0]);
}

#[test]
fn a_trade_without_an_order_is_told_in_the_end() {
    let mut bench = Bench::new();
    bench.trade("a", 3).trade("a", 3);
    assert_eq!(bench.book.next_deadline(), Some(bench.now + TRADE_WAIT));
    bench.book.handle_deadline(bench.now + TRADE_WAIT, &mut bench.events);
    assert_eq!(bench.words(), ["trade 3 of None"]);
}

#[test]
fn both_sides_of_a_self_trade_count() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 3).trade("a", 3);
    let mut other = trade("2", "a", 3);
    other.direction = Direction::SELL;
    bench.book.apply_order(
        &order("2", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0),
        LIVE,
        &mut bench.events,
    );
    bench.book.apply_trade(bench.now, &other, LIVE, &mut bench.events);
    assert_eq!(bench.words().iter().filter(|word| word.starts_with("trade")).count(), 2);
}

#[test]
fn equal_numbers_at_two_exchanges_are_two_orders() {
    let mut bench = Bench::new();
    let shfe = order("1", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    let mut dce = shfe;
    dce.exchange_id = text("DCE");
    dce.session_id = 7;
    let one = bench.book.apply_order(&shfe, LIVE, &mut bench.events);
    let two = bench.book.apply_order(&dce, LIVE, &mut bench.events);
    assert_ne!(one, two);
    let mut fill = trade("1", "a", 2);
    fill.exchange_id = text("DCE");
    bench.book.apply_trade(bench.now, &fill, LIVE, &mut bench.events);
    assert_eq!([one, two].map(|id| bench.book.get(id).unwrap().volume_filled), [0, 2]);
    assert!([one, two].iter().all(|id| bench.book.get(*id).unwrap().origin == Origin::Foreign));
}

#[test]
fn a_counter_that_renumbers_sessions_does_not_mix_orders_up() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    // The same order under new session names, and another order under the old ones.
    let mut renamed = order("1", Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, 3);
    (renamed.front_id, renamed.session_id, renamed.order_ref) = (9, 9, text("77"));
    let mut stranger = order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    stranger.order_ref = text("1");
    let own = bench.own().id;
    assert_eq!(bench.book.apply_order(&renamed, LIVE, &mut bench.events), own);
    assert_ne!(bench.book.apply_order(&stranger, LIVE, &mut bench.events), own);
    assert_eq!(bench.own().volume_traded, 3);
}

#[test]
fn unknown_is_resolved_by_later_records_and_by_nothing_else() {
    let cause = UnknownCause::SessionEnded;
    let mut bench = Bench::with_own_order();
    bench.book.mark_all_unknown(&cause, &mut bench.events);
    bench.book.mark_all_unknown(&cause, &mut bench.events);
    assert_eq!((bench.own().phase, bench.words()), (OrderPhase::Unknown, vec!["unknown".to_owned()]));
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    assert_eq!((bench.own().phase, bench.own().unknown_cause.clone()), (OrderPhase::Working, None));
    bench.book.mark_all_unknown(&cause, &mut bench.events);
    assert_eq!(bench.words(), ["Working 0"]);
}

#[test]
fn a_status_newer_than_the_header_is_kept_and_told() {
    let mut bench = Bench::with_own_order();
    bench.push(Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0).push(
        Status::from_char(b'z'),
        Submit::ACCEPTED,
        0,
    );
    assert_eq!((bench.own().phase, bench.own().status), (OrderPhase::Working, Status::from_char(b'z')));
    assert_eq!(bench.words(), ["Working 0", "Working 0"]);
}

#[test]
fn an_unsent_order_leaves_no_trace() {
    let mut bench = Bench::new();
    let id = bench.book.place(&input("1", 5), Some(5), FRONT, SESSION).id;
    bench.book.remove_unsent(id);
    assert!(bench.book.get(id).is_none() && !bench.book.was_sent_as(5));
    bench.book.mark_all_unknown(&UnknownCause::SessionEnded, &mut bench.events);
    assert_eq!(bench.words(), [""; 0]);
}

#[test]
fn a_new_trading_day_starts_empty() {
    let mut bench = Bench::with_own_order();
    bench.trade("a", 1);
    bench.book.begin_trading_day(&mut bench.events);
    assert_eq!(bench.words(), ["unknown", "trade 1 of None"]);
    // The exchange counts from the beginning again: equal numbers are new orders and trades.
    let id = bench.book.apply_order(
        &order("1", Status::ALL_TRADED, Submit::ACCEPTED, 10),
        LIVE,
        &mut bench.events,
    );
    bench.trade("a", 1);
    assert_eq!(bench.words(), ["Filled 10", "trade 1 of Some(1)"]);
    assert!(id > OrderId(1));
}

/// What a channel may do to one order: any record of its life, any trade, any number of times.
#[derive(Clone, Debug)]
enum Input {
    Record { status: u8, submit: u8, traded: i32, sequence_no: i32 },
    Trade { number: u8, volume: i32 },
    Refuse,
    RefusePublic,
    Disconnect,
}

fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => (prop::sample::select(b"012345abcz\0".to_vec()), b'0'..=b'6', -1..=12_i32, 0..=4_i32).prop_map(
            |(status, submit, traded, sequence_no)| Input::Record { status, submit, traded, sequence_no }
        ),
        4 => (0..6_u8, 1..=3_i32).prop_map(|(number, volume)| Input::Trade { number, volume }),
        1 => Just(Input::Refuse),
        1 => Just(Input::RefusePublic),
        1 => Just(Input::Disconnect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_order_only_moves_forward(inputs in prop::collection::vec(any_input(), 1..60)) {
        let mut bench = Bench::with_own_order();
        let mut before = bench.own().clone();
        let mut trades = HashSet::new();
        let mut expected_filled = 0;
        for input_ in inputs {
            match input_ {
                Input::Record { status, submit, traded, sequence_no } => {
                    let mut record = order("1", Status::from_char(status), Submit::from_char(submit), traded);
                    record.sequence_no = sequence_no;
                    bench.book.apply_order(&record, LIVE, &mut bench.events);
                }
                Input::Trade { number, volume } => {
                    if trades.insert(number) {
                        expected_filled += volume;
                    }
                    bench.trade(&number.to_string(), volume);
                }
                Input::Refuse => {
                    let error = ServerError::counter(31, "no");
                    bench.book.refuse(Some(&input("1", 5)), 5, error, LIVE, &mut bench.events);
                }
                Input::RefusePublic => {
                    bench.book.refuse_public(&input("1", 5), ServerError::counter(31, "no"), LIVE, &mut bench.events);
                }
                Input::Disconnect => {
                    let cause = UnknownCause::SessionEnded;
                    bench.book.mark_all_unknown(&cause, &mut bench.events);
                }
            }
            let after = bench.own().clone();
            prop_assert!(after.phase.rank() >= before.phase.rank());
            prop_assert!(!before.phase.is_over() || after.phase == before.phase || before.phase == OrderPhase::Triggered);
            prop_assert!(after.volume_traded >= before.volume_traded && after.volume_traded <= after.volume);
            prop_assert!(after.volume_filled >= before.volume_filled);
            prop_assert_eq!(after.refusal.is_some(), after.phase == OrderPhase::Rejected);
            before = after;
        }
        bench.book.flush_waiting(&mut bench.events);
        let told: i32 = bench.events.iter().map(|event| match event {
            TdEvent::Trade { trade, .. } => trade.volume,
            _ => 0,
        }).sum();
        prop_assert_eq!(told, expected_filled);
        let refusals = bench.events.iter().filter(|event| matches!(event, TdEvent::Rejected { .. })).count();
        prop_assert_eq!(refusals, usize::from(before.phase == OrderPhase::Rejected));
    }

    /// Whatever is repeated, lost in between or mixed up: with the last record and all trades the end is the same.
    #[test]
    fn the_end_does_not_depend_on_the_way(
        fills in prop::collection::vec(1..=3_i32, 0..4),
        cancelled in any::<bool>(),
        order_of in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut life = vec![
            order("1", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0),
            order("1", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0),
        ];
        let mut traded = 0;
        for fill in &fills {
            traded += fill;
            life.push(order("1", Status::PART_TRADED_QUEUEING, Submit::ACCEPTED, traded));
        }
        if cancelled {
            life.push(order("1", Status::CANCELED, Submit::ACCEPTED, traded));
        }
        let mut bench = Bench::with_own_order();
        let all_trades: Vec<_> =
            fills.iter().enumerate().map(|(number, fill)| trade("1", &number.to_string(), *fill)).collect();
        for index in order_of {
            let at = index.index(life.len() + all_trades.len());
            match at.checked_sub(life.len()) {
                None => drop(bench.book.apply_order(&life[at], LIVE, &mut bench.events)),
                Some(number) => bench.book.apply_trade(bench.now, &all_trades[number], LIVE, &mut bench.events),
            }
        }
        let last = life.last().copied().unwrap_or_default();
        bench.book.apply_order(&last, LIVE, &mut bench.events);
        for fill in &all_trades {
            bench.book.apply_trade(bench.now, fill, LIVE, &mut bench.events);
        }
        let end = bench.own();
        let phase = if cancelled { OrderPhase::Canceled } else { OrderPhase::Working };
        prop_assert_eq!((end.phase, end.volume_traded, end.volume_filled), (phase, traded, traded));
        prop_assert_eq!(end.keys.order_sys_id, sys_id("1"));
        let told = bench.events.iter().filter(|event| matches!(event, TdEvent::Trade { order: Some(_), .. })).count();
        prop_assert_eq!(told, fills.len());
    }
}

#[test]
fn a_lot_of_a_combination_is_filled_when_both_legs_have_traded() {
    let mut bench = Bench::new();
    let spread = InputOrderField { instrument_id: text("SP m2601&m2605"), ..input("1", 5) };
    bench.book.place(&spread, Some(5), FRONT, SESSION);
    let leg = |instrument: &str, id: &str, volume| TradeField {
        instrument_id: text(instrument),
        ..trade("1", id, volume)
    };
    let record = OrderField {
        instrument_id: spread.instrument_id,
        ..order("1", Status::ALL_TRADED, Submit::ACCEPTED, 10)
    };
    bench.book.apply_order(&record, LIVE, &mut bench.events);
    let mut filled = Vec::new();
    for trade in [
        leg("m2601", "a", 4),
        leg("m2601", "b", 6),
        leg("m2605", "a", 4),
        leg("m2605", "b", 5),
        leg("m2605", "b", 5),
        leg("m2605", "c", 1),
    ] {
        bench.book.apply_trade(bench.now, &trade, LIVE, &mut bench.events);
        filled.push((bench.own().volume_filled, bench.own().is_complete()));
    }
    assert_eq!(filled, [(0, false), (0, false), (4, false), (9, false), (9, false), (10, true)]);
}

#[test]
fn a_trade_of_the_combination_itself_is_one_of_both_legs() {
    let mut bench = Bench::new();
    let spread = InputOrderField { instrument_id: text("SP m2601&m2605"), ..input("1", 5) };
    bench.book.place(&spread, Some(5), FRONT, SESSION);
    let record = OrderField {
        instrument_id: spread.instrument_id,
        ..order("1", Status::ALL_TRADED, Submit::ACCEPTED, 10)
    };
    bench.book.apply_order(&record, LIVE, &mut bench.events);
    let whole = TradeField { instrument_id: spread.instrument_id, ..trade("1", "a", 10) };
    bench.book.apply_trade(bench.now, &whole, LIVE, &mut bench.events);
    assert!(bench.own().is_complete());
}
