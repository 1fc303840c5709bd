//! The SQLite file: making it, opening it, and knowing that it is what it was.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ctp_sim::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::digest::{self, Hash};
use super::head::{self, Found, Head, HeadFile};
use super::veil::Veil;
use super::{StoreError, StoreOptions, encoding};

/// `application_id` of the file: "CTPS".
pub(super) const APPLICATION: i32 = 0x4354_5053;
/// `user_version` of the file: its format.
pub(super) const FORMAT: i32 = 1;
/// How long a reader may be in the way.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// This build, for people.
pub(super) const BUILD: &str = concat!("ctp-sim-host ", env!("CARGO_PKG_VERSION"));

const SCHEMA: &str = r#"
CREATE TABLE readme (line INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inputs (row INTEGER PRIMARY KEY, "from" INTEGER NOT NULL, at INTEGER NOT NULL, input BLOB NOT NULL, chain BLOB NOT NULL);
CREATE TABLE checkpoints (row INTEGER PRIMARY KEY, reached INTEGER NOT NULL, entries INTEGER NOT NULL, digest BLOB NOT NULL);
CREATE TABLE runs (run INTEGER PRIMARY KEY, row INTEGER NOT NULL, reached TEXT NOT NULL, build TEXT NOT NULL, process INTEGER NOT NULL);
"#;

const README: &str = "\
This is a trading day of the simulated exchange (ctp sim serve --store); docs/store.md describes it.
The truth are meta, inputs and checkpoints: the exchange is made again from them at every start.
Every row of inputs carries a link of a chain of checksums; a changed row makes the file unusable. Change nothing.
The other tables (accounts, positions, orders, trades, stream, shown) are for reading. They are written from time to time
and when the server stops, and are never read back: what you change there is overwritten and has no effect.
The file FILE-head belongs to it, and FILE-wal while a server runs or after it was killed: copy them together.
Passwords are not in it, but what stands for them.";

/// What never changes in a store.
#[derive(Clone, Debug)]
pub(super) struct Meta {
    pub(super) path: PathBuf,
    pub(super) build: String,
    pub(super) start: Timestamp,
    pub(super) phase: u16,
    pub(super) salt: String,
    /// With what stands for secrets.
    pub(super) settings: Vec<(String, String)>,
    pub(super) replay: Option<Recording>,
    /// The first link of the chain.
    pub(super) origin: Hash,
}

/// A recording that the exchange plays.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Recording {
    pub(super) path: PathBuf,
    pub(super) digest: String,
    pub(super) from_now: bool,
}

pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) head: HeadFile,
    pub(super) meta: Meta,
    pub(super) found: Ended,
}

/// How the last run of a store ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    /// There was none.
    Never,
    /// With this head; whether it was closed is in it.
    At(Box<Head>),
    /// It was closed with so many rows, and its head is gone, as after it was copied alone.
    Closed(u64),
}

impl Meta {
    pub(super) fn veil(&self) -> Veil {
        Veil::new(&self.salt)
    }
}

/// Opens a store, or makes it.
pub(super) fn open(options: &StoreOptions, now: Timestamp) -> Result<Opened, StoreError> {
    let path = &options.path;
    let io = |source| StoreError::Io { path: path.clone(), source };
    // Nothing is left beside a file that is not ours.
    let is_there = is_ours(path)?;
    let Some(mut head) = HeadFile::lock(path).map_err(io)? else { return Err(in_use(path)) };
    let found = head.read().map_err(io)?;
    if !is_there && !path.exists() {
        if let Found::Head(Head { rows: 1.., .. }) = found {
            return Err(damaged(
                path,
                "the whole file",
                "it is gone, but the file beside it (-head) is there",
            ));
        }
        found_anew(options, now)?;
        let connection = connect(path)?;
        let meta = read_meta(path, &connection)?;
        let first = Head {
            store: meta.origin,
            rows: 0,
            chain: meta.origin,
            reached: meta.start,
            entries: 0,
            digest: [0; 32],
            process: std::process::id(),
        };
        head.write(&first).map_err(io)?;
        return Ok(Opened { connection, head, meta, found: Ended::Never });
    }
    let connection = connect(path)?;
    let meta = verify(path, &connection)?;
    let found = ended(path, &connection, &meta, found)?;
    compare(&meta, options)?;
    Ok(Opened { connection, head, meta, found })
}

/// Looks at a file before SQLite does. Returns whether it is there.
pub(super) fn is_ours(path: &Path) -> Result<bool, StoreError> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(StoreError::Io { path: path.to_owned(), source }),
    };
    let foreign = |found: String| Err(StoreError::Foreign { path: path.to_owned(), found });
    let mut header = [0; 100];
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return foreign("it is no file".to_owned());
    }
    if let Err(source) = file.read_exact(&mut header) {
        return match source.kind() {
            ErrorKind::UnexpectedEof => foreign("it is shorter than any".to_owned()),
            _ => Err(StoreError::Io { path: path.to_owned(), source }),
        };
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return foreign("it is no SQLite file, or its beginning is damaged".to_owned());
    }
    let number = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if number(68) != APPLICATION {
        return foreign("it is an SQLite file of another program, or its beginning is damaged".to_owned());
    }
    if number(60) != FORMAT {
        let (found, known) = (number(60).to_string(), FORMAT.to_string());
        return Err(StoreError::Format { path: path.to_owned(), found, known });
    }
    Ok(true)
}

/// Checks a file as such, and returns its meta.
pub(super) fn verify(path: &Path, connection: &Connection) -> Result<Meta, StoreError> {
    let said: Result<String, _> = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
    match said {
        Ok(said) if said == "ok" => {}
        Ok(said) => return Err(damaged(path, "SQLite's own check", &said)),
        Err(cause) => return Err(sqlite(path, cause)),
    }
    read_meta(path, connection)
}

pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let failed = |cause| sqlite(path, cause);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
    // A commit is in the system's hands: it survives a kill. Power failures: see docs/store.md.
    connection.pragma_update(None, "synchronous", "normal").map_err(failed)?;
    // Another connection does it, outside the exchange's lock.
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(failed)?;
    Ok(connection)
}

/// Returns the path of a file beside a store.
pub(super) fn beside(store: &Path, end: &str) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(end);
    PathBuf::from(path)
}

/// Makes a store beside its place and puts it there whole.
fn found_anew(options: &StoreOptions, now: Timestamp) -> Result<(), StoreError> {
    let path = &options.path;
    let mut new = path.as_os_str().to_owned();
    new.push("-new");
    let new = PathBuf::from(new);
    let io = |source| StoreError::Io { path: path.clone(), source };
    for rest in ["", "-wal", "-shm", "-journal"] {
        let mut rest_of = new.as_os_str().to_owned();
        rest_of.push(rest);
        match fs::remove_file(&rest_of) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(io(cause)),
            _ => {}
        }
    }
    let start = options.start.unwrap_or(now);
    let salt = salt(path, now);
    let veil = Veil::new(&salt);
    let settings: Vec<(String, String)> =
        options.settings.iter().map(|(key, value)| (key.clone(), veil.setting(key, value))).collect();
    let replay = match &options.replay {
        Some(path) => Some(Recording {
            path: path.clone(),
            digest: recording_digest(path)?,
            from_now: options.start.is_none(),
        }),
        None => None,
    };
    let json =
        |value: serde_json::Result<String>| value.map_err(|cause| damaged(path, "meta", &cause.to_string()));
    let entries = [
        ("build", BUILD.to_owned()),
        ("encoding", encoding::VERSION.to_string()),
        ("model", encoding::model_digest().to_owned()),
        ("phase", crate::simulator::phase(start).to_string()),
        ("replay", json(serde_json::to_string(&replay))?),
        ("salt", salt),
        ("settings", json(serde_json::to_string(&settings))?),
        ("start", start.0.to_string()),
    ];
    let failed = |cause| sqlite(path, cause);
    // What clients sent is nobody else's business.
    drop(fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(io)?);
    let connection = Connection::open(&new).map_err(failed)?;
    connection.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
    connection.pragma_update(None, "user_version", FORMAT).map_err(failed)?;
    connection.execute_batch(SCHEMA).map_err(failed)?;
    super::tables::create(&connection).map_err(failed)?;
    for (number, line) in README.lines().enumerate() {
        connection.execute("INSERT INTO readme VALUES (?, ?)", (number as i64 + 1, line)).map_err(failed)?;
    }
    let mut insert = connection.prepare("INSERT INTO meta VALUES (?, ?)").map_err(failed)?;
    for (key, value) in &entries {
        insert.execute((key, value)).map_err(failed)?;
    }
    insert.execute(("closed", "0")).map_err(failed)?;
    drop(insert);
    connection.close().map_err(|(_, cause)| sqlite(path, cause))?;
    fs::rename(&new, path).map_err(io)
}

fn read_meta(path: &Path, connection: &Connection) -> Result<Meta, StoreError> {
    let failed = |cause| sqlite(path, cause);
    let mut statement = connection.prepare("SELECT key, value FROM meta").map_err(failed)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    let mut all = BTreeMap::new();
    for row in rows.map_err(failed)? {
        let (key, value) = row.map_err(failed)?;
        if key != "closed" {
            all.insert(key, value);
        }
    }
    let get = |key: &str| all.get(key).ok_or_else(|| damaged(path, "meta", &format!("{key} is missing")));
    let wrong = |key: &str| damaged(path, "meta", &format!("{key} is not what it can be"));
    let build = get("build")?.clone();
    let known = encoding::VERSION.to_string();
    if get("encoding")? != &known {
        let found = format!("{FORMAT} with encoding {}", get("encoding")?);
        return Err(StoreError::Format { path: path.to_owned(), found, known: format!("encoding {known}") });
    }
    let known = encoding::model_digest();
    if get("model")? != known {
        let (found, known) = (short(get("model")?), short(known));
        return Err(StoreError::Model { path: path.to_owned(), found, known, build });
    }
    let parts: Vec<&[u8]> = all.iter().flat_map(|(key, value)| [key.as_bytes(), value.as_bytes()]).collect();
    Ok(Meta {
        path: path.to_owned(),
        start: Timestamp(get("start")?.parse().map_err(|_| wrong("start"))?),
        phase: get("phase")?.parse().map_err(|_| wrong("phase"))?,
        salt: get("salt")?.clone(),
        settings: serde_json::from_str(get("settings")?).map_err(|_| wrong("settings"))?,
        replay: serde_json::from_str(get("replay")?).map_err(|_| wrong("replay"))?,
        origin: digest::of(&parts),
        build,
    })
}

/// Returns how the last run ended, if head and file are of one store.
pub(super) fn ended(
    path: &Path,
    connection: &Connection,
    meta: &Meta,
    found: Found,
) -> Result<Ended, StoreError> {
    let closed: String = connection
        .query_row("SELECT value FROM meta WHERE key = 'closed'", [], |row| row.get(0))
        .map_err(|cause| sqlite(path, cause))?;
    match found {
        Found::Head(head) if head.store == meta.origin => Ok(Ended::At(Box::new(head))),
        Found::Head(_) => Err(damaged(
            path,
            "meta",
            "it does not belong to the file beside it (-head): one of them was changed",
        )),
        Found::Damaged => Err(damaged(path, "the file beside it (-head)", "it was changed")),
        Found::Nothing => match closed.parse() {
            Ok(rows) => Ok(Ended::Closed(rows)),
            Err(_) => Err(damaged(
                path,
                "the file beside it (-head)",
                "it is missing, and the store was not closed: copy FILE, FILE-wal and FILE-head together",
            )),
        },
    }
}

/// Compares what is asked for with what is there.
fn compare(meta: &Meta, options: &StoreOptions) -> Result<(), StoreError> {
    let other = |difference| Err(StoreError::Settings { path: meta.path.clone(), difference });
    if let Some(start) = options.start.filter(|start| *start != meta.start) {
        return other(format!("it began at {}, not at {}", meta.start.china(), start.china()));
    }
    let veil = meta.veil();
    let last = |settings: &[(String, String)]| -> BTreeMap<String, String> {
        settings.iter().map(|(key, value)| (key.replace('-', "_"), value.clone())).collect()
    };
    let kept = last(&meta.settings);
    let asked: Vec<_> =
        options.settings.iter().map(|(key, value)| (key.clone(), veil.setting(key, value))).collect();
    let is_secret = |key: &str| matches!(key, "password" | "auth_code");
    for (key, value) in last(&asked) {
        let difference = match kept.get(&key) {
            Some(kept) if *kept == value => continue,
            _ if is_secret(&key) => format!("{key} is another"),
            Some(kept) => format!("{key} is {kept:?}, not {value:?}"),
            None => format!("{key} is not set, which now is {value:?}"),
        };
        return other(difference);
    }
    if let Some(path) = &options.replay {
        let digest = recording_digest(path)?;
        if meta.replay.as_ref().is_none_or(|kept| kept.digest != digest) {
            return other(format!("it does not play the recording {}", path.display()));
        }
    }
    Ok(())
}

/// Returns the digest of a recording's file.
pub(super) fn recording_digest(path: &Path) -> Result<String, StoreError> {
    let bytes = fs::read(path).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    Ok(digest::hex(&digest::of(&[&bytes])))
}

/// Returns a text that no other store has: it tells stores apart and need not be secret for that.
fn salt(path: &Path, now: Timestamp) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut chance = [0; 32];
    // Where the system has no such device, time and process must do.
    let read = fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut chance));
    drop(read);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let text = format!("{} {} {count} {}", path.display(), now.0, std::process::id());
    digest::hex(&digest::of(&[&chance, text.as_bytes()])[..16])
}

pub(super) fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

pub(super) fn in_use(path: &Path) -> StoreError {
    let process = match head::read(path) {
        Ok(Found::Head(head)) if head.process != 0 => head.process.to_string(),
        _ => "not known".to_owned(),
    };
    StoreError::InUse { path: path.to_owned(), process }
}

pub(super) fn damaged(path: &Path, place: &str, what: &str) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), place: place.to_owned(), what: what.to_owned() }
}

/// Tells damage from other errors of SQLite.
pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
    let code = source.sqlite_error_code();
    let is_content = matches!(
        source,
        rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::QueryReturnedNoRows
            | rusqlite::Error::SqlInputError { .. }
    );
    match code {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SchemaChanged) => {
            damaged(path, "SQLite", &source.to_string())
        }
        _ if is_content || code == Some(ErrorCode::Unknown) => {
            damaged(path, "its tables", &source.to_string())
        }
        _ => StoreError::Sqlite { path: path.to_owned(), source },
    }
}
