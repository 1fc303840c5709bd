//! F64, F65: ticks with odd times, odd dates and odd order.

use std::time::Duration;

use ctp::market::Exchange;
use ctp::{Tick, Ticks};

use crate::Case;
use crate::world::{World, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f64_every_exchange_has_the_right_date: "SHFE, DCE, CZCE, INE, GFEX and CFFEX by day, in the evening, after midnight, on Friday's night, before and after a holiday: the calendar's date, whatever the record says, and the trading day",
    f64_stale_undated_and_future_ticks_are_marked: "a stale first tick, one without a trading day, one dated tomorrow: marked, dated rightly, nothing left out",
    f64_a_night_never_goes_back: "every tick over midnight: exchange time only rises, per instrument",
    f65_odd_ticks_are_marked_and_none_is_left_out: "backwards, doubled, with one time, a falling volume, a crossed book: late and duplicate are marked, each has its own number, none is dropped",
];

/// Gathers what has come.
fn all(ticks: &mut Ticks) -> Vec<Tick> {
    std::iter::from_fn(|| ticks.try_next()).collect()
}

/// Returns the tick of an instrument that comes now.
async fn tick_of(world: &World, ticks: &mut Ticks, id: &str) -> Tick {
    let book = world.exchange.book(id).expect("a book").book;
    let price = book.last.or(book.pre_settlement).expect("a price");
    world.exchange.tick(id, price + book.price_tick).expect("a tick");
    let found = world.soon(async {
        loop {
            let tick = ticks.next().await.expect("a tick");
            if tick.instrument() == id {
                break tick;
            }
        }
    });
    found.await
}

fn f64_every_exchange_has_the_right_date() {
    // When, trading day, and the exchanges that trade then.
    let night = &["rb2701", "m2701", "SR701", "sc2701"][..];
    let day = &["rb2701", "m2701", "SR701", "sc2701", "lc2701", "IF2612"][..];
    let moments: [(&str, &str, &[&str]); 9] = [
        ("2026-11-23 10:00:10", "2026-11-23", day),
        ("2026-11-23 14:00:10", "2026-11-23", day),
        // Monday's evening belongs to Tuesday.
        ("2026-11-23 21:30:10", "2026-11-24", night),
        // After midnight only some products trade.
        ("2026-11-24 00:30:10", "2026-11-24", &["sc2701"]),
        ("2026-11-24 01:30:10", "2026-11-24", &["sc2701"]),
        // Friday's evening and the hours after its midnight belong to Monday.
        ("2026-11-27 21:30:10", "2026-11-30", night),
        ("2026-11-28 01:30:10", "2026-11-30", &["sc2701"]),
        ("2026-11-30 09:30:10", "2026-11-30", &["rb2701", "m2701", "SR701", "sc2701", "lc2701"]),
        // The last evening before the National Day's week off has no night session; the first one after it has.
        ("2026-10-08 21:30:10", "2026-10-09", night),
    ];
    for (start, trading_day, ids) in moments {
        scene().at(start).set("hours", "exchange").set("products", "rb,m,SR,sc,lc,IF").play(
            async move |world| {
                let md = world.md().await;
                let mut ticks = md.ticks();
                md.subscribe(ids).expect("subscribed");
                world.pass(Duration::from_secs(2)).await;
                all(&mut ticks);
                for id in ids {
                    let tick = tick_of(world, &mut ticks, id).await;
                    let now = ctp::market::china_time(world.now_ns());
                    let at = tick
                        .exchange_time()
                        .unwrap_or_else(|| panic!("{start} {id}: no time: {:?}", tick.flags()));
                    assert_eq!(at.date(), now.date(), "{start} {id}: {:?}", tick.record);
                    let apart = (world.now_ns() - tick.exchange_ns().expect("a time")).abs();
                    assert!(apart < 2_000_000_000, "{start} {id}: {apart} ns apart");
                    assert_eq!(
                        tick.trading_day().map(|day| day.to_string()).as_deref(),
                        Some(trading_day),
                        "{start} {id}"
                    );
                    assert!(tick.flags().is_empty(), "{start} {id}: {:?}", tick.flags());
                    assert!(
                        tick.exchange().is_some_and(|exchange| exchange != Exchange::Gfex || *id == "lc2701")
                    );
                }
                md.close().await.expect("closed in time");
            },
        );
    }
}

fn f64_stale_undated_and_future_ticks_are_marked() {
    scene().play(async |world| {
        world.plan("F64-wrong-dates");
        let md = world.md().await;
        let mut ticks = md.ticks();
        md.subscribe(&["rb2701"]).expect("subscribed");
        world.pass(Duration::from_secs(1)).await;
        for price in [3_201.0, 3_202.0, 3_203.0] {
            world.exchange.tick("rb2701", price).expect("a tick");
            world.pass(Duration::from_secs(1)).await;
        }
        let ticks = all(&mut ticks);
        assert!(ticks.len() >= 4, "{} ticks", ticks.len());
        // 14:59:59 of a Friday past, or of today: not now.
        assert!(ticks[0].flags().is_stale(), "{:?} {:?}", ticks[0].flags(), ticks[0].exchange_time());
        let first = ticks[0].exchange_time().expect("a time");
        assert!(
            first.to_string().ends_with("14:59:59") || first.to_string().contains("14:59:59."),
            "{first}"
        );
        assert!(first.date() < jiff_date(2026, 11, 23), "{first}");
        for tick in &ticks[1..] {
            let at = tick.exchange_time().expect("a time");
            assert_eq!(at.date(), jiff_date(2026, 11, 23), "{:?}", tick.record);
            assert_eq!(tick.trading_day(), Some(jiff_date(2026, 11, 23)));
            assert!(!tick.flags().is_stale() && !tick.flags().is_late(), "{:?}", tick.flags());
        }
        md.close().await.expect("closed in time");
    });
}

/// Returns a date.
fn jiff_date(year: i16, month: i8, day: i8) -> ctp::market::Date {
    ctp::market::Date::new(year, month, day).expect("a date")
}

fn f64_a_night_never_goes_back() {
    let night = scene()
        .at("2026-11-27 23:59:50")
        .set("hours", "exchange")
        .set("products", "sc,au")
        .set("crowd", "on");
    night.play(async |world| {
        let md = world.md().await;
        let mut ticks = md.ticks();
        md.subscribe(&["sc2701", "au2702"]).expect("subscribed");
        world.pass(Duration::from_secs(20)).await;
        let ticks = all(&mut ticks);
        for id in ["sc2701", "au2702"] {
            let times: Vec<i64> = ticks
                .iter()
                .filter(|tick| tick.instrument() == id)
                .filter_map(ctp::Tick::exchange_ns)
                .collect();
            assert!(times.len() > 10, "{id}: {} ticks", times.len());
            assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{id}: {times:?}");
            let dates = times.iter().map(|ns| ctp::market::china_time(*ns).date());
            let dates: std::collections::BTreeSet<_> = dates.collect();
            assert!(
                dates.contains(&jiff_date(2026, 11, 27)) && dates.contains(&jiff_date(2026, 11, 28)),
                "{dates:?}"
            );
        }
        assert!(ticks.iter().skip(2).all(|tick| !tick.flags().is_late()));
        md.close().await.expect("closed in time");
    });
}

fn f65_odd_ticks_are_marked_and_none_is_left_out() {
    scene().play(async |world| {
        world.plan("F65-odd-ticks");
        let md = world.md().await;
        let mut ticks = md.ticks();
        md.subscribe(&["rb2701"]).expect("subscribed");
        world.pass(Duration::from_secs(1)).await;
        for number in 0..8 {
            world
                .exchange
                .tick_with(serde_json::json!({
                    "instrument": "rb2701", "last": 3_200.0 + f64::from(number), "volume": 10,
                }))
                .expect("a tick");
            world.pass(Duration::from_secs(1)).await;
        }
        let ticks = all(&mut ticks);
        // The snapshot, eight ticks, and one of them twice.
        assert_eq!(ticks.len(), 10, "a tick was left out");
        let numbers: Vec<u64> = ticks.iter().map(Tick::sequence).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
        let odd = |of: fn(&Tick) -> bool| ticks.iter().filter(|tick| of(tick)).count();
        assert!(odd(|tick| tick.flags().is_duplicate()) >= 1, "{ticks:#?}");
        assert!(odd(|tick| tick.flags().is_late()) >= 2, "{ticks:#?}");
        // The crossed book is there as it came.
        let crossed = odd(|tick| tick.record.bid_price1 == 3_300.0 && tick.record.ask_price1 == 3_200.0);
        assert_eq!(crossed, 1);
        assert!(ticks.iter().all(|tick| tick.received_ns > 0));
        md.close().await.expect("closed in time");
    });
}
