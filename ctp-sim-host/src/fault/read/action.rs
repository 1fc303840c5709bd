//! The keys of each kind's own.

use std::time::Duration;

use ctp_types::{Text, TraderCallback};

use super::super::classes::{Side, glob, near};
use super::super::kinds::Kind;
use super::super::node::Node;
use super::super::plan::{Action, Garbage};
use super::Reader;
use super::values::{self, Fields};
use crate::command;

/// The most copies of one callback, or replays of one day.
const TIMES_MAX: i64 = 1_000;
/// The most callbacks gathered.
const WINDOW_MAX: i64 = 100;

impl Reader<'_> {
    /// Reads what a kind does; `None` when something needed is missing or wrong, which was told then.
    pub(super) fn action(&mut self, kind: &Kind, fields: &mut Fields<'_>, line: usize) -> Option<Action> {
        for (key, needed) in kind.own_keys() {
            if needed && fields.take(key).is_none() {
                let takes = kind.keys.iter().find(|(name, _)| name.strip_suffix('!') == Some(key));
                let takes = takes.map_or("a value", |(_, takes)| takes);
                self.problem(line, format!("{} needs `{key}`: {takes}", kind.name));
            }
        }
        Some(match kind.name {
            "drop" => Action::Drop,
            "duplicate" => Action::Duplicate { times: self.times(fields) },
            "delay" => Action::Delay { by: self.span("by", fields.take("by")?)? },
            "reorder" => self.reorder(fields),
            "cut-text" => Action::CutText { fields: self.fields("field", fields) },
            "null-record" => Action::NullRecord,
            "null-info" => Action::NullInfo,
            "lose-last" => Action::LoseLast,
            "request-id" => {
                let number = fields.take("number").map(|node| self.number("number", node));
                Action::RequestId { number: number.flatten() }
            }
            "error" => {
                let error = fields.take("error").and_then(|node| self.error_id(node));
                let text = self.message(error, fields);
                Action::Error { error: error?, text }
            }
            "garble" => {
                let names = self.fields("field", fields);
                Action::Garble {
                    fields: names,
                    with: fields.take("with").map_or(Some(Garbage::Random), |node| self.garbage(node))?,
                }
            }
            "set" => {
                let node = fields.take("fields")?;
                let values = self.pairs("fields", node);
                for (name, text) in &values {
                    self.check_value(node, name, text);
                }
                Action::Set { fields: values }
            }
            "return-code" => Action::ReturnCode {
                code: i32::try_from(self.whole("code", fields.take("code")?, -3, -1)?).ok()?,
            },
            "lose-request" => Action::LoseRequest,
            "delay-request" => Action::DelayRequest { by: self.span("by", fields.take("by")?)? },
            "refuse" => {
                let error = fields.take("error").and_then(|node| self.error_id(node));
                let text = self.message(error, fields);
                let via = fields.take("via").map(|node| self.via(node)).unwrap_or_default();
                let passes =
                    fields.take("passes").and_then(|node| self.on_off("passes", node)).unwrap_or(false);
                Action::Refuse { error: error?, text, via, passes }
            }
            "disconnect" => {
                let reason = fields.take("reason").map_or(Some(0x1001), |node| self.number("reason", node));
                Action::Disconnect { reason: reason? }
            }
            "refuse-connect" => Action::RefuseConnect,
            "silence" => Action::Silence,
            "half-open" => Action::HalfOpen,
            "stall" => Action::Stall,
            "replay" => Action::Replay { times: self.times(fields) },
            "restart" => {
                let clear_flow = fields.take("clear-flow").and_then(|node| self.on_off("clear-flow", node));
                let down = fields.take("down").and_then(|node| self.duration("down", node));
                Action::Restart { clear_flow: clear_flow.unwrap_or(false), down: down.unwrap_or_default() }
            }
            "clock-jump" => Action::ClockJump { by: self.jump("by", fields.take("by")?)? },
            "disk-full" => Action::DiskFull,
            "command" => {
                let line = fields.take("command").and_then(|node| self.command("command", node));
                let undo = fields.take("undo").and_then(|node| self.command("undo", node));
                Action::Command { line: line?, undo }
            }
            "poison" => Action::Poison,
            "abort" => Action::Abort,
            "hang" => Action::Hang,
            _ => Action::LateCallbacks,
        })
    }

    fn times(&mut self, fields: &mut Fields<'_>) -> u32 {
        let times = fields.take("times").and_then(|node| self.whole("times", node, 1, TIMES_MAX));
        times.and_then(|times| times.try_into().ok()).unwrap_or(1)
    }

    fn reorder(&mut self, fields: &mut Fields<'_>) -> Action {
        let window = fields.take("window").and_then(|node| self.whole("window", node, 2, WINDOW_MAX));
        let behind = fields.take("behind").map(|node| self.classes("behind", node, Side::Callbacks));
        if window.is_some() && behind.is_some() {
            self.problem(
                fields.line("behind"),
                "`window` and `behind` contradict each other: write one of them",
            );
        }
        let by = fields.take("by").and_then(|node| self.duration("by", node));
        Action::Reorder {
            window: window.and_then(|window| window.try_into().ok()).unwrap_or(2),
            behind,
            by: by.unwrap_or(Duration::from_secs(1)),
        }
    }

    fn number(&mut self, key: &str, node: &Node) -> Option<i32> {
        self.whole(key, node, i32::MIN.into(), i32::MAX.into()).and_then(|number| number.try_into().ok())
    }

    fn error_id(&mut self, node: &Node) -> Option<i32> {
        let error = self.number("error", node)?;
        if error == 0 {
            self.problem(node.line, "`error` 0 is success: write an ErrorID such as 90");
            return None;
        }
        Some(error)
    }

    /// Reads an error's text; CTP's own when the plan says none.
    fn message(&mut self, error: Option<i32>, fields: &mut Fields<'_>) -> String {
        let Some(node) = fields.take("text") else {
            return error.and_then(ctp_sim::error_text).unwrap_or_else(|| "CTP:注入的错误".to_owned());
        };
        let text = self.text("text", node).unwrap_or_default();
        if let Err(error) = Text::<81>::new(&text) {
            self.problem(node.line, format!("`text` cannot be an ErrorMsg: {error}"));
        }
        text
    }

    /// Reads names or globs of fields.
    fn fields(&mut self, key: &str, fields: &mut Fields<'_>) -> Vec<String> {
        let Some(node) = fields.take(key) else { return Vec::new() };
        let names = self.texts(key, node);
        for name in &names {
            if !values::records().any(|record| record.fields.iter().any(|field| glob(name, &field.c_name))) {
                let all = values::records()
                    .flat_map(|record| record.fields.iter().map(|field| field.c_name.as_str()));
                let hint = near(name, all).map_or_else(String::new, |near| format!(": is it {near}?"));
                self.problem(node.line, format!("no record has a field {name:?}{hint}"));
            }
        }
        names
    }

    /// Checks that some record has a field that takes a value.
    fn check_value(&mut self, node: &Node, name: &str, text: &str) {
        let mut last = format!("no record has a field {name:?}");
        for record in
            values::records().filter(|record| record.fields.iter().any(|field| field.c_name == name))
        {
            match crate::scenario::takes(record, name, text) {
                Ok(()) => return,
                Err(error) => last = error,
            }
        }
        self.problem(node.line, format!("fields: {last}"));
    }

    fn garbage(&mut self, node: &Node) -> Option<Garbage> {
        match node.text().as_str() {
            "random" => Some(Garbage::Random),
            "dbl-max" => Some(Garbage::DblMax),
            "nan" => Some(Garbage::Nan),
            "zero" => Some(Garbage::Zero),
            other => {
                self.problem(
                    node.line,
                    format!("`with` {other:?} is not known: write random, dbl-max, nan or zero"),
                );
                None
            }
        }
    }

    fn via(&mut self, node: &Node) -> Vec<&'static str> {
        let mut via = Vec::new();
        for name in self.texts("via", node) {
            match TraderCallback::ALL.iter().find(|callback| callback.name() == name) {
                Some(callback) => via.push(callback.name()),
                None => self.problem(
                    node.line,
                    format!("via: {name:?} is no callback that answers, such as OnRspError"),
                ),
            }
        }
        via
    }

    fn command(&mut self, key: &str, node: &Node) -> Option<String> {
        let line = self.text(key, node)?;
        let read = command::read_line(&line);
        // Names of clients are known when it runs.
        let checked = read.and_then(|(name, words)| command::read_command(&name, &words, &|_| Some(0)));
        match checked {
            Ok(_) => Some(line),
            Err(error) => {
                self.problem(node.line, format!("`{key}`: {error}"));
                None
            }
        }
    }
}
