//! What operators and the world do, sensible or not.

use ctp_sim::{Command, Levels, Rates, Tick};
use ctp_types::{DepthMarketDataField, Record, RecordBox};

use crate::extremes::{self, DOUBLES, Known};
use crate::fleet::{INSTRUMENTS, INVESTORS};
use crate::random::Random;

/// Returns something that is done to the exchange from outside; never to the investor who watches.
pub(crate) fn command(random: &mut Random, known: &Known) -> Command {
    let investor = random.pick(&INVESTORS).to_owned();
    let (instrument, price) = random.pick(&INSTRUMENTS);
    let amount = if random.chance(50) { random.pick(&DOUBLES) } else { random.below(100_000) as f64 };
    let instrument = if random.chance(10) { "螺纹钢".to_owned() } else { instrument.to_owned() };
    match random.below(16) {
        0 => Command::Deposit { investor, amount },
        1 => Command::Withdraw { investor, amount },
        2 => Command::Mortgage { investor, amount },
        3 => Command::Credit { investor, amount },
        4 => {
            let mut rates = Rates::default();
            let rate = random.pick(&[0.0, 0.05, 1.0, -1.0, f64::NAN, f64::MAX]);
            rates.investor = investor;
            match random.below(3) {
                0 => rates.margin = Some(rate),
                1 => rates.open = Some(rate),
                _ => rates.close_by_volume = Some(rate),
            }
            Command::Rates(rates)
        }
        5 => Command::Status {
            product: random.pick(&["rb", "m_o", "SR", "rb2701", "", "xx"]).to_owned(),
            status: random.pick(&['0', '1', '2', '2', '2', '3', '4', '5', '6', '7', 'x']),
        },
        6 | 7 => Command::Tick(tick(instrument, price, random)),
        8 => {
            let mut record = extremes::record(DepthMarketDataField::DESCRIPTOR, random, known);
            if random.chance(70)
                && let Some(field) = DepthMarketDataField::DESCRIPTOR.field("InstrumentID")
            {
                record.set(field, ctp_types::Value::Text(b"rb2701")).expect("a short text");
            }
            Command::Feed(record)
        }
        9 => Command::Burst { instrument, count: random.below(5) as u32, per_second: 0 },
        10 => Command::SettlementPrice { instrument, price: random.pick(&[price, amount]) },
        11 => {
            Command::Link { exchange: random.pick(&["SHFE", "CZCE", ""]).to_owned(), on: random.chance(70) }
        }
        12 => Command::Notice { content: "通知".repeat(random.below(400)) },
        13 => Command::TradingNotice { content: "n".repeat(random.below(900)), investor: Some(investor) },
        14 => Command::Bulletin {
            exchange: random.pick(&["SHFE", "X"]).to_owned(),
            title: "t".repeat(random.below(200)),
            content: "内容".repeat(random.below(900)),
        },
        _ => Command::Feed(RecordBox::new(&DepthMarketDataField {
            instrument_id: crate::common::text("m2701"),
            last_price: price,
            volume: random.pick(&[0, 1, 500, i32::MAX, i32::MIN]),
            turnover: amount,
            ..DepthMarketDataField::default()
        })),
    }
}

fn tick(instrument: String, price: f64, random: &mut Random) -> Tick {
    let mut near = |percent_wild| {
        let wild = random.chance(percent_wild);
        if wild { random.pick(&DOUBLES) } else { price + random.below(11) as f64 - 5.0 }
    };
    let (last, bid, ask) = (near(20), near(10), near(10));
    let mut tick = Tick::default();
    tick.instrument = instrument;
    tick.last = random.chance(80).then_some(last);
    tick.volume = random.pick(&[0, 1, 7, 1_000, i32::MAX, -5]);
    tick.bid = random
        .chance(60)
        .then(|| Levels(vec![(bid, random.pick(&[1, 50, 0, -1, i32::MAX])), (bid - 1.0, 3)]));
    tick.ask = random
        .chance(60)
        .then(|| Levels(vec![(ask, random.pick(&[1, 50, 0, -1, i32::MAX])), (ask + 1.0, 3)]));
    tick.upper = random.chance(5).then(|| random.pick(&DOUBLES));
    tick.lower = random.chance(5).then(|| random.pick(&DOUBLES));
    tick.pre_settlement = random.chance(5).then(|| random.pick(&DOUBLES));
    tick.open_interest = random.chance(20).then(|| random.pick(&[0, -1, i64::MAX, i64::MIN]));
    tick
}
