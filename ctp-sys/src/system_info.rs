//! Terminal information (终端信息) for relay clients: what `DataCollect.h` declares.
//!
//! The collector reads what identifies the machine and encrypts it for the exchange's supervision. A client
//! that trades through a relay (中继) collects it on the end user's machine and hands it on in
//! `RegisterUserSystemInfo` or `SubmitUserSystemInfo`; a direct client needs none of this, because the trader
//! library collects inside `ReqUserLogin`.
//!
//! The collector runs `dmidecode` and `lshw` and reads block devices. Without root it collects less and says so in its
//! return code, and what those programs print to stdout and stderr stays theirs. A login is not refused
//! for what is missing.

mod missing;
#[cfg(test)]
mod tests;

use std::{
    ffi::{CStr, c_char, c_int},
    fmt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use ctp_types::Text;

pub use self::missing::Missing;
use crate::{error::LoadError, library::said_by_linker, platform};

/// Collects terminal information with the library at `path`: the collector that is delivered beside a
/// trader library (`LinuxDataCollect.so`), or a trader library itself, which has it built in.
///
/// # Trust
///
/// Loading and collecting run the library's own code.
///
/// # Errors
///
/// Returns an error when the library is not there, not loadable or not a collector, and when what it
/// returns cannot be terminal information.
pub fn system_info(path: impl AsRef<Path>) -> Result<SystemInfo, SystemInfoError> {
    DataCollect::open(path)?.system_info()
}

/// What a collector made of this machine: encrypted bytes, and what it could not find.
///
/// The bytes identify the machine, so `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct SystemInfo {
    bytes: Box<[u8]>,
    missing: Missing,
}

/// A loaded collector.
#[derive(Clone, Debug)]
pub struct DataCollect {
    path: PathBuf,
    version: Option<Box<str>>,
    collect: Collect,
}

/// Why there is no terminal information.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SystemInfoError {
    /// The library was not opened.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The library reports a length that is none.
    #[error("{} reports {length} bytes of terminal information, not 1 to {capacity}; update it", path.display())]
    BadLength {
        /// The library.
        path: PathBuf,
        /// The length.
        length: i64,
        /// The longest that is possible.
        capacity: usize,
    },
    /// The information is longer than the record's field.
    #[error("{length} bytes of terminal information do not fit {record}, which holds {capacity}")]
    DoesNotFit {
        /// C name of the record.
        record: &'static str,
        /// Bytes of the information.
        length: usize,
        /// Bytes that the record holds.
        capacity: usize,
    },
}

/// A record that carries terminal information to the front.
pub trait SystemInfoRecord {
    /// Puts `info` into the record; on error the record stays as it was.
    ///
    /// # Errors
    ///
    /// Returns an error when the information is longer than the field.
    fn set_system_info(&mut self, info: &SystemInfo) -> Result<(), SystemInfoError>;
}

/// The right to collect. While it lives nobody else in the process collects by way of this crate.
#[derive(Debug)]
pub struct CollectorTurn(#[expect(dead_code, reason = "held for its drop")] MutexGuard<'static, ()>);

/// Waits for the right to collect, which one thread of a process has at a time.
///
/// The vendor's collector is not thread-safe, and a trader library runs it inside `ReqUserLogin`: hold this
/// around a login. [`DataCollect::system_info`] takes it by itself.
pub fn collector_turn() -> CollectorTurn {
    static COLLECTOR: Mutex<()> = Mutex::new(());
    CollectorTurn(COLLECTOR.lock().unwrap_or_else(PoisonError::into_inner))
}

impl DataCollect {
    /// Loads the collector at `path`.
    ///
    /// # Trust
    ///
    /// Loading runs the library's own code. File and symbols are checked before any call.
    ///
    /// # Errors
    ///
    /// Returns what the file is not: there, loadable, a collector. With feature `link` only the linked trader
    /// library is one; any other is refused as [`LoadError::Linked`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::open_with(path.as_ref(), &platform::COLLECTOR)
    }

    /// Loads the collector at `path` with the keys of evaluation (评测) fronts, which trader libraries
    /// since 6.7.11 have beside the production keys.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); a library without evaluation keys is not a collector.
    pub fn open_evaluation(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::open_with(path.as_ref(), &platform::EVALUATION_COLLECTOR)
    }

    fn open_with(path: &Path, symbols: &platform::CollectorSymbols) -> Result<Self, LoadError> {
        let path =
            path.canonicalize().map_err(|source| LoadError::NotFound { path: path.to_owned(), source })?;
        // The linked library exports the names that a collector's own parts call each other by.
        #[cfg(feature = "link")]
        crate::library::refuse_beside_linked(&path)?;
        let library = platform::open(&path)
            .map_err(|error| LoadError::NotLoadable { path: path.clone(), reason: said_by_linker(&error) })?;
        // SAFETY: the mangled name says that it takes `char *` and `int &`, and the vendor's header that it
        // returns `int`. The library is never unloaded.
        let collect = unsafe { library.get::<Collect>(symbols.collect.to_bytes_with_nul()) };
        let Ok(collect) = collect else {
            return Err(LoadError::NotCtp {
                path,
                expected: "terminal information",
                symbol: symbols.collect.to_string_lossy().into_owned(),
                hint: "",
            });
        };
        // SAFETY: the mangled name says that it takes nothing, and the vendor's header that it returns a C
        // string constant.
        let version = unsafe {
            library.get::<GetVersion>(symbols.version.to_bytes_with_nul()).ok().map(|version| version())
        };
        let version = version.filter(|version| !version.is_null()).map(|version| {
            // SAFETY: it is not null; the vendor's header says that it is a C string constant.
            unsafe { CStr::from_ptr(version) }.to_string_lossy().trim().into()
        });
        Ok(Self { path, version, collect: *collect })
    }

    /// Returns what the collector says of itself, for example `sfit_pro_1.0_20260225_12079`: kind of keys,
    /// their version, date of the build. Collectors before 6.6.7 say nothing.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns whether the collector says in full what it could not collect: those that tell their version
    /// do. Older ones say at most *that* something is missing.
    pub fn tells_missing(&self) -> bool {
        self.version.is_some()
    }

    /// Returns the path that was loaded, with links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Collects, which takes some tens of milliseconds. One thread of a process collects at a time
    /// ([`collector_turn`]); others wait.
    ///
    /// # Errors
    ///
    /// Returns an error when the collector reports a length that cannot be.
    pub fn system_info(&self) -> Result<SystemInfo, SystemInfoError> {
        let mut buffer = [0; CAPACITY];
        let (length, code) = {
            let _turn = collector_turn();
            collect_into(self.collect, &mut buffer)
        };
        match usize::try_from(length)
            .ok()
            .filter(|length| *length > 0)
            .and_then(|length| buffer.get(..length))
        {
            Some(bytes) => Ok(SystemInfo { bytes: bytes.into(), missing: Missing::from_code(code) }),
            None => Err(SystemInfoError::BadLength {
                path: self.path.clone(),
                length: length.into(),
                capacity: CAPACITY,
            }),
        }
    }
}

impl SystemInfo {
    /// Returns the encrypted bytes, NULs among them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns what could not be collected.
    pub fn missing(&self) -> Missing {
        self.missing
    }

    /// Puts the information into a record: its exact bytes and their number.
    ///
    /// # Errors
    ///
    /// Returns an error when the information is longer than the record's field.
    pub fn write_to(&self, record: &mut impl SystemInfoRecord) -> Result<(), SystemInfoError> {
        record.set_system_info(self)
    }
}

impl fmt::Debug for SystemInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SystemInfo")
            .field("length", &self.bytes.len())
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

macro_rules! system_info_record {
    ($record:ty) => {
        impl SystemInfoRecord for $record {
            fn set_system_info(&mut self, info: &SystemInfo) -> Result<(), SystemInfoError> {
                let length = info.bytes.len();
                let does_not_fit = |capacity| SystemInfoError::DoesNotFit {
                    record: <$record as ctp_types::Record>::DESCRIPTOR.name.as_str(),
                    length,
                    capacity,
                };
                let capacity = self.client_system_info.raw().len();
                let bytes = Text::from_raw(&info.bytes).map_err(|_| does_not_fit(capacity))?;
                self.client_system_info_len = c_int::try_from(length).map_err(|_| does_not_fit(capacity))?;
                self.client_system_info = bytes;
                Ok(())
            }
        }
    };
}

system_info_record!(ctp_types::UserSystemInfoField);
system_info_record!(ctp_types::sopt::UserSystemInfoField);

/// The headers demand at least 270 bytes, the vendor's samples use 344; this is beyond both.
const CAPACITY: usize = 4096;

type Collect = unsafe extern "C" fn(*mut c_char, *mut c_int) -> c_int;
type GetVersion = unsafe extern "C" fn() -> *const c_char;

/// Returns the length that the collector reports, and its return code.
fn collect_into(collect: Collect, buffer: &mut [u8; CAPACITY]) -> (c_int, c_int) {
    let mut length = 0;
    // SAFETY: the buffer is longer than the vendor's header demands (a test shows that nothing is written
    // beyond 344 bytes), and both pointers live during the call.
    let code = unsafe { collect(buffer.as_mut_ptr().cast(), &raw mut length) };
    (length, code)
}
