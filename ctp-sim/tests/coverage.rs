//! Every request is sent, and the coverage table tells the truth about what comes back.

mod common;

use common::{Bench, login_record, quiet};
use ctp_sim::{ApiKind, CoverageClass, Delivery, Input, SessionId, coverage};
use ctp_types::{
    FieldKind, MdRequest, RecordBox, RecordDescriptor, RequestKind, TraderCallback, TraderRequest, Value,
};

const UNSUPPORTED: [i32; 2] = [27, 77];
/// The note of a query that never has a result.
const EMPTY: &str = "empty result";

/// Returns a record that a careful client would send: every field that names something names what is there.
fn plausible(descriptor: &'static RecordDescriptor) -> RecordBox {
    let mut record = RecordBox::zeroed(descriptor);
    for field in descriptor.fields {
        let value = match (field.c_name.as_str(), field.kind) {
            ("BrokerID", _) => Value::Text(b"9999"),
            ("InvestorID" | "UserID" | "AccountID", _) => Value::Text(b"one"),
            ("InstrumentID" | "FirstLegInstrumentID" | "SecondLegInstrumentID", _) => Value::Text(b"rb2701"),
            ("ExchangeID", _) => Value::Text(b"SHFE"),
            ("Password" | "OldPassword", _) => Value::Text(b"simulator"),
            ("NewPassword", _) => Value::Text(b"another"),
            ("AppID" | "AuthCode", _) => Value::Text(b"simulator"),
            ("BankID", _) => Value::Text(b"1"),
            ("OrderRef", _) => Value::Text(b"1"),
            ("OrderSysID", _) => Value::Text(b"           9"),
            ("CombOffsetFlag", FieldKind::Text(_)) => Value::Text(b"0"),
            ("CombHedgeFlag", FieldKind::Text(_)) => Value::Text(b"1"),
            ("Direction" | "ActionFlag" | "ForceCloseReason" | "CombDirection", _) => Value::Char(b'0'),
            ("OrderPriceType", _) => Value::Char(b'2'),
            ("TimeCondition", _) => Value::Char(b'3'),
            ("LimitPrice" | "AskPrice" | "BidPrice", _) => Value::Double(3200.0),
            ("TradeAmount", _) => Value::Double(100.0),
            ("VolumeTotalOriginal" | "Volume" | "MinVolume" | "FrontID", FieldKind::Int) => Value::Int(1),
            (_, FieldKind::Enumeration(_)) => Value::Char(b'1'),
            _ => continue,
        };
        record.set(field, value).expect(&field.c_name);
    }
    record
}

/// What a session got: each callback with its error, bIsLast, and whether its record is NULL.
fn answers(bench: &mut Bench, session: SessionId) -> Vec<(TraderCallback, i32, bool, bool)> {
    let outputs = bench.take().into_iter().filter(|output| output.session == session);
    let deliveries = outputs.filter_map(|output| match output.delivery {
        Delivery::Trader { callback, rsp_info, is_last, record, .. } => {
            Some((callback, rsp_info.map_or(0, |info| info.error_id), is_last, record.is_none()))
        }
        _ => None,
    });
    deliveries.filter(|(callback, ..)| *callback != TraderCallback::OnRtnPrivateSeqNo).collect()
}

// §7: "never silence". A login needs a session that is not logged in yet.
#[test]
fn the_table_is_true_of_every_request() {
    let mut bench = Bench::new(quiet());
    let rows = coverage();
    for (position, request) in TraderRequest::ALL.iter().enumerate() {
        let name = request.name();
        let row = rows.iter().find(|row| row.method == name).expect(name);
        let session = SessionId(position as u64 + 1);
        let before_login = name.contains("Login") || name.contains("Auth") || name.contains("Gen");
        if before_login {
            bench.connect(session.0, ApiKind::Trader, (6, 7, 13));
        } else {
            bench.trader(session.0, "one");
        }
        bench.take();
        let record = plausible(request.record());
        bench.step(Input::Trader { session, request: *request, record, request_id: 7 });
        bench.settle();
        let got = answers(&mut bench, session);
        bench.step(Input::Disconnect { session });
        assert!(!got.is_empty(), "{name} is answered by nothing");
        let refused = got.iter().any(|(_, error, ..)| UNSUPPORTED.contains(error));
        assert_eq!(refused, row.class == CoverageClass::Refused, "{name}: {got:?}");
        if request.kind() == RequestKind::Query {
            let last = got.iter().filter(|(_, _, is_last, _)| *is_last).count();
            assert_eq!(last, 1, "{name}: {got:?}");
            assert!(got.iter().all(|(callback, ..)| Some(*callback) == request.answer()), "{name}: {got:?}");
            let is_empty = got.iter().all(|answer| answer.3);
            assert!(is_empty || row.note != EMPTY, "{name} has a result");
        }
    }
}

// §8.2: 140 methods of the trader API, 15 of the market-data API.
#[test]
fn every_method_has_one_row() {
    let rows = coverage();
    let of = |api: &str| rows.iter().filter(|row| row.api == api).count();
    assert_eq!((of("CThostFtdcTraderApi"), of("CThostFtdcMdApi")), (140, 15));
    let mut names: Vec<_> = rows.iter().map(|row| (row.api, row.method)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rows.len());
    assert!(rows.iter().all(|row| !row.note.is_empty()));
    assert_eq!(MdRequest::ALL.len() + 12, 15);
}

// §3.1: before login a request is answered by 6.
#[test]
fn nothing_is_done_before_login() {
    let mut bench = Bench::new(quiet());
    let session = bench.connect(1, ApiKind::Trader, (6, 7, 13));
    bench.take();
    bench.request(session, TraderRequest::ReqUserLogin, &login_record("one", "wrong"));
    bench.settle();
    bench.take();
    for request in
        [TraderRequest::ReqParkedOrderInsert, TraderRequest::ReqQuoteInsert, TraderRequest::ReqQryQuote]
    {
        let record = plausible(request.record());
        bench.step(Input::Trader { session, request, record, request_id: 7 });
        bench.settle();
        let got = answers(&mut bench, session);
        assert_eq!(got.iter().map(|(_, error, ..)| *error).collect::<Vec<_>>(), [6], "{}", request.name());
    }
}
