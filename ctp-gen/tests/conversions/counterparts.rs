//! Where each field of an older version is in the current one.

use std::{collections::BTreeSet, sync::LazyLock};

use ctp_gen::{
    Api,
    api::{ClassKind, Field, Record, ScalarType},
};
use toml::{Table, Value};

/// The entries of one kind, each with the values of some keys.
type Entries<const N: usize> = Vec<[String; N]>;

/// `overlay/renames.toml`, read without the generator's reader.
struct Renames {
    methods: Entries<3>,
    records: Entries<2>,
    dropped: Entries<1>,
    fields: Entries<3>,
    dropped_fields: Entries<2>,
}

static RENAMES: LazyLock<Renames> = LazyLock::new(|| {
    let table: Table = include_str!("../../overlay/renames.toml").parse().expect("renames.toml is TOML");
    Renames {
        methods: entries(&table, "method", ["class", "old", "current"]),
        records: entries(&table, "record", ["old", "current"]),
        dropped: entries(&table, "dropped", ["record"]),
        fields: entries(&table, "field", ["record", "old", "current"]),
        dropped_fields: entries(&table, "dropped_field", ["record", "field"]),
    }
});

fn entries<const N: usize>(table: &Table, kind: &str, keys: [&str; N]) -> Entries<N> {
    let entries = table.get(kind).and_then(Value::as_array).into_iter().flatten();
    let value = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).expect(key).to_owned();
    entries.map(|entry| keys.map(|key| value(entry, key))).collect()
}

/// Returns the record that `record` of an older version is in the current one; `None` when it is said to be gone.
pub(crate) fn record<'a>(record: &Record, current: &'a Api) -> Result<Option<&'a Record>, String> {
    let name = &record.c_name;
    let renamed = RENAMES.records.iter().find(|[old, _]| old == name);
    let found = current.record(name).or_else(|| current.record(&renamed?[1]));
    match found {
        None if !RENAMES.dropped.iter().any(|[dropped]| dropped == name) => {
            Err(format!("{name} is nowhere in {}", current.label()))
        }
        found => Ok(found),
    }
}

/// Returns the field that `field` of `record` is in its counterpart; `None` when it is said to be gone.
pub(crate) fn field<'a>(
    record: &Record,
    field: &Field,
    theirs: &'a Record,
) -> Result<Option<&'a Field>, String> {
    let named = |name: &str| theirs.fields.iter().find(|known| known.c_name == name);
    let renamed = RENAMES.fields.iter().find(|[of, old, _]| *of == record.c_name && *old == field.c_name);
    let found = named(&field.c_name).or_else(|| named(&renamed?[2]));
    let is_dropped =
        RENAMES.dropped_fields.iter().any(|[of, old]| *of == record.c_name && *old == field.c_name);
    match found {
        None if !is_dropped => {
            Err(format!("{}::{} is nowhere in the current record", record.c_name, field.c_name))
        }
        found => Ok(found),
    }
}

/// Returns a line for every record, field and method of `version` that has no place in `current`, or another kind.
pub(crate) fn faults(version: &Api, current: &Api) -> Vec<String> {
    let mut faults = Vec::new();
    for ours in &version.records {
        let theirs = match record(ours, current) {
            Ok(Some(theirs)) => theirs,
            Ok(None) => {
                let carried = carried(version).contains(ours.c_name.as_str());
                faults
                    .extend(carried.then(|| format!("{} is dropped, and carried by a method", ours.c_name)));
                continue;
            }
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        for known in &ours.fields {
            match field(ours, known, theirs) {
                Ok(Some(other)) if kind(version.scalar(known)) != kind(current.scalar(other)) => {
                    faults.push(format!(
                        "{}::{} is of another kind: {}",
                        ours.c_name,
                        known.c_name,
                        current.scalar(other)
                    ))
                }
                Ok(_) => {}
                Err(fault) => faults.push(fault),
            }
        }
    }
    let renamed = &RENAMES.methods;
    for class in ClassKind::ALL {
        for method in &version.class(class).methods {
            let other = renamed.iter().find(|[of, old, _]| of == class.c_name() && *old == method.name);
            let slot = |name: &str| current.class(class).slot(name);
            if slot(&method.name).or_else(|| slot(&other?[2])).is_none() {
                faults.push(format!("{}::{} is nowhere", class.c_name(), method.name));
            }
        }
    }
    faults.into_iter().map(|fault| format!("{}: {fault}", version.label())).collect()
}

/// Returns a line for every entry of `renames.toml` that speaks of nothing in any of the pairs.
pub(crate) fn stale_renames(pairs: &[(&Api, &Api)]) -> Vec<String> {
    let has_field = |api: &Api, record: &str, field: &str| {
        api.record(record).is_some_and(|record| record.fields.iter().any(|known| known.c_name == field))
    };
    let has_method = |api: &Api, class: &str, method: &str| {
        api.classes.iter().any(|known| known.c_name == class && known.slot(method).is_some())
    };
    let used =
        |is_used: &dyn Fn(&Api, &Api) -> bool| pairs.iter().any(|(old, current)| is_used(old, current));
    let mut stale = Vec::new();
    for [old, new] in &RENAMES.records {
        if !used(&|version, current| version.record(old).is_some() && current.record(new).is_some()) {
            stale.push(format!("record {old}"));
        }
    }
    for [old] in &RENAMES.dropped {
        if !used(&|version, current| version.record(old).is_some() && current.record(old).is_none()) {
            stale.push(format!("dropped {old}"));
        }
    }
    for [record, old, new] in &RENAMES.fields {
        let is_used = |version: &Api, current: &Api| {
            has_field(version, record, old)
                && !has_field(current, record, old)
                && has_field(current, record, new)
        };
        if !used(&is_used) {
            stale.push(format!("field {record}::{old}"));
        }
    }
    for [record, old] in &RENAMES.dropped_fields {
        if !used(&|version, current| has_field(version, record, old) && !has_field(current, record, old)) {
            stale.push(format!("dropped_field {record}::{old}"));
        }
    }
    for [class, old, new] in &RENAMES.methods {
        if !used(&|version, current| has_method(version, class, old) && has_method(current, class, new)) {
            stale.push(format!("method {class}::{old}"));
        }
    }
    stale
}

/// Returns the records that any method of `version` carries.
fn carried(version: &Api) -> BTreeSet<&str> {
    let methods = ClassKind::ALL.into_iter().flat_map(|class| &version.class(class).methods);
    let types = methods.flat_map(|method| &method.parameters).map(|parameter| parameter.c_type.as_str());
    types.filter_map(|c_type| c_type.strip_suffix(" *")).collect()
}

/// What a value is: kinds are never turned into each other, except one character and a text.
fn kind(scalar: ScalarType) -> &'static str {
    match scalar {
        ScalarType::Text(_) | ScalarType::Char => "text",
        _ => "number",
    }
}
