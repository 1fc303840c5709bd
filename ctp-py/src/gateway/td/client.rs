//! `TdClient`.

use std::sync::Arc;

use ctp_gateway::td::{self, CloseFirst};
use ctp_gateway::{Error, SessionState, TdConfig};
use ctp_types::{DepthMarketDataField, RecordBox};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use super::books::{AccountNow, Closable, Comparison, DayProfit, PositionNow};
use super::instructions::{Combination, Exercise, Instruction, InstructionView, Quote, SelfClose};
use super::orders::{Order, OrderView, Trade};
use super::parked::{Parked, ParkedCancel};
use super::pushes::{self, Picked};
use super::requests::{self, Requests};
use super::risk::{GateState, RiskSnapshot};
use super::{begun, event, given, new_order};
use crate::gateway::config::{self, Side};
use crate::gateway::handlers::{self, Handler, Owner};
use crate::gateway::pending::{self, Pending};
use crate::gateway::session::{Client, Session};
use crate::gateway::stream::{self, Stream};
use crate::gateway::{errors, login};
use crate::records;

impl Client for ctp_gateway::TdClient {
    type Config = TdConfig;
    const NAME: &'static str = "TdClient";

    async fn connect(config: TdConfig) -> Result<Self, Error> {
        Self::connect(config).await
    }

    async fn ready(&self) -> Result<(), Error> {
        self.ready().await.map(drop)
    }

    async fn close(&self) -> Result<(), Error> {
        self.close().await
    }
}

/// Trading: orders, what is known of them, positions, money, and every request of the trader API.
///
/// `TdClient("ctp.toml")`, `TdClient("sim://demo")`, or keywords as docs/configuration.md has them, which win over the
/// file and over the variables `CTP_…`: `TdClient("sim://demo", risk={"order_lots": 5})`. It connects with ``async with``,
/// ``with``, `connect` or `open`, and lives until it is closed or the interpreter ends.
///
/// Whatever takes time returns a `Pending`. A request leaves in the call that makes it, and never twice; what became of it
/// is `Rejected` (with proof), `Denied` (by us, before sending), `NotSent` or `Unknown`, which is never taken for a refusal.
///
/// Raises:
///     ConfigError: every problem of the configuration at once.
#[pyclass(frozen, weakref, subclass, module = "ctp_py")]
pub(crate) struct TdClient {
    session: Session<ctp_gateway::TdClient>,
    label: String,
}

impl TdClient {
    /// Returns the object of a client that a gateway owns.
    pub(in crate::gateway) fn lent(client: ctp_gateway::TdClient, owner: Arc<Owner>, label: String) -> Self {
        Self { session: Session::lent(client, owner), label }
    }

    pub(crate) fn client(&self) -> PyResult<ctp_gateway::TdClient> {
        self.session.client()
    }

    /// Starts a request of the client that brings `T`.
    fn ask<T, F>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(ctp_gateway::TdClient) -> F,
        convert: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<Py<Pending>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        begun(py, ask(self.client()?), convert)
    }

    /// Looks into the session without asking anybody.
    fn look<T: Send>(
        &self,
        py: Python<'_>,
        look: impl FnOnce(&ctp_gateway::TdClient) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let client = self.client()?;
        py.detach(|| look(&client)).map_err(|error| errors::raise(py, error))
    }
}

fn nothing(py: Python<'_>, (): ()) -> PyResult<Py<PyAny>> {
    Ok(py.None())
}

fn list(py: Python<'_>, rows: impl Iterator<Item = RecordBox>) -> PyResult<Py<PyAny>> {
    let rows = rows.map(|row| records::to_data(py, row)).collect::<PyResult<Vec<_>>>()?;
    Ok(PyList::new(py, rows)?.into_any().unbind())
}

fn one(py: Python<'_>, row: Option<RecordBox>) -> PyResult<Py<PyAny>> {
    row.map_or_else(|| Ok(py.None()), |row| Ok(records::to_data(py, row)?.unbind()))
}

/// Reads which order or instruction is meant: by itself, or by its number.
fn number_of(given: &Bound<'_, PyAny>, what: &str) -> PyResult<u64> {
    if let Ok(order) = given.cast::<OrderView>() {
        return Ok(order.get().order().id.number());
    }
    let is_number = !given.is_instance_of::<pyo3::types::PyBool>();
    let number = given.extract::<u64>().ok().filter(|_| is_number);
    number.ok_or_else(|| given::wrong_type(what, given, "give the object, or its `id`"))
}

/// What became of a close: one order, or two where the exchange keeps today's and earlier lots apart.
#[pyclass(frozen, get_all, module = "ctp_py")]
pub(crate) struct Closing {
    /// The orders that were sent, in this order; at least one.
    orders: Py<PyList>,
    /// The exception that says why the rest was not sent, if there is a rest.
    failure: Option<Py<PyAny>>,
}

impl Closing {
    fn make(py: Python<'_>, closing: td::Closing) -> PyResult<Py<PyAny>> {
        let orders =
            closing.orders.into_iter().map(|order| Order::make(py, order)).collect::<PyResult<Vec<_>>>()?;
        let failure =
            closing.failure.map(|error| errors::raise(py, error).value(py).clone().into_any().unbind());
        Ok(Py::new(py, Self { orders: PyList::new(py, orders)?.unbind(), failure })?.into_any())
    }
}

#[pymethods]
impl Closing {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        super::view::repr(slf.as_any(), &["orders", "failure"])
    }
}

#[pymethods]
impl TdClient {
    #[new]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn new(
        py: Python<'_>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let read = config::read(config.as_ref(), keywords.as_ref(), Side::Td, py)?;
        let config = read.config.td_config().map_err(|error| errors::config(py, &error))?;
        let label = format!("{}@{}", config.user_id, config::shown(&config.fronts));
        Ok(Self { session: Session::new(config, read.kept), label })
    }

    /// Makes a client, connects it and waits until it is ready: ``td = await TdClient.connect("ctp.toml")``.
    ///
    /// Raises:
    ///     ConfigError: every problem of the configuration at once.
    ///     LoginError: the login was refused; it is not repeated.
    ///     NotReady: not ready within `timeouts.ready_ms`; the client is closed.
    #[classmethod]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn connect(
        class: &Bound<'_, PyType>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        let this = class.call((config,), keywords.as_ref())?.cast_into::<Self>()?;
        this.get().session.start(class.py(), this.clone().into_any().unbind())
    }

    /// Makes a client, connects it and waits on this thread until it is ready; as `connect` otherwise.
    #[classmethod]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn open(
        class: &Bound<'_, PyType>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        Self::connect(class, config, keywords)?.get().wait(class.py(), None)
    }

    fn __aenter__(slf: &Bound<'_, Self>) -> PyResult<Py<Pending>> {
        slf.get().session.start(slf.py(), slf.clone().into_any().unbind())
    }

    #[pyo3(signature = (*_exception))]
    fn __aexit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<Py<Pending>> {
        self.close(py)
    }

    fn __enter__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        slf.get().session.start(slf.py(), slf.clone().into_any().unbind())?.get().wait(slf.py(), None)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py)?.get().wait(py, None).map(drop)
    }

    /// Waits until the session is ready, again after a broken link; the result is its `Login`.
    ///
    /// Raises:
    ///     LoginError: the login was refused; it is not repeated.
    ///     NotReady: not within `timeouts.ready_ms`; the session goes on trying.
    ///     StateError: the session was closed.
    fn ready(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        let client = self.client()?;
        pending::spawn(py, async move { client.ready().await }, |py, login| login::to_python(py, &login))
    }

    /// Closes the session; its streams and handlers end, working orders stay where they are. It may be called again, and
    /// from anywhere; ``await`` it or call ``.result()`` to wait for the end.
    ///
    /// Raises:
    ///     CloseError: the library did not stop within `timeouts.close_ms`.
    fn close(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.session.close(py)
    }

    /// Sends an order, from this thread: when the call returns the library has it. The result is the `Order`.
    ///
    /// ``td.place(NewOrder.fak("rb2701", "buy", "open", 2, 3925.0))``, or the parts and keywords of a `NewOrder`:
    /// ``td.place("rb2701", "buy", "open", 2, 3925.0, exchange="SHFE")``.
    ///
    /// A refusal by counter or exchange comes later: see `Order.accepted`.
    ///
    /// Raises:
    ///     Denied: it breaks a rule; nothing was sent.
    ///     NotSent: the session is not ready, or the library did not take it.
    #[pyo3(signature = (*parts, **more))]
    fn place(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        let order = new_order::read(parts, more)?.of_gateway();
        let client = self.client()?;
        let placed = py.detach(|| client.place_now(&order));
        pending::settled(py, placed, Order::make)
    }

    /// Cancels an order of the account, own or foreign, by itself or by its `id`, and waits until it is over. The result is
    /// how it ended: `canceled`, or `filled` if a fill won the race. A second cancel joins the first.
    ///
    /// Raises:
    ///     Denied: the order is over already or not known.
    ///     NotSent: the session is not ready, or the library did not take the request.
    ///     Rejected: counter or exchange refused to cancel; the order's events tell where it stands.
    ///     Unknown: no answer came.
    fn cancel(&self, py: Python<'_>, order: &Bound<'_, PyAny>) -> PyResult<Py<Pending>> {
        let id = td::OrderId::new(number_of(order, "order")?);
        self.ask(
            py,
            |client| async move { client.cancel(id).await },
            |py, order| Ok(Py::new(py, OrderView::then(order))?.into_any()),
        )
    }

    /// Closes lots of a position without knowing when they were opened: selling closes what was bought. SHFE and INE close
    /// today's and earlier lots by different orders, so there may be two. The result is a `Closing`.
    ///
    /// ``td.close_position("rb2701", "sell", 5, 3900.0)``, with keywords as `NewOrder` has them, or
    /// ``td.close_position(order)``, whose offset is of no account.
    ///
    /// Args:
    ///     first: which lots are taken first where the exchange lets one choose: `yesterday` or `today`.
    ///
    /// Raises:
    ///     Denied: fewer lots are free than are to be closed, or the order breaks a rule; nothing was sent.
    ///     NotSent: the session is not ready, or the library did not take the first order.
    #[pyo3(signature = (*parts, first = "yesterday", **more))]
    fn close_position(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        first: &str,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        let first = match first {
            "yesterday" => CloseFirst::Yesterday,
            "today" => CloseFirst::Today,
            _ => {
                let message = format!("first {first:?} cannot be; give \"yesterday\" or \"today\"");
                return Err(given::refused(py, "first", message));
            }
        };
        let order = if parts.len() < 2 {
            new_order::read(parts, more)?
        } else {
            // Its offset follows from what is held.
            let mut whole: Vec<_> = parts.iter().collect();
            whole.insert(2, PyString::new(py, "close").into_any());
            new_order::read(&PyTuple::new(py, whole)?, more)?
        };
        let (order, client) = (order.of_gateway(), self.client()?);
        let closed = py.detach(|| client.close_position(&order, first));
        pending::settled(py, closed, Closing::make)
    }

    /// Sends a market maker's quote (报价); the result is an `Instruction`, whose `orders` are its two sides.
    ///
    /// Raises:
    ///     Denied: it breaks a rule; nothing was sent.
    ///     NotSent: the session is not ready, or the library did not take it.
    fn quote(&self, py: Python<'_>, quote: &Bound<'_, Quote>) -> PyResult<Py<Pending>> {
        let wish = quote.get().of_gateway();
        self.ask(py, |client| async move { client.quote(wish).await }, Instruction::make)
    }

    /// Declares the exercise of an option, or gives it up (行权, 放弃行权); as `quote`.
    fn exercise(&self, py: Python<'_>, exercise: &Bound<'_, Exercise>) -> PyResult<Py<Pending>> {
        let wish = exercise.get().of_gateway();
        self.ask(py, |client| async move { client.exercise(wish).await }, Instruction::make)
    }

    /// Sets positions of options, or the futures they turn into, off against each other (期权自对冲); as `quote`.
    fn self_close(&self, py: Python<'_>, wish: &Bound<'_, SelfClose>) -> PyResult<Py<Pending>> {
        let wish = wish.get().of_gateway();
        self.ask(py, |client| async move { client.self_close(wish).await }, Instruction::make)
    }

    /// Makes two positions one combination, or splits one (组合申请); as `quote`.
    fn combine(&self, py: Python<'_>, wish: &Bound<'_, Combination>) -> PyResult<Py<Pending>> {
        let wish = wish.get().of_gateway();
        self.ask(py, |client| async move { client.combine(wish).await }, Instruction::make)
    }

    /// Withdraws an instruction of the account, by itself or by its `id`, and waits until it is over.
    ///
    /// Raises:
    ///     Denied: it is over already, not known, or a combination, which is undone by another instruction.
    ///     NotSent: the session is not ready, or the library did not take the request.
    ///     Rejected: counter or exchange refused it; the instruction's events tell where it stands.
    ///     Unknown: no answer came.
    fn cancel_instruction(&self, py: Python<'_>, instruction: &Bound<'_, PyAny>) -> PyResult<Py<Pending>> {
        let id = match instruction.cast::<InstructionView>() {
            Ok(instruction) => instruction.get().instruction().id,
            Err(_) if instruction.is_instance_of::<OrderView>() => {
                let fix = "give an instruction, or its `id`";
                return Err(given::wrong_type("instruction", instruction, fix));
            }
            Err(_) => td::InstructionId::new(number_of(instruction, "instruction")?),
        };
        self.ask(
            py,
            |client| async move { client.cancel_instruction(id).await },
            |py, instruction| Ok(Py::new(py, InstructionView::then(instruction))?.into_any()),
        )
    }

    /// Cancels all orders of this session at an exchange with one request (批量撤单; DCE, for market makers). The result is a
    /// `Sent`; the events of the orders tell what became of each.
    ///
    /// Raises:
    ///     Denied: the exchange's name does not fit.
    ///     NotSent: the session cannot be used, or the library did not take it.
    fn cancel_batch(&self, py: Python<'_>, exchange_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.cancel_batch(&exchange_id).await },
            |py, sent| Ok(Py::new(py, requests::Sent::new(sent))?.into_any()),
        )
    }

    /// Parks an order in the counter (预埋单): it is sent when the product begins to trade. It takes what `place` takes; the
    /// result is a `Parked`.
    ///
    /// Raises:
    ///     Denied: it breaks a rule, or is conditional, or a combination; nothing was sent.
    ///     NotSent: the session is not ready, or the library did not take it.
    ///     Rejected: the counter did not take it.
    ///     Unknown: no answer came; `parked_orders` tells.
    #[pyo3(signature = (*parts, **more))]
    fn park(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        let order = new_order::read(parts, more)?.of_gateway();
        self.ask(py, |client| async move { client.park(order).await }, Parked::make)
    }

    /// Parks the cancel of an order in the counter (预埋撤单); the result is a `ParkedCancel`. As `park` otherwise.
    fn park_cancel(&self, py: Python<'_>, order: &Bound<'_, OrderView>) -> PyResult<Py<Pending>> {
        let order = order.get().order();
        self.ask(py, |client| async move { client.park_cancel(&order).await }, ParkedCancel::make)
    }

    /// Asks for the parked orders of the account, as `data.ParkedOrder`, also those that were sent or removed.
    fn parked_orders(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.parked_orders().await },
            |py, rows| list(py, rows.iter().map(RecordBox::new)),
        )
    }

    /// Asks for the parked cancels of the account, as `data.ParkedOrderAction`.
    fn parked_cancels(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.parked_cancels().await },
            |py, rows| list(py, rows.iter().map(RecordBox::new)),
        )
    }

    /// Every request of the trader API. The queries are methods of the client, too: `td.query_trading_account()`.
    #[getter]
    fn requests(&self) -> PyResult<Requests> {
        Ok(Requests::new(self.client()?))
    }

    /// Returns all instruments, as `data.Instrument`: those that this or an earlier session of the trading day queried, else it
    /// queries them. Afterwards orders are checked against them, and need no `exchange`.
    fn instruments(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.instruments().await },
            |py, rows| list(py, rows.iter().map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Queries one instrument, as `data.Instrument`; `None` if there is none with this id.
    fn instrument(&self, py: Python<'_>, instrument_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.instrument(&instrument_id).await },
            |py, row| one(py, row.map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Returns the account's margin rate of an instrument, for speculation, as `data.InstrumentMarginRate`; asked once a
    /// trading day.
    fn margin_rate(&self, py: Python<'_>, instrument_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.margin_rate(&instrument_id).await },
            |py, row| one(py, row.map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Returns what the account pays for trades of an instrument, as `data.InstrumentCommissionRate`; asked once a trading day.
    fn commission_rate(&self, py: Python<'_>, instrument_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.commission_rate(&instrument_id).await },
            |py, row| one(py, row.map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Queries the counter's last snapshot of an instrument, with its daily limits, as `data.DepthMarketData`; `None` if
    /// there is none.
    fn snapshot(&self, py: Python<'_>, instrument_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.snapshot(&instrument_id).await },
            |py, row| one(py, row.map(|tick| RecordBox::new(&tick.record))),
        )
    }

    /// Queries the money of the account, as `data.TradingAccount`, one row per currency. For the gateway's own books, without
    /// a query, see `account_now`.
    fn account(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.account().await },
            |py, rows| list(py, rows.iter().map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Queries the positions, as `data.InvestorPosition`. For the gateway's own books, without a query, see `positions_now`.
    fn positions(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.positions().await },
            |py, rows| list(py, rows.iter().map(|row| RecordBox::new(&*row.record))),
        )
    }

    /// Queries the orders of the trading day, of all sessions of the account, as `OrderView`.
    fn orders(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.orders().await },
            |py, rows| {
                let rows = rows.into_iter().map(OrderView::then).map(|row| Py::new(py, row));
                Ok(PyList::new(py, rows.collect::<PyResult<Vec<_>>>()?)?.into_any().unbind())
            },
        )
    }

    /// Queries the trades of the trading day, as `Trade`.
    fn trades(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.trades().await },
            |py, rows| {
                let rows = rows.into_iter().map(|row| Py::new(py, Trade::new(Arc::new(row), None)));
                Ok(PyList::new(py, rows.collect::<PyResult<Vec<_>>>()?)?.into_any().unbind())
            },
        )
    }

    /// Queries the settlement statement of a day (`yyyymmdd`) or month (`yyyymm`), or the last one; `None` if there is none.
    #[pyo3(signature = (period = String::new()))]
    fn settlement_text(&self, py: Python<'_>, period: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.settlement_text(&period).await },
            |py, text| Ok(text.into_pyobject(py)?.unbind()),
        )
    }

    /// Returns a stream of `TdEvent` from now on, of all sessions of the account. None is ever dropped.
    fn events(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.events(), event::to_python)
    }

    /// Returns a stream of every callback from now on, as it came: `RawEvent`. None is ever dropped.
    fn raw_events(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.raw_events(), pushes::raw)
    }

    /// Returns a stream of the changes of products' trading phases from now on, as `data.InstrumentStatus`.
    fn instrument_statuses(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.instrument_statuses(), |py, row| one(py, Some(RecordBox::new(&row))))
    }

    /// Returns a stream of the exchanges' bulletins from now on, as `data.Bulletin`.
    fn bulletins(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.bulletins(), |py, row| one(py, Some(RecordBox::new(&row))))
    }

    /// Returns a stream of the broker's notices about trading from now on, as `data.TradingNoticeInfo`.
    fn trading_notices(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.trading_notices(), |py, row| one(py, Some(RecordBox::new(&row))))
    }

    /// Returns a stream of the requests for quotes that market makers are told, from now on, as `data.ForQuoteRsp`.
    fn quote_requests(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.quote_requests(), |py, row| one(py, Some(RecordBox::new(&row))))
    }

    /// Calls `function` with an `OrderView` whenever an order of the account changes, also by a trade. It may be used as a
    /// decorator. What it raises goes to `on_error`, else to the log `ctp_py`. Returns the `Handler`.
    fn on_order(&self, py: Python<'_>, function: Bound<'_, PyAny>) -> PyResult<Py<Handler>> {
        let orders = Picked::new(self.client()?.events(), pushes::changed_order);
        let convert = |py: Python<'_>, order| Ok(Py::new(py, order)?.into_any());
        handlers::add(py, self.session.owner()?, "on_order", orders, convert, function)
    }

    /// Calls `function` with every `Trade` of the account, once per fill; as `on_order`.
    fn on_trade(&self, py: Python<'_>, function: Bound<'_, PyAny>) -> PyResult<Py<Handler>> {
        let trades = Picked::new(self.client()?.events(), pushes::told_trade);
        let convert = |py: Python<'_>, trade| Ok(Py::new(py, trade)?.into_any());
        handlers::add(py, self.session.owner()?, "on_trade", trades, convert, function)
    }

    /// Calls `function` with every `TdEvent`; as `on_order`.
    fn on_event(&self, py: Python<'_>, function: Bound<'_, PyAny>) -> PyResult<Py<Handler>> {
        let events = self.client()?.events();
        handlers::add(py, self.session.owner()?, "on_event", events, event::to_python, function)
    }

    /// Calls `function` with the name of the handler and the exception whenever a handler of this client raises one.
    /// Without it they are logged as errors of `ctp_py`. Returns the function.
    fn on_error<'py>(&self, function: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        handlers::check_function("on_error", &function)?;
        self.session.owner()?.set_on_error(Some(function.clone().unbind()));
        Ok(function)
    }

    /// Returns the positions by the gateway's own books, without asking anybody; those that are flat by now with 0 lots.
    fn positions_now(&self, py: Python<'_>) -> PyResult<Vec<PositionNow>> {
        let positions = self.look(py, ctp_gateway::TdClient::positions_now)?;
        Ok(positions.iter().map(PositionNow::from).collect())
    }

    /// Returns the money of the account by the gateway's own books, without asking anybody.
    fn account_now(&self, py: Python<'_>) -> PyResult<AccountNow> {
        Ok((&self.look(py, ctp_gateway::TdClient::account_now)?).into())
    }

    /// Returns the profit of the trading day by the gateway's own books.
    fn day_profit(&self, py: Python<'_>) -> PyResult<DayProfit> {
        Ok((&self.look(py, ctp_gateway::TdClient::day_profit)?).into())
    }

    /// Returns what can be closed of a speculative position: what is held, less what working orders reserve.
    ///
    /// Args:
    ///     side: `long` or `short`, or a member of `enums.PosiDirection`.
    fn closable(&self, py: Python<'_>, instrument_id: &str, side: &Bound<'_, PyAny>) -> PyResult<Closable> {
        let side = given::word("side", side, given::SIDES)?;
        Ok((&self.look(py, |client| client.closable(instrument_id, side))?).into())
    }

    /// Tells the session a price: profits and the checks of orders follow it. A `Gateway` does so with every tick of its own.
    ///
    /// Args:
    ///     tick: a `Tick`, a `data.DepthMarketData` or a `DepthMarketDataField`.
    fn mark(&self, py: Python<'_>, tick: &Bound<'_, PyAny>) -> PyResult<()> {
        let record = match tick.cast::<crate::gateway::tick::Tick>() {
            Ok(tick) => *tick.get().market_data(),
            Err(_) => {
                let record = records::from_python(tick)?;
                *record.get::<DepthMarketDataField>().ok_or_else(|| {
                    PyTypeError::new_err(format!("a tick is needed, not {}", record.descriptor().name))
                })?
            }
        };
        let client = self.client()?;
        py.detach(|| client.mark_record(&record));
        Ok(())
    }

    /// Returns what the risk gate counts at this moment.
    fn risk(&self, py: Python<'_>) -> PyResult<RiskSnapshot> {
        Ok((&self.look(py, ctp_gateway::TdClient::risk)?).into())
    }

    /// Throws the kill switch: from now on no order passes, and all working orders of this client are cancelled as fast as the
    /// pace allows. It stays on over reconnects, trading days and, with a journal, restarts, until `release`.
    fn kill(&self, py: Python<'_>, reason: String) -> PyResult<()> {
        self.look(py, |client| client.kill(reason))
    }

    /// Turns the kill switch off. Nothing is sent.
    fn release(&self, py: Python<'_>) -> PyResult<()> {
        self.look(py, ctp_gateway::TdClient::release)
    }

    /// Whether the kill switch is on.
    #[getter]
    fn is_killed(&self) -> PyResult<bool> {
        Ok(self.client()?.is_killed())
    }

    /// Whether new orders may leave, and why not.
    #[getter]
    fn gate(&self) -> PyResult<GateState> {
        let gate = *self.client()?.gate().borrow();
        Ok((&gate).into())
    }

    /// Waits until new orders may leave; the result is the `GateState`.
    ///
    /// Raises:
    ///     StateError: the session ended before.
    fn gate_open(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        let mut gate = self.client()?.gate();
        let wait = async move {
            let opened = gate.wait_for(|gate| gate.is_open()).await.map(|gate| *gate);
            opened.map_err(|_| Error::Closed)
        };
        pending::spawn(py, wait, |py, gate| Ok(Py::new(py, GateState::from(&gate))?.into_any()))
    }

    /// Compares the gateway's own positions and money with the counter's, now; the result is a `Comparison`.
    ///
    /// Raises:
    ///     NotSent: the session is not ready, or the counter does not answer.
    fn reconcile(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.reconcile().await },
            |py, found| Ok(Py::new(py, Comparison::from(&found))?.into_any()),
        )
    }

    /// Takes the counter's word for what differs, and opens the gate if nothing else closes it.
    ///
    /// Raises:
    ///     NotSent: the session is not logged in.
    fn accept_differences(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(py, |client| async move { client.accept_differences().await }, nothing)
    }

    /// Changes the user's password, and logs in with it from then on. The configuration is not changed: give it the new one.
    ///
    /// Raises:
    ///     Denied: the password does not fit; nothing was sent.
    ///     Rejected: the counter refused it, for example as too weak (131, 132).
    ///     Unknown: no answer came: either password may be right.
    fn change_password(&self, py: Python<'_>, new: String) -> PyResult<Py<Pending>> {
        self.ask(py, |client| async move { client.change_password(new).await }, nothing)
    }

    /// Asks the counter to send a code by text message, while the login waits for one.
    ///
    /// Raises:
    ///     NotSent: the login does not wait for a code.
    ///     Rejected: the counter refused it, for example because the number is not the user's (6014).
    ///     Unknown: no answer came; the message may come all the same.
    fn request_sms_code(&self, py: Python<'_>, mobile: String) -> PyResult<Py<Pending>> {
        self.ask(py, |client| async move { client.request_sms_code(mobile).await }, nothing)
    }

    /// Goes on with a login that waits for a code by text message; `ready` tells how it ends.
    ///
    /// Raises:
    ///     Denied: the code does not fit.
    ///     NotSent: the login does not wait for one.
    fn log_in_with_sms_code(&self, py: Python<'_>, code: String) -> PyResult<Py<Pending>> {
        self.ask(py, |client| async move { client.log_in_with_sms_code(code).await }, nothing)
    }

    /// Where the session stands: `connecting`, `logging in`, `recovering`, `ready`, `reconnecting`, `faulted`, `closed` and
    /// so on; `new` before it is connected.
    #[getter]
    fn state(&self) -> PyResult<&'static str> {
        self.session.state_name(|client| client.state().borrow().name())
    }

    /// Where the session stands in words, with the reason.
    #[getter]
    fn state_text(&self) -> PyResult<String> {
        self.session.state_name(|client| client.state().borrow().to_string())
    }

    /// What the last login answered; `None` while the session cannot be used.
    #[getter]
    fn login(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let state = self.client()?.state().borrow().clone();
        match state {
            SessionState::Ready(login) | SessionState::Recovering(login) => {
                login::to_python(py, &login).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Returns how the session is as a `dict`: state, link, what waits, requests by outcome. It costs the session nothing.
    fn health(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        login::plain(py, &self.client()?.health())
    }

    /// Whether the library is the simulator, where orders cost nothing.
    #[getter]
    fn is_simulator(&self) -> PyResult<bool> {
        Ok(self.client()?.is_simulator())
    }

    /// The library's version.
    #[getter]
    fn library_version(&self) -> PyResult<String> {
        Ok(self.client()?.library_version().to_owned())
    }

    fn __repr__(&self) -> PyResult<String> {
        Ok(format!("<ctp_py.TdClient {} {}>", self.label, self.state()?))
    }
}
