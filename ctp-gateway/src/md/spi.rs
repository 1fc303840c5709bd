//! The callbacks of the market data library: ticks go to the bus, everything else to the session.

use ctp_sys::{MdEvent, MdSpi};
use ctp_types::{DepthMarketDataField, MdCallback};
use tokio::sync::mpsc;

use crate::clock::WallClock;
use crate::md::bus::Inlet;
use crate::md::io::{Input, SpiEvent};

/// Sends ticks into the ring, and everything else, which is rare and must not be lost, into an unbounded channel.
#[derive(Clone)]
pub(super) struct Spi {
    pub(super) ticks: Inlet,
    pub(super) reports: mpsc::UnboundedSender<Input>,
    pub(super) clock: WallClock,
}

impl MdSpi for Spi {
    fn deliver(&self, event: MdEvent<'_>) {
        if event.callback == MdCallback::OnRtnDepthMarketData {
            if let Some(record) = event.record.and_then(|record| record.get::<DepthMarketDataField>()) {
                self.ticks.publish(record);
            }
            return;
        }
        if event.callback == MdCallback::OnFrontConnected {
            self.ticks.connected();
        }
        // The session is gone only while the library is being closed: nobody is left to be told.
        let _ = self.reports.send(Input::Callback(SpiEvent {
            callback: event.callback,
            record: event.record.map(|record| record.to_owned()),
            rsp_info: event.rsp_info.copied(),
            number: event.number,
            is_last: event.is_last,
            received_ns: self.clock.unix_ns(),
        }));
    }

    fn panicked(&self, callback: &'static str, message: &str) {
        let _ = self.reports.send(Input::Panicked { callback, message: message.to_owned() });
    }
}
