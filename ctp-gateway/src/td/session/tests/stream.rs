//! A private stream that leaves out what queries show.

use super::*;
use crate::config::Resume;
use crate::state::LinkLoss;

/// A session whose order is answered by nothing but a query, then `pushes`, then nothing for long.
fn answered_by_a_query(resume: Resume, pushes: bool) -> Bench {
    let mut bench = Bench::with(|config| {
        config.recovery = Recovery::Orders;
        config.private_resume = resume;
    });
    bench.log_in("20261120", "7");
    bench.recover();
    let placed = bench.place();
    let working = order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    while bench.answer_query(&[working], &[]) != TraderRequest::ReqQryOrder {}
    assert_eq!(phase(&placed), OrderPhase::Working);
    if pushes {
        bench.push(TraderCallback::OnRtnOrder, working);
    }
    for _ in 0..30 {
        bench.now += Duration::from_secs(1);
        bench.step(Input::Time);
    }
    bench
}

#[test]
fn a_stream_that_leaves_out_what_a_query_shows_is_asked_for_the_whole_day() {
    for resume in [Resume::Resume, Resume::FromSequence(20)] {
        let bench = answered_by_a_query(resume, false);
        assert_eq!(*bench.session.state(), SessionState::Reconnecting(LinkLoss::StreamBehind));
        assert!(bench.renewals == 1 && bench.session.stream.replays_day());
        let is_given_up =
            |event: &&TdEvent| matches!(event, TdEvent::Alert(Alert::LinkGivenUp(LinkLoss::StreamBehind)));
        assert_eq!(bench.events.iter().filter(is_given_up).count(), 1);
    }
}

#[test]
fn a_stream_that_is_heard_or_begins_with_the_day_is_kept() {
    for (resume, pushes) in [(Resume::Resume, true), (Resume::Restart, false), (Resume::Quick, false)] {
        let bench = answered_by_a_query(resume, pushes);
        assert!(bench.renewals == 0 && bench.session.state().is_ready(), "{resume:?}");
    }
}

#[test]
fn what_the_recovery_finds_out_first_says_nothing_of_the_stream() {
    let mut bench = Bench::with(|config| {
        config.recovery = Recovery::Orders;
        config.private_resume = Resume::Resume;
    });
    bench.log_in("20261120", "7");
    let known = order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0);
    bench.recover_with(&[known], &[]);
    assert_eq!(bench.session.stream.next_deadline(), None);
}
