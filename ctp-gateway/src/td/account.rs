//! The account's texts, encoded once, and the records of the login made of them.

use ctp_types::{
    QryInvestorPositionField, QryOrderField, QryTradeField, QryTradingAccountField, RecordBox,
    ReqAuthenticateField, ReqUserLoginField, SettlementInfoConfirmField, Text, TextError, TraderRequest,
    UserSystemInfoField,
};

use crate::config::{ConfigError, Relay, Secret, TdConfig};
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

/// Returns the record of a query of an account, without further filters; records are empty for other queries.
pub(super) fn query(request: TraderRequest, broker_id: Text<11>, investor_id: Text<13>) -> RecordBox {
    match request {
        TraderRequest::ReqQryTradingAccount => {
            RecordBox::new(&QryTradingAccountField { broker_id, investor_id, ..Default::default() })
        }
        TraderRequest::ReqQryInvestorPosition => {
            RecordBox::new(&QryInvestorPositionField { broker_id, investor_id, ..Default::default() })
        }
        TraderRequest::ReqQryOrder => {
            RecordBox::new(&QryOrderField { broker_id, investor_id, ..Default::default() })
        }
        TraderRequest::ReqQryTrade => {
            RecordBox::new(&QryTradeField { broker_id, investor_id, ..Default::default() })
        }
        other => RecordBox::zeroed(other.record()),
    }
}

fn fit<const N: usize>(key: &'static str, text: &str) -> Result<Text<N>, ConfigError> {
    Text::new(text).map_err(|error: TextError| ConfigError::one(key, error.to_string()))
}
