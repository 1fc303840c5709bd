//! The same seed and inputs give the same log: twice, on many threads, in any time zone and locale, on any machine.

mod common;

use std::process::Command;
use std::time::Duration;

use common::{Bench, START, text};
use ctp_sim::{
    ApiKind, Config, Delivery, Exchange, Input, Journal, MatchingModel, Output, SessionId, Timestamp,
};
use ctp_types::{
    DepthMarketDataField, QryInvestorPositionField, QryTradingAccountField, RecordBox, ResumeType,
    TimeCondition, TraderRequest,
};

/// An exchange with its journal.
struct Logged {
    exchange: Exchange,
    journal: Journal,
    outputs: Vec<Output>,
    now: Timestamp,
}

impl Logged {
    fn step(&mut self, wait: Duration, input: Input) {
        self.now = self.now.after(wait);
        self.outputs.clear();
        self.exchange.step(self.now, input.clone(), &mut self.outputs);
        self.journal.step(self.now, &input, &self.outputs);
    }
}

/// Two traders and a feed for some minutes, in a market with a crowd.
fn play(seed: u64, matching: MatchingModel) -> String {
    let products = ["rb", "m", "SR", "sc"].map(str::to_owned).to_vec();
    let config = Config { seed, products, matching, ..Config::starting_at(START) };
    let exchange = Exchange::new(config.clone()).expect("an exchange");
    let mut logged = Logged { exchange, journal: Journal::new(), outputs: Vec::new(), now: START };
    // Only for its records.
    let mut forms = Bench::new(config);
    let ms = Duration::from_millis;
    let instruments = ["rb2701", "m2701", "SR701", "sc2702"];
    let feed = SessionId(9);
    logged.step(ms(0), Input::Connect { session: feed, kind: ApiKind::Md, api_version: (6, 7, 13) });
    let login = |user: &str| RecordBox::new(&common::login_record(user, "simulator"));
    let request = ctp_types::MdRequest::ReqUserLogin;
    logged.step(ms(50), Input::Md { session: feed, request, record: login("feed"), request_id: 1 });
    let ids = instruments.map(text).to_vec();
    logged.step(ms(50), Input::Subscribe { session: feed, instruments: ids });
    let clients = [(SessionId(1), "one", (6, 7, 13)), (SessionId(2), "two", (6, 3, 15))];
    for (session, user, api_version) in clients {
        let (private, public) = (ResumeType::Restart, ResumeType::Restart);
        logged.step(ms(1), Input::Topics { session, private, public, sequence: 1, received: None });
        logged.step(ms(1), Input::Connect { session, kind: ApiKind::Trader, api_version });
        let request = TraderRequest::ReqUserLogin;
        logged.step(ms(50), Input::Trader { session, request, record: login(user), request_id: 2 });
        let confirm = ctp_types::SettlementInfoConfirmField {
            broker_id: text("9999"),
            investor_id: text(user),
            ..Default::default()
        };
        let record = RecordBox::new(&confirm);
        let request = TraderRequest::ReqSettlementInfoConfirm;
        logged.step(ms(50), Input::Trader { session, request, record, request_id: 3 });
    }
    // The best bid and ask last seen of each.
    let mut quotes = [(3200.0, 3201.0), (3000.0, 3001.0), (5700.0, 5701.0), (500.0, 500.1)];
    for number in 0..120_u32 {
        let (session, user, _) = clients[(number % 2) as usize];
        let client = common::Client { session, investor: text(user), session_id: 0 };
        let market = (number / 2 % 4) as usize;
        for output in &logged.outputs {
            let Delivery::Md { record: Some(record), .. } = &output.delivery else { continue };
            let Some(tick) = record.get::<DepthMarketDataField>() else { continue };
            let place = instruments.iter().position(|id| tick.instrument_id == **id);
            if let Some(place) = place.filter(|_| tick.bid_volume1 > 0 && tick.ask_volume1 > 0) {
                quotes[place] = (tick.bid_price1, tick.ask_price1);
            }
        }
        let side = ["buy", "sell", "close", "cover", "buy"][(number * 7 % 5) as usize];
        // Most join the best price of their own side and wait there, some take.
        let (bid, ask) = quotes[market];
        let joins = number % 4 != 3;
        let price = if matches!(side, "buy" | "cover") == joins { bid } else { ask };
        let mut order = forms.order(client, instruments[market], side, 1 + (number % 5) as i32, price);
        if number % 6 == 5 {
            order.time_condition = TimeCondition::IOC;
        }
        let record = RecordBox::new(&order);
        let request = TraderRequest::ReqOrderInsert;
        logged.step(ms(900), Input::Trader { session, request, record, request_id: 4 });
        if number % 20 == 0 {
            let query = QryInvestorPositionField {
                broker_id: text("9999"),
                investor_id: text(user),
                ..Default::default()
            };
            let (request, record) = (TraderRequest::ReqQryInvestorPosition, RecordBox::new(&query));
            logged.step(ms(2_000), Input::Trader { session, request, record, request_id: 5 });
            let query = QryTradingAccountField {
                broker_id: text("9999"),
                investor_id: text(user),
                ..Default::default()
            };
            let (request, record) = (TraderRequest::ReqQryTradingAccount, RecordBox::new(&query));
            logged.step(ms(1_500), Input::Trader { session, request, record, request_id: 6 });
        }
    }
    logged.step(ms(5_000), Input::Advance);
    assert!(logged.journal.entries() > 1_000, "{:?}", logged.journal);
    logged.journal.hex()
}

fn digest() -> String {
    let digests = MatchingModel::ALL.map(|model| play(20_261_121, model));
    digests.join(" ")
}

/// The pinned digests, one per matching model.
const PINNED: &str = include_str!("journal.sha256");

#[test]
fn the_digest_is_the_pinned_one() {
    let found: String =
        MatchingModel::ALL.map(|model| format!("{} {model}\n", play(20_261_121, model))).concat();
    if std::env::var_os("CTP_SIM_PIN").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journal.sha256");
        return std::fs::write(file, found).expect("the pin is written");
    }
    assert_eq!(
        found, PINNED,
        "the exchange behaves differently. If a change of yours is meant to, pin the new digests: \
         CTP_SIM_PIN=1 cargo test -p ctp-sim --test journal, and say in the commit what changed. If nothing was \
         changed, this machine or build differs from the others, which is a bug"
    );
}

#[test]
fn twice_and_on_many_threads() {
    let once = digest();
    let others: Vec<_> = (0..4).map(|_| std::thread::spawn(digest)).collect();
    for other in others {
        assert_eq!(other.join().expect("a run"), once);
    }
    let (book, touch) = (play(1, MatchingModel::Book), play(1, MatchingModel::Touch));
    assert_ne!(book, touch);
    assert_ne!(book, play(2, MatchingModel::Book));
}

/// Prints the digest for the runs that [`any_time_zone_and_locale`] starts.
#[test]
fn print_the_digest() {
    println!("digest of the script: {}", digest());
}

#[test]
fn any_time_zone_and_locale() {
    let here = digest();
    for (zone, locale, threads) in
        [("America/New_York", "C", "1"), ("Pacific/Chatham", "tr_TR.UTF-8", "3"), ("", "zh_CN.GB18030", "2")]
    {
        let output = Command::new(std::env::current_exe().expect("this test's file"))
            .args(["--exact", "print_the_digest", "--nocapture", "--test-threads", threads])
            .envs([("TZ", zone), ("LC_ALL", locale), ("LANG", locale)])
            .output()
            .expect("this test runs again");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains(&here), "TZ={zone} LC_ALL={locale}: {here} is not in\n{printed}");
    }
}
