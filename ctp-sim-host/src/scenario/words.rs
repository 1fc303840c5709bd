//! Lines into words: blanks separate them, `"…"` holds blanks, `#` begins a comment.

use super::error::Problem;

/// One word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The text without its quotes.
    pub(crate) text: String,
    /// Where in `text` the first quoted part begins.
    quoted_from: Option<usize>,
}

/// A comparison between a field and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `~`: contains
    Contains,
}

impl Operator {
    /// Every operator; longer ones go before those that they begin with.
    const ALL: [(&'static str, Self); 7] = [
        ("!=", Self::NotEqual),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("=", Self::Equal),
        ("<", Self::Less),
        (">", Self::More),
        ("~", Self::Contains),
    ];

    pub(crate) fn text(self) -> &'static str {
        Self::ALL.iter().find(|(_, operator)| *operator == self).map_or("", |(text, _)| text)
    }
}

impl Word {
    /// Returns a word as if it stood in a line without quotes.
    pub(crate) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), quoted_from: None }
    }

    /// Returns whether the word begins with a quote.
    pub(crate) fn is_quoted(&self) -> bool {
        self.quoted_from == Some(0)
    }

    /// Returns whether the word is this text, without quotes.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.quoted_from.is_none() && self.text == text
    }

    /// Returns name, operator and value of `name=value` and its like.
    pub(crate) fn pair(&self) -> Option<(&str, Operator, Self)> {
        let end = self.text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))?;
        let (name, rest) = self.text.split_at(end);
        if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        if self.quoted_from.is_some_and(|from| from <= end) {
            return None;
        }
        let (text, operator) = Operator::ALL.iter().find(|(text, _)| rest.starts_with(text))?;
        let start = end + text.len();
        let value = Self {
            text: self.text[start..].to_owned(),
            quoted_from: self.quoted_from.map(|from| from.saturating_sub(start)),
        };
        Some((name, *operator, value))
    }
}

/// Splits a line into its words.
pub(crate) fn split(line: &str) -> Result<Vec<Word>, Problem> {
    let mut words = Vec::new();
    let mut characters = line.chars().peekable();
    loop {
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        match characters.peek() {
            None | Some('#') => return Ok(words),
            Some(_) => {}
        }
        let mut word = Word { text: String::new(), quoted_from: None };
        while let Some(c) = characters.next_if(|c| !c.is_whitespace()) {
            if c != '"' {
                word.text.push(c);
                continue;
            }
            word.quoted_from.get_or_insert(word.text.len());
            loop {
                match characters.next().ok_or(Problem::OpenQuote)? {
                    '"' => break,
                    '\\' => word.text.push(characters.next().ok_or(Problem::OpenQuote)?),
                    inside => word.text.push(inside),
                }
            }
        }
        words.push(word);
    }
}

/// Writes a text so that [`split`] reads it back as one word.
pub(crate) fn quote(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\\' | '#');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    always_quoted(text)
}

/// Writes a text in quotes, so that it is no pair either.
pub(crate) fn always_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line).expect(line).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn blanks_separate_and_quotes_hold_together() {
        assert_eq!(texts("one > order  # a comment"), ["one", ">", "order"]);
        assert_eq!(texts(r#"a="b c" "全部 成交" d"#), ["a=b c", "全部 成交", "d"]);
        assert_eq!(texts(r#""say \"so\" \\""#), [r#"say "so" \"#]);
        assert_eq!(texts("a#b"), ["a#b"]);
        assert_eq!(texts(""), [""; 0]);
        assert_eq!(split("a \"b"), Err(Problem::OpenQuote));
        for text in ["", "a b", "x\"y", "\\", "#", "plain"] {
            assert_eq!(texts(&quote(text)), [text]);
        }
    }

    #[test]
    fn pairs_have_an_operator_outside_quotes() {
        let pair = |line: &str| {
            let words = split(line).expect(line);
            words[0].pair().map(|(name, operator, value)| (name.to_owned(), operator, value.text))
        };
        assert_eq!(pair("A=1"), Some(("A".to_owned(), Operator::Equal, "1".to_owned())));
        assert_eq!(pair("A>=1"), Some(("A".to_owned(), Operator::AtLeast, "1".to_owned())));
        assert_eq!(pair("fak-min=3"), Some(("fak-min".to_owned(), Operator::Equal, "3".to_owned())));
        assert_eq!(pair(r#"A="x=y""#), Some(("A".to_owned(), Operator::Equal, "x=y".to_owned())));
        assert_eq!(pair(r#""A=1""#), None);
        assert_eq!(pair("a/0"), None);
        assert_eq!(pair("=1"), None);
        let words = split(r#"A="?""#).expect("a word");
        assert!(words[0].pair().is_some_and(|(_, _, value)| value.is_quoted()));
    }
}
