//! The sessions of a user (§7).

use ctp_types::{QryUserSessionField, UserSessionField};

use crate::exchange::Exchange;
use crate::interface::{ApiKind, SessionId};
use crate::session::FRONT_ID;
use crate::text::text;

impl Exchange {
    /// Returns the user's sessions, all or the one named by FrontID and SessionID.
    pub(crate) fn query_sessions(&self, id: SessionId, query: &QryUserSessionField) -> Vec<UserSessionField> {
        let Some(user) = self.login(id).map(|login| login.user) else { return Vec::new() };
        if !query.user_id.is_empty() && query.user_id != user {
            return Vec::new();
        }
        let traders = self.sessions.values().filter(|session| session.kind == ApiKind::Trader);
        let records = traders.filter_map(|session| {
            let login = session.login.as_ref().filter(|login| login.user == user)?;
            let at = self.stamp_at(login.at);
            Some(UserSessionField {
                front_id: FRONT_ID,
                session_id: login.session_id,
                broker_id: text(&self.config.broker),
                user_id: login.user,
                login_date: at.date,
                login_time: at.time,
                user_product_info: session.product_info,
                interface_product_info: login.terminal.interface_product_info,
                protocol_info: login.terminal.protocol_info,
                mac_address: login.terminal.mac_address,
                login_remark: login.terminal.login_remark,
                ip_address: login.terminal.ip_address,
                ..UserSessionField::default()
            })
        });
        let is_meant = |record: &UserSessionField| {
            (query.front_id == 0 || query.front_id == record.front_id)
                && (query.session_id == 0 || query.session_id == record.session_id)
        };
        records.filter(is_meant).collect()
    }
}
