//! `ctp sim settings`: what an exchange is made of.

use ctp_sim::Config;

use super::Error;
use super::table::{Format, Table};

/// Returns the table of all settings.
pub(super) fn text(format: Format) -> Result<String, Error> {
    table().write(format)
}

fn table() -> Table<2> {
    let rows: Vec<_> = Config::KEYS.iter().map(|key| [key.name, key.takes].map(str::to_owned)).collect();
    let summary =
        format!("{} settings; set one as NAME=VALUE, for example in sim://demo?NAME=VALUE", rows.len());
    Table { headings: ["setting", "takes"], rows, summary }
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
            "put into docs/simulator.md what `ctp sim settings --markdown` prints"
        );
    }
}
