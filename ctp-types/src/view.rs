//! Type-erased records: a descriptor and plain data.
//!
//! Every record is `repr(C)` plain data without pointers, every bit pattern of every field is valid,
//! and the emitted assertions prove that the descriptor's sizes and offsets are the compiler's. That is
//! what the `unsafe` blocks below rest on. Padding is never read.

use std::{ffi::c_void, fmt, marker::PhantomData, mem, ptr, ptr::NonNull, sync::Arc};

use crate::{
    FieldDescriptor, FieldKind, Record, RecordDescriptor, TextError,
    text::{decode, fill, until_nul},
};

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A text field; when read, the whole field with what stands behind the NUL.
    Text(&'a [u8]),
    /// A character, of an enumeration or not.
    Char(u8),
    /// `short`.
    Short(i16),
    /// `int`.
    Int(i32),
    /// `unsigned int`.
    UnsignedInt(u32),
    /// `long long`.
    LongLong(i64),
    /// `double`.
    Double(f64),
}

/// Why a value was not put into a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// The text does not fit.
    #[error("{field}: {reason}")]
    Text {
        /// C name of the field.
        field: &'static str,
        /// Why.
        reason: TextError,
    },
    /// The value is of another kind than the field.
    #[error("{field} holds {expected}, not {found}")]
    Kind {
        /// C name of the field.
        field: &'static str,
        /// What the field holds.
        expected: &'static str,
        /// What was given.
        found: &'static str,
    },
}

/// Returns a record of zero bytes.
pub(crate) fn zeroed<R: Record>() -> R {
    // SAFETY: `Record` is sealed; every record is plain data for which all zero bytes are valid.
    unsafe { mem::zeroed() }
}

/// A borrowed record of any kind.
#[derive(Clone, Copy)]
pub struct RecordRef<'a> {
    descriptor: &'static RecordDescriptor,
    data: NonNull<u8>,
    lifetime: PhantomData<&'a u8>,
}

// SAFETY: a `RecordRef` is a shared reference to plain data.
unsafe impl Send for RecordRef<'_> {}
// SAFETY: as above; there is no interior mutability.
unsafe impl Sync for RecordRef<'_> {}

impl<'a> RecordRef<'a> {
    /// Views the record at `pointer`, or returns `None` for NULL.
    ///
    /// # Safety
    ///
    /// `pointer` is NULL or points to a live, aligned record that `descriptor` describes and that
    /// nobody writes to for `'a`.
    pub unsafe fn from_ptr(descriptor: &'static RecordDescriptor, pointer: *const c_void) -> Option<Self> {
        NonNull::new(pointer.cast_mut().cast()).map(|data| Self { descriptor, data, lifetime: PhantomData })
    }

    /// Views a record.
    pub fn from_record<R: Record>(record: &'a R) -> Self {
        Self { descriptor: R::DESCRIPTOR, data: NonNull::from(record).cast(), lifetime: PhantomData }
    }

    /// Returns what is known about the record.
    pub fn descriptor(&self) -> &'static RecordDescriptor {
        self.descriptor
    }

    /// Returns the address of the record.
    pub fn as_ptr(&self) -> *const c_void {
        self.data.as_ptr().cast()
    }

    /// Returns the record if it is an `R`.
    pub fn get<R: Record>(&self) -> Option<&'a R> {
        // SAFETY: the descriptors are the same object, so the data are a live, aligned `R` for `'a`.
        ptr::eq(self.descriptor, R::DESCRIPTOR).then(|| unsafe { self.data.cast::<R>().as_ref() })
    }

    /// Returns the value of `field`.
    ///
    /// # Panics
    ///
    /// Panics when `field` is not a field of this record.
    pub fn field(&self, field: &FieldDescriptor) -> Value<'a> {
        assert!(
            is_field_of(self.descriptor, field),
            "{} is not a field of {}",
            field.c_name,
            self.descriptor.c_name
        );
        // SAFETY: the field belongs to the descriptor, so it lies inside the record, and the emitted
        // assertions prove its offset and alignment; every bit pattern is valid for every kind.
        unsafe {
            let data = self.data.as_ptr().add(field.offset);
            match field.kind {
                FieldKind::Text(length) => Value::Text(std::slice::from_raw_parts(data, length)),
                FieldKind::Char | FieldKind::Enumeration(_) => Value::Char(*data),
                FieldKind::Short => Value::Short(data.cast::<i16>().read()),
                FieldKind::Int => Value::Int(data.cast::<i32>().read()),
                FieldKind::UnsignedInt => Value::UnsignedInt(data.cast::<u32>().read()),
                FieldKind::LongLong => Value::LongLong(data.cast::<i64>().read()),
                FieldKind::Double => Value::Double(data.cast::<f64>().read()),
            }
        }
    }

    /// Returns an owned copy.
    pub fn to_owned(&self) -> RecordBox {
        let copy = RecordBox {
            descriptor: self.descriptor,
            storage: Arc::new_uninit_slice(RecordBox::words(self.descriptor)),
        };
        let storage = Arc::as_ptr(&copy.storage).cast_mut().cast::<u8>();
        // SAFETY: both sides are `descriptor.size` bytes and do not overlap; bytes are copied untyped; the storage was
        // made just now and nobody else has it.
        unsafe { ptr::copy_nonoverlapping(self.data.as_ptr(), storage, self.descriptor.size) };
        copy
    }

    /// Appends the record as it lies in memory: [`RecordDescriptor::size`] bytes, padding as zeros.
    pub fn append_to(&self, bytes: &mut Vec<u8>) {
        self.append_spans_to(&Spans::of(self.descriptor), bytes);
    }

    /// As [`append_to`](Self::append_to), with what was looked up before, for whoever does it often.
    ///
    /// # Panics
    ///
    /// Panics when the spans are another kind's.
    pub fn append_spans_to(&self, spans: &Spans, bytes: &mut Vec<u8>) {
        assert!(
            ptr::eq(spans.of, self.descriptor),
            "spans of {} for {}",
            spans.of.name,
            self.descriptor.name
        );
        let start = bytes.len();
        bytes.resize(start + self.descriptor.size, 0);
        let target = &mut bytes[start..];
        for (offset, end) in &spans.spans {
            // SAFETY: fields that follow each other without a gap, so no padding; they lie inside the record, which
            // is live and initialised there.
            let source = unsafe { std::slice::from_raw_parts(self.data.as_ptr().add(*offset), end - offset) };
            target[*offset..*end].copy_from_slice(source);
        }
    }
}

/// Where the bytes of a kind of record are that are not padding.
#[derive(Clone, Debug)]
pub struct Spans {
    of: &'static RecordDescriptor,
    /// Where each begins and ends.
    spans: Vec<(usize, usize)>,
}

impl Spans {
    /// Looks at all fields of a kind of record.
    pub fn of(of: &'static RecordDescriptor) -> Self {
        let mut spans = Vec::new();
        let mut fields = of.fields.iter().peekable();
        while let Some(field) = fields.next() {
            let mut end = field.offset + field.kind.size();
            while let Some(next) = fields.next_if(|next| next.offset == end) {
                end += next.kind.size();
            }
            spans.push((field.offset, end));
        }
        Self { of, spans }
    }
}

impl fmt::Debug for RecordRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct(&self.descriptor.name);
        for field in self.descriptor.fields {
            match self.field(field) {
                Value::Text(bytes) if field.secret && until_nul(bytes).is_empty() => {
                    shown.field(&field.name, &"")
                }
                _ if field.secret => shown.field(&field.name, &format_args!("<secret>")),
                Value::Text(bytes) => shown.field(&field.name, &decode(until_nul(bytes))),
                Value::Char(character) => match field.kind {
                    FieldKind::Enumeration(enumeration) => match enumeration.value_name(character) {
                        Some(name) => shown.field(&field.name, &format_args!("{name}")),
                        None => shown.field(&field.name, &char::from(character)),
                    },
                    _ => shown.field(&field.name, &char::from(character)),
                },
                Value::Short(value) => shown.field(&field.name, &value),
                Value::Int(value) => shown.field(&field.name, &value),
                Value::UnsignedInt(value) => shown.field(&field.name, &value),
                Value::LongLong(value) => shown.field(&field.name, &value),
                Value::Double(value) => shown.field(&field.name, &value),
            };
        }
        shown.finish()
    }
}

/// An owned record of any kind.
///
/// A clone shares the bytes; whoever writes first gets a copy of its own. So one message reaches many
/// readers for the price of one.
#[derive(Clone)]
pub struct RecordBox {
    descriptor: &'static RecordDescriptor,
    /// `u64` gives the alignment of the widest field. Only what lies behind the record in the last word, and padding,
    /// may be uninitialised.
    storage: Arc<[mem::MaybeUninit<u64>]>,
}

impl RecordBox {
    /// Copies a record.
    pub fn new<R: Record>(record: &R) -> Self {
        RecordRef::from_record(record).to_owned()
    }

    /// Makes a record of zero bytes.
    pub fn zeroed(descriptor: &'static RecordDescriptor) -> Self {
        Self { descriptor, storage: Arc::new_zeroed_slice(Self::words(descriptor)) }
    }

    /// Takes a record as it lies in memory, as [`RecordRef::append_to`] wrote it; `None` when `bytes` are not exactly
    /// [`RecordDescriptor::size`]. The last byte of every text becomes NUL, whatever it was: C code reads up to it.
    pub fn from_bytes(descriptor: &'static RecordDescriptor, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != descriptor.size {
            return None;
        }
        let mut record = Self::zeroed(descriptor);
        let data = record.data_mut();
        // SAFETY: the storage has at least `descriptor.size` bytes, nobody else has it, and every bit pattern is valid
        // for every field; the text fields lie inside it.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len());
            for field in descriptor.fields {
                if let FieldKind::Text(length @ 1..) = field.kind {
                    *data.add(field.offset + length - 1) = 0;
                }
            }
        }
        Some(record)
    }

    fn words(descriptor: &RecordDescriptor) -> usize {
        descriptor.size.div_ceil(size_of::<u64>())
    }

    /// Returns what is known about the record.
    pub fn descriptor(&self) -> &'static RecordDescriptor {
        self.descriptor
    }

    /// Views the record.
    pub fn as_ref(&self) -> RecordRef<'_> {
        RecordRef {
            descriptor: self.descriptor,
            data: NonNull::from(&*self.storage).cast(),
            lifetime: PhantomData,
        }
    }

    /// Returns the address of the record.
    pub fn as_ptr(&self) -> *const c_void {
        self.storage.as_ptr().cast()
    }

    /// Returns the address of the record, for a callee that fills it. The bytes are then nobody else's.
    pub fn as_mut_ptr(&mut self) -> *mut c_void {
        self.data_mut().cast()
    }

    /// Returns the record if it is an `R`.
    pub fn get<R: Record>(&self) -> Option<&R> {
        self.as_ref().get()
    }

    /// Returns the record for writing if it is an `R`.
    pub fn get_mut<R: Record>(&mut self) -> Option<&mut R> {
        if !ptr::eq(self.descriptor, R::DESCRIPTOR) {
            return None;
        }
        // SAFETY: the descriptors are the same object; the storage is large enough, aligned to 8, unshared and
        // borrowed exclusively; it was zeroed or copied from a record, so every field is initialised.
        Some(unsafe { &mut *self.data_mut().cast::<R>() })
    }

    /// Writes a field. Text is GBK already; it must fit with its NUL.
    ///
    /// # Errors
    ///
    /// Returns an error when the value is of another kind than the field, or text does not fit; the
    /// record is unchanged then.
    ///
    /// # Panics
    ///
    /// Panics when `field` is not a field of this record.
    pub fn set(&mut self, field: &FieldDescriptor, value: Value<'_>) -> Result<(), SetError> {
        assert!(
            is_field_of(self.descriptor, field),
            "{} is not a field of {}",
            field.c_name,
            self.descriptor.c_name
        );
        let name = field.c_name.as_str();
        // SAFETY: the field belongs to the descriptor, so it lies inside the storage.
        let data = unsafe { self.data_mut().add(field.offset) };
        // SAFETY: inside the storage, of the size and alignment of the kind (emitted assertions), and
        // borrowed exclusively through `self`.
        unsafe {
            match (field.kind, value) {
                (FieldKind::Text(length), Value::Text(bytes)) => {
                    fill(std::slice::from_raw_parts_mut(data, length), bytes)
                        .map_err(|reason| SetError::Text { field: name, reason })?;
                }
                (FieldKind::Char | FieldKind::Enumeration(_), Value::Char(character)) => *data = character,
                (FieldKind::Short, Value::Short(number)) => data.cast::<i16>().write(number),
                (FieldKind::Int, Value::Int(number)) => data.cast::<i32>().write(number),
                (FieldKind::UnsignedInt, Value::UnsignedInt(number)) => data.cast::<u32>().write(number),
                (FieldKind::LongLong, Value::LongLong(number)) => data.cast::<i64>().write(number),
                (FieldKind::Double, Value::Double(number)) => data.cast::<f64>().write(number),
                (kind, value) => {
                    return Err(SetError::Kind {
                        field: name,
                        expected: kind.describe(),
                        found: value.describe(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Writes the bytes of a text field as they are, whether they end with a NUL or not; the rest become zero.
    ///
    /// # Errors
    ///
    /// Returns an error when the field holds no text or is shorter; the record is unchanged then.
    ///
    /// # Panics
    ///
    /// Panics when `field` is not a field of this record.
    pub fn set_bytes(&mut self, field: &FieldDescriptor, bytes: &[u8]) -> Result<(), SetError> {
        assert!(
            is_field_of(self.descriptor, field),
            "{} is not a field of {}",
            field.c_name,
            self.descriptor.c_name
        );
        let name = field.c_name.as_str();
        let FieldKind::Text(length) = field.kind else {
            return Err(SetError::Kind { field: name, expected: field.kind.describe(), found: "text" });
        };
        if bytes.len() > length {
            let reason = TextError::TooLong { needed: bytes.len(), capacity: length };
            return Err(SetError::Text { field: name, reason });
        }
        // SAFETY: the field belongs to the descriptor, so its `length` bytes lie inside the storage, which is unshared
        // and borrowed exclusively.
        let data = unsafe { std::slice::from_raw_parts_mut(self.data_mut().add(field.offset), length) };
        data[..bytes.len()].copy_from_slice(bytes);
        data[bytes.len()..].fill(0);
        Ok(())
    }

    /// The bytes, unshared: copied if a clone has them too.
    fn data_mut(&mut self) -> *mut u8 {
        Arc::make_mut(&mut self.storage).as_mut_ptr().cast()
    }
}

impl<R: Record> From<R> for RecordBox {
    fn from(record: R) -> Self {
        Self::new(&record)
    }
}

impl fmt::Debug for RecordBox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_ref(), formatter)
    }
}

impl FieldKind {
    /// Returns how many bytes a field of the kind has.
    pub fn size(self) -> usize {
        match self {
            Self::Text(length) => length,
            Self::Char | Self::Enumeration(_) => 1,
            Self::Short => 2,
            Self::Int | Self::UnsignedInt => 4,
            Self::LongLong | Self::Double => 8,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Char | Self::Enumeration(_) => "a character",
            Self::Short => "a short",
            Self::Int => "an int",
            Self::UnsignedInt => "an unsigned int",
            Self::LongLong => "a long long",
            Self::Double => "a double",
        }
    }
}

impl Value<'_> {
    fn describe(self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Char(_) => "a character",
            Self::Short(_) => "a short",
            Self::Int(_) => "an int",
            Self::UnsignedInt(_) => "an unsigned int",
            Self::LongLong(_) => "a long long",
            Self::Double(_) => "a double",
        }
    }
}

fn is_field_of(descriptor: &RecordDescriptor, field: &FieldDescriptor) -> bool {
    descriptor.fields.as_ptr_range().contains(&ptr::from_ref(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InputOrderField, OrderField, ReqUserLoginField, Text};

    fn field<R: Record>(name: &str) -> &'static FieldDescriptor {
        R::DESCRIPTOR.field(name).expect("a field")
    }

    #[test]
    fn fields_are_read_and_written_by_descriptor() {
        let mut order = RecordBox::zeroed(InputOrderField::DESCRIPTOR);
        order.set(field::<InputOrderField>("LimitPrice"), Value::Double(3925.0)).expect("a double");
        order.set(field::<InputOrderField>("VolumeTotalOriginal"), Value::Int(2)).expect("an int");
        order.set(field::<InputOrderField>("InstrumentID"), Value::Text(b"rb2701")).expect("fits");
        let typed: &InputOrderField = order.get().expect("an input order");
        assert_eq!((typed.limit_price, typed.volume_total_original), (3925.0, 2));
        assert_eq!(typed.instrument_id, "rb2701");
        assert!(order.get::<OrderField>().is_none());
        assert_eq!(order.as_ref().field(field::<InputOrderField>("limit_price")), Value::Double(3925.0));
    }

    #[test]
    fn a_record_goes_through_bytes() {
        for request in crate::TraderRequest::ALL {
            let descriptor = request.record();
            let pattern: Vec<u8> = (0..descriptor.size).map(|at| (at % 251) as u8 | 1).collect();
            let record = RecordBox::from_bytes(descriptor, &pattern).expect("of its size");
            let mut bytes = vec![7];
            record.as_ref().append_to(&mut bytes);
            assert_eq!((bytes[0], bytes.len()), (7, 1 + descriptor.size));
            let mut expected = vec![0; descriptor.size];
            for field in descriptor.fields {
                let place = field.offset..field.offset + field.kind.size();
                expected[place.clone()].copy_from_slice(&pattern[place.clone()]);
                if matches!(field.kind, FieldKind::Text(_)) {
                    expected[place.end - 1] = 0;
                }
            }
            assert_eq!(bytes[1..], expected, "{}", descriptor.c_name);
            assert!(RecordBox::from_bytes(descriptor, &pattern[1..]).is_none());
        }
    }

    #[test]
    fn text_bytes_are_written_as_they_are() {
        let mut order = RecordBox::zeroed(InputOrderField::DESCRIPTOR);
        let broker = field::<InputOrderField>("BrokerID");
        order.set_bytes(broker, b"12345678901").expect("fits without a NUL");
        assert_eq!(order.as_ref().field(broker), Value::Text(b"12345678901"));
        order.set_bytes(broker, b"1\x003").expect("fits");
        assert_eq!(order.as_ref().field(broker), Value::Text(b"1\x003\0\0\0\0\0\0\0\0"));
        assert!(order.set_bytes(broker, b"123456789012").is_err());
        assert!(order.set_bytes(field::<InputOrderField>("LimitPrice"), b"1").is_err());
    }

    #[test]
    fn a_clone_shares_until_one_side_writes() {
        let mut one = RecordBox::new(&InputOrderField { limit_price: 1.0, ..Default::default() });
        let other = one.clone();
        assert_eq!(one.as_ptr(), other.as_ptr());
        assert!(one.get_mut::<OrderField>().is_none());
        assert_eq!(one.as_ptr(), other.as_ptr(), "a record of another kind is not copied");
        one.get_mut::<InputOrderField>().expect("an input order").limit_price = 2.0;
        let price = |record: &RecordBox| record.get::<InputOrderField>().map(|order| order.limit_price);
        assert_eq!((price(&one), price(&other)), (Some(2.0), Some(1.0)));
        let mut third = other.clone();
        third.set(field::<InputOrderField>("LimitPrice"), Value::Double(3.0)).expect("a double");
        assert_eq!((price(&third), price(&other)), (Some(3.0), Some(1.0)));
        drop(other);
        let before = one.as_ptr();
        assert_eq!(one.as_mut_ptr().cast_const(), before, "alone it is not copied");
    }

    #[test]
    fn values_of_the_wrong_kind_or_length_are_refused_by_name() {
        let mut order = RecordBox::zeroed(InputOrderField::DESCRIPTOR);
        let wrong = order.set(field::<InputOrderField>("LimitPrice"), Value::Int(1));
        assert_eq!(
            wrong.map_err(|error| error.to_string()),
            Err("LimitPrice holds a double, not an int".into())
        );
        let long = order.set(field::<InputOrderField>("BrokerID"), Value::Text(b"12345678901"));
        assert_eq!(
            long.map_err(|error| error.to_string()),
            Err("BrokerID: text of 11 GBK bytes does not fit a field of 10; shorten it".into())
        );
    }

    #[test]
    #[should_panic(expected = "BrokerID is not a field of CThostFtdcOrderField")]
    fn a_foreign_field_is_refused() {
        let order = OrderField::default();
        RecordRef::from_record(&order).field(field::<InputOrderField>("BrokerID"));
    }

    #[test]
    fn debug_never_shows_a_secret() {
        let login = ReqUserLoginField {
            user_id: Text::new("226485").expect("fits"),
            password: Text::new("canary-password").expect("fits"),
            ..Default::default()
        };
        let shown = format!("{login:?} {:?}", RecordBox::new(&login));
        assert!(shown.contains("226485") && shown.contains("<secret>"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
