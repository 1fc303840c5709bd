//! The queue between CTP's thread and the delivery thread.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ctp_types::DepthMarketDataField;

use super::{Callback, Event};

/// How many events are taken at once, so that a stop request waits for no more than these.
const BATCH: usize = 1_000;

pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
}

struct State {
    events: VecDeque<Event>,
    ticks: VecDeque<DepthMarketDataField>,
    tick_capacity: usize,
    dropped_ticks: u64,
    is_closed: bool,
}

/// What was taken from the queue.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) events: VecDeque<Event>,
    pub(super) ticks: VecDeque<DepthMarketDataField>,
}

impl Queue {
    /// Makes a queue that holds `tick_capacity` ticks; their memory is reserved now.
    pub(crate) fn new(tick_capacity: usize) -> Self {
        let state = State {
            events: VecDeque::with_capacity(tick_capacity.saturating_add(BATCH)),
            ticks: VecDeque::with_capacity(tick_capacity),
            tick_capacity,
            dropped_ticks: 0,
            is_closed: false,
        };
        Self { state: Mutex::new(state), arrived: Condvar::new() }
    }

    pub(super) fn push(&self, callback: Callback) {
        self.push_event(Event::Callback(callback));
    }

    pub(super) fn fault(&self, callback: &'static str, message: &str) {
        self.push_event(Event::Fault { callback, message: message.to_owned() });
    }

    pub(super) fn push_tick(&self, tick: &DepthMarketDataField) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        if state.ticks.len() >= state.tick_capacity {
            // The oldest goes; its place in the order of events is taken by the next tick.
            state.ticks.pop_front();
            state.ticks.push_back(*tick);
            state.dropped_ticks += 1;
            return;
        }
        state.ticks.push_back(*tick);
        state.events.push_back(Event::Tick);
        drop(state);
        self.arrived.notify_one();
    }

    /// Returns how many ticks were dropped because handlers were too slow.
    pub(crate) fn dropped_ticks(&self) -> u64 {
        self.lock().dropped_ticks
    }

    /// Ends delivery; what still waits is discarded.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.arrived.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Waits for events and moves some of them to `batch`; returns false once the queue is closed.
    pub(super) fn wait(&self, batch: &mut Batch) -> bool {
        let state = self.lock();
        let waited = self.arrived.wait_while(state, |state| state.events.is_empty() && !state.is_closed);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return false;
        }
        let count = state.events.len().min(BATCH);
        batch.events.extend(state.events.drain(..count));
        let ticks = batch.events.iter().filter(|event| matches!(event, Event::Tick)).count();
        batch.ticks.extend(state.ticks.drain(..ticks));
        true
    }

    fn push_event(&self, event: Event) {
        let mut state = self.lock();
        if !state.is_closed {
            state.events.push_back(event);
            drop(state);
            self.arrived.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
