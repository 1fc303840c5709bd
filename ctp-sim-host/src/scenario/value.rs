//! Values with variables: `$price`, `$price-2t`, `$a.OrderSysID`, `SP $near&$far`.

use super::error::Problem;
use super::words::Word;

/// A value as it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    parts: Vec<Part>,
    /// Whether it began with a quote: then `?`, `*` and `|` are characters.
    pub(crate) quoted: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    /// A first term and what is done to it.
    Expression(Term, Vec<(char, Term)>),
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Variable(String),
    Field(String, String),
    Number(f64),
    /// So many ticks of the instrument.
    Ticks(f64),
}

/// What variables stand for.
pub(crate) trait Names {
    /// Returns a variable's value.
    fn variable(&mut self, name: &str) -> Result<String, String>;
    /// Returns a field of a record that was bound to a name, or of the instrument that a variable names.
    fn field(&mut self, name: &str, field: &str) -> Result<String, String>;
    /// Returns the price tick that `2t` counts.
    fn tick(&mut self) -> Result<f64, String>;
}

impl Template {
    pub(crate) fn parse(word: &Word) -> Result<Self, Problem> {
        let mut parts = Vec::new();
        let mut rest = word.text.as_str();
        while let Some(position) = rest.find('$') {
            if position > 0 {
                parts.push(Part::Text(rest[..position].to_owned()));
            }
            let (part, left) = expression(&rest[position..])?;
            parts.push(part);
            rest = left;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts, quoted: word.is_quoted() })
    }

    pub(crate) fn plain(text: &str) -> Self {
        Self { parts: vec![Part::Text(text.to_owned())], quoted: false }
    }

    /// Returns the text when no variable is in it.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Returns the names of the variables and bound records in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(|part| match part {
            Part::Text(_) => Vec::new(),
            Part::Expression(first, rest) => {
                let terms = std::iter::once(first).chain(rest.iter().map(|(_, term)| term));
                terms.filter_map(Term::name).collect()
            }
        })
    }

    pub(crate) fn evaluate(&self, names: &mut dyn Names) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Expression(first, rest) if rest.is_empty() => text.push_str(&first.text(names)?),
                Part::Expression(first, rest) => {
                    let mut value = first.number(names)?;
                    for (operator, term) in rest {
                        let operand = term.number(names)?;
                        match operator {
                            '+' => value += operand,
                            '-' => value -= operand,
                            _ => value *= operand,
                        }
                    }
                    text.push_str(&number_text(value));
                }
            }
        }
        Ok(text)
    }
}

impl Term {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Variable(name) | Self::Field(name, _) => Some(name),
            Self::Number(_) | Self::Ticks(_) => None,
        }
    }

    fn text(&self, names: &mut dyn Names) -> Result<String, String> {
        match self {
            Self::Variable(name) => names.variable(name),
            Self::Field(name, field) => names.field(name, field),
            Self::Number(number) => Ok(number_text(*number)),
            Self::Ticks(count) => Ok(number_text(count * names.tick()?)),
        }
    }

    fn number(&self, names: &mut dyn Names) -> Result<f64, String> {
        let text = self.text(names)?;
        let trimmed = text.trim();
        trimmed.parse().map_err(|_| format!("{text:?} is not a number to count with"))
    }
}

/// Writes a number without binary noise: at most eight places, no trailing zeros.
fn number_text(number: f64) -> String {
    let text = format!("{number:.8}");
    let trimmed = text.trim_end_matches('0').trim_end_matches('.');
    match trimmed {
        "-0" | "" => "0".to_owned(),
        _ => trimmed.to_owned(),
    }
}

/// Reads `$name…` at the start of `text` and returns it with what follows.
fn expression(text: &str) -> Result<(Part, &str), Problem> {
    let bad = || Problem::Expression(text.to_owned());
    if let Some(braced) = text.strip_prefix("${") {
        let (inside, rest) = braced.split_once('}').ok_or_else(bad)?;
        let (first, left) = variable(inside).ok_or_else(bad)?;
        let (operations, left) = operations(left);
        return if left.is_empty() { Ok((Part::Expression(first, operations), rest)) } else { Err(bad()) };
    }
    let (first, rest) = text.strip_prefix('$').and_then(variable).ok_or_else(bad)?;
    let (operations, rest) = operations(rest);
    Ok((Part::Expression(first, operations), rest))
}

/// Reads `name` or `name.Field`.
fn variable(text: &str) -> Option<(Term, &str)> {
    let (name, rest) = identifier(text)?;
    match rest.strip_prefix('.').and_then(identifier) {
        Some((field, rest)) => Some((Term::Field(name.to_owned(), field.to_owned()), rest)),
        None => Some((Term::Variable(name.to_owned()), rest)),
    }
}

/// Reads `+1-2t*$x` as far as it goes.
fn operations(mut text: &str) -> (Vec<(char, Term)>, &str) {
    let mut found = Vec::new();
    while let Some(operator) = text.chars().next().filter(|c| matches!(c, '+' | '-' | '*')) {
        let Some((term, rest)) = operand(&text[1..]) else { break };
        found.push((operator, term));
        text = rest;
    }
    (found, text)
}

fn operand(text: &str) -> Option<(Term, &str)> {
    if let Some(rest) = text.strip_prefix('$') {
        return variable(rest);
    }
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number = text[..end].parse().ok()?;
    match text[end..].strip_prefix('t') {
        Some(rest) => Some((Term::Ticks(number), rest)),
        None => Some((Term::Number(number), &text[end..])),
    }
}

fn identifier(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts.then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Names for Fixed {
        fn variable(&mut self, name: &str) -> Result<String, String> {
            match name {
                "price" => Ok("3200.4".to_owned()),
                "near" => Ok("m2705".to_owned()),
                _ => Err(format!("no {name}")),
            }
        }

        fn field(&mut self, name: &str, field: &str) -> Result<String, String> {
            Ok(format!("{name}/{field}"))
        }

        fn tick(&mut self) -> Result<f64, String> {
            Ok(0.2)
        }
    }

    fn value(text: &str) -> Result<String, String> {
        Template::parse(&Word::plain(text)).map_err(|problem| problem.to_string())?.evaluate(&mut Fixed)
    }

    #[test]
    fn variables_fields_and_arithmetic() {
        for (text, expected) in [
            ("plain", "plain"),
            ("$price", "3200.4"),
            ("$price+1", "3201.4"),
            ("$price-2t", "3200"),
            ("$price+1t-1*2", "6399.2"),
            ("SP $near&m2709", "SP m2705&m2709"),
            ("$near-C-2700", "m2705-C-2700"),
            ("${near}01", "m270501"),
            ("$a.OrderSysID", "a/OrderSysID"),
            ("$price-$price", "0"),
        ] {
            assert_eq!(value(text), Ok(expected.to_owned()), "{text}");
        }
        for text in ["$", "${near", "$1", "a$", "$none", "${near}${"] {
            assert!(value(text).is_err(), "{text}");
        }
        assert!(value("$near+1").is_err_and(|error| error.contains("m2705")));
    }
}
