//! The constants of the data type header under their C names.

#![allow(non_upper_case_globals, reason = "C names, so that people can search for them")]

include!(concat!(env!("OUT_DIR"), "/constants.rs"));
