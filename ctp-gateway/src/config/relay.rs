//! What a relay tells about the terminal of the user that it trades for.

use std::fmt;
use std::sync::Arc;

use ctp_types::{Text, UserSystemInfoField};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most bytes of terminal information that a record takes.
const SYSTEM_INFO_MAX: usize = 273;

/// What a relay (中继, many users through one program, one session each) tells about its user's terminal, between
/// authentication and login (C: `RegisterUserSystemInfo`, ctp-behaviour.md §2.4). A direct client needs none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Relay {
    /// What the collector made on the user's terminal. C: `ClientSystemInfo`, `ClientSystemInfoLen`.
    pub system_info: TerminalInfo,
    /// The address from which the user came to the relay, at most 32 bytes. C: `ClientPublicIP`.
    pub public_ip: String,
    /// The port from which the user came. C: `ClientIPPort`.
    pub ip_port: u16,
    /// When the user came, `HH:MM:SS`. C: `ClientLoginTime`.
    pub login_time: String,
    /// The application id of the user's terminal, not of the relay, at most 32 bytes. C: `ClientAppID`.
    pub app_id: String,
    /// A remark, at most 150 bytes. C: `ClientLoginRemark`.
    pub login_remark: String,
    /// The hardware address of the user's terminal, at most 40 bytes (since 6.7.13). C: `MAC`.
    pub mac: String,
}

impl Relay {
    /// Returns information of a terminal, with nothing else known.
    pub fn new(system_info: impl Into<TerminalInfo>) -> Self {
        Self { system_info: system_info.into(), ..Self::default() }
    }

    /// Returns what does not fit, as key and message.
    pub(crate) fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let length = self.system_info.as_bytes().len();
        if length == 0 {
            problems.push(("relay.system_info", "is empty; give what the collector made".to_owned()));
        } else if length > SYSTEM_INFO_MAX {
            let message = format!("has {length} bytes; a record takes {SYSTEM_INFO_MAX}");
            problems.push(("relay.system_info", message));
        }
        let mut text = |key, fits: bool, most: usize| {
            if !fits {
                let message = format!("does not fit; give at most {most} bytes of GBK text without NUL");
                problems.push((key, message));
            }
        };
        text("relay.public_ip", Text::<33>::new(&self.public_ip).is_ok(), 32);
        text("relay.login_time", Text::<9>::new(&self.login_time).is_ok(), 8);
        text("relay.app_id", Text::<33>::new(&self.app_id).is_ok(), 32);
        text("relay.login_remark", Text::<151>::new(&self.login_remark).is_ok(), 150);
        text("relay.mac", Text::<41>::new(&self.mac).is_ok(), 40);
        problems
    }

    /// Returns the record that is registered. What does not fit is left out: see [`problems`](Self::problems).
    pub(crate) fn record(&self, broker_id: Text<11>, user_id: Text<16>) -> UserSystemInfoField {
        let bytes = self.system_info.as_bytes();
        UserSystemInfoField {
            broker_id,
            user_id,
            client_system_info_len: i32::try_from(bytes.len()).unwrap_or(0),
            client_system_info: Text::from_raw(bytes).unwrap_or_default(),
            client_ip_port: i32::from(self.ip_port),
            client_login_time: Text::new(&self.login_time).unwrap_or_default(),
            client_app_id: Text::new(&self.app_id).unwrap_or_default(),
            client_public_ip: Text::new(&self.public_ip).unwrap_or_default(),
            client_login_remark: Text::new(&self.login_remark).unwrap_or_default(),
            mac: Text::new(&self.mac).unwrap_or_default(),
            ..UserSystemInfoField::default()
        }
    }
}

/// Encrypted bytes that identify a terminal, NULs among them. They are never shown.
///
/// In a configuration they are hexadecimal digits; serialised they are an empty text.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TerminalInfo(Arc<[u8]>);

impl TerminalInfo {
    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads hexadecimal digits; `None` if they are none.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
        let pairs = digits.filter(|digits| digits.len().is_multiple_of(2))?;
        let bytes = pairs.chunks_exact(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]));
        bytes.collect::<Result<Vec<u8>, _>>().ok().map(Self::from)
    }
}

impl From<Vec<u8>> for TerminalInfo {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&ctp_sys::SystemInfo> for TerminalInfo {
    fn from(info: &ctp_sys::SystemInfo) -> Self {
        Self(info.as_bytes().into())
    }
}

impl fmt::Debug for TerminalInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TerminalInfo({} bytes)", self.0.len())
    }
}

impl<'de> Deserialize<'de> for TerminalInfo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = super::Secret::deserialize(deserializer)?;
        Self::from_hex(text.expose()).ok_or_else(|| {
            serde::de::Error::custom("system_info is not an even number of hexadecimal digits")
        })
    }
}

impl Serialize for TerminalInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_as_hexadecimal_digits_and_never_show() {
        let info = TerminalInfo::from_hex("00ffCa").expect("digits");
        assert_eq!(info.as_bytes(), [0, 255, 0xca]);
        for bad in ["0", "zz", "0é", "00 1"] {
            assert_eq!(TerminalInfo::from_hex(bad), None, "{bad}");
        }
        let relay = Relay::new(b"canary".to_vec());
        assert!(!format!("{relay:?}").contains("canary") && format!("{relay:?}").contains("6 bytes"));
    }

    #[test]
    fn the_record_has_the_exact_bytes() {
        let mut relay = Relay::new(vec![7, 0, 9]);
        relay.ip_port = 65535;
        relay.login_time = "21:00:00".to_owned();
        let record = relay.record(Text::new("9999").unwrap(), Text::new("1").unwrap());
        assert_eq!((record.client_system_info_len, record.client_ip_port), (3, 65535));
        assert_eq!(record.client_system_info.raw()[..4], [7, 0, 9, 0]);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let mut relay = Relay::new(vec![1; 274]);
        relay.login_time = "21:00:00.5".to_owned();
        relay.mac = "x".repeat(41);
        let keys: Vec<_> = relay.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["relay.system_info", "relay.login_time", "relay.mac"]);
        assert_eq!(Relay::default().problems().len(), 1);
    }
}
