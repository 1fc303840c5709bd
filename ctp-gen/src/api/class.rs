//! The API and SPI classes: their virtual methods in slot order.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// A C++ class of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// C++ name, for example `CThostFtdcTraderApi`.
    #[serde(rename = "name")]
    pub c_name: String,
    /// Virtual methods; the position in this list is the slot in the virtual table.
    pub methods: Vec<Method>,
    /// Static methods, which a library exports by mangled name.
    pub statics: Vec<Static>,
}

/// A virtual method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// C++ name.
    pub name: String,
    /// Return type as in C++.
    pub returns: String,
    /// Parameters in order.
    pub parameters: Vec<Parameter>,
}

/// A parameter of a method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// C++ name.
    pub name: String,
    /// C++ type, as the compiler sees it (`char *x[]` is `char **`).
    #[serde(rename = "type")]
    pub c_type: String,
    /// Default value as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A static method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Static {
    /// C++ name, for example `CreateFtdcTraderApi`.
    pub name: String,
    /// Return type as in C++.
    pub returns: String,
    /// Exported symbol with Itanium mangling (Linux, macOS).
    pub symbol: String,
    /// Parameters in order.
    pub parameters: Vec<Parameter>,
}

/// What a method does, read off its parameters. Everything that CTP declares has one of these shapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape<'a> {
    /// A callback: any subset of (record, `RspInfo`, number, `bIsLast`), in this order.
    Callback {
        /// C name of the record, if the callback carries one.
        record: Option<&'a str>,
        /// Whether it carries `CThostFtdcRspInfoField *pRspInfo`.
        rsp_info: bool,
        /// Whether it carries an `int` (`nRequestID`, `nReason`, `nTimeLapse`, `nSeqNo`).
        number: bool,
        /// Whether it carries `bool bIsLast`.
        is_last: bool,
    },
    /// `int ReqX(Record *, int nRequestID)`, on macOS perhaps with [more](Method::extra_parameters).
    Request {
        /// C name of the record.
        record: &'a str,
    },
    /// `int X(Record *)` or `void X(Record *)`.
    RecordCall {
        /// C name of the record.
        record: &'a str,
        /// Whether it returns an `int`.
        returns: bool,
    },
    /// `int ReqX(int nRequestID)`: mini's `ReqSubscribeFundChange`.
    Numbered,
    /// `int X(char *ids[], int count)`.
    Instruments,
    /// One of the life-cycle methods, told apart by name.
    LifeCycle,
}

impl Method {
    /// Returns the shape of a callback of an SPI class, or `None` if the parameters are not understood.
    pub fn callback_shape(&self) -> Option<Shape<'_>> {
        if self.returns != "void" {
            return None;
        }
        let mut types = self.parameters.iter().map(|parameter| parameter.c_type.as_str()).peekable();
        const RSP_INFO: &str = "CThostFtdcRspInfoField *";
        let record = types
            .next_if(|c_type| *c_type != RSP_INFO && record_name(c_type).is_some())
            .and_then(record_name);
        let rsp_info = types.next_if_eq(&RSP_INFO).is_some();
        let number = types.next_if_eq(&"int").is_some();
        let is_last = types.next_if_eq(&"bool").is_some();
        types.next().is_none().then_some(Shape::Callback { record, rsp_info, number, is_last })
    }

    /// Returns the shape of a method of an API class, or `None` if the parameters are not understood.
    pub fn call_shape(&self) -> Option<Shape<'_>> {
        let types: Vec<&str> = self.parameters.iter().map(|parameter| parameter.c_type.as_str()).collect();
        match (self.returns.as_str(), types.as_slice()) {
            ("int", [record, "int", extra @ ..])
                if record_name(record).is_some() && extra.iter().all(|c_type| is_plain(c_type)) =>
            {
                record_name(record).map(|record| Shape::Request { record })
            }
            ("int", ["int"]) => Some(Shape::Numbered),
            ("int", ["char **", "int"]) => Some(Shape::Instruments),
            (returns @ ("int" | "void"), [record]) if record_name(record).is_some() => {
                record_name(record).map(|record| Shape::RecordCall { record, returns: returns == "int" })
            }
            (_, types) => {
                let known = match self.name.as_str() {
                    "Release" => types.is_empty(),
                    "Init" => matches!(types, [] | ["bool"]),
                    "Join" | "GetTradingDay" => types.is_empty(),
                    "RegisterFront" | "RegisterNameServer" => types == ["char *"],
                    "RegisterSpi" => matches!(types, [spi] if spi.ends_with("Spi *")),
                    "SubscribePrivateTopic" => {
                        matches!(types, ["THOST_TE_RESUME_TYPE"] | ["THOST_TE_RESUME_TYPE", "int"])
                    }
                    "SubscribePublicTopic" => types == ["THOST_TE_RESUME_TYPE"],
                    _ => false,
                };
                known.then_some(Shape::LifeCycle)
            }
        }
    }

    /// Returns what a request takes beside its record and number: on macOS `ReqUserLogin` carries the terminal
    /// information that other systems' libraries collect themselves.
    pub fn extra_parameters(&self) -> &[Parameter] {
        match self.call_shape() {
            Some(Shape::Request { .. }) => &self.parameters[2..],
            _ => &[],
        }
    }
}

/// The methods of an API class that adapters and facades build on.
const NEEDED: [&str; 6] = ["Release", "Init", "Join", "GetTradingDay", "RegisterFront", "RegisterSpi"];

/// Returns whether a value of `c_type` can be made up: zero, or an empty text.
fn is_plain(c_type: &str) -> bool {
    matches!(
        c_type,
        "int"
            | "unsigned int"
            | "short"
            | "long long"
            | "double"
            | "bool"
            | "char"
            | "char *"
            | "const char *"
    )
}

/// Returns the record's C name when `c_type` is a pointer to a record.
fn record_name(c_type: &str) -> Option<&str> {
    c_type.strip_suffix(" *").filter(|name| name.starts_with("CThostFtdc") && name.ends_with("Field"))
}

impl Class {
    /// Returns the slot of the method called `name`.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.methods.iter().position(|method| method.name == name)
    }

    /// Returns the method called `name`.
    pub fn method(&self, name: &str) -> Option<&Method> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// Returns the static method called `name`.
    pub fn static_method(&self, name: &str) -> Option<&Static> {
        self.statics.iter().find(|method| method.name == name)
    }

    /// Proves that the methods are understood and that the records they carry are among `records`.
    pub(super) fn check(&self, records: &HashSet<&str>) -> Result<(), String> {
        let is_spi = self.c_name.ends_with("Spi");
        let mut names = HashSet::with_capacity(self.methods.len());
        for method in &self.methods {
            let whole = || format!("{}::{}", self.c_name, method.name);
            if !names.insert(method.name.as_str()) {
                return Err(format!("{} is declared twice", whole()));
            }
            let shape = if is_spi { method.callback_shape() } else { method.call_shape() };
            let record = match shape {
                Some(Shape::Callback { record, .. }) => record,
                Some(Shape::Request { record } | Shape::RecordCall { record, .. }) => Some(record),
                Some(Shape::Numbered | Shape::Instruments | Shape::LifeCycle) => None,
                None => {
                    let types: Vec<&str> =
                        method.parameters.iter().map(|parameter| parameter.c_type.as_str()).collect();
                    return Err(format!(
                        "{}({}) -> {} has a shape that is not understood",
                        whole(),
                        types.join(", "),
                        method.returns
                    ));
                }
            };
            if let Some(record) = record.filter(|record| !records.contains(record)) {
                return Err(format!("{} takes unknown record {record}", whole()));
            }
        }
        let missing = NEEDED.iter().find(|name| !is_spi && self.slot(name).is_none());
        if let Some(missing) = missing {
            return Err(format!("{} lacks {missing}, which every version has had", self.c_name));
        }
        let factory = match self.c_name.as_str() {
            "CThostFtdcMdApi" => "CreateFtdcMdApi",
            "CThostFtdcTraderApi" => "CreateFtdcTraderApi",
            _ => return Ok(()),
        };
        // `GetApiVersion` came later: the oldest published headers have none.
        match self.static_method(factory) {
            Some(_) => Ok(()),
            None => Err(format!("{} lacks {factory}", self.c_name)),
        }
    }
}
