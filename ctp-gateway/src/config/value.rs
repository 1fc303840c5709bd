//! A value of a configuration as it came, whatever it was written in, and where it stood.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Place, SecretSource};

/// A value and where it stood.
#[derive(Clone, PartialEq)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Option<Place>,
}

/// A value. It has no `Debug`, as it may be a secret.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Bool(bool),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    /// Something that no key takes, by its name.
    Other(&'static str),
}

impl Node {
    pub(super) fn new(value: Value) -> Self {
        Self { value, place: None }
    }

    /// Forgets where it stood, and everything in it.
    pub(super) fn forget_place(&mut self) {
        self.place = None;
        match &mut self.value {
            Value::List(nodes) => nodes.iter_mut().for_each(Self::forget_place),
            Value::Table(entries) => entries.iter_mut().for_each(|(_, node)| node.forget_place()),
            _ => {}
        }
    }

    /// Returns what kind of value it is; never the value, which may be a secret.
    fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a text",
            Value::Integer(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(kind) => kind,
        }
    }

    fn wanted<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("is {}; give {what}", self.kind()))
    }

    /// Variables of the environment have nothing but texts.
    fn variable(&self) -> Option<&str> {
        match (&self.value, &self.place) {
            (Value::Text(text), Some(Place::Environment { .. })) => Some(text),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Result<String, String> {
        match &self.value {
            Value::Text(text) => Ok(text.clone()),
            Value::Integer(_) => Err("is a number; put it in quotes".to_owned()),
            _ => self.wanted("a text in quotes"),
        }
    }

    pub(super) fn bool(&self) -> Result<bool, String> {
        match (&self.value, self.variable()) {
            (Value::Bool(value), _) => Ok(*value),
            (_, Some("true" | "1" | "yes" | "on")) => Ok(true),
            (_, Some("false" | "0" | "no" | "off")) => Ok(false),
            (_, Some(_)) => Err("is neither true nor false; give one of them".to_owned()),
            _ => self.wanted("true or false"),
        }
    }

    pub(super) fn integer(&self) -> Result<i64, String> {
        match (&self.value, self.variable()) {
            (Value::Integer(value), _) => Ok(*value),
            (_, Some(text)) => text.trim().parse().map_err(|_| "is no whole number; give one".to_owned()),
            (Value::Text(_), _) => Err("is a text; give a whole number without quotes".to_owned()),
            _ => self.wanted("a whole number"),
        }
    }

    /// Returns texts: a list, a single one, or from the environment one with commas.
    pub(super) fn texts(&self) -> Result<Vec<String>, String> {
        let several = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        match &self.value {
            Value::Text(text) if self.variable().is_some() => Ok(several(text)),
            Value::Text(text) if text.is_empty() => Ok(Vec::new()),
            Value::Text(text) => Ok(vec![text.clone()]),
            Value::List(nodes) => {
                let text = |node: &Node| node.text().map_err(|why| format!("has an entry that {why}"));
                nodes.iter().map(text).collect()
            }
            _ => self.wanted("a list of texts in quotes"),
        }
    }

    /// Returns a path; one of a file counts from the file's folder.
    pub(super) fn path(&self, folder: Option<&Path>) -> Result<PathBuf, String> {
        let path = PathBuf::from(self.text()?);
        match (folder, &self.place) {
            (Some(folder), Some(Place::File { .. })) if !path.as_os_str().is_empty() => Ok(folder.join(path)),
            _ => Ok(path),
        }
    }

    /// Returns the only entry of a table.
    pub(super) fn only_entry(&self) -> Option<(&str, &Node)> {
        match &self.value {
            Value::Table(entries) if entries.len() == 1 => {
                entries.first().map(|(key, node)| (key.as_str(), node))
            }
            _ => None,
        }
    }

    pub(super) fn secret(&self, folder: Option<&Path>) -> Result<SecretSource, String> {
        const FIX: &str =
            r#"give a text in quotes, { env = "NAME" }, { file = "PATH" } or { keyring = "NAME" }"#;
        if let Value::Text(text) = &self.value {
            return Ok(SecretSource::literal(text.as_str()));
        }
        let place = self.only_entry().and_then(|(key, node)| match (key, node.text()) {
            ("env", Ok(name)) if !name.is_empty() => Some(SecretSource::environment(name)),
            ("keyring", Ok(name)) if !name.is_empty() => Some(SecretSource::keyring(name)),
            ("file", Ok(path)) if !path.is_empty() => node.path(folder).ok().map(SecretSource::file),
            _ => None,
        });
        match (place, &self.value) {
            (Some(place), _) => Ok(place),
            (None, Value::Table(_)) => Err(format!("is no secret's place; {FIX}")),
            (None, Value::Integer(_)) => Err("is a number; put it in quotes".to_owned()),
            _ => Err(format!("is {}; {FIX}", self.kind())),
        }
    }

    /// Returns the value as JSON, for what reads itself by serde. Texts of the environment become what they look like.
    pub(super) fn json(&self) -> serde_json::Value {
        match &self.value {
            Value::Text(text) if self.variable().is_some() => match (self.bool(), self.integer()) {
                (_, Ok(number)) => number.into(),
                (Ok(value), _) => value.into(),
                _ => text.as_str().into(),
            },
            Value::Text(text) => text.as_str().into(),
            Value::Integer(number) => (*number).into(),
            Value::Bool(value) => (*value).into(),
            Value::List(nodes) => nodes.iter().map(Self::json).collect(),
            Value::Table(entries) => entries.iter().map(|(key, node)| (key.clone(), node.json())).collect(),
            Value::Other(_) => serde_json::Value::Null,
        }
    }
}

/// Takes anything: whether it is what a key takes is said later, of all keys at once.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything).map(Self::new)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Other("a number beyond all measure"), Value::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other("a number with a fraction"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Value, E> {
        Ok(Value::Other("a row of bytes"))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other("null"))
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Other("null"))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Table(entries))
    }
}
