//! `--www DIR`: a folder on disk, read anew for each request, so that an edit shows at once.
//!
//! Nothing outside the folder may leave it, whatever links lie inside and whoever changes them
//! meanwhile. Three steps:
//!
//! 1. The whole path is canonicalised, symbolic links and all, and compared with the canonical root
//!    component by component (`www-secret` is not inside `www`). A link to another file of the
//!    folder is fine; one that leads out is as good as absent.
//! 2. Between that check and the open, a directory could be replaced by a link. So the canonical
//!    path, which holds no link, is walked from the root one component at a time with `O_NOFOLLOW`:
//!    a link that appeared meanwhile stops the walk. (Linux could do both in one `openat2`; this
//!    is the same on every Unix.)
//! 3. What was opened is judged by its descriptor, not by its name: a FIFO, a device or a socket is
//!    absent. `O_NONBLOCK` keeps the open itself from waiting for the other end of a FIFO.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{Content, Contents, Files, Form, Found, Resource, content_type};

/// A directory is opened only to look names up in it; Linux needs no right to list it for that.
#[cfg(target_os = "linux")]
const LOOK_UP: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const LOOK_UP: OFlags = OFlags::RDONLY;

/// A folder that is served.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at `root`, resolved once: moving a link that led to it later changes nothing.
    ///
    /// # Errors
    /// It does not exist, is not a directory, or cannot be read.
    pub fn new(root: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(root)?;
        fs::read_dir(&root)?;
        // A directory that may be listed but not searched holds nothing that could be served.
        fs::metadata(root.join("."))?;
        Ok(Self { root })
    }

    fn file(&self, segments: &[String]) -> io::Result<File> {
        let mut path = self.root.clone();
        path.extend(segments);
        let canonical = fs::canonicalize(path)?;
        let inside = canonical
            .strip_prefix(&self.root)
            .map_err(|_| Errno::NOENT)?;
        open_beneath(&self.root, inside)
    }
}

/// Opens what `inside`, a path of plain names, leads to from `root`, without following any link.
///
/// # Errors
/// A component is a link (`ELOOP` or `ENOTDIR`), is not a plain name (`ENOENT`), or cannot be opened.
pub fn open_beneath(root: &Path, inside: &Path) -> io::Result<File> {
    let directory = LOOK_UP | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let readable =
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut here: OwnedFd = rustix::fs::open(root, directory, Mode::empty())?;
    let mut names = inside.components().peekable();
    while let Some(name) = names.next() {
        let Component::Normal(name) = name else {
            return Err(Errno::NOENT.into());
        };
        let last = names.peek().is_none();
        let flags = if last { readable } else { directory };
        here = rustix::fs::openat(&here, name, flags, Mode::empty())?;
    }
    Ok(File::from(here))
}

impl Files for Folder {
    fn open(&mut self, segments: &[String], _: bool) -> io::Result<Found> {
        let file = match self.file(segments) {
            Ok(file) => file,
            Err(error) if is_absence(&error) => return Ok(Found::Nothing),
            Err(error) if is_out_of_files(&error) => {
                return Err(io::Error::new(ErrorKind::QuotaExceeded, error));
            }
            Err(error) => return Err(error),
        };
        let status = file.metadata()?;
        if status.is_dir() {
            return Ok(Found::Directory);
        }
        if !status.is_file() {
            return Ok(Found::Nothing);
        }
        let name = segments.last().map_or("", String::as_str);
        Ok(Found::File(Resource {
            len: status.len(),
            etag: format!(
                "\"{:x}-{:x}-{:x}\"",
                status.len(),
                status.mtime(),
                status.mtime_nsec()
            ),
            modified: u64::try_from(status.mtime()).ok(),
            content_type: content_type::of(name),
            form: Form::Only,
            content: Content::Pieces(Box::new(file)),
            cache_control: "no-cache",
            csp: false,
        }))
    }
}

impl Contents for File {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }
}

/// Errors that say something about this name, not about the disk or the process.
fn is_absence(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(
            Errno::NOENT
                | Errno::ACCESS
                | Errno::PERM
                | Errno::NOTDIR
                | Errno::LOOP
                | Errno::NAMETOOLONG
                | Errno::INVAL
                | Errno::ILSEQ
                // The open of a socket: the first on Linux, the second on macOS.
                | Errno::NXIO
                | Errno::OPNOTSUPP
        )
    )
}

/// The process, or the whole system, may open no further file. That passes.
fn is_out_of_files(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE))
}
