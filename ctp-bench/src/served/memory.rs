//! The memory of a served trading day.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};
use ctp_sim::Delivery;
use ctp_sim_host::wire::{Frame, Role};
use ctp_types::{
    ContingentCondition, DepthMarketDataField, Direction, ForceCloseReason, InputOrderField, MdCallback,
    OrderPriceType, RecordBox, Text, TimeCondition, TraderCallback, TraderRequest, VolumeCondition,
};
use serde_json::{Value, json};

use super::peer::Peer;
use super::server::Served;
use crate::report::{Figure, Promise};
use crate::rounds::Rounds;

const INSTRUMENTS: usize = 500;
/// From before the night session until after the close of the day.
const SECONDS: u64 = 18 * 3_600 + 1_800;

/// What two clients saw of the day.
#[derive(Default)]
struct Day {
    ticks: AtomicU64,
    trades: AtomicU64,
    refused: AtomicU64,
    /// The last tick, which the next order trades with; taken by it.
    latest: Mutex<Option<DepthMarketDataField>>,
}

/// Serves a day to a client of 500 instruments and to one that sends an order a second while ticks come.
pub(super) fn figure(ctp: &Path) -> Result<Figure> {
    let options = [
        "--clock",
        "manual",
        "--start",
        "2026-11-23T20:50:00",
        "--set",
        "hours=exchange",
        "--set",
        "initial_balance=100000000000000",
    ];
    let served = Served::start(ctp, &options)?;
    let empty = served.peak_mib()?;
    let mut control = Peer::enter(served.address, Role::Control)?;
    let day = Arc::new(Day::default());
    // Each client reads all the time, since time passes only when both have answered.
    let (address, (ready_tx, ready)) = (served.address, mpsc::channel());
    let trading = Arc::clone(&day);
    thread::spawn(move || -> Result<()> {
        let mut trader = Peer::log_in(address, Role::Trader, "bench")?;
        let ids = trader.futures(INSTRUMENTS)?;
        ready_tx.send((trader.writer()?, ids))?;
        listen(trader, &trading)
    });
    let (mut orders, ids) = loop {
        advance(&mut control, "10ms")?;
        match ready.try_recv() {
            Ok(ready) => break ready,
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => bail!("the trader failed"),
        }
    };
    let watched: Vec<_> = ids.iter().map(|(id, _)| *id).collect();
    let exchanges: HashMap<_, _> = ids.into_iter().collect();
    let watching = Arc::clone(&day);
    thread::spawn(move || -> Result<()> {
        let mut md = Peer::log_in(address, Role::Md, "bench")?;
        md.subscribe(&watched)?;
        listen(md, &watching)
    });
    let mut sent = 0;
    for _ in 0..SECONDS {
        advance(&mut control, "1s")?;
        let latest = day.latest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(tick) = latest {
            sent += 1;
            let record = RecordBox::new(&order(
                &tick,
                exchanges.get(&tick.instrument_id).copied().unwrap_or_default(),
                sent,
            )?);
            orders.send(&Frame::TraderRequest {
                request: TraderRequest::ReqOrderInsert,
                request_id: 1,
                record,
            })?;
        }
    }
    let refused = day.refused.load(Ordering::Relaxed);
    let (ticks, trades) = (day.ticks.load(Ordering::Relaxed), day.trades.load(Ordering::Relaxed));
    eprintln!("the served day: {ticks} ticks, {sent} orders, {trades} trades, {refused} refused");
    ensure!(ticks > 1_000_000 && trades > 1_000, "that was no trading day");
    Ok(Figure {
        name: "served: a trading day of 500 instruments with an order a second, memory".to_owned(),
        unit: "MiB",
        limit: 500.0,
        promise: Promise::AtMost,
        rounds: Rounds::new(vec![served.peak_mib()?]),
        floor: Some(("before the first client", Rounds::new(vec![empty]))),
    })
}

/// Lets time pass until everything due has returned from its callbacks.
fn advance(control: &mut Peer, duration: &str) -> Result<()> {
    control.send(&Frame::Control(json!({ "op": "advance", "duration": duration }).to_string()))?;
    let Frame::Answer { text, .. } = control.next()? else { bail!("that is no answer") };
    let answer: Value = serde_json::from_str(&text)?;
    ensure!(answer["ok"] == true, "time does not pass: {text}");
    Ok(())
}

/// Counts what comes, until the server ends.
fn listen(mut peer: Peer, day: &Day) -> Result<()> {
    loop {
        match peer.next()? {
            Frame::Delivery(Delivery::Md {
                callback: MdCallback::OnRtnDepthMarketData,
                record: Some(record),
                ..
            }) => {
                let tick = record.get::<DepthMarketDataField>().context("another record")?;
                day.ticks.fetch_add(1, Ordering::Relaxed);
                *day.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(*tick);
            }
            Frame::Delivery(Delivery::Trader { callback: TraderCallback::OnRtnTrade, .. }) => {
                day.trades.fetch_add(1, Ordering::Relaxed);
            }
            Frame::Delivery(Delivery::Trader {
                callback: TraderCallback::OnRspOrderInsert,
                rsp_info,
                ..
            }) => {
                let before = day.refused.fetch_add(1, Ordering::Relaxed);
                if before == 0 {
                    let message = rsp_info.map(|info| format!("{} {}", info.error_id, info.error_msg));
                    eprintln!("the first order that was refused: {}", message.unwrap_or_default());
                }
            }
            _ => {}
        }
    }
}

fn order(tick: &DepthMarketDataField, exchange: Text<9>, number: u64) -> Result<InputOrderField> {
    let buys = number.is_multiple_of(2);
    Ok(InputOrderField {
        broker_id: Text::new("9999")?,
        investor_id: Text::new("bench")?,
        user_id: Text::new("bench")?,
        instrument_id: tick.instrument_id,
        exchange_id: exchange,
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
