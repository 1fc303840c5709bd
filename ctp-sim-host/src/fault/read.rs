//! Reading a plan: every problem is found at once, with its line and what to write instead.

mod action;
mod values;

use ctp_sim::SessionId;

use self::values::Fields;
use super::classes::{Classes, Side, near, nearest};
use super::error::{PlanError, PlanProblem};
use super::kinds::{CommonKey, Kind, Level};
use super::node::{self, Key, Node, NodeValue, Table};
use super::plan::{Every, Fault, FaultPlan, When, Who};
use crate::command::Argument;

/// The largest plan, in bytes.
pub const PLAN_LENGTH_MAX: usize = 1 << 20;

/// The most faults of one plan.
pub const FAULTS_MAX: usize = 1_000;

impl FaultPlan {
    /// Reads a plan in TOML. `file` names it in problems, and the plan when it has no name of its own.
    ///
    /// # Errors
    ///
    /// Returns every problem of the plan, with its line and what to write instead.
    pub fn parse(file: &str, text: &str) -> Result<Self, PlanError> {
        let mut reader = Reader { file, problems: Vec::new() };
        if text.len() > PLAN_LENGTH_MAX {
            reader
                .problem(0, format!("the plan has {} bytes: at most {PLAN_LENGTH_MAX} are read", text.len()));
            return Err(PlanError(reader.problems));
        }
        let (table, errors) = node::from_toml(text);
        for (line, error) in errors {
            reader.problem(line, format!("this is not TOML: {error}"));
        }
        // What follows from broken TOML would only confuse.
        if !reader.problems.is_empty() {
            return Err(PlanError(reader.problems));
        }
        let plan = reader.plan(&table);
        reader.end(plan)
    }

    /// Reads a plan from a JSON object of the same keys: a whole plan, or one fault.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), without lines.
    pub fn from_json(
        name: &str,
        object: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, PlanError> {
        let mut reader = Reader { file: name, problems: Vec::new() };
        let table = node::from_json(object);
        let plan = match object.contains_key("do") {
            true => reader.single(&table),
            false => reader.plan(&table),
        };
        reader.end(plan)
    }

    /// Reads one fault as a scenario writes it: `drop what=OnRtnTrade count=2 investor=one`. `session` turns the name of
    /// a client, given as `client=NAME`, into the number of its session.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), without lines.
    pub fn from_words(words: &[Argument], session: &dyn Fn(&str) -> Option<u64>) -> Result<Self, PlanError> {
        let mut reader = Reader { file: "fault", problems: Vec::new() };
        let table = reader.words(words, session);
        let plan = reader.single(&table);
        reader.end(plan)
    }
}

/// Reads and gathers what is wrong.
pub(super) struct Reader<'a> {
    file: &'a str,
    problems: Vec<PlanProblem>,
}

impl Reader<'_> {
    pub(super) fn problem(&mut self, line: usize, text: impl Into<String>) {
        self.problems.push(PlanProblem { file: self.file.to_owned(), line, text: text.into() });
    }

    fn end(mut self, plan: FaultPlan) -> Result<FaultPlan, PlanError> {
        if self.problems.is_empty() {
            return Ok(plan);
        }
        self.problems.sort_by_key(|problem| problem.line);
        Err(PlanError(self.problems))
    }

    fn single(&mut self, table: &Table) -> FaultPlan {
        let name = self.file.to_owned();
        let faults = self.fault(table, 0).into_iter().collect();
        FaultPlan { name, rows: Vec::new(), seed: None, faults }
    }

    fn plan(&mut self, table: &Table) -> FaultPlan {
        let mut fields = Fields::of(table);
        let name = fields.take("name").and_then(|node| self.text("name", node));
        if let Some(name) = name.as_deref().filter(|name| name.is_empty() || name.len() > 64) {
            self.problem(fields.line("name"), format!("name {name:?} cannot be: write 1 to 64 characters"));
        }
        let rows = fields.take("rows").map(|node| self.texts("rows", node)).unwrap_or_default();
        for row in &rows {
            if !is_row(row) {
                self.problem(
                    fields.line("rows"),
                    format!("{row:?} is no row of the catalogue: write F01 to F74"),
                );
            }
        }
        let seed =
            fields.take("seed").and_then(|node| self.whole("seed", node, 0, i64::MAX)).map(i64::unsigned_abs);
        // For people.
        if let Some(node) = fields.take("note") {
            self.text("note", node);
        }
        let mut faults = Vec::new();
        match fields.take("fault") {
            Some(Node { value: NodeValue::List(list), line }) => {
                if list.len() > FAULTS_MAX {
                    self.problem(*line, format!("the plan has {} faults: at most {FAULTS_MAX}", list.len()));
                }
                for node in list.iter().take(FAULTS_MAX) {
                    match &node.value {
                        NodeValue::Table(table) => faults.extend(self.fault(table, node.line)),
                        _ => self.problem(node.line, format!("a fault is a table, found {}", node.kind())),
                    }
                }
            }
            Some(Node { value: NodeValue::Table(table), line }) => faults.extend(self.fault(table, *line)),
            Some(node) => self.problem(
                node.line,
                format!("`fault` is a list of tables, found {}: write [[fault]]", node.kind()),
            ),
            None => {
                self.problem(0, "the plan has no fault: write [[fault]] with do = \"drop\" or another kind")
            }
        }
        for key in fields.unused() {
            self.unknown(key, ["name", "rows", "seed", "note", "fault"].into_iter(), "a plan");
        }
        let name = name.unwrap_or_else(|| stem(self.file).to_owned());
        FaultPlan { name, rows, seed, faults }
    }

    /// Reads one fault; `None` when its kind is not known.
    fn fault(&mut self, table: &Table, line: usize) -> Option<Fault> {
        let mut fields = Fields::of(table);
        let line = if line == 0 { table.first().map_or(0, |(key, _)| key.line) } else { line };
        let Some(node) = fields.take("do") else {
            self.problem(line, format!("a fault says what to do: write do = one of {}", kinds()));
            return None;
        };
        let name = self.text("do", node)?;
        let Some(kind) = Kind::named(&name) else {
            let near = near(&name, Kind::ALL.iter().map(|kind| kind.name));
            let hint =
                near.map_or_else(|| format!("write one of {}", kinds()), |near| format!("is it {near}?"));
            self.problem(node.line, format!("{name:?} is no kind of fault: {hint}"));
            return None;
        };
        let what = match (fields.take("what"), kind.has_what()) {
            (Some(node), true) => {
                let side = if kind.level == Level::Delivery { Side::Callbacks } else { Side::Requests };
                self.classes("what", node, side)
            }
            (Some(node), false) => {
                self.problem(
                    node.line,
                    format!("{name} is done to no single callback: leave `what` out, or write `on`"),
                );
                Classes::default()
            }
            (None, true) => {
                let example = if kind.level == Level::Delivery { "OnRtnTrade" } else { "ReqOrderInsert" };
                self.problem(
                    line,
                    format!("{name} needs `what`: write what = [{example:?}], or a group such as \"all\""),
                );
                Classes::default()
            }
            (None, false) => Classes::default(),
        };
        let who = fields.take("who").map(|node| self.who(node)).unwrap_or_default();
        let when = self.when(kind, &mut fields);
        let conditions = fields.take("where").map(|node| self.pairs("where", node)).unwrap_or_default();
        for (field, _) in &conditions {
            if !values::is_field(field) {
                self.problem(fields.line("where"), format!("no record has a field {field:?}"));
            }
        }
        if !conditions.is_empty() && !kind.has_what() && when.on.is_none() {
            self.problem(
                fields.line("where"),
                format!("`where` of {name} is about what triggers it: write `on` as well"),
            );
        }
        if let Some(node) = fields.take("note") {
            self.text("note", node);
        }
        let action = self.action(kind, &mut fields, line);
        let own = kind.own_keys().map(|(key, _)| key);
        let known: Vec<&str> = own.chain(CommonKey::ALL.iter().map(|key| key.name)).collect();
        for key in fields.unused() {
            self.unknown(key, known.iter().copied(), &name);
        }
        let text = one_line(&name, table);
        Some(Fault { action: action?, what, fields: conditions, who, when, text })
    }

    fn when(&mut self, kind: &Kind, fields: &mut Fields<'_>) -> When {
        let at = fields.take("at").and_then(|node| self.at(node));
        let on = fields.take("on").map(|node| self.classes("on", node, Side::Both));
        let mut when = When { at, on, ..When::default() };
        if when.at.is_some() && when.on.is_some() {
            self.problem(fields.line("on"), "`at` and `on` contradict each other: write one of them");
        }
        if let Some(by) = fields.take("in").and_then(|node| self.duration("in", node)) {
            when.after_that = by;
        }
        when.lasts = fields.take("for").and_then(|node| self.duration("for", node));
        when.skip = fields
            .take("after")
            .and_then(|node| self.whole("after", node, 0, i64::MAX))
            .unwrap_or(0)
            .unsigned_abs();
        when.every = fields.take("every").map_or(Every::Chance, |node| self.every(kind, node));
        let repeats = matches!(when.every, Every::Period(_));
        if when.lasts.is_some() && !kind.lasts() && !repeats {
            let hint = if kind.name == "restart" { "write `down`" } else { "leave `for` out" };
            self.problem(fields.line("for"), format!("{} is done in a moment: {hint}", kind.name));
        }
        if repeats && when.lasts.is_none() && fields.take("count").is_none() {
            self.problem(fields.line("every"), "`every` would never end: write `count` or `for` as well");
        }
        let counts = kind.has_what() || when.on.is_some();
        match when.every {
            Every::Period(_) if counts => self.problem(
                fields.line("every"),
                "`every` is a number here: one chance of so many; durations are for faults without `what` and `on`",
            ),
            Every::Chances(_) if !counts => {
                self.problem(fields.line("every"), "`every` is a duration here, such as \"50ms\", or `on` is missing");
            }
            _ => {}
        }
        if when.skip > 0 && !counts {
            self.problem(
                fields.line("after"),
                "`after` counts chances, and this fault has only one: write `in` or `on`",
            );
        }
        if let Some(node) = fields.take("probability") {
            when.probability = self.probability(node);
        }
        let count = fields
            .take("count")
            .and_then(|node| self.whole("count", node, 1, i64::MAX))
            .map(i64::unsigned_abs);
        // What is done to a connection or the server is done once unless more is asked for.
        let once = !kind.has_what() && !matches!(when.every, Every::Period(_));
        when.count = count.or_else(|| once.then_some(1));
        when
    }

    fn who(&mut self, node: &Node) -> Who {
        let NodeValue::Table(table) = &node.value else {
            self.problem(
                node.line,
                format!("`who` is a table, found {}: write {{ investor = \"…\" }}", node.kind()),
            );
            return Who::default();
        };
        let mut fields = Fields::of(table);
        let investors = fields.take("investor").map(|node| self.texts("investor", node)).unwrap_or_default();
        let api = fields.take("api").and_then(|node| self.api(node));
        let mut who = Who { investors, api, ..Who::default() };
        if let Some(node) = fields.take("session") {
            for text in self.texts("session", node) {
                match text.parse() {
                    Ok(number) => who.sessions.push(SessionId(number)),
                    Err(_) => self.problem(node.line, format!("session {text:?} is no number of a session")),
                }
            }
        }
        if let Some(node) = fields.take("version") {
            for text in self.texts("version", node) {
                match values::version(&text) {
                    Some(version) => who.versions.push(version),
                    None => self
                        .problem(node.line, format!("version {text:?} is not one: write it as \"6.7.13\"")),
                }
            }
        }
        for key in fields.unused() {
            self.unknown(key, ["investor", "api", "session", "version"].into_iter(), "who");
        }
        who
    }

    /// Reads classes; none of them known is reported as well.
    pub(super) fn classes(&mut self, key: &str, node: &Node, side: Side) -> Classes {
        let mut classes = Classes::default();
        let names = self.texts(key, node);
        if names.is_empty() && matches!(&node.value, NodeValue::List(list) if list.is_empty()) {
            self.problem(
                node.line,
                format!("`{key}` names nothing: write a callback or a group such as \"all\""),
            );
        }
        for name in names {
            if classes.add(&name, side) {
                continue;
            }
            let sort = match side {
                Side::Callbacks => "callback",
                Side::Requests => "request",
                Side::Both => "callback or request",
            };
            let hint = match (name.as_str(), side, nearest(&name, side)) {
                ("OnFrontDisconnected", ..) => {
                    "the library calls it itself: use disconnect, or on = \"OnFrontConnected\"".to_owned()
                }
                (name, Side::Callbacks, _) if name.starts_with("Req") => {
                    "it is a request: write its answer, or do = \"refuse\"".to_owned()
                }
                (name, Side::Requests, _) if name.starts_with("On") => {
                    "it is a callback: write its request".to_owned()
                }
                (_, _, Some(near)) => format!("is it {near}?"),
                _ => "`ctp sim faults` lists the groups; names are as in C".to_owned(),
            };
            self.problem(node.line, format!("{key}: {name:?} is no {sort}: {hint}"));
        }
        classes
    }

    pub(super) fn unknown<'k>(&mut self, key: &Key, known: impl Iterator<Item = &'k str> + Clone, of: &str) {
        let hint = match near(&key.name, known.clone()) {
            Some(near) => format!("is it {near}?"),
            None => format!("it takes {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.problem(key.line, format!("{of} has no key `{}`: {hint}", key.name));
    }

    /// Turns words into the table that they stand for.
    fn words(&mut self, words: &[Argument], session: &dyn Fn(&str) -> Option<u64>) -> Table {
        let key = |name: &str| Key { name: name.to_owned(), line: 0 };
        let (mut table, mut who, mut nested) = (Table::new(), Table::new(), Vec::<(String, Table)>::new());
        for (place, (name, value)) in words.iter().enumerate() {
            match name.as_deref() {
                None if place == 0 => {
                    table.push((key("do"), Node { line: 0, value: NodeValue::Text(value.clone()) }))
                }
                None => self.problem(0, format!("{value:?} has no name: write NAME=VALUE")),
                Some("client") => match session(value) {
                    Some(number) => who.push((key("session"), node::from_word(&number.to_string()))),
                    None => self.problem(0, format!("client {value:?} does not run")),
                },
                Some(name @ ("investor" | "api" | "session" | "version")) => {
                    who.push((key(name), Node { line: 0, value: NodeValue::Text(value.clone()) }));
                }
                Some(name) => {
                    match name.split_once('-').filter(|(table, _)| matches!(*table, "where" | "set")) {
                        Some((outer, field)) => {
                            let outer = if outer == "set" { "fields" } else { outer };
                            let entry = (key(field), Node { line: 0, value: NodeValue::Text(value.clone()) });
                            match nested.iter_mut().find(|(name, _)| name == outer) {
                                Some((_, inner)) => inner.push(entry),
                                None => nested.push((outer.to_owned(), vec![entry])),
                            }
                        }
                        None => table.push((key(name), node::from_word(value))),
                    }
                }
            }
        }
        nested.push(("who".to_owned(), who));
        for (name, inner) in nested.into_iter().filter(|(_, inner)| !inner.is_empty()) {
            table.push((key(&name), Node { line: 0, value: NodeValue::Table(inner) }));
        }
        table
    }
}

/// Returns the names of all kinds.
fn kinds() -> String {
    Kind::ALL.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}

fn is_row(row: &str) -> bool {
    let number =
        row.strip_prefix('F').filter(|digits| digits.len() == 2).and_then(|digits| digits.parse().ok());
    number.is_some_and(|number: u32| (1..=74).contains(&number))
}

/// Returns a file's name without folder and ending.
fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".toml").unwrap_or(name)
}

/// Writes a fault for people.
fn one_line(kind: &str, table: &Table) -> String {
    let shown = table.iter().filter(|(key, _)| !matches!(key.name.as_str(), "do" | "note"));
    let pairs = shown.flat_map(|(key, node)| match &node.value {
        NodeValue::Table(inner) => {
            let prefix = if key.name == "who" { String::new() } else { format!("{}.", key.name) };
            inner.iter().map(|(name, value)| format!("{prefix}{}={}", name.name, value.text())).collect()
        }
        _ => vec![format!("{}={}", key.name, node.text())],
    });
    std::iter::once(kind.to_owned()).chain(pairs).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
