//! The exchange as a server: separate programs trade on one exchange by `tcp://HOST:PORT`.

mod file;
mod options;
mod problem;
mod token;

pub use file::{FileKey, read_file};
pub use options::{CLIENTS_MAX, Given, GivenOptions, LISTEN, Listen, NAME, ServeOptions, TimeKind};
pub use problem::{OptionsError, Origin, Problem};
pub use token::{TOKEN_LENGTH_MAX, TOKEN_LENGTH_MIN, Token};
