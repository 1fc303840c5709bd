//! Queries: contents and filters (§3.5, §6.3, §6.4).

mod common;

use common::{Bench, Client, quiet, text};
use ctp_sim::{CarriedLot, Config};
use ctp_types::{
    ClassType, ExchangeField, InstrumentCommissionRateField, InstrumentField, InstrumentMarginRateField,
    InvestorPositionDetailField, InvestorPositionField, OptionsType, OrderField, PosiDirection, PositionDate,
    PositionDateType, ProductClass, ProductField, QryClassifiedInstrumentField, QryExchangeField,
    QryInstrumentCommissionRateField, QryInstrumentField, QryInstrumentMarginRateField,
    QryInvestorPositionDetailField, QryInvestorPositionField, QryOrderField, QryProductField, QryTradeField,
    QryTradingAccountField, TradeField, TradeSource, TraderRequest, TradingAccountField, TradingType,
};

fn account(bench: &mut Bench, client: Client) -> TradingAccountField {
    bench.query(client.session, TraderRequest::ReqQryTradingAccount, &QryTradingAccountField::default())[0]
}

fn positions(bench: &mut Bench, client: Client) -> Vec<InvestorPositionField> {
    bench.query(client.session, TraderRequest::ReqQryInvestorPosition, &QryInvestorPositionField::default())
}

/// Two investors; the first holds two lots of each instrument from the day before.
fn holders() -> (Bench, Client, Client) {
    let lot = |instrument: &str, open_price| CarriedLot {
        instrument: instrument.into(),
        long: true,
        volume: 2,
        open_price,
    };
    let carried_lots = vec![lot("rb2701", 3190.0), lot("m2701", 2990.0)];
    let mut bench = Bench::new(Config { carried_lots, initial_balance: 100_000_000 * 10_000, ..quiet() });
    let one = bench.trader(1, "one");
    let two = bench.trader(2, "two");
    bench.take();
    (bench, one, two)
}

// §6.3, §3.5.
#[test]
fn instruments() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    let mut ask = |query: QryInstrumentField| -> Vec<InstrumentField> {
        bench.query(one.session, TraderRequest::ReqQryInstrument, &query)
    };
    let all = ask(QryInstrumentField::default());
    assert!(all.len() > 450, "{}", all.len());
    let rb = ask(QryInstrumentField { product_id: text("rb"), ..Default::default() });
    assert_eq!(rb.len(), 12);
    let one = ask(QryInstrumentField { instrument_id: text("rb2701"), ..Default::default() })[0];
    assert_eq!((one.instrument_name, one.exchange_id), (text("螺纹钢2701"), text("SHFE")));
    assert_eq!((one.volume_multiple, one.price_tick, one.max_limit_order_volume), (10, 1.0, 500));
    assert_eq!((one.delivery_year, one.delivery_month, one.expire_date), (2027, 1, text("20270115")));
    assert_eq!((one.position_date_type, one.is_trading), (PositionDateType::USE_HISTORY, 1));
    assert!(ctp_types::price(one.strike_price).is_none());
    // Options stand behind the futures.
    let gfex = ask(QryInstrumentField { exchange_id: text("GFEX"), ..Default::default() });
    let futures = gfex.iter().filter(|record| record.product_class == ProductClass::FUTURES);
    assert!(futures.count() == 36 && gfex.len() > 100, "{}", gfex.len());
    assert!(ask(QryInstrumentField { instrument_id: text("nothing"), ..Default::default() }).is_empty());
}

// §6.3, §4.7: options and combinations.
#[test]
fn options_and_combinations() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    let mut ask = |query: QryInstrumentField| -> Vec<InstrumentField> {
        bench.query(one.session, TraderRequest::ReqQryInstrument, &query)
    };
    for (id, product, underlying, strike, right) in [
        ("m2701-C-3000", "m_o", "m2701", 3000.0, OptionsType::CALL_OPTIONS),
        ("SR703P5700", "SRP", "SR703", 5700.0, OptionsType::PUT_OPTIONS),
        ("cu2701C78000", "cu_o", "cu2701", 78_000.0, OptionsType::CALL_OPTIONS),
    ] {
        let found = ask(QryInstrumentField { instrument_id: text(id), ..Default::default() });
        assert_eq!(found.len(), 1, "{id}");
        let record = found[0];
        assert_eq!((record.product_class, record.product_id), (ProductClass::OPTIONS, text(product)));
        assert_eq!((record.underlying_instr_id, record.strike_price), (text(underlying), strike));
        assert_eq!(record.options_type, right);
    }
    for id in ["SP a2701&a2703", "SPC y2701&p2701", "SPC l2701&pp2701", "SPD TA701&TA702", "IPS FG701&SA701"]
    {
        let found = ask(QryInstrumentField { instrument_id: text(id), ..Default::default() });
        assert_eq!((found.len(), found[0].product_class), (1, ProductClass::COMBINATION), "{id}");
    }
    let mut classified = |class_type| -> Vec<InstrumentField> {
        let query =
            QryClassifiedInstrumentField { trading_type: TradingType::ALL, class_type, ..Default::default() };
        bench.query(one.session, TraderRequest::ReqQryClassifiedInstrument, &query)
    };
    let counts = [ClassType::ALL, ClassType::FUTURE, ClassType::OPTION, ClassType::COMB]
        .map(|class| classified(class).len());
    assert_eq!(counts[0], counts[1..].iter().sum());
    assert!(counts[1..].iter().all(|count| *count > 0), "{counts:?}");
    assert!(classified(ClassType::default()).is_empty());
    let config = Config { options: false, combinations: false, ..quiet() };
    let mut bench = Bench::new(config);
    let one = bench.trader(1, "one");
    let all: Vec<InstrumentField> =
        bench.query(one.session, TraderRequest::ReqQryInstrument, &QryInstrumentField::default());
    assert_eq!(all.len(), counts[1]);
}

#[test]
fn exchanges_products_and_rates() {
    let mut bench = Bench::new(quiet());
    let one = bench.trader(1, "one");
    let exchanges: Vec<ExchangeField> = bench.query(
        one.session,
        TraderRequest::ReqQryExchange,
        &QryExchangeField { exchange_id: text("INE") },
    );
    assert_eq!((exchanges.len(), exchanges[0].exchange_name), (1, text("上海国际能源交易中心")));
    let products: Vec<ProductField> = bench.query(
        one.session,
        TraderRequest::ReqQryProduct,
        &QryProductField { product_id: text("SR"), ..Default::default() },
    );
    assert_eq!((products.len(), products[0].product_name), (1, text("白糖")));
    // §6.2: the commission is the product's, HedgeFlag is mandatory for the margin.
    let commission = QryInstrumentCommissionRateField { instrument_id: text("rb2701"), ..Default::default() };
    let rates: Vec<InstrumentCommissionRateField> =
        bench.query(one.session, TraderRequest::ReqQryInstrumentCommissionRate, &commission);
    assert_eq!((rates[0].instrument_id, rates[0].open_ratio_by_money), (text("rb"), 0.0001));
    let mut margin = QryInstrumentMarginRateField { instrument_id: text("rb2701"), ..Default::default() };
    let rates: Vec<InstrumentMarginRateField> =
        bench.query(one.session, TraderRequest::ReqQryInstrumentMarginRate, &margin);
    assert!(rates.is_empty());
    margin.hedge_flag = ctp_types::HedgeFlag::SPECULATION;
    let rates: Vec<InstrumentMarginRateField> =
        bench.query(one.session, TraderRequest::ReqQryInstrumentMarginRate, &margin);
    assert_eq!((rates.len(), rates[0].long_margin_ratio_by_money), (1, 0.1));
}

// §5.4, §5.6: keys, contents, filters.
#[test]
fn orders_and_trades() {
    let (mut bench, one, two) = holders();
    bench.place(one, "rb2701", "buy", 3, 3200.0);
    bench.place(two, "rb2701", "sell", 1, 3200.0);
    bench.place(one, "SR701", "buy", 1, 5700.0);
    let ask = |bench: &mut Bench, client: Client, query: QryOrderField| -> Vec<OrderField> {
        bench.query(client.session, TraderRequest::ReqQryOrder, &query)
    };
    let orders = ask(&mut bench, one, QryOrderField::default());
    assert_eq!(orders.len(), 2);
    let order = orders[0];
    assert_eq!(order.order_local_id.as_bytes(), b"           1");
    assert_eq!(order.order_sys_id.as_bytes(), b"           1");
    assert_eq!((order.trader_id, order.client_id), (text("9999cac"), text("9999one")));
    assert_eq!((order.volume_traded, order.volume_total, order.volume_total_original), (1, 2, 3));
    assert_eq!((order.front_id, order.session_id), (1, one.session_id));
    assert_eq!(orders[1].order_sys_id, "2026112300000003");
    assert_eq!(
        ask(&mut bench, one, QryOrderField { instrument_id: text("SR701"), ..Default::default() }).len(),
        1
    );
    assert_eq!(
        ask(&mut bench, one, QryOrderField { exchange_id: text("DCE"), ..Default::default() }).len(),
        0
    );
    assert_eq!(
        ask(&mut bench, one, QryOrderField { insert_time_start: text("23:00:00"), ..Default::default() })
            .len(),
        0
    );
    assert_eq!(ask(&mut bench, two, QryOrderField::default()).len(), 1);

    let trades: Vec<TradeField> =
        bench.query(one.session, TraderRequest::ReqQryTrade, &QryTradeField::default());
    assert_eq!(trades.len(), 1);
    let trade = trades[0];
    assert_eq!((trade.trade_id.as_bytes(), trade.volume, trade.price), (&b"           1"[..], 1, 3200.0));
    assert_eq!((trade.order_sys_id, trade.trade_source), (order.order_sys_id, TradeSource::QUERY));
    // §5.4: the two sides of a trade share its number.
    let other: Vec<TradeField> =
        bench.query(two.session, TraderRequest::ReqQryTrade, &QryTradeField::default());
    assert_eq!(other[0].trade_id, trade.trade_id);
}

// §6.4: two rows at SHFE, one at DCE; frozen lots on the row they would open or close.
#[test]
fn position_rows() {
    let (mut bench, one, two) = holders();
    bench.place(one, "rb2701", "buy", 3, 3200.0);
    bench.place(one, "m2701", "buy", 3, 3000.0);
    let rows = positions(&mut bench, one);
    let find = |rows: &[InvestorPositionField], id: &str, date| {
        *rows.iter().find(|row| row.instrument_id == id && row.position_date == date).expect("a row")
    };
    let today = find(&rows, "rb2701", PositionDate::TODAY);
    assert_eq!((today.position, today.long_frozen, today.frozen_margin), (0, 3, 9600.0));
    assert_eq!(rows.len(), 3);
    bench.place(two, "rb2701", "sell", 3, 3200.0);
    bench.place(two, "m2701", "sell", 3, 3000.0);
    bench.place(one, "rb2701", "close today", 1, 3210.0);
    bench.place(one, "m2701", "close", 1, 3010.0);
    let rows = positions(&mut bench, one);
    let today = find(&rows, "rb2701", PositionDate::TODAY);
    let history = find(&rows, "rb2701", PositionDate::HISTORY);
    let row = find(&rows, "m2701", PositionDate::TODAY);
    assert_eq!((today.position, today.today_position, today.yd_position, today.short_frozen), (3, 3, 0, 1));
    assert_eq!(
        (history.position, history.today_position, history.yd_position, history.short_frozen),
        (2, 0, 2, 0)
    );
    assert_eq!((history.open_cost, today.open_cost, today.position_cost), (63_800.0, 96_000.0, 96_000.0));
    assert_eq!((row.position, row.today_position, row.yd_position, row.short_frozen), (5, 3, 2, 1));
    assert_eq!((today.posi_direction, today.exchange_id), (PosiDirection::LONG, text("SHFE")));
    let query = QryInvestorPositionField { instrument_id: text("m2701"), ..Default::default() };
    let rows: Vec<InvestorPositionField> =
        bench.query(one.session, TraderRequest::ReqQryInvestorPosition, &query);
    assert_eq!(rows.len(), 1);
    let details: Vec<InvestorPositionDetailField> = bench.query(
        one.session,
        TraderRequest::ReqQryInvestorPositionDetail,
        &QryInvestorPositionDetailField::default(),
    );
    assert_eq!(details.iter().map(|detail| detail.volume).sum::<i32>(), 10);
}

// §6.1: margin frozen while the order works, charged when it is filled; released by a cancel.
#[test]
fn trading_account() {
    let (mut bench, one, two) = holders();
    let start = account(&mut bench, one);
    assert_eq!((start.pre_balance, start.currency_id, start.account_id), (1e8, text("CNY"), text("one")));
    let order_ref = bench.place(one, "rb2701", "buy", 3, 3200.0);
    let working = account(&mut bench, one);
    assert_eq!((working.frozen_margin, working.frozen_commission), (9600.0, 9.6));
    assert!((start.available - working.available - 9609.6).abs() < 1e-6);
    bench.place(two, "rb2701", "sell", 1, 3200.0);
    let action = bench.cancel_of(one, "rb2701", order_ref);
    bench.cancel(one, &action);
    let filled = account(&mut bench, one);
    assert_eq!((filled.frozen_margin, filled.frozen_commission, filled.commission), (0.0, 0.0, 3.2));
    assert!((filled.curr_margin - start.curr_margin - 3200.0).abs() < 1e-6);
}

// §5.9, 9 and 13: another's affairs are not for this session.
#[test]
fn queries_of_others() {
    let (mut bench, one, _) = holders();
    for (investor, error) in [("two", 9), ("nobody", 13)] {
        let query = QryTradingAccountField {
            broker_id: text("9999"),
            investor_id: text(investor),
            ..Default::default()
        };
        let lines = bench.ask(one.session, TraderRequest::ReqQryTradingAccount, &query);
        assert_eq!(lines, [format!("OnRspQryTradingAccount {error} NULL")]);
    }
}
