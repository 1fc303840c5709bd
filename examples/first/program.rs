use ctp::types::{Direction, OffsetFlag};
use ctp::{Gateway, GatewayConfig, NewOrder};

#[tokio::main]
async fn main() -> Result<(), ctp::Error> {
    // With a broker: GatewayConfig::load("ctp.toml")?, where docs/configuration.md says what stands in it.
    let gateway = Gateway::connect(GatewayConfig::simulator("demo")).await?;
    println!("trading day {}", gateway.ready().await?.td.trading_day);
    let instruments = gateway.td().instruments().await?;
    let rebar = instruments.iter().find(|row| row.product_id == "rb").expect("rebar is listed");
    let id = rebar.instrument_id.to_string();

    let mut ticks = gateway.md().ticks();
    gateway.md().subscribe(&[&id])?;
    let (bid, ask) = loop {
        let tick = ticks.next().await.ok_or(ctp::Error::Closed)?;
        if let (Some(bid), Some(ask)) = (tick.bid(), tick.ask()) {
            break (bid.price, ask.price);
        }
    };

    // Buy what is offered and wait for the fill.
    let order = gateway.td().place(NewOrder::limit(&id, Direction::BUY, OffsetFlag::OPEN, 1, ask)).await?;
    let filled = order.finished().await?;
    println!("{id}: {} of {} lots bought", filled.volume_filled, filled.volume);

    // Bid ten yuan less than others and think better of it.
    let order =
        gateway.td().place(NewOrder::limit(&id, Direction::BUY, OffsetFlag::OPEN, 1, bid - 10.0)).await?;
    order.accepted().await?;
    println!("{id}: {}", order.cancel().await?.status_text());
    gateway.close().await
}
