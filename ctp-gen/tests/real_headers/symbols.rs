//! The mangled names: what the compiler makes of the real headers, and what the real libraries export.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ctp_gen::{
    Api,
    api::{ClassKind, Static},
};
use libtest_mimic::Failed;

use crate::{
    cpp::{compiler, output},
    proof, vendor,
};

/// The names of a committed model are those of its headers, and its libraries, where vendored, export them.
pub(crate) fn check(api: &Api) -> Result<(), Failed> {
    let include = vendor::headers(&api.label());
    in_headers(api, &include)?;
    let libraries = include.with_file_name("lib");
    if libraries.is_dir() {
        in_libraries(api, &libraries)?;
    }
    Ok(())
}

/// Compiles a use of every static method and function, and reads the undefined symbols of the object.
pub(crate) fn in_headers(api: &Api, include: &Path) -> Result<(), String> {
    let mut text = proof::includes(api);
    if !api.functions.is_empty() {
        text.push_str("#include \"DataCollect.h\"\n");
    }
    let uses = statics(api).map(|(class, method)| match class {
        Some(class) => format!("(void *)&{}::{}", class.c_name(), method.name),
        None => format!("(void *)&{}", method.name),
    });
    let _ = writeln!(text, "void *uses[] = {{ {} }};", uses.collect::<Vec<_>>().join(", "));
    let folder = vendor::temporary();
    let object = folder.path().join("uses.o");
    fs::write(folder.path().join("uses.cpp"), text).map_err(|error| error.to_string())?;
    output(
        compiler()
            .args(["-O0", "-w", "-c", "-I"])
            .arg(include)
            .arg("uses.cpp")
            .arg("-o")
            .arg(&object)
            .current_dir(folder.path()),
    )?;
    let found = symbols(&object, &["--undefined-only"])?;
    contains_all(&found, statics(api).map(|(_, method)| method), "the compiler's view of the headers")
}

/// Reads the dynamic symbols of the real libraries.
fn in_libraries(api: &Api, folder: &Path) -> Result<(), String> {
    let [md, trader] = ["mduserapi", "traderapi"].map(|mark| library(folder, mark));
    let (md, trader) = (exports(&md?)?, exports(&trader?)?);
    let of = |wanted: ClassKind| {
        statics(api).filter(move |(class, _)| *class == Some(wanted)).map(|(_, method)| method)
    };
    contains_all(&md, of(ClassKind::MdApi), "the market data library")?;
    contains_all(&trader, of(ClassKind::TraderApi), "the trading library")?;
    if let Ok(collector) = library(folder, "DataCollect") {
        contains_all(&exports(&collector)?, api.functions.iter(), "the collector's library")?;
    }
    Ok(())
}

/// Returns every static method with its class, and every function.
fn statics(api: &Api) -> impl Iterator<Item = (Option<ClassKind>, &Static)> {
    let methods = ClassKind::ALL
        .into_iter()
        .flat_map(|kind| api.class(kind).statics.iter().map(move |method| (Some(kind), method)));
    methods.chain(api.functions.iter().map(|function| (None, function)))
}

fn contains_all<'a>(
    found: &BTreeSet<String>,
    wanted: impl Iterator<Item = &'a Static>,
    place: &str,
) -> Result<(), String> {
    let mut count = 0;
    for method in wanted {
        count += 1;
        if !found.contains(&method.symbol) {
            return Err(format!("{place} has no symbol {} ({})", method.symbol, method.name));
        }
    }
    if count == 0 { Err(format!("nothing to look for in {place}")) } else { Ok(()) }
}

/// Returns the library of `folder` whose name has `mark`.
fn library(folder: &Path, mark: &str) -> Result<PathBuf, String> {
    let entries =
        fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths
        .find(|path| path.to_string_lossy().contains(mark))
        .ok_or_else(|| format!("{} holds no library {mark}", folder.display()))
}

fn exports(library: &Path) -> Result<BTreeSet<String>, String> {
    symbols(library, &["--dynamic", "--defined-only"])
}

fn symbols(file: &Path, options: &[&str]) -> Result<BTreeSet<String>, String> {
    let said = output(Command::new("nm").args(options).arg("--format=posix").arg(file).env("LC_ALL", "C"))?;
    Ok(said.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}
