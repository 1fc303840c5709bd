//! Cancels: by which names, and how they end.

use ctp_types::{InputOrderActionField, OrderActionField};

use super::*;
use crate::td::fixtures::sys_id;

#[test]
fn a_cancel_uses_the_best_names() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    let id = placed.order().id;
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0));
    let _early = bench.cancel(id);
    let action: InputOrderActionField = *bench.sent.last().unwrap().1.get().unwrap();
    assert_eq!((action.front_id, action.session_id), (FRONT, SESSION));
    assert_eq!((action.order_ref, action.exchange_id), (text("8"), text("SHFE")));
    assert!(action.order_sys_id.is_empty());

    let mut bench = Bench::ready();
    let placed = bench.working();
    let id = placed.order().id;
    let mut answer = bench.cancel(id);
    let action: InputOrderActionField = *bench.sent.last().unwrap().1.get().unwrap();
    assert_eq!((action.order_sys_id, action.order_ref), (sys_id("8"), text("")));
    // A second cancel joins the first.
    let count = bench.sent.len();
    let mut joined = bench.cancel(id);
    assert_eq!(bench.sent.len(), count);
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::CANCELED, Submit::ACCEPTED, 0));
    for answer in [&mut answer, &mut joined] {
        assert_eq!(answer.try_recv().unwrap().unwrap().phase, OrderPhase::Canceled);
    }
    let error = bench.cancel(id).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::OrderIsOver));
    let error = bench.cancel(OrderId(99)).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::OrderUnknown));
}

#[test]
fn a_refused_cancel_is_one_event_and_leaves_the_order_alone() {
    let mut bench = Bench::ready();
    let placed = bench.working();
    let id = placed.order().id;
    let mut answer = bench.cancel(id);
    let request_id = bench.last_sent(TraderRequest::ReqOrderAction);
    let input: InputOrderActionField = *bench.sent.last().unwrap().1.get().unwrap();
    let public = OrderActionField {
        request_id: input.request_id,
        order_action_ref: input.order_action_ref,
        exchange_id: input.exchange_id,
        order_sys_id: input.order_sys_id,
        ..OrderActionField::default()
    };
    for _ in 0..2 {
        bench.answer(TraderCallback::OnRspOrderAction, Some(input), Some(refusal(26)), request_id, true);
        bench.answer(TraderCallback::OnErrRtnOrderAction, Some(public), Some(refusal(26)), 0, true);
    }
    let error = answer.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Rejected { request: "ReqOrderAction", .. }), "{error}");
    let refused: Vec<_> =
        bench.events.iter().filter(|event| matches!(event, TdEvent::CancelRejected { .. })).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].order().map(|order| order.id), Some(id));
    assert_eq!(phase(&placed), OrderPhase::Working);
}

#[test]
fn a_cancel_without_an_answer_is_unknown() {
    let mut bench = Bench::ready();
    let placed = bench.working();
    let id = placed.order().id;
    let mut silent = bench.cancel(id);
    bench.at_ms(5_000);
    let error = silent.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Unknown { cause: UnknownCause::NoAnswer(_), .. }), "{error}");
    let mut broken = bench.cancel(id);
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    let error = broken.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Unknown { cause: UnknownCause::Disconnected(_), .. }), "{error}");
    assert!(!error.is_definite());
}
