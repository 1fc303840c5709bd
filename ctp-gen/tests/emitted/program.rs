//! Uses an emitted crate as somebody else would: records, text, secrets, the index, and the C++ adapter.

use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::mem::{size_of, transmute};
use std::ptr;

use ctp_se::adapter;
use ctp_se::callbacks::TraderCallback;
use ctp_se::constants::THOST_FTDC_D_Sell;
use ctp_se::enumerations::{Direction, ResumeType};
use ctp_se::price::{NO_PRICE, price};
use ctp_se::records::{InputOrderField, OrderField, ReqUserLoginField, RspInfoField};
use ctp_se::requests::{MdCall, RequestKind, TraderRequest};
use ctp_se::spi::{self, Event, TraderSpi};
use ctp_se::text::{Text, TextError};

fn main() -> Result<(), TextError> {
    records()?;
    index();
    callbacks();
    println!("all as it should be");
    Ok(())
}

fn records() -> Result<(), TextError> {
    let mut login = ReqUserLoginField {
        broker_id: Text::new("9999")?,
        password: Text::new("canary")?.into(),
        ..Default::default()
    };
    let shown = format!("{login:?}");
    assert!(shown.contains("broker_id: \"9999\", user_id: \"\", password: <secret>"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
    login.password.expose_mut().set("other")?;
    assert_eq!(*login.password.expose(), "other");

    let mut order = InputOrderField { direction: Direction::SELL, ..Default::default() };
    assert_eq!(size_of::<InputOrderField>(), 408);
    assert_eq!(order.direction.as_char(), THOST_FTDC_D_Sell);
    assert_eq!(
        format!("{:?} {:?}", order.direction, Direction::from_char(b'z')),
        "Direction::Sell Direction('z')"
    );
    assert_eq!((Direction::BUY.name(), Direction::default().is_set()), (Some("Buy"), false));
    order.instrument_id.set("rb2701")?;
    assert_eq!(order.instrument_id.to_str(), "rb2701");
    let too_long = order.broker_id.set("12345678901");
    assert_eq!(too_long, Err(TextError::TooLong { needed: 11, capacity: 10 }));
    assert_eq!(Text::<9>::new("张三")?.as_bytes(), b"\xD5\xC5\xC8\xFD");
    assert_eq!((price(NO_PRICE), price(-1.5)), (None, Some(-1.5)));
    assert_eq!(ctp_se::errors::symbol(31), Some("INSUFFICIENT_MONEY"));
    assert_eq!(ResumeType::Quick as i32, 2);
    Ok(())
}

fn index() {
    let insert = TraderRequest::ReqOrderInsert;
    let info = insert.info();
    assert_eq!(
        (insert as u16, insert.name(), info.record),
        (26, "ReqOrderInsert", "CThostFtdcInputOrderField")
    );
    assert_eq!(info.kind, RequestKind::Silent);
    assert_eq!(info.answer, Some(TraderCallback::OnRspOrderInsert));
    assert_eq!(info.error, Some(TraderCallback::OnErrRtnOrderInsert));
    assert_eq!(info.push, Some(TraderCallback::OnRtnOrder));
    assert_eq!(TraderRequest::from_slot(26), Some(insert));
    assert_eq!(TraderRequest::from_slot(0), None);
    assert_eq!(TraderCallback::from_slot(76), Some(TraderCallback::OnRtnOrder));
    assert_eq!(MdCall::SubscribeMarketData as u16, 8);
}

#[derive(Default)]
struct Heard {
    connected: Cell<bool>,
    order: Cell<i32>,
    error: Cell<(i32, i32, bool)>,
}

impl TraderSpi for Heard {
    fn on_front_connected(&self) {
        self.connected.set(true);
    }

    fn on_rtn_order(&self, order: Option<&OrderField>) {
        self.order.set(order.map_or(-1, |order| order.volume_traded));
    }

    fn on_rsp_order_insert(
        &self,
        input_order: Option<&InputOrderField>,
        rsp_info: Option<&RspInfoField>,
        request_id: i32,
        is_last: bool,
    ) {
        assert!(input_order.is_none());
        self.error.set((rsp_info.map_or(0, |info| info.error_id), request_id, is_last));
    }
}

unsafe extern "C" fn deliver(
    context: *mut c_void,
    method: u32,
    record: *const c_void,
    rsp_info: *const c_void,
    number: i32,
    is_last: bool,
) {
    let callback = TraderCallback::from_slot(method).expect("a known callback");
    let event = Event { record, rsp_info, number, is_last };
    // SAFETY: `context` is the `Heard` below, and the pointers are those of a callback.
    unsafe { spi::trader::dispatch(&*context.cast::<Heard>(), callback, event) }
}

extern "C" fn factory(flow: *const c_char) -> *mut c_void {
    assert!(!flow.is_null());
    ptr::null_mut()
}

type OnFrontConnected = extern "C" fn(*mut c_void);
type OnRtnOrder = extern "C" fn(*mut c_void, *const OrderField);
type OnRspOrderInsert = extern "C" fn(*mut c_void, *const InputOrderField, *const RspInfoField, i32, bool);

/// Plays the library: calls the virtual methods of the SPI object that the C++ adapter makes.
fn callbacks() {
    assert!(adapter::TRADER_FACTORY.starts_with("_ZN19CThostFtdcTraderApi"));
    let adapter = adapter::trader();
    let heard = Heard::default();
    // SAFETY: the calls are those of the C interface; the virtual table has the slots of the callbacks.
    unsafe {
        let address = factory as extern "C" fn(*const c_char) -> *mut c_void as *mut c_void;
        let made = (adapter.create)(address, c"flow".as_ptr(), false, false, true);
        assert!(made.is_null());

        let spi = (adapter.make_spi)(deliver, ptr::from_ref(&heard).cast_mut().cast());
        let slots: *const *const c_void = *spi.cast();
        let slot = |callback: TraderCallback| *slots.add(callback as usize);
        transmute::<*const c_void, OnFrontConnected>(slot(TraderCallback::OnFrontConnected))(spi);
        let order = OrderField { volume_traded: 7, ..Default::default() };
        transmute::<*const c_void, OnRtnOrder>(slot(TraderCallback::OnRtnOrder))(spi, &order);
        let info = RspInfoField { error_id: 31, ..Default::default() };
        let refused = transmute::<*const c_void, OnRspOrderInsert>(slot(TraderCallback::OnRspOrderInsert));
        refused(spi, ptr::null(), &info, 5, true);
        (adapter.free_spi)(spi);
    }
    assert_eq!((heard.connected.get(), heard.order.get(), heard.error.get()), (true, 7, (31, 5, true)));
}
