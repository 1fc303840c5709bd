//! The sections of the text: what changes, thing by thing.

use std::fmt::Display;

use super::{DIM, Page, Sign, arrow, run_names, span};
use crate::{
    diff::{
        ClassDiff, Diff, EnumerationDiff, FieldAt, RecordAt, RecordDiff, RecordsDiff, RenameSource,
        StaticsDiff, ValuesDiff,
    },
    names,
};

pub(super) fn write(page: &mut Page, diff: &Diff) {
    if let Some(namespace) = &diff.namespace {
        let shown = |name: &Option<String>| name.clone().unwrap_or_else(|| "(global)".to_owned());
        page.heading("Namespace", &format!("{} → {}", shown(&namespace.before), shown(&namespace.after)));
    }
    diff.classes.iter().for_each(|class| self::class(page, class));
    match &diff.functions {
        Some(functions) if !functions.is_empty() => {
            page.heading("DataCollect.h", "");
            statics(page, functions);
        }
        Some(_) => {}
        None => page.heading("DataCollect.h", "not compared: one of the two came without it"),
    }
    if diff.records != RecordsDiff::default() {
        page.heading("Records", "");
        records(page, &diff.records);
    }
    if !diff.typedefs.is_empty() {
        page.heading("Typedefs", "");
        values(page, &diff.typedefs, 0, |value| value.clone());
    }
    if !diff.enumerations.is_empty() || !diff.constants_moved.is_empty() {
        page.heading("Constants", "");
        enumerations(page, &diff.enumerations, |value| format!("'{value}'"));
        for constant in &diff.constants_moved {
            page.row(
                constant.breaks,
                Sign::Moved,
                0,
                &format!("{}  {}", constant.name, arrow(&constant.typedef)),
            );
        }
    }
    if !diff.plain_enums.is_empty() {
        page.heading("Plain enumerations", "");
        enumerations(page, &diff.plain_enums, i64::to_string);
    }
    match &diff.errors {
        Some(errors) if !errors.is_empty() => {
            page.heading("Error codes", "");
            values(page, errors, 0, i32::to_string);
        }
        Some(_) => {}
        None => page.heading("Error codes", "not compared: one of the two came without error.xml"),
    }
}

fn class(page: &mut Page, class: &ClassDiff) {
    page.heading(class.short_name(), &format!("{} slots", arrow(&class.slots)));
    let widest = class.added.iter().chain(&class.removed).map(|method| method.name.len()).max().unwrap_or(0);
    for (sign, methods) in [(Sign::Went, &class.removed), (Sign::Came, &class.added)] {
        for method in methods {
            let record = method.record.as_deref().map_or(String::new(), |record| short(record).to_owned());
            let record = page.paint(DIM, &record);
            page.row(
                method.breaks,
                sign,
                0,
                &format!("{:>3}  {:<widest$}  {record}", method.slot, method.name),
            );
        }
    }
    for method in &class.renamed {
        let known = known_by(page, method.known_by);
        let text = format!("{:>3}  {}{known}", arrow(&method.slot), arrow(&method.name));
        page.row(method.breaks, Sign::Renamed, 0, &text);
    }
    for method in &class.changed {
        page.row(method.breaks, Sign::Changed, 0, &format!("{:>3}  {}", arrow(&method.slot), method.name));
        page.below(5, &method.signature.before);
        page.below(3, &format!("→ {}", method.signature.after));
    }
    for run in &class.moved {
        let many =
            if run.methods.len() > 1 { format!("{} methods: ", run.methods.len()) } else { String::new() };
        let text =
            format!("{}  {many}{}", span(&run.first, &run.last), run_names(&run.methods, str::to_owned));
        page.row(run.breaks, Sign::Moved, 0, &text);
    }
    statics(page, &class.statics);
}

fn statics(page: &mut Page, statics: &StaticsDiff) {
    for (sign, functions) in [(Sign::Went, &statics.removed), (Sign::Came, &statics.added)] {
        for function in functions {
            page.row(function.breaks, sign, 0, &format!("static {}", function.signature));
        }
    }
    for function in &statics.changed {
        page.row(function.breaks, Sign::Changed, 0, &format!("static {}", function.name));
        for step in [&function.signature, &function.symbol] {
            if step.differs() {
                page.below(5, &step.before);
                page.below(3, &format!("→ {}", step.after));
            }
        }
    }
}

fn records(page: &mut Page, records: &RecordsDiff) {
    let all = || records.removed.iter().chain(&records.added);
    let widest = all().map(|record| short(&record.name).len()).max().unwrap_or(0);
    for record in &records.removed {
        page.row(record.breaks, Sign::Went, 0, &record_text(record, widest));
    }
    for record in &records.added {
        page.row(record.breaks, Sign::Came, 0, &record_text(record, widest));
    }
    for record in &records.renamed {
        let known = known_by(page, record.known_by);
        let text = format!("{} → {}{known}", short(&record.name.before), short(&record.name.after));
        page.row(record.breaks, Sign::Renamed, 0, &text);
    }
    records.changed.iter().for_each(|record| self::record(page, record));
}

fn record_text(record: &RecordAt, widest: usize) -> String {
    let name = short(&record.name);
    let fields = if record.fields == 1 { "field" } else { "fields" };
    format!("{name:<widest$}  {:>5} bytes, {} {fields}", record.size, record.fields)
}

fn record(page: &mut Page, record: &RecordDiff) {
    let carried = if record.carried { "" } else { "  (carried by no method)" };
    let carried = page.paint(DIM, carried);
    let text = format!("{}  {} bytes{carried}", short(&record.name), arrow(&record.size));
    page.row(record.breaks, Sign::Changed, 0, &text);
    for (sign, fields) in [(Sign::Went, &record.removed), (Sign::Came, &record.added)] {
        for field in fields {
            let place = field.place_of.as_ref().map(|old| format!(", where {old} was"));
            let text = format!("{}  {}{}", field.name, field_text(field), place.unwrap_or_default());
            page.row(field.breaks, sign, 4, &text);
        }
    }
    for field in &record.renamed {
        let known = known_by(page, field.known_by);
        page.row(field.breaks, Sign::Renamed, 4, &format!("{}{known}", arrow(&field.name)));
    }
    for field in &record.retyped {
        let typedef =
            if field.typedef.differs() { format!(" ({})", arrow(&field.typedef)) } else { String::new() };
        let text = format!("{}  {}{typedef} at {}", field.name, arrow(&field.scalar), arrow(&field.offset));
        page.row(field.breaks, Sign::Changed, 4, &text);
    }
    for run in &record.moved {
        let many =
            if run.fields.len() > 1 { format!("  ({} fields)", run.fields.len()) } else { String::new() };
        let text =
            format!("{}  {}{many}", run_names(&run.fields, str::to_owned), span(&run.first, &run.last));
        page.row(run.breaks, Sign::Moved, 4, &text);
    }
}

fn field_text(field: &FieldAt) -> String {
    let typedef = names::enumeration(&field.typedef);
    let typedef = if field.typedef == field.scalar { String::new() } else { format!(" ({typedef})") };
    format!("{}{typedef} at {}", field.scalar, field.offset)
}

fn enumerations<T: Display + PartialEq>(
    page: &mut Page,
    enumerations: &[EnumerationDiff<T>],
    shown: impl Fn(&T) -> String + Copy,
) {
    for enumeration in enumerations {
        let name = page.paint(DIM, &enumeration.name);
        page.below(0, &name);
        values(page, &enumeration.values, 2, shown);
    }
}

fn values<T: Display + PartialEq>(
    page: &mut Page,
    values: &ValuesDiff<T>,
    depth: usize,
    shown: impl Fn(&T) -> String,
) {
    let all = || values.removed.iter().chain(&values.added);
    let widest = all().map(|value| value.name.len()).max().unwrap_or(0);
    for (sign, list) in [(Sign::Went, &values.removed), (Sign::Came, &values.added)] {
        for one in list {
            let value = shown(&one.value);
            let taken = taken(&one.taken_by, &value);
            page.row(one.breaks, sign, depth, &format!("{:<widest$}  {value}{taken}", one.name));
        }
    }
    for one in &values.renamed {
        let known = known_by(page, one.known_by);
        page.row(one.breaks, Sign::Renamed, depth, &format!("{}{known}", arrow(&one.name)));
    }
    for one in &values.revalued {
        let (before, after) = (shown(&one.value.before), shown(&one.value.after));
        let taken = taken(&one.taken_by, &before);
        let text = format!("{}  {before} → {after}{taken}", one.name);
        page.row(one.breaks, Sign::Changed, depth, &text);
    }
}

fn taken(by: &Option<String>, value: &str) -> String {
    by.as_ref().map(|name| format!("  ({value} now is {name})")).unwrap_or_default()
}

fn known_by(page: &Page, source: RenameSource) -> String {
    match source {
        RenameSource::Overlay => String::new(),
        RenameSource::Likeness => page.paint(DIM, "  (likely)"),
    }
}

/// Returns a record's C name without `CThostFtdc`.
fn short(record: &str) -> &str {
    names::record(record)
}
