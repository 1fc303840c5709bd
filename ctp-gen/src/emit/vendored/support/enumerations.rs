//! Open enumerations: newtypes over the C character, so that a value newer than the header is kept.

use std::fmt;

/// Gives an enumeration what all have alike.
macro_rules! open_enumeration {
    ($name:ident) => {
        impl $name {
            /// Takes a C character; one that the header does not name is kept.
            #[must_use]
            pub const fn from_char(character: u8) -> Self {
                Self(character)
            }

            /// Returns the C character; `'\0'` is "not set".
            #[must_use]
            pub const fn as_char(self) -> u8 {
                self.0
            }

            /// Returns whether the value is set, that is not `'\0'`.
            #[must_use]
            pub const fn is_set(self) -> bool {
                self.0 != 0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::enumerations::debug(stringify!($name), self.name(), self.0, formatter)
            }
        }
    };
}

/// Writes `Direction::Buy`, `Direction('z')` for a value that the header lacks, `Direction(unset)`.
fn debug(
    enumeration: &str,
    value: Option<&str>,
    character: u8,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match value {
        Some(name) => write!(formatter, "{enumeration}::{name}"),
        None if character == 0 => write!(formatter, "{enumeration}(unset)"),
        None => write!(formatter, "{enumeration}({:?})", char::from(character)),
    }
}
