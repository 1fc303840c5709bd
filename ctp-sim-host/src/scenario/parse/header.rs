//! The headers of a file: section, quote, versions, start, config, faults, with.

use std::time::Duration;

use ctp_sim::{Config, Timestamp};

use super::super::error::Problem;
use super::super::statement::{Row, Scenario, Versions};
use super::super::time;
use super::super::value::Template;
use super::super::words::{Operator, Word, split};

/// Monday 2026-11-23, 10:00 in China.
const START: &str = "2026-11-23 10:00:00";

/// How long time passes after a request unless `settle=` says otherwise.
const SETTLE: Duration = Duration::from_millis(100);

#[derive(Default)]
pub(super) struct Headers {
    sections: Vec<String>,
    quotes: Vec<String>,
    versions: Versions,
    start: Option<Timestamp>,
    settle: Option<Duration>,
    /// With the line of each.
    config: Vec<(usize, String, Template)>,
    /// With the line of each.
    faults: Vec<(usize, Template)>,
    rows: Vec<(usize, Row)>,
}

impl Headers {
    pub(super) fn read(&mut self, number: usize, name: &str, value: &str) -> Result<(), Problem> {
        match name {
            "section" | "quote" if value.is_empty() => {
                let header = if name == "section" { "section" } else { "quote" };
                Err(Problem::Header { header, value: String::new(), expected: "a text" })
            }
            "section" => {
                self.sections.push(value.to_owned());
                Ok(())
            }
            "quote" => {
                self.quotes.push(value.to_owned());
                Ok(())
            }
            "versions" => self.read_versions(&uncommented(value)),
            "start" => {
                let value = uncommented(value);
                let start = time::china(&value);
                self.start = Some(start.ok_or(Problem::Header {
                    header: "start",
                    value,
                    expected: "a time in China such as 2026-11-23 10:00:00",
                })?);
                Ok(())
            }
            "config" => self.read_config(number, value),
            "faults" => self.read_faults(number, value),
            "with" => self.read_rows(number, value),
            _ => Err(Problem::UnknownHeader(name.to_owned())),
        }
    }

    /// Returns whether every row gives a variable of this name.
    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.rows.first().is_some_and(|(_, row)| row.0.iter().any(|(known, _)| known == name))
    }

    /// Returns a scenario without its statements.
    pub(super) fn finish(self, file: &str) -> Result<Scenario, (usize, Problem)> {
        if self.sections.is_empty() {
            return Err((0, Problem::MissingHeader("section")));
        }
        if self.quotes.is_empty() {
            return Err((0, Problem::MissingHeader("quote")));
        }
        let of_config = self.config.iter().map(|(line, _, value)| (line, value));
        for (line, value) in of_config.chain(self.faults.iter().map(|(line, value)| (line, value))) {
            let unknown = value.names().find(|name| !self.has_variable(name));
            if let Some(name) = unknown {
                let fix = "give it by `with:`".to_owned();
                return Err((*line, Problem::Unknown { what: "variable", name: name.to_owned(), fix }));
            }
        }
        let rows = match self.rows.is_empty() {
            true => vec![Row::default()],
            false => self.rows.into_iter().map(|(_, row)| row).collect(),
        };
        Ok(Scenario {
            file: file.to_owned(),
            sections: self.sections,
            quotes: self.quotes,
            versions: self.versions,
            start: self.start.or_else(|| time::china(START)).unwrap_or(Timestamp(0)),
            settle: self.settle.unwrap_or(SETTLE),
            config: self.config.into_iter().map(|(_, key, value)| (key, value)).collect(),
            faults: self.faults.into_iter().map(|(_, file)| file).collect(),
            rows,
            lines: Vec::new(),
        })
    }

    fn read_versions(&mut self, value: &str) -> Result<(), Problem> {
        let bad = || Problem::Header {
            header: "versions",
            value: value.to_owned(),
            expected: "all, or versions such as 6.7.13 and bounds such as >= 6.7.11, separated by commas",
        };
        if value == "all" {
            return Ok(());
        }
        for part in value.split(',').map(str::trim) {
            let end = part.find(|c: char| c.is_ascii_digit()).ok_or_else(bad)?;
            let (operator, version) = part.split_at(end);
            let operator = match operator.trim() {
                "" | "=" => Operator::Equal,
                "!=" => Operator::NotEqual,
                "<" => Operator::Less,
                "<=" => Operator::AtMost,
                ">" => Operator::More,
                ">=" => Operator::AtLeast,
                _ => return Err(bad()),
            };
            let mut numbers = version.split('.').map(str::parse);
            let mut next = || numbers.next().and_then(Result::ok).ok_or_else(bad);
            let version = (next()?, next()?, next()?);
            if numbers.next().is_some() {
                return Err(bad());
            }
            self.versions.0.push((operator, version));
        }
        Ok(())
    }

    fn read_config(&mut self, number: usize, value: &str) -> Result<(), Problem> {
        for word in split(value)? {
            let Some((key, Operator::Equal, value)) = word.pair() else {
                return Err(Problem::Config(format!("{:?} is not key=value", word.text)));
            };
            let template = Template::parse(&value)?;
            if key == "settle" {
                let settle = template.constant().and_then(ctp_sim::duration);
                self.settle = Some(settle.ok_or_else(|| {
                    Problem::Config(format!("settle={}: write a duration such as 100ms", value.text))
                })?);
                continue;
            }
            if key == "replay" && value.text.is_empty() {
                return Err(Problem::Config("replay=: write the path of a recording in CSV".to_owned()));
            }
            if let Some(text) = template.constant().filter(|_| key != "replay") {
                let mut config = Config::starting_at(Timestamp(0));
                config.set(key, text).map_err(|error| Problem::Config(error.to_string()))?;
            }
            self.config.push((number, key.to_owned(), template));
        }
        Ok(())
    }

    fn read_faults(&mut self, number: usize, value: &str) -> Result<(), Problem> {
        let words = split(value)?;
        if words.is_empty() {
            let expected = "a plan's file, named from the scenario's folder";
            return Err(Problem::Header { header: "faults", value: String::new(), expected });
        }
        for word in &words {
            self.faults.push((number, Template::parse(word)?));
        }
        Ok(())
    }

    fn read_rows(&mut self, number: usize, value: &str) -> Result<(), Problem> {
        let words = split(value)?;
        for words in words.split(|word| word.is("|")) {
            let mut row = Row::default();
            for word in words {
                let Some((name, Operator::Equal, value)) = word.pair() else {
                    return Err(with(&word.text));
                };
                if row.0.iter().any(|(known, _)| known == name) {
                    return Err(Problem::Taken(name.to_owned()));
                }
                row.0.push((name.to_owned(), value.text));
            }
            if row.0.is_empty() {
                return Err(with(value));
            }
            self.add_row(number, row)?;
        }
        Ok(())
    }

    fn add_row(&mut self, number: usize, row: Row) -> Result<(), Problem> {
        let names = |row: &Row| {
            let mut names: Vec<&str> = row.0.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            names.join(", ")
        };
        if let Some((_, first)) = self.rows.first()
            && names(first) != names(&row)
        {
            let (found, first) = (names(&row), names(first));
            return Err(Problem::Rows { row: self.rows.len() + 1, found, first });
        }
        self.rows.push((number, row));
        Ok(())
    }
}

fn with(value: &str) -> Problem {
    let expected = "rows of name=value, separated by ` | `";
    Problem::Header { header: "with", value: value.to_owned(), expected }
}

/// Returns the text before a comment.
fn uncommented(value: &str) -> String {
    let words: Vec<Word> = split(value).unwrap_or_default();
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}
