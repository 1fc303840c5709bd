//! Names of the API, which lie in one text.

use std::{fmt, ops::Deref};

use crate::names::TEXT;

/// A name of the API: where it lies in the one text of all names.
///
/// The descriptors hold some 20,000 of them. As `&'static str` they would take a tenth of a module that is loaded, and be
/// put right one by one whenever it is; a place needs neither. It is used as the `str` that it stands for.
#[derive(Clone, Copy)]
pub struct Name {
    /// The start in the upper 24 bits, the length in the lower 8.
    place: u32,
}

impl Name {
    /// The name of `length` bytes at `start`; called in emitted constants only, so a wrong place does not compile.
    pub(crate) const fn at(start: usize, length: usize) -> Self {
        assert!(start < 1 << 24 && length < 1 << 8, "a name beyond what its place can say");
        Self { place: (start as u32) << 8 | length as u32 }
    }

    /// Returns the name.
    pub const fn as_str(self) -> &'static str {
        let (start, length) = ((self.place >> 8) as usize, (self.place & 0xFF) as usize);
        TEXT.split_at(start).1.split_at(length).0
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<Name> for &'static str {
    fn from(name: Name) -> Self {
        name.as_str()
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place || self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), formatter)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Direction, Enumeration as _, FieldDescriptor, InputOrderField, Record as _, names, record_descriptors,
    };

    #[test]
    fn a_name_is_the_text_that_it_stands_for() {
        let fields = InputOrderField::DESCRIPTOR.fields;
        let field = fields.iter().find(|field| field.c_name == "InstrumentID").expect("a field");
        assert_eq!(field.name, *"instrument_id");
        assert_eq!(
            format!("{} {:?}", field.c_type, field.name),
            "TThostFtdcInstrumentIDType \"instrument_id\""
        );
        assert_eq!((field.c_name.len(), field.c_name.to_lowercase()), (12, "instrumentid".to_owned()));
        assert_ne!(field.name, field.c_name);
    }

    #[test]
    fn every_name_lies_in_the_text_and_is_not_empty() {
        let of = |field: &FieldDescriptor| [field.name, field.c_name, field.c_type];
        for families in
            [record_descriptors(), crate::mini::record_descriptors(), crate::sopt::record_descriptors()]
        {
            for record in families {
                assert_eq!(record.c_name.strip_prefix("CThostFtdc"), Some(record.name.as_str()));
                for name in record.fields.iter().flat_map(of) {
                    assert!(name.starts_with(|first: char| first.is_ascii_alphabetic()), "{name}");
                }
            }
        }
    }

    #[test]
    fn names_that_are_no_identifiers_are_names() {
        assert_eq!(names::__unsigned_int, "unsigned int");
        assert_eq!(size_of_val(&Direction::DESCRIPTOR.name), 4);
    }
}
