//! `docs/gateway-faults.md`: fault, test, result; made from the list of tests and from how they ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use serde::Deserialize;

use crate::{Case, cases_of_all};

/// Where the made part of the page begins and ends.
const MARKERS: [&str; 2] =
    ["<!-- table: made by `cargo test --test gateway` from its tests -->\n", "<!-- /table -->"];

/// The rows of the catalogue that are the gateway's, sessions, requests, ticks and the boundary; the others are of orders,
/// positions, and Python.
fn rows() -> Vec<String> {
    let ranges = [1..=4, 8..=8, 10..=74];
    ranges.into_iter().flatten().map(|number| format!("F{number:02}")).collect()
}

#[derive(Deserialize)]
struct Catalogue {
    row: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    title: String,
}

/// The tests of the list itself.
pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("every row of the gateway has a test", || {
            let tested: BTreeSet<String> = cases_of_all().map(row_of).collect();
            let is_missing = |row: &String| !tested.contains(row);
            let missing: Vec<String> = rows().into_iter().filter(is_missing).collect();
            if missing.is_empty() {
                Ok(())
            } else {
                Err(format!("no test for {}", missing.join(", ")).into())
            }
        }),
        Trial::test("no test has the name of another, or of a row that is not the gateway's", || {
            let mut names = BTreeSet::new();
            let rows = rows();
            for case in cases_of_all() {
                assert!(names.insert(case.name), "{} stands twice", case.name);
                assert!(rows.contains(&row_of(case)), "{} is of no row", case.name);
            }
            Ok(())
        }),
        Trial::test("docs/gateway-faults.md lists the tests", || {
            let (_, found, _) = page()?;
            let missing = cases_of_all().find(|case| !found.contains(&format!("`{}`", case.name)));
            missing.map_or(Ok(()), |case| Err(format!("{} is missing; {UPDATE}", case.name).into()))
        }),
    ]
}

const UPDATE: &str = "run `UPDATE_EXPECTED=1 cargo test --test gateway`";

/// Compares the page with how the tests ended, or makes it anew where `UPDATE_EXPECTED` says so.
pub(crate) fn compare(passed: &BTreeSet<&str>) -> Result<(), String> {
    let (before, found, after) = page()?;
    let table = markdown(passed)?;
    if found == table {
        return Ok(());
    }
    if std::env::var_os("UPDATE_EXPECTED").is_none() {
        return Err(format!("docs/gateway-faults.md is not what the tests say: {UPDATE}"));
    }
    let page = format!("{before}{}{table}{}{after}", MARKERS[0], MARKERS[1]);
    std::fs::write(path(), page).map_err(|error| error.to_string())
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gateway-faults.md")
}

/// Returns the page before, in and after the table.
fn page() -> Result<(String, String, String), String> {
    let page = std::fs::read_to_string(path()).map_err(|error| format!("docs/gateway-faults.md: {error}"))?;
    let (before, rest) = page.split_once(MARKERS[0]).ok_or("the page has no beginning of the table")?;
    let (found, after) = rest.split_once(MARKERS[1]).ok_or("the page has no end of the table")?;
    Ok((before.to_owned(), found.to_owned(), after.to_owned()))
}

fn markdown(passed: &BTreeSet<&str>) -> Result<String, String> {
    let text = std::fs::read_to_string(crate::world::plans().join("rows.toml"))
        .map_err(|error| error.to_string())?;
    let catalogue: Catalogue = toml::from_str(&text).map_err(|error| error.to_string())?;
    let titles: BTreeMap<String, String> = catalogue.row.into_iter().map(|row| (row.id, row.title)).collect();
    let mut cases: Vec<&Case> = cases_of_all().collect();
    cases.sort_by_key(|case| row_of(case));
    let mut table = String::from("\n| fault | test | seen | result |\n|---|---|---|---|\n");
    let mut last = String::new();
    for case in cases {
        let row = row_of(case);
        let title = titles.get(&row).map_or("", String::as_str);
        let fault = if row == last { String::new() } else { format!("{row} {title}") };
        let result = if passed.contains(case.name) { "passes" } else { "**fails**" };
        let _ = writeln!(table, "| {fault} | `{}` | {} | {result} |", case.name, case.shows);
        last = row;
    }
    table.push('\n');
    Ok(table)
}

fn row_of(case: &Case) -> String {
    case.name.split('_').next().unwrap_or_default().to_uppercase()
}
