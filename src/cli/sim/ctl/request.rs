//! A request from the words of a command line.

use ctp_sim_host::control::{ArgumentKind, Operation};
use serde_json::{Map, Value};

use super::{looks, served};

/// Why words are no request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    /// There is no such operation.
    #[error("operation {name:?} is not known; write one of {known}")]
    Operation { name: String, known: String },
    /// A word is no argument.
    #[error("{word:?} is no argument of {operation}: write KEY=VALUE")]
    Word { operation: &'static str, word: String },
    /// The operation takes no such argument.
    #[error("{operation} takes no {key:?}; it takes {known}")]
    Key { operation: &'static str, key: String, known: String },
    /// An argument is there twice.
    #[error("{operation}: {key} is given twice")]
    Twice { operation: &'static str, key: String },
    /// An argument is missing.
    #[error("{operation} needs {key}=…: {takes}")]
    Missing { operation: &'static str, key: &'static str, takes: &'static str },
    /// A value is of another kind.
    #[error("{operation}: {key}={value:?} is not {expected}")]
    Value { operation: &'static str, key: String, value: String, expected: &'static str },
}

/// Reads an operation and its arguments.
pub(super) fn read(name: &str, words: &[String]) -> Result<Map<String, Value>, RequestError> {
    let operation =
        served().find(|operation| operation.name == name).ok_or_else(|| RequestError::Operation {
            name: name.to_owned(),
            known: served().map(|operation| operation.name).collect::<Vec<_>>().join(", "),
        })?;
    let mut request = Map::from_iter([("op".to_owned(), Value::from(operation.name))]);
    if operation.name == "command" && !words.iter().any(|word| word.starts_with("text=")) {
        // The words of the command itself, quoted again where the shell took the quotes.
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        if words.is_empty() {
            let key = "text";
            return Err(RequestError::Missing {
                operation: "command",
                key,
                takes: "a command and its fields",
            });
        }
        request.insert("text".to_owned(), words.join(" ").into());
        return Ok(request);
    }
    for word in words {
        let Some((key, value)) = word.split_once('=') else {
            return Err(RequestError::Word { operation: operation.name, word: word.clone() });
        };
        let value = read_value(operation, key, value)?;
        if request.insert(key.to_owned(), value).is_some() {
            return Err(RequestError::Twice { operation: operation.name, key: key.to_owned() });
        }
    }
    for argument in operation.arguments.iter().filter(|argument| argument.needed) {
        if !request.contains_key(argument.name) {
            let (key, takes) = (argument.name, argument.takes);
            return Err(RequestError::Missing { operation: operation.name, key, takes });
        }
    }
    Ok(request)
}

fn read_value(operation: &'static Operation, key: &str, value: &str) -> Result<Value, RequestError> {
    let argument = operation.arguments.iter().find(|argument| argument.name == key);
    let argument = argument.ok_or_else(|| {
        let known: Vec<&str> = operation.arguments.iter().map(|argument| argument.name).collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        RequestError::Key { operation: operation.name, key: key.to_owned(), known }
    })?;
    let read = match argument.kind {
        ArgumentKind::Text => Some(Value::from(value)),
        ArgumentKind::Number => number(value),
        ArgumentKind::Switch => match value {
            "true" | "on" | "yes" | "1" => Some(Value::Bool(true)),
            "false" | "off" | "no" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => serde_json::from_str(value).ok().filter(|value: &Value| value.is_object() || value.is_array()),
    };
    read.ok_or_else(|| RequestError::Value {
        operation: operation.name,
        key: key.to_owned(),
        value: value.to_owned(),
        expected: looks(argument.kind),
    })
}

fn number(value: &str) -> Option<Value> {
    if let Some(digits) = value.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok().map(Value::from);
    }
    serde_json::from_str::<Value>(value).ok().filter(Value::is_number)
}

/// Returns a word as scenarios write it: `key="a value"` where there is a blank in it.
fn quoted(word: &str) -> String {
    let is_plain = |text: &str| !text.is_empty() && !text.contains([' ', '\t', '#', '"']);
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    match word.split_once('=') {
        _ if is_plain(word) => word.to_owned(),
        Some((key, value)) if is_plain(key) => format!("{key}={}", quote(value)),
        _ => quote(word),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(line: &str) -> (String, Vec<String>) {
        let mut words = line.split(' ').map(str::to_owned);
        (words.next().unwrap_or_default(), words.collect())
    }

    #[test]
    fn every_example_is_a_request() {
        for operation in served() {
            let arguments: Vec<String> = match operation.example.split_once("=\"") {
                Some((key, value)) => vec![format!("{key}={}", value.trim_end_matches('"'))],
                None => {
                    operation.example.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
                }
            };
            let request = read(operation.name, &arguments).expect(operation.name);
            assert_eq!(request["op"], operation.name);
        }
    }

    #[test]
    fn values_become_what_the_argument_is() {
        for (line, expected) in [
            (
                "disconnect session=1 reason=0x1001",
                json!({ "op": "disconnect", "session": 1, "reason": 4097 }),
            ),
            (
                "orders investor=146571 live=true",
                json!({ "op": "orders", "investor": "146571", "live": true }),
            ),
            ("speed speed=0.5", json!({ "op": "speed", "speed": 0.5 })),
            (
                "command deposit 146571 amount=5",
                json!({ "op": "command", "text": "deposit 146571 amount=5" }),
            ),
        ] {
            let (name, words) = words(line);
            assert_eq!(Value::Object(read(&name, &words).expect(line)), expected);
        }
        let notice = ["trading-notice", "content=a b \"c\""].map(str::to_owned);
        let request = read("command", &notice).expect("a command");
        assert_eq!(request["text"], r#"trading-notice content="a b \"c\"""#);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, named) in [
            ("explode", "sessions"),
            ("start exchange=x", "not known"),
            ("disconnect", "session"),
            ("disconnect 1", "KEY=VALUE"),
            ("disconnect session=one", "a number"),
            ("disconnect session=1 session=2", "twice"),
            ("orders colour=red", "investor"),
            ("orders live=maybe", "true or false"),
            ("pause now=1", "nothing"),
            ("command", "text"),
        ] {
            let (name, words) = words(line);
            let error = read(&name, &words).expect_err(line).to_string();
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}
