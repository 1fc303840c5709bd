//! What every family consists of: the same modules, filled with the text emitted from its current model.

/// Fills a module with the records, enumerations, methods, constants and error codes of one family.
macro_rules! family {
    ($family:literal) => {
        mod enumerations {
            use crate::{Enumeration, EnumerationDescriptor, enumerations::enumeration};

            include!(concat!(env!("OUT_DIR"), "/", $family, "/enumerations.rs"));

            /// Returns the descriptors of all enumerations, in header order.
            pub fn enumeration_descriptors() -> &'static [&'static EnumerationDescriptor] {
                ALL
            }
        }

        mod records {
            use super::enumerations::*;
            use crate::{Enumeration, FieldKind, Record, RecordDescriptor, Text, records::record};

            include!(concat!(env!("OUT_DIR"), "/", $family, "/records.rs"));

            /// Returns the descriptors of all records, in header order.
            pub fn record_descriptors() -> &'static [&'static RecordDescriptor] {
                ALL
            }
        }

        mod methods {
            use super::records::*;
            use crate::{
                Record,
                methods::{callbacks, requests},
            };

            include!(concat!(env!("OUT_DIR"), "/", $family, "/methods.rs"));
        }

        /// The constants of the data type header under their C names.
        #[allow(non_upper_case_globals, reason = "C names, so that people can search for them")]
        pub mod constants {
            include!(concat!(env!("OUT_DIR"), "/", $family, "/constants.rs"));
        }

        /// `RspInfo.ErrorID`: codes and the vendor's symbols (`error.xml`).
        pub mod errors {
            use crate::{Name, names};

            include!(concat!(env!("OUT_DIR"), "/", $family, "/errors.rs"));

            /// Returns the vendor's symbol of an ErrorID, or `None` for a code newer than the model.
            pub fn symbol(code: i32) -> Option<&'static str> {
                SYMBOLS
                    .binary_search_by_key(&code, |(known, _)| *known)
                    .ok()
                    .map(|position| SYMBOLS[position].1.as_str())
            }
        }

        pub use enumerations::*;
        pub use methods::*;
        pub use records::*;
    };
}

pub(crate) use family;
