//! What a run says when something is not as the file wants it.

use std::fmt;

/// How a file went against one target.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many rows ran.
    pub rows: usize,
    /// Those that failed.
    pub failures: Vec<Failure>,
}

/// A row that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The file as it was named.
    pub file: String,
    /// The line, 0 before the first statement.
    pub line: usize,
    /// The statement as written.
    pub statement: String,
    /// Which row of `with:`, from 1, with its values; empty without `with:`.
    pub row: String,
    /// The target.
    pub target: String,
    /// The exchange's seed.
    pub seed: String,
    /// The exchange's time in China.
    pub time: String,
    /// What went wrong.
    pub problem: String,
    /// Expected and seen, side by side.
    pub compared: Vec<Compared>,
    /// The callbacks that were waiting, the first one first.
    pub waiting: Vec<String>,
}

/// One thing that was expected of a callback.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// Whether they agree.
    pub agrees: bool,
}

/// Columns of the expected side; longer texts push the other one out.
const EXPECTED_WIDTH: usize = 34;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}: {}", self.file, self.line, self.problem)?;
        writeln!(f, "  {}", self.statement)?;
        write!(f, "  {}, seed {}, {}", self.target, self.seed, self.time)?;
        if !self.row.is_empty() {
            write!(f, ", row {}", self.row)?;
        }
        writeln!(f)?;
        if !self.compared.is_empty() {
            let name_width = self.compared.iter().map(|row| row.name.len()).max().unwrap_or(0);
            writeln!(f, "    {:name_width$}  {:EXPECTED_WIDTH$}  seen", "", "expected")?;
            for row in &self.compared {
                let mark = if row.agrees { ' ' } else { '≠' };
                let expected = padded(&row.expected, EXPECTED_WIDTH);
                writeln!(f, "  {mark} {:name_width$}  {expected}  {}", row.name, row.seen)?;
            }
        }
        if self.waiting.is_empty() {
            return writeln!(f, "  nothing is waiting");
        }
        writeln!(f, "  waiting:")?;
        for seen in &self.waiting {
            writeln!(f, "    {seen}")?;
        }
        Ok(())
    }
}

/// Pads to a width on the screen, where a Chinese character takes two columns.
fn padded(text: &str, width: usize) -> String {
    let columns: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(columns)))
}
