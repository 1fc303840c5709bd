//! Bytes as a sequence of inputs of the exchange.
#![no_main]

use std::time::Duration;

use ctp_sim::{ApiKind, Command, Config, Exchange, Input, MatchingModel, SessionId, Timestamp};
use ctp_types::{
    FieldKind, MdRequest, RecordBox, RecordDescriptor, Request, ResumeType, Text, TraderRequest, Value,
};
use libfuzzer_sys::fuzz_target;

/// Monday 2026-11-23, 10:00 in China.
const START: Timestamp = Timestamp(1_795_399_200_000_000_000);
/// Texts that mean something to the exchange.
const WORDS: [&[u8]; 16] = [
    b"9999",
    b"one",
    b"two",
    b"simulator",
    b"rb2701",
    b"m2701",
    b"SR701",
    b"SHFE",
    b"DCE",
    b"CZCE",
    b"0",
    b"1",
    b"3",
    b"CNY",
    b"           1",
    b"2",
];
const DOUBLES: [f64; 8] = [3200.0, 3000.0, 5700.0, 0.0, f64::NAN, f64::INFINITY, f64::MAX, -1.0];

/// Bytes to decide with; zeros when they are used up.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[usize::from(self.byte()) % among.len()]
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> i64 {
        self.take(8).iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
    }

    /// Fields by their places, each with a value, until a zero.
    fn record(&mut self, descriptor: &'static RecordDescriptor) -> RecordBox {
        let mut record = RecordBox::zeroed(descriptor);
        loop {
            let place = usize::from(self.byte());
            if place == 0 {
                return record;
            }
            let field = &descriptor.fields[(place - 1) % descriptor.fields.len()];
            let value = match field.kind {
                FieldKind::Text(length) => {
                    let text = match self.byte() {
                        number @ 0..128 => WORDS[usize::from(number) % WORDS.len()],
                        number => self.take(usize::from(number) - 127),
                    };
                    let text = &text[..text.len().min(length - 1)];
                    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
                    Value::Text(&text[..end])
                }
                FieldKind::Char | FieldKind::Enumeration(_) => Value::Char(self.byte()),
                FieldKind::Short => Value::Short(self.number() as i16),
                FieldKind::Int => match self.byte() {
                    small @ 0..128 => Value::Int(i32::from(small)),
                    _ => Value::Int(self.number() as i32),
                },
                FieldKind::UnsignedInt => Value::UnsignedInt(self.number() as u32),
                FieldKind::LongLong => Value::LongLong(self.number()),
                FieldKind::Double => match self.byte() {
                    place @ 0..64 => Value::Double(self.pick(&DOUBLES) + f64::from(place % 4)),
                    _ => Value::Double(f64::from_bits(self.number() as u64)),
                },
            };
            record.set(field, value).expect("a value of the field's kind that fits");
        }
    }

    fn input(&mut self, session: SessionId) -> Input {
        match self.byte() % 16 {
            0 => {
                let api_version = self.pick(&[(6, 3, 15), (6, 7, 11), (6, 7, 13)]);
                let kind = if session.0 == 4 { ApiKind::Md } else { ApiKind::Trader };
                Input::Connect { session, kind, api_version }
            }
            1 => Input::Disconnect { session },
            2 => {
                let modes =
                    [ResumeType::Restart, ResumeType::Resume, ResumeType::Quick, ResumeType::FromSeqNo];
                let (private, public) = (self.pick(&modes), self.pick(&modes));
                Input::Topics { session, private, public, sequence: self.number() as i32, received: None }
            }
            3..10 => {
                let request = self.pick(TraderRequest::ALL);
                let record = self.record(request.record());
                Input::Trader { session, request, record, request_id: self.byte().into() }
            }
            10 => {
                let request = self.pick(MdRequest::ALL);
                let record = self.record(request.record());
                Input::Md { session, request, record, request_id: self.byte().into() }
            }
            11 => {
                let words = [self.pick(&WORDS), self.pick(&WORDS)];
                let instruments = words.map(|word| Text::from_bytes(word).unwrap_or_default()).to_vec();
                Input::Subscribe { session, instruments }
            }
            12 => Input::Command(match self.byte() % 4 {
                0 => Command::Disconnect { session, reason: 0x1001 },
                1 => Command::ClearFlow,
                2 => Command::Settle,
                _ => Command::Deposit {
                    investor: "one".to_owned(),
                    amount: f64::from_bits(self.number() as u64),
                },
            }),
            _ => Input::Advance,
        }
    }
}

/// Connects and logs in, so that the bytes may begin with what matters.
fn bring_up(exchange: &mut Exchange, now: &mut Timestamp) {
    let mut outputs = Vec::new();
    for (number, user) in [(1, "one"), (2, "two"), (3, "one")] {
        let session = SessionId(number);
        let word = |name: &str, record: &mut RecordBox, value: &str| {
            let field = record.descriptor().field(name).expect("a field");
            record.set(field, Value::Text(value.as_bytes())).expect("it fits");
        };
        let mut login = RecordBox::zeroed(TraderRequest::ReqUserLogin.record());
        let mut confirm = RecordBox::zeroed(TraderRequest::ReqSettlementInfoConfirm.record());
        for (record, id) in [(&mut login, "UserID"), (&mut confirm, "InvestorID")] {
            word("BrokerID", record, "9999");
            word(id, record, user);
        }
        word("Password", &mut login, "simulator");
        let api_version = (6, 7, 13);
        exchange.step(*now, Input::Connect { session, kind: ApiKind::Trader, api_version }, &mut outputs);
        for (request, record) in
            [(TraderRequest::ReqUserLogin, login), (TraderRequest::ReqSettlementInfoConfirm, confirm)]
        {
            *now = now.after(Duration::from_millis(50));
            exchange.step(*now, Input::Trader { session, request, record, request_id: 1 }, &mut outputs);
        }
    }
    *now = now.after(Duration::from_millis(50));
    exchange.step(*now, Input::Advance, &mut outputs);
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let products = ["rb", "m", "SR"].map(str::to_owned).to_vec();
    let config = Config {
        products,
        options: false,
        crowd: bytes.byte() % 2 == 0,
        matching: bytes.pick(&MatchingModel::ALL),
        reopening_delay: Some(Duration::ZERO),
        ..Config::starting_at(START)
    };
    let mut exchange = Exchange::new(config).expect("an exchange");
    let mut now = START;
    bring_up(&mut exchange, &mut now);
    let mut outputs = Vec::new();
    while !bytes.0.is_empty() {
        let session = SessionId(u64::from(bytes.byte() % 4) + 1);
        let input = bytes.input(session);
        now = now.after(Duration::from_millis(u64::from(bytes.byte())));
        exchange.step(now, input, &mut outputs);
        if let Err(error) = exchange.check_consistency() {
            panic!("{error}");
        }
        outputs.clear();
    }
    exchange.step(now.after(Duration::from_secs(2)), Input::Advance, &mut outputs);
    exchange.check_consistency().expect("a consistent state");
});
