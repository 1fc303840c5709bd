//! Records, enumerations, constants and text of the CTP API.
//!
//! The types are those of the *current model* of each family; other versions of the library are
//! converted to and from them by `ctp-sys`. The root is the `se` family ([`API_VERSION`]); [`mini`] and
//! [`sopt`] have the same shape, and what has no family (traits, descriptors, text) is the root's. Everything that stands in a vendor header is emitted from
//! the committed model by `build.rs`; what is written by hand is [`Text`], the views of type-erased
//! records ([`RecordBox`], [`RecordRef`]) and a few rules ([`price`]).

mod enumerations;
mod family;
mod methods;
pub mod mini;
mod name;
mod names;
mod price;
mod records;
mod resume;
mod se;
pub mod sopt;
mod text;
#[expect(unsafe_code, reason = "views of plain data by descriptor; every block says why it is sound")]
mod view;

pub use enumerations::{Enumeration, EnumerationDescriptor};
pub use methods::{Callback, Request, RequestKind};
pub use name::Name;
pub use price::{NO_PRICE, price};
pub use records::{FieldDescriptor, FieldKind, Record, RecordDescriptor};
pub use resume::ResumeType;
pub use se::*;
pub use text::{Text, TextError, decode, encode, until_nul};
pub use view::{RecordBox, RecordRef, SetError, Spans, Value};
