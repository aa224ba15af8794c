//! `--www DIR`: a real folder with everything odd in it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{field, get, status, text};
use ws101::files::folder::{Folder, open_beneath};

/// A directory of its own for each test, removed at its end.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// `outside` beside `www`, which holds a few files.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ws101-files-{}-{number}", std::process::id());
        let scratch = Self(std::env::temp_dir().join(name));
        for directory in ["www/sub", "www/bare", "www-secret", "outside"] {
            fs::create_dir_all(scratch.0.join(directory)).unwrap();
        }
        scratch.write("www/index.html", "home");
        scratch.write("www/ten.txt", "0123456789");
        scratch.write("www/sub/index.html", "sub");
        scratch.write("www/.hidden", "SECRET");
        scratch.write("www-secret/key.txt", "SECRET");
        scratch.write("outside/key.txt", "SECRET");
        scratch.write("outside/index.html", "SECRET");
        scratch
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(super) fn link(&self, target: impl AsRef<Path>, name: &str) {
        symlink(target, self.path(name)).unwrap();
    }

    pub(super) fn www(&self) -> Folder {
        Folder::new(&self.path("www")).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn folder_serves_files_and_indexes() {
    let scratch = Scratch::new();
    let www = &mut scratch.www();
    assert_eq!(text(get("/", &[], www)), "home");
    assert_eq!(text(get("/sub/", &[], www)), "sub");
    assert_eq!(text(get("/t%65n.txt", &[], www)), "0123456789");
    assert_eq!(text(get("/ten.txt", &[("Range", "bytes=-2")], www)), "89");
    let redirect = get("/sub", &[], www);
    assert_eq!(redirect.status.0, 301);
    assert_eq!(field(&redirect, "Location"), Some("/sub/"));
    for path in "/bare /bare/ /none /ten.txt/ /ten.txt/x /.hidden /Ten.txt.bak".split_whitespace() {
        assert_eq!(status(path, www), 404, "{path}");
    }
    assert_eq!(status(&format!("/{}", "a".repeat(300)), www), 404);
    assert_eq!(field(&get("/", &[], www), "Content-Security-Policy"), None);
}

#[test]
fn folder_without_an_index_says_so_at_its_root_and_nowhere_else() {
    let scratch = Scratch::new();
    let www = &mut scratch.www();
    fs::remove_file(scratch.path("www/index.html")).unwrap();
    for root in ["/", "//", "/?x"] {
        let response = get(root, &[], www);
        assert_eq!(response.status.0, 404, "{root}");
        let told = text(response);
        assert_eq!(told, "Not found: the folder that is served has no index.html, or is not there\n");
    }
    for path in ["/bare/", "/bare", "/none/", "/none.html", "/index.html"] {
        assert_eq!(text(get(path, &[], www)), "Not found\n", "{path}");
    }
    fs::create_dir(scratch.path("www/index.html")).unwrap();
    assert!(text(get("/", &[], www)).contains("no index.html"));
}

#[test]
fn folder_is_not_left_by_any_spelling() {
    let scratch = Scratch::new();
    let www = &mut scratch.www();
    for path in [
        "/../outside/key.txt",
        "/%2e%2e/outside/key.txt",
        "/..%2foutside/key.txt",
        "/.%2e/outside/key.txt",
        "/%2e%2e%2foutside%2fkey.txt",
        "/..%5coutside%5ckey.txt",
        "/%252e%252e/outside/key.txt",
        "/..%252foutside/key.txt",
        "/sub/../../outside/key.txt",
        "/sub/%2e%2e/%2e%2e/outside/key.txt",
        "/%c0%ae%c0%ae/outside/key.txt",
        "/..;/outside/key.txt",
        "/../www-secret/key.txt",
        "//../outside/key.txt",
        "/ten.txt%00.html",
        "/ten.txt/../../outside/key.txt",
        "/..\\outside\\key.txt",
    ] {
        let response = get(path, &[], www);
        assert!(matches!(response.status.0, 400 | 404), "{path}");
        assert!(!text(response).contains("SECRET"), "{path}");
    }
    let absolute = scratch.path("outside/key.txt");
    assert_eq!(status(&format!("/{}", absolute.display()), www), 404);
    let escaped = absolute.display().to_string().replace('/', "%2f");
    assert_eq!(status(&format!("/{escaped}"), www), 400);
}

#[test]
fn link_inside_the_folder_is_followed_and_one_that_leads_out_is_not() {
    let scratch = Scratch::new();
    scratch.link("ten.txt", "www/inside.txt");
    scratch.link("../ten.txt", "www/sub/up.txt");
    scratch.link("sub", "www/alias");
    scratch.link("inside.txt", "www/twice.txt");
    scratch.link("../outside/key.txt", "www/out.txt");
    scratch.link(scratch.path("outside"), "www/outdir");
    scratch.link("../www-secret/key.txt", "www/prefix.txt");
    scratch.link("../www/../outside/key.txt", "www/wound.txt");
    scratch.link("../www/ten.txt", "www/around.txt");
    scratch.link("out.txt", "www/indirect.txt");
    scratch.link("loop.txt", "www/loop.txt");
    scratch.link("missing", "www/dangling.txt");
    let www = &mut scratch.www();
    for path in ["/inside.txt", "/sub/up.txt", "/twice.txt", "/around.txt"] {
        assert_eq!(text(get(path, &[], www)), "0123456789", "{path}");
    }
    assert_eq!(text(get("/alias/", &[], www)), "sub");
    assert_eq!(status("/alias", www), 301);
    for path in "/out.txt /outdir /outdir/ /outdir/key.txt /prefix.txt /wound.txt /indirect.txt \
         /loop.txt /dangling.txt"
        .split_whitespace()
    {
        assert_eq!(status(path, www), 404, "{path}");
    }
}

#[test]
fn walk_from_the_root_follows_no_link() {
    // What protects when a name becomes a link after its path was judged.
    let scratch = Scratch::new();
    scratch.link("ten.txt", "www/inside.txt");
    scratch.link("../outside/key.txt", "www/out.txt");
    scratch.link("../outside", "www/outdir");
    scratch.link("www", "current");
    let opens = |root, inside| open_beneath(&scratch.path(root), Path::new(inside)).is_ok();
    assert!(opens("www", "ten.txt"));
    assert!(opens("www", "sub/index.html"));
    for inside in ["out.txt", "outdir/key.txt", "outdir", "inside.txt"] {
        assert!(!opens("www", inside), "{inside}");
    }
    for inside in ["../outside/key.txt", "sub/../../outside/key.txt", "/etc/passwd"] {
        assert!(!opens("www", inside), "{inside}");
    }
    assert!(!opens("current", "ten.txt"));
}

#[test]
fn root_that_is_no_readable_directory_is_an_error() {
    let scratch = Scratch::new();
    assert!(Folder::new(&scratch.path("missing")).is_err());
    assert!(Folder::new(&scratch.path("www/ten.txt")).is_err());
    for mode in [0o000, 0o111, 0o444] {
        let bare = scratch.path("www/bare");
        fs::set_permissions(&bare, fs::Permissions::from_mode(mode)).unwrap();
        // The superuser may do everything; anybody else gets the error at start.
        let usable = fs::read_dir(&bare).is_ok() && fs::metadata(bare.join(".")).is_ok();
        assert_eq!(Folder::new(&bare).is_ok(), usable, "{mode:o}");
        fs::set_permissions(&bare, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn special_files_do_not_exist_and_never_block() {
    let scratch = Scratch::new();
    let fifo = scratch.path("www/fifo.txt");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let _socket = UnixListener::bind(scratch.path("www/socket.txt")).unwrap();
    scratch.link("/dev/zero", "www/zero.txt");
    let www = &mut scratch.www();
    // A FIFO without a writer: an open that waits would hang here.
    for path in ["/fifo.txt", "/socket.txt", "/zero.txt"] {
        assert_eq!(status(path, www), 404, "{path}");
    }
    // Reached as a root of its own, the devices are inside; they still are no files.
    let devices = &mut Folder::new(Path::new("/dev")).unwrap();
    assert_eq!(status("/zero", devices), 404);
    assert_eq!(status("/null", devices), 404);
}

#[test]
fn file_that_may_not_be_read_does_not_exist() {
    let scratch = Scratch::new();
    scratch.write("www/private.txt", "SECRET");
    let private = scratch.path("www/private.txt");
    fs::set_permissions(&private, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read everything; then it is a file like others.
    let expected = if fs::read(&private).is_ok() { 200 } else { 404 };
    assert_eq!(status("/private.txt", &mut scratch.www()), expected);
}
