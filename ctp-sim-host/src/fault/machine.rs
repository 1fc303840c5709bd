//! The machine that carries plans out: between the exchange's outputs and the mailboxes, and before the exchange.
//!
//! It is pure: what happens to it comes with its time, and what it wants done comes out as [`Deed`]s, in their order.
//! Each fault is one stage of a pipeline. A delivery or request goes through the stages in their order; a stage that drops
//! or loses it marks it as gone, so that the triggers (`on`) behind it still see it.

mod admit;
mod deliver;
mod moments;
mod request;
mod state;

use std::collections::{BTreeMap, VecDeque};

use ctp_sim::{ApiKind, Delivery, Input, Output, Random, SessionId, SessionState, Timestamp};

use serde::{Deserialize, Serialize};

use self::state::{Known, Stage};
use super::plan::{At, FaultPlan};
use crate::scenario::time;
use crate::wire::Refusal;

/// What the machine wants done.
#[derive(Debug)]
pub(crate) enum Deed {
    /// A delivery goes to its mailbox.
    Put(Output),
    /// A delivery that the exchange did not make goes through the pipeline.
    Give(Output),
    /// The exchange takes an input.
    Exchange(Input),
    /// A command of the exchange, as scenarios write it.
    Line(String),
    /// The exchange's clock jumps by so many nanoseconds.
    Jump(i64),
    /// The store fails as on a full disk, or works again.
    FailStore(bool),
    /// A query has ended that the exchange has never seen.
    QueryOver(SessionId),
    /// Something in a client's library.
    Library(SessionId, LibraryFault),
    /// What a client's library refuses to its caller changes.
    Refusals(SessionId, Vec<Refusal>),
}

/// A fault in the library, in the client's own process, carried out by the thread that calls the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LibraryFault {
    /// Whether records are overwritten after each callback.
    Poison(bool),
    /// Whether the thread stands still: what comes waits.
    Hang(bool),
    /// Callbacks go on for so many milliseconds while `Release` runs; 0 is none.
    LateCallbacks(u32),
    /// `abort()`, where the client's environment allows it: `CTP_SIM_ALLOW_ABORT=1`.
    Abort,
}

impl LibraryFault {
    /// Returns how it is written for a client elsewhere.
    pub(crate) fn to_parts(self) -> (u8, u32) {
        match self {
            Self::Poison(on) => (1, on.into()),
            Self::Hang(on) => (2, on.into()),
            Self::LateCallbacks(milliseconds) => (3, milliseconds),
            Self::Abort => (4, 0),
        }
    }

    /// Reads what was written; `None` of anything else.
    pub(crate) fn from_parts(what: u8, value: u32) -> Option<Self> {
        match (what, value) {
            (1, 0 | 1) => Some(Self::Poison(value == 1)),
            (2, 0 | 1) => Some(Self::Hang(value == 1)),
            (3, milliseconds) => Some(Self::LateCallbacks(milliseconds)),
            (4, 0) => Some(Self::Abort),
            _ => None,
        }
    }
}

/// A plan in force, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlanState {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The rows of the catalogue of faults.
    pub rows: Vec<String>,
    /// Where its chance began.
    pub seed: u64,
    /// Its faults.
    pub faults: Vec<FaultState>,
}

/// A fault in force, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FaultState {
    /// The fault in one line.
    pub text: String,
    /// Whether it is in force at present.
    pub active: bool,
    /// How many chances it had.
    pub chances: u64,
    /// How often it was done.
    pub done: u64,
}

/// Every plan in force, and what it knows of the sessions.
#[derive(Debug)]
pub(crate) struct Faults {
    plans: Vec<Running>,
    /// Plans that are forgotten once nothing of them lasts.
    passing: Vec<u64>,
    sessions: BTreeMap<SessionId, Known>,
    /// What is to come, by its time and then its number.
    later: BTreeMap<(Timestamp, u64), Later>,
    /// Numbers given out to plans and to what is to come.
    next: u64,
    /// Where the chance of a plan without seed begins.
    seed: u64,
    /// Whether the store fails, or would if there were one.
    store_fails: bool,
    /// Whether there is a store, which then refuses what it cannot keep.
    has_store: bool,
}

/// A plan in force.
#[derive(Debug)]
struct Running {
    id: u64,
    name: String,
    rows: Vec<String>,
    seed: u64,
    random: Random,
    stages: Vec<Stage>,
}

/// Which fault of which plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    plan: u64,
    stage: usize,
}

/// Something to come.
#[derive(Debug)]
enum Later {
    /// A fault's time has come: for one session, or for all that it is for.
    Fire(Place, Option<SessionId>),
    /// A window of a fault ends.
    End(Place),
    /// A delayed delivery goes on.
    Put(Output),
    /// An answer of ours comes.
    Give(Output),
    /// A delayed request goes on.
    Exchange(Input),
    /// Gathered deliveries waited long enough.
    Flush(Place, SessionId, u64),
}

impl Faults {
    /// Makes a machine without plans, for an exchange that has these sessions.
    pub(crate) fn new(seed: u64, has_store: bool, sessions: &[SessionState]) -> Self {
        let sessions = sessions.iter().map(|state| (state.session, Known::of(state))).collect();
        Self {
            plans: Vec::new(),
            passing: Vec::new(),
            sessions,
            later: BTreeMap::new(),
            next: 1,
            seed,
            store_fails: false,
            has_store,
        }
    }

    /// Brings a plan into force and returns its number.
    pub(crate) fn add(&mut self, now: Timestamp, plan: FaultPlan, deeds: &mut VecDeque<Deed>) -> u64 {
        let id = self.number();
        let seed = plan.seed.unwrap_or(self.seed);
        let stages: Vec<Stage> = plan.faults.into_iter().map(Stage::new).collect();
        let starts: Vec<Option<Timestamp>> =
            stages.iter().map(|stage| start(&stage.fault.when, now)).collect();
        let random = Random::new(seed, &plan.name);
        self.plans.push(Running { id, name: plan.name, rows: plan.rows, seed, random, stages });
        for (stage, start) in starts.into_iter().enumerate() {
            let Some(start) = start else { continue };
            let place = Place { plan: id, stage };
            if start <= now {
                self.fire(now, place, None, deeds);
            } else {
                self.later(start, Later::Fire(place, None));
            }
        }
        id
    }

    /// Brings a plan into force whose faults begin at once; it is forgotten once nothing of it lasts.
    pub(crate) fn add_once(&mut self, now: Timestamp, plan: FaultPlan, deeds: &mut VecDeque<Deed>) -> u64 {
        let id = self.add(now, plan, deeds);
        self.passing.push(id);
        self.forget_passing();
        id
    }

    fn forget_passing(&mut self) {
        let plans = &mut self.plans;
        self.passing.retain(|id| {
            let lasts =
                |plan: &Running| plan.id == *id && plan.stages.iter().any(|stage| !stage.windows.is_empty());
            let goes_on = plans.iter().any(lasts);
            plans.retain(|plan| goes_on || plan.id != *id);
            goes_on
        });
    }

    /// Takes a plan out of force, or all. What it held goes on; returns how many there were.
    pub(crate) fn clear(&mut self, now: Timestamp, id: Option<u64>, deeds: &mut VecDeque<Deed>) -> usize {
        let of = |plan: &Running| id.is_none_or(|id| id == plan.id);
        let before = self.plans.len();
        let mut ended: Vec<Running> = Vec::new();
        let mut place = 0;
        while place < self.plans.len() {
            if of(&self.plans[place]) {
                ended.push(self.plans.remove(place));
            } else {
                place += 1;
            }
        }
        for stage in ended.into_iter().flat_map(|plan| plan.stages) {
            self.end_stage(stage, deeds);
        }
        self.refresh_all(now, deeds);
        if self.plans.is_empty() {
            // Nobody delays any more.
            for (_, later) in std::mem::take(&mut self.later) {
                self.now_or_never(later, deeds);
            }
        }
        before - self.plans.len()
    }

    /// Returns whether there is nothing to do any more: no plan, nothing held.
    pub(crate) fn is_idle(&self) -> bool {
        self.plans.is_empty() && self.later.is_empty()
    }

    /// Returns when something is due next.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.later.first_key_value().map(|((at, _), _)| *at)
    }

    /// Returns the plans in force.
    pub(crate) fn states(&self, now: Timestamp) -> Vec<PlanState> {
        let plans = self.plans.iter().map(|plan| PlanState {
            id: plan.id,
            name: plan.name.clone(),
            rows: plan.rows.clone(),
            seed: plan.seed,
            faults: plan.stages.iter().map(|stage| stage.state(now)).collect(),
        });
        plans.collect()
    }

    /// Returns what was done since the last call, a line for each fault.
    pub(crate) fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        for plan in &mut self.plans {
            for stage in plan.stages.iter_mut().filter(|stage| stage.done > stage.told) {
                stage.told = stage.done;
                news.push(format!("{}: {} ×{}", plan.name, stage.fault.text, stage.done));
            }
        }
        news
    }

    /// Does what is due at `now`.
    pub(crate) fn due(&mut self, now: Timestamp, deeds: &mut VecDeque<Deed>) {
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            match entry.remove() {
                Later::Fire(place, session) => self.fire(now, place, session, deeds),
                Later::End(place) => self.end_window(now, place, deeds),
                Later::Put(output) => self.put(output, deeds),
                Later::Give(output) => deeds.push_back(Deed::Give(output)),
                Later::Exchange(input) => deeds.push_back(Deed::Exchange(input)),
                Later::Flush(place, session, number) => self.flush(place, session, number, deeds),
            }
        }
    }

    fn now_or_never(&mut self, later: Later, deeds: &mut VecDeque<Deed>) {
        match later {
            Later::Put(output) | Later::Give(output) => self.put(output, deeds),
            Later::Exchange(input) => deeds.push_back(Deed::Exchange(input)),
            Later::Fire(..) | Later::End(_) | Later::Flush(..) => {}
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn later(&mut self, at: Timestamp, later: Later) {
        let number = self.number();
        self.later.insert((at, number), later);
    }

    fn stage(&self, place: Place) -> Option<&Stage> {
        let plan = self.plans.iter().find(|plan| plan.id == place.plan)?;
        plan.stages.get(place.stage)
    }

    fn stage_mut(&mut self, place: Place) -> Option<&mut Stage> {
        let plan = self.plans.iter_mut().find(|plan| plan.id == place.plan)?;
        plan.stages.get_mut(place.stage)
    }

    /// Returns every stage's place, in the order of the pipeline.
    fn places(&self) -> Vec<Place> {
        let of = |plan: &Running| {
            let id = plan.id;
            (0..plan.stages.len()).map(move |stage| Place { plan: id, stage })
        };
        self.plans.iter().flat_map(of).collect()
    }
}

/// Returns when a fault's time comes by itself; `None` when something must trigger it.
fn start(when: &super::plan::When, now: Timestamp) -> Option<Timestamp> {
    if when.on.is_some() {
        return None;
    }
    let base = match &when.at {
        None => now,
        Some(At::Moment(moment)) => *moment,
        // The reader of plans has tried it.
        Some(At::TimeOfDay(text)) => time::until(now, text).unwrap_or(now),
    };
    Some(base.after(when.after_that))
}

/// Returns the session that an input is of.
fn session_of(input: &Input) -> Option<SessionId> {
    match input {
        Input::Connect { session, .. }
        | Input::Disconnect { session }
        | Input::Topics { session, .. }
        | Input::Trader { session, .. }
        | Input::Md { session, .. }
        | Input::Subscribe { session, .. }
        | Input::Unsubscribe { session, .. }
        | Input::SubscribeForQuote { session, .. }
        | Input::UnsubscribeForQuote { session, .. } => Some(*session),
        Input::Command(_) | Input::Advance | Input::Skip => None,
    }
}

/// Returns the API of a delivery; `None` of the end of a connection.
fn kind_of(delivery: &Delivery) -> Option<ApiKind> {
    match delivery {
        Delivery::Trader { .. } => Some(ApiKind::Trader),
        Delivery::Md { .. } | Delivery::Burst { .. } => Some(ApiKind::Md),
        Delivery::Close { .. } => None,
    }
}

#[cfg(test)]
mod tests;
