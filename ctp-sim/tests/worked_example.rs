//! The worked example of §6.5 through orders, queries and settlement, to the 1/10,000 CNY.

mod common;

use common::{Bench, Client, quiet, text};
use ctp_sim::{Command, Config, Input, Rates};
use ctp_types::{
    InvestorPositionDetailField, InvestorPositionField, PositionDate, QryInvestorPositionDetailField,
    QryInvestorPositionField, QryTradingAccountField, TraderRequest, TradingAccountField,
};

fn config(product: &str) -> Config {
    let mut rates = Rates::default();
    rates.of = product.to_owned();
    rates.margin = Some(0.1);
    (rates.open, rates.close, rates.close_today) = (Some(0.0001), Some(0.0001), Some(0.0002));
    let products = vec![product.to_owned()];
    Config { products, rates: vec![rates], queries_per_second: 0, ..quiet() }
}

fn command(bench: &mut Bench, command: Command) {
    bench.step(Input::Command(command));
    bench.settle();
}

fn settle_at(bench: &mut Bench, instrument: &str, price: f64) {
    command(bench, Command::SettlementPrice { instrument: instrument.to_owned(), price });
    command(bench, Command::Settle);
    bench.take();
}

/// Lets `one` trade with `two`, who takes the other side by opening.
fn trade(bench: &mut Bench, [one, two]: [Client; 2], instrument: &str, side: &str, lots: i32, price: f64) {
    let other = if side == "buy" { "sell" } else { "buy" };
    bench.place(one, instrument, side, lots, price);
    bench.place(two, instrument, other, lots, price);
    bench.take();
}

fn account(bench: &mut Bench, client: Client) -> TradingAccountField {
    let query = QryTradingAccountField::default();
    let records = bench.query(client.session, TraderRequest::ReqQryTradingAccount, &query);
    records.into_iter().next().expect("an account")
}

fn rows(bench: &mut Bench, client: Client) -> Vec<InvestorPositionField> {
    bench.query(client.session, TraderRequest::ReqQryInvestorPosition, &QryInvestorPositionField::default())
}

fn details(bench: &mut Bench, client: Client) -> Vec<InvestorPositionDetailField> {
    let query = QryInvestorPositionDetailField::default();
    bench.query(client.session, TraderRequest::ReqQryInvestorPositionDetail, &query)
}

/// The start of §6.5: PreBalance 1,000,000; 2 long lots opened @3480, PreSettlement 3500.
fn start(product: &str, instrument: &str) -> (Bench, [Client; 2]) {
    let mut bench = Bench::new(config(product));
    settle_at(&mut bench, instrument, 3490.0);
    let clients = [bench.trader(1, "one"), bench.trader(2, "two")];
    trade(&mut bench, clients, instrument, "buy", 2, 3480.0);
    // 2 × 20 × 10 − 2 × 3.48
    command(&mut bench, Command::Withdraw { investor: "one".to_owned(), amount: 393.04 });
    settle_at(&mut bench, instrument, 3500.0);
    let clients = [bench.trader(1, "one"), bench.trader(2, "two")];
    (bench, clients)
}

/// What the example says of an account: margin, profit, commission, balance, available.
fn said(account: &TradingAccountField) -> [f64; 5] {
    [account.curr_margin, account.position_profit, account.commission, account.balance, account.available]
}

#[test]
fn with_two_rows() {
    let (mut bench, clients @ [one, two]) = start("rb", "rb2701");
    let now = account(&mut bench, one);
    assert_eq!(said(&now), [7_000.0, 0.0, 0.0, 1_000_000.0, 993_000.0]);
    assert_eq!((now.pre_balance, now.pre_margin), (1_000_000.0, 7_000.0));
    let held = rows(&mut bench, one);
    assert_eq!((held.len(), held[0].position_date), (1, PositionDate::HISTORY));
    assert_eq!((held[0].position, held[0].yd_position, held[0].today_position), (2, 2, 0));
    assert_eq!((held[0].position_cost, held[0].open_cost), (70_000.0, 69_600.0));

    // 2. An order works.
    let order = bench.place(one, "rb2701", "buy", 3, 3510.0);
    let now = account(&mut bench, one);
    assert_eq!((now.frozen_margin, now.frozen_commission, now.available), (10_530.0, 10.53, 982_459.47));
    let held = rows(&mut bench, one);
    assert_eq!((held[1].position, held[1].long_frozen, held[1].long_frozen_amount), (0, 3, 105_300.0));
    let cancel = bench.cancel_of(one, "rb2701", order);
    bench.cancel(one, &cancel);

    // 3. It is filled.
    trade(&mut bench, clients, "rb2701", "buy", 3, 3508.0);
    let three = bench.trader(3, "three");
    trade(&mut bench, [three, two], "rb2701", "buy", 1, 3520.0);
    let now = account(&mut bench, one);
    assert_eq!(said(&now), [17_524.0, 760.0, 10.524, 1_000_749.476, 983_225.476]);
    assert_eq!((now.frozen_margin, now.frozen_commission), (0.0, 0.0));
    let today = rows(&mut bench, one)[1];
    assert_eq!((today.position, today.today_position, today.open_volume), (3, 3, 3));
    assert_eq!([today.open_amount, today.position_cost, today.open_cost], [105_240.0; 3]);

    // 4. A lot of today and one of yesterday are closed.
    trade(&mut bench, clients, "rb2701", "close today", 1, 3522.0);
    trade(&mut bench, clients, "rb2701", "close", 1, 3518.0);
    trade(&mut bench, [three, two], "rb2701", "buy", 1, 3520.0);
    let now = account(&mut bench, one);
    assert_eq!(said(&now), [10_516.0, 440.0, 21.086, 1_000_738.914, 990_222.914]);
    assert_eq!(now.close_profit, 320.0);
    let held = rows(&mut bench, one);
    let [history, today] = [held[0], held[1]];
    assert_eq!((history.position, history.yd_position, history.close_volume), (1, 2, 1));
    assert_eq!([history.position_cost, history.open_cost, history.use_margin], [35_000.0, 34_800.0, 3_500.0]);
    assert_eq!([history.close_profit_by_date, history.close_profit_by_trade], [180.0, 380.0]);
    assert_eq!((today.position, today.today_position), (2, 2));
    assert_eq!([today.position_cost, today.use_margin, today.close_profit], [70_160.0, 7_016.0, 140.0]);

    // 5. and 6. Settlement, and the next day.
    settle_at(&mut bench, "rb2701", 3515.0);
    let one = bench.trader(1, "one");
    let now = account(&mut bench, one);
    assert_eq!(said(&now), [10_545.0, 0.0, 0.0, 1_000_588.914, 990_043.914]);
    assert_eq!((now.pre_balance, now.close_profit, now.withdraw), (1_000_588.914, 0.0, 0.0));
    let held = rows(&mut bench, one);
    assert_eq!((held.len(), held[0].position_date), (1, PositionDate::HISTORY));
    assert_eq!((held[0].position, held[0].yd_position, held[0].today_position), (3, 3, 0));
    assert_eq!([held[0].position_cost, held[0].open_cost], [105_450.0, 104_960.0]);
    assert_eq!((held[0].pre_settlement_price, held[0].close_volume), (3515.0, 0));
    assert_eq!(details(&mut bench, one).iter().map(|lot| lot.volume).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn with_one_row() {
    let (mut bench, clients @ [one, two]) = start("a", "a2701");
    let held = rows(&mut bench, one);
    assert_eq!((held.len(), held[0].position_date, held[0].position), (1, PositionDate::TODAY, 2));
    trade(&mut bench, clients, "a2701", "buy", 3, 3508.0);
    trade(&mut bench, clients, "a2701", "close today", 1, 3522.0);
    trade(&mut bench, clients, "a2701", "close", 1, 3518.0);
    let three = bench.trader(3, "three");
    trade(&mut bench, [three, two], "a2701", "buy", 1, 3520.0);
    let now = account(&mut bench, one);
    assert_eq!((now.close_profit, now.commission), (400.0, 24.604));
    assert_eq!((now.position_profit, now.curr_margin), (360.0, 10_524.0));
    let held = rows(&mut bench, one);
    assert_eq!((held.len(), held[0].position, held[0].yd_position, held[0].today_position), (1, 3, 2, 3));
    // Closed lots stay for the day.
    assert_eq!(details(&mut bench, one).iter().map(|lot| lot.volume).collect::<Vec<_>>(), [0, 3]);
    settle_at(&mut bench, "a2701", 3515.0);
    let one = bench.trader(1, "one");
    let now = account(&mut bench, one);
    assert_eq!(said(&now), [10_545.0, 0.0, 0.0, 1_000_585.396, 990_040.396]);
    let held = rows(&mut bench, one);
    assert_eq!((held.len(), held[0].position, held[0].yd_position, held[0].today_position), (1, 3, 3, 0));
}

// c2101 pre-settlement 3005, 2 old + 2 new @3000, close 3 @3004 → +20.
#[test]
fn vendors_small_example() {
    let mut bench = Bench::new(config("c"));
    settle_at(&mut bench, "c2701", 3005.0);
    let clients = [bench.trader(1, "one"), bench.trader(2, "two")];
    trade(&mut bench, clients, "c2701", "buy", 2, 3005.0);
    settle_at(&mut bench, "c2701", 3005.0);
    let clients = [bench.trader(1, "one"), bench.trader(2, "two")];
    trade(&mut bench, clients, "c2701", "buy", 2, 3000.0);
    trade(&mut bench, clients, "c2701", "close", 3, 3004.0);
    assert_eq!(account(&mut bench, clients[0]).close_profit, 20.0);
}

/// Money of `text` as the operator pays it in and out (§6.1).
#[test]
fn funds_come_and_go() {
    let mut bench = Bench::new(config("rb"));
    let one = bench.trader(1, "one");
    let investor = || "one".to_owned();
    command(&mut bench, Command::Deposit { investor: investor(), amount: 500.0 });
    command(&mut bench, Command::Withdraw { investor: investor(), amount: 200.5 });
    command(&mut bench, Command::Mortgage { investor: investor(), amount: 1_000.0 });
    command(&mut bench, Command::Credit { investor: investor(), amount: -300.0 });
    let now = account(&mut bench, one);
    assert_eq!((now.deposit, now.withdraw, now.mortgage, now.credit), (500.0, 200.5, 1_000.0, -300.0));
    assert_eq!((now.balance, now.available), (1_001_299.5, 1_000_999.5));
    command(&mut bench, Command::Settle);
    bench.take();
    let one = bench.trader(1, "one");
    let now = account(&mut bench, one);
    assert_eq!((now.deposit, now.withdraw, now.pre_mortgage, now.pre_credit), (0.0, 0.0, 1_000.0, -300.0));
    assert_eq!((now.balance, now.available), (1_001_299.5, 1_000_999.5));
    assert_eq!(now.currency_id, text("CNY"));
}
