//! Libraries of three families side by side: each is known for what it is, and says what it lacks.

use std::{path::PathBuf, time::Duration};

use ctp_sys::{ApiError, Library, LoadError, MdLibrary, Side, TraderLibrary, TraderOptions, mini, se, sopt};
use ctp_types::ResumeType;

const CLOSE: Duration = Duration::from_secs(10);

/// A vendored library; names the command when it is missing.
fn vendored(set: &str, file: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join("vendor").join(set).join("lib").join(file);
    assert!(path.is_file(), "vendor/{set}/lib/{file} is missing; run `cargo xtask vendor`");
    path
}

fn trader_of_se() -> PathBuf {
    vendored("se-6.3.15", "thosttraderapi_se.so")
}

fn trader_of_mini() -> PathBuf {
    vendored("mini-1.7.7", "libthosttraderapi.so")
}

fn trader_of_sopt() -> PathBuf {
    vendored("sopt-3.7.0", "soptthosttraderapi_se.so")
}

/// Asserts that `S` refuses the library, and that the error says what opens it.
fn refuses<S: Side>(path: PathBuf, family: &str, opener: &str) {
    let refused = Library::<S>::open(&path).expect_err("another family");
    let LoadError::WrongFamily { family: found, opener: named, .. } = &refused else { panic!("{refused}") };
    assert_eq!((*found, named.as_str()), (family, opener));
    assert!(refused.to_string().contains(&format!("open it with {opener}")), "{refused}");
}

#[test]
fn a_library_of_another_family_is_refused_with_the_type_that_opens_it() {
    refuses::<se::Trader>(trader_of_mini(), "mini", "ctp_sys::mini::TraderLibrary");
    refuses::<se::Trader>(trader_of_sopt(), "sopt", "ctp_sys::sopt::TraderLibrary");
    refuses::<mini::Trader>(trader_of_se(), "se", "ctp_sys::TraderLibrary");
    refuses::<mini::Trader>(trader_of_sopt(), "sopt", "ctp_sys::sopt::TraderLibrary");
    refuses::<sopt::Trader>(trader_of_se(), "se", "ctp_sys::TraderLibrary");
    refuses::<sopt::Trader>(trader_of_mini(), "mini", "ctp_sys::mini::TraderLibrary");
    // Neither family nor side is right: both are named.
    refuses::<se::Md>(trader_of_sopt(), "sopt", "ctp_sys::sopt::TraderLibrary");
    refuses::<sopt::Md>(vendored("mini-1.7.7", "libthostmduserapi.so"), "mini", "ctp_sys::mini::MdLibrary");
    let side = MdLibrary::open(trader_of_se()).expect_err("the other side");
    assert!(side.to_string().contains("it is a trader library"), "{side}");
}

#[test]
fn three_families_live_in_one_process_and_say_what_they_lack() {
    let flow = tempfile::tempdir().expect("a temporary folder");
    let options = |name: &str| TraderOptions::new(flow.path().join(name));
    let se = TraderLibrary::open(trader_of_se()).expect("the vendor's library");
    let mini = mini::TraderLibrary::open(trader_of_mini()).expect("the vendor's library");
    let sopt = sopt::TraderLibrary::open(trader_of_sopt()).expect("the vendor's library");
    assert_eq!(
        [se.version().label(), mini.version().label(), sopt.version().label()],
        ["6.3.15", "1.7.7", "3.7.0"]
    );
    let se = se.create(&options("se")).expect("an API object");
    let mini = mini.create(&options("mini")).expect("an API object");
    let sopt = sopt.create(&options("sopt")).expect("an API object");

    let lacks = |method, library: &str, since| {
        Err::<(), _>(ApiError::NotInVersion { method, library: library.to_owned(), since })
    };
    assert_eq!(se.front_info().map(drop), lacks("GetFrontInfo", "6.3.15", Some("6.7.7")));
    let resume = se.subscribe_private_topic(ResumeType::FromSeqNo, 1);
    assert_eq!(resume, lacks("THOST_TERT_RESUME_FROM_SEQ_NO", "6.3.15", Some("6.7.13")));
    assert_eq!(
        resume.map_err(|error| error.to_string()),
        Err("THOST_TERT_RESUME_FROM_SEQ_NO does not exist in version 6.3.15, only since 6.7.13".to_owned())
    );
    let name_server = mini.register_name_server("tcp://127.0.0.1:9");
    assert_eq!(name_server, lacks("RegisterNameServer", "1.7.7", None));
    assert_eq!(
        name_server.map_err(|error| error.to_string()),
        Err("RegisterNameServer does not exist in version 1.7.7, nor in any other of its family".to_owned())
    );

    se.close(CLOSE).expect("closed in time");
    mini.close(CLOSE).expect("closed in time");
    sopt.close(CLOSE).expect("closed in time");
}
