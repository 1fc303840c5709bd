//! A model beside the second reading: what agrees, what differs, what the second reader does not know.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use super::Reading;
use crate::{
    Api,
    api::{Class, Method, Parameter, Record, Static},
};

/// How far a model and the second reading agree.
#[derive(Default)]
pub struct Agreement {
    typedefs: usize,
    records: usize,
    fields: usize,
    constants: usize,
    /// Constants of several characters, which the second reader does not know.
    texts: usize,
    plain_enums: usize,
    methods: usize,
    /// Methods of classes whose table the second reader does not know.
    unknown_methods: usize,
    functions: usize,
    /// Error codes that stand in a header.
    error_codes: usize,
    /// `#define`s with a number outside the data type header, for which the model has no place.
    numbers: Vec<String>,
    differences: Vec<String>,
}

impl Agreement {
    /// Returns what differs, one line each, beginning with the header in which it stands.
    pub fn differences(&self) -> &[String] {
        &self.differences
    }

    /// Returns the names of `#define`s with a number outside the data type header: no part of the model, and no
    /// difference.
    pub fn numbers(&self) -> &[String] {
        &self.numbers
    }

    fn differ(&mut self, header: &str, what: impl fmt::Display) {
        self.differences.push(format!("{header}: {what}"));
    }

    /// Notes every name that stands on one side only.
    fn take_names<'a>(
        &mut self,
        header: &str,
        what: &str,
        model: impl Iterator<Item = &'a str> + Clone,
        bindgen: impl Iterator<Item = &'a str> + Clone,
    ) {
        let known: HashSet<&str> = bindgen.clone().collect();
        for name in model.clone().filter(|name| !known.contains(name)) {
            self.differ(header, format_args!("{what} {name} is in the model, bindgen does not find it"));
        }
        let known: HashSet<&str> = model.collect();
        for name in bindgen.filter(|name| !known.contains(name)) {
            self.differ(header, format_args!("{what} {name} is not in the model, bindgen finds it"));
        }
    }
}

/// The counts of what agrees, in one line, and what one of the two does not know.
impl fmt::Display for Agreement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}, {}, {}, ",
            counted(self.typedefs, "typedef"),
            counted(self.records, "record"),
            counted(self.fields, "field")
        )?;
        write!(
            formatter,
            "{}, {}, {}, {}",
            counted_of(self.constants, self.constants + self.texts, "constant"),
            counted(self.plain_enums, "plain enum"),
            counted_of(self.methods, self.methods + self.unknown_methods, "method"),
            counted(self.functions, "function")
        )?;
        if self.error_codes > 0 {
            write!(formatter, ", {}", counted(self.error_codes, "error code"))?;
        }
        match self.numbers.len() {
            0 => Ok(()),
            numbers => write!(
                formatter,
                "; {} outside the data types, of which the model has none",
                counted(numbers, "number")
            ),
        }
    }
}

const TYPES: &str = "ThostFtdcUserApiDataType.h";
/// How the constants of the data type header begin, as [`parse`](crate::parse) demands.
const CONSTANT: &str = "THOST_FTDC_";
const STRUCTS: &str = "ThostFtdcUserApiStruct.h";
const TRADER: &str = "ThostFtdcTraderApi.h";

/// Compares everything that the second reader knows.
pub fn compare(api: &Api, reading: &Reading) -> Agreement {
    let mut agreement = Agreement::default();
    if api.namespace != reading.namespace {
        let shown = |namespace: &Option<String>| namespace.clone().unwrap_or_else(|| "the global one".into());
        agreement.differ(
            "ThostFtdcTraderApi.h",
            format_args!(
                "namespace: {} in the model, {} by bindgen",
                shown(&api.namespace),
                shown(&reading.namespace)
            ),
        );
    }
    typedefs(&mut agreement, api, reading);
    constants(&mut agreement, api, reading);
    plain_enums(&mut agreement, api, reading);
    records(&mut agreement, api, reading);
    for class in &api.classes {
        virtual_methods(&mut agreement, class, reading);
    }
    functions(&mut agreement, api, reading);
    agreement
}

fn typedefs(agreement: &mut Agreement, api: &Api, reading: &Reading) {
    agreement.take_names(
        TYPES,
        "typedef",
        api.typedefs.iter().map(|typedef| typedef.name.as_str()),
        reading.typedefs.iter().map(|typedef| typedef.name.as_str()),
    );
    let theirs: HashMap<_, _> =
        reading.typedefs.iter().map(|typedef| (typedef.name.as_str(), typedef.scalar)).collect();
    for typedef in &api.typedefs {
        match theirs.get(typedef.name.as_str()) {
            Some(scalar) if *scalar == typedef.scalar => agreement.typedefs += 1,
            Some(scalar) => {
                let (name, ours) = (&typedef.name, typedef.scalar);
                agreement.differ(TYPES, format_args!("{name}: {ours} in the model, {scalar} by bindgen"));
            }
            None => {}
        }
    }
}

fn constants(agreement: &mut Agreement, api: &Api, reading: &Reading) {
    let ours = || api.enumerations.iter().flat_map(|enumeration| &enumeration.constants);
    let (characters, texts): (Vec<_>, Vec<_>) = ours().partition(|constant| constant.value.len() == 1);
    agreement.texts = texts.len();
    agreement.take_names(
        TYPES,
        "constant",
        characters.iter().map(|constant| constant.name.as_str()),
        reading.constants.keys().map(String::as_str).filter(|name| name.starts_with(CONSTANT)),
    );
    for (name, theirs) in reading.constants.iter().filter(|(name, _)| !name.starts_with(CONSTANT)) {
        match api.errors.iter().find(|error| error.symbol == *name) {
            Some(ours) if i64::from(ours.code) == *theirs => agreement.error_codes += 1,
            Some(ours) => {
                let ours = ours.code;
                agreement.differ(TRADER, format_args!("{name}: {ours} in the model, {theirs} by bindgen"));
            }
            None => agreement.numbers.push(name.clone()),
        }
    }
    for constant in characters {
        let ours = i64::from(constant.value.as_bytes()[0]);
        match reading.constants.get(&constant.name) {
            Some(theirs) if *theirs == ours => agreement.constants += 1,
            Some(theirs) => {
                let theirs = u8::try_from(*theirs).map_or_else(
                    |_| theirs.to_string(),
                    |byte| format!("'{}'", char::from(byte).escape_default()),
                );
                let (name, ours) = (&constant.name, &constant.value);
                agreement.differ(TYPES, format_args!("{name}: '{ours}' in the model, {theirs} by bindgen"));
            }
            None => {}
        }
    }
}

fn plain_enums(agreement: &mut Agreement, api: &Api, reading: &Reading) {
    agreement.take_names(
        TYPES,
        "enum",
        api.plain_enums.iter().map(|plain_enum| plain_enum.name.as_str()),
        reading.plain_enums.iter().map(|plain_enum| plain_enum.name.as_str()),
    );
    for ours in &api.plain_enums {
        match reading.plain_enums.iter().find(|theirs| theirs.name == ours.name) {
            Some(theirs) if theirs == ours => agreement.plain_enums += 1,
            Some(theirs) => {
                let shown = |values: &[(String, i64)]| {
                    values
                        .iter()
                        .map(|(name, value)| format!("{name} = {value}"))
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                let (name, ours, theirs) = (&ours.name, shown(&ours.values), shown(&theirs.values));
                agreement.differ(TYPES, format_args!("{name}: {ours} in the model, {theirs} by bindgen"));
            }
            None => {}
        }
    }
}

fn records(agreement: &mut Agreement, api: &Api, reading: &Reading) {
    agreement.take_names(
        STRUCTS,
        "record",
        api.records.iter().map(|record| record.c_name.as_str()),
        reading.records.iter().map(|record| record.c_name.as_str()),
    );
    let theirs: HashMap<_, _> =
        reading.records.iter().map(|record| (record.c_name.as_str(), record)).collect();
    for ours in &api.records {
        if let Some(theirs) = theirs.get(ours.c_name.as_str()) {
            let before = agreement.differences.len();
            record(agreement, ours, theirs);
            agreement.records += usize::from(agreement.differences.len() == before);
        }
    }
}

fn record(agreement: &mut Agreement, ours: &Record, theirs: &Record) {
    let name = &ours.c_name;
    if ours.size != theirs.size {
        let (ours, theirs) = (ours.size, theirs.size);
        agreement.differ(STRUCTS, format_args!("{name}: {ours} bytes in the model, {theirs} by bindgen"));
    }
    agreement.take_names(
        STRUCTS,
        &format!("field of {name}:"),
        ours.fields.iter().map(|field| field.c_name.as_str()),
        theirs.fields.iter().map(|field| field.c_name.as_str()),
    );
    let places: HashMap<_, _> = theirs
        .fields
        .iter()
        .enumerate()
        .map(|(place, field)| (field.c_name.as_str(), (place, field)))
        .collect();
    for (place, field) in ours.fields.iter().enumerate() {
        let Some((their_place, other)) = places.get(field.c_name.as_str()) else { continue };
        let mut differing = Vec::new();
        let mut aspect = |what: &str, ours: &dyn fmt::Display, theirs: &dyn fmt::Display| {
            differing.push(format!("{what} {ours} in the model, {theirs} by bindgen"));
        };
        if field.offset != other.offset {
            aspect("offset", &field.offset, &other.offset);
        }
        if field.typedef != other.typedef {
            aspect("type", &field.typedef, &other.typedef);
        }
        if place != *their_place && ours.fields.len() == theirs.fields.len() {
            aspect("place", &place, their_place);
        }
        match differing.is_empty() {
            true => agreement.fields += 1,
            false => {
                let (field, differing) = (&field.c_name, differing.join("; "));
                agreement.differ(STRUCTS, format_args!("{name}::{field}: {differing}"));
            }
        }
    }
}

fn virtual_methods(agreement: &mut Agreement, class: &Class, reading: &Reading) {
    let header = header_of(class);
    let name = &class.c_name;
    let theirs = match reading.classes.get(name) {
        Some(Some(methods)) => methods,
        // bindgen leaves the table out where a destructor has its body among callbacks that have theirs.
        Some(None) => {
            agreement.unknown_methods += class.methods.len();
            return;
        }
        None => {
            agreement.differ(header, format_args!("class {name} is in the model, bindgen does not find it"));
            return;
        }
    };
    agreement.take_names(
        header,
        &format!("method of {name}:"),
        class.methods.iter().map(|method| method.name.as_str()),
        theirs.iter().map(|method| method.name.as_str()),
    );
    // One method more or less moves all that follow: it is told above, they are not.
    let same_length = class.methods.len() == theirs.len();
    for (slot, ours) in class.methods.iter().enumerate() {
        let Some(their_slot) = theirs.iter().position(|theirs| theirs.name == ours.name) else { continue };
        let whole = format!("{name}::{}", ours.name);
        if slot != their_slot && same_length {
            agreement
                .differ(header, format_args!("{whole}: slot {slot} in the model, {their_slot} by bindgen"));
            continue;
        }
        let (ours, theirs) = (signature(ours), signature(&theirs[their_slot]));
        match ours == theirs {
            true => agreement.methods += 1,
            false => {
                agreement.differ(header, format_args!("{whole}: {ours} in the model, {theirs} by bindgen"))
            }
        }
    }
}

fn functions(agreement: &mut Agreement, api: &Api, reading: &Reading) {
    // bindgen flattens a static method into its class's name and its own.
    let statics = api.classes.iter().flat_map(|class| {
        let name = |function: &Static| format!("{}_{}", class.c_name, function.name);
        class.statics.iter().map(move |function| (header_of(class), name(function), function))
    });
    let free = api.functions.iter().map(|function| ("DataCollect.h", function.name.clone(), function));
    let ours: Vec<_> = statics.chain(free).collect();
    agreement.take_names(
        "functions",
        "function",
        ours.iter().map(|(_, name, _)| name.as_str()),
        reading.functions.iter().map(|function| function.name.as_str()),
    );
    for (header, name, function) in ours {
        let Some(theirs) = reading.functions.iter().find(|theirs| theirs.name == name) else { continue };
        let shown = |function: &Static| {
            let symbol = &function.symbol;
            format!("{} as {symbol}", call(&function.returns, &function.parameters))
        };
        let (ours, theirs) = (shown(function), shown(theirs));
        match ours == theirs {
            true => agreement.functions += 1,
            false => {
                agreement.differ(header, format_args!("{name}: {ours} in the model, {theirs} by bindgen"));
            }
        }
    }
}

fn signature(method: &Method) -> String {
    call(&method.returns, &method.parameters)
}

/// `int (CThostFtdcReqUserLoginField * pReqUserLogin, int nRequestID)`, as far as Rust tells the types apart.
fn call(returns: &str, parameters: &[Parameter]) -> String {
    let parameters: Vec<String> = parameters
        .iter()
        .map(|parameter| format!("{} {}", without_nuance(&parameter.c_type), parameter.name))
        .collect();
    format!("{returns} ({})", parameters.join(", "))
}

/// bindgen writes a reference as a pointer and leaves `const` away where it binds the callee only; of static
/// methods the symbol tells the first.
fn without_nuance(c_type: &str) -> String {
    match c_type.strip_prefix("const ") {
        Some(value) if !value.ends_with(['*', '&']) => value.to_owned(),
        _ => c_type.replace('&', "*"),
    }
}

fn header_of(class: &Class) -> &'static str {
    match class.c_name.as_str() {
        "CThostFtdcMdSpi" | "CThostFtdcMdApi" => "ThostFtdcMdApi.h",
        _ => "ThostFtdcTraderApi.h",
    }
}

/// `5,432 fields`.
fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// `1,340 of 1,348 constants`, and `1,348 constants` where all are.
fn counted_of(number: usize, all: usize, what: &str) -> String {
    match number == all {
        true => counted(all, what),
        false => format!("{} of {}", thousands(number), counted(all, what)),
    }
}

/// `5,432`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 2);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
