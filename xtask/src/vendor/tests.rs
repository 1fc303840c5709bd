//! Small archives, made here, in place of the vendor's.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::fetch::{Cache, Source};
use super::manifest::{Archive, Encoding, Kind, Manifest, PinnedFile, Registry, Set};
use super::place::{Placed, place, put, remove_leftovers};
use super::unpack::{self, VerifiedArchive};
use crate::digest::Digest;

const HEADER: &[u8] = b"class CThostFtdcMdApi;\n";
const LIBRARY: &[u8] = b"\x7fELF, as far as this test goes";

/// An archive that is at hand.
struct AtHand(Vec<u8>);

impl Source for AtHand {
    fn archive(&self, archive: &Archive) -> Result<VerifiedArchive> {
        unpack::verify(archive, self.0.clone())
    }
}

/// Returns a `.tar.gz` of regular files. Paths are written as they are: `tar::Builder` would refuse the bad ones.
fn tar_gz(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn good_archive() -> Vec<u8> {
    tar_gz(&[("p-1/setup.py", b"exit()"), ("p-1/MdApi.h", HEADER), ("p-1/libmd.so", LIBRARY)])
}

fn pins_for(archive: &[u8]) -> Set {
    let pinned = |from: &str, to: &str, content| PinnedFile {
        from: from.to_owned(),
        to: to.to_owned(),
        sha256: Digest::of(content),
    };
    Set {
        kind: Kind::Version,
        name: None,
        family: "se".to_owned(),
        version: "1.2.3".to_owned(),
        encoding: Some(Encoding::Utf8),
        archives: vec![Archive {
            registry: Registry::PypiSdist,
            package: "p".to_owned(),
            release: "1".to_owned(),
            sha256: Some(Digest::of(archive)),
            files: vec![
                pinned("p-1/MdApi.h", "include/MdApi.h", HEADER),
                pinned("p-1/libmd.so", "lib/md.so", LIBRARY),
            ],
        }],
    }
}

/// Asserts that `version` is refused for a reason that contains `reason`, and that nothing was written.
fn assert_refused(version: &Set, archive: Vec<u8>, reason: &str) {
    let vendor = tempfile::tempdir().unwrap();
    let error = place(version, vendor.path(), &AtHand(archive)).unwrap_err();
    let message = format!("{error:#}");
    assert!(message.contains(reason), "{message}");
    assert_eq!(names(vendor.path()), [""; 0]);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn pinned_files_are_put_in_place_and_nothing_else() {
    let archive = good_archive();
    let version = pins_for(&archive);
    let vendor = tempfile::tempdir().unwrap();
    assert_eq!(place(&version, vendor.path(), &AtHand(archive)).unwrap(), Placed::Made);

    let folder = vendor.path().join("se-1.2.3");
    assert_eq!(fs::read(folder.join("include/MdApi.h")).unwrap(), HEADER);
    assert_eq!(fs::read(folder.join("lib/md.so")).unwrap(), LIBRARY);
    assert_eq!(names(&folder.join("include")), ["MdApi.h"]);
    assert_eq!(names(&folder.join("lib")), ["md.so"]);
    assert_eq!(names(vendor.path()), ["se-1.2.3"]);
}

#[test]
fn a_right_folder_is_left_alone_without_the_archive() {
    let archive = good_archive();
    let version = pins_for(&archive);
    let vendor = tempfile::tempdir().unwrap();
    place(&version, vendor.path(), &AtHand(archive)).unwrap();
    let no_archive = AtHand(Vec::new());
    assert_eq!(place(&version, vendor.path(), &no_archive).unwrap(), Placed::AlreadyRight);
}

#[test]
fn a_changed_folder_is_replaced() {
    let archive = good_archive();
    let version = pins_for(&archive);
    let vendor = tempfile::tempdir().unwrap();
    let header = vendor.path().join("se-1.2.3/include/MdApi.h");
    let stray = vendor.path().join("se-1.2.3/include/Stray.h");
    place(&version, vendor.path(), &AtHand(archive.clone())).unwrap();

    fs::write(&header, "edited").unwrap();
    assert_eq!(place(&version, vendor.path(), &AtHand(archive.clone())).unwrap(), Placed::Replaced);
    assert_eq!(fs::read(&header).unwrap(), HEADER);

    fs::write(&stray, "").unwrap();
    assert_eq!(place(&version, vendor.path(), &AtHand(archive.clone())).unwrap(), Placed::Replaced);
    assert!(!stray.exists());

    fs::remove_file(&header).unwrap();
    assert_eq!(place(&version, vendor.path(), &AtHand(archive)).unwrap(), Placed::Replaced);
    assert_eq!(names(vendor.path()), ["se-1.2.3"]);
}

#[test]
fn a_folder_made_from_other_pins_is_not_trusted() {
    let archive = good_archive();
    let mut version = pins_for(&archive);
    let vendor = tempfile::tempdir().unwrap();
    place(&version, vendor.path(), &AtHand(archive.clone())).unwrap();
    version.archives[0].sha256 = Some(Digest::of(b"another archive"));
    let error = place(&version, vendor.path(), &AtHand(archive)).unwrap_err();
    assert!(error.to_string().contains("is refused"), "{error}");
    assert_eq!(fs::read(vendor.path().join("se-1.2.3/include/MdApi.h")).unwrap(), HEADER);
    assert_eq!(names(vendor.path()), ["se-1.2.3"]);
}

#[test]
fn a_wrong_archive_is_refused_before_it_is_unpacked() {
    let version = pins_for(&good_archive());
    assert_refused(
        &version,
        b"not even an archive".to_vec(),
        "Python source archive p 1 is refused: its sha256",
    );
}

#[test]
fn a_wrong_file_is_refused() {
    let archive = good_archive();
    let mut version = pins_for(&archive);
    version.archives[0].files[1].sha256 = Digest::of(b"another library");
    assert_refused(&version, archive, "p-1/libmd.so of Python source archive p 1 is refused: its sha256");
}

#[test]
fn a_missing_file_is_refused() {
    let archive = tar_gz(&[("p-1/MdApi.h", HEADER)]);
    assert_refused(&pins_for(&archive), archive.clone(), "has no file p-1/libmd.so");
}

#[test]
fn a_doubled_file_is_refused() {
    let archive = tar_gz(&[("p-1/MdApi.h", b"first"), ("p-1/MdApi.h", HEADER), ("p-1/libmd.so", LIBRARY)]);
    assert_refused(&pins_for(&archive), archive.clone(), "two entries have the path p-1/MdApi.h");
}

#[test]
fn an_archive_that_is_cut_off_is_refused() {
    let mut archive = good_archive();
    archive.truncate(archive.len() / 2);
    assert_refused(&pins_for(&archive), archive.clone(), "cannot be unpacked");
}

#[test]
fn paths_that_leave_the_archive_are_refused() {
    for path in ["../evil", "p-1/../../evil", "/etc/evil", "p-1\\..\\evil", "p-1//evil"] {
        let archive = tar_gz(&[("p-1/MdApi.h", HEADER), ("p-1/libmd.so", LIBRARY), (path, b"")]);
        assert_refused(&pins_for(&archive), archive.clone(), "an entry leaves its folder");
    }
}

#[test]
fn a_symbolic_link_is_no_file() {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "p-1/MdApi.h", "/etc/passwd").unwrap();
    let archive = tar.into_inner().unwrap().finish().unwrap();
    assert_refused(&pins_for(&archive), archive.clone(), "not a regular file: p-1/MdApi.h");
}

#[test]
fn a_wheel_is_read_as_the_zip_it_is() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, content) in [("p-1/MdApi.h", HEADER), ("p-1/libmd.so", LIBRARY)] {
        zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    let archive = zip.finish().unwrap().into_inner();
    let vendor = tempfile::tempdir().unwrap();
    let placed = place(&pins_for(&archive), vendor.path(), &AtHand(archive)).unwrap();
    assert_eq!(placed, Placed::Made);
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let vendor = tempfile::tempdir().unwrap();
    fs::create_dir_all(vendor.path().join(".staging-x/new/include")).unwrap();
    fs::create_dir_all(vendor.path().join("se-1.2.3")).unwrap();
    remove_leftovers(vendor.path()).unwrap();
    assert_eq!(names(vendor.path()), ["se-1.2.3"]);
}

#[test]
fn a_cached_archive_is_used_and_verified() {
    let archive = good_archive();
    let pins = pins_for(&archive).archives.remove(0);
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().to_owned()).unwrap();
    fs::write(folder.path().join("p-1.tar.gz"), archive).unwrap();
    let files = unpack::unpack(&pins, &cache.archive(&pins).unwrap()).unwrap();
    assert_eq!(files.len(), 2);
}

#[test]
fn the_committed_manifest_is_usable() {
    let manifest = super::manifest().unwrap();
    // a version and its model come together.
    let mut modelled: Vec<String> = ctp_gen::models::models().map(ctp_gen::Api::label).collect();
    let mut pinned: Vec<String> = manifest.versions().map(Set::folder).collect();
    assert_eq!(pinned[0], modelled[0]);
    modelled.sort_unstable();
    pinned.sort_unstable();
    assert_eq!(pinned, modelled);
    let libraries: Vec<_> = manifest.sets.iter().filter(|set| set.kind == Kind::Libraries).collect();
    assert!(libraries.iter().any(|set| set.folder() == "openctp-6.6.7"));
    assert!(
        manifest
            .sets
            .iter()
            .all(|set| set.archives.iter().all(|archive| archive.registry != Registry::Local))
    );
    assert!(manifest.tool("libclang").is_ok());
}

#[test]
fn versions_are_selected_by_family_and_name() {
    let manifest = super::manifest().unwrap();
    assert!(manifest.select(Some("mini"), &[]).unwrap().iter().all(|set| set.family == "mini"));
    let folders = |name: &str| -> Vec<String> {
        manifest.select(None, &[name.to_owned()]).unwrap().into_iter().map(Set::folder).collect()
    };
    assert_eq!(folders("6.3.15"), ["se-6.3.15", "openctp-6.3.15"]);
    assert_eq!(folders("openctp-6.6.7"), ["openctp-6.6.7"]);
    let error = manifest.select(None, &["6.9.9".to_owned()]).unwrap_err().to_string();
    assert!(error.contains("version 6.9.9 is not pinned") && error.contains("se-6.7.13"), "{error}");
    assert!(manifest.select(Some("femas"), &[]).is_err());
}

#[test]
fn a_bad_manifest_is_refused() {
    let good = toml::to_string(&pins_for(&good_archive())).unwrap();
    for (from, to, reason) in [
        ("include/MdApi.h", "include/../../evil.h", "not a plain relative path"),
        ("include/MdApi.h", "/evil.h", "not a plain relative path"),
        ("include/MdApi.h", "bin/MdApi.h", "has no place in such a folder"),
        ("include/MdApi.h", "lib/md.so", "two files go to lib/md.so"),
        ("se", "../se", "not a family"),
        ("release = \"1\"", "release = \"1/../..\"", "not a package or release"),
        ("sha256 = \"", "sha256 = \"X", "not a sha256"),
        ("encoding", "coding", "unknown field"),
    ] {
        let text = good.replacen(from, to, 1).replace("[[archive]]", "[[version.archive]]");
        let text = text.replace("[[archive.files]]", "[[version.archive.files]]");
        let text = format!("[[version]]\n{text}");
        let error = format!("{:#}", Manifest::parse(&text).unwrap_err());
        assert!(error.contains(reason), "{from} → {to}: {error}");
    }
}

/// Files that an upgrade took over from a folder can be kept, not fetched.
#[test]
fn files_of_no_package_are_kept_and_never_made_up() {
    let archive = good_archive();
    let mut set = pins_for(&archive);
    set.archives[0].registry = Registry::Local;
    set.archives[0].sha256 = None;
    let vendor = tempfile::tempdir().unwrap();
    let no_archive = || AtHand(Vec::new());
    let refused = || place(&set, vendor.path(), &no_archive()).unwrap_err().to_string();
    assert!(refused().contains("MdApi.h is missing; it came from a folder of one machine"), "{}", refused());

    let files = pins_for(&archive).archives.remove(0);
    let files = unpack::unpack(&files, &unpack::verify(&files, archive).unwrap()).unwrap();
    assert_eq!(put(&set, vendor.path(), &files).unwrap(), Placed::Made);
    assert_eq!(place(&set, vendor.path(), &no_archive()).unwrap(), Placed::AlreadyRight);
    let stray = vendor.path().join("se-1.2.3/lib/stray.so");
    fs::write(&stray, "").unwrap();
    assert_eq!(place(&set, vendor.path(), &no_archive()).unwrap(), Placed::Replaced);
    assert!(!stray.exists());
    fs::write(vendor.path().join("se-1.2.3/lib/md.so"), "edited").unwrap();
    assert!(refused().contains("md.so has sha256"), "{}", refused());
}
