//! F63–F67: ticks as they must not be taken.

use std::time::Duration;

use crate::Case;
use crate::world::scene;

pub(crate) const CASES: &[Case] = crate::cases![
    f63_dbl_max_is_no_value: "every double of a tick is DBL_MAX: every typed price is None, the record has what came",
    f67_a_slow_reader_loses_exactly_what_it_is_told: "a reader that does not read: bounded, the losses counted exactly, another reader sees everything",
];

fn f63_dbl_max_is_no_value() {
    scene().play(async |world| {
        world.plan("F63-no-prices");
        let md = world.md().await;
        let mut ticks = md.ticks();
        md.subscribe(&["rb2701"]).expect("subscribed");
        let tick = world.soon(ticks.next()).await.expect("a tick");
        let prices = [
            tick.last_price(),
            tick.open_price(),
            tick.highest_price(),
            tick.lowest_price(),
            tick.pre_settlement_price(),
            tick.pre_close_price(),
            tick.settlement_price(),
            tick.upper_limit_price(),
            tick.lower_limit_price(),
            tick.average_price(),
            tick.turnover(),
            tick.open_interest(),
        ];
        assert!(prices.iter().all(Option::is_none), "{prices:?}");
        assert!(
            tick.bids().iter().chain(&tick.asks()).all(Option::is_none),
            "{:?} {:?}",
            tick.bids(),
            tick.asks()
        );
        let record = &tick.record;
        for raw in
            [record.last_price, record.bid_price1, record.ask_price5, record.turnover, record.curr_delta]
        {
            assert_eq!(raw, f64::MAX);
        }
        md.close().await.expect("closed in time");
    });
}

fn f67_a_slow_reader_loses_exactly_what_it_is_told() {
    scene().play(async |world| {
        let mut config = world.md_config();
        config.tick_capacity = 64;
        let md = ctp::MdClient::connect(config).await.expect("a client");
        world.md_ready(&md).await;
        let (mut slow, mut fast) = (md.ticks(), md.ticks());
        md.subscribe(&["rb2701"]).expect("subscribed");
        world.pass(Duration::from_secs(1)).await;
        let (mut sent, mut seen) = (0_u64, 0_u64);
        while fast.try_next().is_some() {
            sent += 1;
            seen += 1;
        }
        for number in 0..1_000_i32 {
            world.exchange.tick("rb2701", 3_000.0 + f64::from(number)).expect("a tick");
            sent += 1;
            if number % 10 == 9 {
                world.pass(Duration::from_millis(50)).await;
                while fast.try_next().is_some() {
                    seen += 1;
                }
            }
        }
        world.pass(Duration::from_secs(1)).await;
        while fast.try_next().is_some() {
            seen += 1;
        }
        assert_eq!((seen, fast.dropped()), (sent, 0));
        let mut late = 0;
        while slow.try_next().is_some() {
            late += 1;
        }
        assert!(late <= 128, "{late} ticks waited in a queue of 64");
        assert_eq!(late + slow.dropped(), sent);
        assert!(md.state().borrow().is_ready());
        md.close().await.expect("closed in time");
    });
}
