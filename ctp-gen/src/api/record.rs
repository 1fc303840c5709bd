//! Typedefs, and the structs made of them.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A typedef of the data type header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typedef {
    /// C name, for example `TThostFtdcInstrumentIDType`.
    pub name: String,
    /// What it stands for.
    #[serde(rename = "type")]
    pub scalar: ScalarType,
}

/// A type that a field can have. In the model it is written as in C: `char[81]`, `double`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// `char`: one character, usually of an enumeration.
    Char,
    /// `char[N]`: text of at most `N - 1` bytes and a NUL.
    Text(usize),
    /// `short`.
    Short,
    /// `int`.
    Int,
    /// `unsigned int`.
    UnsignedInt,
    /// `long long`.
    LongLong,
    /// `double`.
    Double,
}

impl ScalarType {
    /// Returns the size in bytes on x86-64.
    pub fn size(self) -> usize {
        match self {
            Self::Char => 1,
            Self::Text(length) => length,
            Self::Short => 2,
            Self::Int | Self::UnsignedInt => 4,
            Self::LongLong | Self::Double => 8,
        }
    }

    /// Returns the alignment in bytes on x86-64.
    pub fn align(self) -> usize {
        match self {
            Self::Char | Self::Text(_) => 1,
            other => other.size(),
        }
    }

    /// Returns the C type without array length, and the length where it is an array.
    pub fn c_parts(self) -> (&'static str, Option<usize>) {
        match self {
            Self::Char => ("char", None),
            Self::Text(length) => ("char", Some(length)),
            Self::Short => ("short", None),
            Self::Int => ("int", None),
            Self::UnsignedInt => ("unsigned int", None),
            Self::LongLong => ("long long", None),
            Self::Double => ("double", None),
        }
    }
}

impl fmt::Display for ScalarType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.c_parts() {
            (name, Some(length)) => write!(formatter, "{name}[{length}]"),
            (name, None) => formatter.write_str(name),
        }
    }
}

impl FromStr for ScalarType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "char" => Self::Char,
            "short" => Self::Short,
            "int" => Self::Int,
            "unsigned int" => Self::UnsignedInt,
            "long long" => Self::LongLong,
            "double" => Self::Double,
            _ => text
                .strip_prefix("char[")
                .and_then(|rest| rest.strip_suffix(']'))
                .and_then(|length| length.parse().ok())
                .filter(|length| *length > 0)
                .map(Self::Text)
                .ok_or_else(|| format!("unknown type: {text}"))?,
        })
    }
}

impl Serialize for ScalarType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScalarType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A C struct and its fields, in declaration order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// C name, for example `CThostFtdcInputOrderField`.
    #[serde(rename = "name")]
    pub c_name: String,
    /// Size in bytes on x86-64.
    pub size: usize,
    /// The fields.
    pub fields: Vec<Field>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// C name, for example `InstrumentID`.
    #[serde(rename = "name")]
    pub c_name: String,
    /// Typedef, for example `TThostFtdcInstrumentIDType`, or a C type where the header has no typedef
    /// (mini: `unsigned int Tgid`).
    #[serde(rename = "type")]
    pub typedef: String,
    /// Offset in bytes on x86-64.
    pub offset: usize,
}

impl Field {
    /// Returns the type where the header declares the field with a C type instead of a typedef.
    pub(super) fn c_scalar(&self) -> Option<ScalarType> {
        self.typedef.parse().ok()
    }
}

impl Record {
    pub(super) fn check(&self, typedefs: &HashMap<&str, &Typedef>) -> Result<(), String> {
        if self.fields.is_empty() {
            return Err(format!("record {} has no fields", self.c_name));
        }
        let (mut end, mut align) = (0, 1);
        let mut names = HashSet::with_capacity(self.fields.len());
        for field in &self.fields {
            let whole = || format!("{}::{}", self.c_name, field.c_name);
            let scalar = typedefs
                .get(field.typedef.as_str())
                .map(|typedef| typedef.scalar)
                .or_else(|| field.c_scalar())
                .ok_or_else(|| format!("{} has unknown type {}", whole(), field.typedef))?;
            let offset = align_up(end, scalar.align());
            if field.offset != offset {
                return Err(format!("{} is at {}, natural alignment gives {offset}", whole(), field.offset));
            }
            if !names.insert(field.c_name.as_str()) {
                return Err(format!("{} is declared twice", whole()));
            }
            end = offset + scalar.size();
            align = align.max(scalar.align());
        }
        let size = align_up(end, align);
        if self.size != size {
            return Err(format!("{} has size {}, its fields give {size}", self.c_name, self.size));
        }
        Ok(())
    }
}

fn align_up(offset: usize, align: usize) -> usize {
    offset.div_ceil(align) * align
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalar_types_round_trip_through_their_c_spelling() {
        for text in ["char", "char[81]", "short", "int", "unsigned int", "long long", "double"] {
            assert_eq!(text.parse::<ScalarType>().map(|scalar| scalar.to_string()), Ok(text.to_owned()));
        }
        for text in ["char[]", "char[0]", "char[x]", "float", ""] {
            assert_eq!(text.parse::<ScalarType>(), Err(format!("unknown type: {text}")));
        }
    }

    #[test]
    fn a_record_with_a_wrong_offset_or_size_is_refused() {
        let short = Typedef { name: "S".into(), scalar: ScalarType::Char };
        let double = Typedef { name: "D".into(), scalar: ScalarType::Double };
        let typedefs = HashMap::from([("S", &short), ("D", &double)]);
        let field = |c_name: &str, typedef: &str, offset| Field {
            c_name: c_name.into(),
            typedef: typedef.into(),
            offset,
        };
        let record = |size, second| Record {
            c_name: "R".into(),
            size,
            fields: vec![field("a", "S", 0), field("b", "D", second)],
        };
        assert_eq!(record(16, 8).check(&typedefs), Ok(()));
        assert_eq!(record(16, 1).check(&typedefs), Err("R::b is at 1, natural alignment gives 8".into()));
        assert_eq!(record(9, 8).check(&typedefs), Err("R has size 9, its fields give 16".into()));
    }
}
