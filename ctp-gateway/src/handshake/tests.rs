mod properties;

use super::*;
use crate::state::DisconnectReason;

const BROKEN: LinkLoss = LinkLoss::Disconnected(DisconnectReason(0x1001));

struct Bench {
    start: Instant,
    now: Instant,
    ids: RequestIds,
    handshake: Handshake,
}

impl Bench {
    fn new(authenticate: bool, confirm: bool) -> Self {
        let now = Instant::now();
        let handshake = Handshake::new(Plan { authenticate, confirm }, Timeouts::default(), 0);
        Self { start: now, now, ids: RequestIds::new(0), handshake }
    }

    fn at(&mut self, seconds: u64) -> &mut Self {
        self.now = self.start + Duration::from_secs(seconds);
        self
    }

    fn connect(&mut self) -> Vec<Move> {
        let mut moves = Vec::new();
        self.handshake.handle_connected(self.now, &mut self.ids, &mut moves);
        moves
    }

    fn disconnect(&mut self) -> Vec<Move> {
        let mut moves = Vec::new();
        self.handshake.handle_disconnected(self.now, BROKEN, &mut moves);
        moves
    }

    fn answer(&mut self, step: Step, request_id: i32, code: i32) -> Vec<Move> {
        let result = match code {
            0 => Ok((step == Step::LogIn).then(Login::default)),
            code => Err(ServerError::counter(code, "CTP:no")),
        };
        let mut moves = Vec::new();
        self.handshake.handle_answer(self.now, step, request_id, result, &mut self.ids, &mut moves);
        moves
    }

    fn deadline(&mut self) -> Vec<Move> {
        let mut moves = Vec::new();
        self.handshake.handle_deadline(self.now, &mut self.ids, &mut moves);
        moves
    }
}

fn sent(moves: &[Move]) -> Option<(Step, i32)> {
    let mut sends = moves.iter().filter_map(|step| match step {
        Move::Send(step, id) => Some((*step, *id)),
        _ => None,
    });
    let first = sends.next();
    assert_eq!(sends.next(), None, "more than one request in flight");
    first
}

fn state(moves: &[Move]) -> Option<&SessionState> {
    moves.iter().rev().find_map(|step| match step {
        Move::State(state) => Some(state),
        _ => None,
    })
}

#[test]
fn all_three_steps() {
    let mut bench = Bench::new(true, true);
    assert_eq!(sent(&bench.connect()), Some((Step::Authenticate, 1)));
    assert_eq!(sent(&bench.answer(Step::Authenticate, 1, 0)), Some((Step::LogIn, 2)));
    assert_eq!(sent(&bench.answer(Step::LogIn, 2, 0)), Some((Step::Confirm, 3)));
    let moves = bench.answer(Step::Confirm, 3, 0);
    assert_eq!(moves, [Move::Done(Arc::default())]);
    assert_eq!(bench.handshake.next_deadline(), None);
}

#[test]
fn a_repeated_connected_starts_nothing() {
    let mut bench = Bench::new(false, false);
    assert_eq!(sent(&bench.connect()), Some((Step::LogIn, 1)));
    assert_eq!(bench.connect(), []);
    bench.answer(Step::LogIn, 1, 0);
    assert_eq!(bench.connect(), []);
    assert!(bench.handshake.is_ready());
}

#[test]
fn a_repeated_answer_changes_nothing() {
    let mut bench = Bench::new(false, true);
    bench.connect();
    bench.answer(Step::LogIn, 1, 0);
    assert_eq!(bench.answer(Step::LogIn, 1, 0), []);
    bench.answer(Step::Confirm, 2, 0);
    assert_eq!(bench.answer(Step::LogIn, 1, 3), []);
    assert!(bench.handshake.is_ready());
}

#[test]
fn disconnect_before_connect_is_normal() {
    let mut bench = Bench::new(false, false);
    assert_eq!(bench.disconnect(), [Move::State(SessionState::Reconnecting(BROKEN))]);
    assert_eq!(sent(&bench.connect()), Some((Step::LogIn, 1)));
}

#[test]
fn a_disconnect_at_each_step_starts_over() {
    for answered in 0..3 {
        let mut bench = Bench::new(true, true);
        bench.connect();
        for (step, id) in
            [(Step::Authenticate, 1), (Step::LogIn, 2), (Step::Confirm, 3)].into_iter().take(answered)
        {
            bench.answer(step, id, 0);
        }
        bench.disconnect();
        let (step, id) = sent(&bench.at(5).connect()).unwrap();
        assert_eq!(step, Step::Authenticate);
        // An answer that belongs to the broken connection is not taken for the new one's.
        assert_eq!(bench.answer(Step::Authenticate, 1, 63), []);
        assert_eq!(sent(&bench.answer(Step::Authenticate, id, 0)), Some((Step::LogIn, id + 1)));
    }
}

#[test]
fn a_flapping_front_gets_one_login_per_second() {
    let mut bench = Bench::new(false, false);
    let mut logins = 0;
    for flap in 0..40_u32 {
        bench.now = bench.start + Duration::from_millis(50) * flap;
        logins += usize::from(sent(&bench.connect()).is_some());
        logins += usize::from(sent(&bench.deadline()).is_some());
        bench.disconnect();
    }
    assert_eq!(logins, 2);
}

#[test]
fn wrong_password_stops_at_once() {
    let mut bench = Bench::new(false, false);
    bench.connect();
    let moves = bench.answer(Step::LogIn, 1, 3);
    assert!(matches!(state(&moves), Some(SessionState::Faulted(Fault::LoginRejected(_)))));
    bench.disconnect();
    assert_eq!(bench.at(100).connect(), []);
    assert_eq!(bench.deadline(), []);
    assert!(bench.handshake.is_stopped());
}

#[test]
fn an_inactive_front_is_asked_again_slowly() {
    let mut bench = Bench::new(true, false);
    bench.connect();
    bench.answer(Step::Authenticate, 1, 0);
    let moves = bench.answer(Step::LogIn, 2, 8);
    assert!(
        matches!(state(&moves), Some(SessionState::LoggingIn(Attempt { refused: Some(error), retry_in: Some(_), .. })) if error.code == 8)
    );
    assert_eq!(bench.at(9).deadline(), []);
    assert_eq!(sent(&bench.at(13).deadline()), Some((Step::LogIn, 3)));
    assert!(matches!(bench.answer(Step::LogIn, 3, 0).as_slice(), [Move::Done(_)]));
}

#[test]
fn a_silent_front_gets_the_request_again_and_may_answer_the_first() {
    let mut bench = Bench::new(true, false);
    bench.connect();
    bench.answer(Step::Authenticate, 1, 0);
    assert_eq!(bench.at(9).deadline(), []);
    assert_eq!(sent(&bench.at(10).deadline()), Some((Step::LogIn, 3)));
    assert!(matches!(bench.answer(Step::LogIn, 2, 0).as_slice(), [Move::Done(_)]));
    assert_eq!(bench.answer(Step::LogIn, 3, 3), []);
}

#[test]
fn a_request_that_did_not_leave_is_sent_again() {
    let mut bench = Bench::new(false, false);
    bench.connect();
    bench.handshake.handle_sent(bench.now, 1, &Err(SendRefusal::NotConnected), &mut Vec::new());
    assert_eq!(sent(&bench.at(1).deadline()), Some((Step::LogIn, 2)));
}

#[test]
fn errors_of_the_front_complete_the_step() {
    let mut bench = Bench::new(false, false);
    bench.connect();
    let mut moves = Vec::new();
    let error = ServerError::counter(77, "no such function");
    assert!(!bench.handshake.handle_error(bench.now, 9, &error, &mut bench.ids, &mut moves));
    assert!(bench.handshake.handle_error(bench.now, 1, &error, &mut bench.ids, &mut moves));
    assert!(matches!(state(&moves), Some(SessionState::Faulted(Fault::LoginRejected(_)))));

    let mut bench = Bench::new(false, false);
    let error = ServerError::counter(4040, "shake hand err");
    assert!(bench.handshake.handle_error(bench.now, 0, &error, &mut bench.ids, &mut moves));
    assert!(matches!(state(&moves), Some(SessionState::Faulted(Fault::ConnectionRejected(_)))));
}
