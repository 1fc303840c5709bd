//! The vendor's own collectors, without root, and collectors that lie.

use std::{
    ffi::{c_char, c_int},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use ctp_types::UserSystemInfoField;

use super::*;

/// Bytes that the vendor's samples reserve.
const VENDOR_BUFFER: usize = 344;

#[test]
fn collectors_of_all_generations_collect_without_root() {
    for (version, file, tells) in [
        ("6.7.13", "LinuxDataCollect.so", true),
        ("6.7.9", "LinuxDataCollect.so", true),
        ("6.7.0", "LinuxDataCollect.so", true),
        ("6.6.9", "LinuxDataCollect.so", true),
        ("6.6.5", "LinuxDataCollect.so", false),
        ("6.3.19", "LinuxDataCollect.so", false),
        ("6.3.15", "LinuxDataCollect.so", false),
        ("6.7.13", "thosttraderapi_se.so", true),
        ("6.3.15", "thosttraderapi_se.so", false),
    ] {
        let collector = DataCollect::open(vendored(version, file)).expect("the vendor's collector");
        assert_eq!(collector.tells_missing(), tells, "{version} {file}");
        assert_eq!(collector.version().is_some_and(|text| text.starts_with("sfit_pro_")), tells);

        let info = collector.system_info().expect("terminal information");
        let length = info.as_bytes().len();
        assert!((200..=VENDOR_BUFFER).contains(&length), "{version} {file}: {length} bytes");
        assert!(!info.missing().contains(Missing::DEVICE_NAME), "{version} {file}: {}", info.missing());

        let mut buffer = [CANARY; CAPACITY];
        let _turn = collector_turn();
        let (reported, _) = collect_into(collector.collect, &mut buffer);
        assert_eq!(reported, length as c_int, "{version} {file}");
        assert!(buffer[VENDOR_BUFFER..].iter().all(|byte| *byte == CANARY), "{version} {file} wrote too far");
    }
}

#[test]
fn newer_trader_libraries_have_evaluation_keys_too() {
    let trader = vendored("6.7.13", "thosttraderapi_se.so");
    let collector = DataCollect::open_evaluation(&trader).expect("6.7.13 has them");
    assert!(collector.version().is_some_and(|version| version.starts_with("sfit_tst_")), "{collector:?}");
    assert!(!collector.system_info().expect("terminal information").as_bytes().is_empty());

    let old = vendored("6.3.15", "thosttraderapi_se.so");
    assert!(matches!(DataCollect::open_evaluation(old), Err(LoadError::NotCtp { .. })));
}

#[test]
fn what_is_no_collector_is_refused_by_name() {
    let md = vendored("6.7.13", "thostmduserapi_se.so");
    let refused = system_info(md).expect_err("a market data library").to_string();
    assert!(refused.contains("is not a CTP terminal information library"), "{refused}");
    let refused = system_info("/no/such/library.so").expect_err("no file").to_string();
    assert!(refused.contains("/no/such/library.so"), "{refused}");
}

#[test]
fn threads_collect_one_after_the_other() {
    static COLLECTING: AtomicBool = AtomicBool::new(false);
    unsafe extern "C" fn alone(_: *mut c_char, length: *mut c_int) -> c_int {
        let is_alone = !COLLECTING.swap(true, Ordering::AcqRel);
        // Long enough for the others to come in, if they could.
        thread::sleep(Duration::from_millis(20));
        COLLECTING.store(false, Ordering::Release);
        // SAFETY: `collect_into` passes a valid pointer.
        unsafe { *length = 1 };
        c_int::from(!is_alone)
    }
    let collector = fake(alone);
    thread::scope(|scope| {
        let collecting: Vec<_> = (0..4).map(|_| scope.spawn(|| collector.system_info())).collect();
        for thread in collecting {
            let info = thread.join().expect("no panic").expect("one byte");
            assert!(info.missing().is_empty(), "collected out of turn");
        }
    });
}

#[test]
fn a_length_that_cannot_be_is_refused() {
    unsafe extern "C" fn says<const LENGTH: c_int>(_: *mut c_char, length: *mut c_int) -> c_int {
        // SAFETY: `collect_into` passes a valid pointer.
        unsafe { *length = LENGTH };
        0
    }
    let collectors: [(Collect, i64); 4] =
        [(says::<-1>, -1), (says::<0>, 0), (says::<4097>, 4097), (says::<{ c_int::MAX }>, c_int::MAX.into())];
    for (collect, said) in collectors {
        let refused = fake(collect).system_info().expect_err("no such length");
        assert!(
            matches!(refused, SystemInfoError::BadLength { length, capacity: CAPACITY, .. } if length == said),
            "{refused}"
        );
    }
}

#[test]
fn a_record_takes_the_exact_bytes_and_shows_none() {
    unsafe extern "C" fn with_nuls(buffer: *mut c_char, length: *mut c_int) -> c_int {
        // SAFETY: `collect_into` passes valid pointers, the buffer longer than this.
        unsafe {
            buffer.cast::<[u8; 6]>().write_unaligned(*b"ab\0c\0d");
            *length = 6;
        }
        0x40
    }
    let info = fake(with_nuls).system_info().expect("six bytes");
    assert_eq!(info.as_bytes(), b"ab\0c\0d");
    assert_eq!(format!("{info:?}"), "SystemInfo { length: 6, missing: Missing(disk serial number), .. }");

    let mut record = UserSystemInfoField::default();
    info.write_to(&mut record).expect("fits");
    assert_eq!(record.client_system_info_len, 6);
    assert_eq!(&record.client_system_info.raw()[..7], b"ab\0c\0d\0");
    assert!(!format!("{record:?}").contains("ab"), "{record:?}");

    let long = SystemInfo { bytes: vec![1; 300].into(), missing: Missing::default() };
    let refused = long.write_to(&mut record).expect_err("longer than the field");
    assert!(matches!(refused, SystemInfoError::DoesNotFit { length: 300, capacity: 273, .. }), "{refused}");
    assert_eq!(record.client_system_info_len, 6, "untouched");
}

const CANARY: u8 = 0xC5;

fn fake(collect: Collect) -> DataCollect {
    DataCollect { path: "fake.so".into(), version: None, collect }
}

fn vendored(version: &str, file: &str) -> PathBuf {
    let path = format!("{}/../vendor/se-{version}/lib/{file}", env!("CARGO_MANIFEST_DIR"));
    assert!(std::fs::exists(&path).is_ok_and(|there| there), "{path} is missing; run `cargo xtask vendor`");
    path.into()
}
