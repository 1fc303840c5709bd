//! What changes in the fields of one record.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    marks::{Breaks, Step},
    pairing::{Pairing, RenameSource},
    records::Types,
};
use crate::{
    api::{Field, Record, ScalarType},
    overlay::Renames,
};

/// A field that is in one of the two only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldAt {
    /// C name.
    pub name: String,
    /// Typedef, or C's own spelling where the header has none.
    #[serde(rename = "type")]
    pub typedef: String,
    /// What the typedef stands for, as in C: `char[81]`.
    pub scalar: String,
    /// Offset in bytes.
    pub offset: usize,
    /// For one that came: the field of A whose bytes it has and that stands elsewhere in B. The vendor widens
    /// ids so: the old place stays as `reserve1`, the id stands anew at the end.
    pub place_of: Option<String>,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A field with another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RenamedField {
    /// The names.
    pub name: Step<String>,
    /// How the rename is known.
    pub known_by: RenameSource,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A field with another type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetypedField {
    /// C name in B.
    pub name: String,
    /// Typedefs; equal where the typedef itself changed.
    #[serde(rename = "type")]
    pub typedef: Step<String>,
    /// What they stand for, as in C; equal where only the typedef's name differs.
    pub scalar: Step<String>,
    /// Offsets in bytes.
    pub offset: Step<usize>,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A run of fields that moved by the same number of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedFields {
    /// Offset of the first.
    pub first: Step<usize>,
    /// Offset of the last.
    pub last: Step<usize>,
    /// Their names in B, in A's order.
    pub fields: Vec<String>,
    /// What it breaks.
    pub breaks: Breaks,
}

/// What changes in the fields of one record.
pub(super) struct FieldsDiff {
    pub(super) added: Vec<FieldAt>,
    pub(super) removed: Vec<FieldAt>,
    pub(super) renamed: Vec<RenamedField>,
    pub(super) retyped: Vec<RetypedField>,
    pub(super) moved: Vec<MovedFields>,
}

impl FieldsDiff {
    pub(super) fn breaks(&self) -> Breaks {
        let at = self.added.iter().chain(&self.removed).map(|field| field.breaks);
        let renamed = self.renamed.iter().map(|field| field.breaks);
        let retyped = self.retyped.iter().map(|field| field.breaks);
        Breaks::of_all(at.chain(renamed).chain(retyped).chain(self.moved.iter().map(|run| run.breaks)))
    }
}

/// The fields of one record in A or in B, with what their types stand for.
struct Side<'a> {
    record: &'a Record,
    types: &'a Types<'a>,
}

impl<'a> Side<'a> {
    fn scalar(&self, field: &Field) -> Option<ScalarType> {
        self.types.scalar(&field.typedef)
    }

    /// Returns the offset behind the last byte of `field`.
    fn end(&self, field: &Field) -> usize {
        field.offset + self.scalar(field).map_or(0, ScalarType::size)
    }

    fn at(&self, position: usize, breaks: Breaks) -> FieldAt {
        let field = &self.record.fields[position];
        FieldAt {
            name: field.c_name.clone(),
            typedef: field.typedef.clone(),
            scalar: self.spelled(field),
            offset: field.offset,
            place_of: None,
            breaks,
        }
    }

    /// Returns the type as in C; the typedef's name where a model that was never checked does not declare it.
    fn spelled(&self, field: &Field) -> String {
        self.scalar(field).map_or_else(|| field.typedef.clone(), |scalar| scalar.to_string())
    }
}

/// Compares the fields of a record in A and in B; only one that a method carries breaks clients already compiled.
pub(super) fn compare<'a>(
    a: (&'a Record, &'a Types<'a>),
    b: (&'a Record, &'a Types<'a>),
    carried: bool,
    renames: &Renames,
) -> FieldsDiff {
    let (a, b) = (Side { record: a.0, types: a.1 }, Side { record: b.0, types: b.1 });
    let (before, after) = (&a.record.fields, &b.record.fields);
    let pairing = pair(a.record, b.record, renames);
    let (retyped, moved) = common(&a, &b, &pairing, carried);
    let gone = Breaks { binary: carried, source: true };
    let renamed = pairing.renamed.iter().map(|&(one, other, known_by)| RenamedField {
        name: Step::new(before[one].c_name.clone(), after[other].c_name.clone()),
        known_by,
        breaks: Breaks::SOURCE,
    });
    FieldsDiff {
        added: pairing.added.iter().map(|&position| came(&a, &b, position, carried)).collect(),
        removed: pairing.removed.iter().map(|&position| a.at(position, gone)).collect(),
        renamed: renamed.collect(),
        retyped,
        moved,
    }
}

/// Compares type and offset of the fields that both have.
fn common(
    a: &Side<'_>,
    b: &Side<'_>,
    pairing: &Pairing,
    carried: bool,
) -> (Vec<RetypedField>, Vec<MovedFields>) {
    let (mut retyped, mut moved): (Vec<RetypedField>, Vec<MovedFields>) = Default::default();
    let mut delta = 0;
    for (one, other) in pairing.pairs() {
        let (one, other) = (&a.record.fields[one], &b.record.fields[other]);
        let offset = Step::new(one.offset, other.offset);
        let scalar = Step::new(a.scalar(one), b.scalar(other));
        if scalar.differs() || one.typedef != other.typedef {
            retyped.push(RetypedField {
                name: other.c_name.clone(),
                typedef: Step::new(one.typedef.clone(), other.typedef.clone()),
                scalar: Step::new(a.spelled(one), b.spelled(other)),
                offset,
                breaks: Breaks {
                    binary: carried && (scalar.differs() || offset.differs()),
                    source: narrows(scalar.before, scalar.after),
                },
            });
            continue;
        }
        let by = offset.after.cast_signed() - offset.before.cast_signed();
        let goes_on = by == delta;
        delta = by;
        if by == 0 {
            continue;
        }
        match moved.last_mut().filter(|_| goes_on) {
            Some(run) => {
                run.last = offset;
                run.fields.push(other.c_name.clone());
            }
            None => {
                let fields = vec![other.c_name.clone()];
                let breaks = Breaks { binary: carried, source: false };
                moved.push(MovedFields { first: offset, last: offset, fields, breaks });
            }
        }
    }
    (retyped, moved)
}

/// Returns the field of B at `position`, which A lacks.
fn came(a: &Side<'_>, b: &Side<'_>, position: usize, carried: bool) -> FieldAt {
    let field = &b.record.fields[position];
    let end = b.end(field);
    let taken = a.record.fields.iter().find(|old| old.offset < end && field.offset < a.end(old));
    // Only bytes that were padding in A are free.
    let binary = carried && (taken.is_some() || end > a.record.size);
    let place_of = taken.filter(|old| {
        let is_elsewhere = b.record.fields.iter().any(|other| other.c_name == old.c_name);
        is_elsewhere && (old.offset, a.end(old)) == (field.offset, end)
    });
    FieldAt {
        place_of: place_of.map(|old| old.c_name.clone()),
        ..b.at(position, Breaks { binary, source: false })
    }
}

/// Pairs the fields. Alike are fields of the same typedef between the same neighbours.
fn pair(a: &Record, b: &Record, renames: &Renames) -> Pairing {
    let (before, after) = (&a.fields, &b.fields);
    let pairing = Pairing::by_name(
        before.iter().map(|field| field.c_name.as_str()),
        after.iter().map(|field| field.c_name.as_str()),
    )
    .renamed_by_overlay(
        |position| renames.current_field(&a.c_name, &before[position].c_name),
        |position| renames.current_field(&b.c_name, &after[position].c_name),
    );
    if pairing.removed.is_empty() || pairing.added.is_empty() {
        return pairing;
    }
    let pairs = pairing.pairs();
    let of_after: HashMap<usize, usize> = pairs.iter().map(|&(one, other)| (other, one)).collect();
    let is_paired = |one: usize| pairs.binary_search_by_key(&one, |pair| pair.0).is_ok();
    // The neighbours, as positions in A.
    let around_before = |position: usize| {
        let left = (0..position).rev().find(|one| is_paired(*one));
        (left, (position + 1..before.len()).find(|one| is_paired(*one)))
    };
    let around_after = |position: usize| {
        let left = (0..position).rev().find_map(|other| of_after.get(&other).copied());
        (left, (position + 1..after.len()).find_map(|other| of_after.get(&other).copied()))
    };
    pairing.renamed_by_likeness(
        |position| (around_before(position), before[position].typedef.as_str()),
        |position| (around_after(position), after[position].typedef.as_str()),
        |_, _| true,
    )
}

/// Returns whether a value of type `before` may not fit `after`, or is of another kind.
pub(super) fn narrows(before: Option<ScalarType>, after: Option<ScalarType>) -> bool {
    use ScalarType::{Int, LongLong, Short, Text, UnsignedInt};
    match (before, after) {
        (before, after) if before == after => false,
        (Some(Text(short)), Some(Text(long))) => long < short,
        (Some(Short), Some(Int | LongLong)) | (Some(Int | UnsignedInt), Some(LongLong)) => false,
        _ => true,
    }
}
