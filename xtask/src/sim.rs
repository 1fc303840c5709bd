//! `cargo xtask sim`: the simulator's libraries, put into `target/sim/`.
//!
//! `libctp_sim.so` is the simulator; beside it `<family>-<version>/` holds, for every version, two thin libraries
//! with the vendor's file names and C++ ABI, emitted by ctp-gen. They find the simulator when they are loaded. The same
//! with `lib` before their names is for `LD_LIBRARY_PATH`: so other bindings call them. Two more libraries decode Chinese
//! for clients that want a locale for it.

mod exports;
mod facade;
mod locale;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, Result, bail};
use ctp_gen::{Api, models};

use self::facade::Facade;
pub(crate) use self::locale::NAMES as LOCALE;
use crate::{glibc, lock, paths, shell};

/// What to build.
#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Versions to build facades for, for example 6.7.13 or mini-1.7.7; all that have a model when none is given.
    versions: Vec<String>,
}

impl Arguments {
    /// Builds the facades of one version.
    pub(crate) fn only(version: &str) -> Self {
        Self { versions: vec![version.to_owned()] }
    }
}

/// Builds the simulator and the facades called for.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let models = wanted(&arguments.versions)?;
    let _lock = lock::hold("sim")?;
    let folder = paths::simulator();
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    build_facades(&folder, &models, &[])?;
    for name in locale::build(&folder)? {
        println!("{}: built", paths::shown(&folder.join(name)));
    }
    let core = folder.join("libctp_sim.so");
    let is_new = replace(&core, &fs::read(build_core()?)?)?;
    println!("{}: {}", paths::shown(&core), if is_new { "built" } else { "unchanged" });
    Ok(())
}

/// Returns the models called `labels`, or all.
fn wanted(labels: &[String]) -> Result<Vec<&'static Api>> {
    if labels.is_empty() {
        return Ok(models::models().collect());
    }
    let find = |label: &String| {
        models::find(label).with_context(|| {
            let known: Vec<_> = models::models().map(Api::label).collect();
            format!("version {label} has no model; known: {}", known.join(", "))
        })
    };
    labels.iter().map(find).collect()
}

/// Builds the facades of `models`, a version on each of the machine's cores at a time.
fn build_facades(folder: &Path, models: &[&'static Api], flags: &'static [&'static str]) -> Result<()> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(api) = models.get(next.fetch_add(1, Ordering::Relaxed)) {
            for facade in facade::of(api, flags)? {
                let is_new = build_facade(folder, &facade)?;
                link(&facade.path(folder))?;
                let path = paths::shown(&facade.path(folder));
                println!("{path}: {}", if is_new { "built" } else { "unchanged" });
            }
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(models.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("building the facades panicked")))
    })
}

/// Lets cargo build the simulator and returns the path of the library it made.
///
/// Optimised: tests and demos run against the library that the wheel carries.
fn build_core() -> Result<PathBuf> {
    let mut command = shell::cargo();
    command.args(["rustc", "--release", "--package", "ctp-sim-abi", "--lib"]);
    let library = shell::artifact_with(&mut command, "ctp_sim_abi", &glibc::rustc_arguments()?)?;
    glibc::check(&library)?;
    Ok(library)
}

/// Builds the facades of all versions into a folder, with more flags of the compiler than usual.
pub(crate) fn facades(folder: &Path, flags: &'static [&'static str]) -> Result<()> {
    let _lock = lock::hold("sim")?;
    build_facades(folder, &wanted(&[])?, flags)
}

/// Links `facade`, unless the one in place was made from the same text by the same command; returns whether it did.
fn build_facade(folder: &Path, facade: &Facade) -> Result<bool> {
    let path = facade.path(folder);
    let work = folder.join("build").join(&facade.version);
    let parent = folder.join(&facade.version);
    for folder in [&work, &parent] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let stamp = work.join(format!("{}.sha256", facade.file_name));
    let digest = facade.digest().to_string();
    if path.is_file() && fs::read_to_string(&stamp).is_ok_and(|stamped| stamped == digest) {
        return Ok(false);
    }
    let source = work.join(Path::new(facade.file_name).with_extension("cpp"));
    fs::write(&source, &facade.text).with_context(|| format!("cannot write {}", source.display()))?;
    let linked = work.join(facade.file_name);
    shell::output(facade.compile(&source, &linked)?.current_dir(paths::root()))?;
    exports::check(&linked, &facade.exports)?;
    if facade.is_shipped() {
        glibc::check(&linked)?;
    }
    fs::rename(&linked, &path).with_context(|| format!("cannot write {}", path.display()))?;
    fs::write(&stamp, digest).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(true)
}

/// Makes the facade at `path` known by the name with `lib` as well.
fn link(path: &Path) -> Result<()> {
    let Some(name) = path.file_name() else {
        return Ok(());
    };
    let mut with_lib = std::ffi::OsString::from("lib");
    with_lib.push(name);
    let link = path.with_file_name(with_lib);
    if fs::read_link(&link).is_ok_and(|target| target == Path::new(name)) {
        return Ok(());
    }
    if link.exists() {
        fs::remove_file(&link).with_context(|| format!("cannot replace {}", link.display()))?;
    }
    std::os::unix::fs::symlink(name, &link).with_context(|| format!("cannot make {}", link.display()))
}

/// Makes the file at `path` hold `bytes`, in one step, because a process may have it loaded; returns whether it
/// held anything else.
fn replace(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    let staged = path.with_extension("new");
    fs::write(&staged, bytes).with_context(|| format!("cannot write {}", staged.display()))?;
    fs::rename(&staged, path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}
