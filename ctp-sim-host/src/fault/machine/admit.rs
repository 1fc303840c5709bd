//! What the client's library refuses to its caller: return codes.

use std::collections::VecDeque;

use ctp_sim::{ApiKind, Input, Random, SessionId, Timestamp};
use ctp_types::{MdRequest, TraderRequest};

use super::state::{Stage, happens};
use super::{Deed, Faults, session_of};
use crate::fault::alter::fits;
use crate::fault::plan::{Action, Every, When};
use crate::wire::Refusal;

/// Chances that are drawn ahead for a client that counts by itself.
const AHEAD: u64 = 4_096;
/// Runs of refusals that it is told at most.
const RUNS_MAX: usize = 100;

impl Faults {
    /// Returns what a request returns to its caller: 0 to go on.
    pub(crate) fn admit(&mut self, now: Timestamp, input: &Input) -> i32 {
        let Some(session) = session_of(input) else { return 0 };
        let record = match input {
            Input::Trader { record, .. } | Input::Md { record, .. } => Some(record),
            _ => None,
        };
        let Some(known) = self.sessions.get(&session) else { return 0 };
        for plan in &mut self.plans {
            for stage in &mut plan.stages {
                let Action::ReturnCode { code } = stage.fault.action else { continue };
                let is_chance = stage.fault.what.has_input(input)
                    && fits(&stage.fault.fields, record)
                    && stage.in_force(now, session, known);
                if is_chance && stage.takes(&mut plan.random) {
                    return code;
                }
            }
        }
        0
    }

    /// Tells a client that refuses by itself what to refuse, where that changed.
    pub(super) fn refresh_refusals(
        &mut self,
        now: Timestamp,
        session: SessionId,
        deeds: &mut VecDeque<Deed>,
    ) {
        let Some(known) = self.sessions.get_mut(&session) else { return };
        let mut groups: Vec<(Vec<u16>, Vec<Drawn<'_>>)> = Vec::new();
        for plan in &self.plans {
            for stage in &plan.stages {
                if let Action::ReturnCode { code } = stage.fault.action
                    && stage.in_force(now, session, known)
                {
                    let requests = slots(stage, known.kind);
                    // Drawn from a chance of its own, so that what others draw does not depend on it.
                    let random = Random::new(plan.seed, &stage.fault.text);
                    let drawn = Drawn { when: &stage.fault.when, code, chances: 0, done: 0, random };
                    match groups.iter_mut().find(|(others, _)| *others == requests) {
                        Some((_, group)) => group.push(drawn),
                        None => groups.push((requests, vec![drawn])),
                    }
                }
            }
        }
        let refusals: Vec<Refusal> =
            groups.into_iter().flat_map(|(requests, mut group)| runs(&requests, &mut group)).collect();
        if known.refusals != refusals {
            known.refusals.clone_from(&refusals);
            deeds.push_back(Deed::Refusals(session, refusals));
        }
    }
}

/// A fault whose chances are drawn ahead.
struct Drawn<'a> {
    when: &'a When,
    code: i32,
    chances: u64,
    done: u64,
    random: Random,
}

impl Drawn<'_> {
    fn takes(&mut self) -> bool {
        let when = self.when;
        self.chances += 1;
        let every = match when.every {
            Every::Chances(every) => every.max(1),
            _ => 1,
        };
        let taken = when.count.is_none_or(|count| self.done < count)
            && self.chances > when.skip
            && (self.chances - when.skip - 1).is_multiple_of(every)
            && when.probability.is_none_or(|likely| happens(&mut self.random, likely));
        self.done += u64::from(taken);
        taken
    }

    /// Returns the run of a fault that refuses without a gap; `None` where there may be gaps.
    fn single(&self, requests: &[u16]) -> Option<Refusal> {
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let gapless =
            matches!(self.when.every, Every::Chance | Every::Chances(1)) && self.when.probability.is_none();
        gapless.then(|| Refusal {
            code: self.code,
            requests: requests.to_vec(),
            skip: narrow(self.when.skip),
            count: self.when.count.map_or(u32::MAX, narrow),
        })
    }
}

/// Returns what faults refuse of the same requests, one run after the other.
fn runs(requests: &[u16], group: &mut [Drawn<'_>]) -> Vec<Refusal> {
    if let [only] = group
        && let Some(run) = only.single(requests)
    {
        return vec![run];
    }
    let mut runs: Vec<Refusal> = Vec::new();
    let mut passed = 0;
    for _ in 0..AHEAD {
        let code = group.iter_mut().find_map(|fault| fault.takes().then_some(fault.code));
        let is_full = runs.len() == RUNS_MAX;
        match (code, runs.last_mut()) {
            (None, _) => passed += 1,
            (Some(code), Some(run)) if passed == 0 && run.code == code => run.count += 1,
            (Some(_), _) if is_full => break,
            (Some(code), _) => {
                runs.push(Refusal { code, requests: requests.to_vec(), skip: passed, count: 1 });
                passed = 0;
            }
        }
    }
    runs
}

/// Returns the slots of the requests that a fault is for.
fn slots(stage: &Stage, kind: ApiKind) -> Vec<u16> {
    let what = &stage.fault.what;
    match kind {
        ApiKind::Trader => {
            let requests = TraderRequest::ALL.iter().filter(|request| what.has_trader_request(**request));
            requests.map(|request| *request as u16).collect()
        }
        ApiKind::Md => {
            let requests = MdRequest::ALL.iter().filter(|request| what.has_md_request(**request));
            requests.map(|request| *request as u16).collect()
        }
    }
}
