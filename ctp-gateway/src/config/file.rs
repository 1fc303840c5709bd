//! Configuration files: TOML, and the JSON of VeighNa's `connect_ctp.json`.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::value::{Node, Value};
use super::{Place, Problem};

/// The most bytes that a configuration file may have.
const FILE_MAX: u64 = 1 << 20;

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Json,
}

impl Format {
    /// Files are TOML unless their name ends in `.json`.
    pub(super) fn of(path: &Path) -> Self {
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if is_json { Self::Json } else { Self::Toml }
    }
}

/// Reads a file.
///
/// # Errors
///
/// Returns why it cannot be read.
pub(super) fn read(path: &Path) -> Result<String, Problem> {
    let name = path.display().to_string();
    let problem =
        |line, why: String| Err(Problem::new("", why).at(Some(Place::File { name: name.clone(), line })));
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            return problem(None, "is a folder; name the file in it".to_owned());
        }
        // A pipe may never end.
        Ok(metadata) if !metadata.is_file() => return problem(None, "is no file; name one".to_owned()),
        Ok(metadata) => metadata,
        Err(error) => return problem(None, format!("cannot be read: {error}; check the path")),
    };
    if metadata.len() > FILE_MAX {
        return problem(
            None,
            format!("has {} bytes; a configuration has at most {FILE_MAX}", metadata.len()),
        );
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return problem(None, format!("cannot be read: {error}; check its rights")),
    };
    match String::from_utf8(bytes) {
        // Editors on Windows put a mark before the text.
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned)),
        Err(error) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            problem(Some(line), "is not UTF-8 text; save it as UTF-8 (it may be GBK)".to_owned())
        }
    }
}

/// Reads the entries of a text. What cannot be understood becomes a problem, and the rest is still read.
pub(super) fn parse(name: &str, text: &str, format: Format) -> (Vec<(String, Node)>, Vec<Problem>) {
    match format {
        Format::Toml => toml(name, text),
        Format::Json => json(name, text),
    }
}

fn toml(name: &str, text: &str) -> (Vec<(String, Node)>, Vec<Problem>) {
    let source = Source { name, text };
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for error in errors {
        let line = error.span().map(|span| source.line(span.start));
        // One slip makes a row of errors on its line; the parser's words do not quote the text.
        if !lines.contains(&line) {
            lines.push(line);
            let message = format!("cannot be understood as TOML: {}", error.message().replace('\n', ", "));
            problems.push(Problem::new("", message).at(Some(source.place(line))));
        }
    }
    (source.entries(table.get_ref()), problems)
}

struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }

    fn place(&self, line: Option<usize>) -> Place {
        Place::File { name: self.name.to_owned(), line }
    }

    fn entries(&self, table: &DeTable<'_>) -> Vec<(String, Node)> {
        let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
            let key: &toml::Spanned<std::borrow::Cow<'_, str>> = key;
            let line = self.line(key.span().start);
            (key.get_ref().to_string(), self.node(value.get_ref(), line))
        };
        let mut entries: Vec<_> = table.iter().map(entry).collect();
        entries.sort_by_key(|(_, node)| match &node.place {
            Some(Place::File { line, .. }) => *line,
            _ => None,
        });
        entries
    }

    fn node(&self, value: &DeValue<'_>, line: usize) -> Node {
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Value::Other("a number beyond all measure"), Value::Integer),
            DeValue::Float(_) => Value::Other("a number with a fraction"),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(_) => Value::Other("a time"),
            DeValue::Array(values) => {
                Value::List(values.iter().map(|value| self.node(value.get_ref(), line)).collect())
            }
            DeValue::Table(table) => Value::Table(self.entries(table)),
        };
        Node { value, place: Some(self.place(Some(line))) }
    }
}

fn json(name: &str, text: &str) -> (Vec<(String, Node)>, Vec<Problem>) {
    let source = Source { name, text };
    let problem =
        |line, message: String| (Vec::new(), vec![Problem::new("", message).at(Some(source.place(line)))]);
    match serde_json::from_str::<Node>(text) {
        Ok(Node { value: Value::Table(mut entries), .. }) => {
            place_keys(&source, &mut entries);
            (entries, Vec::new())
        }
        Ok(_) => problem(None, r#"is no JSON object; write { "broker_id": "9999", … }"#.to_owned()),
        // Its words tell what was expected and do not quote the text.
        Err(error) => problem(Some(error.line()), format!("cannot be understood as JSON: {error}")),
    }
}

/// Finds the lines of keys, which the parser does not tell: each where its text first stands as a key.
fn place_keys(source: &Source<'_>, entries: &mut [(String, Node)]) {
    for (key, node) in entries {
        let quoted = format!("\"{key}\"");
        let is_key = |at: &usize| {
            source.text.get(at + quoted.len()..).is_some_and(|rest| rest.trim_start().starts_with(':'))
        };
        let line =
            source.text.match_indices(&quoted).map(|(at, _)| at).find(is_key).map(|at| source.line(at));
        place(node, &source.place(line));
        if let Value::Table(entries) = &mut node.value {
            place_keys(source, entries);
        }
    }
}

fn place(node: &mut Node, at: &Place) {
    node.place = Some(at.clone());
    match &mut node.value {
        Value::List(nodes) => nodes.iter_mut().for_each(|node| place(node, at)),
        Value::Table(entries) => entries.iter_mut().for_each(|(_, node)| place(node, at)),
        _ => {}
    }
}
