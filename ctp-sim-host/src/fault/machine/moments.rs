//! What is done to connections and the server: at a time, on a trigger, or for as long as a window lasts.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use ctp_sim::{Command, Delivery, Input, Output, SessionId, Timestamp};

use super::state::{Known, Library, Stage, Stalled, Window};
use super::{Deed, Faults, Later, LibraryFault, Place};
use crate::fault::plan::{Action, Every};

/// `nReason` of a connection that the other side closed.
const PEER_CLOSED: i32 = 0x1001;

/// How long callbacks go on while `Release` runs, where the plan does not say.
const LATE_DEFAULT: Duration = Duration::from_millis(50);

impl Faults {
    /// A trigger was met: the fault's time comes now or later, for the session that met it.
    pub(super) fn trigger(
        &mut self,
        now: Timestamp,
        place: Place,
        session: SessionId,
        deeds: &mut VecDeque<Deed>,
    ) {
        let Some(stage) = self.stage(place) else { return };
        let wait = stage.fault.when.after_that;
        if wait.is_zero() {
            self.fire(now, place, Some(session), deeds);
        } else {
            self.later(now.after(wait), Later::Fire(place, Some(session)));
        }
    }

    /// A fault's time has come.
    pub(super) fn fire(
        &mut self,
        now: Timestamp,
        place: Place,
        session: Option<SessionId>,
        deeds: &mut VecDeque<Deed>,
    ) {
        let Some(plan) = self.plans.iter_mut().find(|plan| plan.id == place.plan) else { return };
        let Some(stage) = plan.stages.get_mut(place.stage) else { return };
        let is_what = stage.fault.is_delivery() || stage.fault.is_request();
        // A trigger was counted when it was met.
        let counted = is_what || stage.fault.when.on.is_some();
        let done = counted || stage.takes(&mut plan.random);
        let fault = stage.fault.clone();
        let left = fault.when.count.is_none_or(|count| stage.done < count);
        if let Every::Period(period) = fault.when.every
            && left
        {
            let started = *stage.started.get_or_insert(now);
            let next = now.after(period);
            if fault.when.lasts.is_none_or(|lasts| next < started.after(lasts)) {
                self.later(next, Later::Fire(place, session));
            }
        }
        if !done {
            return;
        }
        let lasts = match (&fault.action, fault.when.every) {
            (Action::Restart { down, .. }, _) => Some(*down).filter(|down| !down.is_zero()),
            // The time is that of the repetition.
            (_, Every::Period(period)) => is_state_action(&fault.action).then_some(period / 2),
            // Its `for` is how long it goes on after a release.
            (Action::LateCallbacks, _) => {
                self.open(now, place, session, None);
                None
            }
            _ if is_what || is_state_action(&fault.action) => {
                self.open(now, place, session, fault.when.lasts);
                None
            }
            _ => None,
        };
        if let Some(lasts) = lasts {
            self.open(now, place, session, Some(lasts));
        }
        let meant = self.meant(place, session);
        match &fault.action {
            Action::Disconnect { reason } => {
                for session in meant {
                    self.cut(session, deeds);
                    deeds.push_back(Deed::Exchange(Input::Command(Command::Disconnect {
                        session,
                        reason: *reason,
                    })));
                }
            }
            Action::Replay { times } => {
                for session in meant {
                    for _ in 0..*times {
                        deeds.push_back(Deed::Exchange(Input::Command(Command::PushAgain { session })));
                    }
                }
            }
            Action::Restart { clear_flow, .. } => {
                if *clear_flow {
                    deeds.push_back(Deed::Exchange(Input::Command(Command::ClearFlow)));
                }
                for session in self.sessions.keys().copied().collect::<Vec<_>>() {
                    let reason = PEER_CLOSED;
                    self.cut(session, deeds);
                    deeds.push_back(Deed::Exchange(Input::Command(Command::Disconnect { session, reason })));
                }
            }
            Action::ClockJump { by } => deeds.push_back(Deed::Jump(*by)),
            Action::Command { line, .. } => deeds.push_back(Deed::Line(line.clone())),
            Action::Abort => {
                deeds.extend(meant.into_iter().map(|session| Deed::Library(session, LibraryFault::Abort)))
            }
            _ => {}
        }
        match session {
            Some(session) => self.refresh(now, session, deeds),
            None => self.refresh_all(now, deeds),
        }
    }

    /// Brings a fault into force.
    fn open(&mut self, now: Timestamp, place: Place, session: Option<SessionId>, lasts: Option<Duration>) {
        let until = lasts.map(|lasts| now.after(lasts));
        let Some(stage) = self.stage_mut(place) else { return };
        // A trigger met again begins the time anew.
        stage
            .windows
            .retain(|window| window.session != session && window.until.is_none_or(|until| now < until));
        stage.windows.push(Window { session, from: now, until });
        if let Some(until) = until {
            self.later(until, Later::End(place));
        }
    }

    /// A window of a fault is over.
    pub(super) fn end_window(&mut self, now: Timestamp, place: Place, deeds: &mut VecDeque<Deed>) {
        let Some(stage) = self.stage_mut(place) else { return };
        let before = stage.windows.len();
        stage.windows.retain(|window| window.until.is_none_or(|until| now < until));
        if stage.windows.len() < before
            && let Action::Command { undo: Some(undo), .. } = &stage.fault.action
        {
            deeds.push_back(Deed::Line(undo.clone()));
        }
        self.refresh_all(now, deeds);
        self.forget_passing();
    }

    /// A fault is taken out of force: what it holds goes on.
    pub(super) fn end_stage(&mut self, mut stage: Stage, deeds: &mut VecDeque<Deed>) {
        if !stage.windows.is_empty()
            && let Action::Command { undo: Some(undo), .. } = &stage.fault.action
        {
            deeds.push_back(Deed::Line(undo.clone()));
        }
        for (_, gathered) in mem::take(&mut stage.gathered) {
            for output in gathered.held {
                self.put(output, deeds);
            }
        }
    }

    /// Returns the connected sessions that a fault is for.
    fn meant(&self, place: Place, session: Option<SessionId>) -> Vec<SessionId> {
        let Some(stage) = self.stage(place) else { return Vec::new() };
        let sessions = self.sessions.iter().filter(|(id, known)| {
            known.connected && session.is_none_or(|own| own == **id) && stage.fault.who.includes(**id, known)
        });
        sessions.map(|(id, _)| *id).collect()
    }

    /// Lets nothing more through to a client whose connection is about to end.
    fn cut(&mut self, session: SessionId, deeds: &mut VecDeque<Deed>) {
        let Some(known) = self.sessions.get_mut(&session).filter(|known| known.connected) else { return };
        known.stalled = None;
        if known.closed_unseen {
            // The exchange has nothing to end any more.
            known.end_connection();
            deeds.push_back(Deed::Put(Output { session, delivery: Delivery::Close { reason: PEER_CLOSED } }));
            self.forget_held(session);
        } else {
            known.cut = true;
            known.half_open = false;
        }
    }

    /// Brings every session into the state that the windows ask for, and the store.
    pub(super) fn refresh_all(&mut self, now: Timestamp, deeds: &mut VecDeque<Deed>) {
        let fails = self.plans.iter().flat_map(|plan| &plan.stages).any(|stage| {
            stage.fault.action == Action::DiskFull && stage.windows.iter().any(|window| window.holds(now))
        });
        if mem::replace(&mut self.store_fails, fails) != fails {
            deeds.push_back(Deed::FailStore(fails));
        }
        for session in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.refresh(now, session, deeds);
        }
    }

    /// Brings a session into the state that the windows ask for.
    pub(super) fn refresh(&mut self, now: Timestamp, session: SessionId, deeds: &mut VecDeque<Deed>) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        known.user_is_new = false;
        let wanted = Wanted::of(self.plans.iter().flat_map(|plan| &plan.stages), now, session, known);
        for change in mem::replace(&mut known.library, wanted.library).changes(wanted.library) {
            deeds.push_back(Deed::Library(session, change));
        }
        if !wanted.refused
            && let Some(connect) = known.waiting.take()
        {
            known.connected = true;
            deeds.push_back(Deed::Exchange(connect));
        }
        if known.connected && known.silent != wanted.silent {
            known.silent = wanted.silent;
            let command = Command::Silence { session, on: wanted.silent };
            deeds.push_back(Deed::Exchange(Input::Command(command)));
        }
        match (known.half_open, wanted.half_open && known.connected) {
            (false, true) => known.half_open = true,
            (true, false) => {
                // The other side of the connection is long gone.
                known.end_connection();
                deeds.push_back(Deed::Exchange(Input::Disconnect { session }));
                deeds.push_back(Deed::Put(Output {
                    session,
                    delivery: Delivery::Close { reason: PEER_CLOSED },
                }));
                self.forget_held(session);
            }
            _ => {}
        }
        let Some(known) = self.sessions.get_mut(&session) else { return };
        if wanted.stalled {
            known.stalled.get_or_insert_with(Stalled::default);
        } else if let Some(stalled) = known.stalled.take() {
            for output in stalled.outputs {
                self.put(output, deeds);
            }
            deeds.extend(stalled.inputs.into_iter().map(Deed::Exchange));
        }
        self.refresh_refusals(now, session, deeds);
    }
}

/// What the windows in force ask of a session.
#[derive(Default)]
struct Wanted {
    refused: bool,
    silent: bool,
    half_open: bool,
    stalled: bool,
    library: Library,
}

impl Wanted {
    fn of<'a>(
        stages: impl Iterator<Item = &'a Stage>,
        now: Timestamp,
        session: SessionId,
        known: &Known,
    ) -> Self {
        let mut wanted = Self::default();
        for stage in stages.filter(|stage| stage.in_force(now, session, known)) {
            match &stage.fault.action {
                Action::RefuseConnect | Action::Restart { .. } => wanted.refused = true,
                Action::Silence => wanted.silent = true,
                Action::HalfOpen => wanted.half_open = true,
                Action::Stall => wanted.stalled = true,
                Action::Poison => wanted.library.poison = true,
                Action::Hang => wanted.library.hang = true,
                Action::LateCallbacks => {
                    let lasts = stage.fault.when.lasts.unwrap_or(LATE_DEFAULT);
                    wanted.library.late = u32::try_from(lasts.as_millis()).unwrap_or(u32::MAX);
                }
                _ => {}
            }
        }
        wanted
    }
}

fn is_state_action(action: &Action) -> bool {
    matches!(
        action,
        Action::RefuseConnect
            | Action::Silence
            | Action::HalfOpen
            | Action::Stall
            | Action::DiskFull
            | Action::Command { .. }
            | Action::Poison
            | Action::Hang
            | Action::LateCallbacks
    )
}
