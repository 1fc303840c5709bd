//! What orders must keep to before they are sent.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::timeouts::milliseconds;

/// What orders must keep to before they are sent. `docs/risk.md` says of each rule where it comes from.
///
/// A limit that may be absent is written as a number, or as `"none"`. In TOML, with all defaults:
///
/// ```toml
/// [risk]
/// actions_per_second = 9
/// cancel_reserve = 2
/// window_ms = 1000
/// orders_per_day = "none"
/// cancels_per_day = "none"
/// cancels_per_instrument = 450
/// order_lots = "none"
/// price_limit_check = true
/// price_distance_bp = "none"
/// over_close_check = true
/// self_trade_check = true
/// position_lots = "none"
/// position_lots_total = "none"
/// open_orders = "none"
/// open_orders_total = "none"
/// loss_cny = "none"
/// kill_foreign = false
/// ack_ms = 1000
/// dry_run = false
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RiskConfig {
    /// The most orders and cancels of the account in any window of `window`.
    #[serde(with = "limit")]
    pub actions_per_second: Option<u32>,
    /// How many of `actions_per_second` only cancels may use, so that orders never keep an account from getting out.
    pub cancel_reserve: u32,
    /// How long the window of `actions_per_second` is. A longer one leaves room for what the network does to the times.
    #[serde(rename = "window_ms", with = "milliseconds")]
    pub window: Duration,
    /// The most orders in a trading day.
    #[serde(with = "limit")]
    pub orders_per_day: Option<u32>,
    /// The most cancels in a trading day. Orders are denied as soon as the rest is needed to cancel the working ones.
    #[serde(with = "limit")]
    pub cancels_per_day: Option<u32>,
    /// The most cancels in a trading day in one instrument; as `cancels_per_day`.
    #[serde(with = "limit")]
    pub cancels_per_instrument: Option<u32>,
    /// The most lots in one order.
    #[serde(with = "limit")]
    pub order_lots: Option<u32>,
    /// Whether prices outside of the exchange's limits of the day are denied, where the limits are known.
    pub price_limit_check: bool,
    /// How far a price may lie from the last one, where that is known, in 1/100 of a percent of it.
    #[serde(with = "limit")]
    pub price_distance_bp: Option<u32>,
    /// Whether closes of more lots than are held and not yet on order are denied, where the positions are known.
    pub over_close_check: bool,
    /// Whether orders that can trade against working ones of the same account are denied.
    pub self_trade_check: bool,
    /// The most lots held and on order to open, in one instrument and direction.
    #[serde(with = "limit")]
    pub position_lots: Option<u32>,
    /// The most lots held and on order to open, in all.
    #[serde(with = "limit")]
    pub position_lots_total: Option<u32>,
    /// The most working orders in one instrument.
    #[serde(with = "limit")]
    pub open_orders: Option<u32>,
    /// The most working orders in all.
    #[serde(with = "limit")]
    pub open_orders_total: Option<u32>,
    /// The day's loss in CNY from which on no order opens positions.
    #[serde(with = "limit")]
    pub loss_cny: Option<u32>,
    /// Whether the kill switch cancels the orders of the account's other sessions too.
    pub kill_foreign: bool,
    /// How long an order may wait for its first answer before there is an alert; 0: for ever.
    #[serde(rename = "ack_ms", with = "milliseconds")]
    pub ack: Duration,
    /// Whether nothing is sent: what passes all rules is shown as an event and in the log.
    pub dry_run: bool,
}

impl Default for RiskConfig {
    fn default() -> Self {
        Self {
            actions_per_second: Some(9),
            cancel_reserve: 2,
            window: Duration::from_secs(1),
            orders_per_day: None,
            cancels_per_day: None,
            cancels_per_instrument: Some(450),
            order_lots: None,
            price_limit_check: true,
            price_distance_bp: None,
            over_close_check: true,
            self_trade_check: true,
            position_lots: None,
            position_lots_total: None,
            open_orders: None,
            open_orders_total: None,
            loss_cny: None,
            kill_foreign: false,
            ack: Duration::from_secs(1),
            dry_run: false,
        }
    }
}

impl RiskConfig {
    /// Returns a configuration without any limit of ours, for simulators and benches: only orders that cannot be right
    /// are denied, and the kill switch works.
    pub fn unlimited() -> Self {
        Self {
            actions_per_second: None,
            cancels_per_instrument: None,
            price_limit_check: false,
            over_close_check: false,
            self_trade_check: false,
            ack: Duration::ZERO,
            ..Self::default()
        }
    }

    /// Returns the keys that make no sense, each with the fix.
    pub(super) fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if self.actions_per_second.is_some_and(|most| most <= self.cancel_reserve) {
            let reserve = self.cancel_reserve;
            problems.push((
                "risk.cancel_reserve",
                format!("is {reserve}, which leaves orders nothing of risk.actions_per_second; give less"),
            ));
        }
        if self.actions_per_second.is_some_and(|most| most > MAX_ACTIONS) {
            problems.push((
                "risk.actions_per_second",
                format!("is more than {MAX_ACTIONS}; give less, or \"none\" for no limit"),
            ));
        }
        if self.window.is_zero() || self.window > MAX_WINDOW {
            problems.push(("risk.window_ms", "is not from 1 to 60000; 1000 is a second".to_owned()));
        }
        let zeros = [
            ("risk.orders_per_day", self.orders_per_day),
            ("risk.cancels_per_day", self.cancels_per_day),
            ("risk.cancels_per_instrument", self.cancels_per_instrument),
            ("risk.order_lots", self.order_lots),
            ("risk.price_distance_bp", self.price_distance_bp),
            ("risk.position_lots", self.position_lots),
            ("risk.position_lots_total", self.position_lots_total),
            ("risk.open_orders", self.open_orders),
            ("risk.open_orders_total", self.open_orders_total),
            ("risk.loss_cny", self.loss_cny),
        ];
        for (key, _) in zeros.into_iter().filter(|(_, value)| *value == Some(0)) {
            problems.push((key, "is 0, which lets no order pass; give at least 1, or \"none\"".to_owned()));
        }
        problems
    }
}

/// Times of so many actions are remembered at most.
const MAX_ACTIONS: u32 = 100_000;
const MAX_WINDOW: Duration = Duration::from_secs(60);

/// Numbers that may be `"none"`.
mod limit {
    use super::*;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Number(i64),
        Text(String),
        Nothing(()),
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
        let wanted = || serde::de::Error::custom("give a whole number from 1 to 4294967295, or \"none\"");
        match Given::deserialize(deserializer).map_err(|_| wanted())? {
            Given::Number(number) => u32::try_from(number).map(Some).map_err(|_| wanted()),
            Given::Text(text) if text.eq_ignore_ascii_case("none") => Ok(None),
            Given::Text(_) => Err(wanted()),
            Given::Nothing(()) => Ok(None),
        }
    }

    pub(super) fn serialize<S: Serializer>(limit: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
        match limit {
            Some(number) => serializer.serialize_u32(*number),
            None => serializer.serialize_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_numbers_or_none() {
        let read = |text: &str| toml::from_str::<RiskConfig>(text);
        assert_eq!(read("").unwrap(), RiskConfig::default());
        assert_eq!(read("actions_per_second = \"none\"").unwrap().actions_per_second, None);
        assert_eq!(read("orders_per_day = 100").unwrap().orders_per_day, Some(100));
        for wrong in ["orders_per_day = -1", "orders_per_day = \"many\"", "order_lots = 1.5", "lots = 1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let shown = serde_json::to_value(RiskConfig::default()).unwrap();
        assert_eq!(serde_json::from_value::<RiskConfig>(shown).unwrap(), RiskConfig::default());
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        assert!(RiskConfig::default().problems().is_empty());
        assert!(RiskConfig::unlimited().problems().is_empty());
        let wrong = RiskConfig {
            cancel_reserve: 9,
            window: Duration::ZERO,
            order_lots: Some(0),
            ..RiskConfig::default()
        };
        let keys: Vec<_> = wrong.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["risk.cancel_reserve", "risk.window_ms", "risk.order_lots"]);
    }
}
