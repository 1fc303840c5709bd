//! Each model's rule by example, and the book against a slow model of itself.

use proptest::prelude::*;

use super::*;
use crate::matching::book::Level;

fn levels(levels: &[(i64, i32)]) -> Vec<Level> {
    levels.iter().map(|&(price, volume)| Level { price, volume }).collect()
}

fn quotes(bids: &[(i64, i32)], asks: &[(i64, i32)]) -> Book {
    Book { bids: levels(bids), asks: levels(asks) }
}

fn taker(order: OrderIndex, side: Side, limit: i64, volume: i32, lasting: Lasting) -> Taker {
    Taker { order, side, limit, levels: None, volume, lasting }
}

fn buy(order: OrderIndex, limit: i64, volume: i32) -> Taker {
    taker(order, Side::Buy, limit, volume, Lasting::Day)
}

fn sell(order: OrderIndex, limit: i64, volume: i32) -> Taker {
    taker(order, Side::Sell, limit, volume, Lasting::Day)
}

/// A matcher with its quotes; fills come out as `(order, price, volume, counter)`.
struct Desk {
    matcher: Matcher,
    quotes: Book,
}

type Told = Vec<(OrderIndex, i64, i32, Option<OrderIndex>)>;

impl Desk {
    fn new(model: MatchingModel, quotes: Book) -> Self {
        Self { matcher: Matcher::new(model), quotes }
    }

    fn arrive(&mut self, taker: Taker) -> (Told, Option<i64>) {
        let mut fills = Vec::new();
        let arrival = self.matcher.arrive(taker, &mut self.quotes, &mut fills);
        assert_eq!(arrival.filled, fills.iter().map(|fill| fill.volume).sum::<i32>());
        (told(fills), arrival.rests_at)
    }

    fn tick(&mut self, quotes: Book, traded: Option<(i64, i32, Option<Side>)>) -> Told {
        self.quotes = quotes;
        let traded = traded.map(|(price, volume, passive)| TickTrade { price, volume, passive });
        let mut fills = Vec::new();
        self.matcher.on_tick(&mut self.quotes, traded, &mut fills);
        told(fills)
    }

    fn auction(&mut self, settlement: i64) -> (Option<(i64, i64)>, Told) {
        let mut fills = Vec::new();
        let auction = self.matcher.cross_auction(settlement, &mut self.quotes, &mut fills);
        (auction.map(|auction| (auction.price, auction.volume)), told(fills))
    }
}

fn told(fills: Vec<Fill>) -> Told {
    fills.into_iter().map(|fill| (fill.order, fill.price, fill.volume, fill.counter)).collect()
}

#[test]
fn names_are_read_back() {
    for model in MatchingModel::ALL {
        assert_eq!(model.name().parse(), Ok(model));
    }
    let error = "fifo".parse::<MatchingModel>().expect_err("no such model");
    assert!(error.to_string().contains("\"fifo\"") && error.to_string().contains("volume-limited"));
}

#[test]
fn book_meets_clients_before_the_crowd_at_one_price() {
    let mut desk = Desk::new(MatchingModel::Book, quotes(&[], &[(100, 5), (101, 5)]));
    assert_eq!(desk.arrive(sell(1, 100, 2)), (vec![], Some(100)));
    assert_eq!(desk.arrive(sell(2, 99, 1)), (vec![], Some(99)));
    let (fills, rests) = desk.arrive(buy(3, 101, 20));
    assert_eq!(fills, [(3, 99, 1, Some(2)), (3, 100, 2, Some(1)), (3, 100, 5, None), (3, 101, 5, None)]);
    assert_eq!((rests, desk.matcher.resting(3)), (Some(101), Some(7)));
}

#[test]
fn kill_conditions() {
    let desk = || Desk::new(MatchingModel::Book, quotes(&[], &[(100, 3), (101, 4)]));
    let fak = |minimum| Lasting::FillAndKill { minimum };
    for (lasting, limit, volume, filled) in [
        (Lasting::FillOrKill, 101, 7, 7),
        (Lasting::FillOrKill, 101, 8, 0),
        (Lasting::FillOrKill, 100, 4, 0),
        (fak(1), 101, 9, 7),
        (fak(7), 101, 9, 7),
        (fak(8), 101, 9, 0),
        (fak(1), 99, 9, 0),
        (fak(0), 100, 9, 3),
    ] {
        let mut desk = desk();
        let (fills, rests) = desk.arrive(taker(1, Side::Buy, limit, volume, lasting));
        assert_eq!(fills.iter().map(|fill| fill.2).sum::<i32>(), filled, "{lasting:?} {volume} @ {limit}");
        assert_eq!((rests, desk.matcher.is_empty()), (None, true));
    }
}

#[test]
fn best_price_and_five_level_orders_reach_so_many_levels() {
    let asks = [(100, 1), (101, 1), (102, 1), (103, 1), (104, 1), (105, 1)];
    for (levels, lasting, traded, rests) in [
        (1, Lasting::Day, 1, Some(100)),
        (5, Lasting::Day, 5, Some(104)),
        (5, Lasting::FillAndKill { minimum: 1 }, 5, None),
    ] {
        let mut desk = Desk::new(MatchingModel::Book, quotes(&[], &asks));
        let taker = Taker { levels: Some(levels), ..taker(1, Side::Buy, 110, 9, lasting) };
        let (fills, rests_at) = desk.arrive(taker);
        assert_eq!((fills.len(), rests_at), (traded, rests));
    }
    let mut desk = Desk::new(MatchingModel::Book, quotes(&[(99, 1)], &[]));
    let nobody = Taker { levels: Some(1), ..buy(1, 110, 9) };
    assert_eq!(desk.arrive(nobody), (vec![], None));
    assert!(desk.matcher.is_empty());
}

#[test]
fn book_meets_new_quotes_and_the_crowds_trades() {
    let mut desk = Desk::new(MatchingModel::Book, quotes(&[(98, 1)], &[(102, 1)]));
    desk.arrive(buy(1, 100, 5));
    desk.arrive(buy(2, 100, 5));
    // Asks come down to the limit: the orders are filled at it, as far as the quotes go.
    assert_eq!(
        desk.tick(quotes(&[(98, 1)], &[(99, 4), (100, 3)]), None),
        [(1, 100, 5, None), (2, 100, 2, None)]
    );
    // A trade with waiting sellers does not concern them, one with waiting buyers does.
    assert_eq!(desk.tick(quotes(&[(98, 1)], &[(102, 4)]), Some((99, 9, Some(Side::Sell)))), []);
    assert_eq!(
        desk.tick(quotes(&[(98, 1)], &[(102, 4)]), Some((99, 2, Some(Side::Buy)))),
        [(2, 100, 2, None)]
    );
    assert_eq!(desk.tick(quotes(&[(98, 1)], &[(102, 4)]), Some((100, 9, None))), [(2, 100, 1, None)]);
    assert!(desk.matcher.is_empty());
}

#[test]
fn clients_show_among_the_quotes_of_a_book_only() {
    for (model, shown) in
        [(MatchingModel::Book, vec![(100, 2), (99, 3)]), (MatchingModel::Touch, vec![(99, 3)])]
    {
        let mut desk = Desk::new(model, quotes(&[(99, 3)], &[]));
        desk.arrive(buy(1, 100, 2));
        let mut book = quotes(&[(1, 1)], &[(2, 1)]);
        desk.matcher.display(&desk.quotes, 5, &mut book);
        assert_eq!(book, quotes(&shown, &[]));
    }
}

#[test]
fn simnow_fills_in_full_at_the_opposite_best() {
    let mut desk = Desk::new(MatchingModel::SimNow, quotes(&[(99, 1)], &[(101, 1)]));
    assert_eq!(desk.arrive(buy(1, 105, 50)), (vec![(1, 101, 50, None)], None));
    assert_eq!(desk.arrive(sell(2, 100, 7)), (vec![], Some(100)));
    assert_eq!(desk.arrive(buy(3, 100, 7)), (vec![], Some(100)), "clients do not meet");
    assert_eq!(desk.tick(quotes(&[(99, 1)], &[(101, 1)]), Some((100, 99, None))), []);
    assert_eq!(desk.tick(quotes(&[(102, 1)], &[(103, 1)]), None), [(2, 102, 7, None)]);
    assert_eq!(desk.arrive(taker(4, Side::Buy, 103, 99, Lasting::FillOrKill)).0, [(4, 103, 99, None)]);
}

#[test]
fn touch_fills_in_full_at_the_limit() {
    let mut desk = Desk::new(MatchingModel::Touch, quotes(&[(99, 1)], &[(101, 1)]));
    assert_eq!(desk.arrive(buy(1, 105, 50)), (vec![(1, 101, 50, None)], None));
    desk.arrive(buy(2, 100, 7));
    desk.arrive(buy(3, 98, 7));
    desk.arrive(sell(4, 103, 7));
    assert_eq!(desk.tick(quotes(&[(99, 1)], &[(101, 1)]), Some((101, 1, Some(Side::Sell)))), []);
    assert_eq!(
        desk.tick(quotes(&[(99, 1)], &[(101, 1)]), Some((100, 1, Some(Side::Sell)))),
        [(2, 100, 7, None)]
    );
    assert_eq!(desk.tick(quotes(&[(95, 1)], &[(97, 1)]), None), [(3, 98, 7, None)]);
    assert_eq!(desk.tick(quotes(&[(104, 1)], &[(105, 1)]), None), [(4, 103, 7, None)]);
}

#[test]
fn volume_limited_waits_behind_the_queue() {
    let bids = [(100, 6), (99, 4)];
    let mut desk = Desk::new(MatchingModel::VolumeLimited, quotes(&bids, &[(101, 3), (102, 9)]));
    assert_eq!(desk.arrive(buy(9, 101, 5)), (vec![(9, 101, 3, None)], Some(101)));
    desk.matcher.remove(9);
    desk.arrive(buy(1, 100, 3));
    desk.arrive(buy(2, 100, 3));
    let asks = [(102, 9)];
    // Four of the six ahead are served.
    assert_eq!(desk.tick(quotes(&[(100, 9), (99, 4)], &asks), Some((100, 4, Some(Side::Buy)))), []);
    // The last two, then two lots of the first order.
    assert_eq!(desk.tick(quotes(&[(100, 9)], &asks), Some((100, 4, Some(Side::Buy)))), [(1, 100, 2, None)]);
    assert_eq!(desk.tick(quotes(&[(100, 9)], &asks), Some((100, 9, Some(Side::Sell)))), []);
    assert_eq!(
        desk.tick(quotes(&[(100, 9)], &asks), Some((100, 2, None))),
        [(1, 100, 1, None), (2, 100, 1, None)]
    );
    // A trade below the limit: nobody can have been ahead.
    assert_eq!(desk.tick(quotes(&[(98, 9)], &asks), Some((99, 9, Some(Side::Buy)))), [(2, 100, 2, None)]);
}

#[test]
fn volume_limited_moves_up_when_less_is_quoted() {
    let mut desk = Desk::new(MatchingModel::VolumeLimited, quotes(&[(100, 50), (99, 4)], &[(102, 3)]));
    desk.arrive(buy(1, 100, 3));
    desk.tick(quotes(&[(100, 2), (99, 4)], &[(102, 3)]), None);
    desk.tick(quotes(&[(100, 70), (99, 4)], &[(102, 3)]), None);
    let trade = Some((100, 4, Some(Side::Buy)));
    assert_eq!(desk.tick(quotes(&[(100, 70), (99, 4)], &[(102, 3)]), trade), [(1, 100, 2, None)]);
    // The other side quotes at the limit: filled, but no more than was traded.
    assert_eq!(desk.tick(quotes(&[(98, 1)], &[(100, 80)]), None), []);
    let trade = Some((100, 5, Some(Side::Buy)));
    assert_eq!(desk.tick(quotes(&[(98, 1)], &[(100, 80)]), trade), [(1, 100, 1, None)]);
}

#[test]
fn auctions_trade_the_most_then_leave_the_least_then_stay_near() {
    for (bids, asks, settlement, price, volume) in [
        // The most: at 101 four, at 100 and 99 three.
        (vec![(101, 4), (99, 1)], vec![(99, 3), (101, 1)], 99, 101, 4),
        // The same volume anywhere; the smallest imbalance at 100.
        (vec![(100, 5)], vec![(98, 3), (100, 2)], 98, 100, 5),
        // Same volume, same imbalance from 95 to 105: the settlement itself, or the end nearest to it.
        (vec![(105, 5)], vec![(95, 5)], 100, 100, 5),
        (vec![(105, 5)], vec![(95, 5)], 120, 105, 5),
        (vec![(105, 5)], vec![(95, 5)], 1, 95, 5),
    ] {
        let mut desk = Desk::new(MatchingModel::Book, Book::default());
        for (order, (limit, lots)) in bids.iter().enumerate() {
            desk.matcher.rest(order, Side::Buy, *limit, *lots, &Book::default());
        }
        for (order, (limit, lots)) in asks.iter().enumerate() {
            desk.matcher.rest(10 + order, Side::Sell, *limit, *lots, &Book::default());
        }
        assert_eq!(desk.auction(settlement).0, Some((price, volume)), "{bids:?} {asks:?} {settlement}");
    }
    let mut apart = Desk::new(MatchingModel::Book, quotes(&[(99, 1)], &[(100, 1)]));
    assert_eq!(apart.auction(100), (None, vec![]));
}

#[test]
fn an_auction_serves_clients_before_the_crowd() {
    let mut desk = Desk::new(MatchingModel::SimNow, quotes(&[(101, 4), (100, 2)], &[(99, 3), (101, 9)]));
    desk.matcher.rest(1, Side::Buy, 101, 2, &Book::default());
    desk.matcher.rest(2, Side::Sell, 98, 1, &Book::default());
    desk.matcher.rest(3, Side::Sell, 102, 1, &Book::default());
    let (auction, fills) = desk.auction(100);
    assert_eq!(auction, Some((101, 6)));
    assert_eq!(fills, [(1, 101, 1, Some(2)), (1, 101, 1, None)]);
    assert_eq!(desk.quotes, quotes(&[(100, 2)], &[(101, 7)]));
    assert_eq!((desk.matcher.resting(3), desk.matcher.resting(1)), (Some(1), None));
}

/// The book, slowly: a list that is sorted anew for every order.
#[derive(Default)]
struct SlowBook {
    orders: Vec<(OrderIndex, Side, i64, i32)>,
    quotes: Book,
}

impl SlowBook {
    /// Returns whom an order meets: client or crowd, price and lots, in the order of the rule.
    fn opposite(&self, side: Side, limit: i64) -> Vec<(Option<OrderIndex>, i64, i32)> {
        let other = side.other();
        let clients = self.orders.iter().filter(|order| order.1 == other);
        let clients = clients.map(|(order, _, price, volume)| (Some(*order), *price, *volume));
        let crowd = self.quotes.side(other).iter().map(|level| (None, level.price, level.volume));
        let mut all: Vec<_> =
            clients.chain(crowd).filter(|(_, price, _)| side.accepts(limit, *price)).collect();
        all.sort_by_key(|(_, price, _)| if side == Side::Buy { *price } else { -*price });
        all
    }

    fn arrive(&mut self, taker: Taker) -> Told {
        let met = self.opposite(taker.side, taker.limit);
        let available: i64 = met.iter().map(|(_, _, volume)| i64::from(*volume)).sum();
        let needed = match taker.lasting {
            Lasting::Day => 0,
            Lasting::FillAndKill { minimum } => minimum,
            Lasting::FillOrKill => taker.volume,
        };
        let mut fills = Vec::new();
        let mut left = taker.volume;
        if available >= i64::from(needed) {
            for (counter, price, lots) in met {
                let volume = lots.min(left);
                if volume == 0 {
                    break;
                }
                left -= volume;
                fills.push((taker.order, price, volume, counter));
                match counter {
                    Some(order) => self
                        .orders
                        .iter_mut()
                        .filter(|entry| entry.0 == order)
                        .for_each(|entry| entry.3 -= volume),
                    None => {
                        self.quotes.take_best(taker.side.other(), volume);
                    }
                }
            }
        }
        self.orders.retain(|entry| entry.3 > 0);
        if left > 0 && taker.lasting == Lasting::Day {
            self.orders.push((taker.order, taker.side, taker.limit, left));
        }
        fills
    }
}

#[derive(Clone, Debug)]
enum Act {
    Arrive { buy: bool, limit: i64, volume: i32, lasting: Lasting },
    Remove(usize),
    Tick { fair: i64, lots: i32, traded: Option<(i64, i32, Option<bool>)> },
    Auction(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let lasting = prop_oneof![
        6 => Just(Lasting::Day),
        1 => Just(Lasting::FillOrKill),
        1 => (1i32..9).prop_map(|minimum| Lasting::FillAndKill { minimum }),
    ];
    let arrive = (any::<bool>(), 90i64..110, 1i32..20, lasting)
        .prop_map(|(buy, limit, volume, lasting)| Act::Arrive { buy, limit, volume, lasting });
    let traded = prop::option::of((92i64..108, 1i32..30, prop::option::of(any::<bool>())));
    let tick =
        (94i64..106, 1i32..12, traded).prop_map(|(fair, lots, traded)| Act::Tick { fair, lots, traded });
    let act = prop_oneof![
        12 => arrive,
        2 => (0usize..60).prop_map(Act::Remove),
        4 => tick,
        1 => (90i64..110).prop_map(Act::Auction),
    ];
    prop::collection::vec(act, 1..120)
}

fn around(fair: i64, lots: i32) -> Book {
    quotes(&[(fair, lots), (fair - 1, lots + 2)], &[(fair + 1, lots), (fair + 3, lots)])
}

fn side(buy: bool) -> Side {
    if buy { Side::Buy } else { Side::Sell }
}

proptest! {
    #[test]
    fn the_book_follows_its_rule(acts in acts()) {
        let mut desk = Desk::new(MatchingModel::Book, around(100, 3));
        let mut slow = SlowBook { quotes: around(100, 3), ..SlowBook::default() };
        for (order, act) in acts.into_iter().enumerate() {
            match act {
                Act::Arrive { buy, limit, volume, lasting } => {
                    let taker = taker(order, side(buy), limit, volume, lasting);
                    prop_assert_eq!(desk.arrive(taker).0, slow.arrive(taker));
                }
                Act::Remove(order) => {
                    let rested = slow.orders.iter().any(|entry| entry.0 == order);
                    prop_assert_eq!(desk.matcher.remove(order), rested);
                    slow.orders.retain(|entry| entry.0 != order);
                }
                _ => continue,
            }
            prop_assert_eq!(&desk.quotes, &slow.quotes);
            for (order, _, _, volume) in &slow.orders {
                prop_assert_eq!(desk.matcher.resting(*order), Some(*volume));
            }
            let best = |side| desk.matcher.queue.best(side);
            if let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell)) {
                prop_assert!(bid < ask, "clients cross: {bid} {ask}");
            }
        }
    }

    #[test]
    fn lots_are_conserved_and_limits_kept(acts in acts(), model in prop::sample::select(MatchingModel::ALL.to_vec())) {
        let mut desk = Desk::new(model, around(100, 3));
        // By order: side, limit, lots not filled yet.
        let mut open = std::collections::BTreeMap::new();
        for (order, act) in acts.into_iter().enumerate() {
            let mut pool = None;
            let fills = match act {
                Act::Arrive { buy, limit, volume, lasting } => {
                    open.insert(order, (side(buy), limit, volume));
                    let (fills, rests) = desk.arrive(taker(order, side(buy), limit, volume, lasting));
                    prop_assert_eq!(rests.is_some(), desk.matcher.resting(order).is_some());
                    let filled: i32 = fills.iter().map(|fill| fill.2).sum();
                    match lasting {
                        Lasting::FillOrKill => prop_assert!(filled == 0 || filled == volume),
                        Lasting::FillAndKill { minimum } => prop_assert!(filled == 0 || filled >= minimum.min(volume)),
                        Lasting::Day => prop_assert_eq!(rests.is_some(), filled < volume),
                    }
                    fills
                }
                Act::Remove(order) => {
                    desk.matcher.remove(order);
                    vec![]
                }
                Act::Tick { fair, lots, traded } => {
                    pool = Some(traded.map_or(0, |(_, volume, _)| volume));
                    let traded = traded.map(|(price, volume, passive)| (price, volume, passive.map(side)));
                    desk.tick(around(fair, lots), traded)
                }
                Act::Auction(settlement) => {
                    let (auction, fills) = desk.auction(settlement);
                    if let Some((price, volume)) = auction {
                        prop_assert!(fills.iter().all(|fill| fill.1 == price));
                        prop_assert!(fills.iter().map(|fill| i64::from(fill.2)).sum::<i64>() <= volume);
                    }
                    let best = |side| {
                        let crowd = desk.quotes.best(side).map(|level| level.price);
                        let client = desk.matcher.queue.best(side);
                        if side == Side::Buy { crowd.max(client) } else { crowd.into_iter().chain(client).min() }
                    };
                    if let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell)) {
                        prop_assert!(bid < ask, "the auction left {bid} and {ask}");
                    }
                    fills
                }
            };
            if let (Some(pool), MatchingModel::VolumeLimited) = (pool, model) {
                prop_assert!(fills.iter().map(|fill| fill.2).sum::<i32>() <= pool);
            }
            for (order, price, volume, counter) in fills {
                prop_assert!(volume > 0);
                for order in std::iter::once(order).chain(counter) {
                    let (side, limit, left) = open.get_mut(&order).expect("a known order");
                    prop_assert!(side.accepts(*limit, price));
                    *left -= volume;
                    prop_assert!(*left >= 0);
                }
                if let Some(counter) = counter {
                    prop_assert_ne!(open[&order].0, open[&counter].0);
                }
            }
            for (order, (.., left)) in &open {
                let resting = desk.matcher.resting(*order);
                prop_assert!(resting.is_none_or(|resting| resting == *left));
                prop_assert!(desk.matcher.queue.get(*order).is_none_or(|resting| resting.ahead >= 0));
            }
        }
        for (order, (.., left)) in open {
            prop_assert!(!desk.matcher.remove(order) || left > 0);
        }
        prop_assert!(desk.matcher.is_empty());
    }

    #[test]
    fn no_other_price_of_an_auction_is_better(
        bids in prop::collection::vec((90i64..110, 1i32..20), 1..6),
        asks in prop::collection::vec((90i64..110, 1i32..20), 1..6),
        settlement in 85i64..115,
    ) {
        let mut desk = Desk::new(MatchingModel::Book, Book::default());
        for (order, (limit, volume)) in bids.iter().enumerate() {
            desk.matcher.rest(order, Side::Buy, *limit, *volume, &Book::default());
        }
        for (order, (limit, volume)) in asks.iter().enumerate() {
            desk.matcher.rest(100 + order, Side::Sell, *limit, *volume, &Book::default());
        }
        let judge = |price: i64| {
            let bought: i64 = bids.iter().filter(|bid| bid.0 >= price).map(|bid| i64::from(bid.1)).sum();
            let sold: i64 = asks.iter().filter(|ask| ask.0 <= price).map(|ask| i64::from(ask.1)).sum();
            (bought.min(sold), -(bought - sold).abs(), -(price - settlement).abs(), price)
        };
        let best = (80..120).map(judge).max().filter(|judged| judged.0 > 0);
        let (auction, fills) = desk.auction(settlement);
        prop_assert_eq!(auction, best.map(|judged| (judged.3, judged.0)));
        let traded: i64 = fills.iter().map(|fill| i64::from(fill.2)).sum();
        prop_assert_eq!(traded, best.map_or(0, |judged| judged.0));
    }
}
