//! A served exchange and what anybody may send to it.
#![cfg(feature = "serve")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod wire_client;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use ctp_sim::Delivery;
use ctp_sim_host::serve::{Listen, ServeError, ServeOptions, Server, Token};
use ctp_sim_host::wire::{self, Frame, Hello, Reason, Refused, Role};
use ctp_sim_host::{Notice, Simulator};
use ctp_types::{DepthMarketDataField, QryInstrumentField, RecordBox, TraderRequest};
use serde_json::{Value, json};
use wire_client::{PATIENCE, Peer, address, hello, serve};

/// Waits until the last client has gone.
fn wait_for_clients(server: &Server, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    while server.clients() != count {
        assert!(Instant::now() < deadline, "{} clients, not {count}", server.clients());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Checks that a server still serves.
fn assert_serves(server: &Server) {
    let mut md = Peer::log_in(server, Role::Md);
    md.subscribe(&["rb2705"]);
    md.callback("OnRtnDepthMarketData");
}

fn ask(control: &mut Peer, request: &Value) -> Value {
    control.send(&Frame::Control(request.to_string()));
    match control.next() {
        Some(Frame::Answer { text, more: false }) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn refused(server: &Server, hello: Hello, reason: Reason, named: &str) {
    let mut peer = Peer::silent(server);
    peer.send(&Frame::Hello(hello));
    match peer.next() {
        Some(Frame::Refused(Refused { reason: told, text })) => {
            assert!(told == reason && text.contains(named), "{told:?}: {text}");
        }
        other => panic!("{other:?}"),
    }
    peer.closed();
}

#[test]
fn clients_of_each_role_are_served_on_one_exchange() {
    let server = serve("served-roles", |_| {});
    let mut trader = Peer::log_in(&server, Role::Trader);
    let mut md = Peer::log_in(&server, Role::Md);
    md.subscribe(&["rb2705"]);
    let Delivery::Md { record: Some(tick), .. } = md.callback("OnRtnDepthMarketData") else { panic!() };
    assert_eq!(tick.get::<DepthMarketDataField>().unwrap().instrument_id.to_str(), "rb2705");
    let mut control = Peer::enter(&server, Role::Control);
    let instrument = ask(&mut control, &json!({ "op": "instrument", "id": "rb2705" }));
    assert_eq!(instrument["fields"]["ExchangeID"], "SHFE", "{instrument}");
    assert_eq!(ask(&mut control, &json!({ "op": "explode" }))["ok"], false);

    // A query's end is told before its last answer, so that the answer's callback may ask again.
    let query = RecordBox::new(&QryInstrumentField::default());
    let request = TraderRequest::ReqQryInstrument;
    trader.send(&Frame::TraderRequest { request, request_id: 5, record: query });
    let mut ended = None;
    loop {
        match trader.next() {
            Some(Frame::Admission(admission)) => ended = Some(admission.queries_done),
            Some(Frame::Delivery(Delivery::Trader { callback, is_last, .. }))
                if callback.name() == "OnRspQryInstrument" && is_last =>
            {
                break;
            }
            Some(_) => {}
            None => panic!("closed"),
        }
    }
    assert_eq!(ended, Some(1));

    // The exchange ends a connection, and the client says when it wants to be connected again.
    let session = trader.session;
    let disconnect = json!({ "op": "command", "command": "disconnect", "session": session, "reason": 4097 });
    assert_eq!(ask(&mut control, &disconnect)["ok"], true);
    assert!(matches!(trader.callback("a close"), Delivery::Close { reason: 4097 }));
    trader.send(&Frame::Again { delay: Duration::from_millis(1), streams: None });
    trader.callback("OnFrontConnected");
}

#[test]
fn barriers_and_manual_time_go_through_the_connection() {
    let server = serve("served-manual", |options| {
        options.manual = true;
        options.exchange.start = ctp_sim_host::Timestamp::from_china("2026-11-23 10:00:00");
    });
    let mut md = Peer::enter(&server, Role::Md);
    let mut control = Peer::enter(&server, Role::Control);
    control.send(&Frame::Control(json!({ "op": "advance", "duration": "2s" }).to_string()));
    // Time passes only when the client has said that it returned from everything.
    let answered = std::thread::spawn(move || {
        let Some(Frame::Answer { text, .. }) = control.next() else { panic!() };
        (text, Instant::now())
    });
    let mut connected = false;
    let mut last_pong = Instant::now();
    while !answered.is_finished() {
        match md.poll() {
            Some(Frame::Ping { number, .. }) => {
                last_pong = Instant::now();
                md.send(&Frame::Pong { number });
            }
            Some(Frame::Delivery(_)) => connected = true,
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }
    let (text, at) = answered.join().unwrap();
    assert!(text.contains("2026-11-23 10:00:02") && connected && at >= last_pong, "{text}");
}

#[test]
fn the_fastest_clock_waits_for_every_callback() {
    let server = serve("served-max", |options| {
        options.exchange.clock = Some(ctp_sim_host::ClockKind::Virtual);
        options.exchange.speed = Some(ctp_sim_host::Speed::Max);
    });
    let mut md = Peer::enter(&server, Role::Md);
    let deadline = Instant::now() + PATIENCE;
    let (mut connected, mut answered) = (false, false);
    while !(connected && answered) {
        assert!(Instant::now() < deadline, "connected: {connected}, pinged: {answered}");
        match md.poll() {
            Some(Frame::Ping { number, .. }) => {
                md.send(&Frame::Pong { number });
                answered = true;
            }
            Some(Frame::Delivery(_)) => connected = true,
            _ => {}
        }
    }
}

#[test]
fn two_ports_serve_one_api_each() {
    let listen = Listen::Two { md: "127.0.0.1:0".parse().unwrap(), td: "127.0.0.1:0".parse().unwrap() };
    let server = serve("served-ports", |options| options.listen = listen);
    let Listen::Two { md, td } = *server.addresses() else { panic!() };
    assert!(md.port() != td.port() && server.md_front() == format!("tcp://{md}"));
    assert_eq!(server.td_front(), format!("tcp://{td}"));
    // `Peer` connects to the market-data port.
    refused(&server, hello(Role::Trader), Reason::Role, "market data");
    Peer::log_in(&server, Role::Md);
    Peer::enter(&server, Role::Control);
}

#[test]
fn strangers_are_refused_and_disturb_nobody() {
    let server = serve("served-strangers", |_| {});
    let mut watching = Peer::log_in(&server, Role::Md);
    watching.subscribe(&["rb2705"]);

    // A seed that is always the same: this is no place for chance.
    let mut seed = 1_u64;
    let mut garbage = vec![0; 4_096];
    for round in 0..200 {
        let mut peer = Peer::silent(&server);
        for byte in &mut garbage {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (seed >> 56) as u8;
        }
        // The server may have closed before the last byte is written.
        drop(peer.stream.write_all(&garbage[..1 + round * 20]));
        drop(peer.stream.shutdown(Shutdown::Write));
        let mut told = Vec::new();
        while matches!(peer.stream.read(&mut garbage), Ok(1..)) {
            told.push(());
        }
    }
    for length in [0_u32, 1 << 20, (1 << 20) + 1, 1 << 30, u32::MAX] {
        let mut peer = Peer::silent(&server);
        peer.stream.write_all(&length.to_le_bytes()).unwrap();
        drop(peer.stream.write_all(&[0x01; 64]));
        assert!(
            matches!(peer.next(), Some(Frame::Refused(Refused { reason: Reason::Protocol, .. }))),
            "{length}"
        );
        peer.closed();
    }
    let mut other_version = Vec::new();
    wire::encode(&Frame::Hello(hello(Role::Md)), &mut other_version).unwrap();
    // After length, kind and magic.
    other_version[11] = 99;
    let mut peer = Peer::silent(&server);
    peer.stream.write_all(&other_version).unwrap();
    let Some(Frame::Refused(Refused { reason: Reason::Version, text })) = peer.next() else { panic!() };
    assert!(text.contains("version 99"), "{text}");
    refused(&server, Hello { layout: 1, ..hello(Role::Md) }, Reason::Layout, "one release");
    let mut peer = Peer::silent(&server);
    peer.send(&Frame::Pong { number: 1 });
    assert!(matches!(peer.next(), Some(Frame::Refused(Refused { reason: Reason::Protocol, .. }))));

    watching.callback("OnRtnDepthMarketData");
    drop(watching);
    wait_for_clients(&server, 0);
    assert_serves(&server);
}

#[test]
fn what_is_not_for_a_role_ends_its_connection_only() {
    let server = serve("served-frames", |_| {});
    let mut watcher = server.simulator().watch();
    let bad: [(Role, Vec<u8>); 6] = [
        (Role::Md, bytes(&Frame::Control("{}".to_owned()))),
        (Role::Control, bytes(&Frame::Pong { number: 1 })),
        (Role::Trader, bytes(&Frame::Hello(hello(Role::Trader)))),
        (Role::Trader, bytes(&Frame::Ping { number: 1, now: 1 })),
        (Role::Md, vec![0xFF; 64]),
        (Role::Trader, vec![7, 0, 0, 0, 0x02, 0xFF, 0xFF, 0, 0, 0, 0]),
    ];
    for (role, bytes) in bad {
        let mut peer = Peer::enter(&server, role);
        peer.stream.write_all(&bytes).unwrap();
        peer.closed();
    }
    wait_for_clients(&server, 0);
    let left = watcher.next(Duration::ZERO).into_iter().filter_map(|noted| match noted.notice {
        Notice::Left { reason, .. } => Some(reason),
        _ => None,
    });
    let left: Vec<_> = left.collect();
    assert!(left.len() == 5 && left.iter().any(|reason| reason.contains("not for its role")), "{left:?}");
    assert_serves(&server);
}

fn bytes(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::encode(frame, &mut bytes).unwrap();
    bytes
}

#[test]
fn one_killed_in_the_middle_of_a_frame_is_noticed() {
    let server = serve("served-half", |_| {});
    let mut watcher = server.simulator().watch();
    let mut trader = Peer::log_in(&server, Role::Trader);
    let whole = bytes(&Frame::Pong { number: 1 });
    trader.stream.write_all(&whole[..whole.len() - 1]).unwrap();
    trader.stream.shutdown(Shutdown::Write).unwrap();
    wait_for_clients(&server, 0);
    let notices = watcher.next(Duration::ZERO);
    assert!(
        notices.iter().any(|noted| matches!(&noted.notice, Notice::Left { reason, .. } if reason.contains("middle of a frame"))),
        "{notices:?}"
    );
    assert_serves(&server);
}

#[test]
fn one_that_says_nothing_is_left() {
    let server = serve("served-silent", |options| options.handshake = Duration::from_millis(100));
    let mut silent = Peer::silent(&server);
    let mut slow = Peer::silent(&server);
    slow.stream.write_all(&bytes(&Frame::Hello(hello(Role::Md)))[..9]).unwrap();
    silent.closed();
    slow.closed();
    wait_for_clients(&server, 0);
    assert_serves(&server);
}

#[test]
fn one_too_many_is_told() {
    let server = serve("served-many", |options| options.clients_max = 2);
    let one = Peer::log_in(&server, Role::Md);
    let _two = Peer::log_in(&server, Role::Trader);
    let mut third = Peer::silent(&server);
    third.send(&Frame::Hello(hello(Role::Md)));
    let Some(Frame::Refused(Refused { reason: Reason::Busy, text })) = third.next() else { panic!() };
    assert!(text.starts_with("2 clients"), "{text}");
    third.closed();
    drop((one, third));
    wait_for_clients(&server, 1);
    assert_serves(&server);
}

#[test]
fn a_token_is_asked_for() {
    let token = "0123456789abcdef";
    let server = serve("served-token", |options| options.token = Token::new(token));
    refused(&server, hello(Role::Md), Reason::Token, "CTP_SIM_TOKEN");
    let wrong = Hello { token: wire::Token::new("0123456789abcdeX").unwrap(), ..hello(Role::Control) };
    refused(&server, wrong, Reason::Token, "CTP_SIM_TOKEN");
    let mut peer = Peer::silent(&server);
    peer.send(&Frame::Hello(Hello { token: wire::Token::new(token).unwrap(), ..hello(Role::Md) }));
    assert!(matches!(peer.next(), Some(Frame::Welcome(_))));
}

#[test]
fn a_second_server_on_a_port_is_told_and_one_for_the_world_needs_a_token() {
    let server = serve("served-port", |_| {});
    let again = ServeOptions::new("served-port-2", Listen::One(address(&server)));
    let error = Server::start(again).unwrap_err();
    assert!(matches!(error, ServeError::InUse(_)), "{error}");
    assert!(error.to_string().contains("another program does already"), "{error}");
    assert!(Simulator::running("served-port-2").is_none(), "nothing was started");
    let world = ServeOptions::new("served-world", Listen::One("0.0.0.0:0".parse().unwrap()));
    let error = Server::start(world).unwrap_err();
    assert!(matches!(error, ServeError::NoToken(_)), "{error}");
    assert_serves(&server);
}

#[test]
fn a_slow_client_is_given_up_and_nobody_waits_for_it() {
    let server = serve("served-slow", |options| {
        options.exchange.settings = vec![("tick_interval".to_owned(), "1ms".to_owned())];
    });
    let mut watcher = server.simulator().watch();
    let ids: Vec<String> = (1..=12).map(|month| format!("rb27{month:02}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut slow = Peer::log_in(&server, Role::Md);
    slow.subscribe(&ids);
    let mut other = Peer::log_in(&server, Role::Md);
    other.subscribe(&ids[..1]);
    // Megabytes have to gather for it; on a busy machine that takes its time.
    let deadline = Instant::now() + 6 * PATIENCE;
    let mut ticks = 0;
    // One reads all the time, the other never.
    while server.clients() == 2 {
        other.callback("OnRtnDepthMarketData");
        ticks += 1;
        assert!(Instant::now() < deadline, "it is never given up");
    }
    assert!(ticks > 100, "{ticks}");
    let notices = watcher.next(Duration::ZERO);
    assert!(
        notices.iter().any(
            |noted| matches!(&noted.notice, Notice::Left { reason, .. } if reason.contains("does not read"))
        ),
        "{notices:?}"
    );
    other.callback("OnRtnDepthMarketData");
}

#[test]
fn the_port_stays_when_the_exchange_ends_and_comes_again() {
    let name = "served-again";
    let server = serve(name, |_| {});
    let mut md = Peer::log_in(&server, Role::Md);
    server.simulator().end();
    md.closed();
    // A front that is down: the port answers, and the connection ends.
    let mut early = Peer::silent(&server);
    early.send(&Frame::Hello(hello(Role::Md)));
    assert!(early.next().is_none());
    let again =
        Simulator::open(&ctp_sim_host::SimulatorAddress { name: name.to_owned(), ..Default::default() });
    let again = again.unwrap();
    assert_serves(&server);
    again.end();
}

#[test]
fn the_end_of_the_server_closes_every_connection_and_frees_the_port() {
    let mut server = serve("served-end", |_| {});
    let at = address(&server);
    let mut clients: Vec<_> = (0..5).map(|_| Peer::log_in(&server, Role::Md)).collect();
    let start = Instant::now();
    server.stop();
    // It waits for no client: their silence would be longer.
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    for client in &mut clients {
        client.closed();
    }
    let refused = TcpStream::connect(at).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert!(Simulator::running("served-end").is_none());
    server.stop();
}

#[test]
fn what_is_to_be_done_at_the_start_is_done_or_told() {
    let command = |text: &str| json!({ "op": "command", "text": text }).as_object().unwrap().clone();
    let server = serve("served-commands", |options| options.commands = vec![command("deposit one amount=5")]);
    drop(server);
    let mut options = ServeOptions::new("served-commands", Listen::One("127.0.0.1:0".parse().unwrap()));
    options.commands = vec![command("deposit one amount=5"), command("explode")];
    let error = Server::start(options).unwrap_err().to_string();
    assert!(error.starts_with("command 2 of the start") && error.contains("explode"), "{error}");
    assert!(Simulator::running("served-commands").is_none());
}
