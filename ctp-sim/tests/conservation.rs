//! Random days of trading between clients: lots and money are conserved, rows equal details, the account equals its rows.
//!
//! 500 seeds here, `CTP_SIM_SEEDS` others in `cargo xtask soak`; a failure names its seed.

mod common;

use std::collections::BTreeMap;

use common::{Bench, Client, quiet, seeds, text};
use ctp_sim::{Command, Config, Input};
use ctp_types::{
    InvestorPositionDetailField, InvestorPositionField, QryInvestorPositionDetailField,
    QryInvestorPositionField, QryTradingAccountField, TraderRequest, TradingAccountField,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

const INVESTORS: [&str; 3] = ["one", "two", "three"];
/// Two rows with one-sided margin, one row, another month of it, an option, the spread of both months.
const INSTRUMENTS: [(&str, f64, f64); 5] = [
    ("rb2701", 3200.0, 1.0),
    ("m2701", 3000.0, 1.0),
    ("m2703", 3000.0, 1.0),
    ("m2701-C-3000", 60.0, 0.5),
    ("SP m2701&m2703", 0.0, 1.0),
];
const SIDES: [&str; 4] = ["buy", "sell", "close", "cover"];

/// What a client or the operator does.
#[derive(Clone, Debug)]
enum Deed {
    Order { investor: usize, instrument: usize, side: usize, today: bool, lots: i32, ticks: i32 },
    Cancel { back: usize },
    Settle,
}

fn deed() -> impl Strategy<Value = Deed> {
    let order = (0..3usize, 0..5usize, 0..4usize, any::<bool>(), 1..8i32, -3..4i32).prop_map(
        |(investor, instrument, side, today, lots, ticks)| Deed::Order {
            investor,
            instrument,
            side,
            today,
            lots,
            ticks,
        },
    );
    prop_oneof![30 => order, 3 => (0..6usize).prop_map(|back| Deed::Cancel { back }), 1 => Just(Deed::Settle)]
}

/// 1/10,000 CNY.
fn units(yuan: f64) -> i64 {
    (yuan * 10_000.0).round() as i64
}

struct Day {
    bench: Bench,
    clients: Vec<Client>,
    sent: Vec<(Client, usize, ctp_types::Text<13>)>,
    /// Commission of the days before.
    charged: i64,
}

impl Day {
    fn new() -> Self {
        let products = vec!["rb".to_owned(), "m".to_owned()];
        let mut bench = Bench::new(Config { products, queries_per_second: 0, ..quiet() });
        let clients = log_in(&mut bench);
        Self { bench, clients, sent: Vec::new(), charged: 0 }
    }

    fn carry_out(&mut self, deed: &Deed) {
        match deed {
            Deed::Order { investor, instrument, side, today, lots, ticks } => {
                let client = self.clients[*investor];
                let (id, price, tick) = INSTRUMENTS[*instrument];
                let price = price + f64::from(*ticks) * tick;
                let mut order = self.bench.order(client, id, SIDES[*side], *lots, price);
                if *side > 1 && *today {
                    order.comb_offset_flag = text("3");
                }
                if id.starts_with("SP ") {
                    order.comb_offset_flag = text(if *side > 1 { "11" } else { "00" });
                    order.comb_hedge_flag = text("11");
                }
                self.bench.insert(client, &order);
                self.sent.push((client, *instrument, order.order_ref));
            }
            Deed::Cancel { back } => {
                let Some(at) = self.sent.len().checked_sub(back + 1) else { return };
                let (client, instrument, order_ref) = self.sent[at];
                let action = self.bench.cancel_of(client, INSTRUMENTS[instrument].0, order_ref);
                self.bench.cancel(client, &action);
            }
            Deed::Settle => {
                self.charged += self.accounts().iter().map(|account| units(account.commission)).sum::<i64>();
                self.bench.step(Input::Command(Command::Settle));
                self.bench.settle();
                self.clients = log_in(&mut self.bench);
                self.sent.clear();
            }
        }
        // Reads every order record: traded and left are all that was wanted.
        for client in self.clients.clone() {
            self.bench.lines(client.session);
        }
    }

    fn query<Q: ctp_types::Record + Default, R: ctp_types::Record>(
        &mut self,
        client: Client,
        request: TraderRequest,
    ) -> Vec<R> {
        self.bench.query(client.session, request, &Q::default())
    }

    fn accounts(&mut self) -> Vec<TradingAccountField> {
        let request = TraderRequest::ReqQryTradingAccount;
        let clients = self.clients.clone();
        clients
            .into_iter()
            .map(|client| self.query::<QryTradingAccountField, _>(client, request)[0])
            .collect()
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let mut net: BTreeMap<String, i32> = BTreeMap::new();
        let accounts = self.accounts();
        for (client, account) in self.clients.clone().into_iter().zip(&accounts) {
            let mut rows: Vec<InvestorPositionField> =
                self.query::<QryInvestorPositionField, _>(client, TraderRequest::ReqQryInvestorPosition);
            // Rows of combinations (§6.4) repeat what is in the rows of their legs.
            rows.retain(|row| !row.instrument_id.as_bytes().contains(&b'&'));
            let details: Vec<InvestorPositionDetailField> = self.query::<QryInvestorPositionDetailField, _>(
                client,
                TraderRequest::ReqQryInvestorPositionDetail,
            );
            for row in &rows {
                let long = row.posi_direction.as_char() == b'2';
                let side = if long { row.position } else { -row.position };
                *net.entry(row.instrument_id.to_str().into_owned()).or_default() += side;
            }
            check_rows(&rows, &details)?;
            check_account(account, &rows)?;
        }
        prop_assert!(net.values().all(|lots| *lots == 0), "lots appeared or vanished: {net:?}");
        let balances: i64 = accounts.iter().map(|account| units(account.balance)).sum();
        let charged: i64 = accounts.iter().map(|account| units(account.commission)).sum();
        prop_assert_eq!(balances + charged + self.charged, 3 * units(1_000_000.0), "money");
        self.bench.exchange.check_consistency().map_err(|error| TestCaseError::fail(error.to_string()))
    }
}

fn log_in(bench: &mut Bench) -> Vec<Client> {
    INVESTORS.iter().zip(1..).map(|(investor, number)| bench.trader(number, investor)).collect()
}

fn check_rows(
    rows: &[InvestorPositionField],
    details: &[InvestorPositionDetailField],
) -> Result<(), TestCaseError> {
    let of_row = rows.iter().fold([0i64; 6], |sum, row| {
        let profit = [row.close_profit_by_date, row.close_profit_by_trade, row.position_profit];
        add(sum, [i64::from(row.position), i64::from(row.close_volume), units(row.use_margin)], profit)
    });
    let of_details = details.iter().fold([0i64; 6], |sum, lot| {
        let profit = [lot.close_profit_by_date, lot.close_profit_by_trade, lot.position_profit_by_date];
        add(sum, [i64::from(lot.volume), i64::from(lot.close_volume), units(lot.margin)], profit)
    });
    prop_assert_eq!(of_row, of_details, "rows and details");
    for row in rows {
        prop_assert!(row.position >= row.today_position && row.today_position >= 0, "{row:?}");
        let frozen = if row.posi_direction.as_char() == b'2' { row.short_frozen } else { row.long_frozen };
        prop_assert!(frozen <= row.position, "{frozen} closing of {row:?}");
    }
    Ok(())
}

fn add(sum: [i64; 6], [volume, closed, margin]: [i64; 3], profit: [f64; 3]) -> [i64; 6] {
    let [date, trade, position] = profit.map(units);
    let more = [volume, closed, margin, date, trade, position];
    std::array::from_fn(|place| sum[place] + more[place])
}

fn check_account(account: &TradingAccountField, rows: &[InvestorPositionField]) -> Result<(), TestCaseError> {
    let total =
        |part: &dyn Fn(&InvestorPositionField) -> f64| rows.iter().map(|row| units(part(row))).sum::<i64>();
    prop_assert_eq!(units(account.commission), total(&|row| row.commission));
    prop_assert_eq!(units(account.close_profit), total(&|row| row.close_profit));
    prop_assert_eq!(units(account.position_profit), total(&|row| row.position_profit));
    prop_assert_eq!(units(account.frozen_margin), total(&|row| row.frozen_margin));
    prop_assert_eq!(units(account.frozen_commission), total(&|row| row.frozen_commission));
    prop_assert_eq!(units(account.frozen_cash), total(&|row| row.frozen_cash));
    prop_assert_eq!(units(account.cash_in), total(&|row| row.cash_in));
    prop_assert!(units(account.curr_margin) <= total(&|row| row.use_margin));
    // §6.1: Balance and Available, with Algorithm 1.
    let balance = units(account.pre_balance)
        + units(account.close_profit)
        + units(account.position_profit)
        + units(account.cash_in)
        - units(account.commission);
    prop_assert_eq!(units(account.balance), balance);
    let frozen = units(account.frozen_margin) + units(account.frozen_commission) + units(account.frozen_cash);
    prop_assert_eq!(units(account.available), balance - units(account.curr_margin) - frozen);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(seeds(500)))]
    #[test]
    fn lots_and_money_are_conserved(deeds in prop::collection::vec(deed(), 1..40)) {
        let mut day = Day::new();
        for deed in &deeds {
            day.carry_out(deed);
        }
        day.check()?;
    }
}

/// The random days are worth something: many trade, in every instrument.
#[test]
fn random_days_trade() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut traded = [0; 4];
    let mut spread = 0;
    for _ in 0..40 {
        let deeds = prop::collection::vec(deed(), 30..40).new_tree(&mut runner).expect("deeds").current();
        let mut day = Day::new();
        for deed in deeds.iter().filter(|deed| !matches!(deed, Deed::Settle)) {
            day.carry_out(deed);
        }
        let one = day.clients[0];
        let rows: Vec<InvestorPositionField> =
            day.query::<QryInvestorPositionField, _>(one, TraderRequest::ReqQryInvestorPosition);
        spread += rows.iter().map(|row| row.comb_position).sum::<i32>();
        for (count, (id, ..)) in traded.iter_mut().zip(INSTRUMENTS) {
            let of = rows.iter().filter(|row| row.instrument_id == id);
            *count += of.map(|row| row.open_volume + row.close_volume).sum::<i32>();
        }
    }
    assert!(traded.iter().all(|lots| *lots > 20) && spread > 10, "{traded:?}, {spread}");
}
