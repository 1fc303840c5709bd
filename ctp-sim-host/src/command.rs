//! Commands from text: `disconnect session=one reason=0x1001`, or `disconnect one 0x1001`.
//!
//! Everything comes from the derive on [`Command`]: a variant's name in kebab case, its fields by name, and values
//! without a name as the fields in the order of their declaration. A new variant needs nothing here.

mod value;

use ctp_sim::Command;
use serde::Deserialize;
use serde::de::value::Error;

use self::value::CommandText;
use crate::scenario::words::{self, Operator, Word};

/// One value of a command: with the name of its field, or by its place.
pub type Argument = (Option<String>, String);

/// Why a text is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("command {command:?}: {problem}")]
pub struct CommandError {
    /// The command as given.
    pub command: String,
    /// What is wrong, with what is allowed.
    pub problem: String,
}

/// Reads a command. `session` turns the name of a client into the number of its session.
///
/// # Errors
///
/// Returns an error when there is no such command, a field is missing, unknown or given twice, or a value is not of
/// the field's type.
pub fn read_command(
    name: &str,
    arguments: &[Argument],
    session: &dyn Fn(&str) -> Option<u64>,
) -> Result<Command, CommandError> {
    Command::deserialize(CommandText { name, arguments, session })
        .map_err(|error: Error| CommandError { command: name.to_owned(), problem: shown(&error.to_string()) })
}

/// Says what is wrong as a fix.
fn shown(problem: &str) -> String {
    match problem.strip_prefix("missing field ").map(|field| field.trim_matches('`')) {
        Some(field) => format!("{field} is missing: add {field}=VALUE"),
        None => problem.replacen("unknown variant", "no such command", 1).replace('`', ""),
    }
}

/// Splits a line into the name of a command and its values, as scenarios write them.
///
/// # Errors
///
/// Returns an error when the line is empty or a quote is not closed.
pub fn read_line(line: &str) -> Result<(String, Vec<Argument>), CommandError> {
    let bad = |problem: &str| CommandError { command: line.to_owned(), problem: problem.to_owned() };
    let words = words::split(line).map_err(|problem| bad(&problem.to_string()))?;
    let Some((name, rest)) = words.split_first() else {
        return Err(bad("write the name of a command"));
    };
    let argument = |word: &Word| match word.pair() {
        Some((key, Operator::Equal, value)) => (Some(key.to_owned()), value.text),
        _ => (None, word.text.clone()),
    };
    Ok((name.text.clone(), rest.iter().map(argument).collect()))
}

/// Writes a command so that [`read_line`] reads it back.
pub fn write_line(name: &str, arguments: &[Argument]) -> String {
    let mut line = words::quote(name);
    for (key, value) in arguments {
        line.push(' ');
        match key {
            Some(key) => line.push_str(&format!("{key}={}", words::quote(value))),
            None => line.push_str(&words::always_quoted(value)),
        }
    }
    line
}

/// Checks a line whose sessions are not there yet.
#[cfg(feature = "serve")]
pub(crate) fn check_line(line: &str) -> Result<(), CommandError> {
    let (name, arguments) = read_line(line)?;
    if crate::fault::words::NAMES.contains(&name.as_str()) {
        return Ok(());
    }
    read_command(&name, &arguments, &|_| Some(0)).map(drop)
}

/// Returns what is wrong with the name of a command, before its values are known.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    if crate::fault::words::NAMES.contains(&name) {
        return Ok(());
    }
    match read_command(name, &[], &|_| None) {
        Err(error) if error.problem.starts_with("no such command") => Err(error.problem),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, arguments: &[(Option<&str>, &str)]) -> Result<String, String> {
        let arguments: Vec<Argument> =
            arguments.iter().map(|(key, value)| (key.map(str::to_owned), (*value).to_owned())).collect();
        let session = |name: &str| (name == "one").then_some(7);
        read_command(name, &arguments, &session)
            .map(|command| format!("{command:?}"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn values_go_by_name_or_place() {
        let expected = Ok("Disconnect { session: SessionId(7), reason: 4097 }".to_owned());
        assert_eq!(read("disconnect", &[(Some("session"), "7"), (Some("reason"), "4097")]), expected);
        assert_eq!(read("disconnect", &[(None, "one"), (None, "0x1001")]), expected);
        assert_eq!(read("disconnect", &[(Some("reason"), "4097"), (None, "one")]), expected);
    }

    #[test]
    fn lines_are_read_back() {
        let arguments = vec![
            (None, "a=b".to_owned()),
            (Some("key".to_owned()), "x \"y\" #".to_owned()),
            (None, String::new()),
            (Some("n".to_owned()), "1".to_owned()),
        ];
        let line = write_line("name", &arguments);
        assert_eq!(read_line(&line), Ok(("name".to_owned(), arguments)), "{line}");
        assert!(read_line("").is_err() && read_line("a \"").is_err());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, arguments, named) in [
            ("explode", &[][..], "disconnect"),
            ("disconnect", &[(None, "one")], "reason"),
            ("disconnect", &[(None, "nobody"), (None, "1")], "nobody"),
            ("disconnect", &[(None, "one"), (None, "many")], "many"),
            ("disconnect", &[(None, "one"), (None, "1"), (None, "2")], "2"),
            ("disconnect", &[(None, "one"), (None, "1"), (Some("colour"), "red")], "colour"),
            ("disconnect", &[(Some("session"), "1"), (Some("session"), "1"), (None, "2")], "session"),
        ] {
            let error = read(name, arguments).expect_err(name);
            assert!(error.contains(named) && error.contains(name), "{error}");
        }
    }
}
