//! F17: a library that ends or stops the process of its client, tried in a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use ctp_sys::{MdLibrary, MdOptions};
use ctp_types::{MdCallback, ReqUserLoginField};
use tempfile::TempDir;

use crate::Test;
use crate::common::{self, md_recorder};

pub(crate) const TESTS: &[Test] = &[
    ("F17-abort ends the process at the third tick", the_library_aborts),
    ("F17-hang leaves ticks out and calls returning", the_library_hangs),
];

/// What the child is to do: the name of a plan.
const CHILD: &str = "CTP_FAULTS_CHILD";

/// What the library asks for before it ends a process.
const ALLOW_ABORT: &str = "CTP_SIM_ALLOW_ABORT";

/// How long the child waits for a tick before it says that none comes.
const SILENT: Duration = Duration::from_secs(2);

const CLOSE: Duration = Duration::from_secs(12);

/// The end of every child, whatever happens.
const DEADLINE: Duration = Duration::from_secs(30);

fn the_library_aborts() {
    let (said, status) = run("F17-abort.toml", &[(ALLOW_ABORT, "1")]);
    assert!(said.iter().all(|line| line == "tick") && (2..=3).contains(&said.len()), "{said:?}");
    assert_eq!(status, None, "ended by a signal, not by itself");
    // Nobody's process ends who does not allow it.
    let (said, status) = run("F17-abort.toml", &[]);
    assert_eq!((said.first().map(String::as_str), status), (Some("tick"), Some(0)), "{said:?}");
}

fn the_library_hangs() {
    let (said, status) = run("F17-hang.toml", &[]);
    let ticks = said.iter().filter(|line| *line == "tick").count();
    assert!((2..=3).contains(&ticks), "{said:?}");
    assert_eq!(said[ticks..], ["silent", "a request returns 0", "closed"], "{said:?}");
    assert_eq!(status, Some(0));
}

/// Runs this program as a client of a plan and returns what it says and its exit code, `None` where a signal ended it.
fn run(plan: &str, environment: &[(&str, &str)]) -> (Vec<String>, Option<i32>) {
    let this = std::env::current_exe().expect("this program");
    let mut child = Command::new(this)
        .env(CHILD, plan)
        .env_remove(ALLOW_ABORT)
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the child starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let said = lines.map_while(Result::ok).collect();
    (said, child.wait().expect("the child ends").code())
}

/// Does what a parent asked for; `None` where there is none.
pub(crate) fn child() -> Option<ExitCode> {
    let plan = std::env::var(CHILD).ok()?;
    // The end of a child that does not come to its own.
    std::thread::spawn(|| {
        std::thread::sleep(DEADLINE);
        std::process::exit(9);
    });
    let library = MdLibrary::open(common::simulator("6.7.13").md).expect("the facade");
    let flow = TempDir::new().expect("a temporary folder");
    let api = library.create(&MdOptions::new(flow.path())).expect("an API object");
    let (spi, callbacks) = md_recorder();
    api.register_spi(spi).expect("registered");
    let plan = crate::folder().join(plan);
    let front = format!("sim://child?clock=virtual&start=2026-11-23T10:00:00&faults={}", plan.display());
    api.register_front(&front).expect("registered");
    api.init().expect("started");
    callbacks.wait(MdCallback::OnFrontConnected);
    api.req_user_login(&ReqUserLoginField::default(), 1).expect("sent");
    callbacks.wait(MdCallback::OnRspUserLogin);
    api.subscribe_market_data(&["rb2701"]).expect("sent");
    let mut ticks = 0;
    let mut last = Instant::now();
    while last.elapsed() < SILENT && ticks < 5 {
        for seen in callbacks.drain() {
            if seen.callback == MdCallback::OnRtnDepthMarketData {
                say("tick");
                ticks += 1;
                last = Instant::now();
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    if ticks < 5 {
        say("silent");
        if api.req_user_login(&ReqUserLoginField::default(), 2).is_ok() {
            say("a request returns 0");
        }
        // The thread stands still, and Release does not wait for it.
        if api.close(CLOSE).is_ok() {
            say("closed");
        }
    }
    // What hangs is not waited for.
    std::process::exit(0);
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that is gone hears nothing.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
