//! Why a library's version is refused, and what helps.

use std::{fmt, path::PathBuf};

use crate::{adapter::Version, error::LoadError, version::ApiVersion};

/// The versions with a model that stand next to one without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nearest {
    /// The newest that is older.
    pub below: Option<&'static str>,
    /// The oldest that is newer.
    pub above: Option<&'static str>,
}

impl Nearest {
    /// Finds the neighbours of `version` among `known`, which may stand in any order.
    fn of(version: &ApiVersion, known: impl Iterator<Item = &'static str>) -> Self {
        let mut known: Vec<_> = known
            .filter_map(|label| Some((ApiVersion::parse(label)?.numbers(), label)))
            .filter(|(numbers, _)| *numbers != version.numbers())
            .collect();
        known.sort_unstable();
        let (below, above) =
            known.split_at(known.partition_point(|(numbers, _)| *numbers < version.numbers()));
        let label = |&(_, label): &(_, &'static str)| label;
        Self { below: below.last().map(label), above: above.first().map(label) }
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.below, self.above) {
            (Some(below), Some(above)) => write!(formatter, "{below} and {above}"),
            (Some(below), None) => write!(formatter, "{below}, which is older"),
            (None, Some(above)) => write!(formatter, "{above}, which is newer"),
            (None, None) => formatter.write_str("none"),
        }
    }
}

/// Says why `version`, which [`ApiVersion::model`] found no model for, is refused: its number is unknown, or its
/// patch mark is.
pub(crate) fn refusal(
    path: PathBuf,
    version: ApiVersion,
    known: impl Iterator<Item = &'static Version> + Clone,
) -> LoadError {
    let label = version.label();
    match known.clone().find(|known| known.version == label) {
        Some(model) => LoadError::UnknownPatch {
            path,
            version,
            accepted: model
                .patches
                .iter()
                .map(|patch| Mark(patch).to_string())
                .collect::<Vec<_>>()
                .join(" or "),
        },
        None => LoadError::UnknownVersion {
            path,
            nearest: Nearest::of(&version, known.map(|known| known.version)),
            version,
        },
    }
}

/// A patch mark in words.
struct Mark<'a>(&'a str);

impl fmt::Display for Mark<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => formatter.write_str("no mark"),
            mark => write!(formatter, "mark {mark}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ApiVersion {
        ApiVersion::parse(text).expect(text)
    }

    #[test]
    fn the_neighbours_are_found_by_number_not_by_text() {
        let nearest = |text| Nearest::of(&version(text), ["6.7.13", "6.7.2", "6.7.9", "6.3.15"].into_iter());
        assert_eq!(nearest("v6.7.10_2025"), Nearest { below: Some("6.7.9"), above: Some("6.7.13") });
        assert_eq!(nearest("v6.7.1_2023"), Nearest { below: Some("6.3.15"), above: Some("6.7.2") });
        assert_eq!(nearest("v6.1.0"), Nearest { below: None, above: Some("6.3.15") });
        assert_eq!(nearest("v7.0.0"), Nearest { below: Some("6.7.13"), above: None });
        assert_eq!(nearest("v7.0.0").to_string(), "6.7.13, which is older");
        assert_eq!(Nearest::of(&version("1.0.0"), [].into_iter()).to_string(), "none");
    }

    #[test]
    fn a_refusal_says_what_helps() {
        let said =
            |text| refusal("/x.so".into(), version(text), crate::version::versions_of("se")).to_string();
        assert_eq!(
            said("v6.7.10_20250422 16:38:54.9994"),
            "/x.so is version v6.7.10_20250422 16:38:54.9994, of which there is no model (nearest: 6.7.9 and \
             6.7.11); run `cargo xtask upgrade --headers DIR` with its headers"
        );
        assert_eq!(
            said("v6.7.9_20241224 10:22:26.8774"),
            "/x.so is version v6.7.9_20241224 10:22:26.8774; the model of 6.7.9 is for mark P1, and the layout may \
             differ: add the mark to ctp-gen/overlay/versions.toml once it is proved, or run `cargo xtask upgrade \
             --headers DIR` with its headers"
        );
        assert!(
            said("v6.5.1_T1_20200908").contains("is for no mark or mark CP"),
            "{}",
            said("v6.5.1_T1_20200908")
        );
    }
}
