//! Requests against the simulator's libraries, loaded like the vendor's.
//!
//! They need `cargo xtask sim`; without it the first line of a failure names the command.

mod common;

use std::time::Duration;

use common::{ready, soon, td_config};
use ctp_gateway::error::{Rule, SendRefusal};
use ctp_gateway::requests::RawAnswer;
use ctp_gateway::{Error, MdClient, MdConfig};
use ctp_sim::{CoverageClass, coverage};
use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, InputOrderField, InstrumentField, MdCallback,
    OrderPriceType, ParkedOrderField, QryCombLegField, QryInstrumentField, QryTradingAccountField, RecordBox,
    ReqGenSMSCodeField, RequestKind, Text, TimeCondition, TraderCallback, TraderRequest,
    UserPasswordUpdateField, VolumeCondition,
};
use tempfile::TempDir;

/// Several sessions share the queries: the front lets each ask twice a second.
#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_the_api_is_answered_or_refused_in_its_own_terms() {
    let folder = TempDir::new().unwrap();
    let answered = tokio::join!(
        queries(&folder, "000001", 0),
        queries(&folder, "000002", 1),
        queries(&folder, "000003", 2),
        queries(&folder, "000004", 3),
    );
    let answered = answered.0 + answered.1 + answered.2 + answered.3;
    assert!(answered >= 40, "{answered}");
}

/// Makes every fourth query and returns how many were answered.
async fn queries(folder: &TempDir, user: &str, first: usize) -> usize {
    let mut config = td_config("requests-all", "000001", folder);
    config.user_id = user.to_owned();
    let td = ready(config).await;
    let classes = coverage();
    let mut answered = 0;
    let queries = TraderRequest::ALL.iter().filter(|request| request.kind() == RequestKind::Query);
    for request in queries.skip(first).step_by(4) {
        let mut record = RecordBox::zeroed(request.record());
        for (name, text) in [("BrokerID", "9999"), ("InvestorID", user), ("UserID", user)] {
            if let Some(field) = request.record().field(name) {
                record.set(field, ctp_types::Value::Text(text.as_bytes())).expect("fits");
            }
        }
        let row = classes.iter().find(|row| row.method == request.name()).expect("a row");
        match soon(td.raw_request(*request, record)).await {
            Ok(RawAnswer::Rows(_)) => {
                assert_ne!(row.class, CoverageClass::Refused, "{}", request.name());
                answered += 1;
            }
            Ok(other) => panic!("{}: {other:?}", request.name()),
            Err(Error::Rejected { request: refused, .. }) => assert_eq!(refused, request.name()),
            Err(other) => panic!("{}: {other}", request.name()),
        }
    }
    td.close().await.expect("closed in time");
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn emitted_methods_fill_the_account_in_and_return_typed_records() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("requests-typed", "000001", &folder)).await;
    let accounts = soon(td.requests().qry_trading_account(&QryTradingAccountField::default())).await.unwrap();
    assert_eq!(accounts.len(), 1);
    assert_eq!(accounts[0].account_id, "000001");
    let product_id = Text::new("rb").unwrap();
    let filter = QryInstrumentField { product_id, ..Default::default() };
    let instruments = soon(td.requests().qry_instrument(&filter)).await.unwrap();
    assert!(instruments.len() > 1 && instruments.iter().all(|row| row.product_id == "rb"));
    // Nothing found is no error: NULL with bIsLast.
    let nothing = QryInstrumentField { instrument_id: Text::new("none").unwrap(), ..filter };
    assert!(soon(td.requests().qry_instrument(&nothing)).await.unwrap().is_empty());

    let wrong = UserPasswordUpdateField {
        old_password: Text::new("wrong").unwrap(),
        new_password: Text::new("Canary-2").unwrap(),
        ..Default::default()
    };
    let error = soon(td.requests().user_password_update(&wrong)).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { request: "ReqUserPasswordUpdate", .. }), "{error}");
    assert!(!format!("{error:?} {error}").contains("Canary"));

    let parked = ParkedOrderField {
        instrument_id: instruments[0].instrument_id,
        exchange_id: instruments[0].exchange_id,
        order_price_type: OrderPriceType::LIMIT_PRICE,
        direction: Direction::BUY,
        comb_offset_flag: Text::new("0").unwrap(),
        comb_hedge_flag: Text::new("1").unwrap(),
        limit_price: 3_000.0,
        volume_total_original: 1,
        time_condition: TimeCondition::GFD,
        volume_condition: VolumeCondition::AV,
        min_volume: 1,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
        ..Default::default()
    };
    let outcome = soon(td.requests().parked_order_insert(&parked)).await;
    assert!(matches!(outcome, Ok(Some(_)) | Err(Error::Rejected { .. })), "{outcome:?}");
    td.close().await.unwrap();
    assert!(matches!(td.requests().qry_instrument(&filter).await, Err(Error::Closed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_request_is_sent_and_refused_later() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("requests-silent", "000001", &folder)).await;
    let mut raw = td.raw_events();
    let order = InputOrderField {
        instrument_id: Text::new("none").unwrap(),
        exchange_id: Text::new("SHFE").unwrap(),
        direction: Direction::BUY,
        comb_offset_flag: Text::new("0").unwrap(),
        comb_hedge_flag: Text::new("1").unwrap(),
        order_price_type: OrderPriceType::LIMIT_PRICE,
        limit_price: 3_900.0,
        volume_total_original: 1,
        time_condition: TimeCondition::GFD,
        volume_condition: VolumeCondition::AV,
        min_volume: 1,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
        ..Default::default()
    };
    let sent = soon(td.requests().order_insert(&order)).await.unwrap();
    assert_eq!(sent.request(), "ReqOrderInsert");
    let request_id = sent.request_id();
    let error = soon(sent.outcome()).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { request: "ReqOrderInsert", .. }), "{error}");
    let told = soon(async {
        loop {
            let event = raw.next().await.expect("an event");
            if event.callback == TraderCallback::OnRspOrderInsert {
                return event;
            }
        }
    });
    let told = told.await;
    assert_eq!(
        (told.number, told.get::<InputOrderField>().map(|order| order.request_id)),
        (request_id, Some(request_id))
    );
    assert!(told.error().is_some());
    td.close().await.unwrap();
    while soon(raw.next()).await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_denied_before() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("requests-denied", "000001", &folder)).await;
    let rule = |error: Error| match error {
        Error::Denied(denial) => denial.rule,
        other => panic!("{other}"),
    };
    let record = RecordBox::new(&InstrumentField::default());
    let wrong = td.raw_request(TraderRequest::ReqQryInstrument, record).await.unwrap_err();
    assert_eq!(rule(wrong), Rule::Record);
    assert_eq!(rule(td.settlement_text("2026-11-20").await.unwrap_err()), Rule::Date);
    assert_eq!(rule(td.margin_rate(&"螺".repeat(41)).await.unwrap_err()), Rule::Text);
    assert_eq!(rule(td.instrument("😀").await.unwrap_err()), Rule::Text);
    td.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_the_version_lacks_name_it() {
    let folder = TempDir::new().unwrap();
    let mut config = td_config("requests-version", "000001", &folder);
    config.version = Some("6.3.15".to_owned());
    let td = ready(config).await;
    let lacks = |error: Error| match error {
        Error::NotSent { reason: SendRefusal::NotInVersion { version, since }, .. } => (version, since),
        other => panic!("{other}"),
    };
    let code = soon(td.requests().gen_sms_code(&ReqGenSMSCodeField::default())).await;
    let (version, since) = lacks(code.unwrap_err());
    assert!(version.contains("6.3.15") && since == Some("6.7.13"), "{version} {since:?}");
    let legs = soon(td.requests().qry_comb_leg(&QryCombLegField::default())).await;
    let (version, since) = lacks(legs.unwrap_err());
    assert!(version.contains("6.3.15") && since.is_some());
    // What it has it answers.
    assert!(!soon(td.account()).await.unwrap().is_empty());
    td.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_instruments_and_rates_come_from_disk() {
    let folder = TempDir::new().unwrap();
    let mut config = td_config("requests-cache", "000001", &folder);
    config.cache = Some(true);
    let td = ready(config.clone()).await;
    let instruments = soon(td.instruments()).await.unwrap();
    let id = instruments.iter().find(|row| row.product_id == "rb").unwrap().instrument_id.to_string();
    let margin = soon(td.margin_rate(&id)).await.unwrap().expect("a rate");
    assert!(margin.long_by_money.is_some_and(|rate| rate > 0.0 && rate < 1.0), "{margin:?}");
    let commission = soon(td.commission_rate(&id)).await.unwrap().expect("a rate");
    td.close().await.unwrap();

    // A flipped bit costs a query; what is whole costs none.
    let path = config.session_flow_dir().join("cache/margin-rates.cache");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let td = ready(config).await;
    let mut raw = td.raw_events();
    assert_eq!(soon(td.instruments()).await.unwrap().len(), instruments.len());
    assert_eq!(
        soon(td.commission_rate(&id)).await.unwrap().unwrap().open_by_volume,
        commission.open_by_volume
    );
    assert_eq!(soon(td.margin_rate(&id)).await.unwrap().unwrap().long_by_money, margin.long_by_money);
    td.close().await.unwrap();
    let mut answers = Vec::new();
    while let Some(event) = soon(raw.next()).await {
        answers.push(event.callback);
    }
    assert_eq!(answers, [TraderCallback::OnRspQryInstrumentMarginRate]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_query_mixes_no_rows_into_the_next() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("requests-dropped", "000001", &folder)).await;
    for _ in 0..5 {
        let filter = QryInstrumentField::default();
        // Polled once: submitted, perhaps sent, then dropped.
        let dropped =
            tokio::time::timeout(Duration::from_millis(1), td.requests().qry_instrument(&filter)).await;
        drop(dropped);
        let accounts = soon(td.account()).await.unwrap();
        assert_eq!(accounts.len(), 1);
    }
    td.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settlement_statement_is_whole() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("requests-settlement", "000001", &folder)).await;
    let slices = soon(td.requests().qry_settlement_info(&Default::default())).await.unwrap();
    let text = soon(td.settlement_text("")).await.unwrap();
    assert_eq!(text.is_some(), !slices.is_empty());
    if let Some(text) = text {
        assert!(!text.contains(char::REPLACEMENT_CHARACTER), "{text}");
    }
    assert_eq!(soon(td.settlement_text("19990101")).await.unwrap(), None);
    td.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn market_data_has_requests_and_raw_events_too() {
    let folder = TempDir::new().unwrap();
    let mut config = MdConfig::new(["sim://requests-md"]);
    config.flow_dir = folder.path().to_owned();
    let md = MdClient::connect(config).await.expect("the simulator is built by `cargo xtask sim`");
    let mut raw = md.raw_events();
    soon(md.ready()).await.expect("logged in");
    let rows = soon(md.requests().qry_multicast_instrument(&Default::default())).await;
    assert!(matches!(rows, Ok(_) | Err(Error::Rejected { .. })), "{rows:?}");
    md.close().await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) = soon(raw.next()).await {
        seen.push(event.callback);
    }
    assert!(seen.contains(&MdCallback::OnRspUserLogin), "{seen:?}");
    assert!(!seen.contains(&MdCallback::OnRtnDepthMarketData));
}
