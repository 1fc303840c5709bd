//! Index of requests: what each carries, what tells that it succeeded, and which callbacks answer it.

/// What tells that a request succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// A query: 0..n records come on the answer, the last with `bIsLast`; it may be repeated.
    Query,
    /// One answer with `ErrorID` 0.
    Answered,
    /// No answer; the effect comes on a push, errors come on the answer and the error callback.
    Silent,
    /// A push, perhaps after an answer with `ErrorID` 0.
    Push,
}

/// What is known about a request; `C` holds the callbacks of its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestInfo<C> {
    /// C name of the record that it carries.
    pub record: &'static str,
    /// What tells that it succeeded.
    pub kind: RequestKind,
    /// The callback that answers the requester (`OnRsp…`); errors come on it, too.
    pub answer: Option<C>,
    /// The callback that tells a refusal to all sessions of the investor (`OnErrRtn…`).
    pub error: Option<C>,
    /// The callback that brings the effect (`OnRtn…`).
    pub push: Option<C>,
}
