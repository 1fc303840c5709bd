//! Why a demo ended early.

use std::path::PathBuf;
use std::time::Duration;

/// Why a demo ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The user pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// A session or a request failed.
    #[error(transparent)]
    Gateway(Box<ctp_gateway::Error>),
    /// The configuration file cannot be used. Its text is not shown: it may hold a password.
    #[error("{}: {reason}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// A folder for flow files could not be made.
    #[error("cannot make a temporary folder: {0}; name one with --flow-dir")]
    FlowDir(std::io::Error),
    /// An option has a value that makes no sense.
    #[error("{option} is {value}; {fix}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What to give instead.
        fix: &'static str,
    },
    /// Nothing came in time.
    #[error(
        "no {what} within {waited:?}; check front, contracts and trading hours, or give more time with --timeout"
    )]
    Nothing {
        /// What was waited for.
        what: &'static str,
        /// How long.
        waited: Duration,
    },
    /// The front does not know a contract.
    #[error("contract {0} is unknown; ids are case-sensitive, name another one with --instruments")]
    UnknownContract(String),
    /// A contract has no price or no daily limits yet.
    #[error("{0} has no daily limits now; name another contract with --instruments")]
    NoLimits(String),
    /// The account query brought no row.
    #[error("the counter knows no account of this user; check --broker and --user")]
    NoAccount,
    /// The contract of the day could not be computed.
    #[error("cannot tell which {product} contract is current: {reason}; name one with --instruments")]
    NoContract {
        /// The product.
        product: String,
        /// Why.
        reason: String,
    },
}

impl From<ctp_gateway::Error> for DemoError {
    fn from(error: ctp_gateway::Error) -> Self {
        Self::Gateway(Box::new(error))
    }
}

impl DemoError {
    /// Returns whether a secret is missing or does not fit: these come from where the other options do not.
    pub(super) fn is_about_secrets(&self) -> bool {
        let Self::Gateway(error) = self else { return false };
        let ctp_gateway::Error::Config(error) = &**error else { return false };
        error.problems().iter().any(|problem| matches!(problem.key.as_ref(), "password" | "auth_code"))
    }
}
