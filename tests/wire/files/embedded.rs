//! The pages inside the binary: all of `www/`, found by exact path, each with a tag.

use std::fs;
use std::path::{Path, PathBuf};

use super::{drain, field, get, status, text};
use crate::support::embedded_page;
use ws101::files::embedded::Embedded;

/// All files below `www/`, and where they lie.
pub(super) fn www() -> Vec<(String, PathBuf)> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let www = Path::new(env!("CARGO_MANIFEST_DIR")).join("www");
    let mut files = Vec::new();
    walk(&www, &mut files);
    assert!(files.len() >= 3);
    files.into_iter().map(|file| (format!("/{}", file.strip_prefix(&www).unwrap().display()), file)).collect()
}

/// What is found by its path in `www/`: all but the client of Socket.IO, which has paths of its own
/// (`bundle`), and without Socket.IO also the licence of that client. The lab belongs to the tools.
pub(super) fn pages() -> Vec<(String, PathBuf)> {
    let is_page = |path: &str| {
        let is_bundle = path.starts_with("/vendor/socket.io/socket.io.");
        let is_about_it = path.starts_with("/vendor/socket.io/");
        let is_lab = path.starts_with("/lab.");
        !is_bundle && (cfg!(feature = "socketio") || !is_about_it) && (cfg!(feature = "tools") || !is_lab)
    };
    let mut files = www();
    files.retain(|(path, _)| is_page(path));
    files
}

#[test]
fn every_file_of_www_is_embedded() {
    // A `.gz` is the other form of its neighbour, no page.
    for (path, file) in pages().into_iter().filter(|(path, _)| !path.ends_with(".gz")) {
        let response = get(&path, &[], &mut Embedded::default());
        assert_eq!(response.status.0, 200, "{path} is not in the table");
        assert_eq!(
            field(&response, "Content-Security-Policy"),
            Some("default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:")
        );
        let mut expected = fs::read(file).unwrap();
        if path.ends_with(".html") {
            expected = embedded_page(&String::from_utf8(expected).unwrap()).into_bytes();
        }
        assert!(drain(response).0.unwrap() == expected, "{path} is another one in the program");
    }
}

/// With and without Socket.IO: whoever follows the navigation finds a page. Only the client of Socket.IO is
/// not a page, and it belongs to the feature (`bundle`).
#[test]
fn links_of_the_pages_lead_somewhere() {
    let pages = &mut Embedded::default();
    let has_lab = www().iter().any(|(path, _)| path == "/lab.html");
    for page in ["/", "/rooms.html", "/socketio.html", "/echo.html"] {
        let page = text(get(page, &[], pages));
        let links = page.split([' ', '\n']).filter_map(|word| {
            let link = word.strip_prefix("href=\"").or(word.strip_prefix("src=\""))?;
            link.split('"').next()
        });
        let mut count = 0;
        for link in links.filter(|link| !link.starts_with("/socket.io/") && (has_lab || *link != "lab.html"))
        {
            let path = link.trim_start_matches(['.', '/']);
            assert_eq!(status(&format!("/{path}"), pages), 200, "{link}");
            count += 1;
        }
        assert!(count >= 6, "{count}");
    }
}

#[test]
fn what_is_no_page_is_not_embedded_as_one() {
    let pages = pages();
    let mut count = 0;
    for (path, _) in www().into_iter().filter(|file| !pages.contains(file)) {
        assert_eq!(status(&path, &mut Embedded::default()), 404, "{path}");
        count += 1;
    }
    assert!(count >= 16);
}

#[test]
fn embedded_pages_are_found_by_exact_path() {
    let pages = &mut Embedded::default();
    let home = get("/", &[], pages);
    assert_eq!(field(&home, "Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(field(&home, "Last-Modified"), None);
    assert_eq!(text(home), text(get("/index.html", &[], pages)));
    for path in "/Index.html /index.htm /vendor /vendor/ /index.html/ /nope".split_whitespace() {
        assert_eq!(status(path, pages), 404, "{path}");
    }
}

#[test]
fn embedded_pages_have_tags_of_their_own() {
    let pages = &mut Embedded::default();
    let tag = |path, pages: &mut Embedded| {
        let response = get(path, &[], pages);
        field(&response, "ETag").unwrap().to_owned()
    };
    let (index, style) = (tag("/", pages), tag("/style.css", pages));
    assert_ne!(index, style);
    assert_eq!(index, tag("/index.html", &mut Embedded::default()));
    assert_eq!(get("/", &[("If-None-Match", &index)], pages).status.0, 304);
    assert_eq!(get("/", &[("If-None-Match", &style)], pages).status.0, 200);
    let part = get("/", &[("Range", "bytes=1-3")], pages);
    let whole = text(get("/", &[], pages));
    assert_eq!(text(part), whole[1..4]);
}
