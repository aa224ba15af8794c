//! What typed lines do.

use super::{Begin, Talk};
use ws101::tools::connect::command::{Command, HELP};
use ws101::tools::connect::show::Message;

#[test]
fn every_command_in_its_bytes() {
    let mut talk = Talk::open(Begin::default());
    for line in [
        "/mask 00000000",
        "//ping is a text",
        "",
        "/ping",
        "/ping a b",
        "/pong a",
        "/bin 00 FF \"x\" 2a*3",
        "/bin",
        "/raw 8105 \"Hello\"",
        "/raw 81",
        "/raw 800000 0000",
        "/frag Hel | lo|",
        "/mask 37 fa 21 3d",
        "Hello",
        "/mask random",
        "/close 4000 I leave",
    ] {
        talk.types(line);
    }
    talk.shows(
        r#"C> 81 8f 00 00 00 00 2f 70 69 6e 67 20 69 73 20 61 20 74 65 78 74 # FIN text, MASK, 15 bytes "/ping is a text"
C> 81 80 00 00 00 00                         # FIN text, MASK, 0 bytes
C> 89 80 00 00 00 00                         # ping
C> 89 83 00 00 00 00 61 20 62                # ping "a b"
C> 8a 81 00 00 00 00 61                      # pong "a"
C> 82 86 00 00 00 00 00 ff 78 2a 2a 2a       # FIN binary, MASK, 6 bytes
C> 82 80 00 00 00 00                         # FIN binary, MASK, 0 bytes
C> 81 05 48 65 6c 6c 6f                      # FIN text, 5 bytes "Hello"
# ! 5.1-2: a client masks every frame, control frames too. The server must fail
#   the connection with 1002. Set the bit, send four random bytes as the key,
#   and XOR the payload with them.
C> 81 | 80 00 00 00 00                       # FIN text, MASK, 0 bytes
C> 01 83 00 00 00 00 48 65 6c                # text, MASK, 3 bytes "Hel"
C> 00 82 00 00 00 00 6c 6f                   # continuation, MASK, 2 bytes "lo"
C> 80 80 00 00 00 00                         # FIN continuation, MASK, 0 bytes
C> 81 85 37 fa 21 3d 7f 9f 4d 51 58          # FIN text, MASK, 5 bytes "Hello"
C> 88 89 37 fa 21 3d 38 5a 68 1d 5b 9f 40 4b 52 # close 4000 "I leave" (private use)
"#,
    );
}

#[test]
fn a_wrong_command_is_one_line_with_the_way_out_and_sends_nothing() {
    for (line, way_out) in [
        ("/png", "/help lists them"),
        ("/", "/help lists them"),
        ("/bin 0", "as in /bin 00 ff"),
        ("/bin xy", "as in /bin 00 ff"),
        ("/bin ...*20", "as in /bin 00 ff"),
        ("/raw", "as in /raw"),
        ("/raw 8", "as in /raw"),
        ("/frag Hello", "as in /frag Hel | lo"),
        ("/cut Hello", "as in /cut 3 Hello"),
        ("/cut 0 Hello", "after 1 to 10"),
        ("/cut 11 Hello", "after 1 to 10"),
        ("/mask", "as in /mask 37fa213d"),
        ("/mask 37fa21", "as in /mask 37fa213d"),
        ("/closing", "on or off"),
        ("/close soon", "as in /close 1000 bye"),
        ("/close 65536", "as in /close 1000 bye"),
    ] {
        let mut talk = Talk::open(Begin::default());
        talk.types(line);
        let shown = talk.shown();
        assert_eq!(shown.lines().count(), 1, "{line}: {shown}");
        assert!(shown.starts_with("say ") && shown.contains(way_out), "{line}: {shown}");
        assert_eq!(talk.sent, b"", "{line}");
    }
    let long = "x".repeat(126);
    for line in [format!("/ping {long}"), format!("/pong {long}"), format!("/close 1000 {long}")] {
        assert!(Command::read(&line).unwrap_err().contains("/raw sends anything"));
    }
    let mut talk = Talk::open(Begin::default());
    talk.session.typed(b"caf\xe9", talk.now);
    talk.settle();
    assert!(talk.shown().contains("not UTF-8") && talk.sent.is_empty());
}

#[test]
fn help_names_every_command() {
    let mut talk = Talk::open(Begin::default());
    talk.types("/help");
    let shown = talk.shown();
    for name in [
        "//",
        "/ping",
        "/pong TEXT",
        "/pong off|on",
        "/close",
        "/bin",
        "/raw",
        "/frag",
        "/cut",
        "/mask",
        "/closing",
        "/explain",
        "/quit",
    ] {
        assert!(shown.contains(name), "{name}");
    }
    assert!(HELP.lines().all(|line| line.len() <= 80));
}

#[test]
fn a_cut_frame_takes_its_time_and_nothing_comes_between() {
    let mut talk = Talk::open(Begin::default());
    talk.types("/cut 3 Hello");
    assert_eq!(talk.sent, [0x81, 0x85, 0x37]);
    assert!(!talk.session.wants_line(), "a line would come into the frame");
    // So would a Pong.
    talk.gets(b"\x89\x01a\x89\x01b");
    talk.waits(199);
    assert_eq!(talk.sent.len(), 3);
    talk.waits(1);
    talk.shows(
        "\
S< 89 01 61                                  # ping \"a\"
S< 89 01 62                                  # ping \"b\"
C> 81 85 37 | fa 21 3d 7f 9f 4d 51 58        # FIN text, MASK, 5 bytes \"Hello\"
C> 8a 81 37 fa 21 3d 55                      # pong \"b\"
",
    );
    assert!(talk.session.wants_line());
}

#[test]
fn pings_are_answered_unless_they_are_not() {
    let mut talk = Talk::open(Begin::default());
    talk.gets(b"\x89\x02hi");
    assert_eq!(talk.sent, [0x8a, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x5f, 0x93]);
    talk.types("/pong off");
    talk.gets(b"\x89\x02hi");
    assert_eq!(talk.sent.len(), 8);
    talk.types("/pong on");
    talk.gets(b"\x89\x00");
    assert_eq!(talk.sent.len(), 14);
}

#[test]
fn a_server_that_sends_pings_and_reads_nothing_takes_no_memory() {
    let mut talk = Talk::open(Begin::default());
    talk.is_read = false;
    talk.sent.clear();
    let pings = [&b"\x89\x7d"[..], &[b'?'; 125]].concat().repeat(100);
    for _ in 0..1_000 {
        talk.gets(&pings);
        talk.text.0.borrow_mut().clear();
    }
    assert!(talk.sent.len() < 300 << 10, "{}", talk.sent.len());
    assert!(!talk.session.wants_line());
    talk.waits(10_000);
    let words =
        format!("1006: the server has taken nothing for 10 s, and {} bytes wait for it", talk.sent.len());
    talk.is_over(1, &words);
}

#[test]
fn the_last_frame_is_explained_in_full() {
    let mut talk = Talk::open(Begin::default());
    talk.types("/explain");
    talk.shows("say the server has sent no frame yet\n");
    talk.gets(b"\x81\x05Hello");
    talk.forget();
    talk.types("/explain");
    talk.shows(
        "\
say text frame from a server, 7 bytes: \"Hello\"

offset  bytes            bits      field            value
     0  81               1.......  FIN              1     last of the message
                         .000....  RSV1 RSV2 RSV3   0 0 0
                         ....0001  opcode           0x1   text
     1  05               0.......  MASK             0     a server does not mask
                         .0000101  payload length   5
     2  48 65 6c 6c 6f             payload          \"Hello\"
",
    );
}

#[test]
fn messages_are_lines_also_where_no_terminal_is() {
    let text = Message { is_text: true, bytes: b"a\x1b\"\\b".to_vec() };
    assert_eq!(text.line(false), b"a\x1b\"\\b\n");
    assert_eq!(text.line(true), b"< a\\x1b\"\\b\n");
    let binary = Message { is_text: false, bytes: vec![0xab; 70] };
    let all = format!("(binary, 70 bytes){}\n", " ab".repeat(70));
    assert_eq!(binary.line(false), all.as_bytes());
    let short = format!("< (binary, 70 bytes){} ...{}\n", " ab".repeat(32), " ab".repeat(16));
    assert_eq!(binary.line(true), short.as_bytes());
    assert_eq!(Message { is_text: false, bytes: Vec::new() }.line(false), b"(binary, 0 bytes)\n");
}
