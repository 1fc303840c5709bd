//! The vendor's own libraries, every one that is pinned, driven through our adapters without a front.
//!
//! A listener on loopback accepts and closes: each library then reports `OnFrontDisconnected(0x1001)`, connects
//! again, and reports it again.

#[path = "../common/mod.rs"]
mod common;
mod front;
mod instance;
mod inventory;

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use common::vendored;
use ctp_gen::{
    api::{ClassKind, Method, Shape},
    models,
};
use ctp_sys::{ApiError, LoadError, MdLibrary, TraderLibrary, TraderOptions};
use ctp_types::{InputOrderField, NO_PRICE, QryMaxOrderVolumeField, ResumeType, Text};
use front::ClosingFront;
use inventory::LibrarySet;

const CLOSE: Duration = Duration::from_secs(20);

/// Folders whose libraries are refused, with what the refusal says besides the path. 6.7.9 without mark is laid out
/// otherwise than 6.7.9_P1 (ctp-sys/tests/vendor_tables).
const REFUSED: [(&str, &str); 4] = [
    (
        "openctp-6.6.7",
        "of which there is no model (nearest: 6.6.5 and 6.6.9); run `cargo xtask upgrade --headers DIR`",
    ),
    (
        "openctp-6.7.1",
        "of which there is no model (nearest: 6.7.0 and 6.7.2); run `cargo xtask upgrade --headers DIR`",
    ),
    (
        "openctp-6.7.10",
        "of which there is no model (nearest: 6.7.9 and 6.7.11); run `cargo xtask upgrade --headers DIR`",
    ),
    ("openctp-6.7.9", "the model of 6.7.9 is for mark P1, and the layout may differ"),
];

/// Says what became of a library, on a line of its own: the libraries print to the same stdout, whole lines or not.
/// `cargo xtask versions` reads these lines.
fn say(folder: &str, what: fmt::Arguments<'_>) {
    println!("\n{folder:15} {what}");
}

/// What differs between the engines, before a login.
struct Engine {
    /// Why `OnFrontDisconnected` says that the front closed.
    closed_by_front: i32,
    /// Whether there is a trading day.
    has_day: bool,
    /// Requests that are taken without a connection.
    taken: &'static [&'static str],
}

impl Engine {
    fn of(family: &str) -> Self {
        match family {
            // An engine of its own: it numbers reasons otherwise and keeps what begins a session until it is connected.
            "mini" => Self {
                closed_by_front: -4,
                has_day: false,
                taken: &["ReqAuthenticate", "ReqUserLogin", "ReqUserLoginEncrypt", "ReqUserLogout"],
            },
            _ => Self { closed_by_front: 0x1001, has_day: true, taken: &[] },
        }
    }
}

/// The libraries that have a model.
fn opened_sets() -> Vec<LibrarySet> {
    let mut sets = inventory::library_sets();
    sets.retain(|set| REFUSED.iter().all(|(folder, _)| *folder != set.folder));
    sets
}

/// Market data and trader libraries of all versions live in this one process at the same time.
#[test]
fn every_library_connects_reconnects_and_closes() {
    let sets = opened_sets();
    let front = ClosingFront::start();
    let flow = tempfile::tempdir().expect("a temporary folder");
    let mut running = Vec::new();
    for set in &sets {
        for started in instance::start(set, &flow.path().join(&set.folder), front.address()) {
            running.push((set, started.unwrap_or_else(|error| panic!("{}: {error}", set.folder))));
        }
    }
    assert!(running.len() >= 2 * 22, "libraries are missing from vendor/manifest: {}", running.len());
    for (set, instance) in &running {
        let engine = Engine::of(&set.family);
        for _ in 0..2 {
            assert_eq!(instance.disconnected(), engine.closed_by_front, "{}: {}", set.folder, instance.what);
        }
        // Never logged in: most give a day all the same.
        let day = (instance.trading_day)();
        assert_eq!(day.len(), if engine.has_day { 8 } else { 0 }, "{}: {}", set.folder, instance.what);
    }
    assert!(front.accepted() >= 2 * running.len());
    for (set, instance) in &running {
        let begin = Instant::now();
        (instance.close)(CLOSE).unwrap_or_else(|error| panic!("{}: {}: {error}", set.folder, instance.what));
        (instance.close)(CLOSE).expect("closing twice is fine");
        let same = set.same_as(&sets).map_or_else(String::new, |folder| format!(", the code of {folder}"));
        say(
            &set.folder,
            format_args!("{:50} connected twice, closed in {:?}{same}", instance.what, begin.elapsed()),
        );
        instance.drain();
    }
    thread::sleep(Duration::from_millis(1500)); // longer than the reconnect delay
    for (set, instance) in &running {
        let late = instance.drain();
        assert!(late.is_empty(), "{}: {} delivered after close: {late:?}", set.folder, instance.what);
    }
}

/// A stop that comes before the library's thread runs is lost in it, so that `Release` never returns: `close` waits.
#[test]
fn a_library_may_be_closed_at_once() {
    let flow = tempfile::tempdir().expect("a temporary folder");
    for set in opened_sets() {
        for started in instance::start(&set, &flow.path().join(&set.folder), "tcp://127.0.0.1:1") {
            let instance = started.unwrap_or_else(|error| panic!("{}: {error}", set.folder));
            (instance.close)(CLOSE)
                .unwrap_or_else(|error| panic!("{}: {}: {error}", set.folder, instance.what));
        }
    }
}

/// Without a connection a library refuses every request that it has; the others never reach it.
#[test]
fn every_request_is_called_or_said_to_be_missing() {
    let flow = tempfile::tempdir().expect("a temporary folder");
    for set in opened_sets() {
        let model = models::find(&set.model).expect("a committed model");
        let started = instance::start(&set, &flow.path().join(&set.folder), "tcp://127.0.0.1:1");
        for (started, kind) in started.into_iter().zip([ClassKind::MdApi, ClassKind::TraderApi]) {
            let instance = started.unwrap_or_else(|error| panic!("{}: {error}", set.folder));
            let (mut called, mut missing) = (0, 0);
            for (request, result) in (instance.requests)() {
                match result {
                    Err(ApiError::NotConnected { .. }) => called += 1,
                    Ok(()) if Engine::of(&set.family).taken.contains(&request) => called += 1,
                    Err(ApiError::NotInVersion { .. }) => missing += 1,
                    other => panic!("{}: {}: {request}: {other:?}", set.folder, instance.what),
                }
            }
            let is_request = |method: &&Method| matches!(method.call_shape(), Some(Shape::Request { .. }));
            let has = model.class(kind).methods.iter().filter(is_request).count();
            assert_eq!(called, has, "{}: {}", set.folder, instance.what);
            say(
                &set.folder,
                format_args!("{:50} {called:3} requests called, {missing:2} missing", instance.what),
            );
            (instance.close)(CLOSE).unwrap_or_else(|error| panic!("{}: {error}", set.folder));
        }
    }
}

#[test]
fn a_library_without_a_model_is_refused_with_what_helps() {
    let sets = inventory::library_sets();
    let flow = tempfile::tempdir().expect("a temporary folder");
    for (folder, says) in REFUSED {
        let set =
            sets.iter().find(|set| set.folder == folder).unwrap_or_else(|| panic!("{folder} is not pinned"));
        for (started, pinned) in
            instance::start(set, flow.path(), "tcp://127.0.0.1:1").into_iter().zip([&set.md, &set.trader])
        {
            let refused = started.err().unwrap_or_else(|| panic!("{folder} was opened"));
            let path = pinned.path.canonicalize().expect("it is there").display().to_string();
            let message = refused.to_string();
            assert!(message.starts_with(&path) && message.contains(says), "{message}");
            let reason = message[path.len()..].trim_start();
            say(folder, format_args!("refused: it {reason}"));
        }
    }
}

#[test]
fn a_real_library_opened_as_another_version_is_refused() {
    for (version, claimed) in [("6.7.13", "6.7.11"), ("6.7.11", "6.3.15"), ("6.3.15", "6.7.13")] {
        let path = vendored(version, "lib/thosttraderapi_se.so");
        let refused = TraderLibrary::open_as(&path, claimed).expect_err("another version");
        let LoadError::WrongVersion { version: found, expected, .. } = &refused else { panic!("{refused}") };
        assert_eq!((found.label().as_str(), expected.as_str()), (version, claimed));
        assert!(
            MdLibrary::open(&path)
                .expect_err("a trader library")
                .to_string()
                .contains("it is a trader library")
        );
    }
    let collector = vendored("6.7.13", "lib/LinuxDataCollect.so");
    let refused = TraderLibrary::open(collector).expect_err("not a CTP trader library");
    assert!(matches!(refused, LoadError::NotCtp { .. }), "{refused}");
}

/// What 6.3.15 lacks is said, not called; what it has under another name is called by that name.
#[test]
fn an_old_library_says_what_it_lacks() {
    let library =
        TraderLibrary::open(vendored("6.3.15", "lib/thosttraderapi_se.so")).expect("the vendor's library");
    let flow = tempfile::tempdir().expect("a temporary folder");
    let api = library.create(&TraderOptions::new(flow.path())).expect("an API object");
    let lacks = api.subscribe_private_topic(ResumeType::FromSeqNo, 1);
    assert!(matches!(lacks, Err(ApiError::NotInVersion { .. })), "{lacks:?}");
    assert!(matches!(api.front_info(), Err(ApiError::NotInVersion { .. })));
    assert!(matches!(
        api.req_qry_classified_instrument(&Default::default(), 1),
        Err(ApiError::NotInVersion { .. })
    ));
    let renamed = api.req_qry_max_order_volume(&QryMaxOrderVolumeField::default(), 1);
    assert_eq!(renamed, Err(ApiError::NotConnected { method: "ReqQryMaxOrderVolume" }));
    // 6.3.15 has 31 bytes for an instrument id.
    let long = Text::new("SPD TA2709&TA2711 and then some more").expect("fits the current record");
    let refused = api
        .req_qry_max_order_volume(&QryMaxOrderVolumeField { instrument_id: long, ..Default::default() }, 2);
    assert!(matches!(refused, Err(ApiError::DoesNotFit { field: "InstrumentID", .. })), "{refused:?}");
    // The memo came with 6.7.7: an order that sets it is not sent without it.
    let memo = InputOrderField { order_memo: Text::new("hedge").expect("fits"), ..Default::default() };
    let refused = api.req_order_insert(&memo, 3);
    assert!(matches!(refused, Err(ApiError::DoesNotFit { field: "OrderMemo", .. })), "{refused:?}");
    let plain = api.req_order_insert(&InputOrderField { stop_price: NO_PRICE, ..Default::default() }, 4);
    assert_eq!(plain, Err(ApiError::NotConnected { method: "ReqOrderInsert" }));
    assert!(
        library
            .create(&TraderOptions { production_mode: false, ..TraderOptions::new(flow.path().join("x")) })
            .is_err()
    );
    api.close(CLOSE).expect("closed in time");
}
