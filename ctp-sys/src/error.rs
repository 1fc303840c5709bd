//! Errors of loading, creating, calling and closing.

use std::{io, path::PathBuf, time::Duration};

use crate::{refusal::Nearest, version::ApiVersion};

/// Why a library was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no such file.
    #[error("no library at {}: {source}; check the path", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The dynamic linker refused the file.
    #[error("{} is not a loadable library: {reason}", path.display())]
    NotLoadable {
        /// The path.
        path: PathBuf,
        /// What the linker said.
        reason: String,
    },
    /// The library does not export what a CTP library exports.
    #[error("{} is not a CTP {expected} library: it has no {symbol}{hint}", path.display())]
    NotCtp {
        /// The path.
        path: PathBuf,
        /// `trader` or `market data`.
        expected: &'static str,
        /// The missing symbol.
        symbol: String,
        /// What it seems to be instead, if that is known.
        hint: &'static str,
    },
    /// `GetApiVersion()` returned something that is not a version.
    #[error("{} reports version {text:?}, which is not understood", path.display())]
    BadVersion {
        /// The path.
        path: PathBuf,
        /// What it said.
        text: String,
    },
    /// There is no model of the library's version, so no adapter that could call it safely.
    #[error(
        "{} is version {version}, of which there is no model (nearest: {nearest}); run `cargo xtask upgrade --headers DIR` with its headers",
        path.display()
    )]
    UnknownVersion {
        /// The path.
        path: PathBuf,
        /// What the library is.
        version: ApiVersion,
        /// The versions of its family that have a model and stand next to it.
        nearest: Nearest,
    },
    /// There is a model of the library's version, but nobody has shown that a library with its patch mark has the
    /// same layout.
    #[error(
        "{} is version {version}; the model of {} is for {accepted}, and the layout may differ: add the mark to ctp-gen/overlay/versions.toml once it is proved, or run `cargo xtask upgrade --headers DIR` with its headers",
        path.display(), version.label()
    )]
    UnknownPatch {
        /// The path.
        path: PathBuf,
        /// What the library is.
        version: ApiVersion,
        /// The marks that the model is for, in words.
        accepted: String,
    },
    /// The library belongs to another family, whose records and methods differ.
    #[error("{} is a library of the {family} family, version {version}; open it with {opener}", path.display())]
    WrongFamily {
        /// The path.
        path: PathBuf,
        /// What the library is.
        version: ApiVersion,
        /// Its family.
        family: &'static str,
        /// The type that opens it, for example `ctp_sys::mini::TraderLibrary`.
        opener: String,
    },
    /// The library is of another version than the caller demands.
    #[error("{} is version {version}, not {expected}; open the right file, or use `open`", path.display())]
    WrongVersion {
        /// The path.
        path: PathBuf,
        /// What the library is.
        version: ApiVersion,
        /// What the caller demands.
        expected: String,
    },
    /// The program is linked with a library (feature `link`), so no other one is opened.
    #[error(
        "{} was not opened: the program is linked with {}, version {version}; build it without feature `link`, or with another CTP_LIB_DIR",
        path.display(),
        linked.display()
    )]
    Linked {
        /// The path.
        path: PathBuf,
        /// The library that is linked.
        linked: PathBuf,
        /// Its version.
        version: ApiVersion,
    },
    /// The library is not the simulator's, or an older one.
    #[error("{} has no control interface ({symbol}); run `cargo xtask sim`", path.display())]
    NoControl {
        /// The library.
        path: PathBuf,
        /// The missing symbol.
        symbol: &'static str,
    },
    /// The simulator's libraries are nowhere.
    #[error(
        "no simulator library of {family} {version} (looked in {looked}); run `cargo xtask sim`, or set CTP_SIM_DIR"
    )]
    NoSimulator {
        /// The family.
        family: String,
        /// The version.
        version: String,
        /// The folders, separated by commas.
        looked: String,
    },
}

/// Why no API object was created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The flow directory cannot be made or written.
    #[error("cannot use flow directory {}: {source}; choose a writable directory", path.display())]
    FlowDir {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Another instance uses the flow directory; sharing it would lose callbacks.
    #[error("flow directory {} is in use by another instance; give each instance its own, or wait until the one before has closed", path.display())]
    FlowDirInUse {
        /// The directory.
        path: PathBuf,
    },
    /// The path of the flow directory has a NUL.
    #[error("flow directory {} has a NUL in its path", path.display())]
    FlowDirNul {
        /// The directory.
        path: PathBuf,
    },
    /// Evaluation mode is not a parameter of this version; there it is a library of its own.
    #[error("version {version} has no evaluation mode; load its evaluation library instead")]
    NoEvaluationMode {
        /// The library's version.
        version: ApiVersion,
    },
    /// The library's factory returned NULL.
    #[error("{} created no API object", path.display())]
    Factory {
        /// The library.
        path: PathBuf,
    },
}

/// Why a call did not reach the front.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// Return code −1: there is no connection.
    #[error("{method} was not sent: not connected (-1)")]
    NotConnected {
        /// C name of the method.
        method: &'static str,
    },
    /// Return code −2: too many requests are unanswered; of queries, one may be in flight.
    #[error("{method} was not sent: too many unanswered requests (-2); wait for the answer")]
    TooManyUnanswered {
        /// C name of the method.
        method: &'static str,
    },
    /// Return code −3: too many requests in this second.
    #[error("{method} was not sent: too many requests per second (-3); send slower")]
    TooFast {
        /// C name of the method.
        method: &'static str,
    },
    /// Another non-zero return code.
    #[error("{method} was refused by the library with code {code}")]
    Refused {
        /// C name of the method.
        method: &'static str,
        /// The code.
        code: i32,
    },
    /// The library's version lacks the method or the resume type.
    #[error("{method} does not exist in version {library}, {}", came_with(*since))]
    NotInVersion {
        /// C name of the method, or of the resume type.
        method: &'static str,
        /// The library's version label.
        library: String,
        /// The oldest known version of the family that has it; `None` when none does.
        since: Option<&'static str>,
    },
    /// A value does not fit the field that the library's version has, or it has none.
    #[error(
        "{method} was not sent: {field} of {record} does not fit version {version}, which has it smaller or not at all; shorten it or leave it unset"
    )]
    DoesNotFit {
        /// C name of the method.
        method: &'static str,
        /// C name of the record.
        record: &'static str,
        /// C name of the field.
        field: &'static str,
        /// The library's version label.
        version: String,
    },
    /// The record is not the one that the method takes.
    #[error("{method} takes {expected}, not {found}")]
    WrongRecord {
        /// C name of the method.
        method: &'static str,
        /// C name of the record it takes.
        expected: &'static str,
        /// C name of the record given.
        found: &'static str,
    },
    /// The library threw a C++ exception.
    #[error("{method} threw a C++ exception inside the library")]
    Exception {
        /// C name of the method.
        method: &'static str,
    },
    /// The front address is not one.
    #[error("front address {address:?} {reason}; write it as tcp://host:port")]
    BadFront {
        /// The address.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A text has a NUL.
    #[error("{what} {text:?} has a NUL; remove it")]
    Nul {
        /// What the text is.
        what: &'static str,
        /// The text.
        text: String,
    },
    /// `init` was called before; a second call would make the library hang on release.
    #[error("the API is initialised already; create another one for a second connection")]
    AlreadyInitialised,
    /// The call comes too late: it belongs before `init`.
    #[error("{method} must be called before init")]
    AfterInit {
        /// C name of the method.
        method: &'static str,
    },
    /// The API is closed.
    #[error("{method} was not sent: the API is closed")]
    Closed {
        /// C name of the method.
        method: &'static str,
    },
}

/// Why closing did not finish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// `Release()` did not return in time. Nothing is delivered any more, but the library's thread and
    /// the API object are left behind.
    #[error("the library did not release within {waited:?}; its thread is left behind")]
    TimedOut {
        /// How long was waited.
        waited: Duration,
    },
}

fn came_with(since: Option<&str>) -> String {
    since.map_or_else(|| "nor in any other of its family".to_owned(), |since| format!("only since {since}"))
}
