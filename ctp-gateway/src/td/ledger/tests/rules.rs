//! Rules one by one, and what is said of what is not known.

use std::time::{Duration, Instant};

use super::*;

fn row(bench: &Bench, direction: PosiDirection, lots: i32) -> InvestorPositionField {
    InvestorPositionField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        posi_direction: direction,
        hedge_flag: HedgeFlag::SPECULATION,
        position: lots,
        ..Default::default()
    }
}

#[test]
fn a_trade_counts_once_and_a_self_trade_twice() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let record = bench.record("buy", 1, 3500.0);
    assert!(bench.ledger.trade(&record).is_some());
    assert_eq!(bench.ledger.trade(&record), None);
    // The other side of the same trade.
    let other = TradeField { direction: Direction::SELL, order_sys_id: text("9"), ..record };
    assert!(bench.ledger.trade(&other).is_some());
    assert_eq!(bench.long().volume, 3);
    assert_eq!(bench.ledger.held(&bench.instrument, PosiDirection::SHORT), 1);
    assert_eq!(bench.ledger.held(&bench.instrument, PosiDirection::LONG), 3);
    assert_eq!(bench.ledger.held(&bench.instrument, PosiDirection::NET), 0);
    assert_eq!(bench.ledger.held(&text("zz"), PosiDirection::LONG), 0);
}

#[test]
fn a_trade_of_another_day_does_not_count() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let record = bench.record("buy", 1, 3500.0);
    let old = TradeField { trading_day: text(BEFORE), ..record };
    assert_eq!(bench.ledger.trade(&old), None);
    assert_eq!(bench.long().volume, 2);
}

/// F69: a position that was closed is told with 0 lots, not left out.
#[test]
fn flat_positions_are_told() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    bench.trade("close yesterday", 2, 3510.0);
    let positions = bench.ledger.positions();
    assert_eq!(positions.len(), 1);
    let now = &positions[0];
    assert_eq!((now.volume, now.close_volume, now.volume_at_start), (0, 2, 2));
    assert_eq!((now.profit, now.margin, now.cost), (yuan(0.0), yuan(0.0), yuan(0.0)));
    assert_eq!(now.close_profit, yuan(200.0));
    assert_eq!(now.price, None);
    assert_eq!(now.unknown, []);
    // A side that only a working order has touched is told, too; one of nothing is not.
    let order = bench.order(1, "cover", 1);
    bench.ledger.order(&order);
    assert_eq!(bench.ledger.positions().len(), 2);
    bench.ledger.forget(OrderId(1));
    assert_eq!(bench.ledger.positions().len(), 1);
}

/// The counter may have an order that was not answered, and reserve for it, or not.
#[test]
fn what_an_order_reserves_that_may_not_exist_is_no_difference() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let mut order = bench.order(1, "close yesterday", 2);
    let (long, short) = (row(&bench, PosiDirection::LONG, 2), row(&bench, PosiDirection::SHORT, 0));
    let found = |bench: &Bench, frozen: i32| {
        let long = InvestorPositionField { short_frozen: frozen, yd_position: 2, ..long };
        let account = TradingAccountField { pre_balance: 1_000_000.0, ..Default::default() };
        let rows = Rows { positions: Some(vec![long, short]), account: Some(account), ..Rows::default() };
        let found = bench.ledger.reconcile(&rows);
        let is_frozen = |what| matches!(what, Compared::ShortFrozen | Compared::FrozenCommission);
        let differs = found.differences.iter().any(|one| is_frozen(one.what));
        (differs, found.unknown.contains(&Unknown::Order(bench.instrument)))
    };
    for phase in [OrderPhase::Sent, OrderPhase::Unknown] {
        order.phase = phase;
        bench.ledger.order(&order);
        assert_eq!(
            [0, 2, 3].map(|frozen| found(&bench, frozen)),
            [(false, true), (false, true), (true, true)]
        );
    }
    order.phase = OrderPhase::Working;
    bench.ledger.order(&order);
    assert_eq!([0, 2].map(|frozen| found(&bench, frozen)), [(true, false), (true, false)]);
    assert_eq!(bench.long().frozen, 2);
}

/// F69: the counter's rows may come in any order; the position that it leaves out is one of 0 lots.
#[test]
fn a_row_that_is_missing_is_a_difference() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let found = bench.ledger.reconcile(&Rows { positions: Some(Vec::new()), ..Rows::default() });
    assert!(!found.agrees());
    let lots: Vec<String> =
        found.differences.iter().filter(|one| one.is_of_lots()).map(ToString::to_string).collect();
    assert_eq!(
        lots,
        [
            "rb2701 long: Position is 2 lots by the ledger and 0 lots by the counter",
            "rb2701 long: YdPosition is 2 lots by the ledger and 0 lots by the counter",
            "rb2701 long, older lots: Position is 2 lots by the ledger and 0 lots by the counter",
        ]
    );
    assert!(found.differences.iter().any(|one| !one.is_of_lots()));
    // One that the ledger has never heard of.
    let strange =
        InvestorPositionField { instrument_id: text("cu2701"), ..row(&bench, PosiDirection::SHORT, 3) };
    let found = bench.ledger.reconcile(&Rows { positions: Some(vec![strange]), ..Rows::default() });
    assert!(
        found.differences.iter().any(|one| one.to_string().starts_with("cu2701 short: Position is 0 lots"))
    );
    let net = row(&bench, PosiDirection::NET, 1);
    let found = bench.ledger.reconcile(&Rows { positions: Some(vec![net]), ..Rows::default() });
    assert!(
        found.differences.iter().any(|one| one.to_string().starts_with("rb2701 net: Position is 0 lots"))
    );
}

#[test]
fn money_differs_from_half_a_fen_on() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    for (margin, differs) in
        [(7_000.0, false), (7_000.005, false), (6_999.995, false), (7_000.005_1, true), (6_999.99, true)]
    {
        let row = TradingAccountField {
            pre_balance: 1_000_000.0,
            balance: 1_000_000.0,
            curr_margin: margin,
            available: 1_000_000.0 - margin,
            ..Default::default()
        };
        let found = bench.ledger.reconcile(&Rows { account: Some(row), ..Rows::default() });
        assert_eq!(!found.agrees(), differs, "{margin}: {found:?}");
        if differs {
            assert_eq!(found.differences[0].what, Compared::CurrMargin);
            assert!(
                found.differences[0]
                    .to_string()
                    .starts_with("account: CurrMargin is 7000.0000 CNY by the ledger")
            );
        }
    }
}

/// Frozen margin is reckoned at the order's price or at the settlement price (§6.2, unconfirmed): both will do, others not.
#[test]
fn frozen_margin_is_one_of_two() {
    let mut bench = Bench::new("a2701", "DCE");
    bench.begin(2, 3480.0, 3500.0);
    let order = bench.order(1, "buy", 3);
    bench.ledger.order(&order);
    for (frozen, agrees) in [(10_530.0, true), (10_500.0, true), (10_510.0, false)] {
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
        assert_eq!(found.agrees(), agrees, "{frozen}: {found:?}");
    }
}

#[test]
fn what_is_not_known_is_said_and_never_guessed() {
    let id = text("rb2701");
    let mut bench = Bench::new("rb2701", "SHFE");
    assert_eq!(bench.ledger.account().unknown, [Unknown::Baseline, Unknown::Funds]);
    bench.trade("buy", 1, 3500.0);
    let now = bench.ledger.account();
    assert_eq!(
        now.unknown,
        [Unknown::Baseline, Unknown::Funds, Unknown::CommissionRate(id), Unknown::MarginRate(id)]
    );
    assert_eq!((now.balance, now.available, now.margin, now.commission), (None, None, None, None));
    assert_eq!(now.position_profit, yuan(0.0));
    assert!(!bench.ledger.day_profit().is_complete);
    // With the rates everything that came before is reckoned again.
    bench.begin(2, 3480.0, 3500.0);
    let now = bench.ledger.account();
    assert_eq!(now.unknown, []);
    assert_eq!((now.commission, now.margin), (yuan(3.5), yuan(10_500.0)));
    assert_eq!(bench.long().volume, 3);
}

#[test]
fn an_instrument_without_a_multiplier_has_lots_and_no_money() {
    let mut bench = Bench::new("zz2701", "SHFE");
    bench.trade("buy", 2, 3500.0);
    let long = bench.long();
    assert_eq!((long.volume, long.cost, long.margin, long.profit), (2, None, None, None));
    assert!(long.unknown.contains(&Unknown::Terms(bench.instrument)));
    assert_eq!(bench.ledger.account().cash_in, None);
    bench.ledger.instrument(&InstrumentField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        volume_multiple: 5,
        ..Default::default()
    });
    assert_eq!(bench.long().cost, yuan(35_000.0));
}

/// A record that says otherwise than the exchange does: SimNow keeps the days apart everywhere.
#[test]
fn terms_that_come_late_are_applied_to_what_was_traded() {
    let mut bench = Bench::new("a2701", "DCE");
    bench.begin(2, 3480.0, 3500.0);
    bench.trade("buy", 1, 3500.0);
    bench.trade("close today", 1, 3510.0);
    assert_eq!((bench.long().volume, bench.long().volume_today), (2, 1));
    bench.ledger.instrument(&InstrumentField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        volume_multiple: 10,
        position_date_type: ctp_types::PositionDateType::USE_HISTORY,
        ..Default::default()
    });
    assert_eq!((bench.long().volume, bench.long().volume_today), (2, 0));
    assert_eq!(bench.long().close_profit, yuan(100.0));
    assert!(bench.long().closable.is_split);
}

#[test]
fn lots_that_were_never_seen_opened_are_missing_until_their_trade_comes() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let lost = bench.record("buy", 1, 3490.0);
    bench.trade("close today", 1, 3500.0);
    let now = bench.long();
    assert_eq!((now.volume, now.missing, now.close_volume), (2, 1, 1));
    bench.ledger.trade(&lost);
    let now = bench.long();
    assert_eq!((now.volume, now.missing, now.close_profit), (2, 0, yuan(100.0)));
}

#[test]
fn a_trade_that_cannot_be_read_is_said() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let good = bench.record("buy", 1, 3500.0);
    for (number, bad) in [
        TradeField { price: f64::MAX, ..good },
        TradeField { volume: 0, ..good },
        TradeField { volume: -1, ..good },
        TradeField { direction: Direction::from_char(b'x'), ..good },
        TradeField { offset_flag: OffsetFlag::default(), ..good },
        TradeField { offset_flag: OffsetFlag::from_char(b'x'), ..good },
    ]
    .into_iter()
    .enumerate()
    {
        let bad = TradeField { trade_id: text(&format!("bad {number}")), ..bad };
        assert_eq!(bench.ledger.trade(&bad), None);
    }
    assert_eq!(bench.long().volume, 2);
    assert_eq!(bench.ledger.account().unknown, [Unknown::Trade(bench.instrument)]);
    assert!(!bench.ledger.day_profit().is_complete);
}

/// Lots whose trades the details do not tell are counted by the rows, at prices that nobody said; the comparison says so.
#[test]
fn details_that_do_not_add_up() {
    let mut bench = Bench::new("rb2701", "SHFE");
    let mut start = row(&bench, PosiDirection::LONG, 2);
    (start.yd_position, start.pre_settlement_price, start.settlement_price) = (2, 3500.0, 3510.0);
    let rows = Rows { positions: Some(vec![start]), details: Some(Vec::new()), account: None };
    bench.ledger.baseline(&rows);
    let now = bench.long();
    assert_eq!((now.volume, now.open_cost, now.profit_by_trade, now.profit), (2, None, None, yuan(200.0)));
    assert!(now.unknown.contains(&Unknown::OpenPrices(bench.instrument)));
    let found = bench.ledger.reconcile(&rows);
    assert!(found.differences.iter().any(|one| one.what == Compared::DetailVolume));
}

/// What the counter says is taken over, whatever the ledger thought; what was traded does not count again.
#[test]
fn the_counters_word_can_be_taken() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    bench.trade("buy", 1, 3500.0);
    let known = bench.record("buy", 2, 3510.0);
    let held = InvestorPositionField {
        position_date: ctp_types::PositionDate::TODAY,
        position: 4,
        today_position: 4,
        open_volume: 5,
        open_amount: 175_000.0,
        close_volume: 1,
        pre_settlement_price: 3500.0,
        settlement_price: 3500.0,
        commission: 21.0,
        ..row(&bench, PosiDirection::LONG, 4)
    };
    let lot = InvestorPositionDetailField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        direction: Direction::BUY,
        hedge_flag: HedgeFlag::SPECULATION,
        open_date: text(TODAY),
        open_price: 3500.0,
        volume: 4,
        close_volume: 1,
        close_amount: 35_100.0,
        ..Default::default()
    };
    let rows = Rows { positions: Some(vec![held]), details: Some(vec![lot]), account: None };
    assert!(!bench.ledger.reconcile(&rows).agrees());
    bench.ledger.adopt(&rows);
    let now = bench.long();
    assert_eq!((now.volume, now.volume_today, now.volume_at_start), (4, 4, 0));
    assert_eq!((now.open_volume, now.close_volume, now.missing), (5, 1, 0));
    assert_eq!((now.close_profit, now.commission), (yuan(100.0), yuan(21.0)));
    // The next trade counts on top.
    bench.ledger.trade(&known);
    assert_eq!((bench.long().volume, bench.long().commission), (6, yuan(21.0 + 7.02)));
}

#[test]
fn a_new_day_begins_with_nothing() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    let version = bench.ledger.version();
    bench.ledger.begin_day(text(TODAY));
    assert!(bench.ledger.has_baseline());
    bench.ledger.begin_day(text("20261124"));
    assert!(!bench.ledger.has_baseline() && bench.ledger.version() > version);
    assert_eq!(bench.ledger.positions(), []);
}

#[test]
fn closable_lots_at_exchanges_that_keep_the_days_apart_and_others() {
    for (instrument, exchange, split) in [("rb2701", "SHFE", true), ("a2701", "DCE", false)] {
        let mut bench = Bench::new(instrument, exchange);
        bench.begin(2, 3480.0, 3500.0);
        bench.trade("buy", 3, 3500.0);
        let order = bench.order(1, "close", 1);
        bench.ledger.order(&order);
        let one = bench.long().closable;
        assert_eq!((one.today, one.yesterday, one.total, one.is_split), (3, 1, 4, split));
        let order = bench.order(2, "close today", 2);
        bench.ledger.order(&order);
        let two = bench.long().closable;
        let expected = if split { (1, 1, 2) } else { (2, 0, 2) };
        assert_eq!((two.today, two.yesterday, two.total), expected);
        let key = bench.long().key;
        assert_eq!(bench.ledger.closable(&key), two);
        assert_eq!(
            bench.ledger.closable(&PositionKey::new(text("zz"), PosiDirection::LONG, key.hedge_flag)),
            Closable::default()
        );
    }
}

#[test]
fn night_trades_come_before_those_of_the_day() {
    assert_eq!(second(text("21:00:00")), -3 * 3600);
    assert_eq!(second(text("01:00:00")), 3600);
    assert_eq!(second(text("09:30:15")), 9 * 3600 + 30 * 60 + 15);
    assert_eq!(second(text("")), 0);
    assert_eq!(second(text("rubbish")), 0);
}

#[test]
fn wants_are_asked_once_a_login() {
    let (mut bench, now) = (Bench::new("rb2701", "SHFE"), Instant::now());
    assert_eq!(bench.ledger.next_want(now), None);
    bench.trade("buy", 1, 3500.0);
    let id = bench.instrument;
    let wanted: Vec<Want> = std::iter::from_fn(|| bench.ledger.next_want(now)).collect();
    assert_eq!(
        wanted,
        [Want::Instrument(id), Want::MarginRate(id, HedgeFlag::SPECULATION), Want::CommissionRate(id)]
    );
    bench.trade("buy", 1, 3500.0);
    assert_eq!(bench.ledger.next_want(now), None);
    bench.ledger.want_again();
    assert_eq!(bench.ledger.next_want(now), Some(Want::Instrument(id)));
}

/// Seeds 1576 and 1622 of the simulation: what a query did not bring was never asked for again on a link that stood.
#[test]
fn what_was_not_brought_is_wanted_again_after_a_pause() {
    let (mut bench, now) = (Bench::new("rb2701", "SHFE"), Instant::now());
    bench.trade("buy", 1, 3500.0);
    let id = bench.instrument;
    let all = |bench: &mut Bench, at| std::iter::from_fn(|| bench.ledger.next_want(at)).collect::<Vec<_>>();
    let rate = Want::MarginRate(id, HedgeFlag::SPECULATION);
    let wanted = [Want::Instrument(id), rate, Want::CommissionRate(id)];
    assert_eq!(all(&mut bench, now), wanted);
    let seconds = |many| now + Duration::from_secs(many);
    // Another lot needs nothing else, and moves nothing.
    bench.trade("buy", 1, 3500.0);
    assert_eq!(all(&mut bench, seconds(20)), []);
    assert_eq!(bench.ledger.next_deadline(), Some(seconds(30)));
    bench.ledger.handle_deadline(seconds(29));
    assert_eq!(all(&mut bench, seconds(29)), []);
    bench.ledger.handle_deadline(seconds(30));
    assert_eq!(bench.ledger.next_deadline(), None);
    bench.ledger.commission_rate(&InstrumentCommissionRateField { instrument_id: id, ..Default::default() });
    // What came meanwhile is not wanted; the rest is, and then twice as late, at most an hour.
    assert_eq!(all(&mut bench, seconds(30)), wanted[..2]);
    let mut at = 30;
    for pause in [60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
        at += pause;
        assert_eq!(bench.ledger.next_deadline(), Some(seconds(at)));
        bench.ledger.handle_deadline(seconds(at));
        assert_eq!(all(&mut bench, seconds(at)), wanted[..2]);
    }
    // A login begins anew.
    bench.ledger.want_again();
    assert_eq!(bench.ledger.next_deadline(), None);
    assert_eq!(all(&mut bench, seconds(at)), wanted[..2]);
    assert_eq!(bench.ledger.next_deadline(), Some(seconds(at + 30)));
    // Nothing is planned once everything is known.
    bench.ledger.instrument(&InstrumentField {
        instrument_id: id,
        volume_multiple: 10,
        product_class: ProductClass::FUTURES,
        product_id: text("rb"),
        ..Default::default()
    });
    bench.ledger.margin_rate(&InstrumentMarginRateField {
        instrument_id: id,
        hedge_flag: HedgeFlag::SPECULATION,
        ..Default::default()
    });
    assert_eq!(all(&mut bench, seconds(at)), []);
    bench.ledger.handle_deadline(seconds(at + 30));
    assert_eq!(all(&mut bench, seconds(at + 30)), []);
    assert_eq!(bench.ledger.next_deadline(), None);
}

/// Seed 1622 of the simulation: an order in an instrument that was known and not used needed a rate that nobody asked for.
#[test]
fn an_order_in_a_known_instrument_wants_its_rates() {
    let (mut bench, now) = (Bench::new("rb2701", "SHFE"), Instant::now());
    let id = bench.instrument;
    let all = |bench: &mut Bench| std::iter::from_fn(|| bench.ledger.next_want(now)).collect::<Vec<_>>();
    let order = bench.order(1, "buy", 1);
    bench.ledger.order(&order);
    bench.ledger.forget(order.id);
    assert_eq!(all(&mut bench), [Want::Instrument(id)]);
    bench.ledger.instrument(&InstrumentField {
        instrument_id: id,
        volume_multiple: 10,
        product_class: ProductClass::FUTURES,
        product_id: text("rb"),
        ..Default::default()
    });
    assert_eq!(all(&mut bench), []);
    let order = bench.order(2, "buy", 1);
    bench.ledger.order(&order);
    let speculation = HedgeFlag::SPECULATION;
    assert_eq!(all(&mut bench), [Want::MarginRate(id, speculation), Want::CommissionRate(id)]);
}

/// Options have queries of their own for what they cost, and short ones one for their margin.
#[test]
fn options_are_asked_about_by_their_own_queries() {
    let (mut bench, now) = (Bench::new("m2701-C-3000", "DCE"), Instant::now());
    bench.trade("sell", 2, 60.0);
    let id = bench.instrument;
    assert_eq!(bench.ledger.next_want(now), Some(Want::Instrument(id)));
    // What it is comes first.
    assert_eq!(bench.ledger.next_want(now), None);
    bench.ledger.instrument(&InstrumentField {
        instrument_id: id,
        volume_multiple: 10,
        product_class: ProductClass::OPTIONS,
        options_type: OptionsType::CALL_OPTIONS,
        product_id: text("m_o"),
        ..Default::default()
    });
    let speculation = HedgeFlag::SPECULATION;
    assert_eq!(bench.ledger.next_want(now), Some(Want::OptionCost(id, speculation)));
    assert_eq!(bench.ledger.next_want(now), Some(Want::OptionCommission(id)));
    assert_eq!(bench.ledger.next_want(now), None);
    assert_eq!(bench.ledger.account().margin, None);
    bench.ledger.mark(&Mark { instrument_id: id, pre_settlement: Some(50.0), ..Mark::default() });
    let mut cost = OptionInstrTradeCostField {
        instrument_id: id,
        hedge_flag: speculation,
        fixed_margin: 1_200.0,
        mini_margin: 1_500.0,
        ..Default::default()
    };
    bench.ledger.option_cost(&cost);
    // The premium of two lots at the settlement price, and the larger of the two amounts for each.
    assert_eq!(bench.ledger.account().margin, yuan(2.0 * 500.0 + 2.0 * 1_500.0));
    cost.fixed_margin = 1_800.0;
    bench.ledger.option_cost(&cost);
    assert_eq!(bench.ledger.account().margin, yuan(2.0 * 500.0 + 2.0 * 1_800.0));
    cost.mini_margin = f64::MAX;
    bench.ledger.option_cost(&cost);
    assert_eq!(bench.ledger.account().margin, yuan(2.0 * 500.0 + 2.0 * 1_800.0));
    let rate = OptionInstrCommRateField {
        instrument_id: text("m_o"),
        open_ratio_by_volume: 1.5,
        close_ratio_by_volume: 1.0,
        close_today_ratio_by_volume: 0.5,
        ..Default::default()
    };
    bench.ledger.option_commission(&rate);
    assert_eq!(bench.ledger.account().commission, yuan(3.0));
    bench.trade("cover", 1, 55.0);
    assert_eq!(bench.ledger.account().commission, yuan(3.5));
}

#[test]
fn a_rate_that_was_told_before_the_first_lot_holds() {
    let mut bench = Bench::new("rb2701", "SHFE");
    let mut rate = InstrumentCommissionRateField {
        instrument_id: text("rb2701"),
        open_ratio_by_volume: 2.5,
        ..Default::default()
    };
    bench.ledger.commission_rate(&rate);
    rate.instrument_id = text("rb");
    rate.open_ratio_by_volume = 1.5;
    bench.ledger.commission_rate(&rate);
    bench.trade("buy", 1, 3500.0);
    assert_eq!(bench.long().commission, yuan(2.5));
}

#[test]
fn lots_of_today_need_no_settlement_price() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.trade("buy", 1, 3500.0);
    bench.ledger.margin_rate(&InstrumentMarginRateField {
        instrument_id: bench.instrument,
        hedge_flag: HedgeFlag::SPECULATION,
        long_margin_ratio_by_money: 0.1,
        ..Default::default()
    });
    assert_eq!(bench.long().margin, yuan(3_500.0));
}

#[test]
fn a_rate_of_the_product_holds_for_its_instruments() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.trade("buy", 1, 3500.0);
    bench.ledger.commission_rate(&InstrumentCommissionRateField {
        instrument_id: text("rb"),
        open_ratio_by_volume: 1.5,
        ..Default::default()
    });
    assert_eq!(bench.long().commission, yuan(1.5));
}
