//! Two small libraries that decode Chinese for clients which ask the C++ library for the locale zh_CN.GB18030.
//!
//! `libctp_sim_locale.so` is loaded before such a client and needs no C++ library; `libctp_sim_facet.so` is loaded by it
//! when the client asks and the system has no such locale.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::facade::compiler;
use crate::digest::Digest;
use crate::{glibc, paths, shell};

/// The libraries, in the order of [`SOURCES`].
pub(crate) const NAMES: [&str; 2] = ["libctp_sim_locale.so", "libctp_sim_facet.so"];

const SOURCES: [&str; 2] = ["interposer.cpp", "facet.cpp"];

const FLAGS: &[&str] =
    &["-std=c++14", "-O1", "-s", "-shared", "-fPIC", "-fvisibility=hidden", "-Wl,--no-undefined", "-Wall"];

/// What each is linked with: the first without a C++ library, so that the client's own is the only one.
const LIBRARIES: [&[&str]; 2] =
    [&["-fno-rtti", "-nodefaultlibs", "-ldl", "-lpthread", "-lc"], &["-ldl", "-lpthread"]];

/// Links those that are not there from the same text and by the same command, and returns their names.
pub(super) fn build(folder: &Path) -> Result<Vec<&'static str>> {
    let mut built = Vec::new();
    for ((name, source), libraries) in NAMES.into_iter().zip(SOURCES).zip(LIBRARIES) {
        let source = paths::root().join("ctp-sim-abi").join("locale").join(source);
        if build_one(folder, name, &source, libraries)? {
            built.push(name);
        }
    }
    Ok(built)
}

fn build_one(folder: &Path, name: &str, source: &Path, libraries: &[&str]) -> Result<bool> {
    let text = fs::read_to_string(source).with_context(|| format!("cannot read {}", source.display()))?;
    let compiler = compiler();
    let parts: Vec<&str> = [compiler.as_str()]
        .into_iter()
        .chain(FLAGS.iter().chain(libraries).copied())
        .chain([glibc::OLDEST, text.as_str()])
        .collect();
    let digest = Digest::of(parts.join("\n").as_bytes()).to_string();
    let work = folder.join("build").join("locale");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let (path, stamp) = (folder.join(name), work.join(format!("{name}.sha256")));
    if path.is_file() && fs::read_to_string(&stamp).is_ok_and(|stamped| stamped == digest) {
        return Ok(false);
    }
    let linked = work.join(name);
    let mut command = Command::new(compiler);
    command.current_dir(paths::root()).args(FLAGS).arg(source).args(libraries).arg("-o").arg(&linked);
    shell::output(command.args(glibc::arguments()?))?;
    glibc::check(&linked)?;
    fs::rename(&linked, &path).with_context(|| format!("cannot write {}", path.display()))?;
    fs::write(&stamp, digest).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(true)
}
