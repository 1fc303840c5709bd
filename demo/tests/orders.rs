//! What leaves the process: on anything that is not our simulator no order without the flag.
//!
//! The exchange itself is asked: a second session of the account queries the orders that it knows.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use ctp::demo::{Arguments, Demo, DemoError, Options, OrderPlan, order_plan};
use ctp::sys::{TraderLibrary, find_simulator};
use ctp::td::{Order, OrderPhase};
use ctp::{TdClient, TdConfig};

/// What a demo printed.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A demo on the simulated exchange `name`.
fn demo(name: &str, arguments: Arguments) -> (Demo, Printed) {
    let arguments = Arguments { front: Some(format!("sim://{name}")), ..arguments };
    let options = Options::read(arguments, |_| None).expect("options");
    let printed = Printed::default();
    (Demo::new(options, printed.clone()), printed)
}

/// Returns the orders of the demo's account that the exchange knows.
async fn orders(demo: &Demo) -> Vec<Arc<Order>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = &demo.options;
    let mut config =
        TdConfig::new([&options.front], &options.broker, &options.user, options.password.clone());
    config.flow_dir = folder.path().to_owned();
    let td = TdClient::connect(config).await.expect("the simulator is built by `cargo xtask sim`");
    td.ready().await.expect("logged in");
    let orders = td.orders().await.expect("orders");
    td.close().await.expect("closed");
    orders
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_flag_no_order_leaves() {
    let (demo, printed) = demo("demo-shown", Arguments { rehearse: true, ..Arguments::default() });
    demo::td::run(&demo).await.unwrap();
    let text = printed.text();
    assert!(text.contains("this order was not sent 未发送: rb"), "{text}");
    assert!(!text.contains("sending order"), "{text}");
    assert!(orders(&demo).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_flag_one_lot_rests_at_the_far_limit_and_is_cancelled() {
    let arguments = Arguments { rehearse: true, place_order: true, ..Arguments::default() };
    let (demo, printed) = demo("demo-far", arguments);
    demo::td::run(&demo).await.unwrap();
    assert!(printed.text().contains("已撤单 "), "{}", printed.text());
    let orders = orders(&demo).await;
    let [order] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!((order.phase, order.volume, order.volume_traded), (OrderPhase::Canceled, 1, 0));
    let lower = format!("daily limits 跌停 {},", order.limit_price.expect("a limit order"));
    assert!(printed.text().contains(&lower), "{}", printed.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_shows_a_fill_and_a_cancel() {
    let (demo, printed) = demo("demo-trade", Arguments::default());
    demo::td::run(&demo).await.unwrap();
    let text = printed.text();
    for line in [
        "connected 已连接",
        "logged in 已登录",
        "全部成交 all traded",
        "trade 成交 ",
        "position 持仓",
        "已撤单 ",
        "summary 汇总",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let phases: Vec<_> = orders(&demo).await.iter().map(|order| order.phase).collect();
    assert_eq!(phases, [OrderPhase::Filled, OrderPhase::Canceled]);
}

/// An order that was sent is taken back when the user interrupts.
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_no_order_in_the_book() {
    let arguments = Arguments { rehearse: true, place_order: true, ..Arguments::default() };
    let (demo, printed) = demo("demo-interrupt", arguments);
    let demo = Arc::new(demo);
    let (running, interrupting) = (Arc::clone(&demo), printed.clone());
    let ended = tokio::spawn(async move { demo::td::run(&running).await });
    while !interrupting.text().contains("sending order") {
        tokio::task::yield_now().await;
    }
    demo.stop();
    let ended = ended.await.expect("no panic");
    assert!(matches!(ended, Err(DemoError::Interrupted)), "{ended:?}");
    let phases: Vec<_> = orders(&demo).await.iter().map(|order| order.phase).collect();
    assert_eq!(phases, [OrderPhase::Canceled], "{}", printed.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn market_data_shows_ticks_of_both_products() {
    let (demo, printed) = demo("demo-md", Arguments { ticks: Some(2), ..Arguments::default() });
    demo::md::run(&demo).await.unwrap();
    let text = printed.text();
    for line in [
        "subscribed 已订阅: rb",
        "subscribed 已订阅: IF",
        "summary 汇总",
        "rb2",
        "IF2",
        ": 2 ticks, last 最新 ",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_contract_is_named() {
    let (demo, _) =
        demo("demo-unknown", Arguments { instruments: Some(vec!["rb9999".into()]), ..Arguments::default() });
    let error = demo::td::run(&demo).await.unwrap_err();
    assert!(error.to_string().starts_with("contract rb9999 is unknown"), "{error}");
}

/// The plan follows from what the library says about itself.
#[test]
fn the_vendors_library_is_not_the_simulator() {
    let vendors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vendor/se-6.7.13/lib/thosttraderapi_se.so");
    let vendors = TraderLibrary::open(&vendors).expect("put here by `cargo xtask vendor`");
    assert_eq!(order_plan(vendors.is_simulator(), false), OrderPlan::Show);
    let simulator = TraderLibrary::open(find_simulator("6.7.13").expect("built by `cargo xtask sim`").trader);
    assert_eq!(order_plan(simulator.expect("the simulator").is_simulator(), false), OrderPlan::Trade);
}
