//! The comparison as text for a terminal.

mod sections;

use std::fmt::Write;

use super::{
    Diff,
    marks::{Breaks, Step},
    summary::Tally,
};

impl Diff {
    /// Returns it as text for people, with colours where `colour` says so.
    pub fn to_text(&self, colour: bool) -> String {
        let mut page = Page { text: String::new(), colour };
        if self.is_empty() {
            page.line(&format!("{} and {} declare the same", self.from, self.to));
            return page.text;
        }
        let title = page.paint(BOLD, &format!("{} → {}", self.from, self.to));
        page.line(&title);
        page.line("");
        page.verdicts(self);
        page.line("");
        page.counts(self);
        sections::write(&mut page, self);
        page.legend(self);
        page.text
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const MAGENTA: &str = "35";
const CYAN: &str = "36";

/// What happened to the thing on a line.
#[derive(Clone, Copy)]
enum Sign {
    Came,
    Went,
    Renamed,
    Changed,
    Moved,
}

impl Sign {
    fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Came => ("+", GREEN),
            Self::Went => ("-", RED),
            Self::Renamed => ("=", YELLOW),
            Self::Changed => ("~", YELLOW),
            Self::Moved => (">", CYAN),
        }
    }
}

/// Text in the making.
struct Page {
    text: String,
    colour: bool,
}

impl Page {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, title: &str, detail: &str) {
        let title = self.paint(BOLD, title);
        self.line("");
        self.line(format!("{title}  {detail}").trim_end());
    }

    /// Writes ` BS + text`, `depth` columns further in; what the change breaks always stands in front.
    fn row(&mut self, breaks: Breaks, sign: Sign, depth: usize, text: &str) {
        let marks = self.marks(breaks);
        let (sign, colour) = sign.parts();
        let sign = self.paint(colour, sign);
        self.line(&format!(" {marks} {:depth$}{sign} {text}", ""));
    }

    /// Writes a line that belongs to the row before it.
    fn below(&mut self, depth: usize, text: &str) {
        self.line(&format!("      {:depth$}{text}", ""));
    }

    fn marks(&self, breaks: Breaks) -> String {
        let mark = |is: bool, letter, colour| {
            if is { self.paint(colour, letter) } else { " ".to_owned() }
        };
        mark(breaks.binary, "B", RED) + &mark(breaks.source, "S", MAGENTA)
    }

    fn verdicts(&mut self, diff: &Diff) {
        let (from, to) = (&diff.from, &diff.to);
        let binary = [
            format!("A client compiled for {from} works with a library of {to}."),
            format!("A client compiled for {from} does not work with a library of {to}:"),
        ];
        self.verdict("binary", binary, &diff.verdict.binary);
        let source = [
            format!("A program written for {from} compiles with the headers of {to}."),
            format!("A program written for {from} may not compile with the headers of {to}:"),
        ];
        self.verdict("source", source, &diff.verdict.source);
    }

    fn verdict(&mut self, what: &str, [kept, broken]: [String; 2], reasons: &[String]) {
        let (word, colour, sentence) =
            if reasons.is_empty() { ("kept  ", GREEN, kept) } else { ("broken", RED, broken) };
        let word = self.paint(colour, word);
        self.line(&format!("  {what}  {word}  {sentence}"));
        for reason in reasons {
            self.line(&format!("                  · {reason}"));
        }
    }

    fn counts(&mut self, diff: &Diff) {
        let (from, to) = (diff.from.number(), diff.to.number());
        let head = format!(
            "  {:<18} {from:>8} {to:>8}  {:>7} {:>7} {:>7} {:>7} {:>7}  {:>6} {:>6}",
            "", "added", "removed", "renamed", "changed", "moved", "binary", "source"
        );
        let head = self.paint(DIM, &head);
        self.line(&head);
        for (name, tally) in diff.summary.rows() {
            let line = count_line(name, tally);
            let unchanged = [tally.added, tally.removed, tally.renamed, tally.changed, tally.moved];
            let line = if unchanged == [0; 5] { self.paint(DIM, &line) } else { line };
            self.line(&line);
        }
    }

    fn legend(&mut self, diff: &Diff) {
        let (from, to) = (&diff.from, &diff.to);
        let both = self.marks(Breaks { binary: true, source: true });
        let (binary, source) = (self.marks(Breaks::BINARY), self.marks(Breaks::SOURCE));
        let signs: Vec<String> = [
            (Sign::Came, "came"),
            (Sign::Went, "went"),
            (Sign::Renamed, "renamed"),
            (Sign::Changed, "changed"),
            (Sign::Moved, "moved"),
        ]
        .into_iter()
        .map(|(sign, word)| {
            let (sign, colour) = sign.parts();
            format!("{} {word}", self.paint(colour, sign))
        })
        .collect();
        self.line("");
        self.line("      fields are those of records that both have; a record that no method carries breaks no client");
        self.line(&format!(" {both}   {}", signs.join("   ")));
        self.line(&format!(
            " {binary}   breaks a client that was compiled for {from} and runs on a library of {to}"
        ));
        self.line(&format!(
            " {source}   breaks a program that was written for {from} and is compiled with {to}"
        ));
    }
}

fn count_line(name: &str, tally: &Tally) -> String {
    let or_dot = |count: usize| if count == 0 { "·".to_owned() } else { count.to_string() };
    let mut line = format!("  {name:<18} {:>8} {:>8} ", tally.before, tally.after);
    for count in [tally.added, tally.removed, tally.renamed, tally.changed, tally.moved] {
        let _ = write!(line, " {:>7}", or_dot(count));
    }
    let _ = write!(line, "  {:>6} {:>6}", or_dot(tally.breaks_binary), or_dot(tally.breaks_source));
    line
}

/// Returns `one` where both are the same, else `before → after`.
pub(super) fn arrow<T: std::fmt::Display + PartialEq>(step: &Step<T>) -> String {
    if step.differs() { format!("{} → {}", step.before, step.after) } else { step.before.to_string() }
}

/// Returns `41 → 43` for one that moved, `41–93 → 43–95` for more.
pub(super) fn span(first: &Step<usize>, last: &Step<usize>) -> String {
    if first == last {
        return arrow(first);
    }
    format!("{}–{} → {}–{}", first.before, last.before, first.after, last.after)
}

/// Returns the names of a run: all of few, else the first and the last.
pub(super) fn run_names(names: &[String], name: impl Fn(&str) -> String) -> String {
    match names {
        [] => String::new(),
        [one] => name(one),
        [one, other] => format!("{}, {}", name(one), name(other)),
        [first, .., last] => format!("{} … {}", name(first), name(last)),
    }
}
