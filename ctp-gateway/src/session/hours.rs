//! Whether instruments are in their trading hours.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use ctp_market::{MarketError, Phase, Product, ReferenceData, china_time};

/// Whether trading goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hours {
    Open,
    Closed,
    /// The calendar does not know the day, or the table does not know the product. It is never guessed.
    Unknown,
}

/// Returns whether one of the instruments has traded without a break for `silence` up to now.
pub(crate) fn of_instruments<S: AsRef<str>>(
    instrument_ids: impl Iterator<Item = S>,
    unix_ns: i64,
    silence: Duration,
) -> Hours {
    let Some(data) = reference() else { return Hours::Unknown };
    let mut products = BTreeMap::new();
    let mut is_complete = true;
    for id in instrument_ids {
        match data.product_of(id.as_ref()) {
            Ok(product) => drop(products.insert(product.id.as_str(), product)),
            Err(_) => is_complete = false,
        }
    }
    match of_products(data, products.into_values(), unix_ns, silence) {
        Hours::Closed if !is_complete => Hours::Unknown,
        hours => hours,
    }
}

/// Returns whether any product has traded without a break for `silence` up to now.
pub(crate) fn of_market(unix_ns: i64, silence: Duration) -> Hours {
    reference().map_or(Hours::Unknown, |data| of_products(data, data.products().iter(), unix_ns, silence))
}

fn of_products<'a>(
    data: &ReferenceData,
    products: impl Iterator<Item = &'a Product>,
    unix_ns: i64,
    silence: Duration,
) -> Hours {
    let before = unix_ns.saturating_sub(i64::try_from(silence.as_nanos()).unwrap_or(i64::MAX));
    let mut hours = Hours::Closed;
    for product in products {
        match (is_open(data, product, before), is_open(data, product, unix_ns)) {
            (Ok(true), Ok(true)) => return Hours::Open,
            (Ok(_), Ok(_)) => {}
            _ => hours = Hours::Unknown,
        }
    }
    hours
}

fn is_open(data: &ReferenceData, product: &Product, unix_ns: i64) -> Result<bool, MarketError> {
    let moment = china_time(unix_ns);
    let day = data.calendar().trading_day_of(moment)?;
    Ok(data.timetable(product, day)?.phase_at(moment) == Phase::Continuous)
}

/// Returns the embedded reference data, read once per process.
fn reference() -> Option<&'static ReferenceData> {
    static DATA: OnceLock<Option<ReferenceData>> = OnceLock::new();
    DATA.get_or_init(|| ReferenceData::builtin().ok()).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(ids: &[&str], china: &str) -> Hours {
        let unix_ns = ctp_market::unix_nanoseconds(china.parse().unwrap()).unwrap();
        of_instruments(ids.iter(), unix_ns, Duration::from_secs(60))
    }

    #[test]
    fn hours_are_those_of_the_products() {
        assert_eq!(hours(&["rb2701"], "2026-11-20T09:30:00"), Hours::Open);
        // Just opened: a minute of silence is none yet.
        assert_eq!(hours(&["rb2701"], "2026-11-20T09:00:30"), Hours::Closed);
        assert_eq!(hours(&["rb2701"], "2026-11-20T10:20:00"), Hours::Closed);
        // No break at ten for the stock index; no night either.
        assert_eq!(hours(&["rb2701", "IF2612"], "2026-11-20T10:20:00"), Hours::Open);
        assert_eq!(hours(&["IF2612"], "2026-11-20T21:30:00"), Hours::Closed);
        assert_eq!(hours(&["rb2701"], "2026-11-20T21:30:00"), Hours::Open);
        assert_eq!(hours(&["rb2701"], "2026-11-21T10:00:00"), Hours::Closed);
        assert_eq!(hours(&[], "2026-11-20T09:30:00"), Hours::Closed);
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert_eq!(hours(&["zz2701"], "2026-11-20T09:30:00"), Hours::Unknown);
        assert_eq!(hours(&["rb4001"], "2039-11-21T09:30:00"), Hours::Unknown);
        let unix_ns = ctp_market::unix_nanoseconds("2026-11-20T21:30:00".parse().unwrap()).unwrap();
        assert_eq!(of_market(unix_ns, Duration::from_secs(60)), Hours::Open);
    }
}
