//! What changes in the classes: methods, their slots and signatures, and the exported statics.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    marks::{Breaks, Step},
    pairing::{Pairing, RenameSource, similar},
    signature::{self, Signature},
};
use crate::{
    api::{Api, Class, Method, Static},
    overlay::Renames,
};

/// What changes in one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassDiff {
    /// C++ name.
    pub class: String,
    /// Number of virtual methods.
    pub slots: Step<usize>,
    /// Methods that came, in slot order.
    pub added: Vec<MethodAt>,
    /// Methods that went, in slot order.
    pub removed: Vec<MethodAt>,
    /// Methods that have another name.
    pub renamed: Vec<RenamedMethod>,
    /// Methods with another signature.
    pub changed: Vec<ChangedMethod>,
    /// Runs of methods that moved by the same number of slots; renamed and changed ones are among them.
    pub moved: Vec<MovedMethods>,
    /// Static methods, which a library exports by symbol.
    pub statics: StaticsDiff,
}

/// What changes in exported functions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StaticsDiff {
    /// Functions that came.
    pub added: Vec<StaticAt>,
    /// Functions that went.
    pub removed: Vec<StaticAt>,
    /// Functions with another symbol or signature.
    pub changed: Vec<ChangedStatic>,
}

/// A method that is in one of the two only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MethodAt {
    /// C++ name.
    pub name: String,
    /// Position in the virtual table, from 0.
    pub slot: usize,
    /// C++ declaration.
    pub signature: String,
    /// C name of the record that it takes or brings, `CThostFtdcRspInfoField` where that is all.
    pub record: Option<String>,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A method with another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RenamedMethod {
    /// The names.
    pub name: Step<String>,
    /// The slots.
    pub slot: Step<usize>,
    /// How the rename is known.
    pub known_by: RenameSource,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A method with another signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedMethod {
    /// C++ name in B.
    pub name: String,
    /// The slots.
    pub slot: Step<usize>,
    /// C++ declarations.
    pub signature: Step<String>,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A run of methods that moved by the same number of slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedMethods {
    /// Slot of the first.
    pub first: Step<usize>,
    /// Slot of the last.
    pub last: Step<usize>,
    /// Their names in B, in slot order of A.
    pub methods: Vec<String>,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A static method that is in one of the two only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StaticAt {
    /// C++ name.
    pub name: String,
    /// Exported symbol.
    pub symbol: String,
    /// C++ declaration.
    pub signature: String,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A static method with another symbol or signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedStatic {
    /// C++ name.
    pub name: String,
    /// Exported symbols.
    pub symbol: Step<String>,
    /// C++ declarations.
    pub signature: Step<String>,
    /// What it breaks.
    pub breaks: Breaks,
}

/// Compares the classes. `records` maps records of A that have another name in B.
pub(super) fn compare(a: &Api, b: &Api, renames: &Renames, records: &HashMap<&str, &str>) -> Vec<ClassDiff> {
    let none = |name: &str| Class { c_name: name.to_owned(), methods: Vec::new(), statics: Vec::new() };
    let named = |api: &Api, name: &str| api.classes.iter().find(|class| class.c_name == name).cloned();
    let mut names: Vec<&str> = Vec::new();
    for class in a.classes.iter().chain(&b.classes) {
        if !names.contains(&class.c_name.as_str()) {
            names.push(&class.c_name);
        }
    }
    let classes = names.into_iter().map(|name| {
        let before = named(a, name).unwrap_or_else(|| none(name));
        let after = named(b, name).unwrap_or_else(|| none(name));
        class(&before, &after, renames, records)
    });
    classes.filter(|diff| !diff.is_empty()).collect()
}

fn class(a: &Class, b: &Class, renames: &Renames, records: &HashMap<&str, &str>) -> ClassDiff {
    let calls = is_of_calls(&a.c_name);
    let (before, after) = (&a.methods, &b.methods);
    let current = |method: &Method| renames.current_method(&a.c_name, &method.name).to_owned();
    let current_before: Vec<String> = before.iter().map(current).collect();
    let current_after: Vec<String> = after.iter().map(current).collect();
    let pairing = Pairing::by_name(
        before.iter().map(|method| method.name.as_str()),
        after.iter().map(|method| method.name.as_str()),
    )
    .renamed_by_overlay(|slot| &current_before[slot], |slot| &current_after[slot])
    .renamed_by_likeness(
        |slot| Signature::of(&before[slot]).abi(records),
        |slot| Signature::of(&after[slot]).abi(&HashMap::new()),
        |one, other| similar(&before[one].name, &after[other].name),
    );
    let at = |method: &Method, slot, breaks| MethodAt {
        name: method.name.clone(),
        slot,
        signature: Signature::of(method).text(),
        record: Signature::of(method).record().map(str::to_owned),
        breaks,
    };
    // A client of A calls by A's slots: a call that comes harms it unless it stands behind them all.
    // The library of B calls back by B's slots, into a table that has A's length: there every one harms.
    let appended = pairing.pairs().iter().map(|(_, slot)| slot + 1).fold(before.len(), usize::max);
    let added = pairing.added.iter().map(|&slot| {
        let binary = !calls || slot < appended;
        at(&after[slot], slot, Breaks { binary, source: false })
    });
    let removed = pairing.removed.iter().map(|&slot| {
        let binary = calls || slot < after.len();
        at(&before[slot], slot, Breaks { binary, source: true })
    });
    let renamed = pairing.renamed.iter().map(|&(one, other, known_by)| RenamedMethod {
        name: Step::new(before[one].name.clone(), after[other].name.clone()),
        slot: Step::new(one, other),
        known_by,
        breaks: Breaks::SOURCE,
    });
    let changed = pairing.pairs().into_iter().filter_map(|(one, other)| {
        let step = Step::new(Signature::of(&before[one]), Signature::of(&after[other]));
        // Under another name it takes other names of parameters and records along.
        let is_renamed = before[one].name != after[other].name;
        let differs = step.differs() && !(is_renamed && step.before.is_like(step.after, records));
        differs.then(|| ChangedMethod {
            name: after[other].name.clone(),
            slot: Step::new(one, other),
            signature: Step::new(step.before.text(), step.after.text()),
            breaks: signature::breaks(&step, calls, records),
        })
    });
    ClassDiff {
        class: a.c_name.clone(),
        slots: Step::new(before.len(), after.len()),
        added: added.collect(),
        removed: removed.collect(),
        renamed: renamed.collect(),
        changed: changed.collect(),
        moved: moved(&pairing, after),
        statics: statics(&a.statics, &b.statics, records),
    }
}

fn is_of_calls(class: &str) -> bool {
    !class.ends_with("Spi")
}

fn moved(pairing: &Pairing, after: &[Method]) -> Vec<MovedMethods> {
    let mut runs: Vec<MovedMethods> = Vec::new();
    let mut delta = 0;
    for (one, other) in pairing.pairs() {
        let by = other.cast_signed() - one.cast_signed();
        let goes_on = by == delta;
        delta = by;
        if by == 0 {
            continue;
        }
        let name = after[other].name.clone();
        let slot = Step::new(one, other);
        match runs.last_mut().filter(|_| goes_on) {
            Some(run) => {
                run.last = slot;
                run.methods.push(name);
            }
            None => {
                let methods = vec![name];
                runs.push(MovedMethods { first: slot, last: slot, methods, breaks: Breaks::BINARY });
            }
        }
    }
    runs
}

/// Compares exported functions.
pub(super) fn statics(before: &[Static], after: &[Static], records: &HashMap<&str, &str>) -> StaticsDiff {
    let pairing = Pairing::by_name(
        before.iter().map(|function| function.name.as_str()),
        after.iter().map(|function| function.name.as_str()),
    );
    let at = |function: &Static, breaks| StaticAt {
        name: function.name.clone(),
        symbol: function.symbol.clone(),
        signature: Signature::of_static(function).text(),
        breaks,
    };
    let changed = pairing.same.iter().filter_map(|&(one, other)| {
        let (one, other) = (&before[one], &after[other]);
        let signature = Step::new(Signature::of_static(one), Signature::of_static(other));
        let symbol = Step::new(one.symbol.clone(), other.symbol.clone());
        (signature.differs() || symbol.differs()).then(|| {
            let by_symbol = Breaks { binary: symbol.differs(), source: false };
            ChangedStatic {
                name: other.name.clone(),
                symbol,
                signature: Step::new(signature.before.text(), signature.after.text()),
                breaks: signature::breaks(&signature, true, records).or(by_symbol),
            }
        })
    });
    let gone = Breaks { binary: true, source: true };
    StaticsDiff {
        changed: changed.collect(),
        added: pairing.added.iter().map(|&position| at(&after[position], Breaks::NONE)).collect(),
        removed: pairing.removed.iter().map(|&position| at(&before[position], gone)).collect(),
    }
}

impl StaticsDiff {
    /// Returns whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl ClassDiff {
    /// Returns whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.renamed.is_empty()
            && self.changed.is_empty()
            && self.moved.is_empty()
            && self.statics.is_empty()
    }

    /// Returns whether the client calls its methods; else it overrides them.
    pub fn is_of_calls(&self) -> bool {
        is_of_calls(&self.class)
    }

    /// Returns the number of methods that moved.
    pub fn moved_count(&self) -> usize {
        self.moved.iter().map(|run| run.methods.len()).sum()
    }

    /// Returns the class name without `CThostFtdc`.
    pub fn short_name(&self) -> &str {
        crate::names::record(&self.class)
    }
}
