//! Queries and other requests of the caller: whom their answers belong to, and what is learnt from them.

use ctp_types::InstrumentField;

use super::*;

#[test]
fn a_query_survives_a_broken_link_and_fills_the_instrument_table() {
    let mut bench = Bench::ready();
    let mut answer = bench.request(TraderRequest::ReqQryInstrument);
    let id = bench.last_sent(TraderRequest::ReqQryInstrument);
    let row = InstrumentField {
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        price_tick: 1.0,
        ..InstrumentField::default()
    };
    bench.answer(TraderCallback::OnRspQryInstrument, Some(row), None, id, false);
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    bench.at_ms(2_000).log_in("20261120", "1");
    bench.recover();
    let id = bench.last_sent(TraderRequest::ReqQryInstrument);
    bench.answer(TraderCallback::OnRspQryInstrument, Some(row), Some(RspInfoField::default()), id, true);
    assert!(matches!(answer.try_recv(), Ok(Ok(Brought::Rows(rows))) if rows.instruments.len() == 1));
    // Now the exchange is known, and so is what does not exist.
    let known = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 1, 3_900.0);
    let logins = bench.session.logins();
    assert!(bench.place_as(&known, logins).try_recv().unwrap().is_ok());
    let unknown = NewOrder::limit("rb9999", Direction::BUY, OffsetFlag::OPEN, 1, 3_900.0).exchange("SHFE");
    let error = bench.place_as(&unknown, logins).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::Instrument));
}

#[test]
fn a_queried_order_settles_an_unknown_outcome() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.at_ms(5_000);
    assert_eq!(phase(&placed), OrderPhase::Unknown);
    let mut answer = bench.request(TraderRequest::ReqQryOrder);
    // The session looks for it, too; the record is not there yet.
    while bench.answer_query(&[], &[]) != TraderRequest::ReqQryTrade {}
    bench.at_ms(7_000);
    let id = bench.last_sent(TraderRequest::ReqQryOrder);
    let row = order("8", Status::CANCELED, Submit::ACCEPTED, 0);
    bench.answer(TraderCallback::OnRspQryOrder, Some(row), None, id, true);
    assert!(matches!(answer.try_recv(), Ok(Ok(Brought::Rows(rows))) if rows.orders.len() == 1));
    assert_eq!(phase(&placed), OrderPhase::Canceled);
}

#[test]
fn instruments_of_another_trading_day_are_not_learnt() {
    let mut bench = Bench::ready();
    let row = InstrumentField { instrument_id: text("rb2601"), ..InstrumentField::default() };
    for (trading_day, denied) in [("20261119", false), ("20261120", true)] {
        let (reply, mut learnt) = oneshot::channel();
        let trading_day = text(trading_day);
        bench.command(Command::Learn { trading_day, records: vec![RecordBox::new(&row)], reply });
        assert_eq!(learnt.try_recv().unwrap().unwrap().len(), 1);
        let unknown =
            NewOrder::limit("rb9999", Direction::BUY, OffsetFlag::OPEN, 1, 3_900.0).exchange("SHFE");
        let placed = bench.place_as(&unknown, bench.session.logins()).try_recv().unwrap();
        assert_eq!(matches!(placed, Err(Error::Denied(_))), denied);
    }
}

#[test]
fn a_request_belongs_to_the_login_that_its_caller_saw() {
    let mut bench = Bench::ready();
    let (submission, mut answer) = Submission::of_caller(
        TraderRequest::ReqUserPasswordUpdate,
        RecordBox::zeroed(TraderRequest::ReqUserPasswordUpdate.record()),
    );
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    let mut while_down = bench.request(TraderRequest::ReqUserPasswordUpdate);
    let error = while_down.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: SendRefusal::NotReady(_), .. }), "{error}");
    bench.at_ms(2_000).log_in("20261120", "1");
    bench.command(Command::Request { logins: 1, submission });
    let error = answer.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: SendRefusal::SessionChanged, .. }), "{error}");
    assert_eq!(bench.ended, [Outcome::NotSent, Outcome::NotSent]);
}

#[test]
fn the_answer_to_a_raw_order_is_not_taken_for_another_sessions() {
    let mut bench = Bench::ready();
    let record = RecordBox::new(&new_order().record().unwrap());
    let (submission, mut answer) = Submission::of_caller(TraderRequest::ReqOrderInsert, record);
    bench.command(Command::Request { logins: bench.session.logins(), submission });
    let id = bench.last_sent(TraderRequest::ReqOrderInsert);
    let Ok(Ok(Brought::Sent { request_id, mut outcome })) = answer.try_recv() else { panic!("not sent") };
    assert_eq!(request_id, id);
    let input = *bench.inserts()[0];
    assert_eq!((input.request_id, input.order_ref), (id, text("8")));
    bench.answer(TraderCallback::OnRspOrderInsert, Some(input), Some(refusal(31)), id, true);
    assert!(matches!(outcome.try_recv(), Ok(Err(Error::Rejected { .. }))));
    // It is an own order like any other.
    assert!(matches!(bench.events[..], [TdEvent::Rejected { .. }]), "{:?}", bench.events);
    assert_eq!(bench.ended, [Outcome::Rejected]);
}
