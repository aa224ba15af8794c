//! Dumps in README.md and docs/ are what the server does.

use crate::support::fail;
use crate::support::markdown::pages;
use crate::support::notation::{self, Act, Step};

/// All dumps, by the page and the line where they begin.
fn dumps() -> Vec<(String, Vec<Step>)> {
    let mut dumps = Vec::new();
    // Without its feature the server does not do what such a page says.
    let is_true = |name: &str| {
        (cfg!(feature = "deflate") || name != "docs/deflate.md")
            && (cfg!(feature = "socketio") || name != "docs/socketio.md")
    };
    for page in pages().into_iter().filter(|page| is_true(&page.name)) {
        for fence in page.fences_of("wire") {
            let steps = notation::steps(&fence.lines.join("\n"), fence.line);
            let steps = steps.unwrap_or_else(|what| panic!("{}: {what}", page.name));
            dumps.push((page.name.clone(), steps));
        }
    }
    dumps
}

#[test]
fn every_dump_is_what_the_server_does_however_it_is_cut() {
    for (page, steps) in dumps() {
        for read_bytes in [usize::MAX, 1, 7] {
            let result = notation::run(&steps, read_bytes);
            let reads = match read_bytes {
                usize::MAX => "whole".to_owned(),
                bytes => format!("in reads of {bytes} bytes at most"),
            };
            result.unwrap_or_else(|what| fail(&format!("{page}, sent {reads}: {what}")));
        }
    }
}

#[test]
fn one_wrong_byte_in_any_dump_is_noticed() {
    let mut changed = 0;
    for (page, steps) in dumps() {
        for at in 0..steps.len() {
            let mut wrong = steps.clone();
            let Act::Server(bytes) = &mut wrong[at].act else { continue };
            let Some(last) = bytes.last_mut() else { continue };
            *last ^= 1;
            changed += 1;
            let line = steps[at].line;
            assert!(notation::run(&wrong, usize::MAX).is_err(), "{page}:{line}");
        }
    }
    assert!(changed >= 10, "only {changed} answers in all documents");
}

#[test]
fn bytes_in_running_text_stand_in_a_dump_of_the_same_page() {
    for page in pages() {
        let fences = page.fences_of("wire");
        let parsed =
            fences.iter().flat_map(|fence| notation::steps(&fence.lines.join("\n"), fence.line).unwrap());
        let known: Vec<Vec<u8>> = parsed
            .filter_map(|step| match step.act {
                Act::Client { bytes, .. } | Act::Server(bytes) => Some(bytes),
                _ => None,
            })
            .collect();
        for (line, span) in page.code_spans() {
            let pairs: Vec<&str> = span.split(' ').collect();
            let is_hex = |pair: &&str| pair.len() == 2 && u8::from_str_radix(pair, 16).is_ok();
            if pairs.len() < 3 || !pairs.iter().all(is_hex) {
                continue;
            }
            let bytes = ws101::tools::notation::bytes(span).unwrap();
            let stands = |all: &Vec<u8>| all.windows(bytes.len()).any(|window| window == bytes);
            assert!(known.iter().any(stands), "{}:{line}: {span}", page.name);
        }
    }
}
