//! The control interface as docs/control.md shows it, on a served exchange and in the simulator's library.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use std::process::Command;

use ctp::sim::{Exchange, Wanted};
use ctp_sim_host::serve::{Listen, ServeOptions, Server};

/// Serves an exchange in time by hand on a free port.
fn server(name: &str) -> Server {
    let mut options = ServeOptions::new(name, Listen::One("127.0.0.1:0".parse().unwrap()));
    options.manual = true;
    options.exchange.start = ctp_sim_host::Timestamp::from_china("2026-11-23 10:00:00");
    options.exchange.settings = vec![("crowd".to_owned(), "off".to_owned())];
    Server::start(options).unwrap()
}

fn ctl(front: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctp"));
    let output = command.args(["sim", "ctl", "--at", front]).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_examples_for_a_shell_run_as_they_are_written() {
    let server = server("docs-control");
    let documented = include_str!("../docs/control.md");
    let block = documented.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = Path::new(env!("CARGO_BIN_EXE_ctp")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-ec", block])
        .env("PATH", path)
        .env("CTP_SIM_FRONT", server.td_front())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for wanted in ["exchange: docs-control", "book.last: 3200", "\"more\": false", "\"available\":1050000.0"]
    {
        assert!(said.contains(wanted), "{wanted} is missing:\n{said}");
    }
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let server = server("docs-codes");
    let front = server.td_front();
    let (code, said, _) = ctl(&front, &["advance", "duration=90s"]);
    assert_eq!((code, said.lines().next()), (Some(0), Some("now: 2026-11-23 10:01:30")));
    for (arguments, expected, named) in [
        (&["book", "id=rb9999"][..], 1, "instrument \"rb9999\" is not known"),
        (&["command", "explode"], 1, "explode"),
        (&["explode"], 2, "sessions"),
        (&["book"], 2, "needs id"),
        (&["advance", "duration=soon"], 1, "soon"),
        (&["--json", "{"], 1, "not understood"),
    ] {
        let (code, _, said) = ctl(&front, arguments);
        assert!(code == Some(expected) && said.contains(named), "{arguments:?}: {code:?} {said}");
    }
    let (code, _, said) = ctl("127.0.0.1", &["state"]);
    assert!(code == Some(2) && said.contains("tcp://HOST:PORT"), "{code:?} {said}");
    drop(server);
    let (code, _, said) = ctl(&front, &["state"]);
    assert!(code == Some(3) && said.contains("ctp sim serve"), "{code:?} {said}");
}

#[test]
fn rust_speaks_to_a_served_exchange_and_to_the_library() {
    let server = server("docs-rust");
    for exchange in [
        Exchange::at(&server.td_front()).unwrap(),
        Exchange::builder().start_at("2026-11-23 10:00:00").set("crowd", "off").start().unwrap(),
    ] {
        assert_eq!(exchange.advance("1s").unwrap().now, "2026-11-23 10:00:01");
        assert_eq!(exchange.until("10:00:02").unwrap().now, "2026-11-23 10:00:02");
        exchange.barrier().unwrap();
        exchange.tick("rb2701", 3200.0).unwrap();
        exchange.command("deposit ada amount=5").unwrap();
        exchange.set_status("rb", '2').unwrap();
        assert_eq!(exchange.book("rb2701").unwrap().book.last, Some(3200.0));
        assert_eq!(exchange.accounts(Some("ada")).unwrap()[0].deposit, 5.0);
        assert!(exchange.positions(None).unwrap().is_empty() && exchange.sessions().unwrap().is_empty());
        assert!(exchange.orders(Wanted::default()).unwrap().is_empty());
        assert!(exchange.trades(Wanted::default()).unwrap().is_empty());
        assert!(exchange.log().unwrap().iter().any(|line| line.text.contains("Deposit")));
        assert_eq!(exchange.state().unwrap().clock, "manual");
        assert_eq!(exchange.settle().unwrap(), "20261124");
        exchange.restart(true, None).unwrap();
        exchange.restart(false, Some("30s")).unwrap();
        for refused in [
            exchange.pause().map(drop),
            exchange.restart(false, Some("soon")),
            exchange.set_speed(2.0).map(drop),
            exchange.disconnect(7, 0x1001),
            exchange.tick("rb9999", 1.0),
            exchange.accounts(Some("adda")).map(drop),
        ] {
            assert!(!refused.unwrap_err().to_string().is_empty());
        }
    }
}
