//! What stands at the edge of a rule, where another rule begins.

use std::time::Instant;

use ctp_types::{OrderField, TradeType};

use super::*;

const CALL: &str = "m2701-C-3000";

fn order_to(bench: &mut Bench, id: u64, offset: OffsetFlag, volume: i32) {
    let order = Order { offset, ..bench.order(id, "close", volume) };
    bench.ledger.order(&order);
}

/// A forced close takes the older lots first, and today's when those are reserved.
#[test]
fn what_a_forced_close_reserves_is_older_lots_before_todays() {
    // Lots that orders to close older ones, today's, and any reserve; today's and older ones that are left.
    for (older, today, any, left) in [
        (0, 0, 1, (3, 1)),
        (0, 0, 3, (2, 0)),
        (1, 0, 1, (3, 0)),
        (1, 0, 2, (2, 0)),
        (1, 1, 2, (1, 0)),
        (2, 3, 1, (0, 0)),
    ] {
        let mut bench = Bench::new("rb2701", "SHFE");
        bench.begin(2, 3480.0, 3500.0);
        bench.trade("buy", 3, 3500.0);
        order_to(&mut bench, 1, OffsetFlag::CLOSE_YESTERDAY, older);
        order_to(&mut bench, 2, OffsetFlag::CLOSE_TODAY, today);
        order_to(&mut bench, 3, OffsetFlag::FORCE_CLOSE, any);
        let closable = bench.long().closable;
        assert_eq!((closable.today, closable.yesterday), left, "{older} {today} {any}");
        assert_eq!(closable.total, left.0 + left.1);
    }
}

/// At SHFE and INE a plain close is one of older lots: it never takes today's.
#[test]
fn a_close_of_older_lots_leaves_todays_alone() {
    for side in ["close", "close yesterday"] {
        let mut bench = Bench::new("rb2701", "SHFE");
        bench.begin(1, 3480.0, 3500.0);
        bench.trade("buy", 2, 3500.0);
        bench.trade(side, 2, 3510.0);
        let now = bench.long();
        assert_eq!((now.volume, now.volume_today, now.missing), (2, 2, 1), "{side}");
    }
}

/// Two equal versions have nothing between them.
#[test]
fn whatever_changes_lots_changes_the_version() {
    let mut bench = Bench::new("rb2701", "SHFE");
    let mut seen = vec![bench.ledger.version()];
    let mut look = |bench: &Bench| {
        let version = bench.ledger.version();
        assert!(!seen.contains(&version), "{version} again after {seen:?}");
        seen.push(version);
    };
    for _ in 0..3 {
        bench.trade("buy", 1, 3500.0);
        look(&bench);
    }
    bench.begin(2, 3480.0, 3500.0);
    look(&bench);
    bench.trade("buy", 1, 3500.0);
    look(&bench);
    for _ in 0..3 {
        bench.ledger.adopt(&Rows { positions: Some(Vec::new()), details: Some(Vec::new()), account: None });
        look(&bench);
    }
}

/// Returns what the counter's row of a long position begins with.
fn long_row(bench: &Bench) -> InvestorPositionField {
    InvestorPositionField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        posi_direction: PosiDirection::LONG,
        hedge_flag: HedgeFlag::SPECULATION,
        ..Default::default()
    }
}

/// Returns what the counter's row of lots begins with that were bought before today.
fn older_lots(bench: &Bench) -> InvestorPositionDetailField {
    InvestorPositionDetailField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        direction: Direction::BUY,
        hedge_flag: HedgeFlag::SPECULATION,
        open_date: text(BEFORE),
        open_price: 3480.0,
        ..Default::default()
    }
}

/// Lots of the day before that the counter names stay older lots when its word is taken.
#[test]
fn the_counters_older_lots_are_taken_over_as_such() {
    let mut bench = Bench::new("rb2701", "SHFE");
    let row = InvestorPositionField {
        yd_position: 3,
        position: 2,
        pre_settlement_price: 3500.0,
        ..long_row(&bench)
    };
    let detail = InvestorPositionDetailField { volume: 2, close_volume: 1, ..older_lots(&bench) };
    bench.ledger.adopt(&Rows { positions: Some(vec![row]), details: Some(vec![detail]), account: None });
    let now = bench.long();
    assert_eq!((now.volume, now.volume_today, now.volume_at_start), (2, 0, 3));
    assert_eq!((now.close_volume, now.open_cost), (1, yuan(69_600.0)));
}

/// A close whose opening was never seen brought its premium all the same.
#[test]
fn the_premium_of_every_close_is_cash() {
    let mut bench = Bench::new(CALL, "DCE");
    bench.begin(2, 45.0, 40.0);
    bench.ledger.instrument(&InstrumentField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        volume_multiple: 10,
        product_class: ProductClass::OPTIONS,
        options_type: OptionsType::CALL_OPTIONS,
        ..Default::default()
    });
    bench.trade("buy", 1, 50.0);
    bench.trade("close", 2, 70.0);
    assert_eq!(bench.ledger.account().cash_in, yuan(1_400.0 - 500.0));
    bench.trade("close", 1, 75.0);
    assert_eq!(bench.ledger.account().cash_in, yuan(2_150.0 - 500.0));
    bench.trade("close", 2, 80.0);
    bench.trade("close", 1, 90.0);
    assert_eq!(bench.long().missing, 3);
    assert_eq!(bench.ledger.account().cash_in, yuan(2_150.0 + 1_600.0 + 900.0 - 500.0));
}

/// Opening prices that nobody told matter to the lots that had them, and to no others.
#[test]
fn opening_prices_are_missed_where_there_are_such_lots() {
    let begun = |lots: i32| {
        let mut bench = Bench::new("rb2701", "SHFE");
        let row = InvestorPositionField {
            position: lots,
            yd_position: lots,
            pre_settlement_price: 3500.0,
            ..long_row(&bench)
        };
        let detail = InvestorPositionDetailField { volume: 1, ..older_lots(&bench) };
        let rows = Rows { positions: Some(vec![row]), details: Some(vec![detail]), account: None };
        bench.ledger.baseline(&rows);
        bench
    };
    // The details tell of a lot, the position of none: there is none.
    let mut bench = begun(0);
    bench.trade("buy", 1, 3510.0);
    bench.mark(3520.0);
    let now = bench.long();
    assert_eq!((now.open_cost, now.profit_by_trade), (yuan(35_100.0), yuan(100.0)));
    assert!(!now.unknown.contains(&Unknown::OpenPrices(bench.instrument)));
    // Two lots, one of them told: what they cost is unknown while they are held, what today's cost is not.
    let mut bench = begun(2);
    bench.trade("buy", 1, 3510.0);
    assert_eq!(bench.long().open_cost, None);
    bench.trade("close yesterday", 2, 3515.0);
    assert_eq!(bench.long().open_cost, yuan(35_100.0));
    assert_eq!(bench.long().profit_by_trade, None);
}

/// What is left of a combination may be single lots only: nothing of the exchange's discount is in doubt then.
#[test]
fn a_combination_that_is_closed_is_no_doubt() {
    let mut bench = Bench::new("a2701", "DCE");
    bench.trade("buy", 1, 3500.0);
    let trade_type = TradeType::COMBINATION_DERIVED;
    for side in ["buy", "close"] {
        let record = bench.record(side, 2, 3500.0);
        bench.ledger.trade(&TradeField { trade_type, ..record });
        let is_said = bench.long().unknown.contains(&Unknown::Combination(bench.instrument));
        assert_eq!(is_said, side == "buy");
    }
    assert_eq!(bench.long().volume, 1);
}

/// Each leg of a spread has a flag of its own; where only one is written, it is that of both.
#[test]
fn a_leg_without_a_flag_has_that_of_the_first() {
    for (flags, closes) in [("0", 0), ("03", 2)] {
        let mut bench = Bench::new("a2701", "DCE");
        bench.begin(4, 3480.0, 3500.0);
        // The first leg is bought, the second sold.
        let mut order = bench.order(1, "buy", 2);
        order.instrument_id = text("SP a2703&a2701");
        order.record = Some(Box::new(OrderField {
            comb_offset_flag: text(flags),
            comb_hedge_flag: text("11"),
            ..Default::default()
        }));
        bench.ledger.order(&order);
        assert_eq!(bench.long().frozen, closes, "{flags}");
        assert_eq!(bench.long().closable.total, 4 - closes, "{flags}");
    }
}

/// A record without a day is one of today, and so is any while the day is not known.
#[test]
fn a_trade_without_a_day_counts() {
    let mut bench = Bench::new("rb2701", "SHFE");
    let record = bench.record("buy", 1, 3500.0);
    assert!(bench.ledger.trade(&TradeField { trading_day: text(""), ..record }).is_some());
    bench.ledger = Ledger::default();
    assert!(bench.ledger.trade(&record).is_some());
}

/// Once market data told a price, rows tell none, however often it moves.
#[test]
fn rows_do_not_overrule_the_market_after_its_second_price() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    for price in [3520.0, 3521.0] {
        bench.mark(price);
        let row = InvestorPositionField { settlement_price: 3511.0, ..long_row(&bench) };
        bench.ledger.baseline(&Rows { positions: Some(vec![row]), ..Rows::default() });
        assert_eq!(bench.long().price, Some(price));
    }
}

/// Profit of lots held that the broker does not lend is not available.
#[test]
fn what_the_broker_keeps_back_is_not_available() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    bench.ledger.params(&BrokerTradingParamsField {
        margin_price_type: MarginPriceType::OPEN_PRICE,
        algorithm: Algorithm::from_char(b'2'),
        ..Default::default()
    });
    for (last, kept) in [(3520.0, 400.0), (3490.0, 0.0)] {
        bench.mark(last);
        let profit = (last - 3500.0) * 20.0;
        let now = bench.ledger.account();
        assert_eq!(now.balance, yuan(1_000_000.0 + profit));
        assert_eq!(now.available, yuan(1_000_000.0 + profit - 7_000.0 - kept));
    }
}

/// Funds on credit count as equity at some brokers and not at others; available they are at all.
#[test]
fn credit_is_equity_or_not_and_always_available() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let differs = |bench: &Bench, balance: f64, available: f64, what: Compared| {
        let row = TradingAccountField {
            pre_balance: 1_000_000.0,
            credit: 3_200.0,
            curr_margin: 7_000.0,
            balance,
            available,
            ..Default::default()
        };
        let found = bench.ledger.reconcile(&Rows { account: Some(row), ..Rows::default() });
        found.differences.iter().any(|one| one.what == what)
    };
    for (balance, is_wrong) in [(1_000_000.0, false), (1_003_200.0, false), (996_800.0, true)] {
        assert_eq!(differs(&bench, balance, 0.0, Compared::Balance), is_wrong, "{balance}");
    }
    for (available, is_wrong) in [(996_200.0, false), (989_800.0, true), (993_000.0, true)] {
        assert_eq!(differs(&bench, 1_000_000.0, available, Compared::Available), is_wrong, "{available}");
    }
}

/// Prices move between two rows, so a missing one is no doubt of the comparison's; a missing rate is.
#[test]
fn a_comparison_says_which_rates_it_lacked_and_no_prices() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.trade("buy", 1, 3500.0);
    let id = bench.instrument;
    bench.ledger.contracts.get_mut(&id).unwrap().last = None;
    let account = TradingAccountField { pre_balance: 1_000_000.0, ..Default::default() };
    let found = bench.ledger.reconcile(&Rows { account: Some(account), ..Rows::default() });
    assert!(found.unknown.contains(&Unknown::CommissionRate(id)), "{:?}", found.unknown);
    assert!(!found.unknown.contains(&Unknown::Price(id)), "{:?}", found.unknown);
}

/// Where the larger side alone pays, CFFEX counts speculation and hedging by themselves, the others together (§6.2).
#[test]
fn cffex_counts_each_purpose_by_itself() {
    for (instrument, exchange, price, margin) in
        [("rb2701", "SHFE", 3500.0, 10_500.0), ("IF2612", "CFFEX", 4000.0, 600_000.0)]
    {
        let mut bench = Bench::new(instrument, exchange);
        bench.begin(0, 0.0, 0.0);
        bench.ledger.margin_rate(&InstrumentMarginRateField {
            instrument_id: bench.instrument,
            hedge_flag: HedgeFlag::HEDGE,
            long_margin_ratio_by_money: 0.1,
            short_margin_ratio_by_money: 0.1,
            ..Default::default()
        });
        bench.trade("buy", 2, price);
        let hedge = bench.record("sell", 3, price);
        bench.ledger.trade(&TradeField { hedge_flag: HedgeFlag::HEDGE, ..hedge });
        assert_eq!(bench.ledger.account().margin, yuan(margin), "{instrument}");
    }
}

/// What was closed needs no margin: its rate is not asked for, that of the commission is.
#[test]
fn a_flat_side_is_not_asked_about_its_margin() {
    let (mut bench, now) = (Bench::new("rb2701", "SHFE"), Instant::now());
    bench.trade("buy", 1, 3500.0);
    bench.trade("close today", 1, 3500.0);
    let id = bench.instrument;
    let wanted: Vec<Want> = std::iter::from_fn(|| bench.ledger.next_want(now)).collect();
    assert_eq!(wanted, [Want::Instrument(id), Want::CommissionRate(id)]);
}

#[test]
fn the_day_is_worth_what_its_parts_add_up_to() {
    let parts = |closed, held, commission, options| DayProfit {
        closed: Money(closed),
        held: Money(held),
        commission: Money(commission),
        options: Money(options),
        is_complete: true,
    };
    assert_eq!(parts(1_000, 200, 30, 4).total(), Money(1_000 + 200 + 4 - 30));
    assert_eq!(parts(-1_000, -200, 30, -4).total(), Money(-1_000 - 200 - 4 - 30));
}

/// What an order names as its exchange decides what it reserves, before anything else is known of the instrument.
#[test]
fn an_order_in_a_new_instrument_reserves_by_the_rule_of_its_exchange() {
    for (exchange, is_split) in [("SHFE", true), ("DCE", false)] {
        let mut bench = Bench::new("rb2701", exchange);
        let order = bench.order(1, "close today", 2);
        bench.ledger.order(&order);
        assert_eq!((bench.long().closable.is_split, bench.long().frozen), (is_split, 2), "{exchange}");
    }
}
