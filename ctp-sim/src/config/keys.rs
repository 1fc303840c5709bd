//! Settings by name, as a scenario, a control call or a file writes them: one row each.

use std::time::Duration;

use ctp_types::AppType;

use super::{Config, ConfigError, Hours, Rates, SmsLogin, TradingParams};
use crate::switches::SwitchError;

/// One setting that [`Config::set`] takes.
#[derive(Clone, Copy)]
pub struct ConfigKey {
    /// Its name.
    pub name: &'static str,
    /// What it takes, for people.
    pub takes: &'static str,
    set: fn(&mut Config, &str) -> Option<()>,
}

const COUNT: &str = "a whole number from 0 to 4294967295";
const DURATION: &str = "a duration such as 500ms, 20us, 2s, 1m, 1h or 0";
const ON_OFF: &str = "on or off";
const TEXT: &str = "a text";

/// Every setting; the switches come in addition.
const KEYS: &[ConfigKey] = &[
    row("seed", "a whole number from 0 to 18446744073709551615", |config, text| {
        put(&mut config.seed, text.parse().ok())
    }),
    row("broker", TEXT, |config, text| put(&mut config.broker, Some(text.to_owned()))),
    row("password", TEXT, |config, text| put(&mut config.password, Some(text.to_owned()))),
    row("authentication_required", ON_OFF, |config, text| {
        put(&mut config.authentication_required, on_off(text))
    }),
    row("auth_code", TEXT, |config, text| put(&mut config.access.auth_code, Some(text.to_owned()))),
    row("app_ids", "AppIDs separated by commas", |config, text| {
        put(&mut config.access.app_ids, Some(list(text)))
    }),
    row(
        "app_type",
        "1 (investor), 2 (investor's relay), 3 (operator's relay) or 4 (not known)",
        |config, text| {
            let known = matches!(text, "1" | "2" | "3" | "4");
            put(&mut config.access.app_type, known.then(|| AppType::from_char(text.as_bytes()[0])))
        },
    ),
    row("sms_login", "off, on or no-centre", |config, text| {
        let sms_login = match text {
            "off" => Some(SmsLogin::Off),
            "on" => Some(SmsLogin::On),
            "no-centre" => Some(SmsLogin::NoCentre),
            _ => None,
        };
        put(&mut config.access.sms_login, sms_login)
    }),
    row("sms_mobile", TEXT, |config, text| put(&mut config.access.sms_mobile, Some(text.to_owned()))),
    row("md_login_verify", ON_OFF, |config, text| put(&mut config.access.md_login_verify, on_off(text))),
    row("md_login_freq", ON_OFF, |config, text| put(&mut config.access.md_login_freq, on_off(text))),
    row("sessions_per_user", COUNT, |config, text| {
        put(&mut config.access.sessions_per_user, text.parse().ok())
    }),
    row("login_failures", COUNT, |config, text| put(&mut config.access.login_failures, text.parse().ok())),
    row("api_queries_per_second", COUNT, |config, text| {
        put(&mut config.access.api_queries_per_second, text.parse().ok())
    }),
    row("orders_per_second", COUNT, |config, text| {
        put(&mut config.access.orders_per_second, text.parse().ok())
    }),
    row("requests_per_second", COUNT, |config, text| {
        put(&mut config.access.requests_per_second, text.parse().ok())
    }),
    row("connects_per_second", COUNT, |config, text| {
        put(&mut config.access.connects_per_second, text.parse().ok())
    }),
    row("md_instruments", COUNT, |config, text| put(&mut config.access.md_instruments, text.parse().ok())),
    row("query_ready_delay", DURATION, |config, text| {
        put(&mut config.access.query_ready_delay, duration(text))
    }),
    row("confirmation_required", ON_OFF, |config, text| put(&mut config.confirmation_required, on_off(text))),
    row("initial_balance", "an amount in 1/10,000 CNY, a whole number", |config, text| {
        put(&mut config.initial_balance, text.parse().ok())
    }),
    row("products", "product ids separated by commas", |config, text| {
        put(&mut config.products, Some(list(text)))
    }),
    row("options", ON_OFF, |config, text| put(&mut config.options, on_off(text))),
    row("combinations", ON_OFF, |config, text| put(&mut config.combinations, on_off(text))),
    row("depth_levels", "1 to 5, or exchange", |config, text| {
        let levels = match text {
            "exchange" => Some(None),
            digits => digits.parse().ok().filter(|levels| (1..=5).contains(levels)).map(Some),
        };
        put(&mut config.depth_levels, levels)
    }),
    row("crowd", ON_OFF, |config, text| put(&mut config.crowd, on_off(text))),
    row("matching", "book, simnow, touch or volume-limited", |config, text| {
        put(&mut config.matching, text.parse().ok())
    }),
    row("hours", "always or exchange", |config, text| {
        let hours = match text {
            "always" => Some(Hours::Always),
            "exchange" => Some(Hours::Exchange),
            _ => None,
        };
        put(&mut config.hours, hours)
    }),
    row("settlement_time", "a time of day such as 16:00", |config, text| {
        put(&mut config.settlement_time, text.parse().ok())
    }),
    row("reopening_delay", DURATION, |config, text| {
        put(&mut config.reopening_delay, duration(text).map(Some))
    }),
    row("conditional_orders", ON_OFF, |config, text| put(&mut config.conditional_orders, on_off(text))),
    row("conditional_limit", COUNT, |config, text| put(&mut config.conditional_limit, text.parse().ok())),
    row("dce_section_orders", ON_OFF, |config, text| put(&mut config.dce_section_orders, on_off(text))),
    row("orders_per_day", COUNT, |config, text| put(&mut config.orders_per_day, text.parse().ok())),
    row("queries_per_second", COUNT, |config, text| put(&mut config.queries_per_second, text.parse().ok())),
    row("connect_delay", DURATION, |config, text| put(&mut config.connect_delay, duration(text))),
    row("answer_delay", DURATION, |config, text| put(&mut config.answer_delay, duration(text))),
    row("query_delay", DURATION, |config, text| put(&mut config.query_delay, duration(text))),
    row("exchange_delay", DURATION, |config, text| put(&mut config.exchange_delay, duration(text))),
    row("latency", "none, which sets every delay to 0, or default", |config, text| {
        let delays = match text {
            "none" => Some([Duration::ZERO; 4]),
            "default" => Some(Config::DELAYS),
            _ => None,
        };
        [config.connect_delay, config.answer_delay, config.query_delay, config.exchange_delay] = delays?;
        Some(())
    }),
    row("tick_interval", DURATION, |config, text| put(&mut config.tick_interval, duration(text))),
    row("carried", "INSTRUMENT:long|short:LOTS@PRICE, several separated by commas", |config, text| {
        let lots = list(text).iter().map(|lot| carried_lot(lot)).collect();
        put(&mut config.carried_lots, lots)
    }),
    row("margin_price_type", "1, 2, 3 or 4", |config, text| {
        put(&mut config.params.margin_price_type, TradingParams::margin_price(text))
    }),
    row("algorithm", "1, 2, 3 or 4", |config, text| {
        put(&mut config.params.algorithm, TradingParams::algorithm_of(text))
    }),
    row("avail_include_close_profit", "0 or 2", |config, text| {
        put(&mut config.params.avail_include_close_profit, TradingParams::close_profit(text))
    }),
    row("option_royalty_price_type", "1, 4 or 5", |config, text| {
        put(&mut config.params.option_royalty_price_type, TradingParams::royalty_price(text))
    }),
    row("rates", "such as `rb margin=0.1 open=0.0001`, several separated by commas", |config, text| {
        let rates = list(text).iter().map(|rates| Rates::parse(rates)).collect();
        put(&mut config.rates, rates)
    }),
];

impl Config {
    /// All settings that [`set`](Self::set) takes, without the switches, which
    /// [`Switches::TABLE`](crate::Switches::TABLE) lists.
    pub const KEYS: &'static [ConfigKey] = KEYS;

    /// Changes a setting or a switch by its name. A `-` in the name counts as `_`.
    ///
    /// `start` is not among them: it decides the trading day and is given to [`Config::starting_at`].
    ///
    /// # Errors
    ///
    /// Returns an error when there is no such setting or it does not take the value; nothing changes then.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ConfigError> {
        let name = key.replace('-', "_");
        if let Some(found) = Self::KEYS.iter().find(|row| row.name == name) {
            return (found.set)(self, value).ok_or_else(|| ConfigError::Value {
                key: found.name,
                value: value.to_owned(),
                takes: found.takes,
            });
        }
        self.switches.set(&name, value).map_err(|error| match error {
            SwitchError::Unknown(_) => ConfigError::UnknownKey { key: key.to_owned(), known: known() },
            other => ConfigError::Switch(other),
        })
    }
}

impl std::fmt::Debug for ConfigKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.takes)
    }
}

const fn row(name: &'static str, takes: &'static str, set: fn(&mut Config, &str) -> Option<()>) -> ConfigKey {
    ConfigKey { name, takes, set }
}

fn put<T>(place: &mut T, value: Option<T>) -> Option<()> {
    *place = value?;
    Some(())
}

fn known() -> String {
    Config::KEYS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ")
}

/// Reads `on`, `off` and what people write for them.
fn on_off(text: &str) -> Option<bool> {
    match text {
        "on" | "yes" | "true" => Some(true),
        "off" | "no" | "false" => Some(false),
        _ => None,
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Reads `rb2705:long:2@3480`.
fn carried_lot(text: &str) -> Option<super::CarriedLot> {
    let (instrument, rest) = text.split_once(':')?;
    let (side, rest) = rest.split_once(':')?;
    let (volume, price) = rest.split_once('@')?;
    let long = match side {
        "long" => true,
        "short" => false,
        _ => return None,
    };
    Some(super::CarriedLot {
        instrument: instrument.to_owned(),
        long,
        volume: volume.parse().ok()?,
        open_price: price.parse().ok()?,
    })
}

/// Reads `500ms`: a number with `ns`, `us`, `ms`, `s`, `m` or `h`, or 0 alone.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let nanoseconds = match unit {
        "" if number.parse() == Ok(0.0) => 0,
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000_u64,
        _ => return None,
    };
    let whole = number.parse::<u64>().ok().and_then(|number| number.checked_mul(nanoseconds));
    whole.map(Duration::from_nanos).or_else(|| {
        let seconds = number.parse::<f64>().ok()? * nanoseconds as f64 / 1e9;
        Duration::try_from_secs_f64(seconds).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CheckedBy, Timestamp};

    #[test]
    fn settings_and_switches_are_set_by_name() {
        let mut config = Config::starting_at(Timestamp(0));
        for (key, value) in [
            ("seed", "7"),
            ("crowd", "off"),
            ("matching", "volume-limited"),
            ("tick-interval", "250ms"),
            ("checked_by", "exchange"),
            ("products", "rb, sc"),
            ("carried", "rb2705:long:2@3480.5"),
        ] {
            config.set(key, value).expect(key);
        }
        assert_eq!((config.seed, config.crowd), (7, false));
        assert_eq!(config.tick_interval, Duration::from_millis(250));
        assert_eq!(config.switches.checked_by, CheckedBy::Exchange);
        assert_eq!(config.products, ["rb", "sc"]);
        config.set("latency", "none").expect("a setting");
        assert_eq!((config.connect_delay, config.exchange_delay), (Duration::ZERO, Duration::ZERO));
        config.set("latency", "default").expect("a setting");
        assert_eq!(config.exchange_delay, Config::starting_at(Timestamp(0)).exchange_delay);
        assert_eq!((config.carried_lots[0].volume, config.carried_lots[0].open_price), (2, 3480.5));
    }

    #[test]
    fn what_cannot_be_names_key_value_and_what_is_allowed() {
        let mut config = Config::starting_at(Timestamp(0));
        for (key, value, named) in [
            ("colour", "red", "seed, broker"),
            ("crowd", "maybe", "on or off"),
            ("tick_interval", "5", "500ms"),
            ("checked_by", "nobody", "version, core, exchange"),
            ("carried", "rb2705", "INSTRUMENT"),
        ] {
            let error = config.set(key, value).expect_err(key).to_string();
            assert!(error.contains(key) && error.contains(named), "{error}");
        }
        assert_eq!(config.seed, 1);
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("0"), Some(Duration::ZERO));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1_500)));
        assert_eq!(duration("20us"), Some(Duration::from_micros(20)));
        assert_eq!(duration("18446744073709551615h"), None);
        for text in ["", "5", "ms", "-1s", "1 s", "1d", ".", "1e3s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
