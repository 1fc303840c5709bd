//! Another session of the same account, as a program of the broker's or a person at a screen is: it talks to the
//! exchange itself and trusts nothing of the gateway.

use ctp_sim::{Delivery, Exchange, Input, SessionId};
use ctp_types::{
    ActionFlag, InputOrderActionField, InputOrderField, OrderField, RecordBox, ReqAuthenticateField,
    ReqUserLoginField, SettlementInfoConfirmField, Text, TraderCallback, TraderRequest,
};

use super::chance::Chance;
use super::plan::{AUTH_CODE, BROKER, PASSWORD, USER};
use super::venue;

/// The first number of a stranger's API object: the gateway's own count up from 1.
const FIRST: u64 = 1_000_000;

#[derive(Debug)]
pub(super) struct Stranger {
    pub(super) number: u64,
    authenticate: bool,
    is_ready: bool,
    last_ref: u32,
    last_request: i32,
}

impl Stranger {
    pub(super) fn new(number: u64, authenticate: bool) -> Self {
        Self { number, authenticate, is_ready: false, last_ref: 0, last_request: 0 }
    }

    /// Returns the place of the stranger that an API object is of.
    pub(super) fn of_session(session: SessionId) -> Option<usize> {
        usize::try_from(session.0.checked_sub(FIRST)?).ok()
    }

    pub(super) fn session(&self) -> SessionId {
        SessionId(FIRST + self.number)
    }

    /// Takes what the exchange says. Returns what is asked for next; the end of the link is the caller's business.
    pub(super) fn hear(&mut self, delivery: &Delivery) -> Option<Input> {
        let Delivery::Trader { callback, rsp_info, .. } = delivery else {
            self.is_ready = false;
            return None;
        };
        let failed = rsp_info.as_ref().is_some_and(|info| info.error_id != 0);
        match callback {
            TraderCallback::OnFrontConnected if self.authenticate => Some(self.authenticate()),
            TraderCallback::OnFrontConnected => Some(self.log_in()),
            TraderCallback::OnRspAuthenticate if !failed => Some(self.log_in()),
            TraderCallback::OnRspUserLogin if !failed => Some(self.confirm()),
            TraderCallback::OnRspSettlementInfoConfirm => {
                self.is_ready = !failed;
                self.last_ref = 0;
                None
            }
            _ => None,
        }
    }

    /// Returns what the stranger does next: an order, or a cancel of any order of the account.
    pub(super) fn act(&mut self, chance: &mut Chance, exchange: &Exchange) -> Option<Input> {
        if !self.is_ready {
            return None;
        }
        let live = venue::live_orders(exchange);
        if !live.is_empty() && chance.happens(300) {
            let place = chance.below(live.len());
            return Some(self.cancel(&live[place]));
        }
        let order = venue::random_order(chance, exchange)?;
        self.last_ref += 1;
        let record = InputOrderField {
            broker_id: text(BROKER),
            investor_id: text(USER),
            user_id: text(USER),
            order_ref: text(&self.last_ref.to_string()),
            ..order
        };
        Some(self.request(TraderRequest::ReqOrderInsert, RecordBox::new(&record)))
    }

    fn cancel(&mut self, order: &OrderField) -> Input {
        let record = InputOrderActionField {
            broker_id: text(BROKER),
            investor_id: text(USER),
            user_id: text(USER),
            instrument_id: order.instrument_id,
            exchange_id: order.exchange_id,
            order_sys_id: order.order_sys_id,
            action_flag: ActionFlag::DELETE,
            ..InputOrderActionField::default()
        };
        self.request(TraderRequest::ReqOrderAction, RecordBox::new(&record))
    }

    fn authenticate(&mut self) -> Input {
        let record = ReqAuthenticateField {
            broker_id: text(BROKER),
            user_id: text(USER),
            auth_code: text(AUTH_CODE),
            app_id: text("simulation"),
            ..ReqAuthenticateField::default()
        };
        self.request(TraderRequest::ReqAuthenticate, RecordBox::new(&record))
    }

    fn log_in(&mut self) -> Input {
        let record = ReqUserLoginField {
            broker_id: text(BROKER),
            user_id: text(USER),
            password: text(PASSWORD),
            ..ReqUserLoginField::default()
        };
        self.request(TraderRequest::ReqUserLogin, RecordBox::new(&record))
    }

    fn confirm(&mut self) -> Input {
        let record = SettlementInfoConfirmField {
            broker_id: text(BROKER),
            investor_id: text(USER),
            ..SettlementInfoConfirmField::default()
        };
        self.request(TraderRequest::ReqSettlementInfoConfirm, RecordBox::new(&record))
    }

    fn request(&mut self, request: TraderRequest, record: RecordBox) -> Input {
        self.last_request += 1;
        Input::Trader { session: self.session(), request, record, request_id: self.last_request }
    }
}

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).expect("a short text")
}
