//! Orders: what is sent, and what is known of its outcome.

use super::*;

#[test]
fn an_order_that_is_judged_first_is_the_same_step() {
    let good = new_order();
    let bad = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 0, 3_900.0).exchange("SHFE");
    for (order, logins, dry_run) in [(&good, 1, false), (&bad, 1, false), (&good, 7, false), (&good, 1, true)]
    {
        let [first, both] = [true, false].map(|is_judged_first| {
            let mut bench = Bench::with(|config| {
                config.recovery = Recovery::Orders;
                config.risk.dry_run = dry_run;
            });
            bench.log_in("20261120", "7");
            bench.recover();
            let (reply, mut answer) = oneshot::channel();
            let mut command = insert(order, logins, reply);
            let now = bench.time();
            if let Command::Act { record, .. } = &mut command
                && is_judged_first
            {
                let order = record.get_mut().expect("an order");
                let number = bench.session.begin_place(now.instant, logins, order);
                assert_eq!(number.is_some(), logins == 1 && !dry_run && order.volume_total_original > 0);
            }
            let outputs = bench.session.step(now, Input::Command(command));
            let mut risk = bench.session.risk_snapshot(now.instant);
            risk.order_wait = Duration::ZERO;
            (
                format!("{outputs:?} {:?} {risk:?}", bench.session.denials()),
                format!("{:?}", answer.try_recv()),
            )
        });
        assert_eq!(first, both);
    }
}

#[test]
fn references_rise_above_the_fronts_and_our_own() {
    let mut bench = Bench::ready();
    bench.place();
    bench.place();
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    // The new session counts from 1 again: our own references go on rising.
    bench.at_ms(2_000).log_in("20261120", "1");
    bench.recover();
    bench.place();
    let refs: Vec<_> = bench.inserts().iter().map(|input| input.order_ref.to_string()).collect();
    assert_eq!(refs, ["8", "9", "10"]);
    let ids: std::collections::HashSet<_> = bench.inserts().iter().map(|input| input.request_id).collect();
    assert_eq!(ids.len(), 3);
    assert!(bench.inserts().iter().all(|input| input.user_id == "000001" && input.investor_id == "000001"));
}

#[test]
fn orders_outside_a_ready_session_are_not_sent() {
    let mut bench = Bench::new();
    let error = bench.place_as(&new_order(), 0).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: SendRefusal::NotReady(_), .. }), "{error}");
    bench.log_in("20261120", "7");
    bench.sent.clear();
    // Meant for an earlier login.
    let error = bench.place_as(&new_order(), 0).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: SendRefusal::SessionChanged, .. }), "{error}");
    // Not wanted any more.
    let (reply, answer) = oneshot::channel();
    drop(answer);
    bench.command(insert(&new_order(), 1, reply));
    assert!(bench.sent.is_empty());
}

#[test]
fn an_order_that_the_library_does_not_take_does_not_exist() {
    for refusal in [SendRefusal::NotConnected, SendRefusal::TooManyUnanswered, SendRefusal::TooFast] {
        let mut bench = Bench::ready();
        bench.word = Err(refusal.clone());
        let error = bench.place_as(&new_order(), 1).try_recv().unwrap().unwrap_err();
        assert!(matches!(error, Error::NotSent { ref reason, .. } if *reason == refusal), "{error}");
        bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
        bench.at_ms(60_000);
        let told = |event: &TdEvent| !matches!(event, TdEvent::Alert(Alert::NotUsable { .. }));
        assert!(!bench.events.iter().any(told), "{:?}", bench.events);
    }
}

#[test]
fn denied_orders_take_no_reference() {
    let mut bench = Bench::ready();
    let bad = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 0, 3_900.0).exchange("SHFE");
    let error = bench.place_as(&bad, 1).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::Volume));
    assert!(bench.sent.is_empty());
    bench.place();
    assert_eq!(bench.inserts()[0].order_ref, "8");
}

#[test]
fn a_fill_reaches_the_handle_and_ends_it() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0));
    assert_eq!(phase(&placed), OrderPhase::Acknowledged);
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::ALL_TRADED, Submit::INSERT_SUBMITTED, 10));
    bench.push(TraderCallback::OnRtnTrade, trade("8", "a", 10));
    assert!(placed.order().is_complete());
    let mut words = Vec::new();
    while let Some(event) = placed.try_next() {
        words.push(matches!(event, TdEvent::Trade { .. }));
    }
    assert_eq!(words, [false, false, true]);
    assert_eq!(bench.events.len(), 3);
    // Complete: the handle's stream is over.
    assert!(placed.is_over());
}

#[test]
fn a_broken_link_before_any_answer_leaves_the_outcome_open_until_the_replay() {
    let mut bench = Bench::ready();
    let (unanswered, answered) = (bench.place(), bench.place());
    bench.push(TraderCallback::OnRtnOrder, order("9", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0));
    bench.callback(TraderCallback::OnFrontDisconnected, 0x2001);
    assert_eq!([&unanswered, &answered].map(phase), [OrderPhase::Unknown, OrderPhase::Working]);
    bench.sent.clear();
    bench.at_ms(2_000).log_in("20261120", "1");
    // Never sent again.
    assert!(bench.inserts().is_empty());
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0));
    assert_eq!(phase(&unanswered), OrderPhase::Working);
    let unknown = bench.events.iter().filter(|event| matches!(event, TdEvent::Unknown { .. })).count();
    assert_eq!(unknown, 1);
}

#[test]
fn silence_leaves_the_outcome_open_and_a_late_refusal_settles_it() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.at_ms(4_999);
    assert_eq!(phase(&placed), OrderPhase::Sent);
    bench.at_ms(5_000);
    assert_eq!(phase(&placed), OrderPhase::Unknown);
    let input = *bench.inserts()[0];
    bench.answer(TraderCallback::OnRspOrderInsert, Some(input), Some(refusal(31)), input.request_id, true);
    assert_eq!(phase(&placed), OrderPhase::Rejected);
    assert_eq!(placed.order().refusal.as_ref().map(|error| error.code), Some(31));
}

#[test]
fn a_refusal_by_all_channels_is_one_event() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    let (id, input) = (bench.last_sent(TraderRequest::ReqOrderInsert), *bench.inserts()[0]);
    for _ in 0..2 {
        bench.answer(TraderCallback::OnRspOrderInsert, Some(input), Some(refusal(42)), id, true);
        bench.answer(TraderCallback::OnErrRtnOrderInsert, Some(input), Some(refusal(42)), 0, true);
        bench.answer::<OrderField>(TraderCallback::OnRspError, None, Some(refusal(42)), id, true);
        bench.push(TraderCallback::OnRtnOrder, order("8", Status::CANCELED, Submit::INSERT_REJECTED, 0));
    }
    let rejected = bench.events.iter().filter(|event| matches!(event, TdEvent::Rejected { .. })).count();
    assert_eq!(rejected, 1);
    assert_eq!(phase(&placed), OrderPhase::Rejected);
    assert!(
        !bench
            .events
            .iter()
            .any(|event| matches!(event, TdEvent::ForeignRejected { .. } | TdEvent::Error { .. }))
    );
}
