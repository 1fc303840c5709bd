//! The scenario language: every mistake has its line, a failure says what differs, and no text makes the reader panic.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;

use ctp_sim_host::scenario::{self, Direct, ParseError};

const HEAD: &str = "section: §1\nquote: words\n";

/// The problems of a text behind two header lines, each as `line: problem`.
fn problems(text: &str) -> Vec<String> {
    let problems = scenario::parse(&format!("{HEAD}{text}")).expect_err(text);
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_mistake_is_named_with_its_line() {
    for (text, line, named) in [
        ("colour: red", 3, "section, quote, versions"),
        ("versions: new", 3, ">= 6.7.11"),
        ("versions: 6.7", 3, "6.7.13"),
        ("start: noon", 3, "2026-11-23"),
        ("config: crowd", 3, "key=value"),
        ("config: crowd=maybe", 3, "on or off"),
        ("config: colour=red", 3, "settings are"),
        ("config: settle=5", 3, "100ms"),
        ("config: seed=$seed", 3, "`with:`"),
        ("with: instrument", 3, "name=value"),
        ("with: a=1 | b=2", 3, "same names"),
        ("with: a=1 a=2", 3, "taken"),
        ("trader one\nsection: §2", 4, "top"),
        ("trader", 3, "name"),
        ("trader sim", 3, "other than sim"),
        ("trader one\ntrader one", 4, "taken"),
        ("trader one private=sometimes", 3, "restart"),
        ("md feed public=none", 3, "no-login"),
        ("one > order buy 1 rb2701 @ 1", 3, "trader one"),
        ("trader one\none", 4, "not a statement"),
        ("trader one\none ! x", 4, "not a statement"),
        ("trader one\none > ", 4, "what the client calls"),
        ("trader one\none > order", 4, "buy|sell"),
        ("trader one\none > order hold 1 rb2701", 4, "buy|sell"),
        ("trader one\none > order buy open 1", 4, "buy|sell"),
        ("trader one\none > order buy many rb2701 @ 1", 4, "whole number"),
        ("trader one\none > order buy 1 rb2701 @", 4, "price"),
        ("trader one\none > order buy 1 rb2701 @ 1 often", 4, "Field=value"),
        ("trader one\none > order buy 1 rb2701 @ $price", 4, "price"),
        ("trader one\none > order buy 1 rb2701 @ 1 -> much", 4, "number"),
        ("trader one\none > order buy 1 rb2701 @ 1 as 1a", 4, "letters"),
        ("trader one\none > cancel a", 4, "as"),
        ("trader one\none > ReqNothing", 4, "ReqUserLogin"),
        ("trader one\none > ReqQryOrder Colour=1", 4, "no field"),
        ("trader one\none > ReqQryOrder exchangeid=1", 4, "ExchangeID"),
        ("trader one\none > ReqQryOrder BrokerID=12345678901", 4, "fit"),
        ("trader one\none > subscribe rb2701", 4, "trader API"),
        ("md feed\nfeed > order buy 1 rb2701 @ 1", 4, "market-data API"),
        ("trader one\none < OnNothing", 4, "OnFrontConnected"),
        ("trader one\none < order a", 4, "OrderStatus/"),
        ("trader one\none < order x1/0", 4, "OrderStatus"),
        ("trader one\none < OnRtnOrder VolumeTraded=many", 4, "VolumeTraded"),
        ("trader one\none < OnFrontConnected BrokerID=1", 4, "no record"),
        ("trader one\none < OnRspError error=many", 4, "whole number"),
        ("trader one\none < OnRtnOrder count=0", 4, "count=3"),
        ("trader one\none < OnRtnOrder of a", 4, "as"),
        ("trader one\none < nothing more", 4, "ends"),
        ("trader one\none release now", 4, "ends"),
        ("trader one\none < OnRtnOrder \"open", 4, "quote is not closed"),
        ("sim >", 3, "what the exchange does"),
        ("sim > advance", 3, "how long"),
        ("sim > advance 5", 3, "500ms"),
        ("sim > until noon", 3, "HH:MM:SS"),
        ("sim > explode", 3, "disconnect"),
        ("let 5", 3, "let NAME"),
        ("with: a=1\nlet a = 2", 4, "taken"),
        ("let a = $", 3, "$name"),
    ] {
        let found = problems(text);
        let start = format!("scenario:{line}: ");
        assert!(
            found.iter().any(|problem| problem.starts_with(&start) && problem.contains(named)),
            "{text:?} should say {named:?} in line {line}: {found:#?}"
        );
    }
}

#[test]
fn all_mistakes_of_a_file_come_at_once() {
    let found = problems("colour: red\ntrader one\none > x\none < y");
    assert_eq!(found.len(), 3, "{found:#?}");
    let headless = scenario::parse("trader one\n").expect_err("no headers");
    let line_0 = |problem: &ParseError| problem.line == 0;
    assert!(headless.iter().all(line_0) && headless[0].to_string().contains("section"), "{headless:?}");
    let quoteless = scenario::parse("section: §1\n").expect_err("no quote");
    assert!(quoteless[0].to_string().contains("quote"), "{quoteless:?}");
}

#[test]
fn versions_are_alternatives_and_bounds() {
    let versions = |text: &str| scenario::parse(&format!("{HEAD}versions: {text}\n")).unwrap().versions;
    let of = [(6, 3, 15), (6, 7, 11), (6, 7, 13)];
    for (text, allowed) in [
        ("all", [true, true, true]),
        (">= 6.7.11", [false, true, true]),
        ("< 6.7.11", [true, false, false]),
        ("6.3.15, 6.7.13", [true, false, true]),
        (">6.3.15, <6.7.13", [false, true, false]),
        ("!= 6.7.11", [true, false, true]),
    ] {
        assert_eq!(of.map(|version| versions(text).allow(version)), allowed, "{text}");
    }
}

/// Runs statements and returns what the first failure says.
fn failure(text: &str) -> String {
    let scenario = scenario::parse(&format!("{HEAD}{text}")).unwrap();
    let report = scenario::run(&scenario, &Direct { version: (6, 7, 11) });
    report.failures.first().expect("a failure").to_string()
}

#[test]
fn a_failure_shows_both_sides_and_what_waits() {
    let orders = "config: crowd=off seed=9\nwith: instrument=rb2701 price=3200 | instrument=rb2705 price=3200\ntrader one\n\
                  one > order buy open 2 $instrument @ $price as a\n";
    let failed = failure(&format!("{orders}one < order a/0\none < order 0/3 \"全部成交\" traded=2\n"));
    for shown in [
        "scenario:8: OnRtnOrder differs in OrderStatus, StatusMsg, VolumeTraded",
        "one < order 0/3 \"全部成交\" traded=2",
        "direct 6.7.11, seed 9, 2026-11-23 10:00:00",
        "row 1 (instrument=rb2701 price=3200)",
        "≠ StatusMsg          全部成交",
        "\"未成交\"",
        "waiting:\n    OnRtnOrder InstrumentID=\"rb2701\" OrderStatus=3",
    ] {
        assert!(failed.contains(shown), "{shown:?} is not in\n{failed}");
    }
    for (statements, shown) in [
        ("one < OnRtnTrade", "OnRtnOrder came, expected OnRtnTrade"),
        ("one < nothing", "expected none"),
        ("one << OnRtnTrade", "OnRtnTrade does not come"),
        ("one << OnRtnOrder count=3", "after 2 of 3"),
        ("one < OnRtnOrder count=2\none > ReqQryOrder -> -2", "returned 0, expected -2"),
        ("one > order sell 1 $instrument @ $instrument.Colour", "no"),
        ("trader two password=wrong", "log-in refused: OnRspUserLogin"),
        ("sim > disconnect two 1", "two"),
        (
            "one < order a/0 of a\none < order 3/3 of a as a\none > cancel a OrderSysID=1\none < order 5/3",
            "OnRspOrderAction",
        ),
    ] {
        let failed = failure(&format!("{orders}{statements}\n"));
        assert!(failed.contains(shown), "{statements}: {shown:?} is not in\n{failed}");
    }
}

/// A generator of chance that needs no crate.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

#[test]
fn no_text_makes_the_reader_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios");
    let mut chance = Chance(4);
    let pieces =
        ["$", "\"", "\\", " | ", "=", "<", ">>", "as", "${", "..", "\u{0}", "全", "-", "@", "#", "\t", "0x"];
    for entry in std::fs::read_dir(folder).unwrap() {
        let text: Vec<char> = std::fs::read_to_string(entry.unwrap().path()).unwrap().chars().collect();
        for _ in 0..20 {
            let mut changed = text.clone();
            for _ in 0..=chance.below(4) {
                let place = chance.below(changed.len());
                match chance.below(3) {
                    0 => drop(changed.drain(place..(place + chance.below(9)).min(changed.len()))),
                    1 => drop(changed.splice(place..place, pieces[chance.below(pieces.len())].chars())),
                    _ => changed.truncate(place + 1),
                }
            }
            // Read or refused: either will do.
            drop(scenario::parse(&changed.iter().collect::<String>()));
        }
    }
}
