//! Constants, grouped under the typedef they belong to.

use serde::{Deserialize, Serialize};

use super::{ScalarType, Typedef};

/// The constants of one typedef, in source order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enumeration {
    /// The typedef, for example `TThostFtdcDirectionType`.
    pub typedef: String,
    /// Its values.
    pub constants: Vec<Constant>,
}

/// A `#define` with a character value.
///
/// A constant of a `char` typedef has one character; one of a `char[N]` typedef (the eight
/// multi-character constants such as `'102001'`) is text, never an integer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// C name, for example `THOST_FTDC_D_Buy`.
    pub name: String,
    /// The characters between the quotes.
    pub value: String,
}

/// A plain C enumeration, for example `THOST_TE_RESUME_TYPE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlainEnum {
    /// C name.
    pub name: String,
    /// Names and numbers, in source order.
    pub values: Vec<(String, i64)>,
}

impl Enumeration {
    /// Returns whether the constants are text of several characters, not single characters.
    pub fn is_text(&self) -> bool {
        self.constants.iter().all(|constant| constant.value.len() > 1)
    }

    pub(super) fn check(&self, typedef: &Typedef) -> Result<(), String> {
        let fits = |value: &str| match typedef.scalar {
            // The vendor groups '102001' … under a plain `char`: text that no field can hold.
            ScalarType::Char => value.len() == 1 || self.is_text(),
            ScalarType::Text(length) => !value.is_empty() && value.len() < length,
            _ => false,
        };
        match self
            .constants
            .iter()
            .find(|constant| !value_is_plain(&constant.value) || !fits(&constant.value))
        {
            Some(constant) => Err(format!(
                "constant {} = '{}' does not fit its typedef {} ({})",
                constant.name, constant.value, typedef.name, typedef.scalar
            )),
            None => Ok(()),
        }
    }
}

fn value_is_plain(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'\'')
}
