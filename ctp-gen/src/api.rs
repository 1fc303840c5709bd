//! The API model: what one published set of CTP headers declares.
//!
//! It holds structure (names, types, values, order, sizes), never the vendor's prose.

mod class;
mod enumeration;
mod json;
mod record;

pub use class::{Class, Method, Parameter, Shape, Static};
pub use enumeration::{Constant, Enumeration, PlainEnum};
pub use record::{Field, Record, ScalarType, Typedef};

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

/// One family and version of the CTP API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Family of the library: `se`, `mini` or `sopt`.
    pub family: String,
    /// Version label, for example `6.7.13`.
    pub version: String,
    /// Encoding of the headers as found: `utf-8`, `utf-8-bom` or `gb18030`.
    pub encoding: String,
    /// C++ namespace of all declarations, for example `ctp_sopt`; `None` for the global one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The files that were read.
    pub sources: Vec<Source>,
    /// Typedefs of the data type header, in source order.
    pub typedefs: Vec<Typedef>,
    /// Constants grouped under the typedef that follows them in the header.
    pub enumerations: Vec<Enumeration>,
    /// Plain C enumerations (`THOST_TE_RESUME_TYPE`).
    pub plain_enums: Vec<PlainEnum>,
    /// Structs of the struct header, in source order.
    pub records: Vec<Record>,
    /// `MdSpi`, `MdApi`, `TraderSpi`, `TraderApi`, in this order.
    pub classes: Vec<Class>,
    /// Functions of `DataCollect.h`, empty where the set has none.
    #[serde(default)]
    pub functions: Vec<Static>,
    /// Codes of `error.xml` and of the API headers, empty where the set has none.
    pub errors: Vec<ErrorCode>,
}

/// A header file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// File name without folder.
    pub file: String,
    /// SHA-256 of the bytes as found, in hexadecimal.
    pub sha256: String,
}

/// An error code: a row of `error.xml`, or mini's `#define QRY_ERROR_REQUEST -6`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorCode {
    /// The vendor's symbol, for example `INSUFFICIENT_MONEY`.
    pub symbol: String,
    /// The number that `RspInfo.ErrorID` carries.
    pub code: i32,
}

/// The four classes of a CTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClassKind {
    /// `CThostFtdcMdSpi`: market data callbacks.
    MdSpi,
    /// `CThostFtdcMdApi`: market data calls.
    MdApi,
    /// `CThostFtdcTraderSpi`: trading callbacks.
    TraderSpi,
    /// `CThostFtdcTraderApi`: trading calls.
    TraderApi,
}

impl ClassKind {
    /// All kinds, in the order in which the model lists them.
    pub const ALL: [Self; 4] = [Self::MdSpi, Self::MdApi, Self::TraderSpi, Self::TraderApi];

    /// Returns the C++ class name.
    pub fn c_name(self) -> &'static str {
        match self {
            Self::MdSpi => "CThostFtdcMdSpi",
            Self::MdApi => "CThostFtdcMdApi",
            Self::TraderSpi => "CThostFtdcTraderSpi",
            Self::TraderApi => "CThostFtdcTraderApi",
        }
    }
}

impl Api {
    /// Returns the record with C name `c_name`.
    pub fn record(&self, c_name: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.c_name == c_name)
    }

    /// Returns the typedef called `name`.
    pub fn typedef(&self, name: &str) -> Option<&Typedef> {
        self.typedefs.iter().find(|typedef| typedef.name == name)
    }

    /// Returns the type of `field`, whether it is declared by typedef or by a C type.
    ///
    /// # Panics
    ///
    /// Panics when the model lacks the type, which [`check`](Self::check) rules out.
    pub fn scalar(&self, field: &Field) -> ScalarType {
        self.typedef(&field.typedef)
            .map(|typedef| typedef.scalar)
            .or_else(|| field.c_scalar())
            .unwrap_or_else(|| panic!("model {} has no type {}", self.label(), field.typedef))
    }

    /// Returns the constants grouped under the typedef called `name`.
    pub fn enumeration(&self, name: &str) -> Option<&Enumeration> {
        self.enumerations.iter().find(|enumeration| enumeration.typedef == name)
    }

    /// Returns one of the four classes.
    ///
    /// # Panics
    ///
    /// Panics when the model lacks the class, which [`check`](Self::check) rules out.
    pub fn class(&self, kind: ClassKind) -> &Class {
        self.classes
            .iter()
            .find(|class| class.c_name == kind.c_name())
            .unwrap_or_else(|| panic!("model {} has no class {}", self.label(), kind.c_name()))
    }

    /// Returns `family-version`, for example `se-6.7.13`.
    pub fn label(&self) -> String {
        format!("{}-{}", self.family, self.version)
    }

    /// Returns the number of constants over all enumerations.
    pub fn constant_count(&self) -> usize {
        self.enumerations.iter().map(|enumeration| enumeration.constants.len()).sum()
    }

    /// Proves that the model is closed: every name it uses is declared, no name is declared twice,
    /// and every record's layout is the one that its field types give on x86-64.
    ///
    /// # Errors
    ///
    /// Returns one line that names the first thing found wrong.
    pub fn check(&self) -> Result<(), String> {
        unique("typedef", self.typedefs.iter().map(|typedef| &typedef.name))?;
        unique("record", self.records.iter().map(|record| &record.c_name))?;
        unique(
            "constant",
            self.enumerations
                .iter()
                .flat_map(|enumeration| &enumeration.constants)
                .map(|constant| &constant.name),
        )?;
        if let Some(error) = self.errors.iter().find(|error| !is_identifier(&error.symbol)) {
            return Err(format!("error {} = {} is not named by a word", error.symbol, error.code));
        }
        let typedefs: HashMap<&str, &Typedef> =
            self.typedefs.iter().map(|typedef| (typedef.name.as_str(), typedef)).collect();
        for enumeration in &self.enumerations {
            let typedef = typedefs
                .get(enumeration.typedef.as_str())
                .ok_or_else(|| format!("enumeration of unknown typedef {}", enumeration.typedef))?;
            enumeration.check(typedef)?;
        }
        for record in &self.records {
            record.check(&typedefs)?;
        }
        let records: HashSet<&str> = self.records.iter().map(|record| record.c_name.as_str()).collect();
        for kind in ClassKind::ALL {
            let class = self
                .classes
                .iter()
                .find(|class| class.c_name == kind.c_name())
                .ok_or_else(|| format!("class {} is missing", kind.c_name()))?;
            class.check(&records)?;
        }
        Ok(())
    }
}

/// Returns whether C and Rust take `name` for a word.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("{what} {name} is declared twice"));
        }
    }
    Ok(())
}
