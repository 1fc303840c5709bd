//! Every part of every sum, with amounts that no other signs add up to.

use ctp_types::{OptionInstrCommRateField, OptionInstrTradeCostField, TradeType};

use super::*;
use crate::td::ledger::account::kept_back;
use crate::td::ledger::terms::Params;

const CALL: &str = "m2701-C-3000";

/// Tells the terms and rates of an option of 10 units: 1.50 CNY of commission, 2,000 CNY for a short lot.
fn tell_of_the_option(bench: &mut Bench) {
    let id = text(CALL);
    bench.ledger.instrument(&InstrumentField {
        instrument_id: id,
        exchange_id: text("DCE"),
        volume_multiple: 10,
        product_class: ProductClass::OPTIONS,
        options_type: OptionsType::CALL_OPTIONS,
        product_id: text("m_o"),
        ..Default::default()
    });
    bench.ledger.option_commission(&OptionInstrCommRateField {
        instrument_id: id,
        open_ratio_by_volume: 1.5,
        close_ratio_by_volume: 0.5,
        close_today_ratio_by_volume: 0.25,
        ..Default::default()
    });
    bench.ledger.option_cost(&OptionInstrTradeCostField {
        instrument_id: id,
        hedge_flag: HedgeFlag::SPECULATION,
        fixed_margin: 2_000.0,
        mini_margin: 1_000.0,
        ..Default::default()
    });
}

/// The same bench for another instrument.
fn of_the_option(bench: &mut Bench) -> (Text<81>, Text<9>) {
    let before = (bench.instrument, bench.exchange);
    (bench.instrument, bench.exchange) = (text(CALL), text("DCE"));
    before
}

#[test]
fn the_account_adds_up() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let account = TradingAccountField {
        pre_balance: 1_000_000.0,
        pre_credit: 100.0,
        pre_mortgage: 200.0,
        mortgage: 400.0,
        deposit: 800.0,
        withdraw: 1_600.0,
        credit: 3_200.0,
        delivery_margin: 6_400.0,
        ..Default::default()
    };
    bench.ledger.baseline(&Rows { account: Some(account), ..Rows::default() });
    let order = bench.order(1, "buy", 1);
    bench.ledger.order(&order);
    bench.trade("close yesterday", 1, 3515.0);
    bench.mark(3520.0);
    let future = of_the_option(&mut bench);
    bench.trade("sell", 1, 50.0);
    // Now there is something to tell rates of.
    tell_of_the_option(&mut bench);
    let order = bench.order(2, "buy", 3);
    bench.ledger.order(&order);
    bench.mark(60.0);
    (bench.instrument, bench.exchange) = future;
    bench.ledger.mark(&Mark { instrument_id: text(CALL), pre_settlement: Some(40.0), ..Mark::default() });

    let now = bench.ledger.account();
    // What a short lot of an option needs is the counter's affair in the end.
    assert_eq!(now.unknown, [Unknown::OptionMargin(text(CALL))]);
    assert_eq!(now.static_equity, yuan(1_000_000.0 - 100.0 - 200.0 + 400.0 + 800.0 - 1_600.0));
    assert_eq!((now.close_profit, now.position_profit), (yuan(150.0), yuan(200.0)));
    assert_eq!((now.cash_in, now.option_value), (yuan(500.0), yuan(-600.0)));
    // 10 % of 35,000 for the lot held; the option's premium at the settlement price, and what a short lot needs.
    assert_eq!(now.commission, yuan(3.515 + 1.5));
    assert_eq!((now.frozen_margin, now.frozen_commission), (yuan(3_510.0), yuan(3.51 + 4.5)));
    assert_eq!(now.frozen_cash, yuan(3.0 * 35_100.0));
    let balance = 999_300.0 + 150.0 + 200.0 + 500.0 - 5.015;
    assert_eq!(now.balance, yuan(balance));
    let margin = now.margin.unwrap().to_f64();
    assert!(margin > 3_500.0, "{margin}");
    let bound = margin + 3_510.0 + 8.01 + 105_300.0 + 6_400.0;
    assert_eq!(now.available, yuan(balance - bound + 3_200.0));

    // The day: what the option was worth at the settlement before counts as nothing, as it was not held then.
    let day = bench.ledger.day_profit();
    assert!(day.is_complete);
    assert_eq!(Some(day.closed), yuan(150.0));
    assert_eq!(Some(day.held), yuan(200.0));
    assert_eq!(Some(day.commission), yuan(5.015));
    assert_eq!(Some(day.options), yuan(500.0 - 600.0));
}

#[test]
fn an_option_is_worth_its_price_for_the_buyer_and_less_than_nothing_for_the_seller() {
    for (side, sign) in [("buy", 1.0), ("sell", -1.0)] {
        let mut bench = Bench::new(CALL, "DCE");
        bench.begin(0, 0.0, 0.0);
        bench.trade(side, 3, 50.0);
        tell_of_the_option(&mut bench);
        // Without a price nobody knows, and says so.
        bench.ledger.contracts.get_mut(&text(CALL)).unwrap().last = None;
        let now = bench.ledger.account();
        assert_eq!(now.option_value, None);
        assert!(now.unknown.contains(&Unknown::Price(text(CALL))), "{:?}", now.unknown);
        assert!(!bench.ledger.day_profit().is_complete);
        bench.mark(60.0);
        assert_eq!(bench.ledger.account().option_value, yuan(sign * 1_800.0));
        assert_eq!(bench.ledger.account().cash_in, yuan(sign * -1_500.0));
        assert_eq!(Some(bench.ledger.day_profit().options), yuan(sign * 300.0));
        // Closed lots are worth nothing, whatever the price.
        bench.trade(if side == "buy" { "close" } else { "cover" }, 3, 70.0);
        assert_eq!(bench.ledger.account().option_value, yuan(0.0));
        assert_eq!(bench.ledger.account().cash_in, yuan(sign * 600.0));
    }
}

#[test]
fn an_option_of_the_day_before_counts_from_its_settlement_price() {
    let mut bench = Bench::new(CALL, "DCE");
    bench.begin(2, 45.0, 40.0);
    tell_of_the_option(&mut bench);
    bench.mark(60.0);
    assert_eq!(Some(bench.ledger.day_profit().options), yuan(2.0 * 200.0));
    bench.trade("close", 1, 70.0);
    assert_eq!(Some(bench.ledger.day_profit().options), yuan(700.0 + 600.0 - 800.0));
    assert_eq!(Some(bench.ledger.day_profit().held), yuan(0.0));
}

#[test]
fn profit_that_the_broker_keeps_back() {
    let yuan = Money::from_yuan;
    // Algorithm, whether closed profit counts, profit of closed lots, profit of lots held, what is kept back.
    let cases = [
        (b'1', b'0', 100, 10, 0),
        (b'1', b'2', 100, 10, 100),
        (b'1', b'2', -100, 10, 0),
        (b'2', b'0', 100, 10, 10),
        (b'2', b'0', 100, -10, 0),
        (b'2', b'2', 100, 10, 110),
        (b'3', b'0', 100, 10, 0),
        (b'3', b'0', 100, -10, -10),
        (b'4', b'0', 100, 10, 10),
        (b'4', b'0', 100, -10, -10),
        (b'4', b'2', 100, -10, 90),
    ];
    for (algorithm, closed, close_profit, position_profit, kept) in cases {
        let params = Params::of(&BrokerTradingParamsField {
            algorithm: Algorithm::from_char(algorithm),
            avail_include_close_profit: ctp_types::IncludeCloseProfit::from_char(closed),
            ..Default::default()
        });
        let found = kept_back(Some(params), yuan(close_profit), yuan(position_profit));
        assert_eq!(found, yuan(kept), "{} {}", char::from(algorithm), char::from(closed));
    }
    assert_eq!(kept_back(None, yuan(100), yuan(10)), Money::ZERO);
}

/// What is left of the lots when they were opened: the open price tells which were closed.
fn open_cost(bench: &Bench) -> (i32, i32, Option<Money>) {
    let long = bench.long();
    (long.volume, long.volume_today, long.open_cost)
}

#[test]
fn where_the_days_are_kept_apart_a_close_takes_lots_of_its_day() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    bench.trade("buy", 1, 3501.0);
    bench.trade("buy", 2, 3502.0);
    bench.trade("close today", 2, 3510.0);
    // The older lot of the day first, then one of the two.
    assert_eq!(open_cost(&bench), (3, 1, yuan(69_600.0 + 35_020.0)));
    bench.trade("close", 1, 3510.0);
    assert_eq!(open_cost(&bench), (2, 1, yuan(34_800.0 + 35_020.0)));
    // More than there are of the day: the others stay.
    bench.trade("close today", 3, 3510.0);
    assert_eq!(open_cost(&bench), (1, 0, yuan(34_800.0)));
    assert_eq!((bench.long().missing, bench.long().close_volume), (2, 6));
    bench.trade("close yesterday", 2, 3510.0);
    assert_eq!((bench.long().volume, bench.long().missing), (0, 3));
    // The trade that opened them comes late.
    bench.trade("buy", 2, 3503.0);
    assert_eq!((bench.long().volume, bench.long().missing), (0, 1));
}

#[test]
fn where_they_are_not_a_close_takes_the_oldest_lots() {
    let mut bench = Bench::new("a2701", "DCE");
    bench.begin(2, 3480.0, 3500.0);
    bench.trade("buy", 2, 3502.0);
    bench.trade("close today", 1, 3510.0);
    assert_eq!(open_cost(&bench), (3, 2, yuan(34_800.0 + 70_040.0)));
    bench.trade("close", 2, 3510.0);
    assert_eq!(open_cost(&bench), (1, 1, yuan(35_020.0)));
}

/// A leg of a combination stays in it until its single lots are gone, and the other way round (§5.3).
#[test]
fn single_lots_are_closed_before_those_of_combinations() {
    let combined = |bench: &mut Bench, side: &str, lots: i32, price: f64| {
        let record = bench.record(side, lots, price);
        let trade_type = TradeType::COMBINATION_DERIVED;
        bench.ledger.trade(&TradeField { trade_type, ..record });
    };
    let begun = || {
        let mut bench = Bench::new("a2701", "DCE");
        bench.begin(2, 3480.0, 3500.0);
        combined(&mut bench, "buy", 2, 3501.0);
        bench.trade("buy", 1, 3502.0);
        bench
    };
    let mut bench = begun();
    bench.trade("close", 3, 3510.0);
    assert_eq!(open_cost(&bench), (2, 2, yuan(70_020.0)));
    bench.trade("close", 1, 3510.0);
    assert_eq!(open_cost(&bench), (1, 1, yuan(35_010.0)));

    let mut bench = begun();
    combined(&mut bench, "close", 2, 3510.0);
    assert_eq!(open_cost(&bench), (3, 1, yuan(69_600.0 + 35_020.0)));
    combined(&mut bench, "close", 1, 3510.0);
    assert_eq!(open_cost(&bench), (2, 1, yuan(34_800.0 + 35_020.0)));

    let mut bench = begun();
    bench.trade("close", 4, 3510.0);
    assert_eq!(open_cost(&bench), (1, 1, yuan(35_010.0)));
    bench.trade("close", 2, 3510.0);
    assert_eq!((bench.long().volume, bench.long().missing), (0, 1));
}
