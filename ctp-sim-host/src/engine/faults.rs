//! The exchange with faults in force: what goes in and what comes out passes through the plans.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ctp_sim::{Command, Input, Output, SessionId, Timestamp};
use tracing::{info, warn};

use super::Engine;
use crate::command::{CommandError, read_command, read_line};
use crate::fault::{Deed, FaultPlan, Faults, PlanState};
use crate::logged::NotKept;
use crate::notice::Notice;
use crate::wire::{Admission, Refusal};

/// Steps of the exchange that one thing may bring about, before plans are taken to go round in circles.
const STEPS_MAX: usize = 5_000;

/// How far a step with faults is.
struct Done {
    now: Timestamp,
    /// What goes to the mailboxes.
    outgoing: Vec<Output>,
    kept: Result<(), NotKept>,
}

impl Engine {
    /// Brings a plan into force and returns its number.
    pub(crate) fn add_faults(&mut self, now: Timestamp, plan: FaultPlan) -> u64 {
        info!(plan = plan.name, faults = plan.faults.len(), "fault plan in force");
        let text = format!("plan {} in force", plan.name);
        self.notices.note(self.latest.max(now), Notice::Log { about: "plan", text });
        self.bring(now, |faults, now, deeds| faults.add(now, plan, deeds))
    }

    /// Does the faults of a plan once, as a command: it is no plan in force, but for as long as they last.
    pub(crate) fn do_once(&mut self, now: Timestamp, plan: FaultPlan) {
        let faults: Vec<&str> = plan.faults.iter().map(|fault| fault.text.as_str()).collect();
        let text = faults.join(", ");
        self.notices.note(self.latest.max(now), Notice::Log { about: "command", text });
        self.bring(now, |faults, now, deeds| faults.add_once(now, plan, deeds));
    }

    fn bring(
        &mut self,
        now: Timestamp,
        add: impl FnOnce(&mut Faults, Timestamp, &mut VecDeque<Deed>) -> u64,
    ) -> u64 {
        let now = self.latest.max(now);
        let mut faults = self.faults.take().unwrap_or_else(|| {
            let has_store = self.exchange.as_mut().is_some_and(|exchange| exchange.log_mut().is_some());
            let (seed, sessions) = self
                .exchange
                .as_ref()
                .map_or((0, Vec::new()), |exchange| (exchange.seed(), exchange.sessions()));
            Box::new(Faults::new(seed, has_store, &sessions))
        });
        let mut deeds = VecDeque::new();
        let id = add(&mut faults, now, &mut deeds);
        self.finish(faults, now, deeds);
        id
    }

    /// Takes a plan out of force, or all, and returns how many there were.
    pub(crate) fn clear_faults(&mut self, now: Timestamp, id: Option<u64>) -> usize {
        let Some(mut faults) = self.faults.take() else { return 0 };
        let now = self.latest.max(now);
        let mut deeds = VecDeque::new();
        let cleared = faults.clear(now, id, &mut deeds);
        let text = match id {
            Some(id) => format!("plan number {id} out of force"),
            None => "every plan out of force".to_owned(),
        };
        self.notices.note(now, Notice::Log { about: "plan", text });
        self.finish(faults, now, deeds);
        cleared
    }

    /// Returns the plans in force.
    pub(crate) fn fault_states(&self) -> Vec<PlanState> {
        self.faults.as_ref().map(|faults| faults.states(self.latest)).unwrap_or_default()
    }

    /// Returns by how much the exchange's clock was made to jump, in nanoseconds.
    pub(crate) fn clock_offset(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.offset)
    }

    /// Steps the exchange with faults in force.
    pub(super) fn step_with(
        &mut self,
        mut faults: Box<Faults>,
        now: Timestamp,
        input: Input,
    ) -> Result<(), NotKept> {
        let mut done = Done { now: self.latest.max(now), outgoing: Vec::new(), kept: Ok(()) };
        let mut deeds = VecDeque::new();
        faults.due(done.now, &mut deeds);
        self.carry(&mut faults, deeds, &mut done);
        // Whether its own input was kept is what the caller wants to know.
        done.kept = Ok(());
        let mut deeds = VecDeque::new();
        faults.take(done.now, input, &mut deeds);
        self.carry(&mut faults, deeds, &mut done);
        self.end_step(faults, done)
    }

    fn finish(&mut self, mut faults: Box<Faults>, now: Timestamp, deeds: VecDeque<Deed>) {
        let mut done = Done { now, outgoing: Vec::new(), kept: Ok(()) };
        self.carry(&mut faults, deeds, &mut done);
        if let Err(cause) = self.end_step(faults, done) {
            warn!(%cause, "what a fault plan brings about is not carried out");
        }
    }

    fn end_step(&mut self, mut faults: Box<Faults>, done: Done) -> Result<(), NotKept> {
        if self.notices.is_watched() {
            for text in faults.news() {
                self.notices.note(self.latest, Notice::Fault { text });
            }
        }
        // Kept as long as it has something to do: without, a step costs nothing more.
        self.faults = Some(faults).filter(|faults| !faults.is_idle());
        self.outputs = done.outgoing;
        self.route();
        done.kept
    }

    /// Does what the machine wants done.
    fn carry(&mut self, faults: &mut Faults, mut deeds: VecDeque<Deed>, done: &mut Done) {
        let mut steps = 0;
        while let Some(deed) = deeds.pop_front() {
            let outputs = match deed {
                Deed::Put(output) => {
                    done.outgoing.push(output);
                    continue;
                }
                Deed::Give(output) => vec![output],
                Deed::Exchange(input) => self.carry_out_alone(input, done),
                Deed::Line(line) => match read(&line) {
                    Ok(command) => self.carry_out_alone(Input::Command(command), done),
                    Err(cause) => {
                        warn!(%cause, "a plan's command is not carried out");
                        continue;
                    }
                },
                Deed::Jump(by) => {
                    self.offset.fetch_add(by, Ordering::SeqCst);
                    // Who runs ahead of the clock looks at it again.
                    self.closed = true;
                    if by <= 0 {
                        continue;
                    }
                    done.now = Timestamp(done.now.0.saturating_add(by));
                    self.carry_out_alone(Input::Skip, done)
                }
                Deed::FailStore(on) => {
                    self.fail_log(on);
                    continue;
                }
                Deed::Library(session, fault) => {
                    self.outputs.append(&mut done.outgoing);
                    self.route();
                    if let Some(mailbox) = self.sessions.get(&session) {
                        mailbox.library(fault);
                        mailbox.flush(done.now);
                    }
                    continue;
                }
                Deed::QueryOver(session) => {
                    self.end_query(session);
                    continue;
                }
                Deed::Refusals(session, refusals) => {
                    self.outputs.append(&mut done.outgoing);
                    self.route();
                    self.tell_admission(session, Some(refusals));
                    continue;
                }
            };
            steps += 1;
            if steps > STEPS_MAX {
                warn!("fault plans go round in circles: what they still want done is left out");
                break;
            }
            let mut new = VecDeque::new();
            for output in outputs {
                faults.give(done.now, output, &mut new);
            }
            // What comes of it goes before what was to come.
            while let Some(deed) = new.pop_back() {
                deeds.push_front(deed);
            }
        }
    }

    /// A query is over that the exchange has never seen: a client elsewhere is told.
    fn end_query(&mut self, session: SessionId) {
        let is_elsewhere = self.sessions.get(&session).is_some_and(|mailbox| mailbox.peer().is_some());
        if is_elsewhere {
            *self.lost_queries.entry(session).or_default() += 1;
            self.tell_admission(session, None);
        }
    }

    /// Tells a client elsewhere how many of its queries are over, and what its library refuses by itself if that changed.
    fn tell_admission(&self, session: SessionId, refusals: Option<Vec<Refusal>>) {
        let (Some(exchange), Some(mailbox)) = (&self.exchange, self.sessions.get(&session)) else { return };
        let lost = self.lost_queries.get(&session).copied().unwrap_or_default();
        let queries_done = exchange.queries(session).0 + lost;
        mailbox.admit(Admission { queries_done, limits: self.limits(), refusals });
        mailbox.flush(self.latest);
    }

    /// Steps the exchange and returns what comes out of it.
    fn carry_out_alone(&mut self, input: Input, done: &mut Done) -> Vec<Output> {
        if let Err(cause) = self.carry_out(done.now, input) {
            done.kept = Err(cause);
        }
        std::mem::take(&mut self.outputs)
    }
}

fn read(line: &str) -> Result<Command, CommandError> {
    let (name, arguments) = read_line(line)?;
    read_command(&name, &arguments, &|_| None)
}

#[cfg(test)]
mod tests;
