//! `/lab`: a text in, its explanation out.

use super::view::{texts, viewed};
use crate::client::{frame, hex};
use crate::sim::Sim;
use serde_json::Value;
use ws101::tools::explain::{Bounds, explain_text};
use ws101::tools::kept::Keep;
use ws101::tools::view::lab::answer;

fn explained(text: &str) -> Value {
    serde_json::from_str(&answer(text)).unwrap()
}

fn titles(text: &str) -> Vec<String> {
    let answer = explained(text);
    let events = answer["events"].as_array().unwrap_or_else(|| panic!("{text}: {answer}"));
    events
        .iter()
        .map(|event| format!("{} {}", event["dir"].as_str().unwrap(), event["title"].as_str().unwrap()))
        .collect()
}

fn error(text: &str) -> String {
    explained(text)["error"].as_str().unwrap_or_else(|| panic!("{text} is explained")).to_owned()
}

#[test]
fn each_text_gets_one_answer_in_its_turn() {
    let mut sim = viewed();
    let peer = sim.open("/lab");
    let asked = ["text \"Hello\"", "81 05 48 65 6c 6c 6f", "nonsense"];
    let bytes: Vec<u8> = asked.iter().flat_map(|text| frame(0x81, text)).collect();
    let answers = texts(&sim.exchange(peer, &bytes));
    assert_eq!(answers.len(), 3);
    for (text, answer) in asked.iter().zip(&answers) {
        assert_eq!(*answer, explained(text));
    }
    let binary = texts(&sim.exchange(peer, &frame(0x82, "81")));
    assert!(binary[0]["error"].as_str().unwrap().contains("a line of text"));
}

#[test]
fn all_spellings_of_a_frame_say_the_same() {
    let hello = explained("text \"Hello\" key=37fa213d");
    assert_eq!(hello["bytes"], 11);
    for text in [
        "text \"Hello\"",
        "C> text \"Hello\" key=37fa213d",
        "81 85 37 fa 21 3d 7f 9f 4d 51 58",
        "C> 81 85 37 fa 21 3d 7f 9f 4d 51 58  # a note",
        "b'\\x81\\x85\\x37\\xfa\\x21\\x3d\\x7f\\x9f\\x4d\\x51\\x58'",
    ] {
        assert_eq!(explained(text), hello, "{text}");
    }
}

#[test]
fn who_sends_a_frame_is_said_by_its_line_or_by_its_mask() {
    assert_eq!(titles("text \"a\""), ["C text \"a\""]);
    assert_eq!(titles("S< text \"a\""), ["S text \"a\""]);
    assert_eq!(titles("81 01 61"), ["S text \"a\""]);
    assert_eq!(
        titles("first-text \"a\"\n# a ping between\nping\nlast \"b\""),
        ["C text \"a\", more follows", "C ping \"\"", "C continuation \"b\""]
    );
    assert_eq!(
        titles("C> first-text \"Hel\"\nS< ping\nC> last \"lo\""),
        ["C text \"Hel\", more follows", "S ping \"\"", "C continuation \"lo\""]
    );
}

#[test]
fn broken_rules_are_named() {
    for (text, rule) in [
        ("C> text \"a\" nomask", "5.1-2"),
        ("S< text \"a\" key=01020304", "5.1-3"),
        ("text \"a\" rsv=2", "5.2-2"),
        ("ping fin=0", "5.5-2"),
        ("frame op=3", "5.2-3"),
        ("text ff", "8.1-1"),
        ("text \"a\" len=16", "5.2-6"),
    ] {
        assert_eq!(explained(text)["events"][0]["rules"][0]["id"], rule, "{text}");
    }
}

#[test]
fn heads_are_explained() {
    let titles = titles(
        "GET /echo HTTP/1.1\nHost: a\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n\n",
    );
    assert_eq!(titles, ["C GET /echo HTTP/1.1"]);
}

#[test]
fn a_text_stands_for_so_much_and_not_more() {
    assert_eq!(explained(&format!("81 05 48 65 6c 6c 6f{}", " ".repeat(4_096 - 20)))["bytes"], 7);
    assert_eq!(error(&"x".repeat(4_097)), "more than 4 KiB of text: give a part of it");
    let mut sim = viewed();
    let peer = sim.open("/lab");
    assert!(texts(&sim.exchange(peer, &frame(0x81, [b'x'; 16_384])))[0]["error"].is_string());
    let close = sim.exchange(peer, &frame(0x81, [b'x'; 16_385]));
    assert_eq!(close[2..4], 1009u16.to_be_bytes());
    assert_eq!(explained("binary 2a*65528")["bytes"], 65_536);
    for text in [
        "binary 2a*65529",
        "C> 2a*4000000000",
        "C> text 2a*65537 = 81",
        "C> 2a*40000\nC> 2a*40000",
        "S< 82 7f \"ab\"*99999999",
    ] {
        assert!(error(text).contains("more than 65536 bytes"), "{text}: {}", error(text));
    }
    // What is left out takes no memory, but its frame must not be built.
    assert_eq!(
        explained("S< 82 7f 00 00 00 00 40 00 00 00 ...*1073741824")["events"][0]["size"],
        1_073_741_834u64
    );
    assert!(answer("C> \"GET \" (hidden, 1000000000 bytes) \" HTTP/1.1\\r\\n\\r\\n\"").len() < 256 << 10);
    // Each frame is short, but what is said of it is not.
    let many = "S< \"\\x81\\x00\"*32768";
    assert_eq!(error(many), "the explanation would be longer than 256 KiB: give a part of it");
    assert!(answer("S< \"\\x81\\x00\"*300").len() <= 256 << 10);
}

#[test]
#[cfg(feature = "deflate")]
fn a_bomb_is_refused() {
    use flate2::{Compress, Compression, FlushCompress};
    let agreed = "C> \"GET / HTTP/1.1\\r\\nHost: a\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Extensions: permessage-deflate\\r\\n\\r\\n\"\nS< \"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\nSec-WebSocket-Extensions: permessage-deflate\\r\\n\\r\\n\"\n";
    for (len, is_refused) in [(65_536, false), (65_537, true), (900_000, true)] {
        let mut packed = Vec::with_capacity(2_000);
        let mut compress = Compress::new(Compression::best(), false);
        compress.compress_vec(&vec![b'a'; len], &mut packed, FlushCompress::Sync).unwrap();
        packed.truncate(packed.len() - 4);
        let digits: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = format!("{agreed}S< text rsv=4 {digits}");
        assert!(text.len() < 4_096, "{}", text.len());
        match is_refused {
            true => assert_eq!(
                error(&text),
                "the messages inflate to more than 64 KiB: explain stops here",
                "{len}"
            ),
            false => assert_eq!(
                explained(&text)["events"][2]["fields"][5]["inflated_end"],
                "61".repeat(16),
                "{len}"
            ),
        }
    }
}

#[test]
fn garbage_never_ends_it() {
    let mut random = 7u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let parts = [
                "C> ",
                "S< ",
                "text ",
                "\"",
                "\\x",
                "81",
                " 85",
                "*",
                "70000",
                "|",
                "\n",
                "key=",
                "...",
                "(hidden, ",
                "fin=0 ",
                "GET / HTTP/1.1\n",
            ];
            text.push_str(parts[(random >> 60) as usize]);
        }
        let answer = explained(&text);
        assert!(answer["error"].is_string() || answer["events"].is_array(), "{text:?}");
    }
}

#[test]
fn the_lab_is_no_way_to_a_connection() {
    let mut sim: Sim = viewed();
    let other = sim.open("/echo");
    let peer = sim.open("/lab");
    sim.exchange(peer, &frame(0x81, "C> text \"Hello\""));
    assert_eq!(sim.take(other), b"");
    assert_eq!(sim.exchange(peer, &hex("888237fa213d3412")), hex("88 02 03 e8"));
}

#[test]
fn a_close_that_is_too_long_is_covered_by_its_fields() {
    for text in ["S< close 1000 61*300", "C> close 1000 61*300", "C> close 1000 61*254", "S< 88 7e 01 00 03"]
    {
        let events = explained(text);
        let event = &events["events"][0];
        let mut end = 0;
        for field in event["fields"].as_array().unwrap() {
            let (offset, len) = (field["o"].as_u64().unwrap(), field["l"].as_u64().unwrap());
            assert!(offset == end || field["b"].is_string() && offset + 1 == end, "{event}");
            end = offset + len;
        }
        assert_eq!(end, event["size"].as_u64().unwrap(), "{event}");
    }
}

/// A rule that is broken already is not looked for again: to judge each beginning of this Close would take hours.
#[test]
fn a_long_close_is_judged_once() {
    let bounds = Bounds { bytes: 8 << 20, keep: Keep::SHORT };
    let mut lens = Vec::new();
    let done = explain_text("S< close 1000 61*4000000", bounds, &mut |unit| {
        lens.push(unit.len);
        true
    });
    assert_eq!((done, lens), (Ok(true), vec![4_000_012]));
}

#[test]
fn heads_of_very_many_lines_are_refused() {
    for text in [
        "S< \"HTTP/1.1 200 OK\\r\\n\" \"a\\n\"*30000 \"\\r\\n\"",
        "C> \"GET / HTTP/1.1\\r\\n\" \"a\\n\"*8000",
    ] {
        assert_eq!(error(text), "the explanation would be longer than 256 KiB: give a part of it", "{text}");
    }
}
