//! The `sopt` family: stock options (CTP SOPT).

crate::family::family!("sopt");
