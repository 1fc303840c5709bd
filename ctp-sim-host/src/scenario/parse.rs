//! A file into a [`Scenario`], with every problem of it at once.

mod header;
mod sending;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use ctp_sim::ApiKind;
use ctp_types::ResumeType;

use self::header::Headers;
use super::error::{ParseError, Problem};
use super::statement::{Line, Open, Scenario, Stage, Statement};
use super::value::Template;
use super::words::{Operator, Word, split};

/// The client that stands for the exchange itself.
const SIM: &str = "sim";

/// Reads a scenario that has no file. Never panics, whatever the text.
///
/// # Errors
///
/// Returns every problem of the text.
pub fn parse(text: &str) -> Result<Scenario, Vec<ParseError>> {
    parse_file("scenario", text)
}

/// Reads the text of a scenario file.
///
/// # Errors
///
/// Returns every problem of the file, each with its line.
pub fn parse_file(file: &str, text: &str) -> Result<Scenario, Vec<ParseError>> {
    let mut reader = Reader::default();
    let mut problems = Vec::new();
    let mut note = |line, problem| problems.push(ParseError { file: file.to_owned(), line, problem });
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if let Err(problem) = reader.read(index + 1, line) {
            note(index + 1, problem);
        }
    }
    match reader.headers.finish(file) {
        Ok(scenario) if problems.is_empty() => Ok(Scenario { lines: reader.lines, ..scenario }),
        Ok(_) => Err(problems),
        Err((line, problem)) => {
            problems.push(ParseError { file: file.to_owned(), line, problem });
            problems.sort_by_key(|problem| problem.line);
            Err(problems)
        }
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    headers: Headers,
    lines: Vec<Line>,
    clients: BTreeMap<String, ApiKind>,
    /// Variables of `let`.
    variables: BTreeSet<String>,
    /// Names of `as`.
    bound: BTreeSet<String>,
}

impl Reader {
    fn read(&mut self, number: usize, line: &str) -> Result<(), Problem> {
        let trimmed = line.trim();
        if let Some((name, value)) = header_of(trimmed) {
            if !self.lines.is_empty() {
                return Err(Problem::LateHeader(name.to_owned()));
            }
            return self.headers.read(number, name, value.trim());
        }
        let words = split(trimmed)?;
        let Some(first) = words.first() else { return Ok(()) };
        let statement = self.statement(first, &words[1..])?;
        let text = words.iter().map(|word| super::words::quote(&word.text)).collect::<Vec<_>>().join(" ");
        let text = if trimmed.contains('#') { text } else { trimmed.to_owned() };
        self.lines.push(Line { number, text, statement });
        Ok(())
    }

    fn statement(&mut self, first: &Word, rest: &[Word]) -> Result<Statement, Problem> {
        if first.is("trader") || first.is("md") {
            return self.open(first, rest);
        }
        if first.is("...") {
            return end(rest, Statement::Skip { client: None });
        }
        if first.is("let") {
            return self.assignment(rest);
        }
        let client = first.text.as_str();
        let Some((second, rest)) = rest.split_first() else {
            return Err(Problem::Statement(client.to_owned()));
        };
        if client == SIM && second.is(">") {
            return self.simulator(rest);
        }
        if !matches!(second.text.as_str(), ">" | "<" | "<<" | "release" | "reconnects") {
            return Err(Problem::Statement(format!("{client} {}", second.text)));
        }
        let Some(&kind) = self.clients.get(client) else {
            return Err(Problem::Unknown {
                what: "client",
                name: client.to_owned(),
                fix: format!("write `trader {client}` or `md {client}` before"),
            });
        };
        let client = client.to_owned();
        match second.text.as_str() {
            ">" => self.send(client, kind, rest).map(Statement::Send),
            "<" => match rest.first() {
                Some(word) if word.is("nothing") => end(&rest[1..], Statement::Nothing { client }),
                Some(word) if word.is("...") => end(&rest[1..], Statement::Skip { client: Some(client) }),
                _ => self.expect(client, kind, rest, false).map(Statement::Expect),
            },
            "<<" => self.expect(client, kind, rest, true).map(Statement::Expect),
            "release" => end(rest, Statement::Release { client }),
            _ => end(rest, Statement::Reconnects { client }),
        }
    }

    /// `trader NAME [as INVESTOR] [options]`, `md NAME …`
    fn open(&mut self, kind: &Word, rest: &[Word]) -> Result<Statement, Problem> {
        let (name, mut rest) = rest.split_first().ok_or(Problem::Ends("write the client's name"))?;
        let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.text.is_empty() || name.text == SIM || !name.text.chars().all(usable) {
            return Err(word(name, "write a name of letters, digits, '_' and '-', other than sim"));
        }
        if self.clients.contains_key(&name.text) {
            return Err(Problem::Taken(name.text.clone()));
        }
        let kind = if kind.is("md") { ApiKind::Md } else { ApiKind::Trader };
        let mut open = Open {
            client: name.text.clone(),
            kind,
            investor: Template::plain(&name.text),
            private: (ResumeType::Quick, 1),
            public: ResumeType::Quick,
            until: Stage::LoggedIn,
            password: None,
            authenticates: true,
            confirms: true,
            flow: None,
        };
        while let Some((option, after)) = rest.split_first() {
            rest = after;
            match option.text.as_str() {
                "as" => {
                    let (investor, after) =
                        rest.split_first().ok_or(Problem::Ends("write the investor after as"))?;
                    open.investor = self.value(investor)?;
                    rest = after;
                    continue;
                }
                "no-login" => open.until = Stage::Connected,
                "no-connect" => open.until = Stage::Started,
                "no-auth" => open.authenticates = false,
                "no-confirm" => open.confirms = false,
                _ => match option.pair() {
                    Some(("private", Operator::Equal, value)) if kind == ApiKind::Trader => {
                        open.private = topic(&value)?;
                    }
                    Some(("public", Operator::Equal, value)) if kind == ApiKind::Trader => {
                        open.public = topic(&value)?.0;
                    }
                    Some(("password", Operator::Equal, value)) => open.password = Some(self.value(&value)?),
                    Some(("flow", Operator::Equal, value)) if value.text.chars().all(usable) => {
                        open.flow = Some(value.text);
                    }
                    _ => {
                        return Err(word(
                            option,
                            "write as INVESTOR, private=, public= (restart, resume, quick, none, from:N), \
                             password=, flow=, no-connect, no-login, no-auth or no-confirm",
                        ));
                    }
                },
            }
        }
        self.clients.insert(open.client.clone(), kind);
        Ok(Statement::Open(open))
    }

    /// `let NAME = VALUE`
    fn assignment(&mut self, rest: &[Word]) -> Result<Statement, Problem> {
        let (name, value) = match rest {
            [name, equals, value] if equals.is("=") => (name.text.clone(), value.clone()),
            [pair] => match pair.pair() {
                Some((name, Operator::Equal, value)) => (name.to_owned(), value),
                _ => return Err(word(pair, "write let NAME = VALUE")),
            },
            _ => return Err(Problem::Ends("write let NAME = VALUE")),
        };
        let value = self.value(&value)?;
        if self.headers.has_variable(&name) || self.bound.contains(&name) {
            return Err(Problem::Taken(name));
        }
        self.variables.insert(name.clone());
        Ok(Statement::Let { name, value })
    }

    /// `sim > …`
    fn simulator(&mut self, rest: &[Word]) -> Result<Statement, Problem> {
        let (rest, at_once) = match rest.split_last() {
            Some((last, before)) if last.is("&") => (before, true),
            _ => (rest, false),
        };
        let (first, arguments) = rest.split_first().ok_or(Problem::Ends("write what the exchange does"))?;
        if first.is("advance") || first.is("until") {
            if arguments.is_empty() {
                return Err(Problem::Ends("write how long, or until when"));
            }
            // A date and a time are two words.
            let joined = arguments.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
            let value = self.value(&Word::plain(&joined))?;
            if let Some(text) = value.constant() {
                let usable = match first.is("advance") {
                    true => ctp_sim::duration(text).is_some(),
                    false => super::time::is_time(text),
                };
                if !usable {
                    return Err(Problem::Value {
                        field: first.text.clone(),
                        value: text.to_owned(),
                        expected: "write a duration such as 500ms after advance, HH:MM:SS or YYYY-MM-DD HH:MM:SS after until"
                            .to_owned(),
                    });
                }
            }
            return Ok(match first.is("advance") {
                true => Statement::Advance(value),
                false => Statement::Until(value),
            });
        }
        let mut words = vec![(None, Template::plain(&first.text))];
        for argument in arguments {
            words.push(match argument.pair() {
                Some((key, Operator::Equal, value)) => (Some(key.to_owned()), self.value(&value)?),
                _ => (None, self.value(argument)?),
            });
        }
        crate::command::check_name(&first.text).map_err(|problem| word(first, &problem))?;
        Ok(Statement::Command { words, at_once })
    }

    /// Reads a value and checks that its variables are known.
    fn value(&self, word: &Word) -> Result<Template, Problem> {
        let template = Template::parse(word)?;
        for name in template.names() {
            let known =
                self.headers.has_variable(name) || self.variables.contains(name) || self.bound.contains(name);
            if !known {
                return Err(Problem::Unknown {
                    what: "variable",
                    name: name.to_owned(),
                    fix: "give it by `with:`, `let` or `as` before".to_owned(),
                });
            }
        }
        Ok(template)
    }

    fn bound(&self, name: &Word) -> Result<String, Problem> {
        if self.bound.contains(&name.text) {
            return Ok(name.text.clone());
        }
        Err(Problem::Unknown {
            what: "order or record",
            name: name.text.clone(),
            fix: "name it by `as` before".to_owned(),
        })
    }

    fn bind(&mut self, name: &Word) -> Result<String, Problem> {
        let usable = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.text.is_empty()
            || name.text.starts_with(|c: char| c.is_ascii_digit())
            || !name.text.chars().all(usable)
        {
            return Err(word(name, "write a name of letters, digits and '_' after as"));
        }
        if self.headers.has_variable(&name.text) || self.variables.contains(&name.text) {
            return Err(Problem::Taken(name.text.clone()));
        }
        self.bound.insert(name.text.clone());
        Ok(name.text.clone())
    }
}

/// Returns name and value of `name: value`.
fn header_of(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase());
    let ends = value.is_empty() || value.starts_with(char::is_whitespace);
    (is_name && ends).then_some((name, value))
}

fn topic(value: &Word) -> Result<(ResumeType, i32), Problem> {
    let from = value.text.strip_prefix("from:").and_then(|number| number.parse().ok());
    match (value.text.as_str(), from) {
        (_, Some(number)) => Ok((ResumeType::FromSeqNo, number)),
        ("restart", _) => Ok((ResumeType::Restart, 1)),
        ("resume", _) => Ok((ResumeType::Resume, 1)),
        ("quick", _) => Ok((ResumeType::Quick, 1)),
        ("none", _) => Ok((ResumeType::None, 1)),
        _ => Err(word(value, "write restart, resume, quick, none or from:N")),
    }
}

/// Returns the statement when no word is left.
fn end(rest: &[Word], statement: Statement) -> Result<Statement, Problem> {
    match rest.first() {
        None => Ok(statement),
        Some(more) => Err(word(more, "the statement ends before it")),
    }
}

fn word(word: &Word, expected: &str) -> Problem {
    Problem::Word { word: word.text.clone(), expected: expected.to_owned() }
}
