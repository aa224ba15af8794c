//! Large embedded pages as gzip: who would rather have them so (RFC 9110 §12.5.3), what lies in `www/` and
//! in the program. What is answered is `forms`.

use std::fs;
use std::path::Path;

use super::embedded::www;
use super::{drain, field, get};
use ws101::files::embedded::Embedded;
use ws101::http::coding::prefers_gzip;
use ws101::http::policy::Policy;
use ws101::http::response::Response;

pub(super) const LARGE: &str = "/vendor/bootstrap.min.css";
pub(super) const PLAIN: &[u8] = include_bytes!("../../../www/vendor/bootstrap.min.css");
pub(super) const GZIP: &[u8] = include_bytes!("../../../www/vendor/bootstrap.min.css.gz");

pub(super) const YES: (&str, &str) = ("Accept-Encoding", "gzip, deflate, br, zstd");
pub(super) const NO: (&str, &str) = ("Accept-Encoding", "identity");

pub(super) fn large(fields: &[(&str, &str)]) -> Response {
    get(LARGE, fields, &mut Embedded::default())
}

pub(super) fn bytes(response: Response) -> Vec<u8> {
    drain(response).0.unwrap()
}

fn is_preferred(fields: &str) -> bool {
    let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    crate::http::head::with_head(head.as_bytes(), &Policy::default(), prefers_gzip).unwrap()
}

#[test]
fn gzip_is_for_clients_that_accept_it_and_want_nothing_more_than_it() {
    // RFC 9110 §12.4.2, §12.5.3; §8.4.1.3: `x-gzip` is the same.
    for (value, expected) in [
        ("gzip", true),
        ("x-gzip", true),
        ("GZip", true),
        ("gzip, deflate, br, zstd", true),
        ("br,gzip", true),
        (" , gzip ,", true),
        ("gzip;q=1", true),
        ("gzip;q=1.000", true),
        ("gzip;q=0.001", true),
        ("gzip ;\tQ=0.5", true),
        ("gzip;q=1.", true),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", true),
        ("identity;q=0, gzip;q=0.1", true),
        ("*", true),
        ("*;q=0.1", true),
        ("br, *;q=0.1", true),
        ("*;q=0, gzip", true),
        ("identity, gzip", true),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", true),
        ("", false),
        (",", false),
        ("br", false),
        ("identity", false),
        ("deflate, br", false),
        ("gzipped", false),
        ("gzip br", false),
        ("gzip;q=0", false),
        ("gzip;q=0.000", false),
        ("x-gzip;q=0", false),
        ("*;q=0", false),
        ("identity;q=0", false),
        ("gzip;q=0, *", false),
        ("*, gzip;q=0", false),
        ("x-gzip;q=0, *", false),
        // What it would rather have is there.
        ("identity, gzip;q=0.5", false),
        ("identity;q=0.501, gzip;q=0.5", false),
        ("gzip;q=0.5, *", false),
        // The same twice: the smaller weight is the safe one.
        ("gzip, gzip;q=0", false),
        ("gzip;q=0, x-gzip", false),
        // No weight (§12.4.2); and such a name is not left to `*`.
        ("gzip;q=2", false),
        ("gzip;q=1.001", false),
        ("gzip;q=0.5000", false),
        ("gzip;q=.5", false),
        ("gzip;q=-1", false),
        ("gzip;q=00", false),
        ("gzip;q=0,5", false),
        ("gzip;q=0.a", false),
        ("gzip;q=", false),
        ("gzip;q", false),
        ("gzip;", false),
        ("gzip;q =1", false),
        ("gzip;q=\"1\"", false),
        ("gzip;level=9", false),
        ("gzip;q=1;q=1", false),
        ("gzip;q=x, *", false),
    ] {
        let field = format!("Accept-Encoding: {value}\r\n");
        assert_eq!(is_preferred(&field), expected, "{value}");
    }
}

#[test]
fn several_fields_are_one_list_and_none_asks_for_nothing() {
    // RFC 9110 §5.3
    for (fields, expected) in [
        ("", false),
        ("Accept: gzip\r\n", false),
        ("Accept-Encoding: br\r\naccept-encoding: gzip\r\n", true),
        ("Accept-Encoding: gzip;q=0\r\nAccept-Encoding: *\r\n", false),
        ("Accept-Encoding: *\r\nAccept-Encoding: gzip;q=0\r\n", false),
        ("Accept-Encoding:\r\nAccept-Encoding: gzip\r\n", true),
    ] {
        assert_eq!(is_preferred(fields), expected, "{fields}");
    }
}

/// By another inflater than the server's; the checksum is what the server looks at.
#[test]
fn gzip_files_of_www_are_their_neighbours() {
    let mut count = 0;
    for (path, file) in www() {
        let Some(page) = path.strip_suffix(".gz") else { continue };
        let gzip = fs::read(&file).unwrap();
        // RFC 1952 §2.3.1: neither a name nor a time, so that who makes it anew gets the same.
        assert_eq!(gzip[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "{path}: gzip -n");
        let inflated = miniz_oxide::inflate::decompress_to_vec(&gzip[10..gzip.len() - 8]).unwrap();
        let plain = fs::read(file.with_extension("")).unwrap();
        assert!(inflated == plain, "{path} is old: gzip -9 -n -k -f www{page}");
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn what_is_not_large_does_not_vary() {
    let files = &mut Embedded::default();
    for path in ["/", "/style.css", "/favicon.svg"] {
        let (with, without) = (get(path, &[YES], files), get(path, &[NO], files));
        assert_eq!(with.fields, without.fields);
        assert_eq!(field(&with, "Vary"), None);
        assert_eq!(field(&with, "Content-Encoding"), None);
        assert_eq!(bytes(with), bytes(without));
    }
    // The form is no page of its own.
    assert_eq!(get(&format!("{LARGE}.gz"), &[], files).status.0, 404);
}

/// The server itself holds one form, whichever it is.
#[test]
fn program_holds_a_large_page_once() {
    let program = fs::read(Path::new(env!("CARGO_BIN_EXE_ws101"))).unwrap();
    let holds = |page: &[u8]| {
        let piece = &page[page.len() / 2..][..64];
        program.windows(piece.len()).any(|place| place == piece)
    };
    assert_eq!(holds(PLAIN), cfg!(not(feature = "deflate")), "plain");
    assert_eq!(holds(GZIP), cfg!(feature = "deflate"), "gzip");
}

#[cfg(not(feature = "deflate"))]
#[test]
fn without_an_inflater_the_plain_file_is_for_everybody() {
    let (with, without) = (large(&[YES]), large(&[NO]));
    assert_eq!(with.fields, without.fields);
    assert_eq!(field(&with, "Vary"), None);
    assert_eq!(field(&with, "Content-Encoding"), None);
    assert!(bytes(with) == PLAIN && bytes(without) == PLAIN);
}
