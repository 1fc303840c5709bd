//! The ledger against a slow model that keeps every single lot by itself, and trades in any order and repetition.

use proptest::prelude::*;

use super::*;

/// One lot.
#[derive(Clone, Copy, Debug)]
struct One {
    open: i64,
    is_today: bool,
    close: Option<i64>,
}

/// Lots of a side, the oldest first, with the fees paid.
#[derive(Debug, Default)]
struct Model {
    lots: Vec<One>,
    missing: i64,
    fees: i64,
    charged_today: i64,
}

/// Prices are whole, the multiplier is 10; fees are 0.01 % and, for closing lots of today, 0.02 %: all in 1/10,000 CNY.
const MULTIPLIER: i64 = 10;
const PRE_SETTLEMENT: i64 = 3500;

impl Model {
    fn begin(lots: i64, price: i64) -> Self {
        let lot = One { open: price, is_today: false, close: None };
        Self { lots: (0..lots).map(|_| lot).collect(), ..Self::default() }
    }

    fn trade(&mut self, split: bool, side: &str, price: i64) {
        let fee = price * MULTIPLIER;
        if side == "buy" {
            self.lots.push(One { open: price, is_today: true, close: None });
            self.fees += fee;
            return;
        }
        let todays = self.lots.iter().filter(|lot| lot.is_today).count() as i64;
        let is_todays_fee = if split { side == "close today" } else { self.charged_today < todays };
        self.charged_today += i64::from(is_todays_fee);
        self.fees += if is_todays_fee { 2 * fee } else { fee };
        let may_close =
            |lot: &One| lot.close.is_none() && (!split || lot.is_today == (side == "close today"));
        match self.lots.iter_mut().find(|lot| may_close(lot)) {
            Some(lot) => lot.close = Some(price),
            None => self.missing += 1,
        }
    }

    fn sum(&self, which: impl Fn(&One) -> Option<i64>) -> i64 {
        self.lots.iter().filter_map(which).sum::<i64>() * MULTIPLIER * 10_000
    }
}

fn cost(lot: &One) -> i64 {
    if lot.is_today { lot.open } else { PRE_SETTLEMENT }
}

fn sides() -> impl Strategy<Value = Vec<(usize, i32, i64)>> {
    prop::collection::vec((0..4_usize, 1..4_i32, 3400..3600_i64), 0..40)
}

const SIDES: [&str; 4] = ["buy", "close", "close today", "close yesterday"];

proptest! {
    /// Lots, costs, profits, margin and fees are those of the single lots.
    #[test]
    fn lots_are_what_single_lots_add_up_to(
        split: bool,
        start in 1..8_i32,
        trades in sides(),
        last in 3400..3600_i64,
    ) {
        let mut bench = if split { Bench::new("rb2701", "SHFE") } else { Bench::new("a2701", "DCE") };
        bench.begin(start, 3480.0, PRE_SETTLEMENT as f64);
        let mut model = Model::begin(i64::from(start), 3480);
        for (side, volume, price) in trades {
            let side = SIDES[side];
            // What is not there cannot be closed: the counter would have refused it.
            let now = bench.long();
            let there = match side {
                "buy" => volume,
                "close today" if split => now.volume_today,
                _ if split => now.volume - now.volume_today,
                _ => now.volume,
            };
            let volume = volume.min(there);
            if volume > 0 {
                bench.trade(side, volume, price as f64);
                (0..volume).for_each(|_| model.trade(split, side, price));
            }
        }
        bench.mark(last as f64);
        let now = bench.long();
        let open = |lot: &One| lot.close.is_none();
        let money = |units: i64| Some(Money(units));
        prop_assert_eq!(i64::from(now.volume), model.lots.iter().filter(|lot| open(lot)).count() as i64);
        let today = model.lots.iter().filter(|lot| open(lot) && lot.is_today).count();
        prop_assert_eq!(now.volume_today as usize, today);
        prop_assert_eq!((now.missing, model.missing), (0, 0));
        prop_assert_eq!(now.cost, money(model.sum(|lot| open(lot).then(|| cost(lot)))));
        prop_assert_eq!(now.open_cost, money(model.sum(|lot| open(lot).then_some(lot.open))));
        prop_assert_eq!(now.margin, money(model.sum(|lot| open(lot).then(|| cost(lot))) / 10));
        prop_assert_eq!(now.profit, money(model.sum(|lot| open(lot).then(|| last - cost(lot)))));
        prop_assert_eq!(now.profit_by_trade, money(model.sum(|lot| open(lot).then(|| last - lot.open))));
        prop_assert_eq!(now.close_profit, money(model.sum(|lot| lot.close.map(|price| price - cost(lot)))));
        prop_assert_eq!(
            now.close_profit_by_trade,
            money(model.sum(|lot| lot.close.map(|price| price - lot.open)))
        );
        prop_assert_eq!(now.commission, money(model.fees));
        let account = bench.ledger.account();
        let equity = account.close_profit.unwrap() + account.position_profit.unwrap() - account.commission.unwrap();
        prop_assert_eq!(account.balance, Some(Money::from_yuan(1_000_000) + equity));
        let day = bench.ledger.day_profit();
        prop_assert!(day.is_complete);
        prop_assert_eq!(day.total(), equity);
    }

    /// Trades may come late, in any order and again and again: the end is the same.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        split: bool,
        trades in sides(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 60),
    ) {
        let new = || {
            let mut bench = if split { Bench::new("rb2701", "SHFE") } else { Bench::new("a2701", "DCE") };
            bench.begin(5, 3480.0, 3500.0);
            bench
        };
        let mut straight = new();
        let records: Vec<TradeField> = trades
            .iter()
            .map(|(side, volume, price)| straight.record(SIDES[*side], *volume, *price as f64))
            .collect();
        for record in &records {
            straight.ledger.trade(record);
        }
        let mut crooked = new();
        if !records.is_empty() {
            for index in &order {
                crooked.ledger.trade(index.get(&records));
            }
        }
        for record in &records {
            crooked.ledger.trade(record);
        }
        straight.mark(3510.0);
        crooked.mark(3510.0);
        prop_assert_eq!(straight.ledger.positions(), crooked.ledger.positions());
        prop_assert_eq!(straight.ledger.account(), crooked.ledger.account());
    }

    /// What orders reserve is given back when they are over, whatever came between.
    #[test]
    fn reserved_lots_come_back(orders in prop::collection::vec((0..4_usize, 1..5_i32, 0..5_i32), 1..20)) {
        let mut bench = Bench::new("rb2701", "SHFE");
        bench.begin(5, 3480.0, 3500.0);
        let before = bench.long();
        for (number, (side, volume, filled)) in orders.iter().enumerate() {
            let mut order = bench.order(number as u64, SIDES[*side], *volume);
            bench.ledger.order(&order);
            order.volume_filled = (*filled).min(*volume);
            bench.ledger.order(&order);
            let now = bench.long();
            prop_assert!(now.closable.today >= 0 && now.closable.yesterday >= 0);
            prop_assert!(now.closable.total <= now.volume);
        }
        for (number, (side, volume, _)) in orders.iter().enumerate() {
            if number % 2 == 0 {
                bench.ledger.forget(OrderId(number as u64));
            } else {
                let mut order = bench.order(number as u64, SIDES[*side], *volume);
                order.phase = OrderPhase::Rejected;
                bench.ledger.order(&order);
            }
        }
        prop_assert_eq!(bench.long(), before);
        prop_assert!(bench.ledger.working.is_empty());
    }
}
