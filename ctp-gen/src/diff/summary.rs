//! Counts, and what they come to.

use serde::Serialize;

use super::{
    Diff,
    marks::Breaks,
    values::{EnumerationDiff, ValuesDiff},
};
use crate::{
    Api,
    api::{Class, Record},
};

/// How many there are of one kind of thing, and what happened to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// In A.
    pub before: usize,
    /// In B.
    pub after: usize,
    /// Came.
    pub added: usize,
    /// Went.
    pub removed: usize,
    /// Have another name.
    pub renamed: usize,
    /// Have another signature, symbol, layout, type or value.
    pub changed: usize,
    /// Stand in another slot, at another offset, in another enumeration.
    pub moved: usize,
    /// Changes that break clients already compiled.
    pub breaks_binary: usize,
    /// Changes that break programs that are compiled anew.
    pub breaks_source: usize,
}

/// Counts of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Virtual methods of all classes.
    pub methods: Tally,
    /// Exported functions: factories, version, and those of `DataCollect.h`.
    pub statics: Tally,
    /// Records.
    pub records: Tally,
    /// Fields of the records that are in both.
    pub fields: Tally,
    /// Typedefs.
    pub typedefs: Tally,
    /// Constants of all enumerations.
    pub constants: Tally,
    /// Members of plain C enumerations.
    pub plain_enums: Tally,
    /// Codes of `error.xml`.
    pub errors: Tally,
}

impl Summary {
    /// Returns what is counted and its counts, in the order of the report.
    pub fn rows(&self) -> [(&'static str, &Tally); 8] {
        [
            ("methods", &self.methods),
            ("exported functions", &self.statics),
            ("records", &self.records),
            ("fields", &self.fields),
            ("typedefs", &self.typedefs),
            ("constants", &self.constants),
            ("plain enum values", &self.plain_enums),
            ("error codes", &self.errors),
        ]
    }
}

impl Tally {
    fn add(&mut self, count: usize, breaks: Breaks) -> usize {
        self.breaks_binary += if breaks.binary { count } else { 0 };
        self.breaks_source += if breaks.source { count } else { 0 };
        count
    }

    fn each(&mut self, all: impl IntoIterator<Item = Breaks>) -> usize {
        all.into_iter().map(|breaks| self.add(1, breaks)).sum()
    }

    fn values<T>(&mut self, values: &ValuesDiff<T>) {
        self.added += self.each(values.added.iter().map(|value| value.breaks));
        self.removed += self.each(values.removed.iter().map(|value| value.breaks));
        self.renamed += self.each(values.renamed.iter().map(|value| value.breaks));
        self.changed += self.each(values.revalued.iter().map(|value| value.breaks));
    }

    fn enumerations<T>(&mut self, enumerations: &[EnumerationDiff<T>]) {
        enumerations.iter().for_each(|enumeration| self.values(&enumeration.values));
    }
}

/// Counts everything; `common` are the records that are in both, as they are in A and in B.
pub(super) fn of(diff: &Diff, a: &Api, b: &Api, common: (&[&Record], &[&Record])) -> Summary {
    let methods = |class: &Class| class.methods.len();
    let statics = |class: &Class| class.statics.len();
    let members = |api: &Api| api.plain_enums.iter().map(|one| one.values.len()).sum();
    let fields = |records: &[&Record]| records.iter().map(|record| record.fields.len()).sum();
    let classes = |api: &Api, count: fn(&Class) -> usize| api.classes.iter().map(count).sum::<usize>();
    let exported = |api: &Api| classes(api, statics) + api.functions.len();
    let tally = |before, after| Tally { before, after, ..Tally::default() };
    let mut summary = Summary {
        methods: tally(classes(a, methods), classes(b, methods)),
        statics: tally(exported(a), exported(b)),
        records: tally(a.records.len(), b.records.len()),
        fields: tally(fields(common.0), fields(common.1)),
        typedefs: tally(a.typedefs.len(), b.typedefs.len()),
        constants: tally(a.constant_count(), b.constant_count()),
        plain_enums: tally(members(a), members(b)),
        errors: tally(a.errors.len(), b.errors.len()),
    };
    for class in &diff.classes {
        let tally = &mut summary.methods;
        tally.added += tally.each(class.added.iter().map(|method| method.breaks));
        tally.removed += tally.each(class.removed.iter().map(|method| method.breaks));
        tally.renamed += tally.each(class.renamed.iter().map(|method| method.breaks));
        tally.changed += tally.each(class.changed.iter().map(|method| method.breaks));
        for run in &class.moved {
            tally.moved += tally.add(run.methods.len(), run.breaks);
        }
    }
    for statics in diff.classes.iter().map(|class| &class.statics).chain(&diff.functions) {
        let tally = &mut summary.statics;
        tally.added += tally.each(statics.added.iter().map(|function| function.breaks));
        tally.removed += tally.each(statics.removed.iter().map(|function| function.breaks));
        tally.changed += tally.each(statics.changed.iter().map(|function| function.breaks));
    }
    let tally = &mut summary.records;
    tally.added += tally.each(diff.records.added.iter().map(|record| record.breaks));
    tally.removed += tally.each(diff.records.removed.iter().map(|record| record.breaks));
    tally.renamed += tally.each(diff.records.renamed.iter().map(|record| record.breaks));
    tally.changed += tally.each(diff.records.changed.iter().map(|record| record.breaks));
    let tally = &mut summary.fields;
    for record in &diff.records.changed {
        tally.added += tally.each(record.added.iter().map(|field| field.breaks));
        tally.removed += tally.each(record.removed.iter().map(|field| field.breaks));
        tally.renamed += tally.each(record.renamed.iter().map(|field| field.breaks));
        tally.changed += tally.each(record.retyped.iter().map(|field| field.breaks));
        for run in &record.moved {
            tally.add(run.fields.len(), run.breaks);
        }
        tally.moved += record.moved_count();
    }
    summary.typedefs.values(&diff.typedefs);
    summary.constants.enumerations(&diff.enumerations);
    summary.constants.moved += summary.constants.each(diff.constants_moved.iter().map(|one| one.breaks));
    summary.plain_enums.enumerations(&diff.plain_enums);
    if let Some(errors) = &diff.errors {
        summary.errors.values(errors);
    }
    summary
}
