//! Which part of a stream comes again, and how a name server is asked.

use serde::{Deserialize, Serialize};

/// What of a stream is sent again after a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resume {
    /// The whole trading day. The private stream's default: it resolves orders whose outcome a broken link hid.
    #[default]
    Restart,
    /// From where the flow files end. A counter that was started anew within the day may have begun its stream again: what comes
    /// before it gets to that number is skipped in silence (`ctp-behaviour.md`, on RESUME). The session notices by what only queries
    /// show, and asks for the whole day then; until an order goes unanswered or a comparison asks, nothing shows it. Set
    /// `reconcile_every_s` with it, or take `Restart`.
    Resume,
    /// Only what happens after the login. The public stream's default.
    Quick,
    /// Nothing at all; for the public stream (≥ 6.5.1).
    None,
    /// From a number on, counted from 1; for the private stream (≥ 6.7.13).
    FromSequence(i32),
}

impl Resume {
    /// Returns the number from which on the stream is wanted, 1 where it has no meaning.
    pub(crate) fn sequence(self) -> i32 {
        match self {
            Self::FromSequence(sequence) => sequence,
            _ => 1,
        }
    }

    pub(super) fn quick() -> Self {
        Self::Quick
    }
}

impl From<Resume> for ctp_types::ResumeType {
    fn from(resume: Resume) -> Self {
        match resume {
            Resume::Restart => Self::Restart,
            Resume::Resume => Self::Resume,
            Resume::Quick => Self::Quick,
            Resume::None => Self::None,
            Resume::FromSequence(_) => Self::FromSeqNo,
        }
    }
}

/// Which data centre a name server (FENS) sends a user to. C: `LoginMode` of `RegisterFensUserInfo`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FensMode {
    /// The user's own, for trading. C: `THOST_FTDC_LM_Trade`.
    #[default]
    Trade,
    /// Always the main one, for transfers. C: `THOST_FTDC_LM_Transfer`.
    Transfer,
}

impl From<FensMode> for ctp_types::LoginMode {
    fn from(mode: FensMode) -> Self {
        match mode {
            FensMode::Trade => Self::TRADE,
            FensMode::Transfer => Self::TRANSFER,
        }
    }
}
