//! Several accounts in one process, on libraries of different versions: each a gateway of its own.

mod common;

use std::path::Path;
use std::thread;
use std::time::Duration;

use common::simulator;
use ctp::sim::Exchange;
use ctp::sys::CreateError;
use ctp::{Error, Gateway, GatewayConfig, SecretSource};
use tempfile::TempDir;

/// How long anything here may take, all in all.
const PATIENCE: Duration = Duration::from_secs(60);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// Runs a test to its end, which comes.
fn run(test: impl Future<Output = ()>) {
    runtime().block_on(async { tokio::time::timeout(PATIENCE, test).await.expect("in time") });
}

fn account(user: &str, exchange: &str, flow: &Path) -> GatewayConfig {
    let mut config = GatewayConfig::simulator(exchange);
    config.user_id = user.to_owned();
    config.flow_dir = flow.to_owned();
    config
}

fn exchange() -> (Exchange, String) {
    let exchange = Exchange::builder().set("products", "rb").running(1.0).start().expect("an exchange");
    let name = exchange.front().trim_start_matches("sim://").to_owned();
    (exchange, name)
}

/// Issue 6, part 7: two accounts, one of them on the oldest version, the other on the newest, side by side.
#[test]
fn accounts_on_libraries_of_different_versions_run_side_by_side() {
    run(async {
        let flow = TempDir::new().expect("a temporary folder");
        let (_exchange, name) = exchange();
        let mut gateways = Vec::new();
        for (user, version) in [("old", "6.3.15"), ("new", "6.7.13")] {
            let mut config = account(user, &name, flow.path());
            config.version = Some(version.to_owned());
            let gateway = Gateway::connect(config).await.expect("connected");
            assert!(gateway.td().library_version().contains(version), "{}", gateway.td().library_version());
            assert!(gateway.md().library_version().contains(version), "{}", gateway.md().library_version());
            gateways.push(gateway);
        }
        for (gateway, user) in gateways.iter().zip(["old", "new"]) {
            let logins = gateway.ready().await.expect("ready");
            assert_eq!(logins.md.trading_day, logins.td.trading_day);
            let rows = gateway.td().account().await.expect("an account");
            assert_eq!(rows[0].balance, Some(1_000_000.0), "{user}");
            assert!(flow.path().join(format!("td-9999-{user}/instance.lock")).exists());
            assert!(flow.path().join(format!("md-9999-{user}/instance.lock")).exists());
        }
        // One of them is closed; the other does not notice.
        gateways[0].close().await.expect("closed");
        assert!(gateways[1].states().are_ready());
        gateways[1].td().account().await.expect("still there");
        gateways[1].close().await.expect("closed");
    });
}

/// faults.md F19: the second client of an account is refused, until the first is closed or `instance` sets it apart.
#[test]
fn an_account_is_used_once_unless_instances_are_told_apart() {
    run(async {
        let flow = TempDir::new().expect("a temporary folder");
        let (_exchange, name) = exchange();
        let config = account("one", &name, &flow.path().join("流 水"));
        let first = Gateway::connect(config.clone()).await.expect("connected");
        first.ready().await.expect("ready in a folder with Chinese in its name");
        let error = Gateway::connect(config.clone()).await.expect_err("in use");
        assert!(matches!(error, Error::Create(CreateError::FlowDirInUse { .. })), "{error}");
        let mut second = config.clone();
        second.instance = "b".to_owned();
        let second = Gateway::connect(second).await.expect("another folder");
        second.ready().await.expect("ready");
        first.close().await.expect("closed");
        let third = Gateway::connect(config).await.expect("free again");
        third.ready().await.expect("ready");
        third.close().await.expect("closed");
        second.close().await.expect("closed");
    });
}

/// faults.md F18: what cannot be written is told before the library dies of it, and nothing is left running.
#[test]
fn a_flow_folder_that_cannot_be_used_is_told() {
    run(async {
        let flow = TempDir::new().expect("a temporary folder");
        let (_exchange, name) = exchange();
        let file = flow.path().join("file");
        std::fs::write(&file, "").expect("written");
        let error = Gateway::connect(account("one", &name, &file)).await.expect_err("a file is in the way");
        assert!(error.to_string().contains("choose a writable directory"), "{error}");
        // The trading session's folder is blocked; the market data session, which could start, is closed again.
        std::fs::write(flow.path().join("td-9999-one"), "").expect("written");
        let config = account("one", &name, flow.path());
        let error = Gateway::connect(config.clone()).await.expect_err("a file is in the way");
        assert!(error.to_string().contains("td-9999-one"), "{error}");
        std::fs::remove_file(flow.path().join("td-9999-one")).expect("removed");
        let gateway = Gateway::connect(config).await.expect("nothing holds the other folder");
        gateway.close().await.expect("closed");
        // What stands where the library writes its own files.
        std::fs::create_dir_all(flow.path().join("td-9999-two/Private.con")).expect("made");
        let error =
            Gateway::connect(account("two", &name, flow.path())).await.expect_err("a folder in the way");
        assert!(error.to_string().contains("Private.con"), "{error}");
    });
}

/// Issue 6, part 9: from several tasks, threads and runtimes, again and again, before the login and after.
#[test]
fn a_close_is_idempotent_and_comes_from_anywhere() {
    let flow = TempDir::new().expect("a temporary folder");
    let (_exchange, name) = exchange();
    let runtime = runtime();
    let gateway = runtime.block_on(Gateway::connect(account("one", &name, flow.path()))).expect("connected");
    let mut ticks = gateway.md().ticks();
    let mut events = gateway.td().events();
    runtime.block_on(gateway.ready()).expect("ready");
    gateway.md().subscribe(&["rb2701"]).expect("subscribed");
    thread::scope(|scope| {
        for _ in 0..3 {
            let (one, two) = (gateway.clone(), gateway.clone());
            scope.spawn(move || one.close_blocking().expect("closed from a thread"));
            runtime.spawn(async move { two.close().await.expect("closed from a task") });
        }
    });
    gateway.close_blocking().expect("closed before");
    gateway.stop();
    // The streams end: whoever reads them is not left waiting, and nothing comes after the end.
    runtime.block_on(async {
        let drain = async {
            while ticks.next().await.is_some() {}
            while events.next().await.is_some() {}
        };
        tokio::time::timeout(PATIENCE, drain).await.expect("the streams end");
        assert!(ticks.next().await.is_none() && events.next().await.is_none());
        assert!(gateway.td().account().await.is_err() && gateway.md().subscribe(&["rb2701"]).is_err());
        assert!(matches!(gateway.ready().await, Err(Error::Closed)));
    });
    // Outside of every runtime, and after the sessions' own has gone.
    drop(runtime);
    gateway.close_blocking().expect("closed before");
}

/// A front that nobody listens on, a runtime that goes away, a future that is dropped: nothing hangs.
#[test]
fn a_close_never_hangs() {
    let flow = TempDir::new().expect("a temporary folder");
    let library = simulator("6.7.13");
    let mut config = account("one", "unused", flow.path());
    config.fronts = vec!["127.0.0.1:9".to_owned()];
    (config.md_library, config.td_library) = (Some(library.md), Some(library.trader));
    let runtime = runtime();
    let gateway = runtime.block_on(Gateway::connect(config.clone())).expect("connected");
    runtime.block_on(gateway.close()).expect("closed while connecting");
    // Its runtime ends while it lives.
    let gateway = runtime.block_on(Gateway::connect(config.clone())).expect("connected");
    drop(runtime);
    drop(gateway.close_blocking());
    drop(gateway);
    // The future of a connect is dropped at once.
    run(async {
        drop(tokio::time::timeout(Duration::ZERO, Gateway::connect(config.clone())).await);
        // What it began is closed in the background; the folder becomes free.
        loop {
            match Gateway::connect(config.clone()).await {
                Ok(gateway) => return gateway.close().await.expect("closed"),
                Err(Error::Create(CreateError::FlowDirInUse { .. })) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    });
}

/// faults.md F34: trading is down, prices are not; each has its own state.
#[test]
fn one_session_fails_and_the_other_goes_on() {
    run(async {
        let flow = TempDir::new().expect("a temporary folder");
        let (_exchange, name) = exchange();
        let mut config = account("one", &name, flow.path());
        config.password = SecretSource::literal("canary-wrong");
        let gateway = Gateway::connect(config).await.expect("connected");
        gateway.md().ready().await.expect("market data is ready");
        let error = gateway.ready().await.expect_err("trading is not");
        assert!(
            matches!(error, Error::Faulted(_)) && !format!("{error} {error:?}").contains("canary"),
            "{error}"
        );
        let states = gateway.states();
        let health = gateway.health();
        assert!(health.md.session.is_ready && !health.td.session.is_ready && !health.is_ready, "{health:?}");
        assert!(states.md.is_ready() && !states.td.is_ready() && !states.are_ready(), "{states:?}");
        gateway.close().await.expect("closed");
    });
}

/// Everything that is registered before `Init` goes through on the newest version; what an old one lacks is told.
#[test]
fn what_is_configured_reaches_the_library() {
    run(async {
        let flow = TempDir::new().expect("a temporary folder");
        let (_exchange, name) = exchange();
        let library = simulator("6.7.13");
        let mut config = account("one", &name, flow.path());
        // The simulator takes a name server as a front.
        config.td_name_servers = config.fronts.clone();
        (config.udp, config.multicast) = (true, true);
        (config.app_id, config.auth_code) = ("ctp_demo".to_owned(), "0000000000000000".into());
        config.one_time_password = "123456".into();
        config.private_resume = ctp::config::Resume::FromSequence(1);
        config.public_resume = ctp::config::Resume::None;
        config.relay = Some(ctp::config::Relay::new(vec![7; 200]));
        (config.md_library, config.td_library) = (Some(library.md), Some(library.trader));
        config.version = Some("6.7.13".to_owned());
        let gateway = Gateway::connect(config.clone()).await.expect("connected");
        gateway.ready().await.expect("ready");
        gateway.close().await.expect("closed");
        config.version = Some("6.7.11".to_owned());
        let error = Gateway::connect(config.clone()).await.expect_err("another version is demanded");
        assert!(error.to_string().contains("not 6.7.11"), "{error}");
        (config.md_library, config.td_library, config.version) = (None, None, Some("6.3.15".to_owned()));
        let error = Gateway::connect(config).await.expect_err("6.3.15 resumes from no number");
        assert!(error.to_string().contains("6.3.15"), "{error}");
    });
}
