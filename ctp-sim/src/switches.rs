//! Behaviour that no primary source decides: one switch for each such point, all in one table.
//!
//! The CTP behaviour notes mark these points "(unconfirmed)" (§10.3). Each default is what the notes recommend, or what
//! most sources say. [`Switches::TABLE`] is the table that the documentation prints.

use std::fmt;

/// One switch, for people.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// Its name, as a configuration writes it.
    pub name: &'static str,
    /// The section of the CTP behaviour notes that leaves the point open.
    pub section: &'static str,
    /// The values it takes; the first is the default.
    pub values: &'static [&'static str],
    /// What it decides.
    pub meaning: &'static str,
}

/// A switch that does not exist, or a value that it does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SwitchError {
    /// There is no such switch.
    #[error("there is no switch {0:?}: `ctp sim switches` lists them")]
    Unknown(String),
    /// The switch does not take this value.
    #[error("switch {name} does not take {value:?}: write one of {allowed}")]
    Value {
        /// The switch.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it takes, separated by commas.
        allowed: String,
    },
}

/// A value of a switch: a name in a configuration, a variant in the code.
trait SwitchValue: Copy + PartialEq + Sized + 'static {
    /// Every value with its name, the default first.
    const VALUES: &'static [(&'static str, Self)];
}

/// A plain switch, off unless turned on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffOn {
    /// Not done.
    Off,
    /// Done.
    On,
}

/// A plain switch, on unless turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnOff {
    /// Done.
    On,
    /// Not done.
    Off,
}

impl OffOn {
    /// Returns whether it is on.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

impl OnOff {
    /// Returns whether it is on.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

/// An enumeration of a switch's values with their names; the first is the default.
macro_rules! values {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $variant:ident = $text:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $name {
                $($(#[$value_doc])* $variant,)*
            }

            impl SwitchValue for $name {
                const VALUES: &'static [(&'static str, Self)] = &[$(($text, Self::$variant)),*];
            }
        )*
    };
}

impl SwitchValue for OffOn {
    const VALUES: &'static [(&'static str, Self)] = &[("off", Self::Off), ("on", Self::On)];
}

impl SwitchValue for OnOff {
    const VALUES: &'static [(&'static str, Self)] = &[("on", Self::On), ("off", Self::Off)];
}

/// The names of a switch's values, the default first.
const fn names<V: SwitchValue, const N: usize>() -> [&'static str; N] {
    let mut names = [""; N];
    let mut position = 0;
    while position < N {
        names[position] = V::VALUES[position].0;
        position += 1;
    }
    names
}

/// The struct of all switches, its defaults, its table, and setting by name.
macro_rules! switches {
    ($($(#[doc = $doc:literal])+ $field:ident: $kind:ty, $section:literal;)*) => {
        /// Every switch. See [`Switches::TABLE`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Switches {
            $($(#[doc = $doc])+ #[doc = concat!("\n\nCTP behaviour notes ", $section, ".")] pub $field: $kind,)*
        }

        impl Default for Switches {
            fn default() -> Self {
                Self { $($field: <$kind as SwitchValue>::VALUES[0].1,)* }
            }
        }

        impl Switches {
            /// All switches in the order of the notes' sections.
            pub const TABLE: &'static [Switch] = &[$(Switch {
                name: stringify!($field),
                section: $section,
                values: &names::<$kind, { <$kind as SwitchValue>::VALUES.len() }>(),
                meaning: concat!($($doc),+),
            }),*];

            /// Sets a switch by its name.
            ///
            /// # Errors
            ///
            /// Returns an error when there is no such switch or value; nothing changes then.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), SwitchError> {
                match name {
                    $(stringify!($field) => self.$field = find(stringify!($field), value)?,)*
                    _ => return Err(SwitchError::Unknown(name.to_owned())),
                }
                Ok(())
            }

            /// Returns the name of a switch's present value, `None` where there is no such switch.
            pub fn get(&self, name: &str) -> Option<&'static str> {
                match name {
                    $(stringify!($field) => Some(name_of(self.$field)),)*
                    _ => None,
                }
            }
        }
    };
}

fn find<V: SwitchValue>(name: &'static str, value: &str) -> Result<V, SwitchError> {
    let found = V::VALUES.iter().find(|(text, _)| *text == value);
    found.map(|(_, value)| *value).ok_or_else(|| SwitchError::Value {
        name,
        value: value.to_owned(),
        allowed: V::VALUES.iter().map(|(text, _)| *text).collect::<Vec<_>>().join(", "),
    })
}

fn name_of<V: SwitchValue>(value: V) -> &'static str {
    V::VALUES.iter().find(|(_, other)| *other == value).map_or("", |(text, _)| text)
}

values! {
    /// Where an order's price, size and trading period are checked (errors 162–165).
    CheckedBy {
        /// By the core for clients of 6.7.11 and later, by the exchange for older ones.
        Version = "version",
        /// By the core for everybody.
        Core = "core",
        /// By the exchange for everybody.
        Exchange = "exchange",
    }
    /// OrderSubmitStatus of the repeated record while a cancel is carried out.
    RepeatedSubmit {
        /// `'1'`, cancel submitted.
        CancelSubmitted = "cancel-submitted",
        /// `'3'`, accepted: nothing shows before the end.
        Accepted = "accepted",
    }
    /// On which callback a request is refused.
    RefusedOn {
        /// On the request's own `OnRsp…`.
        OwnAnswer = "own-answer",
        /// On `OnRspError`.
        RspError = "rsp-error",
    }
    /// The error of a price type or time condition that is not supported.
    UnsupportedKind {
        /// 80, PRICETYPE_NOTSUPPORT.
        PriceType = "80",
        /// 15, BAD_FIELD.
        BadField = "15",
    }
    /// A field without a value in a tick.
    NoValue {
        /// `DBL_MAX`.
        DblMax = "dbl-max",
        /// 0.
        Zero = "zero",
    }
    /// `LastPrice` before the first trade of the day.
    LastBeforeTrade {
        /// `DBL_MAX`.
        DblMax = "dbl-max",
        /// The close of the day before.
        PreClose = "pre-close",
        /// The settlement price of the day before.
        PreSettlement = "pre-settlement",
    }
    /// The price that an opening order's frozen margin is counted with.
    FrozenPrice {
        /// The order's price.
        Order = "order",
        /// The settlement price of the day before.
        PreSettlement = "pre-settlement",
    }
    /// Where RESUME begins when the stored number is of another trading day.
    NewDay {
        /// At the first message of the new day.
        Restart = "restart",
        /// After the stored number.
        Continue = "continue",
    }
    /// How an OrderRef that the core assigns is written.
    AssignedRef {
        /// Right-aligned in 12 columns.
        Aligned = "aligned",
        /// Without blanks.
        Plain = "plain",
    }
}

switches! {
    /// Applies SHFE's rules for offsets, positions and callbacks to every exchange, as SimNow does.
    simnow_style: OffOn, "§5.3, §8.5";
    /// A request before login is refused on its own answer or on OnRspError.
    before_login: RefusedOn, "§3.1";
    /// Where price, size and trading period of an order are checked.
    checked_by: CheckedBy, "§5.9";
    /// The error of a price type or time condition that the exchange does not know.
    unsupported_kind: UnsupportedKind, "§5.2";
    /// FOK orders are taken for CZCE futures.
    czce_fill_or_kill: OnOff, "§5.2";
    /// An OrderRef beyond 2³¹−1 counts as 0 and is refused as not rising (22).
    order_ref_32_bit: OffOn, "§5.2";
    /// How the core writes an OrderRef that it assigns.
    assigned_order_ref: AssignedRef, "§5.2";
    /// The exchange's refusal of an order also comes on OnErrRtnOrderInsert.
    refusal_on_err_rtn: OffOn, "§5.5 H";
    /// Submit status of the record repeated while a cancel is carried out.
    repeated_while_cancelling: RepeatedSubmit, "§5.5 E";
    /// The order is published again, submit status '5', when the exchange refuses its cancel.
    refused_cancel_republishes: OffOn, "§5.5 J";
    /// An insert over the order-frequency limit is refused (116) on OnRspOrderInsert or on OnRspError.
    order_frequency: RefusedOn, "§3.4";
    /// LastPrice before the first trade of the day.
    last_before_trade: LastBeforeTrade, "§4.2";
    /// Price of an empty level.
    empty_level: NoValue, "§4.2";
    /// BandingUpperPrice and BandingLowerPrice where there is no band.
    no_band: NoValue, "§4.2";
    /// PreDelta and CurrDelta of futures.
    no_delta: NoValue, "§4.2";
    /// CZCE's turnover carries the multiplier (back-ends since 6.7.1).
    czce_turnover_multiplied: OnOff, "§4.3";
    /// ReqQryDepthMarketData fills ExchangeID.
    depth_query_exchange: OnOff, "§4.1";
    /// The price of an opening order's frozen margin.
    frozen_margin_price: FrozenPrice, "§6.2";
    /// Frozen margin counts into the sides of one-sided margin.
    frozen_is_one_sided: OffOn, "§6.2";
    /// The row of a position appears when its first order is placed, not when it is filled.
    row_at_order: OnOff, "§6.5";
    /// WithdrawQuota leaves out the day's profits.
    quota_without_profit: OnOff, "§6.1";
    /// Where RESUME begins when the stored number is of another trading day.
    resume_new_day: NewDay, "§9.1";
    /// Conditional and parked orders survive a restart of the core that clears the flow.
    conditional_survives: OnOff, "§9.3";
    /// OnRsp… with ErrorID 0 precedes the push of a successful bank transfer.
    transfer_answered: OffOn, "§7";
    /// A request for a quote is refused within a minute of the last (113) and when the spread is narrow (114).
    for_quote_limits: OnOff, "§4.8";
}

impl fmt::Display for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, switch) in Self::TABLE.iter().enumerate() {
            let separator = if position == 0 { "" } else { " " };
            write!(f, "{separator}{}={}", switch.name, self.get(switch.name).unwrap_or_default())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_takes_its_values_by_name() {
        for switch in Switches::TABLE {
            let mut switches = Switches::default();
            assert_eq!(switches.get(switch.name), Some(switch.values[0]), "{}", switch.name);
            for value in switch.values {
                switches.set(switch.name, value).expect(value);
                assert_eq!(switches.get(switch.name), Some(*value));
            }
            assert!(!switch.meaning.is_empty() && switch.section.starts_with('§'));
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        let mut switches = Switches::default();
        assert_eq!(switches.set("colour", "red"), Err(SwitchError::Unknown("colour".to_owned())));
        let error = switches.set("checked_by", "nobody").expect_err("no such value").to_string();
        assert!(error.contains("nobody") && error.contains("version, core, exchange"), "{error}");
        assert_eq!(switches, Switches::default());
    }
}
