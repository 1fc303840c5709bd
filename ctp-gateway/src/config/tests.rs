use std::time::Duration;

use super::*;

fn td() -> TdConfig {
    TdConfig::new(["sim://test"], "9999", "000001", "simulator")
}

fn keys(error: &ConfigError) -> Vec<&str> {
    error.problems().iter().map(|problem| problem.key.as_ref()).collect()
}

#[test]
fn a_simulator_needs_no_library() {
    assert_eq!(td().check(), Ok(()));
    assert_eq!(MdConfig::new(["sim://test?seed=1"]).check(), Ok(()));
}

#[test]
fn all_problems_are_listed_at_once() {
    let mut config = td();
    config.library = Some("thosttraderapi_se.so".into());
    config.fronts = vec!["180.168.146.187".into(), "tcp://host".into(), "udp://host:1".into()];
    config.broker_id = String::new();
    config.user_id = "1234567890123456".into();
    config.password = Secret::default();
    config.app_id = "client".into();
    config.timeouts.close = Duration::ZERO;
    let error = config.check().unwrap_err();
    assert_eq!(
        keys(&error),
        [
            "fronts",
            "fronts",
            "fronts",
            "broker_id",
            "user_id",
            "investor_id",
            "password",
            "auth_code",
            "timeouts.close_ms"
        ]
    );
}

#[test]
fn a_vendor_front_needs_a_library() {
    let mut config = td();
    config.fronts = vec!["tcp://127.0.0.1:41205".into()];
    assert_eq!(keys(&config.check().unwrap_err()), ["library"]);
    config.library = Some("thosttraderapi_se.so".into());
    assert_eq!(config.check(), Ok(()));
}

#[test]
fn front_addresses() {
    for good in [
        "tcp://1.2.3.4:41205",
        "ssl://front.example:41205",
        "tcp6://fe80::20f8:aa9b:7d59:887d:35001",
        "tcp://host:1 socks5://user:pass@ip:2",
        "tcp://host:1 socks4a://ip:2",
        "sim://test?seed=7&clock=virtual",
        " host:1 ",
    ] {
        assert!(FrontAddress::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "tcp://",
        "tcp://host",
        "tcp://:1",
        "tcp://host:",
        "tcp://host:0",
        "tcp://host:65536",
        "sim://",
        "sim://?x",
        "http://h:1",
        "tcp://h:1\n2",
        "fe80::1:35001",
        "host",
        "tcp://h:1 http://ip:2",
        "tcp://h:1 socks5://ip",
        "tcp://h:1 socks5://ip:2 socks5://ip:2",
    ] {
        assert!(FrontAddress::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn an_address_without_a_scheme_is_tcp() {
    for (text, address) in [
        ("1.2.3.4:5", "tcp://1.2.3.4:5"),
        (" host:5  socks5://u:p@h:1 ", "tcp://host:5 socks5://u:p@h:1"),
        ("ssl://h:1", "ssl://h:1"),
    ] {
        assert_eq!(FrontAddress::parse(text).unwrap().as_str(), address);
    }
}

#[test]
fn streams_take_what_the_library_takes() {
    let mut config = td();
    config.private_resume = Resume::FromSequence(0);
    config.public_resume = Resume::FromSequence(1);
    assert_eq!(keys(&config.check().unwrap_err()), ["private_resume", "public_resume"]);
    config.private_resume = Resume::None;
    config.public_resume = Resume::None;
    assert_eq!(keys(&config.check().unwrap_err()), ["private_resume"]);
    config.private_resume = Resume::FromSequence(1);
    assert_eq!(config.check(), Ok(()));
    let mut md = MdConfig::new(["sim://test"]);
    md.multicast = true;
    assert_eq!(keys(&md.check().unwrap_err()), ["multicast"]);
}

#[test]
fn a_relay_authenticates() {
    let mut config = td();
    config.relay = Some(Relay::default());
    assert_eq!(keys(&config.check().unwrap_err()), ["relay.system_info", "app_id"]);
}

#[test]
fn secrets_are_not_printed() {
    let mut config = td();
    config.password = "canary-password".into();
    config.auth_code = Secret::new("canary-authentication-code-too-long");
    let printed = format!("{config:?} {}", config.check().unwrap_err());
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn reads_toml() {
    let text = r#"
        fronts = ["sim://test"]
        broker_id = "9999"
        user_id = "000001"
        password = "simulator"
        private_resume = "quick"
        [timeouts]
        query_ms = 250
    "#;
    let config: TdConfig = toml::from_str(text).unwrap();
    assert_eq!(config.timeouts.query, Duration::from_millis(250));
    assert_eq!(config.timeouts.close, Timeouts::default().close);
    assert_eq!(config.private_resume, Resume::Quick);
    assert!(toml::from_str::<TdConfig>("frons = []").is_err());
}

#[test]
fn each_session_has_its_own_flow_dir() {
    let mut config = td();
    config.flow_dir = "flow".into();
    config.user_id = "../1".into();
    assert_eq!(config.session_flow_dir(), PathBuf::from("flow/td-9999-=2E=2E=2F1"));
    (config.broker_id, config.user_id, config.instance) = ("1".into(), "2-3".into(), "夜".into());
    assert_eq!(config.session_flow_dir(), PathBuf::from("flow/td-1-2=2D3-=E5=A4=9C"));
}

#[test]
fn the_password_of_a_proxy_is_not_shown() {
    for front in [
        "tcp://host socks5://me:canary@1.2.3.4:1080",
        "host:1 canary",
        "tcp://host:0 canary",
        "udp://a:1 canary",
    ] {
        let error = FrontAddress::parse(front).unwrap_err();
        assert!(!error.contains("canary"), "{error}");
    }
    let fronts = ["tcp://host:1 canary".to_owned(), "tcp://other:2".to_owned()];
    assert_eq!(crate::shell::shown_fronts(&fronts), "tcp://host:1, tcp://other:2");
}

#[test]
fn debug_shows_neither_password_nor_proxy() {
    let front = "tcp://host:1 socks5://user:canary-proxy@5.6.7.8:1080";
    let td = TdConfig::new([front], "9999", "000001", "canary-password");
    let mut md = MdConfig::new([front]);
    md.password = "canary-password".into();
    let address = FrontAddress::parse(front).expect("a front");
    let text = format!("{td:?} {md:?} {address:?}");
    assert!(text.contains("tcp://host:1") && text.contains("000001"), "{text}");
    assert!(!text.contains("canary") && !text.contains("socks5"), "{text}");
}

#[test]
fn a_written_configuration_has_no_secret_and_can_be_read_again() {
    let mut config =
        TdConfig::new(["tcp://1.2.3.4:5 socks5://user:kanarie@h:1"], "9999", "000001", "kanarie");
    config.auth_code = Secret::new("kanarie");
    config.app_id = "client".to_owned();
    config.capture = Some(crate::capture::CaptureConfig::new("captures"));
    let text = toml::to_string(&config).unwrap();
    assert!(!text.contains("kanarie") && text.contains("password = \"***\""), "{text}");
    let again: TdConfig = toml::from_str(&text).unwrap();
    assert_eq!((again.fronts, again.timeouts), (vec!["tcp://1.2.3.4:5".to_owned()], config.timeouts));
    assert_eq!(again.capture, config.capture);

    let text = toml::to_string(&MdConfig::new(["sim://x"])).unwrap();
    assert!(toml::from_str::<MdConfig>(&text).unwrap().password.is_empty(), "{text}");
}
