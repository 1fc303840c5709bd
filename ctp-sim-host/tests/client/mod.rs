//! A client as tests need it: it logs in, trades, and hands out what it is told.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test takes what it needs and stops at the first surprise"
)]

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ctp_sim_host::{ApiKind, Instance, InstanceOptions, SubscriptionChange};
use ctp_types::{ContingentCondition, Direction, ForceCloseReason, Record};
use ctp_types::{
    InputOrderField, InstrumentField, MdRequest, OrderPriceType, QryInstrumentField, RecordBox,
    ReqUserLoginField, SettlementInfoConfirmField, Text, TimeCondition, TraderRequest, VolumeCondition,
};
use tempfile::TempDir;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// One callback.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) name: &'static str,
    pub(crate) record: Option<RecordBox>,
    pub(crate) error: i32,
    pub(crate) number: i32,
}

impl Seen {
    /// Returns the record.
    pub(crate) fn record<R: Record + Copy>(&self) -> R {
        *self.record.as_ref().unwrap_or_else(|| panic!("{} without a record", self.name)).get::<R>().unwrap()
    }
}

/// An API object with what it was told.
pub(crate) struct Client {
    pub(crate) instance: Instance,
    pub(crate) seen: Receiver<Seen>,
    pub(crate) user: String,
    order_ref: u32,
    _flow: TempDir,
}

impl Client {
    /// Creates one and starts connecting.
    pub(crate) fn start(kind: ApiKind, front: &str, user: &str) -> Self {
        let (seen_tx, seen) = mpsc::channel();
        let flow = tempfile::tempdir().unwrap();
        let mut prefix = flow.path().to_owned().into_os_string();
        prefix.push("/");
        let instance = Instance::new(InstanceOptions::new(kind, prefix), move |callback| {
            // A test that has ended no longer listens.
            drop(seen_tx.send(Seen {
                name: callback.method.name(),
                record: callback.record.cloned(),
                error: callback.rsp_info.map_or(0, |info| info.error_id),
                number: callback.number,
            }));
        });
        instance.register_front(front);
        instance.init();
        Self { instance, seen, user: user.to_owned(), order_ref: 0, _flow: flow }
    }

    /// Waits for a callback and skips all others.
    pub(crate) fn next(&self, name: &str) -> Seen {
        let deadline = Instant::now() + PATIENCE;
        let mut skipped = Vec::new();
        loop {
            match self.seen.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(seen) if seen.name == name => return seen,
                Ok(seen) => skipped.push(seen.name),
                Err(_) => panic!("{name} did not come to {}; skipped: {skipped:?}", self.user),
            }
        }
    }

    /// Returns what comes within a time.
    pub(crate) fn within(&self, time: Duration) -> Vec<Seen> {
        let deadline = Instant::now() + time;
        let mut all = Vec::new();
        loop {
            match self.seen.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(seen) => all.push(seen),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return all,
            }
        }
    }

    /// Waits for the connection and logs in.
    pub(crate) fn log_in(&self) {
        self.next("OnFrontConnected");
        let login = ReqUserLoginField {
            broker_id: text("9999"),
            user_id: text(&self.user),
            password: text("simulator"),
            ..Default::default()
        };
        let login = RecordBox::new(&login);
        let code = match self.instance.kind() {
            ApiKind::Md => self.instance.md_request(MdRequest::ReqUserLogin, login, 1),
            ApiKind::Trader => self.instance.trader_request(TraderRequest::ReqUserLogin, login, 1),
        };
        assert_eq!(code, 0);
        assert_eq!(self.next("OnRspUserLogin").error, 0);
        if self.instance.kind() == ApiKind::Trader {
            let confirm = SettlementInfoConfirmField {
                broker_id: text("9999"),
                investor_id: text(&self.user),
                ..Default::default()
            };
            self.request(TraderRequest::ReqSettlementInfoConfirm, &confirm);
            self.next("OnRspSettlementInfoConfirm");
        }
    }

    /// Sends a trader request that must be taken.
    pub(crate) fn request<R: Record>(&self, request: TraderRequest, record: &R) {
        assert_eq!(self.instance.trader_request(request, RecordBox::new(record), 7), 0);
    }

    /// Returns an instrument of the exchange.
    pub(crate) fn instrument(&self, id: &str) -> InstrumentField {
        let query = QryInstrumentField { instrument_id: text(id), ..Default::default() };
        self.request(TraderRequest::ReqQryInstrument, &query);
        self.next("OnRspQryInstrument").record()
    }

    /// Sends an order of one lot to open.
    pub(crate) fn order(&mut self, instrument: &str, exchange: &str, direction: Direction, price: f64) {
        self.order_ref += 1;
        let order = InputOrderField {
            broker_id: text("9999"),
            investor_id: text(&self.user),
            user_id: text(&self.user),
            instrument_id: text(instrument),
            exchange_id: text(exchange),
            order_ref: text(&self.order_ref.to_string()),
            direction,
            comb_offset_flag: text("0"),
            comb_hedge_flag: text("1"),
            order_price_type: OrderPriceType::LIMIT_PRICE,
            limit_price: price,
            volume_total_original: 1,
            time_condition: TimeCondition::GFD,
            volume_condition: VolumeCondition::AV,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            ..Default::default()
        };
        self.request(TraderRequest::ReqOrderInsert, &order);
    }

    /// Subscribes market data.
    pub(crate) fn subscribe(&self, instruments: &[&str]) {
        let ids = instruments.iter().map(|id| text(id)).collect();
        assert_eq!(self.instance.change_subscription(SubscriptionChange::Subscribe, ids), 0);
    }
}

/// Returns a text of a record.
pub(crate) fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}
