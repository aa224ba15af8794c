//! `--www DIR`: the folder changes while it is served, file by file or as a whole.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::folder::Scratch;
use super::{drain, field, get, status, text};
use ws101::files::folder::Folder;

#[test]
fn root_that_is_a_link_may_move_to_the_next_release() {
    let scratch = Scratch::new();
    scratch.link("www", "current");
    let www = &mut Folder::new(&scratch.path("current")).unwrap();
    assert_eq!(text(get("/", &[], www)), "home");
    fs::create_dir_all(scratch.path("r2/js")).unwrap();
    scratch.write("r2/index.html", "second release");
    scratch.link("index.html", "r2/alias.html");
    scratch.link("../outside/key.txt", "r2/out.txt");
    scratch.link("../www/ten.txt", "r2/back.txt");
    // As `ln -s r2 next; mv -T next current` does it.
    scratch.link("r2", "next");
    fs::rename(scratch.path("next"), scratch.path("current")).unwrap();
    assert_eq!(text(get("/", &[], www)), "second release");
    assert_eq!(text(get("/alias.html", &[], www)), "second release");
    for path in "/ten.txt /out.txt /back.txt /js /current /r2/index.html".split_whitespace() {
        assert_eq!(status(path, www), 404, "{path}");
    }
    fs::remove_dir_all(scratch.path("www")).unwrap();
    assert_eq!(text(get("/", &[], www)), "second release");
}

#[test]
fn root_below_a_link_moves_with_it() {
    let scratch = Scratch::new();
    for release in ["r1", "r2"] {
        fs::create_dir_all(scratch.path(release).join("public/sub")).unwrap();
        scratch.write(&format!("{release}/public/sub/index.html"), release);
        scratch.write(&format!("{release}/private.txt"), "SECRET");
        scratch.link("../private.txt", &format!("{release}/public/up.txt"));
    }
    scratch.link("r1", "current");
    let www = &mut Folder::new(&scratch.path("current/public")).unwrap();
    assert_eq!(text(get("/sub/", &[], www)), "r1");
    scratch.link("r2", "next");
    fs::rename(scratch.path("next"), scratch.path("current")).unwrap();
    assert_eq!(text(get("/sub/", &[], www)), "r2");
    assert_eq!(status("/up.txt", www), 404);
}

#[test]
fn root_that_is_away_serves_nothing_until_it_is_back() {
    let scratch = Scratch::new();
    scratch.link("ten.txt", "www/inside.txt");
    let www = &mut scratch.www();
    fs::rename(scratch.path("www"), scratch.path("old")).unwrap();
    assert_eq!(status("/", www), 404);
    assert_eq!(status("/inside.txt", www), 404);
    scratch.write("www", "no folder");
    assert_eq!(status("/", www), 404);
    fs::remove_file(scratch.path("www")).unwrap();
    fs::rename(scratch.path("old"), scratch.path("www")).unwrap();
    assert_eq!(text(get("/", &[], www)), "home");
    assert_eq!(text(get("/inside.txt", &[], www)), "0123456789");
}

#[test]
fn edits_show_at_once() {
    let scratch = Scratch::new();
    let www = &mut scratch.www();
    let first = get("/ten.txt", &[], www);
    let tag = field(&first, "ETag").unwrap().to_owned();
    assert_eq!(get("/ten.txt", &[("If-None-Match", &tag)], www).status.0, 304);
    scratch.write("www/ten.txt", "changed!");
    let second = get("/ten.txt", &[("If-None-Match", &tag)], www);
    assert_eq!(second.status.0, 200);
    assert_eq!(text(second), "changed!");
    scratch.write("www/new.txt", "new");
    assert_eq!(text(get("/new.txt", &[], www)), "new");
    fs::remove_file(scratch.path("www/ten.txt")).unwrap();
    assert_eq!(status("/ten.txt", www), 404);
}

#[test]
fn edit_of_the_same_length_changes_the_tag() {
    let scratch = Scratch::new();
    let www = &mut scratch.www();
    let tag_at = |nanoseconds, www: &mut Folder| {
        let file = fs::File::options().write(true).open(scratch.path("www/ten.txt"));
        let when = UNIX_EPOCH + Duration::new(784_111_777, nanoseconds);
        file.unwrap().set_modified(when).unwrap();
        let response = get("/ten.txt", &[], www);
        let date = field(&response, "Last-Modified");
        assert_eq!(date, Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        field(&response, "ETag").unwrap().to_owned()
    };
    assert_ne!(tag_at(1_000_000, www), tag_at(2_000_000, www));
}

/// Sets the date of `www/ten.txt`, as whoever builds reproducible files does for all of them.
fn set_date(scratch: &Scratch) {
    let path = scratch.path("www/ten.txt");
    let file = fs::File::options().write(true).open(path).unwrap();
    let when = UNIX_EPOCH + Duration::from_secs(784_111_777);
    file.set_modified(when).unwrap();
}

/// The tag of `www/ten.txt`.
fn tag(www: &mut Folder) -> String {
    let answer = get("/ten.txt", &[], www);
    field(&answer, "ETag").unwrap().to_owned()
}

#[test]
fn file_replaced_by_one_of_the_same_size_and_date_has_another_tag() {
    // RFC 9110 §8.8.1
    let scratch = Scratch::new();
    set_date(&scratch);
    let www = &mut scratch.www();
    let tag = tag(www);
    assert!(tag.starts_with('"'), "strong: {tag}");
    let open = fs::File::open(scratch.path("www/ten.txt")).unwrap();
    scratch.write("next.txt", "abcdefghij");
    fs::rename(scratch.path("next.txt"), scratch.path("www/ten.txt")).unwrap();
    set_date(&scratch);
    let known = get("/ten.txt", &[("If-None-Match", &tag)], www);
    assert_eq!((known.status.0, &*text(known)), (200, "abcdefghij"));
    let half = [("Range", "bytes=5-"), ("If-Range", &*tag)];
    assert_eq!(text(get("/ten.txt", &half, www)), "abcdefghij");
    drop(open);
}

#[test]
fn file_written_over_and_dated_back_has_another_tag() {
    let scratch = Scratch::new();
    set_date(&scratch);
    let www = &mut scratch.www();
    let tag = tag(www);
    let changed = || {
        let status = fs::metadata(scratch.path("www/ten.txt")).unwrap();
        (status.ctime(), status.ctime_nsec())
    };
    let before = changed();
    // The clock of the file system has ticks.
    while changed() == before {
        scratch.write("www/ten.txt", "abcdefghij");
        set_date(&scratch);
    }
    let known = get("/ten.txt", &[("If-None-Match", &tag)], www);
    assert_eq!((known.status.0, &*text(known)), (200, "abcdefghij"));
}

#[test]
fn last_modified_never_lies_in_the_future() {
    // RFC 9110 §8.8.2.1
    let scratch = Scratch::new();
    let file = fs::File::options().write(true).open(scratch.path("www/ten.txt"));
    let when = SystemTime::now() + Duration::from_secs(1_000_000);
    file.unwrap().set_modified(when).unwrap();
    let response = get("/ten.txt", &[], &mut scratch.www());
    assert_eq!(field(&response, "Last-Modified"), None);
    assert!(field(&response, "ETag").is_some());
}

#[test]
fn file_on_disk_is_read_as_it_is_sent() {
    let scratch = Scratch::new();
    let www = &mut scratch.www();
    let shrinking = get("/ten.txt", &[], www);
    scratch.write("www/ten.txt", "012");
    let (body, len) = drain(shrinking);
    assert_eq!(len, 10);
    assert_eq!(body.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    let growing = get("/ten.txt", &[], www);
    scratch.write("www/ten.txt", "0123456789");
    assert_eq!(text(growing), "012");
}
