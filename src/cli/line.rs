//! Times and records on a line.

use std::fmt;

use ctp_gateway::capture::Value;
use ctp_types::{RecordRef, Value as Field, decode, until_nul};

/// Nanoseconds since the Unix epoch as a time in China, to the microsecond.
#[derive(Clone, Copy)]
pub(super) struct China(pub(super) i64);

const DAY_NS: i64 = 86_400_000_000_000;
const CHINA_NS: i64 = 8 * 3_600_000_000_000;

impl China {
    pub(super) fn with_date(self) -> String {
        let (year, month, day) = date(self.0.saturating_add(CHINA_NS).div_euclid(DAY_NS));
        format!("{year}-{month:02}-{day:02} {self}")
    }
}

impl fmt::Display for China {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_day = self.0.saturating_add(CHINA_NS).rem_euclid(DAY_NS);
        let seconds = of_day / 1_000_000_000;
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{hour:02}:{minute:02}:{second:02}.{:06}", of_day % 1_000_000_000 / 1_000)
    }
}

/// Returns the civil date of a day counted from 1970-01-01.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let (month, day) = (if month < 10 { month + 3 } else { month - 9 }, of_year - (153 * month + 2) / 5 + 1);
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Returns a value on a line; of records the fields that say something, or all.
pub(super) fn value(value: &Value, full: bool) -> String {
    match value {
        Value::Record(boxed) => record(boxed.as_ref(), full),
        other => other.to_string(),
    }
}

/// Returns a record on a line: the fields that say something, or all. Secrets are never shown.
pub(super) fn record(record: RecordRef<'_>, full: bool) -> String {
    if full {
        return format!("{record:?}");
    }
    let fields = record.descriptor().fields.iter().filter(|field| !field.secret).filter_map(|field| {
        let text = match record.field(field) {
            Field::Text(bytes) => decode(until_nul(bytes)).trim().to_owned(),
            Field::Char(0) | Field::Double(f64::MAX) => String::new(),
            Field::Char(character) => char::from(character).to_string(),
            Field::Short(number) => number.to_string(),
            Field::Int(number) => number.to_string(),
            Field::UnsignedInt(number) => number.to_string(),
            Field::LongLong(number) => number.to_string(),
            Field::Double(number) => number.to_string(),
        };
        (!text.is_empty() && text != "0").then(|| format!("{}={text}", field.c_name))
    });
    format!("{}{{{}}}", record.descriptor().name, fields.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use ctp_types::{RspInfoField, Text};

    use super::*;

    #[test]
    fn times_are_chinas() {
        assert_eq!(China(1_795_399_200_123_456_789).with_date(), "2026-11-23 10:00:00.123456");
        assert_eq!(China(0).with_date(), "1970-01-01 08:00:00.000000");
        assert_eq!(China(1_709_136_000_000_000_000).with_date(), "2024-02-29 00:00:00.000000");
        assert_eq!(China(-1).to_string(), "07:59:59.999999");
    }

    #[test]
    fn a_record_shows_what_it_says() {
        let info = RspInfoField { error_id: 3, error_msg: Text::new("不合法的登录").unwrap() };
        let record = RecordRef::from_record(&info);
        assert_eq!(super::record(record, false), "RspInfoField{ErrorID=3 ErrorMsg=不合法的登录}");
        assert_eq!(super::record(RecordRef::from_record(&RspInfoField::default()), false), "RspInfoField{}");
        assert!(super::record(record, true).starts_with("RspInfoField { error_id: 3"));
    }
}
