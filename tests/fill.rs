//! From a `dlopen` to a filled order, through the simulator's library of every version.

mod common;

use std::{thread, time::Duration};

use common::{md_recorder, simulator, trader_recorder};
use ctp_sys::{ApiError, LoadError, MdLibrary, MdOptions, TraderLibrary, TraderOptions, supported_versions};
use ctp_types::*;

const CLOSE: Duration = Duration::from_secs(5);

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).expect("short ASCII")
}

fn login() -> ReqUserLoginField {
    ReqUserLoginField {
        broker_id: text("9999"),
        user_id: text("100001"),
        password: text("simulator"),
        ..Default::default()
    }
}

/// Buys two lots at the upper limit, sees the order accepted and filled, and asks for what became of it.
fn trade(version: &str) {
    let libraries = simulator(version);
    let library = TraderLibrary::open_as(&libraries.trader, version).expect("the facade");
    assert!(library.is_simulator());
    let flow = tempfile::tempdir().expect("a temporary folder");
    let api = library.create(&TraderOptions::new(flow.path().join("td"))).expect("an API object");
    let (spi, callbacks) = trader_recorder();
    api.register_spi(spi).expect("registered");
    api.register_front(&format!("sim://fill-{version}?seed=7")).expect("a simulator front");
    api.subscribe_private_topic(ResumeType::Quick, 1).expect("private stream");
    api.subscribe_public_topic(ResumeType::Quick).expect("public stream");
    let early = api.req_user_login(&login(), 1);
    assert_eq!(early, Err(ApiError::NotConnected { method: "ReqUserLogin" }));
    api.init().expect("initialised");
    assert_eq!(api.init(), Err(ApiError::AlreadyInitialised));

    callbacks.wait(TraderCallback::OnFrontConnected);
    api.req_user_login(&login(), 1).expect("sent");
    let answer = callbacks.wait(TraderCallback::OnRspUserLogin);
    assert_eq!((answer.error_id(), answer.number, answer.is_last), (0, 1, true));
    let session = *answer.record::<RspUserLoginField>();

    let confirm = SettlementInfoConfirmField {
        broker_id: text("9999"),
        investor_id: text("100001"),
        ..Default::default()
    };
    api.req_settlement_info_confirm(&confirm, 2).expect("sent");
    assert_eq!(callbacks.wait(TraderCallback::OnRspSettlementInfoConfirm).error_id(), 0);

    let query =
        QryInstrumentField { product_id: text("rb"), exchange_id: text("SHFE"), ..Default::default() };
    api.req_qry_instrument(&query, 3).expect("sent");
    let instrument = *callbacks.wait(TraderCallback::OnRspQryInstrument).record::<InstrumentField>();
    assert_eq!((instrument.volume_multiple, instrument.price_tick), (10, 1.0));
    assert_eq!(instrument.exchange_id, "SHFE");
    thread::sleep(Duration::from_millis(1100)); // QryFreq: one query per second

    let query = QryDepthMarketDataField { instrument_id: instrument.instrument_id, ..Default::default() };
    api.req_qry_depth_market_data(&query, 4).expect("sent");
    let snapshot = *callbacks.wait(TraderCallback::OnRspQryDepthMarketData).record::<DepthMarketDataField>();

    let order = InputOrderField {
        broker_id: text("9999"),
        investor_id: text("100001"),
        user_id: text("100001"),
        instrument_id: instrument.instrument_id,
        exchange_id: instrument.exchange_id,
        order_ref: text("1"),
        direction: Direction::BUY,
        comb_offset_flag: text("0"),
        comb_hedge_flag: text("1"),
        order_price_type: OrderPriceType::LIMIT_PRICE,
        time_condition: TimeCondition::GFD,
        volume_condition: VolumeCondition::AV,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
        limit_price: snapshot.upper_limit_price,
        volume_total_original: 2,
        min_volume: 1,
        request_id: 5,
        ..Default::default()
    };
    api.req_order_insert(&order, 5).expect("sent");
    let first = callbacks.wait(TraderCallback::OnRtnOrder);
    let first = first.record::<OrderField>();
    assert_eq!(
        (first.order_status, first.order_submit_status),
        (OrderStatus::UNKNOWN, OrderSubmitStatus::INSERT_SUBMITTED)
    );
    assert_eq!(
        (first.front_id, first.session_id, first.order_ref),
        (session.front_id, session.session_id, text("1"))
    );
    assert_eq!(first.status_msg, "报单已提交");
    let filled = callbacks.wait_for("an order all traded", |seen| {
        seen.callback == TraderCallback::OnRtnOrder
            && seen.record::<OrderField>().order_status == OrderStatus::ALL_TRADED
    });
    let filled = *filled.record::<OrderField>();
    assert_eq!((filled.volume_traded, filled.volume_total), (2, 0));
    assert!(filled.status_msg.to_str().starts_with("全部成交"));
    let trade = *callbacks.wait(TraderCallback::OnRtnTrade).record::<TradeField>();
    assert_eq!((trade.order_sys_id, trade.instrument_id), (filled.order_sys_id, instrument.instrument_id));

    api.close(CLOSE).expect("closed in time");
    api.close(CLOSE).expect("closing twice is fine");
    let late = api.req_user_login(&login(), 9);
    assert_eq!(late, Err(ApiError::Closed { method: "ReqUserLogin" }));
    callbacks.drain();
    thread::sleep(Duration::from_millis(200));
    assert!(callbacks.drain().is_empty(), "something was delivered after close");
}

/// Subscribes a contract and receives its ticks.
fn ticks(version: &str) {
    let libraries = simulator(version);
    let library = MdLibrary::open_as(&libraries.md, version).expect("the facade");
    let flow = tempfile::tempdir().expect("a temporary folder");
    let api = library.create(&MdOptions::new(flow.path().join("md"))).expect("an API object");
    let (spi, callbacks) = md_recorder();
    api.register_spi(spi).expect("registered");
    api.register_front(&format!("sim://ticks-{version}?seed=7")).expect("a simulator front");
    api.init().expect("initialised");
    callbacks.wait(MdCallback::OnFrontConnected);
    api.req_user_login(&ReqUserLoginField::default(), 1).expect("sent");
    let day = callbacks.wait(MdCallback::OnRspUserLogin).record::<RspUserLoginField>().trading_day;
    assert_eq!(api.trading_day().as_deref(), Ok(&*day.to_str()));

    // The contract of the next January always exists.
    let year: u32 = day.to_str()[..4].parse().expect("a year");
    let id = format!("rb{:02}01", (year + 1) % 100);
    api.subscribe_market_data(&[&id, "nonsense"]).expect("sent");
    assert_eq!(callbacks.wait(MdCallback::OnRspSubMarketData).error_id(), 0);
    let tick = |_: u32| {
        let seen = callbacks.wait(MdCallback::OnRtnDepthMarketData);
        *seen.record::<DepthMarketDataField>()
    };
    let (first, second) = (tick(1), tick(2));
    assert_eq!((first.instrument_id.to_str(), second.instrument_id.to_str()), ((&*id).into(), (&*id).into()));
    assert!(price(second.bid_price1).is_some() && second.volume >= first.volume);
    api.close(CLOSE).expect("closed in time");
}

/// Runs a test in all versions of the family at once; each has an exchange of its own.
fn in_each_version(test: fn(&str)) {
    thread::scope(|scope| {
        supported_versions().for_each(|version| {
            let named = thread::Builder::new().name(version.to_owned());
            named.spawn_scoped(scope, move || test(version)).expect("a thread");
        });
    });
}

#[test]
fn an_order_is_filled_through_the_library_of_each_version() {
    in_each_version(trade);
}

#[test]
fn ticks_arrive_through_the_library_of_each_version() {
    in_each_version(ticks);
}

#[test]
fn a_library_of_another_version_or_kind_is_refused() {
    let libraries = simulator("6.7.13");
    let refused = TraderLibrary::open_as(&libraries.trader, "6.7.11").expect_err("another version");
    assert!(matches!(refused, LoadError::WrongVersion { .. }), "{refused}");
    let refused = TraderLibrary::open(&libraries.md).expect_err("a market data library");
    assert!(refused.to_string().ends_with("; it is a market data library"), "{refused}");
    let refused = MdLibrary::open("no/such/library.so").expect_err("no file");
    assert!(matches!(refused, LoadError::NotFound { .. }), "{refused}");
    let refused =
        MdLibrary::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).expect_err("not a library");
    assert!(matches!(refused, LoadError::NotLoadable { .. }), "{refused}");
}

#[test]
fn two_instances_cannot_share_a_flow_directory() {
    let library = MdLibrary::open(simulator("6.7.13").md).expect("the facade");
    let flow = tempfile::tempdir().expect("a temporary folder");
    let first = library.create(&MdOptions::new(flow.path())).expect("an API object");
    let refused = library.create(&MdOptions::new(flow.path())).expect_err("in use");
    assert!(refused.to_string().contains("in use by another instance"), "{refused}");
    first.close(CLOSE).expect("closed in time");
    drop(first);
    library.create(&MdOptions::new(flow.path())).expect("free again");
}
