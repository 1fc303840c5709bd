//! The comparison as a Markdown page.

mod sections;
mod table;

use super::{Diff, summary::Tally};
use crate::overlay::Docs;

use table::{Table, code};

impl Diff {
    /// Returns it as a Markdown page; `docs` tell what new names mean.
    pub fn to_markdown(&self, docs: &Docs) -> String {
        let mut page = format!("# {}\n\n", self.title());
        if self.is_empty() {
            page.push_str(&format!("{} and {} declare the same.\n", self.from, self.to));
            return page;
        }
        page.push_str(&verdict(
            "Binary",
            &format!("A client compiled for {} {{}} with a library of {}", self.from, self.to),
            ["works", "does not work"],
            &self.verdict.binary,
        ));
        page.push_str(&verdict(
            "Source",
            &format!("A program written for {} {{}} with the headers of {}", self.from, self.to),
            ["compiles", "may not compile"],
            &self.verdict.source,
        ));
        page.push_str(&self.counts());
        sections::write(&mut page, self, docs);
        page.push_str(READING);
        page
    }

    /// Returns `se 6.7.11 → 6.7.13`, with both families where they differ.
    fn title(&self) -> String {
        let (from, to) = (&self.from, &self.to);
        if from.family == to.family {
            return format!("{} {} → {}", from.family, from.version, to.version);
        }
        format!("{} {} → {} {}", from.family, from.version, to.family, to.version)
    }

    fn counts(&self) -> String {
        let (from, to) = (self.from.number(), self.to.number());
        let mut table = Table::new([
            "",
            &format!("{from}:"),
            &format!("{to}:"),
            "Came:",
            "Went:",
            "Renamed:",
            "Changed:",
            "Moved:",
            "Break binary:",
            "Break source:",
        ]);
        for (name, tally) in self.summary.rows() {
            let Tally { before, after, added, removed, renamed, changed, moved, .. } = *tally;
            let or_blank = |count: usize| if count == 0 { String::new() } else { count.to_string() };
            let happened =
                [added, removed, renamed, changed, moved, tally.breaks_binary, tally.breaks_source];
            let mut row = vec![name.to_owned(), before.to_string(), after.to_string()];
            row.extend(happened.map(or_blank));
            table.row(row);
        }
        table.text()
    }
}

/// How to read the page.
const READING: &str = "\n---\n\n\
*Breaks binary*: a client that was compiled for the version before misbehaves with a library of the version \
after. A virtual method stands in another slot, went, or has other arguments; one came before others or, in an \
SPI class, anywhere; a record that a method carries is laid out anew; a symbol or a value is another. \
*Breaks source*: a program written for the version before may not compile with the headers of the version after. \
A name went, a declaration no longer fits, a field is narrower or of another kind. What came breaks no source: \
callbacks have bodies; only who implements the API classes must write the new calls. \
Records stand without `CThostFtdc`; fields are counted in the records that both have; slots count from 0, offsets and sizes are bytes on x86-64.\n";

fn verdict(what: &str, sentence: &str, [good, bad]: [&str; 2], reasons: &[String]) -> String {
    if reasons.is_empty() {
        return format!("**{what}: kept.** {}.\n\n", sentence.replace("{}", good));
    }
    let reasons: Vec<String> = reasons.iter().map(|reason| format!("- {reason}\n")).collect();
    format!("**{what}: broken.** {}:\n\n{}\n", sentence.replace("{}", bad), reasons.concat())
}
