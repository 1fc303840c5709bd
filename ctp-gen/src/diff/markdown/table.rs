//! Markdown tables.

use crate::diff::marks::Breaks;

/// A table in the making; without rows it is nothing.
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A column whose title ends in `:` has numbers.
    pub(super) fn new<'a>(head: impl IntoIterator<Item = &'a str>) -> Self {
        Self { head: head.into_iter().map(str::to_owned).collect(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Returns its lines; a column of empty cells is left out.
    pub(super) fn text(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let has_content = |column: &usize| self.rows.iter().any(|row| !row[*column].is_empty());
        let columns: Vec<usize> = (0..self.head.len()).filter(has_content).collect();
        let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
        let titles = columns.iter().map(|&column| self.head[column].trim_end_matches(':')).collect();
        let rules =
            columns.iter().map(|&column| if self.head[column].ends_with(':') { "--:" } else { ":--" });
        let mut text = line(titles) + &line(rules.collect());
        for row in &self.rows {
            text.push_str(&line(columns.iter().map(|&column| row[column].as_str()).collect()));
        }
        text
    }
}

/// Returns `text` as code that may stand in a table.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

/// Returns a sentence that may stand in a table.
pub(super) fn sentence(text: Option<&str>) -> String {
    text.unwrap_or_default().replace('|', "\\|")
}

/// Returns what breaks, in words.
pub(super) fn breaks(breaks: Breaks) -> String {
    let words = match (breaks.binary, breaks.source) {
        (false, false) => "",
        (true, false) => "binary",
        (false, true) => "source",
        (true, true) => "binary, source",
    };
    words.to_owned()
}
