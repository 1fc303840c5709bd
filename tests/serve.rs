//! `ctp sim serve` as a process: what it says, how it ends, and what it makes of wrong options.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../ctp-sim-host/tests/client/mod.rs"]
mod client;

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use client::{Client, PATIENCE};
use ctp_sim_host::ApiKind;
use ctp_types::{DepthMarketDataField, Direction};
use serde_json::Value;

/// A running server, killed when it is dropped.
struct Serve {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Serve {
    fn start(options: &[&str]) -> Self {
        let mut child = command(&["--json", "--listen", "127.0.0.1:0"]);
        let mut child = child.args(options).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Returns the next line of an event.
    fn event(&mut self, name: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut skipped = Vec::new();
        while Instant::now() < deadline {
            let line =
                self.lines.next().unwrap_or_else(|| panic!("ended before {name}: {skipped:#?}")).unwrap();
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == name {
                return event;
            }
            skipped.push(line);
        }
        panic!("no {name}: {skipped:#?}");
    }

    fn signal(&self, signal: &str) {
        let killed = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Sends a signal and returns the exit code.
    fn end(&mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn command(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctp"));
    command.args(["sim", "serve"]).args(options).env_remove("CTP_SIM_TOKEN");
    command
}

fn output(options: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command(options).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_day_is_told_line_by_line_and_ends_cleanly() {
    let mut serve =
        Serve::start(&["--name", "told", "--set", "latency=none", "--command", "deposit one amount=5"]);
    let listening = serve.event("listening");
    assert_eq!((&listening["exchange"], listening["md"] == listening["td"]), (&Value::from("told"), true));
    let front = listening["td"].as_str().unwrap().to_owned();
    let md = Client::start(ApiKind::Md, &front, "one");
    md.log_in();
    md.subscribe(&["rb2705"]);
    let tick: DepthMarketDataField = md.next("OnRtnDepthMarketData").record();
    let mut trader = Client::start(ApiKind::Trader, &front, "one");
    trader.log_in();
    let login = serve.event("logged-in");
    assert!(login["session"].is_u64() && login["time"].is_string(), "{login}");
    trader.order("rb2705", "SHFE", Direction::BUY, tick.upper_limit_price);
    trader.next("OnRtnTrade");
    let order = serve.event("order");
    assert_eq!((&order["investor"], &order["instrument"]), (&Value::from("one"), &Value::from("rb2705")));
    let trade = serve.event("trade");
    assert_eq!((&trade["direction"], &trade["offset"]), (&Value::from("buy"), &Value::from("open")));
    md.instance.release();
    assert!(serve.event("left")["reason"].as_str().unwrap().contains("closed"));

    assert_eq!(serve.end("-TERM"), Some(0));
    assert_eq!(serve.event("stopped")["reason"], "terminated");
    let told = trader.next("OnFrontDisconnected");
    assert_eq!(told.number, 0x1001);
}

#[test]
fn a_server_that_stands_still_holds_nobody_up_and_goes_on() {
    let mut serve = Serve::start(&[
        "--set",
        "latency=none",
        "--set",
        "matching=simnow",
        "--set",
        "orders_per_second=0",
        "--set",
        "initial_balance=10000000000000",
    ]);
    let front = serve.event("listening")["td"].as_str().unwrap().to_owned();
    let mut stays = Client::start(ApiKind::Trader, &front, "one");
    stays.log_in();
    let leaves = Client::start(ApiKind::Trader, &front, "two");
    leaves.log_in();
    let md = Client::start(ApiKind::Md, &front, "one");
    md.log_in();
    md.subscribe(&["rb2705"]);
    let tick: DepthMarketDataField = md.next("OnRtnDepthMarketData").record();

    serve.signal("-STOP");
    // Each of these would hang until the server goes on, which it does only after them.
    for _ in 0..1_000 {
        stays.order("rb2705", "SHFE", Direction::BUY, tick.upper_limit_price);
    }
    assert!(stays.instance.is_connected());
    leaves.instance.release();
    // One that comes meanwhile is taken by the system, hears nothing, and can go again.
    let comes = Client::start(ApiKind::Md, &front, "three");
    comes.instance.release();
    serve.signal("-CONT");

    for _ in 0..1_000 {
        stays.next("OnRtnTrade");
    }
    md.next("OnRtnDepthMarketData");
    let again = Client::start(ApiKind::Trader, &front, "two");
    again.log_in();
}

#[test]
fn it_ends_by_interrupt_and_another_takes_the_port() {
    let mut serve = Serve::start(&[]);
    let front = serve.event("listening")["td"].as_str().unwrap().to_owned();
    let address = front.strip_prefix("tcp://").unwrap();
    let (code, error) = output(&["--listen", address]);
    assert!(code == Some(1) && error.contains("another program does already"), "{code:?} {error}");
    assert_eq!(serve.end("-INT"), Some(0));
    let mut next = command(&["--json", "--listen", address]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(next.stdout.take().unwrap()).lines();
    let mut next = Serve { child: next, lines };
    next.event("listening");
}

#[test]
fn wrong_options_are_told_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("sim.toml");
    std::fs::write(&config, "listn = 1\nclock = \"moon\"\n\n[settings]\nsed = 1\n").unwrap();
    let (code, error) = output(&["--config", config.to_str().unwrap()]);
    let lines: Vec<&str> = error.lines().collect();
    assert!(code == Some(2) && lines.len() == 3, "{code:?} {error}");
    for (line, (number, fix)) in
        lines.into_iter().zip([(1, "write listen"), (2, "\"manual\""), (5, "write seed")])
    {
        assert!(line.contains(&format!("sim.toml:{number}: ")) && line.contains(fix), "{line}");
    }
    for (options, named) in [
        (&["--listen", "0.0.0.0:0"][..], "--allow-remote"),
        (&["--listen", "0.0.0.0:0", "--allow-remote"], "a token"),
        (&["--listen", "nowhere"], "nowhere"),
        (&["--md-listen", "127.0.0.1:0"], "td_listen"),
        (&["--set", "crowd=maybe"], "on or off"),
        (&["--set", "colour=red"], "colour"),
        (&["--speed", "2"], "virtual clock"),
        (&["--config", "/nowhere/sim.toml"], "/nowhere/sim.toml"),
        (&["--json", "--plain"], "--plain"),
    ] {
        let (code, error) = output(options);
        assert!(code == Some(2) && error.contains(named), "{options:?}: {code:?} {error}");
    }
    let (code, error) = output(&["--listen", "127.0.0.1:0", "--command", "explode"]);
    assert!(code == Some(1) && error.contains("explode"), "{code:?} {error}");
}

/// Runs a program in a terminal of its own: waits until something is shown, types `sys.argv[1]`, closes the terminal where
/// that is empty, and prints the exit code.
const TERMINAL: &str = r#"
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[2], sys.argv[2:])
shown = os.read(fd, 1)
if sys.argv[1]:
    os.write(fd, sys.argv[1].encode())
    try:
        while os.read(fd, 4096):
            pass
    except OSError:
        pass
else:
    os.close(fd)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

#[test]
fn the_view_ends_by_q_and_when_its_terminal_vanishes() {
    for typed in ["q", ""] {
        let mut child = Command::new("python3")
            .args([
                "-c",
                TERMINAL,
                typed,
                env!("CARGO_BIN_EXE_ctp"),
                "sim",
                "serve",
                "--listen",
                "127.0.0.1:0",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                drop(child.kill());
                panic!("the view does not end after {typed:?}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let said = child.wait_with_output().unwrap().stdout;
        assert_eq!(String::from_utf8_lossy(&said).trim(), "0", "exit code after {typed:?}");
    }
}
