//! `MdApi` and `TdApi` as vnpy_ctp has them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ctp_sys::MdOptions;
use ctp_types::{
    FensUserInfoField, MdCallback, Record, RecordBox, TraderCallback, UserSystemInfoField,
    WechatUserSystemInfoField,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::dict::{dict_of, record_of};
use super::request::{code, lower_first};
use crate::api::{CLOSE_SECONDS, FlowDir, Handle, Session, Ways, resume};
use crate::delivery::Style;
use crate::{errors, library};

/// What market data and trading have in common.
#[pyclass(frozen, subclass, name = "_Api", module = "ctp_py.vnpy")]
pub(super) struct Api {
    /// `None` before `createFtdc…` and after `exit`.
    session: Mutex<Option<Arc<Session>>>,
    trader: bool,
}

impl Api {
    fn new(trader: bool) -> Self {
        Self { session: Mutex::new(None), trader }
    }

    /// Returns the session.
    ///
    /// # Errors
    ///
    /// Returns an error before the API object is created.
    pub(super) fn session(&self) -> PyResult<Arc<Session>> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.clone().ok_or_else(|| {
            let name = if self.trader { "createFtdcTraderApi" } else { "createFtdcMdApi" };
            errors::StateError::new_err(format!("there is no API object: call {name} first"))
        })
    }

    fn open(&self, session: Session) -> PyResult<()> {
        let mut own = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if own.as_ref().is_some_and(|own| !own.is_closed()) {
            return Err(errors::StateError::new_err("there is an API object; call exit first"));
        }
        *own = Some(Arc::new(session));
        Ok(())
    }

    fn close(&self, py: Python<'_>) -> PyResult<i32> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match session {
            Some(session) => session.close(py, Duration::from_secs_f64(CLOSE_SECONDS)).map(|()| 1),
            None => Ok(1),
        }
    }
}

/// Reads a flow path, which people pass as text or as bytes.
fn flow_dir(path: &Bound<'_, PyAny>) -> PyResult<FlowDir> {
    let path = match path.cast::<PyBytes>() {
        Ok(bytes) => PathBuf::from(OsString::from_vec(bytes.as_bytes().to_vec())),
        Err(_) => path.extract()?,
    };
    FlowDir::choose(Some(path).filter(|path| !path.as_os_str().is_empty()))
}

/// Reads a text that people pass as `str` or as bytes.
fn text(given: &Bound<'_, PyAny>) -> PyResult<String> {
    match given.cast::<PyBytes>() {
        Ok(bytes) => Ok(ctp_types::decode(bytes.as_bytes()).into_owned()),
        Err(_) => given.extract(),
    }
}

fn typed<R: Record>(req: &Bound<'_, PyDict>) -> PyResult<R> {
    record_of(R::DESCRIPTOR, req).map(|record| record.get().copied().unwrap_or_default())
}

#[pymethods]
#[expect(non_snake_case, reason = "vnpy_ctp's own names")]
impl Api {
    /// Connects, and starts to deliver callbacks to this object.
    fn init(slf: &Bound<'_, Self>) -> PyResult<()> {
        slf.get().session()?.init(slf.as_any())
    }

    /// Waits until the API is closed.
    fn join(&self, py: Python<'_>) -> PyResult<i32> {
        self.session()?.join(py).map(|()| 0)
    }

    /// Closes the API; it never hangs, also from a callback.
    fn exit(&self, py: Python<'_>) -> PyResult<i32> {
        self.close(py)
    }

    /// As `exit`.
    fn release(&self, py: Python<'_>) -> PyResult<()> {
        self.close(py).map(drop)
    }

    fn getTradingDay(&self, py: Python<'_>) -> PyResult<String> {
        self.session()?.call(py, Handle::trading_day)
    }

    fn getApiVersion(&self) -> PyResult<String> {
        Ok(self.session()?.handle()?.version().to_string())
    }

    fn registerFront(&self, py: Python<'_>, address: &Bound<'_, PyAny>) -> PyResult<()> {
        let (session, address) = (self.session()?, text(address)?);
        session.call(py, |handle| handle.register_front(&address))
    }

    fn registerNameServer(&self, py: Python<'_>, address: &Bound<'_, PyAny>) -> PyResult<()> {
        let (session, address) = (self.session()?, text(address)?);
        session.call(py, |handle| handle.register_name_server(&address))
    }

    fn registerFensUserInfo(&self, py: Python<'_>, req: &Bound<'_, PyDict>) -> PyResult<()> {
        let (session, info) = (self.session()?, typed::<FensUserInfoField>(req)?);
        session.call(py, |handle| handle.register_fens_user_info(&info))
    }

    /// How many ticks were dropped because callbacks were too slow; vnpy_ctp's queue has no bound.
    #[getter]
    fn dropped_ticks(&self) -> PyResult<u64> {
        Ok(self.session()?.queue.dropped_ticks())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.session.try_lock() {
            Ok(session) => session.as_ref().map_or(Ok(()), |session| session.traverse(&visit)),
            Err(_) => Ok(()),
        }
    }
}

/// Market data, as `vnpy_ctp.api.MdApi`.
#[pyclass(frozen, subclass, extends = Api, name = "MdApi", module = "ctp_py.vnpy")]
pub(super) struct MdApi;

/// Calls a method that takes instruments with one, as vnpy_ctp does.
fn instrument(
    slf: &Bound<'_, MdApi>,
    instrument: &Bound<'_, PyAny>,
    call: impl Fn(&ctp_sys::MdApi, &[&str]) -> Result<(), ctp_sys::ApiError> + Send + Sync,
) -> PyResult<i32> {
    let (session, id) = (slf.as_super().get().session()?, text(instrument)?);
    code(slf.py(), session.call_md(slf.py(), |api| call(api, &[&id]))?)
}

#[pymethods]
#[expect(non_snake_case, reason = "vnpy_ctp's own names")]
impl MdApi {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(
        _arguments: &Bound<'_, PyTuple>,
        _keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Api::new(false)).add_subclass(Self)
    }

    /// Makes the API object; `path` is its own folder of files.
    #[pyo3(signature = (path, production_mode = true))]
    fn createFtdcMdApi(
        slf: &Bound<'_, Self>,
        path: &Bound<'_, PyAny>,
        production_mode: bool,
    ) -> PyResult<()> {
        let py = slf.py();
        let library = library::open_md(py, library::chosen(py, "md")?, None)?;
        let flow_dir = flow_dir(path)?;
        let options =
            MdOptions { flow_dir: flow_dir.path().to_owned(), udp: false, multicast: false, production_mode };
        let ways = Ways { style: Style::Dicts, tick_capacity: library::tick_capacity(py)?, spin: false };
        slf.as_super().get().open(Session::of_md(py, &library, flow_dir, &options, &ways)?)
    }

    fn subscribeMarketData(slf: &Bound<'_, Self>, instrumentID: &Bound<'_, PyAny>) -> PyResult<i32> {
        instrument(slf, instrumentID, ctp_sys::MdApi::subscribe_market_data)
    }

    fn unSubscribeMarketData(slf: &Bound<'_, Self>, instrumentID: &Bound<'_, PyAny>) -> PyResult<i32> {
        instrument(slf, instrumentID, ctp_sys::MdApi::unsubscribe_market_data)
    }

    fn subscribeForQuoteRsp(slf: &Bound<'_, Self>, instrumentID: &Bound<'_, PyAny>) -> PyResult<i32> {
        instrument(slf, instrumentID, ctp_sys::MdApi::subscribe_for_quote_rsp)
    }

    fn unSubscribeForQuoteRsp(slf: &Bound<'_, Self>, instrumentID: &Bound<'_, PyAny>) -> PyResult<i32> {
        instrument(slf, instrumentID, ctp_sys::MdApi::unsubscribe_for_quote_rsp)
    }
}

/// Trading, as `vnpy_ctp.api.TdApi`.
#[pyclass(frozen, subclass, extends = Api, name = "TdApi", module = "ctp_py.vnpy")]
pub(super) struct TdApi;

impl TdApi {
    fn done<T: Send>(
        slf: &Bound<'_, Self>,
        call: impl Fn(&ctp_sys::TraderApi) -> Result<T, ctp_sys::ApiError> + Send + Sync,
    ) -> PyResult<T> {
        let called = slf.as_super().get().session()?.call_trader(slf.py(), call)?;
        called.map_err(|error| errors::from_api(slf.py(), error))
    }

    fn coded(
        slf: &Bound<'_, Self>,
        call: impl Fn(&ctp_sys::TraderApi) -> Result<(), ctp_sys::ApiError> + Send + Sync,
    ) -> PyResult<i32> {
        code(slf.py(), slf.as_super().get().session()?.call_trader(slf.py(), call)?)
    }
}

#[pymethods]
#[expect(non_snake_case, reason = "vnpy_ctp's own names")]
impl TdApi {
    #[new]
    #[pyo3(signature = (*_arguments, **_keywords))]
    fn new(
        _arguments: &Bound<'_, PyTuple>,
        _keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(Api::new(true)).add_subclass(Self)
    }

    /// Makes the API object; `path` is its own folder of files.
    #[pyo3(signature = (path, production_mode = true))]
    fn createFtdcTraderApi(
        slf: &Bound<'_, Self>,
        path: &Bound<'_, PyAny>,
        production_mode: bool,
    ) -> PyResult<()> {
        let py = slf.py();
        let library = library::open_trader(py, library::chosen(py, "trader")?, None)?;
        let flow_dir = flow_dir(path)?;
        let session = Session::of_trader(py, &library, flow_dir, production_mode, Style::Dicts)?;
        slf.as_super().get().open(session)
    }

    #[pyo3(signature = (nType, nSeqNo = 1))]
    fn subscribePrivateTopic(slf: &Bound<'_, Self>, nType: i32, nSeqNo: i32) -> PyResult<()> {
        let resume = resume(nType)?;
        Self::done(slf, |api| api.subscribe_private_topic(resume, nSeqNo))
    }

    fn subscribePublicTopic(slf: &Bound<'_, Self>, nType: i32) -> PyResult<()> {
        let resume = resume(nType)?;
        Self::done(slf, |api| api.subscribe_public_topic(resume))
    }

    fn getFrontInfo<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let info = Self::done(slf, ctp_sys::TraderApi::front_info)?;
        dict_of(slf.py(), RecordBox::new(&info).as_ref())
    }

    fn registerUserSystemInfo(slf: &Bound<'_, Self>, req: &Bound<'_, PyDict>) -> PyResult<i32> {
        let info: UserSystemInfoField = typed(req)?;
        Self::coded(slf, |api| api.register_user_system_info(&info))
    }

    fn submitUserSystemInfo(slf: &Bound<'_, Self>, req: &Bound<'_, PyDict>) -> PyResult<i32> {
        let info: UserSystemInfoField = typed(req)?;
        Self::coded(slf, |api| api.submit_user_system_info(&info))
    }

    fn registerWechatUserSystemInfo(slf: &Bound<'_, Self>, req: &Bound<'_, PyDict>) -> PyResult<i32> {
        let info: WechatUserSystemInfoField = typed(req)?;
        Self::coded(slf, |api| api.register_wechat_user_system_info(&info))
    }

    fn submitWechatUserSystemInfo(slf: &Bound<'_, Self>, req: &Bound<'_, PyDict>) -> PyResult<i32> {
        let info: WechatUserSystemInfoField = typed(req)?;
        Self::coded(slf, |api| api.submit_wechat_user_system_info(&info))
    }
}

/// Adds the classes, with every callback on them, so that a subclass can call `super()`.
pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let ignore = super::ignore(py)?;
    let md = py.get_type::<MdApi>();
    for callback in MdCallback::ALL {
        md.setattr(PyString::new(py, &lower_first(callback.name())), ignore)?;
    }
    let td = py.get_type::<TdApi>();
    for callback in TraderCallback::ALL {
        td.setattr(PyString::new(py, &lower_first(callback.name())), ignore)?;
    }
    module.add("VnpyMdApi", md)?;
    module.add("VnpyTdApi", td)
}
