//! What happened, as a name and named values: the file's words for any input.
//!
//! The format knows no session. A new command or callback is a new name, not a new format.

use std::fmt;

use ctp_types::RecordBox;

use super::bytes::{Decoder, Encoder, Reason};

/// How deep lists may lie in lists in a file.
const DEPTH_MAX: u32 = 4;

/// A value of a [`Note`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(String),
    /// A record of the API, its secrets blanked.
    Record(RecordBox),
    /// Several values.
    List(Vec<Value>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Record(value) => write!(f, "{value:?}"),
            Self::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{value}")?;
                }
                f.write_str("]")
            }
        }
    }
}

macro_rules! value_from {
    ($($type:ty => |$value:ident| $made:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        })*
    };
}

value_from! {
    bool => |value| Value::Flag(value);
    i32 => |value| Value::Number(value.into());
    u8 => |value| Value::Number(value.into());
    i64 => |value| Value::Number(value);
    f64 => |value| Value::Real(value);
    String => |value| Value::Text(value);
    &str => |value| Value::Text(value.to_owned());
    RecordBox => |value| Value::Record(value);
    Vec<Value> => |value| Value::List(value);
}

/// A name and named values. What is absent was absent.
#[derive(Clone, Debug, Default)]
pub struct Note {
    name: String,
    values: Vec<(String, Value)>,
}

impl Note {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), values: Vec::new() }
    }

    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.values.push((key.to_owned(), value.into()));
        self
    }

    pub(crate) fn with_some(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Returns what happened, for example `OnRtnOrder`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the value under a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Returns all values with their keys, in the order in which they were written.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Returns all values for changing.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.values.iter_mut().map(|(_, value)| value)
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Flag(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn number<N: TryFrom<i64>>(&self, key: &str) -> Option<N> {
        match self.get(key)? {
            Value::Number(value) => N::try_from(*value).ok(),
            _ => None,
        }
    }

    pub(crate) fn real(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Value::Real(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn record(&self, key: &str) -> Option<&RecordBox> {
        match self.get(key)? {
            Value::Record(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn list(&self, key: &str) -> Option<&[Value]> {
        match self.get(key)? {
            Value::List(values) => Some(values),
            _ => None,
        }
    }

    pub(super) fn encode(&self, to: &mut Encoder) {
        to.text(&self.name);
        to.count(self.values.len());
        for (key, value) in &self.values {
            to.text(key);
            value.encode(to);
        }
    }

    pub(super) fn decode(from: &mut Decoder<'_>) -> Result<Self, Reason> {
        let name = from.text()?.to_owned();
        let values = (0..from.count()?).map(|_| Ok((from.text()?.to_owned(), Value::decode(from, 0)?)));
        let values = values.collect::<Result<_, Reason>>()?;
        Ok(Self { name, values })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.values.iter().try_for_each(|(key, value)| write!(f, " {key}={value}"))
    }
}

impl Value {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Flag(value) => {
                to.byte(0);
                to.byte(u8::from(*value));
            }
            Self::Number(value) => {
                to.byte(1);
                to.signed(*value);
            }
            Self::Real(value) => {
                to.byte(2);
                to.fixed(value.to_bits());
            }
            Self::Text(value) => {
                to.byte(3);
                to.text(value);
            }
            Self::Record(value) => {
                to.byte(4);
                to.record(value);
            }
            Self::List(values) => {
                to.byte(5);
                to.count(values.len());
                values.iter().for_each(|value| value.encode(to));
            }
        }
    }

    fn decode(from: &mut Decoder<'_>, depth: u32) -> Result<Self, Reason> {
        Ok(match from.byte()? {
            0 => Self::Flag(from.byte()? != 0),
            1 => Self::Number(from.signed()?),
            2 => Self::Real(f64::from_bits(from.fixed()?)),
            3 => Self::Text(from.text()?.to_owned()),
            4 => Self::Record(from.record()?),
            5 if depth < DEPTH_MAX => {
                let values = (0..from.count()?).map(|_| Self::decode(from, depth + 1));
                Self::List(values.collect::<Result<_, Reason>>()?)
            }
            _ => return Err("a value is of a kind that is not known"),
        })
    }
}

#[cfg(test)]
mod tests {
    use ctp_types::{RspInfoField, Text};

    use super::*;

    #[test]
    fn a_note_comes_back() {
        let info = RspInfoField { error_id: 3, error_msg: Text::new("不合法的登录").unwrap() };
        let note = Note::new("OnRspUserLogin")
            .with("number", -7)
            .with("is_last", true)
            .with("limit", 3_925.5)
            .with("ids", vec![Value::from("rb2601"), Value::from("au2602")])
            .with_some("missing", None::<i32>)
            .with("rsp_info", RecordBox::new(&info));
        let mut encoder = Encoder::default();
        note.encode(&mut encoder);
        let mut decoder = Decoder::new(&encoder.bytes);
        let read = Note::decode(&mut decoder).unwrap();
        decoder.finish().unwrap();
        assert_eq!(read.to_string(), note.to_string());
        assert_eq!(
            (read.number("number"), read.flag("is_last"), read.real("limit")),
            (Some(-7), Some(true), Some(3_925.5))
        );
        assert_eq!(
            read.record("rsp_info").and_then(|record| record.get::<RspInfoField>()).unwrap().error_id,
            3
        );
        assert_eq!(read.list("ids").map(<[Value]>::len), Some(2));
        assert!(read.get("missing").is_none() && read.text("number").is_none());
    }

    #[test]
    fn deep_lists_are_refused() {
        let mut bytes = vec![1, b'x', 1, 1, b'k'];
        bytes.extend([5, 1].repeat(6));
        bytes.extend([0, 1]);
        assert!(Note::decode(&mut Decoder::new(&bytes)).is_err());
    }
}
