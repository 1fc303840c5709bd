//! What changes in typedefs, constants, plain enumerations and error codes.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use serde::Serialize;

use super::{
    fields::narrows,
    marks::{Breaks, Step},
    pairing::{Pairing, RenameSource, similar},
    records::carried,
};
use crate::{
    api::{Api, Constant, ErrorCode, PlainEnum, Typedef},
    names,
};

/// A name with another name. Typedefs, constants and error codes have these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// The names.
    pub name: Step<String>,
    /// How the rename is known.
    pub known_by: RenameSource,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A name with a value: a typedef and what it stands for, a constant and its characters, a member of a plain
/// enumeration and its number, an error's symbol and its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value<T> {
    /// C name.
    pub name: String,
    /// Its value.
    pub value: T,
    /// For one that went: the name that has its value in B and is new there. To a program of A the value now
    /// means something else.
    pub taken_by: Option<String>,
    /// What it breaks.
    pub breaks: Breaks,
}

/// A name whose value changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Revalued<T> {
    /// C name.
    pub name: String,
    /// The values.
    pub value: Step<T>,
    /// The name that has the old value in B.
    pub taken_by: Option<String>,
    /// What it breaks.
    pub breaks: Breaks,
}

/// What changes in a list of names with values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValuesDiff<T> {
    /// Names that came.
    pub added: Vec<Value<T>>,
    /// Names that went.
    pub removed: Vec<Value<T>>,
    /// The same under another name.
    pub renamed: Vec<Renamed>,
    /// Names with another value.
    pub revalued: Vec<Revalued<T>>,
}

/// What changes in the constants of one typedef, or the members of one plain enumeration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnumerationDiff<T> {
    /// The typedef or the enumeration.
    pub name: String,
    /// Its values.
    #[serde(flatten)]
    pub values: ValuesDiff<T>,
}

/// A constant that stands in another enumeration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedConstant {
    /// C name.
    pub name: String,
    /// The typedefs.
    #[serde(rename = "type")]
    pub typedef: Step<String>,
    /// What it breaks.
    pub breaks: Breaks,
}

impl<T> ValuesDiff<T> {
    /// Returns whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.renamed.is_empty()
            && self.revalued.is_empty()
    }
}

impl<T> EnumerationDiff<T> {
    fn of<V>(name: &str, before: &[(&str, V)], after: &[(&str, V)], rules: &Rules) -> Option<Self>
    where
        V: Clone + Eq + Hash,
        T: From<V>,
    {
        let values = values(before, after, rules);
        (!values.is_empty()).then(|| Self { name: name.to_owned(), values })
    }
}

/// What a change of names with values breaks, and which part of a name tells it from others.
struct Rules {
    removed: Breaks,
    renamed: Breaks,
    revalued: Breaks,
    bare: fn(&str) -> &str,
}

/// `THOST_FTDC_D_Buy = '0'`: headers declare the name, and clients have its value compiled in.
const CONSTANTS: Rules = Rules {
    removed: Breaks::SOURCE,
    renamed: Breaks::SOURCE,
    revalued: Breaks::BINARY,
    bare: names::constant,
};

/// `THOST_TERT_QUICK = 2`: the same.
const MEMBERS: Rules = Rules { bare: |name| name.splitn(3, '_').nth(2).unwrap_or(name), ..CONSTANTS };

/// `error.xml` is not compiled, so no name of it breaks a program; a number that means another error does.
const ERRORS: Rules =
    Rules { removed: Breaks::NONE, renamed: Breaks::NONE, revalued: Breaks::BINARY, bare: |symbol| symbol };

fn values<V: Clone + Eq + Hash, T: From<V>>(
    before: &[(&str, V)],
    after: &[(&str, V)],
    rules: &Rules,
) -> ValuesDiff<T> {
    let pairing = Pairing::by_name(before.iter().map(|(name, _)| *name), after.iter().map(|(name, _)| *name))
        .renamed_by_likeness(
            |position| before[position].1.clone(),
            |position| after[position].1.clone(),
            |one, other| similar((rules.bare)(before[one].0), (rules.bare)(after[other].0)),
        );
    let added = pairing.added.iter().map(|&position| {
        let (name, value) = &after[position];
        let (name, value) = ((*name).to_owned(), value.clone().into());
        Value { name, value, taken_by: None, breaks: Breaks::NONE }
    });
    let removed = pairing.removed.iter().map(|&position| {
        let (name, value) = &before[position];
        let taken_by = pairing.added.iter().map(|&other| &after[other]).find(|other| other.1 == *value);
        Value {
            name: (*name).to_owned(),
            value: value.clone().into(),
            taken_by: taken_by.map(|(name, _)| (*name).to_owned()),
            breaks: rules.removed.or(Breaks { binary: taken_by.is_some(), source: false }),
        }
    });
    let revalued = pairing.pairs().into_iter().filter_map(|(one, other)| {
        let step = Step::new(before[one].1.clone(), after[other].1.clone());
        let taken_by = after.iter().find(|(_, value)| *value == step.before);
        step.differs().then(|| Revalued {
            name: after[other].0.to_owned(),
            taken_by: taken_by.map(|(name, _)| (*name).to_owned()),
            value: Step::new(step.before.into(), step.after.into()),
            breaks: rules.revalued,
        })
    });
    let renamed = pairing.renamed.iter().map(|&(one, other, known_by)| Renamed {
        name: Step::new(before[one].0.to_owned(), after[other].0.to_owned()),
        known_by,
        breaks: rules.renamed,
    });
    ValuesDiff {
        added: added.collect(),
        removed: removed.collect(),
        renamed: renamed.collect(),
        revalued: revalued.collect(),
    }
}

/// Compares the typedefs; `revalued` are those that stand for another type.
pub(super) fn typedefs(a: &Api, b: &Api) -> ValuesDiff<String> {
    let (before, after) = (&a.typedefs, &b.typedefs);
    let pairing = Pairing::by_name(
        before.iter().map(|typedef| typedef.name.as_str()),
        after.iter().map(|typedef| typedef.name.as_str()),
    )
    .renamed_by_likeness(
        |position| before[position].scalar,
        |position| after[position].scalar,
        |one, other| similar(names::enumeration(&before[one].name), names::enumeration(&after[other].name)),
    );
    let carried = carried(a);
    let carried = a.records.iter().filter(|record| carried.contains(record.c_name.as_str()));
    let used: HashSet<&str> =
        carried.flat_map(|record| &record.fields).map(|field| field.typedef.as_str()).collect();
    let retyped = pairing.pairs().into_iter().filter_map(|(one, other)| {
        let (one, other) = (&before[one], &after[other]);
        (one.scalar != other.scalar).then(|| Revalued {
            name: other.name.clone(),
            value: Step::new(one.scalar.to_string(), other.scalar.to_string()),
            taken_by: None,
            breaks: Breaks {
                binary: used.contains(one.name.as_str()),
                source: narrows(Some(one.scalar), Some(other.scalar)),
            },
        })
    });
    let text = |typedefs: &[Typedef], positions: &[usize], breaks| -> Vec<Value<String>> {
        let named = positions.iter().map(|&position| &typedefs[position]);
        named
            .map(|typedef| Value {
                name: typedef.name.clone(),
                value: typedef.scalar.to_string(),
                taken_by: None,
                breaks,
            })
            .collect()
    };
    let renamed = pairing.renamed.iter().map(|&(one, other, known_by)| Renamed {
        name: Step::new(before[one].name.clone(), after[other].name.clone()),
        known_by,
        breaks: Breaks::SOURCE,
    });
    ValuesDiff {
        added: text(after, &pairing.added, Breaks::NONE),
        removed: text(before, &pairing.removed, Breaks::SOURCE),
        renamed: renamed.collect(),
        revalued: retyped.collect(),
    }
}

/// Compares the constants by enumeration; second come those that stand in another one.
pub(super) fn constants(
    a: &Api,
    b: &Api,
    typedefs: &ValuesDiff<String>,
) -> (Vec<EnumerationDiff<String>>, Vec<MovedConstant>) {
    let renamed = typedefs.renamed.iter().map(|typedef| (&*typedef.name.before, &*typedef.name.after));
    let renamed: HashMap<&str, &str> = renamed.collect();
    let mut home_after: HashMap<&str, &str> = HashMap::new();
    let mut after: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
    for (typedef, constant) in constants_of(b) {
        home_after.insert(&constant.name, typedef);
        after.entry(typedef).or_default().push((&constant.name, &constant.value));
    }
    let mut before: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
    let mut moved = Vec::new();
    // The enumerations under their names in B, in B's order and then A's.
    let mut order: Vec<&str> = b.enumerations.iter().map(|one| one.typedef.as_str()).collect();
    let mut known: HashSet<&str> = order.iter().copied().collect();
    for (typedef, constant) in constants_of(a) {
        let name = renamed.get(typedef).copied().unwrap_or(typedef);
        if known.insert(name) {
            order.push(name);
        }
        // A constant that moved is compared where it stands now.
        let home = home_after.get(constant.name.as_str()).copied().unwrap_or(name);
        if home != name {
            moved.push(MovedConstant {
                name: constant.name.clone(),
                typedef: Step::new(typedef.to_owned(), home.to_owned()),
                breaks: Breaks::NONE,
            });
        }
        before.entry(home).or_default().push((&constant.name, &constant.value));
    }
    let diffs = order.into_iter().filter_map(|name| {
        let (before, after) =
            (before.remove(name).unwrap_or_default(), after.remove(name).unwrap_or_default());
        EnumerationDiff::of(name, &before, &after, &CONSTANTS)
    });
    (diffs.collect(), moved)
}

fn constants_of(api: &Api) -> impl Iterator<Item = (&str, &Constant)> {
    let enumerations = api.enumerations.iter();
    enumerations.flat_map(|one| one.constants.iter().map(|constant| (one.typedef.as_str(), constant)))
}

/// Compares the plain enumerations. One that came or went stands with all its members.
pub(super) fn plain_enums(a: &Api, b: &Api) -> Vec<EnumerationDiff<i64>> {
    let mut order: Vec<&str> = b.plain_enums.iter().map(|one| one.name.as_str()).collect();
    let gone = a.plain_enums.iter().map(|one| one.name.as_str());
    order.extend(gone.filter(|name| b.plain_enums.iter().all(|one| one.name != *name)));
    let diffs = order.into_iter().filter_map(|name| {
        let (before, after) = (members(&a.plain_enums, name), members(&b.plain_enums, name));
        EnumerationDiff::of(name, &before, &after, &MEMBERS)
    });
    diffs.collect()
}

fn members<'a>(enums: &'a [PlainEnum], name: &str) -> Vec<(&'a str, i64)> {
    let of_name = enums.iter().filter(|one| one.name == name).flat_map(|one| &one.values);
    of_name.map(|(name, value)| (name.as_str(), *value)).collect()
}

/// Compares the error codes, or returns `None` where one of the header sets came without `error.xml`.
pub(super) fn errors(a: &Api, b: &Api) -> Option<ValuesDiff<i32>> {
    if a.errors.is_empty() != b.errors.is_empty() {
        return None;
    }
    let (before, after) = (codes(&a.errors), codes(&b.errors));
    Some(values(&before, &after, &ERRORS))
}

fn codes(errors: &[ErrorCode]) -> Vec<(&str, i32)> {
    errors.iter().map(|error| (error.symbol.as_str(), error.code)).collect()
}
