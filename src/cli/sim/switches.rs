//! `ctp sim switches`: behaviour that no primary source decides.

use ctp_sim::Switches;

use super::Error;
use super::table::{Format, Table};

/// Returns the table of all switches.
pub(super) fn text(format: Format) -> Result<String, Error> {
    table().write(format)
}

fn table() -> Table<5> {
    let rows = Switches::TABLE.iter().map(|switch| {
        let default = switch.values.first().copied().unwrap_or_default();
        [switch.name, switch.section, default, &switch.values.join(", "), switch.meaning.trim()]
            .map(str::to_owned)
    });
    let rows: Vec<_> = rows.collect();
    let summary =
        format!("{} switches; set one as NAME=VALUE, for example in sim://demo?NAME=VALUE", rows.len());
    Table { headings: ["name", "section", "default", "values", "meaning"], rows, summary }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_the_table() {
        let documented = include_str!("../../../docs/simulator.md");
        let table = table().markdown();
        assert!(
            documented.contains(&table),
            "put into docs/simulator.md what `ctp sim switches --markdown` prints"
        );
    }

    #[test]
    fn each_switch_has_its_default_among_its_values() {
        let table = table();
        assert_eq!(table.rows.len(), Switches::TABLE.len());
        for [name, section, default, values, meaning] in table.rows {
            assert!(section.starts_with('§') && !meaning.is_empty(), "{name}");
            assert!(values.split(", ").any(|value| value == default), "{name}: {values}");
        }
    }
}
