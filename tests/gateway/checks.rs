//! F59–F62: the confirmation, texts and numbers that cannot be, and other programs of the account.

use std::time::Duration;

use ctp::error::Rule;
use ctp::td::{OrderPhase, Origin};
use ctp::types::{Direction, OffsetFlag};
use ctp::{Error, NewOrder, SessionState, TdClient, TdEvent};

use crate::Case;
use crate::trading::{drain, everywhere, limit, open, phases, rejections, trades};
use crate::world::{PATIENCE, USER, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f59_the_settlement_is_confirmed_once_a_day: "confirmed once, not again after a broken link of the same day, again on the next day; in three versions",
    f59_nothing_is_sent_before_the_confirmation: "a confirmation that is refused: orders are refused as not sent until it is confirmed; with confirm_settlement = false the counter's 42 is Rejected",
    f60_texts_that_do_not_fit_are_denied: "1 KB, a NUL, and letters that GBK lacks in every text of an order and of the account: denied or refused with the text's name before the library sees it; in three versions",
    f61_prices_and_volumes_that_cannot_be_are_denied: "NaN, infinities, DBL_MAX, zero, negative, between two ticks, beyond the limits, 0 and negative lots, more than the most: each denied with the rule that it breaks, none sent; in three versions",
    f62_another_programs_orders_are_seen_as_foreign: "orders and trades of another session of the account: told, marked foreign, cancelled by us where we ask for it, never refused or counted as ours; in three versions",
];

fn f59_the_settlement_is_confirmed_once_a_day() {
    everywhere(&scene(), async |world| {
        let confirmed = world.count("ReqSettlementInfoConfirm");
        let td = world.td().await;
        assert_eq!(confirmed.seen(), 1);
        world.exchange.restart(false, Some("5s")).expect("a broken link");
        world.pass(Duration::from_secs(10)).await;
        world.td_ready(&td).await;
        assert_eq!(confirmed.seen(), 1, "confirmed again on the same day");
        world.exchange.settle().expect("settled");
        world.exchange.restart(false, Some("5s")).expect("a broken link");
        world.pass(Duration::from_secs(10)).await;
        world.td_ready(&td).await;
        assert_eq!(confirmed.seen(), 2, "a new day");
        assert!(world.exchange.accounts(Some(USER)).expect("an account")[0].confirmed);
        td.close().await.expect("closed in time");
    });
}

fn f59_nothing_is_sent_before_the_confirmation() {
    everywhere(&scene(), async |world| {
        world.plan("F59-confirmation-refused");
        let sent = world.count("ReqOrderInsert");
        let td = world.connect_td().await;
        let state = td.state();
        let told = world
            .until("the refusal", PATIENCE, || {
                let state = state.borrow().clone();
                (state.is_over()
                    || matches!(state, SessionState::Confirming(ref attempt) if attempt.refused.is_some()))
                .then_some(state)
            })
            .await;
        let refused = world.soon(td.place(order())).await.expect_err("not confirmed");
        assert!(refused.is_definite(), "{told}: {refused}");
        assert_eq!(sent.seen(), 0);
        td.close().await.expect("closed in time");
        // By hand.
        let mut config = world.td_config();
        config.confirm_settlement = false;
        let td = TdClient::connect(config).await.expect("a client");
        world.td_ready(&td).await;
        let mut events = td.events();
        let handle = world.place(&td, order()).await;
        let error = world.soon(handle.accepted()).await.expect_err("refused");
        assert_eq!(error.server_error().map(|error| error.code), Some(42), "{error}");
        world.pass(Duration::from_secs(1)).await;
        assert_eq!(rejections(&drain(&mut events)).len(), 1);
        td.close().await.expect("closed in time");
    });
}

fn f60_texts_that_do_not_fit_are_denied() {
    let bad = ["x".repeat(1024), "a\0b".to_owned(), "🦀".to_owned(), "螺".repeat(512)];
    everywhere(&scene(), async move |world| {
        let td = world.td().await;
        let (sent, cancels) = (world.count("ReqOrderInsert"), world.count("ReqOrderAction"));
        let fits = || order();
        for text in &bad {
            let instrument = NewOrder::limit(text, Direction::BUY, OffsetFlag::OPEN, 1, 3_200.0);
            for order in [instrument.exchange("SHFE"), fits().exchange(text), fits().memo(text)] {
                let denied = world.soon(td.place(order)).await.expect_err("it does not fit");
                let Error::Denied(denial) = &denied else { panic!("{denied}") };
                assert_eq!(denial.rule, Rule::Text, "{denial}");
                assert!(denial.to_string().len() < 300, "{denial}");
            }
            assert!(world.soon(td.snapshot(text)).await.is_err_and(|error| error.is_definite()));
            for set in 0..6 {
                let mut config = world.td_config_elsewhere("bad");
                let field = match set {
                    0 => &mut config.user_id,
                    1 => &mut config.broker_id,
                    2 => &mut config.app_id,
                    3 => &mut config.product_info,
                    4 => &mut config.investor_id,
                    _ => {
                        config.password = text.as_str().into();
                        let error = TdClient::connect(config).await.expect_err("it does not fit");
                        assert!(matches!(error, Error::Config(_)), "{error}");
                        assert!(!error.to_string().contains(text.as_str()), "a password is shown");
                        continue;
                    }
                };
                field.clone_from(text);
                let error = TdClient::connect(config).await.expect_err("it does not fit");
                assert!(matches!(error, Error::Config(_)), "{error}");
            }
        }
        assert_eq!((sent.seen(), cancels.seen()), (0, 0));
        // What fits to the last byte arrives whole, and is not left out where a version has no such field.
        let memo = "螺纹钢12345a";
        let placed = world.soon(td.place(order().memo(memo))).await;
        match placed {
            Ok(handle) => {
                world.phase(&handle, OrderPhase::Working).await;
                assert_eq!(handle.order().record.as_ref().expect("the record").order_memo, memo);
            }
            Err(error) => {
                assert!(world.version() < "6.7", "{error}");
                assert!(error.to_string().contains("OrderMemo"), "{error}");
            }
        }
        td.close().await.expect("closed in time");
    });
}

fn f61_prices_and_volumes_that_cannot_be_are_denied() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let instruments = world.soon(td.instruments()).await.expect("instruments");
        let rebar = instruments.iter().find(|row| row.instrument_id == "rb2701").expect("listed");
        let sent = world.count("ReqOrderInsert");
        let most = rebar.volume_max.expect("a limit");
        let rule = async |order: NewOrder| {
            let denied = world.soon(td.place(order.clone())).await.expect_err("denied");
            let Error::Denied(denial) = denied else { panic!("{order:?}: {denied}") };
            assert!(
                !denial.value.is_empty() && !denial.limit.is_empty() && !denial.fix.is_empty(),
                "{denial:?}"
            );
            denial.rule
        };
        for price in [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            0.0,
            -0.0,
            -3_200.0,
        ] {
            for direction in [Direction::BUY, Direction::SELL] {
                let rule = rule(open("rb2701", direction, 1, price)).await;
                assert!(matches!(rule, Rule::Price | Rule::PriceTick), "{price}: {rule:?}");
            }
        }
        for price in [3_200.5, 3_200.000_1, 3_199.999] {
            assert_eq!(rule(open("rb2701", Direction::BUY, 1, price)).await, Rule::PriceTick, "{price}");
        }
        for volume in [0, -1, i32::MIN, most + 1, i32::MAX] {
            assert_eq!(rule(open("rb2701", Direction::BUY, volume, 3_200.0)).await, Rule::Volume, "{volume}");
        }
        assert_eq!(rule(open("rb9901", Direction::BUY, 1, 3_200.0)).await, Rule::Instrument);
        assert_eq!(rule(order().exchange("DCE")).await, Rule::Exchange);
        assert_eq!(sent.seen(), 0);
        // Binary noise is no offence.
        let noisy = 3_200.0 + 1e-10;
        world.rest(&td, open("rb2701", Direction::BUY, 1, noisy)).await;
        td.close().await.expect("closed in time");
    });
}

fn f62_another_programs_orders_are_seen_as_foreign() {
    everywhere(&scene(), async |world| {
        let (td, elsewhere, other) =
            (world.td().await, world.td_elsewhere("elsewhere").await, world.other().await);
        let mut events = td.events();
        let filled = world.rest(&elsewhere, open("rb2701", Direction::BUY, 2, 3_200.0)).await;
        let resting = world.rest(&elsewhere, open("m2701", Direction::BUY, 1, 3_000.0)).await;
        world.place(&other, open("rb2701", Direction::SELL, 2, 3_200.0)).await;
        world.soon(filled.finished()).await.expect("filled");
        world
            .exchange
            .command("refuse-orders instrument=rb2701 code=26 reason=当前状态禁止此项操作 count=1")
            .expect("done");
        let refused = world.place(&elsewhere, order()).await;
        world.soon(refused.accepted()).await.expect_err("refused");
        world.pass(Duration::from_secs(3)).await;
        let told = drain(&mut events);
        for order in told.iter().filter_map(TdEvent::order) {
            assert_eq!(order.origin, Origin::Foreign, "{order:?}");
        }
        assert_eq!(trades(&told).iter().map(|(_, trade)| trade.volume).collect::<Vec<_>>(), [2]);
        assert_eq!(rejections(&told).len(), 1, "the foreign order that was refused");
        // We may cancel it, and our own orders are ours.
        let orders = world.soon(td.orders()).await.expect("orders");
        let meal = orders.iter().find(|order| order.instrument_id == "m2701").expect("the foreign order");
        assert_eq!((meal.origin, meal.phase), (Origin::Foreign, OrderPhase::Working));
        assert_eq!(world.soon(td.cancel(meal.id)).await.expect("cancelled").phase, OrderPhase::Canceled);
        world.phase(&resting, OrderPhase::Canceled).await;
        let own = world.rest(&td, limit("SR701", Direction::BUY, OffsetFlag::OPEN, 1, 5_700.0)).await;
        let told = drain(&mut events);
        assert!(phases(&told, &own).contains(&OrderPhase::Working));
        assert_eq!(own.order().origin, Origin::Own);
        for client in [td, elsewhere, other] {
            client.close().await.expect("closed in time");
        }
    });
}
