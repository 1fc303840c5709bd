//! The configuration file `sim.toml`: every problem of it is found in one go.

use std::path::{Path, PathBuf};

use ctp_sim::Timestamp;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::options::{Given, GivenOptions, TimeKind, check_setting, check_speed};
use super::problem::{OptionsError, Origin, Problem, nearest};
use crate::address::Speed;
use crate::command::check_line;

/// The longest file, in bytes.
const LENGTH_MAX: u64 = 1 << 20;

/// One key of the file.
#[derive(Clone, Copy)]
pub struct FileKey {
    /// Its name.
    pub name: &'static str,
    /// What it takes, for people.
    pub takes: &'static str,
    /// What it means, for people.
    pub meaning: &'static str,
    read: fn(&mut Reader<'_>, &Spanned<DeValue<'_>>) -> Result<(), Wrong>,
}

/// What a value is not.
enum Wrong {
    /// Of the type that the key takes.
    Type,
    /// Usable: what and fix.
    Value(String, String),
}

/// Every key.
const KEYS: &[FileKey] = &[
    row(
        "listen",
        "an address such as `\"127.0.0.1:17001\"`",
        "One port for market data, trading and control; port 0 takes a free one",
        |reader, value| {
            reader.options.listen = Some(reader.text(value)?);
            Ok(())
        },
    ),
    row(
        "md_listen",
        "an address",
        "With `td_listen` instead of `listen`: the port for market data",
        |reader, value| {
            reader.options.md_listen = Some(reader.text(value)?);
            Ok(())
        },
    ),
    row(
        "td_listen",
        "an address",
        "With `md_listen` instead of `listen`: the port for trading",
        |reader, value| {
            reader.options.td_listen = Some(reader.text(value)?);
            Ok(())
        },
    ),
    row(
        "name",
        "1 to 64 letters, digits, `-`, `_` or `.`",
        "The exchange's name, `served` by default",
        |reader, value| {
            reader.options.name = Some(reader.text(value)?);
            Ok(())
        },
    ),
    row(
        "clock",
        "`\"real\"`, `\"virtual\"` or `\"manual\"`",
        "What drives its time: the machine's clock, one of its own, or `advance` of the control interface",
        |reader, value| {
            let clock = match string(value)? {
                "real" => TimeKind::Real,
                "virtual" => TimeKind::Virtual,
                "manual" => TimeKind::Manual,
                other => {
                    return Err(value_wrong("clock", other, "write \"real\", \"virtual\" or \"manual\""));
                }
            };
            reader.options.clock = Some(reader.given(value, clock));
            Ok(())
        },
    ),
    row(
        "speed",
        "a number above 0, at most 1000, or `\"max\"`",
        "Seconds of a virtual clock per second",
        |reader, value| {
            let speed = match value.get_ref() {
                DeValue::String(text) if text == "max" => Speed::Max,
                DeValue::Integer(number) => Speed::Times(number.as_str().parse().map_err(|_| Wrong::Type)?),
                DeValue::Float(number) => Speed::Times(number.as_str().parse().map_err(|_| Wrong::Type)?),
                _ => return Err(Wrong::Type),
            };
            if let Some((what, fix)) = check_speed(speed) {
                return Err(Wrong::Value(what, fix.to_owned()));
            }
            reader.options.speed = Some(reader.given(value, speed));
            Ok(())
        },
    ),
    row(
        "start",
        "a time in China such as `2026-11-23T10:00:00`",
        "When a virtual or manual clock starts",
        |reader, value| {
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Datetime(time) => time.to_string(),
                _ => return Err(Wrong::Type),
            };
            let fix = "write a time in China such as 2026-11-23T10:00:00";
            let start = Timestamp::from_china(&text).ok_or_else(|| value_wrong("start", &text, fix))?;
            reader.options.start = Some(reader.given(value, start));
            Ok(())
        },
    ),
    row("replay", "a path", "A recording of ticks in CSV to play: see simulator.md", |reader, value| {
        reader.options.replay = Some(reader.path(value)?);
        Ok(())
    }),
    row("store", "a path", "The file that keeps the trading day: see store.md", |reader, value| {
        reader.options.store = Some(reader.path(value)?);
        Ok(())
    }),
    row("faults", "a list of paths", "Fault plans: see faults.md", |reader, value| {
        let DeValue::Array(plans) = value.get_ref() else { return Err(Wrong::Type) };
        for plan in plans.iter() {
            let plan = reader.path(plan)?;
            reader.options.faults.push(plan);
        }
        Ok(())
    }),
    row(
        "allow_remote",
        "`true` or `false`",
        "Whether it may listen at an address that other machines reach; that needs a token",
        |reader, value| {
            let DeValue::Boolean(allowed) = value.get_ref() else { return Err(Wrong::Type) };
            reader.options.allow_remote = Some(reader.given(value, *allowed));
            Ok(())
        },
    ),
    row(
        "token_file",
        "a path",
        "A file with 16 to 256 bytes that every client must give as `CTP_SIM_TOKEN`",
        |reader, value| {
            reader.options.token_file = Some(reader.path(value)?);
            Ok(())
        },
    ),
    row(
        "clients",
        "a whole number from 1 to 65536",
        "Connections at a time, 512 by default",
        |reader, value| {
            let DeValue::Integer(number) = value.get_ref() else { return Err(Wrong::Type) };
            let number = number.as_str().parse().ok().filter(|number| (1..=65_536).contains(number));
            reader.options.clients = Some(reader.given(value, number.ok_or(Wrong::Type)?));
            Ok(())
        },
    ),
    row(
        "settings",
        "a table",
        "Settings and switches of the exchange: what `ctp sim settings` and `ctp sim switches` list",
        |reader, value| {
            let DeValue::Table(settings) = value.get_ref() else { return Err(Wrong::Type) };
            let mut settings: Vec<_> = settings.iter().collect();
            // In the order of the file: `latency` goes over a delay before it.
            settings.sort_by_key(|(key, _)| key.span().start);
            for (key, value) in settings {
                reader.setting(key, value);
            }
            Ok(())
        },
    ),
    row(
        "commands",
        "a list of tables",
        "What is done at the start, each a request of the control interface such as `{ text = \"deposit one amount=5000\" }`",
        |reader, value| {
            let DeValue::Array(commands) = value.get_ref() else { return Err(Wrong::Type) };
            for command in commands.iter() {
                let DeValue::Table(fields) = command.get_ref() else { return Err(Wrong::Type) };
                let mut request = object(fields);
                let operation = ["text", "command"].iter().any(|field| request.contains_key(*field));
                match request.get("op") {
                    None if operation => drop(request.insert("op".to_owned(), "command".into())),
                    None => {
                        let what = "a command without op, text or command".to_owned();
                        return Err(Wrong::Value(
                            what,
                            "write text = \"deposit one amount=5000\"".to_owned(),
                        ));
                    }
                    Some(_) => {}
                }
                let text =
                    request.get("text").filter(|_| request.get("op").is_some_and(|op| op == "command"));
                if let Some(Err(error)) = text.and_then(Value::as_str).map(check_line) {
                    let fix = "docs/scenarios.md lists the commands with their fields";
                    reader.tell(command.span().start, error.to_string(), fix);
                }
                let command = reader.given(command, request);
                reader.options.commands.push(command);
            }
            Ok(())
        },
    ),
];

const fn row(
    name: &'static str,
    takes: &'static str,
    meaning: &'static str,
    read: fn(&mut Reader<'_>, &Spanned<DeValue<'_>>) -> Result<(), Wrong>,
) -> FileKey {
    FileKey { name, takes, meaning, read }
}

impl FileKey {
    /// Every key of the file.
    pub const ALL: &'static [Self] = KEYS;
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.takes)
    }
}

/// Reads a configuration file. Its paths are relative to its folder.
///
/// # Errors
///
/// Returns every problem of the file at once, each with its line and fix.
pub fn read_file(path: &Path) -> Result<GivenOptions, OptionsError> {
    let unreadable = |cause: String| {
        let fix = "name a readable file in TOML".to_owned();
        let what = format!("cannot read {}: {cause}", path.display());
        let problem = Problem { origin: Origin::Option("--config"), what, fix };
        OptionsError { path: Some(path.to_owned()), problems: vec![problem] }
    };
    let length = std::fs::metadata(path).map_err(|cause| unreadable(cause.to_string()))?.len();
    if length > LENGTH_MAX {
        return Err(unreadable(format!("it has {length} bytes, more than {LENGTH_MAX}")));
    }
    let text = std::fs::read_to_string(path).map_err(|cause| unreadable(cause.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    read_text(&text, folder).map_err(|problems| OptionsError::new(Some(path), problems))
}

/// Reads the text of a configuration file whose paths are relative to `folder`.
fn read_text(text: &str, folder: &Path) -> Result<GivenOptions, Vec<Problem>> {
    let mut reader = Reader { text, folder, options: GivenOptions::default(), problems: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut broken = Vec::new();
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        broken.push(reader.origin(at));
        reader.tell(at, format!("this is no TOML: {}", error.message().trim()), "correct the line");
    }
    // A text that is no TOML may have lost its keys: what is left of them is still checked.
    for (key, value) in table.get_ref() {
        if !broken.contains(&reader.origin(key.span().start)) {
            reader.key(key, value);
        }
    }
    if reader.problems.is_empty() { Ok(reader.options) } else { Err(reader.problems) }
}

struct Reader<'a> {
    text: &'a str,
    folder: &'a Path,
    options: GivenOptions,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn key(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let (name, at) = (key.get_ref().as_ref(), key.span().start);
        let Some(found) = KEYS.iter().find(|row| row.name == name) else {
            let fix = match nearest(name, KEYS.iter().map(|row| row.name)) {
                Some(near) => format!("write {near}"),
                None if check_setting(name, "").is_err_and(|(what, _)| !what.starts_with("there is no")) => {
                    "it is a setting: write it below [settings]".to_owned()
                }
                None => {
                    format!("known are {}", KEYS.iter().map(|row| row.name).collect::<Vec<_>>().join(", "))
                }
            };
            return self.tell(at, format!("there is no key {name:?}"), fix);
        };
        match (found.read)(self, value) {
            Ok(()) => {}
            Err(Wrong::Type) => {
                let what = format!("{name} does not take {}", shown(value.get_ref()));
                self.tell(value.span().start, what, format!("write {}", found.takes.replace('`', "")));
            }
            Err(Wrong::Value(what, fix)) => self.tell(value.span().start, what, fix),
        }
    }

    fn setting(&mut self, key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let (name, at) = (key.get_ref().as_ref(), key.span().start);
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(on) => if *on { "on" } else { "off" }.to_owned(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Datetime(time) => time.to_string(),
            other => {
                let what = format!("{name} does not take {}", shown(other));
                return self.tell(at, what, "write a text, a number, true or false");
            }
        };
        match check_setting(name, &text) {
            Ok(()) => {
                let origin = self.origin(at);
                let value = (name.replace('-', "_"), text);
                self.options.settings.push(Given { value, origin });
            }
            Err((what, fix)) => self.tell(at, what, fix),
        }
    }

    fn tell(&mut self, at: usize, what: impl Into<String>, fix: impl Into<String>) {
        let origin = self.origin(at);
        self.problems.push(Problem { origin, what: what.into(), fix: fix.into() });
    }

    fn origin(&self, at: usize) -> Origin {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        Origin::Line(1 + before.iter().filter(|byte| **byte == b'\n').count())
    }

    fn given<T>(&self, at: &Spanned<DeValue<'_>>, value: T) -> Given<T> {
        Given { value, origin: self.origin(at.span().start) }
    }

    fn text(&self, value: &Spanned<DeValue<'_>>) -> Result<Given<String>, Wrong> {
        Ok(self.given(value, string(value)?.to_owned()))
    }

    fn path(&self, value: &Spanned<DeValue<'_>>) -> Result<Given<PathBuf>, Wrong> {
        match string(value)? {
            "" => Err(Wrong::Type),
            path => Ok(self.given(value, self.folder.join(path))),
        }
    }
}

fn string<'a>(value: &'a Spanned<DeValue<'_>>) -> Result<&'a str, Wrong> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text),
        _ => Err(Wrong::Type),
    }
}

fn value_wrong(key: &str, value: &str, fix: &str) -> Wrong {
    Wrong::Value(format!("{key} does not take {value:?}"), fix.to_owned())
}

/// Names a value for people.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Turns a table into JSON.
fn object(table: &DeTable<'_>) -> Map<String, Value> {
    let mut fields: Vec<_> = table.iter().collect();
    fields.sort_by_key(|(key, _)| key.span().start);
    fields.into_iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect()
}

fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(on) => Value::Bool(*on),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => number.into(),
            Err(_) => Value::String(number.to_string()),
        },
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Array(values) => values.iter().map(|value| json(value.get_ref())).collect(),
        DeValue::Table(fields) => Value::Object(object(fields)),
    }
}

#[cfg(test)]
mod tests;
