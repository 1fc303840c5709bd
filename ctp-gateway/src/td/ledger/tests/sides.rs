//! Which lots a trade takes, what it costs, and what of a side is told.

use super::*;

fn adopt(bench: &mut Bench, row: Option<InvestorPositionField>, detail: Option<InvestorPositionDetailField>) {
    let row = row.map(|row| InvestorPositionField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        posi_direction: PosiDirection::LONG,
        hedge_flag: HedgeFlag::SPECULATION,
        ..row
    });
    let detail = detail.map(|detail| InvestorPositionDetailField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        direction: Direction::BUY,
        hedge_flag: HedgeFlag::SPECULATION,
        open_price: 3500.0,
        ..detail
    });
    bench.ledger.adopt(&Rows {
        positions: Some(row.into_iter().collect()),
        details: Some(detail.into_iter().collect()),
        account: None,
    });
}

/// Whatever was there of a side today, it is told, and nothing else is.
#[test]
fn a_side_that_anything_was_of_is_told() {
    let row = InvestorPositionField::default();
    let detail = InvestorPositionDetailField { open_date: text(TODAY), ..Default::default() };
    for (row, detail, is_told) in [
        // Lots at the start, opened lots, lots held, and none of them.
        (Some(InvestorPositionField { yd_position: 2, ..row }), None, true),
        (Some(InvestorPositionField { open_volume: 2, ..row }), None, true),
        (None, Some(InvestorPositionDetailField { volume: 1, ..detail }), true),
        (Some(row), None, false),
    ] {
        let mut bench = Bench::new("rb2701", "SHFE");
        bench.begin(2, 3480.0, 3500.0);
        adopt(&mut bench, row, detail);
        assert_eq!(bench.ledger.positions().len(), usize::from(is_told), "{row:?} {detail:?}");
    }
    // A close of lots that nobody saw opened.
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.trade("close today", 1, 3500.0);
    assert_eq!(bench.ledger.positions().len(), 1);
}

#[test]
fn the_lots_of_all_instruments_are_counted() {
    let mut bench = Bench::new("rb2701", "SHFE");
    assert_eq!(bench.ledger.held_in_all(), 0);
    bench.trade("buy", 3, 3500.0);
    bench.trade("sell", 2, 3500.0);
    bench.instrument = text("rb2705");
    bench.trade("buy", 4, 3500.0);
    assert_eq!(bench.ledger.held_in_all(), 9);
}

fn per_lot(bench: &mut Bench) {
    bench.ledger.commission_rate(&InstrumentCommissionRateField {
        instrument_id: bench.instrument,
        open_ratio_by_volume: 1.0,
        close_ratio_by_volume: 10.0,
        close_today_ratio_by_volume: 100.0,
        ..Default::default()
    });
}

/// Where the days are kept apart a forced close takes older lots first, and each lot has the rate of its day.
#[test]
fn a_forced_close_takes_older_lots_first() {
    for (closed, left, commission) in
        [(1, (1, 3), 10.0), (2, (0, 3), 20.0), (3, (0, 2), 120.0), (5, (0, 0), 320.0)]
    {
        let mut bench = Bench::new("rb2701", "SHFE");
        bench.begin(2, 3480.0, 3500.0);
        per_lot(&mut bench);
        bench.trade("buy", 3, 3500.0);
        let record = bench.record("close", closed, 3510.0);
        bench.ledger.trade(&TradeField { offset_flag: OffsetFlag::FORCE_CLOSE, ..record });
        let now = bench.long();
        assert_eq!((now.volume - now.volume_today, now.volume_today), left);
        assert_eq!(now.commission, yuan(3.0 + commission), "{closed}");
    }
}

/// Where they are not, as many lots as were opened today have the rate of today's, whichever were taken; what the counter
/// says was closed already counts.
#[test]
fn as_many_lots_as_were_opened_today_have_todays_rate() {
    let mut bench = Bench::new("a2701", "DCE");
    bench.begin(8, 3480.0, 3500.0);
    per_lot(&mut bench);
    bench.trade("buy", 3, 3500.0);
    bench.trade("close", 2, 3510.0);
    assert_eq!(bench.long().commission, yuan(3.0 + 200.0));
    bench.trade("close", 3, 3510.0);
    assert_eq!(bench.long().commission, yuan(3.0 + 200.0 + 100.0 + 20.0));
    bench.trade("close", 1, 3510.0);
    assert_eq!(bench.long().commission, yuan(3.0 + 200.0 + 100.0 + 20.0 + 10.0));

    let mut bench = Bench::new("a2701", "DCE");
    bench.begin(0, 0.0, 3500.0);
    per_lot(&mut bench);
    let row = InvestorPositionField {
        yd_position: 9,
        open_volume: 10,
        commission: 7.0,
        pre_settlement_price: 3500.0,
        ..Default::default()
    };
    let today = InvestorPositionDetailField {
        open_date: text(TODAY),
        volume: 7,
        close_volume: 3,
        ..Default::default()
    };
    adopt(&mut bench, Some(row), Some(today));
    // Three of the ten are closed: seven are left at today's rate.
    bench.trade("close", 7, 3510.0);
    assert_eq!(bench.long().commission, yuan(7.0 + 700.0));

    let mut bench = Bench::new("a2701", "DCE");
    bench.begin(0, 0.0, 3500.0);
    per_lot(&mut bench);
    let detail = |date: &str, volume, close_volume| InvestorPositionDetailField {
        instrument_id: text("a2701"),
        exchange_id: text("DCE"),
        direction: Direction::BUY,
        hedge_flag: HedgeFlag::SPECULATION,
        open_price: 3500.0,
        open_date: text(date),
        volume,
        close_volume,
        ..Default::default()
    };
    let row = InvestorPositionField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        posi_direction: PosiDirection::LONG,
        hedge_flag: HedgeFlag::SPECULATION,
        ..row
    };
    let details = vec![detail(BEFORE, 7, 2), detail(TODAY, 7, 3)];
    bench.ledger.adopt(&Rows { positions: Some(vec![row]), details: Some(details), account: None });
    // Five were closed in all: five of the ten that were opened are left at today's rate.
    bench.trade("close", 7, 3510.0);
    assert_eq!(bench.long().commission, yuan(7.0 + 500.0 + 20.0));
}

/// Lots of an option that are held need no margin, so nobody asks what they need; short ones whose need is known neither.
#[test]
fn only_short_options_are_asked_for_what_they_need() {
    for (side, is_asked) in [("buy", false), ("sell", true)] {
        let (mut bench, now) = (Bench::new("m2701-C-3000", "DCE"), std::time::Instant::now());
        let id = bench.instrument;
        bench.trade(side, 1, 60.0);
        bench.ledger.instrument(&InstrumentField {
            instrument_id: id,
            volume_multiple: 10,
            product_class: ProductClass::OPTIONS,
            options_type: OptionsType::CALL_OPTIONS,
            ..Default::default()
        });
        let wanted: Vec<Want> = std::iter::from_fn(|| bench.ledger.next_want(now)).collect();
        let cost = Want::OptionCost(id, HedgeFlag::SPECULATION);
        assert_eq!(wanted.contains(&cost), is_asked, "{side}");
        bench.ledger.option_cost(&ctp_types::OptionInstrTradeCostField {
            instrument_id: id,
            hedge_flag: HedgeFlag::SPECULATION,
            ..Default::default()
        });
        bench.ledger.want_again();
        let wanted: Vec<Want> = std::iter::from_fn(|| bench.ledger.next_want(now)).collect();
        assert!(!wanted.contains(&cost), "{side}");
    }
}

/// Terms that come late say which lots the working orders reserve.
#[test]
fn what_orders_reserve_follows_the_terms() {
    let mut bench = Bench::new("a2701", "DCE");
    bench.begin(2, 3480.0, 3500.0);
    bench.trade("buy", 3, 3500.0);
    let order = bench.order(1, "close today", 2);
    bench.ledger.order(&order);
    let closable = |bench: &Bench| {
        let found = bench.long().closable;
        (found.today, found.yesterday, found.total)
    };
    assert_eq!((closable(&bench), bench.long().frozen), ((3, 0, 3), 2));
    let mut record = InstrumentField {
        instrument_id: bench.instrument,
        exchange_id: bench.exchange,
        volume_multiple: 10,
        position_date_type: ctp_types::PositionDateType::USE_HISTORY,
        ..Default::default()
    };
    for _ in 0..2 {
        bench.ledger.instrument(&record);
        assert_eq!((closable(&bench), bench.long().frozen), ((1, 2, 3), 2));
    }
    record.position_date_type = ctp_types::PositionDateType::NO_USE_HISTORY;
    bench.ledger.instrument(&record);
    assert_eq!((closable(&bench), bench.long().frozen), ((3, 0, 3), 2));
    bench.ledger.forget(OrderId(1));
    assert_eq!((closable(&bench), bench.long().frozen), ((3, 2, 5), 0));
}
