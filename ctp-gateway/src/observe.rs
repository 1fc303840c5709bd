//! What a session tells about itself while it runs.

mod repeated;

#[allow(unused_imports, reason = "whoever writes lines that repeat themselves takes it")]
pub(crate) use repeated::Repeated;
