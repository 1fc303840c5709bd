//! What earlier runs did.

use ctp_types::{InputOrderField, RecordBox};

use super::*;
use crate::alert::Alert;
use crate::journal::Entry;

fn login(trading_day: &str) -> Input {
    let max_order_ref = text("1");
    Input::Remembered(Entry::Login {
        at_ns: 1,
        trading_day: text(trading_day),
        front_id: FRONT,
        session_id: SESSION - 1,
        max_order_ref,
    })
}

fn sent(order_ref: &str) -> Input {
    let input = InputOrderField { order_ref: text(order_ref), ..InputOrderField::default() };
    Input::Remembered(Entry::Action {
        at_ns: 2,
        request: TraderRequest::ReqOrderInsert,
        record: RecordBox::new(&input),
        request_id: 9,
        front_id: FRONT,
        session_id: SESSION - 1,
        order_ref: text(order_ref),
    })
}

/// Places an order and returns the reference that it got.
fn next_reference(bench: &mut Bench) -> String {
    if !bench.session.state().is_ready() {
        bench.recover();
    }
    let order = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 1, 3_900.0).exchange("SHFE");
    let _handle = bench.place_as(&order, bench.session.logins());
    let inserts = bench.inserts();
    inserts.last().expect("an order").order_ref.to_str().trim().to_owned()
}

#[test]
fn references_of_the_day_are_never_used_again_whatever_the_counter_says() {
    let mut bench = Bench::new();
    for input in
        [login("20261119"), sent("900"), login("20261120"), sent("41"), login("20261120"), sent("40")]
    {
        bench.step(input);
    }
    bench.log_in("20261120", "");
    assert_eq!(next_reference(&mut bench), "42");
}

#[test]
fn references_of_another_day_are_free() {
    let mut bench = Bench::new();
    for input in [login("20261119"), sent("900")] {
        bench.step(input);
    }
    bench.log_in("20261120", "7");
    assert_eq!(next_reference(&mut bench), "8");
}

#[test]
fn a_failure_of_the_journal_is_told() {
    let mut bench = Bench::ready();
    bench.step(Input::JournalFailed { reason: "no room".to_owned() });
    bench.step(Input::JournalDamaged { place: "there".to_owned() });
    let told: Vec<String> = bench
        .events
        .iter()
        .filter_map(|event| match event {
            TdEvent::Alert(alert @ (Alert::JournalFailed { .. } | Alert::JournalDamaged { .. })) => {
                Some(alert.to_string())
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, ["no new order is sent: no room", "the journal is damaged: there"]);
}
