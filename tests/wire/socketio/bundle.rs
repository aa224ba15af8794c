//! The client of Socket.IO below `/socket.io/`: names, header fields, both forms.

use crate::answer::{self, Answer};
use crate::sim::Sim;
use std::fs;
use std::path::Path;
use ws101::app::App;
use ws101::apps::pages::Pages;
use ws101::config::Config;
use ws101::files::Files;
use ws101::files::embedded::Embedded;
use ws101::files::folder::Folder;
use ws101::http::policy::Policy;
use ws101::socketio::bundle::Bundle;

/// The names, and the lengths that the package has.
const FILES: [(&str, usize); 8] = [
    ("socket.io.js", 153_519),
    ("socket.io.js.map", 307_898),
    ("socket.io.min.js", 47_295),
    ("socket.io.min.js.map", 194_361),
    ("socket.io.esm.min.js", 40_759),
    ("socket.io.esm.min.js.map", 191_545),
    ("socket.io.msgpack.min.js", 50_630),
    ("socket.io.msgpack.min.js.map", 205_108),
];

const NOTICE: &str = "/*!\n * Socket.IO v4.8.4\n * (c) 2014-2026 Guillermo Rauch\n \
                      * Released under the MIT License.\n */\n";

const IS_PACKED: bool = cfg!(feature = "deflate");

/// A file of the package as it lies in the repository.
fn vendored(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/vendor/socket.io");
    fs::read(folder.join(name)).unwrap()
}

fn with_pages(files: Box<dyn Files>) -> Sim {
    let apps: Vec<Box<dyn App>> = vec![Box::new(Bundle::default()), Box::new(Pages(files))];
    Sim::with_apps(Config::default(), apps)
}

/// The answer to a request for `target`, with these header field lines.
fn ask_of(sim: &mut Sim, method: &str, target: &str, fields: &str) -> Answer {
    let peer = sim.connect();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    let output = sim.exchange(peer, head.as_bytes());
    let mut rest = &output[..];
    let answer = answer::take(&mut rest, method == "HEAD");
    assert_eq!(rest, b"", "{method} {target}");
    answer
}

fn ask(method: &str, target: &str, fields: &str) -> Answer {
    let mut sim = with_pages(Box::new(Embedded::default()));
    ask_of(&mut sim, method, target, fields)
}

fn get(name: &str, fields: &str) -> Answer {
    ask("GET", &format!("/socket.io/{name}"), fields)
}

#[test]
fn each_file_is_the_one_of_the_package_with_its_fields() {
    for (name, len) in FILES {
        let answer = get(name, "");
        assert_eq!(answer.status, 200, "{name}");
        let kind = if name.ends_with(".map") {
            "application/json; charset=utf-8"
        } else {
            "application/javascript; charset=utf-8"
        };
        let len = len.to_string();
        for (field, value) in [
            ("Content-Type", Some(kind)),
            ("Content-Length", Some(len.as_str())),
            ("Cache-Control", Some("public, max-age=0")),
            ("ETag", Some("\"4.8.4\"")),
            ("Accept-Ranges", None),
            ("X-Content-Type-Options", Some("nosniff")),
            ("Vary", IS_PACKED.then_some("Accept-Encoding")),
            ("Content-Encoding", None),
            ("Content-Security-Policy", None),
            ("Last-Modified", None),
        ] {
            assert_eq!(answer.field(field), value, "{name}: {field}");
        }
        assert!(answer.body == vendored(name), "{name}");
    }
}

#[test]
fn gzip_is_for_who_accepts_it_and_inflates_to_the_same() {
    // RFC 9110 §8.4, §12.5.3
    for (name, _) in FILES {
        let answer = get(name, "Accept-Encoding: gzip, deflate, br\r\n");
        let coding = answer.field("Content-Encoding");
        assert_eq!(coding, IS_PACKED.then_some("gzip"), "{name}");
        if IS_PACKED {
            assert!(answer.body == vendored(&format!("{name}.gz")), "{name}");
            let deflated = &answer.body[10..answer.body.len() - 8];
            let plain = miniz_oxide::inflate::decompress_to_vec(deflated).unwrap();
            assert!(plain == vendored(name), "{name}");
        } else {
            assert!(answer.body == vendored(name), "{name}");
        }
    }
}

#[test]
fn tag_is_the_version_in_both_forms() {
    // The server of socket.io has this tag, and clients know it. RFC 9110 §13.1.2: this comparison is weak.
    let tag = "\"4.8.4\"";
    for accepts in ["", "Accept-Encoding: gzip\r\n"] {
        assert_eq!(get("socket.io.js", accepts).field("ETag"), Some(tag));
        for known in ["\"4.8.4\"", "W/\"4.8.4\"", "\"4.8.3\", \"4.8.4\"", "*"] {
            let answer = get("socket.io.js", &format!("{accepts}If-None-Match: {known}\r\n"));
            assert_eq!(answer.status, 304, "{known}");
            assert_eq!(answer.body, b"");
            for (field, value) in [
                ("ETag", Some(tag)),
                ("Cache-Control", Some("public, max-age=0")),
                ("Vary", IS_PACKED.then_some("Accept-Encoding")),
                ("Content-Encoding", None),
                ("Content-Length", None),
            ] {
                assert_eq!(answer.field(field), value, "{known}: {field}");
            }
        }
        for other in ["\"4.8.3\"", "4.8.4", "W/\"4.8\""] {
            let answer = get("socket.io.js", &format!("{accepts}If-None-Match: {other}\r\n"));
            assert_eq!(answer.status, 200, "{other}");
        }
    }
}

/// Both forms have one tag: a client would join half of the one with half of the other. The original
/// ignores these fields as well (RFC 9110 §14.2 allows that).
#[test]
fn no_part_of_a_file_can_be_asked_for() {
    for accepts in ["", "Accept-Encoding: gzip\r\n"] {
        let whole = get("socket.io.js", accepts);
        for range in [
            "Range: bytes=0-99\r\n",
            "Range: bytes=100-\r\nIf-Range: \"4.8.4\"\r\n",
            "Range: bytes=999999999-\r\n",
        ] {
            let answer = get("socket.io.js", &format!("{accepts}{range}"));
            assert_eq!(answer.status, 200, "{range}");
            assert_eq!(answer.head, whole.head, "{range}");
            assert!(answer.body == whole.body, "{range}");
        }
    }
}

#[test]
fn head_has_the_fields_and_no_body() {
    // RFC 9110 §9.3.2
    for (name, _) in FILES {
        for accepts in ["", "Accept-Encoding: gzip\r\n"] {
            let head = ask("HEAD", &format!("/socket.io/{name}"), accepts);
            assert_eq!((head.status, head.body.len()), (200, 0));
            assert_eq!(head.head, get(name, accepts).head, "{name}");
        }
    }
}

#[test]
fn query_does_not_matter_and_no_other_method_is_allowed() {
    let answer = get("socket.io.js?EIO=4&transport=polling", "");
    assert_eq!(answer.status, 200);
    // RFC 9110 §15.5.6
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = ask(method, "/socket.io/socket.io.js", "");
        let allowed = answer.field("Allow");
        assert_eq!((answer.status, allowed), (405, Some("GET, HEAD")), "{method}");
    }
}

/// Whoever takes all of `/socket.io/` comes behind it: so it must leave the rest.
#[test]
fn nothing_else_is_claimed() {
    let claims = |method: &str, path: &str| {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        crate::http::head::with_head(head.as_bytes(), &Policy::default(), |head| {
            Bundle::default().route(head).is_some()
        })
        .unwrap()
    };
    for (name, _) in FILES {
        let path = format!("/socket.io/{name}");
        for method in ["GET", "HEAD", "POST"] {
            assert!(claims(method, &path), "{method} {path}");
        }
        assert!(!claims("GET", &format!("{path}.gz")));
        assert!(!claims("GET", &format!("/vendor{path}")));
    }
    for path in "/ /socket.io /socket.io/ /socket.io/?EIO=4&transport=polling /socket.io.js \
         /socket.io/socket.io /socket.io/socket.io.js/ /socket.io//socket.io.js /SOCKET.IO/socket.io.js \
         /socket.io/Socket.io.js /socket.io/socket.io.msgpack.js /socket.io/socket.io.esm.js \
         /socket.io/LICENSE.txt /socket.io/../socket.io/socket.io.js /socket.io/socket%2eio.js \
         //socket.io/socket.io.js /a/socket.io/socket.io.js"
        .split_whitespace()
    {
        assert!(!claims("GET", path), "{path}");
    }
}

/// The answer to a request of a page of this origin, when these may connect.
fn ask_from(origin: &str, allowed: &[&str], method: &str, fields: &str) -> Answer {
    let allowed = allowed.iter().map(|&origin| origin.to_owned()).collect();
    let apps: Vec<Box<dyn App>> = vec![Box::new(Bundle(allowed))];
    let mut sim = Sim::with_apps(Config::default(), apps);
    let fields = format!("Origin: {origin}\r\n{fields}");
    ask_of(&mut sim, method, "/socket.io/socket.io.esm.min.js", &fields)
}

/// A module is imported with CORS, wherever the page comes from; so the original answers, too.
#[test]
fn page_of_an_allowed_origin_may_import_the_module() {
    let (a, b) = ("http://a.test", "http://b.test");
    for (origin, allowed, leave) in [
        (a, &[][..], None),
        (a, &[a, b], Some(a)),
        (b, &[a, b], Some(b)),
        ("http://c.test", &[a, b], None),
        ("null", &[a], None),
        (b, &["*"], Some("*")),
        // The browser compares bytes.
        ("http://A.test.", &[a], Some("http://A.test.")),
    ] {
        for (method, fields, status) in
            [("GET", "", 200), ("HEAD", "", 200), ("GET", "If-None-Match: \"4.8.4\"\r\n", 304)]
        {
            let answer = ask_from(origin, allowed, method, fields);
            assert_eq!(answer.status, status);
            let told = answer.field("Access-Control-Allow-Origin");
            assert_eq!(told, leave, "{origin} of {allowed:?}");
            // For caches: another page may be told something else.
            let varies = !allowed.is_empty() && allowed != ["*"];
            let has = answer.head.lines().any(|line| line == "Vary: Origin");
            assert_eq!(has, varies, "{origin} of {allowed:?}");
        }
    }
    let wanted = "Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x-a\r\n";
    let answer = ask_from(a, &[a], "OPTIONS", wanted);
    assert_eq!(answer.status, 204);
    assert_eq!(answer.field("Access-Control-Allow-Origin"), Some(a));
    assert_eq!(answer.field("Access-Control-Allow-Headers"), Some("x-a"));
    // RFC 9110 §15.5.6
    for (allowed, allow) in [(&[a][..], "GET, HEAD, OPTIONS"), (&[], "GET, HEAD")] {
        let answer = ask_from(a, allowed, "POST", "");
        assert_eq!((answer.status, answer.field("Allow")), (405, Some(allow)));
    }
}

#[test]
fn licence_notice_is_kept_and_names_the_version_of_the_tag() {
    for (name, _) in FILES.iter().filter(|(name, _)| name.ends_with(".js")) {
        let answer = get(name, "");
        assert!(answer.text().starts_with(NOTICE), "{name}");
        let version = answer.field("ETag").unwrap().trim_matches('"');
        assert!(NOTICE.contains(&format!("Socket.IO v{version}\n")));
    }
    let licence = ask("GET", "/vendor/socket.io/LICENSE.txt", "").text();
    assert!(licence.starts_with("The MIT License (MIT)\n\nCopyright (c) 2014-present Guillermo Rauch"));
    assert!(licence.contains("permission notice shall be included"));
}

#[test]
fn minified_files_name_maps_that_are_there() {
    for (name, _) in FILES.iter().filter(|(name, _)| name.ends_with(".js")) {
        let text = get(name, "").text();
        let (_, map) = text.rsplit_once("\n//# sourceMappingURL=").unwrap();
        let map = get(map.trim_end(), "").text();
        let start = format!("{{\"version\":3,\"file\":\"{name}\",");
        assert!(map.starts_with(&start), "{name}");
    }
}

/// The program itself holds one form, whichever it is.
#[test]
fn program_holds_each_file_once() {
    let program = fs::read(Path::new(env!("CARGO_BIN_EXE_ws101"))).unwrap();
    let holds = |page: &[u8]| {
        let piece = &page[page.len() / 2..][..64];
        program.windows(piece.len()).any(|place| place == piece)
    };
    for name in ["socket.io.js", "socket.io.msgpack.min.js.map"] {
        assert_eq!(holds(&vendored(name)), !IS_PACKED, "{name}");
        assert_eq!(holds(&vendored(&format!("{name}.gz"))), IS_PACKED, "{name}");
    }
}

#[test]
fn page_finds_the_client_where_it_looks_for_it() {
    let page = ask("GET", "/socketio.html", "").text();
    let source = page.split("<script defer src=\"").nth(1).unwrap();
    let source = source.split('"').next().unwrap();
    let answer = ask("GET", source, "");
    assert_eq!(answer.status, 200, "{source}");
    assert!(answer.text().starts_with(NOTICE));
}

/// `--www public`: a Socket.IO project's own pages load the same client, whatever lies in that folder.
#[test]
fn pages_of_a_folder_find_it_too() {
    let name = format!("ws101-bundle-{}", std::process::id());
    let public = std::env::temp_dir().join(name);
    fs::create_dir_all(public.join("socket.io")).unwrap();
    let page = "<!DOCTYPE html><script src=\"/socket.io/socket.io.js\"></script>\n";
    fs::write(public.join("index.html"), page).unwrap();
    fs::write(public.join("socket.io/socket.io.js"), "an old one").unwrap();
    let folder = Folder::new(&public).unwrap();
    let mut sim = with_pages(Box::new(folder));
    let home = ask_of(&mut sim, "GET", "/", "");
    let client = ask_of(&mut sim, "GET", "/socket.io/socket.io.js", "");
    fs::remove_dir_all(&public).unwrap();
    assert_eq!((home.status, home.text()), (200, page.to_owned()));
    let html = Some("text/html; charset=utf-8");
    assert_eq!(home.field("Content-Type"), html);
    assert_eq!(home.field("Content-Security-Policy"), None);
    assert!(client.text().starts_with(NOTICE));
}
