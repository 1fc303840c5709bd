//! What a session registers with its library before `Init`.

use ctp_sys::{ApiError, MdApi, TraderApi};
use ctp_types::{FensUserInfoField, Text};

use crate::config::{ConfigError, FensMode, FrontAddress, MdConfig, TdConfig};
use crate::error::Error;

/// Where a session's library looks for its fronts.
#[derive(Debug)]
pub(crate) struct Addresses {
    fronts: Vec<FrontAddress>,
    name_servers: Vec<FrontAddress>,
    fens: FensUserInfoField,
}

impl Addresses {
    pub(crate) fn of_md(config: &MdConfig) -> Result<Self, ConfigError> {
        let MdConfig { fronts, name_servers, broker_id, user_id, fens_mode, .. } = config;
        Self::new(fronts, name_servers, broker_id, user_id, *fens_mode)
    }

    pub(crate) fn of_td(config: &TdConfig) -> Result<Self, ConfigError> {
        let TdConfig { fronts, name_servers, broker_id, user_id, fens_mode, .. } = config;
        Self::new(fronts, name_servers, broker_id, user_id, *fens_mode)
    }

    fn new(
        fronts: &[String],
        name_servers: &[String],
        broker_id: &str,
        user_id: &str,
        mode: FensMode,
    ) -> Result<Self, ConfigError> {
        let parsed = |key, texts: &[String]| -> Result<Vec<_>, ConfigError> {
            let parse = |text: &String| FrontAddress::parse(text).map_err(|why| ConfigError::one(key, why));
            texts.iter().map(parse).collect()
        };
        let fens = FensUserInfoField {
            broker_id: Text::new(broker_id).unwrap_or_default(),
            user_id: Text::new(user_id).unwrap_or_default(),
            login_mode: mode.into(),
        };
        let (fronts, name_servers) = (parsed("fronts", fronts)?, parsed("name_servers", name_servers)?);
        Ok(Self { fronts, name_servers, fens })
    }

    pub(crate) fn register_with_md(&self, api: &MdApi) -> Result<(), Error> {
        let fens = |user: &_| api.register_fens_user_info(user);
        self.register(
            fens,
            |address| api.register_name_server(address),
            |address| api.register_front(address),
        )
    }

    pub(crate) fn register_with_trader(&self, api: &TraderApi) -> Result<(), Error> {
        let fens = |user: &_| api.register_fens_user_info(user);
        self.register(
            fens,
            |address| api.register_name_server(address),
            |address| api.register_front(address),
        )
    }

    /// A name server wants to know who asks, before it is registered itself.
    fn register(
        &self,
        fens: impl Fn(&FensUserInfoField) -> Result<(), ApiError>,
        name_server: impl Fn(&str) -> Result<(), ApiError>,
        front: impl Fn(&str) -> Result<(), ApiError>,
    ) -> Result<(), Error> {
        if !self.name_servers.is_empty() {
            fens(&self.fens).map_err(failed("RegisterFensUserInfo"))?;
        }
        for address in &self.name_servers {
            name_server(address.as_str()).map_err(failed("RegisterNameServer"))?;
        }
        for address in &self.fronts {
            front(address.as_str()).map_err(failed("RegisterFront"))?;
        }
        Ok(())
    }
}

/// Returns the error of a call that prepares a session.
pub(crate) fn failed(call: &'static str) -> impl Fn(ApiError) -> Error {
    move |source| Error::Setup { call, source }
}
