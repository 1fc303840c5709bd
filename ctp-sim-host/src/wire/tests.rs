//! Round trips of every kind, and everything that a stranger may send.

use ctp_sim::ApiKind;
use ctp_types::{
    DepthMarketDataField, MdCallback, OrderField, ReqUserLoginField, ResumeType, RspInfoField, TraderCallback,
};
use proptest::prelude::*;

use super::*;

fn bytes_of(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(frame, &mut bytes).unwrap();
    bytes
}

fn decode_all(bytes: &[u8]) -> Result<Vec<Frame>, WireError> {
    let mut decoder = Decoder::new();
    decoder.feed(bytes);
    let mut frames = Vec::new();
    while let Some(frame) = decoder.next()? {
        frames.push(frame);
    }
    Ok(frames)
}

/// A frame with this body.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(body.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend(body);
    bytes
}

fn hello() -> Hello {
    Hello {
        role: Role::Trader,
        api_version: (6, 7, 13),
        layout: layout_digest(),
        process: 4_711,
        program: "python3".to_owned(),
        token: Token::new("canary-token").unwrap(),
        streams: Some(Streams {
            private: ResumeType::FromSeqNo,
            public: ResumeType::None,
            sequence: -7,
            trading_day: 20_261_123,
            private_count: Count { phase: 9, number: 258 },
            public_count: Count { phase: 10, number: u32::MAX },
        }),
    }
}

fn limits() -> Limits {
    Limits { api_queries_per_second: 3, qry_freq: 1, ftd_pkg_freq: i32::MAX }
}

/// At least one of every kind, with everything set and with everything left out.
fn frames() -> Vec<Frame> {
    let mut login = ReqUserLoginField::default();
    login.user_id.set("one").unwrap();
    login.password.set("canary-password").unwrap();
    let mut order = OrderField { limit_price: 3_925.0, volume_total: 2, ..Default::default() };
    order.instrument_id.set("rb2701").unwrap();
    order.status_msg.set("未成交").unwrap();
    let tick =
        RecordBox::new(&DepthMarketDataField { last_price: f64::MAX, volume: 7, ..Default::default() });
    let mut rsp_info = RspInfoField { error_id: 31, ..Default::default() };
    rsp_info.error_msg.set("CTP:资金不足").unwrap();
    let trader = |callback, record, rsp_info, number, is_last| {
        Frame::Delivery(Delivery::Trader { callback, record, rsp_info, number, is_last })
    };
    let ids = |ids: &[&str]| ids.iter().map(|id| Text::new(id).unwrap()).collect::<Vec<Text<81>>>();
    let mut frames = vec![
        Frame::Hello(hello()),
        Frame::Hello(Hello { role: Role::Md, streams: None, token: Token::default(), ..hello() }),
        Frame::Hello(Hello { role: Role::Control, program: String::new(), ..hello() }),
        Frame::TraderRequest {
            request: TraderRequest::ReqUserLogin,
            request_id: -1,
            record: RecordBox::new(&login),
        },
        Frame::MdRequest {
            request: MdRequest::ReqUserLogin,
            request_id: i32::MIN,
            record: RecordBox::new(&login),
        },
        Frame::Again { delay: Duration::from_millis(1_000), streams: hello().streams },
        Frame::Again { delay: Duration::from_nanos(u64::MAX), streams: None },
        Frame::Pong { number: u64::MAX },
        Frame::Control("{\"op\":\"state\",\"exchange\":\"上期所\"}".to_owned()),
        Frame::Control(String::new()),
        Frame::Denied { code: -2, request: 17, request_id: 5 },
        Frame::Welcome(Welcome {
            session: 12,
            phase: 3,
            now: 1_795_399_200_000_000_000,
            speed: 2.5,
            limits: limits(),
            exchange: "demo".to_owned(),
        }),
        Frame::Refused(Refused { reason: Reason::Token, text: "no token: set CTP_SIM_TOKEN".to_owned() }),
        trader(TraderCallback::OnFrontConnected, None, None, 0, false),
        trader(TraderCallback::OnRtnOrder, Some(RecordBox::new(&order)), None, 7, false),
        trader(TraderCallback::OnRspQryOrder, None, Some(rsp_info), 8, true),
        trader(TraderCallback::OnRspQryOrder, Some(RecordBox::new(&order)), Some(rsp_info), 8, true),
        Frame::Delivery(Delivery::Md {
            callback: MdCallback::OnRtnDepthMarketData,
            record: Some(tick.clone()),
            rsp_info: None,
            number: 0,
            is_last: false,
        }),
        Frame::Delivery(Delivery::Burst {
            callback: MdCallback::OnRtnDepthMarketData,
            record: tick,
            count: 1_000_000,
            per_second: 0,
        }),
        Frame::Delivery(Delivery::Close { reason: 0x1001 }),
        Frame::Admission(Admission::default()),
        Frame::Admission(Admission {
            queries_done: 4,
            limits: limits(),
            refusals: Some(vec![
                Refusal { code: -3, requests: vec![], skip: 2, count: u32::MAX },
                Refusal { code: -1, requests: vec![3, 4, 65_535], skip: 0, count: 1 },
            ]),
        }),
        Frame::Library(LibraryFault::Poison(true)),
        Frame::Library(LibraryFault::LateCallbacks(50)),
        Frame::Library(LibraryFault::Abort),
        Frame::Ping { number: 1, now: -1 },
        Frame::Answer { text: "{\"ok\":true}".to_owned(), more: true },
        Frame::Answer { text: String::new(), more: false },
    ];
    for change in [
        SubscriptionChange::Subscribe,
        SubscriptionChange::Unsubscribe,
        SubscriptionChange::SubscribeForQuote,
        SubscriptionChange::UnsubscribeForQuote,
    ] {
        frames.push(Frame::Subscription { change, instruments: ids(&["rb2701", "", "m2701"]) });
        frames.push(Frame::Subscription { change, instruments: Vec::new() });
    }
    frames
}

#[test]
fn faults_of_no_library_are_refused() {
    for (what, value) in [(0, 0), (1, 2), (2, 7), (4, 1), (5, 0)] {
        let mut body = vec![Kind::Library as u8, what];
        body.extend(u32::to_le_bytes(value));
        assert!(
            decode_all(&framed(&body)).unwrap_err().to_string().contains("no such fault"),
            "{what} {value}"
        );
    }
}

/// Debug shows everything but secrets, and two frames of the same bytes are the same.
fn assert_same(one: &Frame, other: &Frame) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    assert_eq!(bytes_of(one), bytes_of(other));
}

#[test]
fn every_kind_goes_through_bytes() {
    let frames = frames();
    let kinds: std::collections::BTreeSet<_> = frames.iter().map(|frame| frame.kind() as u8).collect();
    assert_eq!(kinds.len(), Kind::ALL.len(), "a kind has no example");
    for frame in &frames {
        let bytes = bytes_of(frame);
        let read = decode_all(&bytes).unwrap();
        assert_eq!(read.len(), 1, "{frame:?}");
        assert_same(frame, &read[0]);
    }
    let stream: Vec<u8> = frames.iter().flat_map(bytes_of).collect();
    let mut decoder = Decoder::new();
    let mut read = Vec::new();
    for byte in &stream {
        decoder.feed(std::slice::from_ref(byte));
        read.extend(decoder.next().unwrap());
    }
    assert!(!decoder.is_inside_a_frame());
    assert_eq!(read.len(), frames.len());
    read.iter().zip(&frames).for_each(|(one, other)| assert_same(one, other));
}

#[test]
fn every_request_and_callback_goes_through_bytes() {
    for &request in TraderRequest::ALL {
        let record = RecordBox::zeroed(request.record());
        let frame = Frame::TraderRequest { request, request_id: 1, record };
        assert_same(&frame, &decode_all(&bytes_of(&frame)).unwrap()[0]);
    }
    for &callback in TraderCallback::ALL {
        let record = callback.record().map(RecordBox::zeroed);
        let rsp_info = Some(RspInfoField::default());
        let frame =
            Frame::Delivery(Delivery::Trader { callback, record, rsp_info, number: 1, is_last: true });
        assert_same(&frame, &decode_all(&bytes_of(&frame)).unwrap()[0]);
    }
    for &callback in MdCallback::ALL {
        let record = callback.record().map(RecordBox::zeroed);
        let frame =
            Frame::Delivery(Delivery::Md { callback, record, rsp_info: None, number: 1, is_last: true });
        assert_same(&frame, &decode_all(&bytes_of(&frame)).unwrap()[0]);
    }
}

#[test]
fn a_record_of_another_kind_is_not_sent_as_the_callbacks() {
    let frame = Frame::Delivery(Delivery::Trader {
        callback: TraderCallback::OnRtnTrade,
        record: Some(RecordBox::new(&OrderField::default())),
        rsp_info: None,
        number: 0,
        is_last: false,
    });
    let read = decode_all(&bytes_of(&frame)).unwrap();
    assert!(matches!(&read[0], Frame::Delivery(Delivery::Trader { record: None, .. })));
}

#[test]
fn no_truncation_is_a_frame() {
    for frame in frames() {
        let bytes = bytes_of(&frame);
        for end in 0..bytes.len() {
            // The stream ends early: more is needed.
            let mut decoder = Decoder::new();
            decoder.feed(&bytes[..end]);
            assert!(decoder.next().unwrap().is_none(), "{frame:?} cut at {end}");
            assert_eq!(decoder.is_inside_a_frame(), end > 0);
            // The body ends early, and its length says so: it cannot be read, unless what is cut is text to its end.
            if end > 4 {
                let read = decode_all(&framed(&bytes[4..end]));
                let is_text = matches!(frame, Frame::Control(_) | Frame::Answer { .. } | Frame::Refused(_));
                assert!(read.is_err() || is_text, "{frame:?} cut to {end}: {read:?}");
            }
        }
    }
}

#[test]
fn nothing_may_follow_a_body() {
    for frame in frames() {
        if matches!(frame, Frame::Control(_) | Frame::Answer { .. } | Frame::Refused(_)) {
            continue;
        }
        let mut body = bytes_of(&frame)[4..].to_vec();
        body.push(0);
        let error = decode_all(&framed(&body)).expect_err(frame.name());
        assert!(error.to_string().contains("follow its end") || matches!(error, WireError::Length { .. }));
    }
}

#[test]
fn lengths_are_refused_before_anything_is_kept() {
    for length in [0_u32, BODY_LENGTH_MAX as u32 + 1, 1 << 30, u32::MAX] {
        let mut decoder = Decoder::new();
        decoder.feed(&length.to_le_bytes());
        let error = decoder.next().unwrap_err();
        assert!(error.to_string().contains(&length.to_string()), "{error}");
        // The error stays, and nothing is kept.
        decoder.feed(&[0; 1_000]);
        assert_eq!(decoder.next().unwrap_err(), error);
        assert_eq!(decoder.bytes.capacity(), 0);
    }
    // Every kind has its own limit, checked with its first byte.
    for kind in Kind::ALL {
        let mut bytes = u32::try_from(kind.limit() + 1).unwrap().to_le_bytes().to_vec();
        bytes.push(kind as u8);
        assert!(matches!(decode_all(&bytes), Err(WireError::Length { .. })), "{kind}");
    }
    for byte in 0..=u8::MAX {
        let read = decode_all(&framed(&[byte]));
        let is_known = Kind::from_byte(byte).is_some();
        assert_eq!(!is_known, read == Err(WireError::Kind(byte)), "{byte:#x}: {read:?}");
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        bytes_of(self) == bytes_of(other)
    }
}

#[test]
fn counts_in_a_body_are_refused_where_the_bytes_are_not_there() {
    let mut body = vec![Kind::Subscription as u8, 1];
    body.extend(10_000_u32.to_le_bytes());
    body.extend([0; 9_999]);
    assert!(decode_all(&framed(&body)).unwrap_err().to_string().contains("more than it has"));
    let mut body = vec![Kind::Subscription as u8, 1];
    body.extend(u32::MAX.to_le_bytes());
    assert!(decode_all(&framed(&body)).unwrap_err().to_string().contains("10,000"));
    let mut body = vec![Kind::Admission as u8];
    body.extend([0; 16]);
    body.push(1);
    body.extend(u16::MAX.to_le_bytes());
    assert!(decode_all(&framed(&body)).unwrap_err().to_string().contains("more than it has"));
}

#[test]
fn strangers_and_other_versions_are_told_apart() {
    let mut body = vec![Kind::Hello as u8];
    body.extend(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(decode_all(&framed(&body)), Err(WireError::Magic));
    // A browser's first bytes say that a body of more than a GiB follows.
    assert!(matches!(decode_all(b"GET / HTTP/1.1\r\n\r\n"), Err(WireError::Length { .. })));
    // Of another version only the magic and the version are read.
    let mut body = vec![Kind::Hello as u8];
    body.extend(MAGIC);
    body.extend([2, 0, 0xFF, 0xFF]);
    assert_eq!(decode_all(&framed(&body)), Err(WireError::Version { theirs: 2 }));
    assert_eq!(decode_all(&framed(&[Kind::Hello as u8, b'C'])), Err(WireError::Magic));
}

#[test]
fn what_is_too_long_is_not_sent_or_is_parted() {
    let mut out = vec![1, 2, 3];
    let error = encode(&Frame::Control("x".repeat(BODY_LENGTH_MAX)), &mut out).unwrap_err();
    assert!(error.to_string().contains("Control"), "{error}");
    assert_eq!(out, [1, 2, 3]);

    let text = "前置".repeat(400_000);
    let mut out = Vec::new();
    encode_answer(&text, &mut out).unwrap();
    let mut joined = String::new();
    let parts = decode_all(&out).unwrap();
    let count = parts.len();
    for (place, part) in parts.into_iter().enumerate() {
        let Frame::Answer { text, more } = part else { panic!("{part:?}") };
        assert_eq!(more, place + 1 < count);
        joined.push_str(&text);
    }
    assert!(count > 4 && joined == text);

    let ids = vec![Text::<81>::new(&"r".repeat(80)).unwrap(); 25_000];
    let mut out = Vec::new();
    encode_subscription(SubscriptionChange::Subscribe, &ids, &mut out).unwrap();
    let counts: Vec<_> = decode_all(&out)
        .unwrap()
        .into_iter()
        .map(|frame| match frame {
            Frame::Subscription { instruments, .. } => instruments.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [10_000, 10_000, 5_000]);

    let mut out = Vec::new();
    let long = Refused { reason: Reason::Busy, text: "忙".repeat(3_000) };
    encode(&Frame::Refused(long), &mut out).unwrap();
    assert!(
        matches!(&decode_all(&out).unwrap()[0], Frame::Refused(Refused { text, .. }) if text.len() > 4_000)
    );
}

#[test]
fn every_record_fits_its_frame() {
    let requests = TraderRequest::ALL.iter().map(|request| request.record().size);
    let callbacks = TraderCallback::ALL.iter().filter_map(|callback| callback.record()).map(|it| it.size);
    let largest = requests.chain(callbacks).max().unwrap_or_default();
    assert!(largest + 200 < Kind::TraderCallback.limit(), "{largest}");
}

#[test]
fn secrets_are_never_shown() {
    for frame in frames() {
        assert!(!format!("{frame:?}").contains("canary"), "{}", frame.name());
    }
    let (one, other) = (Token::new("a").unwrap(), Token::new("b").unwrap());
    assert!(!one.matches(&other) && one.matches(&one) && !one.matches(&Token::default()));
    assert!(Token::new("x".repeat(Token::LENGTH_MAX + 1)).is_none());
}

#[test]
fn counts_of_another_run_are_not_continued() {
    let streams = hello().streams.unwrap();
    let received = streams.received(9);
    assert_eq!((received.private, received.public, received.trading_day), (258, 0, 20_261_123));
    assert_eq!(Role::from(ApiKind::Md).kind(), Some(ApiKind::Md));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    /// Whatever comes, and however it is cut: frames or one error, and what was read is written the same.
    #[test]
    fn any_bytes_are_frames_or_one_error(bytes in prop::collection::vec(any::<u8>(), 0..2_000), cut in 1_usize..64) {
        let mut decoder = Decoder::new();
        for part in bytes.chunks(cut) {
            decoder.feed(part);
            while let Ok(Some(frame)) = decoder.next() {
                drop(format!("{frame:?}"));
            }
            prop_assert!(decoder.bytes.len() <= bytes.len());
        }
    }

    /// Bodies of every kind with any bytes: what is read goes through bytes again.
    #[test]
    fn any_body_of_any_kind_is_read_or_refused(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        body in prop::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], 0..700),
    ) {
        let mut bytes = vec![kind as u8];
        bytes.extend(body);
        if let Ok(frames) = decode_all(&framed(&bytes)) {
            for frame in frames {
                assert_same(&frame, &decode_all(&bytes_of(&frame)).unwrap()[0]);
            }
        }
    }

    /// Frames that were right, with one byte changed, anywhere in a stream of them.
    #[test]
    fn a_changed_byte_harms_nobody(which in 0_usize..64, at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let all = frames();
        let mut bytes = bytes_of(&all[which % all.len()]);
        let place = at.index(bytes.len());
        bytes[place] = value;
        bytes.extend(bytes_of(&all[0]));
        let mut decoder = Decoder::new();
        decoder.feed(&bytes);
        while let Ok(Some(_)) = decoder.next() {}
    }
}
