//! What somebody may have meant who wrote a key that there is not.

use super::{KEYS, TABLES, find, names, plain};

/// Says that a key is none, and which is near. Keys of a table are compared with its own.
pub(super) fn unknown(written: &str, table: Option<(&str, &[String])>) -> String {
    if let Some((name, known)) = table {
        return match nearest(written, known.iter().map(String::as_str)) {
            Some(near) => format!("is no key of [{name}]; did you mean {near}?"),
            None => format!("is no key of [{name}]; its keys are {}", known.join(", ")),
        };
    }
    let all =
        KEYS.iter().flat_map(|key| std::iter::once(&key.name).chain(key.aliases)).chain(TABLES).copied();
    if let Some(near) = nearest(written, all) {
        return match find(near) {
            // Who writes Chinese keys is answered with one.
            Some(key) if !near.is_ascii() => format!("is no key; did you mean {near} ({})?", key.name),
            Some(key) => format!("is no key; did you mean {}?", key.name),
            None => format!("is no key; did you mean [{near}]?"),
        };
    }
    // One that belongs into a table.
    let inner = names()
        .into_iter()
        .find(|name| name.split_once('.').is_some_and(|(_, key)| plain(key) == plain(written)));
    match inner.as_deref().and_then(|name| name.split_once('.')) {
        Some((table, key)) => format!("is no key here; write {key} below [{table}]"),
        None => "is no key; docs/configuration.md lists them all".to_owned(),
    }
}

/// Returns the known name that differs in so few letters that it must be a slip.
pub(in crate::config) fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let written = plain(written);
    let near =
        known.map(|name| (distance(&written, &plain(name)), name)).min_by_key(|(distance, _)| *distance);
    // Two of three letters must be right, and of a short word all but one.
    let most = (written.chars().count() / 3).clamp(1, 3);
    near.filter(|(distance, _)| *distance <= most).map(|(_, name)| name)
}

/// Returns how many letters have to be put in, left out or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = corner + usize::from(a != *b);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        for (written, meant) in [
            ("pasword", "did you mean password?"),
            ("Borker_ID", "did you mean broker_id?"),
            ("ap_id", "did you mean app_id?"),
            ("tdfronts", "did you mean"),
            ("经纪商代号", "did you mean 经纪商代码 (broker_id)?"),
            ("timeout", "did you mean [timeouts]?"),
            ("query_ms", "write query_ms below [timeouts]"),
            ("colour", "docs/configuration.md lists them all"),
        ] {
            if find(written).is_none() {
                assert!(unknown(written, None).contains(meant), "{written}: {}", unknown(written, None));
            }
        }
        let known = ["query_ms".to_owned(), "login_ms".to_owned()];
        assert!(unknown("qery_ms", Some(("timeouts", &known))).ends_with("did you mean query_ms?"));
        assert!(unknown("x", Some(("timeouts", &known))).ends_with("its keys are query_ms, login_ms"));
    }
}
