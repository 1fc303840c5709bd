//! Conversions of records between a version and the current model.
//!
//! A record whose layout is the same passes by pointer. Any other is converted field by field, by name;
//! a field that the other side lacks is zero there. Widening always works. Narrowing text that does not
//! fit fails towards the library (the request is refused), and is cut towards a client of a facade,
//! which compiled for the short field.
//!
//! Since 6.5.1 a record has its ids twice: `InstrumentID`, long, at the end, and `reserve1`, short, where the
//! id stood before. By name the id of 6.3.15 goes to the long field and comes back from it; the `reserveN`
//! are dead in every version that has them (ctp-behaviour.md), so between those they are carried as they are and
//! towards an older version they are left out.

use std::{collections::BTreeMap, fmt::Write};

use super::assign::{Assignment, HELPERS, assignment};
use crate::{
    Api,
    api::{Field, Record, ScalarType},
    overlay::Overlay,
};

/// Which way a conversion goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    /// From the version to the current model.
    ToCurrent,
    /// From the current model to the version.
    FromCurrent,
}

/// The records of a version, each with its counterpart in the current model.
pub(crate) struct Conversions<'a> {
    version: &'a Api,
    current: &'a Api,
    /// What became of old names; `None` between families, where a field without counterpart is lost.
    overlay: Option<&'a Overlay>,
    needed: BTreeMap<(String, Direction), String>,
}

impl<'a> Conversions<'a> {
    /// Pairs the records of `version` with those of `current`.
    ///
    /// # Errors
    ///
    /// Returns an error that names a record that neither maps by name nor stands in `overlay/renames.toml`.
    pub(crate) fn new(version: &'a Api, current: &'a Api, overlay: &'a Overlay) -> Result<Self, String> {
        let made = Self { version, current, overlay: Some(overlay), needed: BTreeMap::new() };
        let unmapped = version.records.iter().find(|record| {
            !overlay.renames.is_dropped(&record.c_name) && made.counterpart(&record.c_name).is_none()
        });
        match unmapped {
            Some(record) => Err(format!(
                "{} of {} has no counterpart in {}; name it in ctp-gen/overlay/renames.toml",
                record.c_name,
                version.label(),
                current.label()
            )),
            None => Ok(made),
        }
    }

    /// Pairs the records of one family with those of another, by name alone: what the other lacks is lost.
    pub(crate) fn between_families(version: &'a Api, core: &'a Api) -> Self {
        Self { version, current: core, overlay: None, needed: BTreeMap::new() }
    }

    /// Returns the current model's name of a version's record.
    ///
    /// Its own name where the current model has that; the overlay tells what became of the others.
    pub(crate) fn current_name(&self, record: &'a str) -> &'a str {
        self.counterpart(record).map_or(record, |current| &current.c_name)
    }

    fn counterpart(&self, record: &str) -> Option<&'a Record> {
        let current = self.current;
        current.record(record).or_else(|| current.record(self.overlay?.renames.current_record(record)))
    }

    /// Returns whether a version's record passes by pointer.
    pub(crate) fn passes(&self, record: &str) -> bool {
        let (Some(ours), Some(theirs)) = (self.version.record(record), self.counterpart(record)) else {
            return false;
        };
        ours.size == theirs.size
            && ours.fields.len() == theirs.fields.len()
            && ours.fields.iter().zip(&theirs.fields).all(|(a, b)| {
                self.field(ours, a, theirs).is_some_and(|field| field.c_name == b.c_name)
                    && a.offset == b.offset
                    && self.version.scalar(a) == self.current.scalar(b)
            })
    }

    /// Makes sure that a conversion function exists and returns its name:
    /// `to_current_X(const X &, ctp_current::Y &)` or `from_current_X(const ctp_current::Y &, X &)`, both
    /// returning the position + 1 of the first value that does not fit, counted in the source record, or 0.
    ///
    /// # Errors
    ///
    /// Returns an error that names a field whose two types cannot be converted.
    pub(crate) fn function(&mut self, record: &str, direction: Direction) -> Result<String, String> {
        let name = match direction {
            Direction::ToCurrent => format!("to_current_{record}"),
            Direction::FromCurrent => format!("from_current_{record}"),
        };
        let key = (record.to_owned(), direction);
        if !self.needed.contains_key(&key) {
            let body = self.write(&name, record, direction)?;
            self.needed.insert(key, body);
        }
        Ok(name)
    }

    /// Returns the text of all functions asked for, with the helpers they use.
    pub(crate) fn text(&self) -> String {
        let functions: String = self.needed.values().map(String::as_str).collect();
        let helpers = HELPERS.into_iter().filter(|(call, _)| functions.contains(call));
        helpers.map(|(_, helper)| helper).chain([functions.as_str()]).collect()
    }

    /// Returns the counterpart of `field` of the version's record `old` in the current model's record.
    fn field<'r>(&self, old: &Record, field: &Field, current: &'r Record) -> Option<&'r Field> {
        let named = |name: &str| current.fields.iter().find(|known| known.c_name == name);
        named(&field.c_name)
            .or_else(|| named(self.overlay?.renames.current_field(&old.c_name, &field.c_name)))
    }

    fn write(&self, name: &str, record: &str, direction: Direction) -> Result<String, String> {
        let missing =
            || format!("{record} of {} has no counterpart in {}", self.version.label(), self.current.label());
        let old = self.version.record(record).ok_or_else(missing)?;
        let current = self.counterpart(record).ok_or_else(missing)?;
        let current_name = format!("ctp_current::{}", current.c_name);
        let (source, source_name, target, target_name) = match direction {
            Direction::ToCurrent => {
                ((self.version, old), record.to_owned(), (self.current, current), current_name)
            }
            Direction::FromCurrent => {
                ((self.current, current), current_name, (self.version, old), record.to_owned())
            }
        };
        let mut text = format!(
            "static int {name}(const {source_name} &from, {target_name} &to) {{\n    int overlong = 0; (void)overlong;\n    memset(&to, 0, sizeof to);\n"
        );
        for field in &target.1.fields {
            let from = match direction {
                Direction::FromCurrent => self.field(old, field, current),
                Direction::ToCurrent => old.fields.iter().find(|from| {
                    self.field(old, from, current).is_some_and(|known| known.c_name == field.c_name)
                }),
            };
            let Some(from) = from else { continue };
            let position = source.1.fields.iter().take_while(|field| field.c_name != from.c_name).count();
            let kinds = (source.0.scalar(from), target.0.scalar(field));
            let objects = (format!("from.{}", from.c_name), format!("to.{}", field.c_name));
            let _ = match assignment((&objects.0, kinds.0), (&objects.1, kinds.1)) {
                Some(Assignment::Always(statement)) => writeln!(text, "    {statement}"),
                Some(Assignment::Tried(expression)) => {
                    writeln!(text, "    if (!{expression} && !overlong) overlong = {};", position + 1)
                }
                None if self.overlay.is_none() => continue,
                None => {
                    return Err(format!(
                        "{record}::{} is {} on one side of {} and {} on the other; no conversion is known, add it to ctp-gen/src/emit/cpp/assign.rs",
                        field.c_name,
                        kinds.0,
                        self.version.label(),
                        kinds.1
                    ));
                }
            };
        }
        text.push_str("    return overlong;\n}\n");
        self.refuse_lost_fields(old, current)?;
        Ok(text)
    }

    /// Returns the expression that is the position + 1, counted in the current record `from`, of the first field
    /// that is set there and that the version's record lacks, or 0; `None` when it lacks none.
    ///
    /// Mirrors of former ids (`reserve1`) are no loss: the id itself goes.
    pub(crate) fn unsent(&self, record: &str, from: &str) -> Option<String> {
        let (ours, theirs) = (self.version.record(record)?, self.counterpart(record)?);
        let is_taken = |field: &Field| {
            let goes =
                |known: &Field| self.field(ours, known, theirs).is_some_and(|f| f.c_name == field.c_name);
            field.c_name.starts_with("reserve") || ours.fields.iter().any(goes)
        };
        let unsent = theirs.fields.iter().enumerate().filter(|(_, field)| !is_taken(field));
        let tests = unsent.map(|(position, field)| {
            let value = format!("{from}.{}", field.c_name);
            let is_set = match self.current.scalar(field) {
                ScalarType::Text(_) => format!("{value}[0]"),
                // DBL_MAX is no value.
                ScalarType::Double => format!("{value} != 0 && {value} < 1e300"),
                _ => format!("{value} != 0"),
            };
            format!("{is_set} ? {} : ", position + 1)
        });
        let tests: String = tests.collect();
        (!tests.is_empty()).then(|| tests + "0")
    }

    /// Returns whether every field of a version's record has a counterpart.
    pub(crate) fn is_whole(&self, record: &str) -> bool {
        let (Some(ours), Some(theirs)) = (self.version.record(record), self.counterpart(record)) else {
            return false;
        };
        ours.fields.iter().all(|field| self.field(ours, field, theirs).is_some())
    }

    /// A field of an old version that the current model lacks would be lost silently.
    fn refuse_lost_fields(&self, old: &Record, current: &Record) -> Result<(), String> {
        let Some(overlay) = self.overlay else { return Ok(()) };
        let lost = old.fields.iter().find(|field| {
            self.field(old, field, current).is_none()
                && !overlay.renames.is_field_dropped(&old.c_name, &field.c_name)
        });
        match lost {
            Some(field) => Err(format!(
                "{}::{} of {} has no counterpart in {}; name it in ctp-gen/overlay/renames.toml",
                old.c_name,
                field.c_name,
                self.version.label(),
                self.current.label()
            )),
            None => Ok(()),
        }
    }
}
