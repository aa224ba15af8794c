//! Which core runs what, and how many files may be open.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores of a run.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    /// Where servers run. `None`: wherever the kernel likes.
    pub server: Option<usize>,
    /// Where the generator runs.
    pub generator: Option<usize>,
}

impl Cores {
    /// The first and the last core this process may use; nothing is pinned when that is the same one.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn choose() -> io::Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let server = cores.next();
        let generator = cores.next_back();
        Ok(Self { server: server.filter(|_| generator.is_some()), generator })
    }
}

/// Keeps this thread, and what it starts from now on, on that core.
///
/// # Errors
/// The kernel refuses.
pub fn pin(core: Option<usize>) -> io::Result<()> {
    if let Some(core) = core {
        let mut set = CpuSet::new();
        set.set(core);
        sched_setaffinity(None, &set)?;
    }
    Ok(())
}

/// Raises the number of files this process may open to the most it may ask for, and returns it.
///
/// # Errors
/// The kernel refuses.
pub fn raise_file_limit() -> io::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}
