//! F74: secrets stay where they belong.

use std::fs;
use std::path::Path;

use ctp::capture::CaptureConfig;
use ctp::sim::Exchange;
use ctp::types::{RecordBox, ReqTransferField, Text, TraderRequest, TradingAccountPasswordUpdateField};
use ctp::{TdClient, TdConfig};

use crate::Case;
use crate::child::{child, say};

pub(crate) const CASES: &[Case] = crate::cases![
    f74_no_secret_is_written_anywhere: "a login that is refused, one that is not, orders, a new password, an account's password, a bank's: none of them in the log of all levels, in what Debug shows, in errors, captures, the journal, its view and the flow files",
];

/// Where the child keeps its files.
const FOLDER: &str = "CTP_GATEWAY_FOLDER";
/// Every secret has it in it.
const CANARY: &str = "kanarie";
const PASSWORD: &str = "kanarie-1-password";
const NEW_PASSWORD: &str = "Kanarie2-kanarie-new";
const AUTH_CODE: &str = "kanarie-3-code";
const WRONG: &str = "kanarie-4-wrong";
const BANK: &str = "kanarie-5-bank";

fn f74_no_secret_is_written_anywhere() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().to_str().expect("a path in plain letters");
    let (said, code) = child("secrets", &[(FOLDER, path), ("RUST_BACKTRACE", "1")]);
    assert_eq!(code, Some(0), "{}", said.join("\n"));
    for line in &said {
        assert!(!line.contains(CANARY), "a secret: {line}");
    }
    for part in ["TRACE ctp_session", "INVALID_LOGIN", "<secret>", "Err(Rejected"] {
        assert!(said.iter().any(|line| line.contains(part)), "no {part}: {}", said.join("\n"));
    }
    let mut seen = Vec::new();
    search(folder.path(), &mut seen);
    for kind in [".segment", "view.sqlite", ".ctpcap", ".con"] {
        assert!(seen.iter().any(|name: &String| name.contains(kind)), "no {kind} among {seen:?}");
    }
}

/// Looks into every file for a secret.
fn search(folder: &Path, seen: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            search(&path, seen);
            continue;
        }
        let bytes = fs::read(&path).expect("a file");
        let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!found, "a secret in {}", path.display());
        seen.push(path.display().to_string());
    }
}

/// Does with secrets what can be done, and says everything that there is to be said.
pub(crate) async fn tell_everything() {
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(std::io::stdout)
        .init();
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).expect("a folder"));
    let exchange = Exchange::builder()
        .start_at("2026-11-23 10:00:00")
        .running(5.0)
        .set("crowd", "off")
        .set("products", "rb")
        .set("options", "off")
        .set("queries_per_second", "50")
        .set("password", PASSWORD);
    let exchange = exchange.start().expect("an exchange");
    let config = |password: &str, flow: &str| {
        let mut config = TdConfig::new([exchange.front()], "9999", crate::world::USER, password);
        config.app_id = "client".to_owned();
        config.auth_code = AUTH_CODE.into();
        config.flow_dir = folder.join(flow);
        config.capture = Some(CaptureConfig::new(folder.join("captures")));
        config
    };
    let wrong = config(WRONG, "wrong");
    say(&format!("{wrong:?}"));
    let refused = TdClient::connect(wrong).await.expect("a client");
    let error = refused.ready().await.expect_err("a wrong password");
    say(&format!("{error} {error:?} {:?}", refused.health()));
    refused.close().await.expect("closed in time");

    let td = TdClient::connect(config(PASSWORD, "right")).await.expect("a client");
    td.ready().await.expect("ready");
    let handle = td.place(crate::world::order()).await.expect("sent");
    handle.accepted().await.expect("accepted");
    handle.cancel().await.expect("cancelled");
    let account = TradingAccountPasswordUpdateField {
        old_password: Text::new(PASSWORD).expect("it fits"),
        new_password: Text::new(NEW_PASSWORD).expect("it fits"),
        ..TradingAccountPasswordUpdateField::default()
    };
    let transfer = ReqTransferField {
        bank_pass_word: Text::new(BANK).expect("it fits"),
        password: Text::new(PASSWORD).expect("it fits"),
        ..ReqTransferField::default()
    };
    let requests = [
        (TraderRequest::ReqTradingAccountPasswordUpdate, RecordBox::new(&account)),
        (TraderRequest::ReqFromBankToFutureByFuture, RecordBox::new(&transfer)),
    ];
    for (request, record) in requests {
        say(&format!("{record:?}"));
        // What the counter says of it is its affair.
        let answer = td.raw_request(request, record).await;
        say(&format!("{answer:?}"));
    }
    let changed = td.change_password(NEW_PASSWORD).await;
    say(&format!("{changed:?} {td:?} {handle:?} {:?}", td.health()));
    changed.expect("a new password");
    td.close().await.expect("closed in time");
}
