//! What is wrong with a configuration: all of it at once.

use std::borrow::Cow;
use std::fmt;

/// A configuration that cannot work, with all its problems.
///
/// `Debug` is the same text as `Display`: it is what a program whose `main` returns the error shows.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Returns the error of a single problem.
    pub(crate) fn one(key: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(vec![Problem::new(key, message)])
    }

    /// Returns the problems: those of the file by line, then the others in the order of the keys.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot work")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}

/// One problem of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The key, for example `td_fronts` or `timeouts.query_ms`; empty for a text that cannot be read at all.
    pub key: Cow<'static, str>,
    /// Where the value stands, for example `ctp.toml, line 3` or `CTP_TD_FRONTS`; `None` for one that is missing, was
    /// set by the program, or is not known to stand anywhere.
    pub place: Option<Place>,
    /// What is wrong and how to fix it. Secrets are not shown.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(key: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { key: key.into(), place: None, message: message.into() }
    }

    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        match self.key.is_empty() {
            true => f.write_str(&self.message),
            false => write!(f, "{}: {}", self.key, self.message),
        }
    }
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In a file, or in a text that was given as one.
    File {
        /// The file.
        name: String,
        /// The line, from 1, if it is known.
        line: Option<usize>,
    },
    /// In a variable of the environment.
    Environment {
        /// The variable.
        name: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line: Some(line) } => write!(f, "{name}, line {line}"),
            Self::File { name, line: None } => f.write_str(name),
            Self::Environment { name } => f.write_str(name),
        }
    }
}
