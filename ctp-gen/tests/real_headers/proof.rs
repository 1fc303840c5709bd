//! C++ programs that hold a model and its emitted classes against the vendor's real header.
//!
//! Nothing here uses the emitter's own assertions. `real.cpp` includes the vendor's headers, `ours.cpp` the
//! emitted adapter; each calls objects that the other made, through its own idea of the class.

mod ours;
mod real;

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path, process::Command};

use ctp_gen::{
    Api,
    api::{Class, ClassKind, Method},
};
use libtest_mimic::Failed;

use crate::{
    cpp::{compiler, output},
    vendor,
};

pub(crate) use real::includes;

/// What both translation units begin with.
const SHARED: &str = "#include <stddef.h>
#include <stdio.h>
#include <string.h>
extern const char *called;
extern int faults, calls;
inline void expect(const char *way, const char *name) {
    ++calls;
    if (called && !strcmp(called, name)) { called = nullptr; return; }
    ++faults;
    printf(\"%s: calling %s reached %s\\n\", way, name, called ? called : \"nothing\");
    called = nullptr;
}
";

/// Layout, slots and values of a committed model are those of the vendor's headers.
pub(crate) fn check(api: &Api) -> Result<(), Failed> {
    Ok(against(api, &vendor::headers(&api.label()))?)
}

/// Layout, slots and values of `api` are those of the headers in `include`, and no constant is missing.
pub(crate) fn against(api: &Api, include: &Path) -> Result<(), String> {
    let said = run(api, include)?;
    // Each class: every slot, the end of its table, and every method by name in both directions.
    let methods: usize = ClassKind::ALL.map(|kind| api.class(kind).methods.len()).iter().sum();
    let expected = format!("{} calls, 0 faults\n", 3 * methods + ClassKind::ALL.len());
    if said != expected {
        return Err(format!("the program said {said:?}, expected {expected:?}"));
    }
    let (found, modelled) = (macros(api, include)?, constants(api));
    match found.symmetric_difference(&modelled).next() {
        Some(name) if modelled.contains(name) => Err(format!("no header defines {name}")),
        Some(name) => Err(format!("the model lacks {name}")),
        None => Ok(()),
    }
}

/// Compiles and runs the proof of `api` against the headers in `include`; returns what the program says.
///
/// # Errors
///
/// Returns what the compiler or the program found wrong.
pub(crate) fn run(api: &Api, include: &Path) -> Result<String, String> {
    let folder = vendor::temporary();
    let write =
        |name: &str, text: String| fs::write(folder.path().join(name), text).map_err(|e| e.to_string());
    write("real.cpp", real::text(api))?;
    write("ours.cpp", ours::text(api)?)?;
    let program = folder.path().join("proof");
    output(
        compiler()
            .args(["-O0", "-w", "-I"])
            .arg(include)
            .args(["real.cpp", "ours.cpp", "-o"])
            .arg(&program)
            .current_dir(folder.path()),
    )?;
    output(&mut Command::new(program))
}

/// Returns the names of the constants that the preprocessor finds: a second reader for what is there at all.
pub(crate) fn macros(api: &Api, include: &Path) -> Result<BTreeSet<String>, String> {
    let folder = vendor::temporary();
    fs::write(folder.path().join("all.cpp"), includes(api)).map_err(|error| error.to_string())?;
    let said = output(
        compiler().args(["-E", "-dM", "-w", "-I"]).arg(include).arg("all.cpp").current_dir(folder.path()),
    )?;
    let constant = |line: &str| {
        let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
        value.starts_with('\'').then(|| name.to_owned())
    };
    Ok(said.lines().filter_map(constant).collect())
}

fn constants(api: &Api) -> BTreeSet<String> {
    api.enumerations
        .iter()
        .flat_map(|enumeration| &enumeration.constants)
        .map(|constant| constant.name.clone())
        .collect()
}

/// A class that overrides every method and tells which one was called. `override` makes the compiler prove
/// that the base class declares just this method.
fn probe(class: &Class) -> String {
    let mut text = format!("struct probe_{0} : {0} {{\n", class.c_name);
    for method in &class.methods {
        let types: Vec<&str> = method.parameters.iter().map(|parameter| parameter.c_type.as_str()).collect();
        let value = if method.returns == "void" { "" } else { " return 0;" };
        let _ = writeln!(
            text,
            "    {} {}({}) override {{ called = \"{}\";{value} }}",
            method.returns,
            method.name,
            types.join(", "),
            method.name
        );
    }
    text + "};\n"
}

/// Calls every method of `object` by name.
fn call_by_name(class: &Class, way: &str) -> String {
    let mut text = String::new();
    for Method { name, parameters, .. } in &class.methods {
        let zeros: Vec<String> =
            parameters.iter().map(|parameter| format!("({})0", parameter.c_type)).collect();
        let _ = writeln!(
            text,
            "    object->{name}({}); expect(\"{way} {}\", \"{name}\");",
            zeros.join(", "),
            class.c_name
        );
    }
    text
}
