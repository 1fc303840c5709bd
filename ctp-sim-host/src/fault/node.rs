//! What a plan is written in, made one: TOML with its lines, JSON, and the words of a scenario.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// From 1; 0 where there are no lines.
    pub(crate) line: usize,
    pub(crate) value: NodeValue,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NodeValue {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Node>),
    Table(Table),
    /// Something that no plan has, by its name: a date, a null.
    Other(&'static str),
}

/// Keys with their values, in the order in which they were written where that is known.
pub(crate) type Table = Vec<(Key, Node)>;

/// The name of a value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) line: usize,
}

impl Node {
    /// Returns the value as it would stand in a plan, shortly.
    pub(crate) fn text(&self) -> String {
        match &self.value {
            NodeValue::Text(text) => text.clone(),
            NodeValue::Integer(number) => number.to_string(),
            NodeValue::Float(number) => number.to_string(),
            NodeValue::Bool(on) => on.to_string(),
            NodeValue::List(list) => list.iter().map(Self::text).collect::<Vec<_>>().join(","),
            NodeValue::Table(table) => {
                let pairs = table.iter().map(|(key, value)| format!("{}={}", key.name, value.text()));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(" "))
            }
            NodeValue::Other(name) => (*name).to_owned(),
        }
    }

    /// Returns what kind of value it is, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            NodeValue::Text(_) => "a text",
            NodeValue::Integer(_) => "a whole number",
            NodeValue::Float(_) => "a number",
            NodeValue::Bool(_) => "true or false",
            NodeValue::List(_) => "a list",
            NodeValue::Table(_) => "a table",
            NodeValue::Other(name) => name,
        }
    }
}

/// Returns the table of a TOML text, and what TOML itself finds wrong, with lines.
pub(crate) fn from_toml(text: &str) -> (Table, Vec<(usize, String)>) {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let errors = errors.into_iter().map(|error| {
        let line = error.span().map_or(0, |span| lines.line(span));
        (line, error.message().replace('\n', "; "))
    });
    let errors = errors.collect();
    (lines.table(table.get_ref()), errors)
}

/// Returns the table of a JSON object.
pub(crate) fn from_json(object: &serde_json::Map<String, serde_json::Value>) -> Table {
    object.iter().map(|(name, value)| (Key { name: name.clone(), line: 0 }, json(value))).collect()
}

fn json(value: &serde_json::Value) -> Node {
    use serde_json::Value;
    let value = match value {
        Value::Null => NodeValue::Other("null"),
        Value::Bool(on) => NodeValue::Bool(*on),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => NodeValue::Integer(integer),
            (None, Some(float)) => NodeValue::Float(float),
            (None, None) => NodeValue::Other("a number beyond measure"),
        },
        Value::String(text) => NodeValue::Text(text.clone()),
        Value::Array(list) => NodeValue::List(list.iter().map(json).collect()),
        Value::Object(object) => NodeValue::Table(from_json(object)),
    };
    Node { line: 0, value }
}

/// Returns the value that a word stands for: a number and `true` are what they look like.
pub(crate) fn from_word(text: &str) -> Node {
    let hexadecimal = text.strip_prefix("0x").and_then(|digits| i64::from_str_radix(digits, 16).ok());
    let value = if let Some(number) = text.parse().ok().or(hexadecimal) {
        NodeValue::Integer(number)
    } else if let Some(number) = text.parse().ok().filter(|number: &f64| number.is_finite()) {
        NodeValue::Float(number)
    } else {
        match text {
            "true" | "on" | "yes" => NodeValue::Bool(true),
            "false" | "off" | "no" => NodeValue::Bool(false),
            _ => NodeValue::Text(text.to_owned()),
        }
    };
    Node { line: 0, value }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(place, _)| place + 1);
        Self(std::iter::once(0).chain(ends).collect())
    }

    fn line(&self, span: Range<usize>) -> usize {
        self.0.partition_point(|start| *start <= span.start)
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        let mut pairs: Vec<_> = table.iter().collect();
        // TOML sorts its keys.
        pairs.sort_by_key(|(key, _)| key.span().start);
        let pair = |(key, value): (&toml::Spanned<toml::de::DeString<'_>>, &toml::Spanned<DeValue<'_>>)| {
            let key = Key { name: key.get_ref().to_string(), line: self.line(key.span()) };
            (key, self.node(value))
        };
        pairs.into_iter().map(pair).collect()
    }

    fn node(&self, value: &toml::Spanned<DeValue<'_>>) -> Node {
        let line = self.line(value.span());
        let value = match value.get_ref() {
            DeValue::String(text) => NodeValue::Text(text.to_string()),
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                match i64::from_str_radix(digits.trim_start_matches('+'), number.radix()) {
                    Ok(number) => NodeValue::Integer(number),
                    Err(_) => NodeValue::Other("a whole number beyond 64 bits"),
                }
            }
            DeValue::Float(number) => match number.as_str().replace('_', "").parse() {
                Ok(number) => NodeValue::Float(number),
                Err(_) => NodeValue::Other("a number beyond measure"),
            },
            DeValue::Boolean(on) => NodeValue::Bool(*on),
            DeValue::Datetime(at) => NodeValue::Text(at.to_string().replace('T', " ")),
            DeValue::Array(list) => NodeValue::List(list.iter().map(|value| self.node(value)).collect()),
            DeValue::Table(table) => NodeValue::Table(self.table(table)),
        };
        Node { line, value }
    }
}
