//! Versions as the vendor writes them.

/// `v6.7.9_P1_20250319 10:58:13.9561`, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionMark {
    /// The three numbers.
    pub numbers: [u32; 3],
    /// What stands between them and the date, for example `P1`, `T1` or `CP`.
    pub patch: Option<String>,
}

impl VersionMark {
    /// Returns the three numbers with dots.
    pub fn label(&self) -> String {
        let [major, minor, micro] = self.numbers;
        format!("{major}.{minor}.{micro}")
    }
}

/// Returns the version that `GetApiVersion()` of a library would say, found among its texts: `6.3.15_2019…`,
/// `v6.3.19_P1_2020…`, or, bare and with its `V`, mini's `V1.7.7`.
pub(super) fn in_library(bytes: &[u8]) -> Option<VersionMark> {
    let texts = || bytes.split(|byte| *byte == 0).filter(|text| (6..=64).contains(&text.len()));
    fn read(text: &[u8]) -> Option<([u32; 3], &str)> {
        std::str::from_utf8(text).ok().and_then(|text| after_numbers(text.trim()))
    }
    let dated = texts().filter_map(read).find(|(_, rest)| date(rest).is_some());
    let bare = || {
        texts()
            .filter(|text| text.starts_with(b"V") || text.starts_with(b"v"))
            .filter_map(read)
            .find(|(_, rest)| rest.is_empty())
    };
    dated.or_else(bare).map(|(numbers, rest)| VersionMark { numbers, patch: date(rest).flatten() })
}

/// Returns the version that stands somewhere in a folder's name.
pub(super) fn in_name(name: &str) -> Option<VersionMark> {
    let starts = name.char_indices().filter(|(position, letter)| {
        let before = name[..*position].chars().next_back();
        letter.is_ascii_digit() && !before.is_some_and(|before| before.is_ascii_digit() || before == '.')
    });
    let (numbers, rest) = starts.into_iter().find_map(|(position, _)| after_numbers(&name[position..]))?;
    let patch = rest.strip_prefix('_').and_then(|rest| rest.split('_').next()).filter(|mark| is_patch(mark));
    Some(VersionMark { numbers, patch: patch.map(str::to_owned) })
}

/// Reads `[vV]N.N.N`; returns the numbers and what follows.
fn after_numbers(text: &str) -> Option<([u32; 3], &str)> {
    let mut rest = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let mut numbers = [0; 3];
    for (position, number) in numbers.iter_mut().enumerate() {
        if position > 0 {
            rest = rest.strip_prefix('.')?;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        *number = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
    }
    // A fourth number: an address, or the version of something else.
    (!rest.starts_with('.')).then_some((numbers, rest))
}

/// Reads `_20250319 …` or `_P1_20250319 …`; returns the patch mark.
fn date(rest: &str) -> Option<Option<String>> {
    let mut parts = rest.strip_prefix('_')?.split('_');
    let first = parts.next()?;
    let is_date = |part: &str| {
        part.len() >= 8 && part.starts_with("20") && part.bytes().take(8).all(|byte| byte.is_ascii_digit())
    };
    if is_date(first) {
        return Some(None);
    }
    (is_patch(first) && parts.any(is_date)).then(|| Some(first.to_owned()))
}

/// `P1`, `T1`, `CP`: short, upper case, a letter first.
fn is_patch(mark: &str) -> bool {
    (1..=8).contains(&mark.len())
        && mark.starts_with(|first: char| first.is_ascii_uppercase())
        && mark.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(numbers: [u32; 3], patch: Option<&str>) -> Option<VersionMark> {
        Some(VersionMark { numbers, patch: patch.map(str::to_owned) })
    }

    #[test]
    fn versions_of_libraries_are_found_among_their_texts() {
        for (text, expected) in [
            ("6.3.15_20190220 15:47:00", mark([6, 3, 15], None)),
            ("v6.3.19_P1_20200106 15:21:32", mark([6, 3, 19], Some("P1"))),
            ("v6.6.9_20220914  9:57:19.2466         ", mark([6, 6, 9], None)),
            ("v6.5.1_CP_20200904 10:25:08", mark([6, 5, 1], Some("CP"))),
            ("V1.7.7", mark([1, 7, 7], None)),
            ("1.7.7", None),
            ("OpenSSL 1.1.1", None),
            ("127.0.0.1", None),
        ] {
            let library = format!("\u{7f}ELF\0GLIBC_2.2.5\01.2.3\0{text}\0tail");
            assert_eq!(in_library(library.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn versions_are_found_in_names() {
        for (name, expected) in [
            ("v6.7.11_20250617_api_traderapi_se_linux64", mark([6, 7, 11], None)),
            ("v6.7.9_P1_20250319_api_traderapi_se_linux64", mark([6, 7, 9], Some("P1"))),
            ("v6.5.1_CP_20200904_20200904_api_tradeapi_se_linux64", mark([6, 5, 1], Some("CP"))),
            ("CTPIIMini_V1.7.0_linux64_api_20240923", mark([1, 7, 0], None)),
            ("v6.7.2_MacOS_20231016", mark([6, 7, 2], None)),
            ("20240910_traderapi64_windows_se", None),
            ("ctpwrapper-6.6.9.2", None),
            ("header", None),
        ] {
            assert_eq!(in_name(name), expected, "{name}");
        }
    }
}
