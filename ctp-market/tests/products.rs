//! The products are those of CTP behaviour notes §4.6 and §4.7, with exactly their numbers.

use std::collections::BTreeSet;

use ctp_market::{Exchange, ExchangeRules, ExerciseStyle, OptionId, OrderReports, ReferenceData};

fn data() -> ReferenceData {
    ReferenceData::builtin().expect("the embedded data")
}

/// The table of §4.7: products, exchange, multiplier, tick.
const TABLE: &[(&str, Exchange, i32, f64)] = &[
    ("rb hc", Exchange::Shfe, 10, 1.0),
    ("cu", Exchange::Shfe, 5, 10.0),
    ("al zn", Exchange::Shfe, 5, 5.0),
    ("ni", Exchange::Shfe, 1, 10.0),
    ("au", Exchange::Shfe, 1000, 0.02),
    ("ag", Exchange::Shfe, 15, 1.0),
    ("ru", Exchange::Shfe, 10, 5.0),
    ("bu fu", Exchange::Shfe, 10, 1.0),
    ("ao", Exchange::Shfe, 20, 1.0),
    ("ss", Exchange::Shfe, 5, 5.0),
    ("sp", Exchange::Shfe, 10, 2.0),
    ("sc", Exchange::Ine, 1000, 0.1),
    ("lu", Exchange::Ine, 10, 1.0),
    ("nr", Exchange::Ine, 10, 5.0),
    ("bc", Exchange::Ine, 5, 10.0),
    ("ec", Exchange::Ine, 50, 0.1),
    ("m a", Exchange::Dce, 10, 1.0),
    ("y p", Exchange::Dce, 10, 2.0),
    ("c", Exchange::Dce, 10, 1.0),
    ("i j", Exchange::Dce, 100, 0.5),
    ("jm", Exchange::Dce, 60, 0.5),
    ("l pp v eb", Exchange::Dce, 5, 1.0),
    ("eg jd", Exchange::Dce, 10, 1.0),
    ("pg", Exchange::Dce, 20, 1.0),
    ("lh", Exchange::Dce, 16, 5.0),
    ("SR MA RM OI AP", Exchange::Czce, 10, 1.0),
    ("CF", Exchange::Czce, 5, 5.0),
    ("TA PX", Exchange::Czce, 5, 2.0),
    ("FG SA", Exchange::Czce, 20, 1.0),
    ("SH", Exchange::Czce, 30, 1.0),
    ("IF IH", Exchange::Cffex, 300, 0.2),
    ("IC IM", Exchange::Cffex, 200, 0.2),
    ("T TF", Exchange::Cffex, 10_000, 0.005),
    ("TS", Exchange::Cffex, 20_000, 0.002),
    ("TL", Exchange::Cffex, 10_000, 0.01),
    ("si", Exchange::Gfex, 5, 5.0),
    ("lc", Exchange::Gfex, 1, 20.0),
    ("ps", Exchange::Gfex, 3, 5.0),
];

#[test]
fn every_product_of_the_table_has_its_multiplier_and_tick() {
    let data = data();
    let mut seen = BTreeSet::new();
    for (ids, exchange, multiplier, tick) in TABLE {
        for id in ids.split(' ') {
            let product = data.product(id).unwrap_or_else(|| panic!("{id} is missing"));
            assert_eq!(
                (product.exchange, product.multiplier, product.tick.to_f64()),
                (*exchange, *multiplier, *tick),
                "{id}"
            );
            assert!(seen.insert(id), "{id} stands twice in the table");
        }
    }
    // Beside the table: products that §4.6 names, and two younger ones.
    let ids = data.products().iter().map(|product| product.id.as_str());
    let others: Vec<&str> = ids.filter(|id| !seen.contains(id)).collect();
    assert_eq!(others.join(" "), "pb sn br b cs rr bz lg CY PF PR PL CJ PK SF SM UR");
}

/// The end of §4.7.
#[test]
fn order_sizes() {
    let data = data();
    for product in data.products() {
        let expected = match (product.exchange, product.id.as_str()) {
            (Exchange::Shfe | Exchange::Ine, _) => (500, 30),
            (_, "c") => (2000, 2000),
            (_, "j") => (500, 500),
            (_, "lh") => (50, 50),
            (Exchange::Dce | Exchange::Gfex, _) => (1000, 1000),
            (Exchange::Czce, _) => (1000, 200),
            (_, "T" | "TF" | "TS" | "TL") => (50, 30),
            (Exchange::Cffex, _) => (20, 10),
        };
        assert_eq!((product.largest_limit_order, product.largest_market_order), expected, "{}", product.id);
    }
}

/// §4.6: who trades at night, until when, and when the day ends.
#[test]
fn hours() {
    let data = data();
    for product in data.products() {
        let id = product.id.as_str();
        let night = match id {
            "ag" | "sc" | "au" => Some("02:30:00"),
            "cu" | "al" | "zn" | "pb" | "ni" | "sn" | "ss" | "ao" | "bc" => Some("01:00:00"),
            "jd" | "lh" | "lg" | "ec" | "AP" | "CJ" | "PK" | "SF" | "SM" | "UR" => None,
            _ if matches!(product.exchange, Exchange::Cffex | Exchange::Gfex) => None,
            _ => Some("23:00:00"),
        };
        assert_eq!(product.has_night, night.is_some(), "{id}");
        let first_end = product.sessions[0].end.to_string();
        assert!(night.is_none_or(|end| end == first_end), "{id}: {first_end}");
        let sessions = &product.sessions[usize::from(product.has_night)..];
        let written: Vec<String> = sessions.iter().map(|it| format!("{}-{}", it.start, it.end)).collect();
        let expected = match id {
            "T" | "TF" | "TS" | "TL" => "09:30:00-11:30:00 13:00:00-15:15:00",
            _ if product.exchange == Exchange::Cffex => "09:30:00-11:30:00 13:00:00-15:00:00",
            _ => "09:00:00-10:15:00 10:30:00-11:30:00 13:30:00-15:00:00",
        };
        assert_eq!(written.join(" "), expected, "{id}");
    }
}

#[test]
fn every_product_is_whole() {
    for product in data().products() {
        let id = &product.id;
        assert!(
            !product.name.is_empty() && !product.quote_unit.is_empty() && product.currency == "CNY",
            "{id}"
        );
        assert!(product.margin.0 > 0 && product.limit.0 > 0 && product.price > 0, "{id}");
        let fees = product.fees;
        assert!(fees.open_by_money.0 > 0 || fees.open_by_volume.0 > 0, "{id}");
        assert!(fees.close_by_money.0 > 0 || fees.close_by_volume.0 > 0, "{id}");
    }
}

#[test]
fn every_exchange_has_options() {
    let data = data();
    for exchange in Exchange::ALL {
        let of_exchange = data.products().iter().filter(|product| product.exchange == exchange);
        let options: Vec<_> = of_exchange.filter_map(|product| product.options.as_ref()).collect();
        assert!(!options.is_empty(), "{exchange}");
        for options in options {
            let is_european = options.style == ExerciseStyle::European;
            assert_eq!(is_european, exchange == Exchange::Cffex, "{}", options.call_id);
            assert_eq!(options.call_id != options.put_id, exchange == Exchange::Czce, "{}", options.call_id);
        }
    }
}

#[test]
fn exchanges_differ() {
    let data = data();
    let which = |keep: fn(&ExchangeRules) -> bool| {
        let kept = Exchange::ALL.into_iter().filter(|exchange| keep(data.rules(*exchange)));
        kept.map(Exchange::id).collect::<Vec<_>>()
    };
    assert_eq!(which(|rules| rules.close_today), ["SHFE", "INE"]);
    assert_eq!(which(|rules| rules.depth_levels == 5), ["SHFE", "INE"]);
    assert_eq!(which(|rules| rules.order_reports == OrderReports::TradesOnly), ["DCE", "GFEX"]);
    assert_eq!(which(|rules| rules.year_digits == 1), ["CZCE"]);
    assert_eq!(which(|rules| rules.option_id == OptionId::Dashes), ["DCE", "CFFEX", "GFEX"]);
    let one_sided = |id: &str| data.product(id).expect("a product").one_sided_margin;
    assert!(["rb", "sc", "IF"].into_iter().all(one_sided));
    assert!(!["ec", "T", "m", "SR", "lc"].into_iter().any(one_sided));
}

/// §4.4: the night of Friday 2019-08-30.
#[test]
fn dates_of_a_tick_at_night() {
    let data = data();
    let friday = "2019-08-30".parse().expect("a date");
    let monday = "2019-09-02".parse().expect("a date");
    for (exchange, trading_day, action_day, milliseconds) in [
        (Exchange::Shfe, monday, friday, [0, 500]),
        (Exchange::Ine, monday, friday, [0, 500]),
        (Exchange::Dce, monday, monday, [499, 769]),
        (Exchange::Czce, friday, friday, [0, 0]),
        (Exchange::Cffex, monday, friday, [0, 500]),
        (Exchange::Gfex, monday, friday, [499, 769]),
    ] {
        let rules = data.rules(exchange);
        assert_eq!(rules.tick_trading_day(monday, friday), trading_day, "{exchange}");
        assert_eq!(rules.tick_action_day(monday, friday), action_day, "{exchange}");
        assert_eq!([499, 769].map(|it| rules.milliseconds.of(it)), milliseconds, "{exchange}");
    }
}
