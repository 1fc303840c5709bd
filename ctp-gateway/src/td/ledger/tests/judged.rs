//! The ledger against the simulator, which was written by others from the same rules: what one reckons from the pushes of
//! an account has to be what the other's queries say.

use ctp_sim::Config;

use super::market::{Market, config};
use super::*;

/// §6.5 through all its steps.
#[test]
fn the_worked_example_of_shfe() {
    let mut market = Market::new(config(&["rb"]));
    market.settle_day(&[("rb2701", 3490.0)]);
    market.trade("rb2701", "buy", 2, 3480.0);
    market.settle_day(&[("rb2701", 3500.0)]);
    market.agree();
    market.place("rb2701", "buy", 3, 3510.0);
    market.agree();
    let now = market.ledger.account();
    assert_eq!((now.frozen_margin, now.frozen_commission), (yuan(10_530.0), yuan(10.53)));
    market.cancel_all();
    market.trade("rb2701", "buy", 3, 3508.0);
    market.agree();
    market.trade("rb2701", "close today", 1, 3522.0);
    market.trade("rb2701", "close yesterday", 1, 3518.0);
    let found = market.agree();
    assert_eq!(found.unknown, []);
    assert!(found.compared >= 29, "{found:?}");
    let now = market.ledger.account();
    assert_eq!((now.margin, now.commission, now.close_profit), (yuan(10_516.0), yuan(21.086), yuan(320.0)));
    market.restart();
    market.agree();
    market.settle_day(&[("rb2701", 3515.0)]);
    market.agree();
    assert_eq!(market.ledger.account().margin, yuan(10_545.0));
}

#[test]
fn the_worked_example_of_dce() {
    let mut market = Market::new(config(&["a"]));
    market.settle_day(&[("a2701", 3490.0)]);
    market.trade("a2701", "buy", 2, 3480.0);
    market.settle_day(&[("a2701", 3500.0)]);
    market.trade("a2701", "buy", 3, 3508.0);
    market.trade("a2701", "close today", 1, 3522.0);
    market.trade("a2701", "close", 1, 3518.0);
    market.agree();
    let now = market.ledger.account();
    assert_eq!((now.close_profit, now.commission, now.margin), (yuan(400.0), yuan(24.604), yuan(10_524.0)));
    market.restart();
    market.agree();
    market.settle_day(&[("a2701", 3515.0)]);
    market.agree();
    assert_eq!(market.ledger.account().margin, yuan(10_545.0));
}

/// Contracts of all exchanges with a price that they can have.
const CONTRACTS: [(&str, &str, f64); 6] = [
    ("rb", "rb2701", 3500.0),
    ("sc", "sc2702", 500.0),
    ("a", "a2701", 3500.0),
    ("SR", "SR701", 5500.0),
    ("IF", "IF2612", 4000.0),
    ("lc", "lc2702", 80_000.0),
];

/// F68: today's and yesterday's lots at every exchange, opened and closed in every way, before and after a restart and a
/// night.
#[test]
fn todays_and_older_lots_at_every_exchange() {
    for (product, instrument, price) in CONTRACTS {
        for (opens, closes) in [
            ("buy", ["close", "close today", "close yesterday"]),
            ("sell", ["cover", "cover today", "cover yesterday"]),
        ] {
            for close in closes {
                for restart in [false, true] {
                    let mut market = Market::new(config(&[product]));
                    market.settle_day(&[(instrument, price)]);
                    market.trade(instrument, opens, 3, price);
                    market.settle_day(&[(instrument, price)]);
                    market.trade(instrument, opens, 2, price);
                    if restart {
                        market.restart();
                    }
                    let before = market.agree();
                    assert_eq!(before.unknown, [], "{instrument}");
                    market.trade(instrument, close, 2, price);
                    market.place(instrument, close, 1, price);
                    market.agree();
                    if restart {
                        market.restart();
                        market.agree();
                    }
                    let now = market.ledger.positions().remove(0);
                    assert_eq!((now.volume, now.missing), (3, 0), "{instrument} {close}");
                    assert_eq!(now.volume_at_start, 3);
                    market.settle_day(&[(instrument, price)]);
                    market.agree();
                }
            }
        }
    }
}

/// Returns how many seeds to try: `usual`, or what `CTP_SIM_SEEDS` says, as `cargo xtask soak` does.
fn seeds(usual: u64) -> u64 {
    std::env::var("CTP_SIM_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(usual)
}

/// Trades of every kind at every exchange, cancelled and partly filled orders, restarts and nights: after each of them the
/// simulator says the same, to the lot and the fen.
#[test]
fn whatever_is_traded_the_simulator_agrees() {
    let (mut trades, mut working) = (0, 0);
    for seed in 0..seeds(30) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (product, instrument, price) = CONTRACTS[random.usize(..CONTRACTS.len())];
        let tick = if product == "sc" {
            0.1
        } else if product == "IF" {
            0.2
        } else if product == "lc" {
            20.0
        } else {
            1.0
        };
        let mut market = Market::new(config(&[product]));
        market.settle_day(&[(instrument, price)]);
        let mut trail = Vec::new();
        for _ in 0..60 {
            let at = price + tick * f64::from(random.i32(-20..=20));
            let lots = random.i32(1..=5);
            let side = [
                "buy",
                "sell",
                "close",
                "close today",
                "close yesterday",
                "cover",
                "cover today",
                "cover yesterday",
            ][random.usize(..8)];
            let what = random.u32(..12);
            trail.push(format!("{what}: {side} {lots} @ {at}"));
            match what {
                0 => market.restart(),
                1 => market.settle_day(&[(instrument, at)]),
                2 => market.cancel_all(),
                3 => market.place(instrument, side, lots, at),
                4 => {
                    market.place(instrument, side, lots, at);
                    market.meet(instrument, side, 1, at);
                }
                _ => market.trade(instrument, side, lots, at),
            }
            let found = market.compare();
            trades += usize::from(!market.ledger.trades.is_empty());
            working += usize::from(!market.ledger.working.is_empty());
            let told: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
            assert!(found.agrees(), "seed {seed} {instrument}\n{}\n{}", trail.join("\n"), told.join("\n"));
        }
        assert!(market.ledger.positions().iter().all(|now| now.missing == 0 && now.unknown.is_empty()));
    }
    assert!(trades > 100 && working > 100, "{trades} looks with trades, {working} with working orders");
}

/// 大边: of both sides of a product only the larger is charged, at SHFE, INE and of the index futures.
#[test]
fn the_larger_side_alone_pays_margin() {
    for (product, first, second, price) in [
        ("rb", "rb2701", "rb2705", 3500.0),
        ("a", "a2701", "a2703", 3500.0),
        ("IF", "IF2612", "IF2703", 4000.0),
    ] {
        let mut market = Market::new(config(&[product]));
        market.settle_day(&[(first, price), (second, price)]);
        market.trade(first, "buy", 2, price);
        market.trade(second, "sell", 3, price);
        let found = market.agree();
        assert_eq!(found.unknown, []);
        market.trade(first, "buy", 2, price);
        market.settle_day(&[(first, price), (second, price)]);
        market.agree();
        let multiplier = if product == "IF" { 300.0 } else { 10.0 };
        let lots = if product == "a" { 7.0 } else { 4.0 };
        assert_eq!(market.ledger.account().margin, yuan(lots * price * multiplier * 0.1), "{product}");
    }
}

/// Another way of counting of the broker's: margin of today's lots at the settlement price, profits that do not count.
#[test]
fn the_brokers_rules() {
    for (key, values) in [
        ("margin_price_type", ["1", "4"]),
        ("algorithm", ["2", "3"]),
        ("algorithm", ["1", "4"]),
        ("avail_include_close_profit", ["0", "2"]),
    ] {
        for value in values {
            let mut setup = config(&["rb"]);
            setup.set(key, value).unwrap();
            let mut market = Market::new(setup);
            market.settle_day(&[("rb2701", 3500.0)]);
            market.trade("rb2701", "buy", 3, 3508.0);
            market.trade("rb2701", "buy", 1, 3490.0);
            market.agree();
            market.trade("rb2701", "close today", 1, 3522.0);
            market.trade("rb2701", "sell", 1, 3480.0);
            let found = market.agree();
            assert_eq!(found.unknown, [], "{key}={value}");
        }
    }
}

/// Money that comes and goes is the counter's to tell.
#[test]
fn deposits_and_credit() {
    let mut market = Market::new(config(&["rb"]));
    let investor = || "one".to_owned();
    for command in [
        ctp_sim::Command::Deposit { investor: investor(), amount: 500.0 },
        ctp_sim::Command::Withdraw { investor: investor(), amount: 200.5 },
        ctp_sim::Command::Mortgage { investor: investor(), amount: 1_000.0 },
        ctp_sim::Command::Credit { investor: investor(), amount: -300.0 },
    ] {
        market.command(command);
    }
    market.trade("rb2701", "buy", 1, 3500.0);
    market.agree();
    market.settle_day(&[("rb2701", 3510.0)]);
    market.trade("rb2701", "close yesterday", 1, 3500.0);
    market.agree();
}

/// A spread trades its legs: two positions, each with its lots.
#[test]
fn spreads() {
    let mut market = Market::new(Config { combinations: true, ..config(&["m"]) });
    market.settle_day(&[("m2701", 3000.0), ("m2703", 3000.0)]);
    market.place("SP m2701&m2703", "buy", 2, 10.0);
    let found = market.agree();
    assert!(found.unknown.contains(&Unknown::Combination(text("m2701"))), "{found:?}");
    market.meet("SP m2701&m2703", "buy", 2, 10.0);
    market.agree();
    let positions = market.ledger.positions();
    let held: Vec<_> = positions.iter().map(|now| (now.key.to_string(), now.volume)).collect();
    assert_eq!(held, [("m2701 long".to_owned(), 2), ("m2703 short".to_owned(), 2)]);
    // A single lot more, opened later, is closed first.
    market.trade("m2701", "buy", 1, 3000.0);
    market.trade("m2701", "close", 1, 3005.0);
    market.agree();
    assert_eq!(market.ledger.positions()[0].close_profit, yuan(50.0));
    market.restart();
    market.agree();
    market.settle_day(&[("m2701", 3000.0), ("m2703", 3000.0)]);
    market.agree();
}

/// Premium is cash; options have no profit of their own; short ones need margin by the exchange's formula.
#[test]
fn options() {
    let mut setup = config(&["m"]);
    setup.options = true;
    let mut market = Market::new(setup);
    let option = "m2701-C-3000";
    market.settle_day(&[("m2701", 3000.0), (option, 60.0)]);
    market.place(option, "buy", 2, 60.0);
    market.agree();
    assert_eq!(market.ledger.account().frozen_cash, yuan(1_200.0));
    market.meet(option, "buy", 2, 60.0);
    market.agree();
    let now = market.ledger.account();
    assert_eq!((now.cash_in, now.position_profit, now.margin), (yuan(-1_200.0), yuan(0.0), yuan(0.0)));
    market.trade(option, "close", 1, 80.0);
    market.agree();
    assert_eq!(market.ledger.account().cash_in, yuan(-400.0));
    market.trade(option, "sell", 1, 80.0);
    let found = market.agree();
    assert!(found.unknown.contains(&Unknown::OptionMargin(text(option))), "{found:?}");
    // Not compared, since brokers differ, but this one reckons the same.
    let told = market.rows().account.expect("a row").curr_margin;
    assert!(told > 0.0);
    assert_eq!(market.ledger.account().margin, yuan(told));
    // What more of them on order freeze.
    market.place(option, "sell", 2, 81.0);
    let told = market.rows().account.expect("a row").frozen_margin;
    // The premium is that of the order here, and that of the last price, 1 CNY less, there.
    assert_eq!(market.ledger.account().frozen_margin, yuan(told + 20.0));
    market.cancel_all();
    market.restart();
    market.agree();
    market.settle_day(&[("m2701", 3000.0), (option, 60.0)]);
    market.agree();
    market.trade(option, "close", 1, 50.0);
    market.trade(option, "cover", 1, 50.0);
    market.agree();
    assert_eq!(market.ledger.account().option_value, yuan(0.0));
}
