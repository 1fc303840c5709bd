//! The model as text: JSON with one line per field, method and constant, so that a vendor upgrade
//! is reviewed as a diff.

use serde::Serialize;
use serde_json::Value;

use super::Api;

impl Api {
    /// Returns the model as text, ending in a newline.
    pub fn to_json(&self) -> String {
        let mut text = String::from("{\n");
        text.push_str(&format!("\"family\": {},\n", inline(&self.family)));
        text.push_str(&format!("\"version\": {},\n", inline(&self.version)));
        text.push_str(&format!("\"encoding\": {},\n", inline(&self.encoding)));
        if let Some(namespace) = &self.namespace {
            text.push_str(&format!("\"namespace\": {},\n", inline(namespace)));
        }
        rows(&mut text, "sources", &self.sources);
        rows(&mut text, "typedefs", &self.typedefs);
        groups(&mut text, "enumerations", &self.enumerations, |enumeration| {
            (
                format!("\"typedef\": {}", inline(&enumeration.typedef)),
                vec![("constants", lines(&enumeration.constants))],
            )
        });
        rows(&mut text, "plain_enums", &self.plain_enums);
        groups(&mut text, "records", &self.records, |record| {
            let head = format!("\"name\": {}, \"size\": {}", inline(&record.c_name), record.size);
            (head, vec![("fields", lines(&record.fields))])
        });
        groups(&mut text, "classes", &self.classes, |class| {
            let head = format!("\"name\": {}", inline(&class.c_name));
            (head, vec![("methods", lines(&class.methods)), ("statics", lines(&class.statics))])
        });
        rows(&mut text, "functions", &self.functions);
        rows(&mut text, "errors", &self.errors);
        text.truncate(text.len() - ",\n".len());
        text.push_str("\n}\n");
        text
    }

    /// Reads a model and proves that it is closed ([`Api::check`]).
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the text or the model.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let api: Self = serde_json::from_str(text).map_err(|error| format!("not an API model: {error}"))?;
        api.check()?;
        Ok(api)
    }
}

fn inline<T: Serialize>(value: &T) -> String {
    let mut text = String::new();
    spaced(&mut text, &serde_json::to_value(value).expect("model types serialize to JSON"));
    text
}

fn lines<T: Serialize>(items: &[T]) -> Vec<String> {
    items.iter().map(inline).collect()
}

fn list(text: &mut String, indent: &str, lines: &[String]) {
    for (position, line) in lines.iter().enumerate() {
        let comma = if position + 1 < lines.len() { "," } else { "" };
        text.push_str(&format!("{indent}{line}{comma}\n"));
    }
}

fn rows<T: Serialize>(text: &mut String, name: &str, items: &[T]) {
    text.push_str(&format!("\"{name}\": [\n"));
    list(text, " ", &lines(items));
    text.push_str("],\n");
}

fn groups<T>(
    text: &mut String,
    name: &str,
    items: &[T],
    parts: impl Fn(&T) -> (String, Vec<(&'static str, Vec<String>)>),
) {
    text.push_str(&format!("\"{name}\": [\n"));
    for (position, item) in items.iter().enumerate() {
        let (head, lists) = parts(item);
        text.push_str(&format!(" {{{head}"));
        for (list_name, list_lines) in lists {
            text.push_str(&format!(", \"{list_name}\": [\n"));
            list(text, "  ", &list_lines);
            text.push_str(" ]");
        }
        text.push_str(if position + 1 < items.len() { "},\n" } else { "}\n" });
    }
    text.push_str("],\n");
}

/// Writes compact JSON with a blank after `,` and `:`.
fn spaced(text: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                text.push_str(if position > 0 { ", " } else { "" });
                spaced(text, item);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (position, (name, member)) in members.iter().enumerate() {
                text.push_str(if position > 0 { ", " } else { "" });
                text.push_str(&format!("{}: ", Value::String(name.clone())));
                spaced(text, member);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}
