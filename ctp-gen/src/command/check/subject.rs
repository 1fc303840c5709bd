//! What `ctp-gen check` checks, and how it came out.

use std::path::PathBuf;

use ctp_gen::{
    Api,
    check::{Agreement, CheckError, compare, first_difference, read_again},
    models,
    parse::{ParseError, parse_folder},
};

/// More of one version say no more than these.
const DIFFERENCES_SHOWN_MAX: usize = 50;

/// Something to check.
pub(super) enum Subject {
    /// A committed model by its label, and where its headers should be.
    Model { label: &'static str, headers: PathBuf },
    /// Headers without a committed model: the two readers against each other.
    Headers { folder: PathBuf, family: String },
}

/// How a subject came out.
pub(super) enum Verdict {
    /// Both readers agree, with the model where there is one.
    Agreed(Agreement),
    /// What differs, or why one of the readers refuses the headers.
    Differs(Vec<String>),
    /// The headers are not there.
    Missing,
}

impl Subject {
    /// Reads the headers twice and compares.
    ///
    /// # Errors
    ///
    /// Returns what has nothing to do with the headers: no libclang, no temporary folder.
    pub(super) fn verdict(&self) -> Result<Verdict, CheckError> {
        match self.compared() {
            Err(error @ (CheckError::Headers(ParseError::Libclang { .. }) | CheckError::Temporary(_))) => {
                Err(error)
            }
            Err(error) => Ok(Verdict::Differs(vec![error.to_string()])),
            Ok(verdict) => Ok(verdict),
        }
    }

    fn compared(&self) -> Result<Verdict, CheckError> {
        let (api, headers, mut differences) = match self {
            Self::Model { headers, .. } if !headers.is_dir() => return Ok(Verdict::Missing),
            Self::Model { label, headers } => {
                let file = format!("ctp-gen/api/{label}.json");
                let text = models::texts().find(|(name, _)| name == label).map_or("", |(_, text)| text);
                let api = match Api::from_json(text) {
                    Ok(api) => api,
                    Err(reason) => return Ok(Verdict::Differs(vec![format!("{file}: {reason}")])),
                };
                let parsed = parse_folder(headers, &api.family, &api.version)?;
                let difference = first_difference(text, &parsed.to_json());
                let differences = difference.map(|difference| format!("{file}: {difference}"));
                (api, headers, Vec::from_iter(differences))
            }
            Self::Headers { folder, family } => {
                (parse_folder(folder, family, "unknown")?, folder, Vec::new())
            }
        };
        let agreement = compare(&api, &read_again(headers)?);
        differences.extend_from_slice(agreement.differences());
        Ok(match differences.is_empty() {
            true => Verdict::Agreed(agreement),
            false => Verdict::Differs(differences),
        })
    }

    /// Returns what is printed: one line, and one for each difference.
    pub(super) fn line(&self, verdict: &Verdict, present_only: bool) -> String {
        let (name, as_said) = match self {
            Self::Model { label, .. } => ((*label).to_owned(), "model as its headers say"),
            Self::Headers { folder, .. } => (folder.display().to_string(), "headers without a model"),
        };
        match verdict {
            Verdict::Agreed(agreement) => format!("{name}: {as_said}; bindgen agrees on {agreement}\n"),
            Verdict::Missing => {
                let said = if present_only { "passed over" } else { "MISSING" };
                let Self::Model { headers, .. } = self else { return format!("{name}: {said}\n") };
                format!(
                    "{name}: {said}: no headers in {}; `cargo xtask vendor` puts them there\n",
                    headers.display()
                )
            }
            Verdict::Differs(differences) => {
                let mut text = format!("{name}: DIFFERS\n");
                for difference in differences.iter().take(DIFFERENCES_SHOWN_MAX) {
                    text.push_str(&format!("    {difference}\n"));
                }
                if let Some(more @ 1..) = differences.len().checked_sub(DIFFERENCES_SHOWN_MAX) {
                    text.push_str(&format!("    and {more} more\n"));
                }
                text
            }
        }
    }
}
