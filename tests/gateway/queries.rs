//! F37–F43: queries that are refused, lost, mixed, or cut.

use std::time::Duration;

use ctp::Error;
use ctp::error::SendRefusal;

use crate::Case;
use crate::world::{States, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f37_limits_are_waited_for: "-2 and -3 from the library, many queries at once: every caller gets an answer, one in flight, paced",
    f38_not_sent_is_definite: "-1 from the library: the order is NotSent and not at the exchange, the query is asked again",
    f40_a_lost_answer_is_asked_for_again: "answers that never come: asked again after 5 s, three times at most, then TimedOut, and the slot is free",
    f41_try_again_is_typed_and_backed_off: "error 90: the query is asked again by itself; error 116: the order is Rejected with its code",
    f42_answers_find_their_query: "rows after their bIsLast, an answer that comes when its query was asked again, a wrong number, a missing bIsLast: no row in a wrong answer, none twice, a time-out instead of a hang",
    f43_half_a_table_is_thrown_away: "cut after row 9,999 of 20,000: asked again after the reconnect, one whole table, nothing of the first half",
    f66_a_statement_is_joined_before_it_is_read: "a settlement statement whose slices end in half characters: joined as bytes by their numbers, no character lost; messages cut by the front read to the last whole one",
];

fn f37_limits_are_waited_for() {
    scene().play(async |world| {
        let td = world.td().await;
        let sent = world.count("queries");
        world.plan("F37-refused-queries");
        let all = async {
            tokio::join!(
                td.account(),
                td.positions(),
                td.orders(),
                td.trades(),
                td.instruments(),
                td.account()
            )
        };
        let mut seen = Vec::new();
        let mut all = std::pin::pin!(all);
        let mut waited = Duration::ZERO;
        let answers = loop {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            if let std::task::Poll::Ready(answers) = all.as_mut().poll(&mut context) {
                break answers;
            }
            assert!(waited < Duration::from_secs(60), "no answers");
            world.pass(Duration::from_millis(50)).await;
            waited += Duration::from_millis(50);
            seen.push((waited, sent.seen()));
        };
        let (account, positions, orders, trades, instruments, again) = answers;
        assert!(!account.expect("an account").is_empty() && !again.expect("an account").is_empty());
        assert!(!instruments.expect("instruments").is_empty());
        assert!(positions.is_ok() && orders.is_ok() && trades.is_ok());
        assert_eq!(world.done(), 2, "-2 and -3");
        // The exchange tells two per second; two calls were refused before they left.
        for (at, count) in &seen {
            let before = seen.iter().rev().find(|(time, _)| *time + Duration::from_secs(1) <= *at);
            let in_a_second = count - before.map_or(0, |(_, count)| *count);
            assert!(in_a_second <= 2 + 2, "{in_a_second} calls in the second before {at:?}");
        }
        td.close().await.expect("closed in time");
    });
}

fn f38_not_sent_is_definite() {
    scene().play(async |world| {
        let td = world.td().await;
        world.plan("F38-not-sent");
        let refused = world.soon(td.place(order())).await.expect_err("not sent");
        assert!(
            matches!(refused, Error::NotSent { reason: SendRefusal::NotConnected, .. })
                && refused.is_definite(),
            "{refused}"
        );
        assert!(world.exchange.orders(ctp::sim::Wanted::default()).expect("orders").is_empty());
        assert_eq!(world.soon(td.account()).await.expect("asked again").len(), 1);
        td.close().await.expect("closed in time");
    });
}

fn f40_a_lost_answer_is_asked_for_again() {
    scene().play(async |world| {
        let td = world.td().await;
        let sent = world.count("queries");
        world.plan("F40-lost-answers");
        // The second and the fifth are lost.
        for _ in 0..4 {
            assert_eq!(world.soon(td.account()).await.expect("an account").len(), 1);
        }
        assert_eq!(sent.seen(), 6);
        world.calm();
        let sent = world.count("queries");
        let lost = world.fault("lose-request what=queries");
        let error = world.soon(td.account()).await.expect_err("never answered");
        assert!(matches!(error, Error::TimedOut { attempts: 3, .. }), "{error}");
        assert_eq!(sent.seen(), 3);
        world.ask("clear-faults", serde_json::json!({ "plan": lost }));
        assert_eq!(world.soon(td.account()).await.expect("the slot is free").len(), 1);
        td.close().await.expect("closed in time");
    });
}

fn f41_try_again_is_typed_and_backed_off() {
    scene().play(async |world| {
        let td = world.td().await;
        let sent = world.count("queries");
        world.plan("F41-try-again");
        assert_eq!(world.soon(td.account()).await.expect("asked again").len(), 1);
        assert_eq!(sent.seen(), 3);
        for _ in 0..2 {
            let handle = world.soon(td.place(order())).await.expect("sent");
            let error = world.soon(handle.accepted()).await.expect_err("refused");
            assert!(matches!(error, Error::Rejected { .. }), "{error}");
            let refusal = error.server_error().expect("a refusal");
            assert_eq!((refusal.code, refusal.symbol.is_some()), (116, true), "{refusal}");
        }
        let handle = world.soon(td.place(order())).await.expect("sent");
        world.soon(handle.accepted()).await.expect("the limit is over");
        assert_eq!(world.soon(td.orders()).await.expect("orders").len(), 1, "an order was sent again");
        td.close().await.expect("closed in time");
    });
}

fn f42_answers_find_their_query() {
    scene().play(async |world| {
        let td = world.td().await;
        let whole: Vec<String> = ids(&world.soon(td.instruments()).await.expect("instruments"));
        // Rows that come after their bIsLast, among the rows of the next query, are nobody's.
        world.plan("F42-interleaved");
        let (first, second) = world.soon(async { tokio::join!(td.instruments(), td.account()) }).await;
        let found = ids(&first.expect("instruments"));
        assert!(found.len() < whole.len() && found.iter().all(|id| whole.contains(id)), "{found:?}");
        assert_eq!(second.expect("an account").len(), 1);
        world.calm();
        assert_eq!(ids(&world.soon(td.instruments()).await.expect("instruments")), whole);
        // An answer that comes when the query was given up and asked again, row by row among those of the second.
        world.fault(&format!("delay what=OnRspQryInstrument by=5200ms count={}", whole.len()));
        world.fault(&format!("delay what=OnRspQryInstrument by=200ms after={}", whole.len()));
        assert_eq!(ids(&world.soon(td.instruments()).await.expect("instruments")), whole);
        world.calm();
        world.pass(Duration::from_secs(2)).await;
        world.plan("F42-wrong-number");
        assert_eq!(world.soon(td.account()).await.expect("asked again").len(), 1);
        world.calm();
        let handle = world.soon(td.place(order())).await.expect("sent");
        world.soon(handle.accepted()).await.expect("accepted");
        world.plan("F42-no-last");
        let error = world.soon(td.orders()).await.expect_err("it never ends");
        assert!(matches!(error, Error::TimedOut { .. }), "{error}");
        world.calm();
        assert_eq!(
            world.soon(td.orders()).await.expect("orders").len(),
            1,
            "rows of an attempt that was given up"
        );
        td.close().await.expect("closed in time");
    });
}

fn ids(rows: &[std::sync::Arc<ctp::td::Instrument>]) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().map(|row| row.instrument_id.to_string()).collect();
    ids.sort_unstable();
    ids
}

fn f43_half_a_table_is_thrown_away() {
    // Everything that is listed, with options; the plan gives each row six times and cuts after row 9,999.
    let all = scene().unset("products").unset("options").set("queries_per_second", "0");
    all.play(async |world| {
        let td = world.td().await;
        let whole = ids(&world.soon(td.instruments()).await.expect("instruments"));
        assert!(whole.len() > 3_000, "{} instruments", whole.len());
        world.plan("F43-cut-at-9999");
        let (sent, mut states) = (world.count("ReqQryInstrument"), States::new(td.state()));
        let rows = world.soon(td.instruments()).await.expect("a whole table");
        states.look();
        assert_eq!(sent.seen(), 2);
        let mut found = ids(&rows);
        // The last row ends the answer; its other copies come too late.
        assert_eq!(found.len(), 6 * whole.len() - 5, "{} instruments", whole.len());
        found.dedup();
        assert_eq!(found, whole);
        assert!(states.seen.len() > 1, "the link was not cut");
        td.close().await.expect("closed in time");
    });
}

fn f66_a_statement_is_joined_before_it_is_read() {
    scene().set("crowd", "on").set("initial_balance", "1000000000000").at("2026-11-23 14:30:00").play(
        async |world| {
            // The counter's words are wanted, not the gate's.
            let mut config = world.td_config();
            config.risk = ctp::config::RiskConfig::unlimited();
            let td = ctp::TdClient::connect(config).await.expect("a client");
            world.td_ready(&td).await;
            // One lot each, which no price splits: the list of trades has the same lengths in each run, and the end of some
            // slices lies within a character.
            for number in 0..89 {
                let rebar = ("rb2701", "SHFE");
                let (id, venue) = [("SR701", "CZCE"), ("m2701", "DCE"), rebar, rebar][number % 4];
                let snapshot = world.soon(td.snapshot(id)).await.expect("a snapshot").expect("of a contract");
                let price = ctp::types::price(snapshot.record.upper_limit_price).expect("a limit");
                let (buy, open) = (ctp::types::Direction::BUY, ctp::types::OffsetFlag::OPEN);
                let order = ctp::NewOrder::limit(id, buy, open, 1, price).exchange(venue);
                let handle = world.soon(td.place(order)).await.expect("sent");
                world.soon(handle.finished()).await.expect("filled");
            }
            world.exchange.settle().expect("settled");
            world.pass(Duration::from_secs(5)).await;
            world.td_ready(&td).await;
            let wanted = ctp::types::QrySettlementInfoField::default();
            let slices = world.soon(td.requests().qry_settlement_info(&wanted)).await.expect("slices");
            let text = world.soon(td.settlement_text("")).await.expect("an answer").expect("a statement");
            let apart: String = slices.iter().map(|slice| slice.content.to_str().into_owned()).collect();
            assert_ne!(apart, text, "no slice of {} ends in half a character", slices.len());
            assert!(!text.contains('\u{FFFD}'), "{text}");
            assert!(text.contains("rb2701") && text.chars().any(|letter| letter > '\u{4E00}'), "{text}");
            // The same with slices in any order.
            world.fault("reorder what=OnRspQrySettlementInfo window=2 count=2");
            assert_eq!(world.soon(td.settlement_text("")).await.expect("an answer").as_deref(), Some(&*text));
            world.calm();
            // What the front itself has cut is lost, and nothing else.
            world.plan("F66-cut-text");
            let refused = ctp::NewOrder::limit(
                "rb2701",
                ctp::types::Direction::SELL,
                ctp::types::OffsetFlag::CLOSE_TODAY,
                99,
                3_000.0,
            );
            let handle = world.soon(td.place(refused.exchange("SHFE"))).await.expect("sent");
            let error = world.soon(handle.accepted()).await.expect_err("there is nothing to close");
            let message = &error.server_error().expect("a refusal").message;
            assert!(message.chars().filter(|letter| *letter > '\u{4E00}').count() > 3, "{message}");
            td.close().await.expect("closed in time");
        },
    );
}
