use ctp_sim::{Levels, Replay, Tick, replay};
use ctp_types::{DepthMarketDataField, InputOrderField};
use proptest::prelude::*;

use super::*;

/// What tells two inputs apart, to the last bit.
fn bytes_of(input: &Input) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(input, &mut bytes).expect("an input that can be written");
    bytes
}

fn round_trip(input: &Input) {
    let bytes = bytes_of(input);
    let again = decode(&bytes).unwrap_or_else(|error| panic!("{input:?}: {error}"));
    assert_eq!(format!("{again:?}"), format!("{input:?}"));
    assert_eq!(bytes_of(&again), bytes);
    if let (
        Input::Trader { record, .. } | Input::Md { record, .. },
        Input::Trader { record: read, .. } | Input::Md { record: read, .. },
    ) = (input, &again)
    {
        for field in record.descriptor().fields {
            let (written, read) = (record.as_ref().field(field), read.as_ref().field(field));
            match (written, read) {
                // A number that is none is not equal to itself.
                (Value::Double(a), Value::Double(b)) => assert_eq!(a.to_bits(), b.to_bits()),
                (a, b) => assert_eq!(a, b, "{}", field.c_name),
            }
        }
    }
    for end in 0..bytes.len() {
        if bytes[0] != COMMAND {
            assert!(decode(&bytes[..end]).is_err(), "{input:?} cut after {end} bytes");
        }
    }
    if bytes[0] != COMMAND {
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(decode(&longer).err(), Some(EncodingError::Long(1)));
    }
}

/// A record of a description with fields from a source of bytes, texts filled to the last byte among them.
fn record(descriptor: &'static RecordDescriptor, source: &[u8]) -> RecordBox {
    let mut source = source.iter().copied().cycle();
    let mut next = || source.next().unwrap_or(0);
    let mut record = RecordBox::zeroed(descriptor);
    for field in descriptor.fields {
        let value = match field.kind {
            FieldKind::Text(length) => {
                let used = usize::from(next()) % (length + 1);
                let text: Vec<u8> = (0..used).map(|_| next()).collect();
                record.set_bytes(field, &text).expect("fits");
                continue;
            }
            FieldKind::Char | FieldKind::Enumeration(_) => Value::Char(next()),
            FieldKind::Short => Value::Short(i16::from_le_bytes(std::array::from_fn(|_| next()))),
            FieldKind::Int => Value::Int(i32::from_le_bytes(std::array::from_fn(|_| next()))),
            FieldKind::UnsignedInt => Value::UnsignedInt(u32::from_le_bytes(std::array::from_fn(|_| next()))),
            FieldKind::LongLong => Value::LongLong(i64::from_le_bytes(std::array::from_fn(|_| next()))),
            FieldKind::Double => {
                Value::Double(f64::from_bits(u64::from_le_bytes(std::array::from_fn(|_| next()))))
            }
        };
        record.set(field, value).expect("of its kind");
    }
    record
}

proptest! {
    #[test]
    fn every_request_comes_back(
        source in proptest::collection::vec(any::<u8>(), 1..400),
        session: u64,
        request_id: i32,
        trader in 0..TraderRequest::ALL.len(),
        md in 0..MdRequest::ALL.len(),
    ) {
        let session = SessionId(session);
        let request = TraderRequest::ALL[trader];
        round_trip(&Input::Trader { session, request, record: record(request.record(), &source), request_id });
        let request = MdRequest::ALL[md];
        round_trip(&Input::Md { session, request, record: record(request.record(), &source), request_id });
    }

    #[test]
    fn everything_else_comes_back(
        numbers: (u64, u16, u16, u16, i32, u32, u32, u32),
        resume in (0u8..5, 0u8..5, any::<bool>()),
        ids in proptest::collection::vec("[a-zA-Z0-9&-]{0,80}", 0..20),
        amount in -1e12..1e12f64,
    ) {
        let (session, major, minor, patch, sequence, trading_day, private, public) = numbers;
        let session = SessionId(session);
        let instruments: Vec<Text<81>> = ids.iter().map(|id| Text::new(id).expect("fits")).collect();
        let received = resume.2.then_some(Received { trading_day, private, public });
        let topics = |code| resume_of(code).expect("known");
        for input in [
            Input::Connect { session, kind: ApiKind::Md, api_version: (major, minor, patch) },
            Input::Connect { session, kind: ApiKind::Trader, api_version: (major, minor, patch) },
            Input::Disconnect { session },
            Input::Topics { session, private: topics(resume.0), public: topics(resume.1), sequence, received },
            Input::Subscribe { session, instruments: instruments.clone() },
            Input::Unsubscribe { session, instruments: instruments.clone() },
            Input::SubscribeForQuote { session, instruments: instruments.clone() },
            Input::UnsubscribeForQuote { session, instruments },
            Input::Skip,
            Input::Command(Command::Deposit { investor: ids.concat(), amount }),
        ] {
            round_trip(&input);
        }
    }

    #[test]
    fn garbage_is_refused_or_read_as_something(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0usize..13) {
        let mut bytes = bytes;
        let kinds = [CONNECT, DISCONNECT, TOPICS, TRADER, MD, SUBSCRIBE, UNSUBSCRIBE, SUBSCRIBE_FOR_QUOTE,
            UNSUBSCRIBE_FOR_QUOTE, COMMAND, FEED, SKIP, 0];
        if let Some(first) = bytes.first_mut() {
            *first = kinds[kind];
        }
        // Whatever it is, it neither panics nor takes memory by what a number says.
        drop(decode(&bytes));
    }
}

#[test]
fn every_command_comes_back() {
    let tape = replay::parse(
        "InstrumentID,TradingDay,UpdateTime,LastPrice,Volume\nrb2701,20261123,10:00:00,3200.1,1\n",
    );
    let commands = [
        r#"{"disconnect":{"session":7,"reason":4097}}"#,
        r#""clear-flow""#,
        r#"{"deposit":{"investor":"a","amount":0.1}}"#,
        r#"{"withdraw":{"investor":"a","amount":1e300}}"#,
        r#"{"mortgage":{"investor":"a","amount":-1.0}}"#,
        r#"{"credit":{"investor":"a","amount":5e-324}}"#,
        r#"{"status":{"product":"rb","status":"2"}}"#,
        r#"{"silence":{"session":1,"on":true}}"#,
        r#"{"ready":{"on":false}}"#,
        r#"{"front-active":{"on":false}}"#,
        r#"{"monitoring-centre":{"on":false}}"#,
        r#"{"user":{"user":"a","state":"locked"}}"#,
        r#"{"link":{"exchange":"SHFE","on":false}}"#,
        r#"{"notice":{"content":"上期所"}}"#,
        r#"{"trading-notice":{"content":"c","investor":"a"}}"#,
        r#"{"trading-notice":{"content":"c"}}"#,
        r#"{"bank-transfer":{"investor":"a","amount":5.0}}"#,
        r#"{"bulletin":{"exchange":"SHFE","title":"t","content":"c"}}"#,
        r#"{"tick":{"instrument":"rb2701","after":"1500ms","last":3200.1,"bid":"3200x5,3199.5x3","ask":""}}"#,
        r#"{"burst":{"instrument":"rb2701","count":3}}"#,
        r#"{"settlement-price":{"instrument":"rb2701","price":3200.123456789012}}"#,
        r#""settle""#,
        r#"{"rates":{"of":"rb","margin":0.1}}"#,
    ];
    for text in commands {
        let command: Command = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        round_trip(&Input::Command(command));
    }
    round_trip(&Input::Command(Command::Replay(Replay::new(tape.expect("a recording"), true))));
    let tick = DepthMarketDataField { last_price: f64::NAN, volume: 3, ..Default::default() };
    round_trip(&Input::Command(Command::Feed(RecordBox::new(&tick))));
}

#[test]
fn what_no_text_holds_is_refused() {
    let mut tick = Tick::default();
    tick.bid = Some(Levels(vec![(1.0, 0)]));
    for command in [Command::Tick(tick), Command::Deposit { investor: "a".to_owned(), amount: f64::NAN }] {
        let refused = encode(&Input::Command(command), &mut Vec::new());
        assert!(matches!(refused, Err(EncodingError::Command(_))), "{refused:?}");
    }
    assert_eq!(encode(&Input::Advance, &mut Vec::new()), Err(EncodingError::Advance));
}

#[test]
fn an_order_is_small() {
    let order = InputOrderField {
        broker_id: Text::new("9999").expect("fits"),
        investor_id: Text::new("investor").expect("fits"),
        instrument_id: Text::new("rb2701").expect("fits"),
        order_ref: Text::new("12").expect("fits"),
        limit_price: 3200.0,
        volume_total_original: 1,
        ..Default::default()
    };
    let (session, request) = (SessionId(1), TraderRequest::ReqOrderInsert);
    let input = Input::Trader { session, request, record: RecordBox::new(&order), request_id: 1 };
    assert!(bytes_of(&input).len() < 100, "{}", bytes_of(&input).len());
}
