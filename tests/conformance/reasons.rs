//! What is known not to pass, each with its reason and the evidence: `reasons.toml`.

use serde::Deserialize;

use crate::{foreign::PACKAGES, outcome::Verdict};

const TEXT: &str = include_str!("reasons.toml");

/// Everything that is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reasons {
    pub(crate) reason: Vec<Reason>,
}

/// Why some files do not pass with a client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// The client.
    pub(crate) client: String,
    /// `fail` or `cannot`.
    pub(crate) verdict: Known,
    /// What the client does, or does not.
    pub(crate) what: String,
    /// Where that can be seen.
    pub(crate) evidence: String,
    /// The files.
    pub(crate) files: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Known {
    Fail,
    Cannot,
}

impl Reasons {
    /// Reads the file and sees that it is sound; `files` are those that exist.
    pub(crate) fn read(files: &[String]) -> Result<Self, String> {
        let reasons: Self = toml::from_str(TEXT).map_err(|error| format!("reasons.toml: {error}"))?;
        for (number, reason) in reasons.reason.iter().enumerate() {
            let number = number + 1;
            if PACKAGES.iter().all(|package| package.name != reason.client) {
                return Err(format!("reasons.toml: reason {number} names the client {:?}", reason.client));
            }
            if let Some(file) = reason.files.iter().find(|file| !files.contains(file)) {
                return Err(format!("reasons.toml: reason {number} names {file:?}, which is no scenario"));
            }
        }
        Ok(reasons)
    }

    /// Returns the number of the reason for which a file does not pass, from 1, with what is known.
    pub(crate) fn of(&self, client: &str, file: &str) -> Option<(usize, &Reason)> {
        let numbered = self.reason.iter().enumerate().map(|(number, reason)| (number + 1, reason));
        numbered
            .into_iter()
            .find(|(_, reason)| reason.client == client && reason.files.iter().any(|known| known == file))
    }

    /// Returns the verdict that is known.
    pub(crate) fn expected(&self, client: &str, file: &str) -> Verdict {
        match self.of(client, file).map(|(_, reason)| reason.verdict) {
            None => Verdict::Pass,
            Some(Known::Fail) => Verdict::Fail,
            Some(Known::Cannot) => Verdict::Cannot,
        }
    }
}
