//! What is wrong with a scenario file.

use std::fmt;

/// Something in a file that cannot be: found before anything runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The file as it was named.
    pub file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A `"` without its end.
    #[error("a quote is not closed: add \" at its end, or write \\\" for the character")]
    OpenQuote,
    /// A `$` without a name, or arithmetic without an operand.
    #[error(
        "{0:?} is not an expression: write $name, $name.Field, ${{name}}, and + - * between numbers or ticks (2t)"
    )]
    Expression(String),
    /// A header that must be there is not.
    #[error("the file has no `{0}:` line: name the section and quote the words that it tests")]
    MissingHeader(&'static str),
    /// A header that is not known.
    #[error("{0:?} is not a header: write section, quote, versions, start, config, faults or with")]
    UnknownHeader(String),
    /// A header after the first statement.
    #[error("header `{0}:` stands after a statement: move it to the top")]
    LateHeader(String),
    /// A header's value that cannot be.
    #[error("{header}: {value:?} is not {expected}")]
    Header {
        /// The header.
        header: &'static str,
        /// What was found.
        value: String,
        /// What is expected.
        expected: &'static str,
    },
    /// Rows of `with:` that differ in their names.
    #[error(
        "row {row} of `with:` has the names {found}, the first row {first}: give every row the same names"
    )]
    Rows {
        /// Which row, from 1.
        row: usize,
        /// Its names.
        found: String,
        /// Those of the first row.
        first: String,
    },
    /// A setting that the exchange does not take.
    #[error("config: {0}")]
    Config(String),
    /// A line that no statement begins like.
    #[error(
        "{0:?} is not a statement: write `trader NAME`, `md NAME`, `NAME > …`, `NAME < …`, `sim > …` or `let NAME = …`"
    )]
    Statement(String),
    /// A name that is used before it is made.
    #[error("{what} {name:?} is not known here: {fix}")]
    Unknown {
        /// What it should name.
        what: &'static str,
        /// The name.
        name: String,
        /// What helps.
        fix: String,
    },
    /// A name that is taken.
    #[error("{0:?} is taken: choose another name")]
    Taken(String),
    /// A word that does not belong there.
    #[error("{word:?} does not belong here: {expected}")]
    Word {
        /// The word.
        word: String,
        /// What may stand there.
        expected: String,
    },
    /// A statement that ends early.
    #[error("the statement ends early: {0}")]
    Ends(&'static str),
    /// A value that a field does not take.
    #[error("{field}={value:?}: {expected}")]
    Value {
        /// The field.
        field: String,
        /// What was given.
        value: String,
        /// What it takes.
        expected: String,
    },
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.problem),
            line => write!(f, "{}:{line}: {}", self.file, self.problem),
        }
    }
}

impl std::error::Error for ParseError {}
