//! The spans of sessions, by which a line knows whose it is.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};

/// The name of a session's span.
pub(super) const SESSION: &str = "ctp_session";

thread_local! {
    /// The spans that this thread is in, the innermost last.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The spans that live, each with how many know of it.
#[derive(Default)]
pub(super) struct Spans {
    last: AtomicU64,
    live: Mutex<HashMap<u64, (Arc<str>, usize)>>,
}

impl Spans {
    pub(super) fn add(&self, span: &Attributes<'_>) -> Id {
        let mut whose = Whose::default();
        span.record(&mut whose);
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.live().insert(number, (whose.to_string().into(), 1));
        Id::from_u64(number)
    }

    pub(super) fn share(&self, id: &Id) {
        if let Some((_, count)) = self.live().get_mut(&id.into_u64()) {
            *count += 1;
        }
    }

    /// Returns whether it was the last one who knew of the span.
    pub(super) fn release(&self, id: &Id) -> bool {
        let mut live = self.live();
        let Some((_, count)) = live.get_mut(&id.into_u64()) else { return false };
        *count -= 1;
        let is_over = *count == 0;
        if is_over {
            live.remove(&id.into_u64());
        }
        is_over
    }

    /// Returns whose session this thread is in, nothing if in none.
    pub(super) fn current(&self) -> Arc<str> {
        let number = ENTERED.with(|entered| entered.borrow().last().copied());
        let live = self.live();
        number.and_then(|number| Some(Arc::clone(&live.get(&number)?.0))).unwrap_or_default()
    }

    pub(super) fn enter(id: &Id) {
        ENTERED.with(|entered| entered.borrow_mut().push(id.into_u64()));
    }

    pub(super) fn exit(id: &Id) {
        ENTERED.with(|entered| {
            let mut entered = entered.borrow_mut();
            if let Some(at) = entered.iter().rposition(|number| *number == id.into_u64()) {
                entered.remove(at);
            }
        });
    }

    fn live(&self) -> MutexGuard<'_, HashMap<u64, (Arc<str>, usize)>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a session's span says of itself.
#[derive(Default)]
struct Whose {
    session: String,
    broker: String,
    account: String,
}

impl Visit for Whose {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let place = match field.name() {
            "session" => &mut self.session,
            "broker" => &mut self.broker,
            "account" => &mut self.account,
            _ => return,
        };
        *place = format!("{value:?}");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.session, self.broker, self.account)
    }
}
