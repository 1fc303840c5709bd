//! Running a scenario against a target, row by row.

mod login;
mod names;
mod sending;
mod waiting;

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::time::Duration;

use ctp_sim::{ApiKind, Timestamp};
use ctp_types::RecordBox;

use super::report::{Compared, Failure, Report};
use super::statement::{Line, Row, Scenario, Statement};
use super::target::{Seen, Setup, Target, TargetError, World};
use super::value::Template;
use super::words::{Operator, Word};
use super::{show, time};
use crate::command::Argument;

/// Callbacks of a client that a failure shows.
const WAITING_SHOWN_MAX: usize = 8;

/// What must be known of an order to find it again.
type OrderKey = (i32, i32, Vec<u8>);

/// Runs every row of a scenario against a target.
pub fn run(scenario: &Scenario, target: &dyn Target) -> Report {
    let mut report = Report::default();
    for row in 0..scenario.rows.len() {
        report.rows += 1;
        if let Err(failure) = run_row(scenario, row, target) {
            report.failures.push(*failure);
        }
    }
    report
}

/// Runs one row, from 0.
fn run_row(scenario: &Scenario, row: usize, target: &dyn Target) -> Result<(), Box<Failure>> {
    let values = &scenario.rows[row];
    let mut config = Vec::new();
    let started = scenario
        .config
        .iter()
        .try_for_each(|(key, value)| {
            config.push((key.clone(), value.evaluate(&mut names::RowNames(values))?));
            Ok(())
        })
        .and_then(|()| {
            let faults = read_plans(scenario, values)?;
            let mut setup = Setup { start: scenario.start, config: config.clone(), replay: None, faults };
            // The last one counts, as with settings.
            for (_, path) in setup.config.extract_if(.., |(key, _)| key == "replay") {
                setup.replay = Some(folder(scenario).join(path));
            }
            target.start(&setup).map_err(|error| error.0)
        });
    let seed = config.iter().rev().find(|(key, _)| key == "seed").map_or("1", |(_, seed)| seed).to_owned();
    let failure = |line: Option<&Line>, time: String, stop: Stop| {
        Box::new(Failure {
            file: scenario.file.clone(),
            line: line.map_or(0, |line| line.number),
            statement: line.map_or("starting the exchange", |line| &line.text).to_owned(),
            row: describe(row, values),
            target: target.name(),
            seed: seed.clone(),
            time,
            problem: stop.problem,
            compared: stop.compared,
            waiting: stop.waiting,
        })
    };
    let world = started.map_err(|problem| failure(None, scenario.start.china(), Stop::from(problem)))?;
    let mut run = Run {
        target,
        world,
        settle: scenario.settle,
        clients: BTreeMap::new(),
        variables: values.0.iter().cloned().collect(),
        bound: BTreeMap::new(),
        instrument: None,
        instruments: BTreeMap::new(),
    };
    for line in &scenario.lines {
        if let Err(stop) = run.statement(&line.statement) {
            let time = run.world.now().map_or_else(|error| error.0, Timestamp::china);
            return Err(failure(Some(line), time, stop));
        }
    }
    Ok(())
}

/// Reads the fault plans of a row, each with its name.
fn read_plans(scenario: &Scenario, values: &Row) -> Result<Vec<(String, String)>, String> {
    let read = |file: &Template| {
        let path = folder(scenario).join(file.evaluate(&mut names::RowNames(values))?);
        let text = fs::read_to_string(&path);
        let text = text.map_err(|error| format!("cannot read the fault plan {}: {error}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, text))
    };
    scenario.faults.iter().map(read).collect()
}

/// Returns the folder that a scenario's files are named from.
fn folder(scenario: &Scenario) -> &Path {
    Path::new(&scenario.file).parent().unwrap_or(Path::new(""))
}

fn describe(row: usize, values: &Row) -> String {
    if values.0.is_empty() {
        return String::new();
    }
    let values: Vec<String> = values.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} ({})", row + 1, values.join(" "))
}

/// A row under way.
struct Run<'t> {
    target: &'t dyn Target,
    world: Box<dyn World>,
    settle: Duration,
    clients: BTreeMap<String, Client>,
    variables: BTreeMap<String, String>,
    bound: BTreeMap<String, Bound>,
    /// The instrument of the present statement, whose ticks count.
    instrument: Option<String>,
    /// What was asked about instruments that do not change: their ticks.
    instruments: BTreeMap<String, f64>,
}

/// An API object of the scenario.
struct Client {
    /// Its number in the world.
    number: usize,
    kind: ApiKind,
    investor: String,
    password: String,
    authenticates: bool,
    confirms: bool,
    /// Everything that came.
    log: Vec<Seen>,
    /// What no statement has taken yet, as places in the log.
    waiting: VecDeque<usize>,
    request_id: i32,
    order_ref: i64,
}

/// What `as` named.
#[derive(Default)]
struct Bound {
    client: String,
    /// The record that a client sent.
    sent: Option<RecordBox>,
    /// Where it was an order: how it is found in what comes.
    key: Option<OrderKey>,
    /// The record that a client received, with its callback's number.
    received: Option<RecordBox>,
}

/// Why a row ends.
#[derive(Default)]
struct Stop {
    problem: String,
    compared: Vec<Compared>,
    waiting: Vec<String>,
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self { problem, ..Self::default() }
    }
}

impl From<TargetError> for Stop {
    fn from(error: TargetError) -> Self {
        Self::from(error.0)
    }
}

impl Run<'_> {
    fn statement(&mut self, statement: &Statement) -> Result<(), Stop> {
        self.instrument = None;
        match statement {
            Statement::Open(open) => self.open(open),
            Statement::Send(send) => self.send(send),
            Statement::Expect(expect) => self.expect(expect),
            Statement::Nothing { client } => self.expect_nothing(client),
            Statement::Skip { client } => {
                for (name, one) in &mut self.clients {
                    if client.as_ref().is_none_or(|wanted| wanted == name) {
                        one.waiting.clear();
                    }
                }
                Ok(())
            }
            Statement::Release { client } => {
                let number = self.client(client)?.number;
                self.world.release(number)?;
                self.settle()
            }
            Statement::Reconnects { client } => self.reconnect(client),
            Statement::Advance(duration) => {
                let text = self.evaluate(duration)?;
                let duration = ctp_sim::duration(&text)
                    .ok_or_else(|| format!("{text:?} is not a duration such as 500ms"))?;
                self.pass(duration)
            }
            Statement::Until(until) => {
                let text = self.evaluate(until)?;
                let now = self.world.now()?;
                let until = time::until(now, &text)
                    .ok_or_else(|| format!("{text:?} is not a time such as 15:00:00"))?;
                self.world.pass(until)?;
                self.collect();
                Ok(())
            }
            Statement::Command { words, at_once } => {
                let mut arguments: Vec<Argument> = Vec::new();
                for (name, value) in words {
                    let text = self.evaluate(value)?;
                    // A variable may stand for a whole `key=value`.
                    arguments.push(match (name, Word::plain(&text).pair()) {
                        (None, Some((key, Operator::Equal, pair))) if !value.quoted => {
                            (Some(key.to_owned()), pair.text)
                        }
                        _ => (name.clone(), text),
                    });
                }
                let (_, name) = arguments.remove(0);
                let clients: Vec<(String, usize)> =
                    self.clients.iter().map(|(name, client)| (name.clone(), client.number)).collect();
                self.world.command(&name, &arguments, &clients)?;
                if *at_once { Ok(()) } else { self.settle() }
            }
            Statement::Let { name, value } => {
                let value = self.evaluate(value)?;
                self.variables.insert(name.clone(), value);
                Ok(())
            }
        }
    }

    /// Lets the time after a request pass.
    fn settle(&mut self) -> Result<(), Stop> {
        self.pass(self.settle)
    }

    fn pass(&mut self, duration: Duration) -> Result<(), Stop> {
        let until = self.world.now()?.after(duration);
        self.world.pass(until)?;
        self.collect();
        Ok(())
    }

    /// Takes over what came.
    fn collect(&mut self) {
        for client in self.clients.values_mut() {
            for seen in self.world.received(client.number) {
                client.waiting.push_back(client.log.len());
                client.log.push(seen);
            }
        }
    }

    fn client(&mut self, name: &str) -> Result<&mut Client, Stop> {
        self.clients.get_mut(name).ok_or_else(|| Stop::from(format!("client {name:?} does not run")))
    }

    /// Returns what is waiting of a client, for people.
    fn waiting(&self, client: &str) -> Vec<String> {
        let Some(client) = self.clients.get(client) else { return Vec::new() };
        let mut shown: Vec<String> = client
            .waiting
            .iter()
            .take(WAITING_SHOWN_MAX)
            .map(|place| show::seen(&client.log[*place]))
            .collect();
        if client.waiting.len() > WAITING_SHOWN_MAX {
            shown.push(format!("and {} more", client.waiting.len() - WAITING_SHOWN_MAX));
        }
        shown
    }
}
