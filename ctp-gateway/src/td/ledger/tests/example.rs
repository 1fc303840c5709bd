//! The worked example of §6.5, to the 1/10,000 CNY.

use super::*;

/// Margin, profit of lots held, commission, balance, available.
fn said(bench: &Bench) -> [Option<Money>; 5] {
    let now = bench.ledger.account();
    assert_eq!(now.unknown, []);
    [now.margin, now.position_profit, now.commission, now.balance, now.available]
}

fn money(values: [f64; 5]) -> [Option<Money>; 5] {
    values.map(yuan)
}

#[test]
fn of_shfe() {
    let mut bench = Bench::new("rb2701", "SHFE");
    bench.begin(2, 3480.0, 3500.0);
    assert_eq!(said(&bench), money([7_000.0, 0.0, 0.0, 1_000_000.0, 993_000.0]));
    let long = bench.long();
    assert_eq!((long.volume, long.volume_today, long.volume_at_start), (2, 0, 2));
    assert_eq!((long.cost, long.open_cost), (yuan(70_000.0), yuan(69_600.0)));

    bench.trade("buy", 3, 3508.0);
    bench.mark(3520.0);
    assert_eq!(said(&bench), money([17_524.0, 760.0, 10.524, 1_000_749.476, 983_225.476]));

    bench.trade("close today", 1, 3522.0);
    bench.trade("close yesterday", 1, 3518.0);
    bench.mark(3520.0);
    assert_eq!(said(&bench), money([10_516.0, 440.0, 21.086, 1_000_738.914, 990_222.914]));
    let now = bench.ledger.account();
    assert_eq!(now.close_profit, yuan(320.0));
    let long = bench.long();
    assert_eq!((long.volume, long.volume_today, long.volume_at_start), (3, 2, 2));
    assert_eq!((long.close_profit, long.close_profit_by_trade), (yuan(320.0), yuan(520.0)));
    assert_eq!((long.cost, long.open_cost, long.margin), (yuan(105_160.0), yuan(104_960.0), yuan(10_516.0)));
    assert_eq!((long.open_volume, long.close_volume), (3, 2));

    bench.mark(3515.0);
    let now = bench.ledger.account();
    assert_eq!((now.position_profit, now.balance), (yuan(290.0), yuan(1_000_588.914)));
}

#[test]
fn of_dce() {
    let mut bench = Bench::new("a2701", "DCE");
    bench.begin(2, 3480.0, 3500.0);
    bench.trade("buy", 3, 3508.0);
    bench.trade("close", 1, 3522.0);
    bench.trade("close", 1, 3518.0);
    bench.mark(3520.0);
    let now = bench.ledger.account();
    assert_eq!((now.close_profit, now.commission), (yuan(400.0), yuan(24.604)));
    assert_eq!((now.position_profit, now.margin), (yuan(360.0), yuan(10_524.0)));
    let long = bench.long();
    assert_eq!((long.volume, long.volume_today, long.volume_at_start), (3, 3, 2));
}
