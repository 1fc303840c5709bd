//! Valgrind: the machine's, else Debian's package, unpacked without root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{paths, shell};

/// Debian's packages: the tool, and the symbols of libc that it wants.
const PACKAGES: [&str; 2] = ["valgrind", "libc6-dbg"];

/// What is no fault, each with its reason.
const SUPPRESSIONS: &str = "xtask/src/sanitize/valgrind.supp";

/// A valgrind that runs.
pub(super) struct Valgrind {
    /// Where it was unpacked; `None` for the machine's own.
    unpacked: Option<PathBuf>,
}

/// Returns the machine's valgrind, else the one in `target/tools/valgrind`, which is fetched when it is missing.
pub(super) fn find() -> Result<Valgrind> {
    if runs(&Valgrind { unpacked: None }) {
        return Ok(Valgrind { unpacked: None });
    }
    let folder = paths::tools().join("valgrind");
    let unpacked = Valgrind { unpacked: Some(folder.clone()) };
    if !runs(&unpacked) {
        fetch(&folder).context("no valgrind here, and Debian's package was not to be had")?;
    }
    if !runs(&unpacked) {
        bail!("{} does not run; remove it and try again, or install valgrind", folder.display());
    }
    Ok(unpacked)
}

fn runs(valgrind: &Valgrind) -> bool {
    shell::output(valgrind.command().arg("--version")).is_ok()
}

fn fetch(folder: &Path) -> Result<()> {
    let folder = super::made(folder.to_owned())?;
    let mut download = Command::new("apt-get");
    shell::output(download.arg("download").args(PACKAGES).current_dir(&folder))?;
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "deb") {
            shell::output(Command::new("dpkg-deb").arg("-x").arg(&path).arg(&folder))?;
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

impl Valgrind {
    fn command(&self) -> Command {
        let Some(folder) = &self.unpacked else { return Command::new("valgrind") };
        let mut command = Command::new(folder.join("usr/bin/valgrind"));
        // Debian's is a script in front of the program.
        let libraries =
            [folder.join("usr/libexec/valgrind"), folder.join("usr/lib/x86_64-linux-gnu/valgrind")];
        if let Some(libraries) = libraries.iter().find(|path| path.is_dir()) {
            command.env("VALGRIND_LIB", libraries);
        }
        command
    }

    /// Returns `inner`, run by valgrind.
    pub(super) fn around(&self, inner: &Command) -> Command {
        let mut command = self.command();
        command
            .args(["--quiet", "--error-exitcode=99", "--fair-sched=yes", "--num-callers=30"])
            .args(["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"])
            .arg(format!("--suppressions={}", paths::root().join(SUPPRESSIONS).display()));
        if let Some(folder) = &self.unpacked {
            command.arg(format!("--extra-debuginfo-path={}", folder.join("usr/lib/debug").display()));
        }
        command.arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = inner.get_current_dir() {
            command.current_dir(folder);
        }
        command
    }
}
