use ctp_types::{
    CombActionField, ExecOrderField, ExecResult, InputCombActionField, InputExecOrderActionField,
    InputExecOrderField, InputQuoteField, OrderActionStatus, OrderStatus, OrderSubmitStatus, QuoteField,
};

use super::*;
use crate::td::fixtures::{FRONT, SESSION, text};

const NOW_SESSION: (i32, i32) = (FRONT, SESSION);

fn desk() -> (InstructionDesk, Instant) {
    (InstructionDesk::new(Duration::from_secs(5)), Instant::now())
}

fn input(reference: &str, request_id: i32) -> RecordBox {
    RecordBox::new(&InputExecOrderField {
        instrument_id: text("m2701-C-3000"),
        exchange_id: text("DCE"),
        exec_order_ref: text(reference),
        request_id,
        volume: 1,
        ..Default::default()
    })
}

fn pushed(reference: &str, submit: OrderSubmitStatus, result: ExecResult, sys_id: &str) -> ExecOrderField {
    ExecOrderField {
        instrument_id: text("m2701-C-3000"),
        exchange_id: text("DCE"),
        exec_order_ref: text(reference),
        exec_order_sys_id: text(sys_id),
        front_id: FRONT,
        session_id: SESSION,
        order_submit_status: submit,
        exec_result: result,
        ..Default::default()
    }
}

fn apply(desk: &mut InstructionDesk, record: &ExecOrderField) -> Vec<InstructionPhase> {
    let mut events = Vec::new();
    desk.apply(InstructionKind::Exercise, RecordRef::from_record(record), 9, NOW_SESSION, &mut events);
    phases(&events)
}

fn phases(events: &[TdEvent]) -> Vec<InstructionPhase> {
    let phase = |event: &TdEvent| match event {
        TdEvent::Instruction(state) => Some(state.phase),
        _ => None,
    };
    events.iter().filter_map(phase).collect()
}

#[test]
fn an_exercise_goes_forward_only_and_repeats_are_not_told() {
    let (mut desk, now) = desk();
    let entered = desk.enter(now, InstructionKind::Exercise, &input("7", 40), 40, NOW_SESSION);
    desk.handle_sent(40, &Ok(()));
    let submitted = pushed("7", OrderSubmitStatus::INSERT_SUBMITTED, ExecResult::NO_EXEC, "");
    let accepted = pushed("7", OrderSubmitStatus::ACCEPTED, ExecResult::NO_EXEC, "  12");
    assert_eq!(apply(&mut desk, &submitted), [InstructionPhase::Submitted]);
    assert_eq!(apply(&mut desk, &submitted), []);
    assert_eq!(apply(&mut desk, &accepted), [InstructionPhase::Accepted]);
    assert_eq!(apply(&mut desk, &submitted), []);
    let done = pushed("7", OrderSubmitStatus::ACCEPTED, ExecResult::OK, "  12");
    assert_eq!(apply(&mut desk, &done), [InstructionPhase::Done]);
    let cancelled = pushed("7", OrderSubmitStatus::ACCEPTED, ExecResult::CANCELED, "  12");
    assert_eq!(apply(&mut desk, &cancelled), []);
    let state = entered.borrow().clone();
    assert_eq!((state.phase, state.origin), (InstructionPhase::Done, Origin::Own));
    assert_eq!(state.keys.sys_id, "  12");
    assert_eq!(state.record::<ExecOrderField>().map(|record| record.exec_result), Some(ExecResult::OK));
    // After a cleared flow the session's names are others; the exchange's number stays.
    let renamed = ExecOrderField { front_id: 3, session_id: 3, exec_order_ref: text("1"), ..done };
    assert_eq!(apply(&mut desk, &renamed), []);
}

#[test]
fn a_refusal_by_both_channels_is_told_once() {
    let (mut desk, now) = desk();
    let entered = desk.enter(now, InstructionKind::Exercise, &input("7", 40), 40, NOW_SESSION);
    let error = ServerError::counter(74, "CTP:执行仓位不足");
    let mut events = Vec::new();
    let record = input("7", 40);
    let refused = |desk: &mut InstructionDesk, number, events: &mut Vec<TdEvent>| {
        desk.refuse(InstructionKind::Exercise, number, Some(record.as_ref()), &error, events)
    };
    assert!(refused(&mut desk, 40, &mut events).is_some());
    assert!(refused(&mut desk, 0, &mut events).is_none());
    assert_eq!(phases(&events), [InstructionPhase::Rejected]);
    assert_eq!(entered.borrow().refusal.as_ref().map(|error| error.code), Some(74));
    // Another session's, with the same number and other terms, is nobody's news here.
    let id = desk.enter(now, InstructionKind::Exercise, &input("8", 41), 41, NOW_SESSION).borrow().id;
    let foreign = input("9", 41);
    assert!(desk.refuse(InstructionKind::Exercise, 0, Some(foreign.as_ref()), &error, &mut events).is_none());
    assert_eq!(desk.get(id).unwrap().phase, InstructionPhase::Sent);
    // By OnRspError there is only the number.
    let (taken, refused) = desk.refuse_by_request(41, &error, &mut events);
    assert!(taken && refused == Some(id));
    assert_eq!(desk.refuse_by_request(42, &error, &mut events), (false, None));
}

#[test]
fn a_combination_is_refused_by_its_reference() {
    let (mut desk, now) = desk();
    let record = InputCombActionField {
        comb_action_ref: text("7"),
        front_id: FRONT,
        session_id: SESSION,
        ..Default::default()
    };
    let record = RecordBox::new(&record);
    let entered = desk.enter(now, InstructionKind::Combination, &record, 40, NOW_SESSION);
    let error = ServerError::counter(82, "CTP:无效的组合合约");
    let mut events = Vec::new();
    assert!(
        desk.refuse(InstructionKind::Combination, 0, Some(record.as_ref()), &error, &mut events).is_some()
    );
    assert_eq!(entered.borrow().phase, InstructionPhase::Rejected);
    let id = entered.borrow().id;
    assert_eq!(desk.prepare_cancel(id).unwrap_err().rule, Rule::OrderKind);
    let done = CombActionField {
        comb_action_ref: text("8"),
        front_id: FRONT,
        session_id: SESSION,
        action_status: OrderActionStatus::ACCEPTED,
        ..Default::default()
    };
    desk.apply(InstructionKind::Combination, RecordRef::from_record(&done), 1, NOW_SESSION, &mut events);
    assert_eq!(phases(&events), [InstructionPhase::Rejected, InstructionPhase::Done]);
}

#[test]
fn silence_and_broken_links_leave_the_outcome_open_until_a_record_comes() {
    let (mut desk, now) = desk();
    let entered = desk.enter(now, InstructionKind::Exercise, &input("7", 40), 40, NOW_SESSION);
    let later = desk.next_deadline().unwrap();
    let mut events = Vec::new();
    desk.handle_deadline(now, &mut events);
    assert!(events.is_empty());
    desk.handle_deadline(later, &mut events);
    assert_eq!(phases(&events), [InstructionPhase::Unknown]);
    assert_eq!(desk.next_deadline(), None);
    let accepted = pushed("7", OrderSubmitStatus::ACCEPTED, ExecResult::NO_EXEC, "12");
    assert_eq!(apply(&mut desk, &accepted), [InstructionPhase::Accepted]);
    assert!(entered.borrow().unknown_cause.is_none());

    let second = desk.enter(later, InstructionKind::Exercise, &input("8", 41), 41, NOW_SESSION);
    let mut events = Vec::new();
    desk.mark_unknown(&UnknownCause::SessionEnded, &mut events);
    assert_eq!(phases(&events), [InstructionPhase::Unknown]);
    // A late refusal is proof all the same.
    let error = ServerError::counter(74, "");
    let record = input("8", 41);
    assert!(desk.refuse(InstructionKind::Exercise, 41, Some(record.as_ref()), &error, &mut events).is_some());
    assert_eq!(second.borrow().phase, InstructionPhase::Rejected);
    desk.begin_trading_day(&mut events);
    assert!(desk.get(second.borrow().id).is_none());
    let third = desk.enter(later, InstructionKind::Exercise, &input("1", 42), 42, NOW_SESSION);
    assert!(third.borrow().id > second.borrow().id);
}

#[test]
fn what_the_library_does_not_take_does_not_exist() {
    let (mut desk, now) = desk();
    let id = desk.enter(now, InstructionKind::Exercise, &input("7", 40), 40, NOW_SESSION).borrow().id;
    desk.handle_sent(40, &Err(SendRefusal::NotConnected));
    assert!(desk.get(id).is_none() && desk.next_deadline().is_none());
    let accepted = pushed("7", OrderSubmitStatus::ACCEPTED, ExecResult::NO_EXEC, "12");
    assert_eq!(apply(&mut desk, &accepted), [InstructionPhase::Accepted]);
    // It may have been sent raw; another session's is not ours.
    let origins = |desk: &InstructionDesk| -> Vec<_> {
        desk.entries.values().map(|entry| entry.state.origin).collect()
    };
    assert_eq!(origins(&desk), [Origin::Own]);
    let foreign = ExecOrderField { session_id: 5, exec_order_sys_id: text("13"), ..accepted };
    assert_eq!(apply(&mut desk, &foreign), [InstructionPhase::Accepted]);
    assert_eq!(origins(&desk), [Origin::Own, Origin::Foreign]);
}

#[test]
fn a_withdrawal_names_it_best_and_ends_with_it() {
    let (mut desk, now) = desk();
    let id = desk.enter(now, InstructionKind::Exercise, &input("7", 40), 40, NOW_SESSION).borrow().id;
    let record = desk.prepare_cancel(id).unwrap();
    let action: &InputExecOrderActionField = record.get().unwrap();
    assert_eq!((action.front_id, action.session_id), NOW_SESSION);
    assert_eq!((action.exec_order_ref, action.action_flag), (text("7"), ActionFlag::DELETE));
    assert_eq!(
        apply(&mut desk, &pushed("7", OrderSubmitStatus::ACCEPTED, ExecResult::NO_EXEC, " 12")).len(),
        1
    );
    let record = desk.prepare_cancel(id).unwrap();
    let action: &InputExecOrderActionField = record.get().unwrap();
    assert_eq!((action.exec_order_sys_id, action.session_id), (text(" 12"), 0));
    assert_eq!((action.exchange_id, action.instrument_id), (text("DCE"), text("m2701-C-3000")));

    let (reply, mut answer) = oneshot::channel();
    desk.cancel(now, id, 50, reply);
    let (second, mut joined) = oneshot::channel();
    assert!(desk.join_cancel(id, second).is_none());
    let error = ServerError::counter(72, "");
    let mut events = Vec::new();
    assert!(desk.refuse_cancel(50, None, &error, &mut events));
    assert!(!desk.refuse_cancel(50, None, &error, &mut events));
    assert!(matches!(events[..], [TdEvent::InstructionCancelRejected { instruction: Some(_), .. }]));
    for answer in [&mut answer, &mut joined] {
        let told = answer.try_recv().unwrap().unwrap_err();
        assert!(matches!(told, Error::Rejected { request: "ReqExecOrderAction", .. }), "{told}");
    }

    let (reply, mut answer) = oneshot::channel();
    assert!(desk.join_cancel(id, reply).is_some_and(|reply| {
        desk.cancel(now, id, 51, reply);
        true
    }));
    let cancelled = pushed("7", OrderSubmitStatus::ACCEPTED, ExecResult::CANCELED, " 12");
    assert_eq!(apply(&mut desk, &cancelled), [InstructionPhase::Canceled]);
    assert_eq!(answer.try_recv().unwrap().unwrap().phase, InstructionPhase::Canceled);
    assert_eq!(desk.prepare_cancel(id).unwrap_err().rule, Rule::OrderIsOver);
    assert_eq!(desk.prepare_cancel(InstructionId(99)).unwrap_err().rule, Rule::OrderUnknown);
}

#[test]
fn a_withdrawal_without_an_answer_is_unknown() {
    let (mut desk, now) = desk();
    let id = desk.enter(now, InstructionKind::Exercise, &input("7", 40), 40, NOW_SESSION).borrow().id;
    apply(&mut desk, &pushed("7", OrderSubmitStatus::ACCEPTED, ExecResult::NO_EXEC, "12"));
    let cancel = |desk: &mut InstructionDesk, number| {
        let (reply, answer) = oneshot::channel();
        desk.cancel(now, id, number, reply);
        answer
    };
    let mut answer = cancel(&mut desk, 50);
    desk.handle_deadline(now + Duration::from_secs(5), &mut Vec::new());
    assert!(matches!(answer.try_recv().unwrap(), Err(Error::Unknown { request: "ReqExecOrderAction", .. })));
    let mut answer = cancel(&mut desk, 51);
    desk.handle_sent(51, &Err(SendRefusal::TooFast));
    assert!(matches!(answer.try_recv().unwrap(), Err(Error::NotSent { .. })));
    let mut answer = cancel(&mut desk, 52);
    desk.mark_unknown(&UnknownCause::SessionEnded, &mut Vec::new());
    assert!(matches!(answer.try_recv().unwrap(), Err(Error::Unknown { .. })));
    assert_eq!(desk.get(id).unwrap().phase, InstructionPhase::Accepted);
}

#[test]
fn phases_of_quotes_and_results() {
    use InstructionPhase as Phase;
    let quote = |status, submit| {
        let record = QuoteField { quote_status: status, order_submit_status: submit, ..Default::default() };
        InstructionKind::Quote.phase(RecordRef::from_record(&record))
    };
    let (sent, taken) = (OrderSubmitStatus::INSERT_SUBMITTED, OrderSubmitStatus::ACCEPTED);
    assert_eq!(quote(OrderStatus::UNKNOWN, sent), Some(Phase::Submitted));
    assert_eq!(quote(OrderStatus::NO_TRADE_QUEUEING, taken), Some(Phase::Accepted));
    assert_eq!(quote(OrderStatus::ALL_TRADED, taken), Some(Phase::Done));
    assert_eq!(quote(OrderStatus::CANCELED, taken), Some(Phase::Canceled));
    assert_eq!(quote(OrderStatus::CANCELED, OrderSubmitStatus::INSERT_REJECTED), Some(Phase::Rejected));
    assert_eq!(quote(OrderStatus::from_char(b'~'), taken), None);
    let result = |submit, result| {
        let record = pushed("1", submit, result, "");
        InstructionKind::Exercise.phase(RecordRef::from_record(&record))
    };
    assert_eq!(result(taken, ExecResult::NO_POSITION), Some(Phase::Rejected));
    assert_eq!(result(taken, ExecResult::UNKNOWN), Some(Phase::Accepted));
    assert_eq!(result(OrderSubmitStatus::INSERT_REJECTED, ExecResult::UNKNOWN), Some(Phase::Rejected));
    assert_eq!(result(taken, ExecResult::from_char(b'~')), None);
    // The names that the machine reads are those of the records.
    for kind in InstructionKind::ALL {
        let push = kind.insert().push().and_then(|push| push.record()).unwrap();
        for name in [kind.reference_field(), kind.sys_id_field(), "FrontID", "SessionID", "ExchangeID"] {
            assert!(push.field(name).is_some(), "{kind:?} {name}");
        }
        assert!(kind.insert().record().field(kind.reference_field()).is_some());
        assert_eq!(InstructionKind::of(kind.insert()), Some(kind));
        if let Some(action) = kind.action() {
            for name in [kind.action_ref_field(), kind.sys_id_field(), "RequestID", "ActionFlag"] {
                assert!(action.record().field(name).is_some(), "{kind:?} {name}");
            }
        }
    }
    let _ = RecordBox::new(&InputQuoteField::default());
}
