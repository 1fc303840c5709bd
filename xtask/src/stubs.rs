//! `cargo xtask stubs`: the type stubs of the Python package, written beside the modules that they describe.
//!
//! ctp-gen emits what comes from the model. What is written by hand in Rust is typed by hand as well, in
//! `ctp-py/stubs/*.pyi`: these fragments follow the emitted part of `_ctp_py.pyi`, in the order of their names.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context as _, Result};
use ctp_gen::overlay::Overlay;
use ctp_gen::{emit, models};

use crate::paths;

/// The stub that the fragments belong to.
const MODULE: &str = "_ctp_py.pyi";

/// Writes every stub of the package.
pub(crate) fn run() -> Result<()> {
    let fragments = fragments(&paths::root().join("ctp-py/stubs"))?;
    for (name, mut text) in emit::python::stubs(models::current(), Overlay::committed()) {
        if name == MODULE {
            let requests = emit::requests::python_stub(models::current(), Overlay::committed());
            text.push_str(&requests.map_err(anyhow::Error::msg)?);
            text.push_str(&fragments);
        }
        let path = package().join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Returns the folder of the package's Python files.
pub(crate) fn package() -> PathBuf {
    paths::root().join("ctp-py/python/ctp_py")
}

/// Returns the fragments in `folder` as one text, each under its file's name.
fn fragments(folder: &Path) -> Result<String> {
    let cannot = || format!("cannot read {}", folder.display());
    let mut files = fs::read_dir(folder)
        .with_context(cannot)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()
        .with_context(cannot)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "pyi"));
    files.sort();
    let mut text = String::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let fragment =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        text.push_str(&format!("\n# From ctp-py/stubs/{name}.\n{fragment}"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_follow_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b.pyi"), "class B: ...\n").unwrap();
        fs::write(folder.path().join("a.pyi"), "class A: ...\n").unwrap();
        fs::write(folder.path().join("README.md"), "not a stub").unwrap();
        assert_eq!(
            fragments(folder.path()).unwrap(),
            "\n# From ctp-py/stubs/a.pyi.\nclass A: ...\n\n# From ctp-py/stubs/b.pyi.\nclass B: ...\n"
        );
    }
}
