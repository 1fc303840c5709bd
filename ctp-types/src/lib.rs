//! Records, enumerations, constants and text of the CTP API.
//!
//! The types are those of the *current model* ([`API_VERSION`]); other versions of the library are
//! converted to and from them by `ctp-sys`. Everything that stands in a vendor header is emitted from
//! the committed model by `build.rs`; what is written by hand is [`Text`], the views of type-erased
//! records ([`RecordBox`], [`RecordRef`]) and a few rules ([`price`]).

pub mod constants;
mod enumerations;
pub mod errors;
mod methods;
mod price;
mod records;
mod resume;
mod text;
#[expect(unsafe_code, reason = "views of plain data by descriptor; every block says why it is sound")]
mod view;

pub use enumerations::*;
pub use methods::*;
pub use price::{NO_PRICE, price};
pub use records::*;
pub use resume::ResumeType;
pub use text::{Text, TextError, decode, encode, until_nul};
pub use view::{RecordBox, RecordRef, SetError, Value};
