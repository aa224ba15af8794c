//! From request paths to names and back.

use super::{Memory, field, get, status, text};
use ws101::files::path::{Refusal, clean, directory_location};

#[test]
fn path_is_decoded_once_segment_by_segment() {
    let names = |path| clean(path).unwrap().segments.join("|");
    assert_eq!(names("/"), "");
    assert_eq!(names("/a"), "a");
    assert_eq!(names("/a/b.html"), "a|b.html");
    assert_eq!(names("/a%20b/c%3Fd"), "a b|c?d");
    assert_eq!(names("/%61%2E%62"), "a.b");
    assert_eq!(names("/%c3%bC"), "ü");
    assert_eq!(names("/a+b~c:d"), "a+b~c:d");
    // Once, not twice: what is left after decoding is a name, not another escape.
    assert_eq!(names("/%252e%252e"), "%2e%2e");
    assert_eq!(names("/%2525"), "%25");
    assert_eq!(names("/a..b/c."), "a..b|c.");
}

#[test]
fn path_with_final_slash_means_a_directory() {
    for (path, directory) in [("/", true), ("/a", false), ("/a/", true), ("/a/b/", true)] {
        assert_eq!(clean(path).unwrap().directory, directory, "{path}");
    }
}

#[test]
fn several_slashes_count_as_one() {
    // As in Express: a page that writes `base + "/" + name` may ask for `/js//app.js`.
    for (path, names, directory) in [
        ("//", "", true),
        ("///", "", true),
        ("//a", "a", false),
        ("/a//b", "a|b", false),
        ("///a///b", "a|b", false),
        ("/a//", "a", true),
        ("//evil.example", "evil.example", false),
        ("//evil.example//", "evil.example", true),
    ] {
        let target = clean(path).unwrap();
        assert_eq!(target.segments.join("|"), names, "{path}");
        assert_eq!(target.directory, directory, "{path}");
    }
    assert_eq!(text(get("//sub//", &[], &mut Memory::new())), "sub");
    let redirect = get("//sub?x", &[], &mut Memory::new());
    assert_eq!(field(&redirect, "Location"), Some("/sub/?x"));
}

#[test]
fn path_that_is_malformed_gets_400() {
    for path in [
        "",
        "*",
        "a",
        "/%",
        "/%2",
        "/%zz",
        "/%+1",
        "/a%",
        "/a%0",
        "/%-1",
        "/%00",
        "/a%00.html",
        "/a%2fb",
        "/a%2Fb",
        "/%2f",
        "/a%5cb",
        "/..%2f",
        "/..%5C",
        "/a\\b",
        "/..\\x",
        "/%ff",
        "/%c3",
        "/%c3/%bc",
        "/%c0%ae%c0%ae",
        "/%ed%a0%80",
        "/\u{0}",
    ] {
        assert_eq!(clean(path), Err(Refusal::Malformed), "{path:?}");
    }
    let response = get("/%zz", &[], &mut Memory::new());
    assert_eq!((response.status.0, response.close), (400, true));
}

#[test]
fn path_that_leads_up_or_is_hidden_gets_404() {
    for path in "/.. /../ /../x /a/../b /a/.. /%2e%2e/x /.%2e /%2E. /. /./a /a/. /.git/config \
         /%2egit /a/.env /... //.. //../ /a//../b //.env /..// \
         /a/%2e%2E/b"
        .split_whitespace()
    {
        assert_eq!(clean(path), Err(Refusal::Absent), "{path:?}");
        assert_eq!(status(path, &mut Memory::new()), 404, "{path:?}");
    }
}

#[test]
fn location_is_encoded_anew() {
    let encode = |names: &[&str], query| {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        directory_location(&names, query)
    };
    assert_eq!(encode(&["a"], None), "/a/");
    assert_eq!(encode(&["a b", "ü"], None), "/a%20b/%C3%BC/");
    assert_eq!(encode(&["a\r\nSet-Cookie: x"], None), "/a%0D%0ASet-Cookie:%20x/");
    assert_eq!(encode(&["<\"?>%#[]"], None), "/%3C%22%3F%3E%25%23%5B%5D/");
    assert_eq!(encode(&["a-._~Z9"], None), "/a-._~Z9/");
    // RFC 3986 §3.3: a page finds the path in its address that it was asked for by.
    assert_eq!(encode(&["@me", "a+b&c=d"], None), "/@me/a+b&c=d/");
    assert_eq!(encode(&["a"], Some("x=1&y=%20/?")), "/a/?x=1&y=%20/?");
    assert_eq!(encode(&["a"], Some("")), "/a/?");
    for (query, location) in [
        ("filter[name]=x", "/a/?filter[name]=x"),
        ("{}|^`\\", "/a/?{}|^`\\"),
        ("x=\"", "/a/?x=%22"),
        ("a b", "/a/?a%20b"),
        ("a\r\nb", "/a/?a%0D%0Ab"),
        ("ü", "/a/?%C3%BC"),
        ("<>", "/a/?%3C%3E"),
        ("#", "/a/?%23"),
    ] {
        assert_eq!(encode(&["a"], Some(query)), location, "{query:?}");
    }
}
