//! The exchange's local time, UTC+8, and its texts in CTP's shapes.

use ctp_types::Text;
use jiff::civil::{Date, DateTime};

use crate::interface::Timestamp;
use crate::text::text;

/// Returns the exchange's local date and time.
pub(crate) fn local(at: Timestamp) -> DateTime {
    ctp_market::china_time(at.0)
}

/// Returns `yyyymmdd`.
pub(crate) fn date_text(date: Date) -> Text<9> {
    text(&format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()))
}

/// Returns `HH:MM:SS` of the exchange's local time.
pub(crate) fn time_text(at: Timestamp) -> Text<9> {
    let local = local(at);
    text(&format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_eight_hours_ahead() {
        let at = Timestamp(1_795_204_800_123_000_000); // 2026-11-20 20:00:00.123 UTC
        assert_eq!(local(at).to_string(), "2026-11-21T04:00:00.123");
        assert_eq!(date_text(local(at).date()).to_str(), "20261121");
        assert_eq!(time_text(at).to_str(), "04:00:00");
    }
}
