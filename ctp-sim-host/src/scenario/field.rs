//! Fields of records by their C names: written, read, compared.

use ctp_types::{
    EnumerationDescriptor, FieldDescriptor, FieldKind, RecordBox, RecordDescriptor, RecordRef, Value, decode,
    encode, until_nul,
};

use super::words::Operator;

/// Doubles from here on are CTP's "no value".
const NO_VALUE_MIN: f64 = 1e300;

/// Texts for the double that stands for no value.
const NO_VALUE: [&str; 3] = ["DBL_MAX", "none", ""];

/// Returns a field, or what may stand there.
pub(crate) fn find(
    record: &'static RecordDescriptor,
    name: &str,
) -> Result<&'static FieldDescriptor, String> {
    record.fields.iter().find(|field| field.c_name == name).ok_or_else(|| {
        let lower = name.to_lowercase();
        let near = record.fields.iter().find(|field| field.c_name.to_lowercase() == lower);
        match near {
            Some(field) => format!("{} has no field {name:?}; is it {}?", record.c_name, field.c_name),
            None => format!("{} has no field {name:?}", record.c_name),
        }
    })
}

/// Writes a field.
pub(crate) fn set(record: &mut RecordBox, field: &FieldDescriptor, text: &str) -> Result<(), String> {
    let bad = |expected: &str| format!("{}={text:?}: write {expected}", field.c_name);
    let bytes;
    let value = match field.kind {
        FieldKind::Text(_) => {
            bytes = encode(text).map_err(|error| format!("{}: {error}", field.c_name))?;
            Value::Text(&bytes)
        }
        FieldKind::Char => Value::Char(character(None, text).ok_or_else(|| bad("one character"))?),
        FieldKind::Enumeration(enumeration) => {
            let found = character(Some(enumeration), text);
            Value::Char(found.ok_or_else(|| bad("one character or the name of a constant"))?)
        }
        FieldKind::Short => {
            let number = integer(text).and_then(|number| number.try_into().ok());
            Value::Short(number.ok_or_else(|| bad("a whole number of 16 bits"))?)
        }
        FieldKind::Int => {
            let number = integer(text).and_then(|number| number.try_into().ok());
            Value::Int(number.ok_or_else(|| bad("a whole number of 32 bits"))?)
        }
        FieldKind::UnsignedInt => {
            let number = integer(text).and_then(|number| number.try_into().ok());
            Value::UnsignedInt(number.ok_or_else(|| bad("a whole number from 0 to 4294967295"))?)
        }
        FieldKind::LongLong => Value::LongLong(integer(text).ok_or_else(|| bad("a whole number"))?),
        FieldKind::Double => Value::Double(double(text).ok_or_else(|| bad("a number, nan or DBL_MAX"))?),
    };
    record.set(field, value).map_err(|error| error.to_string())
}

/// Returns whether a field could take a value; used before anything runs.
pub(crate) fn takes(record: &'static RecordDescriptor, name: &str, text: &str) -> Result<(), String> {
    set(&mut RecordBox::zeroed(record), find(record, name)?, text)
}

/// Writes a field's value for people and for `$a.Field`.
pub(crate) fn text(record: RecordRef<'_>, field: &FieldDescriptor) -> String {
    match record.field(field) {
        Value::Text(bytes) => decode(until_nul(bytes)).into_owned(),
        Value::Char(0) => String::new(),
        Value::Char(c) => char::from(c).to_string(),
        Value::Short(number) => number.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UnsignedInt(number) => number.to_string(),
        Value::LongLong(number) => number.to_string(),
        Value::Double(number) if number >= NO_VALUE_MIN => "DBL_MAX".to_owned(),
        Value::Double(number) => number.to_string(),
    }
}

/// Returns whether a field compares as wanted. `?` is anything but empty, `*` anything, `a|b` either; not in quotes.
pub(crate) fn compare(
    record: RecordRef<'_>,
    field: &FieldDescriptor,
    operator: Operator,
    wanted: &str,
    quoted: bool,
) -> Result<bool, String> {
    if !quoted && wanted == "*" {
        return Ok(true);
    }
    if !quoted && wanted == "?" {
        return Ok(is_set(record.field(field)) == (operator != Operator::NotEqual));
    }
    let alternatives =
        || wanted.split('|').filter(|_| !quoted).chain(std::iter::once(wanted).filter(|_| quoted));
    if operator == Operator::NotEqual {
        for one in alternatives() {
            if compare_one(record, field, Operator::Equal, one)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    for one in alternatives() {
        if compare_one(record, field, operator, one)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Compares a number that is no field, such as `nReason`.
pub(crate) fn compare_number(seen: i64, operator: Operator, wanted: &str) -> Result<bool, String> {
    match wanted {
        "*" => return Ok(true),
        "?" => return Ok(seen != 0),
        _ => {}
    }
    for one in wanted.split('|') {
        let one = integer(one).ok_or_else(|| format!("{one:?} is not a whole number"))?;
        if ordered(operator, Some(seen.cmp(&one))) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Compares a text that is no field, such as `ErrorMsg`.
pub(crate) fn compare_text(seen: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Contains => seen.contains(wanted),
        _ => ordered(operator, Some(seen.cmp(wanted))),
    }
}

fn compare_one(
    record: RecordRef<'_>,
    field: &FieldDescriptor,
    operator: Operator,
    wanted: &str,
) -> Result<bool, String> {
    let bad = || format!("{} cannot be compared with {wanted:?}", field.c_name);
    let whole = |seen: i64| integer(wanted).map(|wanted| seen.cmp(&wanted)).ok_or_else(bad);
    let order = match record.field(field) {
        Value::Text(bytes) => return Ok(compare_text(&decode(until_nul(bytes)), operator, wanted)),
        Value::Char(seen) => {
            let enumeration = match field.kind {
                FieldKind::Enumeration(enumeration) => Some(enumeration),
                _ => None,
            };
            seen.cmp(&character(enumeration, wanted).ok_or_else(bad)?)
        }
        Value::Short(seen) => whole(seen.into())?,
        Value::Int(seen) => whole(seen.into())?,
        Value::UnsignedInt(seen) => whole(seen.into())?,
        Value::LongLong(seen) => whole(seen)?,
        Value::Double(seen) => {
            let wanted = double(wanted).ok_or_else(bad)?;
            return Ok(compare_double(seen, operator, wanted));
        }
    };
    Ok(ordered(operator, Some(order)))
}

/// Compares prices and money, which carry binary noise.
fn compare_double(seen: f64, operator: Operator, wanted: f64) -> bool {
    let no_value = seen >= NO_VALUE_MIN && wanted >= NO_VALUE_MIN;
    let same = no_value
        || (seen.is_nan() && wanted.is_nan())
        || (seen - wanted).abs() <= 1e-6_f64.max(wanted.abs() * 1e-12);
    if same {
        return matches!(operator, Operator::Equal | Operator::AtMost | Operator::AtLeast);
    }
    ordered(operator, seen.partial_cmp(&wanted).filter(|order| order.is_ne()))
        || (operator == Operator::NotEqual)
}

fn ordered(operator: Operator, order: Option<std::cmp::Ordering>) -> bool {
    let Some(order) = order else { return false };
    match operator {
        Operator::Equal | Operator::Contains => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::AtMost => order.is_le(),
        Operator::More => order.is_gt(),
        Operator::AtLeast => order.is_ge(),
    }
}

fn is_set(value: Value<'_>) -> bool {
    match value {
        Value::Text(bytes) => !until_nul(bytes).is_empty(),
        Value::Char(c) => c != 0,
        Value::Short(number) => number != 0,
        Value::Int(number) => number != 0,
        Value::UnsignedInt(number) => number != 0,
        Value::LongLong(number) => number != 0,
        Value::Double(number) => number != 0.0 && number < NO_VALUE_MIN,
    }
}

/// Reads one character, nothing (NUL), or the name of a constant: `THOST_FTDC_OST_Canceled` or `Canceled`.
fn character(enumeration: Option<&EnumerationDescriptor>, text: &str) -> Option<u8> {
    match text.as_bytes() {
        [] => Some(0),
        [one] => Some(*one),
        _ => {
            let values = enumeration?.values;
            values.iter().find(|(c_name, name, _)| *c_name == text || *name == text).map(|(.., value)| *value)
        }
    }
}

/// Reads a whole number, decimal or `0x…`.
pub(crate) fn integer(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn double(text: &str) -> Option<f64> {
    if NO_VALUE.contains(&text) { Some(f64::MAX) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctp_types::{OrderField, Record};

    fn order(fields: &[(&str, &str)]) -> RecordBox {
        let mut order = RecordBox::zeroed(OrderField::DESCRIPTOR);
        for (name, value) in fields {
            set(&mut order, find(OrderField::DESCRIPTOR, name).expect(name), value).expect(name);
        }
        order
    }

    fn holds(order: &RecordBox, name: &str, operator: Operator, wanted: &str) -> Result<bool, String> {
        compare(order.as_ref(), find(OrderField::DESCRIPTOR, name)?, operator, wanted, false)
    }

    #[test]
    fn fields_are_compared_as_what_they_hold() {
        let order = order(&[
            ("OrderStatus", "THOST_FTDC_OST_Canceled"),
            ("StatusMsg", "已撤单"),
            ("LimitPrice", "3200.4"),
            ("VolumeTraded", "3"),
        ]);
        for (name, operator, wanted, expected) in [
            ("OrderStatus", Operator::Equal, "5", true),
            ("OrderStatus", Operator::Equal, "Canceled", true),
            ("OrderStatus", Operator::Equal, "a|5", true),
            ("OrderStatus", Operator::NotEqual, "a|5", false),
            ("StatusMsg", Operator::Equal, "已撤单", true),
            ("StatusMsg", Operator::Contains, "撤", true),
            ("StatusMsg", Operator::Equal, "?", true),
            ("OrderSysID", Operator::Equal, "?", false),
            ("OrderSysID", Operator::Equal, "", true),
            ("LimitPrice", Operator::Equal, "3200.4000000001", true),
            ("LimitPrice", Operator::Less, "3200.4", false),
            ("LimitPrice", Operator::AtLeast, "3200.2", true),
            ("LimitPrice", Operator::Equal, "DBL_MAX", false),
            ("VolumeTraded", Operator::More, "2", true),
            ("VolumeTraded", Operator::Equal, "0x3", true),
            ("VolumeTraded", Operator::Equal, "*", true),
        ] {
            assert_eq!(holds(&order, name, operator, wanted), Ok(expected), "{name} {operator:?} {wanted}");
        }
        assert!(holds(&order, "VolumeTraded", Operator::Equal, "many").is_err());
        assert!(holds(&order, "OrderStatus", Operator::Equal, "Cancelled").is_err());
    }

    #[test]
    fn wrong_names_and_values_say_what_is_right() {
        let record = OrderField::DESCRIPTOR;
        assert!(takes(record, "instrumentid", "x").is_err_and(|error| error.contains("InstrumentID")));
        assert!(takes(record, "VolumeTraded", "1.5").is_err_and(|error| error.contains("whole number")));
        assert!(takes(record, "OrderRef", "12345678901234").is_err_and(|error| error.contains("fit")));
        assert!(takes(record, "LimitPrice", "nan").is_ok());
    }
}
