//! The emitted C++ of one facade, and how it is compiled.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};
use ctp_gen::Api;
use ctp_gen::api::ClassKind;
use ctp_gen::emit::facade::{self, Kind};
use ctp_gen::overlay::Overlay;

use crate::digest::Digest;
use crate::glibc;

/// One object, linked at once, without a SONAME, so that the file may have any name. Only the vendor's names are seen.
///
/// A facade copies records: more optimisation than this costs twice the time for nothing, and larger files.
const FLAGS: &[&str] = &[
    "-std=c++14",
    "-O1",
    "-s",
    "-shared",
    "-fPIC",
    "-fvisibility=hidden",
    "-fvisibility-inlines-hidden",
    "-fno-rtti",
    "-fno-exceptions",
    "-nodefaultlibs",
];

/// Nothing is left to be found in the program that loads it; but what an instrumented one calls is there.
const COMPLETE: &str = "-Wl,--no-undefined";

/// Libraries, after the object. None of C++: two programs' worth of it in one process would be one too many.
const LIBRARIES: &[&str] = &["-ldl", "-lc", "-lgcc"];

/// A library with the vendor's file name and C++ ABI.
pub(super) struct Facade {
    /// Folder of its version: `se-6.7.13`.
    pub(super) version: String,
    pub(super) file_name: &'static str,
    pub(super) text: String,
    /// The symbols that the vendor's library exports.
    pub(super) exports: Vec<String>,
    /// Flags beside the usual ones.
    flags: &'static [&'static str],
}

/// Returns the facades of a version, market data and trading, to be compiled with `flags` beside the usual ones.
pub(super) fn of(api: &Api, flags: &'static [&'static str]) -> Result<[Facade; 2]> {
    let core = ctp_gen::models::current();
    let overlay = Overlay::committed();
    let facade = |class, kind: Kind| -> Result<Facade> {
        let file_name = kind.file_name(&api.family);
        let text = facade::cpp(api, core, overlay, kind);
        Ok(Facade {
            version: api.label(),
            file_name: file_name.with_context(|| format!("family {} has no file names", api.family))?,
            text: text.map_err(|reason| anyhow!("no facade of {}: {reason}", api.label()))?,
            exports: api.class(class).statics.iter().map(|method| method.symbol.clone()).collect(),
            flags,
        })
    };
    Ok([facade(ClassKind::MdApi, Kind::Md)?, facade(ClassKind::TraderApi, Kind::Trader)?])
}

impl Facade {
    /// Returns where the facade goes below the simulator's folder.
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(&self.version).join(self.file_name)
    }

    /// Returns the digest of everything that the library is made from.
    pub(super) fn digest(&self) -> Digest {
        let compiler = compiler();
        let parts = [compiler.as_str()]
            .into_iter()
            .chain(FLAGS.iter().chain(LIBRARIES).copied())
            .chain(self.more().iter().copied())
            .chain(self.is_shipped().then_some(glibc::OLDEST))
            .chain([self.text.as_str()]);
        Digest::of(parts.collect::<Vec<_>>().join("\n").as_bytes())
    }

    fn more(&self) -> &[&'static str] {
        if self.flags.is_empty() { &[COMPLETE] } else { self.flags }
    }

    /// Returns whether it is one of those that go to users, on older systems as well: not an instrumented one.
    pub(super) fn is_shipped(&self) -> bool {
        self.flags.is_empty()
    }

    /// Returns the command that makes the library `output` from the text in `source`.
    pub(super) fn compile(&self, source: &Path, output: &Path) -> Result<Command> {
        let mut command = Command::new(compiler());
        command.args(FLAGS).args(self.more()).arg(source).args(LIBRARIES).arg("-o").arg(output);
        if self.is_shipped() {
            command.args(glibc::arguments()?);
        }
        Ok(command)
    }
}

/// Returns the C++ compiler: `CXX`, else `g++`.
pub(super) fn compiler() -> String {
    env::var("CXX").ok().filter(|compiler| !compiler.is_empty()).unwrap_or_else(|| "g++".to_owned())
}
