//! Trading 交易: connect, authenticate, log in, query, place an order, watch it, cancel another one.

use ctp::demo::{Demo, DemoError, OrderPlan, main_contract, order_plan};
use ctp::td::{Account, Order, OrderPhase};
use ctp::types::{Direction, OffsetFlag, PosiDirection};
use ctp::{Error, NewOrder, OrderHandle, TdClient, TdEvent};

/// Logs in, looks around, trades as far as [`order_plan`] lets it, and prints a summary.
///
/// # Errors
///
/// Why it ended early. What is still in the book is cancelled and the session closed all the same.
pub async fn run(demo: &Demo) -> Result<(), DemoError> {
    // The session connects, authenticates, logs in and confirms the settlement, now and after every broken link.
    let td = TdClient::connect(demo.options.td_config()).await?;
    demo.say(format_args!(
        "library 接口: {}, front 前置: {}",
        td.library_version(),
        demo.options.front_shown()
    ));
    let mut trading = Trading { demo, td: &td, order: None, lots_traded: 0 };
    let traded = demo
        .watching(td.state(), async {
            let traded = trading.run().await;
            // Also after Ctrl-C or an error.
            if let Err(error) = trading.take_back().await {
                demo.say(format_args!("the order may still be in the book 报单可能仍有效: {error}"));
            }
            traded
        })
        .await;
    let closed = td.close().await;
    traded?;
    Ok(closed?)
}

struct Trading<'a> {
    demo: &'a Demo,
    td: &'a TdClient,
    /// The order that was placed last.
    order: Option<OrderHandle>,
    lots_traded: i32,
}

impl Trading<'_> {
    async fn run(&mut self) -> Result<(), DemoError> {
        let Self { demo, td, .. } = *self;
        let options = &demo.options;
        let login = demo.logged_in(td.ready()).await?;
        if !options.app_id.is_empty() {
            demo.say(format_args!("authenticated 已认证: {}", options.app_id));
        }
        demo.say(format_args!(
            "logged in 已登录: {}, trading day 交易日 {}",
            options.user, login.trading_day
        ));
        demo.say(format_args!("settlement confirmed 结算单已确认"));

        let id = match options.instruments.first() {
            Some(id) => id.clone(),
            None => main_contract("rb", &login.trading_day.to_str())?,
        };
        let contract = demo.wait("answer about the contract", td.instrument(&id)).await?;
        let contract = contract.ok_or_else(|| DemoError::UnknownContract(id.clone()))?;
        demo.say(format_args!(
            "contract 合约 {id} {}: {}, multiplier 乘数 {}, tick 最小变动 {}, last day 到期日 {}",
            contract.name,
            contract.exchange_id,
            contract.multiplier,
            number(contract.price_tick),
            contract.expire_date
        ));
        let snapshot = demo.wait("market data of the contract", td.snapshot(&id)).await?;
        let limits = snapshot.and_then(|tick| tick.lower_limit_price().zip(tick.upper_limit_price()));
        let (lower, upper) = limits.ok_or_else(|| DemoError::NoLimits(id.clone()))?;
        demo.say(format_args!("daily limits 跌停 {lower}, 涨停 {upper}"));
        let before = self.account().await?;

        match order_plan(td.is_simulator() && !options.rehearse, options.place_order) {
            OrderPlan::Trade => {
                // Up to the highest price: trades with the best seller at once.
                self.buy(&id, upper).await?;
                self.follow(Order::is_complete).await?;
                self.say_position(&id).await?;
                self.rest_and_cancel(&id, lower).await?;
            }
            OrderPlan::FarLimit => self.rest_and_cancel(&id, lower).await?,
            _ => {
                let order = describe(&id, lower);
                demo.say(format_args!("not our simulator: this order was not sent 未发送: {order}"));
                demo.say(format_args!(
                    "--place-order sends it, one lot at the far daily limit, and cancels it"
                ));
                return Ok(());
            }
        }

        let after = self.account().await?;
        demo.say(format_args!("summary 汇总:"));
        demo.say(format_args!("  traded 成交: {} 手 lots", self.lots_traded));
        demo.say(format_args!("  commission 手续费: {}", money(after.commission)));
        demo.say(format_args!("  margin 保证金: {}", money(after.margin)));
        demo.say(format_args!(
            "  available 可用资金: {} -> {}",
            money(before.available),
            money(after.available)
        ));
        Ok(())
    }

    /// Buys one lot at a price too low to trade, and takes it back.
    async fn rest_and_cancel(&mut self, id: &str, limit: f64) -> Result<(), DemoError> {
        self.buy(id, limit).await?;
        self.follow(|order| order.phase >= OrderPhase::Working).await?;
        self.take_back().await?;
        self.follow(Order::is_complete).await
    }

    /// Sends an order. It is not interrupted, so that what was sent is known.
    async fn buy(&mut self, id: &str, limit: f64) -> Result<(), Error> {
        self.demo.say(format_args!("sending order 发送报单: {}", describe(id, limit)));
        let order = NewOrder::limit(id, Direction::BUY, OffsetFlag::OPEN, 1, limit);
        self.order = Some(self.td.place(order).await?);
        Ok(())
    }

    /// Prints what happens to the order until it is as wanted, or over.
    async fn follow(&mut self, until: impl Fn(&Order) -> bool) -> Result<(), DemoError> {
        let Some(handle) = &mut self.order else { return Ok(()) };
        loop {
            let next = async { Ok::<_, Error>(handle.next_event().await) };
            match self.demo.wait("news of the order", next).await? {
                Some(TdEvent::Order(order)) => {
                    let number = order.keys.order_sys_id.to_str();
                    self.demo.say(format_args!(
                        "order 报单 {}: {}, traded 已成交 {}/{}, exchange no. 系统编号 {}",
                        order.keys.order_ref,
                        order.status_text(),
                        order.volume_traded,
                        order.volume,
                        if number.is_empty() { "-" } else { number.trim() }
                    ));
                    if until(&order) {
                        return Ok(());
                    }
                }
                Some(TdEvent::Trade { trade, order }) => {
                    self.lots_traded += trade.volume;
                    self.demo.say(format_args!(
                        "trade 成交 {}: {} 买 buy 开仓 open {} 手 lots @ {} {}",
                        trade.trade_id.to_str().trim(),
                        trade.instrument_id,
                        trade.volume,
                        number(trade.price),
                        trade.trade_time
                    ));
                    if order.is_some_and(|order| until(&order)) {
                        return Ok(());
                    }
                }
                Some(TdEvent::Rejected { error, .. }) => {
                    return Err(Error::Rejected { request: "ReqOrderInsert", error }.into());
                }
                Some(TdEvent::Unknown { cause, .. }) => {
                    return Err(Error::Unknown { request: "ReqOrderInsert", cause }.into());
                }
                Some(_) => {}
                // The order is over with all its trades.
                None => return Ok(()),
            }
        }
    }

    /// Cancels the order if it may still be in the book.
    async fn take_back(&mut self) -> Result<(), Error> {
        let Some(handle) = self.order.as_ref().filter(|handle| !handle.order().phase.is_over()) else {
            return Ok(());
        };
        self.demo.say(format_args!("sending cancel 发送撤单: {}", handle.order().keys.order_ref));
        match handle.cancel().await {
            // A fill may win the race.
            Err(_) if handle.order().phase.is_over() => Ok(()),
            result => result.map(drop),
        }
    }

    async fn account(&self) -> Result<Account, DemoError> {
        let rows = self.demo.wait("answer about the account", self.td.account()).await?;
        let account = rows.into_iter().next().ok_or(DemoError::NoAccount)?;
        self.demo.say(format_args!(
            "account 资金: balance 权益 {}, available 可用 {}, margin 保证金 {}",
            money(account.balance),
            money(account.available),
            money(account.margin)
        ));
        Ok(account)
    }

    async fn say_position(&self, id: &str) -> Result<(), DemoError> {
        for row in self.demo.wait("answer about the positions", self.td.positions()).await? {
            if row.instrument_id == id {
                let side = if row.direction == PosiDirection::SHORT { "空 short" } else { "多 long" };
                self.demo.say(format_args!(
                    "position 持仓: {id} {side} {} 手 lots, today 今仓 {}, margin 保证金 {}, profit 持仓盈亏 {}",
                    row.volume,
                    row.volume_today,
                    money(row.margin),
                    money(row.profit)
                ));
            }
        }
        Ok(())
    }
}

fn describe(id: &str, limit: f64) -> String {
    format!("{id} 买 buy 开仓 open 1 手 lot @ {limit}")
}

/// CTP's "no value" is a dash.
fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn money(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}
