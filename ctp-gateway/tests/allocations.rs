//! The tick path allocates nothing: not where the library's thread publishes, not where readers read.

#[path = "common/counting.rs"]
mod counting;

use counting::counted;
use ctp_gateway::clock::WallClock;
use ctp_gateway::md::TickBus;
use ctp_types::{DepthMarketDataField, Text};

/// 2026-11-20 10:00:00 in China.
const MORNING: i64 = 1_795_140_000_000_000_000;

fn record(id: &str, volume: i32) -> DepthMarketDataField {
    DepthMarketDataField {
        instrument_id: Text::new(id).expect("fits"),
        trading_day: Text::new("20261120").expect("fits"),
        action_day: Text::new("20261120").expect("fits"),
        update_time: Text::new("10:00:00").expect("fits"),
        last_price: 3_200.0,
        volume,
        ..DepthMarketDataField::default()
    }
}

#[test]
fn neither_publishing_nor_reading_allocates() {
    let bus = TickBus::new(1024, WallClock::by_hand(MORNING)).expect("a thread");
    let inlet = bus.inlet();
    let (mut all, mut only) = (bus.ticks(), bus.ticks().only(["rb2701"]));
    let records = ["rb2701", "m2701", "SR701", "IF2612"].map(|id| record(id, 1));
    // The first tick of each instrument and of each day is where things are looked up.
    let (mut published, mut read) = (0, 0);
    for round in 0..500 {
        let publishing = counted(|| records.iter().for_each(|record| inlet.publish(record)));
        assert_eq!(publishing, 0, "round {round}");
        let reading = counted(|| {
            while let Some(tick) = all.try_next() {
                published += 1;
                assert!(tick.last_price().is_some() && tick.exchange_ns().is_some());
            }
            while only.try_next().is_some() {
                read += 1;
            }
        });
        assert!(reading == 0 || round == 0, "round {round}: {reading}");
    }
    assert_eq!((published, read), (2_000, 500));
}

#[test]
fn a_reader_that_lags_costs_nothing_either() {
    let bus = TickBus::new(16, WallClock::by_hand(MORNING)).expect("a thread");
    let (inlet, mut ticks) = (bus.inlet(), bus.ticks());
    let record = record("rb2701", 1);
    inlet.publish(&record);
    assert!(ticks.try_next().is_some());
    let allocated = counted(|| {
        (0..1_000).for_each(|_| inlet.publish(&record));
        while ticks.try_next().is_some() {}
    });
    assert_eq!(allocated, 0);
    assert!(ticks.dropped() >= 984);
}
