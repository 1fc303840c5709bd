//! What leaves for the exchange: no faster than the limits say, nothing new while the gate is closed or the kill switch
//! on.

use std::collections::VecDeque;
use std::time::Duration;

use super::At;
use crate::journal::Entry;
use crate::td::classes::Class;

/// The limits that the sessions of a run have: orders and cancels in any second, and orders among them.
const PER_SECOND: usize = 9;
const ORDERS_PER_SECOND: usize = 7;
const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Leaving {
    all: VecDeque<At>,
    orders: VecDeque<At>,
    is_gate_open: bool,
    is_killed: bool,
}

impl Leaving {
    /// The session gives something that counts to the library.
    pub(crate) fn left(&mut self, at: At, class: Class) -> Result<(), String> {
        if class == Class::New {
            if !self.is_gate_open {
                return Err("an order left through a closed gate".to_owned());
            }
            if self.is_killed {
                return Err("an order left although the kill switch is on".to_owned());
            }
            take(&mut self.orders, at, ORDERS_PER_SECOND)?;
        }
        take(&mut self.all, at, PER_SECOND)
    }

    pub(crate) fn gate(&mut self, is_open: bool) {
        self.is_gate_open = is_open;
    }

    pub(crate) fn switch(&mut self, is_on: bool) {
        self.is_killed = is_on;
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.is_killed
    }

    pub(crate) fn is_gate_open(&self) -> bool {
        self.is_gate_open
    }

    /// Another process begins: its kill switch is as its journal says, and its gate is closed.
    pub(crate) fn remembers(&mut self, entries: &[Entry]) {
        let last = entries.iter().rev().find_map(|entry| match entry {
            Entry::Switch { on, .. } => Some(*on),
            _ => None,
        });
        self.is_killed = last.unwrap_or(false);
        self.is_gate_open = false;
    }
}

/// Notes a time, of which any second holds so many at most.
fn take(times: &mut VecDeque<At>, at: At, most: usize) -> Result<(), String> {
    times.push_back(at);
    while times.front().is_some_and(|first| at.since(*first) > SECOND) {
        times.pop_front();
    }
    match times.len() > most {
        true => Err(format!("{} orders and cancels left within a second; {most} may", times.len())),
        false => Ok(()),
    }
}
