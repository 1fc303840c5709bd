//! Identifiers of callbacks and requests. The number of each is its slot in the current model's class.

use std::{fmt, hash::Hash};

use crate::RecordDescriptor;

/// What tells that a request succeeded (`ctp-gen/overlay/requests.toml`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// A query: 0..n records come on the answer; it may be repeated.
    Query,
    /// One answer with ErrorID 0.
    Answered,
    /// No answer; the effect comes on a push, errors come on the answer and the error callback.
    Silent,
    /// A push, perhaps after an answer with ErrorID 0.
    Push,
}

/// A callback of one API class, for code that serves every family.
///
/// Only the emitted enumerations implement it: `ctp-sys` relies on [`record`](Self::record).
pub trait Callback: Copy + Ord + Hash + fmt::Debug + Send + Sync + sealed::Sealed + 'static {
    /// All callbacks in slot order.
    const ALL: &'static [Self];

    /// Returns the callback with number `id`.
    fn from_id(id: u32) -> Option<Self>;

    /// Returns the number, which is the slot in the current model.
    fn id(self) -> u32;

    /// Returns the C name.
    fn name(self) -> &'static str;

    /// Returns the record that the callback carries, `None` if it carries none.
    fn record(self) -> Option<&'static RecordDescriptor>;
}

/// A request of one API class, for code that serves every family.
///
/// Only the emitted enumerations implement it: `ctp-sys` relies on [`record`](Self::record).
pub trait Request: Copy + Ord + Hash + fmt::Debug + Send + Sync + sealed::Sealed + 'static {
    /// The callbacks that answer.
    type Callback: Callback;

    /// All requests in slot order.
    const ALL: &'static [Self];

    /// Returns the request with number `id`.
    fn from_id(id: u32) -> Option<Self>;

    /// Returns the number, which is the slot in the current model.
    fn id(self) -> u32;

    /// Returns the C name.
    fn name(self) -> &'static str;

    /// Returns the record that the request carries.
    fn record(self) -> &'static RecordDescriptor;

    /// Returns what tells that the request succeeded.
    fn kind(self) -> RequestKind;

    /// Returns the callback that answers the requester (`OnRsp…`).
    fn answer(self) -> Option<Self::Callback>;

    /// Returns the callback that tells a refusal to all sessions (`OnErrRtn…`).
    fn error_callback(self) -> Option<Self::Callback>;

    /// Returns the callback that brings the effect (`OnRtn…`).
    fn push(self) -> Option<Self::Callback>;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// An enumeration of callbacks, with the record of each.
macro_rules! callbacks {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $slot:literal, $record:expr;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $slot,)*
        }

        impl $name {
            /// All callbacks in slot order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the callback with number `id`.
            pub fn from_id(id: u32) -> Option<Self> {
                Self::ALL.get(usize::try_from(id).ok()?).copied()
            }

            /// Returns the C name.
            pub fn name(self) -> &'static str {
                let name = match self {
                    $(Self::$variant => $crate::names::$variant,)*
                };
                name.as_str()
            }

            /// Returns the record that the callback carries, `None` if it carries none.
            pub fn record(self) -> Option<&'static $crate::RecordDescriptor> {
                static RECORDS: &[Option<&$crate::RecordDescriptor>] = &[$($record),*];
                RECORDS[self as usize]
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.name())
            }
        }

        impl $crate::methods::sealed::Sealed for $name {}

        impl $crate::Callback for $name {
            const ALL: &'static [Self] = Self::ALL;

            fn from_id(id: u32) -> Option<Self> {
                Self::from_id(id)
            }

            fn id(self) -> u32 {
                self as u32
            }

            fn name(self) -> &'static str {
                self.name()
            }

            fn record(self) -> Option<&'static $crate::RecordDescriptor> {
                self.record()
            }
        }
    };
}

pub(crate) use callbacks;

/// An enumeration of requests, with the record and the answers of each.
macro_rules! requests {
    ($(#[$doc:meta])* $name:ident -> $callback:ident { $($(#[$variant_doc:meta])* $variant:ident = $slot:literal, $record:expr, $kind:ident, $answer:expr, $error:expr, $push:expr;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $slot,)*
        }

        impl $name {
            /// All requests in slot order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the request with number `id`.
            pub fn from_id(id: u32) -> Option<Self> {
                match u16::try_from(id).ok()? {
                    $($slot => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Returns the C name.
            pub fn name(self) -> &'static str {
                let name = match self {
                    $(Self::$variant => $crate::names::$variant,)*
                };
                name.as_str()
            }

            /// Returns the record that the request carries.
            pub fn record(self) -> &'static $crate::RecordDescriptor {
                match self {
                    $(Self::$variant => $record,)*
                }
            }

            /// Returns what tells that the request succeeded.
            pub fn kind(self) -> $crate::RequestKind {
                match self {
                    $(Self::$variant => $crate::RequestKind::$kind,)*
                }
            }

            /// Returns the callback that answers the requester (`OnRsp…`).
            pub fn answer(self) -> Option<$callback> {
                match self {
                    $(Self::$variant => $answer,)*
                }
            }

            /// Returns the callback that tells a refusal to all sessions (`OnErrRtn…`).
            pub fn error_callback(self) -> Option<$callback> {
                match self {
                    $(Self::$variant => $error,)*
                }
            }

            /// Returns the callback that brings the effect (`OnRtn…`).
            pub fn push(self) -> Option<$callback> {
                match self {
                    $(Self::$variant => $push,)*
                }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.name())
            }
        }

        impl $crate::methods::sealed::Sealed for $name {}

        impl $crate::Request for $name {
            type Callback = $callback;

            const ALL: &'static [Self] = Self::ALL;

            fn from_id(id: u32) -> Option<Self> {
                Self::from_id(id)
            }

            fn id(self) -> u32 {
                self as u32
            }

            fn name(self) -> &'static str {
                self.name()
            }

            fn record(self) -> &'static $crate::RecordDescriptor {
                self.record()
            }

            fn kind(self) -> $crate::RequestKind {
                self.kind()
            }

            fn answer(self) -> Option<$callback> {
                self.answer()
            }

            fn error_callback(self) -> Option<$callback> {
                self.error_callback()
            }

            fn push(self) -> Option<$callback> {
                self.push()
            }
        }
    };
}

pub(crate) use requests;

#[cfg(test)]
mod tests {
    use super::RequestKind;
    use crate::{MdCallback, TraderCallback, TraderRequest};

    #[test]
    fn numbers_are_the_slots_of_ctp_behaviour_8_3() {
        assert_eq!(TraderRequest::ReqAuthenticate as u16, 11);
        assert_eq!(TraderRequest::ReqUserLogin as u16, 16);
        assert_eq!(TraderRequest::ReqOrderInsert as u16, 26);
        assert_eq!(TraderRequest::ReqQryInstrument as u16, 54);
        assert_eq!(TraderCallback::OnRspUserLogin as u16, 5);
        assert_eq!(TraderCallback::OnRtnOrder as u16, 76);
        assert_eq!(MdCallback::OnRtnDepthMarketData as u16, 11);
        assert_eq!((TraderCallback::ALL.len(), MdCallback::ALL.len()), (178, 13));
        assert!(TraderCallback::ALL.iter().enumerate().all(|(slot, callback)| *callback as usize == slot));
    }

    #[test]
    fn requests_know_how_they_are_answered() {
        let insert = TraderRequest::ReqOrderInsert;
        assert_eq!(insert.kind(), RequestKind::Silent);
        assert_eq!(insert.answer(), Some(TraderCallback::OnRspOrderInsert));
        assert_eq!(insert.error_callback(), Some(TraderCallback::OnErrRtnOrderInsert));
        assert_eq!(insert.record().name, "InputOrderField");
        assert_eq!(
            TraderCallback::OnRtnOrder.record().map(|record| record.name.as_str()),
            Some("OrderField")
        );
        assert_eq!(TraderRequest::from_id(26), Some(insert));
        assert_eq!((TraderRequest::from_id(0), TraderRequest::from_id(9999)), (None, None));
    }
}
