//! Nothing makes `explain` build more than 16 MiB, or fail.

use super::run;
use crate::sim::Rng;

#[test]
fn input_and_what_it_stands_for_end_at_16_mib() {
    let hex = "00".repeat((16 << 20) + 1);
    let decimal = format!("[{}]", "0,".repeat((16 << 20) + 1));
    let dump = "00000000  81 05 48 65 6c 6c 6f 00  00 00 00 00 00 00 00 00  |x|\n*\n10000000  00  |.|\n";
    let octets = vec![0x82; (16 << 20) + 1];
    for (input, complaint) in [
        (hex.as_bytes(), "more than 16 MiB of bytes: give a part of them"),
        (decimal.as_bytes(), "more than 16 MiB of bytes: give a part of them"),
        (dump.as_bytes(), "line 3: the dump stands for more than 16 MiB: give a part of it"),
        (&octets, "more than 16 MiB of bytes: give a part of them"),
        (b"C> 00*16777217\n", "line 1: more than 16777216 bytes in a line"),
        (b"C> 00*16777216\nC> 00*16777216", "line 2: more than 16777216 bytes in all"),
    ] {
        let ran = run(&["--short"], input);
        assert_eq!((ran.complaint.as_str(), ran.out.as_str()), (complaint, ""));
    }
}

#[cfg(feature = "deflate")]
#[test]
fn bomb_ends_with_a_clear_line() {
    use miniz_oxide::deflate::compress_to_vec;
    // A final block, and the empty one that every message ends with.
    let message = |mebibytes: usize| {
        let payload = [&compress_to_vec(&vec![0; mebibytes << 20], 9)[..], &[0]].concat();
        let mut bytes = vec![0xc2, 126];
        bytes.extend((payload.len() as u16).to_be_bytes());
        bytes.extend(payload);
        bytes
    };
    let complaint = "the messages inflate to more than 16 MiB: explain stops here";
    let one = run(&["--deflate", "--raw", "--short"], &message(40));
    assert_eq!((one.complaint.as_str(), one.status), (complaint, 2));
    let many = run(&["--deflate", "--raw", "--short"], &message(9).repeat(2));
    assert_eq!((many.complaint.as_str(), many.out.lines().count()), (complaint, 1));
    assert_eq!(run(&["--deflate", "--raw", "--short"], &message(15)).status, 0);
}

const LETTERS: &[u8] = b" 0123456789abcdefxC>S<\n\"'\\|*.:{}[]#";

#[test]
fn random_bytes_and_damaged_text_never_panic() {
    let texts = [
        super::CONVERSATION,
        super::REQUEST,
        super::RESPONSE,
        "00000000: 8185 37fa 213d 7f9f 4d51 58              ..7.!=..MQX\n",
        "00000000  81 85 37 fa 21 3d 7f 9f  4d 51 58                       |..7.!=..MQX|\n*\n0000000b\n",
        "\t0x0000:  4500 0029 0001 4000 4006 b6c6 c000 0201\n\t0x0010:  c000 0202 c001 0050 0000 0486 0000 0852\n",
        "b'\\x81\\x857\\xfa'",
        "[129, 133]",
        "<Buffer 81 85>",
    ];
    let mut rng = Rng::new(13);
    for turn in 0..20_000 {
        let mut bytes = match turn % 4 {
            0 => (0..rng.below(40)).map(|_| rng.next() as u8).collect(),
            _ => texts[rng.below(texts.len())].as_bytes().to_vec(),
        };
        for _ in 0..rng.below(4) {
            let at = rng.below(bytes.len());
            match (rng.below(3), bytes.get_mut(at)) {
                (0, Some(byte)) => *byte = LETTERS[rng.below(LETTERS.len())],
                (1, Some(byte)) => *byte = rng.next() as u8,
                _ => bytes.truncate(at),
            }
        }
        let form = [&[][..], &["--short"], &["--json"], &["--raw"], &["--from", "server"], &["--pcap", "x"]]
            [rng.below(6)];
        let ran = run(form, &bytes);
        let wide = |line: &&str| line.chars().count() > 80;
        if form.is_empty() {
            assert_eq!(ran.out.lines().find(wide), None, "{bytes:?}");
        }
    }
}
