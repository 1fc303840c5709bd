//! What lies in a wheel: every program and library in it runs on the systems that its tag names.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use zip::ZipArchive;

use crate::{glibc, paths};

/// The module may not be larger.
const MODULE_BYTES_MAX: u64 = 10_000_000;

/// Checks tag, size and every program and library of `wheel`; returns lines about them.
pub(super) fn check(wheel: &Path) -> Result<Vec<String>> {
    let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ensure!(
        name.contains("-cp310-abi3-") && name.contains("manylinux_2_28_x86_64"),
        "{name} has another tag than cp310-abi3-manylinux_2_28_x86_64"
    );
    let bytes = wheel.metadata()?.len();
    let mut lines = vec![format!("{}: {}", paths::shown(wheel), megabytes(bytes))];
    let mut archive = ZipArchive::new(File::open(wheel)?)?;
    let mut count = 0;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        if !content.starts_with(b"\x7fELF") {
            continue;
        }
        count += 1;
        let inside = entry.name()?.into_owned();
        let mut file = tempfile::Builder::new().suffix(".elf").tempfile()?;
        file.write_all(&content)?;
        glibc::check(file.path()).with_context(|| format!("{inside} in the wheel"))?;
        if inside.ends_with("_ctp_py.abi3.so") {
            let size = content.len() as u64;
            ensure!(
                size <= MODULE_BYTES_MAX,
                "{inside} is {}, more than {}",
                megabytes(size),
                megabytes(MODULE_BYTES_MAX)
            );
        }
        if content.len() > 1_000_000 {
            lines.push(format!("  {inside}: {}", megabytes(content.len() as u64)));
        }
    }
    ensure!(count > 2, "the wheel holds {count} programs and libraries: where is the simulator?");
    lines.push(format!("  {count} programs and libraries fit manylinux_2_28"));
    Ok(lines)
}

fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1} MB")
}
