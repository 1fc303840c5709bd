//! Settlement and the next trading day (§6.6, §9.3): what ends, what stays, what begins anew.

mod common;

use std::time::Duration;

use common::{Bench, Client, START, login_record, quiet, text};
use ctp_sim::{ApiKind, Command, Config, Delivery, Hours, Input, Output, SessionId, Timestamp};
use ctp_types::{
    InstrumentField, InvestorPositionField, OrderField, QryInstrumentField, QryInvestorPositionField,
    QryOrderField, QryTradeField, QryTradingAccountField, TradeField, TraderCallback, TraderRequest,
    TradingAccountField,
};

fn products(products: &[&str]) -> Config {
    let products = products.iter().map(|product| (*product).to_owned()).collect();
    Config { products, queries_per_second: 0, ..quiet() }
}

fn settle(bench: &mut Bench) {
    bench.step(Input::Command(Command::Settle));
    bench.settle();
}

fn settlement_price(bench: &mut Bench, instrument: &str, price: f64) {
    bench.step(Input::Command(Command::SettlementPrice { instrument: instrument.to_owned(), price }));
}

fn traders(bench: &mut Bench) -> [Client; 2] {
    [bench.trader(1, "one"), bench.trader(2, "two")]
}

fn account(bench: &mut Bench, client: Client) -> TradingAccountField {
    let query = QryTradingAccountField::default();
    let records = bench.query(client.session, TraderRequest::ReqQryTradingAccount, &query);
    records.into_iter().next().expect("an account")
}

fn rows(bench: &mut Bench, client: Client) -> Vec<InvestorPositionField> {
    bench.query(client.session, TraderRequest::ReqQryInvestorPosition, &QryInvestorPositionField::default())
}

fn closes(outputs: &[Output]) -> Vec<(u64, i32)> {
    let closed = outputs.iter().filter_map(|output| match output.delivery {
        Delivery::Close { reason } => Some((output.session.0, reason)),
        _ => None,
    });
    closed.collect()
}

// §6.6: "cancel all working orders (no OnRtnOrder is seen by clients because the core is down); orders/trades of the day
// disappear from queries; OrderSysID/TradeID spaces restart; settlement confirmation flag cleared".
#[test]
fn what_ends_with_the_day() {
    let mut bench = Bench::new(products(&["rb"]));
    let [one, two] = traders(&mut bench);
    let feed = bench.market_data(3);
    bench.place(one, "rb2701", "buy", 2, 3200.0);
    bench.place(two, "rb2701", "sell", 1, 3200.0);
    bench.take();
    settle(&mut bench);
    let outputs = bench.take();
    assert_eq!(closes(&outputs), [(1, 0x1001), (2, 0x1001), (feed.0, 0x1001)]);
    assert_eq!(outputs.len(), 3, "{outputs:?}");
    assert_eq!(bench.exchange.trading_day().to_str(), "20261124");

    let one = bench.log_in(1, "one", (6, 7, 13));
    let orders: Vec<OrderField> =
        bench.query(one.session, TraderRequest::ReqQryOrder, &QryOrderField::default());
    let trades: Vec<TradeField> =
        bench.query(one.session, TraderRequest::ReqQryTrade, &QryTradeField::default());
    assert!(orders.is_empty() && trades.is_empty());
    assert_eq!(account(&mut bench, one).frozen_margin, 0.0);
    let refused = bench.order(one, "rb2701", "buy", 1, 3200.0);
    bench.insert(one, &refused);
    assert_eq!(bench.lines(one.session), ["OnRspOrderInsert 42", "OnErrRtnOrderInsert 42"]);

    bench.confirm(one);
    bench.place(one, "rb2701", "buy", 1, 3200.0);
    let orders: Vec<OrderField> =
        bench.query(one.session, TraderRequest::ReqQryOrder, &QryOrderField::default());
    assert_eq!((orders.len(), orders[0].order_sys_id.to_str().trim()), (1, "1"));
    assert_eq!(orders[0].trading_day, text::<9>("20261124"));
    bench.exchange.check_consistency().expect("a consistent exchange");
}

// §6.6: "expired contracts removed"; new ones are listed, the others keep their prices.
#[test]
fn contracts_expire_and_appear() {
    let mut bench = Bench::new(products(&["rb"]));
    let clients = traders(&mut bench);
    bench.place(clients[0], "rb2612", "buy", 1, 3200.0);
    bench.place(clients[1], "rb2612", "sell", 1, 3200.0);
    let listed = |bench: &mut Bench, client: Client| -> Vec<String> {
        let query = QryInstrumentField { product_id: text("rb"), ..Default::default() };
        let records: Vec<InstrumentField> =
            bench.query(client.session, TraderRequest::ReqQryInstrument, &query);
        records.iter().map(|record| record.instrument_id.to_str().into_owned()).collect()
    };
    let before = listed(&mut bench, clients[0]);
    assert!(before.contains(&"rb2612".to_owned()) && !before.contains(&"rb2712".to_owned()));
    while bench.exchange.trading_day().to_str().as_ref() < "20261215" {
        settlement_price(&mut bench, "rb2612", 3250.0);
        settle(&mut bench);
    }
    let one = bench.trader(1, "one");
    assert_eq!(rows(&mut bench, one)[0].position, 1);
    let held = account(&mut bench, one);
    settlement_price(&mut bench, "rb2612", 3260.0);
    settle(&mut bench);
    bench.take();
    // Delivered at the settlement price: the lot is gone, its profit is there.
    let one = bench.trader(1, "one");
    assert!(rows(&mut bench, one).is_empty());
    let after = account(&mut bench, one);
    assert_eq!((after.balance - held.balance, after.curr_margin), (100.0, 0.0));
    let after = listed(&mut bench, one);
    assert!(!after.contains(&"rb2612".to_owned()) && after.contains(&"rb2712".to_owned()), "{after:?}");
    let expired = bench.order(one, "rb2612", "buy", 1, 3200.0);
    bench.insert(one, &expired);
    assert_eq!(bench.lines(one.session), ["OnRspOrderInsert 16", "OnErrRtnOrderInsert 16"]);
    bench.place(one, "rb2712", "buy", 1, 3200.0);
    bench.exchange.check_consistency().expect("a consistent exchange");
}

/// Rolls to an option's last day, settles the future at `price`, and returns the rows of buyer and seller.
fn exercise(price: f64) -> (Vec<(String, i32, f64)>, [f64; 2]) {
    let mut bench = Bench::new(Config { start: START, ..products(&["m"]) });
    let clients = traders(&mut bench);
    let options: Vec<InstrumentField> = bench.query(
        clients[0].session,
        TraderRequest::ReqQryInstrument,
        &QryInstrumentField { instrument_id: text("m2701-C-3000"), ..Default::default() },
    );
    let last_day = options[0].expire_date.to_str().into_owned();
    bench.place(clients[0], "m2701-C-3000", "buy", 2, 60.0);
    bench.place(clients[1], "m2701-C-3000", "sell", 2, 60.0);
    let cash: Vec<f64> = clients.iter().map(|client| account(&mut bench, *client).cash_in).collect();
    assert_eq!(cash, [-1_200.0, 1_200.0]);
    while bench.exchange.trading_day().to_str().as_ref() < last_day.as_str() {
        settle(&mut bench);
    }
    settlement_price(&mut bench, "m2701", price);
    settle(&mut bench);
    bench.take();
    let clients = traders(&mut bench);
    let mut held = Vec::new();
    for client in clients {
        for row in rows(&mut bench, client) {
            let id = row.instrument_id.to_str().into_owned();
            let side = if row.posi_direction.as_char() == b'2' { row.position } else { -row.position };
            held.push((id, side, row.open_cost));
        }
    }
    bench.exchange.check_consistency().expect("a consistent exchange");
    let balances = clients.map(|client| account(&mut bench, client).balance);
    (held, balances)
}

#[test]
fn options_are_exercised_on_their_last_day() {
    // In the money: futures at the strike, marked at the settlement price.
    let (held, balances) = exercise(3100.0);
    let future = |side: i32| ("m2701".to_owned(), side, 60_000.0);
    assert_eq!(held, [future(2), future(-2)]);
    // 2 lots × 100 × 10, the premium of 1200, and the fee of 1 for each lot.
    assert_eq!(balances, [1_000_000.0 + 2_000.0 - 1_200.0 - 2.0, 1_000_000.0 - 2_000.0 + 1_200.0 - 2.0]);
}

#[test]
fn options_out_of_the_money_lapse() {
    let (held, balances) = exercise(2900.0);
    assert!(held.is_empty(), "{held:?}");
    assert_eq!(balances, [1_000_000.0 - 1_202.0, 1_000_000.0 + 1_198.0]);
}

// §9.3: "logins fail with 7 NOT_INITED".
#[test]
fn by_the_clock() {
    let mut config = products(&["rb"]);
    config.start = Timestamp(START.0 + 5 * 3_600_000_000_000 + 3_000_000_000_000);
    config.hours = Hours::Exchange;
    let mut bench = Bench::new(config);
    bench.now = Timestamp(START.0 + 5 * 3_600_000_000_000 + 3_000_000_000_000);
    bench.trader(1, "one");
    bench.take();
    bench.run(Duration::from_secs(10 * 60 + 1));
    assert_eq!(closes(&bench.take()), [(1, 0x1001)]);
    assert_eq!(bench.exchange.trading_day().to_str(), "20261124");
    let session = bench.connect(1, ApiKind::Trader, (6, 7, 13));
    let login = login_record("one", "simulator");
    let answers = bench.ask(session, TraderRequest::ReqUserLogin, &login);
    assert_eq!(answers, ["OnRspUserLogin 7"]);
    bench.run(Duration::from_secs(3 * 3600));
    let answers = bench.ask(session, TraderRequest::ReqUserLogin, &login);
    assert_eq!(answers[0], "OnRspUserLogin 0");
    // The night of the new day: before it orders are refused, in it they rest.
    let one = Client { session, investor: text("one"), session_id: 0 };
    bench.confirm(one);
    bench.place(one, "rb2701", "buy", 1, 3200.0);
    assert_eq!(bench.lines(session), ["OnRspOrderInsert 162", "OnErrRtnOrderInsert 162"]);
    bench.run(Duration::from_secs(2 * 3600));
    bench.take();
    bench.place(one, "rb2701", "buy", 1, 3200.0);
    let lines = bench.lines(session);
    assert!(lines.iter().any(|line| line.starts_with("3/3")), "{lines:?}");
    // The next day is settled at its own time.
    bench.run(Duration::from_secs(19 * 3600));
    assert_eq!(bench.exchange.trading_day().to_str(), "20261125");
}

// The first day after some days is the same for the same seed, and not like the day before.
#[test]
fn days_are_determined_by_the_seed() {
    let run = |seed: u64| {
        let config = Config { seed, crowd: true, ..products(&["rb", "m"]) };
        let mut bench = Bench::new(config);
        let mut days = Vec::new();
        for _ in 0..4 {
            let feed = bench.market_data(9);
            bench.step(Input::Subscribe { session: feed, instruments: vec![text("rb2701"), text("m2701")] });
            let one = bench.trader(1, "one");
            bench.place(one, "rb2701", "buy", 1, 3200.0);
            bench.run(Duration::from_secs(60));
            days.push(format!("{:?}", bench.take()));
            settle(&mut bench);
            bench.take();
        }
        days
    };
    let days = run(7);
    assert_eq!(days, run(7));
    assert_ne!(days, run(8));
    assert!(days.windows(2).all(|pair| pair[0] != pair[1]));
}

/// A session that never logged in, and one that is not connected, live through the night.
#[test]
fn sessions_without_login() {
    let mut bench = Bench::new(products(&["rb"]));
    let trader = bench.connect(1, ApiKind::Trader, (6, 7, 13));
    bench.step(Input::Disconnect { session: SessionId(5) });
    bench.take();
    settle(&mut bench);
    assert_eq!(closes(&bench.take()), [(trader.0, 0x1001)]);
    let outputs = {
        bench.connect(1, ApiKind::Trader, (6, 7, 13));
        bench.take()
    };
    let connected = |output: &Output| {
        matches!(output.delivery, Delivery::Trader { callback: TraderCallback::OnFrontConnected, .. })
    };
    assert!(outputs.iter().any(connected));
}
