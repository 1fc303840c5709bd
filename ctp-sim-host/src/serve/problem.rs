//! What is wrong with the options of a server: all of it at once, each with its place and its fix.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where an option was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A line of the configuration file, counted from 1.
    Line(usize),
    /// An option of the command line, such as `--listen`, or a variable of the environment.
    Option(&'static str),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub origin: Origin,
    /// What is wrong, with the value that was given.
    pub what: String,
    /// What to write instead.
    pub fix: String,
}

/// Everything that is wrong with the options of a server.
#[derive(Debug, thiserror::Error)]
pub struct OptionsError {
    /// The configuration file, when there is one.
    pub path: Option<PathBuf>,
    /// The problems, by line.
    pub problems: Vec<Problem>,
}

impl OptionsError {
    pub(super) fn new(path: Option<&Path>, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| match problem.origin {
            Origin::Line(line) => line,
            Origin::Option(_) => usize::MAX,
        });
        Self { path: path.map(Path::to_owned), problems }
    }
}

impl Problem {
    pub(super) fn new(origin: Origin, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { origin, what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.path.as_ref().map(|path| path.display().to_string());
        for (position, Problem { origin, what, fix }) in self.problems.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            match (origin, &file) {
                (Origin::Line(line), Some(file)) => write!(f, "{file}:{line}: ")?,
                (Origin::Line(line), None) => write!(f, "line {line}: ")?,
                (Origin::Option(option), _) => write!(f, "{option}: ")?,
            }
            write!(f, "{what}; {fix}")?;
        }
        Ok(())
    }
}

/// Returns the known name that is meant most likely, when one is near enough.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|known| (distance(name, known), known)).min()?;
    (near.0 <= 1 + near.1.len() / 4).then_some(near.1)
}

/// Returns how many letters are to be inserted, left out or exchanged to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let exchanged = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_proposed() {
        let known = ["listen", "md_listen", "speed", "start", "store"];
        assert_eq!(nearest("listn", known), Some("listen"));
        assert_eq!(nearest("md-listen", known), Some("md_listen"));
        assert_eq!(nearest("stroe", known), Some("store"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!((distance("kitten", "sitting"), distance("", "ab"), distance("ab", "")), (3, 2, 2));
    }
}
