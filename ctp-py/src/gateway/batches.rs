//! Ticks in batches: what has gathered when the reader looks, or what gathers in some time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ctp_gateway::{Tick, clock::WallClock};
use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

use super::stream::Items;
use crate::columns::Rows;

/// A reader of ticks that takes many at once. What it has taken stays with it until it is handed over, so that a wait that is
/// given up loses nothing.
pub(super) struct Batches {
    ticks: ctp_gateway::Ticks,
    /// The most ticks of a batch.
    size: usize,
    gathering: Option<Gathering>,
    /// The batch that is gathered.
    rows: Option<Rows>,
    /// Room for the next batch: somewhat more than the last one took.
    expected: usize,
    has_ended: bool,
}

/// How a batch waits for more ticks than there are.
struct Gathering {
    interval: Duration,
    /// Where its timer runs; the reader's thread has no runtime.
    runtime: Handle,
    /// Until when the batch in hand waits.
    due: Option<Pin<Box<Sleep>>>,
}

impl Gathering {
    /// Begins to wait, from the receipt of the first tick on.
    fn begin(&mut self, received_ns: i64) {
        let age = WallClock::system().unix_ns().saturating_sub(received_ns);
        let age = Duration::from_nanos(u64::try_from(age).unwrap_or(0));
        let _entered = self.runtime.enter();
        self.due = Some(Box::pin(sleep(self.interval.saturating_sub(age))));
    }

    /// Returns whether the batch waits no more.
    fn is_due(&mut self, context: &mut Context<'_>) -> bool {
        self.due.as_mut().is_none_or(|due| due.as_mut().poll(context).is_ready())
    }
}

impl Batches {
    pub(super) fn new(ticks: ctp_gateway::Ticks, size: usize) -> Self {
        Self { ticks, size, gathering: None, rows: None, expected: 16, has_ended: false }
    }

    /// Has each batch wait for more, so long after its first tick came.
    pub(super) fn gather(self, interval: Duration, runtime: Handle) -> Self {
        Self { gathering: Some(Gathering { interval, runtime, due: None }), ..self }
    }

    /// Takes the ticks that there are, as many as fit. Where more are wanted than there are, it is woken by the next one.
    fn take(&mut self, context: &mut Context<'_>) {
        let Self { ticks, size, gathering, rows, expected, has_ended } = self;
        let (size, room, gathers) = (*size, (*expected).min(*size), gathering.is_some());
        let mut add = |rows: &mut Option<Rows>, tick: &Tick| {
            if rows.is_none()
                && let Some(gathering) = gathering
            {
                gathering.begin(tick.received_ns);
            }
            let rows = rows.get_or_insert_with(|| Rows::with_capacity(room));
            rows.push(&tick.record, Some(tick.received_ns), tick.exchange_ns());
        };
        while rows.as_ref().is_none_or(|rows| rows.len() < size) {
            if let Some(tick) = ticks.try_next_ref() {
                add(rows, tick);
                continue;
            }
            // What is in hand is handed over.
            if rows.is_some() && !gathers {
                return;
            }
            match Pin::new(&mut *ticks).poll_next(context) {
                Poll::Ready(Some(tick)) => add(rows, &tick),
                Poll::Ready(None) => {
                    *has_ended = true;
                    return;
                }
                Poll::Pending => return,
            }
        }
    }
}

impl Stream for Batches {
    type Item = Rows;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Rows>> {
        let this = &mut *self;
        if !this.has_ended {
            this.take(context);
        }
        let Some(count) = this.rows.as_ref().map(Rows::len) else {
            return if this.has_ended { Poll::Ready(None) } else { Poll::Pending };
        };
        let is_whole = this.has_ended || count >= this.size;
        if !is_whole && this.gathering.as_mut().is_some_and(|gathering| !gathering.is_due(context)) {
            return Poll::Pending;
        }
        this.expected = count + count / 4 + 16;
        Poll::Ready(this.rows.take())
    }
}

impl Items for Batches {
    fn lost(&self) -> u64 {
        self.ticks.dropped()
    }
}
