use std::collections::VecDeque;
use std::time::Duration;

use ctp_sim::{ApiKind, Delivery, Input, Output, Random, SessionId, Timestamp};
use ctp_types::{MdCallback, RecordBox, ReqUserLoginField, TraderCallback, TraderRequest};

use super::{Deed, Faults};
use crate::fault::{Action, Fault, FaultPlan};

const START: i64 = 1_795_399_200_000_000_000;

fn trader(session: u64, callback: TraderCallback, number: i32) -> Output {
    let record = callback.record().map(RecordBox::zeroed);
    let delivery = Delivery::Trader { callback, record, rsp_info: None, number, is_last: true };
    Output { session: SessionId(session), delivery }
}

fn md(session: u64, callback: MdCallback, number: i32) -> Output {
    let record = callback.record().map(RecordBox::zeroed);
    let delivery = Delivery::Md { callback, record, rsp_info: None, number, is_last: true };
    Output { session: SessionId(session), delivery }
}

/// What clients get: deliveries go in with rising numbers, and come out of a machine.
struct Bench {
    faults: Faults,
    now: Timestamp,
    number: i32,
    got: Vec<Output>,
}

impl Bench {
    fn carry(&mut self, mut deeds: VecDeque<Deed>) {
        let mut left = 2_000;
        while let Some(deed) = deeds.pop_front() {
            match deed {
                Deed::Put(output) => self.got.push(output),
                Deed::Give(output) => self.faults.give(self.now, output, &mut deeds),
                Deed::Exchange(Input::Command(ctp_sim::Command::Disconnect { session, reason })) => {
                    let output = Output { session, delivery: Delivery::Close { reason } };
                    self.faults.give(self.now, output, &mut deeds);
                }
                _ => {}
            }
            left -= 1;
            if left == 0 {
                return;
            }
        }
    }

    fn pass(&mut self, by: Duration) {
        self.now = self.now.after(by);
        let mut deeds = VecDeque::new();
        self.faults.due(self.now, &mut deeds);
        self.carry(deeds);
    }

    fn take(&mut self, input: Input) {
        let mut deeds = VecDeque::new();
        self.faults.take(self.now, input, &mut deeds);
        self.carry(deeds);
    }

    fn give(&mut self, make: impl FnOnce(i32) -> Output) {
        self.number += 1;
        let mut deeds = VecDeque::new();
        self.faults.give(self.now, make(self.number), &mut deeds);
        self.carry(deeds);
    }

    fn connect(&mut self, session: u64, kind: ApiKind) {
        self.take(Input::Connect { session: SessionId(session), kind, api_version: (6, 7, 13) });
    }
}

fn number(delivery: &Delivery) -> i32 {
    match delivery {
        Delivery::Trader { number, .. } | Delivery::Md { number, .. } => *number,
        Delivery::Burst { .. } | Delivery::Close { .. } => 0,
    }
}

/// Runs deliveries of many kinds through a plan.
fn run(plan: FaultPlan, seed: u64) -> Vec<Output> {
    let mut bench =
        Bench { faults: Faults::new(1, false, &[]), now: Timestamp(START), number: 0, got: Vec::new() };
    let mut deeds = VecDeque::new();
    bench.faults.add(bench.now, plan, &mut deeds);
    bench.carry(deeds);
    bench.connect(1, ApiKind::Trader);
    bench.connect(2, ApiKind::Trader);
    bench.connect(3, ApiKind::Md);
    let mut random = Random::new(seed, "bench");
    for _ in 0..300 {
        match random.between(0, 9) {
            0 => bench.pass(Duration::from_millis(random.between(1, 2_000).unsigned_abs())),
            1 => {
                let record = RecordBox::new(&ReqUserLoginField::default());
                let (session, request) = (SessionId(1), TraderRequest::ReqUserLogin);
                bench.take(Input::Trader { session, request, record, request_id: -1 });
            }
            2 => {
                let request = TraderRequest::ReqOrderInsert;
                let record = RecordBox::zeroed(request.record());
                bench.take(Input::Trader { session: SessionId(2), request, record, request_id: -1 });
            }
            // As a library does that was told that its connection ended.
            3 => bench.connect(random.between(1, 2).unsigned_abs(), ApiKind::Trader),
            4 | 5 => bench.give(|number| md(3, MdCallback::OnRtnDepthMarketData, number)),
            _ => {
                let callbacks = [
                    TraderCallback::OnFrontConnected,
                    TraderCallback::OnRspUserLogin,
                    TraderCallback::OnRtnOrder,
                    TraderCallback::OnRtnTrade,
                    TraderCallback::OnRspQryInvestorPosition,
                    TraderCallback::OnErrRtnOrderInsert,
                    TraderCallback::OnRspError,
                ];
                let callback = callbacks[random.between(0, 6) as usize];
                let session = random.between(1, 2).unsigned_abs();
                bench.give(|number| trader(session, callback, number));
            }
        }
    }
    bench.pass(Duration::from_secs(3_600));
    let mut deeds = VecDeque::new();
    bench.faults.clear(bench.now, None, &mut deeds);
    bench.carry(deeds);
    assert!(bench.faults.is_idle(), "nothing is kept");
    bench.got
}

/// Returns whether a fault may change or withhold single callbacks.
fn touches(fault: &Fault, delivery: &Delivery) -> bool {
    fault.is_delivery() && fault.what.has_delivery(delivery)
}

#[test]
fn what_no_fault_touches_keeps_its_order() {
    for seed in 0..400 {
        let plan = FaultPlan::random(seed).expect("a plan");
        let got = run(plan.clone(), seed);
        for session in 1..=3 {
            let mut last = 0;
            for output in got.iter().filter(|output| output.session == SessionId(session)) {
                let number = number(&output.delivery);
                if number <= 0 || plan.faults.iter().any(|fault| touches(fault, &output.delivery)) {
                    continue;
                }
                assert!(number > last, "seed {seed}: {number} after {last} in session {session}: {plan:#?}");
                last = number;
            }
        }
        let only_deliveries = plan.faults.iter().all(|fault| {
            fault.is_delivery()
                || fault.is_request()
                || matches!(fault.action, Action::Poison | Action::Command { .. })
        });
        if only_deliveries {
            let untouched =
                |output: &&Output| !plan.faults.iter().any(|fault| touches(fault, &output.delivery));
            let none =
                FaultPlan { name: "none".to_owned(), rows: Vec::new(), seed: None, faults: Vec::new() };
            let all = run(none, seed);
            let wanted: Vec<i32> =
                all.iter().filter(untouched).map(|output| number(&output.delivery)).collect();
            let came: Vec<i32> = got
                .iter()
                .filter(|output| number(&output.delivery) > 0)
                .filter(untouched)
                .map(|output| number(&output.delivery))
                .collect();
            assert_eq!(
                came,
                wanted.into_iter().filter(|number| *number > 0).collect::<Vec<_>>(),
                "seed {seed}"
            );
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_deliveries() {
    for seed in 0..20 {
        let plan = || FaultPlan::random(seed).expect("a plan");
        let shown = |outputs: Vec<Output>| format!("{outputs:?}");
        assert_eq!(shown(run(plan(), seed)), shown(run(plan(), seed)));
    }
}
