//! Façade over the CTP gateway.
