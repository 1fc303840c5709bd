//! Users: their passwords, their failures, and what the broker holds against them (§2.5).

use std::collections::BTreeMap;

use ctp_market::Exchange as Venue;
use ctp_types::Text;
use serde::{Deserialize, Serialize};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::interface::{ApiKind, Timestamp};
use crate::session::flow_control::Window;
use crate::session::second_factor::SmsCode;
use crate::text::text;

/// What login and authentication know beyond the sessions.
#[derive(Debug, Default)]
pub(crate) struct Users {
    by_id: BTreeMap<Text<16>, User>,
    pub(crate) core: CoreState,
    /// Whether the core is connected to each exchange, in the order of `ctp_market::Exchange::ALL`.
    pub(crate) links: Links,
    /// Connections of everybody.
    pub(crate) connects: Window,
    /// When the trading day began; `None` on the first.
    pub(crate) day_began: Option<Timestamp>,
}

/// The core's links to the exchanges.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links([bool; Venue::ALL.len()]);

impl Default for Links {
    fn default() -> Self {
        Self([true; Venue::ALL.len()])
    }
}

impl std::ops::Index<Venue> for Links {
    type Output = bool;

    fn index(&self, venue: Venue) -> &bool {
        &self.0[venue as usize]
    }
}

/// One user.
#[derive(Debug, Default)]
pub(crate) struct User {
    /// `None` is the password of the configuration.
    password: Option<Text<41>>,
    account_password: Option<Text<41>>,
    failures: u32,
    standing: UserState,
    pub(crate) last_login: Option<Timestamp>,
    pub(crate) code: Option<SmsCode>,
}

/// Whether logins are taken at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoreState {
    pub(crate) is_ready: bool,
    pub(crate) is_front_active: bool,
    /// Whether the market monitoring centre, where statements come from, is connected.
    pub(crate) has_monitoring: bool,
}

impl Default for CoreState {
    fn default() -> Self {
        Self { is_ready: true, is_front_active: true, has_monitoring: true }
    }
}

/// How a user stands with the broker ([`Command::User`](crate::Command::User)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UserState {
    /// As usual; failed logins are forgotten.
    #[default]
    Normal,
    /// Too many failed logins (75).
    Locked,
    /// Must change the password before the first login (140).
    FirstLogin,
    /// Must change a password that is out of date (141).
    OutOfDate,
    /// Must change a weak password (131).
    Weak,
    /// The address failed too often (143).
    IpForbidden,
    /// The address is on the black list (144).
    IpBlack,
    /// The address may not authenticate (4042).
    AuthIp,
    /// The AppID is not granted to the user (4043).
    AuthUser,
    /// Too many failed authentications (4060).
    AuthForbidden,
    /// No right to authenticate in this data centre (145).
    AuthCentre,
}

/// Which of a user's two passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordKind {
    Login,
    Account,
}

impl UserState {
    fn at_authentication(self) -> Option<CoreError> {
        match self {
            Self::IpBlack => Some(CoreError::IpBlack),
            Self::AuthIp => Some(CoreError::AuthIp),
            Self::AuthUser => Some(CoreError::AuthUser),
            Self::AuthForbidden => Some(CoreError::AuthForbidden),
            Self::AuthCentre => Some(CoreError::NoAuthRight),
            _ => None,
        }
    }

    /// What is said before the password is looked at.
    fn at_login(self) -> Option<CoreError> {
        match self {
            Self::Locked => Some(CoreError::LoginForbidden),
            Self::IpForbidden => Some(CoreError::IpForbidden),
            Self::IpBlack => Some(CoreError::IpBlack),
            _ => None,
        }
    }

    /// What is said to the right password: a new one is needed first.
    fn after_password(self) -> Option<CoreError> {
        match self {
            Self::FirstLogin => Some(CoreError::FirstLogin),
            Self::OutOfDate => Some(CoreError::PasswordOutOfDate),
            Self::Weak => Some(CoreError::WeakPassword),
            _ => None,
        }
    }
}

impl Exchange {
    pub(crate) fn user(&self, user: &Text<16>) -> Option<&User> {
        self.users.by_id.get(user)
    }

    /// Returns whether the core is connected to an exchange.
    pub(crate) fn is_linked(&self, venue: Venue) -> bool {
        self.users.links[venue]
    }

    /// Breaks or mends the core's link to an exchange; an id that does not exist changes nothing.
    pub(crate) fn set_link(&mut self, exchange: &str, on: bool) {
        if let Some(venue) = Venue::from_id(exchange) {
            self.users.links.0[venue as usize] = on;
        }
    }

    pub(crate) fn user_mut(&mut self, user: &Text<16>) -> &mut User {
        self.users.by_id.entry(*user).or_default()
    }

    pub(crate) fn set_user_state(&mut self, user: &str, state: UserState) {
        let user = self.user_mut(&text(user));
        user.standing = state;
        user.failures = 0;
    }

    /// Returns what the broker says to an authentication of a user who is barred.
    pub(crate) fn authentication_bar(&self, user: &Text<16>) -> Option<CoreError> {
        self.user(user).and_then(|user| user.standing.at_authentication())
    }

    /// Judges user and password of a login; counts the failures (§2.5).
    pub(crate) fn check_password(
        &mut self,
        broker: &Text<11>,
        id: &Text<16>,
        password: &Text<41>,
    ) -> Result<(), CoreError> {
        // The investor is named as the user, in a shorter field.
        if *broker != self.config.broker.as_str() || id.is_empty() || id.as_bytes().len() >= 13 {
            return Err(CoreError::InvalidLogin);
        }
        let limit = self.config.access.login_failures;
        let is_right = *password == self.password_of(id, PasswordKind::Login);
        let user = self.user_mut(id);
        if let Some(error) = user.standing.at_login() {
            return Err(error);
        }
        if !is_right {
            user.failures += 1;
            if limit > 0 && user.failures >= limit {
                user.standing = UserState::Locked;
            }
            return Err(CoreError::InvalidLogin);
        }
        user.failures = 0;
        user.standing.after_password().map_or(Ok(()), Err)
    }

    /// Returns whether the user has as many sessions as it may (60).
    pub(crate) fn has_all_sessions(&self, user: &Text<16>) -> bool {
        let limit = self.config.access.sessions_per_user as usize;
        let traders = self.sessions.values().filter(|session| session.kind == ApiKind::Trader);
        let own = traders.filter(|session| session.login.as_ref().is_some_and(|login| login.user == *user));
        limit > 0 && own.count() >= limit
    }

    pub(crate) fn password_of(&self, id: &Text<16>, kind: PasswordKind) -> Text<41> {
        let user = self.user(id);
        let own = user.and_then(|user| match kind {
            PasswordKind::Login => user.password,
            PasswordKind::Account => user.account_password,
        });
        own.unwrap_or_else(|| text(&self.config.password))
    }

    /// Gives a user a new password; what obliged it to is settled.
    pub(crate) fn set_password(&mut self, id: &Text<16>, kind: PasswordKind, password: Text<41>) {
        let user = self.user_mut(id);
        match kind {
            PasswordKind::Login => {
                user.password = Some(password);
                if user.standing.after_password().is_some() {
                    user.standing = UserState::Normal;
                }
            }
            PasswordKind::Account => user.account_password = Some(password),
        }
    }
}
