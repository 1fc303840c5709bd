//! The demos as programs: what they say and return when something is wrong or the user has had enough.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ctp::sys::find_simulator;

const MD: &str = env!("CARGO_BIN_EXE_md_demo");
const TD: &str = env!("CARGO_BIN_EXE_td_demo");

/// Runs a demo to its end, without what the tester's environment says.
fn run(program: &str, arguments: &[&str]) -> Output {
    demo(program, arguments).output().expect("the demo starts")
}

fn demo(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).env_remove("CTP_PASSWORD").env_remove("CTP_AUTH_CODE");
    command
}

/// Asserts that a demo fails with one of these words and without a panic.
fn fails(program: &str, arguments: &[&str], words: &str) {
    let output = run(program, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert!(said.starts_with("error: ") && said.contains(words), "{arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{arguments:?}: {said}");
}

#[test]
fn wrong_libraries_are_named() {
    let simulator = find_simulator("6.7.13").expect("built by `cargo xtask sim`");
    let trader = simulator.trader.to_str().expect("a plain path");
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    fails(MD, &["--library", "no/such.so", "--front", "sim://x"], "no library at no/such.so");
    fails(MD, &["--library", text, "--front", "sim://x"], "is not a loadable library");
    fails(MD, &["--library", trader, "--front", "sim://x"], "it is a trader library");
}

#[test]
fn wrong_fronts_and_accounts_are_named_all_at_once() {
    fails(MD, &["--front", "tcp://127.0.0.1"], "has no port; write tcp://host:port");
    fails(TD, &["--front", "tcp://127.0.0.1:41205"], "library: is missing");
    fails(TD, &["--front", "127.0.0.1"], "is no address; write tcp://host:port");
    fails(TD, &["--front", "http://127.0.0.1:41205"], "has scheme `http`; write tcp://");
    fails(TD, &["--broker", "12345678901", "--user", ""], "user_id: is empty");
    fails(TD, &["--broker", "12345678901", "--user", ""], "broker_id: does not fit; give at most 10 bytes");
    let library = find_simulator("6.7.13").expect("built by `cargo xtask sim`").trader;
    let library = library.to_str().expect("a plain path");
    fails(TD, &["--library", library, "--front", "tcp://127.0.0.1:9"], "set CTP_PASSWORD");
}

#[test]
fn a_wrong_password_is_refused_and_not_shown() {
    let output = demo(TD, &[]).env("CTP_PASSWORD", "canary").output().expect("the demo starts");
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("login was rejected") && !said.contains("canary"), "{said}");
    let output = run(TD, &["--password=canary"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("canary"));
}

#[test]
fn contracts_without_ticks_are_told() {
    fails(MD, &["--instruments", "rb9999", "--timeout", "1"], "no tick within 1s");
    fails(MD, &["--instruments", ""], "the instrument is empty");
    fails(TD, &["--instruments", "rb9999"], "contract rb9999 is unknown");
    // A contract that ticks does not keep the demo waiting for one that sleeps.
    let output = run(MD, &["--ticks", "1"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let current = text.lines().find_map(|line| line.strip_prefix("subscribed 已订阅: ")).expect("a contract");
    let output = run(MD, &["--instruments", &format!("rb9999,{current}"), "--ticks", "1", "--timeout", "3"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("rb9999: no tick"));
}

#[test]
fn ctrl_c_ends_with_a_closing_line() {
    let mut running =
        demo(MD, &["--ticks", "100000"]).stdout(Stdio::piped()).spawn().expect("the demo starts");
    let mut lines = BufReader::new(running.stdout.take().expect("piped"));
    let mut text = String::new();
    while !text.contains("subscribed") {
        assert_ne!(lines.read_line(&mut text).expect("text"), 0, "{text}");
    }
    let interrupt = Command::new("kill").args(["-INT", &running.id().to_string()]).status();
    assert!(interrupt.expect("kill starts").success());
    lines.read_to_string(&mut text).expect("text");
    assert_eq!(running.wait().expect("ended").code(), Some(130));
    assert!(text.ends_with("interrupted 已中断, everything is closed\n"), "{text}");
}

#[test]
fn two_demos_cannot_share_a_flow_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flow_dir = folder.path().to_str().expect("a plain path");
    let mut first = demo(MD, &["--ticks", "100000", "--flow-dir", flow_dir])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the demo starts");
    let mut line = String::new();
    // Printed when the folder is taken.
    BufReader::new(first.stdout.as_mut().expect("piped")).read_line(&mut line).expect("text");
    assert!(line.starts_with("library"), "{line}");
    fails(MD, &["--flow-dir", flow_dir], "is in use by another instance");
    first.kill().expect("ended");
    first.wait().expect("ended");
    assert!(run(MD, &["--ticks", "1", "--flow-dir", flow_dir]).status.success());
}

#[test]
fn a_reader_that_goes_away_ends_the_demo() {
    let mut running =
        demo(MD, &["--ticks", "100000"]).stdout(Stdio::piped()).spawn().expect("the demo starts");
    drop(running.stdout.take());
    assert_eq!(running.wait().expect("ended").code(), Some(130));
}

#[test]
fn the_example_of_a_configuration_is_read() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("front.toml");
    let example = example.to_str().expect("a plain path");
    // All its names are known: what is wrong is that its library is not there.
    fails(MD, &["--config", example], "no library at thosttraderapi_se.so");
}
