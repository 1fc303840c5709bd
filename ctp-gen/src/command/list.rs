//! `ctp-gen list`: the versions that have a committed model, with their counts.

use std::{error::Error, io};

use ctp_gen::{Api, api::ClassKind, models, overlay::Overlay};
use serde::Serialize;

use crate::diff::print;

/// A version as the list shows it.
#[derive(Serialize)]
struct Row {
    version: String,
    family: &'static str,
    records: usize,
    fields: usize,
    typedefs: usize,
    constants: usize,
    trader_spi: usize,
    trader_api: usize,
    md_spi: usize,
    md_api: usize,
    errors: usize,
    /// Patch marks that a library of this layout reports; an empty one is no mark.
    marks: Vec<&'static str>,
    encoding: &'static str,
}

const HEADINGS: [&str; 12] = [
    "version",
    "records",
    "fields",
    "typedefs",
    "constants",
    "TraderSpi",
    "TraderApi",
    "MdSpi",
    "MdApi",
    "errors",
    "marks",
    "encoding",
];

/// Prints all versions, newest of each family first.
pub(super) fn run(json: bool) -> Result<(), Box<dyn Error>> {
    let rows: Vec<Row> = models::models().map(Row::of).collect();
    match json {
        true => print(&format!("{}\n", serde_json::to_string_pretty(&rows)?))?,
        false => print_table(&rows)?,
    }
    Ok(())
}

impl Row {
    fn of(api: &'static Api) -> Self {
        let methods = |kind| api.class(kind).methods.len();
        Self {
            version: api.label(),
            family: &api.family,
            records: api.records.len(),
            fields: api.records.iter().map(|record| record.fields.len()).sum(),
            typedefs: api.typedefs.len(),
            constants: api.constant_count(),
            trader_spi: methods(ClassKind::TraderSpi),
            trader_api: methods(ClassKind::TraderApi),
            md_spi: methods(ClassKind::MdSpi),
            md_api: methods(ClassKind::MdApi),
            errors: api.errors.len(),
            marks: Overlay::committed().patches(&api.family, &api.version),
            encoding: &api.encoding,
        }
    }

    fn cells(&self) -> [String; 12] {
        let marks = self.marks.iter().map(|mark| if mark.is_empty() { "none" } else { mark });
        [
            self.version.clone(),
            self.records.to_string(),
            self.fields.to_string(),
            self.typedefs.to_string(),
            self.constants.to_string(),
            self.trader_spi.to_string(),
            self.trader_api.to_string(),
            self.md_spi.to_string(),
            self.md_api.to_string(),
            self.errors.to_string(),
            marks.collect::<Vec<_>>().join(", "),
            self.encoding.to_owned(),
        ]
    }
}

/// Numbers to the right, words to the left.
fn print_table(rows: &[Row]) -> io::Result<()> {
    let lines: Vec<[String; 12]> =
        std::iter::once(HEADINGS.map(str::to_owned)).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: [usize; 12] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(widths).zip(HEADINGS).map(|((cell, width), heading)| match heading {
            "version" | "marks" | "encoding" => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    print(&text)
}
