//! What a program or library asks of the system that runs it, against what manylinux_2_28 has.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::shell;

/// The newest version of each library's symbols in AlmaLinux 8, which manylinux_2_28 is.
const NEWEST: [(&str, &[u32]); 4] =
    [("GLIBC_", &[2, 28]), ("GLIBCXX_", &[3, 4, 25]), ("CXXABI_", &[1, 3, 11]), ("GCC_", &[7, 0, 0])];

/// The libraries that every such system has.
const LIBRARIES: [&str; 9] = [
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
];

/// Fails unless the program or library at `path` runs on every system that manylinux_2_28 stands for.
pub(crate) fn check(path: &Path) -> Result<()> {
    let mut command = Command::new("readelf");
    command.args(["--dynamic", "--dyn-syms", "--wide"]).arg(path).env("LC_ALL", "C");
    let text = shell::output(&mut command)?;
    let faults = faults(&String::from_utf8_lossy(&text));
    ensure!(faults.is_empty(), "{} does not fit manylinux_2_28: {}", path.display(), faults.join(", "));
    Ok(())
}

/// Returns what is asked for and not there, from what `readelf` says.
pub(super) fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for line in text.lines() {
        if let Some((_, library)) = line.split_once("Shared library: [") {
            let library = library.trim_end_matches(']');
            if !LIBRARIES.contains(&library) {
                faults.push(library.to_owned());
            }
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, _, _, _, "UND", name, ..] = words.as_slice() else {
            continue;
        };
        if let Some((_, version)) = name.split_once('@')
            && !is_old(version.trim_start_matches('@'))
        {
            faults.push((*name).to_owned());
        }
    }
    faults
}

fn is_old(version: &str) -> bool {
    NEWEST.iter().any(|(prefix, newest)| {
        let Some(number) = version.strip_prefix(prefix) else {
            return false;
        };
        let number: Result<Vec<u32>, _> = number.split('.').map(str::parse).collect();
        number.is_ok_and(|number| number.as_slice() <= *newest)
    })
}
