//! Declarations, settings, notices and what only queries show (§7).

mod common;

use common::instruct::{make, send};
use common::{Bench, Client, quiet};
use ctp_sim::{Command, Config, Input};
use ctp_types::{
    AccountregisterField, CFMMCTradingAccountKeyField, CombLegField, InputBatchOrderActionField,
    InputHedgeCfmActionField, InputHedgeCfmField, InputOffsetSettingField, InputOptionSelfCloseActionField,
    InputOptionSelfCloseField, InputSpdApplyActionField, InputSpdApplyField, NoticeField, OffsetSettingField,
    QryAccountregisterField, QryCFMMCTradingAccountKeyField, QryCombLegField, QryNoticeField,
    QryOffsetSettingField, QryTradingNoticeField, QryTransferBankField, QueryCFMMCTradingAccountTokenField,
    TraderRequest, TradingNoticeField, TransferBankField,
};

const OPTION: &str = "m2701-C-3000";

fn one() -> (Bench, Client) {
    let mut bench = Bench::new(Config { initial_balance: 10_000_000_000_000, ..quiet() });
    let client = bench.trader(1, "one");
    (bench, client)
}

fn both(request: &str, error: i32) -> [String; 2] {
    [format!("OnRsp{request} {error}"), format!("OnErrRtn{request} {error}")]
}

// §7: "supported by DCE market makers only; 103 elsewhere".
#[test]
fn a_session_cancels_all_its_orders_at_dce() {
    let (mut bench, client) = one();
    bench.place(client, "m2701", "buy", 1, 2900.0);
    bench.place(client, "m2701", "buy", 2, 2901.0);
    bench.place(client, "rb2701", "buy", 1, 3100.0);
    let request = TraderRequest::ReqBatchOrderAction;
    let at = |exchange: &str| format!("ExchangeID={exchange} FrontID=1 SessionID={}", client.session_id);
    let lines = send::<InputBatchOrderActionField>(&mut bench, client, request, &at("SHFE"));
    assert_eq!(lines, both("BatchOrderAction", 103));
    let lines = send::<InputBatchOrderActionField>(&mut bench, client, request, &at("DCE"));
    let ended = lines.iter().filter(|line| line.starts_with("5/3")).count();
    assert_eq!((ended, lines.len()), (2, 4), "{lines:?}");
}

// §7: 3041–3045.
#[test]
fn options_offset_themselves() {
    use TraderRequest::{ReqOptionSelfCloseAction, ReqOptionSelfCloseInsert};
    let (mut bench, client) = one();
    let sound = format!("InstrumentID={OPTION} ExchangeID=DCE Volume=1 HedgeFlag=1 OptSelfCloseFlag=1");
    let insert = |bench: &mut Bench, fields: &str| {
        let fields = format!("{sound} {fields}");
        send::<InputOptionSelfCloseField>(bench, client, ReqOptionSelfCloseInsert, &fields)
    };
    let lines = insert(&mut bench, "OptionSelfCloseRef=5");
    assert_eq!(lines, ["OnRtnOptionSelfClose", "OnRtnOptionSelfClose"]);
    for (fields, error) in [
        ("InstrumentID=m2701", 3041),
        ("OptionSelfCloseRef=5", 3042),
        ("OptionSelfCloseRef=x", 3043),
        ("Volume=0", 3043),
        ("OptSelfCloseFlag=9", 3043),
    ] {
        assert_eq!(insert(&mut bench, fields), both("OptionSelfCloseInsert", error), "{fields}");
    }
    let session = client.session_id;
    let cancel = |bench: &mut Bench, reference: i32| {
        let fields = format!(
            "ExchangeID=DCE ActionFlag=0 FrontID=1 SessionID={session} OptionSelfCloseRef={reference}"
        );
        send::<InputOptionSelfCloseActionField>(bench, client, ReqOptionSelfCloseAction, &fields)
    };
    assert_eq!(cancel(&mut bench, 6), both("OptionSelfCloseAction", 3044));
    assert_eq!(cancel(&mut bench, 5), ["OnRtnOptionSelfClose"]);
    assert_eq!(cancel(&mut bench, 5), both("OptionSelfCloseAction", 3045));
}

// §7: "DCE only; Volume 99999999 = all; 6001–6006".
#[test]
fn offsets_are_set_at_dce() {
    use TraderRequest::{ReqCancelOffsetSetting, ReqOffsetSetting};
    let (mut bench, client) = one();
    let sound = "ProductID=m ExchangeID=DCE OffsetType=0 Volume=99999999 IsOffset=1";
    let set = |bench: &mut Bench, fields: &str| {
        let fields = format!("{sound} {fields}");
        send::<InputOffsetSettingField>(bench, client, ReqOffsetSetting, &fields)
    };
    let cancel = |bench: &mut Bench, fields: &str| {
        let fields = format!("{sound} {fields}");
        send::<InputOffsetSettingField>(bench, client, ReqCancelOffsetSetting, &fields)
    };
    for (fields, error) in [
        ("ExchangeID=SHFE", 6001),
        ("ProductID=rb", 6001),
        ("InstrumentID=rb2701", 6001),
        ("OffsetType=9", 6001),
        ("Volume=0", 6002),
    ] {
        assert_eq!(set(&mut bench, fields), both("OffsetSetting", error), "{fields}");
    }
    assert_eq!(cancel(&mut bench, ""), both("CancelOffsetSetting", 6005));
    assert_eq!(set(&mut bench, ""), ["OnRtnOffsetSetting", "OnRtnOffsetSetting"]);
    assert_eq!(set(&mut bench, ""), both("OffsetSetting", 6004));
    assert_eq!(cancel(&mut bench, ""), ["OnRtnOffsetSetting"]);
    assert_eq!(cancel(&mut bench, ""), both("CancelOffsetSetting", 6006));
    let records: Vec<OffsetSettingField> =
        bench.query(client.session, TraderRequest::ReqQryOffsetSetting, &QryOffsetSettingField::default());
    assert_eq!((records.len(), records[0].exec_result.as_char()), (1, b'c'));
}

// §7: "exchange refusal: SpdApply without ErrRtn, HedgeCfm with; 6007–6010".
#[test]
fn applications_and_confirmations() {
    use TraderRequest::{ReqHedgeCfm, ReqHedgeCfmAction, ReqSpdApply, ReqSpdApplyAction};
    let (mut bench, client) = one();
    let other = bench.trader(2, "two");
    bench.place(client, "SR701", "buy", 2, 5700.0);
    bench.place(other, "SR701", "sell", 2, 5700.0);
    let spread =
        "FirstLegInstrumentID=SR701 SecondLegInstrumentID=SR703 ExchangeID=CZCE Direction=0 CmbType=1";
    let hedge = "InstrumentID=SR701 ExchangeID=CZCE Direction=0";
    let key = format!("ExchangeID=CZCE FrontID=1 SessionID={}", client.session_id);
    let told = |name: &str| vec![format!("OnRtn{name}"); 2];

    let fields = format!("{spread} Volume=2 OrderRef=1");
    assert_eq!(send::<InputSpdApplyField>(&mut bench, client, ReqSpdApply, &fields), told("SpdApply"));
    let fields = format!("{spread} Volume=3");
    assert_eq!(send::<InputSpdApplyField>(&mut bench, client, ReqSpdApply, &fields), told("SpdApply"));
    for (reference, expected) in [
        (9, both("SpdApplyAction", 6007).to_vec()),
        (1, vec!["OnRtnSpdApply".to_owned()]),
        (1, both("SpdApplyAction", 6008).to_vec()),
    ] {
        let fields = format!("{key} OrderRef={reference}");
        let lines = send::<InputSpdApplyActionField>(&mut bench, client, ReqSpdApplyAction, &fields);
        assert_eq!(lines, expected);
    }

    let fields = format!("{hedge} Volume=2 OrderRef=1");
    assert_eq!(send::<InputHedgeCfmField>(&mut bench, client, ReqHedgeCfm, &fields), told("HedgeCfm"));
    let fields = format!("{hedge} Volume=3");
    let lines = send::<InputHedgeCfmField>(&mut bench, client, ReqHedgeCfm, &fields);
    assert_eq!(lines, ["OnRtnHedgeCfm", "OnRtnHedgeCfm", "OnErrRtnHedgeCfm 91"]);
    for (reference, expected) in [
        (9, both("HedgeCfmAction", 6009).to_vec()),
        (1, vec!["OnRtnHedgeCfm".to_owned()]),
        (1, both("HedgeCfmAction", 6010).to_vec()),
    ] {
        let fields = format!("{key} OrderRef={reference}");
        let lines = send::<InputHedgeCfmActionField>(&mut bench, client, ReqHedgeCfmAction, &fields);
        assert_eq!(lines, expected);
    }
}

// §7: "broker notices; push: OnRtnTradingNotice"; §3.3: bulletins are public.
#[test]
fn notices_are_told() {
    let (mut bench, client) = one();
    let two = bench.trader(2, "two");
    bench.take();
    bench.step(Input::Command(Command::Notice { content: "早上好".to_owned() }));
    let to_one =
        Command::TradingNotice { content: "追加保证金".to_owned(), investor: Some("one".to_owned()) };
    bench.step(Input::Command(to_one));
    let all = Command::TradingNotice { content: "节假日".to_owned(), investor: None };
    bench.step(Input::Command(all));
    let bulletin =
        Command::Bulletin { exchange: "SHFE".to_owned(), title: "提示".to_owned(), content: String::new() };
    bench.step(Input::Command(bulletin));
    let outputs = bench.take();
    let count = |session| outputs.iter().filter(|output| output.session == session).count();
    // Each private message has its number before it.
    assert_eq!((count(client.session), count(two.session)), (5, 3));
    let notices: Vec<NoticeField> =
        bench.query(client.session, TraderRequest::ReqQryNotice, &QryNoticeField::default());
    assert_eq!((notices.len(), notices[0].content.to_str().as_ref()), (1, "早上好"));
    let told: Vec<TradingNoticeField> =
        bench.query(two.session, TraderRequest::ReqQryTradingNotice, &QryTradingNoticeField::default());
    assert_eq!((told.len(), told[0].field_content.to_str().as_ref()), (1, "节假日"));
}

// §7: "token: OnRspQuery… then OnRtnCFMMCTradingAccountToken".
#[test]
fn the_monitoring_centre() {
    let (mut bench, client) = one();
    let request = TraderRequest::ReqQueryCFMMCTradingAccountToken;
    let lines = send::<QueryCFMMCTradingAccountTokenField>(&mut bench, client, request, "");
    assert_eq!(lines, ["OnRspQueryCFMMCTradingAccountToken 0", "OnRtnCFMMCTradingAccountToken"]);
    let keys: Vec<CFMMCTradingAccountKeyField> = bench.query(
        client.session,
        TraderRequest::ReqQryCFMMCTradingAccountKey,
        &make::<QryCFMMCTradingAccountKeyField>(""),
    );
    assert_eq!((keys.len(), keys[0].current_key.as_bytes().len()), (1, 16));
}

#[test]
fn banks_and_legs() {
    let (mut bench, client) = one();
    let banks: Vec<TransferBankField> =
        bench.query(client.session, TraderRequest::ReqQryTransferBank, &QryTransferBankField::default());
    let accounts: Vec<AccountregisterField> = bench.query(
        client.session,
        TraderRequest::ReqQryAccountregister,
        &QryAccountregisterField::default(),
    );
    assert_eq!(
        (banks.len(), banks[0].bank_id, accounts[0].bank_id),
        (1, common::text("1"), common::text("1"))
    );
    assert_eq!(accounts[0].bank_account, "6222one");
    let query = QryCombLegField { leg_instrument_id: common::text("m2701") };
    let legs: Vec<CombLegField> = bench.query(client.session, TraderRequest::ReqQryCombLeg, &query);
    assert!(legs.len() >= 2 && legs.iter().all(|leg| leg.leg_instrument_id == "m2701"), "{legs:?}");
}
