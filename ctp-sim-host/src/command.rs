//! Commands from text: `disconnect session=one reason=0x1001`, or `disconnect one 0x1001`.
//!
//! Everything comes from the derive on [`Command`]: a variant's name in kebab case, its fields by name, and values
//! without a name as the fields in the order of their declaration. A new variant needs nothing here.

mod value;

use ctp_sim::Command;
use serde::Deserialize;
use serde::de::value::Error;

use self::value::CommandText;

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
        .map_err(|error: Error| CommandError { command: name.to_owned(), problem: error.to_string() })
}

/// Returns what is wrong with the name of a command, before its values are known.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    match read_command(name, &[], &|_| None) {
        Err(error) if error.problem.starts_with("unknown variant") => Err(error.problem),
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
