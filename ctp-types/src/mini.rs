//! The `mini` family: the fast counter (CTP Mini), whose library speaks an API of its own.

crate::family::family!("mini");
