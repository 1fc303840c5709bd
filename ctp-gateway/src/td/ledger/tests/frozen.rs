//! What working orders freeze, part by part.

use ctp_types::{OptionInstrCommRateField, OptionInstrTradeCostField};

use super::*;
use crate::td::ledger::account::FrozenPrice;

/// What all working orders freeze of margin, commission and premium, and what of it is not known.
fn frozen(bench: &Bench) -> ([Option<Money>; 3], Vec<Unknown>) {
    let mut unknown = BTreeSet::new();
    let frozen = bench.ledger.frozen(FrozenPrice::Order, &mut unknown);
    ([frozen.margin, frozen.commission, frozen.cash], unknown.into_iter().collect())
}

fn begun() -> Bench {
    let mut bench = Bench::new("a2701", "DCE");
    bench.begin(2, 3480.0, 3500.0);
    bench
}

/// The counter reckons it at a price that it does not tell: the settlement price stands in, and that is said.
#[test]
fn an_order_without_a_limit_is_reckoned_at_the_settlement_price_and_said() {
    for limit in [None, Some(0.0)] {
        let mut bench = begun();
        let order = Order { limit_price: limit, ..bench.order(1, "buy", 3) };
        bench.ledger.order(&order);
        let expected = [yuan(10_500.0), yuan(10.5), yuan(0.0)];
        assert_eq!(frozen(&bench), (expected, vec![Unknown::MarketOrder(bench.instrument)]));
    }
}

/// A spread's limit is the difference of two prices, which is no price of either leg.
#[test]
fn a_combination_is_said_as_such_and_not_as_an_order_without_a_limit() {
    let mut bench = begun();
    let order =
        Order { instrument_id: text("SP a2701&a2703"), limit_price: Some(10.0), ..bench.order(1, "buy", 3) };
    bench.ledger.order(&order);
    for id in ["a2701", "a2703"] {
        bench.ledger.mark(&Mark { instrument_id: text(id), pre_settlement: Some(3500.0), ..Mark::default() });
        bench.ledger.margin_rate(&InstrumentMarginRateField {
            instrument_id: text(id),
            hedge_flag: HedgeFlag::SPECULATION,
            long_margin_ratio_by_money: 0.1,
            short_margin_ratio_by_money: 0.2,
            ..Default::default()
        });
        bench.ledger.commission_rate(&InstrumentCommissionRateField {
            instrument_id: text(id),
            open_ratio_by_volume: 1.0,
            ..Default::default()
        });
    }
    // Long lots of the one at 10 %, short lots of the other at 20 %, at their settlement prices.
    let expected = [yuan(10_500.0 + 21_000.0), yuan(6.0), yuan(0.0)];
    let unknown = ["a2701", "a2703"].map(|id| Unknown::Combination(text(id)));
    assert_eq!(frozen(&bench), (expected, unknown.to_vec()));
}

#[test]
fn an_order_to_close_freezes_its_commission_alone() {
    let mut bench = begun();
    bench.ledger.commission_rate(&InstrumentCommissionRateField {
        instrument_id: bench.instrument,
        open_ratio_by_volume: 1.0,
        close_ratio_by_volume: 2.0,
        close_today_ratio_by_volume: 4.0,
        ..Default::default()
    });
    let order = bench.order(1, "close", 2);
    bench.ledger.order(&order);
    assert_eq!(frozen(&bench), ([yuan(0.0), yuan(4.0), yuan(0.0)], Vec::new()));
}

#[test]
fn what_a_rate_is_missing_for_is_not_known_and_the_rest_is() {
    let mut bench = Bench::new("a2701", "DCE");
    let order = bench.order(1, "buy", 3);
    bench.ledger.order(&order);
    let id = bench.instrument;
    let unknown = vec![Unknown::CommissionRate(id), Unknown::MarginRate(id)];
    assert_eq!(frozen(&bench), ([None, None, yuan(0.0)], unknown));
    // Nothing is known of what nobody has told the terms of.
    let mut bench = Bench::new("zz2701", "DCE");
    let order = bench.order(1, "buy", 3);
    bench.ledger.order(&order);
    assert_eq!(frozen(&bench), ([None; 3], vec![Unknown::Terms(bench.instrument)]));
}

/// Who buys an option pays its premium, to open or to close; who sells one to open needs margin; who sells what he holds
/// needs nothing.
#[test]
fn the_four_orders_of_an_option() {
    for (side, margin, cash) in
        [("buy", 0.0, 70_200.0), ("cover", 0.0, 70_200.0), ("sell", 74_200.0, 0.0), ("close", 0.0, 0.0)]
    {
        let mut bench = Bench::new("m2701-C-3000", "DCE");
        let order = bench.order(1, side, 2);
        bench.ledger.order(&order);
        let id = bench.instrument;
        bench.ledger.instrument(&InstrumentField {
            instrument_id: id,
            volume_multiple: 10,
            product_class: ProductClass::OPTIONS,
            options_type: OptionsType::CALL_OPTIONS,
            ..Default::default()
        });
        bench.ledger.option_cost(&OptionInstrTradeCostField {
            instrument_id: id,
            hedge_flag: HedgeFlag::SPECULATION,
            fixed_margin: 2_000.0,
            mini_margin: 1_000.0,
            ..Default::default()
        });
        bench.ledger.option_commission(&OptionInstrCommRateField { instrument_id: id, ..Default::default() });
        let unknown = if side == "sell" { vec![Unknown::OptionMargin(id)] } else { Vec::new() };
        assert_eq!(frozen(&bench), ([yuan(margin), yuan(0.0), yuan(cash)], unknown), "{side}");
    }
}
