//! Random trading sessions: what clients and operators do, with its times.

use ctp_sim::{ApiKind, Command, Delivery, Input, Output, Received, SessionId, Timestamp};
use ctp_types::{
    ActionFlag, ContingentCondition, Direction, ForceCloseReason, InputOrderActionField, InputOrderField,
    MdRequest, OrderField, OrderPriceType, QryInvestorPositionField, QryTradingAccountField, RecordBox,
    ReqUserLoginField, ResumeType, RspUserLoginField, SettlementInfoConfirmField, Text, TimeCondition,
    TraderCallback, TraderRequest, VolumeCondition,
};

use super::Driven;

/// Monday 2026-11-23, 10:00 in China.
pub(super) fn start() -> Timestamp {
    Timestamp(1_795_399_200_000_000_000)
}

/// What happens, and when.
pub(super) struct Script {
    pub(super) inputs: Vec<(Timestamp, Input)>,
    pub(super) end: Timestamp,
}

/// Chance from a seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A trader client.
pub(super) struct Client {
    session: SessionId,
    user: String,
    pub(super) password: String,
    next_ref: u32,
    request_id: i32,
    live: Vec<OrderField>,
}

impl Client {
    pub(super) fn new(session: SessionId, user: &str, password: &str) -> Self {
        let (user, password) = (user.to_owned(), password.to_owned());
        Self { session, user, password, next_ref: 0, request_id: 0, live: Vec::new() }
    }

    pub(super) fn connect(&self) -> [Input; 2] {
        let (session, received) = (self.session, Some(Received::default()));
        let (private, public) = (ResumeType::Restart, ResumeType::Resume);
        [
            Input::Topics { session, private, public, sequence: 1, received },
            Input::Connect { session, kind: ApiKind::Trader, api_version: (6, 7, 13) },
        ]
    }

    fn request(&mut self, request: TraderRequest, record: RecordBox) -> Input {
        self.request_id += 1;
        Input::Trader { session: self.session, request, record, request_id: self.request_id }
    }

    pub(super) fn log_in(&mut self) -> Input {
        let login = ReqUserLoginField {
            broker_id: text("9999"),
            user_id: text(&self.user),
            password: text(&self.password),
            ..Default::default()
        };
        self.request(TraderRequest::ReqUserLogin, RecordBox::new(&login))
    }

    pub(super) fn confirm(&mut self) -> Input {
        let confirm = SettlementInfoConfirmField {
            broker_id: text("9999"),
            investor_id: text(&self.user),
            ..Default::default()
        };
        self.request(TraderRequest::ReqSettlementInfoConfirm, RecordBox::new(&confirm))
    }

    pub(super) fn order(&mut self, dice: &mut Dice, instrument: &(String, String, f64)) -> Input {
        let (id, exchange, price) = instrument;
        self.next_ref += 1;
        let order = InputOrderField {
            broker_id: text("9999"),
            investor_id: text(&self.user),
            user_id: text(&self.user),
            instrument_id: text(id),
            exchange_id: text(exchange),
            order_ref: text(&self.next_ref.to_string()),
            order_price_type: OrderPriceType::LIMIT_PRICE,
            direction: if dice.throw(2) == 0 { Direction::BUY } else { Direction::SELL },
            comb_offset_flag: text(["0", "0", "0", "1", "3"][dice.throw(5) as usize]),
            comb_hedge_flag: text("1"),
            limit_price: price + dice.throw(21) as f64 - 10.0,
            volume_total_original: 1 + dice.throw(3) as i32,
            time_condition: if dice.throw(6) == 0 { TimeCondition::IOC } else { TimeCondition::GFD },
            volume_condition: VolumeCondition::AV,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            ..Default::default()
        };
        self.request(TraderRequest::ReqOrderInsert, RecordBox::new(&order))
    }

    fn cancel(&mut self, order: &OrderField) -> Input {
        let action = InputOrderActionField {
            broker_id: order.broker_id,
            investor_id: order.investor_id,
            user_id: order.user_id,
            instrument_id: order.instrument_id,
            exchange_id: order.exchange_id,
            order_sys_id: order.order_sys_id,
            action_flag: ActionFlag::DELETE,
            ..Default::default()
        };
        self.request(TraderRequest::ReqOrderAction, RecordBox::new(&action))
    }

    fn hear(&mut self, outputs: &[Output]) {
        for output in outputs.iter().filter(|output| output.session == self.session) {
            if let Delivery::Trader { callback: TraderCallback::OnRtnOrder, record: Some(record), .. } =
                &output.delivery
                && let Some(order) = record.get::<OrderField>()
                && !order.order_sys_id.is_empty()
                && self.live.len() < 50
            {
                self.live.push(*order);
            }
        }
    }
}

/// Returns the answer to a login that succeeded.
pub(super) fn login_of(outputs: &[Output]) -> Option<RspUserLoginField> {
    outputs.iter().find_map(|output| match &output.delivery {
        Delivery::Trader {
            callback: TraderCallback::OnRspUserLogin,
            record: Some(record),
            rsp_info: Some(info),
            ..
        } if info.error_id == 0 => record.get().copied(),
        _ => None,
    })
}

impl Script {
    /// Makes up what happens, driving an exchange to know how it stands.
    pub(super) fn random(seed: u64, length: usize, run: &mut Driven) -> Self {
        let mut dice = Dice(seed ^ 0x9E37_79B9_7F4A_7C15);
        let mut clients: Vec<Client> = (1..=3)
            .map(|number| Client::new(SessionId(number), ["one", "two"][number as usize % 2], "simulator"))
            .collect();
        let instruments: Vec<(String, String, f64)> = ["rb2701", "IF2612", "m2701", "rb2705"]
            .iter()
            .filter_map(|id| run.exchange.instrument(id))
            .map(|(instrument, tick)| {
                let (id, exchange) = (instrument.instrument_id.to_str(), instrument.exchange_id.to_str());
                (id.into_owned(), exchange.into_owned(), tick.last_price)
            })
            .collect();
        let md = SessionId(9);
        let mut inputs = Vec::new();
        let mut at = start();
        add(run, &mut inputs, at, Input::Connect { session: md, kind: ApiKind::Md, api_version: (6, 7, 13) });
        for client in &clients {
            for input in client.connect() {
                add(run, &mut inputs, at, input);
            }
        }
        while inputs.len() < length {
            at = Timestamp(run.at.0 + pause(&mut dice));
            let chosen = dice.throw(clients.len() as u64) as usize;
            let client = &mut clients[chosen];
            let instrument = &instruments[dice.throw(instruments.len() as u64) as usize];
            let input = match dice.throw(40) {
                0..=3 => client.log_in(),
                4..=6 => client.confirm(),
                7..=22 => client.order(&mut dice, instrument),
                23..=26 if !client.live.is_empty() => {
                    let place = dice.throw(client.live.len() as u64) as usize;
                    let order = client.live.swap_remove(place);
                    client.cancel(&order)
                }
                27 => {
                    let query = QryTradingAccountField {
                        broker_id: text("9999"),
                        investor_id: text(&client.user),
                        ..Default::default()
                    };
                    client.request(TraderRequest::ReqQryTradingAccount, RecordBox::new(&query))
                }
                28 => {
                    let query = QryInvestorPositionField {
                        broker_id: text("9999"),
                        investor_id: text(&client.user),
                        ..Default::default()
                    };
                    client.request(TraderRequest::ReqQryInvestorPosition, RecordBox::new(&query))
                }
                29 | 30 => {
                    let ids = instruments.iter().map(|(id, ..)| text(id)).collect();
                    let login = RecordBox::new(&ReqUserLoginField::default());
                    let request = MdRequest::ReqUserLogin;
                    add(
                        run,
                        &mut inputs,
                        at,
                        Input::Md { session: md, request, record: login, request_id: 1 },
                    );
                    Input::Subscribe { session: md, instruments: ids }
                }
                31 => Input::Disconnect { session: client.session },
                32 | 33 => {
                    let [topics, connect] = client.connect();
                    add(run, &mut inputs, at, topics);
                    connect
                }
                34 => Input::Command(Command::Deposit { investor: client.user.clone(), amount: 1_000.5 }),
                35 => Input::Command(Command::Disconnect { session: client.session, reason: 0x1001 }),
                36 => {
                    let json = format!(
                        r#"{{"tick":{{"instrument":"{}","last":{},"volume":2}}}}"#,
                        instrument.0, instrument.2
                    );
                    Input::Command(serde_json::from_str(&json).expect("a command"))
                }
                37 if dice.throw(4) == 0 => Input::Command(Command::ClearFlow),
                38 if dice.throw(4) == 0 => Input::Command(Command::Settle),
                // The machine slept: minutes, or over a settlement, or a weekend.
                39 => {
                    at =
                        Timestamp(at.0 + [60, 7 * 3_600, 3 * 86_400][dice.throw(3) as usize] * 1_000_000_000);
                    Input::Skip
                }
                _ => client.order(&mut dice, instrument),
            };
            add(run, &mut inputs, at, input);
            for client in &mut clients {
                client.hear(&run.outputs);
            }
            run.outputs.clear();
        }
        let end = Timestamp(run.at.0 + 2_000_000_000);
        Self { inputs, end }
    }
}

fn add(run: &mut Driven, inputs: &mut Vec<(Timestamp, Input)>, at: Timestamp, input: Input) {
    run.take(at, input.clone());
    inputs.push((run.at, input));
}

/// Between two inputs: nothing, less than a tick, a few ticks.
fn pause(dice: &mut Dice) -> i64 {
    match dice.throw(10) {
        0..=2 => 0,
        3..=6 => dice.throw(500_000_000) as i64,
        _ => dice.throw(3_000_000_000) as i64,
    }
}

fn text<const N: usize>(value: &str) -> Text<N> {
    Text::new(value).expect("a text that fits")
}
