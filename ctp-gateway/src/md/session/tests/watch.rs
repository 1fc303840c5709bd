//! Market data that stays away.

use super::*;
use crate::alert::Alert;
use crate::md::event::Seen;
use crate::state::LinkLoss;

/// 2026-11-23 at ten in China: everything trades.
const MONDAY: i64 = 1_795_399_200_000_000_000;

const HOUR_NS: i64 = 3_600_000_000_000;

impl Bench {
    /// A session that has `rb2601`, answered and ticking.
    fn subscribed_on_monday() -> Self {
        let mut bench = Self::new();
        bench.unix_ns = MONDAY;
        bench.log_in();
        bench.subscribe(&["rb2601"]);
        bench.answered();
        bench.tick();
        bench
    }

    fn answered(&mut self) {
        let record = SpecificInstrumentField { instrument_id: id("rb2601"), ..Default::default() };
        self.answer(MdCallback::OnRspSubMarketData, Some(record), None, 0);
    }

    fn tick(&mut self) {
        let seen = Seen {
            instrument_id: id("rb2601"),
            sequence: 1,
            received_ns: self.unix_ns,
            update_time: Text::default(),
            update_millisec: 0,
        };
        self.step(Input::Ticked(vec![seen]));
    }
}

fn silences(outputs: &[Output]) -> Vec<&Alert> {
    fn alert(output: &Output) -> Option<&Alert> {
        match output {
            Output::Event(MdEvent::Alert(alert)) => Some(alert),
            _ => None,
        }
    }
    outputs.iter().filter_map(alert).collect()
}

#[test]
fn silence_in_trading_hours_is_told_once_and_asked_about() {
    let mut bench = Bench::subscribed_on_monday();
    let outputs = bench.at_ms(60_000);
    let silent_for = Duration::from_secs(60);
    assert_eq!(silences(&outputs), [&Alert::MarketSilent { silent_for, hours_known: true }]);
    assert_eq!(subscribed(&outputs), [1]);
    // The front lives: the instrument does not trade.
    bench.answered();
    let outputs = bench.at_ms(120_000);
    assert_eq!((silences(&outputs).len(), subscribed(&outputs)), (0, vec![1]));
    bench.tick();
    assert_eq!(subscribed(&bench.at_ms(179_000)), [0; 0]);
    assert_eq!(silences(&bench.at_ms(180_000)).len(), 1);
}

#[test]
fn a_front_that_does_not_answer_is_given_up() {
    let mut bench = Bench::subscribed_on_monday();
    bench.at_ms(60_000);
    let outputs = bench.at_ms(70_000);
    let loss = LinkLoss::Silent(Duration::from_secs(70));
    assert_eq!(silences(&outputs), [&Alert::LinkGivenUp(loss)]);
    assert!(matches!(outputs.last(), Some(Output::Renew)), "{outputs:?}");
    assert_eq!(*bench.session.state(), SessionState::Reconnecting(loss));
    bench.step(Input::Renewed { result: Ok(()) });
    bench.at_ms(90_000);
    assert_eq!(subscribed(&bench.log_in()), [1]);
    assert!(matches!(bench.session.state(), SessionState::Recovering(_)));
    bench.answered();
    assert!(bench.session.state().is_ready());
}

#[test]
fn silence_outside_the_instruments_hours_is_borne() {
    let mut bench = Bench::subscribed_on_monday();
    // A quarter past ten is the break of rb; the clock goes there without a jump.
    let outputs: Vec<Output> = (0..20 * 60)
        .flat_map(|second| {
            if second < 15 * 60 {
                bench.tick();
            }
            bench.at_ms(second * 1_000)
        })
        .collect();
    assert!(silences(&outputs).is_empty(), "{outputs:?}");
}

/// Ticks until a second, then none until another; what was put out from the first tick on.
fn silent_from_to(bench: &mut Bench, from: u64, to: u64) -> Vec<Output> {
    let ticks = |bench: &mut Bench, second| {
        if second < from {
            bench.tick();
        }
        bench.at_ms(second * 1_000)
    };
    (1..to).flat_map(|second| ticks(bench, second)).collect()
}

#[test]
fn a_dead_link_is_noticed_though_the_clock_was_set_to_another_hour() {
    let mut bench = Bench::subscribed_on_monday();
    // Six in the evening, says the clock: nothing trades.
    bench.unix_ns += 8 * HOUR_NS;
    let outputs = silent_from_to(&mut bench, 60, 300);
    let told = silences(&outputs);
    assert!(matches!(told[0], Alert::MarketSilent { hours_known: false, .. }), "{told:?}");
    assert!(matches!(told[1], Alert::LinkGivenUp(LinkLoss::Silent(_))), "{told:?}");
}

#[test]
fn a_login_tells_that_the_clock_is_wrong_and_that_it_is_right() {
    for (login_time, is_noticed) in [("10:00:03", true), ("18:00:03", false), ("", false)] {
        let mut bench = Bench::new();
        bench.unix_ns = MONDAY + 8 * HOUR_NS;
        bench.login_time = Text::new(login_time).unwrap();
        bench.log_in();
        bench.subscribe(&["rb2601"]);
        bench.answered();
        let outputs = silent_from_to(&mut bench, 60, 300);
        let is_given_up = silences(&outputs).iter().any(|alert| matches!(alert, Alert::LinkGivenUp(_)));
        assert_eq!(is_given_up, is_noticed, "{login_time:?}: {:?}", silences(&outputs));
    }
}

#[test]
fn unknown_hours_are_flagged() {
    let mut bench = Bench::new();
    bench.unix_ns = MONDAY;
    bench.log_in();
    bench.subscribe(&["zz2601"]);
    let outputs: Vec<Output> = (0..70).flat_map(|second| bench.at_ms(second * 1_000)).collect();
    let told = silences(&outputs);
    assert!(matches!(told.as_slice(), [Alert::MarketSilent { hours_known: false, .. }, ..]), "{told:?}");
}

#[test]
fn a_new_trading_day_is_told() {
    let mut bench = Bench::ready();
    bench.callback(MdCallback::OnFrontDisconnected, 0x1001);
    bench.at_ms(5_000);
    let outputs = bench.callback(MdCallback::OnFrontConnected, 0);
    let [.., Output::Send { request_id, .. }] = outputs.as_slice() else { panic!("{outputs:?}") };
    let login = RspUserLoginField { trading_day: Text::new("20261123").unwrap(), ..Default::default() };
    let outputs = bench.answer(MdCallback::OnRspUserLogin, Some(login), None, *request_id);
    assert!(outputs.iter().any(|output| {
        matches!(output, Output::Event(MdEvent::TradingDayChanged { to, .. }) if *to == "20261123")
    }));
}
