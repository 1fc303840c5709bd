//! Records with extreme fields.

use ctp_types::{
    FieldKind, InputOrderActionField, InputOrderField, Record, RecordBox, RecordDescriptor, Text, Value,
};

use crate::random::Random;

/// Texts that mean something to the exchange, mixed in among the nonsense.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) texts: Vec<Vec<u8>>,
    pub(crate) numbers: Vec<i32>,
}

pub(crate) const DOUBLES: [f64; 14] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    0.0,
    -0.0,
    1e300,
    -1.0,
    0.3,
    9.3e18,
    3200.0,
    3_200.500_000_1,
];
const INTS: [i32; 9] = [i32::MIN, i32::MAX, 0, 1, -1, 2, 500, 1_000_000, 0x1001];

/// Makes a record of any kind: each field zero, extreme, or something that exists.
pub(crate) fn record(descriptor: &'static RecordDescriptor, random: &mut Random, known: &Known) -> RecordBox {
    let mut record = RecordBox::zeroed(descriptor);
    let filled = random.pick(&[5, 30, 60, 95]);
    for field in descriptor.fields {
        if !random.chance(filled) {
            continue;
        }
        let int = random.pick(&INTS);
        let bytes;
        let value = match field.kind {
            FieldKind::Text(length) => {
                bytes = text(length - 1, random, known);
                Value::Text(&bytes)
            }
            FieldKind::Char | FieldKind::Enumeration(_) => Value::Char(character(random)),
            FieldKind::Short => Value::Short(int as i16),
            FieldKind::Int => Value::Int(number(random, known)),
            FieldKind::UnsignedInt => Value::UnsignedInt(int as u32),
            FieldKind::LongLong => Value::LongLong(random.pick(&[i64::MIN, i64::MAX, 0, -1, i64::from(int)])),
            FieldKind::Double => Value::Double(random.pick(&DOUBLES)),
        };
        record.set(field, value).expect("a value of the field's kind that fits");
    }
    record
}

/// Spoils some fields of a good record.
pub(crate) fn spoil(record: &mut RecordBox, random: &mut Random, known: &Known) {
    let fields = record.descriptor().fields;
    for _ in 0..1 + random.below(3) {
        let field = &fields[random.below(fields.len())];
        let other = self::record(record.descriptor(), random, known);
        let value = other.as_ref().field(field);
        let value = match value {
            Value::Text(bytes) => Value::Text(ctp_types::until_nul(bytes)),
            other => other,
        };
        record.set(field, value).expect("the same field's value");
    }
}

/// Fills texts of an order to the last byte, without a NUL.
pub(crate) fn unterminated_order(order: &mut InputOrderField, random: &mut Random) {
    match random.below(9) {
        0 => order.broker_id = full(),
        1 => order.investor_id = full(),
        2 => order.instrument_id = full(),
        3 => order.exchange_id = full(),
        4 => order.order_ref = full(),
        5 => order.user_id = full(),
        6 => order.comb_offset_flag = full(),
        7 => order.order_memo = full(),
        _ => {
            *order = InputOrderField {
                broker_id: order.broker_id,
                comb_hedge_flag: full(),
                invest_unit_id: full(),
                account_id: full(),
                currency_id: full(),
                mac_address: full(),
                ip_address: full(),
                gtd_date: full(),
                business_unit: full(),
                client_id: full(),
                ..*order
            };
        }
    }
}

/// Fills a text of a cancel to the last byte, without a NUL.
pub(crate) fn unterminated_action(action: &mut InputOrderActionField, random: &mut Random) {
    match random.below(6) {
        0 => action.order_sys_id = full(),
        1 => action.order_ref = full(),
        2 => action.exchange_id = full(),
        3 => action.investor_id = full(),
        4 => action.user_id = full(),
        _ => action.instrument_id = full(),
    }
}

/// Notes every short text and number of a record as something that exists.
pub(crate) fn learn<R: Record>(record: &R, known: &mut Known) {
    let record = RecordBox::new(record);
    for field in record.descriptor().fields {
        match record.as_ref().field(field) {
            Value::Text(bytes) if !field.secret => {
                let text = ctp_types::until_nul(bytes).to_vec();
                if !text.is_empty() && known.texts.len() < 400 && !known.texts.contains(&text) {
                    known.texts.push(text);
                }
            }
            Value::Int(number) if known.numbers.len() < 200 && !known.numbers.contains(&number) => {
                known.numbers.push(number);
            }
            _ => {}
        }
    }
}

fn full<const N: usize>() -> Text<N> {
    Text::from_raw(&[0xff; N]).expect("as long as the field")
}

fn text(room: usize, random: &mut Random, known: &Known) -> Vec<u8> {
    let exists = !known.texts.is_empty() && random.chance(50);
    let mut text = if exists {
        random.pick(&known.texts)
    } else {
        match random.below(7) {
            0 => vec![0xff; room],
            1 => vec![b'9'; room],
            2 => b"-1".to_vec(),
            3 => b" ".repeat(room),
            4 => "螺纹钢".repeat(room).into_bytes(),
            5 => vec![0x81],
            _ => b"20261123".to_vec(),
        }
    };
    text.truncate(room);
    text.retain(|byte| *byte != 0);
    text
}

fn number(random: &mut Random, known: &Known) -> i32 {
    if known.numbers.is_empty() || random.chance(60) {
        random.pick(&INTS)
    } else {
        random.pick(&known.numbers)
    }
}

/// Mostly what an enumeration may hold, sometimes what none does.
fn character(random: &mut Random) -> u8 {
    match random.below(4) {
        0 => b'0' + random.below(10) as u8,
        1 => b'1',
        2 => random.pick(b"abcABCDEFGHZ"),
        _ => random.bits() as u8,
    }
}
