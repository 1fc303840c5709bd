use super::*;
use crate::address::ClockKind;
use crate::serve::options::{Listen, ServeOptions};

fn read(text: &str) -> Result<ServeOptions, String> {
    let path = Path::new("/etc/sim/sim.toml");
    let told = |error: OptionsError| error.to_string();
    let given = read_text(text, Path::new("/etc/sim"))
        .map_err(|problems| told(OptionsError::new(Some(path), problems)))?;
    given.check(None, Some(path)).map_err(told)
}

#[test]
fn an_empty_file_is_the_default() {
    let options = read("").expect("nothing is wrong with nothing");
    assert_eq!(options.listen, Listen::One("127.0.0.1:17001".parse().expect("an address")));
    assert_eq!((options.exchange.name.as_str(), options.clients_max), ("served", 512));
}

#[test]
fn everything_is_read() {
    let text = r#"
md_listen = "127.0.0.1:0"
td_listen = "localhost:17002"
name = "paper"
clock = "virtual"
speed = 60
start = 2026-11-23T10:00:00
replay = "ticks.csv"
store = "/var/day.sqlite"
faults = ["lost.toml", "late.toml"]
clients = 7

[settings]
seed = 7
exchange_delay = "1ms"
latency = "none"
crowd = false

[[commands]]
text = "deposit one amount=5"

[[commands]]
op = "command"
command = "deposit"
investor = "one"
amount = 5.5
"#;
    let options = read(text).expect("usable");
    let Listen::Two { md, td } = options.listen else { panic!("{:?}", options.listen) };
    assert_eq!((md.port(), td.port()), (0, 17002));
    let exchange = &options.exchange;
    assert_eq!((exchange.name.as_str(), exchange.clock), ("paper", Some(ClockKind::Virtual)));
    assert_eq!(exchange.speed, Some(Speed::Times(60.0)));
    assert_eq!(exchange.start.map(Timestamp::china).as_deref(), Some("2026-11-23 10:00:00"));
    assert_eq!(exchange.replay.as_deref(), Some(Path::new("/etc/sim/ticks.csv")));
    let settings: Vec<_> = exchange.settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(settings, ["seed=7", "exchange_delay=1ms", "latency=none", "crowd=off"]);
    assert_eq!(options.store.as_deref(), Some(Path::new("/var/day.sqlite")));
    assert_eq!(options.faults, [Path::new("/etc/sim/lost.toml"), Path::new("/etc/sim/late.toml")]);
    let commands: Vec<_> =
        options.commands.into_iter().map(|command| Value::Object(command).to_string()).collect();
    assert_eq!(
        commands,
        [
            r#"{"text":"deposit one amount=5","op":"command"}"#,
            r#"{"op":"command","command":"deposit","investor":"one","amount":5.5}"#
        ]
    );
}

#[test]
fn every_problem_is_told_with_line_and_fix() {
    let text = r#"listn = "127.0.0.1:1"
clock = "sundial"
speed = "fast"
faults = "one.toml"
clients = 0
crowd = true
colour = "red"

[settings]
sed = 7
crowd = "maybe"
order_price = [1]
matching = "book"

[[commands]]
colour = "red"
"#;
    let error = read(text).expect_err("much is wrong");
    let lines: Vec<&str> = error.lines().collect();
    let expected = [
        ("1", "\"listn\"", "write listen"),
        ("2", "\"sundial\"", "\"manual\""),
        ("3", "\"fast\"", "\"max\""),
        ("4", "\"one.toml\"", "a list of paths"),
        ("5", "clients does not take 0", "from 1"),
        ("6", "\"crowd\"", "below [settings]"),
        ("7", "\"colour\"", "known are listen, md_listen"),
        ("10", "\"sed\"", "write seed"),
        ("11", "\"maybe\"", "on or off"),
        ("12", "a list", "a text"),
        ("15", "without op", "text ="),
    ];
    assert_eq!(lines.len(), expected.len(), "{error}");
    for (line, (number, what, fix)) in lines.into_iter().zip(expected) {
        let place = format!("/etc/sim/sim.toml:{number}: ");
        assert!(line.starts_with(&place) && line.contains(what) && line.contains(fix), "{line}");
    }
}

#[test]
fn what_does_not_go_together_is_told() {
    for (text, expected) in [
        ("listen = \"127.0.0.1:0\"\nmd_listen = \"127.0.0.1:0\"", "sim.toml:2: listen is given, too"),
        ("\nmd_listen = \"127.0.0.1:0\"", "sim.toml:2: md_listen is given without td_listen"),
        ("td_listen = \"127.0.0.1:0\"", "sim.toml:1: td_listen is given without md_listen"),
        ("listen = \"nowhere\"", "sim.toml:1: listen \"nowhere\" is no address; write"),
        (
            "listen = \"0.0.0.0:0\"",
            "sim.toml:1: 0.0.0.0:0 is reached from other machines; add --allow-remote",
        ),
        ("listen = \"0.0.0.0:0\"\nallow_remote = true", "add a token"),
        ("name = \"a b\"", "name \"a b\" is not usable"),
        ("clock = \"moon\"\nspeed = -3", "speed -3 cannot be"),
        ("[[commands]]\ntext = \"depsit one amount=5\"", "no such command depsit"),
        ("[[commands]]\ntext = \"deposit one\"", "amount is missing"),
        ("speed = 2", "speed 2 needs a virtual clock"),
        ("clock = \"virtual\"\nspeed = 1001", "sim.toml:2: speed 1001 cannot be"),
        ("clock = \"virtual\"\nspeed = nan", "speed NaN cannot be"),
        ("start = 2026-11-23T10:00:00", "needs a clock of the exchange's own"),
        ("start = 2026-11-23", "start does not take \"2026-11-23\""),
        ("token_file = \"/nowhere/token\"", "cannot read token_file /nowhere/token"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_is_no_toml_is_told_with_its_line_beside_the_rest() {
    let error = read("clock = \"sundial\"\nlisten = \nclients = 0\n").expect_err("no TOML");
    assert!(error.contains("sim.toml:2: this is no TOML"), "{error}");
    assert!(error.contains("sim.toml:1: ") && error.contains("sim.toml:3: "), "{error}");
    assert!(read("\0").is_err() && read("[[[").is_err() && read("a = {").is_err());
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let error = read_file(Path::new("/nowhere/sim.toml")).expect_err("not there").to_string();
    assert!(error.contains("/nowhere/sim.toml"), "{error}");
    assert!(read_file(Path::new("/")).is_err());
}

#[test]
fn the_documentation_has_every_key() {
    let documented = include_str!("../../../../docs/serve.md");
    let rows =
        FileKey::ALL.iter().map(|key| format!("| `{}` | {} | {} |\n", key.name, key.takes, key.meaning));
    let table: String = rows.collect();
    let table = format!("| key | takes | meaning |\n|---|---|---|\n{table}");
    assert!(documented.contains(&table), "put this into docs/serve.md:\n{table}");
}
