//! `--www DIR`: a folder on disk, read anew for each request, so that an edit shows at once.
//!
//! The root is looked up anew for each request, too. So it may be a link that moves on to the next
//! release (`ln -s r2 n; mv -T n current`), as it may be for nginx and for Express.
//!
//! Nothing outside the folder is ever served, whatever links lie inside and whoever changes them
//! meanwhile:
//!
//! 1. The path is walked from the open root, one component at a time, with `O_NOFOLLOW`. Without
//!    links below the root that is all: one `open` per component. (Linux could do it in one
//!    `openat2`; this is the same on every Unix.)
//! 2. A link stops the walk. Then root and path are canonicalised and compared component by component
//!    (`www-secret` is not inside `www`). A link to another file of the folder is fine; one that leads
//!    out is as good as absent. The canonical path holds no link and is walked like the first: a
//!    directory that was replaced by a link after the check stops the walk again.
//! 3. What was opened is judged by its descriptor, not by its name: a FIFO, a device or a socket is
//!    absent. `O_NONBLOCK` keeps the open itself from waiting for the other end of a FIFO.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{Content, Files, Form, Found, Resource, content_type};

/// A directory is opened only to look names up in it; Linux needs no right to list it for that.
#[cfg(target_os = "linux")]
const LOOK_UP: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const LOOK_UP: OFlags = OFlags::RDONLY;

/// The flags for a directory on the way to a file.
const DIRECTORY: OFlags = LOOK_UP.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The flags for the file itself.
const READABLE: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// A folder that is served.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at `root`. A relative path is relative to the working directory at each request.
    ///
    /// # Errors
    /// It does not exist, is not a directory, or cannot be read. Later that is no error: then
    /// nothing is found until it is back.
    pub fn new(root: &Path) -> io::Result<Self> {
        fs::read_dir(root)?;
        // A directory that may be listed but not searched holds nothing that could be served.
        fs::metadata(root.join("."))?;
        Ok(Self { root: root.to_path_buf() })
    }

    fn file(&self, segments: &[String]) -> io::Result<File> {
        let inside: PathBuf = segments.iter().collect();
        let followed = LOOK_UP | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(&self.root, followed, Mode::empty())?;
        match walk(root, &inside) {
            Err(error) if may_be_a_link(&error) => self.file_behind_links(&inside),
            outcome => outcome,
        }
    }

    #[cold]
    fn file_behind_links(&self, inside: &Path) -> io::Result<File> {
        let root = fs::canonicalize(&self.root)?;
        let canonical = fs::canonicalize(root.join(inside))?;
        let inside = canonical.strip_prefix(&root).map_err(|_| Errno::NOENT)?;
        open_beneath(&root, inside)
    }
}

/// Opens what `inside`, a path of plain names, leads to from `root`, without following any link.
///
/// # Errors
/// A component is a link (`ELOOP` or `ENOTDIR`), is not a plain name (`ENOENT`), or cannot be opened.
pub fn open_beneath(root: &Path, inside: &Path) -> io::Result<File> {
    walk(rustix::fs::open(root, DIRECTORY, Mode::empty())?, inside)
}

/// Opens what `inside` leads to from the open directory `here`, as `open_beneath` does.
fn walk(mut here: OwnedFd, inside: &Path) -> io::Result<File> {
    let mut names = inside.components().peekable();
    while let Some(name) = names.next() {
        let Component::Normal(name) = name else { return Err(Errno::NOENT.into()) };
        let last = names.peek().is_none();
        let flags = if last { READABLE } else { DIRECTORY };
        here = rustix::fs::openat(&here, name, flags, Mode::empty())?;
    }
    Ok(File::from(here))
}

impl Files for Folder {
    fn open(&mut self, segments: &[String], _: bool) -> io::Result<Found> {
        let file = match self.file(segments) {
            Ok(file) => file,
            Err(error) => return nothing(error),
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
            etag: tag(&status),
            modified: u64::try_from(status.mtime()).ok(),
            content_type: content_type::of(name),
            form: Form::Only,
            has_ranges: true,
            content: Content::Pieces(Box::new(move |buffer, offset| file.read_at(buffer, offset))),
            cache_control: "no-cache",
            csp: false,
        }))
    }
}

/// The entity tag of a file: strong, so it must change with every byte (RFC 9110 §8.8.1).
///
/// Size and time of change do not do that: whoever builds reproducible files, or copies with `cp -p`,
/// sets the time. The inode changes when another file takes the name, and nobody can set the time of
/// the inode's change.
fn tag(status: &Metadata) -> String {
    let (len, inode) = (status.len(), status.ino());
    let (modified, modified_ns) = (status.mtime(), status.mtime_nsec());
    let (changed, changed_ns) = (status.ctime(), status.ctime_nsec());
    format!("\"{len:x}-{inode:x}-{modified:x}.{modified_ns:x}-{changed:x}.{changed_ns:x}\"")
}

/// Whether an open failed at a link, or at a file where a directory was expected.
fn may_be_a_link(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::LOOP | Errno::MLINK | Errno::NOTDIR))
}

/// Nothing, if the error says something about this name and not about the disk or the process.
///
/// # Errors
/// The disk or the process is in trouble. `QuotaExceeded`: the process, or the whole system, may open no
/// further file. That passes.
fn nothing(error: io::Error) -> io::Result<Found> {
    match Errno::from_io_error(&error) {
        Some(
            Errno::NOENT
            | Errno::ACCESS
            | Errno::PERM
            | Errno::NOTDIR
            | Errno::LOOP
            | Errno::MLINK
            | Errno::NAMETOOLONG
            | Errno::INVAL
            | Errno::ILSEQ
            // The open of a socket: the first on Linux, the second on macOS.
            | Errno::NXIO
            | Errno::OPNOTSUPP,
        ) => Ok(Found::Nothing),
        Some(Errno::MFILE | Errno::NFILE) => Err(io::Error::new(ErrorKind::QuotaExceeded, error)),
        _ => Err(error),
    }
}
