//! The symbols of a shared library with their versions, as `readelf` prints them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell;

/// A version of glibc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32, pub(super) u32, pub(super) u32);

impl Version {
    /// Reads `2.2.5` or `2.28`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse);
        let version = Self(parts.next()?.ok()?, parts.next()?.ok()?, parts.next().unwrap_or(Ok(0)).ok()?);
        parts.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GLIBC_{}.{}", self.0, self.1)?;
        if self.2 == 0 { Ok(()) } else { write!(formatter, ".{}", self.2) }
    }
}

/// What a symbol names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Object,
    ThreadLocal,
}

/// A symbol of a library in the version that a program is to be bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symbol {
    pub(super) name: String,
    pub(super) version: Version,
    pub(super) kind: Kind,
    pub(super) size: u64,
    /// Whether the library has a newer version than wanted as well.
    pub(super) moved: bool,
}

/// Returns the symbols that `library` offers in a version up to `newest`, each in its newest one of those.
pub(super) fn of(library: &Path, newest: Version) -> Result<Vec<Symbol>> {
    let mut command = Command::new("readelf");
    command.args(["--dyn-syms", "--wide"]).arg(library).env("LC_ALL", "C");
    Ok(parse(&String::from_utf8_lossy(&shell::output(&mut command)?), newest))
}

/// Reads lines such as `  1: 0000000000085500   195 FUNC    GLOBAL DEFAULT   15 dlopen@GLIBC_2.2.5 (2)`.
pub(super) fn parse(table: &str, newest: Version) -> Vec<Symbol> {
    let mut found: BTreeMap<String, Symbol> = BTreeMap::new();
    let mut newer: Vec<String> = Vec::new();
    for line in table.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, size, kind, _, "DEFAULT", section, name, ..] = words.as_slice() else {
            continue;
        };
        let Some((name, version)) = name.split_once('@').filter(|_| *section != "UND" && *section != "ABS")
        else {
            continue;
        };
        // Private symbols have no number, and no program may use them.
        let Some(version) = version.trim_start_matches('@').strip_prefix("GLIBC_").and_then(Version::parse)
        else {
            continue;
        };
        let kind = match *kind {
            "FUNC" | "IFUNC" | "NOTYPE" => Kind::Function,
            "OBJECT" => Kind::Object,
            "TLS" => Kind::ThreadLocal,
            _ => continue,
        };
        if version > newest {
            newer.push(name.to_owned());
            continue;
        }
        if found.get(name).is_some_and(|other| other.version >= version) {
            continue;
        }
        let size = size
            .strip_prefix("0x")
            .map_or_else(|| size.parse(), |digits| u64::from_str_radix(digits, 16))
            .unwrap_or(1);
        let symbol = Symbol { name: name.to_owned(), version, kind, size, moved: false };
        found.insert(name.to_owned(), symbol);
    }
    for name in newer {
        if let Some(symbol) = found.get_mut(&name) {
            symbol.moved = true;
        }
    }
    found.into_values().collect()
}
