//! The gate in front of orders: open, or closed for reasons that are said.

use std::fmt;

use crate::error::{Denial, Rule};

/// Whether new orders may leave. Cancels pass a closed gate as long as the session can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GateState {
    /// Orders may leave.
    Open,
    /// No order leaves, for these reasons.
    Closed(GateReasons),
}

impl GateState {
    /// Returns whether orders may leave.
    pub fn is_open(self) -> bool {
        self == Self::Open
    }

    /// Returns why no order may leave; empty while the gate is open.
    pub fn reasons(self) -> GateReasons {
        match self {
            Self::Open => GateReasons::default(),
            Self::Closed(reasons) => reasons,
        }
    }
}

impl fmt::Display for GateState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Closed(reasons) => write!(f, "closed: {reasons}"),
        }
    }
}

/// Why no order may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GateReason {
    /// The session is not logged in.
    NotReady,
    /// The session is logged in, and finds out what happened meanwhile.
    Recovering,
    /// The ledger and the counter differ.
    Differs,
    /// The counter does not answer what the comparison needs; it is asked again.
    Unverified,
    /// The kill switch is on.
    KillSwitch,
    /// The journal cannot be written.
    JournalFailed,
    /// The configuration says `read_only`.
    ReadOnly,
}

impl GateReason {
    /// Every reason.
    pub const ALL: &[Self] = &[
        Self::NotReady,
        Self::Recovering,
        Self::Differs,
        Self::Unverified,
        Self::KillSwitch,
        Self::JournalFailed,
        Self::ReadOnly,
    ];

    /// Returns the name of the reason, for logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotReady => "not_ready",
            Self::Recovering => "recovering",
            Self::Differs => "differs",
            Self::Unverified => "unverified",
            Self::KillSwitch => "kill_switch",
            Self::JournalFailed => "journal_failed",
            Self::ReadOnly => "read_only",
        }
    }

    /// Returns what has to happen for the gate to open.
    pub fn fix(self) -> &'static str {
        match self {
            Self::NotReady => "wait until the session is ready",
            Self::Recovering => "wait for gate() to open: the counter is being asked what happened",
            Self::Differs => {
                "look at the differences; when they are explained, accept_differences() opens the gate"
            }
            Self::Unverified => {
                "the counter does not answer; it is asked again, or accept_differences() opens the gate"
            }
            Self::KillSwitch => "release() opens the gate",
            Self::JournalFailed => "give the journal room to write and start again",
            Self::ReadOnly => "set read_only = false to trade",
        }
    }

    fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

impl fmt::Display for GateReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of reasons.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct GateReasons(u16);

impl GateReasons {
    /// Returns whether the reason is among them.
    pub fn contains(self, reason: GateReason) -> bool {
        self.0 & reason.bit() != 0
    }

    /// Returns whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the reasons, the first to mend first.
    pub fn iter(self) -> impl Iterator<Item = GateReason> {
        GateReason::ALL.iter().copied().filter(move |reason| self.contains(*reason))
    }
}

impl From<GateReason> for GateReasons {
    fn from(reason: GateReason) -> Self {
        Self(reason.bit())
    }
}

impl fmt::Debug for GateReasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for GateReasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().enumerate().try_for_each(|(index, reason)| {
            f.write_str(if index == 0 { "" } else { ", " })?;
            f.write_str(reason.name())
        })
    }
}

/// The gate of a session.
#[derive(Debug)]
pub(crate) struct Gate {
    reasons: GateReasons,
    told: GateState,
}

impl Gate {
    /// Returns a gate that is closed for the reasons.
    pub(crate) fn closed(reasons: impl IntoIterator<Item = GateReason>) -> Self {
        let reasons = GateReasons(reasons.into_iter().fold(0, |bits, reason| bits | reason.bit()));
        let mut gate = Self { reasons, told: GateState::Open };
        gate.told = gate.state();
        gate
    }

    pub(crate) fn close(&mut self, reason: GateReason) {
        self.reasons.0 |= reason.bit();
    }

    /// Takes a reason away. The gate is open when there is none left.
    pub(crate) fn lift(&mut self, reason: GateReason) {
        self.reasons.0 &= !reason.bit();
    }

    pub(crate) fn state(&self) -> GateState {
        if self.reasons.is_empty() { GateState::Open } else { GateState::Closed(self.reasons) }
    }

    /// Returns the state if it is another than the last that was taken here.
    pub(crate) fn take_news(&mut self) -> Option<GateState> {
        let state = self.state();
        (state != self.told).then(|| {
            self.told = state;
            state
        })
    }

    /// Returns the denial of a transfer while the gate is closed. The kill switch stops orders only.
    pub(crate) fn check_transfer(&self) -> Result<(), Denial> {
        let reasons = GateReasons(self.reasons.0 & !GateReason::KillSwitch.bit());
        Self { reasons, told: self.told }.check()
    }

    /// Returns the denial of an order while the gate is closed.
    pub(crate) fn check(&self) -> Result<(), Denial> {
        match self.reasons.iter().next() {
            None => Ok(()),
            Some(first) => {
                Err(Denial::new(Rule::Gate, format!("the gate is closed: {}", self.reasons), first.fix()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_when_the_last_reason_is_gone() {
        let mut gate = Gate::closed([GateReason::NotReady, GateReason::KillSwitch]);
        assert_eq!(gate.state().to_string(), "closed: not_ready, kill_switch");
        assert_eq!(gate.take_news(), None);
        gate.lift(GateReason::NotReady);
        gate.lift(GateReason::NotReady);
        let denial = gate.check().unwrap_err();
        assert_eq!((denial.rule, denial.value.as_str()), (Rule::Gate, "the gate is closed: kill_switch"));
        assert!(gate.take_news().is_some_and(|state| state.reasons().contains(GateReason::KillSwitch)));
        // Funds may be sent to an account that trades no more.
        assert_eq!(gate.check_transfer(), Ok(()));
        gate.close(GateReason::JournalFailed);
        assert_eq!(gate.check_transfer().unwrap_err().value, "the gate is closed: journal_failed");
        gate.lift(GateReason::JournalFailed);
        gate.lift(GateReason::KillSwitch);
        assert_eq!((gate.take_news(), gate.take_news()), (Some(GateState::Open), None));
        assert_eq!(gate.check(), Ok(()));
    }

    #[test]
    fn a_reason_that_is_given_twice_is_one() {
        let mut gate = Gate::closed([GateReason::Differs, GateReason::Differs]);
        assert_eq!(gate.state().reasons(), GateReason::Differs.into());
        gate.close(GateReason::Differs);
        gate.close(GateReason::Differs);
        assert_eq!(gate.state().to_string(), "closed: differs");
        gate.lift(GateReason::Differs);
        assert!(gate.state().is_open() && gate.state().reasons().is_empty());
        assert_eq!(gate.state().to_string(), "open");
    }

    /// Who is denied is told what opens the gate: the call, where one does.
    #[test]
    fn every_reason_says_how_it_ends() {
        for (reason, call) in [
            (GateReason::Recovering, "gate()"),
            (GateReason::Differs, "accept_differences()"),
            (GateReason::Unverified, "accept_differences()"),
            (GateReason::KillSwitch, "release()"),
            (GateReason::ReadOnly, "read_only = false"),
        ] {
            assert!(reason.fix().contains(call), "{reason}: {}", reason.fix());
        }
        let all: std::collections::HashSet<_> = GateReason::ALL.iter().map(|reason| reason.fix()).collect();
        assert_eq!(all.len(), GateReason::ALL.len());
    }

    #[test]
    fn every_reason_stands_alone() {
        for reason in GateReason::ALL {
            let mut gate = Gate::closed([*reason]);
            assert_eq!(GateReasons::from(*reason), gate.state().reasons());
            assert!(!gate.state().is_open() && !gate.state().reasons().is_empty());
            assert_eq!(gate.state().reasons().iter().collect::<Vec<_>>(), [*reason]);
            assert!(gate.check().unwrap_err().fix == reason.fix());
            gate.lift(*reason);
            assert!(gate.state().is_open());
            gate.close(*reason);
            assert_eq!(format!("{:?}", gate.state().reasons()), format!("{{{reason:?}}}"));
        }
    }
}
