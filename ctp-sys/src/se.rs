//! The `se` family, whose names the root of the crate offers.

crate::family::family!("se", ctp_types);
