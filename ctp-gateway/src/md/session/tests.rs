mod watch;

use std::time::Duration;

use ctp_types::{ForQuoteRspField, MulticastInstrumentField, Record, RspInfoField, SpecificInstrumentField};

use super::*;
use crate::md::event::QuoteSubscription;
use crate::requests::submission::Outcome;
use crate::state::LinkLoss;

struct Bench {
    session: MdSession,
    start: Instant,
    now: Instant,
    /// The wall clock at the start.
    unix_ns: i64,
    /// What the front says in its answer to a login.
    login_time: Text<9>,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        let session = MdSession::new(&MdConfig::new(["sim://test"]), 0).unwrap();
        Self { session, start: now, now, unix_ns: 0, login_time: Text::default() }
    }

    fn ready() -> Self {
        let mut bench = Self::new();
        bench.log_in();
        bench
    }

    fn log_in(&mut self) -> Vec<Output> {
        let id = match self.callback(MdCallback::OnFrontConnected, 0).as_slice() {
            [.., Output::Send { request: MdRequest::ReqUserLogin, request_id, .. }] => *request_id,
            other => panic!("no login: {other:?}"),
        };
        let record = RspUserLoginField { login_time: self.login_time, ..RspUserLoginField::default() };
        self.answer(MdCallback::OnRspUserLogin, Some(record), None, id)
    }

    fn at_ms(&mut self, milliseconds: u64) -> Vec<Output> {
        self.now = self.start + Duration::from_millis(milliseconds);
        self.step(Input::Time)
    }

    fn callback(&mut self, callback: MdCallback, number: i32) -> Vec<Output> {
        self.answer::<RspUserLoginField>(callback, None, None, number)
    }

    fn answer<R: Record>(
        &mut self,
        callback: MdCallback,
        record: Option<R>,
        rsp_info: Option<RspInfoField>,
        number: i32,
    ) -> Vec<Output> {
        let record = record.map(|record| RecordBox::new(&record));
        let (is_last, received_ns) = (true, 1);
        self.step(Input::Callback(SpiEvent { callback, record, rsp_info, number, is_last, received_ns }))
    }

    fn subscribe(&mut self, ids: &[&str]) -> Vec<Output> {
        self.step(Input::Command(Command::Subscribe(Feed::Ticks, ids.iter().map(|text| id(text)).collect())))
    }

    fn step(&mut self, input: Input) -> Vec<Output> {
        let elapsed = i64::try_from((self.now - self.start).as_nanos()).unwrap();
        self.session.step(Now { instant: self.now, unix_ns: self.unix_ns + elapsed }, input)
    }
}

fn id(text: &str) -> Id {
    Text::new(text).unwrap()
}

fn subscribed(outputs: &[Output]) -> Vec<usize> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Subscribe { ids, .. } => Some(ids.len()),
            _ => None,
        })
        .collect()
}

#[test]
fn subscriptions_before_the_login_are_remembered() {
    let mut bench = Bench::new();
    assert!(bench.subscribe(&["rb2601", "IF2512", "rb2601"]).is_empty());
    let outputs = bench.log_in();
    assert!(matches!(outputs[0], Output::State(SessionState::Ready(_))));
    assert_eq!(subscribed(&outputs), [2]);
}

#[test]
fn subscriptions_are_sent_again_after_a_broken_link() {
    let mut bench = Bench::ready();
    assert_eq!(subscribed(&bench.subscribe(&["rb2601", "IF2512"])), [2]);
    assert_eq!(subscribed(&bench.subscribe(&["rb2601"])), [0; 0]);
    let outputs =
        bench.step(Input::Command(Command::Unsubscribe(Feed::Ticks, vec![id("IF2512"), id("never")])));
    assert!(matches!(outputs.as_slice(), [Output::Unsubscribe { ids, .. }] if *ids == [id("IF2512")]));
    let outputs = bench.callback(MdCallback::OnFrontDisconnected, 0x2001);
    assert!(matches!(
        outputs.as_slice(),
        [Output::State(SessionState::Reconnecting(LinkLoss::Disconnected(DisconnectReason(0x2001))))]
    ));
    assert!(bench.subscribe(&["m2601"]).is_empty());
    bench.at_ms(2_000);
    assert_eq!(subscribed(&bench.log_in()), [2]);
}

#[test]
fn what_the_library_does_not_take_is_sent_again() {
    let mut bench = Bench::ready();
    let outputs = bench.subscribe(&["rb2601"]);
    let [Output::Subscribe { request_id, .. }] = outputs.as_slice() else { panic!("{outputs:?}") };
    let (request_id, result) = (*request_id, Err(SendRefusal::NotConnected));
    let outputs = bench.step(Input::Sent { request_id, result });
    let refused = MdEvent::NotSent(SendRefusal::NotConnected);
    assert!(matches!(outputs.as_slice(), [Output::Event(event)] if *event == refused));
    assert_eq!(subscribed(&bench.at_ms(1_000)), [1]);
}

#[test]
fn answers_are_events() {
    let mut bench = Bench::ready();
    let record = SpecificInstrumentField { instrument_id: id("rb2601"), ..Default::default() };
    let info = RspInfoField { error_id: 6_000, ..Default::default() };
    let callback = MdCallback::OnRspSubMarketData;
    let expected = MdEvent::Subscribed(id("rb2601"));
    let outputs = bench.answer(callback, Some(record), Some(RspInfoField::default()), 0);
    assert!(matches!(outputs.as_slice(), [Output::Event(event)] if *event == expected));
    let refused = bench.answer(callback, Some(record), Some(info), 0);
    assert!(
        matches!(refused.as_slice(), [Output::Event(MdEvent::Refused { error, .. })] if error.code == 6_000)
    );
    assert!(bench.callback(callback, 0).is_empty());
    let error = bench.answer::<SpecificInstrumentField>(MdCallback::OnRspError, None, Some(info), 9);
    assert!(matches!(error.as_slice(), [Output::Event(MdEvent::Error(_))]));
}

#[test]
fn requests_for_quotes_are_subscribed_beside_ticks_and_again_after_a_broken_link() {
    let mut bench = Bench::ready();
    bench.subscribe(&["rb2601"]);
    let wanted = vec![id("m2601-C-3000"), id("rb2601")];
    let outputs = bench.step(Input::Command(Command::Subscribe(Feed::QuoteRequests, wanted.clone())));
    let [Output::Subscribe { feed: Feed::QuoteRequests, ids, request_id }] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert_eq!(*ids, wanted);
    // What the library says is for the right ones.
    let refusal = SendRefusal::NotConnected;
    bench.step(Input::Sent { request_id: *request_id, result: Err(refusal) });
    let again = bench.at_ms(1_000);
    assert!(matches!(again.as_slice(), [Output::Subscribe { feed: Feed::QuoteRequests, .. }]), "{again:?}");
    let record = SpecificInstrumentField { instrument_id: wanted[0], ..Default::default() };
    let outputs = bench.answer(MdCallback::OnRspSubForQuoteRsp, Some(record), None, 0);
    let expected = MdEvent::QuoteRequests(QuoteSubscription::Subscribed(wanted[0]));
    assert!(matches!(outputs.as_slice(), [Output::Event(event)] if *event == expected), "{outputs:?}");
    bench.callback(MdCallback::OnFrontDisconnected, 0x2001);
    bench.at_ms(3_000);
    let outputs = bench.log_in();
    assert_eq!(subscribed(&outputs), [1, 2]);
    assert!(matches!(bench.session.state(), SessionState::Recovering(_)));
    let ticks = SpecificInstrumentField { instrument_id: wanted[1], ..Default::default() };
    bench.answer(MdCallback::OnRspSubMarketData, Some(ticks), None, 0);
    bench.answer(MdCallback::OnRspSubForQuoteRsp, Some(record), None, 0);
    assert!(matches!(bench.session.state(), SessionState::Recovering(_)));
    // A request itself says as much as an answer.
    let asked = ForQuoteRspField { instrument_id: wanted[1], ..Default::default() };
    bench.answer(MdCallback::OnRtnForQuoteRsp, Some(asked), None, 0);
    assert!(matches!(bench.session.state(), SessionState::Ready(_)));
    let outputs = bench.step(Input::Command(Command::Unsubscribe(Feed::QuoteRequests, wanted)));
    let is_quotes = matches!(outputs.as_slice(), [Output::Unsubscribe { feed: Feed::QuoteRequests, .. }]);
    assert!(is_quotes, "{outputs:?}");
    let outputs = bench.answer(MdCallback::OnRspUnSubForQuoteRsp, Some(record), None, 0);
    assert!(
        matches!(outputs.as_slice(), [Output::Event(MdEvent::QuoteRequests(QuoteSubscription::Unsubscribed(id)))] if *id == record.instrument_id)
    );
    assert_eq!(bench.session.wanted(), 1);
}

#[test]
fn null_records_are_harmless() {
    let mut bench = Bench::ready();
    for callback in MdCallback::ALL {
        if !matches!(callback, MdCallback::OnFrontConnected | MdCallback::OnFrontDisconnected) {
            assert!(bench.callback(*callback, 0).is_empty());
        }
    }
    assert!(bench.session.state().is_ready());
}

#[test]
fn the_end_is_said_once() {
    let mut bench = Bench::ready();
    assert!(matches!(bench.step(Input::Finish).as_slice(), [Output::State(SessionState::Closed)]));
    assert!(bench.step(Input::Finish).is_empty());
    let mut bench = Bench::ready();
    let outputs = bench.step(Input::Panicked { callback: "OnRspError", message: "boom".into() });
    assert!(matches!(outputs.as_slice(), [Output::State(SessionState::Faulted(_))]));
    assert!(bench.step(Input::Finish).is_empty());
}

#[test]
fn a_query_waits_for_the_login_and_brings_its_rows() {
    let mut bench = Bench::new();
    let record = RecordBox::zeroed(MdRequest::ReqQryMulticastInstrument.record());
    let (submission, mut answer) = Submission::of_caller(MdRequest::ReqQryMulticastInstrument, record);
    assert!(bench.step(Input::Command(Command::Request(submission))).is_empty());
    let outputs = bench.log_in();
    let [.., Output::Send { request: MdRequest::ReqQryMulticastInstrument, request_id, .. }] =
        outputs.as_slice()
    else {
        panic!("{outputs:?}")
    };
    let request_id = *request_id;
    let row = MulticastInstrumentField { topic_id: 7, ..Default::default() };
    let outputs = bench.answer(MdCallback::OnRspQryMulticastInstrument, Some(row), None, request_id);
    assert!(matches!(outputs.as_slice(), [Output::Ended(ended)] if ended.outcome == Outcome::Confirmed));
    let rows = answer.try_recv().unwrap().unwrap().rows::<MulticastInstrumentField>();
    assert_eq!(rows.iter().map(|row| row.topic_id).collect::<Vec<_>>(), [7]);
}

#[test]
fn requests_other_than_queries_need_a_login_and_end_with_the_link() {
    let submission = || {
        let request = MdRequest::ReqUserLogout;
        Submission::of_caller(request, RecordBox::zeroed(request.record()))
    };
    let mut bench = Bench::new();
    let (early, mut answer) = submission();
    bench.step(Input::Command(Command::Request(early)));
    assert!(matches!(answer.try_recv(), Ok(Err(Error::NotSent { reason: SendRefusal::NotReady(_), .. }))));
    bench.log_in();
    let (sent, mut answer) = submission();
    let outputs = bench.step(Input::Command(Command::Request(sent)));
    let [Output::Send { request_id, .. }] = outputs.as_slice() else { panic!("{outputs:?}") };
    bench.step(Input::Sent { request_id: *request_id, result: Ok(()) });
    let outputs = bench.callback(MdCallback::OnFrontDisconnected, 0x1001);
    assert!(
        outputs
            .iter()
            .any(|output| { matches!(output, Output::Ended(ended) if ended.outcome == Outcome::Unknown) })
    );
    assert!(matches!(answer.try_recv(), Ok(Err(Error::Unknown { .. }))));
}
