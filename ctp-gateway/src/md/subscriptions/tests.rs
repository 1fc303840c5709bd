use ctp_types::Text;
use proptest::prelude::*;

use super::*;
use crate::error::ServerError;

struct Bench {
    subscriptions: Subscriptions,
    start: Instant,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        Self { subscriptions: Subscriptions::new(Feed::Ticks), start: now, now }
    }

    fn up() -> Self {
        let mut bench = Self::new();
        bench.link_up();
        bench
    }

    fn link_up(&mut self) -> Vec<Move> {
        self.subscriptions.link_up(self.now);
        self.subscriptions.moves()
    }

    fn subscribe(&mut self, ids: &[Id]) -> Vec<Move> {
        self.subscriptions.subscribe(self.now, ids.to_vec());
        self.subscriptions.moves()
    }

    fn unsubscribe(&mut self, ids: Vec<Id>) -> Vec<Id> {
        self.subscriptions.unsubscribe(self.now, ids)
    }

    fn answer(&mut self, text: &str) -> Vec<Move> {
        self.subscriptions.handle_answer(self.now, id(text), Ok(()));
        self.subscriptions.moves()
    }

    fn tick(&mut self, text: &str, sequence: u64) {
        self.subscriptions.handle_ticked(seen(text, sequence));
    }

    /// Goes to the next deadline.
    fn wait(&mut self) -> Vec<Move> {
        self.now = self.subscriptions.next_deadline().expect("a deadline");
        self.subscriptions.handle_time(self.now);
        self.subscriptions.moves()
    }

    fn elapsed(&self) -> Duration {
        self.now - self.start
    }
}

fn id(text: &str) -> Id {
    Text::new(text).unwrap()
}

fn ids(texts: &[&str]) -> Vec<Id> {
    texts.iter().map(|text| id(text)).collect()
}

fn many(count: usize) -> Vec<Id> {
    (0..count).map(|number| id(&format!("x{number:04}"))).collect()
}

fn seen(text: &str, sequence: u64) -> Seen {
    Seen {
        instrument_id: id(text),
        sequence,
        received_ns: 0,
        update_time: Text::new("09:00:00").unwrap(),
        update_millisec: 500,
    }
}

fn batches(moves: &[Move]) -> Vec<usize> {
    let sent =
        moves.iter().filter_map(|it| if let Move::Subscribe(ids) = it { Some(ids.len()) } else { None });
    sent.collect()
}

fn unanswered(instrument_ids: Vec<Id>, tries: u32) -> Move {
    Move::Event(MdEvent::Unanswered { instrument_ids, tries, again: tries < TRIES })
}

#[test]
fn what_is_wanted_is_remembered_before_the_link_and_sent_once() {
    let mut bench = Bench::new();
    assert_eq!(bench.subscribe(&ids(&["rb2601", "IF2512", "rb2601"])), []);
    assert!(!bench.subscriptions.is_settled());
    assert_eq!(bench.link_up(), [Move::Subscribe(ids(&["IF2512", "rb2601"]))]);
    assert_eq!(bench.subscribe(&ids(&["rb2601"])), []);
    assert_eq!(bench.subscribe(&ids(&["rb2605"])), [Move::Subscribe(ids(&["rb2605"]))]);
}

#[test]
fn full_batches_are_paced() {
    let mut bench = Bench::up();
    assert_eq!(batches(&bench.subscribe(&many(1_100))), [500]);
    let sent: Vec<_> = [bench.wait(), bench.wait()].iter().map(|moves| batches(moves)).collect();
    assert_eq!((sent, bench.elapsed()), (vec![vec![500], vec![100]], 2 * BATCH_PAUSE));
}

/// F36: the front cuts the link while it answers a large batch; the next ones are smaller.
#[test]
fn a_front_that_cuts_the_link_gets_smaller_batches() {
    let mut bench = Bench::up();
    bench.subscribe(&many(1_000));
    let mut first = Vec::new();
    for _ in 0..6 {
        bench.subscriptions.link_down();
        first.extend(batches(&bench.link_up()));
    }
    assert_eq!(first, [250, 125, 62, 50, 50, 50]);
}

/// F36: the tail of a list stays silent.
#[test]
fn what_stays_silent_is_asked_again_and_told() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1", "b1", "c1"]));
    assert_eq!(bench.answer("a1"), [Move::Event(MdEvent::Subscribed(id("a1")))]);
    bench.tick("b1", 7);
    bench.tick("a1", 8);
    assert!(!bench.subscriptions.is_settled());
    assert_eq!(bench.wait(), [unanswered(ids(&["c1"]), 1), Move::Subscribe(ids(&["c1"]))]);
    assert_eq!(bench.elapsed(), PATIENCE);
    assert_eq!(bench.wait(), [], "a1 ticked, so nothing is to be said of it");
    assert_eq!(bench.wait(), [unanswered(ids(&["c1"]), 2), Move::Subscribe(ids(&["c1"]))]);
    assert_eq!(bench.elapsed(), 3 * PATIENCE);
    assert!(!bench.subscriptions.is_settled());
    assert_eq!(bench.wait(), [unanswered(ids(&["c1"]), 3)]);
    assert!(bench.subscriptions.is_settled());
    // Slowly and silently it goes on, until an answer comes late.
    assert_eq!(bench.wait(), [Move::Subscribe(ids(&["c1"]))]);
    assert_eq!(bench.elapsed(), 7 * PATIENCE + SLOW_RETRY);
    assert!(bench.subscriptions.is_settled());
    assert_eq!(bench.answer("c1"), [Move::Event(MdEvent::Subscribed(id("c1")))]);
    bench.tick("c1", 9);
    while bench.subscriptions.next_deadline().is_some() {
        assert_eq!(bench.wait(), []);
    }
    bench.subscriptions.link_down();
    assert_eq!(batches(&bench.link_up()), [3]);
}

#[test]
fn a_refused_one_is_told_and_not_asked_again_on_this_link() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1", "b1"]));
    bench.tick("a1", 0);
    let error = ServerError::counter(83, "x");
    bench.subscriptions.handle_answer(bench.now, id("b1"), Err(error.clone()));
    let told = MdEvent::Refused { instrument_id: id("b1"), error };
    assert_eq!(bench.subscriptions.moves(), [Move::Event(told)]);
    assert!(bench.subscriptions.is_settled());
    assert_eq!(bench.wait(), []);
    assert_eq!(bench.unsubscribe(ids(&["b1"])), ids(&[]));
}

/// F35: everything again, and which tick of each instrument was the last one.
#[test]
fn after_a_broken_link_everything_is_asked_again_with_the_gap_named() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1", "b1"]));
    bench.tick("a1", 7);
    bench.tick("a1", 9);
    bench.answer("b1");
    bench.subscriptions.link_down();
    assert_eq!(bench.subscriptions.next_deadline(), None);
    assert_eq!(bench.subscribe(&ids(&["c1"])), []);
    let gap =
        |sequence| Move::Event(MdEvent::Gap(Gap { instrument_id: id("a1"), last: seen("a1", sequence) }));
    assert_eq!(bench.link_up(), [gap(9), Move::Subscribe(ids(&["a1", "b1", "c1"]))]);
    // Not a tick in between: the same hole is not told again.
    bench.subscriptions.link_down();
    assert_eq!(bench.link_up(), [Move::Subscribe(ids(&["a1", "b1", "c1"]))]);
    bench.tick("a1", 20);
    bench.subscriptions.link_down();
    assert_eq!(bench.link_up()[0], gap(20));
}

#[test]
fn what_the_library_does_not_take_is_sent_again_later() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1", "b1"]));
    let refusal = SendRefusal::NotConnected;
    bench.unsubscribe(ids(&["b1"]));
    bench.subscriptions.handle_sent(bench.now, &ids(&["a1", "b1"]), Err(refusal.clone()));
    assert_eq!(bench.subscriptions.moves(), [Move::Event(MdEvent::NotSent(refusal))]);
    assert_eq!(bench.wait(), [Move::Subscribe(ids(&["a1"]))]);
    assert_eq!(bench.elapsed(), BATCH_PAUSE);
}

#[test]
fn what_never_ticks_is_told_once_with_a_hint() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["RB2610", "rb2611"]));
    bench.answer("RB2610");
    bench.answer("rb2611");
    bench.tick("rb2611", 0);
    assert_eq!(bench.wait(), []);
    let told = MdEvent::NeverTicked { instrument_id: id("RB2610"), meant: Some(id("rb2610")) };
    assert_eq!(bench.wait(), [Move::Event(told), Move::Subscribe(ids(&["RB2610"]))]);
    assert_eq!(bench.elapsed(), SNAPSHOT_PATIENCE);
    bench.answer("RB2610");
    bench.subscriptions.link_down();
    bench.link_up();
    bench.answer("RB2610");
    bench.answer("rb2611");
    bench.tick("rb2611", 9);
    let mut later = Vec::new();
    while bench.subscriptions.next_deadline().is_some() {
        later.extend(bench.wait());
        bench.answer("RB2610");
    }
    assert_eq!(
        later,
        [Move::Subscribe(ids(&["RB2610"]))],
        "asked once more on each link, told on the first only"
    );
}

#[test]
fn a_late_answer_to_an_ended_subscription_hides_no_lost_one() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1"]));
    bench.unsubscribe(ids(&["a1"]));
    bench.subscribe(&ids(&["a1"]));
    bench.answer("a1");
    let asked = std::iter::from_fn(|| bench.subscriptions.next_deadline().map(|_| bench.wait()))
        .flatten()
        .take(2)
        .collect::<Vec<_>>();
    assert_eq!(asked[1], Move::Subscribe(ids(&["a1"])));
}

const A_DAY: Duration = Duration::from_secs(86_400);

/// Waits for all that is due until then, and returns what was subscribed when, both since the bench was made.
fn asked(bench: &mut Bench, until: Duration) -> Vec<(Duration, Vec<Id>)> {
    let mut asked = Vec::new();
    while bench.subscriptions.next_deadline().is_some_and(|next| next <= bench.start + until) {
        for step in bench.wait() {
            if let Move::Subscribe(ids) = step {
                asked.push((bench.elapsed(), ids));
            }
        }
    }
    asked
}

#[test]
fn a_late_tick_of_an_ended_subscription_hides_no_lost_one() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1", "b1"]));
    bench.answer("a1");
    bench.tick("a1", 1);
    bench.tick("b1", 2);
    bench.now += Duration::from_secs(1);
    assert_eq!(bench.unsubscribe(ids(&["a1"])), ids(&["a1"]));
    bench.now += Duration::from_secs(1);
    // This is lost, and then comes what was on its way when a1 was ended.
    assert_eq!(bench.subscribe(&ids(&["a1"])), [Move::Subscribe(ids(&["a1"]))]);
    bench.tick("a1", 3);
    bench.answer("a1");
    let due = Duration::from_secs(1) + LATEST;
    assert_eq!(asked(&mut bench, due), [(due, ids(&["a1"]))], "what has no past is not asked for again");
    // This one counts as any other: until something is heard.
    bench.now += PATIENCE;
    bench.subscriptions.handle_time(bench.now);
    assert_eq!(bench.subscriptions.moves()[1], Move::Subscribe(ids(&["a1"])));
    bench.tick("a1", 4);
    assert!(bench.subscriptions.is_settled());
    assert_eq!(asked(&mut bench, A_DAY), []);
}

#[test]
fn a_past_ends_with_its_link_and_with_time() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1", "b1"]));
    bench.unsubscribe(ids(&["a1", "b1"]));
    bench.subscribe(&ids(&["a1"]));
    bench.subscriptions.link_down();
    bench.link_up();
    bench.tick("a1", 1);
    // b1 was ended on the link before.
    bench.subscribe(&ids(&["b1"]));
    bench.tick("b1", 2);
    assert_eq!(asked(&mut bench, A_DAY), []);
    bench.unsubscribe(ids(&["b1"]));
    bench.now += LATEST;
    bench.subscribe(&ids(&["b1"]));
    bench.tick("b1", 3);
    assert_eq!(asked(&mut bench, A_DAY), []);
}

/// Looks that were planned before, for the same instrument, ask no more often.
#[test]
fn what_stays_silent_is_asked_once_a_minute_however_often_it_was_wanted() {
    let mut bench = Bench::up();
    for _ in 0..4 {
        bench.subscribe(&ids(&["a1"]));
        bench.unsubscribe(ids(&["a1"]));
        bench.now += Duration::from_secs(1);
    }
    bench.subscribe(&ids(&["a1"]));
    let times: Vec<u64> = asked(&mut bench, A_DAY / 24).iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(times[..2], [9, 19]);
    let first = 4 + 5 + 10 + 20 + 60;
    assert_eq!(times[2..], (first..=3_600).step_by(60).collect::<Vec<u64>>());
}

/// The library did not take it, and the watch asked for it besides.
#[test]
fn what_was_only_asked_for_besides_is_ended_at_the_front() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1"]));
    bench.subscriptions.handle_sent(bench.now, &ids(&["a1"]), Err(SendRefusal::NotConnected));
    bench.subscriptions.sent_besides(&id("a1"));
    bench.answer("a1");
    assert_eq!(bench.unsubscribe(ids(&["a1"])), ids(&["a1"]));
    // What the library did not take either time is no matter of the front's.
    bench.subscribe(&ids(&["b1"]));
    bench.subscriptions.sent_besides(&id("b1"));
    for _ in 0..2 {
        bench.subscriptions.handle_sent(bench.now, &ids(&["b1"]), Err(SendRefusal::NotConnected));
    }
    assert_eq!(bench.unsubscribe(ids(&["b1"])), ids(&[]));
}

/// One that did not even leave takes nothing of the past with it.
#[test]
fn a_past_survives_what_never_left() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1"]));
    bench.tick("a1", 1);
    bench.unsubscribe(ids(&["a1"]));
    for _ in 0..2 {
        let refusal = SendRefusal::TooManyUnanswered;
        bench.subscribe(&ids(&["a1"]));
        bench.subscriptions.handle_sent(bench.now, &ids(&["a1"]), Err(refusal));
        assert_eq!(bench.unsubscribe(ids(&["a1"])), ids(&[]));
        bench.now += Duration::from_secs(2);
    }
    bench.subscribe(&ids(&["a1"]));
    bench.tick("a1", 2);
    assert_eq!(asked(&mut bench, LATEST), [(LATEST, ids(&["a1"]))]);
    bench.tick("a1", 3);
    assert_eq!(asked(&mut bench, A_DAY), []);
}

/// What the front has stays known while it is asked for once more and the library does not take that.
#[test]
fn what_is_asked_for_once_more_is_still_ended_at_the_front() {
    let mut bench = Bench::up();
    bench.subscribe(&ids(&["a1"]));
    bench.answer("a1");
    bench.now += SNAPSHOT_PATIENCE;
    bench.subscriptions.handle_time(bench.now);
    assert_eq!(bench.subscriptions.moves()[1], Move::Subscribe(ids(&["a1"])));
    bench.subscriptions.handle_sent(bench.now, &ids(&["a1"]), Err(SendRefusal::TooManyUnanswered));
    assert_eq!(bench.unsubscribe(ids(&["a1"])), ids(&["a1"]));
}

#[test]
fn unsubscribing_tells_the_front_of_what_it_has() {
    let mut bench = Bench::new();
    bench.subscribe(&ids(&["a1", "b1"]));
    assert_eq!(bench.unsubscribe(ids(&["a1", "z9"])), ids(&[]));
    assert_eq!(bench.link_up(), [Move::Subscribe(ids(&["b1"]))]);
    assert_eq!(bench.unsubscribe(ids(&["b1", "b1"])), ids(&["b1"]));
    assert!(bench.subscriptions.is_settled());
    assert_eq!(bench.answer("b1"), [Move::Event(MdEvent::Subscribed(id("b1")))]);
    bench.wait();
    assert_eq!(bench.subscriptions.next_deadline(), None);
    assert_eq!(bench.subscribe(&ids(&["b1"])), [Move::Subscribe(ids(&["b1"]))]);
}

/// They may never come: only the answer counts, and what comes instead of it.
#[test]
fn requests_for_quotes_need_no_sign_of_life() {
    use QuoteSubscription::{Refused, Subscribed, Unanswered, Unsubscribed};
    let mut bench = Bench::new();
    bench.subscriptions = Subscriptions::new(Feed::QuoteRequests);
    assert_eq!(bench.subscribe(&ids(&["a1", "b1", "c1", "d1"])), []);
    assert_eq!(batches(&bench.link_up()), [4]);
    let told = |event| Move::Event(MdEvent::QuoteRequests(event));
    assert_eq!(bench.answer("a1"), [told(Subscribed(id("a1")))]);
    let error = ServerError::counter(83, "x");
    bench.subscriptions.handle_answer(bench.now, id("b1"), Err(error.clone()));
    let refused = Refused { instrument_id: id("b1"), error };
    assert_eq!(bench.subscriptions.moves(), [told(refused)]);
    bench.subscriptions.handle_heard(id("c1"));
    let unanswered = Unanswered { instrument_ids: ids(&["d1"]), tries: 1, again: true };
    assert_eq!(bench.wait(), [told(unanswered), Move::Subscribe(ids(&["d1"]))]);
    bench.answer("d1");
    assert!(bench.subscriptions.is_settled());
    while bench.subscriptions.next_deadline().is_some() {
        assert_eq!(bench.wait(), [], "nothing is said of what is not asked for");
    }
    assert_eq!(bench.unsubscribe(ids(&["a1"])), ids(&["a1"]));
    bench.subscriptions.handle_ended(id("a1"));
    assert_eq!(bench.subscriptions.moves(), [told(Unsubscribed(id("a1")))]);
    bench.subscriptions.link_down();
    assert_eq!(bench.link_up(), [Move::Subscribe(ids(&["b1", "c1", "d1"]))]);
}

/// What may happen.
#[derive(Clone, Debug)]
enum Act {
    Subscribe(Vec<u8>),
    Unsubscribe(Vec<u8>),
    Up,
    Down,
    Answer(u8),
    Refuse(u8),
    Tick(u8),
    NotSent,
    Wait,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let some = || prop::collection::vec(0..12_u8, 0..12);
    let act = prop_oneof![
        some().prop_map(Act::Subscribe),
        some().prop_map(Act::Unsubscribe),
        Just(Act::Up),
        Just(Act::Down),
        (0..12_u8).prop_map(Act::Answer),
        (0..12_u8).prop_map(Act::Refuse),
        (0..12_u8).prop_map(Act::Tick),
        Just(Act::NotSent),
        Just(Act::Wait),
    ];
    prop::collection::vec(act, 0..60)
}

proptest! {
    /// Whatever happened: on a link that holds and with a front that answers everything is soon subscribed, and
    /// nothing that is not wanted.
    #[test]
    fn nothing_is_lost(acts in acts()) {
        let mut bench = Bench::new();
        let mut wanted = BTreeSet::new();
        // What the front has.
        let mut held = BTreeSet::new();
        let named = |number: &u8| id(&format!("x{number}"));
        let mut last = Vec::new();
        for act in acts {
            match act {
                Act::Subscribe(numbers) => {
                    let ids: Vec<Id> = numbers.iter().map(named).collect();
                    wanted.extend(ids.iter().copied());
                    bench.subscriptions.subscribe(bench.now, ids);
                }
                Act::Unsubscribe(numbers) => {
                    let ids: Vec<Id> = numbers.iter().map(named).collect();
                    ids.iter().for_each(|id| { wanted.remove(id); });
                    for id in bench.subscriptions.unsubscribe(bench.now, ids) {
                        held.remove(&id);
                    }
                }
                Act::Up => {
                    held.clear();
                    bench.subscriptions.link_down();
                    bench.subscriptions.link_up(bench.now);
                }
                Act::Down => {
                    held.clear();
                    bench.subscriptions.link_down();
                }
                Act::Answer(number) if held.contains(&named(&number)) => {
                    bench.subscriptions.handle_answer(bench.now, named(&number), Ok(()));
                }
                Act::Refuse(number) if held.contains(&named(&number)) => {
                    let error = ServerError::counter(83, "x");
                    bench.subscriptions.handle_answer(bench.now, named(&number), Err(error));
                }
                Act::Tick(number) if held.contains(&named(&number)) => {
                    bench.subscriptions.handle_ticked(seen(&format!("x{number}"), 0));
                }
                Act::NotSent => {
                    let refused = std::mem::take(&mut last);
                    for id in &refused {
                        held.remove(id);
                    }
                    bench.subscriptions.handle_sent(bench.now, &refused, Err(SendRefusal::NotConnected));
                }
                Act::Wait if bench.subscriptions.next_deadline().is_some() => {
                    bench.now = bench.subscriptions.next_deadline().unwrap();
                    bench.subscriptions.handle_time(bench.now);
                }
                _ => {}
            }
            last.clear();
            for step in bench.subscriptions.moves() {
                if let Move::Subscribe(ids) = step {
                    prop_assert!(ids.iter().all(|id| wanted.contains(id)));
                    held.extend(ids.iter().copied());
                    last = ids;
                }
            }
        }
        held.clear();
        let mut doubted = BTreeSet::new();
        bench.subscriptions.link_down();
        bench.subscriptions.link_up(bench.now);
        for _ in 0..20 {
            for step in bench.subscriptions.moves() {
                if let Move::Subscribe(ids) = step {
                    for id in ids {
                        // What is answered and does not tick is asked once more.
                        prop_assert!(held.insert(id) || doubted.insert(id), "sent three times");
                        bench.subscriptions.handle_answer(bench.now, id, Ok(()));
                    }
                }
            }
            let Some(next) = bench.subscriptions.next_deadline() else { break };
            bench.now = next;
            bench.subscriptions.handle_time(next);
        }
        prop_assert!(bench.subscriptions.is_settled());
        prop_assert_eq!(bench.subscriptions.next_deadline(), None);
        prop_assert_eq!(held, wanted);
    }
}
