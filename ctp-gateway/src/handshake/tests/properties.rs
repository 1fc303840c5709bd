//! Whatever comes in whatever order: one request at a time, no hurry, nothing after the end, and ready at last.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Act {
    Connected,
    Disconnected,
    /// The answer to the last request, or to an earlier one; of its step, or of another.
    Answer {
        step: Step,
        back: usize,
        code: i32,
    },
    Error {
        back: usize,
        code: i32,
    },
    NotTaken,
    Pass {
        milliseconds: u64,
    },
    Renewed {
        is_made: bool,
    },
    Resume,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let code = prop_oneof![6 => Just(0), 2 => Just(8), 1 => Just(3), 1 => Just(5), 1 => Just(60), 1 => Just(75), 1 => Just(140), 1 => Just(6020)];
    let step = prop_oneof![Just(Step::Authenticate), Just(Step::LogIn), Just(Step::Confirm)];
    let act = prop_oneof![
        4 => Just(Act::Connected),
        2 => Just(Act::Disconnected),
        8 => (step, 0_usize..3, code.clone()).prop_map(|(step, back, code)| Act::Answer { step, back, code }),
        1 => (0_usize..3, code).prop_map(|(back, code)| Act::Error { back, code }),
        1 => Just(Act::NotTaken),
        6 => (0_u64..40_000).prop_map(|milliseconds| Act::Pass { milliseconds }),
        1 => any::<bool>().prop_map(|is_made| Act::Renewed { is_made }),
        1 => Just(Act::Resume),
    ];
    prop::collection::vec(act, 0..80)
}

struct World {
    bench: Bench,
    sent: Vec<(Step, i32, Instant)>,
    is_renewing: bool,
}

impl World {
    fn take(&mut self, moves: Vec<Move>) {
        let was_stopped = self.bench.handshake.is_stopped();
        for next in moves {
            match next {
                Move::Send(step, id) => {
                    let now = self.bench.now;
                    let last = self.sent.iter().rev().find(|(sent, ..)| *sent == Step::LogIn);
                    if let (Step::LogIn, Some((_, _, at))) = (step, last) {
                        assert!(now - *at >= Duration::from_secs(1), "two logins within a second");
                    }
                    assert!(!self.sent.iter().any(|(_, sent, _)| *sent == id), "a number came twice");
                    self.sent.push((step, id, now));
                }
                Move::Renew => {
                    assert!(!self.is_renewing, "two fresh objects at once");
                    self.is_renewing = true;
                }
                Move::State(_) | Move::Done(_) => {}
            }
        }
        assert!(!was_stopped || self.bench.handshake.is_stopped(), "the end is the end");
    }

    fn act(&mut self, act: &Act) {
        let before = self.sent.len();
        let stopped = self.bench.handshake.is_stopped();
        let bench = &mut self.bench;
        let id = |sent: &[(Step, i32, Instant)], back: usize| {
            sent.len().checked_sub(back + 1).map_or(0, |index| sent[index].1)
        };
        let mut moves = Vec::new();
        match *act {
            Act::Connected => moves = bench.connect(),
            Act::Disconnected => moves = bench.disconnect(),
            Act::Answer { step, back, code } => moves = bench.answer(step, id(&self.sent, back), code),
            Act::Error { back, code } => {
                let error = ServerError::counter(code, "CTP:no");
                let id = id(&self.sent, back);
                bench.handshake.handle_error(bench.now, id, &error, &mut bench.ids, &mut moves);
            }
            Act::NotTaken => {
                let refusal = Err(SendRefusal::NotConnected);
                bench.handshake.handle_sent(bench.now, id(&self.sent, 0), &refusal, &mut moves);
            }
            Act::Pass { milliseconds } => {
                bench.now += Duration::from_millis(milliseconds);
                moves = bench.deadline();
            }
            Act::Renewed { is_made } => {
                if self.is_renewing {
                    self.is_renewing = false;
                    bench.handshake.handle_renewed(bench.now, is_made, &mut bench.ids, &mut moves);
                }
            }
            Act::Resume => bench.handshake.resume(bench.now, &mut bench.ids, &mut moves),
        }
        self.take(moves);
        assert!(self.sent.len() <= before + 1, "one request at a time");
        assert!(!stopped || self.sent.len() == before, "a request after the end");
    }

    /// From now on everything goes well.
    fn calm(&mut self) {
        for _ in 0..200 {
            if self.bench.handshake.is_ready() || self.bench.handshake.is_stopped() {
                return;
            }
            if self.is_renewing {
                self.act(&Act::Renewed { is_made: true });
            }
            self.act(&Act::Resume);
            let deadline = self.bench.handshake.next_deadline();
            match self.bench.handshake.position {
                Position::Down => self.act(&Act::Connected),
                Position::InFlight { step, .. } => self.act(&Act::Answer { step, back: 0, code: 0 }),
                _ => {}
            }
            if let Some(deadline) = deadline {
                let left = deadline.saturating_duration_since(self.bench.now);
                let milliseconds = u64::try_from(left.as_millis()).unwrap() + 1;
                if !matches!(self.bench.handshake.position, Position::InFlight { .. }) {
                    self.act(&Act::Pass { milliseconds });
                }
            }
        }
        panic!("{:?} does not come right", self.bench.handshake.position);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_ends_well(acts in acts(), authenticate: bool, confirm: bool) {
        let bench = Bench::new(authenticate, confirm);
        let mut world = World { bench, sent: Vec::new(), is_renewing: false };
        for act in &acts {
            world.act(act);
        }
        world.calm();
    }
}
