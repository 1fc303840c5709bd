//! The `mini` family (CTP Mini): the same names as at the root, over [`ctp_types::mini`].
//!
//! Its libraries export the same symbols as those of `se`; their major number is 1.

crate::family::family!("mini", ctp_types::mini);
