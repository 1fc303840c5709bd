//! Who may log in, and how much a session may ask.

use std::time::Duration;

use ctp_types::AppType;

/// The settings of authentication, login and flow control (§2.3, §2.5, §3.4).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Access {
    /// The `AuthCode` asked for (63); empty takes any but an empty one. Default: any.
    pub auth_code: String,
    /// The `AppID`s granted (4043); empty takes any but an empty one. Default: any.
    pub app_ids: Vec<String>,
    /// `AppType` of the answer to `ReqAuthenticate`. Default: an investor's own client.
    pub app_type: AppType,
    /// Trader sessions of one user; more are refused (60). 0 is no limit. Default 1,000.
    pub sessions_per_user: u32,
    /// Failed logins in a row after which a user is locked (75). 0 is no limit. Default 10.
    pub login_failures: u32,
    /// Whether a login needs a code sent by SMS (6020). Default: no.
    pub sms_login: SmsLogin,
    /// The telephone that codes are sent to (6014); empty takes any. Default: any.
    pub sms_mobile: String,
    /// Whether a market-data login needs a trader login of the same user and day (3). Default: no.
    pub md_login_verify: bool,
    /// Whether a market-data session may log in only once a second. Default: no.
    pub md_login_freq: bool,
    /// How long after a login queries are answered by 90. Default 0.
    pub query_ready_delay: Duration,
    /// Queries per second and instance that the library itself lets through; more return −3. 0 is no limit, as in newer
    /// libraries. Default 0.
    pub api_queries_per_second: u32,
    /// Orders and cancels per second and user; more are refused (116). 0 is no limit. Default 0.
    pub orders_per_second: u32,
    /// Requests per second and session; more wait for the next second. 0 is no limit. Default 0.
    pub requests_per_second: u32,
    /// Connections per second; more are cut at once (0x1001). 0 is no limit. Default 0.
    pub connects_per_second: u32,
    /// Instruments whose ticks one market-data session may subscribe to; more are refused (6000). 0 is no limit.
    /// Default 0.
    pub md_instruments: u32,
}

/// What the broker does with codes sent by SMS (6.7.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmsLogin {
    /// No user needs one (6015).
    Off,
    /// Every user needs one.
    On,
    /// The data centre has no such service (6021).
    NoCentre,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            auth_code: String::new(),
            app_ids: Vec::new(),
            app_type: AppType::TYPE_INVESTOR,
            sessions_per_user: 1_000,
            login_failures: 10,
            sms_login: SmsLogin::Off,
            sms_mobile: String::new(),
            md_login_verify: false,
            md_login_freq: false,
            query_ready_delay: Duration::ZERO,
            api_queries_per_second: 0,
            orders_per_second: 0,
            requests_per_second: 0,
            connects_per_second: 0,
            md_instruments: 0,
        }
    }
}
