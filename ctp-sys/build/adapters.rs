//! Compiles the adapters: each only when its text, the compiler or the flags changed, and as many at once
//! as cargo allows.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use sha2::{Digest, Sha256};

/// One adapter's text.
pub(crate) struct Source {
    /// Name of its files without ending.
    pub(crate) name: String,
    /// C++.
    pub(crate) text: String,
}

/// Compiles `sources` into `out_dir` and links them as `libctp_adapters.a`.
///
/// # Errors
///
/// Returns what the compiler said.
pub(crate) fn compile(out_dir: &Path, sources: &[Source]) -> Result<(), Box<dyn Error>> {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++14").warnings(false).opt_level(1).debug(false);
    let compiler = Compiler::new(&build)?;
    let objects = in_parallel(sources, |source| compiler.object(out_dir, source))?;
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

    /// Returns the object of `source`, compiled anew only when the one that is there is not of this text and
    /// compiler: the digest beside it is written last.
    fn object(&self, out_dir: &Path, source: &Source) -> Result<PathBuf, String> {
        let file = |ending: &str| out_dir.join(format!("{}.{ending}", source.name));
        let (text, object, stamp) = (file("cpp"), file("o"), file("sha256"));
        let digest = Sha256::new().chain_update(&self.identity).chain_update(&source.text).finalize();
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if object.is_file() && fs::read_to_string(&stamp).is_ok_and(|known| known == digest) {
            return Ok(object);
        }
        let write = |path: &Path, bytes: &str| {
            fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
        };
        write(&text, &source.text)?;
        let mut command = self.tool.to_command();
        run(command.arg("-c").arg(&text).arg("-o").arg(&object))?;
        write(&stamp, &digest)?;
        Ok(object)
    }
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
