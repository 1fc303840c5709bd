//! Insert to trade over loopback: by the protocol alone, and through the C++ ABI.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use ctp_sim_host::wire::Role;
use ctp_types::{
    ContingentCondition, DepthMarketDataField, Direction, ForceCloseReason, InputOrderField, OrderField,
    OrderPriceType, Record as _, Text, TimeCondition, TradeField, TraderRequest, VolumeCondition,
};

use super::peer::Peer;
use super::percentile;
use super::server::Served;
use crate::exchange::abi;
use crate::report::{Figure, Promise};
use crate::rounds::Rounds;

const ORDERS: usize = 5_000;
const INSTRUMENT: &str = "rb2701";

/// What the exchange of these figures is like: as that of the figures inside a process.
const SETTINGS: [&str; 20] = [
    "--name",
    "bench",
    "--clock",
    "virtual",
    "--start",
    "2026-11-23T10:00:00",
    "--set",
    "latency=none",
    "--set",
    "matching=simnow",
    "--set",
    "products=rb",
    "--set",
    "options=off",
    "--set",
    "combinations=off",
    "--set",
    "initial_balance=100000000000000",
    "--clients",
    "16",
];

/// Measures with a client of the protocol, in turn with an echo of as many bytes.
pub(super) fn figures(ctp: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let served = Served::start(ctp, &SETTINGS)?;
    let mut md = Peer::log_in(served.address, Role::Md, "bench")?;
    md.subscribe(&[Text::new(INSTRUMENT)?])?;
    let tick = md.callback("OnRtnDepthMarketData")?.context("a tick without a record")?;
    let tick = *tick.get::<DepthMarketDataField>().context("another record")?;
    drop(md);
    let mut trader = Peer::log_in(served.address, Role::Trader, "bench")?;
    let (mut p50, mut p99, mut floor_p50, mut floor_p99) = (vec![], vec![], vec![], vec![]);
    let mut order_ref = 0;
    for _ in 0..rounds {
        let mut samples = orders(&mut trader, &tick, &mut order_ref)?;
        p50.push(percentile(&mut samples, 50));
        p99.push(percentile(&mut samples, 99));
        let mut samples = echo()?;
        floor_p50.push(percentile(&mut samples, 50));
        floor_p99.push(percentile(&mut samples, 99));
    }
    let figure = |name: &str, limit, rounds, floor| Figure {
        name: format!("served: insert to trade by the protocol, {name}"),
        unit: "µs",
        limit,
        promise: Promise::AtMost,
        rounds: Rounds::new(rounds),
        floor: Some(("a TCP echo of as many bytes", Rounds::new(floor))),
    };
    Ok(vec![figure("p50", 150.0, p50, floor_p50), figure("p99", 1_000.0, p99, floor_p99)])
}

/// Measures through a facade, with the client of the figures inside a process.
pub(super) fn facade(ctp: &Path, simulator: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let served = Served::start(ctp, &SETTINGS)?;
    abi::served(simulator, rounds, &served.front())
}

/// Alternately opens and closes one lot, each when the one before was filled.
fn orders(trader: &mut Peer, tick: &DepthMarketDataField, order_ref: &mut u64) -> Result<Vec<f64>> {
    let mut samples = Vec::with_capacity(ORDERS);
    for number in 0..ORDERS {
        *order_ref += 1;
        let opens = number % 2 == 0;
        let order = InputOrderField {
            broker_id: Text::new("9999")?,
            investor_id: Text::new("bench")?,
            user_id: Text::new("bench")?,
            instrument_id: Text::new(INSTRUMENT)?,
            exchange_id: Text::new("SHFE")?,
            order_ref: Text::new(&order_ref.to_string())?,
            order_price_type: OrderPriceType::LIMIT_PRICE,
            direction: if opens { Direction::BUY } else { Direction::SELL },
            comb_offset_flag: Text::new(if opens { "0" } else { "3" })?,
            comb_hedge_flag: Text::new("1")?,
            limit_price: if opens { tick.upper_limit_price } else { tick.lower_limit_price },
            volume_total_original: 1,
            time_condition: TimeCondition::GFD,
            volume_condition: VolumeCondition::AV,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            ..Default::default()
        };
        let start = Instant::now();
        trader.request(TraderRequest::ReqOrderInsert, &order)?;
        trader.callback("OnRtnTrade")?;
        samples.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(samples)
}

/// Sends as many bytes as an order has and waits for as many as its answers have.
fn echo() -> Result<Vec<f64>> {
    let there = InputOrderField::DESCRIPTOR.size + 11;
    let back = 3 * (OrderField::DESCRIPTOR.size + 12) + TradeField::DESCRIPTOR.size + 12;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut stream = TcpStream::connect(listener.local_addr()?)?;
    let (mut other, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    other.set_nodelay(true)?;
    let echoing = thread::spawn(move || -> std::io::Result<()> {
        let (mut request, answer) = (vec![0; there], vec![0; back]);
        for _ in 0..ORDERS {
            other.read_exact(&mut request)?;
            other.write_all(&answer)?;
        }
        Ok(())
    });
    let (request, mut answer) = (vec![0; there], vec![0; back]);
    let mut samples = Vec::with_capacity(ORDERS);
    for _ in 0..ORDERS {
        let start = Instant::now();
        stream.write_all(&request)?;
        stream.read_exact(&mut answer)?;
        samples.push(start.elapsed().as_secs_f64() * 1e6);
    }
    echoing.join().map_err(|_| anyhow::anyhow!("the echo failed"))??;
    Ok(samples)
}
