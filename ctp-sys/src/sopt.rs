//! The `sopt` family (stock options): the same names as at the root, over [`ctp_types::sopt`].
//!
//! Its libraries export their classes in namespace `ctp_sopt`; their major number is 3.

crate::family::family!("sopt", ctp_types::sopt);
