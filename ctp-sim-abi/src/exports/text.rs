//! GB18030 over the C boundary, for `libctp_sim_facet.so`: clients that want a locale for Chinese need none.

use std::slice;

use encoding_rs::GB18030;

use super::guard;

/// What is no character.
const NONE: i32 = -1;

/// What needs more bytes than there are.
const CUT_OFF: i32 = 0;

/// The most bytes of a character.
const LENGTH_MAX: usize = 4;

/// Reads the first character of a GB18030 text into `code_point` and returns its length in bytes, 0 when it is cut off,
/// -1 when it is no character.
///
/// # Safety
///
/// `bytes` is NULL or has `length` bytes; `code_point` is NULL or has room for one number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ctp_sim_gb18030_decode(
    bytes: *const u8,
    length: usize,
    code_point: *mut u32,
) -> i32 {
    guard("ctp_sim_gb18030_decode", NONE, || {
        if bytes.is_null() || code_point.is_null() {
            return NONE;
        }
        // SAFETY: so many bytes, as this function's caller promises; no more than are looked at.
        let bytes = unsafe { slice::from_raw_parts(bytes, length.min(LENGTH_MAX)) };
        match decode(bytes) {
            Decoded::Character(character, length) => {
                // SAFETY: not NULL, so room for a number, as this function's caller promises.
                unsafe { code_point.write(u32::from(character)) };
                length
            }
            Decoded::CutOff => CUT_OFF,
            Decoded::Wrong => NONE,
        }
    })
}

/// Writes a character as GB18030 and returns its length in bytes, -1 when it is no character.
///
/// # Safety
///
/// `bytes` is NULL or has room for 4 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ctp_sim_gb18030_encode(code_point: u32, bytes: *mut u8) -> i32 {
    guard("ctp_sim_gb18030_encode", NONE, || {
        let Some(character) = char::from_u32(code_point).filter(|_| !bytes.is_null()) else {
            return NONE;
        };
        let mut utf8 = [0; 4];
        let (encoded, _, unmapped) = GB18030.encode(character.encode_utf8(&mut utf8));
        if unmapped || encoded.len() > LENGTH_MAX {
            return NONE;
        }
        // SAFETY: not NULL, so room for 4 bytes, as this function's caller promises; they do not overlap.
        unsafe { std::ptr::copy_nonoverlapping(encoded.as_ptr(), bytes, encoded.len()) };
        i32::try_from(encoded.len()).unwrap_or(NONE)
    })
}

#[derive(Debug, PartialEq)]
enum Decoded {
    Character(char, i32),
    CutOff,
    Wrong,
}

fn decode(bytes: &[u8]) -> Decoded {
    let length = match *bytes {
        [] => return Decoded::CutOff,
        [0..0x80, ..] => 1,
        [0x80 | 0xFF, ..] => return Decoded::Wrong,
        [_] => return Decoded::CutOff,
        [_, b'0'..=b'9', ..] => 4,
        [..] => 2,
    };
    let Some(character) = bytes.get(..length) else {
        return Decoded::CutOff;
    };
    let text = GB18030.decode_without_bom_handling_and_without_replacement(character);
    let mut characters = text.iter().flat_map(|text| text.chars());
    match (characters.next(), characters.next(), i32::try_from(length)) {
        (Some(character), None, Ok(length)) => Decoded::Character(character, length),
        _ => Decoded::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_come_one_by_one() {
        assert_eq!(decode(b"ab"), Decoded::Character('a', 1));
        assert_eq!(decode(b"\xC2\xDD\xCE\xC6"), Decoded::Character('螺', 2));
        assert_eq!(decode(b"\x82\x35\x8F\x33"), Decoded::Character('\u{9FA6}', 4));
        assert_eq!(decode(b"\x90\x30\x81\x30x"), Decoded::Character('\u{10000}', 4));
    }

    #[test]
    fn what_is_cut_off_is_told_from_what_is_wrong() {
        for cut_off in [&b""[..], b"\xC2", b"\x82\x35", b"\x82\x35\x8F"] {
            assert_eq!(decode(cut_off), Decoded::CutOff, "{cut_off:?}");
        }
        for wrong in [&b"\x80"[..], b"\xFF\xFF", b"\xC2\x20", b"\x82\x35\x20\x20"] {
            assert_eq!(decode(wrong), Decoded::Wrong, "{wrong:?}");
        }
    }

    #[test]
    fn every_character_is_written_as_it_is_read() {
        // Private characters have no place, or one that reads as the character that Unicode has since got for it.
        let is_private = |character: &char| ('\u{E000}'..'\u{F900}').contains(character);
        for character in ('\0'..=char::MAX).filter(|character| !is_private(character)).step_by(7) {
            let mut bytes = [0; 4];
            // SAFETY: room for 4 bytes.
            let length = unsafe { ctp_sim_gb18030_encode(character.into(), bytes.as_mut_ptr()) };
            let written = usize::try_from(length).expect("a length");
            assert_eq!(decode(&bytes[..written]), Decoded::Character(character, length), "{character:?}");
        }
    }
}
