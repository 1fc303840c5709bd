//! What every family offers: the same names over its own records.

/// Fills a module with one family's sides, SPI traits, typed requests and aliases.
///
/// `$types` is the family's module in `ctp-types`.
macro_rules! family {
    ($family:literal, $($types:ident)::+) => {
        mod calls {
            use $($types)::+::*;
            use ctp_types::RecordRef;

            use super::{MdApi, TraderApi};
            use crate::error::ApiError;

            include!(concat!(env!("OUT_DIR"), "/", $family, "/api_calls.rs"));
        }

        mod receive {
            use $($types)::+::*;

            use super::{MdEvent, TraderEvent};

            include!(concat!(env!("OUT_DIR"), "/", $family, "/spi.rs"));
        }

        mod since {
            include!(concat!(env!("OUT_DIR"), "/", $family, "/since.rs"));
        }

        pub use receive::{MdSpi, TraderSpi, dispatch_md, dispatch_trader};

        pub use crate::{
            library::{MdOptions, TraderOptions},
            simulator::SimulatorLibraries,
        };

        /// The market data side.
        #[derive(Clone, Copy, Debug)]
        pub enum Md {}

        /// The trading side.
        #[derive(Clone, Copy, Debug)]
        pub enum Trader {}

        impl crate::Side for Md {
            type Callback = $($types)::+::MdCallback;
            type Request = $($types)::+::MdRequest;
            type RspInfo = $($types)::+::RspInfoField;
            type Spi = dyn MdSpi;
            type Options = MdOptions;

            const FAMILY: &'static str = $family;
        }

        impl crate::Side for Trader {
            type Callback = $($types)::+::TraderCallback;
            type Request = $($types)::+::TraderRequest;
            type RspInfo = $($types)::+::RspInfoField;
            type Spi = dyn TraderSpi;
            type Options = TraderOptions;

            const FAMILY: &'static str = $family;
        }

        impl crate::Trading for Trader {}

        impl crate::side::Details for Md {
            const KIND: crate::side::Kind = crate::side::Kind::Md;
            const SINCE: &'static [(&'static str, &'static str)] = since::MD;

            fn deliver(spi: &dyn MdSpi, event: MdEvent<'_>) {
                spi.deliver(event);
            }

            fn panicked(spi: &dyn MdSpi, callback: &'static str, message: &str) {
                spi.panicked(callback, message);
            }

            fn creation(options: &MdOptions) -> crate::library::Creation {
                options.into()
            }
        }

        impl crate::side::Details for Trader {
            const KIND: crate::side::Kind = crate::side::Kind::Trader;
            const SINCE: &'static [(&'static str, &'static str)] = since::TRADER;

            fn deliver(spi: &dyn TraderSpi, event: TraderEvent<'_>) {
                spi.deliver(event);
            }

            fn panicked(spi: &dyn TraderSpi, callback: &'static str, message: &str) {
                spi.panicked(callback, message);
            }

            fn creation(options: &TraderOptions) -> crate::library::Creation {
                options.into()
            }
        }

        /// A market data library, the vendor's or the simulator's.
        pub type MdLibrary = crate::Library<Md>;

        /// A trader library, the vendor's or the simulator's.
        pub type TraderLibrary = crate::Library<Trader>;

        /// A market data API object (`CThostFtdcMdApi`). Dropping it closes it.
        pub type MdApi = crate::Api<Md>;

        /// A trader API object (`CThostFtdcTraderApi`). Dropping it closes it.
        pub type TraderApi = crate::Api<Trader>;

        /// A callback of the market data API.
        pub type MdEvent<'a> = crate::Event<'a, Md>;

        /// A callback of the trader API.
        pub type TraderEvent<'a> = crate::Event<'a, Trader>;

        /// Finds the simulator's libraries of `version`, a label such as one of [`supported_versions`]: in
        /// `CTP_SIM_DIR` if it is set, else in `_sim` beside the executable, else in `target/sim` of a
        /// folder above the executable or the current directory.
        ///
        /// # Errors
        ///
        /// Returns an error that names the folders looked in and the command that builds them.
        pub fn find_simulator(version: &str) -> Result<SimulatorLibraries, crate::LoadError> {
            crate::simulator::find($family, version)
        }

        /// Returns the versions that have a model, newest first.
        pub fn supported_versions() -> impl Iterator<Item = &'static str> {
            crate::version::labels_of($family)
        }
    };
}

pub(crate) use family;
