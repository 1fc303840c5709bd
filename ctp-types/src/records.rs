//! The records of the API, and what is known about each.

use std::fmt;

use crate::{EnumerationDescriptor, Name};

/// A plain-data record of the API; all zero bytes are a valid value, and the default.
///
/// Only the emitted records implement it: [`RecordBox`](crate::RecordBox) and
/// [`RecordRef`](crate::RecordRef) rely on the descriptor telling the truth about the layout.
pub trait Record: Copy + Default + fmt::Debug + Send + Sync + sealed::Sealed + 'static {
    /// Name, size and fields.
    const DESCRIPTOR: &'static RecordDescriptor;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// What is known about a record.
#[derive(Debug)]
pub struct RecordDescriptor {
    /// Rust name, for example `InputOrderField`.
    pub name: Name,
    /// C name, for example `CThostFtdcInputOrderField`.
    pub c_name: Name,
    /// Size in bytes.
    pub size: usize,
    /// Fields in declaration order.
    pub fields: &'static [FieldDescriptor],
}

impl RecordDescriptor {
    /// Returns the field with C name or Rust name `name`.
    pub fn field(&self, name: &str) -> Option<&'static FieldDescriptor> {
        self.fields.iter().find(|field| field.c_name == name || field.name == name)
    }
}

/// What is known about a field.
#[derive(Debug)]
pub struct FieldDescriptor {
    /// Rust name, for example `instrument_id`.
    pub name: Name,
    /// C name, for example `InstrumentID`.
    pub c_name: Name,
    /// C typedef, for example `TThostFtdcInstrumentIDType`.
    pub c_type: Name,
    /// Offset in bytes.
    pub offset: usize,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it is a secret (`ctp-gen/overlay/secrets.toml`), which never reaches any output.
    pub secret: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// `char[N]`: GBK text of at most `N - 1` bytes.
    Text(usize),
    /// A character without named values.
    Char,
    /// A character of an enumeration.
    Enumeration(&'static EnumerationDescriptor),
    /// `short`.
    Short,
    /// `int`.
    Int,
    /// `unsigned int`.
    UnsignedInt,
    /// `long long`.
    LongLong,
    /// `double`.
    Double,
}

/// Asserts that the compiler lays a record out as the header does; called in constants only, so a wrong layout
/// does not compile. One call per record: an assertion per field costs a quarter of the build.
pub(crate) const fn assert_layout(descriptor: &RecordDescriptor, size: usize, offsets: &[usize]) {
    if descriptor.size != size {
        panic!("{}", descriptor.c_name.as_str());
    }
    let mut position = 0;
    while position < offsets.len() {
        if descriptor.fields[position].offset != offsets[position] {
            panic!("{}", descriptor.fields[position].c_name.as_str());
        }
        position += 1;
    }
}

/// A record, its descriptor, and the assertions of its layout.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident, $c_name:ident, $size:literal, { $($(#[$field_doc:meta])* $field:ident: $kind:ty, $c_field:ident, $c_type:ident, $offset:literal, $field_kind:expr, $secret:literal;)* }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        const _: () = $crate::records::assert_layout(
            <$name as $crate::Record>::DESCRIPTOR,
            size_of::<$name>(),
            &[$(std::mem::offset_of!($name, $field)),*],
        );

        impl $crate::records::sealed::Sealed for $name {}

        impl $crate::Record for $name {
            const DESCRIPTOR: &'static $crate::RecordDescriptor = {
                // A static, not a promoted constant: its address identifies the record.
                static DESCRIPTOR: $crate::RecordDescriptor = $crate::RecordDescriptor {
                    name: $crate::names::$name,
                    c_name: $crate::names::$c_name,
                    size: $size,
                    fields: &[$($crate::FieldDescriptor {
                        name: $crate::names::$field,
                        c_name: $crate::names::$c_field,
                        c_type: $crate::names::$c_type,
                        offset: $offset,
                        kind: $field_kind,
                        secret: $secret,
                    }),*],
                };
                &DESCRIPTOR
            };
        }

        impl Default for $name {
            fn default() -> Self {
                $crate::view::zeroed()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&$crate::RecordRef::from_record(self), formatter)
            }
        }
    };
}

pub(crate) use record;
