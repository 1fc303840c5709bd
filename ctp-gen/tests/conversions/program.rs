//! A C++ program with all conversions of a version in it, which fills, converts and compares records.

use std::{fmt::Write as _, fs, process::Command};

use ctp_gen::{
    Api,
    api::{Field, Record, ScalarType},
    emit::{adapter, conversions},
    overlay::Overlay,
};

use crate::{counterparts, cpp};

/// What the program does with the tables that are written here.
const DRIVER: &str = include_str!("driver.hpp");

/// Returns the program for all records of `version` that are laid out otherwise in `current`, and their number.
pub(crate) fn of(version: &Api, current: &Api, overlay: &Overlay) -> (String, usize) {
    let emitted = conversions::cpp(version, current, overlay).expect("conversions");
    let namespace = format!("ctp_{}", adapter::identifier(version));
    let (mut tables, mut rows, mut records) = (String::new(), String::new(), 0);
    for ours in &version.records {
        let Ok(Some(theirs)) = counterparts::record(ours, current) else { continue };
        if is_same((version, ours), (current, theirs)) {
            continue;
        }
        records += 1;
        let name = &ours.c_name;
        let _ = writeln!(tables, "static const field fields_of_{name}[] = {{");
        fields(&mut tables, (version, ours), (current, theirs));
        tables.push_str("};\n");
        let (ours, theirs) = (format!("{namespace}::{name}"), format!("ctp_current::{}", theirs.c_name));
        let _ = writeln!(
            rows,
            "    {{ \"{name}\", sizeof({ours}), sizeof({theirs}), fields_of_{name}, sizeof fields_of_{name} / sizeof(field),
      [](const void *from, void *to) {{ return {namespace}::to_current_{name}(*static_cast<const {ours} *>(from), *static_cast<{theirs} *>(to)); }},
      [](const void *from, void *to) {{ return {namespace}::from_current_{name}(*static_cast<const {theirs} *>(from), *static_cast<{ours} *>(to)); }} }},"
        );
    }
    (format!("{emitted}{DRIVER}{tables}static const record records[] = {{\n{rows}}};\n{MAIN}"), records)
}

/// Goes through all records with every seed of the command line.
const MAIN: &str = r#"
int main(int, char **seeds) {
    for (const record &one : records) {
        full_records(one);
        long_texts(one);
        for (char **seed = seeds + 1; *seed; ++seed) round_trips(one, strtoull(*seed, nullptr, 10));
    }
    printf("%d records, %d faults\n", static_cast<int>(sizeof records / sizeof *records), faults);
}
"#;

/// Writes the rows of all fields of both sides: what stands where, or nowhere.
fn fields(text: &mut String, (version, ours): (&Api, &Record), (current, theirs): (&Api, &Record)) {
    let side = |api: &Api, field: Option<&Field>| match field {
        Some(field) => {
            let scalar = api.scalar(field);
            format!("{{ {}, '{}', {} }}", field.offset, letter(scalar), scalar.size())
        }
        None => "{ -1, 0, 0 }".to_owned(),
    };
    let position = |name: &str| theirs.fields.iter().position(|field| field.c_name == name);
    for field in &ours.fields {
        let other = counterparts::field(ours, field, theirs).unwrap_or_default();
        let _ = writeln!(
            text,
            "    {{ \"{}\", {}, {}, {} }},",
            field.c_name,
            side(version, Some(field)),
            side(current, other),
            other.and_then(|other| position(&other.c_name)).map_or(-1, |place| place as i32 + 1)
        );
    }
    let taken = |field: &&Field| {
        let other = |known: &Field| counterparts::field(ours, known, theirs).unwrap_or_default();
        ours.fields.iter().any(|known| other(known).is_some_and(|other| other.c_name == field.c_name))
    };
    for field in theirs.fields.iter().filter(|field| !taken(field)) {
        let _ = writeln!(
            text,
            "    {{ \"{}\", {}, {}, -1 }},",
            field.c_name,
            side(version, None),
            side(current, Some(field))
        );
    }
}

/// Returns the conversions in an emitted text, each with the lines of its function.
pub(crate) fn functions(text: &str) -> impl Iterator<Item = &str> {
    let starts = ["static int to_current_", "static int from_current_"];
    let starts = starts.into_iter().flat_map(|start| text.match_indices(start));
    starts.filter_map(|(start, _)| text[start..].split("\n}\n").next())
}

fn letter(scalar: ScalarType) -> char {
    match scalar {
        ScalarType::Text(_) => 't',
        ScalarType::Char => 'c',
        ScalarType::Short => 's',
        ScalarType::Int => 'i',
        ScalarType::UnsignedInt => 'u',
        ScalarType::LongLong => 'l',
        ScalarType::Double => 'd',
    }
}

/// Returns whether both records have the same fields in the same places.
fn is_same((version, ours): (&Api, &Record), (current, theirs): (&Api, &Record)) -> bool {
    ours.size == theirs.size
        && ours.fields.len() == theirs.fields.len()
        && ours.fields.iter().zip(&theirs.fields).all(|(a, b)| {
            (&a.c_name, a.offset, version.scalar(a)) == (&b.c_name, b.offset, current.scalar(b))
        })
}

/// Compiles and runs a C++ program; returns what it prints.
pub(crate) fn run(text: &str, arguments: &[String]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("program.cpp"), text).expect("a written file");
    let warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-function"];
    let options = ["-O0", "program.cpp", "-o", "program"];
    let compiled = cpp::output(cpp::compiler().args(warnings).args(options).current_dir(folder.path()));
    assert_eq!(compiled.as_deref(), Ok(""));
    let mut program = Command::new(folder.path().join("program"));
    cpp::output(program.args(arguments)).unwrap_or_else(|said| said)
}
