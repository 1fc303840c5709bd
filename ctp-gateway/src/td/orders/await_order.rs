//! Waiting for what becomes of an order: what the methods of a handle promise.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ServerError, UnknownCause};
use crate::td::orders::cell::Placed;
use crate::td::orders::order::{Order, OrderPhase};
use crate::td::orders::outcome::Outcome;

const INSERT: &str = "ReqOrderInsert";

impl Placed {
    /// See [`OrderHandle::accepted`](super::OrderHandle::accepted).
    pub(crate) async fn accepted(&self) -> Result<Arc<Order>, Error> {
        self.reach(|order| !matches!(order.phase, OrderPhase::Sent | OrderPhase::Acknowledged)).await
    }

    /// See [`OrderHandle::resolved`](super::OrderHandle::resolved).
    pub(crate) async fn resolved(&self) -> Result<Arc<Order>, Error> {
        let is_open =
            |phase| matches!(phase, OrderPhase::Sent | OrderPhase::Unknown | OrderPhase::Acknowledged);
        self.reach(|order| !is_open(order.phase)).await
    }

    /// See [`OrderHandle::outcome`](super::OrderHandle::outcome).
    pub(crate) async fn outcome(&self) -> Outcome {
        match self.accepted().await {
            Ok(order) => Outcome::Confirmed(order),
            Err(error) => Outcome::of_error(error),
        }
    }

    /// See [`OrderHandle::filled`](super::OrderHandle::filled).
    pub(crate) async fn filled(&self, trade_wait: Duration) -> Result<Arc<Order>, Error> {
        let order = self.finished(trade_wait).await?;
        if order.phase == OrderPhase::Filled { Ok(order) } else { Err(Error::NotFilled { order }) }
    }

    /// See [`OrderHandle::finished`](super::OrderHandle::finished).
    pub(crate) async fn finished(&self, trade_wait: Duration) -> Result<Arc<Order>, Error> {
        let over = self.reach(|order| order.phase.is_over() || order.phase == OrderPhase::Unknown).await?;
        match tokio::time::timeout(trade_wait, self.reach(Order::is_complete)).await {
            Ok(complete) => complete,
            Err(_) => Ok(over),
        }
    }

    /// Waits for a state of the order; one that cannot be taken for a success is an error. A session that ended ends the
    /// wait.
    async fn reach(&self, until: impl Fn(&Order) -> bool) -> Result<Arc<Order>, Error> {
        let Ok(seen) = self.wait(until).await else {
            return Err(Error::Unknown { request: INSERT, cause: UnknownCause::SessionEnded });
        };
        match seen.phase {
            OrderPhase::Rejected => {
                let error =
                    seen.refusal.clone().unwrap_or_else(|| ServerError::counter(0, "no reason given"));
                Err(Error::Rejected { request: INSERT, error })
            }
            OrderPhase::Unknown => {
                let cause = seen.unknown_cause.clone().unwrap_or(UnknownCause::SessionEnded);
                Err(Error::Unknown { request: INSERT, cause })
            }
            _ => Ok(seen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SendRefusal;
    use crate::td::event::TdEvent;
    use crate::td::fixtures::{FRONT, SESSION, input};
    use crate::td::orders::cell::{HandleSide, cell};
    use crate::td::orders::order::{OrderId, Origin};

    const TRADE_WAIT: Duration = Duration::from_secs(5);

    fn order(phase: OrderPhase) -> Order {
        let refusal = (phase == OrderPhase::Rejected).then(|| ServerError::counter(22, "no"));
        let unknown_cause = (phase == OrderPhase::Unknown).then_some(UnknownCause::NewTradingDay);
        let sent = Order::own(OrderId(1), Origin::Own, &input("1", 5), FRONT, SESSION);
        Order { phase, refusal, unknown_cause, ..sent }
    }

    fn placed(order: Order) -> (HandleSide, Placed) {
        cell(Arc::new(order))
    }

    fn tell(side: &HandleSide, order: Order) {
        let order = Arc::new(order);
        side.tell(Arc::clone(&order), TdEvent::Order(order));
    }

    /// What came of a wait, in words; nothing after an hour.
    async fn said(wait: impl Future<Output = Result<Arc<Order>, Error>>) -> String {
        match tokio::time::timeout(Duration::from_secs(3_600), wait).await {
            Err(_) => "waits".to_owned(),
            Ok(Ok(order)) => format!("{:?}", order.phase),
            Ok(Err(Error::Rejected { error, .. })) => format!("rejected {}", error.code),
            Ok(Err(Error::Unknown { cause, .. })) => format!("unknown: {cause:?}"),
            Ok(Err(Error::NotFilled { order })) => format!("not filled: {:?}", order.phase),
            Ok(Err(error)) => panic!("{error}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_each_wait_ends_with() {
        use OrderPhase as P;
        // The phase, then what becomes of accepted, resolved, finished, filled.
        for (phase, expected) in [
            (P::Sent, ["waits"; 4]),
            (P::Acknowledged, ["waits"; 4]),
            (
                P::Unknown,
                ["unknown: NewTradingDay", "waits", "unknown: NewTradingDay", "unknown: NewTradingDay"],
            ),
            (P::Untriggered, ["Untriggered", "Untriggered", "waits", "waits"]),
            (P::Working, ["Working", "Working", "waits", "waits"]),
            (P::Triggered, ["Triggered", "Triggered", "Triggered", "not filled: Triggered"]),
            (P::Filled, ["Filled"; 4]),
            (P::Canceled, ["Canceled", "Canceled", "Canceled", "not filled: Canceled"]),
            (P::Rejected, ["rejected 22"; 4]),
        ] {
            let (_side, placed) = placed(order(phase));
            let found = [
                said(placed.accepted()).await,
                said(placed.resolved()).await,
                said(placed.finished(TRADE_WAIT)).await,
                said(placed.filled(TRADE_WAIT)).await,
            ];
            assert_eq!(found, expected, "{phase:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_ended_leaves_the_outcome_unknown() {
        let (side, placed) = placed(order(OrderPhase::Sent));
        drop(side);
        for found in [
            said(placed.accepted()).await,
            said(placed.resolved()).await,
            said(placed.finished(TRADE_WAIT)).await,
        ] {
            assert_eq!(found, "unknown: SessionEnded");
        }
        assert!(matches!(placed.outcome().await, Outcome::Unknown(UnknownCause::SessionEnded)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_outcome_is_that_of_the_request() {
        let outcome = async |phase| {
            let (_side, placed) = placed(order(phase));
            placed.outcome().await
        };
        let confirmed = outcome(OrderPhase::Canceled).await;
        assert!(matches!(confirmed, Outcome::Confirmed(_)) && confirmed.is_definite());
        let rejected = outcome(OrderPhase::Rejected).await;
        assert!(matches!(&rejected, Outcome::Rejected(error) if error.code == 22) && rejected.is_definite());
        assert!(!outcome(OrderPhase::Unknown).await.is_definite());
        let reason = SendRefusal::Library("closed".to_owned());
        let not_sent = Outcome::of_error(Error::NotSent { request: INSERT, reason });
        assert!(matches!(not_sent, Outcome::NotSent(SendRefusal::Library(reason)) if reason == "closed"));
    }

    /// The trades of an order that is over are waited for, and not for ever.
    #[tokio::test(start_paused = true)]
    async fn trades_are_waited_for_as_long_as_an_answer() {
        let over = || Order { volume_traded: 3, ..order(OrderPhase::Canceled) };
        let (side, placed) = placed(over());
        let begun = tokio::time::Instant::now();
        let late = placed.finished(TRADE_WAIT).await.unwrap();
        assert_eq!((late.volume_filled, begun.elapsed()), (0, TRADE_WAIT));
        let begun = tokio::time::Instant::now();
        let fills = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            tell(&side, Order { volume_filled: 3, ..over() });
        };
        let (whole, ()) = tokio::join!(placed.finished(TRADE_WAIT), fills);
        assert_eq!((whole.unwrap().volume_filled, begun.elapsed()), (3, Duration::from_secs(2)));
    }
}
