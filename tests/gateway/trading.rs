//! What the tests of orders share: a second trader, orders in one line, and what events say.

use std::sync::Arc;

use ctp::td::{OrderPhase, Trade};
use ctp::types::{Direction, OffsetFlag};
use ctp::{Events, NewOrder, Order, OrderHandle, ServerError, TdClient, TdConfig, TdEvent};

use crate::world::{PATIENCE, Scene, World};

/// The oldest line, one between, and the newest: their records differ in size and in fields.
const VERSIONS: [&str; 3] = ["6.3.15", "6.5.1", "6.7.13"];

/// Somebody on the other side of the market.
const OTHER: &str = "100002";

/// Plays a scene through the libraries of several versions, one after the other.
pub(crate) fn everywhere(scene: &Scene, act: impl AsyncFn(&World) + Clone + Send + 'static) {
    for version in VERSIONS {
        let act = act.clone();
        scene.clone().version(version).play(async move |world| act(world).await);
    }
}

/// Returns a limit order that opens.
pub(crate) fn open(id: &str, direction: Direction, volume: i32, price: f64) -> NewOrder {
    limit(id, direction, OffsetFlag::OPEN, volume, price)
}

/// Returns a limit order with its exchange.
pub(crate) fn limit(id: &str, direction: Direction, offset: OffsetFlag, volume: i32, price: f64) -> NewOrder {
    let exchange = match id.trim_end_matches(|letter: char| letter.is_ascii_digit()) {
        "rb" => "SHFE",
        "m" => "DCE",
        "SR" => "CZCE",
        "IF" => "CFFEX",
        "sc" => "INE",
        other => panic!("the exchange of {other}"),
    };
    NewOrder::limit(id, direction, offset, volume, price).exchange(exchange)
}

/// Takes every event that waits.
pub(crate) fn drain(events: &mut Events<TdEvent>) -> Vec<TdEvent> {
    std::iter::from_fn(|| events.try_next()).collect()
}

/// Returns the refusals among events.
pub(crate) fn rejections(events: &[TdEvent]) -> Vec<&ServerError> {
    events
        .iter()
        .filter_map(|event| match event {
            TdEvent::Rejected { error, .. } => Some(error),
            _ => None,
        })
        .collect()
}

/// Returns the trades among events, each with its order if it has one.
pub(crate) fn trades(events: &[TdEvent]) -> Vec<(Option<&Arc<Order>>, &Arc<Trade>)> {
    events
        .iter()
        .filter_map(|event| match event {
            TdEvent::Trade { order, trade, .. } => Some((order.as_ref(), trade)),
            _ => None,
        })
        .collect()
}

/// Returns the phases that events tell of one order, each once where it follows itself.
pub(crate) fn phases(events: &[TdEvent], handle: &OrderHandle) -> Vec<OrderPhase> {
    let of_handle = |order: &&Arc<Order>| order.id == handle.id();
    let mut phases: Vec<_> =
        events.iter().filter_map(TdEvent::order).filter(of_handle).map(|order| order.phase).collect();
    phases.dedup();
    phases
}

impl World {
    /// Returns the configuration of a session that another program on another machine could have: another folder, so
    /// nothing of an earlier session is known but what the counter tells.
    pub(crate) fn td_config_elsewhere(&self, name: &str) -> TdConfig {
        let mut config = self.td_config();
        config.flow_dir = self.folder().join(name);
        config
    }

    /// Connects a second session of the test's user.
    pub(crate) async fn td_elsewhere(&self, name: &str) -> TdClient {
        let td = TdClient::connect(self.td_config_elsewhere(name)).await.expect("a second session");
        self.td_ready(&td).await;
        td
    }

    /// Connects another investor.
    pub(crate) async fn other(&self) -> TdClient {
        let mut config = self.td_config();
        config.user_id = OTHER.into();
        let td = TdClient::connect(config).await.expect("another investor");
        self.td_ready(&td).await;
        td
    }

    /// Places an order.
    pub(crate) async fn place(&self, td: &TdClient, order: NewOrder) -> OrderHandle {
        self.soon(td.place(order)).await.expect("sent")
    }

    /// Places an order and waits until it is in the exchange's book.
    pub(crate) async fn rest(&self, td: &TdClient, order: NewOrder) -> OrderHandle {
        let handle = self.place(td, order).await;
        self.phase(&handle, OrderPhase::Working).await;
        handle
    }

    /// Waits until an order is in a phase.
    pub(crate) async fn phase(&self, handle: &OrderHandle, phase: OrderPhase) {
        let mut waited = 0;
        self.until(&format!("{phase:?}"), PATIENCE, || {
            let order = handle.order();
            waited += 1;
            assert!(order.phase == phase || !order.phase.is_over() || waited < 200, "{phase:?}: {order:?}");
            (order.phase == phase).then_some(())
        })
        .await;
    }

    /// Somebody at the exchange trades with a resting order.
    pub(crate) async fn fill(&self, handle: &OrderHandle, volume: i32) {
        let id = handle.order().keys.order_sys_id.to_string();
        self.exchange.command(&format!("fill-order order={} volume={volume}", id.trim())).expect("filled");
        self.pass(std::time::Duration::from_millis(200)).await;
    }

    /// Returns how many lots the exchange says that the user traded in an instrument.
    pub(crate) fn traded(&self, user: &str, id: &str) -> i32 {
        let wanted = ctp::sim::Wanted {
            investor: Some(user.to_owned()),
            instrument: Some(id.to_owned()),
            ..ctp::sim::Wanted::default()
        };
        self.exchange.trades(wanted).expect("trades").iter().map(|trade| trade.volume).sum()
    }
}
