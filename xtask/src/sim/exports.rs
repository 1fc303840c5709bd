//! What a linked facade shows to the outside.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::shell;

/// Fails unless `library` exports exactly `expected`, has no SONAME and does without C++'s library.
pub(super) fn check(library: &Path, expected: &[String]) -> Result<()> {
    let symbols = read("nm", &["--dynamic", "--defined-only", "--format=posix"], library)?;
    let found: BTreeSet<&str> = symbols.lines().filter_map(|line| line.split(' ').next()).collect();
    let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    ensure!(found == expected, "{} exports {found:?}, the vendor's exports {expected:?}", library.display());
    let dynamic = read("readelf", &["--dynamic", "--wide"], library)?;
    for unwanted in ["SONAME", "libstdc++"] {
        ensure!(!dynamic.contains(unwanted), "{} has {unwanted} in its dynamic section", library.display());
    }
    Ok(())
}

fn read(program: &str, options: &[&str], library: &Path) -> Result<String> {
    let output = shell::output(Command::new(program).args(options).arg(library).env("LC_ALL", "C"))?;
    Ok(String::from_utf8_lossy(&output).into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SOURCE: &str = r#"
        #define SHOWN __attribute__((visibility("default")))
        struct Api { SHOWN static const char *GetApiVersion(); static int hidden(); };
        const char *Api::GetApiVersion() { return "1.2.3"; }
        int Api::hidden() { return 1; }
    "#;

    /// Links `SOURCE` and checks what it exports.
    fn check_with(options: &[&str], expected: &[&str]) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let (source, library) = (folder.path().join("a.cpp"), folder.path().join("a.so"));
        fs::write(&source, SOURCE)?;
        let mut command = Command::new("g++");
        command.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).args(options);
        shell::output(&mut command)?;
        let expected: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
        super::check(&library, &expected)
    }

    #[test]
    fn exactly_the_vendors_names_are_exported() {
        let version = "_ZN3Api13GetApiVersionEv";
        let good = ["-fvisibility=hidden", "-nodefaultlibs"];
        check_with(&good, &[version]).unwrap();
        assert!(check_with(&good, &[version, "_ZN3Api4InitEv"]).is_err());
        assert!(check_with(&["-nodefaultlibs"], &[version]).is_err());
    }

    #[test]
    fn no_name_of_its_own_and_no_library_of_cpp() {
        let version = "_ZN3Api13GetApiVersionEv";
        let soname = check_with(&["-fvisibility=hidden", "-nodefaultlibs", "-Wl,-soname,x.so"], &[version]);
        assert!(soname.unwrap_err().to_string().contains("SONAME"));
        let standard = check_with(&["-fvisibility=hidden", "-Wl,--no-as-needed"], &[version]);
        assert!(standard.unwrap_err().to_string().contains("libstdc++"));
    }
}
