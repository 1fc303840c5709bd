//! The same seed and inputs give the same outputs; whatever clients do, the books balance.

mod common;

use std::time::Duration;

use common::{Bench, START, text};
use ctp_sim::{Config, Delivery, Input, MatchingModel};
use ctp_types::{
    Direction, InvestorPositionDetailField, InvestorPositionField, OrderField, PosiDirection,
    QryInvestorPositionDetailField, QryInvestorPositionField, QryOrderField, QryTradeField,
    QryTradingAccountField, TimeCondition, TradeField, TraderRequest, TradingAccountField,
};
use proptest::prelude::*;

/// What a client does: who, what, how many lots, how far from the settlement price, how long to wait.
#[derive(Clone, Debug)]
struct Act {
    client: usize,
    kind: u8,
    volume: i32,
    distance: i64,
    wait_ms: u64,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = (0usize..2, 0u8..7, 1i32..30, -8i64..8, 0u64..1500).prop_map(
        |(client, kind, volume, distance, wait_ms)| Act { client, kind, volume, distance, wait_ms },
    );
    prop::collection::vec(act, 1..40)
}

/// Plays a script; returns the bench and the log of everything that came.
fn play(
    seed: u64,
    (instrument, middle): (&str, f64),
    crowd: bool,
    acts: &[Act],
) -> (Bench, [common::Client; 2], String) {
    let product = instrument.trim_end_matches(|digit: char| digit.is_ascii_digit()).to_owned();
    // Without a crowd the clients meet each other, in every other model they would meet nobody.
    let matching = if crowd { MatchingModel::ALL[(seed % 4) as usize] } else { MatchingModel::Book };
    let (products, options, combinations) = (vec![product], false, false);
    let config =
        Config { seed, products, options, combinations, crowd, matching, ..Config::starting_at(START) };
    let mut bench = Bench::new(config);
    let md = bench.market_data(9);
    bench.step(Input::Subscribe { session: md, instruments: vec![text(instrument)] });
    let clients = [bench.trader(1, "one"), bench.trader(2, "two")];
    let mut log = String::new();
    let mut references = Vec::new();
    for act in acts {
        let client = clients[act.client];
        let side = ["buy", "sell", "close", "close today", "cover", "buy", "cancel"][usize::from(act.kind)];
        if side == "cancel" {
            if let Some((owner, reference)) = references.pop() {
                let action = bench.cancel_of(owner, instrument, reference);
                bench.request(owner.session, TraderRequest::ReqOrderAction, &action);
            }
        } else {
            let mut order = bench.order(client, instrument, side, act.volume, middle + act.distance as f64);
            if act.kind == 5 {
                order.time_condition = TimeCondition::IOC;
            }
            bench.request(client.session, TraderRequest::ReqOrderInsert, &order);
            references.push((client, order.order_ref));
        }
        bench.run(Duration::from_millis(act.wait_ms));
        log.push_str(&format!("{:?}\n", bench.take()));
    }
    bench.run(Duration::from_secs(2));
    log.push_str(&format!("{:?}\n", bench.take()));
    (bench, clients, log)
}

/// Every order record that passed, and every trade.
fn check_records(log: &[ctp_sim::Output]) -> Result<(), TestCaseError> {
    for output in log {
        let Delivery::Trader { record: Some(record), .. } = &output.delivery else { continue };
        if let Some(order) = record.get::<OrderField>() {
            prop_assert_eq!(order.volume_total_original, order.volume_traded + order.volume_total);
            prop_assert!(order.volume_traded >= 0 && order.volume_total >= 0);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(common::seeds(500)))]

    #[test]
    fn the_same_inputs_give_the_same_log(seed in any::<u64>(), acts in acts()) {
        let (_, _, first) = play(seed, ("rb2701", 3200.0), true, &acts);
        let (_, _, second) = play(seed, ("rb2701", 3200.0), true, &acts);
        prop_assert_eq!(first, second);
    }

    #[test]
    fn orders_trades_positions_and_money_agree(
        seed in any::<u64>(),
        acts in acts(),
        crowd in any::<bool>(),
        market in prop::sample::select(vec![("rb2701", 3200.0), ("m2701", 3000.0), ("sc2702", 500.0), ("SR701", 5700.0), ("IF2612", 4000.0)]),
    ) {
        let instrument = market.0;
        let (mut bench, clients, _) = play(seed, market, crowd, &acts);
        let mut open_interest = 0;
        for client in clients {
            let session = client.session;
            let orders: Vec<OrderField> = bench.query(session, TraderRequest::ReqQryOrder, &QryOrderField::default());
            for reference in &orders {
                let action = bench.cancel_of(client, instrument, reference.order_ref);
                bench.cancel(client, &action);
            }
            check_records(&bench.outputs)?;
            let orders: Vec<OrderField> = bench.query(session, TraderRequest::ReqQryOrder, &QryOrderField::default());
            let trades: Vec<TradeField> = bench.query(session, TraderRequest::ReqQryTrade, &QryTradeField::default());
            let rows: Vec<InvestorPositionField> =
                bench.query(session, TraderRequest::ReqQryInvestorPosition, &QryInvestorPositionField::default());
            let account: TradingAccountField =
                bench.query(session, TraderRequest::ReqQryTradingAccount, &QryTradingAccountField::default())[0];
            // Each order's traded volume is the sum of its trades.
            for order in &orders {
                let own = trades.iter().filter(|trade| trade.order_sys_id == order.order_sys_id);
                prop_assert_eq!(own.map(|trade| trade.volume).sum::<i32>(), order.volume_traded);
                prop_assert_eq!(order.volume_total_original, order.volume_traded + order.volume_total);
            }
            // Positions are what the trades leave.
            let traded: i32 = trades
                .iter()
                .map(|trade| if trade.direction == Direction::BUY { trade.volume } else { -trade.volume })
                .sum();
            let held: i32 = rows
                .iter()
                .map(|row| if row.posi_direction == PosiDirection::LONG { row.position } else { -row.position })
                .sum();
            prop_assert_eq!(traded, held);
            open_interest += held;
            // Rows are the sums of their details.
            let details: Vec<InvestorPositionDetailField> =
                bench.query(session, TraderRequest::ReqQryInvestorPositionDetail, &QryInvestorPositionDetailField::default());
            for direction in [PosiDirection::LONG, PosiDirection::SHORT] {
                let side = if direction == PosiDirection::LONG { Direction::BUY } else { Direction::SELL };
                let rows = rows.iter().filter(|row| row.posi_direction == direction);
                let details = details.iter().filter(|detail| detail.direction == side);
                prop_assert_eq!(rows.clone().map(|row| row.position).sum::<i32>(), details.clone().map(|detail| detail.volume).sum::<i32>());
                let (of_rows, of_details): (f64, f64) =
                    (rows.map(|row| row.use_margin).sum(), details.map(|detail| detail.margin).sum());
                prop_assert!((of_rows - of_details).abs() < 1e-6, "{of_rows} {of_details}");
            }
            prop_assert!(rows.iter().all(|row| row.position >= 0));
            // Nothing works any more, so nothing is frozen; money is what was there plus profit less fees.
            prop_assert_eq!((account.frozen_margin, account.frozen_commission), (0.0, 0.0));
            prop_assert!(rows.iter().all(|row| row.long_frozen == 0 && row.short_frozen == 0));
            let expected = account.pre_balance + account.close_profit + account.position_profit - account.commission;
            prop_assert!((account.balance - expected).abs() < 1e-6);
            prop_assert!((account.available - (account.balance - account.curr_margin)).abs() < 1e-6);
            let row_commission: f64 = rows.iter().map(|row| row.commission).sum();
            prop_assert!((row_commission - account.commission).abs() < 1e-6);
        }
        bench.exchange.check_consistency()?;
        // Every lot that one has bought, the other has sold.
        prop_assert!(crowd || open_interest == 0, "{open_interest} lots out of nothing");
    }
}

#[test]
fn another_seed_is_another_market() {
    let act = Act { client: 0, kind: 0, volume: 1, distance: 0, wait_ms: 5000 };
    let log = |seed| play(seed, ("rb2701", 3200.0), true, std::slice::from_ref(&act)).2;
    assert_eq!(log(1), log(1));
    assert_ne!(log(1), log(2));
}
