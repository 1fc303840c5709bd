//! Versions of libraries: what `GetApiVersion()` says, and which adapter drives it.

use std::fmt;

use crate::adapter::{VERSIONS, Version};

/// The version that a library reports about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiVersion {
    text: String,
    numbers: (u16, u16, u16),
    patch: Option<String>,
}

impl ApiVersion {
    /// Reads what `GetApiVersion()` returns: `6.3.15_20190220 15:47:00`, `v6.3.19_P1_20200106 15:21:32`,
    /// `V6_7_2`. What follows the three numbers is taken as a patch mark when it is not a date.
    pub fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        let mut rest = trimmed.strip_prefix(['v', 'V']).unwrap_or(trimmed);
        let mut numbers = [0; 3];
        for (position, number) in numbers.iter_mut().enumerate() {
            if position > 0 {
                rest = rest.strip_prefix(['.', '_'])?;
            }
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            *number = rest.get(..digits)?.parse().ok()?;
            rest = &rest[digits..];
        }
        let patch = rest
            .strip_prefix('_')
            .and_then(|marks| marks.split('_').next())
            .filter(|mark| mark.starts_with(|first: char| first.is_ascii_alphabetic()))
            .map(str::to_owned);
        Some(Self { text: trimmed.to_owned(), numbers: (numbers[0], numbers[1], numbers[2]), patch })
    }

    /// Returns the text as the library gave it, without blanks around it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the three numbers, for example `(6, 7, 13)`.
    pub fn numbers(&self) -> (u16, u16, u16) {
        self.numbers
    }

    /// Returns the patch mark, for example `P1`, `T1`, `CP` or the simulator's `CTPSIM`.
    pub fn patch(&self) -> Option<&str> {
        self.patch.as_deref()
    }

    /// Returns the three numbers as text, for example `6.7.13`: the name of the model.
    pub fn label(&self) -> String {
        let (major, minor, micro) = self.numbers;
        format!("{major}.{minor}.{micro}")
    }

    /// Returns whether the library is our simulator.
    pub fn is_simulator(&self) -> bool {
        self.patch() == Some(SIMULATOR)
    }

    /// Returns the family that the major number tells, where the symbols do not: `mini` has 1, `sopt` 3,
    /// `se` 6.
    pub(crate) fn family(&self) -> &'static str {
        match self.numbers.0 {
            1 => "mini",
            3 => "sopt",
            _ => "se",
        }
    }

    /// Returns the model of this version of `family`. A patch mark of which nobody said that its layout is
    /// the same is refused.
    pub(crate) fn model(&self, family: &str) -> Option<&'static Version> {
        let label = self.label();
        let mark = self.patch().unwrap_or_default();
        versions_of(family).find(|version| {
            version.version == label && (self.is_simulator() || version.patches.contains(&mark))
        })
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The patch mark of our simulator, whose facades are emitted from the version's own model.
const SIMULATOR: &str = "CTPSIM";

/// Returns the labels of a family's versions that have a model, newest first, for example `6.7.13`.
pub(crate) fn labels_of(family: &str) -> impl Iterator<Item = &'static str> {
    versions_of(family).map(|version| version.version)
}

/// Returns a family's versions that have a model, newest first.
pub(crate) fn versions_of(family: &str) -> impl Iterator<Item = &'static Version> + Clone {
    VERSIONS.iter().filter(move |version| version.family == family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_strings_of_many_shapes_are_read() {
        for (text, label, patch) in [
            ("6.3.15_20190220 15:47:00", "6.3.15", None),
            ("v6.3.19_P1_20200106 15:21:32", "6.3.19", Some("P1")),
            ("v6.6.9_20220914  9:57:19.2466         ", "6.6.9", None),
            ("v6.7.13_20260225 14:16:30.12079", "6.7.13", None),
            ("v6.7.13_CTPSIM_20261120 00:00:00", "6.7.13", Some("CTPSIM")),
            ("v6.3.19_T1_20200106", "6.3.19", Some("T1")),
            ("V1.7.7", "1.7.7", None),
            ("V6_7_2", "6.7.2", None),
        ] {
            let version = ApiVersion::parse(text).expect(text);
            assert_eq!((version.label().as_str(), version.patch()), (label, patch), "{text}");
        }
        for text in ["", "v", "6.7", "TTS", "6.7.x"] {
            assert_eq!(ApiVersion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_unknown_version_patch_or_family_has_no_model() {
        let has_model = |family, text| ApiVersion::parse(text).expect(text).model(family).is_some();
        assert!(has_model("se", "v6.7.13_20260225 14:16:30.12079"));
        assert!(has_model("se", "6.3.15_20190220 15:47:00"));
        assert!(has_model("se", "v6.7.11_CTPSIM_20261120 00:00:00"));
        assert!(has_model("se", "v6.3.19_P1_20200106 15:21:32"));
        assert!(has_model("se", "v6.3.19_CTPSIM_20261120 00:00:00"));
        assert!(has_model("mini", "V1.7.7"));
        assert!(has_model("sopt", "v3.7.0_20230901"));
        assert!(!has_model("se", "v6.3.19_20200106 15:21:32"));
        assert!(!has_model("se", "v6.7.13_P1_20260225 14:16:30"));
        assert!(!has_model("se", "v6.9.0_20300101 00:00:00"));
        assert!(!has_model("se", "V1.7.7"));
    }

    #[test]
    fn the_major_number_tells_the_family() {
        for (text, family) in [("V1.7.7", "mini"), ("v3.7.0_20230901", "sopt"), ("V6_7_2", "se")] {
            assert_eq!(ApiVersion::parse(text).expect(text).family(), family);
        }
    }
}
