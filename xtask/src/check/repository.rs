//! What git tracks: nothing of the vendor's, and nothing that only holds on one machine.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::digest::Digest;
use crate::{paths, shell, vendor};

/// Beginnings of paths of one machine.
const MACHINE_PATHS: &[&str] = &["/root/", "/home/", "/work/", "/tmp/target"];

/// Hosts of package registries: packages are named, not located.
const REGISTRY_HOSTS: &[&str] =
    &["pythonhosted.org", "pypi.org/simple", "index.crates.io", "static.crates.io"];

/// Endings of files that are never committed.
const BINARY_ENDINGS: &[&str] =
    &[".so", ".dll", ".dylib", ".lib", ".a", ".o", ".whl", ".crate", ".gz", ".zip", ".con"];

/// This file, which has to name what it looks for.
const SELF: &str = "xtask/src/check/repository.rs";

/// Checks every tracked file.
pub(crate) fn check() -> Result<()> {
    let manifest = vendor::manifest()?;
    let pinned: Vec<&Digest> =
        manifest.sets.iter().flat_map(|set| set.files()).map(|file| &file.sha256).collect();
    let files = tracked_files()?;
    let mut faults = Vec::new();
    for path in &files {
        // A file that is deleted and not yet committed has nothing to say.
        let Ok(content) = fs::read(paths::root().join(path)) else {
            continue;
        };
        faults.extend(faults_of(path, &content, &pinned));
    }
    for fault in &faults {
        println!("{fault}");
    }
    ensure!(faults.is_empty(), "{} faults in tracked files", faults.len());
    println!("{} tracked files: nothing of the vendor's, no path of one machine", files.len());
    Ok(())
}

fn tracked_files() -> Result<Vec<String>> {
    let output = shell::output(Command::new("git").current_dir(paths::root()).args(["ls-files", "-z"]))?;
    let text = String::from_utf8(output).context("a tracked path is not UTF-8")?;
    Ok(text.split_terminator('\0').map(str::to_owned).collect())
}

fn faults_of(path: &str, content: &[u8], pinned: &[&Digest]) -> Vec<String> {
    let mut faults = Vec::new();
    let is_pin = [("vendor/manifest/", ".toml"), ("vendor/manifest/foreign/", ".txt")]
        .into_iter()
        .any(|(folder, ending)| path.starts_with(folder) && path.ends_with(ending));
    if path.starts_with("vendor/") && !is_pin {
        faults.push(format!("{path}: only the manifest of vendor/ is committed"));
    }
    if pinned.contains(&&Digest::of(content)) {
        faults.push(format!("{path}: is a file of the vendor's"));
    }
    if BINARY_ENDINGS.iter().any(|ending| path.ends_with(ending)) || content.starts_with(b"\x7fELF") {
        faults.push(format!("{path}: libraries and archives are not committed"));
    }
    if path == SELF {
        return faults;
    }
    for (number, line) in String::from_utf8_lossy(content).lines().enumerate() {
        let number = number + 1;
        for needle in REGISTRY_HOSTS.iter().filter(|host| line.contains(**host)) {
            faults.push(format!("{path}:{number}: host of a registry: {needle}"));
        }
        for needle in MACHINE_PATHS.iter().filter(|needle| contains_path(line, needle)) {
            faults.push(format!("{path}:{number}: path of one machine: {needle}"));
        }
    }
    faults
}

/// Returns whether `line` has a path that begins with `needle`, which may not be the middle of another path.
fn contains_path(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !".-_/~}".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, content: &str) -> usize {
        faults_of(path, content.as_bytes(), &[]).len()
    }

    #[test]
    fn vendor_files_are_found_by_place_digest_and_kind() {
        assert_eq!(faults("vendor/se-1.2.3/include/MdApi.h", ""), 1);
        assert_eq!(faults("vendor/manifest/MdApi.h", ""), 1);
        assert_eq!(faults("vendor/manifest/se.toml", ""), 0);
        assert_eq!(faults("vendor/manifest/foreign/client.txt", ""), 0);
        assert_eq!(faults("vendor/manifest/client.txt", ""), 1);
        assert_eq!(faults("docs/libthostmduserapi_se.so", ""), 1);
        assert_eq!(faults("docs/renamed.txt", "\x7fELF"), 1);
        let header = Digest::of(b"the vendor's words");
        assert_eq!(faults_of("docs/copy.h", b"the vendor's words", &[&header]).len(), 1);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        assert_eq!(faults("a.rs", "let path = \"/root/ctp\";"), 1);
        assert_eq!(faults("a.rs", "see /home/me/ctp and /work/main"), 2);
        assert_eq!(faults("a.rs", "the folder target/tmp/x, ./home/x and ~/work/x"), 0);
        assert_eq!(faults("a.rs", "https://files.pythonhosted.org/packages"), 1);
    }
}
