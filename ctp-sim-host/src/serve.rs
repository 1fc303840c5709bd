//! The exchange as a server: separate programs trade on one exchange by `tcp://HOST:PORT`.

mod connection;
mod file;
mod greet;
mod options;
mod outbox;
mod problem;
mod server;
mod stored;
mod token;
mod watch;

pub use file::{FileKey, read_file};
pub use options::check_setting;
pub use options::{CLIENTS_MAX, Given, GivenOptions, LISTEN, Listen, NAME, ServeOptions, TimeKind};
pub use problem::{OptionsError, Origin, Problem};
pub use server::{ServeError, Server};
pub use token::{TOKEN_LENGTH_MIN, Token};
pub use watch::Watch;
