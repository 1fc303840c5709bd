use ctp_types::{OrderField, QryOrderField, TraderCallback, TraderRequest};
use proptest::prelude::*;
use tokio::sync::oneshot;

use super::*;
use crate::requests::submission::Reply;

type Over = Finished<TraderRequest>;
type Answer = oneshot::Receiver<Result<Reply, Error>>;

struct Bench {
    start: Instant,
    now: Instant,
    ids: RequestIds,
    queue: QueryQueue<TraderRequest>,
    /// Queries that ended because their caller went away.
    dropped: Vec<Over>,
}

impl Bench {
    fn new() -> Self {
        let (now, ids) = (Instant::now(), RequestIds::new(0));
        Self { start: now, now, ids, queue: QueryQueue::new(Timeouts::default()), dropped: Vec::new() }
    }

    fn at_ms(&mut self, milliseconds: u64) -> &mut Self {
        self.now = self.start + Duration::from_millis(milliseconds);
        self
    }

    fn submit(&mut self) -> Answer {
        let record = RecordBox::new(&QryOrderField::default());
        let (query, answer) = Submission::of_caller(TraderRequest::ReqQryOrder, record);
        self.queue.submit(self.now, query);
        answer
    }

    /// Returns the number of the query that is sent now.
    fn poll(&mut self) -> Option<i32> {
        self.queue.poll(self.now, &mut self.ids, &mut self.dropped).map(|send| send.request_id)
    }

    fn row(&mut self, request_id: i32, is_last: bool) -> Option<Over> {
        let row = OrderField::default();
        let row = Some(RecordRef::from_record(&row));
        self.queue.handle_answer(self.now, TraderCallback::OnRspQryOrder, request_id, row, Ok(()), is_last)
    }

    fn null(&mut self, request_id: i32) -> Option<Over> {
        self.queue.handle_answer(self.now, TraderCallback::OnRspQryOrder, request_id, None, Ok(()), true)
    }

    fn deadline(&mut self) -> Vec<Over> {
        let mut finished = Vec::new();
        self.queue.handle_deadline(self.now, &mut finished);
        finished
    }
}

fn rows(finished: Option<Over>) -> usize {
    finished.expect("finished").rows.expect("rows").len()
}

#[test]
fn one_in_flight_and_one_per_second() {
    let mut bench = Bench::new();
    let _answers = [bench.submit(), bench.submit()];
    assert_eq!(bench.poll(), Some(1));
    assert_eq!(bench.at_ms(5_000).poll(), None);
    assert_eq!(rows(bench.null(1)), 0);
    assert_eq!(bench.poll(), Some(2));
    bench.null(2);
    let _third = bench.submit();
    assert_eq!(bench.at_ms(5_999).poll(), None);
    assert_eq!(bench.queue.next_deadline(true), Some(bench.start + Duration::from_secs(6)));
    assert_eq!(bench.at_ms(6_000).poll(), Some(3));
}

#[test]
fn the_front_sets_the_pace() {
    let mut bench = Bench::new();
    bench.queue.set_frequency(10);
    bench.queue.set_frequency(0);
    bench.queue.set_frequency(-1);
    let _answers = [bench.submit(), bench.submit()];
    bench.poll();
    bench.null(1);
    assert_eq!(bench.at_ms(99).poll(), None);
    assert_eq!(bench.at_ms(100).poll(), Some(2));
}

#[test]
fn rows_are_collected_until_the_last() {
    let mut bench = Bench::new();
    let _answer = bench.submit();
    bench.poll();
    assert!(bench.row(1, false).is_none());
    // Another query's rows, and an answer of another kind.
    assert!(bench.row(9, true).is_none());
    let other = TraderCallback::OnRspQryTrade;
    assert!(bench.queue.handle_answer(bench.now, other, 1, None, Ok(()), true).is_none());
    assert_eq!(rows(bench.row(1, true)), 2);
    assert!(bench.row(1, true).is_none());
}

#[test]
fn limits_of_library_and_front_are_waited_for() {
    let mut bench = Bench::new();
    let _answer = bench.submit();
    assert_eq!(bench.poll(), Some(1));
    assert!(bench.queue.handle_sent(bench.now, 1, Err(SendRefusal::TooManyUnanswered)).is_none());
    assert_eq!(bench.at_ms(1_000).poll(), Some(2));
    assert!(bench.queue.handle_sent(bench.now, 2, Err(SendRefusal::TooFast)).is_none());
    assert_eq!(bench.at_ms(2_000).poll(), Some(3));
    assert!(bench.queue.handle_sent(bench.now, 3, Ok(())).is_none());
    assert!(bench.queue.handle_error(bench.now, 3, ServerError::counter(90, "CTP：")).is_none());
    assert_eq!(bench.at_ms(2_999).poll(), None);
    assert_eq!(bench.at_ms(3_000).poll(), Some(4));
    let refused = Err(ServerError::counter(154, "busy"));
    assert!(
        bench.queue.handle_answer(bench.now, TraderCallback::OnRspQryOrder, 4, None, refused, true).is_none()
    );
    assert_eq!(bench.at_ms(4_000).poll(), Some(5));
    assert_eq!(rows(bench.null(5)), 0);
}

#[test]
fn other_errors_end_the_query() {
    let mut bench = Bench::new();
    let _answer = bench.submit();
    bench.poll();
    assert!(bench.queue.handle_error(bench.now, 9, ServerError::counter(77, "")).is_none());
    let finished = bench.queue.handle_error(bench.now, 1, ServerError::counter(77, "")).expect("finished");
    assert!(matches!(finished.rows, Err(Error::Rejected { request: "ReqQryOrder", .. })));
    let _answer = bench.submit();
    bench.at_ms(1_000).poll();
    let finished =
        bench.queue.handle_sent(bench.now, 2, Err(SendRefusal::Library("x".into()))).expect("finished");
    assert!(matches!(finished.rows, Err(Error::NotSent { .. })));
}

#[test]
fn a_lost_answer_is_asked_for_three_times() {
    let mut bench = Bench::new();
    let _answer = bench.submit();
    for attempt in 0..3_u64 {
        assert!(bench.at_ms(attempt * 6_000).poll().is_some());
        bench.row(1, false);
        assert_eq!(bench.deadline().len(), 0);
        let finished = bench.at_ms(attempt * 6_000 + 5_000).deadline();
        assert_eq!(finished.len(), usize::from(attempt == 2));
        for over in finished {
            assert!(matches!(over.rows, Err(Error::TimedOut { attempts: 3, .. })));
        }
    }
    // The slot is free again, and a late row of the lost answer counts for nothing.
    let _answer = bench.submit();
    assert_eq!(bench.at_ms(30_000).poll(), Some(4));
    assert!(bench.row(3, true).is_none());
}

#[test]
fn a_disconnect_in_the_middle_leaves_no_half_table() {
    let mut bench = Bench::new();
    let _answer = bench.submit();
    bench.poll();
    bench.row(1, false);
    assert!(bench.queue.handle_disconnected(bench.now).is_empty());
    assert!(bench.row(1, true).is_none());
    assert_eq!(bench.queue.next_deadline(false), Some(bench.start + Timeouts::default().query_total));
    assert_eq!(bench.at_ms(20_000).poll(), Some(2));
    assert_eq!(rows(bench.row(2, true)), 1);
}

#[test]
fn a_query_does_not_wait_for_ever_for_the_session() {
    let mut bench = Bench::new();
    let _answer = bench.submit();
    let finished = bench.at_ms(60_000).deadline();
    assert!(matches!(finished[0].rows, Err(Error::TimedOut { attempts: 0, .. })));
    assert_eq!(bench.queue.next_deadline(true), None);
}

#[test]
fn a_caller_that_went_away_costs_no_query() {
    let mut bench = Bench::new();
    drop(bench.submit());
    assert_eq!(bench.poll(), None);
    assert_eq!(bench.dropped.pop().map(|over| over.ended.outcome), Some(Outcome::Dropped));
    let answer = bench.submit();
    assert_eq!(bench.poll(), Some(1));
    drop(answer);
    assert_eq!(bench.poll(), None);
    assert!(bench.null(1).is_some());
}

#[test]
fn the_end_of_the_session_ends_all_queries() {
    let mut bench = Bench::new();
    let _answers = [bench.submit(), bench.submit()];
    bench.poll();
    let mut finished = Vec::new();
    bench.queue.fail_all(bench.now, || Error::Closed, &mut finished);
    assert_eq!(finished.len(), 2);
    assert!(finished.iter().all(|over| matches!(over.rows, Err(Error::Closed))));
    assert_eq!(bench.queue.next_deadline(true), None);
}

#[test]
fn a_dropped_future_keeps_its_slot_until_the_answer_is_through() {
    let mut bench = Bench::new();
    bench.queue.set_frequency(1_000);
    drop({
        let answer = bench.submit();
        assert_eq!(bench.poll(), Some(1));
        answer
    });
    let _next = bench.submit();
    bench.at_ms(10);
    assert_eq!(bench.poll(), None);
    assert!(bench.row(1, false).is_none());
    assert_eq!(bench.poll(), None);
    let over = bench.row(1, true).expect("over");
    assert_eq!((over.ended.outcome, over.rows.expect("none are kept").len()), (Outcome::Dropped, 0));
    assert_eq!(bench.poll(), Some(2));
    // A row that comes late belongs to nobody.
    assert!(bench.row(1, true).is_none());
    assert_eq!(rows(bench.null(2)), 0);
}

#[test]
fn a_dropped_future_without_an_answer_frees_its_slot_in_time() {
    let mut bench = Bench::new();
    drop({
        let answer = bench.submit();
        bench.poll();
        answer
    });
    let _next = bench.submit();
    let over = bench.at_ms(5_000).deadline();
    assert_eq!(over.len(), 1);
    assert_eq!((over[0].ended.outcome, over[0].ended.attempts), (Outcome::Dropped, 1));
    assert_eq!(bench.at_ms(6_000).poll(), Some(2));
}

#[test]
fn rows_that_keep_coming_keep_the_query_alive() {
    let mut bench = Bench::new();
    let _answer = bench.submit();
    bench.poll();
    for second in 1..=14_u64 {
        assert!(bench.at_ms(second * 4_000).row(1, false).is_none());
        assert!(bench.deadline().is_empty());
    }
    assert_eq!(rows(bench.row(1, true)), 15);
}

#[test]
fn rows_without_end_do_not_keep_it_alive_for_ever() {
    let mut bench = Bench::new();
    let _answer = bench.submit();
    bench.poll();
    for second in 1..65_u64 {
        bench.at_ms(second * 1_000).row(1, false);
        assert!(bench.deadline().is_empty());
    }
    let over = bench.at_ms(65_000).deadline();
    assert!(matches!(over[0].rows, Err(Error::TimedOut { attempts: 1, .. })));
}

#[test]
fn queries_of_the_session_go_first_and_in_order() {
    let mut bench = Bench::new();
    bench.queue.set_frequency(1_000);
    let _answer = bench.submit();
    for request in [TraderRequest::ReqQryOrder, TraderRequest::ReqQryTrade] {
        let record = RecordBox::zeroed(request.record());
        bench.queue.submit(bench.now, Submission::of_session(request, record));
    }
    let mut order = Vec::new();
    for step in 0..3_u64 {
        bench.at_ms(step);
        let send = bench.queue.poll(bench.now, &mut bench.ids, &mut bench.dropped).expect("the next");
        order.push(send.request);
        let callback = send.request.answer().expect("an answer");
        bench.queue.handle_answer(bench.now, callback, send.request_id, None, Ok(()), true).expect("over");
    }
    use TraderRequest::{ReqQryOrder, ReqQryTrade};
    assert_eq!(order, [ReqQryOrder, ReqQryTrade, ReqQryOrder]);
}

#[test]
fn what_ended_says_how_long_it_waited_and_for_what() {
    let mut bench = Bench::new();
    let _first = bench.submit();
    let _second = bench.submit();
    bench.at_ms(300).poll();
    bench.null(1);
    assert_eq!(bench.at_ms(1_300).poll(), Some(2));
    let ended = bench.at_ms(1_350).null(2).expect("over").ended;
    assert_eq!((ended.outcome, ended.attempts, ended.request_id), (Outcome::Confirmed, 1, 2));
    assert_eq!((ended.waited, ended.paced), (Duration::from_millis(1_350), Duration::from_millis(1_000)));
}

/// What may happen to a queue.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Submit,
    /// The caller with this place among the waiting ones goes away.
    Drop(usize),
    /// The library takes the next query, or says why not.
    Word(u8),
    Row {
        is_last: bool,
    },
    Null,
    Error(i32),
    /// Something that belongs to no query in flight.
    Stray(i32),
    Disconnect,
    Pass(u16),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => Just(Happening::Submit),
        1 => (0..8_usize).prop_map(Happening::Drop),
        3 => (0..4_u8).prop_map(Happening::Word),
        4 => any::<bool>().prop_map(|is_last| Happening::Row { is_last }),
        2 => Just(Happening::Null),
        2 => prop_oneof![Just(90), Just(154), Just(77)].prop_map(Happening::Error),
        1 => (0..40_i32).prop_map(Happening::Stray),
        1 => Just(Happening::Disconnect),
        6 => (1..7_000_u16).prop_map(Happening::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens: one query in flight, never faster than the pace, every query over exactly once and in time,
    /// and its rows are those of its last attempt.
    #[test]
    fn every_query_ends_once_and_alone(happenings in prop::collection::vec(happening(), 1..200), per_second in 1..5_i32) {
        let mut bench = Bench::new();
        bench.queue.set_frequency(per_second);
        let pause = Duration::from_secs(1) / u32::try_from(per_second).unwrap();
        let mut callers: Vec<(Instant, Option<Answer>)> = Vec::new();
        let mut over: Vec<Over> = Vec::new();
        let mut in_flight: Option<(i32, usize)> = None;
        let mut last_sent: Option<Instant> = None;
        let mut ms = 0_u64;
        for happening in happenings {
            let before = over.len();
            let (id, rows) = in_flight.unwrap_or((-1, 0));
            let mut expected_rows = None;
            match happening {
                Happening::Submit => callers.push((bench.now, Some(bench.submit()))),
                Happening::Drop(place) => {
                    if let Some((_, answer)) = callers.get_mut(place) {
                        *answer = None;
                    }
                }
                Happening::Word(0) => over.extend(bench.queue.handle_sent(bench.now, id, Ok(()))),
                Happening::Word(1) => {
                    over.extend(bench.queue.handle_sent(bench.now, id, Err(SendRefusal::TooFast)));
                    in_flight = None;
                }
                Happening::Word(2) => {
                    over.extend(bench.queue.handle_sent(bench.now, id, Err(SendRefusal::TooManyUnanswered)));
                    in_flight = None;
                }
                Happening::Word(_) => {
                    over.extend(bench.queue.handle_sent(bench.now, id, Err(SendRefusal::Library("no".into()))));
                    in_flight = None;
                }
                Happening::Row { is_last } => {
                    over.extend(bench.row(id, is_last));
                    expected_rows = is_last.then_some(rows + 1);
                    in_flight = in_flight.filter(|_| !is_last).map(|(id, rows)| (id, rows + 1));
                }
                Happening::Null => {
                    over.extend(bench.null(id));
                    expected_rows = Some(rows);
                    in_flight = None;
                }
                Happening::Error(code) => {
                    over.extend(bench.queue.handle_error(bench.now, id, ServerError::counter(code, "")));
                    in_flight = None;
                }
                Happening::Stray(number) if number != id => prop_assert!(bench.row(number, true).is_none()),
                Happening::Stray(_) => {}
                Happening::Disconnect => {
                    over.extend(bench.queue.handle_disconnected(bench.now));
                    in_flight = None;
                }
                Happening::Pass(milliseconds) => {
                    ms += u64::from(milliseconds);
                    bench.at_ms(ms);
                    let finished = bench.deadline();
                    over.extend(finished);
                    if in_flight.is_some_and(|(id, _)| !bench.queue.knows(id)) {
                        in_flight = None;
                    }
                }
            }
            if let (Some(expected), [.., last]) = (expected_rows, &over[before..])
                && last.ended.outcome == Outcome::Confirmed
            {
                prop_assert_eq!(last.rows.as_ref().unwrap().len(), expected);
            }
            while let Some(id) = bench.poll() {
                prop_assert!(in_flight.is_none(), "two in flight");
                prop_assert!(last_sent.is_none_or(|sent| bench.now >= sent + pause), "faster than the pace");
                last_sent = Some(bench.now);
                in_flight = Some((id, 0));
            }
            over.append(&mut bench.dropped);
            prop_assert!(over.len() <= callers.len());
            let unfinished = callers.len() > over.len();
            prop_assert!(!unfinished || bench.queue.next_deadline(true).is_some(), "nothing is waited for");
        }
        // From now on the front is silent: time alone ends all that is left.
        for _ in 0..callers.len() * 4 + 4 {
            let Some(deadline) = bench.queue.next_deadline(true) else { break };
            bench.now = bench.now.max(deadline);
            let finished = bench.deadline();
            over.extend(finished);
            bench.poll();
            over.append(&mut bench.dropped);
        }
        prop_assert_eq!(over.len(), callers.len());
        prop_assert_eq!(bench.queue.next_deadline(true), None);
    }
}
