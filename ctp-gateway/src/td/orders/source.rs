//! Where a record came from.

/// Where a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It was pushed while the session was up to date.
    Live,
    /// It was pushed while the session caught up with the day.
    Replay,
    /// A row of a query.
    Query,
    /// The journal.
    Journal,
}

/// How a record arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// When it was received, in nanoseconds since the Unix epoch.
    pub(crate) received_ns: i64,
    pub(crate) source: Source,
}

impl Arrival {
    pub(crate) fn new(received_ns: i64, source: Source) -> Self {
        Self { received_ns, source }
    }

    /// Returns whether it tells of the past rather than of what happens now.
    pub(crate) fn is_replayed(self) -> bool {
        self.source != Source::Live
    }
}
