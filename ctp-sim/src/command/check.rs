//! Whether a command can be carried out: what names nothing is told, with what there is instead.

use ctp_market::Exchange as Venue;
use ctp_types::Text;

use crate::command::Command;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::order::Phase;

/// Why a command would do nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It names something that there is not.
    #[error("{what} {name:?} is not known; {nearest}")]
    Unknown {
        /// What kind of thing: `instrument`, `investor` …
        what: &'static str,
        /// The name.
        name: String,
        /// The nearest names that there are, as a part of the sentence.
        nearest: String,
    },
    /// A value that cannot be.
    #[error("{field} {value:?} {problem}")]
    Value {
        /// The field.
        field: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it, and what is right.
        problem: String,
    },
}

/// The nearest names that an error shows.
const NEAREST_MAX: usize = 3;

/// The most sessions or exchanges that an error lists.
const LISTED_MAX: usize = 20;

impl Exchange {
    /// Checks that a command would be carried out.
    ///
    /// # Errors
    ///
    /// Returns an error where [`step`](Self::step) would silently do nothing, which names the value.
    pub fn check_command(&self, command: &Command) -> Result<(), Refused> {
        match command {
            Command::Disconnect { session, .. }
            | Command::Silence { session, .. }
            | Command::PushAgain { session } => self.know_session(*session),
            Command::Deposit { investor, amount }
            | Command::Withdraw { investor, amount }
            | Command::Mortgage { investor, amount }
            | Command::Credit { investor, amount } => {
                check_account_name(investor)?;
                check_number("amount", *amount)
            }
            Command::RefuseOrders(command) => {
                self.check_place(command.instrument.as_deref(), command.exchange.as_deref())
            }
            Command::RefuseCancels(command) => {
                self.check_place(command.instrument.as_deref(), command.exchange.as_deref())
            }
            Command::FillOrder(command) => {
                let order = self.check_resting(&command.order)?;
                if let Some(volume) = command.volume.filter(|volume| *volume <= 0) {
                    return Err(value("volume", volume, "must be above 0"));
                }
                let instrument = &self.markets[self.orders[order].market].instrument;
                command.price.map_or(Ok(()), |price| self.check_price(&instrument.id.to_str(), price))
            }
            Command::EndOrder(command) => self.check_resting(&command.order).map(drop),
            Command::TradingRight(command) => match &command.product {
                Some(product) => self.check_product(product),
                None => Ok(()),
            },
            Command::TradingCode(command) => check_exchange(&command.exchange),
            Command::ExchangeLink(command) => check_exchange(&command.exchange),
            Command::ExchangeLimit(command) => check_exchange(&command.exchange),
            Command::Link { exchange, .. } => check_exchange(exchange),
            Command::InstrumentTrading(command) => self.know_instrument(&command.instrument),
            Command::PositionLimit(command) => self.check_product(&command.product),
            Command::CoreState(command) => match command.error {
                0 | 1 | 35 | 36 => Ok(()),
                other => Err(value("error", other, "is no state of the core: write 0, 1, 35 or 36")),
            },
            Command::Rates(rates) => {
                if !rates.is_plausible() {
                    let all = format!("{rates:?}");
                    return Err(value("rates", all, "have one that is no number from 0 to 1,000,000"));
                }
                if rates.of.is_empty() { Ok(()) } else { self.check_product(&rates.of) }
            }
            Command::Status { product, status } => {
                self.check_product(product)?;
                match status {
                    '0'..='7' => Ok(()),
                    _ => Err(value("status", status, "is no InstrumentStatus: write 0 to 7")),
                }
            }
            Command::BankTransfer { investor, amount } => {
                self.know_investor(investor)?;
                check_number("amount", *amount)
            }
            Command::Tick(tick) => self.know_instrument(&tick.instrument),
            Command::Burst { instrument, .. } => self.know_instrument(instrument),
            Command::SettlementPrice { instrument, price } => {
                self.know_instrument(instrument)?;
                self.check_price(instrument, *price)
            }
            Command::ClearFlow
            | Command::OrderLimits(_)
            | Command::ConditionalOrders(_)
            | Command::Ready { .. }
            | Command::FrontActive { .. }
            | Command::MonitoringCentre { .. }
            | Command::User { .. }
            | Command::Notice { .. }
            | Command::TradingNotice { .. }
            | Command::Bulletin { .. }
            | Command::Feed(_)
            | Command::Replay(_)
            | Command::Settle => Ok(()),
        }
    }

    /// Checks that an instrument is listed.
    ///
    /// # Errors
    ///
    /// Returns an error that names the nearest ones.
    pub fn know_instrument(&self, id: &str) -> Result<(), Refused> {
        let market = Text::new(id).ok().and_then(|id| self.market_by_id.get(&id));
        if market.is_some_and(|market| self.markets[*market].listed) {
            return Ok(());
        }
        let listed = self.markets.iter().filter(|market| market.listed);
        Err(unknown("instrument", id, listed.map(|market| market.instrument.id.to_str().into_owned())))
    }

    /// Checks that an investor has an account.
    ///
    /// # Errors
    ///
    /// Returns an error that names the nearest ones.
    pub fn know_investor(&self, id: &str) -> Result<(), Refused> {
        if Text::new(id).is_ok_and(|id| self.accounts.contains_key(&id)) {
            return Ok(());
        }
        let all = self.accounts.investors().into_iter().map(|investor| investor.to_str().into_owned());
        Err(unknown("investor", id, all))
    }

    /// Checks that a session is connected.
    ///
    /// # Errors
    ///
    /// Returns an error that lists the connected ones.
    pub fn know_session(&self, session: SessionId) -> Result<(), Refused> {
        if self.sessions.get(&session).is_some_and(|session| session.connected) {
            return Ok(());
        }
        let connected = self.sessions.iter().filter(|(_, session)| session.connected);
        let names: Vec<String> =
            connected.take(LISTED_MAX).map(|(session, _)| session.0.to_string()).collect();
        let nearest = match names.is_empty() {
            true => "none is connected".to_owned(),
            false => format!("connected: {}", names.join(", ")),
        };
        Err(Refused::Unknown { what: "session", name: session.0.to_string(), nearest })
    }

    fn check_place(&self, instrument: Option<&str>, exchange: Option<&str>) -> Result<(), Refused> {
        instrument.map_or(Ok(()), |id| self.know_instrument(id))?;
        exchange.map_or(Ok(()), check_exchange)
    }

    /// Checks that there is such a product, or such an instrument.
    fn check_product(&self, id: &str) -> Result<(), Refused> {
        let mut products: Vec<&Text<81>> = self
            .markets
            .iter()
            .filter(|market| market.listed)
            .map(|market| &market.instrument.product_id)
            .collect();
        products.dedup();
        if products.iter().any(|product| **product == *id) || self.know_instrument(id).is_ok() {
            return Ok(());
        }
        products.sort();
        products.dedup();
        Err(unknown("product", id, products.into_iter().map(|product| product.to_str().into_owned())))
    }

    fn check_price(&self, instrument: &str, price: f64) -> Result<(), Refused> {
        let market = Text::new(instrument).ok().and_then(|id| self.market_by_id.get(&id));
        let tick = market.map(|market| self.markets[*market].instrument.tick);
        match tick.map(|tick| tick.ticks(price)) {
            Some(Err(error)) => Err(value("price", price, &error.to_string())),
            _ => Ok(()),
        }
    }

    /// Returns the resting order of an OrderSysID.
    fn check_resting(&self, sys_id: &str) -> Result<usize, Refused> {
        let found = Text::new(sys_id).ok().and_then(|id| self.desk.find_sys_id(&id));
        if let Some(order) = found {
            if self.orders[order].phase == Phase::Resting {
                return Ok(order);
            }
            return Err(value("order", sys_id, "does not rest at the exchange"));
        }
        let resting = self.orders.iter().rev().filter(|order| order.phase == Phase::Resting);
        let ids: Vec<String> =
            resting.take(LISTED_MAX).map(|order| order.state.sys_id.to_str().trim().to_owned()).collect();
        let nearest = match ids.is_empty() {
            true => "no order rests".to_owned(),
            false => format!("resting: {}", ids.join(", ")),
        };
        Err(Refused::Unknown { what: "order", name: sys_id.to_owned(), nearest })
    }
}

fn check_exchange(id: &str) -> Result<(), Refused> {
    match Venue::from_id(id) {
        Some(_) => Ok(()),
        None => Err(unknown("exchange", id, Venue::ALL.into_iter().map(|venue| venue.id().to_owned()))),
    }
}

/// Checks what an account may be opened for: money comes before the first login, too.
fn check_account_name(investor: &str) -> Result<(), Refused> {
    match Text::<13>::new(investor) {
        Ok(id) if !id.is_empty() => Ok(()),
        _ => Err(value("investor", investor, "is no InvestorID: write 1 to 12 bytes")),
    }
}

fn check_number(field: &'static str, number: f64) -> Result<(), Refused> {
    if number.is_finite() { Ok(()) } else { Err(value(field, number, "is no amount of money")) }
}

fn value(field: &'static str, value: impl ToString, problem: &str) -> Refused {
    Refused::Value { field, value: value.to_string(), problem: problem.to_owned() }
}

fn unknown(what: &'static str, name: &str, known: impl Iterator<Item = String>) -> Refused {
    let mut known: Vec<(usize, String)> = known.map(|known| (distance(name, &known), known)).collect();
    known.sort();
    known.truncate(NEAREST_MAX);
    let names: Vec<String> = known.into_iter().map(|(_, name)| name).collect();
    let nearest = match names.is_empty() {
        true => "there is none yet".to_owned(),
        false => format!("the nearest: {}", names.join(", ")),
    };
    Refused::Unknown { what, name: name.to_owned(), nearest }
}

/// Returns how many characters have to be changed, added or left out to make one text the other; case hardly counts.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).map(|length| length * 2).collect();
    for (line, left) in one.chars().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], (line + 1) * 2);
        for (column, right) in other.iter().enumerate() {
            let change = match () {
                () if left == *right => 0,
                () if left.eq_ignore_ascii_case(right) => 1,
                () => 2,
            };
            let best = (diagonal + change).min(row[column] + 2).min(row[column + 1] + 2);
            diagonal = std::mem::replace(&mut row[column + 1], best);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_needs_the_fewest_changes() {
        assert_eq!((distance("rb2701", "rb2701"), distance("RB2701", "rb2701")), (0, 2));
        assert_eq!((distance("", "abc"), distance("abc", "")), (6, 6));
        let error =
            unknown("instrument", "rb2710", ["cu2701", "rb2701", "rb2705"].map(str::to_owned).into_iter());
        assert!(error.to_string().contains("the nearest: rb2701"), "{error}");
        assert!(unknown("investor", "a", std::iter::empty()).to_string().ends_with("there is none yet"));
    }
}
