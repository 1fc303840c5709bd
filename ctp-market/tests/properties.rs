//! What holds on every trading day that the calendar knows, and for every moment.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ctp_market::{
    Calendar, ContractCode, Date, DateTime, Exchange, OptionCode, Phase, ReferenceData, china_time,
    unix_nanoseconds,
};
use proptest::prelude::*;

static DATA: LazyLock<ReferenceData> = LazyLock::new(|| ReferenceData::builtin().expect("the embedded data"));

fn calendar() -> &'static Calendar {
    DATA.calendar()
}

fn trading_days() -> Vec<Date> {
    let mut days = vec![calendar().trading_day_on_or_after(calendar().first()).expect("inside")];
    while let Ok(next) = calendar().next_trading_day(days[days.len() - 1]) {
        days.push(next);
    }
    days
}

#[test]
fn every_trading_day_has_its_sessions_in_order() {
    let mut closes: Vec<Option<DateTime>> = vec![None; DATA.products().len()];
    for day in trading_days() {
        for (product, close) in DATA.products().iter().zip(&mut closes) {
            let timetable = DATA.timetable(product, day).expect("a trading day");
            let context = format!("{} on {day}", product.id);
            let changes = timetable.changes();
            assert!(changes.windows(2).all(|pair| pair[0].at < pair[1].at), "{context}");
            assert!(changes.windows(2).all(|pair| pair[0].status != pair[1].status), "{context}");
            let (first, last) = (changes[0], changes[changes.len() - 1]);
            assert_eq!((first.phase, last.phase), (Phase::Auction, Phase::Closed), "{context}");
            // One trading day follows the other without an overlap.
            assert!(close.is_none_or(|close| close < first.at), "{context}");
            *close = Some(last.at);
            let has_night = calendar().night_of(day).expect("a trading day").is_some();
            let lost = usize::from(product.has_night && !has_night);
            let sessions: Vec<_> = timetable.sessions().collect();
            assert_eq!(sessions.len(), product.sessions.len() - lost, "{context}");
            for session in sessions {
                assert!(session.start < session.end, "{context}");
                for moment in [session.start, session.end] {
                    assert_eq!(calendar().trading_day_of(moment).expect("inside"), day, "{context}");
                }
                assert_eq!(timetable.phase_at(session.start), Phase::Continuous, "{context}");
                assert_ne!(timetable.phase_at(session.end), Phase::Continuous, "{context}");
            }
        }
    }
}

#[test]
fn contracts_of_a_day_are_unique_and_alive() {
    for day in trading_days().into_iter().step_by(5) {
        let contracts = DATA.contracts(day).expect("inside the calendar");
        let ids: BTreeSet<&str> = contracts.iter().map(|contract| contract.id.as_str()).collect();
        assert_eq!(ids.len(), contracts.len(), "on {day}");
        for contract in &contracts {
            let (id, last_day) = (&contract.id, contract.last_day);
            assert!(last_day >= day, "{id} on {day}");
            assert_eq!(contract.is_provisional, !calendar().covers(last_day), "{id} on {day}");
            let is_trading = contract.is_provisional || calendar().is_trading_day(last_day).expect("inside");
            assert!(is_trading, "{id} ends on {last_day}");
            let code = ContractCode::parse(id).expect("a code");
            assert_eq!(code.delivery(day), Some(contract.delivery), "{id} on {day}");
            let product = DATA.product_of(id).expect("a product");
            assert_eq!(product.id, contract.product);
            let digits = if product.exchange == Exchange::Czce { 3 } else { 4 };
            assert_eq!(code.digits.len(), digits, "{id}");
        }
    }
}

/// A contract keeps its last trading day, and is listed on every trading day until then.
#[test]
fn a_contract_stays_listed_until_its_last_day() {
    for product in DATA.products() {
        let mut listed: Vec<(String, Date)> = Vec::new();
        for day in trading_days() {
            let contracts = DATA.contracts_of(product, day).expect("inside");
            let now: Vec<_> = contracts.into_iter().map(|it| (it.id, it.last_day)).collect();
            for contract in &listed {
                assert_eq!(now.contains(contract), contract.1 >= day, "{contract:?} on {day}");
            }
            assert!(now.windows(2).all(|pair| pair[0].1 < pair[1].1), "{} on {day}", product.id);
            listed = now;
        }
    }
}

#[test]
fn options_are_unique_and_read_back() {
    for day in trading_days().into_iter().step_by(37) {
        let mut ids = BTreeSet::new();
        for product in DATA.products() {
            let Some(terms) = &product.options else { continue };
            let options = DATA.options_of(product, day, |_| product.price).expect("inside");
            assert!(!options.is_empty(), "{} on {day}", product.id);
            for option in options {
                let id = &option.id;
                let code = OptionCode::parse(id).expect("an option");
                assert_eq!((code.right, code.strike), (option.right, option.strike), "{id}");
                let (found, found_terms) = DATA.option_terms_of(id).expect("known");
                assert_eq!((&found.id, &found_terms.call_id), (&product.id, &terms.call_id));
                assert!([&terms.call_id, &terms.put_id].contains(&&option.product), "{id}");
                assert!(option.last_day >= day && option.strike.0 > 0, "{id} on {day}");
                assert!(ids.insert(option.id.clone()), "{id} on {day} twice");
            }
        }
    }
}

fn moment() -> impl Strategy<Value = DateTime> {
    let nanoseconds = |date: Date| unix_nanoseconds(date.at(0, 0, 0, 0)).expect("a moment");
    // The evening of the last day belongs to a trading day that is not known yet.
    (nanoseconds(calendar().first())..nanoseconds(calendar().last())).prop_map(china_time)
}

proptest! {
    #[test]
    fn a_moment_lies_between_the_rolls(moment in moment()) {
        let day = calendar().trading_day_of(moment).expect("inside");
        prop_assert!(calendar().is_trading_day(day).expect("inside"));
        if let Ok(roll) = calendar().roll_to(day) {
            prop_assert!(roll <= moment);
        }
        if let Ok(next) = calendar().next_trading_day(day) {
            prop_assert!(moment < calendar().roll_to(next).expect("inside"));
        }
    }

    #[test]
    fn a_moment_is_in_one_phase(moment in moment(), product in 0..DATA.products().len()) {
        let product = &DATA.products()[product];
        let day = calendar().trading_day_of(moment).expect("inside");
        let timetable = DATA.timetable(product, day).expect("a trading day");
        let in_session = timetable.sessions().any(|session| session.start <= moment && moment < session.end);
        prop_assert_eq!(timetable.phase_at(moment) == Phase::Continuous, in_session);
        prop_assert_eq!(timetable.status_at(moment) == b'2', in_session);
        prop_assert!(timetable.next_change(moment).is_none_or(|change| change.at > moment));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-zA-Z]{0,3}[0-9]{0,5}-?[CP]?-?[0-9.]{0,6}|.{0,12}") {
        if let Ok(code) = ContractCode::parse(&text) {
            prop_assert_eq!(code.to_string(), text.clone());
        }
        if let Ok(code) = OptionCode::parse(&text) {
            prop_assert_eq!(code.to_string(), text);
        }
    }
}
