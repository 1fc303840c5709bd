//! The two APIs as Python classes, in the style that users of CTP know.

mod handle;
mod session;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ctp_sys::MdOptions;
use ctp_types::{
    FensUserInfoField, MdCallback, Record, RecordBox, ResumeType, TraderCallback, UserSystemInfoField,
    WechatUserSystemInfoField,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::delivery::Style;
use crate::{errors, library, records};
pub(crate) use handle::{Handle, Ways};
pub(crate) use session::{FlowDir, Listed, Session, list};
use session::{at_exit, close_all};

/// Seconds that closing waits unless told otherwise.
pub(crate) const CLOSE_SECONDS: f64 = 5.0;

/// Seconds that the end of the interpreter waits for handlers before it interrupts them.
const EXIT_SECONDS: f64 = 2.0;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Api>()?;
    module.add_class::<MdApi>()?;
    module.add_class::<TraderApi>()?;
    module.add_function(wrap_pyfunction!(close_all, module)?)?;
    module.add_function(wrap_pyfunction!(callback_names, module)?)?;
    module.py().import("atexit")?.call_method1("register", (wrap_pyfunction!(at_exit, module)?,))?;
    Ok(())
}

/// Returns the names of all callbacks of `kind`, `md` or `trader`.
#[pyfunction]
fn callback_names(kind: &str) -> PyResult<Vec<&'static str>> {
    match kind {
        "md" => Ok(MdCallback::ALL.iter().map(|callback| callback.name()).collect()),
        "trader" => Ok(TraderCallback::ALL.iter().map(|callback| callback.name()).collect()),
        _ => Err(PyValueError::new_err(format!("{kind:?} is neither md nor trader"))),
    }
}

/// What market data and trading have in common.
#[pyclass(frozen, subclass, name = "_Api", module = "ctp_py")]
pub(crate) struct Api {
    session: OnceLock<Arc<Session>>,
}

impl Api {
    /// Returns the session.
    ///
    /// # Errors
    ///
    /// Returns an error when a subclass did not call `__init__`.
    pub(crate) fn session(&self) -> PyResult<&Arc<Session>> {
        self.session
            .get()
            .ok_or_else(|| errors::StateError::new_err("not initialised: call super().__init__(...) first"))
    }

    fn open(&self, session: Session) -> PyResult<()> {
        self.session
            .set(Arc::new(session))
            .map_err(|_| errors::StateError::new_err("__init__ was called twice"))
    }
}

#[pymethods]
#[expect(non_snake_case, reason = "CTP's own names")]
impl Api {
    /// Registers a front address such as `tcp://180.168.146.187:10201` or `sim://demo`; repeatable.
    fn RegisterFront(&self, py: Python<'_>, address: &str) -> PyResult<()> {
        self.session()?.call(py, |handle| handle.register_front(address))
    }

    /// Registers a name server, which tells the fronts; repeatable.
    fn RegisterNameServer(&self, py: Python<'_>, address: &str) -> PyResult<()> {
        self.session()?.call(py, |handle| handle.register_name_server(address))
    }

    /// Tells the name server who asks: a `FensUserInfoField`.
    fn RegisterFensUserInfo(&self, py: Python<'_>, record: &Bound<'_, PyAny>) -> PyResult<()> {
        let session = self.session()?;
        let info: FensUserInfoField = record_of(record)?;
        session.call(py, |handle| handle.register_fens_user_info(&info))
    }

    /// Registers who receives the callbacks; without it, or after `None`, the API object itself does.
    fn RegisterSpi(&self, spi: Option<Py<PyAny>>) -> PyResult<()> {
        self.session()?.register_spi(spi)
    }

    /// Connects, and starts to deliver callbacks; returns at once.
    fn Init(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.get().session()?.init(slf.as_any())
    }

    /// Waits until the API is closed; Ctrl-C interrupts it. Returns 0.
    fn Join(&self, py: Python<'_>) -> PyResult<i32> {
        self.session()?.join(py).map(|()| 0)
    }

    /// Closes the API. C: `Release`.
    fn Release(&self, py: Python<'_>) -> PyResult<()> {
        self.close(py, CLOSE_SECONDS)
    }

    /// Ends delivery and releases the library's object; waits at most `timeout` seconds.
    ///
    /// Idempotent; may be called from a handler. Nothing is delivered after it returned.
    #[pyo3(signature = (timeout = CLOSE_SECONDS))]
    fn close(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        let timeout = Duration::try_from_secs_f64(timeout)
            .map_err(|_| PyValueError::new_err(format!("timeout {timeout} is not a number of seconds")))?;
        match self.session.get() {
            Some(session) => session.close(py, timeout),
            None => Ok(()),
        }
    }

    /// Returns the library's version as it tells it.
    fn GetApiVersion(&self) -> PyResult<String> {
        Ok(self.session()?.handle()?.version().to_string())
    }

    /// Returns the trading day as `yyyymmdd`, valid after login.
    fn GetTradingDay(&self, py: Python<'_>) -> PyResult<String> {
        self.session()?.call(py, Handle::trading_day)
    }

    /// Whether the library is our simulator.
    #[getter]
    fn is_simulator(&self) -> PyResult<bool> {
        Ok(self.session()?.handle()?.version().is_simulator())
    }

    /// Whether `close` was called.
    #[getter]
    fn is_closed(&self) -> PyResult<bool> {
        Ok(self.session()?.is_closed())
    }

    /// The directory of the library's own files.
    #[getter]
    fn flow_dir(&self) -> PyResult<PathBuf> {
        Ok(self.session()?.flow_dir())
    }

    /// How many ticks were dropped because handlers were too slow. Nothing else is ever dropped.
    #[getter]
    fn dropped_ticks(&self) -> PyResult<u64> {
        Ok(self.session()?.queue.dropped_ticks())
    }

    /// How many callbacks, ticks among them, had come and were not delivered any more when the API was closed.
    #[getter]
    fn undelivered(&self) -> PyResult<u64> {
        Ok(self.session()?.queue.undelivered())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.session.get().map_or(Ok(()), |session| session.traverse(&visit))
    }

    fn __clear__(&self) {
        if let Some(session) = self.session.get() {
            session.clear();
        }
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, py: Python<'_>, _error: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.close(py, CLOSE_SECONDS)
    }
}

/// Market data (`CThostFtdcMdApi`): subclass it, or register an object with the callbacks.
#[pyclass(frozen, subclass, extends = Api, module = "ctp_py")]
pub(crate) struct MdApi;

#[pymethods]
#[expect(non_snake_case, reason = "CTP's own names")]
impl MdApi {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(
        _arguments: &Bound<'_, PyTuple>,
        _keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Api { session: OnceLock::new() }).add_subclass(Self)
    }

    #[pyo3(signature = (library = None, flow_dir = None, production_mode = true, *, udp = false, multicast = false, version = None, tick_capacity = 16_384, spin = false))]
    #[expect(clippy::too_many_arguments, reason = "keywords of the Python constructor")]
    fn __init__(
        slf: &Bound<'_, Self>,
        library: Option<PathBuf>,
        flow_dir: Option<PathBuf>,
        production_mode: bool,
        udp: bool,
        multicast: bool,
        version: Option<&str>,
        tick_capacity: usize,
        spin: bool,
    ) -> PyResult<()> {
        if tick_capacity == 0 {
            return Err(PyValueError::new_err("tick_capacity must be at least 1"));
        }
        let py = slf.py();
        let library = library::open_md(py, library, version)?;
        let flow_dir = FlowDir::choose(flow_dir)?;
        let options = MdOptions { flow_dir: flow_dir.path().to_owned(), udp, multicast, production_mode };
        let ways = Ways { style: Style::Records, tick_capacity, spin };
        slf.as_super().get().open(Session::of_md(py, &library, flow_dir, &options, &ways)?)
    }

    /// Subscribes ticks of instruments.
    fn SubscribeMarketData(slf: &Bound<'_, Self>, instruments: Vec<String>) -> PyResult<i32> {
        instruments_call(slf, &instruments, ctp_sys::MdApi::subscribe_market_data)
    }

    /// Unsubscribes ticks of instruments.
    fn UnSubscribeMarketData(slf: &Bound<'_, Self>, instruments: Vec<String>) -> PyResult<i32> {
        instruments_call(slf, &instruments, ctp_sys::MdApi::unsubscribe_market_data)
    }

    /// Subscribes requests for quote of instruments.
    fn SubscribeForQuoteRsp(slf: &Bound<'_, Self>, instruments: Vec<String>) -> PyResult<i32> {
        instruments_call(slf, &instruments, ctp_sys::MdApi::subscribe_for_quote_rsp)
    }

    /// Unsubscribes requests for quote of instruments.
    fn UnSubscribeForQuoteRsp(slf: &Bound<'_, Self>, instruments: Vec<String>) -> PyResult<i32> {
        instruments_call(slf, &instruments, ctp_sys::MdApi::unsubscribe_for_quote_rsp)
    }
}

fn instruments_call(
    api: &Bound<'_, MdApi>,
    instruments: &[String],
    call: impl Fn(&ctp_sys::MdApi, &[&str]) -> Result<(), ctp_sys::ApiError> + Send + Sync,
) -> PyResult<i32> {
    let py = api.py();
    let ids: Vec<&str> = instruments.iter().map(String::as_str).collect();
    let called = api.as_super().get().session()?.call_md(py, |api| call(api, &ids))?;
    called.map(|()| 0).map_err(|error| errors::from_api(py, error))
}

/// Trading (`CThostFtdcTraderApi`): subclass it, or register an object with the callbacks.
#[pyclass(frozen, subclass, extends = Api, module = "ctp_py")]
pub(crate) struct TraderApi;

impl TraderApi {
    fn with<T: Send>(
        slf: &Bound<'_, Self>,
        call: impl Fn(&ctp_sys::TraderApi) -> Result<T, ctp_sys::ApiError> + Send + Sync,
    ) -> PyResult<T> {
        let called = slf.as_super().get().session()?.call_trader(slf.py(), call)?;
        called.map_err(|error| errors::from_api(slf.py(), error))
    }
}

#[pymethods]
#[expect(non_snake_case, reason = "CTP's own names")]
impl TraderApi {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(
        _arguments: &Bound<'_, PyTuple>,
        _keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Api { session: OnceLock::new() }).add_subclass(Self)
    }

    #[pyo3(signature = (library = None, flow_dir = None, production_mode = true, *, version = None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        library: Option<PathBuf>,
        flow_dir: Option<PathBuf>,
        production_mode: bool,
        version: Option<&str>,
    ) -> PyResult<()> {
        let py = slf.py();
        let library = library::open_trader(py, library, version)?;
        let flow_dir = FlowDir::choose(flow_dir)?;
        let session = Session::of_trader(py, &library, flow_dir, production_mode, Style::Records)?;
        slf.as_super().get().open(session)
    }

    /// Chooses what of the private stream is replayed at login: a `ResumeType`.
    #[pyo3(signature = (resume_type, sequence = 1))]
    fn SubscribePrivateTopic(slf: &Bound<'_, Self>, resume_type: i32, sequence: i32) -> PyResult<()> {
        let resume = resume(resume_type)?;
        Self::with(slf, |api| api.subscribe_private_topic(resume, sequence))
    }

    /// Chooses what of the public stream is replayed at login: a `ResumeType`.
    fn SubscribePublicTopic(slf: &Bound<'_, Self>, resume_type: i32) -> PyResult<()> {
        let resume = resume(resume_type)?;
        Self::with(slf, |api| api.subscribe_public_topic(resume))
    }

    /// Hands over the terminal information of the user at whose place this relay trades.
    fn RegisterUserSystemInfo(slf: &Bound<'_, Self>, record: &Bound<'_, PyAny>) -> PyResult<i32> {
        let info: UserSystemInfoField = record_of(record)?;
        Self::with(slf, |api| api.register_user_system_info(&info)).map(|()| 0)
    }

    /// Hands over the terminal information of one of many users of this relay, after login.
    fn SubmitUserSystemInfo(slf: &Bound<'_, Self>, record: &Bound<'_, PyAny>) -> PyResult<i32> {
        let info: UserSystemInfoField = record_of(record)?;
        Self::with(slf, |api| api.submit_user_system_info(&info)).map(|()| 0)
    }

    /// As `RegisterUserSystemInfo`, for a user who comes by WeChat.
    fn RegisterWechatUserSystemInfo(slf: &Bound<'_, Self>, record: &Bound<'_, PyAny>) -> PyResult<i32> {
        let info: WechatUserSystemInfoField = record_of(record)?;
        Self::with(slf, |api| api.register_wechat_user_system_info(&info)).map(|()| 0)
    }

    /// As `SubmitUserSystemInfo`, for a user who comes by WeChat.
    fn SubmitWechatUserSystemInfo(slf: &Bound<'_, Self>, record: &Bound<'_, PyAny>) -> PyResult<i32> {
        let info: WechatUserSystemInfoField = record_of(record)?;
        Self::with(slf, |api| api.submit_wechat_user_system_info(&info)).map(|()| 0)
    }

    /// Returns the front's address and, after login, its limits.
    fn GetFrontInfo<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let info = Self::with(slf, ctp_sys::TraderApi::front_info)?;
        records::to_python(slf.py(), RecordBox::new(&info))
    }
}

/// Takes a record of that kind out of a Python object.
fn record_of<R: Record>(object: &Bound<'_, PyAny>) -> PyResult<R> {
    let record = records::from_python(object)?;
    record.get().copied().ok_or_else(|| {
        let (wanted, found) = (R::DESCRIPTOR.name, record.descriptor().name);
        PyTypeError::new_err(format!("{wanted} is needed, not {found}"))
    })
}

pub(crate) fn resume(number: i32) -> PyResult<ResumeType> {
    Ok(match number {
        0 => ResumeType::Restart,
        1 => ResumeType::Resume,
        2 => ResumeType::Quick,
        3 => ResumeType::None,
        4 => ResumeType::FromSeqNo,
        _ => {
            return Err(PyValueError::new_err(format!(
                "resume type {number} is unknown; use ctp_py.ResumeType"
            )));
        }
    })
}
