//! Flags, help, colour.

use super::{CONVERSATION, REQUEST, run, run_with};
use ws101::tools::explain::Look;

#[test]
fn help_fits_a_terminal() {
    let ran = run(&["--help"], b"");
    assert_eq!(ran.status, 0);
    assert!(ran.out.starts_with("Usage: ws101 explain [FLAGS] [HEX...]\n"));
    for line in ran.out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for flag in ["--from SIDE", "--key KEY", "--deflate", "--raw", "--short", "--json", "--pcap FILE"] {
        assert!(ran.out.contains(&format!("  {flag}")), "{flag}");
    }
}

#[test]
fn complaints_name_the_thing_the_reason_and_the_way_out() {
    for (arguments, complaint) in [
        (&["--form", "client", "81"][..], "unknown flag \"--form\": did you mean --from?"),
        (&["--from", "middle", "81"], "--from: \"middle\" is neither client nor server"),
        (&["--from"], "--from needs a value: --from SIDE"),
        (&["--short", "--json", "81"], "--short and --json are two forms: give one of them"),
        (&["--raw", "81"], "--raw: raw bytes come on standard input, and arguments were given, too"),
        (&["81", "-"], "- is standard input: give it alone, or bytes as words"),
        (&["--key", "", "81"], "--key: \"\" is no key; one is 24 characters, as dGhlIHNhbXBsZSBub25jZQ=="),
        (&[], "there are no bytes: give hex, as in ws101 explain 81 05 48 65 6c 6c 6f, or a file by <"),
        (&["-"], "there are no bytes: give hex, as in ws101 explain 81 05 48 65 6c 6c 6f, or a file by <"),
    ] {
        let ran = run(arguments, b"");
        assert_eq!(
            (ran.complaint.as_str(), ran.status, ran.out.as_str()),
            (complaint, 2, ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn colour_is_for_terminals_without_no_color_and_never_alone() {
    let terminal = Look { is_terminal: true, no_color: None };
    let forbidden = Look { is_terminal: true, no_color: Some("1".into()) };
    let empty = Look { is_terminal: true, no_color: Some("".into()) };
    for arguments in [&["83", "00"][..], &["81", "00"]] {
        let plain = run(arguments, b"").out;
        let coloured = run_with(arguments, b"", &terminal).out;
        assert_eq!(run_with(arguments, b"", &forbidden).out, plain);
        assert_eq!(run_with(arguments, b"", &empty).out, coloured);
        assert!(coloured.contains("\x1b[1m"), "{coloured}");
        let mut without = String::new();
        for (index, part) in coloured.split("\x1b[").enumerate() {
            without.push_str(if index == 0 { part } else { part.split_once('m').expect("a code").1 });
        }
        assert_eq!(without, plain);
    }
}

#[test]
fn what_a_peer_sends_never_reaches_the_terminal_as_it_is() {
    let escape = b"\x1b]0;title\x07\x1b[2J\xc2\x9b31m\xe2\x80\xae";
    let mut frame = vec![0x81, escape.len() as u8];
    frame.extend_from_slice(escape);
    let head = [b"GET /\x1b[31m HTTP/1.1\r\nHost: \x1b[2J\r\nX: \x9b\x07\r\n\r\n".to_vec()].concat();
    for input in [frame, head, b"\x1b[31m".to_vec()] {
        for form in [&["--raw"][..], &["--raw", "--short"], &["--raw", "--json"]] {
            // `run` looks for control characters.
            let ran = run(form, &input);
            assert!(!ran.out.contains('\u{202e}'), "{}", ran.out);
        }
    }
    // Escapes count as columns: a note that repeats them is broken where it has to be.
    let status = run(&["--raw"], b"HTTP/1.1 1\x1101 Switching Protocols\r\n\r\n");
    assert_eq!(status.out.lines().find(|line| line.chars().count() > 80), None);
    for text in ["81 \u{202e}\u{1b}[2J", "\u{1b}]0;x\u{7}", "GET / HTTP/1.1\nX: \u{202e}\n"] {
        let ran = run(&[text], b"");
        assert!(!(ran.out + &ran.complaint).contains(['\u{202e}', '\u{1b}']));
    }
}

#[test]
fn json_is_one_object_for_each_unit() {
    let ran = run(&["--json"], CONVERSATION.as_bytes());
    let units: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let what: Vec<_> = units.iter().map(|unit| unit["event"].as_str().expect("a word")).collect();
    assert_eq!(what, ["request", "response", "frame", "frame", "frame", "frame"]);
    assert_eq!(units[2]["fields"][6]["hex"], "7f9f4d5158");
    assert_eq!(units[2]["reads"], serde_json::json!([0, 1]));
    assert!(units.iter().all(|unit| unit["broken"].is_null() && unit["conn"] == 1));
    let broken = run(&["--json", "83", "00"], b"");
    let broken: serde_json::Value = serde_json::from_str(&broken.out).expect("an object");
    assert_eq!(broken["broken"]["rule"], "5.2-3");
}

#[test]
fn direction_is_that_of_the_mask_unless_it_is_given() {
    let both = run(&["--short", "81", "80", "00", "00", "00", "00", "81", "00"], b"");
    assert_eq!(both.out, "C> 81 80 00 00 00 00   # text \"\", masked, FIN\nS< 81 00   # text \"\", FIN\n");
    let given = run(&["--short", "--from", "client", "81", "80", "00", "00", "00", "00", "81", "00"], b"");
    assert_eq!(
        given.out,
        "C> 81 80 00 00 00 00   # text \"\", masked, FIN\nC> 81 00   # ! 5.1-2: text \"\", FIN\n"
    );
    assert_eq!(run(&["--from", "client"], REQUEST.as_bytes()).status, 0);
}

#[test]
fn short_lines_are_notation_and_say_the_same_again() {
    let first = run(&["--short"], CONVERSATION.as_bytes()).out;
    let frames: String = first.lines().skip(2).map(|line| format!("{line}\n")).collect();
    assert_eq!(run(&["--short"], frames.as_bytes()).out, frames);
}
