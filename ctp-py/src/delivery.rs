//! From CTP's threads to Python: one ring, one queue and one thread per API object.
//!
//! CTP's thread copies the record and returns; it never waits for Python. The delivery thread keeps one Python thread
//! state for its life, gives the interpreter lock up only to wait and when its turn is over, and takes what has gathered
//! in batches. Ticks are bounded: when the ring is full the oldest go and are counted. Everything else is kept, however
//! long a handler takes. Callbacks come in the order in which the library called.

mod call;
mod queue;
mod slot;
mod thread;

pub(crate) use queue::Queue;
pub(crate) use thread::Delivery;

use std::borrow::Cow;

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

/// How handlers are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `OnRtnTrade(record)`, as CTP.
    Records,
    /// `onRtnTrade(dict)`, as vnpy_ctp.
    Dicts,
}

impl Style {
    /// Returns the name of the handler of CTP's callback `name`.
    fn name(self, name: &str) -> Cow<'_, str> {
        match (self, name.strip_prefix("On")) {
            (Self::Dicts, Some(rest)) => Cow::Owned(format!("on{rest}")),
            _ => Cow::Borrowed(name),
        }
    }
}

/// A callback on its way, but a tick.
pub(crate) enum Event {
    /// Any but a tick.
    Callback(Callback),
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
