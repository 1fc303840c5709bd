//! A function that is called with every tick, on a thread of its own.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};

use crate::md::bus::readers::Ticks;
use crate::md::tick::Tick;

/// A function that is called with every tick. Dropping this lets it go on until the session ends.
#[derive(Clone, Debug)]
pub struct TickHandler {
    state: Arc<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    is_stopped: AtomicBool,
    has_ended: AtomicBool,
    calls: AtomicU64,
    panics: AtomicU64,
    dropped: AtomicU64,
    thread: OnceLock<Thread>,
}

impl TickHandler {
    /// Starts the thread. The function is not called any more once the session is being closed.
    pub(super) fn start(
        name: &str,
        ticks: Ticks,
        handle: impl FnMut(Tick) + Send + 'static,
    ) -> std::io::Result<Self> {
        let state = Arc::new(State::default());
        let own = Arc::clone(&state);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            own.run(ticks, handle);
            own.has_ended.store(true, Ordering::Release);
        })?;
        // It is set once.
        let _ = state.thread.set(thread.thread().clone());
        Ok(Self { state })
    }

    /// Ends the calls; one that is under way goes on. Doing it again does no harm.
    pub fn stop(&self) {
        self.state.stop();
    }

    /// Returns whether the calls have ended.
    pub fn has_ended(&self) -> bool {
        self.state.has_ended()
    }

    /// Returns how often the function was called.
    pub fn calls(&self) -> u64 {
        self.state.calls.load(Ordering::Relaxed)
    }

    /// Returns how often the function panicked. It is called with the next tick nevertheless.
    pub fn panics(&self) -> u64 {
        self.state.panics.load(Ordering::Relaxed)
    }

    /// Returns how many ticks the function was too slow for, up to its last call.
    pub fn dropped(&self) -> u64 {
        self.state.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn state(&self) -> &Arc<State> {
        &self.state
    }
}

impl State {
    fn run(&self, ticks: Ticks, mut handle: impl FnMut(Tick)) {
        let shared = ticks.shared();
        let is_over = || self.is_stopped.load(Ordering::Acquire) || shared.is_closed();
        let mut ticks = ticks.blocking();
        while let Some(tick) = ticks.wait(None, is_over) {
            if is_over() {
                break;
            }
            self.dropped.store(ticks.ticks().dropped(), Ordering::Relaxed);
            self.calls.fetch_add(1, Ordering::Relaxed);
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| handle(tick))) {
                let panics = self.panics.fetch_add(1, Ordering::Relaxed) + 1;
                // A function that panics with every tick must not fill the disk: 1, 2, 4, 8 …
                if panics.is_power_of_two() {
                    let message = panic_message(&*payload);
                    tracing::error!(panics, message, "a function that is called with ticks panicked");
                }
            }
        }
    }

    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Release);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Returns whether the caller is the function itself, which must not wait for its own end.
    pub(super) fn is_caller(&self) -> bool {
        self.thread.get().is_some_and(|thread| thread.id() == thread::current().id())
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("not a text")
}
