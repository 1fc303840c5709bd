//! `unsafe` stands only where the design allows it, and no file holds a conflict that was not resolved.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{paths, shell};

/// Where `unsafe` may stand: folders, or modules (`x.rs` and everything in `x/`).
const ALLOWED: &[&str] = &[
    "ctp-sys/",
    "ctp-sim-abi/",
    "ctp-ring/src/barrier",
    "ctp-ring/src/prefetch",
    "ctp-types/src/view",
    "ctp-py/src/records",
    "ctp-py/src/columns",
    "ctp-py/src/delivery",
    // A test's allocator that counts.
    "ctp-gateway/tests/common/counting",
    // Text of code, not code.
    "ctp-gen/src/emit",
    // A program of a stranger's, which drives the emitted adapter.
    "ctp-gen/tests/emitted/program",
];

/// What git writes before and after the two sides of a conflict.
const CONFLICT_MARKERS: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];

/// Checks every tracked or new file for conflict markers.
pub(crate) fn check_conflicts() -> Result<()> {
    let mut faults = 0;
    for path in files("*")?.split_terminator('\0') {
        // Bytes, because the vendor's texts are GBK.
        let Ok(text) = fs::read(paths::root().join(path)) else {
            continue;
        };
        for line in conflict_lines(&text) {
            println!("{path}:{line}: conflict marker");
            faults += 1;
        }
    }
    ensure!(faults == 0, "files with conflicts that were not resolved");
    println!("no conflict markers");
    Ok(())
}

/// Returns the numbers of the lines that begin with a conflict marker.
fn conflict_lines(text: &[u8]) -> Vec<usize> {
    let is_marker = |line: &[u8]| CONFLICT_MARKERS.iter().any(|marker| line.starts_with(marker.as_bytes()));
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    lines.filter(|(_, line)| is_marker(line)).map(|(index, _)| index + 1).collect()
}

/// Returns the paths of the tracked and new files that match `pattern`, each with a NUL after it.
fn files(pattern: &str) -> Result<String> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", pattern];
    let output = shell::output(Command::new("git").current_dir(paths::root()).args(list))?;
    String::from_utf8(output).context("a tracked path is not UTF-8")
}

/// Checks every tracked or new Rust file.
pub(crate) fn check() -> Result<()> {
    let mut faults = 0;
    for path in files("*.rs")?.split_terminator('\0').filter(|path| !is_allowed(path)) {
        let Ok(text) = fs::read_to_string(paths::root().join(path)) else {
            continue;
        };
        for line in unsafe_lines(&text) {
            println!("{path}:{line}: `unsafe` may not stand here");
            faults += 1;
        }
    }
    ensure!(faults == 0, "`unsafe` outside of the modules that design allows it in");
    println!("`unsafe` only in {}", ALLOWED.join(", "));
    Ok(())
}

fn is_allowed(path: &str) -> bool {
    ALLOWED.iter().any(|allowed| {
        let rest = path.strip_prefix(allowed);
        rest.is_some_and(|rest| allowed.ends_with('/') || rest == ".rs" || rest.starts_with('/'))
    })
}

/// Returns the numbers of the lines with the keyword `unsafe`, in code and not in comments or text.
fn unsafe_lines(text: &str) -> Vec<usize> {
    let code = code_only(text);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let has_keyword = |line: &str| line.split(|c| !is_word(c)).any(|word| word == "unsafe");
    code.lines().enumerate().filter(|(_, line)| has_keyword(line)).map(|(index, _)| index + 1).collect()
}

/// Returns `text` with comments and string literals blanked, line breaks kept.
fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = comment_length(rest).or_else(|| text_length(rest, code.chars().next_back()));
        let length = skipped.unwrap_or(first.len_utf8());
        match skipped {
            Some(length) => code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
            None => code.push(first),
        }
        rest = &rest[length..];
    }
    code
}

/// Returns the length of the comment that `rest` begins with.
fn comment_length(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    Some(rest.len())
}

/// Returns the length of the string or character literal that `rest` begins with.
fn text_length(rest: &str, before: Option<char>) -> Option<usize> {
    let starts_word = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if let Some(raw) =
        rest.strip_prefix('r').filter(|_| starts_word || before == Some('b') || before == Some('c'))
    {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let body = 1 + hashes + 1;
            return Some(rest[body..].find(&close).map_or(rest.len(), |at| body + at + close.len()));
        }
    }
    if rest.starts_with('"') {
        return Some(quoted_length(rest, '"'));
    }
    // `'x'` and `'\n'` are characters, `'a` without a closing quote is a lifetime.
    let mut chars = rest.strip_prefix('\'')?.chars();
    match (chars.next()?, chars.next()) {
        ('\\', _) => Some(quoted_length(rest, '\'')),
        (c, Some('\'')) => Some(2 + c.len_utf8()),
        _ => None,
    }
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyword_is_found_in_code() {
        assert_eq!(unsafe_lines("fn f() {\n    unsafe { g() }\n}\nunsafe impl Send for X {}\n"), [2, 4]);
        assert_eq!(unsafe_lines("let c = '\"'; unsafe { g() }"), [1]);
        assert_eq!(unsafe_lines("fn f<'a>(x: &'a str) { let q = '\\''; unsafe { g() } }"), [1]);
    }

    #[test]
    fn words_in_comments_text_and_names_do_not_count() {
        assert_eq!(
            unsafe_lines("// unsafe\n/* unsafe /* unsafe */ unsafe */\n\"unsafe \\\" unsafe\""),
            [0; 0]
        );
        assert_eq!(unsafe_lines("r#\"unsafe \" unsafe\"#; b\"unsafe\"; br\"unsafe\""), [0; 0]);
        assert_eq!(unsafe_lines("#![forbid(unsafe_code)]\nlet unsafety = 1;"), [0; 0]);
    }

    #[test]
    fn conflict_markers_begin_a_line() {
        let text = b"a\n<<<<<<< HEAD\n\xb5\n=======\nb\n>>>>>>> wt\n";
        assert_eq!(conflict_lines(text), [2, 6]);
        assert_eq!(conflict_lines(b" <<<<<<< HEAD\nx >>>>>>> y\n<<<<<<<\n>>>>>>>>\n"), [0; 0]);
    }

    #[test]
    fn a_module_is_its_file_and_its_folder() {
        assert!(is_allowed("ctp-types/src/view.rs"));
        assert!(is_allowed("ctp-types/src/view/deep.rs"));
        assert!(!is_allowed("ctp-types/src/viewer.rs"));
        assert!(!is_allowed("ctp-gateway/src/td.rs"));
        assert!(is_allowed("ctp-sys/src/anything.rs"));
    }
}
