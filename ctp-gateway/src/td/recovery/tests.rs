use std::collections::{HashMap, HashSet};

use ctp_types::{TraderRequest as Request, TradingAccountField};
use proptest::prelude::*;

use super::missing::PROOFS;
use super::*;
use crate::config::Recovery as Scope;

const TRANSIT: Duration = Duration::from_secs(5);

const ORDERS: [Request; 2] = [Request::ReqQryOrder, Request::ReqQryTrade];
const MONEY: [Request; 3] =
    [Request::ReqQryInvestorPosition, Request::ReqQryInvestorPositionDetail, Request::ReqQryTradingAccount];

struct Bench {
    recovery: Recovery,
    start: Instant,
    now: Instant,
    asked: Vec<Request>,
    /// Orders that the queries of orders do not show.
    unknown: Vec<OrderId>,
    proved: Vec<OrderId>,
}

impl Bench {
    fn new(scope: Option<Scope>) -> Self {
        let (recovery, now) = (Recovery::new(scope, TRANSIT, Duration::ZERO), Instant::now());
        Self { recovery, start: now, now, asked: Vec::new(), unknown: Vec::new(), proved: Vec::new() }
    }

    fn logged_in(scope: Scope) -> Self {
        let mut bench = Self::new(Some(scope));
        bench.recovery.log_in(bench.now, true, []);
        bench
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self
    }

    /// Asks and answers one question. Returns what it led to, or `None` if nothing is to be asked now.
    fn answer(&mut self) -> Option<Progress> {
        let request = self.recovery.poll(self.now)?;
        assert_eq!(self.recovery.poll(self.now), None, "one at a time");
        self.asked.push(request);
        self.wait(1);
        if request == Request::ReqQryOrder {
            let proved = self.recovery.orders_answered(&self.unknown);
            self.unknown.retain(|id| !proved.contains(id));
            self.proved.extend(proved);
        }
        Some(self.recovery.answered(self.now, request, Some(&[])))
    }

    /// Answers all that is asked, waiting where the machine waits.
    fn answer_all(&mut self) -> Progress {
        for _ in 0..20 {
            match self.answer() {
                Some(Progress::Waiting) => {}
                Some(progress) => return progress,
                None => match self.recovery.next_deadline() {
                    Some(deadline) => self.now = deadline.max(self.now),
                    None => return Progress::Waiting,
                },
            }
        }
        panic!("no end: {:?}", self.asked);
    }

    fn judge(&mut self, agrees: bool) -> Option<Verdict> {
        self.find(found(agrees))
    }

    fn find(&mut self, found: Found) -> Option<Verdict> {
        assert!(matches!(self.answer_all(), Progress::Compare(_)));
        self.recovery.judge(self.now, found)
    }

    fn elapsed(&self) -> u64 {
        (self.now - self.start).as_secs()
    }
}

fn found(agrees: bool) -> Found {
    if agrees { Found::Nothing } else { Found::Difference }
}

#[test]
fn everything_is_asked_in_order_and_the_way_of_counting_once_a_day() {
    let mut bench = Bench::logged_in(Scope::Full);
    assert!(bench.recovery.is_recovering() && !bench.recovery.is_caught_up());
    assert_eq!(bench.judge(true), Some(Verdict::Agrees));
    assert!(!bench.recovery.is_recovering() && bench.recovery.is_caught_up());
    let mut expected = vec![Request::ReqQryBrokerTradingParams];
    expected.extend(ORDERS.into_iter().chain(MONEY));
    assert_eq!(std::mem::take(&mut bench.asked), expected);
    bench.recovery.lose_link(bench.now, []);
    assert_eq!((bench.recovery.poll(bench.now), bench.recovery.next_deadline()), (None, None));
    bench.recovery.log_in(bench.now, false, []);
    bench.judge(true);
    assert_eq!(bench.asked, expected[1..]);
    // Without a word nothing is asked again.
    assert_eq!(bench.recovery.next_deadline(), None);
}

#[test]
fn rows_reach_the_comparison() {
    let mut bench = Bench::logged_in(Scope::Full);
    let account = TradingAccountField { balance: 7.0, ..Default::default() };
    let rows = loop {
        let request = bench.recovery.poll(bench.now).unwrap();
        let records = match request {
            Request::ReqQryTradingAccount => vec![RecordBox::new(&account)],
            _ => Vec::new(),
        };
        if let Progress::Compare(rows) = bench.recovery.answered(bench.now, request, Some(&records)) {
            break rows;
        }
    };
    assert_eq!(rows.account.map(|row| row.balance), Some(7.0));
    assert_eq!(
        (rows.positions.map(|rows| rows.len()), rows.details.map(|rows| rows.len())),
        (Some(0), Some(0))
    );
}

#[test]
fn orders_alone_are_not_compared() {
    let mut bench = Bench::logged_in(Scope::Orders);
    assert!(matches!(bench.answer_all(), Progress::Over(Verdict::Agrees)));
    assert_eq!(bench.asked, ORDERS);
}

#[test]
fn a_session_that_only_asks_recovers_nothing() {
    let mut bench = Bench::new(None);
    bench.recovery.log_in(bench.now, true, []);
    assert!(!bench.recovery.is_recovering() && bench.recovery.is_caught_up());
    bench.recovery.look_for_orders(bench.now);
    assert_eq!((bench.recovery.poll(bench.now), bench.recovery.next_deadline()), (None, None));
    // On demand it compares.
    assert!(bench.recovery.demand());
    assert_eq!(bench.judge(false), None);
    assert_eq!(bench.judge(false), Some(Verdict::Differs));
    assert_eq!(bench.recovery.next_deadline(), None);
}

#[test]
fn a_difference_counts_when_it_lasts() {
    let mut bench = Bench::logged_in(Scope::Full);
    assert_eq!(bench.judge(false), None);
    assert!(bench.recovery.is_recovering());
    assert_eq!(bench.judge(true), Some(Verdict::Agrees));

    let mut bench = Bench::logged_in(Scope::Full);
    assert_eq!((bench.judge(false), bench.judge(false)), (None, Some(Verdict::Differs)));
    assert!(!bench.recovery.is_recovering());
    // It is looked at again a minute later, and may be gone.
    assert_eq!(bench.recovery.next_deadline(), Some(bench.now + PAUSE_DIFFERS));
    assert_eq!(bench.judge(true), Some(Verdict::Agrees));
}

/// Looks again and again while something moves in each, until there is a verdict.
fn restless(bench: &mut Bench, found: Found) -> (Verdict, u32) {
    for looks in 1..20 {
        while bench.asked.last() != Some(&Request::ReqQryInvestorPosition) {
            bench.recovery.note_move(bench.now);
            bench.answer();
        }
        bench.recovery.note_move(bench.now);
        assert!(bench.recovery.has_moved());
        if let Some(verdict) = bench.find(found) {
            return (verdict, looks);
        }
    }
    panic!("no verdict");
}

#[test]
fn what_moves_meanwhile_is_no_difference_unless_it_lasts() {
    let mut bench = Bench::logged_in(Scope::Full);
    assert_eq!(restless(&mut bench, Found::Difference), (Verdict::Incomplete, MOVED_MAX + 1));
    // A session that agreed once is not doubted for it.
    assert_eq!(bench.judge(true), Some(Verdict::Agrees));
    bench.asked.clear();
    assert!(bench.recovery.demand());
    assert_eq!(restless(&mut bench, Found::Difference), (Verdict::GivenUp, MOVED_MAX + 1));
    assert!(!bench.recovery.is_recovering());

    let mut bench = Bench::logged_in(Scope::Full);
    assert_eq!(restless(&mut bench, Found::SameDifference), (Verdict::Differs, LOOKS));

    // News before the positions are asked for are in them.
    let mut bench = Bench::logged_in(Scope::Full);
    for _ in 0..3 {
        bench.recovery.note_move(bench.now);
        bench.answer();
    }
    bench.judge(false);
    assert_eq!((bench.recovery.moved, bench.recovery.differed), (0, 1));
}

#[test]
fn queries_that_fail_are_asked_again_and_at_last_left() {
    let mut bench = Bench::logged_in(Scope::Full);
    // Without the way of counting it goes on.
    let params = bench.recovery.poll(bench.now).unwrap();
    assert!(matches!(bench.recovery.answered(bench.now, params, None), Progress::Waiting));
    assert!(!bench.recovery.knows_params);
    let fail = |bench: &mut Bench| {
        let request = loop {
            let request = bench.recovery.poll(bench.now).unwrap();
            if request != Request::ReqQryBrokerTradingParams {
                break request;
            }
            bench.recovery.answered(bench.now, request, Some(&[]));
        };
        bench.recovery.answered(bench.now, request, None)
    };
    assert!(matches!(fail(&mut bench), Progress::Waiting));
    assert_eq!(bench.recovery.poll(bench.now), None);
    assert!(bench.recovery.is_recovering());
    bench.wait(10);
    assert!(matches!(fail(&mut bench), Progress::Over(Verdict::Incomplete)));
    assert!(!bench.recovery.is_recovering());
    bench.wait(29);
    assert_eq!(bench.recovery.poll(bench.now), None);
    bench.wait(1);
    assert_eq!(bench.judge(true), Some(Verdict::Agrees));
    // What was found out after the login stands, whatever is not answered later.
    assert!(bench.recovery.demand());
    assert!(matches!(fail(&mut bench), Progress::Waiting));
    bench.wait(10);
    assert!(matches!(fail(&mut bench), Progress::Over(Verdict::GivenUp)));
}

#[test]
fn f45_an_order_that_no_query_shows_is_proved_away_once_and_late_enough() {
    let mut bench = Bench::new(Some(Scope::Orders));
    bench.recovery.log_in(bench.now, true, []);
    bench.answer_all();
    let id = OrderId(3);
    bench.unknown.push(id);
    bench.recovery.lose_link(bench.now, [id]);
    let lost = bench.elapsed();
    bench.wait(2);
    bench.recovery.log_in(bench.now, false, []);
    assert!(matches!(bench.answer_all(), Progress::Over(Verdict::Agrees)));
    assert_eq!(bench.proved, [id]);
    // The first query came too early to prove anything.
    let asked = bench.asked.iter().filter(|request| **request == Request::ReqQryOrder).count();
    assert_eq!(asked, 1 + 1 + PROOFS as usize);
    assert!(bench.elapsed() >= lost + TRANSIT.as_secs());
    // Once.
    bench.recovery.lose_link(bench.now, []);
    bench.recovery.log_in(bench.now, false, []);
    bench.answer_all();
    assert_eq!(bench.proved, [id]);
}

#[test]
fn f45_an_order_that_is_found_or_may_be_another_is_not_proved_away() {
    let mut bench = Bench::new(Some(Scope::Orders));
    bench.recovery.log_in(bench.now, true, [OrderId(1), OrderId(2)]);
    // Order 1 is found at the first look.
    bench.unknown.push(OrderId(2));
    bench.answer();
    assert_eq!(bench.recovery.missing.open(), Some(bench.start + TRANSIT));
    // Order 2 may be one that the counter renamed.
    bench.unknown.clear();
    assert!(matches!(bench.answer_all(), Progress::Over(Verdict::Agrees)));
    assert!(bench.proved.is_empty());
}

#[test]
fn a_query_that_fails_proves_nothing() {
    let mut bench = Bench::new(Some(Scope::Orders));
    bench.recovery.log_in(bench.now, true, [OrderId(1)]);
    bench.unknown.push(OrderId(1));
    for _ in 0..6 {
        while bench.recovery.poll(bench.now).is_none() {
            bench.now = bench.recovery.next_deadline().unwrap();
        }
        bench.recovery.answered(bench.now, Request::ReqQryOrder, None);
    }
    assert_eq!((bench.proved.len(), bench.recovery.missing.open().is_some()), (0, true));
    assert!(matches!(bench.answer_all(), Progress::Over(Verdict::Agrees)));
    assert_eq!(bench.proved, [OrderId(1)]);
}

#[test]
fn an_answer_after_a_new_login_is_none() {
    let mut bench = Bench::logged_in(Scope::Orders);
    let orders = bench.recovery.poll(bench.now).unwrap();
    bench.recovery.lose_link(bench.now, [OrderId(1)]);
    assert!(bench.recovery.orders_answered(&[OrderId(1)]).is_empty());
    assert!(matches!(bench.recovery.answered(bench.now, orders, Some(&[])), Progress::Waiting));
    bench.wait(20);
    bench.recovery.log_in(bench.now, false, []);
    assert!(bench.recovery.orders_answered(&[OrderId(1)]).is_empty());
    assert!(matches!(bench.recovery.answered(bench.now, orders, Some(&[])), Progress::Waiting));
    assert!(bench.asked.is_empty());
    assert!(matches!(bench.answer_all(), Progress::Over(Verdict::Agrees)));
}

#[test]
fn an_order_without_an_answer_is_looked_for_while_the_link_stands() {
    let mut bench = Bench::logged_in(Scope::Full);
    bench.judge(true);
    bench.asked.clear();
    bench.recovery.look_for_orders(bench.now);
    bench.unknown.push(OrderId(1));
    assert!(matches!(bench.answer_all(), Progress::Waiting));
    assert_eq!(bench.asked, ORDERS);
    // That it is not there proves nothing: it may still be under way.
    assert!(bench.proved.is_empty() && !bench.recovery.is_recovering());
    // A failure is no verdict either.
    bench.recovery.look_for_orders(bench.now);
    let request = bench.recovery.poll(bench.now).unwrap();
    assert!(matches!(bench.recovery.answered(bench.now, request, None), Progress::Waiting));
    // It is looked for again: nothing else would show it.
    assert_eq!(bench.recovery.poll(bench.now), None);
    assert_eq!(bench.recovery.next_deadline(), Some(bench.now + PAUSE_FAILED));
    assert!(matches!(bench.answer_all(), Progress::Waiting));
    assert_eq!(bench.asked, [ORDERS, ORDERS].concat());
    assert_eq!(bench.recovery.next_deadline(), None);
}

#[test]
fn a_ready_session_is_compared_now_and_then_when_nothing_moves() {
    let mut bench = Bench::logged_in(Scope::Full);
    bench.recovery.every = Duration::from_secs(300);
    bench.judge(true);
    let due = bench.now + Duration::from_secs(300);
    assert_eq!(bench.recovery.next_deadline(), Some(due));
    bench.now = due - Duration::from_secs(1);
    bench.recovery.note_move(bench.now);
    assert_eq!(bench.recovery.next_deadline(), Some(bench.now + QUIET));
    assert_eq!(bench.judge(true), Some(Verdict::Agrees));
    assert_eq!(bench.recovery.next_deadline(), Some(bench.now + Duration::from_secs(300)));
}

#[test]
fn a_demand_joins_a_comparison_that_is_under_way() {
    let mut bench = Bench::logged_in(Scope::Full);
    bench.answer();
    assert!(bench.recovery.demand());
    bench.judge(true);
    let count = bench.asked.len();
    assert_eq!(count, 6);
    assert!(bench.recovery.demand());
    bench.judge(true);
    assert_eq!(bench.asked.len(), count + 5);
    bench.recovery.lose_link(bench.now, []);
    assert!(!bench.recovery.demand());
    // Orders come first.
    let mut bench = Bench::logged_in(Scope::Orders);
    assert!(!bench.recovery.demand());
}

#[test]
fn demands_that_meet_are_one() {
    let mut bench = Bench::logged_in(Scope::Full);
    bench.judge(true);
    assert!(bench.recovery.demand() && bench.recovery.demand());
    bench.answer();
    // It is under way: who asks now waits for the same one.
    assert!(bench.recovery.demand());
    let count = bench.asked.len();
    assert_eq!(bench.judge(true), Some(Verdict::Agrees));
    assert_eq!(bench.asked.len(), count + 4);
    assert_eq!((bench.recovery.poll(bench.now), bench.recovery.next_deadline()), (None, None));
}

/// Everything that happened is in the balance of a look, however often it happened.
#[test]
fn two_moves_are_a_move() {
    let mut bench = Bench::logged_in(Scope::Full);
    while bench.asked.last() != Some(&Request::ReqQryInvestorPosition) {
        bench.answer();
    }
    assert!(!bench.recovery.has_moved());
    bench.recovery.note_move(bench.now);
    bench.recovery.note_move(bench.now);
    assert!(bench.recovery.has_moved());
    assert_eq!(bench.judge(false), None);
    assert_eq!((bench.recovery.moved, bench.recovery.differed), (1, 0));
}

/// Before the first verdict the orders are asked for anyway, after the pause that a failure makes.
#[test]
fn an_order_without_an_answer_does_not_hurry_a_recovery() {
    let mut bench = Bench::logged_in(Scope::Full);
    while bench.recovery.poll(bench.now) != Some(Request::ReqQryOrder) {
        bench.recovery.answered(bench.now, Request::ReqQryBrokerTradingParams, Some(&[]));
    }
    bench.recovery.answered(bench.now, Request::ReqQryOrder, None);
    bench.recovery.look_for_orders(bench.now);
    assert_eq!(bench.recovery.poll(bench.now), None);
    assert_eq!(bench.recovery.next_deadline(), Some(bench.now + PAUSE_FAILED));
    // Nor does one that was left behind by a link that broke.
    bench.recovery.lose_link(bench.now, []);
    bench.recovery.look_for_orders(bench.now);
    assert_eq!((bench.recovery.poll(bench.now), bench.recovery.next_deadline()), (None, None));
}

#[test]
fn a_session_that_recovers_orders_alone_is_never_compared_by_itself() {
    let mut bench = Bench::logged_in(Scope::Orders);
    bench.recovery.every = Duration::from_secs(300);
    assert!(matches!(bench.answer_all(), Progress::Over(Verdict::Agrees)));
    assert_eq!(bench.recovery.next_deadline(), None);
    // But its orders are asked for again when that failed.
    let mut bench = Bench::logged_in(Scope::Orders);
    for _ in 0..2 {
        while bench.recovery.poll(bench.now).is_none() {
            bench.now = bench.recovery.next_deadline().unwrap();
        }
        bench.recovery.answered(bench.now, Request::ReqQryOrder, None);
    }
    assert!(!bench.recovery.is_recovering());
    assert_eq!(bench.recovery.next_deadline(), Some(bench.now + PAUSE_INCOMPLETE));
    // On demand it is compared, and a difference is told once.
    assert!(bench.recovery.demand());
    assert_eq!((bench.judge(false), bench.judge(false)), (None, Some(Verdict::Differs)));
    assert_eq!(bench.recovery.next_deadline(), None);
}

/// What may happen to the machine.
#[derive(Clone, Debug)]
enum Event {
    Wait(u64),
    Answer,
    Fail,
    Judge(bool),
    Move,
    LogIn(bool),
    Lose(Vec<u64>),
    Find(u64),
    Demand,
    Look,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0..20_u64).prop_map(Event::Wait),
        8 => Just(Event::Answer),
        1 => Just(Event::Fail),
        4 => any::<bool>().prop_map(Event::Judge),
        2 => Just(Event::Move),
        2 => any::<bool>().prop_map(Event::LogIn),
        2 => prop::collection::vec(0..20_u64, 0..3).prop_map(Event::Lose),
        1 => (0..20_u64).prop_map(Event::Find),
        1 => Just(Event::Demand),
        1 => Just(Event::Look),
    ];
    prop::collection::vec(event, 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens: one question at a time and only while logged in, no proof without two complete queries that
    /// were asked after a later login and long enough after the loss, and after a quiet time a verdict.
    #[test]
    fn proofs_are_proofs_and_everything_ends(events in events(), full: bool) {
        let scope = if full { Scope::Full } else { Scope::Orders };
        let mut bench = Bench::new(Some(scope));
        let mut logged_in = false;
        let mut asked: Option<(Request, Instant)> = None;
        let mut compare = false;
        // When orders were lost, and how many complete queries have missed them since.
        let mut lost: HashMap<OrderId, (Instant, u32)> = HashMap::new();
        // Orders with an answer never lose it again.
        let mut known: HashSet<OrderId> = HashSet::new();
        for event in events {
            match event {
                Event::Wait(seconds) => { bench.wait(seconds); }
                Event::Answer | Event::Fail if asked.is_some() => {
                    let Some((request, at)) = asked.take() else { unreachable!() };
                    let complete = matches!(event, Event::Answer);
                    if complete && request == Request::ReqQryOrder {
                        for (since, missed) in lost.values_mut() {
                            *missed += u32::from(at >= *since + TRANSIT);
                        }
                        for id in bench.recovery.orders_answered(&bench.unknown.clone()) {
                            prop_assert!(bench.unknown.contains(&id));
                            prop_assert!(lost[&id].1 >= PROOFS);
                            bench.unknown.retain(|unknown| *unknown != id);
                            lost.remove(&id);
                            known.insert(id);
                        }
                    }
                    let records: Option<&[RecordBox]> = complete.then_some(&[]);
                    compare = matches!(
                        bench.recovery.answered(bench.now, request, records), Progress::Compare(_)
                    );
                }
                Event::Judge(agrees) if compare => {
                    compare = false;
                    bench.recovery.judge(bench.now, found(agrees));
                }
                Event::Move => bench.recovery.note_move(bench.now),
                Event::LogIn(new_day) if !logged_in => {
                    if new_day {
                        lost.clear();
                        bench.unknown.clear();
                    }
                    bench.recovery.log_in(bench.now, new_day, []);
                    (logged_in, asked, compare) = (true, None, false);
                    prop_assert!(bench.recovery.is_recovering());
                }
                Event::Lose(ids) if logged_in => {
                    for id in ids.into_iter().map(OrderId).filter(|id| !known.contains(id)) {
                        if !bench.unknown.contains(&id) {
                            bench.unknown.push(id);
                        }
                        lost.entry(id).or_insert((bench.now, 0));
                    }
                    bench.recovery.lose_link(bench.now, bench.unknown.clone());
                    (logged_in, asked, compare) = (false, None, false);
                }
                Event::Find(id) => {
                    bench.unknown.retain(|unknown| *unknown != OrderId(id));
                    lost.remove(&OrderId(id));
                    known.insert(OrderId(id));
                }
                Event::Demand => {
                    bench.recovery.demand();
                }
                Event::Look => bench.recovery.look_for_orders(bench.now),
                _ => {}
            }
            if !compare && let Some(request) = bench.recovery.poll(bench.now) {
                prop_assert!(logged_in && asked.is_none());
                asked = Some((request, bench.now));
            }
        }
        if !logged_in {
            bench.recovery.log_in(bench.now, false, []);
        } else if let Some((request, _)) = asked {
            bench.recovery.answered(bench.now, request, None);
        } else if compare {
            bench.recovery.judge(bench.now, Found::Nothing);
        }
        for _ in 0..10 {
            if matches!(bench.answer_all(), Progress::Compare(_)) {
                bench.recovery.judge(bench.now, Found::Nothing);
            }
            if !bench.recovery.is_recovering() {
                return Ok(());
            }
        }
        prop_assert!(false, "still recovering");
    }
}

/// With the day its orders end: the next day's queries say nothing of them.
#[test]
fn what_a_day_left_open_is_not_judged_on_the_next() {
    let mut bench = Bench::logged_in(Scope::Orders);
    bench.answer_all();
    bench.recovery.lose_link(bench.now, [OrderId(1)]);
    bench.wait(60);
    bench.recovery.log_in(bench.now, true, []);
    bench.unknown = vec![OrderId(1)];
    bench.asked.clear();
    bench.answer_all();
    assert_eq!((&bench.asked[..], &bench.proved[..]), (&ORDERS[..], &[][..]));
    assert_eq!(bench.recovery.next_deadline(), None);
}

/// While a question waits for its answer there is no time at which to ask another.
#[test]
fn a_look_that_waits_for_an_answer_has_no_deadline() {
    let now = Instant::now();
    let mut round = super::round::Round::new(super::round::Purpose::Orders, false);
    assert_eq!(round.ask(now), Some(Request::ReqQryOrder));
    round.ask_orders_again(now + TRANSIT);
    assert_eq!((round.ask(now + TRANSIT), round.next_deadline()), (None, None));
    round.answered(Request::ReqQryOrder, Some(&[]));
    assert_eq!((round.ask(now), round.next_deadline()), (None, Some(now + TRANSIT)));
    assert_eq!(round.ask(now + TRANSIT), Some(Request::ReqQryTrade));
}
