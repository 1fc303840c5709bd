use super::*;

fn file(text: &str) -> (TempDir, Arguments) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("demo.toml");
    std::fs::write(&path, text).expect("written");
    (folder, Arguments { config: Some(path), ..Arguments::default() })
}

fn no_environment(_: &str) -> Option<String> {
    None
}

#[test]
fn the_simulator_needs_nothing() {
    let options = Options::simulator().unwrap();
    assert_eq!((options.front.as_str(), options.broker.as_str()), ("sim://demo", "9999"));
    options.md_config().check().unwrap();
    options.td_config().check().unwrap();
}

#[test]
fn arguments_win_over_the_file() {
    let (_folder, arguments) =
        file("front = 'tcp://1.2.3.4:5'\nbroker = '8888'\nlibrary = 'a.so'\nticks = 7\n");
    let arguments = Arguments { broker: Some("7777".into()), ..arguments };
    let options = Options::read(arguments, no_environment).unwrap();
    assert_eq!(
        (options.front.as_str(), options.broker.as_str(), options.ticks),
        ("tcp://1.2.3.4:5", "7777", 7)
    );
    assert_eq!(options.library, Some(PathBuf::from("a.so")));
    assert!(!options.place_order);
}

#[test]
fn nothing_is_guessed_for_a_real_front() {
    let arguments = Arguments { library: Some("a.so".into()), ..Arguments::default() };
    let options = Options::read(arguments, no_environment).unwrap();
    let problems = options.td_config().check().unwrap_err();
    let keys: Vec<_> = problems.problems().iter().map(|problem| problem.key.as_ref()).collect();
    assert_eq!(keys, ["fronts", "broker_id", "user_id", "password"]);
}

#[test]
fn a_simulated_front_needs_no_account_whatever_the_library() {
    let arguments =
        Arguments { library: Some("a.so".into()), front: Some("sim://x".into()), ..Arguments::default() };
    let options = Options::read(arguments, no_environment).unwrap();
    options.td_config().check().unwrap();
    let arguments = Arguments { front: Some("tcp://1.2.3.4:5".into()), ..Arguments::default() };
    let options = Options::read(arguments, no_environment).unwrap();
    assert!(options.broker.is_empty() && options.app_id.is_empty());
}

#[test]
fn a_file_cannot_allow_orders() {
    let (_folder, arguments) = file("place_order = true\n");
    let error = Options::read(arguments, no_environment).unwrap_err().to_string();
    assert!(error.contains("unknown field `place_order`"), "{error}");
}

#[test]
fn instruments_are_taken_once_without_blanks() {
    let arguments =
        Arguments::try_parse_from(["demo", "--instruments", "rb2701, IF2612,rb2701"]).expect("arguments");
    let options = Options::read(arguments, no_environment).unwrap();
    assert_eq!(options.instruments, ["rb2701", "IF2612"]);
}

#[test]
fn secrets_are_not_shown() {
    let environment = |name: &str| Some(format!("canary-{name}"));
    let options = Options::read(Arguments::default(), environment).unwrap();
    assert!(!format!("{options:?}").contains("canary"));
    for text in [
        "password = 'canary\n",
        "password = ['canary']\n",
        "auth_code = { canary = 1 }\n",
        "a = 1\npassword = 'canary'\nuser = 5\n",
    ] {
        let (_folder, arguments) = file(text);
        let error = Options::read(arguments, no_environment).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[test]
fn a_wrong_file_is_named_with_the_line() {
    let (_folder, arguments) = file("\n\npassword = 987654\n");
    let error = Options::read(arguments, no_environment).unwrap_err().to_string();
    assert!(error.contains("line 3: ") && error.contains("quotes") && !error.contains("987654"), "{error}");
    let (_folder, arguments) = file("broker = '9999'\nfornt = 'tcp://1.2.3.4:5'\n");
    let error = Options::read(arguments, no_environment).unwrap_err().to_string();
    assert!(error.contains("demo.toml: line 2: unknown field `fornt`"), "{error}");
    let arguments = Arguments { config: Some("no/such.toml".into()), ..Arguments::default() };
    let error = Options::read(arguments, no_environment).unwrap_err().to_string();
    assert!(error.starts_with("no/such.toml: cannot be read"), "{error}");
}

#[test]
fn values_without_sense_are_refused() {
    for timeout in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        let arguments = Arguments { timeout: Some(timeout), ..Arguments::default() };
        assert!(Options::read(arguments, no_environment).unwrap_err().to_string().starts_with("timeout is"));
    }
    let arguments = Arguments { ticks: Some(0), ..Arguments::default() };
    assert_eq!(
        Options::read(arguments, no_environment).unwrap_err().to_string(),
        "ticks is 0; give at least 1"
    );
}
