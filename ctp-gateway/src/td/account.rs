//! The account's texts, encoded once, and the records of the login made of them.

use std::fmt;

use ctp_types::{
    RecordBox, ReqAuthenticateField, ReqUserLoginField, SettlementInfoConfirmField, Text, TextError,
    TraderRequest, UserPasswordUpdateField, UserSystemInfoField, Value, until_nul,
};

use crate::config::{ConfigError, MdConfig, Relay, Secret, TdConfig};
use crate::handshake::Step;

/// The account's texts. The secrets stay wrapped until a record needs them.
pub(crate) struct AccountTexts {
    pub(super) broker_id: Text<11>,
    pub(super) user_id: Text<16>,
    pub(super) investor_id: Text<13>,
    product_info: Text<11>,
    app_id: Text<33>,
    password: Secret,
    auth_code: Secret,
    one_time_password: Secret,
    /// A code by text message, for the next login only.
    pub(super) sms_code: Text<17>,
}

impl AccountTexts {
    /// Encodes the texts of a configuration.
    ///
    /// # Errors
    ///
    /// Returns the text that does not fit; [`TdConfig::check`] lists them all.
    pub(crate) fn new(config: &TdConfig) -> Result<Self, ConfigError> {
        let this = Self {
            broker_id: fit("broker_id", &config.broker_id)?,
            user_id: fit("user_id", &config.user_id)?,
            investor_id: fit("investor_id", config.investor())?,
            product_info: fit("product_info", &config.product_info)?,
            app_id: fit("app_id", &config.app_id)?,
            password: config.password.clone(),
            auth_code: config.auth_code.clone(),
            one_time_password: config.one_time_password.clone(),
            sms_code: Text::default(),
        };
        fit::<41>("password", this.password.expose())?;
        fit::<17>("auth_code", this.auth_code.expose())?;
        fit::<41>("one_time_password", this.one_time_password.expose())?;
        Ok(this)
    }

    /// Returns what a relay tells about its user's terminal.
    pub(super) fn system_info(&self, relay: &Relay) -> UserSystemInfoField {
        relay.record(self.broker_id, self.user_id)
    }

    /// Returns the record that changes the password.
    pub(super) fn password_update(&self, new: &Secret) -> RecordBox {
        RecordBox::new(&UserPasswordUpdateField {
            broker_id: self.broker_id,
            user_id: self.user_id,
            old_password: Text::new(self.password.expose()).unwrap_or_default(),
            new_password: Text::new(new.expose()).unwrap_or_default(),
        })
    }

    /// Takes a new password, which the counter has accepted.
    pub(super) fn set_password(&mut self, new: Secret) {
        self.password = new;
    }

    /// Returns the request of a step of the login.
    pub(super) fn step(&self, step: Step) -> (TraderRequest, RecordBox) {
        match step {
            Step::Authenticate => {
                let record = ReqAuthenticateField {
                    broker_id: self.broker_id,
                    user_id: self.user_id,
                    user_product_info: self.product_info,
                    app_id: self.app_id,
                    auth_code: Text::new(self.auth_code.expose()).unwrap_or_default(),
                };
                (TraderRequest::ReqAuthenticate, RecordBox::new(&record))
            }
            Step::LogIn => {
                let record = ReqUserLoginField {
                    broker_id: self.broker_id,
                    user_id: self.user_id,
                    user_product_info: self.product_info,
                    password: Text::new(self.password.expose()).unwrap_or_default(),
                    one_time_password: Text::new(self.one_time_password.expose()).unwrap_or_default(),
                    sms_code: self.sms_code,
                    ..ReqUserLoginField::default()
                };
                (TraderRequest::ReqUserLogin, RecordBox::new(&record))
            }
            Step::Confirm => {
                let record = SettlementInfoConfirmField {
                    broker_id: self.broker_id,
                    investor_id: self.investor_id,
                    ..SettlementInfoConfirmField::default()
                };
                (TraderRequest::ReqSettlementInfoConfirm, RecordBox::new(&record))
            }
        }
    }
}

/// The account's names, with which records are filled.
#[derive(Debug)]
pub(crate) struct AccountNames {
    broker_id: Text<11>,
    investor_id: Text<13>,
    user_id: Text<16>,
}

impl AccountNames {
    pub(crate) fn new(account: &AccountTexts) -> Self {
        let AccountTexts { broker_id, investor_id, user_id, .. } = *account;
        Self { broker_id, investor_id, user_id }
    }

    pub(crate) fn user_id(&self) -> Text<16> {
        self.user_id
    }

    /// Returns the names of a market data session, which has no investor.
    ///
    /// # Errors
    ///
    /// Returns the text that does not fit.
    pub(crate) fn of_md(config: &MdConfig) -> Result<Self, ConfigError> {
        let (broker_id, user_id) = (fit("broker_id", &config.broker_id)?, fit("user_id", &config.user_id)?);
        Ok(Self { broker_id, investor_id: Text::default(), user_id })
    }

    /// Fills `BrokerID`, `InvestorID` and `UserID` in where a record has them and leaves them empty.
    pub(crate) fn fill(&self, record: &mut RecordBox) {
        let names = [
            ("BrokerID", self.broker_id.as_bytes()),
            ("InvestorID", self.investor_id.as_bytes()),
            ("UserID", self.user_id.as_bytes()),
        ];
        for (name, own) in names {
            if let Some(field) = record.descriptor().field(name)
                && matches!(record.as_ref().field(field), Value::Text(text) if until_nul(text).is_empty())
            {
                // The account's names fit the fields of that name in every record; a test looks at all of them.
                let _ = record.set(field, Value::Text(own));
            }
        }
    }
}

impl fmt::Display for AccountNames {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "broker {}, user {}, investor {}", self.broker_id, self.user_id, self.investor_id)
    }
}

fn fit<const N: usize>(key: &'static str, text: &str) -> Result<Text<N>, ConfigError> {
    Text::new(text).map_err(|error: TextError| ConfigError::one(key, error.to_string()))
}

#[cfg(test)]
mod tests {
    use ctp_types::{FieldKind, QryTradeField};

    use super::*;

    #[test]
    fn empty_names_are_filled_and_others_stay() {
        let config = TdConfig::new(["sim://test"], "9999", "000001", "canary");
        let names = AccountNames::new(&AccountTexts::new(&config).unwrap());
        let investor_id = Text::new("7").unwrap();
        let mut record = RecordBox::new(&QryTradeField { investor_id, ..Default::default() });
        names.fill(&mut record);
        let filled: &QryTradeField = record.get().unwrap();
        assert_eq!((filled.broker_id.to_str(), filled.investor_id.to_str()), ("9999".into(), "7".into()));
    }

    #[test]
    fn the_names_fit_every_request() {
        for request in TraderRequest::ALL {
            for (name, least) in [("BrokerID", 11), ("InvestorID", 13), ("UserID", 16)] {
                let field = request.record().field(name);
                let fits = field
                    .is_none_or(|field| matches!(field.kind, FieldKind::Text(length) if length >= least));
                assert!(fits, "{name} of {}", request.name());
            }
        }
    }
}
