//! The memory of a served trading day.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use ctp_sim::Delivery;
use ctp_sim_host::wire::{Frame, Role};
use ctp_types::{
    ContingentCondition, DepthMarketDataField, Direction, ForceCloseReason, InputOrderField, MdCallback,
    OrderPriceType, Text, TimeCondition, TraderCallback, TraderRequest, VolumeCondition,
};

use super::peer::Peer;
use super::server::Served;
use crate::report::{Figure, Promise};
use crate::rounds::Rounds;

const INSTRUMENTS: usize = 500;
/// How long a day may take.
const PATIENCE: Duration = Duration::from_secs(900);

/// Serves a day, with the night session before, to a client of 500 instruments and one that sends an order a second.
pub(super) fn figure(ctp: &Path) -> Result<Figure> {
    let options =
        ["--clock", "virtual", "--speed", "max", "--start", "2026-11-23T20:30:00", "--set", "hours=exchange"];
    let served = Served::start(ctp, &options)?;
    let empty = served.peak_mib()?;
    let mut trader = Peer::log_in(served.address, Role::Trader, "bench")?;
    let ids = trader.futures(INSTRUMENTS)?;
    let mut md = Peer::log_in(served.address, Role::Md, "bench")?;
    md.subscribe(&ids)?;
    let day = day(md, trader)?;
    eprintln!("the served day: {} ticks, {} orders, {} trades", day.ticks, day.orders, day.trades);
    ensure!(day.ticks > 1_000_000 && day.trades > 1_000, "that was no trading day");
    Ok(Figure {
        name: "served: a trading day of 500 instruments with an order a second, memory".to_owned(),
        unit: "MiB",
        limit: 500.0,
        promise: Promise::AtMost,
        rounds: Rounds::new(vec![served.peak_mib()?]),
        floor: Some(("before the first client", Rounds::new(vec![empty]))),
    })
}

#[derive(Default)]
struct Day {
    ticks: u64,
    orders: u64,
    trades: u64,
}

fn day(mut md: Peer, mut trader: Peer) -> Result<Day> {
    let (orders, wanted) = std::sync::mpsc::sync_channel::<DepthMarketDataField>(1_024);
    // Both read all the time: the exchange waits until both have returned.
    let (trades_tx, trades) = std::sync::mpsc::channel();
    let trading = thread::spawn(move || -> Result<u64> {
        let mut sent = 0;
        loop {
            match trader.next() {
                Ok(Frame::Delivery(Delivery::Trader { callback: TraderCallback::OnRtnTrade, .. })) => {
                    trades_tx.send(())?;
                }
                Ok(_) => {}
                // The day is over: the server was ended.
                Err(_) => return Ok(sent),
            }
            while let Ok(tick) = wanted.try_recv() {
                sent += 1;
                trader.request(TraderRequest::ReqOrderInsert, &order(&tick, sent)?)?;
            }
        }
    });
    let mut day = Day::default();
    let deadline = Instant::now() + PATIENCE;
    let mut second = Text::<9>::default();
    loop {
        ensure!(Instant::now() < deadline, "the day does not end; {} ticks came", day.ticks);
        let Frame::Delivery(Delivery::Md {
            callback: MdCallback::OnRtnDepthMarketData,
            record: Some(record),
            ..
        }) = md.next()?
        else {
            continue;
        };
        day.ticks += 1;
        let tick = record.get::<DepthMarketDataField>().context("another record")?;
        if tick.update_time != second {
            second = tick.update_time;
            if orders.try_send(*tick).is_ok() {
                day.orders += 1;
            }
            if second.as_bytes() >= b"14:59:58".as_slice() && second.as_bytes() < b"15:30:00".as_slice() {
                break;
            }
        }
    }
    day.trades = trades.try_iter().count() as u64;
    ensure!(
        !trading.is_finished(),
        "the trader ended early: {:?}",
        trading.join().map_err(|_| anyhow!("it failed"))?
    );
    Ok(day)
}

fn order(tick: &DepthMarketDataField, number: u64) -> Result<InputOrderField> {
    let buys = number.is_multiple_of(2);
    Ok(InputOrderField {
        broker_id: Text::new("9999")?,
        investor_id: Text::new("bench")?,
        user_id: Text::new("bench")?,
        instrument_id: tick.instrument_id,
        exchange_id: tick.exchange_id,
        order_ref: Text::new(&number.to_string())?,
        order_price_type: OrderPriceType::LIMIT_PRICE,
        direction: if buys { Direction::BUY } else { Direction::SELL },
        comb_offset_flag: Text::new("0")?,
        comb_hedge_flag: Text::new("1")?,
        limit_price: if buys { tick.upper_limit_price } else { tick.lower_limit_price },
        volume_total_original: 1,
        time_condition: TimeCondition::GFD,
        volume_condition: VolumeCondition::AV,
        min_volume: 1,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
        ..Default::default()
    })
}
