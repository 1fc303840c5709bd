//! The sections of the page: what changes, thing by thing.

use std::fmt::Display;

use super::{
    Table, code,
    table::{breaks, sentence},
};
use crate::{
    diff::{
        ClassDiff, Diff, EnumerationDiff, FieldAt, RecordDiff, RecordsDiff, RenameSource, Step, ValuesDiff,
        text::{arrow, run_names, span},
    },
    names,
    overlay::Docs,
};

pub(super) fn write(page: &mut String, diff: &Diff, docs: &Docs) {
    if let Some(namespace) = &diff.namespace {
        let shown = |name: &Option<String>| name.as_deref().map_or("the global one".to_owned(), code);
        let (before, after) = (shown(&namespace.before), shown(&namespace.after));
        page.push_str(&format!("\n## Namespace\n\n{before} → {after}\n"));
    }
    if !diff.classes.is_empty() {
        page.push_str("\n## Methods\n");
        diff.classes.iter().for_each(|class| self::class(page, class, docs));
    }
    exported(page, diff);
    records(page, &diff.records, docs);
    section(page, "Typedefs", &typedefs(&diff.typedefs, docs));
    section(page, "Constants", &constants(diff, docs));
    section(page, "Plain enumerations", &plain_enums(&diff.plain_enums));
    match &diff.errors {
        Some(errors) => section(page, "Error codes", &error_codes(errors)),
        None => page.push_str("\n## Error codes\n\nNot compared: one of the two came without `error.xml`.\n"),
    }
}

fn section(page: &mut String, title: &str, table: &Table) {
    let text = table.text();
    if !text.is_empty() {
        page.push_str(&format!("\n## {title}\n\n{text}"));
    }
}

fn class(page: &mut String, class: &ClassDiff, docs: &Docs) {
    let mut table = Table::new(["Slot:", "Method", "Change", "Record", "Meaning", "Breaks"]);
    for (change, methods) in [("went", &class.removed), ("came", &class.added)] {
        for method in methods {
            let record = method.record.as_deref().map(|record| code(names::record(record)));
            table.row([
                method.slot.to_string(),
                code(&method.name),
                change.to_owned(),
                record.unwrap_or_default(),
                sentence(docs.method(&method.name)),
                breaks(method.breaks),
            ]);
        }
    }
    for method in &class.renamed {
        let change = format!("renamed{}", known_by(method.known_by));
        let names = codes(&method.name);
        let meaning = sentence(docs.method(&method.name.after));
        table.row([arrow(&method.slot), names, change, String::new(), meaning, breaks(method.breaks)]);
    }
    for method in &class.changed {
        let signatures = format!("{}<br>→ {}", code(&method.signature.before), code(&method.signature.after));
        let change = "signature".to_owned();
        let (slot, breaks) = (arrow(&method.slot), breaks(method.breaks));
        table.row([slot, signatures, change, String::new(), String::new(), breaks]);
    }
    let mut moved = Table::new(["Slots", "Methods that moved", "Count:"]);
    for run in &class.moved {
        let count = run.methods.len().to_string();
        moved.row([span(&run.first, &run.last), run_names(&run.methods, code), count]);
    }
    let tables: Vec<String> =
        [table.text(), moved.text()].into_iter().filter(|text| !text.is_empty()).collect();
    if !tables.is_empty() {
        let title = format!("{}: {} slots", class.short_name(), arrow(&class.slots));
        page.push_str(&format!("\n### {title}\n\n{}", tables.join("\n")));
    }
}

fn exported(page: &mut String, diff: &Diff) {
    let mut table = Table::new(["Function", "Change", "Breaks"]);
    for statics in diff.classes.iter().map(|class| &class.statics).chain(&diff.functions) {
        for (change, functions) in [("went", &statics.removed), ("came", &statics.added)] {
            for function in functions {
                let what = format!("{}<br>{}", code(&function.signature), code(&function.symbol));
                table.row([what, change.to_owned(), breaks(function.breaks)]);
            }
        }
        for function in &statics.changed {
            let steps = [&function.signature, &function.symbol].into_iter().filter(|step| step.differs());
            let lines: Vec<String> =
                steps.map(|step| format!("{}<br>→ {}", code(&step.before), code(&step.after))).collect();
            let change = match (function.signature.differs(), function.symbol.differs()) {
                (true, true) => "signature, symbol",
                (true, false) => "signature",
                _ => "symbol",
            };
            table.row([lines.join("<br>"), change.to_owned(), breaks(function.breaks)]);
        }
    }
    section(page, "Exported functions", &table);
    if diff.functions.is_none() {
        page.push_str(
            "\nThe functions of `DataCollect.h` are not compared: one of the two came without it.\n",
        );
    }
}

fn records(page: &mut String, records: &RecordsDiff, docs: &Docs) {
    let mut whole = Table::new(["Record", "Change", "Bytes:", "Fields:", "Meaning", "Breaks"]);
    for (change, list) in [("went", &records.removed), ("came", &records.added)] {
        for record in list {
            whole.row([
                code(names::record(&record.name)),
                change.to_owned(),
                record.size.to_string(),
                record.fields.to_string(),
                sentence(docs.record(&record.name)),
                breaks(record.breaks),
            ]);
        }
    }
    for record in &records.renamed {
        let (before, after) = (names::record(&record.name.before), names::record(&record.name.after));
        let change = format!("renamed{}", known_by(record.known_by));
        let names = format!("{} → {}", code(before), code(after));
        let meaning = sentence(docs.record(&record.name.after));
        whole.row([names, change, String::new(), String::new(), meaning, breaks(record.breaks)]);
    }
    section(page, "Records", &whole);
    let mut fields = Table::new(["Record", "Bytes:", "Field", "Change", "Type", "Offset", "Breaks"]);
    records.changed.iter().for_each(|record| self::record(&mut fields, record));
    section(page, "Fields", &fields);
    if records.changed.iter().any(|record| !record.carried) {
        page.push_str("\n\\* Carried by no method: it does not pass between client and library.\n");
    }
}

/// Adds the rows of one record; only the first names it.
fn record(table: &mut Table, record: &RecordDiff) {
    let star = if record.carried { "" } else { " \\*" };
    let mut head = [code(names::record(&record.name)) + star, arrow(&record.size)];
    let mut row = |name: String, change: &str, kind: String, offset: String, broken: String| {
        let [record, size] = std::mem::take(&mut head);
        table.row([record, size, name, change.to_owned(), kind, offset, broken]);
    };
    for (change, fields) in [("went", &record.removed), ("came", &record.added)] {
        for field in fields {
            let place = field.place_of.as_ref().map(|old| format!(", where {} was", code(old)));
            let offset = format!("{}{}", field.offset, place.unwrap_or_default());
            row(code(&field.name), change, field_type(field), offset, breaks(field.breaks));
        }
    }
    for field in &record.renamed {
        let change = format!("renamed{}", known_by(field.known_by));
        row(codes(&field.name), &change, String::new(), String::new(), breaks(field.breaks));
    }
    for field in &record.retyped {
        let mut kind = codes(&field.scalar);
        if field.typedef.differs() {
            kind = format!("{kind}<br>{}", codes(&field.typedef));
        }
        row(code(&field.name), "type", kind, arrow(&field.offset), breaks(field.breaks));
    }
    for run in &record.moved {
        let many = if run.fields.len() > 2 { format!(" ({})", run.fields.len()) } else { String::new() };
        let names = run_names(&run.fields, code) + &many;
        row(names, "moved", String::new(), span(&run.first, &run.last), breaks(run.breaks));
    }
    // Nothing but padding at the end.
    if record.added.is_empty()
        && record.removed.is_empty()
        && record.renamed.is_empty()
        && record.retyped.is_empty()
        && record.moved.is_empty()
    {
        row(String::new(), "size", String::new(), String::new(), breaks(record.breaks));
    }
}

fn field_type(field: &FieldAt) -> String {
    if field.typedef == field.scalar {
        return code(&field.scalar);
    }
    format!("{} {}", code(&field.scalar), code(names::enumeration(&field.typedef)))
}

fn typedefs(typedefs: &ValuesDiff<String>, docs: &Docs) -> Table {
    let mut table = Table::new(["Typedef", "Change", "Type", "Meaning", "Breaks"]);
    rows(
        typedefs,
        |value| code(value),
        |[name, change, value, breaks], c_name| {
            table.row([name, change, value, sentence(docs.typedef(c_name)), breaks]);
        },
    );
    table
}

fn constants(diff: &Diff, docs: &Docs) -> Table {
    let mut table = Table::new(["Enumeration", "Constant", "Change", "Value", "Meaning", "Breaks"]);
    for enumeration in &diff.enumerations {
        let mut head = code(names::enumeration(&enumeration.name));
        rows(
            &enumeration.values,
            |value| code(&format!("'{value}'")),
            |[name, change, value, breaks], c_name| {
                let meaning = sentence(docs.value(c_name));
                table.row([std::mem::take(&mut head), name, change, value, meaning, breaks]);
            },
        );
    }
    for constant in &diff.constants_moved {
        let typedef = constant.typedef.before.as_str();
        table.row([
            code(names::enumeration(typedef)),
            code(&constant.name),
            format!("moved to {}", code(names::enumeration(&constant.typedef.after))),
            String::new(),
            sentence(docs.value(&constant.name)),
            breaks(constant.breaks),
        ]);
    }
    table
}

fn plain_enums(enums: &[EnumerationDiff<i64>]) -> Table {
    let mut table = Table::new(["Enumeration", "Value", "Change", "Number", "Breaks"]);
    for one in enums {
        let mut head = code(&one.name);
        rows(&one.values, i64::to_string, |[name, change, value, breaks], _| {
            table.row([std::mem::take(&mut head), name, change, value, breaks]);
        });
    }
    table
}

fn error_codes(errors: &ValuesDiff<i32>) -> Table {
    let mut table = Table::new(["Symbol", "Change", "Code", "Breaks"]);
    rows(errors, i32::to_string, |[name, change, value, breaks], _| {
        table.row([name, change, value, breaks]);
    });
    table
}

/// Hands name, change, value and what breaks of every changed name to `row`, with the plain name in B.
fn rows<T: Display + PartialEq>(
    values: &ValuesDiff<T>,
    shown: impl Fn(&T) -> String,
    mut row: impl FnMut([String; 4], &str),
) {
    for (change, list) in [("went", &values.removed), ("came", &values.added)] {
        for one in list {
            let value = shown(&one.value);
            let taken = taken(&one.taken_by, &value);
            row([code(&one.name), change.to_owned(), value + &taken, breaks(one.breaks)], &one.name);
        }
    }
    for one in &values.renamed {
        let change = format!("renamed{}", known_by(one.known_by));
        row([codes(&one.name), change, String::new(), breaks(one.breaks)], &one.name.after);
    }
    for one in &values.revalued {
        let (before, after) = (shown(&one.value.before), shown(&one.value.after));
        let value = format!("{before} → {after}{}", taken(&one.taken_by, &before));
        row([code(&one.name), "changed".to_owned(), value, breaks(one.breaks)], &one.name);
    }
}

fn taken(by: &Option<String>, value: &str) -> String {
    by.as_ref().map(|name| format!("; {value} now is {}", code(name))).unwrap_or_default()
}

fn codes(step: &Step<String>) -> String {
    if step.differs() {
        format!("{} → {}", code(&step.before), code(&step.after))
    } else {
        code(&step.before)
    }
}

fn known_by(source: RenameSource) -> &'static str {
    match source {
        RenameSource::Overlay => "",
        RenameSource::Likeness => " (likely)",
    }
}
