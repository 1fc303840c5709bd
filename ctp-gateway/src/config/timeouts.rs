//! How long a session waits for things.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a session waits for things. In TOML the keys end in `_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Timeouts {
    /// How long `ready()` waits.
    #[serde(rename = "ready_ms", with = "milliseconds")]
    pub ready: Duration,
    /// How long a step of the login may stay unanswered before the login starts again.
    #[serde(rename = "login_ms", with = "milliseconds")]
    pub login: Duration,
    /// How long the session waits before it repeats a login that was refused for a passing reason.
    #[serde(rename = "login_retry_ms", with = "milliseconds")]
    pub login_retry: Duration,
    /// How long an order or a cancel may stay unanswered before its outcome counts as unknown.
    #[serde(rename = "order_ms", with = "milliseconds")]
    pub order: Duration,
    /// How long one attempt of a query may stay unanswered; it is sent three times at most.
    #[serde(rename = "query_ms", with = "milliseconds")]
    pub query: Duration,
    /// How long a query may take in all, with waiting for its turn and for the session.
    #[serde(rename = "query_total_ms", with = "milliseconds")]
    pub query_total: Duration,
    /// How long a usable session may hear nothing in trading hours before it asks the front whether it lives; 0: for
    /// ever. Without an answer a fresh API object is made.
    #[serde(rename = "silence_ms", with = "milliseconds")]
    pub silence: Duration,
    /// How long a close waits for the library's threads.
    #[serde(rename = "close_ms", with = "milliseconds")]
    pub close: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            ready: Duration::from_secs(30),
            login: Duration::from_secs(10),
            login_retry: Duration::from_secs(10),
            order: Duration::from_secs(5),
            query: Duration::from_secs(5),
            query_total: Duration::from_secs(60),
            silence: Duration::from_secs(60),
            close: Duration::from_secs(2),
        }
    }
}

/// Durations as numbers of milliseconds.
pub(super) mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }

    pub(in crate::config) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}
