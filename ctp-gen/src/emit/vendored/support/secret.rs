//! Fields that no output may show.

use std::fmt;

/// A password, key or code: whoever wants it says so by [`expose`](Self::expose), and `Debug` hides it.
#[repr(transparent)]
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Returns the value for writing: `login.password.expose_mut().set("…")?`.
    pub fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Default + PartialEq> fmt::Debug for Secret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0 == T::default() {
            "<unset>"
        } else {
            "<secret>"
        })
    }
}
