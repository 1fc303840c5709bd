//! Instructions other than orders (§7): what is answered, pushed, and found by the queries.

mod common;

use std::time::Duration;

use common::instruct::{make, send};
use common::{Bench, Client, quiet};
use ctp_sim::{Command, Config, Delivery, Input};
use ctp_types::{
    DepthMarketDataField, ForQuoteRspField, InputOrderField, InvestorPositionCombineDetailField,
    InvestorPositionField, MdCallback, OrderField, ParkedOrderField, QryDepthMarketDataField,
    QryExecOrderField, QryInvestorPositionCombineDetailField, QryInvestorPositionField, QryOrderField,
    QryParkedOrderActionField, QryParkedOrderField, QryQuoteField, QryTradingAccountField,
    QryTransferSerialField, QuoteField, TraderRequest, TradingAccountField, TransferSerialField,
};

const OPTION: &str = "m2701-C-3000";
const COMBINATION: &str = "SP m2701&m2703";

fn rich() -> Config {
    Config { initial_balance: 10_000_000_000_000, ..quiet() }
}

fn one(config: Config) -> (Bench, Client) {
    let mut bench = Bench::new(config);
    let client = bench.trader(1, "one");
    (bench, client)
}

/// Opens lots against another investor, at the settlement price of the day before.
fn open(bench: &mut Bench, client: Client, instrument: &str, side: char, volume: i32) {
    let other = bench.trader(99, "other");
    let query = QryDepthMarketDataField { instrument_id: common::text(instrument), ..Default::default() };
    let depth: Vec<DepthMarketDataField> =
        bench.query(client.session, TraderRequest::ReqQryDepthMarketData, &query);
    let price = depth[0].pre_settlement_price;
    let other_side = if side == '0' { '1' } else { '0' };
    for (client, direction) in [(other, other_side), (client, side)] {
        let order = InputOrderField {
            investor_id: client.investor,
            user_id: common::text(&client.investor.to_str()),
            ..make(&format!(
                "InstrumentID={instrument} ExchangeID=DCE Direction={direction} CombOffsetFlag=0 CombHedgeFlag=1 \
                 OrderPriceType=2 TimeCondition=3 VolumeCondition=1 ContingentCondition=1 ForceCloseReason=0 \
                 MinVolume=1 LimitPrice={price} VolumeTotalOriginal={volume}"
            ))
        };
        bench.insert(client, &order);
    }
    bench.step(Input::Disconnect { session: other.session });
    bench.take();
}

fn position(bench: &mut Bench, client: Client, instrument: &str) -> InvestorPositionField {
    let query = QryInvestorPositionField { instrument_id: common::text(instrument), ..Default::default() };
    let rows: Vec<InvestorPositionField> =
        bench.query(client.session, TraderRequest::ReqQryInvestorPosition, &query);
    rows[0]
}

const PARKED: &str = "InstrumentID=rb2701 ExchangeID=SHFE Direction=0 CombOffsetFlag=0 CombHedgeFlag=1 \
    OrderPriceType=2 TimeCondition=3 VolumeCondition=1 ContingentCondition=1 ForceCloseReason=0 \
    LimitPrice=3200 VolumeTotalOriginal=2 MinVolume=1";

// §7: "core sends it when the product enters auction ordering or continuous; then normal OnRtnOrder".
#[test]
fn a_parked_order_waits_for_the_product() {
    let (mut bench, client) = one(quiet());
    let lines = send::<ParkedOrderField>(&mut bench, client, TraderRequest::ReqParkedOrderInsert, PARKED);
    assert_eq!(lines, ["OnRspParkedOrderInsert 0"]);
    let parked = |bench: &mut Bench| -> ParkedOrderField {
        let query = QryParkedOrderField::default();
        bench.query(client.session, TraderRequest::ReqQryParkedOrder, &query)[0]
    };
    let waiting = parked(&mut bench);
    assert_eq!(waiting.parked_order_id.as_bytes(), b"           1");
    assert_eq!(waiting.status.as_char(), b'1');
    bench.take();
    for (status, expected) in [('1', vec![]), ('3', vec!["a/0 报单已提交 0", "3/3 # 未成交 0"])] {
        bench.step(Input::Command(Command::Status { product: "rb".to_owned(), status }));
        bench.settle();
        let lines = bench.lines(client.session);
        let orders: Vec<&String> = lines.iter().filter(|line| line.contains('/')).collect();
        assert_eq!(orders, expected, "status {status}");
    }
    assert_eq!(parked(&mut bench).status.as_char(), b'2');
}

// §7: 45–47, 161, 6011, 6012.
#[test]
fn parked_orders_are_refused_and_removed() {
    use TraderRequest::{
        ReqParkedOrderAction, ReqParkedOrderInsert, ReqRemoveParkedOrder, ReqRemoveParkedOrderAction,
    };
    let (mut bench, client) = one(quiet());
    let conditional = PARKED.replace("ContingentCondition=1", "ContingentCondition=5");
    let lines = send::<ParkedOrderField>(&mut bench, client, ReqParkedOrderInsert, &conditional);
    assert_eq!(lines, ["OnRspParkedOrderInsert 161"]);
    let spread = PARKED.replace("rb2701", &COMBINATION.replace(' ', "_")).replace("SHFE", "DCE");
    let lines = send::<ParkedOrderField>(&mut bench, client, ReqParkedOrderInsert, &spread);
    assert_eq!(lines, ["OnRspParkedOrderInsert 6011"]);
    send::<ParkedOrderField>(&mut bench, client, ReqParkedOrderInsert, PARKED);
    for (number, error) in [("7", 45), ("___________1", 0), ("___________1", 47)] {
        let fields = format!("ParkedOrderID={number}");
        let lines =
            send::<ctp_types::RemoveParkedOrderField>(&mut bench, client, ReqRemoveParkedOrder, &fields);
        assert_eq!(lines, [format!("OnRspRemoveParkedOrder {error}")]);
    }
    let action = format!("InstrumentID={} ExchangeID=DCE ActionFlag=0", COMBINATION.replace(' ', "_"));
    let lines = send::<ctp_types::ParkedOrderActionField>(&mut bench, client, ReqParkedOrderAction, &action);
    assert_eq!(lines, ["OnRspParkedOrderAction 6012"]);
    // A parked cancel is sent as well; afterwards it cannot be removed (46).
    let order_ref = bench.place(client, "rb2701", "buy", 1, 3100.0);
    let action = format!(
        "InstrumentID=rb2701 ExchangeID=SHFE ActionFlag=0 FrontID=1 SessionID={} OrderRef={order_ref}",
        client.session_id
    );
    send::<ctp_types::ParkedOrderActionField>(&mut bench, client, ReqParkedOrderAction, &action);
    bench.step(Input::Command(Command::Status { product: "rb".to_owned(), status: '2' }));
    bench.settle();
    let lines = bench.lines(client.session);
    assert!(lines.iter().any(|line| line == "5/3 # 已撤单 0"), "{lines:?}");
    let actions: Vec<ctp_types::ParkedOrderActionField> = bench.query(
        client.session,
        TraderRequest::ReqQryParkedOrderAction,
        &QryParkedOrderActionField::default(),
    );
    assert_eq!((actions.len(), actions[0].status.as_char()), (1, b'2'));
    let fields = "ParkedOrderActionID=___________1";
    let lines = send::<ctp_types::RemoveParkedOrderActionField>(
        &mut bench,
        client,
        ReqRemoveParkedOrderAction,
        fields,
    );
    assert_eq!(lines, ["OnRspRemoveParkedOrderAction 46"]);
}

fn quote(fields: &str) -> String {
    format!(
        "InstrumentID={OPTION} ExchangeID=DCE AskPrice=120 BidPrice=100 AskVolume=2 BidVolume=3 AskOffsetFlag=0 \
         BidOffsetFlag=0 AskHedgeFlag=1 BidHedgeFlag=1 {fields}"
    )
}

// §7: "OnRtnQuote + derived OnRtnOrder×2"; cancelled by both keys.
#[test]
fn a_quote_is_two_orders() {
    use TraderRequest::{ReqQuoteAction, ReqQuoteInsert};
    let (mut bench, client) = one(rich());
    let fields = quote("QuoteRef=1 AskOrderRef=5 BidOrderRef=6");
    let lines = send::<ctp_types::InputQuoteField>(&mut bench, client, ReqQuoteInsert, &fields);
    let expected = [
        "a/0 报单已提交 0",
        "a/0 报单已提交 0",
        "OnRtnQuote",
        "3/3 # 未成交 0",
        "3/3 # 未成交 0",
        "OnRtnQuote",
    ];
    assert_eq!(lines, expected);
    let quotes: Vec<QuoteField> =
        bench.query(client.session, TraderRequest::ReqQryQuote, &QryQuoteField::default());
    let orders: Vec<OrderField> =
        bench.query(client.session, TraderRequest::ReqQryOrder, &QryOrderField::default());
    assert_eq!((quotes[0].quote_status.as_char(), orders.len()), (b'3', 2));
    assert!(orders.iter().all(|order| order.order_type.as_char() == b'1'));
    assert_eq!((orders[0].order_ref, orders[0].direction.as_char()), (quotes[0].ask_order_ref, b'1'));
    assert_eq!((orders[1].order_sys_id, orders[1].volume_total), (quotes[0].bid_order_sys_id, 3));
    let action = format!(
        "InstrumentID={OPTION} ExchangeID=DCE ActionFlag=0 QuoteSysID={}",
        quotes[0].quote_sys_id.to_str().replace(' ', "_")
    );
    let lines = send::<ctp_types::InputQuoteActionField>(&mut bench, client, ReqQuoteAction, &action);
    assert_eq!(lines.iter().filter(|line| line.contains("5/3 # 已撤单")).count(), 2, "{lines:?}");
    assert!(lines.contains(&"OnRtnQuote".to_owned()));
    let lines = send::<ctp_types::InputQuoteActionField>(&mut bench, client, ReqQuoteAction, &action);
    assert_eq!(lines, ["OnRspQuoteAction 24", "OnErrRtnQuoteAction 24"].map(|line| line.replace("24", "26")));
}

// §7: 22, single-sided at DCE only, 85 for SHFE futures, 86, replacement.
#[test]
fn quotes_are_refused_and_replaced() {
    use TraderRequest::{ReqQuoteAction, ReqQuoteInsert};
    let (mut bench, client) = one(rich());
    let at = |instrument: &str, exchange: &str| {
        quote("").replace(OPTION, instrument).replace("ExchangeID=DCE", &format!("ExchangeID={exchange}"))
    };
    for (fields, error) in [
        (quote("AskOrderRef=6 BidOrderRef=5"), 22),
        (quote("BidPrice=130"), 15),
        (quote("AskVolume=0 BidVolume=0"), 15),
        (at("SR701C5700", "CZCE").replace("AskVolume=2", "AskVolume=0"), 15),
        (at("rb2701", "SHFE"), 85),
        (quote("AskHedgeFlag=2"), 3047),
        (quote("AskPrice=nan"), 95),
    ] {
        let lines = send::<ctp_types::InputQuoteField>(&mut bench, client, ReqQuoteInsert, &fields);
        assert_eq!(lines, [format!("OnRspQuoteInsert {error}"), format!("OnErrRtnQuoteInsert {error}")]);
    }
    let lines = send::<ctp_types::InputQuoteActionField>(
        &mut bench,
        client,
        ReqQuoteAction,
        "ExchangeID=DCE ActionFlag=0 FrontID=1 SessionID=1 QuoteRef=9",
    );
    assert_eq!(lines, ["OnRspQuoteAction 86", "OnErrRtnQuoteAction 86"]);
    let single = quote("AskVolume=0");
    let lines = send::<ctp_types::InputQuoteField>(&mut bench, client, ReqQuoteInsert, &single);
    assert_eq!(lines, ["a/0 报单已提交 0", "OnRtnQuote", "3/3 # 未成交 0", "OnRtnQuote"]);
    let czce = at("SR701C5700", "CZCE");
    send::<ctp_types::InputQuoteField>(&mut bench, client, ReqQuoteInsert, &czce);
    let lines = send::<ctp_types::InputQuoteField>(&mut bench, client, ReqQuoteInsert, &czce);
    assert_eq!(lines.iter().filter(|line| line.contains("已撤单")).count(), 2, "{lines:?}");
    let query = QryQuoteField { instrument_id: common::text("SR701C5700"), ..Default::default() };
    let quotes: Vec<QuoteField> = bench.query(client.session, TraderRequest::ReqQryQuote, &query);
    let status: Vec<u8> = quotes.iter().map(|quote| quote.quote_status.as_char()).collect();
    assert_eq!(status, *b"53");
}

// §4.8: "OnRtnForQuoteRsp arrives on the MD API"; 83, 113.
#[test]
fn a_request_for_a_quote_reaches_subscribers() {
    use TraderRequest::ReqForQuoteInsert;
    let (mut bench, client) = one(quiet());
    let feed = bench.market_data(5);
    bench.step(Input::SubscribeForQuote { session: feed, instruments: vec![common::text(OPTION)] });
    bench.settle();
    let fields = format!("InstrumentID={OPTION} ExchangeID=DCE");
    bench.take();
    bench.request(client.session, ReqForQuoteInsert, &make::<ctp_types::InputForQuoteField>(&fields));
    bench.settle();
    let told: Vec<ForQuoteRspField> = bench
        .take()
        .into_iter()
        .filter_map(|output| match output.delivery {
            Delivery::Md { callback: MdCallback::OnRtnForQuoteRsp, record, .. } => {
                assert_eq!(output.session, feed);
                record.and_then(|record| record.get().copied())
            }
            other => panic!("the asker is told nothing, found {other:?}"),
        })
        .collect();
    assert_eq!((told.len(), told[0].instrument_id), (1, common::text(OPTION)));
    let lines = send::<ctp_types::InputForQuoteField>(&mut bench, client, ReqForQuoteInsert, &fields);
    assert_eq!(lines, ["OnRspForQuoteInsert 113", "OnErrRtnForQuoteInsert 113"]);
    let future = "InstrumentID=rb2701 ExchangeID=SHFE";
    let lines = send::<ctp_types::InputForQuoteField>(&mut bench, client, ReqForQuoteInsert, future);
    assert_eq!(lines, ["OnRspForQuoteInsert 83", "OnErrRtnForQuoteInsert 83"]);
}

// §7: exercise freezes the position; 67–74, 139.
#[test]
fn options_are_exercised() {
    use TraderRequest::{ReqExecOrderAction, ReqExecOrderInsert};
    let (mut bench, client) = one(rich());
    open(&mut bench, client, OPTION, '0', 3);
    let exercise = |fields: &str| {
        format!(
            "InstrumentID={OPTION} ExchangeID=DCE Volume=2 OffsetFlag=1 HedgeFlag=1 ActionType=1 PosiDirection=2 \
             ReservePositionFlag=0 CloseFlag=0 {fields}"
        )
    };
    let lines = send::<ctp_types::InputExecOrderField>(
        &mut bench,
        client,
        ReqExecOrderInsert,
        &exercise("ExecOrderRef=3"),
    );
    assert_eq!(lines, ["OnRtnExecOrder", "OnRtnExecOrder"]);
    assert_eq!(position(&mut bench, client, OPTION).strike_frozen, 2);
    for (fields, error) in [
        (exercise("ExecOrderRef=3 Volume=1"), 67),
        (exercise("InstrumentID=m2701"), 69),
        (exercise("InstrumentID=IO2612-C-4000 ExchangeID=CFFEX"), 70),
        (exercise("Volume=-1"), 71),
        (exercise("Volume=2"), 74),
        (exercise("ActionType=7"), 81),
    ] {
        let lines = send::<ctp_types::InputExecOrderField>(&mut bench, client, ReqExecOrderInsert, &fields);
        let expected = [format!("OnRspExecOrderInsert {error}"), format!("OnErrRtnExecOrderInsert {error}")];
        assert_eq!(lines, expected);
    }
    let abandoned = exercise("ActionType=2 Volume=1 ExecOrderRef=4");
    send::<ctp_types::InputExecOrderField>(&mut bench, client, ReqExecOrderInsert, &abandoned);
    assert_eq!(position(&mut bench, client, OPTION).abandon_frozen, 1);
    let cancel = format!(
        "InstrumentID={OPTION} ExchangeID=DCE ActionFlag=0 FrontID=1 SessionID={} ExecOrderRef=3",
        client.session_id
    );
    let lines = send::<ctp_types::InputExecOrderActionField>(&mut bench, client, ReqExecOrderAction, &cancel);
    assert_eq!(lines, ["OnRtnExecOrder"]);
    assert_eq!(position(&mut bench, client, OPTION).strike_frozen, 0);
    for (fields, error) in [
        (cancel.clone(), 72),
        (cancel.replace("Ref=3", "Ref=8"), 73),
        (cancel.replace("Flag=0", "Flag=3"), 71),
    ] {
        let lines =
            send::<ctp_types::InputExecOrderActionField>(&mut bench, client, ReqExecOrderAction, &fields);
        let expected = [format!("OnRspExecOrderAction {error}"), format!("OnErrRtnExecOrderAction {error}")];
        assert_eq!(lines, expected);
    }
    let records: Vec<ctp_types::ExecOrderField> =
        bench.query(client.session, TraderRequest::ReqQryExecOrder, &QryExecOrderField::default());
    let results: Vec<u8> = records.iter().map(|record| record.exec_result.as_char()).collect();
    assert_eq!(results, *b"cn");
}

// §6.6: at settlement a call becomes a long future at the strike; what was instructed is forgotten.
#[test]
fn an_exercise_is_carried_out_at_settlement() {
    let (mut bench, client) = one(rich());
    open(&mut bench, client, OPTION, '0', 3);
    let fields = format!(
        "InstrumentID={OPTION} ExchangeID=DCE Volume=2 OffsetFlag=1 HedgeFlag=1 ActionType=1 PosiDirection=2"
    );
    let request = TraderRequest::ReqExecOrderInsert;
    send::<ctp_types::InputExecOrderField>(&mut bench, client, request, &fields);
    send::<ctp_types::InputQuoteField>(&mut bench, client, TraderRequest::ReqQuoteInsert, &quote(""));
    bench.step(Input::Command(Command::Settle));
    bench.run(Duration::from_secs(3600));
    let client = bench.trader(1, "one");
    let row = position(&mut bench, client, "m2701");
    assert_eq!((row.position, row.posi_direction.as_char(), row.open_cost), (2, b'2', 60_000.0));
    let left = position(&mut bench, client, OPTION);
    assert_eq!((left.position, left.strike_frozen), (1, 0));
    let records: Vec<ctp_types::ExecOrderField> =
        bench.query(client.session, TraderRequest::ReqQryExecOrder, &QryExecOrderField::default());
    let quotes: Vec<QuoteField> =
        bench.query(client.session, TraderRequest::ReqQryQuote, &QryQuoteField::default());
    assert!(records.is_empty() && quotes.is_empty());
}

// §7: combine '0', split '1', delete '2'; 151, 152; §6.4: legs carry CombPosition.
#[test]
fn positions_are_combined_and_split() {
    use TraderRequest::ReqCombActionInsert;
    let (mut bench, client) = one(rich());
    open(&mut bench, client, "m2701", '0', 3);
    let instrument = COMBINATION.replace(' ', "_");
    let act = |direction: char, volume: i32| {
        format!(
            "InstrumentID={instrument} ExchangeID=DCE Direction=0 HedgeFlag=1 CombDirection={direction} Volume={volume}"
        )
    };
    let refused = |error: i32| {
        vec![format!("OnRspCombActionInsert {error}"), format!("OnErrRtnCombActionInsert {error}")]
    };
    // Nothing is short of the second leg yet.
    let lines =
        send::<ctp_types::InputCombActionField>(&mut bench, client, ReqCombActionInsert, &act('0', 1));
    assert_eq!(lines, refused(30));
    open(&mut bench, client, "m2703", '1', 2);
    let lines =
        send::<ctp_types::InputCombActionField>(&mut bench, client, ReqCombActionInsert, &act('0', 2));
    assert_eq!(lines, ["OnRtnCombAction", "OnRtnCombAction"]);
    let row = position(&mut bench, client, "m2701");
    assert_eq!((row.position, row.comb_position), (3, 2));
    let details: Vec<InvestorPositionCombineDetailField> = bench.query(
        client.session,
        TraderRequest::ReqQryInvestorPositionCombineDetail,
        &QryInvestorPositionCombineDetailField::default(),
    );
    assert_eq!(details.iter().map(|leg| (leg.leg_id, leg.total_amt)).collect::<Vec<_>>(), [(1, 2), (2, 2)]);
    send::<ctp_types::InputCombActionField>(&mut bench, client, ReqCombActionInsert, &act('1', 1));
    assert_eq!(position(&mut bench, client, "m2701").comb_position, 1);
    let lines =
        send::<ctp_types::InputCombActionField>(&mut bench, client, ReqCombActionInsert, &act('2', 5));
    assert_eq!(lines, refused(151));
    let lines =
        send::<ctp_types::InputCombActionField>(&mut bench, client, ReqCombActionInsert, &act('2', 1));
    assert_eq!(lines, refused(152));
    bench.run(Duration::from_secs(30));
    let lines =
        send::<ctp_types::InputCombActionField>(&mut bench, client, ReqCombActionInsert, &act('2', 1));
    assert_eq!(lines, ["OnRtnCombAction", "OnRtnCombAction"]);
    assert_eq!(position(&mut bench, client, "m2701").comb_position, 2);
    let lines = send::<ctp_types::InputCombActionField>(
        &mut bench,
        client,
        ReqCombActionInsert,
        &act('0', 1).replace(&instrument, "m2701"),
    );
    assert_eq!(lines, refused(82));
}

// §7: "OnRtnFrom…ByFuture (private)", the business result in the record; §6.1: Deposit, Withdraw.
#[test]
fn money_moves_between_bank_and_account() {
    use TraderRequest::{
        ReqFromBankToFutureByFuture, ReqFromFutureToBankByFuture, ReqQueryBankAccountMoneyByFuture,
    };
    let (mut bench, client) = one(quiet());
    let amount = |amount: f64| format!("BankID=1 CurrencyID=CNY TradeAmount={amount}");
    let account = |bench: &mut Bench| -> TradingAccountField {
        bench.query(client.session, TraderRequest::ReqQryTradingAccount, &QryTradingAccountField::default())
            [0]
    };
    let lines =
        send::<ctp_types::ReqTransferField>(&mut bench, client, ReqFromBankToFutureByFuture, &amount(500.5));
    assert_eq!(lines, ["OnRtnFromBankToFutureByFuture"]);
    let lines =
        send::<ctp_types::ReqTransferField>(&mut bench, client, ReqFromFutureToBankByFuture, &amount(1000.0));
    assert_eq!(lines, ["OnRtnFromFutureToBankByFuture"]);
    let now = account(&mut bench);
    assert_eq!((now.deposit, now.withdraw, now.balance), (500.5, 1000.0, 999_500.5));
    for (fields, error) in [
        (amount(1e9), 31),
        (amount(f64::NAN), 2014),
        (amount(-1.0), 2014),
        (amount(1.0).replace("BankID=1", "BankID=2"), 1002),
        (amount(1.0).replace("CNY", "USD"), 1035),
        (format!("{} AccountID=two", amount(1.0)), 2011),
        (format!("{} BankAccount=1", amount(1.0)), 1004),
    ] {
        let lines =
            send::<ctp_types::ReqTransferField>(&mut bench, client, ReqFromFutureToBankByFuture, &fields);
        let expected = [
            format!("OnRspFromFutureToBankByFuture {error}"),
            format!("OnErrRtnFutureToBankByFuture {error}"),
        ];
        assert_eq!(lines, expected, "{fields}");
    }
    assert_eq!(account(&mut bench).balance, 999_500.5);
    // The bank has not so much: told by the push itself.
    send::<ctp_types::ReqTransferField>(&mut bench, client, ReqFromBankToFutureByFuture, &amount(2e8));
    let serials: Vec<TransferSerialField> =
        bench.query(client.session, TraderRequest::ReqQryTransferSerial, &QryTransferSerialField::default());
    let seen: Vec<(String, i32)> =
        serials.iter().map(|serial| (serial.trade_code.to_str().into_owned(), serial.error_id)).collect();
    assert_eq!(seen, [("202001".to_owned(), 0), ("202002".to_owned(), 0), ("202001".to_owned(), 1023)]);
    let lines = send::<ctp_types::ReqQueryAccountField>(
        &mut bench,
        client,
        ReqQueryBankAccountMoneyByFuture,
        "BankID=1",
    );
    assert_eq!(lines, ["OnRtnQueryBankBalanceByFuture"]);
}
