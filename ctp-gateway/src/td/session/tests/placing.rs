//! Orders whose step is interrupted: nobody waits any more, or the session ends before the library was asked.

use super::*;
use crate::error::SendRefusal;

#[test]
fn what_nobody_waits_for_any_more_is_not_sent() {
    for is_waited_for in [true, false] {
        let mut bench = Bench::ready();
        let (reply, answer) = oneshot::channel();
        let command = insert(&new_order(), bench.session.logins(), reply);
        let answer = Some(answer).filter(|_| is_waited_for);
        let outputs = bench.session.step(bench.time(), Input::Command(command));
        let sends = outputs.iter().filter(|output| matches!(output, Output::Send { .. })).count();
        assert_eq!(sends, usize::from(is_waited_for));
        drop(answer);
    }
}

/// What the library was never given is known not to exist, and said so.
#[test]
fn an_order_that_the_end_overtakes_was_not_sent() {
    let mut bench = Bench::ready();
    let (reply, mut answer) = oneshot::channel();
    let command = insert(&new_order(), bench.session.logins(), reply);
    let outputs = bench.session.step(bench.time(), Input::Command(command));
    assert!(matches!(outputs[..], [Output::Send { request: TraderRequest::ReqOrderInsert, .. }, ..]));
    assert!(answer.try_recv().is_err());
    bench.session.step(bench.time(), Input::Finish);
    let ended = answer.try_recv().expect("an answer");
    assert!(
        matches!(ended, Err(Error::NotSent { request: "ReqOrderInsert", reason: SendRefusal::NotReady(_) })),
        "{ended:?}"
    );
}
