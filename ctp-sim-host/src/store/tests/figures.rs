//! Figures, by hand: `cargo test --release -p ctp-sim-host --features serve --lib store::tests::figures -- --ignored --nocapture`

use std::time::{Duration, Instant};

use ctp_sim::{ApiKind, SessionId};
use ctp_types::{MdRequest, RecordBox, ReqUserLoginField, Text};

use super::script::Client;
use super::*;

const ORDERS: usize = 100_000;
const INSTRUMENTS: usize = 500;
/// Between two orders: 100,000 in six and a quarter hours.
const EVERY: i64 = 225_000_000;

#[test]
#[ignore = "figures, minutes long"]
fn a_day_of_many_orders() {
    let folder = tempfile::tempdir().expect("a folder");
    let reference = ctp_market::ReferenceData::builtin().expect("reference data");
    let products: Vec<String> = reference.products().iter().map(|product| product.id.clone()).collect();
    let mut options = options(folder.path(), 1);
    options.settings.retain(|(key, _)| key != "products");
    for (key, value) in [
        ("products", products.join(",")),
        ("combinations", "off".to_owned()),
        ("initial_balance", "100000000000000000".to_owned()),
    ] {
        options.settings.push((key.to_owned(), value));
    }
    for kept in [false, true] {
        let mut run =
            if kept { Driven::of(open(&options).expect("a store")) } else { without_store(&options) };
        let begun = Instant::now();
        let md = SessionId(9);
        run.take(start(), Input::Connect { session: md, kind: ApiKind::Md, api_version: (6, 7, 13) });
        run.pass(Timestamp(start().0 + 100_000_000));
        let (request, record) = (MdRequest::ReqUserLogin, RecordBox::new(&ReqUserLoginField::default()));
        run.take(run.at, Input::Md { session: md, request, record, request_id: 1 });
        let futures: Vec<String> = products
            .iter()
            .filter_map(|product| reference.product(product))
            .filter_map(|product| {
                reference.contracts_of(product, ctp_market::china_time(start().0).date()).ok()
            })
            .flat_map(|contracts| contracts.into_iter().map(|contract| contract.id))
            .take(INSTRUMENTS)
            .collect();
        let ids: Vec<Text<81>> = futures.iter().filter_map(|id| Text::new(id).ok()).collect();
        let listed = ids.len();
        run.take(run.at, Input::Subscribe { session: md, instruments: ids });
        let mut client = Client::new(SessionId(1), "one", "simulator");
        for input in client.connect() {
            run.take(run.at, input);
        }
        run.pass(Timestamp(run.at.0 + 100_000_000));
        for input in [client.log_in(), client.confirm()] {
            run.take(run.at, input);
            run.pass(Timestamp(run.at.0 + 100_000_000));
        }
        let (instrument, tick) = run.exchange.instrument("rb2701").expect("listed");
        let instrument = (
            instrument.instrument_id.to_str().into_owned(),
            instrument.exchange_id.to_str().into_owned(),
            tick.last_price,
        );
        let mut dice = script::Dice(7);
        let (mut outputs, mut inserting, mut slowest) = (0, Duration::ZERO, Duration::ZERO);
        for _ in 0..ORDERS {
            let at = Timestamp(run.at.0 + EVERY);
            run.pass(at);
            let input = client.order(&mut dice, &instrument);
            let before = Instant::now();
            run.take(at, input);
            let took = before.elapsed();
            (inserting, slowest) = (inserting + took, slowest.max(took));
            outputs += run.outputs.len();
            run.outputs.clear();
        }
        println!(
            "{} store: {listed} instruments, {ORDERS} orders, {outputs} deliveries in {:?}; an order's step {:?}, at most {slowest:?}",
            if kept { "with" } else { "without" },
            begun.elapsed(),
            inserting / ORDERS as u32,
        );
        if kept {
            let (_copied, path) = image(&options.path);
            let bytes: u64 = ["", "-wal"]
                .iter()
                .filter_map(|end| fs::metadata(format!("{}{end}", path.display())).ok())
                .map(|file| file.len())
                .sum();
            let begun = Instant::now();
            let store = open(&StoreOptions { path, ..options.clone() }).expect("it opens");
            println!(
                "opened again after a kill in {:?}: {} inputs, {bytes} bytes",
                begun.elapsed(),
                store.rows()
            );
            assert_eq!(store.time(), run.at);
        }
    }
}
