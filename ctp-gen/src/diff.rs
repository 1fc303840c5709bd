//! What changes from one version of the API to another, and what that breaks.
//!
//! [`Diff::between`] compares two models, *A* (before) and *B* (after). Every change says what it
//! [`Breaks`]:
//!
//! - **binary**: a client compiled for A misbehaves when it is run with a library of B. A virtual method
//!   stands in another slot, went or has other arguments; one came before others (or, in a class of
//!   callbacks, anywhere: the library calls a slot that the client's table lacks); the size of a record that a
//!   method carries, or the offset or type of its fields, is another; an exported symbol or the value of a
//!   constant is another, or the value of one that went means something else.
//! - **source**: a program written for A may not compile with the headers of B. A name went or changed, a
//!   call needs other arguments, a callback's override no longer matches, a field is narrower or of another
//!   kind. What comes breaks nothing: callbacks have bodies, and only who implements the classes of calls
//!   must write the new ones.
//!
//! A change of a parameter's name or of a default value is shown and breaks nothing. `error.xml` is not
//! compiled: an error code that goes breaks nothing, unless its number means another error now; one with another
//! number breaks whoever compares with the old one.
//!
//! # JSON
//!
//! [`Diff::to_json`] gives one object with the fields of [`Diff`], each type with its fields under their names
//! here; only `typedef` is called `type`, as in a model. `breaks` is a list of `"binary"` and `"source"`, `A → B`
//! below is `{"before": A, "after": B}`. [`Diff::format`] grows when a name goes or means something else; names
//! may come at any time.
//!
//! ```text
//! {
//!   format: 1,
//!   from: {family, version},  to: {family, version},
//!   breaks,
//!   verdict: {binary: [reason], source: [reason]},
//!   summary: {methods, statics, records, fields, typedefs, constants, plain_enums, errors: each
//!             {before, after, added, removed, renamed, changed, moved, breaks_binary, breaks_source}},
//!   namespace: null or name → name,
//!   classes: [{class, slots: count → count,
//!              added: [method], removed: [method],             method: {name, slot, signature, record, breaks}
//!              renamed: [{name →, slot →, known_by, breaks}],
//!              changed: [{name, slot →, signature →, breaks}],
//!              moved: [{first: slot → slot, last: slot → slot, methods: [name], breaks}],
//!              statics: {added: [{name, symbol, signature, breaks}], removed: the same,
//!                        changed: [{name, symbol →, signature →, breaks}]}}],
//!   functions: null or as statics,
//!   records: {added: [{name, size, fields: count, carried, breaks}], removed: the same,
//!             renamed: [{name →, known_by, breaks}],
//!             changed: [{name, size →, carried,
//!                        added: [field], removed: [field],     field: {name, type, scalar, offset, place_of, breaks}
//!                        renamed: [{name →, known_by, breaks}],
//!                        retyped: [{name, type →, scalar →, offset →, breaks}],
//!                        moved: [{first: offset → offset, last: offset → offset, fields: [name], breaks}],
//!                        breaks}]},
//!   typedefs: values,                        values: {added: [{name, value, taken_by, breaks}], removed: the same,
//!   enumerations: [{name} and values],                renamed: [{name →, known_by, breaks}],
//!   constants_moved: [{name, type →, breaks}],        revalued: [{name, value →, taken_by, breaks}]}
//!   plain_enums: [{name} and values],
//!   errors: null or values
//! }
//! ```

mod classes;
mod fields;
mod markdown;
mod marks;
mod pairing;
mod records;
mod signature;
mod summary;
mod text;
pub mod upgrades;
mod values;
mod verdict;

use std::collections::HashMap;

use serde::Serialize;

pub use classes::{
    ChangedMethod, ChangedStatic, ClassDiff, MethodAt, MovedMethods, RenamedMethod, StaticAt, StaticsDiff,
};
pub use fields::{FieldAt, MovedFields, RenamedField, RetypedField};
pub use marks::{Breaks, Step};
pub use pairing::RenameSource;
pub use records::{RecordAt, RecordDiff, RecordsDiff, RenamedRecord};
pub use summary::{Summary, Tally};
pub use values::{EnumerationDiff, MovedConstant, Renamed, Revalued, Value, ValuesDiff};
pub use verdict::Verdict;

use crate::{Api, overlay::Renames};

/// What changes from A to B.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Version of the JSON shape: 1.
    pub format: u32,
    /// A.
    pub from: Label,
    /// B.
    pub to: Label,
    /// What the changes break, taken together.
    pub breaks: Breaks,
    /// Why, in words.
    pub verdict: Verdict,
    /// Counts.
    pub summary: Summary,
    /// The C++ namespace, where it is another.
    pub namespace: Option<Step<Option<String>>>,
    /// Classes in which anything changes.
    pub classes: Vec<ClassDiff>,
    /// Functions of `DataCollect.h`; none where one of the header sets came without that file.
    pub functions: Option<StaticsDiff>,
    /// Records.
    pub records: RecordsDiff,
    /// Typedefs; *revalued* are those that stand for another type.
    pub typedefs: ValuesDiff<String>,
    /// Enumerations in which a constant changes, by typedef.
    pub enumerations: Vec<EnumerationDiff<String>>,
    /// Constants that stand in another enumeration; they are compared where they stand in B.
    pub constants_moved: Vec<MovedConstant>,
    /// Plain C enumerations in which a member changes.
    pub plain_enums: Vec<EnumerationDiff<i64>>,
    /// Codes of `error.xml`, by symbol; none where one of the header sets came without that file.
    pub errors: Option<ValuesDiff<i32>>,
}

/// Which model it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// `se`, `mini` or `sopt`.
    pub family: String,
    /// For example `6.7.13`.
    pub version: String,
}

impl Diff {
    /// Compares A with B; renames are those of the committed overlay.
    pub fn between(a: &Api, b: &Api) -> Self {
        Self::with_renames(a, b, Renames::committed())
    }

    /// Compares A with B under given renames.
    pub fn with_renames(a: &Api, b: &Api, renames: &Renames) -> Self {
        let pairing = records::pair(a, b, renames);
        let renamed: HashMap<&str, &str> = pairing
            .renamed
            .iter()
            .map(|&(one, other, _)| (a.records[one].c_name.as_str(), b.records[other].c_name.as_str()))
            .collect();
        let namespace = Step::new(a.namespace.clone(), b.namespace.clone());
        let typedefs = values::typedefs(a, b);
        let (enumerations, constants_moved) = values::constants(a, b, &typedefs);
        let mut diff = Self {
            format: 1,
            from: Label::of(a),
            to: Label::of(b),
            breaks: Breaks::NONE,
            verdict: Verdict::default(),
            summary: Summary::default(),
            namespace: namespace.differs().then_some(namespace),
            classes: classes::compare(a, b, renames, &renamed),
            functions: (a.functions.is_empty() == b.functions.is_empty())
                .then(|| classes::statics(&a.functions, &b.functions, &renamed)),
            records: records::compare(a, b, &pairing, renames),
            typedefs,
            enumerations,
            constants_moved,
            plain_enums: values::plain_enums(a, b),
            errors: values::errors(a, b),
        };
        let (before, after): (Vec<_>, Vec<_>) =
            pairing.pairs().into_iter().map(|(one, other)| (&a.records[one], &b.records[other])).unzip();
        diff.summary = summary::of(&diff, a, b, (&before, &after));
        diff.verdict = verdict::of(&diff);
        diff.breaks =
            Breaks { binary: !diff.verdict.binary.is_empty(), source: !diff.verdict.source.is_empty() };
        diff
    }

    /// Returns whether A and B declare the same.
    pub fn is_empty(&self) -> bool {
        self.namespace.is_none()
            && self.classes.is_empty()
            && self.functions.as_ref().is_none_or(StaticsDiff::is_empty)
            && self.records == RecordsDiff::default()
            && self.typedefs.is_empty()
            && self.enumerations.is_empty()
            && self.constants_moved.is_empty()
            && self.plain_enums.is_empty()
            && self.errors.as_ref().is_none_or(ValuesDiff::is_empty)
    }

    /// Returns it as JSON, ending in a newline; the module's documentation describes the shape.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists only: nothing that JSON cannot say.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        text + "\n"
    }
}

impl Label {
    fn of(api: &Api) -> Self {
        Self { family: api.family.clone(), version: api.version.clone() }
    }

    /// Returns the version without what a caller added to tell two of it apart: `6.7.9 (as delivered)` is `6.7.9`.
    fn number(&self) -> &str {
        self.version.split(' ').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{}", self.family, self.version)
    }
}
