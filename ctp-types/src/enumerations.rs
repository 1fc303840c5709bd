//! Open enumerations: newtypes over the C character, so that a value newer than the header is kept.

use std::fmt;

use crate::Name;

/// An enumeration of the API: one character, with the values that the header knows.
pub trait Enumeration: Copy + Eq + Default + fmt::Debug + 'static {
    /// Its names and values.
    const DESCRIPTOR: &'static EnumerationDescriptor;

    /// Returns the value for a C character.
    fn from_char(character: u8) -> Self;

    /// Returns the C character.
    fn as_char(self) -> u8;
}

/// Names and values of an enumeration.
#[derive(Debug)]
pub struct EnumerationDescriptor {
    /// Rust name, for example `OrderStatus`.
    pub name: Name,
    /// C typedef, for example `TThostFtdcOrderStatusType`.
    pub c_name: Name,
    /// C constant, short name and character of each value, in header order.
    pub values: &'static [(Name, Name, u8)],
}

impl EnumerationDescriptor {
    /// Returns the short name of `character`, for example `AllTraded`, or `None` if the header has none.
    pub fn value_name(&self, character: u8) -> Option<&'static str> {
        self.values.iter().find(|(_, _, value)| *value == character).map(|(_, name, _)| name.as_str())
    }
}

/// Writes `OrderStatus::AllTraded`, `OrderStatus('z')` for an unknown value, `OrderStatus(unset)` for `'\0'`.
pub(crate) fn debug(
    descriptor: &EnumerationDescriptor,
    character: u8,
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match descriptor.value_name(character) {
        Some(name) => write!(formatter, "{}::{name}", descriptor.name),
        None if character == 0 => write!(formatter, "{}(unset)", descriptor.name),
        None => write!(formatter, "{}({:?})", descriptor.name, char::from(character)),
    }
}

macro_rules! enumeration {
    ($(#[$doc:meta])* $name:ident, $c_name:ident, { $($(#[$value_doc:meta])* $associated:ident = $value:literal, $c_constant:ident, $short:ident;)* }) => {
        $(#[$doc])*
        #[repr(transparent)]
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u8);

        impl $name {
            $($(#[$value_doc])* pub const $associated: Self = Self($value);)*

            /// Returns the value for a C character; unknown ones are kept.
            pub const fn from_char(character: u8) -> Self {
                Self(character)
            }

            /// Returns the C character; `'\0'` is "not set".
            pub const fn as_char(self) -> u8 {
                self.0
            }

            /// Returns whether the value is set, that is not `'\0'`.
            pub const fn is_set(self) -> bool {
                self.0 != 0
            }

            /// Returns the name in the header without its prefix, or `None` for a value that the header lacks.
            pub fn name(self) -> Option<&'static str> {
                <Self as $crate::Enumeration>::DESCRIPTOR.value_name(self.0)
            }
        }

        impl $crate::Enumeration for $name {
            const DESCRIPTOR: &'static $crate::EnumerationDescriptor = {
                // A static, not a promoted constant: it is there once.
                static DESCRIPTOR: $crate::EnumerationDescriptor = $crate::EnumerationDescriptor {
                    name: $crate::names::$name,
                    c_name: $crate::names::$c_name,
                    values: &[$(($crate::names::$c_constant, $crate::names::$short, $value)),*],
                };
                &DESCRIPTOR
            };

            fn from_char(character: u8) -> Self {
                Self(character)
            }

            fn as_char(self) -> u8 {
                self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::enumerations::debug(<Self as $crate::Enumeration>::DESCRIPTOR, self.0, formatter)
            }
        }
    };
}

pub(crate) use enumeration;

#[cfg(test)]
mod tests {
    use crate::{Direction, OrderStatus};

    #[test]
    fn known_unknown_and_unset_values_print_differently() {
        assert_eq!(format!("{:?}", OrderStatus::ALL_TRADED), "OrderStatus::AllTraded");
        assert_eq!(format!("{:?}", OrderStatus::from_char(b'z')), "OrderStatus('z')");
        assert_eq!(format!("{:?}", OrderStatus::default()), "OrderStatus(unset)");
        assert_eq!(OrderStatus::from_char(b'z').as_char(), b'z');
        assert_eq!(Direction::SELL.name(), Some("Sell"));
    }
}
