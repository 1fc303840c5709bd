//! Entries put into TOML files that people write: at their place, and nothing else is touched.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use ctp_gen::Api;
use ctp_gen::overlay::Proposal;

use super::plan::numbers;
use crate::vendor::manifest::{Encoding, Set};

type Changed = Result<(PathBuf, String)>;

/// Adds `proposals` to the tables of their classes.
pub(super) fn with_requests(path: PathBuf, label: &str, proposals: &[Proposal]) -> Changed {
    let mut text = read(&path)?;
    for proposal in proposals {
        let row = format!("{proposal} # proposed by its callbacks' names for {label}: confirm");
        text = with_row(&text, proposal.class, &row);
    }
    Ok((path, text))
}

/// Adds `row` at the end of the table `name`, which is made where it is missing.
fn with_row(text: &str, name: &str, row: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let header = format!("[{name}]");
    let begin = match lines.iter().position(|line| line.trim() == header) {
        Some(begin) => begin,
        None => {
            lines.extend(["", header.as_str()]);
            lines.len() - 1
        }
    };
    let next = lines.iter().skip(begin + 1).position(|line| line.starts_with('['));
    let mut end = next.map_or(lines.len(), |next| begin + 1 + next);
    while end > begin + 1
        && (lines[end - 1].trim().is_empty() || (next.is_some() && lines[end - 1].starts_with('#')))
    {
        end -= 1;
    }
    lines.insert(end, row);
    lines.join("\n") + "\n"
}

/// Says that libraries of the version of `api` with these marks have its layout; the last mark is the news.
pub(super) fn with_patches(path: PathBuf, api: &Api, patches: &[&str]) -> Changed {
    let text = read(&path)?;
    Ok((path, with_marks(&text, &api.family, &api.version, patches)))
}

fn with_marks(text: &str, family: &str, version: &str, patches: &[&str]) -> String {
    let row = format!("patches = {patches:?}");
    let entry = format!("[[same_layout]]\nfamily = \"{family}\"\nversion = \"{version}\"\n");
    match text.split_once(&format!("{entry}patches = ")) {
        // In place: a second entry would not be read, and how the other marks are known stays.
        Some((before, after)) => {
            let after = after.split_once('\n').map_or("", |(_, after)| after);
            let news = patches.last().unwrap_or(&"");
            format!("{before}{entry}{row} # {news}: to be confirmed (cargo xtask upgrade)\n{after}")
        }
        None => format!(
            "{text}\n{entry}{row}\n\
             source = \"headers and library came together; to be confirmed (cargo xtask upgrade)\"\n"
        ),
    }
}

/// Puts `set` among the versions of its family's part of the manifest, newest first, in place of an entry for the
/// same version.
pub(super) fn with_set(path: PathBuf, set: &Set) -> Changed {
    let text = read(&path)?;
    Ok((path, with_block(&text, &set.version, &block(set))))
}

fn with_block(text: &str, version: &str, block: &str) -> String {
    let mut parts = split(text);
    let version_of = |part: &str| {
        let mut lines = part.lines().filter_map(|line| line.strip_prefix("version = \""));
        lines.next().and_then(|rest| rest.strip_suffix('"')).map(str::to_owned)
    };
    parts.retain(|part| version_of(part).as_deref() != Some(version));
    let is_older = |part: &String| version_of(part).is_some_and(|found| numbers(&found) < numbers(version));
    let place = parts.iter().position(is_older).unwrap_or(parts.len());
    parts.insert(place, block.to_owned());
    let trimmed: Vec<&str> = parts.iter().map(|part| part.trim_end()).collect();
    trimmed.join("\n\n") + "\n"
}

/// Divides a part of the manifest into its head and its versions, each with the comment before it.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut comment = String::new();
    for line in text.lines() {
        if line.starts_with('#') {
            let _ = writeln!(comment, "{line}");
            continue;
        }
        if line == "[[version]]" {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(&std::mem::take(&mut comment));
            let _ = writeln!(part, "{line}");
        }
    }
    if let Some(part) = parts.last_mut() {
        part.push_str(&comment);
    }
    parts
}

fn block(set: &Set) -> String {
    let mut text = format!("[[version]]\nfamily = \"{}\"\nversion = \"{}\"\n", set.family, set.version);
    let encoding = match set.encoding {
        Some(Encoding::Utf8) | None => "utf-8",
        Some(Encoding::Utf8Bom) => "utf-8-bom",
        Some(Encoding::Gbk) => "gbk",
        Some(Encoding::Gb18030) => "gb18030",
    };
    let _ = writeln!(text, "encoding = \"{encoding}\"");
    for archive in &set.archives {
        let _ = writeln!(
            text,
            "\n# Taken over by `cargo xtask upgrade`. Name the package that has these files: registry, package, release,\n\
             # sha256 of the archive, and each file's path in it.\n\
             [[version.archive]]\nregistry = \"local\"\npackage = \"{}\"\nrelease = \"{}\"\nfiles = [",
            archive.package, archive.release
        );
        for file in &archive.files {
            let _ = writeln!(
                text,
                "    {{ from = \"{}\", to = \"{}\", sha256 = \"{}\" }},",
                file.from, file.to, file.sha256
            );
        }
        text.push_str("]\n");
    }
    text
}

fn read(path: &PathBuf) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "# Head.\n\n[[version]]\nversion = \"6.7.13\"\n\n# Why.\n[[version.archive]]\nfiles = []\n\n\
                            # Of 6.7.9.\n[[version]]\nversion = \"6.7.9\"\n";

    #[test]
    fn a_version_goes_to_its_place_newest_first() {
        let block = "[[version]]\nversion = \"6.7.11\"\n";
        let text = with_block(MANIFEST, "6.7.11", block);
        let versions: Vec<&str> = text.lines().filter(|line| line.starts_with("version")).collect();
        assert_eq!(versions, ["version = \"6.7.13\"", "version = \"6.7.11\"", "version = \"6.7.9\""]);
        // What was there is there as it was.
        assert_eq!(text.replace("[[version]]\nversion = \"6.7.11\"\n\n", ""), MANIFEST);
    }

    #[test]
    fn the_newest_goes_first_the_oldest_last_and_a_known_one_in_its_own_place() {
        let at = |version: &str| {
            let text =
                with_block(MANIFEST, version, &format!("[[version]]\nversion = \"{version}\"\nnew = true\n"));
            let versions = text.lines().filter_map(|line| line.strip_prefix("version = ")).map(str::to_owned);
            versions.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(at("6.7.14"), "\"6.7.14\" \"6.7.13\" \"6.7.9\"");
        assert_eq!(at("6.3.1"), "\"6.7.13\" \"6.7.9\" \"6.3.1\"");
        assert_eq!(at("6.7.9"), "\"6.7.13\" \"6.7.9\"");
    }

    #[test]
    fn a_mark_joins_the_entry_of_its_version_or_makes_one() {
        let entry = |version: &str, patches: &str| {
            format!(
                "[[same_layout]]\nfamily = \"se\"\nversion = \"{version}\"\npatches = {patches}\nsource = \"s\"\n"
            )
        };
        let text = format!("# Head.\n\n{}\n{}", entry("6.6.1", "[\"P1\"]"), entry("6.7.9", "[\"P1\"]"));
        let marked = "[\"P1\", \"P2\"] # P2: to be confirmed (cargo xtask upgrade)";
        assert_eq!(
            with_marks(&text, "se", "6.6.1", &["P1", "P2"]),
            format!("# Head.\n\n{}\n{}", entry("6.6.1", marked), entry("6.7.9", "[\"P1\"]"))
        );
        let added = with_marks(&text, "se", "6.7.1", &["", "P1"]);
        let new = added.strip_prefix(&text).unwrap();
        assert!(new.starts_with("\n[[same_layout]]\nfamily = \"se\"\nversion = \"6.7.1\"\n"), "{new}");
        assert!(new.contains("\npatches = [\"\", \"P1\"]\nsource = \""), "{new}");
    }

    #[test]
    fn a_request_goes_to_the_end_of_its_table() {
        let text = "# Head.\n[A]\na = 1\n\n# Of B.\n[B]\nb = 1\n";
        assert_eq!(with_row(text, "A", "x = 2"), "# Head.\n[A]\na = 1\nx = 2\n\n# Of B.\n[B]\nb = 1\n");
        assert_eq!(with_row(text, "B", "x = 2"), "# Head.\n[A]\na = 1\n\n# Of B.\n[B]\nb = 1\nx = 2\n");
        assert_eq!(with_row(text, "C", "x = 2"), format!("{text}\n[C]\nx = 2\n"));
    }
}
