//! The buffers of Arrow arrays, made of rows.

use std::ffi::c_void;

use super::row::{Column, Kind, NO_TIME, Row};

/// How many rows are read for one column before the next: they stay in the cache.
const BLOCK: usize = 256;

/// More text than 32-bit offsets reach.
pub(super) struct TooLarge;

impl TooLarge {
    pub(super) const MESSAGE: &str = "the batch has more text than an Arrow array holds; take slices of it";

    pub(super) fn raise(&self) -> pyo3::PyErr {
        pyo3::exceptions::PyValueError::new_err(Self::MESSAGE)
    }
}

/// The values of a column.
pub(super) struct Built {
    pub(super) count: usize,
    pub(super) nulls: usize,
    /// One bit per value, 1 where there is one; empty when none is missing.
    valid: Vec<u8>,
    values: Values,
}

enum Values {
    Times(Vec<i64>),
    Numbers(Vec<f64>),
    Counts(Vec<i32>),
    Texts(Texts),
}

/// Texts one behind the other, in UTF-8, and where each ends.
pub(super) struct Texts {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

impl Texts {
    fn with_capacity(count: usize) -> Self {
        let mut offsets = Vec::with_capacity(count + 1);
        offsets.push(0);
        Self { offsets, bytes: Vec::with_capacity(count * 8 + Self::LONGEST) }
    }

    /// The width of the widest field.
    const LONGEST: usize = 80;

    /// Appends a field of GBK with nothing but NULs behind it.
    #[inline]
    pub(super) fn push<const N: usize>(&mut self, field: &[u8; N]) -> Result<(), TooLarge> {
        if field.is_ascii() {
            // The whole field, whose length is known here, and back to its end: quicker than as many bytes as it has.
            let end = self.bytes.len() + ctp_types::until_nul(field).len();
            self.bytes.extend_from_slice(field);
            self.bytes.truncate(end);
        } else {
            let text = ctp_types::decode(ctp_types::until_nul(field));
            self.bytes.extend_from_slice(text.as_bytes());
        }
        self.offsets.push(i32::try_from(self.bytes.len()).map_err(|_| TooLarge)?);
        Ok(())
    }
}

impl Built {
    /// Returns the buffers in Arrow's order. They live as long as this.
    pub(super) fn buffers(&self) -> Vec<*const c_void> {
        let valid = if self.nulls == 0 { std::ptr::null() } else { self.valid.as_ptr().cast() };
        match &self.values {
            Values::Times(values) => vec![valid, values.as_ptr().cast()],
            Values::Numbers(values) => vec![valid, values.as_ptr().cast()],
            Values::Counts(values) => vec![valid, values.as_ptr().cast()],
            Values::Texts(Texts { offsets, bytes }) => {
                vec![valid, offsets.as_ptr().cast(), bytes.as_ptr().cast()]
            }
        }
    }

    fn new(column: &Column, count: usize) -> Self {
        let values = match column.kind {
            Kind::Time(..) => Values::Times(Vec::with_capacity(count)),
            Kind::Number(..) => Values::Numbers(Vec::with_capacity(count)),
            Kind::Count(..) => Values::Counts(Vec::with_capacity(count)),
            Kind::Text(..) => Values::Texts(Texts::with_capacity(count)),
        };
        Self { count, nulls: 0, valid: Vec::new(), values }
    }

    fn append(&mut self, rows: &[Row], kind: Kind) -> Result<(), TooLarge> {
        match (&mut self.values, kind) {
            (Values::Times(values), Kind::Time(_, all)) => all(rows, values),
            (Values::Numbers(values), Kind::Number(_, all)) => all(rows, values),
            (Values::Counts(values), Kind::Count(_, all)) => all(rows, values),
            (Values::Texts(texts), Kind::Text(_, all, _)) => all(rows, texts)?,
            _ => unreachable!("a column has one kind"),
        }
        Ok(())
    }

    /// Marks what is missing.
    fn finish(mut self) -> Self {
        match &self.values {
            Values::Times(values) => (self.nulls, self.valid) = marks(values, |time| *time == NO_TIME),
            Values::Numbers(values) => (self.nulls, self.valid) = marks(values, |number| number.is_nan()),
            Values::Counts(_) | Values::Texts(_) => {}
        }
        self
    }
}

/// Reads one column of all rows.
pub(super) fn build_one(rows: &[Row], column: &Column) -> Result<Built, TooLarge> {
    let mut built = Built::new(column, rows.len());
    built.append(rows, column.kind)?;
    Ok(built.finish())
}

/// Reads some columns of all rows.
pub(super) fn build(rows: &[Row], columns: &[Column]) -> Result<Vec<Built>, TooLarge> {
    let mut built: Vec<Built> = columns.iter().map(|column| Built::new(column, rows.len())).collect();
    for block in rows.chunks(BLOCK) {
        for (built, column) in built.iter_mut().zip(columns) {
            built.append(block, column.kind)?;
        }
    }
    Ok(built.into_iter().map(Built::finish).collect())
}

/// Returns how many values are missing, and a bit for each that is there, the lowest first; none where none is missing.
fn marks<T>(values: &[T], is_missing: impl Fn(&T) -> bool) -> (usize, Vec<u8>) {
    let missing = values.iter().map(|value| usize::from(is_missing(value))).sum();
    if missing == 0 {
        return (0, Vec::new());
    }
    let byte = |values: &[T]| {
        let bits = values.iter().enumerate().map(|(bit, value)| u8::from(!is_missing(value)) << bit);
        bits.fold(0, |byte, bit| byte | bit)
    };
    let (chunks, rest) = values.as_chunks::<8>();
    let mut bits: Vec<u8> = chunks.iter().map(|chunk| byte(chunk)).collect();
    bits.extend((!rest.is_empty()).then(|| byte(rest)));
    (missing, bits)
}
