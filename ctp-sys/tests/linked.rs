//! Feature `link`: the linked libraries work without a path, and no others open beside them.
//!
//! `demo/tests/link.rs` builds and runs this with the simulator's libraries of 6.7.13 in `CTP_LIB_DIR`.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc::channel},
    time::Duration,
};

use ctp_sys::{
    LoadError, MdEvent, MdLibrary, MdOptions, MdSpi, TraderLibrary, TraderOptions, find_simulator, mini, sopt,
};
use ctp_types::MdCallback;

const CLOSE: Duration = Duration::from_secs(10);

struct Connected(std::sync::mpsc::Sender<()>);

impl MdSpi for Connected {
    fn deliver(&self, event: MdEvent<'_>) {
        if event.callback == MdCallback::OnFrontConnected {
            self.0.send(()).expect("the test waits");
        }
    }
}

#[test]
fn the_linked_libraries_run() {
    let library = MdLibrary::linked().expect("linked");
    assert_eq!(library.version().label(), "6.7.13");
    assert!(library.path().is_file(), "{library:?}");
    let flow = tempfile::tempdir().expect("a temporary folder");
    let api = library.create(&MdOptions::new(flow.path())).expect("an API object");
    let (sender, receiver) = channel();
    api.register_spi(Arc::new(Connected(sender))).expect("before init");
    api.register_front("sim://linked").expect("a front");
    api.init().expect("the first time");
    receiver.recv_timeout(Duration::from_secs(10)).expect("connected");
    api.close(CLOSE).expect("closed in time");

    let trader = TraderLibrary::linked().expect("linked");
    let flow = tempfile::tempdir().expect("a temporary folder");
    let api = trader.create(&TraderOptions::new(flow.path())).expect("an API object");
    assert_eq!(api.version(), trader.version());
    api.close(CLOSE).expect("closed in time");
}

#[test]
fn a_second_library_is_refused_and_the_linked_one_named() {
    let other = find_simulator("6.3.15").expect("built by `cargo xtask sim`");
    let refused = MdLibrary::open(&other.md).expect_err("another library is linked");
    let LoadError::Linked { path, linked, version } = &refused else { panic!("{refused}") };
    assert_eq!(path, &other.md.canonicalize().expect("a file"));
    assert_eq!((linked, version.label().as_str()), (&linked_path(), "6.7.13"));
    assert!(refused.to_string().contains("the program is linked with"), "{refused}");

    let same = MdLibrary::open(linked_path()).expect("the linked library itself");
    assert_eq!(same.path(), linked_path());
}

#[test]
fn other_families_have_none() {
    let refused = mini::TraderLibrary::linked().expect_err("se is linked");
    assert!(matches!(refused, LoadError::WrongFamily { family: "se", .. }), "{refused}");
    let refused = sopt::MdLibrary::linked().expect_err("se is linked");
    assert!(refused.to_string().contains("open it with ctp_sys::MdLibrary"), "{refused}");

    let other = mini::find_simulator("1.7.7").expect("built by `cargo xtask sim`").trader;
    let refused = mini::TraderLibrary::open(&other).expect_err("another library is linked");
    let LoadError::Linked { path, version, .. } = &refused else { panic!("{refused}") };
    assert_eq!(path, &other.canonicalize().expect("a file"));
    assert_eq!(version.label(), "6.7.13");
}

fn linked_path() -> PathBuf {
    MdLibrary::linked().expect("linked").path().to_owned()
}
