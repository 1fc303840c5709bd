//! The way to an exchange in this process.

use std::sync::Arc;
use std::time::Duration;

use ctp_sim::{ApiKind, SessionId};

use crate::instance::Topics;
use crate::simulator::{Connection, Simulator};
use crate::wire::Streams;

/// A session of an exchange in this process.
#[derive(Clone)]
pub(crate) struct Local {
    pub(crate) simulator: Simulator,
    pub(crate) session: SessionId,
    pub(crate) front: Arc<str>,
    pub(crate) kind: ApiKind,
    pub(crate) api_version: (u16, u16, u16),
}

impl Local {
    pub(crate) fn connect(&self, delay: Duration, streams: Option<Streams>) {
        let &Self { session, kind, api_version, .. } = self;
        let topics = streams.map(|streams| {
            let Streams { private, public, sequence, .. } = streams;
            (Topics { private, public, sequence }, streams.received(self.simulator.phase()))
        });
        self.simulator.connect(Connection { session, kind, api_version, topics }, delay);
    }
}
