//! Market data 行情: connect, log in, subscribe, print ticks.

use std::collections::BTreeMap;

use ctp::demo::{Demo, DemoError, main_contract};
use ctp::md::Level;
use ctp::{MdClient, MdEvent, Tick};

/// Prints some ticks of each contract and a summary.
///
/// # Errors
///
/// Why it ended early. The session is closed all the same.
pub async fn run(demo: &Demo) -> Result<(), DemoError> {
    // The session connects, logs in and subscribes again by itself whenever the link breaks.
    let md = MdClient::connect(demo.options.md_config()).await?;
    demo.say(format_args!(
        "library 接口: {}, front 前置: {}",
        md.library_version(),
        demo.options.front_shown()
    ));
    let shown = demo.watching(md.state(), show(demo, &md)).await;
    let closed = md.close().await;
    shown?;
    Ok(closed?)
}

async fn show(demo: &Demo, md: &MdClient) -> Result<(), DemoError> {
    let login = demo.logged_in(md.ready()).await?;
    demo.say(format_args!("logged in 已登录, trading day 交易日 {}", login.trading_day));

    let mut contracts = demo.options.instruments.clone();
    if contracts.is_empty() {
        for product in ["rb", "IF"] {
            contracts.push(main_contract(product, &login.trading_day.to_str())?);
        }
    }
    // First the streams, then the subscription: nothing is missed.
    let (mut ticks, mut events) = (md.ticks(), md.events());
    md.subscribe(&contracts)?;
    for _ in &contracts {
        let answer =
            demo.wait("answer to the subscription", async { events.next().await.ok_or(ctp::Error::Closed) });
        match answer.await? {
            MdEvent::Subscribed(id) => demo.say(format_args!("subscribed 已订阅: {id}")),
            MdEvent::Refused { instrument_id, error } => {
                demo.say(format_args!("subscription refused 订阅被拒: {instrument_id}: {error}"));
            }
            other => demo.say(format_args!("{other:?}")),
        }
    }

    let mut seen: BTreeMap<&str, Vec<Tick>> = contracts.iter().map(|id| (id.as_str(), Vec::new())).collect();
    while seen.values().any(|ticks| ticks.len() < demo.options.ticks) {
        let wanted = async {
            loop {
                let tick = ticks.next().await.ok_or(ctp::Error::Closed)?;
                let count = seen.get(&*tick.instrument()).map(Vec::len);
                if count.is_some_and(|count| count < demo.options.ticks) {
                    return Ok::<_, ctp::Error>(tick);
                }
            }
        };
        let tick = match demo.wait("tick", wanted).await {
            // Of several contracts one may be asleep: what came is worth a summary.
            Err(DemoError::Nothing { .. }) if seen.values().any(|ticks| !ticks.is_empty()) => break,
            tick => tick?,
        };
        demo.say(format_args!("{}", line(&tick)));
        if let Some(ticks) = seen.get_mut(&*tick.instrument()) {
            ticks.push(tick);
        }
    }

    demo.say(format_args!("summary 汇总:"));
    for (id, ticks) in &seen {
        match ticks.last() {
            Some(last) => demo.say(format_args!(
                "  {id}: {} ticks, last 最新 {}, volume 成交量 {}",
                ticks.len(),
                price(last.last_price()),
                last.volume()
            )),
            None => demo.say(format_args!("  {id}: no tick 无行情")),
        }
    }
    demo.say(format_args!("  dropped ticks 丢弃: {}", ticks.dropped()));
    Ok(())
}

/// A tick in one line.
fn line(tick: &Tick) -> String {
    let level = |level: Option<Level>| {
        level.map_or_else(|| "-".to_owned(), |level| format!("{} x {}", level.price, level.volume))
    };
    format!(
        "{}.{:03} {:8} last 最新 {}  bid 买一 {}  ask 卖一 {}  volume 成交量 {}",
        tick.update_time(),
        tick.update_millisec(),
        tick.instrument(),
        price(tick.last_price()),
        level(tick.bid()),
        level(tick.ask()),
        tick.volume()
    )
}

/// CTP's "no value" is a dash.
fn price(price: Option<f64>) -> String {
    price.map_or_else(|| "-".to_owned(), |price| price.to_string())
}
