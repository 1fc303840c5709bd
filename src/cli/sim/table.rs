//! Tables as text in columns, Markdown or JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::Error;

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Format {
    /// Writes an array of objects.
    #[arg(long)]
    pub(super) json: bool,
    /// Writes Markdown, as the documentation has it.
    #[arg(long, conflicts_with = "json")]
    pub(super) markdown: bool,
}

/// Rows under headings; the last column is the widest and not padded.
pub(super) struct Table<const N: usize> {
    pub(super) headings: [&'static str; N],
    pub(super) rows: Vec<[String; N]>,
    /// A line below, for people.
    pub(super) summary: String,
}

impl<const N: usize> Table<N> {
    pub(super) fn write(&self, format: Format) -> Result<String, Error> {
        Ok(match format {
            Format { json: true, .. } => self.json()?,
            Format { markdown: true, .. } => self.markdown(),
            _ => self.columns(),
        })
    }

    fn json(&self) -> Result<String, Error> {
        Ok(serde_json::to_string_pretty(&self.json_rows())? + "\n")
    }

    /// Returns the rows as objects.
    pub(super) fn json_rows(&self) -> Value {
        let objects = self.rows.iter().map(|row| {
            let fields = self.headings.iter().zip(row);
            let object: Map<String, Value> =
                fields.map(|(heading, text)| ((*heading).to_owned(), Value::from(text.as_str()))).collect();
            Value::Object(object)
        });
        Value::Array(objects.collect())
    }

    pub(super) fn markdown(&self) -> String {
        let mut text = format!("| {} |\n|{}\n", self.headings.join(" | "), "---|".repeat(N));
        for row in &self.rows {
            let cells = row.each_ref().map(|cell| cell.replace('|', "\\|"));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text
    }

    fn columns(&self) -> String {
        let mut widths = self.headings.map(str::len);
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let line = |cells: [&str; N]| {
            let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        let mut text = line(self.headings);
        for row in &self.rows {
            text += &line(row.each_ref().map(String::as_str));
        }
        let _ = writeln!(text, "\n{}", self.summary);
        text
    }
}
