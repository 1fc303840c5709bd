use std::time::Duration;

use ctp_sim::{ApiKind, Delivery, Random};
use ctp_types::TraderCallback;
use serde_json::json;

use super::super::plan::{Action, At, Every, Span};
use super::*;

fn problems(text: &str) -> Vec<(usize, String)> {
    let error = FaultPlan::parse("plans/a.toml", text).expect_err(text);
    error.0.into_iter().map(|problem| (problem.line, problem.text)).collect()
}

fn one(text: &str) -> Fault {
    let mut plan =
        FaultPlan::parse("a", &format!("[[fault]]\n{text}")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plan.faults.len(), 1);
    plan.faults.remove(0)
}

#[test]
fn a_whole_plan_is_read() {
    let text = r#"
        name = "lost-trades"
        rows = ["F47", "F50"]
        seed = 7

        [[fault]]
        do = "drop"
        what = ["OnRtnTrade", "answers"]
        who = { investor = "one*", api = "trader", version = "6.7.13" }
        where = { Direction = "0" }
        after = 3
        every = 5
        probability = 0.5
        count = 2
        for = "20m"
        at = "10:00:05"

        [[fault]]
        do = "delay"
        what = "orders"
        by = "10ms..50ms"
        on = "ReqOrderInsert"
        in = "1s"
    "#;
    let plan = FaultPlan::parse("plans/a.toml", text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((plan.name.as_str(), plan.seed), ("lost-trades", Some(7)));
    assert_eq!(plan.rows, ["F47", "F50"]);
    let [drop, delay] = &plan.faults[..] else { panic!("{plan:?}") };
    assert_eq!(drop.action, Action::Drop);
    let trade = Delivery::Trader {
        callback: TraderCallback::OnRtnTrade,
        record: None,
        rsp_info: None,
        number: 0,
        is_last: true,
    };
    assert!(drop.what.has_delivery(&trade) && !delay.what.has_delivery(&trade));
    assert_eq!((drop.who.api, &drop.who.investors[..]), (Some(ApiKind::Trader), &["one*".to_owned()][..]));
    assert_eq!(drop.who.versions, [(6, 7, 13)]);
    assert_eq!(drop.when.at, Some(At::TimeOfDay("10:00:05".to_owned())));
    assert_eq!((drop.when.skip, drop.when.every, drop.when.count), (3, Every::Chances(5), Some(2)));
    assert_eq!(drop.when.lasts, Some(Duration::from_secs(1_200)));
    let by = Span { low: Duration::from_millis(10), high: Duration::from_millis(50) };
    assert_eq!(delay.action, Action::Delay { by });
    assert!(delay.when.on.is_some() && delay.when.after_that == Duration::from_secs(1));
    assert_eq!(
        drop.text,
        "drop what=OnRtnTrade,answers investor=one* api=trader version=6.7.13 where.Direction=0 after=3 every=5 probability=0.5 count=2 for=20m at=10:00:05"
    );
}

#[test]
fn every_kind_is_read_with_what_it_needs() {
    for kind in Kind::ALL {
        let mut text = format!("do = {:?}\n", kind.name);
        if kind.has_what() {
            text += "what = \"all\"\n";
        }
        let fault = |text: &str| FaultPlan::parse("a", &format!("[[fault]]\n{text}"));
        let needed: Vec<&str> = kind.own_keys().filter(|(_, needed)| *needed).map(|(key, _)| key).collect();
        assert_eq!(fault(&text).is_ok(), needed.is_empty(), "{}", kind.name);
        for key in &needed {
            text += match *key {
                "by" => "by = \"5ms\"\n",
                "error" => "error = 90\n",
                "code" => "code = -2\n",
                "command" => "command = \"ready off\"\n",
                "fields" => "fields = { LastPrice = 1.5 }\n",
                other => panic!("{other}"),
            };
        }
        assert!(fault(&text).is_ok(), "{text}: {:?}", fault(&text));
    }
}

#[test]
fn every_problem_is_found_at_once_with_its_line() {
    let text = r#"name = "x"
rows = ["F75"]
colour = "red"

[[fault]]
do = "dorp"

[[fault]]
do = "drop"
what = ["OnRtnTrades", "ReqOrderInsert"]
count = 0
probability = 2
at = "noon"

[[fault]]
do = "restart"
what = "all"
for = "5s"
evry = 3

[[fault]]
do = "refuse"
what = "ReqQryOrder"
error = 0
who = { investors = "a", api = "web" }

[[fault]]
do = "delay"
what = "all"
on = "ReqOrderInsert"
at = "10:00:00"

[[fault]]
do = "command"
command = "explode now"
"#;
    let found = problems(text);
    for (line, named) in [
        (2, "F75"),
        (3, "colour"),
        (6, "is it drop?"),
        (10, "is it OnRtnTrade?"),
        (10, "it is a request"),
        (11, "count"),
        (12, "0 to 1"),
        (13, "noon"),
        (17, "no single callback"),
        (18, "write `down`"),
        (19, "is it every?"),
        (24, "0 is success"),
        (25, "is it investor?"),
        (25, "trader"),
        (27, "needs `by`"),
        (30, "contradict"),
        (35, "explode"),
    ] {
        assert!(
            found.iter().any(|(at, text)| *at == line && text.contains(named)),
            "line {line}: {named} not in {found:#?}"
        );
    }
    assert_eq!(found.len(), 17, "{found:#?}");
    assert_eq!(problems("name = \nseed = 1 1")[0].0, 1);
    assert!(problems("")[0].1.contains("[[fault]]"));
    assert!(problems("[[fault]]\ndo=\"drop\"\nwhat=[]")[0].1.contains("names nothing"));
    assert!(problems(&" ".repeat(PLAN_LENGTH_MAX + 1))[0].1.contains("1048577"));
    let shown = FaultPlan::parse("plans/a.toml", text).expect_err("problems").to_string();
    assert!(shown.lines().any(|line| line.starts_with("plans/a.toml:6: \"dorp\"")), "{shown}");
}

#[test]
fn json_and_words_say_the_same() {
    let toml = one(
        "do = \"drop\"\nwhat = \"OnRtnTrade\"\ncount = 2\nwho = { session = 3 }\nwhere = { Direction = 0 }",
    );
    let object = json!({ "do": "drop", "what": "OnRtnTrade", "count": 2, "who": { "session": 3 }, "where": { "Direction": "0" } });
    let read = FaultPlan::from_json("control", object.as_object().expect("an object")).expect("a fault");
    assert_eq!(read.faults[0].what, toml.what);
    assert_eq!((&read.faults[0].when, &read.faults[0].who), (&toml.when, &toml.who));
    let (name, words) =
        crate::command::read_line("fault drop what=OnRtnTrade count=2 client=a where-Direction=0")
            .expect("a line");
    assert_eq!(name, "fault");
    let session = |name: &str| (name == "a").then_some(3);
    let read = FaultPlan::from_words(&words, &session).expect("a fault");
    assert_eq!(read.faults[0].fields, toml.fields);
    assert_eq!((&read.faults[0].when, &read.faults[0].who), (&toml.when, &toml.who));
    assert!(FaultPlan::from_words(&words, &|_| None).is_err());
    let whole = json!({ "name": "both", "fault": [object, { "do": "stall", "for": "1s" }] });
    let read = FaultPlan::from_json("control", whole.as_object().expect("an object")).expect("a plan");
    assert_eq!((read.name.as_str(), read.faults.len()), ("both", 2));
}

#[test]
fn garbage_is_refused_and_never_panics() {
    let mut random = Random::new(1, "garbage");
    let pieces = [
        "[[fault]]\n",
        "do = ",
        "\"drop\"",
        "\"delay\"",
        "what = ",
        "[",
        "]",
        "\"all\"",
        "\n",
        "by = ",
        "\"1ms..\"",
        "every = ",
        "-1",
        "9223372036854775808",
        "who = ",
        "{",
        "}",
        "investor = ",
        "\u{0}",
        "上期所",
        "at = ",
        "2026-01-01T00:00:00",
        "1e999",
        "nan",
        "count = ",
        "fields = ",
        "= ",
        "\"",
        "'''",
        "name = ",
    ];
    for _ in 0..5_000 {
        let length = random.between(0, 30);
        let text: String =
            (0..length).map(|_| pieces[random.between(0, pieces.len() as i64 - 1) as usize]).collect();
        drop(FaultPlan::parse("garbage", &text));
    }
}
