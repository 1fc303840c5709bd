//! The emitted conversions at work: every field of every record that the versions lay out differently.
//!
//! A C++ program with the adapter in it fills one side, converts, and compares the other. Which fields must
//! arrive is said here by the models alone.

#[path = "support/cpp.rs"]
mod cpp;

use std::{fmt::Write as _, fs, process::Command};

use ctp_gen::{
    Api,
    api::{Field, Record, ScalarType},
    emit::{Output, adapter},
    models,
    overlay::Overlay,
};

#[test]
fn every_field_of_an_older_version_is_carried_over() {
    let current = models::current();
    let mut converted = 0;
    for version in models::models().skip(1) {
        let adapter = Output::Adapter.emit(version, current, Overlay::committed()).expect("an adapter");
        let (program, tests) = program(version, current, &adapter);
        assert_eq!(run(&program), format!("{tests} tests, 0 faults\n"), "{}", version.label());
        converted += tests;
    }
    // Nothing is proved by a program that converts nothing.
    assert!(converted > 100, "{converted}");
}

/// A record as the version and as the current model have it.
struct Pair<'a> {
    version: (&'a Api, &'a Record),
    current: (&'a Api, &'a Record),
}

/// Returns the program for all records that `adapter` converts, in its own translation unit, and the number
/// of conversions that it tests.
fn program(version: &Api, current: &Api, adapter: &str) -> (String, usize) {
    let name = adapter::identifier(version);
    let mut text = format!(
        "{adapter}
#include <stdio.h>
static int faults = 0;
static void fault(const char *record, const char *field, const char *what) {{ ++faults; printf(\"%s::%s %s\\n\", record, field, what); }}
namespace ctp_{name} {{
"
    );
    let (mut main, mut tests) = (String::new(), 0);
    for record in &version.records {
        let c_name = &record.c_name;
        let renames = &Overlay::committed().renames;
        let named = current.record(c_name).or_else(|| current.record(renames.current_record(c_name)));
        let Some(theirs) = named else { continue };
        let pair = Pair { version: (version, record), current: (current, theirs) };
        for (direction, body) in
            [("to_current", pair.test_to_current()), ("from_current", pair.test_from_current())]
        {
            if adapter.contains(&format!("static int {direction}_{c_name}(")) {
                let _ = writeln!(text, "static void test_{direction}_{c_name}() {{\n{body}}}");
                let _ = writeln!(main, "    ctp_{name}::test_{direction}_{c_name}();");
                tests += 1;
            }
        }
    }
    let _ = writeln!(
        text,
        "}}\nint main() {{\n{main}    printf(\"{tests} tests, %d faults\\n\", faults);\n    return faults != 0;\n}}"
    );
    (text, tests)
}

impl Pair<'_> {
    /// A full record of the version arrives in the current one; what the version lacks is zero.
    fn test_to_current(&self) -> String {
        let c_name = &self.version.1.c_name;
        let mut text = self.variables();
        for (number, field) in self.version.1.fields.iter().enumerate() {
            text.push_str(&fill("old", &field.c_name, scalar(self.version.0, field), number));
        }
        let _ = writeln!(
            text,
            "    if (to_current_{c_name}(old, now)) fault(\"{c_name}\", \"\", \"did not fit\");"
        );
        for field in &self.current.1.fields {
            let from = same_field(self.version.1, field);
            text.push_str(&compare(
                c_name,
                "now",
                "old",
                field,
                scalar(self.current.0, field),
                from.is_some(),
            ));
        }
        text
    }

    /// A record of the current model arrives in the version's; each text that is too long there is told.
    fn test_from_current(&self) -> String {
        let c_name = &self.version.1.c_name;
        let mut text = self.variables();
        let shorter = |field: &Field| {
            let theirs = same_field(self.version.1, field)?;
            match (scalar(self.version.0, theirs), scalar(self.current.0, field)) {
                (ScalarType::Text(short), ScalarType::Text(long)) if short < long => Some((short, long)),
                _ => None,
            }
        };
        let mut fill_all = String::new();
        for (number, field) in self.current.1.fields.iter().enumerate() {
            let filled = shorter(field)
                .map_or_else(|| scalar(self.current.0, field), |(short, _)| ScalarType::Text(short));
            fill_all.push_str(&fill("now", &field.c_name, filled, number));
        }
        let _ = writeln!(
            text,
            "{fill_all}    if (from_current_{c_name}(now, old)) fault(\"{c_name}\", \"\", \"did not fit\");"
        );
        for field in &self.version.1.fields {
            let from = same_field(self.current.1, field);
            text.push_str(&compare(
                c_name,
                "old",
                "now",
                field,
                scalar(self.version.0, field),
                from.is_some(),
            ));
        }
        for (position, field) in self.current.1.fields.iter().enumerate() {
            let Some((short, long)) = shorter(field) else { continue };
            // One byte and then characters of two, one of them too many: the cut is between characters.
            let (name, kept) = (&field.c_name, 1 + (short - 2) / 2 * 2);
            let _ = writeln!(
                text,
                "    {{ ctp_current::{0} more = now; memset(more.{name}, 0, {long}); more.{name}[0] = 'x'; memset(more.{name} + 1, 0xB0, {1});
    if (from_current_{c_name}(more, old) != {2}) fault(\"{c_name}\", \"{name}\", \"is not told to be too long\");
    if (strlen(old.{name}) != {kept}) fault(\"{c_name}\", \"{name}\", \"is not cut between characters\"); }}",
                self.current.1.c_name,
                kept + 1,
                position + 1
            );
        }
        text
    }

    /// Declares both records with rubbish in them.
    fn variables(&self) -> String {
        format!(
            "    {} old; ctp_current::{} now; memset(&old, 0x5A, sizeof old); memset(&now, 0x5A, sizeof now);\n",
            self.version.1.c_name, self.current.1.c_name
        )
    }
}

fn same_field<'a>(record: &'a Record, field: &Field) -> Option<&'a Field> {
    record.fields.iter().find(|known| known.c_name == field.c_name)
}

/// Fills a field: a text with letters up to its NUL.
fn fill(object: &str, name: &str, scalar: ScalarType, number: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
    match scalar {
        ScalarType::Text(length) => format!(
            "    memset({object}.{name}, 0, sizeof {object}.{name}); memset({object}.{name}, '{letter}', {});\n",
            length - 1
        ),
        ScalarType::Char => format!("    {object}.{name} = '{letter}';\n"),
        _ => format!("    {object}.{name} = {};\n", number + 1),
    }
}

/// Compares a field of the target with the source's, or with zero where the source has none.
fn compare(
    record: &str,
    target: &str,
    source: &str,
    field: &Field,
    scalar: ScalarType,
    has_source: bool,
) -> String {
    let name = &field.c_name;
    let same = match (has_source, scalar) {
        (true, ScalarType::Text(_)) => format!("!strcmp({target}.{name}, {source}.{name})"),
        (true, _) => format!("{target}.{name} == {source}.{name}"),
        (false, ScalarType::Text(length)) => {
            format!("!{target}.{name}[0] && !memcmp({target}.{name}, {target}.{name} + 1, {})", length - 1)
        }
        (false, _) => format!("!{target}.{name}"),
    };
    format!("    if (!({same})) fault(\"{record}\", \"{name}\", \"is wrong in {target}\");\n")
}

fn scalar(api: &Api, field: &Field) -> ScalarType {
    api.scalar(field)
}

/// Compiles and runs a C++ program; returns what it prints.
fn run(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("program.cpp"), text).expect("a written file");
    let arguments = ["-O0", "-w", "program.cpp", "-o", "program"];
    let compiled = cpp::output(cpp::compiler().args(arguments).current_dir(folder.path()));
    assert_eq!(compiled.as_deref(), Ok(""));
    cpp::output(&mut Command::new(folder.path().join("program"))).unwrap_or_else(|said| said)
}
