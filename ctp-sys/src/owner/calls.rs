//! One typed method per request.

use ctp_types::*;

use super::{MdApi, TraderApi};
use crate::error::ApiError;

include!(concat!(env!("OUT_DIR"), "/api_calls.rs"));
