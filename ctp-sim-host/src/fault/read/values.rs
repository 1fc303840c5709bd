//! The values of a plan's keys.

use std::time::Duration;

use ctp_sim::{ApiKind, Timestamp};
use ctp_types::{MdCallback, MdRequest, RecordDescriptor, TraderCallback, TraderRequest};

use super::super::kinds::Kind;
use super::super::node::{Key, Node, NodeValue, Table};
use super::super::plan::{At, Every, Span};
use super::Reader;
use crate::scenario::time;

/// The longest duration of a plan: what is longer is meant otherwise.
const DURATION_MAX: Duration = Duration::from_secs(31 * 86_400);

/// The keys of a table, each taken once.
pub(super) struct Fields<'t> {
    table: &'t Table,
    taken: Vec<bool>,
}

impl<'t> Fields<'t> {
    pub(super) fn of(table: &'t Table) -> Self {
        Self { table, taken: vec![false; table.len()] }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<&'t Node> {
        let place = self.table.iter().position(|(key, _)| key.name == name)?;
        self.taken[place] = true;
        Some(&self.table[place].1)
    }

    /// Returns the line of a key, 0 when it is not there.
    pub(super) fn line(&self, name: &str) -> usize {
        self.table.iter().find(|(key, _)| key.name == name).map_or(0, |(key, _)| key.line)
    }

    pub(super) fn unused(&self) -> impl Iterator<Item = &'t Key> {
        self.table.iter().zip(&self.taken).filter(|(_, taken)| !**taken).map(|((key, _), _)| key)
    }
}

impl Reader<'_> {
    fn expected(&mut self, key: &str, node: &Node, expected: &str) {
        self.problem(node.line, format!("`{key}` is {expected}, found {} {:?}", node.kind(), node.text()));
    }

    pub(super) fn text(&mut self, key: &str, node: &Node) -> Option<String> {
        match &node.value {
            NodeValue::Text(text) => Some(text.clone()),
            NodeValue::Integer(_) | NodeValue::Float(_) | NodeValue::Bool(_) => Some(node.text()),
            _ => {
                self.expected(key, node, "a text");
                None
            }
        }
    }

    /// Reads a text, several separated by commas, or a list of texts.
    pub(super) fn texts(&mut self, key: &str, node: &Node) -> Vec<String> {
        match &node.value {
            NodeValue::List(list) => list.iter().filter_map(|node| self.text(key, node)).collect(),
            NodeValue::Text(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
            NodeValue::Integer(_) | NodeValue::Float(_) => vec![node.text()],
            _ => {
                self.expected(key, node, "a text or a list of texts");
                Vec::new()
            }
        }
    }

    /// Reads a table of texts.
    pub(super) fn pairs(&mut self, key: &str, node: &Node) -> Vec<(String, String)> {
        let NodeValue::Table(table) = &node.value else {
            self.expected(key, node, "a table of C names");
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for (name, node) in table {
            pairs.extend(self.text(&name.name, node).map(|text| (name.name.clone(), text)));
        }
        pairs
    }

    pub(super) fn whole(&mut self, key: &str, node: &Node, low: i64, high: i64) -> Option<i64> {
        match node.value {
            NodeValue::Integer(number) if (low..=high).contains(&number) => Some(number),
            _ => {
                let expected = match high {
                    i64::MAX => format!("a whole number from {low} on"),
                    _ => format!("a whole number from {low} to {high}"),
                };
                self.expected(key, node, &expected);
                None
            }
        }
    }

    pub(super) fn on_off(&mut self, key: &str, node: &Node) -> Option<bool> {
        match node.value {
            NodeValue::Bool(on) => Some(on),
            _ => {
                self.expected(key, node, "true or false");
                None
            }
        }
    }

    pub(super) fn duration(&mut self, key: &str, node: &Node) -> Option<Duration> {
        let text = match &node.value {
            NodeValue::Text(text) => text.clone(),
            NodeValue::Integer(0) => "0".to_owned(),
            _ => String::new(),
        };
        match ctp_sim::duration(&text).filter(|duration| *duration <= DURATION_MAX) {
            Some(duration) => Some(duration),
            None => {
                self.expected(key, node, "a duration such as \"200ms\", \"5s\" or \"20m\", at most 31 days");
                None
            }
        }
    }

    /// Reads a duration with a sign, in nanoseconds.
    pub(super) fn jump(&mut self, key: &str, node: &Node) -> Option<i64> {
        let text = node.text();
        let (sign, rest) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
        let duration = ctp_sim::duration(rest).filter(|by| !by.is_zero() && *by <= DURATION_MAX);
        match duration.and_then(|by| i64::try_from(by.as_nanos()).ok()) {
            Some(by) => Some(sign * by),
            None => {
                self.expected(key, node, "a duration such as \"1h\", or \"-5s\" for back");
                None
            }
        }
    }

    pub(super) fn span(&mut self, key: &str, node: &Node) -> Option<Span> {
        let text = node.text();
        let Some((low, high)) = text.split_once("..") else {
            return self.duration(key, node).map(Span::exactly);
        };
        let ends = [low, high].map(|end| ctp_sim::duration(end.trim()).filter(|end| *end <= DURATION_MAX));
        match ends {
            [Some(low), Some(high)] if low <= high => Some(Span { low, high }),
            _ => {
                self.expected(key, node, "a range of durations such as \"10ms..50ms\", the shorter first");
                None
            }
        }
    }

    pub(super) fn at(&mut self, node: &Node) -> Option<At> {
        let text = node.text();
        if let Some(moment) = Timestamp::from_china(&text) {
            return Some(At::Moment(moment));
        }
        if time::is_time(&text) {
            return Some(At::TimeOfDay(text));
        }
        self.expected("at", node, "a time such as \"10:00:05\" or \"2026-11-23 10:00:05\"");
        None
    }

    pub(super) fn every(&mut self, kind: &Kind, node: &Node) -> Every {
        if let NodeValue::Integer(number @ 1..) = node.value {
            return Every::Chances(number.unsigned_abs());
        }
        match ctp_sim::duration(&node.text()) {
            Some(period) if period >= Duration::from_millis(1) && !kind.has_what() => Every::Period(period),
            _ => {
                let expected = match kind.has_what() {
                    true => "a whole number from 1 on: one chance of so many",
                    false => "a duration from \"1ms\" on, or with `on` a whole number",
                };
                self.expected("every", node, expected);
                Every::Chance
            }
        }
    }

    pub(super) fn probability(&mut self, node: &Node) -> Option<f64> {
        let number = match node.value {
            NodeValue::Float(number) => number,
            NodeValue::Integer(number) => number as f64,
            _ => f64::NAN,
        };
        if (0.0..=1.0).contains(&number) {
            return Some(number);
        }
        self.expected("probability", node, "a number from 0 to 1, such as 0.01");
        None
    }

    pub(super) fn api(&mut self, node: &Node) -> Option<ApiKind> {
        match node.text().as_str() {
            "trader" => Some(ApiKind::Trader),
            "md" => Some(ApiKind::Md),
            _ => {
                self.expected("api", node, "\"trader\" or \"md\"");
                None
            }
        }
    }
}

/// Reads `6.7.13`.
pub(super) fn version(text: &str) -> Option<(u16, u16, u16)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    match [parts.next(), parts.next(), parts.next(), parts.next()] {
        [Some(Some(major)), Some(Some(minor)), Some(Some(patch)), None] => Some((major, minor, patch)),
        _ => None,
    }
}

/// Returns every record that a callback or request carries.
pub(super) fn records() -> impl Iterator<Item = &'static RecordDescriptor> {
    let trader = TraderCallback::ALL.iter().filter_map(|callback| callback.record());
    let md = MdCallback::ALL.iter().filter_map(|callback| callback.record());
    let requests = TraderRequest::ALL.iter().map(|request| request.record());
    trader.chain(md).chain(requests).chain(MdRequest::ALL.iter().map(|request| request.record()))
}

/// Returns whether any record has a field of this name.
pub(super) fn is_field(name: &str) -> bool {
    records().any(|record| record.fields.iter().any(|field| field.c_name == name))
}
