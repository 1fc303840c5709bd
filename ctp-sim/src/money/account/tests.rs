//! The worked example of §6.5, to the cent, and what must hold of any day.

use ctp_market::{Fees, Rate};
use ctp_types::Text;
use proptest::prelude::*;

use super::*;
use crate::money::terms::{Group, MarginRate};

const RB: usize = 0;
const LONG: HoldingKey = (RB, true, b'1');
const SHORT: HoldingKey = (RB, false, b'1');

/// SHFE rb of §6.5: multiplier 10, margin 10 %, open/close 0.01 %, close-today 0.02 %, settlement 3500.
fn terms(close_today: bool) -> Terms {
    let fraction = Rate::from_f64;
    let margin = MarginRate { by_money: fraction(0.10), by_volume: Money::ZERO };
    Terms {
        tick_value: Money::from_yuan(10),
        pre_settlement: 3500,
        mark: 3500,
        long_margin: margin,
        short_margin: margin,
        exchange_margin: margin,
        fees: Fees {
            open_by_money: fraction(0.0001),
            close_by_money: fraction(0.0001),
            close_today_by_money: fraction(0.0002),
            ..Fees::default()
        },
        close_today,
        group: Some(Group { product: 0, by_hedge: false }),
        option: None,
        margin_price: LotPrice::Open,
        frozen_at_settlement: false,
        frozen_is_one_sided: false,
    }
}

fn opening_account(terms: &Terms) -> Account {
    let mut account = Account::new(Money::from_yuan(1_000_000), TradingParams::default());
    let mut holding = Holding::new(true);
    holding.carry_in(terms, Text::default(), 2, 3480);
    account.carry_in(LONG, terms, holding);
    account
}

/// Values the account at another price.
fn value(account: &Account, mark: i64) -> Valuation {
    let mut account = account.clone();
    let terms = Terms { mark, ..terms(true) };
    account.position_profit = account.holdings.values().map(|holding| holding.position_profit(&terms)).sum();
    account.value()
}

fn opening_order(terms: &Terms, volume: i32, price: i64) -> Frozen {
    terms.frozen(Effect::Open, true, price, volume)
}

fn book(account: &mut Account, terms: &Terms, effect: Effect, volume: i32, price: i64) {
    account.book(LONG, terms, effect, &execution(volume, price));
}

fn execution(volume: i32, price: i64) -> Execution {
    Execution { trade_id: Text::default(), date: Text::default(), volume, price, combination: None }
}

/// Money from a decimal as the example writes it.
fn yuan(text: f64) -> Money {
    Money((text * 10_000.0).round() as i64)
}

// §6.5 steps 1 to 4, SHFE.
#[test]
fn worked_example_with_two_rows() {
    let terms = terms(true);
    let mut account = opening_account(&terms);
    let start = value(&account, 3500);
    assert_eq!((start.margin, start.available), (yuan(7_000.0), yuan(993_000.0)));
    assert_eq!(account.pre_margin, yuan(7_000.0));

    let order = opening_order(&terms, 3, 3510);
    account.freeze(LONG, &terms, Effect::Open, order);
    assert_eq!((account.margin.frozen(), account.frozen_commission), (yuan(10_530.0), yuan(10.53)));
    assert_eq!(value(&account, 3500).available, yuan(982_459.47));
    assert_eq!(account.holdings[&LONG].today.opening.volume, 3);

    account.release(LONG, &terms, Effect::Open, order);
    book(&mut account, &terms, Effect::Open, 3, 3508);
    let after = value(&account, 3520);
    assert_eq!(account.commission, yuan(10.524));
    assert_eq!(after.margin, yuan(17_524.0));
    assert_eq!(after.position_profit, yuan(760.0));
    assert_eq!(after.balance, yuan(1_000_749.476));
    assert_eq!(after.available, yuan(983_225.476));
    assert_eq!(account.holdings[&LONG].today.open_amount, yuan(105_240.0));

    book(&mut account, &terms, Effect::CloseToday, 1, 3522);
    book(&mut account, &terms, Effect::CloseYesterday, 1, 3518);
    let after = value(&account, 3520);
    assert_eq!(account.close_profit, yuan(320.0));
    assert_eq!(account.commission, yuan(21.086));
    assert_eq!(after.margin, yuan(10_516.0));
    assert_eq!(after.position_profit, yuan(440.0));
    assert_eq!(after.balance, yuan(1_000_738.914));
    assert_eq!(after.available, yuan(990_222.914));
    let holding = &account.holdings[&LONG];
    assert_eq!(holding.history.close_profit_by_trade, yuan(380.0));
    assert_eq!((holding.history.close_volume, holding.today.close_volume), (1, 1));
    assert_eq!((holding.left(true).volume, holding.left(false).volume), (2, 1));
    assert_eq!(holding.yesterday_volume, 2);
}

// §6.5, "same trades on a single-row exchange (DCE)".
#[test]
fn worked_example_with_one_row() {
    let terms = terms(false);
    let mut account = opening_account(&terms);
    book(&mut account, &terms, Effect::Open, 3, 3508);
    book(&mut account, &terms, Effect::Close, 1, 3522);
    book(&mut account, &terms, Effect::Close, 1, 3518);
    let after = value(&account, 3520);
    assert_eq!(account.close_profit, yuan(400.0));
    assert_eq!(account.commission, yuan(24.604));
    assert_eq!(after.margin, yuan(10_524.0));
    assert_eq!(after.position_profit, yuan(360.0));
    let holding = &account.holdings[&LONG];
    assert_eq!(holding.left(true).volume, 3);
    assert_eq!((holding.today.close_volume, holding.history.used), (2, false));
}

// §6.5, the vendor's small example: 2 old + 2 new @3000, close 3 @3004, settlement 3005.
#[test]
fn vendors_small_example() {
    let terms = Terms { pre_settlement: 3005, ..terms(false) };
    let mut account = opening_account(&terms);
    book(&mut account, &terms, Effect::Open, 2, 3000);
    book(&mut account, &terms, Effect::Close, 3, 3004);
    assert_eq!(account.close_profit, yuan(20.0));
}

// §6.2: 3 old + 1 new, close 3 → 1 × close-today + 2 × close.
#[test]
fn close_today_is_charged_first() {
    let terms = terms(false);
    let mut account = Account::new(Money::ZERO, TradingParams::default());
    let mut holding = Holding::new(true);
    holding.carry_in(&terms, Text::default(), 3, 3480);
    account.carry_in(LONG, &terms, holding);
    book(&mut account, &terms, Effect::Open, 1, 3500);
    let before = account.commission;
    book(&mut account, &terms, Effect::Close, 3, 3500);
    assert_eq!(account.commission - before, yuan(7.0 + 2.0 * 3.5));
}

// §6.2: only the larger side of a product is charged.
#[test]
fn one_sided_margin() {
    let terms = terms(true);
    let mut account = opening_account(&terms);
    account.book(SHORT, &terms, Effect::Open, &execution(3, 3500));
    assert_eq!(value(&account, 3500).margin, yuan(10_500.0));
    let terms = Terms { group: None, ..terms };
    let mut account = opening_account(&terms);
    account.book(SHORT, &terms, Effect::Open, &execution(3, 3500));
    assert_eq!(account.value().margin, yuan(17_500.0));
}

proptest! {
    /// Money is neither made nor lost: what a day brought is what its trades and the last price say.
    #[test]
    fn money_is_conserved(
        close_today in any::<bool>(),
        trades in prop::collection::vec((0u8..4, 1i32..20, 3000i64..4000), 0..40),
        mark in 3000i64..4000,
    ) {
        let terms = terms(close_today);
        let mut account = opening_account(&terms);
        // Cash flow of the trades themselves: lots bought cost their amount, lots sold bring it.
        let mut cash = -terms.amount(3500, 2);
        let mut held = 2;
        for (kind, volume, price) in trades {
            let effect = match (kind, close_today) {
                (0, _) => Effect::Open,
                (1, true) => Effect::CloseToday,
                (_, true) => Effect::CloseYesterday,
                (_, false) => Effect::Close,
            };
            let volume = if effect == Effect::Open {
                volume
            } else {
                volume.min(account.holdings[&LONG].closable(&terms, effect))
            };
            if volume == 0 {
                continue;
            }
            book(&mut account, &terms, effect, volume, price);
            let bought = if effect == Effect::Open { volume } else { -volume };
            held += bought;
            cash -= terms.amount(price, bought);
        }
        let holding = &account.holdings[&LONG];
        prop_assert_eq!(holding.volume(), held);
        let valuation = value(&account, mark);
        prop_assert_eq!(account.close_profit + valuation.position_profit, cash + terms.amount(mark, held));
        prop_assert_eq!(holding.today.commission + holding.history.commission, account.commission);
        let rows = holding.today.close_profit_by_date + holding.history.close_profit_by_date;
        prop_assert_eq!(rows, account.close_profit);
        prop_assert_eq!(
            holding.yesterday_volume + holding.today.open_volume - holding.today.close_volume - holding.history.close_volume,
            held
        );
    }

    /// Whatever orders froze comes back when they are released.
    #[test]
    fn what_is_frozen_comes_back(orders in prop::collection::vec((1i32..50, 3000i64..4000), 0..20)) {
        let terms = terms(true);
        let mut account = opening_account(&terms);
        let before = value(&account, 3500);
        for (volume, price) in &orders {
            account.freeze(LONG, &terms, Effect::Open, opening_order(&terms, *volume, *price));
        }
        for (volume, price) in &orders {
            account.release(LONG, &terms, Effect::Open, opening_order(&terms, *volume, *price));
        }
        prop_assert_eq!(value(&account, 3500), before);
        prop_assert_eq!(account.holdings[&LONG].today.opening, Frozen::default());
    }
}
