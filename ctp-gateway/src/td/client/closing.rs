//! Closing a position without knowing when its lots were opened.

use ctp_types::{Direction, HedgeFlag, PosiDirection};

use crate::error::{Denial, Error, Rule};
use crate::td::ledger::PositionKey;
use crate::td::offsets::{CloseFirst, split_lots};
use crate::td::{NewOrder, OrderHandle, TdClient};

/// What became of a close: one order, or two where the exchange keeps today's and earlier lots apart.
#[derive(Debug)]
#[non_exhaustive]
pub struct Closing {
    /// The orders that were sent, in this order; at least one.
    pub orders: Vec<OrderHandle>,
    /// Why the rest was not sent, if there is a rest.
    pub failure: Option<Error>,
}

impl TdClient {
    /// Closes lots of a position: the offset of `order` is of no account. Selling closes lots that were bought, buying
    /// those that were sold, of the order's purpose.
    ///
    /// SHFE and INE close today's and earlier lots by different orders (平今, 平昨), so there may be two: `first` says which
    /// lots are taken first. The other exchanges take the oldest themselves. What is free to be closed is what the gateway's own
    /// books say ([`closable`](Self::closable)), less what working orders reserve.
    ///
    /// ```no_run
    /// # async fn example(td: ctp_gateway::TdClient) -> Result<(), ctp_gateway::Error> {
    /// use ctp_gateway::td::{CloseFirst, NewOrder};
    /// use ctp_types::{Direction, OffsetFlag};
    ///
    /// let order = NewOrder::limit("rb2701", Direction::SELL, OffsetFlag::CLOSE, 5, 3_900.0);
    /// let closing = td.close_position(&order, CloseFirst::Yesterday)?;
    /// for order in &closing.orders {
    ///     order.finished().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: fewer lots are free than are to be closed, or the order breaks a rule; nothing was sent. With
    ///   `recovery = "orders"` the books know the lots of today only.
    /// - as [`place`](Self::place) for the first order. What stops the second is in [`Closing::failure`].
    pub fn close_position(&self, order: &NewOrder, first: CloseFirst) -> Result<Closing, Error> {
        // Before the lots are divided: no part of what cannot be is sent.
        let record = order.checked()?;
        let held = match record.direction {
            Direction::SELL => PosiDirection::LONG,
            _ => PosiDirection::SHORT,
        };
        let hedge = HedgeFlag::from_char(record.comb_hedge_flag.raw()[0]);
        let key = PositionKey::new(record.instrument_id, held, hedge);
        let (free, is_whole) = self.books(|books| (books.closable(&key), books.has_baseline()))?;
        let volume = record.volume_total_original;
        let parts =
            split_lots(free.is_split, free.today, free.yesterday, volume, first).map_err(|error| {
                let value = format!("{} of {}", error, record.instrument_id);
                let fix = match is_whole {
                    true => "close fewer, or cancel working orders to close first",
                    // With `recovery = "orders"` nobody asks for them.
                    false => "the books know today's lots only: place it with the offset of the lots",
                };
                Denial::new(Rule::OverClose, value, fix)
            })?;
        let mut closing = Closing { orders: Vec::with_capacity(parts.len()), failure: None };
        for (offset, lots) in parts {
            match self.place_now(&order.part(offset, lots)) {
                Ok(handle) => closing.orders.push(handle),
                Err(error) if closing.orders.is_empty() => return Err(error),
                Err(error) => {
                    closing.failure = Some(error);
                    break;
                }
            }
        }
        Ok(closing)
    }
}
