use ctp_types::{
    InputOrderField, InputQuoteField, OrderField, QuoteField, Record, ReqTransferField, RspTransferField,
    TraderCallback, TraderRequest, UserPasswordUpdateField,
};
use proptest::prelude::*;

use super::*;
use crate::state::{DisconnectReason, SessionState};

type Answer = oneshot::Receiver<Result<Reply, Error>>;

const OWN: Session = Some((1, -7));
const ORDER_TIMEOUT: Duration = Duration::from_secs(5);

struct Bench {
    now: Instant,
    ids: RequestIds,
    table: PendingTable<TraderRequest>,
    ended: Vec<Ended<TraderRequest>>,
}

impl Bench {
    fn new() -> Self {
        let table = PendingTable::new(ORDER_TIMEOUT);
        Self { now: Instant::now(), ids: RequestIds::new(0), table, ended: Vec::new() }
    }

    fn submit(&mut self, request: TraderRequest) -> (i32, RecordBox, Answer) {
        let (submission, answer) = Submission::of_caller(request, RecordBox::zeroed(request.record()));
        let send = self.table.submit(self.now, &mut self.ids, submission);
        assert_eq!(send.request, request);
        (send.request_id, send.record, answer)
    }

    fn sent(&mut self, request: TraderRequest) -> (i32, Answer) {
        let (request_id, _, answer) = self.submit(request);
        assert!(self.table.handle_sent(self.now, request_id, Ok(())).is_none());
        (request_id, answer)
    }

    fn hear<R: Record>(
        &mut self,
        callback: TraderCallback,
        request_id: i32,
        record: &R,
        result: Result<(), ServerError>,
    ) -> bool {
        let record = Some(RecordRef::from_record(record));
        let (taken, ended) = self.table.handle_callback(self.now, callback, request_id, record, result, OWN);
        self.ended.extend(ended);
        taken
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.ended.iter().map(|ended| ended.outcome).collect()
    }
}

fn handle(answer: &mut Answer) -> oneshot::Receiver<Result<RecordBox, Error>> {
    match answer.try_recv().expect("told").expect("sent") {
        Reply::Sent { outcome, .. } => outcome,
        other => panic!("{other:?}"),
    }
}

fn refused() -> Result<(), ServerError> {
    Err(ServerError::counter(31, "CTP:资金不足"))
}

#[test]
fn an_answer_ends_an_answered_request() {
    let mut bench = Bench::new();
    let (request_id, mut answer) = bench.sent(TraderRequest::ReqUserPasswordUpdate);
    let record = UserPasswordUpdateField::default();
    // Of another request, and of another kind.
    assert!(!bench.hear(TraderCallback::OnRspUserPasswordUpdate, request_id + 1, &record, Ok(())));
    assert!(!bench.hear(TraderCallback::OnRspUserLogin, request_id, &record, Ok(())));
    assert!(answer.try_recv().is_err());
    assert!(bench.hear(TraderCallback::OnRspUserPasswordUpdate, request_id, &record, Ok(())));
    assert!(matches!(answer.try_recv(), Ok(Ok(Reply::Answer(Some(_))))));
    // A doubled answer finds nobody.
    assert!(!bench.hear(TraderCallback::OnRspUserPasswordUpdate, request_id, &record, refused()));
    assert_eq!(bench.outcomes(), [Outcome::Confirmed]);
    assert_eq!(bench.table.len(), 0);
}

#[test]
fn a_refusal_ends_it_as_rejected() {
    let mut bench = Bench::new();
    let (request_id, mut answer) = bench.sent(TraderRequest::ReqUserPasswordUpdate);
    bench.hear(
        TraderCallback::OnRspUserPasswordUpdate,
        request_id,
        &UserPasswordUpdateField::default(),
        refused(),
    );
    assert!(matches!(answer.try_recv(), Ok(Err(Error::Rejected { error, .. })) if error.code == 31));
    let (request_id, mut answer) = bench.sent(TraderRequest::ReqUserPasswordUpdate);
    // By OnRspError.
    let ended = bench.table.handle_error(bench.now, request_id, ServerError::counter(77, ""));
    assert_eq!(ended.map(|ended| ended.outcome), Some(Outcome::Rejected));
    assert!(matches!(answer.try_recv(), Ok(Err(Error::Rejected { error, .. })) if error.code == 77));
}

#[test]
fn a_silent_request_resolves_when_it_is_sent_and_its_push_tells_the_rest() {
    let mut bench = Bench::new();
    let (request_id, record, mut answer) = bench.submit(TraderRequest::ReqQuoteInsert);
    assert_eq!(record.get::<InputQuoteField>().map(|quote| quote.request_id), Some(request_id));
    assert!(answer.try_recv().is_err());
    bench.table.handle_sent(bench.now, request_id, Ok(()));
    let mut outcome = handle(&mut answer);
    let quote = |session_id| QuoteField { request_id, front_id: 1, session_id, ..Default::default() };
    // Another session's quote with the same number.
    assert!(!bench.hear(TraderCallback::OnRtnQuote, 0, &quote(8), Ok(())));
    assert!(outcome.try_recv().is_err());
    // A push is everybody's news: it is not taken.
    assert!(!bench.hear(TraderCallback::OnRtnQuote, 0, &quote(-7), Ok(())));
    let record = outcome.try_recv().expect("told").expect("confirmed");
    assert_eq!(record.get::<QuoteField>().map(|quote| quote.session_id), Some(-7));
    assert_eq!(bench.outcomes(), [Outcome::Confirmed]);
}

#[test]
fn a_silent_request_is_refused_once_however_many_say_so() {
    let mut bench = Bench::new();
    let (request_id, mut answer) = bench.sent(TraderRequest::ReqQuoteInsert);
    let mut outcome = handle(&mut answer);
    let input = InputQuoteField { request_id, ..Default::default() };
    assert!(bench.hear(TraderCallback::OnErrRtnQuoteInsert, 0, &input, refused()));
    bench.hear(TraderCallback::OnRspQuoteInsert, request_id, &input, refused());
    assert!(matches!(outcome.try_recv(), Ok(Err(Error::Rejected { .. }))));
    assert_eq!(bench.outcomes(), [Outcome::Rejected]);
}

#[test]
fn a_push_that_overtakes_the_librarys_word_is_not_lost() {
    let mut bench = Bench::new();
    let (request_id, _, mut answer) = bench.submit(TraderRequest::ReqOrderInsert);
    let order = OrderField { request_id, front_id: 1, session_id: -7, ..Default::default() };
    bench.hear(TraderCallback::OnRtnOrder, 0, &order, Ok(()));
    assert!(bench.table.handle_sent(bench.now, request_id, Ok(())).is_none());
    assert!(matches!(handle(&mut answer).try_recv(), Ok(Ok(_))));
}

#[test]
fn a_transfer_waits_for_its_push_and_reads_the_refusal_in_it() {
    for (error_id, expected) in [(0, Outcome::Confirmed), (92, Outcome::Rejected)] {
        let mut bench = Bench::new();
        let (request_id, mut answer) = bench.sent(TraderRequest::ReqFromBankToFutureByFuture);
        let mut outcome = handle(&mut answer);
        let herald = ReqTransferField { request_id, ..Default::default() };
        assert!(bench.hear(TraderCallback::OnRspFromBankToFutureByFuture, request_id, &herald, Ok(())));
        assert!(outcome.try_recv().is_err());
        let told = RspTransferField { request_id, error_id, ..Default::default() };
        bench.hear(TraderCallback::OnRtnFromBankToFutureByFuture, 0, &told, Ok(()));
        assert_eq!(bench.outcomes(), [expected]);
        assert_eq!(outcome.try_recv().expect("told").is_ok(), expected == Outcome::Confirmed);
    }
}

#[test]
fn what_the_library_did_not_take_was_not_sent() {
    let mut bench = Bench::new();
    for refusal in [
        SendRefusal::NotConnected,
        SendRefusal::TooFast,
        SendRefusal::NotInVersion { version: "6.3.15".into(), since: Some("6.7.13") },
    ] {
        let (request_id, _, mut answer) = bench.submit(TraderRequest::ReqQuoteInsert);
        let ended = bench.table.handle_sent(bench.now, request_id, Err(refusal.clone()));
        assert_eq!(ended.map(|ended| ended.outcome), Some(Outcome::NotSent));
        assert!(matches!(answer.try_recv(), Ok(Err(Error::NotSent { reason, .. })) if reason == refusal));
    }
}

#[test]
fn a_broken_link_leaves_nobody_to_know() {
    let mut bench = Bench::new();
    let (_, mut answer) = bench.sent(TraderRequest::ReqUserPasswordUpdate);
    let (unsaid, _, mut not_said) = bench.submit(TraderRequest::ReqUserPasswordUpdate);
    let (refused, _, mut not_taken) = bench.submit(TraderRequest::ReqUserPasswordUpdate);
    let cause = UnknownCause::Disconnected(DisconnectReason(0x1001));
    let mut ended = Vec::new();
    bench.table.handle_disconnected(bench.now, &cause, &mut ended);
    assert_eq!(ended.len(), 1);
    assert!(matches!(answer.try_recv(), Ok(Err(Error::Unknown { .. }))));
    // The library's word, which comes later, decides over the others.
    assert!(not_said.try_recv().is_err());
    bench.table.handle_sent(bench.now, unsaid, Ok(()));
    assert!(matches!(not_said.try_recv(), Ok(Err(Error::Unknown { .. }))));
    bench.table.handle_sent(bench.now, refused, Err(SendRefusal::NotConnected));
    assert!(matches!(not_taken.try_recv(), Ok(Err(Error::NotSent { .. }))));
    assert_eq!(bench.table.next_deadline(), None);
}

#[test]
fn no_answer_in_time_is_unknown_and_a_late_one_changes_nothing() {
    let mut bench = Bench::new();
    let (request_id, mut answer) = bench.sent(TraderRequest::ReqUserPasswordUpdate);
    let deadline = bench.now + ORDER_TIMEOUT;
    assert_eq!(bench.table.next_deadline(), Some(deadline));
    let mut ended = Vec::new();
    bench.table.handle_deadline(deadline, &mut ended);
    assert_eq!(ended.len(), 1);
    assert!(matches!(
        answer.try_recv(),
        Ok(Err(Error::Unknown { cause: UnknownCause::NoAnswer(waited), .. })) if waited == ORDER_TIMEOUT
    ));
    let record = UserPasswordUpdateField::default();
    assert!(!bench.hear(TraderCallback::OnRspUserPasswordUpdate, request_id, &record, Ok(())));
    assert!(bench.ended.is_empty());
}

#[test]
fn the_end_of_the_session_tells_sent_from_unsent() {
    let mut bench = Bench::new();
    let (_, mut sent) = bench.sent(TraderRequest::ReqUserPasswordUpdate);
    let (_, _, mut unsent) = bench.submit(TraderRequest::ReqUserPasswordUpdate);
    let mut ended = Vec::new();
    let reason = SendRefusal::NotReady(SessionState::Closed);
    bench.table.fail_all(bench.now, &reason, &mut ended);
    assert_eq!(ended.len(), 2);
    assert!(matches!(sent.try_recv(), Ok(Err(Error::Unknown { cause: UnknownCause::SessionEnded, .. }))));
    assert!(matches!(unsent.try_recv(), Ok(Err(Error::NotSent { .. }))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is heard, in whatever order: every request ends once, numbers are unique, nothing is sent twice.
    #[test]
    fn every_request_ends_once(happenings in prop::collection::vec((0..9_u8, 0..6_usize), 1..120)) {
        let kinds = [
            TraderRequest::ReqUserPasswordUpdate,
            TraderRequest::ReqOrderInsert,
            TraderRequest::ReqFromBankToFutureByFuture,
        ];
        let mut bench = Bench::new();
        let mut all: Vec<(i32, Answer)> = Vec::new();
        let mut count = 0_usize;
        for (what, which) in happenings {
            let request_id = all.iter().rev().nth(which).map_or(-1, |(id, _)| *id);
            match what {
                0 | 1 => {
                    let (id, _, answer) = bench.submit(kinds[which % 3]);
                    prop_assert!(all.iter().all(|(other, _)| *other != id));
                    all.push((id, answer));
                }
                2 | 3 => count += usize::from(bench.table.handle_sent(bench.now, request_id, Ok(())).is_some()),
                4 => {
                    let refusal = Err(SendRefusal::TooFast);
                    count += usize::from(bench.table.handle_sent(bench.now, request_id, refusal).is_some());
                }
                5 => {
                    let order = OrderField { request_id, front_id: 1, session_id: -7, ..Default::default() };
                    bench.hear(TraderCallback::OnRtnOrder, 0, &order, Ok(()));
                    let input = InputOrderField { request_id, ..Default::default() };
                    bench.hear(TraderCallback::OnErrRtnOrderInsert, 0, &input, refused());
                }
                6 => {
                    let record = UserPasswordUpdateField::default();
                    bench.hear(TraderCallback::OnRspUserPasswordUpdate, request_id, &record, Ok(()));
                }
                7 => {
                    let mut ended = Vec::new();
                    let cause = UnknownCause::Disconnected(DisconnectReason(0x1001));
                    bench.table.handle_disconnected(bench.now, &cause, &mut ended);
                    bench.ended.append(&mut ended);
                }
                _ => {
                    bench.now += Duration::from_secs(2);
                    let mut ended = Vec::new();
                    bench.table.handle_deadline(bench.now, &mut ended);
                    bench.ended.append(&mut ended);
                }
            }
            prop_assert_eq!(bench.table.len() + bench.ended.len() + count, all.len());
        }
        let mut ended = Vec::new();
        bench.table.fail_all(bench.now, &SendRefusal::NotConnected, &mut ended);
        prop_assert_eq!(ended.len() + bench.ended.len() + count, all.len());
        for (_, mut answer) in all {
            prop_assert!(answer.try_recv().is_ok(), "a caller waits for ever");
        }
    }
}
