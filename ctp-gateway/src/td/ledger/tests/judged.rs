//! The ledger against the simulator, which was written by others from the same rules: what one reckons from the pushes of
//! an account has to be what the other's queries say.

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
