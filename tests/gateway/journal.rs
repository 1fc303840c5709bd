//! F70, F71: processes that are killed, and a disk that takes no more.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ctp::alert::Alert;
use ctp::error::{Rule, SendRefusal};
use ctp::sim::Wanted;
use ctp::td::{GateReason, OrderPhase, Origin};
use ctp::types::Direction;
use ctp::{Error, TdClient, TdConfig, TdEvent};
use ctp_sim_host::Timestamp;
use ctp_sim_host::serve::{Listen, ServeOptions, Server};

use crate::Case;
use crate::child::{CHILD, FRONT, say};
use crate::trading::{drain, everywhere, open, trades};
use crate::world::{USER, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f70_what_a_killed_process_did_is_taken_over: "three processes are killed with SIGKILL while they trade: each next one gives no reference again, has every order of theirs as its own and every trade once, says of those that never arrived that they were not accepted, and its positions are the counter's",
    f71_a_disk_that_takes_no_more_ends_new_orders_only: "the journal's files take no more: the order is not sent, with an alarm, and none after it; fills are still told, cancels still leave; the next session, with room again, has all of it; in three versions",
];

/// Where a child keeps its files.
const FOLDER: &str = "CTP_GATEWAY_FOLDER";

fn served() -> Server {
    let mut options =
        ServeOptions::new("gateway-exam", Listen::One("127.0.0.1:0".parse().expect("an address")));
    let settings = [("crowd", "off"), ("products", "rb"), ("options", "off"), ("queries_per_second", "50")];
    options.exchange.settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    options.exchange.start = Timestamp::from_china("2026-11-23 10:00:00");
    Server::start(options).expect("a server")
}

fn config(front: &str, folder: &Path) -> TdConfig {
    let mut config = TdConfig::new([front], "9999", USER, "simulator");
    config.flow_dir = folder.to_owned();
    config.library = Some(ctp::sys::find_simulator(ctp::API_VERSION).expect("the facades").trader);
    config
}

fn f70_what_a_killed_process_did_is_taken_over() {
    let (server, folder) = (served(), tempfile::tempdir().expect("a temporary folder"));
    let mut sent = Vec::new();
    for wanted in [1, 5, 9] {
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        child.env(CHILD, "trades").env(FRONT, server.td_front()).env(FOLDER, folder.path());
        let mut child = child.stdout(Stdio::piped()).spawn().expect("the child starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        for line in lines.by_ref().take(wanted) {
            sent.push(line);
            fill_the_newest(&server);
        }
        child.kill().expect("it runs");
        sent.extend(lines);
        child.wait().expect("it ended");
    }
    assert!(sent.len() >= 15, "{sent:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let td = TdClient::connect(config(&server.td_front(), folder.path())).await.expect("a client");
        let mut events = td.events();
        td.ready().await.expect("ready");
        // It opens only if positions and money are the counter's.
        assert!(td.gate().borrow().is_open(), "{:?}", *td.gate().borrow());
        let handle = td.place(order()).await.expect("sent");
        handle.accepted().await.expect("accepted");
        let all = drain(&mut events);
        let own = all.iter().filter_map(TdEvent::order).filter(|order| order.origin != Origin::Foreign);
        // The last word on each of them.
        let known: BTreeMap<String, OrderPhase> =
            own.map(|order| (order.keys.order_ref.to_string(), order.phase)).collect();
        let (orders, traded) = server
            .simulator()
            .look_at(|exchange| {
                let (orders, traded) = exchange.look_at_counts();
                let orders: Vec<_> =
                    (0..orders).filter_map(|place| exchange.look_at_order_record(place)).collect();
                (orders, traded)
            })
            .expect("an exchange");
        let there: Vec<String> = orders.iter().map(|order| order.order_ref.to_string()).collect();
        let references: BTreeSet<&String> = there.iter().collect();
        assert_eq!(references.len(), there.len(), "a reference twice");
        assert!(there.iter().all(|order| known.contains_key(order)), "{there:?}, {known:?}");
        // What a process gave to its library in its last moments may never have left, or was lost with its connection.
        let lost = known.iter().filter(|(order, _)| !references.contains(order));
        let lost: Vec<_> = lost.map(|(order, phase)| (order, *phase)).collect();
        assert!(lost.iter().all(|(_, phase)| *phase == OrderPhase::Rejected), "{lost:?}");
        assert!(lost.len() <= 6 && there.len() >= 10, "{there:?}, {lost:?}");
        // The last order of each process may have been sent without a word.
        assert!((sent.len()..=sent.len() + 4).contains(&known.len()), "{sent:?}, {known:?}");
        let names: BTreeSet<_> = trades(&all).iter().map(|(_, trade)| trade.trade_id.to_string()).collect();
        assert_eq!((trades(&all).len(), names.len()), (traded, traded), "a trade lost or twice");
        assert!(traded > 0, "nothing was traded");
        td.close().await.expect("closed in time");
    });
}

/// Somebody trades with the order that came last, if it rests.
fn fill_the_newest(server: &Server) {
    let newest = server.simulator().look_at(|exchange| {
        let (orders, _) = exchange.look_at_counts();
        exchange.look_at_order_record(orders.checked_sub(1)?)
    });
    if let Some(order) = newest.flatten() {
        let order = order.order_sys_id.to_str().into_owned();
        server.simulator().command(ctp_sim::Command::FillOrder(ctp_sim::FillOrder {
            order,
            volume: None,
            price: None,
        }));
    }
}

/// Places orders until it is killed.
pub(crate) async fn trade_until_killed() {
    let variable = |name| std::env::var(name).expect("told by the parent");
    let td = TdClient::connect(config(&variable(FRONT), Path::new(&variable(FOLDER)))).await;
    let td = td.expect("a client");
    td.ready().await.expect("ready");
    loop {
        match td.place(order()).await {
            Ok(_) => say("sent"),
            Err(error) => assert!(error.is_definite(), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

fn f71_a_disk_that_takes_no_more_ends_new_orders_only() {
    let mut child = Command::new("sh");
    // The kernel ends who writes beyond the limit unless they say that they look.
    child.args(["-c", "trap '' XFSZ; exec \"$0\""]).arg(std::env::current_exe().expect("this program"));
    let (said, code) = crate::child::read({
        // Where this program's words go to a file, that file is limited too, and who cannot speak panics.
        child.env(CHILD, "full-disk").stdout(Stdio::piped()).stderr(Stdio::null());
        child
    });
    assert_eq!((said.len(), code), (3, Some(0)), "{said:?}");
}

/// Sets how long the files of this process may become.
fn limit_files(bytes: &str) {
    let process = std::process::id().to_string();
    let limit = format!("--fsize={bytes}:");
    let status = Command::new("prlimit").args(["--pid", &process, &limit]).status();
    assert!(status.expect("prlimit of util-linux").success());
}

/// Trades until the journal takes no more, and beyond.
pub(crate) fn full_disk() {
    everywhere(&scene(), async |world| {
        let mut config = world.td_config();
        // It closes beside whatever else the disk is busy with.
        config.timeouts.close = Duration::from_secs(30);
        let td = TdClient::connect(config).await.expect("a client");
        world.td_ready(&td).await;
        let mut events = td.events();
        let filled = world.rest(&td, open("rb2701", Direction::BUY, 2, 3_200.0)).await;
        let cancelled = world.rest(&td, open("rb2701", Direction::BUY, 1, 3_199.0)).await;
        drain(&mut events);
        let sent = world.count("ReqOrderInsert");
        limit_files("1");
        let refused = world.soon(td.place(order())).await.expect_err("the journal is full");
        let is_refused = matches!(&refused, Error::NotSent { reason: SendRefusal::NotJournaled(_), .. });
        assert!(is_refused && refused.to_string().contains("ulimit -f"), "{refused}");
        let gate = td.gate();
        let gate = move || *gate.borrow();
        assert!(gate().to_string().contains(&GateReason::JournalFailed.to_string()), "{}", gate());
        let refused = world.soon(td.place(order())).await.expect_err("the gate is closed");
        assert!(matches!(&refused, Error::Denied(denial) if denial.rule == Rule::Gate), "{refused}");
        world.fill(&filled, 1).await;
        let over = world.soon(cancelled.cancel()).await.expect("a cancel needs no journal");
        assert_eq!((over.phase, filled.order().volume_filled), (OrderPhase::Canceled, 1));
        let told = drain(&mut events);
        let alarm = |event: &&TdEvent| matches!(event, TdEvent::Alert(Alert::JournalFailed { .. }));
        assert_eq!((told.iter().filter(alarm).count(), trades(&told).len()), (1, 1), "{told:?}");
        // Room alone is not enough: what was not written meanwhile would be missing.
        limit_files("unlimited");
        assert!(world.soon(td.place(order())).await.is_err() && sent.seen() == 0);
        world.soon(td.close()).await.expect("closed in time");

        let td = TdClient::connect(world.td_config()).await.expect("a client");
        let mut events = td.events();
        world.td_ready(&td).await;
        assert!(td.gate().borrow().is_open(), "{:?}", *td.gate().borrow());
        let told = drain(&mut events);
        assert_eq!(trades(&told).len(), 1, "{told:?}");
        let own = told.iter().filter_map(TdEvent::order).filter(|order| order.origin == Origin::Earlier);
        assert_eq!(own.map(|order| order.id).collect::<BTreeSet<_>>().len(), 2, "{told:?}");
        world.rest(&td, order()).await;
        let orders = world.exchange.orders(Wanted::default()).expect("orders");
        let references: BTreeSet<_> = orders.iter().map(|order| order.order_ref.trim().to_owned()).collect();
        assert_eq!((orders.len(), references.len()), (3, 3));
        td.close().await.expect("closed in time");
        say(world.version());
    });
}
