//! Rust text in the shape that rustfmt gives it with its default options, made so from the start: whoever
//! emits needs no rustfmt.

use std::fmt::Write as _;

/// Columns of a line.
const WIDTH: usize = 100;

/// Columns that the arguments of a call may take on one line (`fn_call_width`).
const CALL_WIDTH: usize = 60;

/// Writes a doc comment, folded; `mark` is `///` or `//!`.
pub(super) fn doc(text: &mut String, indent: usize, mark: &str, sentences: &str) {
    for paragraph in sentences.lines() {
        let mut column = 0;
        for word in paragraph.split_whitespace() {
            let width = columns(word);
            if column > 0 && column + 1 + width > WIDTH {
                text.push('\n');
                column = 0;
            }
            if column == 0 {
                let _ = write!(text, "{:indent$}{mark}", "");
                column = indent + mark.len();
            }
            text.push(' ');
            text.push_str(word);
            column += 1 + width;
        }
        if column == 0 {
            let _ = write!(text, "{:indent$}{mark}", "");
        }
        text.push('\n');
    }
}

/// Writes a doc comment of a sentence, where there is one, and what follows it: on one line where that is
/// long enough, else on a line of its own.
pub(super) fn doc_of(text: &mut String, indent: usize, sentence: Option<&str>, rest: &str) {
    match sentence {
        Some(sentence) if indent + 5 + columns(sentence) + columns(rest) <= WIDTH => {
            let _ = writeln!(text, "{:indent$}/// {sentence} {rest}", "");
        }
        Some(sentence) => {
            doc(text, indent, "///", sentence);
            doc(text, indent, "///", rest);
        }
        None => doc(text, indent, "///", rest),
    }
}

/// Returns the columns that a word takes on a screen: Chinese characters are wide.
fn columns(word: &str) -> usize {
    word.chars().map(|letter| if letter >= '\u{2E80}' { 2 } else { 1 }).sum()
}

/// Writes `keyword path::{…};` (`use`, `pub use`) for names that are sorted as rustfmt sorts them here.
pub(super) fn import(text: &mut String, keyword: &str, path: &str, mut names: Vec<&str>) {
    names.sort_unstable_by_key(|name| (is_screaming(name), *name));
    names.dedup();
    match names.as_slice() {
        [] => return,
        [name] => {
            let _ = writeln!(text, "{keyword} {path}::{name};");
            return;
        }
        _ => {}
    }
    let line = names.join(", ");
    if format!("{keyword} {path}::{{{line}}};").len() <= WIDTH {
        let _ = writeln!(text, "{keyword} {path}::{{{line}}};");
        return;
    }
    let _ = write!(text, "{keyword} {path}::{{");
    let mut column = WIDTH;
    let last = names.len() - 1;
    for (position, name) in names.into_iter().enumerate() {
        // A name that others follow needs room for the blank after its comma.
        let blank = usize::from(position != last);
        if column + 1 + name.len() + 1 + blank > WIDTH {
            text.push_str("\n    ");
            column = 4;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(name);
        text.push(',');
        column += name.len() + 1;
    }
    text.push_str("\n};\n");
}

fn is_screaming(name: &str) -> bool {
    !name.contains(|letter: char| letter.is_ascii_lowercase())
}

/// Writes a statement `head(argument);`, with the argument on a line of its own where one line is too short.
pub(super) fn statement(text: &mut String, indent: usize, head: &str, argument: &str) {
    let _ = if argument.len() <= CALL_WIDTH && indent + head.len() + argument.len() + 3 <= WIDTH {
        writeln!(text, "{:indent$}{head}({argument});", "")
    } else {
        writeln!(text, "{:indent$}{head}(\n{:indent$}    {argument}\n{:indent$});", "", "", "")
    };
}

/// Writes a function with an empty body: `fn name(&self, a: A) {}`.
pub(super) fn empty_method(text: &mut String, indent: usize, name: &str, parameters: &[String]) {
    let line = parameters.join(", ");
    if indent + "fn (&self, ) {}".len() + name.len() + line.len() <= WIDTH {
        let comma = if line.is_empty() { "" } else { ", " };
        let _ = writeln!(text, "{:indent$}fn {name}(&self{comma}{line}) {{}}", "");
        return;
    }
    let _ = writeln!(text, "{:indent$}fn {name}(\n{:indent$}    &self,", "", "");
    for parameter in parameters {
        let _ = writeln!(text, "{:indent$}    {parameter},", "");
    }
    let _ = writeln!(text, "{:indent$}) {{\n{:indent$}}}", "", "");
}

/// Writes an arm `pattern => value,`, with the value in a block where one line is too short.
pub(super) fn arm(text: &mut String, indent: usize, pattern: &str, value: &str) {
    arm_or_block(text, indent, pattern, value, "");
}

/// Writes an arm whose value is a call that returns nothing.
pub(super) fn unit_arm(text: &mut String, indent: usize, pattern: &str, value: &str) {
    arm_or_block(text, indent, pattern, value, ";");
}

fn arm_or_block(text: &mut String, indent: usize, pattern: &str, value: &str, end: &str) {
    let _ = if indent + pattern.len() + " => ,".len() + value.len() <= WIDTH {
        writeln!(text, "{:indent$}{pattern} => {value},", "")
    } else {
        writeln!(text, "{:indent$}{pattern} => {{\n{:indent$}    {value}{end}\n{:indent$}}}", "", "", "")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doc_comment_folds_between_words_and_counts_chinese_twice() {
        let mut text = String::new();
        doc(&mut text, 4, "///", &format!("{} (买卖方向) end", "word ".repeat(17).trim()));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with("word") && lines[1] == "    /// (买卖方向) end", "{text}");
        let mut text = String::new();
        doc(&mut text, 0, "//!", "a\n\nb");
        assert_eq!(text, "//! a\n//!\n//! b\n");
    }

    #[test]
    fn a_long_import_fills_its_lines() {
        let mut text = String::new();
        import(&mut text, "use", "crate::enumerations", vec!["B", "A", "B"]);
        assert_eq!(text, "use crate::enumerations::{A, B};\n");
        let names: Vec<String> = (10..40).map(|number| format!("Name{number}")).collect();
        let mut text = String::new();
        import(&mut text, "use", "x", names.iter().map(String::as_str).collect());
        assert!(text.lines().all(|line| line.len() <= WIDTH) && text.lines().count() == 5, "{text}");
    }
}
