//! Ticks in batches: what has gathered when the reader looks.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::stream::Items;
use crate::columns::Rows;

/// A reader of ticks that takes as many at once as there are, and waits for no more.
pub(super) struct Batches {
    ticks: ctp_gateway::Ticks,
    /// The most ticks of a batch.
    size: usize,
    /// Room for the next batch: somewhat more than the last one took.
    expected: usize,
}

impl Batches {
    pub(super) fn new(ticks: ctp_gateway::Ticks, size: usize) -> Self {
        Self { ticks, size, expected: 16 }
    }
}

impl futures_core::Stream for Batches {
    type Item = Rows;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Rows>> {
        let this = &mut *self;
        let mut rows: Option<Rows> = None;
        loop {
            let tick = match this.ticks.try_next() {
                Some(tick) => tick,
                None if rows.is_some() => break,
                // Whoever comes with nothing in hand is woken by the next tick.
                None => match ready!(Pin::new(&mut this.ticks).poll_next(context)) {
                    Some(tick) => tick,
                    None => break,
                },
            };
            let rows = rows.get_or_insert_with(|| Rows::with_capacity(this.expected.min(this.size)));
            rows.push(&tick.record, Some(tick.received_ns), tick.exchange_ns());
            if rows.len() >= this.size {
                break;
            }
        }
        if let Some(rows) = &rows {
            this.expected = rows.len() + rows.len() / 4 + 16;
        }
        Poll::Ready(rows)
    }
}

impl Items for Batches {
    fn lost(&self) -> u64 {
        self.ticks.dropped()
    }
}
