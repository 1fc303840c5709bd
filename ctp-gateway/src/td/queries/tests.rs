use ctp_types::{OrderField, QryOrderField};

use super::*;

struct Bench {
    start: Instant,
    now: Instant,
    ids: RequestIds,
    queue: QueryQueue,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        Self { start: now, now, ids: RequestIds::new(0), queue: QueryQueue::new(Timeouts::default()) }
    }

    fn at_ms(&mut self, milliseconds: u64) -> &mut Self {
        self.now = self.start + Duration::from_millis(milliseconds);
        self
    }

    fn submit(&mut self) -> oneshot::Receiver<Result<Answer, Error>> {
        let (reply, answer) = oneshot::channel();
        let record = RecordBox::new(&QryOrderField::default());
        let query = Query { request: TraderRequest::ReqQryOrder, record, whole_table: false, reply };
        self.queue.submit(self.now, query);
        answer
    }

    /// Returns the number of the query that is sent now.
    fn poll(&mut self) -> Option<i32> {
        self.queue.poll(self.now, &mut self.ids).map(|send| send.request_id)
    }

    fn row(&mut self, request_id: i32, is_last: bool) -> Option<Finished> {
        let row = OrderField::default();
        let row = Some(RecordRef::from_record(&row));
        self.queue.handle_answer(self.now, TraderCallback::OnRspQryOrder, request_id, row, Ok(()), is_last)
    }

    fn null(&mut self, request_id: i32) -> Option<Finished> {
        self.queue.handle_answer(self.now, TraderCallback::OnRspQryOrder, request_id, None, Ok(()), true)
    }

    fn deadline(&mut self) -> Vec<Finished> {
        let mut finished = Vec::new();
        self.queue.handle_deadline(self.now, &mut finished);
        finished
    }
}

fn rows(finished: Option<Finished>) -> usize {
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
    bench.queue.handle_disconnected();
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
    let answer = bench.submit();
    assert_eq!(bench.poll(), Some(1));
    drop(answer);
    assert_eq!(bench.poll(), None);
    assert!(bench.null(1).is_some());
}

#[test]
fn the_end_of_the_session_ends_all_queries() {
    let mut bench = Bench::new();
    let mut answers = [bench.submit(), bench.submit()];
    bench.poll();
    bench.queue.fail_all(|| Error::Closed);
    for answer in &mut answers {
        assert!(matches!(answer.try_recv(), Ok(Err(Error::Closed))));
    }
}
