//! The text of all names, and a constant for the place of each, which is called as the name itself.
#![allow(non_upper_case_globals, reason = "the names are CTP's")]
#![allow(dead_code, reason = "a typedef brings its short name, too, and not all of them are enumerations")]

include!(concat!(env!("OUT_DIR"), "/names.rs"));
