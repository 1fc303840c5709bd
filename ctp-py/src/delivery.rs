//! From CTP's threads to Python: one queue and one thread per API object.
//!
//! CTP's thread copies the record into the queue and returns; it never waits for Python. The delivery
//! thread keeps one Python thread state for its life, gives it up only to wait, and takes what has
//! gathered in batches. Ticks are bounded: when the queue is full the oldest tick goes and is counted.
//! Everything else is kept, however long a handler takes.

mod queue;
mod thread;

pub(crate) use queue::Queue;
pub(crate) use thread::Delivery;

use ctp_sys::{MdEvent, MdSpi, TraderEvent, TraderSpi};
use ctp_types::{DepthMarketDataField, MdCallback, RecordBox, RspInfoField};
use std::sync::Arc;

/// What a callback carries, of record, `pRspInfo`, number and `bIsLast`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    record: bool,
    rsp_info: bool,
    number: bool,
    is_last: bool,
}

include!(concat!(env!("OUT_DIR"), "/shapes.rs"));

/// A callback on its way.
pub(crate) enum Event {
    /// Any but a tick.
    Callback(Callback),
    /// A tick; the ticks themselves wait in a queue of their own.
    Tick,
    /// A panic in our own code on CTP's thread: nothing more will come.
    Fault { callback: &'static str, message: String },
}

pub(crate) struct Callback {
    slot: usize,
    name: &'static str,
    record: Option<RecordBox>,
    rsp_info: Option<RspInfoField>,
    number: i32,
    is_last: bool,
}

/// Puts callbacks into the queue.
pub(crate) struct Receiver {
    pub(crate) queue: Arc<Queue>,
}

impl TraderSpi for Receiver {
    fn deliver(&self, event: TraderEvent<'_>) {
        self.queue.push(Callback {
            slot: event.callback as usize,
            name: event.callback.name(),
            record: event.record.map(|record| record.to_owned()),
            rsp_info: event.rsp_info.copied(),
            number: event.number,
            is_last: event.is_last,
        });
    }

    fn panicked(&self, callback: &'static str, message: &str) {
        self.queue.fault(callback, message);
    }
}

impl MdSpi for Receiver {
    fn deliver(&self, event: MdEvent<'_>) {
        if event.callback == MdCallback::OnRtnDepthMarketData
            && let Some(tick) = event.record.as_ref().and_then(|record| record.get::<DepthMarketDataField>())
        {
            return self.queue.push_tick(tick);
        }
        self.queue.push(Callback {
            slot: event.callback as usize,
            name: event.callback.name(),
            record: event.record.map(|record| record.to_owned()),
            rsp_info: event.rsp_info.copied(),
            number: event.number,
            is_last: event.is_last,
        });
    }

    fn panicked(&self, callback: &'static str, message: &str) {
        self.queue.fault(callback, message);
    }
}
