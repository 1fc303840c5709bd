//! The callbacks of the market data library: copy, stamp, send, return.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ctp_sys::{MdEvent, MdSpi};
use ctp_types::{DepthMarketDataField, MdCallback};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::md::io::{Input, SpiEvent};

/// A tick as it came.
#[derive(Debug)]
pub(super) struct RawTick {
    pub(super) record: DepthMarketDataField,
    pub(super) received_ns: i64,
}

/// Sends ticks into a bounded channel, and everything else, which is rare and must not be lost, into an unbounded
/// one.
#[derive(Clone)]
pub(super) struct Spi<C> {
    pub(super) ticks: mpsc::Sender<RawTick>,
    pub(super) dropped: Arc<AtomicU64>,
    pub(super) reports: mpsc::UnboundedSender<Input>,
    pub(super) clock: C,
}

impl<C: Clock> MdSpi for Spi<C> {
    fn deliver(&self, event: MdEvent<'_>) {
        let received_ns = self.clock.unix_ns();
        if event.callback == MdCallback::OnRtnDepthMarketData {
            let record = event.record.and_then(|record| record.get::<DepthMarketDataField>().copied());
            if let Some(record) = record
                && self.ticks.try_send(RawTick { record, received_ns }).is_err()
            {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
        // The session is gone only while the library is being closed: nobody is left to be told.
        let _ = self.reports.send(Input::Callback(SpiEvent {
            callback: event.callback,
            record: event.record.map(|record| record.to_owned()),
            rsp_info: event.rsp_info.copied(),
            number: event.number,
        }));
    }

    fn panicked(&self, callback: &'static str, message: &str) {
        let _ = self.reports.send(Input::Panicked { callback, message: message.to_owned() });
    }
}
