//! The callbacks of the trader library: copy, stamp, send, return.

use ctp_sys::{TraderEvent, TraderSpi};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::td::io::{Input, SpiEvent};

/// Sends every callback into a channel.
///
/// The channel is unbounded on purpose: order and trade records must neither be lost nor stall the library's thread,
/// which also reads the socket and beats the heart. The session reads at its own pace.
pub(super) struct Spi<C> {
    reports: mpsc::UnboundedSender<Input>,
    clock: C,
}

impl<C: Clock> Spi<C> {
    pub(super) fn new(reports: mpsc::UnboundedSender<Input>, clock: C) -> Self {
        Self { reports, clock }
    }

    fn send(&self, input: Input) {
        // The session is gone only while the library is being closed: nobody is left to be told.
        let _ = self.reports.send(input);
    }
}

impl<C: Clock> TraderSpi for Spi<C> {
    fn deliver(&self, event: TraderEvent<'_>) {
        self.send(Input::Callback(SpiEvent {
            callback: event.callback,
            record: event.record.map(|record| record.to_owned()),
            rsp_info: event.rsp_info.copied(),
            number: event.number,
            is_last: event.is_last,
            received_ns: self.clock.unix_ns(),
        }));
    }

    fn panicked(&self, callback: &'static str, message: &str) {
        self.send(Input::Panicked { callback, message: message.to_owned() });
    }
}
