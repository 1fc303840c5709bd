//! The way of an instance to its exchange: in this process, or over a connection.

mod admission;
mod local;
mod outgoing;
mod reader;
mod remote;

use std::sync::Arc;
use std::time::Duration;

use ctp_sim::{Input, SessionId};

use crate::wire::Streams;

pub(crate) use local::Local;
pub(crate) use reader::{Dial, Times};
pub(crate) use remote::{Ended, Remote, RemoteEvent};

/// The way to the exchange. Clones are the same way.
#[derive(Clone)]
pub(crate) enum Link {
    /// Of an exchange in this process.
    Local(Local),
    /// Of a served exchange, perhaps still on its way there.
    Remote(Arc<Remote>),
}

impl Link {
    /// Returns the address as it was registered.
    pub(crate) fn front(&self) -> &str {
        match self {
            Self::Local(local) => &local.front,
            Self::Remote(remote) => remote.front(),
        }
    }

    /// Returns the number of the session; `None` before the exchange gave one.
    pub(crate) fn session(&self) -> Option<SessionId> {
        match self {
            Self::Local(local) => Some(local.session),
            Self::Remote(remote) => remote.session(),
        }
    }

    /// Returns the number that a connection has in its instance.
    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Self::Local(_) => None,
            Self::Remote(remote) => Some(remote.number()),
        }
    }

    /// Returns `QryFreq` and `FTDPkgFreq` as `GetFrontInfo` tells them.
    pub(crate) fn front_limits(&self) -> (i32, i32) {
        match self {
            Self::Local(local) => local.simulator.front_limits(local.session).unwrap_or((1, i32::MAX)),
            Self::Remote(remote) => remote.front_limits(),
        }
    }

    /// Sends what a request makes of its session. Never waits for the network.
    ///
    /// Returns 0, or the negative code of a refusal.
    pub(crate) fn request(&self, input: impl FnOnce(SessionId) -> Input) -> i32 {
        match self {
            Self::Local(local) => local.simulator.request(local.session, input(local.session)),
            // The server knows the session by its connection.
            Self::Remote(remote) => remote.request(&input(SessionId(0))),
        }
    }

    /// Connects the session again after so much of the exchange's time.
    pub(crate) fn connect_again(&self, delay: Duration, streams: impl FnOnce() -> Option<Streams>) {
        match self {
            Self::Local(local) => local.connect(delay, streams()),
            Self::Remote(remote) => remote.connect_again(delay, streams()),
        }
    }

    /// Ends the session. A second call has no effect.
    pub(crate) fn close(&self) {
        match self {
            Self::Local(local) => local.simulator.remove_session(local.session),
            Self::Remote(remote) => remote.close(),
        }
    }
}
