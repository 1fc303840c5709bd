//! Which module a name belongs to (`ctp-gen/overlay/topics.toml`).

use std::{collections::HashMap, sync::OnceLock};

use serde::Deserialize;

use crate::{
    Api,
    api::{Enumeration, Record},
    names,
};

/// A module, and the patterns of the names that it takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topic {
    /// Name of the module.
    pub(super) name: String,
    /// What it is about.
    pub(super) doc: String,
    #[serde(default)]
    records: Vec<String>,
    #[serde(default)]
    enumerations: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topics {
    topic: Vec<Topic>,
}

/// What of a model belongs to a topic, in header order.
pub(super) struct Section<'a> {
    pub(super) topic: &'static Topic,
    pub(super) records: Vec<&'a Record>,
    pub(super) enumerations: Vec<&'a Enumeration>,
}

/// Returns the committed rules.
///
/// # Panics
///
/// Panics when the committed file is not valid, which the tests rule out.
fn committed() -> &'static [Topic] {
    static TOPICS: OnceLock<Vec<Topic>> = OnceLock::new();
    TOPICS.get_or_init(|| {
        let topics: Result<Topics, _> = toml::from_str(include_str!("../../../overlay/topics.toml"));
        topics.unwrap_or_else(|error| panic!("ctp-gen/overlay/topics.toml: {error}")).topic
    })
}

/// Divides records and enumerations by topic.
pub(super) fn divide(api: &Api) -> Vec<Section<'_>> {
    let topics = committed();
    let mut sections: Vec<Section<'_>> =
        topics.iter().map(|topic| Section { topic, records: Vec::new(), enumerations: Vec::new() }).collect();
    let last = topics.len() - 1;
    // Fields by type and topic.
    let mut uses: HashMap<&str, Vec<usize>> = HashMap::new();
    for record in &api.records {
        let name = names::record(&record.c_name);
        let name = name.strip_suffix("Field").unwrap_or(name);
        let section = position(topics, |topic| &topic.records, name).unwrap_or(last);
        sections[section].records.push(record);
        for field in &record.fields {
            uses.entry(&field.typedef).or_insert_with(|| vec![0; topics.len()])[section] += 1;
        }
    }
    for enumeration in &api.enumerations {
        let name = names::enumeration(&enumeration.typedef);
        let by_use = || {
            let counts = uses.get(enumeration.typedef.as_str())?;
            // The first of those with the most.
            (0..counts.len()).rev().max_by_key(|section| counts[*section])
        };
        let section = position(topics, |topic| &topic.enumerations, name).or_else(by_use).unwrap_or(last);
        sections[section].enumerations.push(enumeration);
    }
    sections
}

/// Returns the first topic with a pattern that fits.
fn position(topics: &[Topic], patterns: impl Fn(&Topic) -> &Vec<String>, name: &str) -> Option<usize> {
    topics.iter().position(|topic| patterns(topic).iter().any(|pattern| fits(pattern, name)))
}

/// Returns whether `name` is `pattern`, in which `*` stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = name.split_once(part) else { return false };
        name = after;
    }
    name.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name, expected) in [
            ("Order", "Order", true),
            ("Order", "OrderRef", false),
            ("*Order", "InputOrder", true),
            ("*Order", "OrderAction", false),
            ("Qry*Order*", "QryErrOrderAction", true),
            ("Qry*Order*", "QryTrade", false),
            ("*A*A*", "A", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn hardly_anything_of_a_committed_model_fits_no_topic() {
        for api in models::models() {
            let sections = divide(api);
            let other = sections.last().expect("a last topic");
            assert!(other.topic.records.is_empty() && other.topic.enumerations.is_empty());
            let names: Vec<&str> = other.records.iter().map(|record| record.c_name.as_str()).collect();
            assert!(names.len() * 100 <= api.records.len(), "{}: {names:?}", api.label());
            let names: Vec<&str> = other.enumerations.iter().map(|one| one.typedef.as_str()).collect();
            assert!(names.len() * 100 <= api.enumerations.len(), "{}: {names:?}", api.label());
        }
    }

    #[test]
    fn every_pattern_fits_something_of_a_committed_model() {
        let all = |kind: fn(&Api) -> Vec<&str>| models::models().flat_map(kind).collect::<Vec<&str>>();
        let records = all(|api| {
            let names = api.records.iter().map(|record| names::record(&record.c_name));
            names.map(|name| name.strip_suffix("Field").unwrap_or(name)).collect()
        });
        let enumerations = all(|api| {
            api.enumerations.iter().map(|enumeration| names::enumeration(&enumeration.typedef)).collect()
        });
        for topic in committed() {
            for (patterns, names) in [(&topic.records, &records), (&topic.enumerations, &enumerations)] {
                let idle = patterns.iter().find(|pattern| !names.iter().any(|name| fits(pattern, name)));
                assert_eq!(idle, None, "a pattern of {} fits nothing", topic.name);
            }
        }
    }
}
