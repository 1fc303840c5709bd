//! A small model made by hand, to change one thing at a time.

use ctp_gen::{
    Api,
    api::{
        Class, Constant, Enumeration, ErrorCode, Field, Method, Parameter, PlainEnum, Record, Static, Typedef,
    },
    diff::Diff,
    overlay::Renames,
};

pub(crate) const ORDER: &str = "CThostFtdcOrderField";

/// Returns the model: an order request and its callback, a record that no method carries, two enumerations.
pub(crate) fn before() -> Api {
    Api {
        family: "se".into(),
        version: "1.0.0".into(),
        encoding: "utf-8".into(),
        namespace: None,
        sources: vec![],
        typedefs: [
            "IDType char[31]",
            "KindType char",
            "VolumeType int",
            "PriceType double",
            "SpareType short",
        ]
        .map(typedef)
        .into(),
        enumerations: vec![enumeration("KindType", &[("K_Buy", "0"), ("K_Sell", "1"), ("K_Swap", "2")])],
        plain_enums: vec![PlainEnum {
            name: "THOST_TE_RESUME_TYPE".into(),
            values: vec![("THOST_TERT_RESTART".into(), 0), ("THOST_TERT_RESUME".into(), 1)],
        }],
        records: vec![
            record(
                "Order",
                48,
                &["ID IDType 0", "Kind KindType 31", "Volume VolumeType 32", "Price PriceType 40"],
            ),
            record("RspInfo", 4, &["ErrorID VolumeType 0"]),
            record("Idle", 62, &["First IDType 0", "Second IDType 31"]),
        ],
        classes: vec![
            class(
                "TraderSpi",
                &["void OnFrontConnected()", "void OnRspOrder(Order)", "void OnRtnOrder(Order)"],
            ),
            Class {
                statics: vec![factory("_ZN6CreateEPKc", &["const char * pszFlowPath"])],
                ..class(
                    "TraderApi",
                    &["void Release()", "int ReqOrder(Order,int)", "int ReqQryOrder(Order,int)"],
                )
            },
        ],
        functions: vec![],
        errors: vec![error("NONE", 0), error("NO_MONEY", 31), error("NO_POSITION", 30)],
    }
}

/// Returns what a change of the model comes to.
pub(crate) fn changed(edit: impl FnOnce(&mut Api)) -> Diff {
    let mut after = before();
    after.version = "1.1.0".into();
    edit(&mut after);
    let diff = Diff::with_renames(&before(), &after, &Renames::default());
    let back = Diff::with_renames(&after, &before(), &Renames::default());
    assert_mirrored(&diff, &back);
    diff
}

/// What comes one way goes the other way.
pub(crate) fn assert_mirrored(diff: &Diff, back: &Diff) {
    for ((what, there), (_, back)) in diff.summary.rows().into_iter().zip(back.summary.rows()) {
        let counts = (there.added, there.removed, there.renamed, there.changed, there.moved);
        assert_eq!(counts, (back.removed, back.added, back.renamed, back.changed, back.moved), "{what}");
        assert_eq!((there.before, there.after), (back.after, back.before), "{what}");
    }
    assert_eq!(diff.is_empty(), back.is_empty());
}

pub(crate) fn typedef(text: &str) -> Typedef {
    let (name, scalar) = text.split_once(' ').expect("name and type");
    Typedef { name: name.into(), scalar: scalar.parse().expect("a scalar type") }
}

pub(crate) fn enumeration(typedef: &str, constants: &[(&str, &str)]) -> Enumeration {
    let constants = constants
        .iter()
        .map(|(name, value)| Constant { name: format!("THOST_FTDC_{name}"), value: (*value).into() });
    Enumeration { typedef: typedef.into(), constants: constants.collect() }
}

pub(crate) fn record(name: &str, size: usize, fields: &[&str]) -> Record {
    let fields = fields.iter().map(|text| field(text)).collect();
    Record { c_name: format!("CThostFtdc{name}Field"), size, fields }
}

/// Reads `Volume VolumeType 32`.
pub(crate) fn field(text: &str) -> Field {
    let parts: Vec<&str> = text.split(' ').collect();
    let offset = parts[2].parse().expect("an offset");
    Field { c_name: parts[0].into(), typedef: parts[1].into(), offset }
}

pub(crate) fn class(name: &str, methods: &[&str]) -> Class {
    let methods = methods.iter().map(|text| method(text)).collect();
    Class { c_name: format!("CThostFtdc{name}"), methods, statics: vec![] }
}

/// Reads `int ReqOrder(Order,int)`; a name that begins in upper case is a record.
pub(crate) fn method(text: &str) -> Method {
    let (head, types) = text.trim_end_matches(')').split_once('(').expect("parameters");
    let (returns, name) = head.split_once(' ').expect("return type and name");
    let parameters = types.split(',').filter(|one| !one.is_empty()).map(|one| {
        let is_record = one.starts_with(|first: char| first.is_ascii_uppercase());
        let c_type = if is_record { format!("CThostFtdc{one}Field *") } else { one.to_owned() };
        let name = if is_record { format!("p{one}") } else { "nRequestID".to_owned() };
        Parameter { name, c_type, default: None }
    });
    Method { name: name.into(), returns: returns.into(), parameters: parameters.collect() }
}

/// Returns the factory; a parameter is `type name` or `type name = default`.
pub(crate) fn factory(symbol: &str, parameters: &[&str]) -> Static {
    let parameters = parameters.iter().map(|text| {
        let (head, default) =
            text.split_once(" = ").map_or((*text, None), |(head, value)| (head, Some(value)));
        let (c_type, name) = head.rsplit_once(' ').expect("type and name");
        Parameter { name: name.into(), c_type: c_type.into(), default: default.map(str::to_owned) }
    });
    Static {
        name: "Create".into(),
        returns: "CThostFtdcTraderApi *".into(),
        symbol: symbol.into(),
        parameters: parameters.collect(),
    }
}

pub(crate) fn error(symbol: &str, code: i32) -> ErrorCode {
    ErrorCode { symbol: symbol.into(), code }
}
