//! Stand-ins for the C library, so that what is linked here runs wherever glibc is 2.28 or newer (`manylinux_2_28`).
//!
//! A linker binds each symbol to the newest version that the C library before it offers, and that is this machine's. The
//! stand-ins are libraries with the names of glibc's and no code: they offer what this machine's offers, in the newest
//! version that is not newer than 2.28, in the file where glibc 2.28 had it. They lie in `target/glibc-2.28`, which the
//! linker searches first. At run time the real ones are used; glibc keeps all its old versions.

mod audit;
mod symbols;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};

pub(crate) use self::audit::check;
use self::symbols::{Kind, Symbol, Version};
use crate::digest::Digest;
use crate::{lock, paths, shell};

/// The newest version that a symbol may have: manylinux_2_28.
const NEWEST: Version = Version(2, 28, 0);

/// The oldest glibc that what is linked with [`arguments`] runs with.
pub(crate) const OLDEST: &str = "glibc 2.28";

/// What `stat` and its like are in glibc before 2.33, and how a program starts before 2.34.
const STATIC: [(&str, &str); 3] = [
    ("stat", include_str!("glibc/stat.c")),
    ("start", include_str!("glibc/start.c")),
    ("threads", include_str!("glibc/threads.c")),
];

/// What the linker looks for by `-l`, and the file that it then notes down.
const LIBRARIES: [(&str, &str); 5] = [
    ("c", "libc.so.6"),
    ("m", "libm.so.6"),
    ("dl", "libdl.so.2"),
    ("pthread", "libpthread.so.0"),
    ("rt", "librt.so.1"),
];

/// Returns the linker's arguments, as the compiler driver takes them; the stand-ins are made when they are not there.
pub(crate) fn arguments() -> Result<Vec<String>> {
    let folder = folder()?;
    // libstdc++.so asks for what the stand-ins do not offer; the real libraries do.
    Ok(vec![format!("-L{}", folder.display()), "-Wl,--allow-shlib-undefined".to_owned()])
}

/// Returns the same for rustc.
pub(crate) fn rustc_arguments() -> Result<Vec<String>> {
    Ok(arguments()?.into_iter().flat_map(|word| ["-C".to_owned(), format!("link-arg={word}")]).collect())
}

/// Returns the folder of the stand-ins, looked after once.
fn folder() -> Result<PathBuf> {
    static MADE: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    match &*made {
        Some(folder) => Ok(folder.clone()),
        None => Ok(made.insert(make()?).clone()),
    }
}

/// Makes the stand-ins when they are not there or the machine's C library is another, and returns their folder.
fn make() -> Result<PathBuf> {
    let _lock = lock::hold("glibc")?;
    let folder = paths::target().join("glibc-2.28");
    let mut libraries: BTreeMap<&str, Vec<Symbol>> = BTreeMap::new();
    for (name, file) in &LIBRARIES[..2] {
        for symbol in symbols::of(&system_library(file)?, NEWEST)? {
            libraries.entry(home(name, &symbol)).or_default().push(symbol);
        }
    }
    let texts: Vec<(&str, String, String)> =
        libraries.iter().map(|(name, symbols)| (*name, assembly(symbols), versions(symbols))).collect();
    let mut parts: Vec<&str> = texts.iter().flat_map(|(_, code, versions)| [&**code, &**versions]).collect();
    parts.extend(STATIC.iter().map(|(_, text)| *text));
    let digest = Digest::of(parts.concat().as_bytes()).to_string();
    let stamp = folder.join("stamp.sha256");
    if fs::read_to_string(&stamp).is_ok_and(|stamped| stamped == digest) {
        return Ok(folder);
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, code, versions) in &texts {
        let (_, file) =
            LIBRARIES.iter().find(|(known, _)| known == name).context("a library without file")?;
        link(&folder, name, file, code, versions)?;
    }
    archive(&folder)?;
    script(&folder)?;
    write(&stamp, &digest)?;
    Ok(folder)
}

/// Returns the library in which glibc 2.28 had a symbol of this machine's library `name`.
///
/// glibc 2.32 to 2.34 took its small libraries into libc; what moved got a new version beside the old one then.
fn home(name: &'static str, symbol: &Symbol) -> &'static str {
    if name != "c" || !symbol.moved {
        return name;
    }
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| symbol.name.starts_with(prefix));
    if starts(&["__libc_start_main"]) {
        "c"
    } else if starts(&["dl"]) {
        "dl"
    } else if starts(&["aio_", "lio_", "mq_", "shm_", "timer_", "__mq_"]) {
        "rt"
    } else {
        "pthread"
    }
}

/// Returns the path of a library of this machine's, as the compiler knows it.
fn system_library(file: &str) -> Result<PathBuf> {
    let output = shell::output(Command::new("cc").arg(format!("-print-file-name={file}")))?;
    let path = PathBuf::from(String::from_utf8_lossy(&output).trim());
    ensure!(path.is_absolute(), "the C compiler knows no {file}: is this machine's C library glibc?");
    Ok(path)
}

/// Returns the symbols as text of the assembler: names, kinds and sizes, and no code.
fn assembly(symbols: &[Symbol]) -> String {
    let mut text = String::new();
    for (number, symbol) in symbols.iter().enumerate() {
        let (section, kind) = match symbol.kind {
            Kind::Function => (".text", "function"),
            Kind::Object => (".bss", "object"),
            Kind::ThreadLocal => (".section .tbss,\"awT\",@nobits", "tls_object"),
        };
        // The start of a program is ours (start.c), which asks for this one by its version.
        let at = if symbol.name == "__libc_start_main" { "@" } else { "@@" };
        let (size, name, version) = (symbol.size.max(1), &symbol.name, symbol.version);
        let _ = writeln!(
            text,
            "{section}\n.balign 8\n.globl s{number}\n.type s{number}, @{kind}\ns{number}: .zero {size}\n.size s{number}, {size}\n.symver s{number}, {name}{at}{version}"
        );
    }
    text.push_str(".section .note.GNU-stack,\"\",@progbits\n");
    text
}

/// Returns the linker's list of versions and of the symbols that each has.
fn versions(symbols: &[Symbol]) -> String {
    let mut versions: BTreeMap<Version, Vec<&str>> = BTreeMap::new();
    for symbol in symbols {
        versions.entry(symbol.version).or_default().push(&symbol.name);
    }
    let mut text = String::new();
    let (mut before, mut rest) = (String::new(), " local: *;");
    for (version, names) in versions {
        let _ = writeln!(text, "{version} {{ global: {};{rest} }}{before};", names.join("; "));
        (before, rest) = (format!(" {version}"), "");
    }
    text
}

/// Links one stand-in.
fn link(folder: &Path, name: &str, file: &str, code: &str, versions: &str) -> Result<()> {
    let (source, map_path) = (folder.join(format!("{name}.s")), folder.join(format!("{name}.map")));
    write(&source, code)?;
    write(&map_path, versions)?;
    let mut command = Command::new("cc");
    command.args(["-shared", "-nostdlib", "-o"]).arg(folder.join(file)).arg(&source);
    command.arg(format!("-Wl,--version-script={}", map_path.display())).arg(format!("-Wl,-soname,{file}"));
    shell::output(&mut command)?;
    if name != "c" {
        // libc.so is a script of ours.
        fs::copy(folder.join(file), folder.join(format!("lib{name}.so")))
            .context("cannot copy a stand-in")?;
    }
    Ok(())
}

/// Compiles what is linked into each program and library itself.
fn archive(folder: &Path) -> Result<()> {
    let path = folder.join("libc_nonshared.a");
    if path.exists() {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    let mut command = Command::new("ar");
    command.arg("rcs").arg(&path);
    for (name, text) in STATIC {
        let (source, object) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.o")));
        write(&source, text)?;
        shell::output(Command::new("cc").args(["-O1", "-fPIC", "-c", "-o"]).arg(&object).arg(&source))?;
        command.arg(object);
    }
    shell::output(&mut command)?;
    Ok(())
}

/// Writes the script that the linker finds as `libc.so`.
fn script(folder: &Path) -> Result<()> {
    let system = system_library("libc_nonshared.a")?;
    let loader = system_library("ld-linux-x86-64.so.2")?;
    let script = format!(
        "OUTPUT_FORMAT(elf64-x86-64)\nGROUP ( {0}/libc.so.6 {0}/libc_nonshared.a {1} AS_NEEDED ( {0}/libpthread.so.0 {0}/libdl.so.2 {2} ) )\n",
        folder.display(),
        system.display(),
        loader.display(),
    );
    write(&folder.join("libc.so"), &script)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
