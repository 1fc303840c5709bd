//! Every row of ctp-behaviour.md §5.2: what its builder writes, and where it is denied.

use super::*;

const BUY: Direction = Direction::BUY;
const OPEN: OffsetFlag = OffsetFlag::OPEN;

fn limit() -> NewOrder {
    NewOrder::limit("rb2601", BUY, OPEN, 2, 3_925.0)
}

/// Price type, time, volume, trigger: the row's letters.
fn letters(order: &NewOrder) -> [u8; 4] {
    let record = order.checked().unwrap();
    [
        record.order_price_type.as_char(),
        record.time_condition.as_char(),
        record.volume_condition.as_char(),
        record.contingent_condition.as_char(),
    ]
}

fn denied(order: NewOrder) -> String {
    let denial = order.checked().unwrap_err();
    assert_eq!(denial.rule, Rule::OrderKind, "{denial}");
    denial.to_string()
}

#[test]
fn a_limit_order_fills_the_required_fields() {
    let record = limit().exchange("SHFE").memo("a1").invest_unit("u7").checked().unwrap();
    assert_eq!(record.instrument_id, "rb2601");
    assert_eq!(record.exchange_id, "SHFE");
    assert_eq!(record.comb_offset_flag, "0");
    assert_eq!(record.comb_hedge_flag, "1");
    assert_eq!(record.order_price_type, OrderPriceType::LIMIT_PRICE);
    assert_eq!(record.time_condition, TimeCondition::GFD);
    assert_eq!(record.volume_condition, VolumeCondition::AV);
    assert_eq!(record.contingent_condition, ContingentCondition::IMMEDIATELY);
    assert_eq!(record.force_close_reason, ForceCloseReason::NOT_FORCE_CLOSE);
    assert_eq!((record.is_auto_suspend, record.is_swap_order, record.min_volume), (0, 0, 1));
    assert_eq!((record.volume_total_original, record.limit_price, record.stop_price), (2, 3_925.0, 0.0));
    assert_eq!((record.order_memo, record.invest_unit_id), (fit("a1"), fit("u7")));
}

fn fit<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

#[test]
fn immediate_orders() {
    assert_eq!(&letters(&limit().fill_and_kill()), b"2111");
    assert_eq!(&letters(&limit().fill_or_kill()), b"2131");
    let least = limit().fill_and_kill_at_least(2);
    assert_eq!(&letters(&least), b"2121");
    assert_eq!(least.checked().unwrap().min_volume, 2);
    // Whatever was said before.
    assert_eq!(least.fill_or_kill().checked().unwrap().min_volume, 1);
    for least in [0, -1, 3] {
        assert!(denied(limit().fill_and_kill_at_least(least)).contains("between 1 and"), "{least}");
    }
}

#[test]
fn market_orders_are_what_their_exchange_has() {
    let market = |exchange: &str| NewOrder::market("x2601", BUY, OPEN, 2).exchange(exchange);
    assert_eq!(&letters(&market("DCE")), b"1131");
    assert_eq!(&letters(&market("GFEX")), b"1131");
    assert_eq!(&letters(&market("CZCE")), b"1331");
    assert_eq!(market("CZCE").checked().unwrap().limit_price, 0.0);
    // Before the exchange is known nothing is decided; the session asks again when it is.
    let mut open = NewOrder::market("x2601", BUY, OPEN, 2).checked().unwrap();
    assert_eq!(open.time_condition, TimeCondition::default());
    open.exchange_id = fit("CZCE");
    form::complete(&mut open).unwrap();
    assert_eq!(open.time_condition, TimeCondition::GFD);
    assert!(denied(market("SHFE")).contains("upper daily limit"));
    assert!(denied(NewOrder::market("x", Direction::SELL, OPEN, 1).exchange("INE")).contains("lower daily"));
    assert!(denied(market("CFFEX")).contains("best_price"));
    assert!(denied(market("DCE").fill_and_kill()).contains("all or nothing"));
    assert!(denied(market("CZCE").fill_or_kill()).contains("never rests"));
    // An exchange that is not known here decides for itself.
    assert_eq!(&letters(&market("TTS")), b"1111");
}

#[test]
fn best_price_and_five_levels_are_of_cffex() {
    for (build, letter) in [
        (NewOrder::best_price as fn(&'static str, Direction, OffsetFlag, i32) -> NewOrder, b'3'),
        (NewOrder::five_level, b'G'),
    ] {
        let order = build("IF2512", BUY, OPEN, 1).exchange("CFFEX");
        assert_eq!(letters(&order), [letter, b'1', b'1', b'1']);
        assert_eq!(letters(&order.clone().rest_as_limit()), [letter, b'3', b'1', b'1']);
        assert_eq!(order.checked().unwrap().limit_price, 0.0);
        for exchange in ["SHFE", "INE", "DCE", "CZCE", "GFEX"] {
            assert!(denied(build("x", BUY, OPEN, 1).exchange(exchange)).contains("CFFEX"), "{exchange}");
        }
    }
}

#[test]
fn stops_wait_at_dalian_and_guangzhou() {
    for exchange in ["DCE", "GFEX"] {
        let stop = limit().exchange(exchange).stop_loss(3_950.0);
        assert_eq!(&letters(&stop), b"2312");
        assert_eq!(stop.checked().unwrap().stop_price, 3_950.0);
        assert_eq!(&letters(&limit().exchange(exchange).take_profit(3_800.0)), b"2313");
        let market = NewOrder::market("m2601", BUY, OPEN, 1).stop_loss(3_950.0).exchange(exchange);
        assert_eq!(&letters(&market), b"1312");
        assert_eq!(market.checked().unwrap().limit_price, 0.0);
        assert!(denied(stop.fill_and_kill()).contains("waits for the day"));
    }
    for exchange in ["SHFE", "INE", "CZCE", "CFFEX"] {
        assert!(denied(limit().exchange(exchange).stop_loss(3_950.0)).contains("NewOrder::when"));
        assert!(denied(limit().exchange(exchange).take_profit(3_950.0)).contains("NewOrder::when"));
    }
}

#[test]
fn conditions_of_all_twelve_kinds_wait_in_the_counter() {
    let conditions = [
        (Condition::last_above(1.0), b'5'),
        (Condition::last_at_least(1.0), b'6'),
        (Condition::last_below(1.0), b'7'),
        (Condition::last_at_most(1.0), b'8'),
        (Condition::ask_above(1.0), b'9'),
        (Condition::ask_at_least(1.0), b'A'),
        (Condition::ask_below(1.0), b'B'),
        (Condition::ask_at_most(1.0), b'C'),
        (Condition::bid_above(1.0), b'D'),
        (Condition::bid_at_least(1.0), b'E'),
        (Condition::bid_below(1.0), b'F'),
        (Condition::bid_at_most(1.0), b'H'),
    ];
    for (condition, letter) in conditions {
        for exchange in ["SHFE", "INE", "DCE", "CZCE", "CFFEX", "GFEX"] {
            let order = limit().when(condition).exchange(exchange);
            assert_eq!(letters(&order), [b'2', b'3', b'1', letter]);
            assert_eq!(order.checked().unwrap().stop_price, 1.0);
            assert_eq!(letters(&order.fill_or_kill()), [b'2', b'1', b'3', letter]);
        }
    }
}

#[test]
fn trigger_prices_are_prices_and_stand_for_something() {
    for price in [f64::NAN, f64::INFINITY, f64::MAX] {
        let denial = limit().stop_loss(price).checked().unwrap_err();
        assert_eq!(denial.rule, Rule::Price, "{denial}");
    }
    let mut record = limit().checked().unwrap();
    record.stop_price = 1.0;
    assert_eq!(form::complete(&mut record).unwrap_err().rule, Rule::Price);
    let mut record = NewOrder::market("x", BUY, OPEN, 1).exchange("DCE").checked().unwrap();
    record.limit_price = 5.0;
    assert_eq!(form::complete(&mut record).unwrap_err().rule, Rule::Price);
}

#[test]
fn orders_for_the_section_are_of_dalian() {
    assert_eq!(&letters(&limit().session_only().exchange("DCE")), b"2211");
    for exchange in ["SHFE", "INE", "CZCE", "CFFEX", "GFEX"] {
        assert!(denied(limit().session_only().exchange(exchange)).contains("only DCE"), "{exchange}");
    }
}

#[test]
fn spreads_and_swaps_have_two_legs() {
    let spread = NewOrder::spread("SP m2601&m2605", BUY, [OPEN, OffsetFlag::CLOSE], 1, -12.0).exchange("DCE");
    let record = spread.checked().unwrap();
    assert_eq!(&letters(&spread), b"2321");
    assert_eq!((record.comb_offset_flag, record.comb_hedge_flag), (fit("01"), fit("11")));
    assert_eq!(record.limit_price, -12.0);
    assert_eq!(spread.clone().hedge(HedgeFlag::HEDGE).checked().unwrap().comb_hedge_flag, "33");
    let mixed = spread.leg_hedges([HedgeFlag::SPECULATION, HedgeFlag::HEDGE]).checked().unwrap();
    assert_eq!(mixed.comb_hedge_flag, "13");

    let swap = NewOrder::swap("SP m2601&m2605", BUY, 1, 3.0);
    for exchange in ["DCE", "CZCE"] {
        let record = swap.clone().exchange(exchange).checked().unwrap();
        assert_eq!((record.is_swap_order, record.comb_offset_flag), (1, fit("11")));
        assert_eq!(record.volume_condition, VolumeCondition::MV);
    }
    assert!(denied(swap.clone().exchange("SHFE")).contains("DCE and CZCE"));
    let mut opening = swap.exchange("DCE").checked().unwrap();
    opening.comb_offset_flag = fit("01");
    assert_eq!(form::complete(&mut opening).unwrap_err().rule, Rule::OrderKind);

    let pair = NewOrder::spread("STG CF601C14000&CF601P13000", BUY, [OPEN; 2], 1, 100.0).exchange("CZCE");
    assert!(denied(pair.clone()).contains("fill_and_kill"));
    assert_eq!(&letters(&pair.fill_and_kill()), b"2111");
}

#[test]
fn what_no_exchange_takes_is_denied() {
    let with = |change: fn(&mut InputOrderField)| {
        let mut record = limit().exchange("SHFE").checked().unwrap();
        change(&mut record);
        form::complete(&mut record).unwrap_err().rule
    };
    let changes: [fn(&mut InputOrderField); 16] = [
        |order| order.direction = Direction::from_char(b'7'),
        |order| order.comb_offset_flag = Text::default(),
        |order| order.comb_offset_flag = fit("2"),
        |order| order.comb_hedge_flag = Text::default(),
        |order| order.comb_hedge_flag = fit("4"),
        |order| order.force_close_reason = ForceCloseReason::default(),
        |order| order.is_auto_suspend = 1,
        |order| order.contingent_condition = ContingentCondition::PARKED_ORDER,
        |order| order.contingent_condition = ContingentCondition::default(),
        |order| order.order_price_type = OrderPriceType::LAST_PRICE,
        |order| order.order_price_type = OrderPriceType::default(),
        |order| order.time_condition = TimeCondition::GTC,
        |order| order.time_condition = TimeCondition::GFA,
        |order| order.time_condition = TimeCondition::default(),
        |order| order.volume_condition = VolumeCondition::CV,
        |order| order.volume_condition = VolumeCondition::default(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(with(change), Rule::OrderKind, "change {number}");
    }
}

#[test]
fn texts_that_do_not_fit_are_denied() {
    for order in [
        limit().memo("a".repeat(1024)),
        limit().exchange("S\0"),
        limit().memo("🦀"),
        limit().invest_unit("a".repeat(17)),
        NewOrder::limit("x".repeat(81), BUY, OPEN, 1, 1.0),
        NewOrder::limit("x", BUY, OffsetFlag::default(), 1, 1.0),
        limit().hedge(HedgeFlag::default()),
    ] {
        assert_eq!(order.checked().unwrap_err().rule, Rule::Text);
    }
    // The first problem is told, with the head of the text.
    let long = limit().memo("abcdefghijklmnopqrstuvwxyz0123").exchange("S\0").checked().unwrap_err();
    assert_eq!(long.value, "memo `abcdefghijklmnopqrstuvwx`");
}

#[test]
fn a_part_differs_in_lots_and_offset_only() {
    let whole = NewOrder::limit("rb2601", Direction::SELL, OffsetFlag::CLOSE, 5, 3_900.0).exchange("SHFE");
    let part = whole.part(OffsetFlag::CLOSE_TODAY, 2).checked().unwrap();
    assert_eq!((part.volume_total_original, part.comb_offset_flag), (2, fit("3")));
    assert_eq!((part.limit_price, part.exchange_id), (3_900.0, fit("SHFE")));
}
