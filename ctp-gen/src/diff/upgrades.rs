//! The pages of `docs/upgrades`: what changed in each release, for a person on upgrade day.

use super::{Diff, Tally};
use crate::{Api, overlay::Docs};

/// The first line of every page: what may be written over.
pub const MARKER: &str =
    "<!-- Made by `ctp-gen docs` from ctp-gen/api; edit the models, the overlay or the generator. -->";

/// A file of `docs/upgrades`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// File name, for example `se-6.3.15-to-6.3.19.md`.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// Returns a page for each pair of consecutive models of a family, and the index `README.md`.
///
/// `families` has one list per family, newest first.
pub fn pages(families: &[Vec<&Api>], docs: &Docs) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut index = format!("{MARKER}\n\n# Upgrades\n\n{INTRODUCTION}");
    for models in families {
        let Some(newest) = models.first() else { continue };
        index.push_str(&format!("\n## {}\n\n{HEAD}", newest.family));
        for pair in models.windows(2) {
            let diff = Diff::between(pair[1], pair[0]);
            let file = format!("{}-to-{}.md", diff.from, diff.to.version);
            index.push_str(&row(&diff, &file));
            pages.push(Page {
                text: format!("{MARKER}\n\n[All upgrades](README.md)\n\n{}", diff.to_markdown(docs)),
                file,
            });
        }
    }
    pages.push(Page { file: "README.md".to_owned(), text: index });
    pages
}

const INTRODUCTION: &str = "What changed from each version of the API to the next one that we know, newest first, \
and what that breaks: **binary**, a client that was compiled for the older version and meets the newer library; \
**source**, a program that was written for the older version and is compiled with the newer headers. Any other \
two versions, model files or folders of headers are compared by `ctp-gen diff A B`.\n\n\
Counts: `+` came, `−` went, `=` renamed, `~` changed, `>` moved.\n";

const HEAD: &str = "| From → to | Breaks | Methods | Records | Fields | Constants | Error codes |\n\
| :-- | :-- | :-- | :-- | :-- | :-- | :-- |\n";

fn row(diff: &Diff, file: &str) -> String {
    let breaks = match (diff.breaks.binary, diff.breaks.source) {
        (true, true) => "binary, source",
        (true, false) => "binary",
        (false, true) => "source",
        (false, false) => "nothing",
    };
    let summary = &diff.summary;
    let errors = if diff.errors.is_some() { counts(&summary.errors) } else { "not compared".to_owned() };
    format!(
        "| [{} → {}]({file}) | {breaks} | {} | {} | {} | {} | {errors} |\n",
        diff.from.version,
        diff.to.version,
        counts(&summary.methods),
        counts(&summary.records),
        counts(&summary.fields),
        counts(&summary.constants),
    )
}

fn counts(tally: &Tally) -> String {
    let Tally { added, removed, renamed, changed, moved, .. } = *tally;
    let counts = [("+", added), ("−", removed), ("=", renamed), ("~", changed), (">", moved)];
    let shown = counts.iter().filter(|(_, count)| *count > 0).map(|(sign, count)| format!("{sign}{count}"));
    shown.collect::<Vec<_>>().join(" ")
}
