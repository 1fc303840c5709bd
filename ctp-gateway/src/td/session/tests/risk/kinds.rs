//! Every rule, and every way by which something leaves.

use ctp_types::{
    HedgeFlag, InputExecOrderField, InputForQuoteField, InputQuoteField, ParkedOrderField, ReqTransferField,
};

use super::*;
use crate::td::classes::Class;
use crate::td::instructions::{Exercise, Quote};
use crate::td::session::instructions::InstructionPlaced;

/// Nothing but one rule.
fn only(change: impl FnOnce(&mut RiskConfig)) -> Bench {
    Bench::risky(|config| {
        *config = RiskConfig::unlimited();
        change(config);
    })
}

impl Bench {
    fn instruct(&mut self, request: TraderRequest, record: RecordBox) -> Result<InstructionPlaced, Error> {
        let (reply, mut answer) = oneshot::channel();
        let (logins, reply) = (self.session.logins(), ActReply::Instruction(reply));
        self.command(Command::Act { logins, request, record, reply });
        answer.try_recv().expect("an answer at once")
    }

    fn quote(&mut self, ask: f64, bid: f64) -> Result<InstructionPlaced, Error> {
        self.instruct(TraderRequest::ReqQuoteInsert, quote(ask, bid))
    }
}

/// A quote of one lot on each side, as one makes it by hand: the builder has checks of its own.
fn quote(ask: f64, bid: f64) -> RecordBox {
    let built =
        Quote::new("rb2601").exchange("SHFE").ask(9.0, 1, OffsetFlag::OPEN).bid(1.0, 1, OffsetFlag::OPEN);
    let mut record = built.record().unwrap();
    let quote = record.get_mut::<InputQuoteField>().unwrap();
    (quote.ask_price, quote.bid_price) = (ask, bid);
    record
}

#[test]
fn each_rule_denies_what_breaks_it() {
    let mut bench = only(|config| config.order_lots = Some(10));
    assert_eq!(
        (bench.broken(&buy(11, 3_900.0)), bench.broken(&buy(10, 3_900.0))),
        (Some(Rule::OrderLots), None)
    );

    let mut bench = only(|config| config.price_limit_check = true);
    bench.mark(3_900.0, 4_000.0, 3_800.0);
    assert_eq!(
        (bench.broken(&buy(1, 4_001.0)), bench.broken(&buy(1, 4_000.0))),
        (Some(Rule::PriceLimit), None)
    );

    let mut bench = only(|config| config.price_distance_bp = Some(100));
    bench.mark(3_900.0, 4_000.0, 3_800.0);
    assert_eq!(
        (bench.broken(&buy(1, 3_940.0)), bench.broken(&buy(1, 3_939.0))),
        (Some(Rule::PriceDistance), None)
    );

    let mut bench = only(|config| config.self_trade_check = true);
    assert_eq!(bench.broken(&sell(1, 3_901.0)), None);
    assert_eq!(
        (bench.broken(&buy(1, 3_901.0)), bench.broken(&buy(1, 3_900.0))),
        (Some(Rule::SelfTrade), None)
    );

    let mut bench = only(|config| config.open_orders = Some(1));
    assert_eq!(
        (bench.broken(&buy(1, 3_900.0)), bench.broken(&buy(1, 3_900.0))),
        (None, Some(Rule::OpenOrders))
    );

    let mut bench = only(|config| config.open_orders_total = Some(1));
    assert_eq!(
        (bench.broken(&buy(1, 3_900.0)), bench.broken(&buy(1, 3_900.0))),
        (None, Some(Rule::OpenOrdersTotal))
    );

    let mut bench = only(|config| config.cancels_per_day = Some(1));
    assert_eq!(
        (bench.broken(&buy(1, 3_900.0)), bench.broken(&buy(1, 3_900.0))),
        (None, Some(Rule::CancelsPerDay))
    );

    // What is asked for and cannot be known does not pass.
    for (change, rule) in [
        ((|config| config.position_lots = Some(5)) as fn(&mut RiskConfig), Rule::Position),
        (|config| config.position_lots_total = Some(5), Rule::PositionTotal),
        (|config| config.loss_cny = Some(5), Rule::Loss),
    ] {
        assert_eq!(only(change).broken(&buy(1, 3_900.0)), Some(rule));
    }
}

#[test]
fn positions_of_the_ledger_limit_opens_and_closes() {
    let mut bench = Bench::with(|config| {
        config.risk = RiskConfig::unlimited();
        (config.risk.position_lots, config.risk.over_close_check) = (Some(5), true);
    });
    bench.make_ready();
    assert!(bench.gate().is_open(), "{}", bench.gate());
    let close = |lots| {
        NewOrder::limit("rb2601", Direction::SELL, OffsetFlag::CLOSE_TODAY, lots, 3_900.0).exchange("SHFE")
    };
    assert_eq!(bench.broken(&close(1)), Some(Rule::OverClose), "nothing is held");
    assert_eq!(
        (bench.broken(&buy(6, 3_900.0)), bench.broken(&buy(3, 3_900.0))),
        (Some(Rule::Position), None)
    );
    assert_eq!(
        (bench.broken(&buy(3, 3_900.0)), bench.broken(&buy(2, 3_900.0))),
        (Some(Rule::Position), None)
    );
    bench.push(
        TraderCallback::OnRtnOrder,
        OrderField {
            volume_total_original: 3,
            volume_total: 0,
            ..order("8", Status::ALL_TRADED, Submit::ACCEPTED, 3)
        },
    );
    bench.push(
        TraderCallback::OnRtnTrade,
        TradeField {
            offset_flag: OffsetFlag::OPEN,
            hedge_flag: HedgeFlag::SPECULATION,
            trading_day: text("20261120"),
            ..trade("8", "a", 3)
        },
    );
    // Held or on order: the trade has not made it more.
    assert_eq!(
        (bench.broken(&buy(1, 3_900.0)), bench.broken(&close(4))),
        (Some(Rule::Position), Some(Rule::OverClose))
    );
    assert_eq!(
        (bench.broken(&close(2)), bench.broken(&close(2))),
        (None, Some(Rule::OverClose)),
        "one is left"
    );
    assert_eq!(bench.broken(&close(1)), None);
}

/// What the library did not take never was: its two orders reserve nothing, count nowhere, and are told of nowhere.
#[test]
fn a_quote_that_the_library_does_not_take_leaves_no_orders() {
    let mut bench = only(|config| config.self_trade_check = true);
    bench.word = Err(SendRefusal::TooFast);
    let refused = bench.quote(3_910.0, 3_900.0);
    assert!(matches!(refused, Err(Error::NotSent { reason: SendRefusal::TooFast, .. })));
    assert_eq!(bench.counts().open_orders, 0);
    bench.word = Ok(());
    assert_eq!(bench.broken(&buy(1, 3_910.0)), None, "no quote to trade with");
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    let unknown = bench.events.iter().filter(|event| matches!(event, TdEvent::Unknown { .. })).count();
    assert_eq!(unknown, 1, "the order, and nothing of the quote");
}

#[test]
fn both_sides_of_a_quote_are_judged_together() {
    let mut bench = Bench::risky(|_| {});
    assert_eq!(rule_of(bench.quote(3_900.0, 3_900.0)), Rule::SelfTrade, "it would trade with itself");
    assert!(bench.quote(3_910.0, 3_900.0).is_ok());
    assert_eq!((bench.counts().actions_in_window, bench.counts().orders_today), (2, 2));
    assert_eq!(bench.counts().open_orders_own, 2);
    assert_eq!(bench.broken(&buy(1, 3_910.0)), Some(Rule::SelfTrade), "against the quote");
    assert_eq!(rule_of(bench.quote(3_899.0, 3_890.0)), Rule::SelfTrade, "against the other quote");
    assert!(bench.quote(3_920.0, 3_890.0).is_ok() && bench.quote(3_920.0, 3_890.0).is_ok());
    assert_eq!(rule_of(bench.quote(3_920.0, 3_890.0)), Rule::ActionsPerSecond, "6 and 2 are more than 7");
    assert_eq!(bench.broken(&buy(1, 3_900.0)), None, "one has room");
    let id = TraderRequest::ReqQuoteInsert;
    assert_eq!((bench.asked(id), bench.asked(ORDERS)), (3, 1));

    let mut bench = only(|config| config.orders_per_day = Some(3));
    assert!(bench.quote(3_910.0, 3_900.0).is_ok());
    assert_eq!(
        rule_of(bench.quote(3_910.0, 3_900.0)),
        Rule::OrdersPerDay,
        "its second order would be the fourth"
    );
    assert_eq!(bench.broken(&buy(1, 3_900.0)), None);
    let mut bench = only(|config| config.open_orders = Some(1));
    assert_eq!(rule_of(bench.quote(3_910.0, 3_900.0)), Rule::OpenOrders);
    let mut bench = only(|config| config.open_orders_total = Some(1));
    assert_eq!(rule_of(bench.quote(3_910.0, 3_900.0)), Rule::OpenOrdersTotal);
    let mut bench = only(|config| config.cancels_per_instrument = Some(1));
    assert_eq!(rule_of(bench.quote(3_910.0, 3_900.0)), Rule::CancelsPerInstrument);
}

#[test]
fn no_way_leads_round_the_switch() {
    let mut bench = Bench::risky(|_| {});
    bench.step(Input::Kill { reason: "stop".to_owned() });
    assert_eq!(rule_of(bench.quote(3_910.0, 3_900.0)), Rule::KillSwitch);
    let exercise = Exercise::new("rb2601C3900", 1).exchange("SHFE").record().unwrap();
    assert_eq!(
        rule_of(bench.instruct(TraderRequest::ReqExecOrderInsert, exercise.clone())),
        Rule::KillSwitch
    );
    let limit = buy(1, 3_900.0).record().unwrap();
    let parked = ParkedOrderField {
        instrument_id: limit.instrument_id,
        exchange_id: limit.exchange_id,
        limit_price: 3_900.0,
        volume_total_original: 1,
        order_price_type: OrderPriceType::LIMIT_PRICE,
        ..ParkedOrderField::default()
    };
    for (request, record) in [
        (ORDERS, RecordBox::new(&limit)),
        (TraderRequest::ReqParkedOrderInsert, RecordBox::new(&parked)),
        (TraderRequest::ReqQuoteInsert, quote(3_910.0, 3_900.0)),
        (TraderRequest::ReqExecOrderInsert, exercise),
    ] {
        assert_eq!(rule_of(bench.raw(request, record)), Rule::KillSwitch, "{}", request.name());
    }
    // All others that put something in, by their class.
    for request in TraderRequest::ALL.iter().filter(|request| Class::of(**request) == Class::New) {
        let rule = rule_of(bench.raw(*request, RecordBox::zeroed(request.record())));
        assert_eq!(rule, Rule::KillSwitch, "{}", request.name());
    }
    assert!(bench.sent.is_empty(), "{:?}", bench.sent);
}

#[test]
fn a_change_does_not_pass_as_a_cancel() {
    let mut bench = Bench::risky(|_| {});
    for request in TraderRequest::ALL.iter().filter(|request| Class::of(**request) == Class::Cancel) {
        let Some(flag) = request.record().field("ActionFlag") else { continue };
        let mut record = RecordBox::zeroed(request.record());
        record.set(flag, ctp_types::Value::Char(b'3')).unwrap();
        assert_eq!(rule_of(bench.raw(*request, record)), Rule::OrderKind, "{}", request.name());
    }
    assert!(bench.sent.is_empty());
    assert_eq!(bench.counts().cancels_today, 0);
}

#[test]
fn exercises_and_inquiries_take_their_place_in_the_pace() {
    let mut bench = Bench::risky(|config| (config.actions_per_second, config.cancel_reserve) = (Some(3), 1));
    let exercise = || InputExecOrderField {
        instrument_id: text("rb2601C3900"),
        exchange_id: text("SHFE"),
        volume: 1,
        ..InputExecOrderField::default()
    };
    let request = TraderRequest::ReqExecOrderInsert;
    assert!(bench.instruct(request, RecordBox::new(&exercise())).is_ok());
    let inquiry = InputForQuoteField { instrument_id: text("rb2601"), ..InputForQuoteField::default() };
    let (submission, _answer) =
        Submission::of_caller(TraderRequest::ReqForQuoteInsert, RecordBox::new(&inquiry));
    bench.command(Command::Request { logins: bench.session.logins(), submission });
    assert_eq!(bench.sent.len(), 2);
    assert_eq!(rule_of(bench.instruct(request, RecordBox::new(&exercise()))), Rule::ActionsPerSecond);
    assert_eq!(
        rule_of(bench.raw(TraderRequest::ReqForQuoteInsert, RecordBox::new(&inquiry))),
        Rule::ActionsPerSecond
    );
    let counts = bench.counts();
    assert_eq!((counts.actions_in_window, counts.orders_today), (2, 1), "an inquiry is no order");
}

#[test]
fn a_denied_reference_is_not_counted() {
    let mut bench = Bench::risky(|_| {});
    let used = ctp_types::InputOrderField { order_ref: text("7"), ..buy(1, 3_900.0).record().unwrap() };
    assert_eq!(rule_of(bench.raw(ORDERS, RecordBox::new(&used))), Rule::OrderRef);
    assert_eq!((bench.counts().actions_in_window, bench.counts().orders_today), (0, 0));
}

#[test]
fn a_dry_run_shows_and_sends_nothing() {
    let mut bench = Bench::risky(|config| config.dry_run = true);
    assert_eq!(rule_of(bench.try_order(&buy(0, 3_900.0))), Rule::Volume, "the rules hold");
    assert_eq!(rule_of(bench.try_order(&buy(1, 3_900.0))), Rule::DryRun);
    assert_eq!(rule_of(bench.quote(3_910.0, 3_905.0)), Rule::DryRun);
    let foreign = OrderField { session_id: 9, ..order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0) };
    bench.push(TraderCallback::OnRtnOrder, foreign);
    let id = bench.events.iter().find_map(TdEvent::order).expect("the foreign order").id;
    assert_eq!(rule_of(bench.cancel(id).try_recv().unwrap()), Rule::DryRun);
    let transfer =
        ReqTransferField { password: text("canary"), trade_amount: 5.0, ..ReqTransferField::default() };
    let asked = bench.raw(TraderRequest::ReqFromFutureToBankByFuture, RecordBox::new(&transfer));
    assert_eq!(rule_of(asked), Rule::DryRun);
    bench.step(Input::Kill { reason: "stop".to_owned() });
    let shown: Vec<TraderRequest> = bench
        .events
        .iter()
        .filter_map(|event| match event {
            TdEvent::DryRun { request, .. } => Some(*request),
            _ => None,
        })
        .collect();
    let quote = TraderRequest::ReqQuoteInsert;
    assert_eq!(shown, [ORDERS, quote, CANCELS, TraderRequest::ReqFromFutureToBankByFuture]);
    let printed = format!("{:?}", bench.events);
    assert!(printed.contains("3910") && !printed.contains("canary"), "{printed}");
    assert!(bench.sent.is_empty(), "{:?}", bench.sent);
    let counts = bench.counts();
    assert_eq!((counts.dry_run, counts.actions_in_window, counts.open_orders_own), (true, 4, 0));
    assert!(bench.session.handles.is_empty(), "no order of the book is left behind");
}
