//! What no client does: the operator's doing, and the world's.
//!
//! Commands are written as text (`disconnect session=1 reason=4097`) and JSON (`{"command": "disconnect", …}`): a
//! variant's name in kebab case, its fields by their names. That comes from the derive alone, so a new variant is one
//! variant. In text, values without a name are the fields in the order of their declaration.

mod check;

use ctp_types::RecordBox;
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::market::replay::Replay;
use crate::market::tick::Tick;
use crate::money::funds::Change;
use crate::money::rates::Rates;
use crate::order::{
    ConditionalOrders, CoreState, EndOrder, ExchangeLimit, ExchangeLink, FillOrder, InstrumentTrading,
    OrderLimits, PositionLimit, RefuseCancels, RefuseOrders, TradingCode, TradingRight,
};
use crate::session::user::UserState;

pub use check::Refused;

/// One thing that is done to the exchange from outside.
///
/// Ids and texts are `String`s; a field that may be left out is an `Option` or has `#[serde(default)]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// The front ends a connection; the library then connects again.
    Disconnect {
        /// The instance.
        session: SessionId,
        /// `nReason`, for example 0x1001.
        reason: i32,
    },
    /// The core restarts and its flow is cleared: every trader connection ends, the streams begin anew (§9.3).
    ClearFlow,
    /// Money is paid in.
    Deposit {
        /// The investor.
        investor: String,
        /// In CNY.
        amount: f64,
    },
    /// Money is paid out.
    Withdraw {
        /// The investor.
        investor: String,
        /// In CNY.
        amount: f64,
    },
    /// Securities or currency are pledged; a negative amount takes them back.
    Mortgage {
        /// The investor.
        investor: String,
        /// In CNY.
        amount: f64,
    },
    /// Credit is given; a negative amount freezes money.
    Credit {
        /// The investor.
        investor: String,
        /// In CNY.
        amount: f64,
    },
    /// The exchange refuses orders.
    RefuseOrders(RefuseOrders),
    /// The exchange refuses cancels.
    RefuseCancels(RefuseCancels),
    /// Somebody at the exchange trades with a resting order.
    FillOrder(FillOrder),
    /// The exchange ends a resting order.
    EndOrder(EndOrder),
    /// What an investor may trade changes.
    TradingRight(TradingRight),
    /// An investor gets or loses the trading code of an exchange.
    TradingCode(TradingCode),
    /// The core's connection to an exchange changes.
    ExchangeLink(ExchangeLink),
    /// An exchange limits what the core sends it.
    ExchangeLimit(ExchangeLimit),
    /// An instrument stops or starts trading.
    InstrumentTrading(InstrumentTrading),
    /// The broker limits an investor's position.
    PositionLimit(PositionLimit),
    /// The broker limits an investor's orders and cancels.
    OrderLimits(OrderLimits),
    /// What an investor may do with conditional orders changes.
    ConditionalOrders(ConditionalOrders),
    /// The core's data are not, or are again, those of the day.
    CoreState(CoreState),
    /// Margin or commission rates change.
    Rates(Rates),
    /// The exchange changes the status of a product by hand (§4.5). Nothing happens when there is no such product or
    /// status.
    Status {
        /// The product's id, `rb` or `m_o`, or that of one of its instruments.
        product: String,
        /// `InstrumentStatus`, `'0'` to `'7'`.
        status: char,
    },
    /// The front falls silent towards a connection, not even beating: the library warns after 61 s and disconnects with
    /// 0x2001 after 121 s. Let speak again before that, the front says what it kept back.
    Silence {
        /// The instance.
        session: SessionId,
        /// Whether it is silent.
        on: bool,
    },
    /// What a logged-in session has of its private stream is pushed to it again, from the day's first message on.
    PushAgain {
        /// The instance.
        session: SessionId,
    },
    /// Whether the core takes logins; without, they fail with 7.
    Ready {
        /// Default: it does.
        on: bool,
    },
    /// Whether the front is active; without, logins fail with 8.
    FrontActive {
        /// Default: it is.
        on: bool,
    },
    /// Whether the market monitoring centre is connected; without, settlement statements are refused (155).
    MonitoringCentre {
        /// Default: it is.
        on: bool,
    },
    /// How a user stands with the broker: must change its password, is locked, is barred.
    User {
        /// `UserID`.
        user: String,
        /// What holds from now on.
        state: UserState,
    },
    /// The core's link to an exchange breaks or is mended. Without it a login shows `--:--:--` as its time.
    Link {
        /// `ExchangeID`, for example `SHFE`.
        exchange: String,
        /// Whether it stands.
        on: bool,
    },
    /// The broker writes a notice, which clients read by query.
    Notice {
        /// What it says.
        content: String,
    },
    /// The broker tells investors something: pushed, and kept for the query.
    TradingNotice {
        /// What it says.
        content: String,
        /// Whom; everybody when it is left out.
        investor: Option<String>,
    },
    /// The investor moves money at the bank itself.
    BankTransfer {
        /// The investor.
        investor: String,
        /// In CNY; positive to the futures account, negative to the bank.
        amount: f64,
    },
    /// An exchange publishes a bulletin to everybody.
    Bulletin {
        /// The exchange's id.
        exchange: String,
        /// The headline.
        title: String,
        /// What it says.
        #[serde(default)]
        content: String,
    },
    /// A tick from outside; the crowd leaves that market.
    Tick(Tick),
    /// A tick from outside as CTP writes it: a `DepthMarketDataField`. Not written as text.
    #[serde(skip)]
    Feed(RecordBox),
    /// A recording is played.
    Replay(Replay),
    /// Every subscriber of an instrument gets its present tick again and again, for measurements.
    Burst {
        /// The instrument's id.
        instrument: String,
        /// How many times.
        count: u32,
        /// How many in a second of the machine's time; 0 is as fast as the client returns.
        #[serde(default)]
        per_second: u32,
    },
    /// Sets what the trading day will be settled at.
    SettlementPrice {
        /// The instrument.
        instrument: String,
        /// The price.
        price: f64,
    },
    /// The trading day is settled at once and the next one begins (§6.6).
    Settle,
}

impl Exchange {
    pub(crate) fn obey(&mut self, command: Command) {
        match command {
            Command::RefuseOrders(command) => self.refuse_orders(command),
            Command::RefuseCancels(command) => self.refuse_cancels(command),
            Command::FillOrder(command) => self.fill_order(&command),
            Command::EndOrder(command) => self.end_order(&command),
            Command::TradingRight(command) => self.set_trading_right(command),
            Command::TradingCode(command) => self.set_trading_code(command),
            Command::ExchangeLink(command) => self.set_exchange_link(command),
            Command::ExchangeLimit(command) => self.set_exchange_limit(command),
            Command::InstrumentTrading(command) => self.set_instrument_trading(command),
            Command::PositionLimit(command) => self.set_position_limit(command),
            Command::OrderLimits(command) => self.set_order_limits(command),
            Command::ConditionalOrders(command) => self.set_conditional_orders(command),
            Command::CoreState(command) => self.set_core_state(command),
            Command::Disconnect { session, reason } => self.close(session, reason),
            Command::ClearFlow => self.clear_flow(),
            Command::Status { product, status } => self.set_status(&product, status),
            Command::Tick(tick) => self.take_tick(tick),
            Command::Feed(record) => {
                if let Some(record) = record.get() {
                    self.take_record(record, None);
                }
            }
            Command::Replay(replay) => self.play(&replay),
            Command::Burst { instrument, count, per_second } => self.burst(&instrument, count, per_second),
            Command::Deposit { investor, amount } => self.change_funds(&investor, Change::Deposit, amount),
            Command::Withdraw { investor, amount } => self.change_funds(&investor, Change::Withdraw, amount),
            Command::Mortgage { investor, amount } => self.change_funds(&investor, Change::Mortgage, amount),
            Command::Credit { investor, amount } => self.change_funds(&investor, Change::Credit, amount),
            Command::Rates(rates) => self.change_rates(rates),
            Command::Silence { session, on } => self.set_silent(session, on),
            Command::PushAgain { session } => self.push_again(session),
            Command::Ready { on } => self.users.core.is_ready = on,
            Command::FrontActive { on } => self.users.core.is_front_active = on,
            Command::MonitoringCentre { on } => self.users.core.has_monitoring = on,
            Command::User { user, state } => self.set_user_state(&user, state),
            Command::Link { exchange, on } => self.set_link(&exchange, on),
            Command::Notice { content } => self.write_notice(&content),
            Command::TradingNotice { content, investor } => self.tell(investor.as_deref(), &content),
            Command::BankTransfer { investor, amount } => self.transfer_by_bank(&investor, amount),
            Command::Bulletin { exchange, title, content } => {
                self.publish_bulletin(&exchange, &title, &content);
            }
            Command::SettlementPrice { instrument, price } => self.set_settlement_price(&instrument, price),
            Command::Settle => self.settle(),
        }
    }
}
