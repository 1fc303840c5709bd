//! `ctp sim coverage`: what the simulator does with each method of the API.

use ctp_sim::{Coverage, CoverageClass, coverage};

use super::Error;
use super::table::{Format, Table};

/// Returns the table of all methods.
pub(super) fn text(format: Format) -> Result<String, Error> {
    table(&coverage()).write(format)
}

fn table(rows: &[Coverage]) -> Table<4> {
    let cells = |row: &Coverage| [row.api, row.method, row.class.name(), row.note].map(str::to_owned);
    let summary =
        CLASSES.map(|class| format!("{} {}", count(rows, class), class.name())).join(", ") + " methods";
    Table { headings: ["api", "method", "coverage", "note"], rows: rows.iter().map(cells).collect(), summary }
}

const CLASSES: [CoverageClass; 3] = [CoverageClass::Full, CoverageClass::Accepted, CoverageClass::Refused];

fn count(rows: &[Coverage], class: CoverageClass) -> usize {
    rows.iter().filter(|row| row.class == class).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Per API, how many methods are in each class, as `docs/simulator.md` has it.
    fn summary() -> String {
        let rows = coverage();
        let mut apis: Vec<&str> = rows.iter().map(|row| row.api).collect();
        apis.dedup();
        let rows = apis.into_iter().map(|api| {
            let own: Vec<Coverage> = rows.iter().filter(|row| row.api == api).copied().collect();
            let [full, accepted, refused] = CLASSES.map(|class| count(&own, class).to_string());
            [format!("`{api}`"), full, accepted, refused]
        });
        let rows = rows.collect();
        Table { headings: ["api", "full", "accepted", "refused"], rows, summary: String::new() }.markdown()
    }

    #[test]
    fn the_documentation_counts_the_methods() {
        let documented = include_str!("../../../docs/simulator.md");
        assert!(documented.contains(&summary()), "docs/simulator.md lacks:\n{}", summary());
    }

    #[test]
    fn every_method_is_listed_once_in_every_format() {
        let rows = coverage();
        let columns = table(&rows).write(Format::default()).expect("text");
        assert_eq!(columns.lines().count(), rows.len() + 3);
        assert!(columns.contains("ReqOrderInsert"), "{columns}");
        let json = table(&rows).write(Format { json: true, ..Format::default() }).expect("JSON");
        let array: Vec<serde_json::Value> = serde_json::from_str(&json).expect("JSON");
        assert_eq!(array.len(), rows.len());
        assert!(array.iter().all(|row| row["note"].as_str().is_some_and(|note| !note.is_empty())));
    }
}
