//! The state machine alone, on one core: ticks and orders, empty and with a day behind it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ctp_types::{DepthMarketDataField, OrderField, RecordBox, TradeField};

use super::drive::{Drive, Listed, Trader, config};
use crate::report::{Figure, Promise};
use crate::rounds::Rounds;

/// How long a round takes at least.
const ROUND: Duration = Duration::from_millis(400);
/// Orders behind a loaded exchange, and its positions.
const PAST_ORDERS: usize = 10_000;
const POSITIONS: usize = 500;
/// Orders between two looks at the clock.
const BATCH: usize = 1_000;

/// A figure to measure.
pub(crate) struct Bench {
    pub(crate) name: String,
    promised: f64,
    what: What,
    loaded: bool,
    matching: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Ticks,
    Orders,
}

/// Returns all figures of the state machine.
pub(crate) fn benches() -> Vec<Bench> {
    let bench = |what, loaded, matching, promised| {
        let what_text = match what {
            What::Ticks => "ticks",
            What::Orders => "orders, insert to trade",
        };
        let loaded_text = match loaded {
            true => format!(", {PAST_ORDERS} past orders, {POSITIONS} positions"),
            false => String::new(),
        };
        let name = format!("pure exchange: {what_text}, matching {matching}{loaded_text}");
        Bench { name, promised, what, loaded, matching }
    };
    let mut benches = vec![
        bench(What::Ticks, false, "book", 1_000_000.0),
        bench(What::Ticks, true, "book", 500_000.0),
        bench(What::Orders, false, "book", 500_000.0),
        bench(What::Orders, true, "book", 500_000.0),
    ];
    for matching in ["simnow", "touch", "volume-limited"] {
        benches.push(bench(What::Ticks, true, matching, 500_000.0));
    }
    benches
}

/// An exchange with its two traders.
struct Setup {
    drive: Drive,
    traders: [Trader; 2],
    listed: Vec<Listed>,
}

impl Bench {
    /// Measures, in turn with the floor.
    pub(crate) fn figure(&self, rounds: usize) -> Result<Figure> {
        let mut setup = self.set_up()?;
        let (mut own, mut floor) = (Vec::new(), Vec::new());
        self.round(&mut setup)?;
        for _ in 0..rounds {
            own.push(self.round(&mut setup)?);
            floor.push(match self.what {
                What::Ticks => tick_floor()?,
                What::Orders => order_floor()?,
            });
        }
        let floor_name = match self.what {
            What::Ticks => "making the same ticks' records",
            What::Orders => "making the same messages' records",
        };
        Ok(Figure {
            name: self.name.clone(),
            unit: "/s",
            limit: self.promised,
            promise: Promise::AtLeast,
            rounds: Rounds::new(own),
            floor: Some((floor_name, Rounds::new(floor))),
        })
    }

    fn set_up(&self) -> Result<Setup> {
        let crowd = if self.what == What::Ticks { "on" } else { "off" };
        let mut drive = Drive::new(config(&[("crowd", crowd), ("matching", self.matching)])?)?;
        let traders = [drive.trader(1, "bench1")?, drive.trader(2, "bench2")?];
        let listed = drive.listed(traders[0])?;
        let mut setup = Setup { drive, traders, listed };
        if self.loaded {
            setup.load()?;
        }
        if self.what == What::Ticks {
            setup.drive.market_data(3, &setup.listed)?;
        }
        Ok(setup)
    }

    /// Returns how many a second of the processor.
    fn round(&self, setup: &mut Setup) -> Result<f64> {
        let (start, used) = (Instant::now(), processor_time()?);
        let mut count = 0;
        while start.elapsed() < ROUND {
            count += match self.what {
                What::Ticks => setup.drive.tick(),
                What::Orders => setup.pairs(BATCH / 2)?,
            };
        }
        Ok(count as f64 / (processor_time()? - used).as_secs_f64())
    }
}

impl Setup {
    /// Makes past orders that leave positions.
    fn load(&mut self) -> Result<()> {
        let mut trades = 0;
        for order in 0..PAST_ORDERS / 2 {
            let listed = &self.listed[order % (POSITIONS / 2).min(self.listed.len())];
            // Both traders get a long and a short position in each instrument: first the one buys, then the other.
            let first_buys = order % POSITIONS < POSITIONS / 2;
            let [one, other] = self.traders;
            for (trader, buys) in [(one, first_buys), (other, !first_buys)] {
                self.drive.order(&trader, listed, (buys, true), listed.limits[usize::from(buys)])?;
            }
            trades += self.drive.trades()?;
            if order % POSITIONS == 0 {
                // The crowd quotes anew.
                self.drive.tick();
            }
        }
        ensure!(trades >= PAST_ORDERS * 9 / 10, "{PAST_ORDERS} past orders made only {trades} trades");
        Ok(())
    }

    /// Lets the traders fill each other's orders, opening and closing in turn; returns how many orders were filled.
    fn pairs(&mut self, count: usize) -> Result<usize> {
        let [one, other] = self.traders;
        let mut trades = 0;
        for pair in 0..count {
            // So that closing finds what was opened: a batch is a multiple of 100 pairs.
            let listed = &self.listed[pair % 50];
            let opens = (pair / 50) % 2 == 0;
            // A host takes what comes out of every step.
            self.drive.order(&one, listed, (opens, opens), listed.price)?;
            trades += self.drive.trades()?;
            self.drive.order(&other, listed, (!opens, opens), listed.price)?;
            trades += self.drive.trades()?;
        }
        ensure!(trades == 2 * count, "{} orders made {trades} trades", 2 * count);
        Ok(trades)
    }
}

/// Makes the records of ticks and gives them away.
fn tick_floor() -> Result<f64> {
    let tick = DepthMarketDataField::default();
    rate(|| drop(black_box(RecordBox::new(black_box(&tick)))))
}

/// Makes the records of an order from insert to trade and gives them away: three states and a trade.
fn order_floor() -> Result<f64> {
    let (order, trade) = (OrderField::default(), TradeField::default());
    rate(|| {
        for _ in 0..3 {
            drop(black_box(RecordBox::new(black_box(&order))));
        }
        drop(black_box(RecordBox::new(black_box(&trade))));
    })
}

fn rate(mut work: impl FnMut()) -> Result<f64> {
    let (start, used) = (Instant::now(), processor_time()?);
    let mut count = 0_u64;
    while start.elapsed() < ROUND / 4 {
        for _ in 0..BATCH {
            work();
        }
        count += BATCH as u64;
    }
    Ok(count as f64 / (processor_time()? - used).as_secs_f64())
}

/// Returns the time that this thread had a core for, so that other processes do not count.
fn processor_time() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").context("no processor time")?;
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.map(Duration::from_nanos).with_context(|| format!("not a processor time: {text}"))
}
