//! What is found in a source, and what becomes of it.

use std::collections::HashSet;
use std::path::PathBuf;

use super::find::find;
use super::weave::{Source, weave};

const TEXT: &str = r#"
const MOST: i32 = 2 + 3;

impl Book {
    /// Doc.
    fn best(&self, side: Side) -> Option<i32> {
        let sum = self.a + self.b * 2;
        if sum > MOST && let Some(last) = self.last && !last.is_old {
            return Some(-sum);
        }
        match side {
            Side::Buy if sum == 7 => None,
            Side::Buy => Some(sum),
            _ => Some(0),
        }
    }

    const fn most() -> i32 { 1 + 1 }

    fn take(&mut self) { self.left -= 1; }
}

fn made() -> Result<(bool, u8), Error> {
    let book = Book { a: 1, b: 2, ..Book::default() };
    Ok((book.a < 2, 1))
}

#[cfg(test)]
mod tests {
    fn nothing() -> bool { 1 < 2 }
}
"#;

fn source() -> Source {
    let found = find("a.rs", TEXT).unwrap();
    let mutants = found.into_iter().enumerate().map(|(index, mutant)| (index + 1, mutant)).collect();
    Source { path: PathBuf::from("a.rs"), text: TEXT.to_owned(), mutants }
}

#[test]
fn everything_that_can_be_switched_is_found() {
    let found = source();
    let mut names: Vec<String> = Vec::new();
    for (_, mutant) in &found.mutants {
        let (_, rest) = mutant.name.split_once(": ").unwrap();
        names.push(rest.to_owned());
    }
    names.sort();
    let mut expected = [
        "return None in Book::best",
        "return Some(0) in Book::best",
        "return Some(1) in Book::best",
        "return Some(-1) in Book::best",
        "+ becomes - in Book::best",
        "+ becomes * in Book::best",
        "* becomes + in Book::best",
        "* becomes / in Book::best",
        "> becomes == in Book::best",
        "> becomes < in Book::best",
        "> becomes >= in Book::best",
        "delete ! in Book::best",
        "delete - in Book::best",
        "guard is never met in Book::best",
        "guard is always met in Book::best",
        "== becomes != in Book::best",
        "delete arm Side::Buy in Book::best",
        "return () in Book::take",
        "-= becomes += in Book::take",
        "-= becomes /= in Book::take",
        "return Ok((true, 0, )) in made",
        "return Ok((true, 1, )) in made",
        "return Ok((false, 0, )) in made",
        "return Ok((false, 1, )) in made",
        "delete field a in made",
        "delete field b in made",
        "< becomes == in made",
        "< becomes > in made",
        "< becomes <= in made",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn what_is_woven_can_be_read_and_every_trace_leads_to_its_mutant() {
    let source = source();
    let numbers: Vec<usize> = source.mutants.iter().map(|(number, _)| *number).collect();
    for step in 1..5 {
        let left_out: HashSet<usize> = numbers.iter().copied().filter(|number| number % step != 0).collect();
        let (woven, traces) = weave(&source, &left_out);
        assert!(syn::parse_file(&woven).is_ok(), "{woven}");
        assert_eq!(traces.len() + left_out.len(), numbers.len());
        for trace in &traces {
            assert!(!left_out.contains(&trace.number));
            let switch = format!("crate::ctp_mutant({})", trace.number);
            let texts = trace.put.clone().map(|range| woven[range].contains(&switch));
            assert_eq!(texts.iter().filter(|has| **has).count(), 1, "{}", trace.number);
            assert!(woven[trace.whole()].contains(&switch));
        }
        for number in &numbers {
            let count = woven.matches(&format!("ctp_mutant({number})")).count();
            assert_eq!(count, usize::from(!left_out.contains(number)), "{number}");
        }
    }
    let (woven, traces) = weave(&source, &numbers.iter().copied().collect());
    assert_eq!(woven, TEXT);
    assert!(traces.is_empty());
}
