//! Everything that is emitted from one model, by file name.

use super::{
    adapter, api_calls, constants, enumerations, errors, facade, methods, names, python, records, requests,
    since, spi,
};
use crate::{Api, api::ClassKind, models, overlay::Overlay};

/// A file that is emitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// Rust records, descriptors and layout assertions.
    Records,
    /// Rust enumerations.
    Enumerations,
    /// Rust constants.
    Constants,
    /// Rust identifiers of callbacks and requests.
    Methods,
    /// Rust error codes.
    Errors,
    /// Rust text of all names.
    Names,
    /// Rust SPI traits.
    Spi,
    /// Rust table of the versions in which methods came.
    Since,
    /// Rust methods for the requests.
    ApiCalls,
    /// Rust async methods for the requests of the market data session.
    MdRequests,
    /// Rust async methods for the requests of the trading session.
    TraderRequests,
    /// Rust table of the adapters' entry points.
    Adapters,
    /// The C++ client adapter.
    Adapter,
    /// The C++ market data facade.
    FacadeMd,
    /// The C++ trading facade.
    FacadeTrader,
    /// Python stub of the native module.
    PythonModule,
    /// Python stub of the enumerations.
    PythonEnums,
    /// Python stub of the constants.
    PythonConstants,
    /// Rust table of what each callback carries.
    PythonShapes,
    /// Rust tables of enumerations and constants for Python.
    PythonTables,
}

impl Output {
    /// All outputs.
    pub const ALL: [Self; 20] = [
        Self::Records,
        Self::Enumerations,
        Self::Constants,
        Self::Methods,
        Self::Errors,
        Self::Names,
        Self::Spi,
        Self::Since,
        Self::ApiCalls,
        Self::MdRequests,
        Self::TraderRequests,
        Self::Adapters,
        Self::Adapter,
        Self::FacadeMd,
        Self::FacadeTrader,
        Self::PythonModule,
        Self::PythonEnums,
        Self::PythonConstants,
        Self::PythonShapes,
        Self::PythonTables,
    ];

    /// Returns the file name; its ending tells the language.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Records => "records.rs",
            Self::Enumerations => "enumerations.rs",
            Self::Constants => "constants.rs",
            Self::Methods => "methods.rs",
            Self::Errors => "errors.rs",
            Self::Names => "names.rs",
            Self::Spi => "spi.rs",
            Self::Since => "since.rs",
            Self::ApiCalls => "api_calls.rs",
            Self::MdRequests => "md_requests.rs",
            Self::TraderRequests => "trader_requests.rs",
            Self::Adapters => "adapters.rs",
            Self::Adapter => "adapter.cpp",
            Self::FacadeMd => "facade_md.cpp",
            Self::FacadeTrader => "facade_trader.cpp",
            Self::PythonModule => "_ctp_py.pyi",
            Self::PythonEnums => "enums.pyi",
            Self::PythonConstants => "constants.pyi",
            Self::PythonShapes => "python_shapes.rs",
            Self::PythonTables => "python_tables.rs",
        }
    }

    /// Emits this output for `version`: records towards the user are those of `current`, where the output
    /// has both sides (adapter, facades); the others are of `version` alone.
    ///
    /// Rust is compact, as the compiler takes it.
    ///
    /// # Errors
    ///
    /// Returns an error that names what the model or an overlay lacks.
    pub fn emit(self, version: &Api, current: &Api, overlay: &Overlay) -> Result<String, String> {
        Ok(match self {
            Self::Records => records::rust(version, overlay),
            Self::Enumerations => enumerations::rust(version, overlay),
            Self::Constants => constants::rust(version, overlay),
            Self::Methods => methods::rust(version, overlay)?,
            Self::Errors => errors::rust(version),
            Self::Names => names::rust([version]),
            Self::Spi => spi::rust(version, overlay),
            Self::Since => {
                let family: Vec<&Api> = models::of(&version.family).collect();
                since::rust(version, &family, overlay)
            }
            Self::ApiCalls => api_calls::rust(version, overlay),
            Self::MdRequests | Self::TraderRequests => {
                let family: Vec<&Api> = models::of(&version.family).collect();
                let kind = if self == Self::MdRequests { ClassKind::MdApi } else { ClassKind::TraderApi };
                requests::rust(version, &family, overlay, kind)?
            }
            Self::Adapters => adapter::rust([version], overlay),
            Self::Adapter => adapter::cpp(version, current, overlay)?,
            Self::FacadeMd => facade::cpp(version, facade::core(current), overlay, facade::Kind::Md)?,
            Self::FacadeTrader => facade::cpp(version, facade::core(current), overlay, facade::Kind::Trader)?,
            Self::PythonModule | Self::PythonEnums | Self::PythonConstants => {
                let stubs = python::stubs(version, overlay).into_iter();
                let mut named = stubs.filter(|(name, _)| *name == self.file_name()).map(|(_, text)| text);
                named.next().ok_or_else(|| format!("no stub {} is emitted", self.file_name()))?
            }
            Self::PythonShapes => python::shapes(version),
            Self::PythonTables => python::tables(version),
        })
    }
}
