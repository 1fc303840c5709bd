//! An answer in columns.

use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr as _;

/// The widest column, in cells of a terminal.
const CELL_WIDTH_MAX: usize = 60;

/// Writes an answer: single values as `name: value`, lists of objects as tables.
pub(super) fn text(answer: &Map<String, Value>) -> String {
    let mut text = String::new();
    fields("", answer, &mut text);
    if text.is_empty() {
        text.push_str("done\n");
    }
    text
}

fn fields(before: &str, fields_of: &Map<String, Value>, text: &mut String) {
    let is_list = |value: &Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_object));
    for (name, value) in fields_of {
        match value {
            Value::Object(inner) => fields(&format!("{before}{name}."), inner, text),
            list if is_list(list) => {}
            other => text.push_str(&format!("{before}{name}: {}\n", cell(other))),
        }
    }
    for (name, value) in fields_of {
        if let Value::Array(list) = value
            && is_list(value)
        {
            if fields_of.len() > 1 && name != "rows" {
                text.push_str(&format!("{before}{name}:\n"));
            }
            table(list, text);
        }
    }
}

/// Writes a list of objects; the columns are the names that any of them has.
fn table(list: &[Value], text: &mut String) {
    let mut names: Vec<&str> = Vec::new();
    for row in list.iter().filter_map(Value::as_object) {
        for name in row.keys().map(String::as_str) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        text.push_str("(none)\n");
        return;
    }
    let cells: Vec<Vec<String>> =
        list.iter().map(|row| names.iter().map(|name| cell(&row[*name])).collect()).collect();
    let is_number =
        |column: usize| list.iter().all(|row| matches!(row[names[column]], Value::Number(_) | Value::Null));
    let widths: Vec<usize> = (0..names.len())
        .map(|column| {
            cells
                .iter()
                .map(|row| row[column].width())
                .chain([names[column].width()])
                .max()
                .unwrap_or_default()
        })
        .collect();
    let mut line = |row: &[String]| {
        let mut written = String::new();
        for (column, cell) in row.iter().enumerate() {
            let blanks = " ".repeat(widths[column].saturating_sub(cell.width()));
            match is_number(column) {
                true => written.push_str(&format!("{blanks}{cell}  ")),
                false => written.push_str(&format!("{cell}{blanks}  ")),
            }
        }
        text.push_str(written.trim_end());
        text.push('\n');
    };
    line(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    for row in &cells {
        line(row);
    }
}

/// Returns a value as people read it.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => {
            text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => rounded(float),
            _ => number.to_string(),
        },
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    if text.width() <= CELL_WIDTH_MAX {
        return text;
    }
    let mut cut = String::new();
    for letter in text.chars() {
        // The last cell is for the sign that something was cut, and a letter may take two.
        if cut.width() + 3 > CELL_WIDTH_MAX {
            break;
        }
        cut.push(letter);
    }
    cut + "…"
}

/// Returns money or a price without the noise of binary fractions.
fn rounded(float: f64) -> String {
    let text = format!("{float:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(answer: Value) -> String {
        text(answer.as_object().expect("an object"))
    }

    #[test]
    fn lists_are_tables_and_wide_letters_line_up() {
        let answer = json!({ "rows": [
            { "instrument": "rb2701", "message": "全部成交", "volume": 2, "price": 3200.0 },
            { "instrument": "a", "message": "-", "volume": 10, "price": null },
        ], "more": true });
        let expected = "\
more: yes
instrument  message   volume  price
rb2701      全部成交       2   3200
a           -             10      -
";
        assert_eq!(shown(answer), expected);
    }

    #[test]
    fn single_values_stand_by_their_names() {
        let answer = json!({ "now": "10:00", "paused": false, "counts": { "ticks": 3 }, "sessions": [] });
        assert_eq!(shown(answer), "now: 10:00\npaused: no\ncounts.ticks: 3\nsessions:\n(none)\n");
        assert_eq!(shown(json!({})), "done\n");
        assert!(cell(&json!("字".repeat(100))).width() <= CELL_WIDTH_MAX);
        assert_eq!((cell(&json!(0.1 + 0.2)), cell(&json!(-5.0))), ("0.3".to_owned(), "-5".to_owned()));
    }
}
