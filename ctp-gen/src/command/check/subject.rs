//! What `ctp-gen check` checks, and how it came out.

use std::path::{Path, PathBuf};

use ctp_gen::{
    Api,
    check::{Agreement, compare, first_difference, read_again},
    models,
    parse::parse_folder,
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
    Differs(Vec<String>),
    /// The headers are not there.
    Missing,
}

impl Subject {
    /// Reads the headers twice and compares.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Model { headers, .. } if !headers.is_dir() => Verdict::Missing,
            Self::Model { label, headers } => match Self::model_and_headers(label, headers) {
                Ok((api, mut differences)) => Self::second_reader(&api, headers, &mut differences),
                Err(reason) => Verdict::Differs(vec![reason]),
            },
            Self::Headers { folder, family } => match parse_folder(folder, family, "unknown") {
                Ok(api) => Self::second_reader(&api, folder, &mut Vec::new()),
                Err(error) => Verdict::Differs(vec![error.to_string()]),
            },
        }
    }

    /// Returns the committed model, and how it differs from what its headers give.
    fn model_and_headers(label: &str, headers: &Path) -> Result<(Api, Vec<String>), String> {
        let file = format!("ctp-gen/api/{label}.json");
        let text = models::texts().find(|(name, _)| *name == label).map_or("", |(_, text)| text);
        let api = Api::from_json(text).map_err(|error| format!("{file}: {error}"))?;
        let parsed = parse_folder(headers, &api.family, &api.version).map_err(|error| error.to_string())?;
        let difference = first_difference(text, &parsed.to_json());
        Ok((api, difference.map(|difference| format!("{file}: {difference}")).into_iter().collect()))
    }

    fn second_reader(api: &Api, headers: &Path, differences: &mut Vec<String>) -> Verdict {
        let agreement = match read_again(headers) {
            Ok(reading) => compare(api, &reading),
            Err(error) => return Verdict::Differs(vec![error.to_string()]),
        };
        differences.extend_from_slice(agreement.differences());
        match differences.is_empty() {
            true => Verdict::Agreed(agreement),
            false => Verdict::Differs(std::mem::take(differences)),
        }
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
