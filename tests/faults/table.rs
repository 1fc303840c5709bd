//! The table of rows: complete, true, and in `docs/faults.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ctp_sim_host::fault::FaultPlan;
use serde::Deserialize;

use crate::{Test, files, folder, stem};

pub(crate) const TESTS: &[Test] = &[
    ("every row of the catalogue is decided", every_row_is_decided),
    ("every plan can be read, names its rows and has a test", every_plan_has_a_test),
    ("everything that a row names exists", everything_named_exists),
    ("docs/faults.md has the table of rows", the_page_has_the_table),
];

/// Rows of the catalogue, `F01` to `F74`.
const ROWS: usize = 74;

/// Where the generated part of the page begins and ends.
const MARKERS: [&str; 2] =
    ["<!-- rows: made by `cargo test --test faults` from tests/faults/rows.toml -->\n", "<!-- /rows -->"];

/// The parts of the catalogue, each with its first row.
const SECTIONS: [(&str, &str); 6] = [
    ("F01", "Lifecycle, memory, threads"),
    ("F22", "Session and network"),
    ("F37", "Flow control and queries"),
    ("F44", "Orders and trades"),
    ("F63", "Market data and time"),
    ("F68", "Positions, account, operations"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    row: Vec<Row>,
}

/// One row and what is done about it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    title: String,
    verdict: Verdict,
    how: String,
    #[serde(default)]
    plans: Vec<String>,
    #[serde(default)]
    scenarios: Vec<String>,
    #[serde(default)]
    tests: Vec<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Plan,
    Exchange,
    Client,
}

fn rows() -> Vec<Row> {
    let path = folder().join("rows.toml");
    let text = fs::read_to_string(&path).expect("tests/faults/rows.toml");
    let rows: Rows = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    rows.row
}

fn every_row_is_decided() {
    let rows = rows();
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let wanted: Vec<String> = (1..=ROWS).map(|number| format!("F{number:02}")).collect();
    assert_eq!(ids, wanted, "each row once, in order");
    for row in &rows {
        assert!(!row.title.ends_with('.') && row.how.ends_with('.'), "{}", row.id);
        match row.verdict {
            Verdict::Plan => assert!(!row.plans.is_empty(), "{} has no plan", row.id),
            Verdict::Exchange => assert!(!row.scenarios.is_empty(), "{} has no scenario", row.id),
            Verdict::Client => {
                assert!(!row.tests.is_empty() || !row.plans.is_empty(), "{} has no test", row.id)
            }
        }
    }
}

fn every_plan_has_a_test() {
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows() {
        for plan in row.plans {
            named.entry(plan).or_default().insert(row.id.clone());
        }
    }
    let sources = sources();
    for path in files("toml").into_iter().filter(|path| stem(path) != "rows") {
        let name = stem(&path);
        let text = fs::read_to_string(&path).expect("a plan");
        let shown = format!("tests/faults/{name}.toml");
        let plan = FaultPlan::parse(&shown, &text).unwrap_or_else(|problems| panic!("{problems}"));
        let rows: BTreeSet<String> = plan.rows.into_iter().collect();
        let listed = named.remove(&name).unwrap_or_default();
        assert_eq!(rows, listed, "{name}.toml and rows.toml differ in its rows");
        let file = format!("{name}.toml");
        assert!(sources.iter().any(|source| source.contains(&file)), "no test uses {file}");
    }
    assert!(named.is_empty(), "rows.toml names plans that do not exist: {named:?}");
}

/// Returns the text of everything that may test a plan.
fn sources() -> Vec<String> {
    let own = files("txt").into_iter().chain(files("rs"));
    let abi = Path::new(env!("CARGO_MANIFEST_DIR")).join("ctp-sim-abi/tests/faults.rs");
    own.chain([abi]).map(|path| fs::read_to_string(path).expect("a test")).collect()
}

fn everything_named_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for row in rows() {
        for scenario in &row.scenarios {
            let path = format!("tests/scenarios/{scenario}.txt");
            assert!(root.join(&path).is_file(), "{}: there is no {path}", row.id);
        }
        for test in &row.tests {
            let (file, function) = test.split_once("::").expect("FILE::FUNCTION");
            let text = fs::read_to_string(root.join(file)).unwrap_or_default();
            let defined = [format!("fn {function}("), format!("def {function}(")];
            assert!(defined.iter().any(|line| text.contains(line)), "{}: there is no {test}", row.id);
        }
    }
}

fn the_page_has_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    let page = fs::read_to_string(&path).expect("docs/faults.md");
    let (before, rest) = page.split_once(MARKERS[0]).expect("where the table begins");
    let (found, after) = rest.split_once(MARKERS[1]).expect("where the table ends");
    let table = markdown();
    if found == table {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_EXPECTED").is_some(),
        "docs/faults.md is not what rows.toml says: run `UPDATE_EXPECTED=1 cargo test --test faults -- docs`"
    );
    let page = format!("{before}{}{table}{}{after}", MARKERS[0], MARKERS[1]);
    fs::write(&path, page).expect("docs/faults.md is written");
}

fn markdown() -> String {
    let rows = rows();
    let count = |verdict: Verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let mut text = format!(
        "\nOf {} rows a plan makes {}, the exchange itself {}, and {} only a client can do to itself.\n",
        rows.len(),
        count(Verdict::Plan),
        count(Verdict::Exchange),
        count(Verdict::Client),
    );
    for row in &rows {
        if let Some((_, section)) = SECTIONS.iter().find(|(first, _)| *first == row.id) {
            let _ = write!(
                text,
                "\n### {section}\n\n| row | fault | by | how | shown by |\n|---|---|---|---|---|\n"
            );
        }
        let by = match row.verdict {
            Verdict::Plan => "plan",
            Verdict::Exchange => "exchange",
            Verdict::Client => "client only",
        };
        let _ = writeln!(text, "| {} | {} | {by} | {} | {} |", row.id, row.title, row.how, shown_by(row));
    }
    text.push('\n');
    text
}

fn shown_by(row: &Row) -> String {
    let link = |path: String, name: &str| format!("[{name}](../{path})");
    let plans = row.plans.iter().map(|plan| link(format!("tests/faults/{plan}.toml"), plan));
    let scenarios = row.scenarios.iter().map(|name| link(format!("tests/scenarios/{name}.txt"), name));
    let tests = row.tests.iter().map(|test| match test.split_once("::") {
        Some((file, function)) => link(file.to_owned(), &function.replace('_', " ")),
        None => test.clone(),
    });
    plans.chain(scenarios).chain(tests).collect::<Vec<_>>().join("<br>")
}
