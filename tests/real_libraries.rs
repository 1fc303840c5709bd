//! The vendor's own libraries, driven through our adapters without a front.
//!
//! A listener on loopback accepts and closes: each library then reports `OnFrontDisconnected(0x1001)`,
//! connects again, and reports it again. The listener waits before it closes, because 6.3.15 reconnects at
//! once, some 800 times a second (ctp-behaviour.md §2.2).

mod common;

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use common::{md_recorder, trader_recorder, vendored};
use ctp_sys::{ApiError, LoadError, MdLibrary, MdOptions, TraderLibrary, TraderOptions};
use ctp_types::{MdCallback, QryMaxOrderVolumeField, ResumeType, Text, TraderCallback};

const VERSIONS: [&str; 3] = ["6.7.13", "6.7.11", "6.3.15"];
const READ_FAILED: i32 = 0x1001;
const CLOSE: Duration = Duration::from_secs(20);

/// Accepts connections and closes each a little later.
struct ClosingFront {
    address: String,
    accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl ClosingFront {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port on loopback");
        let address = format!("tcp://{}", listener.local_addr().expect("bound"));
        let (accepted, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped) = (Arc::clone(&accepted), Arc::clone(&stop));
        thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                count.fetch_add(1, Ordering::AcqRel);
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis(100));
                    drop(connection);
                });
            }
        });
        Self { address, accepted, stop }
    }
}

impl Drop for ClosingFront {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Wakes the listener.
        let _ = std::net::TcpStream::connect(self.address.trim_start_matches("tcp://"));
    }
}

/// Md and td of all three versions live in this one process at the same time.
#[test]
fn real_libraries_connect_reconnect_and_close() {
    let front = ClosingFront::start();
    let flow = tempfile::tempdir().expect("a temporary folder");
    let mut traders = Vec::new();
    let mut mds = Vec::new();
    for version in VERSIONS {
        let md = MdLibrary::open_as(vendored(version, "lib/thostmduserapi_se.so"), version)
            .expect("the vendor's library");
        let trader = TraderLibrary::open_as(vendored(version, "lib/thosttraderapi_se.so"), version)
            .expect("the vendor's library");
        println!("md {}, trader {}", md.version(), trader.version());
        assert!(!md.is_simulator() && !trader.is_simulator());

        let api = md.create(&MdOptions::new(flow.path().join(version).join("md"))).expect("an API object");
        let (spi, callbacks) = md_recorder();
        api.register_spi(spi).expect("registered");
        api.register_front(&front.address).expect("an address");
        api.init().expect("initialised");
        mds.push((api, callbacks));

        let api =
            trader.create(&TraderOptions::new(flow.path().join(version).join("td"))).expect("an API object");
        let (spi, callbacks) = trader_recorder();
        api.register_spi(spi).expect("registered");
        api.register_front(&front.address).expect("an address");
        api.subscribe_private_topic(ResumeType::Restart, 1).expect("private stream");
        api.subscribe_public_topic(ResumeType::Restart).expect("public stream");
        api.init().expect("initialised");
        traders.push((api, callbacks));
    }
    for (api, callbacks) in &mds {
        for _ in 0..2 {
            assert_eq!(
                callbacks.wait(MdCallback::OnFrontDisconnected).number,
                READ_FAILED,
                "{}",
                api.version()
            );
        }
    }
    for (api, callbacks) in &traders {
        for _ in 0..2 {
            assert_eq!(
                callbacks.wait(TraderCallback::OnFrontDisconnected).number,
                READ_FAILED,
                "{}",
                api.version()
            );
        }
        // Never logged in: the library gives a day all the same.
        assert_eq!(api.trading_day().map(|day| day.len()), Ok(8));
    }
    assert!(front.accepted.load(Ordering::Acquire) >= 2 * 2 * VERSIONS.len());
    for (api, callbacks) in &mds {
        api.close(CLOSE).expect("closed in time");
        callbacks.drain();
    }
    for (api, callbacks) in &traders {
        api.close(CLOSE).expect("closed in time");
        api.close(CLOSE).expect("closing twice is fine");
        callbacks.drain();
    }
    thread::sleep(Duration::from_millis(1500)); // longer than the reconnect delay
    assert!(mds.iter().all(|(_, callbacks)| callbacks.drain().is_empty()), "md delivered after close");
    assert!(traders.iter().all(|(_, callbacks)| callbacks.drain().is_empty()), "td delivered after close");
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
    assert!(
        library
            .create(&TraderOptions { production_mode: false, ..TraderOptions::new(flow.path().join("x")) })
            .is_err()
    );
    api.close(CLOSE).expect("closed in time");
}
