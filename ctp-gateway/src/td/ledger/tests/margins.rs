//! What lots need of margin: the formula of short options, the price of today's lots, and what is not known (§6.2).

use ctp_types::{OptionRoyaltyPriceType, TradeType};

use super::*;

const FUTURE: &str = "m2701";
const OPTION: &str = "m2701-X-1";

/// A short option of 10 units: two lots sold at 60, 50 at the settlement before; its future settled at 3000 and needs 10 %
/// of a buyer, 12 % and 0.0001 CNY of a seller. The counter has not said what the option needs.
fn short_option(is_call: bool, strike: f64, royalty: OptionRoyaltyPriceType) -> Bench {
    let mut bench = Bench::new(FUTURE, "DCE");
    bench.begin(0, 0.0, 3000.0);
    bench.ledger.margin_rate(&InstrumentMarginRateField {
        instrument_id: text(FUTURE),
        hedge_flag: HedgeFlag::SPECULATION,
        long_margin_ratio_by_money: 0.1,
        short_margin_ratio_by_money: 0.12,
        short_margin_ratio_by_volume: 0.0001,
        ..Default::default()
    });
    bench.ledger.params(&BrokerTradingParamsField {
        margin_price_type: MarginPriceType::OPEN_PRICE,
        option_royalty_price_type: royalty,
        ..Default::default()
    });
    bench.instrument = text(OPTION);
    bench.trade("sell", 2, 60.0);
    bench.ledger.instrument(&InstrumentField {
        instrument_id: text(OPTION),
        exchange_id: text("DCE"),
        volume_multiple: 10,
        product_class: ProductClass::OPTIONS,
        options_type: if is_call { OptionsType::CALL_OPTIONS } else { OptionsType::PUT_OPTIONS },
        strike_price: strike,
        underlying_instr_id: text(FUTURE),
        ..Default::default()
    });
    bench.ledger.mark(&Mark { instrument_id: text(OPTION), pre_settlement: Some(50.0), ..Mark::default() });
    bench
}

fn margin(bench: &Bench) -> Option<Money> {
    let key = PositionKey::new(text(OPTION), PosiDirection::SHORT, HedgeFlag::SPECULATION);
    let now = bench.ledger.position(&key).unwrap();
    assert!(now.unknown.contains(&Unknown::OptionMargin(text(OPTION))));
    now.margin
}

#[test]
fn a_short_option_needs_its_premium_and_what_its_future_needs_less_half_of_what_it_is_out_of_the_money() {
    let settled = OptionRoyaltyPriceType::PRE_SETTLEMENT_PRICE;
    for (is_call, strike, per_lot) in [
        // Half of the amount by which a call's strike lies above the price, and a put's below it.
        (true, 3100.0, 3_600.000_1 - 500.0),
        (false, 2900.0, 3_000.0 - 500.0),
        // In the money.
        (true, 2900.0, 3_600.000_1),
        (false, 3100.0, 3_000.0),
        (true, 3000.0, 3_600.000_1),
        // Far out of it: half of what the future needs, rounded up.
        (true, 4000.0, 1_800.000_1),
        (false, 2000.0, 1_500.0),
    ] {
        let bench = short_option(is_call, strike, settled);
        assert_eq!(margin(&bench), yuan(2.0 * (500.0 + per_lot)), "{is_call} {strike}");
    }
}

#[test]
fn the_premium_is_of_the_price_that_the_broker_takes() {
    use OptionRoyaltyPriceType as R;
    for (royalty, last, premium) in [
        (R::PRE_SETTLEMENT_PRICE, 70.0, 500.0),
        (R::OPEN_PRICE, 70.0, 600.0),
        (R::MAX_PRE_SETTLEMENT_PRICE, 70.0, 700.0),
        (R::MAX_PRE_SETTLEMENT_PRICE, 40.0, 500.0),
    ] {
        let mut bench = short_option(false, 3100.0, royalty);
        bench.mark(last);
        assert_eq!(margin(&bench), yuan(2.0 * (premium + 3_000.0)), "{royalty:?} {last}");
    }
    // Lots that were held before count at their opening price, too.
    let mut bench = short_option(false, 3100.0, R::OPEN_PRICE);
    bench.trade("sell", 1, 90.0);
    assert_eq!(margin(&bench), yuan(600.0 + 600.0 + 900.0 + 3.0 * 3_000.0));
}

#[test]
fn what_the_formula_lacks_makes_the_margin_unknown() {
    let settled = OptionRoyaltyPriceType::PRE_SETTLEMENT_PRICE;
    assert_eq!(margin(&short_option(true, f64::MAX, settled)), None);
    let mut bench = short_option(true, 3100.0, settled);
    let mut stranger = InstrumentField {
        instrument_id: text(OPTION),
        exchange_id: text("DCE"),
        volume_multiple: 10,
        product_class: ProductClass::OPTIONS,
        options_type: OptionsType::CALL_OPTIONS,
        strike_price: 3100.0,
        underlying_instr_id: text("zz"),
        ..Default::default()
    };
    bench.ledger.instrument(&stranger);
    assert_eq!(margin(&bench), None);
    stranger.underlying_instr_id = text(FUTURE);
    bench.ledger.instrument(&stranger);
    assert_eq!(margin(&bench), yuan(2.0 * (500.0 + 3_100.000_1)));
}

/// Which price counts for lots of today is the broker's rule; older ones are at the settlement price whatever it is.
#[test]
fn todays_lots_are_at_the_price_that_the_broker_takes() {
    let id = text("rb2701");
    for (rule, today, unknown) in [
        (Some(MarginPriceType::OPEN_PRICE), 3_510.0, None),
        (Some(MarginPriceType::PRE_SETTLEMENT_PRICE), 3_500.0, None),
        (Some(MarginPriceType::from_char(b'2')), 3_510.0, Some(Unknown::MarginPrice(id))),
        (None, 3_510.0, Some(Unknown::Params)),
    ] {
        let mut bench = Bench::new("rb2701", "SHFE");
        bench.ledger = Ledger::default();
        bench.ledger.begin_day(text(TODAY));
        if let Some(margin_price_type) = rule {
            let params = BrokerTradingParamsField { margin_price_type, ..Default::default() };
            // Those of another currency say nothing.
            bench.ledger.params(&BrokerTradingParamsField { currency_id: text("CNY"), ..params });
            let other = BrokerTradingParamsField { margin_price_type: Default::default(), ..params };
            bench.ledger.params(&BrokerTradingParamsField { currency_id: text("USD"), ..other });
        }
        bench.begin(2, 3480.0, 3500.0);
        // Nothing of today: the rule does not matter.
        assert_eq!((bench.long().margin, bench.long().unknown), (yuan(7_000.0), vec![]), "{rule:?}");
        bench.trade("buy", 1, 3510.0);
        let now = bench.long();
        assert_eq!((now.margin, now.unknown), (yuan(7_000.0 + today), unknown.into_iter().collect()));
        // Nothing at all.
        bench.trade("close yesterday", 2, 3510.0);
        bench.trade("close today", 1, 3510.0);
        assert_eq!((bench.long().margin, bench.long().unknown), (yuan(0.0), vec![]), "{rule:?}");
    }
}

#[test]
fn older_lots_need_a_settlement_price_and_todays_do_not() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 0.0);
    bench.trade("buy", 1, 3510.0);
    let unknown = Unknown::PreSettlement(bench.instrument);
    let now = bench.long();
    assert_eq!((now.margin, now.cost, now.profit), (None, None, None));
    assert_eq!((now.open_cost, now.close_profit), (yuan(69_600.0 + 35_100.0), yuan(0.0)));
    assert_eq!(now.unknown, [unknown]);
    bench.trade("close yesterday", 1, 3510.0);
    assert_eq!((bench.long().close_profit, bench.long().close_profit_by_trade), (None, yuan(300.0)));
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(0, 0.0, 0.0);
    bench.trade("buy", 1, 3510.0);
    assert_eq!((bench.long().margin, bench.long().unknown), (yuan(3_510.0), vec![]));
}

/// Older lots that nobody told one by one: what they were opened at is unknown, closed or held.
#[test]
fn profits_since_the_opening_are_unknown_with_the_opening_prices() {
    let begun = || {
        let mut bench = Bench::new("rb2701", "SHFE");
        let row = InvestorPositionField {
            instrument_id: bench.instrument,
            exchange_id: bench.exchange,
            posi_direction: PosiDirection::LONG,
            hedge_flag: HedgeFlag::SPECULATION,
            position: 2,
            yd_position: 2,
            pre_settlement_price: 3500.0,
            settlement_price: 3510.0,
            ..Default::default()
        };
        let rows = Rows { positions: Some(vec![row]), details: Some(Vec::new()), account: None };
        bench.ledger.baseline(&rows);
        bench
    };
    for closed in 0..=2 {
        let mut bench = begun();
        if closed > 0 {
            bench.trade("close yesterday", closed, 3515.0);
        }
        let now = bench.long();
        assert_eq!((now.close_profit_by_trade, now.profit_by_trade), (None, None), "{closed}");
        assert!(now.unknown.contains(&Unknown::OpenPrices(bench.instrument)), "{closed}");
        assert_eq!(now.open_cost, if closed == 2 { yuan(0.0) } else { None });
        assert_eq!(now.close_profit, yuan(f64::from(closed) * 150.0));
        assert_eq!(now.profit, yuan(f64::from(2 - closed) * 100.0));
    }
}

/// The exchange's discount for combinations is not known: held today, or before.
#[test]
fn lots_in_combinations_are_said() {
    for is_older in [false, true] {
        let mut bench = Bench::new("m2701", "DCE");
        let combination = text("SP m2701&m2705");
        let id = bench.instrument;
        if is_older {
            let row = InvestorPositionField {
                instrument_id: id,
                exchange_id: bench.exchange,
                posi_direction: PosiDirection::LONG,
                hedge_flag: HedgeFlag::SPECULATION,
                position: 2,
                yd_position: 2,
                ..Default::default()
            };
            let detail = InvestorPositionDetailField {
                instrument_id: id,
                exchange_id: bench.exchange,
                direction: Direction::BUY,
                hedge_flag: HedgeFlag::SPECULATION,
                open_date: text(BEFORE),
                open_price: 3000.0,
                volume: 2,
                comb_instrument_id: combination,
                ..Default::default()
            };
            let rows = Rows { positions: Some(vec![row]), details: Some(vec![detail]), account: None };
            bench.ledger.baseline(&rows);
        } else {
            let record = bench.record("buy", 2, 3000.0);
            let trade_type = TradeType::COMBINATION_DERIVED;
            bench.ledger.trade(&TradeField { trade_type, ..record });
        }
        let is_said = |bench: &Bench| bench.long().unknown.contains(&Unknown::Combination(id));
        assert!(is_said(&bench), "{is_older}");
        bench.trade("close", 2, 3000.0);
        assert!(!is_said(&bench), "{is_older}");
    }
}
