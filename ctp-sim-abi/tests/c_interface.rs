//! The exported functions, called as a facade calls them: from connect to a filled order.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod client;

use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::thread;

use client::{Client, MD, PATIENCE, TRADER};
use ctp_sim_abi::exports::*;
use ctp_types::{
    DepthMarketDataField, FrontInfoField, InputOrderField, InstrumentField, MdRequest, OrderField,
    OrderStatus, QryInstrumentField, ReqUserLoginField, RspUserLoginField, SettlementInfoConfirmField, Text,
    TradeField, TraderRequest, UserSystemInfoField,
};

const SUBSCRIBE: u32 = 8;
const UNSUBSCRIBE: u32 = 9;

fn credentials() -> ReqUserLoginField {
    let mut login = ReqUserLoginField::default();
    login.broker_id.set("9999").unwrap();
    login.user_id.set("abi").unwrap();
    login.password.set("simulator").unwrap();
    login
}

fn confirmation() -> SettlementInfoConfirmField {
    let mut confirm = SettlementInfoConfirmField::default();
    confirm.broker_id.set("9999").unwrap();
    confirm.investor_id.set("abi").unwrap();
    confirm
}

/// A limit order for the day that opens a long position.
fn buy(instrument: &InstrumentField, order_ref: &str, price: f64, volume: i32) -> InputOrderField {
    let mut order = InputOrderField::default();
    order.broker_id.set("9999").unwrap();
    order.investor_id.set("abi").unwrap();
    order.user_id.set("abi").unwrap();
    order.order_ref.set(order_ref).unwrap();
    order.instrument_id = instrument.instrument_id;
    order.exchange_id = instrument.exchange_id;
    order.order_price_type = ctp_types::OrderPriceType::from_char(b'2');
    order.direction = ctp_types::Direction::from_char(b'0');
    order.comb_offset_flag.set("0").unwrap();
    order.comb_hedge_flag.set("1").unwrap();
    order.limit_price = price;
    order.volume_total_original = volume;
    order.time_condition = ctp_types::TimeCondition::from_char(b'3');
    order.volume_condition = ctp_types::VolumeCondition::from_char(b'1');
    order.min_volume = 1;
    order.contingent_condition = ctp_types::ContingentCondition::from_char(b'1');
    order.force_close_reason = ctp_types::ForceCloseReason::from_char(b'0');
    order
}

/// Returns the first listed contract of a product.
fn contract_of(trader: &Client, product: &str) -> InstrumentField {
    let query = QryInstrumentField { product_id: Text::new(product).unwrap(), ..Default::default() };
    assert_eq!(trader.trader(TraderRequest::ReqQryInstrument, &query, 50), 0);
    assert_eq!(trader.trader(TraderRequest::ReqQryInstrument, &query, 51), -2);
    let first = trader.next("OnRspQryInstrument");
    assert_eq!(first.number, 50);
    let mut last = first.is_last;
    while !last {
        last = trader.next("OnRspQryInstrument").is_last;
    }
    first.record()
}

#[test]
fn ticks_arrive_and_an_order_fills() {
    // A query takes long enough that a second one meets it, on any machine.
    let front = "sim://abi-chain?seed=7&query_delay=300ms";
    let trader = Client::new(TRADER, front);
    ctp_sim_subscribe_topic(trader.handle, 0, 0, 1);
    ctp_sim_subscribe_topic(trader.handle, 1, 2, 1);
    assert_eq!(trader.trader(TraderRequest::ReqUserLogin, &credentials(), 1), -1, "not connected");
    ctp_sim_init(trader.handle);
    trader.next("OnFrontConnected");
    assert_eq!(trader.trader(TraderRequest::ReqUserLogin, &credentials(), 2), 0);
    let answer = trader.next("OnRspUserLogin");
    assert_eq!((answer.error_id(), answer.number, answer.is_last), (0, 2, true));
    let login: RspUserLoginField = answer.record();
    // SAFETY: a text that stays until the release.
    let day = unsafe { CStr::from_ptr(ctp_sim_trading_day(trader.handle)) };
    assert_eq!(day.to_bytes(), login.trading_day.as_bytes());
    let instrument = contract_of(&trader, "rb");
    assert_eq!(instrument.volume_multiple, 10);
    let id = instrument.instrument_id.to_str().into_owned();

    let md = Client::connected(MD, front);
    assert_eq!(md.md(MdRequest::ReqUserLogin, &ReqUserLoginField::default(), 1), 0);
    assert_eq!(md.next("OnRspUserLogin").error_id(), 0);
    assert_eq!(md.instruments(SUBSCRIBE, &[&id]), 0);
    assert_eq!(md.next("OnRspSubMarketData").error_id(), 0);
    let first: DepthMarketDataField = md.next("OnRtnDepthMarketData").record();
    let second: DepthMarketDataField = md.next("OnRtnDepthMarketData").record();
    assert_eq!(first.instrument_id, *id);
    assert!(second.volume >= first.volume);

    let price = first.upper_limit_price;
    let early = buy(&instrument, "1", price, 2);
    assert_eq!(trader.trader(TraderRequest::ReqOrderInsert, &early, 3), 0);
    let refused = trader.next("OnRspOrderInsert");
    assert_eq!(refused.error_id(), 42, "the settlement is not confirmed");
    assert_eq!(trader.trader(TraderRequest::ReqSettlementInfoConfirm, &confirmation(), 4), 0);
    assert_eq!(trader.next("OnRspSettlementInfoConfirm").error_id(), 0);

    let order = buy(&instrument, "2", price, 2);
    assert_eq!(trader.trader(TraderRequest::ReqOrderInsert, &order, 5), 0);
    let (mut traded, mut status) = (0, OrderStatus::default());
    while traded < 2 || status != OrderStatus::ALL_TRADED {
        let seen = trader.next_of(&["OnRtnOrder", "OnRtnTrade", "OnRspOrderInsert"]);
        match seen.name {
            "OnRtnOrder" => status = seen.record::<OrderField>().order_status,
            "OnRtnTrade" => {
                let trade: TradeField = seen.record();
                assert_eq!(trade.instrument_id, *id);
                assert!(trade.price <= price);
                traded += trade.volume;
            }
            _ => panic!("refused: {seen:?}"),
        }
    }
    assert_eq!(traded, 2);
    assert_eq!(md.instruments(UNSUBSCRIBE, &[&id]), 0);
    assert_eq!(md.next("OnRspUnSubMarketData").error_id(), 0);
}

#[test]
fn a_client_that_comes_back_finds_its_orders() {
    let front = "sim://abi-back";
    let first = Client::connected(TRADER, front);
    assert_eq!(first.trader(TraderRequest::ReqUserLogin, &credentials(), 1), 0);
    let session: RspUserLoginField = first.next("OnRspUserLogin").record();
    assert_eq!(first.trader(TraderRequest::ReqSettlementInfoConfirm, &confirmation(), 2), 0);
    first.next("OnRspSettlementInfoConfirm");
    let instrument = contract_of(&first, "rb");
    let md = Client::connected(MD, front);
    assert_eq!(md.md(MdRequest::ReqUserLogin, &credentials(), 1), 0);
    md.next("OnRspUserLogin");
    assert_eq!(md.instruments(SUBSCRIBE, &[&instrument.instrument_id.to_str()]), 0);
    let tick: DepthMarketDataField = md.next("OnRtnDepthMarketData").record();
    let order = buy(&instrument, "17", tick.lower_limit_price, 1);
    assert_eq!(first.trader(TraderRequest::ReqOrderInsert, &order, 3), 0);
    first.next("OnRtnOrder");
    drop(first);

    let second = Client::connected(TRADER, front);
    assert_eq!(second.trader(TraderRequest::ReqUserLogin, &credentials(), 1), 0);
    let replayed: OrderField = second.next("OnRtnOrder").record();
    assert_eq!((replayed.front_id, replayed.session_id), (session.front_id, session.session_id));
    assert_eq!(replayed.order_ref.to_str().trim(), "17");
}

#[test]
fn flow_files_stand_where_the_prefix_says() {
    let trader = Client::new(TRADER, "sim://abi-flow");
    ctp_sim_subscribe_topic(trader.handle, 0, 1, 1);
    let mut names: Vec<String> = std::fs::read_dir(trader.flow.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = ["a_DialogRsp.con", "a_Private.con", "a_QueryRsp.con", "a_TradingDay.con"];
    assert_eq!(names, expected);
}

#[test]
fn released_null_and_foreign_handles_are_tolerated() {
    let client = Client::connected(MD, "sim://abi-handles");
    ctp_sim_release(client.handle);
    ctp_sim_release(client.handle);
    let mut here = 0_u8;
    for handle in [client.handle, ptr::null_mut(), ptr::from_mut(&mut here).cast()] {
        ctp_sim_release(handle);
        ctp_sim_init(handle);
        ctp_sim_subscribe_topic(handle, 0, 0, 1);
        assert_eq!(ctp_sim_join(handle), -1);
        let mut info = FrontInfoField::default();
        // SAFETY: every text and record is valid or NULL, as each function asks.
        unsafe {
            assert_eq!(CStr::from_ptr(ctp_sim_trading_day(handle)), c"19800100");
            ctp_sim_register_front(handle, ptr::null());
            ctp_sim_register_name_server(handle, c"tcp://x:1".as_ptr());
            assert_eq!(ctp_sim_request(handle, MdRequest::ReqUserLogin as u32, ptr::null(), 1), -1);
            assert_eq!(ctp_sim_instruments(handle, SUBSCRIBE, ptr::null(), 1), -1);
            assert_eq!(ctp_sim_front_info(handle, ptr::from_mut(&mut info).cast()), -1);
        }
    }
}

#[test]
fn calls_without_sense_are_refused() {
    let trader = Client::connected(TRADER, "sim://abi-misuse");
    let md = Client::connected(MD, "sim://abi-misuse");
    ctp_sim_init(trader.handle);
    ctp_sim_subscribe_topic(trader.handle, 2, 0, 1);
    ctp_sim_subscribe_topic(trader.handle, 0, 9, 1);
    assert_eq!(md.instruments(99, &["rb"]), -1);
    let mut system_info = UserSystemInfoField::default();
    assert_eq!(accept(&trader, 12, &system_info), -1, "no system information");
    system_info.client_system_info_len = 1;
    assert_eq!(accept(&trader, 12, &system_info), 0);
    // SAFETY: every pointer is valid or NULL, as each function asks.
    unsafe {
        assert_eq!(ctp_sim_request(trader.handle, TraderRequest::ReqUserLogin as u32, ptr::null(), 1), -1);
        assert_eq!(ctp_sim_instruments(md.handle, SUBSCRIBE, ptr::null(), 1), -1);
        assert_eq!(ctp_sim_instruments(md.handle, SUBSCRIBE, [ptr::null()].as_ptr(), -1), -1);
        assert_eq!(ctp_sim_instruments(md.handle, SUBSCRIBE, [ptr::null()].as_ptr(), 0), 0);
        assert_eq!(ctp_sim_front_info(md.handle, ptr::null_mut()), -1);
        let unknown = ctp_sim_create(7, ptr::null(), ptr::null(), true, None, ptr::null_mut());
        assert!(unknown.is_null());
    }
}

fn accept(client: &Client, slot: u32, record: &UserSystemInfoField) -> i32 {
    // SAFETY: the record of RegisterUserSystemInfo.
    unsafe { ctp_sim_request(client.handle, slot, ptr::from_ref(record).cast(), 0) }
}

/// The handle that `release_inside` releases, and how often it was called.
static RELEASED: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static CALLED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn release_inside(
    _context: *mut c_void,
    _method: u32,
    _record: *const c_void,
    _rsp_info: *const c_void,
    _number: i32,
    _is_last: bool,
) {
    CALLED.fetch_add(1, Ordering::SeqCst);
    let handle = RELEASED.load(Ordering::SeqCst);
    assert_eq!(ctp_sim_join(handle), -1, "it would wait for itself");
    ctp_sim_release(handle);
}

#[test]
fn a_callback_may_release() {
    let flow = tempfile::tempdir().unwrap();
    let prefix = std::ffi::CString::new(flow.path().join("a_").to_str().unwrap()).unwrap();
    // SAFETY: texts are NUL-terminated, the function needs no context.
    let handle = unsafe {
        let version = c"6.7.13".as_ptr();
        let handle =
            ctp_sim_create(TRADER, prefix.as_ptr(), version, true, Some(release_inside), ptr::null_mut());
        ctp_sim_register_front(handle, c"sim://abi-inside".as_ptr());
        handle
    };
    RELEASED.store(handle, Ordering::SeqCst);
    let address = handle.addr();
    let joined = thread::spawn(move || ctp_sim_join(ptr::without_provenance_mut(address)));
    ctp_sim_init(handle);
    assert!([1, -1].contains(&joined.join().unwrap()), "1, or -1 when it was released before");
    let released_by = std::time::Instant::now() + PATIENCE;
    while CALLED.load(Ordering::SeqCst) == 0 && std::time::Instant::now() < released_by {
        thread::yield_now();
    }
    assert_eq!(CALLED.load(Ordering::SeqCst), 1);
    assert_eq!(ctp_sim_join(handle), -1);
}
