//! Scenarios: plain text that says what clients do and what must come, run in virtual time.
//!
//! [`parse_file`] reads a file and finds everything that is wrong with it before anything runs; [`run()`] runs it against
//! a [`Target`]: [`Direct`] here, a facade behind `ctp-sys` or a gateway elsewhere. The language is described in
//! `docs/scenarios.md`.

mod direct;
mod error;
pub(crate) mod field;
mod parse;
mod report;
mod run;
mod show;
mod statement;
mod target;
pub(crate) mod time;
mod value;
pub(crate) mod words;

use ctp_types::RecordBox;

pub use direct::Direct;
pub(crate) use field::takes;

pub use error::{ParseError, Problem};
pub use parse::{parse, parse_file};
pub use report::{Compared, Failure, Report};
pub use run::run;
pub use statement::{Request, Scenario, Versions};
pub use target::{ClientOptions, Seen, Setup, Target, TargetError, World};

/// Writes a field of a record by its C name, from text as scenarios hold it.
///
/// # Errors
///
/// Returns what is wrong with the name or the value.
pub fn set_text(record: &mut RecordBox, name: &str, text: &str) -> Result<(), String> {
    let field = field::find(record.descriptor(), name)?;
    field::set(record, field, text)
}

/// Returns every field of a record by its C name, as text.
pub fn texts(record: &RecordBox) -> Vec<(String, String)> {
    let fields = record.descriptor().fields.iter();
    fields.map(|field| (field.c_name.to_string(), field::text(record.as_ref(), field))).collect()
}
