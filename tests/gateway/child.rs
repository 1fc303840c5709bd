//! F08, F17, F21: what needs a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use ctp::sim::Exchange;
use ctp::{MdClient, MdConfig, TdClient, TdConfig, TdEvent};
use ctp_sim_host::Timestamp;
use ctp_sim_host::fault::FaultPlan;
use ctp_sim_host::serve::{Listen, ServeOptions, Server};
use serde_json::json;

use crate::Case;

pub(crate) const CASES: &[Case] = crate::cases![
    f08_no_locale_is_needed: "a process with LC_ALL=C and no locale at all reads names and messages in Chinese",
    f17_a_process_that_died_finds_its_orders: "the library aborts the process after an order: the next one sees that order by its events and by a query, and sends nothing",
    f21_ten_thousand_reconnects_open_nothing: "64 files at most and 10,000 broken links: not one file more than before, then ready; too many clients get a typed error, and the others go on",
];

/// What the child is to do.
pub(crate) const CHILD: &str = "CTP_GATEWAY_CHILD";

/// The end of every child that has no world, whatever happens.
const DEADLINE: Duration = Duration::from_secs(120);

/// Does what a parent asked for; `None` where there is none.
pub(crate) fn run() -> Option<ExitCode> {
    let what = std::env::var(CHILD).ok()?;
    let in_a_world: Option<fn()> = match what.as_str() {
        "weekend" => Some(crate::silence::weekend),
        "full-disk" => Some(crate::journal::full_disk),
        _ => None,
    };
    // A world ends by itself where nothing goes on in it.
    if let Some(act) = in_a_world {
        act();
        std::process::exit(0);
    }
    std::thread::spawn(|| {
        std::thread::sleep(DEADLINE);
        std::process::exit(9);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build();
    runtime.expect("a runtime").block_on(async {
        match what.as_str() {
            "chinese" => chinese().await,
            "dies" => dies().await,
            "reconnects" => reconnects().await,
            "secrets" => crate::secrets::tell_everything().await,
            "trades" => crate::journal::trade_until_killed().await,
            other => panic!("nothing is called {other}"),
        }
    });
    // What hangs is not waited for.
    std::process::exit(0);
}

/// Runs this program as a child and returns what it says and its exit code, `None` where a signal ended it.
pub(crate) fn child(what: &str, environment: &[(&str, &str)]) -> (Vec<String>, Option<i32>) {
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new(this);
    command.env(CHILD, what).envs(environment.iter().copied()).stdout(Stdio::piped());
    read(command)
}

pub(crate) fn read(mut command: Command) -> (Vec<String>, Option<i32>) {
    let mut child = command.spawn().expect("the child starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let said = lines.map_while(Result::ok).collect();
    (said, child.wait().expect("the child ends").code())
}

pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that is gone hears nothing.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn f08_no_locale_is_needed() {
    let none = [("LC_ALL", "C"), ("LANG", "C"), ("LOCPATH", "/nonexistent")];
    let (said, code) = child("chinese", &none);
    assert_eq!(code, Some(0), "{said:?}");
    assert!(said.iter().any(|line| line.contains("螺纹钢")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("未成交")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("CTP:")), "{said:?}");
}

/// Says the name of a contract, the message of an order and the text of a refusal.
async fn chinese() {
    let exchange =
        Exchange::builder().running(20.0).set("crowd", "off").set("products", "rb").set("options", "off");
    let exchange = exchange.start().expect("an exchange");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (md, td) = clients(&exchange.front(), folder.path()).await;
    let instruments = td.instruments().await.expect("instruments");
    say(&instruments[0].name.to_string());
    let id = instruments[0].instrument_id.to_string();
    let price = td.snapshot(&id).await.expect("a snapshot").and_then(|tick| tick.lower_limit_price());
    let (direction, offset) = (ctp::types::Direction::BUY, ctp::types::OffsetFlag::OPEN);
    let order = ctp::NewOrder::limit(&id, direction, offset, 1, price.expect("a limit"));
    let handle = td.place(order).await.expect("sent");
    let order = handle.accepted().await.expect("accepted");
    say(&order.status_text().to_string());
    say(&order.record.as_ref().expect("a record").status_msg.to_string());
    let close = ctp::NewOrder::limit(
        &id,
        ctp::types::Direction::SELL,
        ctp::types::OffsetFlag::CLOSE_TODAY,
        1,
        price.expect("a limit"),
    );
    let refused = td.place(close).await.expect("sent").accepted().await.expect_err("nothing to close");
    say(&refused.to_string());
    md.close().await.expect("closed in time");
    td.close().await.expect("closed in time");
}

/// Where the child finds its front.
pub(crate) const FRONT: &str = "CTP_GATEWAY_FRONT";

fn served() -> Server {
    let mut options =
        ServeOptions::new("gateway-exam", Listen::One("127.0.0.1:0".parse().expect("an address")));
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    options.exchange.settings = vec![set("crowd", "off"), set("products", "rb"), set("options", "off")];
    options.exchange.start = Timestamp::from_china("2026-11-23 10:00:00");
    Server::start(options).expect("a server")
}

fn f17_a_process_that_died_finds_its_orders() {
    let server = served();
    let plan = FaultPlan::parse("dies", "[[fault]]\ndo = \"abort\"\non = \"OnRtnOrder\"\nafter = 1\n");
    server.simulator().add_faults(plan.expect("a plan"));
    let front = server.td_front();
    let (said, code) = child("dies", &[(FRONT, &front), ("CTP_SIM_ALLOW_ABORT", "1")]);
    // The answer may come before the process can say that it has sent.
    assert!(code.is_none() && said.iter().all(|line| line == "sent"), "{said:?}, {code:?}");
    server.simulator().clear_faults(None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let td = TdClient::connect(config(&front, folder.path())).await.expect("a client");
        let mut events = td.events();
        td.ready().await.expect("ready");
        let found = tokio::time::timeout(DEADLINE, async {
            loop {
                if let Some(TdEvent::Order(order)) = events.next().await {
                    break order;
                }
            }
        });
        let found = found.await.expect("the order of the dead process");
        assert_eq!(found.instrument_id, "rb2701");
        let orders = td.orders().await.expect("orders");
        assert_eq!(orders.len(), 1, "{orders:?}");
        assert_eq!(orders[0].id, found.id);
        td.close().await.expect("closed in time");
    });
}

fn config(front: &str, folder: &Path) -> TdConfig {
    let mut config = TdConfig::new([front], "9999", crate::world::USER, "simulator");
    config.flow_dir = folder.to_owned();
    config.library = Some(ctp::sys::find_simulator(ctp::API_VERSION).expect("the facades").trader);
    config
}

/// Places an order whose second state the process does not live to see.
async fn dies() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let td = TdClient::connect(config(&std::env::var(FRONT).expect("a front"), folder.path())).await;
    let td = td.expect("a client");
    td.ready().await.expect("ready");
    let handle = td.place(crate::world::order()).await.expect("sent");
    say("sent");
    let _ = handle.finished().await;
    say("alive");
}

fn f21_ten_thousand_reconnects_open_nothing() {
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 64; exec \"$0\""]).arg(this);
    command.env(CHILD, "reconnects").stdout(Stdio::piped());
    let (said, code) = read(command);
    assert_eq!(code, Some(0), "{said:?}");
    assert_eq!(said, ["10000 broken links", "no file more", "ready", "too many: a typed error", "goes on"]);
}

async fn reconnects() {
    let exchange =
        Exchange::builder().start_at("2026-11-23 10:00:00").set("crowd", "off").set("products", "rb");
    let exchange = exchange.set("latency", "none").running(1_000.0).start().expect("an exchange");
    let text = "disconnect on=OnFrontConnected count=10000";
    exchange.request("fault", json!({ "text": text })).expect("a fault");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = |name: &str| {
        let mut config = TdConfig::new([exchange.front()], "9999", crate::world::USER, "simulator");
        config.flow_dir = folder.path().join(name);
        // It connects again at once.
        config.library = Some(ctp::sys::find_simulator("6.3.15").expect("the facades").trader);
        config.timeouts.ready = DEADLINE;
        config
    };
    let td = TdClient::connect(config("first")).await.expect("a client");
    let done = || {
        let plans = exchange.request("faults", json!({})).expect("plans");
        plans["plans"][0]["faults"][0]["done"].as_u64().expect("a number")
    };
    while done() < 100 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The journal takes what it needs in its first moments.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = open_files();
    while done() < 10_000 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    say("10000 broken links");
    let after = open_files();
    say(if after <= before { "no file more" } else { "files were left open" });
    td.ready().await.expect("ready");
    say("ready");
    let mut others = Vec::new();
    for number in 0..64 {
        match TdClient::connect(config(&number.to_string())).await {
            Ok(client) => others.push(client),
            Err(
                error @ (ctp::Error::Create(_)
                | ctp::Error::Setup { .. }
                | ctp::Error::Load(_)
                | ctp::Error::Journal(_)),
            ) => {
                assert!(!error.to_string().is_empty());
                say("too many: a typed error");
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
    drop(others);
    td.account().await.expect("an account");
    td.close().await.expect("closed in time");
    say("goes on");
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

async fn clients(front: &str, folder: &Path) -> (MdClient, TdClient) {
    let mut config = MdConfig::new([front]);
    config.flow_dir = folder.to_owned();
    let md = MdClient::connect(config).await.expect("a client");
    let mut config = TdConfig::new([front], "9999", crate::world::USER, "simulator");
    config.flow_dir = folder.to_owned();
    // The counter's words are wanted, not the gate's.
    config.risk = ctp::config::RiskConfig::unlimited();
    let td = TdClient::connect(config).await.expect("a client");
    md.ready().await.expect("ready");
    td.ready().await.expect("ready");
    (md, td)
}
