//! F01–F04, F14, F18–F20: how clients begin and end, and what they leave on the disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ctp::state::Fault;
use ctp::{Error, MdClient, SessionState, TdClient};

use crate::Case;
use crate::world::{PATIENCE, World, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f01_closed_before_anybody_answered: "no front lets the client in; closing twice and dropping ends both sessions within their two seconds",
    f01_closed_after_a_refused_login: "after a refused login a close returns at once, any number of times, and later calls say why",
    f02_closed_then_dropped_in_every_order: "close and drop of clients, clones and streams in any order: the second is no act, streams have ended",
    f03_nothing_comes_after_a_close: "callbacks that storm while Release runs, and for 50 ms in it: no tick, event or state after the close has returned",
    f04_the_library_outlives_its_clients: "the handle of the library is dropped before the clients: ticks go on, and the file stays mapped after the last close",
    f14_a_second_connect_is_refused: "a second client of the same account and folder gets a typed error that names the folder; the first goes on",
    f14_a_reconnect_makes_no_second_object: "after a broken link the same API object logs in again, as the exchange counts them",
    f18_a_flow_folder_is_checked_before_anything_starts: "missing: made; a file in its way: a typed error that names it, before any API object; Chinese letters: fine",
    f19_two_sessions_never_share_a_folder: "the second of a kind is refused, the trader beside the market data is not, and after the close the folder is free",
    f20_flow_files_may_be_cut_or_flipped: "every flow file cut, filled with noise or emptied: the next session is ready and sees the day's order",
    f20_the_cache_of_the_day_is_checked: "instruments and rates come from the disk without a query; a file cut, flipped, emptied or grown is noticed, asked anew and replaced",
];

/// Nobody is let in, and everybody leaves twice.
fn f01_closed_before_anybody_answered() {
    scene().play(async |world| {
        world.plan("F01-no-front");
        world.fault("refuse-connect api=md");
        let (md, td) = (world.connect_md().await, world.connect_td().await);
        world.pass(Duration::from_secs(2)).await;
        assert!(matches!(*md.state().borrow(), SessionState::Connecting), "{}", *md.state().borrow());
        assert!(matches!(*td.state().borrow(), SessionState::Connecting), "{}", *td.state().borrow());
        assert_eq!(world.md_config().timeouts.close, Duration::from_secs(2));
        for _ in 0..2 {
            md.close().await.expect("closed in time");
            td.close().await.expect("closed in time");
        }
        assert_eq!(
            (&*md.state().borrow(), &*td.state().borrow()),
            (&SessionState::Closed, &SessionState::Closed)
        );
        drop((md, td));
        // Before anything at all happened.
        let (md, td) = (world.connect_md().await, world.connect_td().await);
        drop(md);
        td.close().await.expect("closed in time");
    });
}

fn f01_closed_after_a_refused_login() {
    scene().play(async |world| {
        world.plan("F26-locked");
        let td = world.connect_td().await;
        let error = world.soon(td.ready()).await.expect_err("refused");
        assert!(matches!(error, Error::Faulted(Fault::LoginRejected(_))), "{error}");
        for _ in 0..3 {
            td.close().await.expect("closed in time");
        }
        let refused = world.soon(td.account()).await.expect_err("closed");
        assert!(
            matches!(refused, Error::Faulted(Fault::LoginRejected(ref error)) if error.code == 3),
            "{refused}"
        );
        assert!(world.soon(td.place(order())).await.expect_err("closed").is_definite());
    });
}

fn f02_closed_then_dropped_in_every_order() {
    scene().play(async |world| {
        let (md, td) = (world.md().await, world.td().await);
        let (mut ticks, mut events) = (md.ticks(), td.events());
        let (md_clone, td_clone) = (md.clone(), td.clone());
        md.close().await.expect("closed in time");
        td.close().await.expect("closed in time");
        drop((md, td));
        md_clone.close().await.expect("closed before");
        td_clone.close().await.expect("closed before");
        assert!(ticks.next().await.is_none() && events.next().await.is_none());
        drop((md_clone, td_clone, ticks, events));
        // Dropped without a close, with a stream that stays.
        let (md, td) = (world.md().await, world.td().await);
        let (mut ticks, mut events) = (md.ticks(), td.events());
        drop((md, td));
        assert!(world.soon(ticks.next()).await.is_none());
        while world.soon(events.next()).await.is_some() {}
    });
}

fn f03_nothing_comes_after_a_close() {
    scene().play(async |world| {
        world.plan("F03-storm");
        world.fault("late-callbacks for=50ms");
        for round in 0..3 {
            let md = world.md().await;
            let (mut ticks, mut events, mut state) = (md.ticks(), md.events(), md.state());
            md.subscribe(&["rb2701"]).expect("subscribed");
            world.pass(Duration::from_millis(500)).await;
            // A thousand callbacks of one tick are on their way while Release runs.
            let exchange = std::sync::Arc::clone(&world.exchange);
            let storm = tokio::task::spawn_blocking(move || {
                for number in 0..20 {
                    let _ = exchange.tick("rb2701", 3_200.0 + f64::from(number));
                    let _ = exchange.advance("1ms");
                }
            });
            md.close().await.expect("closed in time");
            let mut seen = 0;
            while ticks.try_next().is_some() {
                seen += 1;
            }
            assert!(round > 0 || seen > 0 || ticks.dropped() > 0, "there was no storm");
            assert_eq!(*state.borrow_and_update(), SessionState::Closed);
            while events.try_next().is_some() {}
            let dropped = ticks.dropped();
            storm.await.expect("no panic");
            assert!(world.done() > 0, "no tick was made a thousand");
            world.pass(Duration::from_millis(200)).await;
            assert!(
                ticks.try_next().is_none() && events.try_next().is_none(),
                "something came after the close"
            );
            assert_eq!(ticks.dropped(), dropped);
            assert!(!state.has_changed().unwrap_or(false), "a state after the close");
        }
    });
}

fn f04_the_library_outlives_its_clients() {
    scene().play(async |world| {
        let path = world.md_config().library.expect("a library");
        let library = ctp::sys::MdLibrary::open(&path).expect("the facade");
        let md = MdClient::connect_with(&library, world.md_config()).await.expect("a client");
        drop(library);
        world.md_ready(&md).await;
        let mut ticks = md.ticks();
        md.subscribe(&["rb2701"]).expect("subscribed");
        let tick = world.soon(ticks.next()).await.expect("a tick");
        assert_eq!(tick.instrument_id(), "rb2701");
        md.close().await.expect("closed in time");
        drop((md, ticks));
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let maps = fs::read_to_string("/proc/self/maps").expect("what is mapped");
        assert!(maps.contains(&name), "{name} was unloaded");
    });
}

fn f14_a_second_connect_is_refused() {
    scene().play(async |world| {
        let td = world.td().await;
        let error = TdClient::connect(world.td_config()).await.expect_err("the first is there");
        assert!(matches!(error, Error::Create(_)), "{error:?}");
        let folder = world.td_config().session_flow_dir();
        assert!(error.to_string().contains(&folder.display().to_string()), "{error}");
        world.soon(td.account()).await.expect("the first goes on");
        td.close().await.expect("closed in time");
    });
}

fn f14_a_reconnect_makes_no_second_object() {
    scene().play(async |world| {
        let td = world.td().await;
        let connected = world.exchange.sessions().expect("sessions");
        assert_eq!(connected.len(), 1);
        for _ in 0..3 {
            world.exchange.disconnect(connected[0].session, 0x1001).expect("disconnected");
            world.pass(Duration::from_millis(100)).await;
            assert!(!td.state().borrow().is_ready());
            world.td_ready(&td).await;
        }
        let sessions = world.exchange.sessions().expect("sessions");
        assert_eq!(sessions.len(), 1, "{sessions:?}");
        td.close().await.expect("closed in time");
    });
}

fn f18_a_flow_folder_is_checked_before_anything_starts() {
    scene().play(async |world| {
        // A file stands where the folder should be.
        let file = world.folder().join("file");
        fs::write(&file, "").expect("written");
        for folder in [file.clone(), file.join("deeper")] {
            let mut config = world.td_config();
            config.flow_dir = folder.clone();
            let error = TdClient::connect(config).await.expect_err("no folder");
            let said = error.to_string();
            assert!(said.contains(&folder.display().to_string()), "{said}");
            let mut config = world.md_config();
            config.flow_dir = folder.clone();
            let error = MdClient::connect(config).await.expect_err("no folder");
            assert!(error.to_string().contains(&folder.display().to_string()), "{error}");
        }
        assert!(world.exchange.sessions().expect("sessions").is_empty(), "an object was made");
        // One that nobody may write to, whoever runs this.
        let mut config = world.td_config();
        config.flow_dir = PathBuf::from("/proc/self/flow");
        let error = TdClient::connect(config).await.expect_err("not writable");
        assert!(error.to_string().contains("/proc/self/flow"), "{error}");
        // What is missing is made, in any language.
        let folder = world.folder().join("行情 и ещё").join("a").join("b");
        let mut config = world.td_config();
        config.flow_dir = folder.clone();
        let td = TdClient::connect(config).await.expect("a client");
        world.td_ready(&td).await;
        assert!(flow_files(&folder).iter().any(|path| path.extension().is_some_and(|end| end == "con")));
        td.close().await.expect("closed in time");
    });
}

fn f19_two_sessions_never_share_a_folder() {
    scene().play(async |world| {
        let (md, td) = (world.md().await, world.td().await);
        let error = MdClient::connect(world.md_config()).await.expect_err("in use");
        assert!(matches!(error, Error::Create(_)) && error.to_string().contains("in use"), "{error}");
        let error = TdClient::connect(world.td_config()).await.expect_err("in use");
        assert!(matches!(error, Error::Create(_)) && error.to_string().contains("in use"), "{error}");
        // Another account has a folder of its own under the same root.
        let mut config = world.td_config();
        config.user_id = "100002".into();
        let other = TdClient::connect(config).await.expect("another folder");
        world.td_ready(&other).await;
        for client in [&td, &other] {
            client.close().await.expect("closed in time");
        }
        md.close().await.expect("closed in time");
        let (md, td) = (world.md().await, world.td().await);
        md.close().await.expect("closed in time");
        td.close().await.expect("closed in time");
    });
}

fn f20_flow_files_may_be_cut_or_flipped() {
    scene().play(async |world| {
        let td = world.td().await;
        let handle = world.soon(td.place(order())).await.expect("sent");
        world.soon(handle.accepted()).await.expect("accepted");
        td.close().await.expect("closed in time");
        let folder = world.td_config().session_flow_dir();
        type Damage = fn(&Path, &[u8]);
        let damages: [Damage; 4] = [
            |path, bytes| fs::write(path, &bytes[..bytes.len() / 2]).expect("cut"),
            |path, bytes| {
                let flipped: Vec<u8> = bytes.iter().map(|byte| byte ^ 0x5A).collect();
                fs::write(path, flipped).expect("flipped");
            },
            |path, _| fs::write(path, "").expect("emptied"),
            |path, _| fs::write(path, [0xFF; 4_096]).expect("filled"),
        ];
        for damage in damages {
            for path in flow_files(&folder) {
                let bytes = fs::read(&path).expect("a file");
                damage(&path, &bytes);
            }
            sees_the_order(world).await;
        }
    });
}

fn f20_the_cache_of_the_day_is_checked() {
    scene().set("queries_per_second", "0").play(async |world| {
        let sent = world.count("ReqQryInstrument,ReqQryInstrumentMarginRate,ReqQryInstrumentCommissionRate");
        let first = cached(world).await;
        let asked = sent.seen();
        assert!(asked >= 3, "three tables");
        assert_eq!(cached(world).await, first);
        assert_eq!(sent.seen(), asked, "nothing is asked twice in a day");
        let folder = world.td_config().session_flow_dir().join("cache");
        type Damage = fn(&[u8]) -> Vec<u8>;
        let damages: [Damage; 4] = [
            |bytes| bytes[..bytes.len() - 1].to_vec(),
            |bytes| {
                let mut bytes = bytes.to_vec();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                bytes
            },
            |_| Vec::new(),
            |bytes| [bytes, b"more"].concat(),
        ];
        for (round, damage) in damages.into_iter().enumerate() {
            let files = flow_files(&folder);
            assert_eq!(files.len(), 3, "{files:?}");
            for path in files {
                let bytes = fs::read(&path).expect("a file");
                fs::write(&path, damage(&bytes)).expect("damaged");
            }
            let before = sent.seen();
            assert_eq!(cached(world).await, first, "round {round}");
            let anew = sent.seen();
            assert!(anew >= before + 3, "round {round}: not asked anew");
            assert_eq!(cached(world).await, first);
            assert_eq!(sent.seen(), anew, "round {round}: not replaced");
        }
    });
}

/// Returns what a session with a cache knows of its instruments, as text.
async fn cached(world: &World) -> String {
    let mut config = world.td_config();
    config.cache = Some(true);
    let td = TdClient::connect(config).await.expect("a client");
    world.td_ready(&td).await;
    let instruments = world.soon(td.instruments()).await.expect("instruments");
    let margin = world.soon(td.margin_rate("rb2701")).await.expect("a rate");
    let commission = world.soon(td.commission_rate("rb2701")).await.expect("a rate");
    td.close().await.expect("closed in time");
    format!("{instruments:?} {margin:?} {commission:?}")
}

async fn sees_the_order(world: &World) {
    let td = world.td().await;
    let orders = world.within("the orders", PATIENCE, td.orders()).await.expect("orders");
    assert_eq!(orders.len(), 1);
    td.close().await.expect("closed in time");
}

/// Returns the files under a folder.
fn flow_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(flow_files(&path)) } else { files.push(path) }
    }
    files
}
