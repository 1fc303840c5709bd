//! The gateway's own lines, on their way to Python's `logging`.
//!
//! Whoever says something, a thread of tokio's or of CTP's, leaves a line in a queue with a bound, and rings. The thread of the
//! handlers hands it to the logger `ctp_py`.

mod span;

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use span::Spans;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::{handlers, life};

/// How many lines wait at most for a logger that is slow; what comes then is counted and lost.
const CAPACITY: usize = 1_024;

static WAITING: Mutex<Waiting> = Mutex::new(Waiting { lines: VecDeque::new(), lost: 0 });

/// 0: `INFO` and above, which is always told; 1: `DEBUG` too; 2: everything.
static DETAIL: AtomicU8 = AtomicU8::new(0);

struct Waiting {
    lines: VecDeque<Line>,
    lost: u64,
}

struct Line {
    level: Level,
    /// The module that says it.
    target: &'static str,
    /// The session that it is about, empty if it is about none.
    session: Arc<str>,
    text: String,
}

/// Has this module's lines go to Python from now on.
pub(super) fn begin() {
    // Nobody else can have one: the module has a `tracing` of its own.
    let _ = tracing::subscriber::set_global_default(Bridge::default());
}

/// Looks how much the logger wants to hear.
pub(super) fn follow(py: Python<'_>) -> PyResult<()> {
    let level: i32 = logger(py)?.call_method0("getEffectiveLevel")?.extract()?;
    let detail = match level {
        ..=5 => 2,
        6..=10 => 1,
        _ => 0,
    };
    if DETAIL.swap(detail, Ordering::AcqRel) != detail {
        tracing_core::callsite::rebuild_interest_cache();
    }
    Ok(())
}

/// Hands what waits to the logger. Returns whether there was something.
pub(super) fn drain(py: Python<'_>) -> bool {
    let (lines, lost) = {
        let mut waiting = waiting();
        (std::mem::take(&mut waiting.lines), std::mem::take(&mut waiting.lost))
    };
    if lines.is_empty() {
        return false;
    }
    let written = || -> PyResult<()> {
        let logger = logger(py)?;
        for line in lines {
            write(&logger, &line)?;
        }
        if lost > 0 {
            let words = "lines of the gateway were lost: the log is slower than what is logged";
            logger.call_method1("warning", ("%d %s", lost, words))?;
        }
        follow(py)
    };
    if let Err(error) = written() {
        error.write_unraisable(py, None);
    }
    true
}

fn write(logger: &Bound<'_, PyAny>, line: &Line) -> PyResult<()> {
    let py = logger.py();
    let level = match line.level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    };
    let extra = PyDict::new(py);
    extra.set_item("session", &*line.session)?;
    extra.set_item("target", line.target)?;
    let options = PyDict::new(py);
    options.set_item("extra", extra)?;
    let text = match line.session.is_empty() {
        true => line.text.clone(),
        false => format!("{}: {}", line.session, line.text),
    };
    logger.call_method("log", (level, "%s", text), Some(&options)).map(drop)
}

fn logger(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("logging")?.call_method1("getLogger", ("ctp_py",))
}

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the gateway's macros speak to. It never waits: not for the interpreter, and not for a slow logger.
#[derive(Default)]
struct Bridge {
    spans: Spans,
}

impl Subscriber for Bridge {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Of the spans only the one that says whose session it is.
        let is_wanted = if metadata.is_span() { metadata.name() == span::SESSION } else { true };
        is_wanted && metadata.target().starts_with("ctp") && *metadata.level() <= most()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(most().into())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.spans.add(span)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        if life::is_forked() {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        let line = Line {
            level: *metadata.level(),
            target: metadata.target(),
            session: self.spans.current(),
            text: text.message + &text.fields,
        };
        let mut waiting = waiting();
        if waiting.lines.len() == CAPACITY {
            waiting.lost += 1;
            return;
        }
        waiting.lines.push_back(line);
        drop(waiting);
        handlers::wake_for_lines();
    }

    fn enter(&self, id: &Id) {
        Spans::enter(id);
    }

    fn exit(&self, id: &Id) {
        Spans::exit(id);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.spans.share(id);
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        self.spans.release(&id)
    }
}

/// Returns the least important level that is told.
fn most() -> Level {
    match DETAIL.load(Ordering::Acquire) {
        0 => Level::INFO,
        1 => Level::DEBUG,
        _ => Level::TRACE,
    }
}

/// An event in words: its message, then its fields.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
