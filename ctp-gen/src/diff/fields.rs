//! What changes in the fields of one record.

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
    /// For one that came: the field of A whose bytes it has and that stands elsewhere in B. The vendor widens ids so: the
    /// old place stays as `reserve1`, the id stands anew at the end.
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

/// Compares the fields of a record in A and in B; only one that a method carries breaks clients already compiled.
pub(super) fn compare(
    a: (&Record, &Types<'_>),
    b: (&Record, &Types<'_>),
    carried: bool,
    renames: &Renames,
) -> FieldsDiff {
    let ((record_before, types_before), (record_after, types_after)) = (a, b);
    let (before, after) = (&record_before.fields, &record_after.fields);
    let pairing = pair(record_before, record_after, renames);
    let scalar_before = |field: &Field| types_before.scalar(&field.typedef);
    let scalar_after = |field: &Field| types_after.scalar(&field.typedef);

    let mut retyped = Vec::new();
    let mut moved: Vec<MovedFields> = Vec::new();
    let mut delta = 0;
    for (one, other) in pairing.pairs() {
        let (one, other) = (&before[one], &after[other]);
        let offset = Step::new(one.offset, other.offset);
        let scalar = Step::new(scalar_before(one), scalar_after(other));
        if scalar.differs() || one.typedef != other.typedef {
            retyped.push(RetypedField {
                name: other.c_name.clone(),
                typedef: Step::new(one.typedef.clone(), other.typedef.clone()),
                scalar: Step::new(spelled(scalar.before, one), spelled(scalar.after, other)),
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

    let end = |field: &Field, scalar: Option<ScalarType>| field.offset + scalar.map_or(0, ScalarType::size);
    let added = pairing.added.iter().map(|&position| {
        let field = &after[position];
        let field_end = end(field, scalar_after(field));
        let taken =
            before.iter().find(|old| old.offset < field_end && field.offset < end(old, scalar_before(old)));
        // Only bytes that were padding in A are free.
        let binary = carried && (taken.is_some() || field_end > record_before.size);
        let place_of = taken.filter(|old| {
            let is_elsewhere = after.iter().any(|other| other.c_name == old.c_name);
            is_elsewhere && (old.offset, end(old, scalar_before(old))) == (field.offset, field_end)
        });
        FieldAt {
            place_of: place_of.map(|old| old.c_name.clone()),
            ..at(field, scalar_after(field), Breaks { binary, source: false })
        }
    });
    let removed = pairing.removed.iter().map(|&position| {
        let field = &before[position];
        at(field, scalar_before(field), Breaks { binary: carried, source: true })
    });
    let renamed = pairing.renamed.iter().map(|&(one, other, known_by)| RenamedField {
        name: Step::new(before[one].c_name.clone(), after[other].c_name.clone()),
        known_by,
        breaks: Breaks::SOURCE,
    });
    FieldsDiff {
        added: added.collect(),
        removed: removed.collect(),
        renamed: renamed.collect(),
        retyped,
        moved,
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
    let of_after: std::collections::HashMap<usize, usize> =
        pairs.iter().map(|&(one, other)| (other, one)).collect();
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

fn at(field: &Field, scalar: Option<ScalarType>, breaks: Breaks) -> FieldAt {
    FieldAt {
        name: field.c_name.clone(),
        typedef: field.typedef.clone(),
        scalar: spelled(scalar, field),
        offset: field.offset,
        place_of: None,
        breaks,
    }
}

/// Returns the scalar as in C; the typedef's name where a model that was never checked does not declare it.
fn spelled(scalar: Option<ScalarType>, field: &Field) -> String {
    scalar.map_or_else(|| field.typedef.clone(), |scalar| scalar.to_string())
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
