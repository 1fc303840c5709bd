//! What of a stream is replayed at login.

/// How a private or public stream is resumed. C: `THOST_TE_RESUME_TYPE` (ctp-behaviour.md §1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum ResumeType {
    /// The whole trading day is replayed. C: `THOST_TERT_RESTART`.
    Restart = 0,
    /// The stream goes on after the number in the flow file. C: `THOST_TERT_RESUME`.
    Resume = 1,
    /// Only what happens after this login. C: `THOST_TERT_QUICK`.
    Quick = 2,
    /// The public stream is not wanted (since 6.5.1). C: `THOST_TERT_NONE`.
    None = 3,
    /// The private stream goes on from a number (since 6.7.13). C: `THOST_TERT_RESUME_FROM_SEQ_NO`.
    FromSeqNo = 4,
}

impl ResumeType {
    /// Returns the type with C value `value`.
    pub const fn from_value(value: i32) -> Option<Self> {
        match value {
            0 => Some(Self::Restart),
            1 => Some(Self::Resume),
            2 => Some(Self::Quick),
            3 => Some(Self::None),
            4 => Some(Self::FromSeqNo),
            _ => None,
        }
    }

    /// Returns the C name.
    pub const fn c_name(self) -> &'static str {
        match self {
            Self::Restart => "THOST_TERT_RESTART",
            Self::Resume => "THOST_TERT_RESUME",
            Self::Quick => "THOST_TERT_QUICK",
            Self::None => "THOST_TERT_NONE",
            Self::FromSeqNo => "THOST_TERT_RESUME_FROM_SEQ_NO",
        }
    }
}
