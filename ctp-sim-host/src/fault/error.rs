//! What is wrong with a plan.

use std::fmt;
use std::path::PathBuf;

/// Every problem of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError(pub Vec<PlanProblem>);

/// One problem of a plan, with what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanProblem {
    /// The file or plan.
    pub file: String,
    /// The line, from 1; 0 where there are none.
    pub line: usize,
    /// What is wrong, and what to do.
    pub text: String,
}

/// Why a file gives no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanFileError {
    /// It cannot be read.
    #[error("cannot read the fault plan {path}: {source}; name a readable file", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `random:SEED` without a seed.
    #[error("fault plan {0:?} has no seed: write random: and a whole number, or the path of a plan")]
    Seed(String),
    /// It has problems.
    #[error("{0}")]
    Plan(#[from] PlanError),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PlanError {}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.text),
            line => write!(f, "{}:{line}: {}", self.file, self.text),
        }
    }
}
