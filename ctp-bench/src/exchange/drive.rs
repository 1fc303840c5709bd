//! An exchange driven by hand: sessions, orders, ticks.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use ctp_sim::{ApiKind, Config, Delivery, Exchange, Input, Output, SessionId, Timestamp};
use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, InputOrderField, InstrumentField, MdCallback,
    MdRequest, OrderPriceType, QryDepthMarketDataField, QryInstrumentField, Record, RecordBox,
    ReqUserLoginField, SettlementInfoConfirmField, Text, TimeCondition, TraderCallback, TraderRequest,
    VolumeCondition,
};

/// Monday 2026-11-23, 10:00 in China.
pub(crate) const START: Timestamp = Timestamp(1_795_399_200_000_000_000);
/// The version of every client.
const VERSION: (u16, u16, u16) = (6, 7, 11);

/// An exchange and its time.
pub(crate) struct Drive {
    pub(crate) exchange: Exchange,
    pub(crate) now: Timestamp,
    pub(crate) outputs: Vec<Output>,
    order_ref: u64,
}

/// A logged-in trader.
#[derive(Clone, Copy)]
pub(crate) struct Trader {
    session: SessionId,
    /// An order with everything that is the same in all of its orders.
    template: InputOrderField,
}

/// An instrument to trade, with the day's limits.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) id: Text<81>,
    pub(crate) exchange: Text<9>,
    /// The settlement price of the day before.
    pub(crate) price: f64,
    /// What a seller gives for anything, and what a buyer.
    pub(crate) limits: [f64; 2],
    /// The offset that closes what was opened today.
    close_today: &'static str,
}

/// Returns the settings of an exchange without delays, for futures only.
pub(crate) fn config(settings: &[(&str, &str)]) -> Result<Config> {
    let mut config = Config::starting_at(START);
    let common = [
        ("latency", "none"),
        ("queries_per_second", "0"),
        ("initial_balance", "100000000000000"),
        ("options", "off"),
        ("combinations", "off"),
    ];
    for (key, value) in common.iter().chain(settings) {
        config.set(key, value)?;
    }
    Ok(config)
}

fn text<const N: usize>(value: &str) -> Result<Text<N>> {
    Ok(Text::new(value)?)
}

impl Drive {
    pub(crate) fn new(config: Config) -> Result<Self> {
        let now = config.start;
        Ok(Self { exchange: Exchange::new(config)?, now, outputs: Vec::new(), order_ref: 0 })
    }

    /// Steps the exchange at its present time.
    pub(crate) fn step(&mut self, input: Input) {
        self.exchange.step(self.now, input, &mut self.outputs);
    }

    /// Lets a tick interval pass; returns how many ticks came.
    pub(crate) fn tick(&mut self) -> usize {
        self.outputs.clear();
        self.now = self.exchange.next_deadline().unwrap_or(self.now);
        self.step(Input::Advance);
        let ticks = self.outputs.iter();
        ticks
            .filter(|output| {
                matches!(output.delivery, Delivery::Md { callback: MdCallback::OnRtnDepthMarketData, .. })
            })
            .count()
    }

    /// Logs a trader in and confirms the settlement.
    pub(crate) fn trader(&mut self, number: u64, investor: &str) -> Result<Trader> {
        let session = SessionId(number);
        self.step(Input::Connect { session, kind: ApiKind::Trader, api_version: VERSION });
        let login = ReqUserLoginField {
            broker_id: text("9999")?,
            user_id: text(investor)?,
            password: text("simulator")?,
            ..Default::default()
        };
        self.request(session, TraderRequest::ReqUserLogin, &login);
        let confirm = SettlementInfoConfirmField {
            broker_id: text("9999")?,
            investor_id: text(investor)?,
            ..Default::default()
        };
        self.request(session, TraderRequest::ReqSettlementInfoConfirm, &confirm);
        let confirmed = self.outputs.drain(..).any(|output| {
            matches!(
                output.delivery,
                Delivery::Trader { callback: TraderCallback::OnRspSettlementInfoConfirm, .. }
            )
        });
        ensure!(confirmed, "investor {investor} could not log in");
        let template = InputOrderField {
            broker_id: text("9999")?,
            investor_id: text(investor)?,
            user_id: text(investor)?,
            order_price_type: OrderPriceType::LIMIT_PRICE,
            comb_hedge_flag: text("1")?,
            time_condition: TimeCondition::GFD,
            volume_condition: VolumeCondition::AV,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            ..Default::default()
        };
        Ok(Trader { session, template })
    }

    /// Connects a market-data client and subscribes the first `count` instruments.
    pub(crate) fn market_data(&mut self, number: u64, listed: &[Listed]) -> Result<()> {
        let session = SessionId(number);
        self.step(Input::Connect { session, kind: ApiKind::Md, api_version: VERSION });
        let record = RecordBox::new(&ReqUserLoginField::default());
        self.step(Input::Md { session, request: MdRequest::ReqUserLogin, record, request_id: 1 });
        self.step(Input::Subscribe { session, instruments: listed.iter().map(|listed| listed.id).collect() });
        Ok(())
    }

    /// Returns the futures listed, with their prices of the day.
    pub(crate) fn listed(&mut self, trader: Trader) -> Result<Vec<Listed>> {
        let query = QryInstrumentField::default();
        let instruments: Vec<InstrumentField> =
            self.query(trader, TraderRequest::ReqQryInstrument, &query, TraderCallback::OnRspQryInstrument);
        self.now = self.now.after(Duration::from_secs(2));
        let query = QryDepthMarketDataField::default();
        let snapshots: Vec<ctp_types::DepthMarketDataField> = self.query(
            trader,
            TraderRequest::ReqQryDepthMarketData,
            &query,
            TraderCallback::OnRspQryDepthMarketData,
        );
        ensure!(!instruments.is_empty(), "the exchange lists nothing");
        let listed =
            instruments.iter().filter(|found| found.product_class == ctp_types::ProductClass::FUTURES);
        listed
            .map(|found| {
                let snapshot = snapshots
                    .iter()
                    .find(|snapshot| snapshot.instrument_id == found.instrument_id)
                    .with_context(|| format!("{} has no price", found.instrument_id))?;
                Ok(Listed {
                    id: found.instrument_id,
                    exchange: found.exchange_id,
                    price: snapshot.pre_settlement_price,
                    limits: [snapshot.lower_limit_price, snapshot.upper_limit_price],
                    close_today: match found.exchange_id.to_str().as_ref() {
                        "SHFE" | "INE" => "3",
                        _ => "1",
                    },
                })
            })
            .collect()
    }

    fn query<Q: Record, R: Record>(
        &mut self,
        trader: Trader,
        request: TraderRequest,
        query: &Q,
        answer: TraderCallback,
    ) -> Vec<R> {
        self.outputs.clear();
        self.request(trader.session, request, query);
        let records = self.outputs.drain(..).filter_map(|output| match output.delivery {
            Delivery::Trader { callback, record, .. } if callback == answer => record,
            _ => None,
        });
        records.filter_map(|record| record.get::<R>().copied()).collect()
    }

    fn request<R: Record>(&mut self, session: SessionId, request: TraderRequest, record: &R) {
        self.step(Input::Trader { session, request, record: RecordBox::new(record), request_id: 1 });
    }

    /// Sends an order of one lot.
    pub(crate) fn order(
        &mut self,
        trader: &Trader,
        listed: &Listed,
        (buy, open): (bool, bool),
        limit_price: f64,
    ) -> Result<()> {
        self.order_ref += 1;
        let order = InputOrderField {
            instrument_id: listed.id,
            exchange_id: listed.exchange,
            order_ref: number(self.order_ref)?,
            direction: if buy { Direction::BUY } else { Direction::SELL },
            comb_offset_flag: text(if open { "0" } else { listed.close_today })?,
            limit_price,
            volume_total_original: 1,
            ..trader.template
        };
        self.request(trader.session, TraderRequest::ReqOrderInsert, &order);
        Ok(())
    }

    /// Returns how many trades came since the last look; fails when an order was refused.
    pub(crate) fn trades(&mut self) -> Result<usize> {
        let mut trades = 0;
        for output in self.outputs.drain(..) {
            match output.delivery {
                Delivery::Trader { callback: TraderCallback::OnRtnTrade, .. } => trades += 1,
                Delivery::Trader {
                    callback: TraderCallback::OnRspOrderInsert | TraderCallback::OnErrRtnOrderInsert,
                    rsp_info: Some(info),
                    ..
                } => bail!("an order was refused: {} {}", info.error_id, info.error_msg),
                _ => {}
            }
        }
        Ok(trades)
    }
}

/// Writes a number without the cost of formatting, which is not what is measured.
fn number<const N: usize>(mut number: u64) -> Result<Text<N>> {
    let mut digits = [b'0'; 12];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10)?;
        number /= 10;
        if number == 0 {
            return Ok(Text::from_bytes(&digits[start..])?);
        }
    }
}
