//! What things mean: one English sentence and the term of the trade per C name (`ctp-gen/overlay/docs/`).

use std::collections::HashMap;

use serde::Deserialize;

use super::read;

/// Sentences by C name. A missing one is allowed: the emitted doc comment is then the C name alone.
#[derive(Clone, Debug, Default)]
pub struct Docs {
    records: HashMap<String, String>,
    fields: Fields,
    typedefs: HashMap<String, String>,
    values: HashMap<String, String>,
    methods: HashMap<String, String>,
}

/// Sentences of fields whose type alone says too little.
#[derive(Clone, Debug, Default, Deserialize)]
struct Fields {
    /// By field name, in whatever record it stands.
    #[serde(default)]
    any: HashMap<String, String>,
    /// By record, then field name.
    #[serde(flatten)]
    records: HashMap<String, HashMap<String, String>>,
}

impl Docs {
    /// Reads the files' texts.
    ///
    /// # Errors
    ///
    /// Returns the file's name and what is wrong in it.
    pub fn from_toml(
        records: &str,
        fields: &str,
        typedefs: &str,
        values: &str,
        methods: &str,
    ) -> Result<Self, String> {
        Ok(Self {
            records: read("docs/records.toml", records)?,
            fields: read("docs/fields.toml", fields)?,
            typedefs: read("docs/typedefs.toml", typedefs)?,
            values: read("docs/values.toml", values)?,
            methods: read("docs/methods.toml", methods)?,
        })
    }

    pub(super) fn committed() -> Result<Self, String> {
        Self::from_toml(
            include_str!("../../overlay/docs/records.toml"),
            include_str!("../../overlay/docs/fields.toml"),
            include_str!("../../overlay/docs/typedefs.toml"),
            include_str!("../../overlay/docs/values.toml"),
            include_str!("../../overlay/docs/methods.toml"),
        )
    }

    /// Returns the sentence of the record `c_name`.
    pub fn record(&self, c_name: &str) -> Option<&str> {
        self.records.get(c_name).map(String::as_str)
    }

    /// Returns the sentence of a field: its own, else that of its name, else that of its type.
    pub fn field(&self, record: &str, field: &str, typedef: &str) -> Option<&str> {
        let own = self.fields.records.get(record).and_then(|fields| fields.get(field));
        own.or_else(|| self.fields.any.get(field)).or_else(|| self.typedefs.get(typedef)).map(String::as_str)
    }

    /// Returns the sentence of the typedef `c_name`.
    pub fn typedef(&self, c_name: &str) -> Option<&str> {
        self.typedefs.get(c_name).map(String::as_str)
    }

    /// Returns the sentence of the constant `c_name`.
    pub fn value(&self, c_name: &str) -> Option<&str> {
        self.values.get(c_name).map(String::as_str)
    }

    /// Returns the sentence of the method `c_name`, whichever class has it.
    pub fn method(&self, c_name: &str) -> Option<&str> {
        self.methods.get(c_name).map(String::as_str)
    }
}

/// Puts a sentence, where there is one, before the rest of a doc comment.
pub(crate) fn before(sentence: Option<&str>, rest: String) -> String {
    match sentence {
        Some(sentence) => format!("{sentence} {rest}"),
        None => rest,
    }
}

#[cfg(test)]
mod tests;
