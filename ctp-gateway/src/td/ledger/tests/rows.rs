//! What the counter's rows teach, and what they do not.

use super::*;

fn row(bench: &Bench) -> InvestorPositionField {
    InvestorPositionField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        posi_direction: PosiDirection::LONG,
        hedge_flag: HedgeFlag::SPECULATION,
        position: 2,
        yd_position: 2,
        ..Default::default()
    }
}

fn learn(bench: &mut Bench, row: InvestorPositionField) {
    bench.ledger.baseline(&Rows { positions: Some(vec![row]), ..Rows::default() });
}

/// The last price that is shown is that of the market data, to the last digit.
#[test]
fn the_price_of_a_position_is_the_last_one() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    assert_eq!(bench.long().price, Some(3500.0));
    for price in [3520.0, 3519.8, 0.005] {
        bench.mark(price);
        assert_eq!(bench.long().price, Some(price));
    }
    // What is flat has none.
    bench.trade("close yesterday", 2, 3510.0);
    assert_eq!(bench.long().price, None);
}

/// A row that was never priced says 0, or "no value": what was known before stands.
#[test]
fn a_row_without_prices_takes_none_away() {
    for nothing in [0.0, -1.0, f64::MAX] {
        let mut bench = Bench::new("rb2701", "SHFE");
        bench.begin(2, 3480.0, 3500.0);
        let unpriced =
            InvestorPositionField { pre_settlement_price: nothing, settlement_price: nothing, ..row(&bench) };
        learn(&mut bench, unpriced);
        let now = bench.long();
        assert_eq!((now.price, now.cost, now.margin), (Some(3500.0), yuan(70_000.0), yuan(7_000.0)));
    }
}

/// Rows tell the last price until market data do; the settlement price of the day before is theirs to tell.
#[test]
fn market_data_are_newer_than_rows() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let newer =
        InvestorPositionField { pre_settlement_price: 3505.0, settlement_price: 3511.0, ..row(&bench) };
    learn(&mut bench, newer);
    assert_eq!((bench.long().price, bench.long().cost), (Some(3511.0), yuan(70_100.0)));
    // A price of nothing is no price of the market either.
    for nothing in [None, Some(0.0), Some(-1.0), Some(f64::MAX)] {
        let mark = Mark {
            instrument_id: bench.instrument,
            last: nothing,
            pre_settlement: nothing,
            ..Mark::default()
        };
        assert!(!bench.ledger.mark(&mark), "{nothing:?}");
    }
    learn(&mut bench, InvestorPositionField { settlement_price: 3512.0, ..newer });
    assert_eq!(bench.long().price, Some(3512.0));
    let mark = Mark {
        instrument_id: bench.instrument,
        last: Some(3520.0),
        pre_settlement: Some(3506.0),
        ..Mark::default()
    };
    assert!(bench.ledger.mark(&mark) && !bench.ledger.mark(&mark));
    assert_eq!((bench.long().price, bench.long().cost), (Some(3520.0), yuan(70_120.0)));
    assert!(bench.ledger.mark(&Mark { pre_settlement: Some(3507.0), ..mark }));
    learn(&mut bench, InvestorPositionField { settlement_price: 3513.0, ..newer });
    assert_eq!((bench.long().price, bench.long().cost), (Some(3520.0), yuan(70_100.0)));
    // Instruments that the ledger has nothing of are none of its business.
    assert!(!bench.ledger.mark(&Mark { instrument_id: text("zz"), ..mark }));
    assert!(bench.ledger.follows(&bench.instrument) && !bench.ledger.follows(&text("zz")));
}

/// A row without lots may have no rate either; one with a rate tells it.
#[test]
fn a_row_tells_its_margin_rate_if_it_has_one() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let bare = row(&bench);
    learn(&mut bench, bare);
    assert_eq!(bench.long().margin, yuan(7_000.0));
    let dearer = InvestorPositionField { margin_rate_by_money: 0.2, ..row(&bench) };
    learn(&mut bench, dearer);
    assert_eq!(bench.long().margin, yuan(14_000.0));
    let per_lot = InvestorPositionField { margin_rate_by_volume: 50.0, ..row(&bench) };
    learn(&mut bench, per_lot);
    assert_eq!(bench.long().margin, yuan(100.0));
}

/// Margin of working orders counts into the sides of one-sided margin at some counters: less than the orders alone is no
/// difference there, more is.
#[test]
fn frozen_margin_may_be_less_where_the_larger_side_pays_alone() {
    for (instrument, exchange, less_agrees) in [("rb2701", "SHFE", true), ("a2701", "DCE", false)] {
        let mut bench = Bench::new(instrument, exchange);
        bench.begin(2, 3480.0, 3500.0);
        let order = bench.order(1, "buy", 3);
        bench.ledger.order(&order);
        for (frozen, agrees) in [
            (0.0, less_agrees),
            (10_000.0, less_agrees),
            (10_500.0, true),
            (10_530.0, true),
            (10_531.0, false),
        ] {
            let row = TradingAccountField {
                pre_balance: 1_000_000.0,
                balance: 1_000_000.0,
                curr_margin: 7_000.0,
                frozen_margin: frozen,
                frozen_commission: 10.53,
                available: 993_000.0 - frozen - 10.53,
                ..Default::default()
            };
            let found = bench.ledger.reconcile(&Rows { account: Some(row), ..Rows::default() });
            assert_eq!(found.agrees(), agrees, "{instrument} {frozen}: {found:?}");
        }
    }
}
