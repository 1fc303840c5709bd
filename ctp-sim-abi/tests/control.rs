//! The control interface, called as from C.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use ctp_sim_abi::exports::ctp_sim_control;

/// Asks with a buffer of `room` bytes; returns what came back and what was written.
fn ask(request: &str, room: usize) -> (i64, Option<String>) {
    let request = CString::new(request).unwrap();
    let mut answer = vec![0x7F_u8; room];
    // SAFETY: a NUL-terminated request and a buffer of the length given.
    let length = unsafe { ctp_sim_control(request.as_ptr(), answer.as_mut_ptr().cast::<c_char>(), room) };
    let text = CStr::from_bytes_until_nul(&answer).ok();
    (length, text.map(|text| text.to_str().unwrap().to_owned()))
}

#[test]
fn an_answer_is_written_where_it_fits_and_given_again_where_it_did_not() {
    let (length, answer) = ask(r#"{"op":"start","exchange":"abi-control"}"#, 4096);
    assert_eq!((length, answer.as_deref()), (11, Some(r#"{"ok":true}"#)));
    // Twice the same clock: the request is carried out once, whatever the room.
    let advance = r#"{"op":"advance","exchange":"abi-control","duration":"1s"}"#;
    let (needed, written) = ask(advance, 8);
    assert!(needed > 8 && written.is_none());
    let room = usize::try_from(needed).unwrap();
    assert_eq!(ask(r#"{"op":"again"}"#, room), (needed, None), "no room for the NUL");
    let (length, answer) = ask(r#"{"op":"again"}"#, room + 1);
    assert_eq!((length, answer.map(|answer| answer.len())), (needed, Some(room)));
    assert_eq!(ask(r#"{"op":"end","exchange":"abi-control"}"#, 64).0, 11);
}

#[test]
fn what_is_no_request_is_refused() {
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { ctp_sim_control(ptr::null(), ptr::null_mut(), 0) }, -1);
    // SAFETY: NUL-terminated, and no room for an answer.
    assert_eq!(unsafe { ctp_sim_control(c"\xff".as_ptr(), ptr::null_mut(), 0) }, -1);
    // SAFETY: as above.
    assert!(unsafe { ctp_sim_control(c"nonsense".as_ptr(), ptr::null_mut(), 7) } > 0);
    let (_, answer) = ask(r#"{"op":"barrier","exchange":"nowhere"}"#, 4096);
    assert!(answer.unwrap().contains("nowhere"));
}
