//! What changes in the records: which there are, their sizes, their fields.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::{
    fields::{self, FieldAt, MovedFields, RenamedField, RetypedField},
    marks::{Breaks, Step},
    pairing::{Pairing, RenameSource, similar},
};
use crate::{
    api::{Api, Record, ScalarType, Typedef},
    names,
    overlay::Renames,
};

/// What changes in the records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecordsDiff {
    /// Records that came.
    pub added: Vec<RecordAt>,
    /// Records that went.
    pub removed: Vec<RecordAt>,
    /// Records that have another name; where their layout changes, they stand in `changed`, too.
    pub renamed: Vec<RenamedRecord>,
    /// Records with another layout or other types.
    pub changed: Vec<RecordDiff>,
}

/// A record that is in one of the two only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordAt {
    /// C name.
    pub name: String,
    /// Size in bytes.
    pub size: usize,
    /// Number of fields.
    pub fields: usize,
    /// Whether a method takes or brings it.
    pub carried: bool,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A record with another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RenamedRecord {
    /// The names.
    pub name: Step<String>,
    /// How the rename is known.
    pub known_by: RenameSource,
    /// What it breaks.
    pub breaks: Breaks,
}

/// What changes in one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordDiff {
    /// C name in B.
    pub name: String,
    /// Sizes in bytes.
    pub size: Step<usize>,
    /// Whether a method of A or B takes or brings it. One that none carries does not pass between client and
    /// library: its layout breaks nothing that is already compiled.
    pub carried: bool,
    /// Fields that came, in B's order.
    pub added: Vec<FieldAt>,
    /// Fields that went, in A's order.
    pub removed: Vec<FieldAt>,
    /// Fields that have another name.
    pub renamed: Vec<RenamedField>,
    /// Fields with another type.
    pub retyped: Vec<RetypedField>,
    /// Runs of fields that moved by the same number of bytes and kept their type.
    pub moved: Vec<MovedFields>,
    /// What it breaks.
    pub breaks: Breaks,
}

impl RecordDiff {
    /// Returns the number of fields whose offset changed, retyped ones included.
    pub fn moved_count(&self) -> usize {
        let retyped = self.retyped.iter().filter(|field| field.offset.differs()).count();
        retyped + self.moved.iter().map(|run| run.fields.len()).sum::<usize>()
    }
}

/// Pairs the records of A and B.
pub(super) fn pair(a: &Api, b: &Api, renames: &Renames) -> Pairing {
    let (before, after) = (&a.records, &b.records);
    Pairing::by_name(
        before.iter().map(|record| record.c_name.as_str()),
        after.iter().map(|record| record.c_name.as_str()),
    )
    .renamed_by_overlay(
        |position| renames.current_record(&before[position].c_name),
        |position| renames.current_record(&after[position].c_name),
    )
    // What the overlay calls dropped has no heir, however alike.
    .renamed_by_likeness(
        |position| renames.is_dropped(&before[position].c_name),
        |position| renames.is_dropped(&after[position].c_name),
        |one, other| !renames.is_dropped(&before[one].c_name) && are_alike(&before[one], &after[other]),
    )
}

/// Returns whether two records have similar names, and three quarters of the fields of either.
fn are_alike(one: &Record, other: &Record) -> bool {
    if !similar(names::record(&one.c_name), names::record(&other.c_name)) {
        return false;
    }
    let fields: HashSet<&str> = one.fields.iter().map(|field| field.c_name.as_str()).collect();
    let common = other.fields.iter().filter(|field| fields.contains(field.c_name.as_str())).count();
    4 * common >= 3 * one.fields.len().max(other.fields.len())
}

/// Compares the records that `pairing` pairs.
pub(super) fn compare(a: &Api, b: &Api, pairing: &Pairing, renames: &Renames) -> RecordsDiff {
    let (carried_before, carried_after) = (carried(a), carried(b));
    let (types_before, types_after) = (Types::of(a), Types::of(b));
    let at = |record: &Record, carried: &HashSet<&str>, breaks| RecordAt {
        name: record.c_name.clone(),
        size: record.size,
        fields: record.fields.len(),
        carried: carried.contains(record.c_name.as_str()),
        breaks,
    };
    let changed = pairing.pairs().into_iter().filter_map(|(one, other)| {
        let (one, other) = (&a.records[one], &b.records[other]);
        if one.fields == other.fields && one.size == other.size && types_before.agree(one, &types_after) {
            return None;
        }
        let carried =
            carried_before.contains(one.c_name.as_str()) || carried_after.contains(other.c_name.as_str());
        let fields = fields::compare((one, &types_before), (other, &types_after), carried, renames);
        let size = Step::new(one.size, other.size);
        Some(RecordDiff {
            name: other.c_name.clone(),
            carried,
            breaks: fields.breaks().or(Breaks { binary: carried && size.differs(), source: false }),
            size,
            added: fields.added,
            removed: fields.removed,
            renamed: fields.renamed,
            retyped: fields.retyped,
            moved: fields.moved,
        })
    });
    let renamed = pairing.renamed.iter().map(|&(one, other, known_by)| RenamedRecord {
        name: Step::new(a.records[one].c_name.clone(), b.records[other].c_name.clone()),
        known_by,
        breaks: Breaks::SOURCE,
    });
    let added = pairing.added.iter().map(|&position| at(&b.records[position], &carried_after, Breaks::NONE));
    // What a method carried is gone with the method, which has the mark for clients already compiled.
    let removed =
        pairing.removed.iter().map(|&position| at(&a.records[position], &carried_before, Breaks::SOURCE));
    RecordsDiff {
        added: added.collect(),
        removed: removed.collect(),
        renamed: renamed.collect(),
        changed: changed.collect(),
    }
}

/// Returns the names of the records that methods carry.
pub(super) fn carried(api: &Api) -> HashSet<&str> {
    let methods = api.classes.iter().flat_map(|class| &class.methods);
    let parameters = methods.flat_map(|method| &method.parameters);
    parameters.filter_map(|parameter| parameter.c_type.strip_suffix(" *")).collect()
}

/// The typedefs of a model by name.
pub(super) struct Types<'a>(HashMap<&'a str, ScalarType>);

impl<'a> Types<'a> {
    pub(super) fn of(api: &'a Api) -> Self {
        Self(api.typedefs.iter().map(|Typedef { name, scalar }| (name.as_str(), *scalar)).collect())
    }

    /// Returns what a field's type stands for; it is a typedef or, seldom, C's own spelling.
    pub(super) fn scalar(&self, c_type: &str) -> Option<ScalarType> {
        self.0.get(c_type).copied().or_else(|| c_type.parse().ok())
    }

    /// Returns whether the field types of `record` stand for the same in `other`.
    fn agree(&self, record: &Record, other: &Types<'_>) -> bool {
        record.fields.iter().all(|field| self.scalar(&field.typedef) == other.scalar(&field.typedef))
    }
}
