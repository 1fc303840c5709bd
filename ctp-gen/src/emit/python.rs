//! What the Python package is made from: type stubs, and what each callback carries.
//!
//! The stubs are written beside the package by `cargo xtask wheel`; at run time the package reads the
//! same facts from the descriptors of `ctp-types`, so neither can lag behind the model.

mod vnpy;

use std::{collections::BTreeMap, fmt::Write as _};

use super::enumerations;
use crate::{
    Api,
    api::{Class, ClassKind, Enumeration, Field, Method, Record, ScalarType, Shape},
    names,
    overlay::{Overlay, docs},
};

/// What stands in `_ctp_py.pyi` before the emitted classes: the hand-written part of the module.
const HEAD: &str = include_str!("python/head.pyi");

/// Python's keywords that the names of values collide with.
const KEYWORDS: [&str; 3] = ["None", "True", "False"];

/// Returns file name and text of every stub of the package.
pub fn stubs(api: &Api, overlay: &Overlay) -> [(&'static str, String); 4] {
    [
        ("_ctp_py.pyi", module(api, overlay)),
        ("data.pyi", data(api, overlay)),
        ("enums.pyi", enums(api)),
        ("constants.pyi", constants(api)),
    ]
}

/// Returns the name of a value as a member of a Python `Enum`: `3DES` is `_3DES`, `None` is `None_`.
pub fn member(short: &str) -> String {
    if short.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{short}")
    } else if KEYWORDS.contains(&short) {
        format!("{short}_")
    } else {
        short.to_owned()
    }
}

/// Emits what each callback carries, by slot, as Rust tables.
pub fn shapes(api: &Api) -> String {
    let mut text = first_line(api, "//");
    for (name, kind) in [("MD_SHAPES", ClassKind::MdSpi), ("TRADER_SHAPES", ClassKind::TraderSpi)] {
        let _ = writeln!(text, "pub(crate) static {name}: &[Shape] = &[");
        for method in &api.class(kind).methods {
            // A checked model has only callbacks in its SPI classes.
            if let Some(Shape::Callback { record, rsp_info, number, is_last }) = method.callback_shape() {
                let record = record.is_some();
                let _ = writeln!(
                    text,
                    "    Shape {{ record: {record}, rsp_info: {rsp_info}, number: {number}, is_last: {is_last} }}, // {}",
                    method.name
                );
            }
        }
        text.push_str("];\n");
    }
    text
}

/// Emits what the descriptors of enumerations do not tell, as Rust tables: the values whose member has another name in
/// Python, and the constants of what is no enumeration.
pub fn tables(api: &Api) -> String {
    let mut text = first_line(api, "//");
    let characters: Vec<_> = enumerations::of_characters(api).collect();
    let values = characters.iter().flat_map(|enumeration| &enumeration.constants);
    let renamed = values.map(|constant| names::constant(&constant.name)).filter_map(|short| {
        let member = member(short);
        (member != short).then(|| (short.to_owned(), member))
    });
    write_pairs(&mut text, "MEMBERS", renamed.collect::<BTreeMap<_, _>>());
    let is_text =
        |enumeration: &&Enumeration| !characters.iter().any(|other| other.typedef == enumeration.typedef);
    let texts = api.enumerations.iter().filter(is_text).flat_map(|enumeration| &enumeration.constants);
    write_pairs(&mut text, "TEXTS", texts.map(|constant| (constant.name.clone(), constant.value.clone())));
    text
}

fn write_pairs(text: &mut String, name: &str, pairs: impl IntoIterator<Item = (String, String)>) {
    let _ = writeln!(text, "static {name}: &[(&str, &str)] = &[");
    for (key, value) in pairs {
        let _ = writeln!(text, "    ({key:?}, {value:?}),");
    }
    text.push_str("];\n");
}

fn first_line(api: &Api, comment: &str) -> String {
    format!(
        "{comment} Emitted by ctp-gen from ctp-gen/api/{}.json. Edit the emitter, not this.\n",
        api.label()
    )
}

fn module(api: &Api, overlay: &Overlay) -> String {
    let mut text = first_line(api, "#");
    text.push_str(HEAD);
    for record in &api.records {
        write_record(&mut text, api, record, overlay, Naming::Ctp);
    }
    for (name, kind) in [("MdSpi", ClassKind::MdSpi), ("TraderSpi", ClassKind::TraderSpi)] {
        write_spi(&mut text, name, api.class(kind));
    }
    for (name, spi, kind) in
        [("MdApi", "MdSpi", ClassKind::MdApi), ("TraderApi", "TraderSpi", ClassKind::TraderApi)]
    {
        write_api(&mut text, name, spi, api.class(kind));
    }
    text.push_str(&vnpy::stubs(api));
    text
}

/// How the fields of a class are named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// As CTP does.
    Ctp,
    /// In snake_case; the class without `Field`.
    Snake,
}

impl Naming {
    fn class(self, c_name: &str) -> &str {
        let name = names::record(c_name);
        match self {
            Self::Ctp => name,
            Self::Snake => name.strip_suffix("Field").unwrap_or(name),
        }
    }

    fn field(self, c_name: &str) -> String {
        match self {
            Self::Ctp => c_name.to_owned(),
            Self::Snake => names::field(c_name),
        }
    }
}

/// What stands in `data.pyi` before the classes. The names with an underscore are those of `_ctp_py`.
const DATA_HEAD: &str = "\"\"\"The records under snake_case names, made on first use.\"\"\"

from typing_extensions import disjoint_base

from ctp_py import _ctp_py, enums
from ctp_py._ctp_py import Record as _Record, _Enumeration
";

fn data(api: &Api, overlay: &Overlay) -> String {
    let mut text = first_line(api, "#");
    text.push_str(DATA_HEAD);
    for record in &api.records {
        write_record(&mut text, api, record, overlay, Naming::Snake);
    }
    text
}

fn write_record(text: &mut String, api: &Api, record: &Record, overlay: &Overlay, naming: Naming) {
    let (ctp, snake) = (Naming::Ctp.class(&record.c_name), Naming::Snake.class(&record.c_name));
    let (class, base, to_ctp, to_data) = match naming {
        Naming::Ctp => (ctp, "Record", ctp.to_owned(), format!("data.{snake}")),
        Naming::Snake => (snake, "_Record", format!("_ctp_py.{ctp}"), snake.to_owned()),
    };
    // Two layouts have no common subclass.
    let _ = writeln!(text, "\n@disjoint_base\nclass {class}({base}):");
    let doc = docs::before(overlay.docs.record(&record.c_name), format!("C: `{}`.", record.c_name));
    let _ = writeln!(text, "    \"\"\"{doc}\"\"\"\n");
    for field in &record.fields {
        let name = naming.field(&field.c_name);
        let _ = writeln!(text, "    {name}: {}", read_type(api, field));
        let secret = if overlay.secrets.typedefs.contains(&field.typedef) { ", secret" } else { "" };
        let sentence = overlay.docs.field(&record.c_name, &field.c_name, &field.typedef);
        let limit = format!("{}{secret}.", limit(api, field));
        let _ = writeln!(text, "    \"\"\"{}\"\"\"", docs::before(sentence, limit));
    }
    text.push_str("    def __init__(self, *");
    for field in &record.fields {
        let _ = write!(text, ", {}: {} = ...", naming.field(&field.c_name), written_type(api, field));
    }
    text.push_str(") -> None: ...\n");
    let _ = writeln!(text, "    def to_ctp(self) -> {to_ctp}: ...");
    let _ = writeln!(text, "    def to_data(self) -> {to_data}: ...");
}

fn is_enumeration(api: &Api, field: &Field) -> bool {
    enumerations::of_characters(api).any(|enumeration| enumeration.typedef == field.typedef)
}

fn read_type(api: &Api, field: &Field) -> String {
    match api.scalar(field) {
        ScalarType::Char if is_enumeration(api, field) => {
            format!("_Enumeration[enums.{}]", names::enumeration(&field.typedef))
        }
        _ => written_type(api, field).to_owned(),
    }
}

fn written_type(api: &Api, field: &Field) -> &'static str {
    match api.scalar(field) {
        ScalarType::Char => "str | None",
        ScalarType::Text(_) => "str",
        ScalarType::Short | ScalarType::Int | ScalarType::UnsignedInt | ScalarType::LongLong => "int",
        ScalarType::Double => "float | None",
    }
}

fn limit(api: &Api, field: &Field) -> String {
    match api.scalar(field) {
        ScalarType::Text(length) => format!("At most {} GBK bytes", length - 1),
        ScalarType::Char => "One character, None where it is not set".to_owned(),
        ScalarType::Double => "C: double, None for no value".to_owned(),
        other => format!("C: {other}"),
    }
}

fn write_spi(text: &mut String, name: &str, class: &Class) {
    let _ = writeln!(text, "\nclass {name}:");
    let _ = writeln!(text, "    \"\"\"Callbacks of `{}`; all are optional.\"\"\"\n", class.c_name);
    text.push_str("    def on_error(self, callback: str, error: BaseException, /) -> None: ...\n");
    for method in &class.methods {
        let _ = writeln!(text, "    def {}(self{}) -> None: ...", method.name, callback_arguments(method));
    }
}

fn callback_arguments(method: &Method) -> String {
    let mut arguments = String::new();
    for parameter in &method.parameters {
        let c_type = parameter.c_type.trim_end_matches(" *");
        let python = match c_type {
            "int" => "int".to_owned(),
            "bool" => "bool".to_owned(),
            "CThostFtdcRspInfoField" => "RspInfoField | None".to_owned(),
            // A push always carries its record; an answer may carry none.
            record if method.name.starts_with("OnRtn") => names::record(record).to_owned(),
            record => format!("{} | None", names::record(record)),
        };
        let _ = write!(arguments, ", {}: {python}", names::parameter(&parameter.name));
    }
    if !arguments.is_empty() {
        arguments.push_str(", /");
    }
    arguments
}

fn write_api(text: &mut String, name: &str, spi: &str, class: &Class) {
    let _ = writeln!(text, "\nclass {name}({spi}, _{name}):");
    let _ = writeln!(text, "    \"\"\"`{}`: subclass it, or register an `{spi}`.\"\"\"\n", class.c_name);
    for method in &class.methods {
        let signature = match method.call_shape() {
            Some(Shape::Request { record }) => {
                format!("record: {}, request_id: int = 0", names::record(record))
            }
            Some(Shape::Instruments) => "instruments: Sequence[str]".to_owned(),
            _ => continue,
        };
        let _ = writeln!(text, "    def {}(self, {signature}) -> int: ...", method.name);
    }
}

fn enums(api: &Api) -> String {
    let mut text = first_line(api, "#");
    text.push_str(
        "\"\"\"The enumerations of the API: `str` values, open for characters newer than the header.\"\"\"\n\nfrom enum import Enum\n\n# An Enum as well; mypy refuses one without members in a stub.\nclass Enumeration(str): ...\n",
    );
    for enumeration in enumerations::of_characters(api) {
        let _ = writeln!(text, "\nclass {}(Enumeration, Enum):", names::enumeration(&enumeration.typedef));
        for constant in &enumeration.constants {
            let name = member(names::constant(&constant.name));
            let _ = writeln!(text, "    {name} = {:?}", constant.value);
        }
    }
    text
}

fn constants(api: &Api) -> String {
    let mut text = first_line(api, "#");
    text.push_str("\"\"\"Every constant of the API under its C name.\"\"\"\n\nfrom typing import Final\n\n");
    for constant in api.enumerations.iter().flat_map(|enumeration| &enumeration.constants) {
        let _ = writeln!(text, "{}: Final = {:?}", constant.name, constant.value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    /// Names that a member would hide: methods of `str` without an underscore, and of `Enum`.
    const STR_METHODS: [&str; 12] = [
        "name", "value", "mro", "count", "find", "format", "index", "join", "lower", "replace", "title",
        "upper",
    ];

    fn stub(name: &str) -> String {
        let stubs = stubs(models::current(), Overlay::committed());
        stubs.into_iter().find(|(file, _)| *file == name).expect("a stub").1
    }

    #[test]
    fn every_record_callback_and_request_has_a_line() {
        let text = stub("_ctp_py.pyi");
        let count = |start: &str| text.lines().filter(|line| line.trim_start().starts_with(start)).count();
        assert_eq!(text.matches("(Record):\n").count(), 519);
        assert_eq!(count("def On"), 178 + 13);
        let requests = models::current().class(ClassKind::TraderApi).methods.iter();
        let requests = requests.filter(|method| matches!(method.call_shape(), Some(Shape::Request { .. })));
        assert_eq!(count("def Req"), requests.count() + 3);
    }

    #[test]
    fn fields_are_typed_and_tell_their_limit() {
        let text = stub("_ctp_py.pyi");
        for line in [
            "    BrokerID: str",
            "    Direction: _Enumeration[enums.Direction]",
            "    LimitPrice: float | None",
            "    VolumeTotalOriginal: int",
            "    def OnRtnOrder(self, order: OrderField, /) -> None: ...",
            "    def OnRspUserLogin(self, rsp_user_login: RspUserLoginField | None, rsp_info: RspInfoField | None, request_id: int, is_last: bool, /) -> None: ...",
            "    def ReqOrderInsert(self, record: InputOrderField, request_id: int = 0) -> int: ...",
            "    def SubscribeMarketData(self, instruments: Sequence[str]) -> int: ...",
        ] {
            assert!(text.lines().any(|own| own == line), "missing: {line}");
        }
        let password = text.split_once("    Password: str\n").expect("a password").1;
        let doc = password.lines().next().expect("its documentation");
        assert_eq!(
            doc,
            "    \"\"\"A password; it is never shown (密码). At most 40 GBK bytes, secret.\"\"\""
        );
    }

    #[test]
    fn both_classes_of_a_record_have_the_same_fields_and_lead_to_each_other() {
        let (ctp, data) = (stub("_ctp_py.pyi"), stub("data.pyi"));
        assert_eq!(data.matches("(_Record):\n").count(), 519);
        for line in [
            "class InputOrder(_Record):",
            "    limit_price: float | None",
            "    direction: _Enumeration[enums.Direction]",
            "    def to_ctp(self) -> _ctp_py.InputOrderField: ...",
            "    def to_data(self) -> InputOrder: ...",
        ] {
            assert!(data.lines().any(|own| own == line), "missing: {line}");
        }
        assert!(ctp.contains("    def to_data(self) -> data.InputOrder: ...\n"));
        for record in &models::current().records {
            let mut seen = std::collections::HashSet::new();
            for field in &record.fields {
                assert!(seen.insert(names::field(&field.c_name)), "{}: {}", record.c_name, field.c_name);
            }
        }
    }

    #[test]
    fn members_are_python_names_and_unique() {
        assert_eq!(
            (member("3DES"), member("None"), member("AllTraded")),
            ("_3DES".into(), "None_".into(), "AllTraded".into())
        );
        for enumeration in enumerations::of_characters(models::current()) {
            let mut seen = std::collections::HashSet::new();
            for constant in &enumeration.constants {
                let name = member(names::constant(&constant.name));
                assert!(seen.insert(name.clone()), "{}: {name} twice", enumeration.typedef);
                assert!(!STR_METHODS.contains(&name.as_str()), "{}: {name}", enumeration.typedef);
            }
        }
    }

    #[test]
    fn no_field_hides_a_method_of_the_record_or_is_a_keyword() {
        // Python's keywords that are written in lower case; the generator renames those of Rust.
        let taken = [
            "to_dict",
            "copy",
            "raw",
            "to_ctp",
            "to_data",
            "from_bytes",
            "and",
            "assert",
            "class",
            "def",
            "del",
            "elif",
            "except",
            "finally",
            "from",
            "global",
            "import",
            "is",
            "lambda",
            "nonlocal",
            "not",
            "or",
            "pass",
            "raise",
            "try",
            "with",
        ];
        for record in &models::current().records {
            for field in &record.fields {
                for name in [field.c_name.clone(), names::field(&field.c_name)] {
                    assert!(!taken.contains(&name.as_str()), "{}: {name}", record.c_name);
                }
            }
        }
    }
}
