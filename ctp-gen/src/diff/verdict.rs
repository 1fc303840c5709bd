//! What the changes come to, in words.

use serde::Serialize;

use super::{
    Diff,
    classes::ClassDiff,
    marks::Breaks,
    values::{EnumerationDiff, Revalued, ValuesDiff},
};
use crate::names;

/// What the changes come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Why a client compiled for A does not work with a library of B; empty where it does.
    pub binary: Vec<String>,
    /// Why a program written for A does not compile with B; empty where it does.
    pub source: Vec<String>,
}

/// Collects the reasons.
pub(super) fn of(diff: &Diff) -> Verdict {
    let mut verdict = Verdict::default();
    namespace(diff, &mut verdict);
    methods(diff, &mut verdict);
    statics(diff, &mut verdict);
    records(diff, &mut verdict);
    typedefs(&diff.typedefs, &mut verdict);
    let constants = |enumeration: &EnumerationDiff<String>| enumeration.values.clone();
    values("constant", diff.enumerations.iter().map(constants), &mut verdict);
    let members = |enumeration: &EnumerationDiff<i64>| enumeration.values.clone();
    values("enumeration value", diff.plain_enums.iter().map(members), &mut verdict);
    values("error code", diff.errors.iter().cloned(), &mut verdict);
    verdict
}

fn namespace(diff: &Diff, verdict: &mut Verdict) {
    if let Some(namespace) = &diff.namespace {
        let shown = |name: &Option<String>| name.clone().unwrap_or_else(|| "the global one".to_owned());
        let (before, after) = (shown(&namespace.before), shown(&namespace.after));
        let reason = format!("all declarations stand in another namespace ({before} → {after})");
        verdict.binary.push(reason.clone());
        verdict.source.push(reason);
    }
}

fn methods(diff: &Diff, verdict: &mut Verdict) {
    let moved: usize = diff.classes.iter().map(ClassDiff::moved_count).sum();
    let movers: Vec<&str> =
        diff.classes.iter().filter(|class| !class.moved.is_empty()).map(ClassDiff::short_name).collect();
    if moved > 0 {
        let stand = if moved == 1 { "method stands in another slot" } else { "methods stand in other slots" };
        verdict.binary.push(format!("{moved} {stand} ({})", movers.join(", ")));
    }
    let of = |pick: fn(&ClassDiff) -> Vec<(String, Breaks)>| -> Vec<(String, Breaks)> {
        diff.classes.iter().flat_map(pick).collect()
    };
    let added = |calls: bool| -> Vec<(String, Breaks)> {
        let classes = diff.classes.iter().filter(|class| class.is_of_calls() == calls);
        let methods = classes.flat_map(|class| &class.added);
        methods.map(|method| (method.name.clone(), method.breaks)).collect()
    };
    let removed = of(|class| class.removed.iter().map(|one| (one.name.clone(), one.breaks)).collect());
    let renamed = of(|class| class.renamed.iter().map(|one| (one.name.before.clone(), one.breaks)).collect());
    let changed = of(|class| class.changed.iter().map(|one| (one.name.clone(), one.breaks)).collect());
    verdict.push(
        "callback comes, in a slot that an old client lacks or uses otherwise",
        "callbacks come, in slots that an old client lacks or uses otherwise",
        &added(false),
    );
    verdict.push("call comes before others", "calls come before others", &added(true));
    verdict.push("method goes", "methods go", &removed);
    verdict.push("method is renamed", "methods are renamed", &renamed);
    verdict.push("method has another signature", "methods have other signatures", &changed);
}

fn statics(diff: &Diff, verdict: &mut Verdict) {
    let all = || diff.classes.iter().map(|class| &class.statics).chain(&diff.functions);
    let removed: Vec<_> =
        all().flat_map(|statics| &statics.removed).map(|one| (one.name.clone(), one.breaks)).collect();
    let changed: Vec<_> =
        all().flat_map(|statics| &statics.changed).map(|one| (one.name.clone(), one.breaks)).collect();
    verdict.push("exported function goes", "exported functions go", &removed);
    verdict.push(
        "exported function has another symbol or signature",
        "exported functions have other symbols or signatures",
        &changed,
    );
}

fn records(diff: &Diff, verdict: &mut Verdict) {
    let short = |name: &str| names::record(name).to_owned();
    let records = &diff.records;
    let removed: Vec<_> = records.removed.iter().map(|one| (short(&one.name), one.breaks)).collect();
    let renamed: Vec<_> = records.renamed.iter().map(|one| (short(&one.name.before), one.breaks)).collect();
    verdict.push("record goes", "records go", &removed);
    verdict.push("record is renamed", "records are renamed", &renamed);

    let laid_out = records.changed.iter().filter(|record| record.breaks.binary);
    let laid_out: Vec<_> = laid_out.map(|record| (short(&record.name), Breaks::BINARY)).collect();
    verdict.push("record is laid out anew", "records are laid out anew", &laid_out);
    let field = |record: &str, name: &str| format!("{}::{name}", names::record(record));
    let (mut gone, mut renamed, mut retyped) = (Vec::new(), Vec::new(), Vec::new());
    for record in &records.changed {
        gone.extend(record.removed.iter().map(|one| field(&record.name, &one.name)));
        renamed.extend(record.renamed.iter().map(|one| field(&record.name, &one.name.before)));
        let narrowed = record.retyped.iter().filter(|one| one.breaks.source);
        retyped.extend(narrowed.map(|one| field(&record.name, &one.name)));
    }
    // Their mark for clients already compiled is in the layout.
    let source =
        |names: Vec<String>| names.into_iter().map(|name| (name, Breaks::SOURCE)).collect::<Vec<_>>();
    verdict.push("field goes", "fields go", &source(gone));
    verdict.push("field is renamed", "fields are renamed", &source(renamed));
    verdict.push(
        "field is narrower or of another kind",
        "fields are narrower or of another kind",
        &source(retyped),
    );
}

fn typedefs(typedefs: &ValuesDiff<String>, verdict: &mut Verdict) {
    let removed: Vec<_> = typedefs.removed.iter().map(|one| (one.name.clone(), one.breaks)).collect();
    let renamed: Vec<_> = typedefs.renamed.iter().map(|one| (one.name.before.clone(), one.breaks)).collect();
    let retyped: Vec<_> = typedefs.revalued.iter().map(|one| (one.name.clone(), one.breaks)).collect();
    verdict.push("typedef goes", "typedefs go", &removed);
    verdict.push("typedef is renamed", "typedefs are renamed", &renamed);
    verdict.push("typedef stands for another type", "typedefs stand for other types", &retyped);
}

fn values<T>(what: &str, all: impl Iterator<Item = ValuesDiff<T>>, verdict: &mut Verdict) {
    let (mut removed, mut taken, mut renamed, mut revalued) = (vec![], vec![], vec![], vec![]);
    for values in all {
        for one in values.removed {
            taken.push((one.name.clone(), Breaks { source: false, ..one.breaks }));
            removed.push((one.name, Breaks { binary: false, ..one.breaks }));
        }
        renamed.extend(values.renamed.into_iter().map(|one| (one.name.before, one.breaks)));
        revalued.extend(values.revalued.into_iter().map(|Revalued { name, breaks, .. }| (name, breaks)));
    }
    verdict.push(&format!("{what} goes"), &format!("{what}s go"), &removed);
    verdict.push(
        &format!("{what} goes and its value means another"),
        &format!("{what}s go and their values mean others"),
        &taken,
    );
    verdict.push(&format!("{what} is renamed"), &format!("{what}s are renamed"), &renamed);
    verdict.push(&format!("{what} has another value"), &format!("{what}s have other values"), &revalued);
}

impl Verdict {
    /// Adds what breaks to the reasons, with the first names.
    fn push(&mut self, one: &str, many: &str, changes: &[(String, Breaks)]) {
        let reason = |breaks: fn(Breaks) -> bool| -> Option<String> {
            let breaking = changes.iter().filter(|(_, change)| breaks(*change));
            let names: Vec<&str> = breaking.map(|(name, _)| name.as_str()).collect();
            let what = if names.len() == 1 { one } else { many };
            (!names.is_empty()).then(|| format!("{} {what} ({})", names.len(), first(&names)))
        };
        self.binary.extend(reason(|breaks| breaks.binary));
        self.source.extend(reason(|breaks| breaks.source));
    }
}

/// Returns up to three names and how many more there are.
fn first(names: &[&str]) -> String {
    let (shown, more) = names.split_at(names.len().min(3));
    match more.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
