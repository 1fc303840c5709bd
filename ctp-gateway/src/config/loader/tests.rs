//! Files as people and accidents write them.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;
use crate::config::{FensMode, Resume, SecretSource};

const GOOD: &str = r#"
fronts = ["sim://test"]
broker_id = "9999"
user_id = "000001"
password = { env = "SECRET_OF_TEST" }
"#;

fn load(text: &str) -> Result<GatewayConfig, ConfigError> {
    GatewayConfig::loader().toml(text).variables([("SECRET_OF_TEST", "canary")]).load()
}

/// The problems as `line key: message`.
fn problems(text: &str) -> Vec<String> {
    let shown = |problem: &Problem| {
        let line = match &problem.place {
            Some(Place::File { line: Some(line), .. }) => line.to_string(),
            Some(place) => place.to_string(),
            None => "-".to_owned(),
        };
        format!("{line} {}: {}", problem.key, problem.message)
    };
    load(text).err().map_or_else(Vec::new, |error| error.problems().iter().map(shown).collect())
}

/// The problems of a text that is put under a good one, from its line 1.
fn problems_of(more: &str) -> Vec<String> {
    problems(&format!("{more}\n{GOOD}"))
}

#[test]
fn a_good_file_gives_both_sessions() {
    let config = load(GOOD).unwrap();
    let (md, td) = config.sessions().unwrap();
    assert_eq!((md.fronts.len(), td.fronts.len(), td.user_id.as_str()), (1, 1, "000001"));
    assert_eq!(td.password.expose(), "canary");
    assert!(config.warnings().is_empty());
}

#[test]
fn every_key_reaches_its_session() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["thostmduserapi_se.so", "libthosttraderapi_se.so", "info.bin"] {
        std::fs::write(folder.path().join(file), [7, 0, 9]).unwrap();
    }
    let path = folder.path().join("ctp.toml");
    let text = r#"
        BrokerID = "9999"
        UserID = "1"
        InvestorID = "2"
        Password = "p"
        OneTimePassword = "o"
        AppID = "a"
        AuthCode = "c"
        UserProductInfo = "i"
        MdFront = "1.2.3.4:5"
        td_fronts = ["ssl://h:1", "tcp://h:2 socks5://u:p@h:3"]
        td_name_servers = ["tcp://n:1"]
        md_name_servers = ["tcp://n:2"]
        fens_mode = "transfer"
        version = "6.7.13"
        library_dir = "."
        flow_dir = "流"
        instance = "b"
        production = false
        udp = true
        multicast = true
        private_resume = { from_sequence = 12 }
        public_resume = "none"
        confirm_settlement = false
        tick_capacity = 5
        [timeouts]
        query_ms = 250
        [relay]
        system_info = { file = "info.bin" }
        ip_port = 80
        mac = "aa"
        [capture]
        folder = "capture"
        ticks = true
    "#;
    std::fs::write(&path, text).unwrap();
    let (md, td) = GatewayConfig::loader().file(&path).load().unwrap().sessions().unwrap();
    assert_eq!(md.library, Some(folder.path().join("./thostmduserapi_se.so")));
    assert_eq!(td.library, Some(folder.path().join("./libthosttraderapi_se.so")));
    assert_eq!((md.fronts, md.name_servers), (vec!["1.2.3.4:5".to_owned()], vec!["tcp://n:2".to_owned()]));
    assert_eq!((td.fronts.len(), td.name_servers), (2, vec!["tcp://n:1".to_owned()]));
    assert_eq!((md.fens_mode, td.fens_mode), (FensMode::Transfer, FensMode::Transfer));
    assert_eq!((md.udp, md.multicast, md.tick_capacity, md.production), (true, true, 5, false));
    assert_eq!((md.version.as_deref(), td.version.as_deref()), (Some("6.7.13"), Some("6.7.13")));
    let texts = [&td.broker_id, &td.user_id, &td.investor_id, &td.app_id, &td.product_info, &td.instance];
    assert_eq!(texts, ["9999", "1", "2", "a", "i", "b"]);
    let secrets = [&td.password, &td.one_time_password, &td.auth_code, &md.password];
    assert_eq!(secrets.map(|secret| secret.expose()), ["p", "o", "c", "p"]);
    assert_eq!((td.private_resume, td.public_resume), (Resume::FromSequence(12), Resume::None));
    assert_eq!((td.flow_dir, td.confirm_settlement), (folder.path().join("流"), false));
    assert_eq!(
        (td.timeouts.query, md.timeouts.query),
        (Duration::from_millis(250), Duration::from_millis(250))
    );
    let relay = td.relay.unwrap();
    assert_eq!((relay.system_info.as_bytes(), relay.ip_port, relay.mac.as_str()), (&[7, 0, 9][..], 80, "aa"));
    let capture = md.capture.unwrap();
    assert_eq!((capture.folder, capture.ticks), (folder.path().join("capture"), true));
}

/// vnpy_ctp's settings, as VeighNa Trader saves them.
#[test]
fn veighnas_file_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connect_ctp.json");
    let text = r#"{
    "用户名": "000001",
    "密码": "canary",
    "经纪商代码": "9999",
    "交易服务器": "180.168.146.187:10201",
    "行情服务器": "tcp://180.168.146.187:10211",
    "产品名称": "simnow_client_test",
    "授权编码": "0000000000000000",
    "产品信息": "",
    "柜台环境": "测试"
}"#;
    std::fs::write(&path, text).unwrap();
    let library = path.clone();
    let config = GatewayConfig::loader()
        .file(&path)
        .with(move |config| (config.td_library, config.md_library) = (Some(library.clone()), Some(library)))
        .load()
        .unwrap();
    let (md, td) = config.sessions().unwrap();
    assert_eq!(td.user_id, "000001");
    assert_eq!((td.app_id.as_str(), td.auth_code.expose()), ("simnow_client_test", "0000000000000000"));
    assert_eq!((td.production, md.production), (false, false));
    assert_eq!(config.warnings().len(), 2, "{:?}", config.warnings());
    assert!(config.warnings()[0].to_string().contains("line 3"), "{:?}", config.warnings());

    let broken = text.replace("\"经纪商代码\": \"9999\"", "\"经纪商代号\": 9999").replace("测试", "模拟");
    std::fs::write(&path, broken).unwrap();
    let error = GatewayConfig::loader().file(&path).load().unwrap_err().to_string();
    for part in [
        "connect_ctp.json, line 4: 经纪商代号: is no key; did you mean 经纪商代码 (broker_id)?",
        "connect_ctp.json, line 10: 柜台环境: is a text; give true or false",
        "broker_id: is empty; give the broker's number",
        "td_library: is missing",
    ] {
        assert!(error.contains(part), "{error}\nlacks {part}");
    }
    assert!(!error.contains("canary"), "{error}");
}

#[test]
fn json_that_is_none_says_where() {
    for (text, part) in [
        ("", "cannot be understood as JSON"),
        ("[]", "is no JSON object"),
        ("{\n\"密码\": \"canary\",\n}", "line 3: cannot be understood as JSON"),
        ("{\"密码\": canary}", "cannot be understood as JSON"),
        ("\"canary\"", "is no JSON object"),
        (
            r#"{"broker_id": "1", "broker_id": "2", "用户名": "3", "user": "4"}"#,
            "user: is given already as 用户名",
        ),
        (r#"{"broker_id": "1", "broker_id": "2"}"#, "broker_id: is given twice"),
        (r#"{"broker_id": null, "user_id": 1.5}"#, "broker_id: is null; give a text in quotes"),
    ] {
        let error = GatewayConfig::loader().json(text).load().unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn unknown_keys_are_told_with_the_nearest() {
    for (more, problem) in [
        ("pasword = 'canary'", "1 pasword: is no key; did you mean password?"),
        ("td_frnots = 1", "1 td_frnots: is no key; did you mean td_fronts?"),
        ("colour = 1", "1 colour: is no key; docs/configuration.md lists them all"),
        ("query_ms = 1", "1 query_ms: is no key here; write query_ms below [timeouts]"),
        ("timeouts.qery_ms = 1", "1 timeouts.qery_ms: is no key of [timeouts]; did you mean query_ms?"),
        ("timeout = 5", "1 timeout: is no key; did you mean [timeouts]?"),
        ("relay = 5", "1 relay: is no table; write [relay] and its keys below"),
        (
            "broker = '1'",
            "4 broker_id: is given already as broker, which is another name of broker_id; give one of them",
        ),
    ] {
        let problems = problems_of(more);
        assert!(problems.iter().any(|told| told == problem), "{more}: {problems:?}");
    }
}

#[test]
fn wrong_types_are_told_without_the_value() {
    for (more, problem) in [
        ("instance = 4711", "instance: is a number; put it in quotes"),
        ("udp = 'yes'", "udp: is a text; give true or false"),
        ("md_fronts = [1]", "md_fronts: has an entry that is a number; put it in quotes"),
        ("md_fronts = { a = 1 }", "md_fronts: is a table; give a list of texts in quotes"),
        ("tick_capacity = '5'", "tick_capacity: is a text; give a whole number without quotes"),
        (
            "tick_capacity = 16777217",
            "tick_capacity: is 16777217; give at most 16777216, which is some 9 GiB",
        ),
        ("tick_capacity = -5", "tick_capacity: is -5; give a number above 0"),
        ("tick_capacity = 1.5", "tick_capacity: is a number with a fraction; give a whole number"),
        ("tick_capacity = 99999999999999999999", "a whole number"),
        ("app_id = 2026-01-01", "app_id: is a time; give a text in quotes"),
        ("auth_code = 4711", "auth_code: is a number; put it in quotes"),
        ("auth_code = ['4711']", "auth_code: is a list; give a text in quotes, { env"),
        ("auth_code = { env = 4711 }", "auth_code: is no secret's place; give"),
        ("auth_code = { text = '4711' }", "auth_code: is no secret's place; give"),
        ("private_resume = '4711x'", "private_resume: is not one of its values; give restart"),
        ("private_resume = { from_sequence = 'a' }", "private_resume: has a from_sequence that is a text"),
        ("private_resume = { from_sequence = 4294967296 }", "beyond all numbers"),
        ("fens_mode = 'own'", "fens_mode: is neither trade nor transfer"),
        ("timeouts.query_ms = '5s'", "timeouts.query_ms: is a text; give a whole number"),
        ("timeouts.query_ms = -1", "timeouts.query_ms: is -1; give milliseconds above 0"),
        ("timeouts.query_ms = 0", "timeouts.query_ms: is 0; give at least 1"),
        ("relay.system_info = '4711x'", "relay.system_info: is not an even number of hexadecimal digits"),
        ("relay.system_info = { file = '/nowhere' }", "relay.system_info: is to come from /nowhere, which"),
        ("relay.ip_port = 70000", "relay.ip_port: cannot be taken"),
        ("capture.ticks = 5", "capture.ticks: cannot be taken"),
    ] {
        let problems = problems_of(more);
        assert!(
            problems.iter().any(|told| told.starts_with("1 ") && told.contains(problem)),
            "{more}: {problems:?}"
        );
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let problems = problems(
        "td_fronts = ['h', 'tcp://h:0']\nbrokr = '9'\nuser_id = 1\npassword = 'this-is-a-canary-that-is-too-long-for-a-password'\napp_id = 'a'\ntick_capacity = 0\nmd_fronts = ['h:1']\n[timeouts]\nclose_ms = 0\n",
    );
    let told: Vec<_> =
        problems.iter().map(|problem| problem.split(": ").next().unwrap_or_default()).collect();
    assert_eq!(
        told,
        [
            "1 td_fronts",
            "1 td_fronts",
            "2 brokr",
            "3 user_id",
            "4 password",
            "6 tick_capacity",
            "9 timeouts.close_ms",
            "- md_library",
            "- broker_id",
            "- auth_code",
        ],
        "{problems:#?}"
    );
    assert!(problems.iter().all(|problem| !problem.contains("canary")), "{problems:?}");
}

#[test]
fn an_empty_file_says_what_is_missing() {
    for text in ["", "\n", "# only a remark", "\u{feff}"] {
        let told = problems(text.trim_start_matches('\u{feff}'));
        let keys: Vec<_> =
            told.iter().map(|problem| problem.split(": ").next().unwrap_or_default()).collect();
        assert_eq!(keys, ["- td_fronts", "- broker_id", "- user_id", "- password"], "{told:?}");
    }
}

#[test]
fn garbage_is_no_panic_and_shows_no_secret() {
    let texts = [
        "password = 'canary",
        "password = \"canary\nuser_id = 1",
        "password canary",
        "[password",
        "= = canary",
        "password = canary",
        "password = [['canary'",
        "password = { env = 'A', file = 'canary' }",
        "\0\u{1}canary\u{7f}",
        "password = '''canary",
        "a.b.c.d = 1\na = 'canary'",
        "password = 'a'\npassword = 'canary'",
        "[timeouts]\n[timeouts]\npassword = 'canary'",
        "user_id = \"\\u0000canary\"",
        "password = 'can\u{0}ary'",
    ];
    for text in texts {
        let told = problems(text);
        assert!(!told.is_empty(), "{text:?}");
        let told = told.join("\n").replace("canary: is no key", "");
        assert!(!told.contains("canary"), "{text:?}: {told}");
    }
    let nested = format!("a = {}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(!problems(&nested).is_empty());
}

#[test]
fn a_slip_hides_no_other_problem() {
    let told = problems("td_fronts = ['tcp://h:0']\nuser_id = 'a\nbrokr_id = '9'\n");
    assert!(told.iter().any(|problem| problem.starts_with("1 td_fronts: `tcp://h:0` has port")), "{told:?}");
    assert!(told.iter().any(|problem| problem.starts_with("2 : cannot be understood as TOML")), "{told:?}");
}

#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ctp.toml");
    let error = |path: &Path| GatewayConfig::loader().file(path).load().unwrap_err().to_string();
    assert!(error(&path).contains("ctp.toml: cannot be read"), "{}", error(&path));
    // What stands in it is not known to be missing.
    assert_eq!(error(&path).lines().count(), 2, "{}", error(&path));
    assert!(error(folder.path()).contains("is a folder"), "{}", error(folder.path()));
    assert!(error(Path::new("/dev/zero")).contains("is no file"), "{}", error(Path::new("/dev/zero")));
    std::fs::write(&path, b"user_id = '1'\n# \xD3\xC3\xBB\xA7\n").unwrap();
    assert!(error(&path).contains("line 2: is not UTF-8 text; save it as UTF-8"), "{}", error(&path));
    std::fs::write(&path, vec![b' '; (1 << 20) + 1]).unwrap();
    assert!(error(&path).contains("at most 1048576"), "{}", error(&path));
    std::fs::write(&path, format!("\u{feff}{}", GOOD.replace("{ env = \"SECRET_OF_TEST\" }", "'a'")))
        .unwrap();
    assert_eq!(GatewayConfig::loader().file(&path).load().unwrap().warnings().len(), 1);
}

#[test]
fn later_places_win() {
    let config = GatewayConfig::loader()
        .toml("fronts = ['sim://a']\nbroker_id = '1'\nuser_id = 'file'\npassword = 'file'\nudp = false")
        .variables([
            ("CTP_USER_ID", "environment"),
            ("CTP_PASSWORD", "environment"),
            ("CTP_TD_FRONT", "tcp://h:1, tcp://h:2"),
            ("CTP_TD_LIBRARY", "/dev/null"),
            ("CTP_UDP", "true"),
            ("CTP_TIMEOUTS_QUERY_MS", "7"),
            ("CTP_INSTANCE", ""),
            ("CTP_SIM_DIR", "/x"),
            ("CTPX", "y"),
        ])
        .with(|config| {
            config.user_id = "code".to_owned();
            config.td_library = None;
            config.td_fronts = vec!["sim://b".to_owned()];
        })
        .load()
        .unwrap();
    assert_eq!((config.user_id.as_str(), config.udp), ("code", true));
    assert_eq!(config.td_config().unwrap().password.expose(), "environment");
    assert_eq!(config.timeouts.query, Duration::from_millis(7));
    assert_eq!(config.warnings().len(), 1, "the file has a password");
}

#[test]
fn problems_of_the_environment_name_the_variable() {
    let error = GatewayConfig::loader()
        .variables([
            ("CTP_FRONTS", "sim://a"),
            ("CTP_BROKER_ID", "a-broker-that-is-too-long"),
            ("CTP_TICK_CAPACITY", "many"),
            ("CTP_UDP", "maybe"),
            ("CTP_PASSWORD_FILE", "/nowhere/canary-file"),
        ])
        .load()
        .unwrap_err()
        .to_string();
    for part in [
        "CTP_BROKER_ID: broker_id: does not fit",
        "CTP_TICK_CAPACITY: tick_capacity: is no whole number",
        "CTP_UDP: udp: is neither true nor false",
        "CTP_PASSWORD_FILE: password: is to come from /nowhere/canary-file, which cannot be read",
    ] {
        assert!(error.contains(part), "{error}\nlacks {part}");
    }
    let config = GatewayConfig::loader()
        .toml(GOOD)
        .variables([("SECRET_OF_TEST", "a"), ("CTP_PASWORD", "canary")])
        .load()
        .unwrap();
    let warning = config.warnings()[0].to_string();
    assert_eq!(warning, "CTP_PASWORD: is no variable of ours; did you mean CTP_PASSWORD?");
}

#[test]
fn what_code_sets_stands_in_no_file() {
    let error = GatewayConfig::loader()
        .toml("fronts = ['sim://a']\nbroker_id = '1'\nuser_id = '1'\npassword = 'p'")
        .with(|config| config.fronts = vec!["sim://".to_owned()])
        .load()
        .unwrap_err();
    assert_eq!(error.problems().iter().map(|problem| problem.place.is_none()).collect::<Vec<_>>(), [true]);
}

#[test]
fn secrets_come_from_files_that_others_do_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("密码");
    let path = folder.path().join("ctp.toml");
    std::fs::write(&path, GOOD.replace("{ env = \"SECRET_OF_TEST\" }", "{ file = '密码' }")).unwrap();
    let write = |bytes: &[u8], mode| {
        let _ = std::fs::remove_file(&secret);
        std::fs::write(&secret, bytes).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let load = || GatewayConfig::loader().file(&path).load();
    for (bytes, mode) in [(&b"canary\r\n"[..], 0o600), (b"canary", 0o640), (b"canary\n", 0o400)] {
        write(bytes, mode);
        assert_eq!(load().unwrap().td_config().unwrap().password.expose(), "canary");
    }
    for (bytes, mode, part) in [
        (&b"canary"[..], 0o644, "others may read or write (mode 0644); run chmod 600"),
        (b"canary", 0o620, "mode 0620"),
        (b"\xD3\xC3canary", 0o600, "is not UTF-8 text"),
        (b"\n", 0o600, "is empty"),
        (&[b'c'; 5000], 0o600, "has 5000 bytes"),
    ] {
        write(bytes, mode);
        let error = load().unwrap_err().to_string();
        assert!(
            error.contains("ctp.toml, line 5: password: is to come from") && error.contains(part),
            "{error}"
        );
        assert!(!error.contains("canary") && error.matches("password").count() == 1, "{error}");
    }
}

#[test]
fn secrets_appear_nowhere() {
    let mut config = load(&GOOD.replace("sim://test", "tcp://u:canary-u@h:1 socks5://u:canary-p@h:2")).err();
    let mut good = load(GOOD).unwrap();
    good.auth_code = "canary-code".into();
    good.one_time_password = SecretSource::literal("canary-otp");
    good.relay = Some(crate::config::Relay::new(b"canary".to_vec()));
    good.fronts = vec!["tcp://h:1 socks5://u:canary-p@h:2".to_owned()];
    let mut shown = vec![format!("{good:?}"), format!("{good:#?}"), serde_json::to_string(&good).unwrap()];
    shown.extend(good.check().err().map(|error| format!("{error} {error:?}")));
    shown.extend(config.take().map(|error| format!("{error} {error:?}")));
    shown.push(toml::to_string(&good).unwrap());
    for text in &shown {
        assert!(!text.contains("canary"), "{text}");
    }
    assert!(shown[2].contains(r#""password":{"env":"SECRET_OF_TEST"}"#), "{}", shown[2]);
}

#[test]
fn what_is_serialised_is_read_again() {
    let mut config = load(GOOD).unwrap();
    config.private_resume = Resume::FromSequence(3);
    config.capture = Some(crate::capture::CaptureConfig::new("c"));
    config.timeouts.query = Duration::from_millis(9);
    let text = toml::to_string(&config).unwrap();
    let again = load(&text).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&config).unwrap());
    let again: GatewayConfig = toml::from_str(&text).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&config).unwrap());
    let error = toml::from_str::<GatewayConfig>("pasword = 'canary'\nuser_id = 5").err().unwrap().to_string();
    assert!(error.contains("did you mean password?") && error.contains("user_id: is a number"), "{error}");
    assert!(!error.contains("canary"), "{error}");
}

#[test]
fn one_side_is_enough_and_both_are_for_a_gateway() {
    let md = load("md_fronts = ['sim://a']").unwrap();
    assert!(md.md_config().is_ok());
    let keys = |error: ConfigError| {
        error.problems().iter().map(|problem| problem.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(keys(md.sessions().unwrap_err()), ["td_fronts", "broker_id", "user_id", "password"]);
    let td = load(&GOOD.replace("fronts", "td_fronts")).unwrap();
    assert!(td.td_config().is_ok());
    assert_eq!(keys(td.md_config().unwrap_err()), ["md_fronts"]);
}

#[test]
fn libraries_are_looked_for() {
    let told = problems(&GOOD.replace("sim://test", "tcp://h:1"));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("md_library: is missing; give the path of thostmduserapi_se.so"), "{told:?}");
    assert!(told[1].contains("td_library: is missing; give the path of thosttraderapi_se.so"), "{told:?}");
    let told = problems(&format!("library_dir = '/nowhere'\n{}", GOOD.replace("sim://test", "tcp://h:1")));
    assert!(
        told[0].starts_with("1 library_dir: is /nowhere, where there is no thostmduserapi_se.so"),
        "{told:?}"
    );
    assert_eq!(told.len(), 2, "{told:?}");
    let told = problems_of("td_library = '/nowhere/td.so'");
    assert_eq!(told, ["1 td_library: is /nowhere/td.so, where there is no file; check the path"]);
}

mod any {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever stands in a file: an answer, no panic, and no secret.
        #[test]
        fn text_is_answered(text in "(?s)[\\[\\]{}=\"'.,a-z0-9\n #é密]{0,200}") {
            let _ = load(&text);
            let _ = GatewayConfig::loader().json(text).load();
        }

        #[test]
        fn bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let _ = load(&text);
            let _ = GatewayConfig::loader().json(text).load();
        }

        #[test]
        fn a_damaged_file_shows_no_secret(
            at in 0..400_usize,
            what in prop_oneof![any::<char>(), proptest::sample::select("[]{}=\"'.,\n#".chars().collect::<Vec<_>>())],
        ) {
            let mut text: Vec<char> = DAMAGED.chars().collect();
            let at = at % text.len();
            text[at] = what;
            let text: String = text.into_iter().collect();
            if let Err(error) = load(&text) {
                prop_assert!(!error.to_string().contains("kanarien"), "{}", error);
            }
        }
    }

    const DAMAGED: &str = r#"td_fronts = ['sim://a', "sim://b"]
td_library = '/dev/null'
md_fronts = [
'sim://c',
]
password = 'kanarienvogel'
auth_code = "kanarienvogel"
flow_dir = 'a'
one_time_password = """kanarienvogel"""
broker_id = '1'
user_id = '2'
[timeouts]
query_ms = 5
"#;
}

#[test]
fn arguments_win_over_file_and_environment_and_stand_nowhere() {
    let loader = || {
        GatewayConfig::loader()
            .toml("fronts = ['sim://test']\nbroker_id = '9999'\nuser_id = 'one'\npassword = 'p'")
            .variables([("CTP_USER_ID", "two"), ("CTP_INSTANCE", "b")])
    };
    let config = loader()
        .arguments(r#"{"user": "three", "front": ["sim://other"], "risk": {"order_lots": 5}}"#)
        .load()
        .unwrap();
    assert_eq!((config.user_id.as_str(), config.instance.as_str()), ("three", "b"));
    assert_eq!((config.fronts, config.risk.order_lots), (vec!["sim://other".to_owned()], Some(5)));
    let error = loader().arguments(r#"{"user_id": 7, "usr": "x", "password": 5}"#).load().unwrap_err();
    let keys: Vec<_> = error.problems().iter().map(|problem| problem.key.as_ref()).collect();
    assert_eq!(keys, ["user_id", "usr", "password"]);
    assert!(error.problems().iter().all(|problem| problem.place.is_none()));
}
