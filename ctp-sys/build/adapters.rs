//! Compiles the adapters: each only when its text, the compiler or the flags changed, and as many at once
//! as cargo allows.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{self, Command},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

/// Objects that no build used for so long are removed.
const UNUSED: Duration = Duration::from_secs(7 * 24 * 3600);

/// One adapter's text.
pub(crate) struct Source {
    /// What its object's name begins with.
    pub(crate) name: String,
    /// C++.
    pub(crate) text: String,
}

/// Compiles `sources` and links them as `libctp_adapters.a`.
///
/// # Errors
///
/// Returns what the compiler said.
pub(crate) fn compile(out_dir: &Path, sources: &[Source]) -> Result<(), Box<dyn Error>> {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++14").warnings(false).opt_level(1).debug(false);
    let compiler = Compiler::new(&build)?;
    let cache = cache(out_dir)?;
    let objects = in_parallel(sources, |source| compiler.object(&cache, source))?;
    build.objects(objects).try_compile("ctp_adapters")?;
    Ok(())
}

/// The C++ compiler with its flags.
struct Compiler {
    tool: cc::Tool,
    /// What it is: path, flags and version.
    identity: Vec<u8>,
}

impl Compiler {
    fn new(build: &cc::Build) -> Result<Self, Box<dyn Error>> {
        let tool = build.try_get_compiler()?;
        let version = tool.to_command().arg("--version").output()?;
        let mut identity = format!("{:?} {:?} ", tool.path(), tool.args()).into_bytes();
        identity.extend(version.stdout);
        Ok(Self { tool, identity })
    }

    /// Returns the object of `source`. Its name has the digest of text and compiler, so one that is there is
    /// the right one, whichever profile or feature it was compiled for.
    #[expect(clippy::disallowed_methods, reason = "the time of use that sweeping looks at is the system's")]
    fn object(&self, cache: &Path, source: &Source) -> Result<PathBuf, String> {
        let digest = Sha256::new().chain_update(&self.identity).chain_update(&source.text).finalize();
        let digest: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let object = cache.join(format!("{}-{digest}.o", source.name));
        let fails = |error: std::io::Error| format!("cannot write {}: {error}", object.display());
        if let Ok(known) = File::options().append(true).open(&object) {
            // Another build may be just sweeping.
            known.set_modified(SystemTime::now()).map_err(fails)?;
            return Ok(object);
        }
        let beside = |ending: &str| object.with_extension(format!("{}.{ending}", process::id()));
        let (text, fresh) = (beside("cpp"), beside("o"));
        fs::write(&text, &source.text).map_err(fails)?;
        let mut command = self.tool.to_command();
        run(command.arg("-c").arg(&text).arg("-o").arg(&fresh))?;
        fs::rename(&fresh, &object).map_err(fails)?;
        fs::remove_file(&text).map_err(fails)?;
        Ok(object)
    }
}

/// Returns the folder of the objects that all builds in a target folder share.
fn cache(out_dir: &Path) -> Result<PathBuf, Box<dyn Error>> {
    // Cargo marks target folders so, and those of other targets in them.
    let target = out_dir.ancestors().filter(|folder| folder.join("CACHEDIR.TAG").is_file()).last();
    let folder = target.unwrap_or(out_dir).join("ctp-adapters");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let age =
            entry.metadata().and_then(|known| known.modified()).ok().and_then(|used| used.elapsed().ok());
        if age.is_some_and(|age| age > UNUSED) {
            // Another build may have swept it.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(folder)
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("cannot run {program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let arguments: Vec<&OsStr> = command.get_args().collect();
            Err(format!("{program} {arguments:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)))
        }
    }
}

/// Applies `work` to every item, on as many threads as cargo gives this build; results are in order.
fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, String> + Sync,
) -> Result<Vec<R>, String> {
    let threads = env::var("NUM_JOBS").ok().and_then(|jobs| jobs.parse().ok()).unwrap_or(1usize);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let position = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(item) = items.get(position)
                {
                    let result = work(item);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((position, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(position, _)| *position);
    done.into_iter().map(|(_, result)| result).collect()
}
