//! Deliveries on their way to the client.

use std::collections::VecDeque;
use std::time::Duration;

use ctp_sim::{Delivery, Output, Random, SessionId, Timestamp};
use ctp_types::{MdCallback, RspUserLoginField, TraderCallback};

use super::state::Gathered;
use super::{Deed, Faults, Later, Place, kind_of};
use crate::fault::alter::{alter, applies, fits, record};
use crate::fault::plan::{Action, Span};

/// A delivery in the pipeline.
struct Item {
    output: Output,
    /// Dropped or held; only triggers see it.
    gone: bool,
    fired: Vec<Place>,
}

impl Faults {
    /// Takes a delivery of the exchange, and gives what becomes of it.
    pub(crate) fn give(&mut self, now: Timestamp, output: Output, deeds: &mut VecDeque<Deed>) {
        let session = output.session;
        self.note_delivery(&output);
        if let Delivery::Close { .. } = output.delivery {
            self.put(output, deeds);
            return;
        }
        if self.sessions.get(&session).is_none_or(|known| known.cut || known.half_open) {
            return;
        }
        let mut items = vec![Item { output, gone: false, fired: Vec::new() }];
        for place in self.places() {
            items = self.pass(now, place, items);
        }
        for item in items {
            if !item.gone {
                self.put(item.output, deeds);
            }
            for place in item.fired {
                self.trigger(now, place, session, deeds);
            }
        }
        if self.sessions.get(&session).is_some_and(|known| known.user_is_new) {
            self.refresh(now, session, deeds);
        }
    }

    /// Sends items through one stage.
    fn pass(&mut self, now: Timestamp, place: Place, items: Vec<Item>) -> Vec<Item> {
        let mut passed = Vec::with_capacity(items.len());
        for item in items {
            self.pass_one(now, place, item, &mut passed);
        }
        passed
    }

    fn pass_one(&mut self, now: Timestamp, place: Place, mut item: Item, passed: &mut Vec<Item>) {
        let session = item.output.session;
        let Some(plan) = self.plans.iter_mut().find(|plan| plan.id == place.plan) else { return };
        let (Some(stage), Some(known)) = (plan.stages.get_mut(place.stage), self.sessions.get(&session))
        else {
            passed.push(item);
            return;
        };
        let random = &mut plan.random;
        let fault = &stage.fault;
        let has_what = fault.is_delivery() || fault.is_request();
        let triggers = fault.when.on.as_ref().is_some_and(|on| on.has_delivery(&item.output.delivery))
            && (has_what || fits(&fault.fields, record(&item.output.delivery)))
            && fault.who.includes(session, known);
        // Where there is a `what`, its chances are counted instead.
        if triggers && (has_what || stage.takes(random)) {
            item.fired.push(place);
        }
        let fault = &stage.fault;
        if item.gone || !fault.is_delivery() {
            passed.push(item);
            return;
        }
        let behind = match &fault.action {
            Action::Reorder { behind: Some(behind), .. } => behind.has_delivery(&item.output.delivery),
            _ => false,
        };
        let is_chance = fault.what.has_delivery(&item.output.delivery)
            && fits(&fault.fields, record(&item.output.delivery))
            && applies(&fault.action, &item.output.delivery)
            && stage.in_force(now, session, known);
        if !(is_chance && stage.takes(random)) {
            passed.push(item);
            if behind && let Some(gathered) = stage.gathered.get_mut(&session) {
                let held = std::mem::take(&mut gathered.held);
                passed.extend(held.into_iter().map(|output| Item { output, gone: false, fired: Vec::new() }));
            }
            return;
        }
        match &stage.fault.action {
            Action::Drop => {
                item.gone = true;
                passed.push(item);
            }
            Action::Duplicate { times } => {
                let copies =
                    (0..*times).map(|_| Item { output: item.output.clone(), gone: false, fired: Vec::new() });
                let copies: Vec<Item> = copies.collect();
                passed.push(item);
                passed.extend(copies);
            }
            Action::Delay { by } => {
                let at = now.after(draw(*by, random));
                let copy = item.output.clone();
                item.gone = true;
                passed.push(item);
                self.later(at, Later::Put(copy));
            }
            Action::Reorder { window, behind, by } => {
                let (window, by) = (behind.is_none().then_some(*window), *by);
                let gathered = stage.gathered.entry(session).or_default();
                let is_first = gathered.held.is_empty();
                gathered.held.push(item.output.clone());
                item.gone = true;
                passed.push(item);
                if window.is_some_and(|window| gathered.held.len() >= window) {
                    let held = std::mem::take(&mut gathered.held);
                    let backwards = held.into_iter().rev();
                    passed.extend(backwards.map(|output| Item { output, gone: false, fired: Vec::new() }));
                } else if is_first {
                    gathered.number += 1;
                    let number = gathered.number;
                    self.later(now.after(by), Later::Flush(place, session, number));
                }
            }
            action => {
                alter(action, &mut item.output.delivery, random);
                passed.push(item);
            }
        }
    }

    /// Lets deliveries go that waited long enough for others.
    pub(super) fn flush(
        &mut self,
        place: Place,
        session: SessionId,
        number: u64,
        deeds: &mut VecDeque<Deed>,
    ) {
        let Some(gathered) = self.stage_mut(place).and_then(|stage| stage.gathered.get_mut(&session)) else {
            return;
        };
        if gathered.number == number {
            for output in std::mem::take(&mut gathered.held) {
                self.put(output, deeds);
            }
        }
    }

    /// Lets a delivery go to its client, unless the connection keeps it.
    pub(super) fn put(&mut self, output: Output, deeds: &mut VecDeque<Deed>) {
        let Some(known) = self.sessions.get_mut(&output.session) else {
            // A session that is gone: its mailbox is, too.
            deeds.push_back(Deed::Put(output));
            return;
        };
        if let Delivery::Close { .. } = output.delivery {
            if known.half_open {
                // The client does not notice.
                known.closed_unseen = true;
                return;
            }
            if let Some(stalled) = &mut known.stalled {
                known.closed_unseen = true;
                stalled.outputs.push_back(output);
                return;
            }
            let session = output.session;
            known.end_connection();
            deeds.push_back(Deed::Put(output));
            self.forget_held(session);
            return;
        }
        if known.cut || known.half_open {
            return;
        }
        match &mut known.stalled {
            Some(stalled) => stalled.outputs.push_back(output),
            None => deeds.push_back(Deed::Put(output)),
        }
    }

    /// Drops what was held for a connection that is over.
    pub(super) fn forget_held(&mut self, session: SessionId) {
        self.later.retain(|_, later| match later {
            Later::Put(output) | Later::Give(output) => output.session != session,
            Later::Exchange(input) => super::session_of(input) != Some(session),
            Later::Fire(_, of) => *of != Some(session),
            Later::End(_) | Later::Flush(..) => true,
        });
        for stage in self.plans.iter_mut().flat_map(|plan| &mut plan.stages) {
            if let Some(gathered) = stage.gathered.get_mut(&session) {
                *gathered = Gathered { number: gathered.number + 1, held: Vec::new() };
            }
        }
        if let Some(known) = self.sessions.get_mut(&session)
            && let Some(stalled) = &mut known.stalled
        {
            stalled.outputs.clear();
            stalled.inputs.clear();
        }
    }

    /// Keeps what a delivery tells about its session.
    fn note_delivery(&mut self, output: &Output) {
        let login = match &output.delivery {
            Delivery::Trader { callback: TraderCallback::OnRspUserLogin, record, rsp_info, .. }
            | Delivery::Md { callback: MdCallback::OnRspUserLogin, record, rsp_info, .. } => {
                record.as_ref().filter(|_| rsp_info.as_ref().is_none_or(|info| info.error_id == 0))
            }
            _ => None,
        };
        let user = login.and_then(|record| record.get::<RspUserLoginField>()).map(|login| login.user_id);
        if let Some(user) = user
            && kind_of(&output.delivery).is_some()
        {
            self.note_user(output.session, &user.to_str());
        }
    }
}

/// Draws a duration.
pub(super) fn draw(span: Span, random: &mut Random) -> Duration {
    if span.low == span.high {
        return span.low;
    }
    let nanoseconds = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    Duration::from_nanos(random.between(nanoseconds(span.low), nanoseconds(span.high)).unsigned_abs())
}
