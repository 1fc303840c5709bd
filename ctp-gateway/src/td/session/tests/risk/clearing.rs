//! Everything that works is cancelled at one call.

use super::switch::{cancel_all, working};
use super::*;
use crate::td::session::Clearing;

impl Bench {
    fn clear(&mut self, instrument: Option<&str>) -> Result<Clearing, Error> {
        let (reply, mut answer) = oneshot::channel();
        let instrument = instrument.map(text);
        self.command(Command::CancelAll { logins: self.session.logins(), instrument, reply });
        answer.try_recv().expect("an answer at once")
    }
}

/// Returns what became of each order, `None` while it is not known.
fn outcomes(clearing: &mut Clearing) -> Vec<Option<Result<OrderPhase, Error>>> {
    clearing.iter_mut().map(|(_, outcome)| Some(outcome.try_recv().ok()?.map(|order| order.phase))).collect()
}

fn is_not_sent(outcome: &Option<Result<OrderPhase, Error>>) -> bool {
    matches!(outcome, Some(Err(Error::NotSent { .. })))
}

#[test]
fn all_orders_are_cancelled_at_the_pace_and_new_ones_pass() {
    let mut bench = Bench::risky(|_| {});
    working(&mut bench, 12);
    bench.now += Duration::from_secs(2);
    let mut clearing = bench.clear(None).unwrap();
    assert_eq!(clearing.len(), 12);
    assert!(clearing.iter().all(|(order, _)| order.phase == OrderPhase::Working));
    assert_eq!(bench.asked(CANCELS), 9, "as fast as the pace allows");
    let due = bench.session.next_deadline().unwrap();
    assert_eq!(due, bench.now + Duration::from_secs(1) + Duration::from_nanos(1));
    bench.now = due;
    bench.step(Input::Time);
    assert_eq!(bench.asked(CANCELS), 12);
    let numbers: Vec<i32> = bench.cancelled().iter().map(|number| number.parse().unwrap()).collect();
    assert!(numbers.is_sorted() && numbers.len() == 12, "the oldest first, each once: {numbers:?}");
    assert!(outcomes(&mut clearing).iter().all(Option::is_none));
    cancel_all(&mut bench);
    let ended = outcomes(&mut clearing);
    assert!(ended.iter().all(|outcome| matches!(outcome, Some(Ok(OrderPhase::Canceled)))), "{ended:?}");
    bench.now += Duration::from_secs(2);
    assert_eq!(bench.broken(&buy(1, 3_900.0)), None, "it is no kill switch");
    assert_eq!(bench.counts().cancels_today, 12);
}

#[test]
fn only_the_orders_of_one_instrument_and_of_this_gateway() {
    let mut bench = Bench::risky(|_| {});
    let other = NewOrder::limit("rb2605", Direction::BUY, OffsetFlag::OPEN, 1, 3_900.0).exchange("SHFE");
    working(&mut bench, 1);
    bench.now += Duration::from_secs(2);
    bench.place_as(&other, bench.session.logins()).try_recv().unwrap().unwrap();
    let foreign =
        OrderField { session_id: SESSION - 2, ..order("6", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0) };
    bench.push(TraderCallback::OnRtnOrder, foreign);
    assert_eq!(bench.counts().open_orders, 3);
    assert_eq!(bench.clear(Some("rb2601")).unwrap().len(), 1);
    assert_eq!(bench.asked(CANCELS), 1);
    assert_eq!(bench.clear(Some("au2612")).unwrap().len(), 0);
    // The one of before joins the cancel that is under way.
    assert_eq!(bench.clear(None).unwrap().len(), 2);
    assert_eq!(bench.asked(CANCELS), 2);
}

#[test]
fn each_order_has_its_own_outcome() {
    let mut bench = Bench::risky(|config| {
        (config.actions_per_second, config.cancel_reserve) = (Some(2), 1);
    });
    let placed: Vec<Placed> = (0..4)
        .map(|_| {
            bench.now += Duration::from_secs(2);
            working(&mut bench, 1).remove(0)
        })
        .collect();
    bench.now += Duration::from_secs(2);
    let mut clearing = bench.clear(None).unwrap();
    assert_eq!(bench.asked(CANCELS), 2);
    // The first is refused; the third is traded while its cancel waits for the pace.
    let (_, record, id) = bench.sent.iter().find(|(request, ..)| *request == CANCELS).unwrap();
    let (action, id) = (*record.get::<InputOrderActionField>().unwrap(), *id);
    bench.answer(TraderCallback::OnRspOrderAction, Some(action), Some(refusal(26)), id, true);
    let third = placed[2].order().keys.order_ref.to_str().into_owned();
    bench.push(TraderCallback::OnRtnOrder, order(&third, Status::ALL_TRADED, Submit::ACCEPTED, 10));
    let known = outcomes(&mut clearing);
    assert!(matches!(known[0], Some(Err(Error::Rejected { .. }))), "{known:?}");
    assert!(matches!(known[2], Some(Ok(OrderPhase::Filled))), "{known:?}");
    bench.now += Duration::from_millis(1_001);
    bench.step(Input::Time);
    assert_eq!(bench.asked(CANCELS), 3, "not of the one that was traded");
    cancel_all(&mut bench);
    let rest = outcomes(&mut clearing);
    assert!(matches!(rest[1], Some(Ok(OrderPhase::Canceled))), "{rest:?}");
    assert!(matches!(rest[3], Some(Ok(OrderPhase::Canceled))), "{rest:?}");
}

#[test]
fn what_waits_when_the_link_breaks_is_not_sent() {
    let mut bench = Bench::risky(|_| {});
    working(&mut bench, 11);
    bench.now += Duration::from_secs(2);
    let mut clearing = bench.clear(None).unwrap();
    bench.disconnect();
    let ended = outcomes(&mut clearing);
    let unknown = ended.iter().filter(|outcome| matches!(outcome, Some(Err(Error::Unknown { .. })))).count();
    assert_eq!((unknown, ended.iter().filter(|outcome| is_not_sent(outcome)).count()), (9, 2), "{ended:?}");
    assert!(matches!(bench.clear(None), Err(Error::NotSent { .. })));
    bench.log_in("20261120", "1");
    assert_eq!(bench.asked(CANCELS), 9, "nothing is sent again");
}

#[test]
fn what_the_library_has_no_room_for_is_given_again() {
    let mut bench = Bench::risky(|_| {});
    let placed = working(&mut bench, 3);
    bench.now += Duration::from_secs(2);
    for refusal in [SendRefusal::TooFast, SendRefusal::TooManyUnanswered] {
        bench.word = Err(refusal);
        let mut clearing = bench.clear(None).unwrap();
        let before = bench.asked(CANCELS);
        bench.now += Duration::from_millis(999);
        bench.step(Input::Time);
        assert_eq!(bench.asked(CANCELS), before, "not within a second");
        assert_eq!(bench.session.next_deadline().unwrap(), bench.now + Duration::from_millis(1));
        // Who cancels one of them alone meanwhile does not wait: the word is the library's.
        assert!(matches!(bench.cancel(placed[1].order().id).try_recv(), Ok(Err(Error::NotSent { .. }))));
        assert!(outcomes(&mut clearing).iter().all(Option::is_none));
        for _ in 0..3 {
            bench.now += Duration::from_secs(1);
            bench.step(Input::Time);
            assert!(outcomes(&mut clearing).iter().all(Option::is_none));
        }
        bench.now += Duration::from_secs(1);
        bench.step(Input::Time);
        assert!(outcomes(&mut clearing).iter().all(is_not_sent), "five times and no more");
        bench.now += Duration::from_secs(1);
        bench.step(Input::Time);
    }
    let mut clearing = bench.clear(None).unwrap();
    let from = bench.cancelled().len();
    bench.word = Ok(());
    bench.now += Duration::from_secs(1);
    bench.step(Input::Time);
    let numbers = bench.cancelled().split_off(from);
    assert!(numbers.is_sorted() && numbers.len() == 3, "the oldest first: {numbers:?}");
    cancel_all(&mut bench);
    let ended = outcomes(&mut clearing);
    assert!(ended.iter().all(|outcome| matches!(outcome, Some(Ok(OrderPhase::Canceled)))), "{ended:?}");
}

#[test]
fn a_caller_that_goes_away_stops_nothing() {
    let mut bench = Bench::risky(|_| {});
    working(&mut bench, 10);
    bench.now += Duration::from_secs(2);
    drop(bench.clear(None).unwrap());
    bench.now += Duration::from_millis(1_001);
    bench.step(Input::Time);
    assert_eq!(bench.asked(CANCELS), 10);
    let mut waiting = bench.clear(None).unwrap();
    bench.step(Input::Finish);
    assert!(outcomes(&mut waiting).iter().all(|outcome| matches!(outcome, Some(Err(Error::Unknown { .. })))));
}

#[test]
fn a_dry_run_cancels_nothing() {
    let mut dry = Bench::risky(|config| config.dry_run = true);
    dry.push(TraderCallback::OnRtnOrder, order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0));
    let mut clearing = dry.clear(None).unwrap();
    assert_eq!((clearing.len(), dry.asked(CANCELS)), (1, 0));
    assert!(matches!(outcomes(&mut clearing)[0], Some(Err(Error::Denied(_)))));
}
