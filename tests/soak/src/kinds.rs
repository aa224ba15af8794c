//! The kinds of visitors: a script for each.
//!
//! The decent ones must be served to the letter. Of the bad ones it is said what must come back
//! where that is certain, and else only that the server ends what they do not.

use std::time::Duration;

use crate::client::{binary, close, frame, ping, text, upgrade};
use crate::script::Step::{self, *};

/// A kind of visitor: its name and its script. The number is another one for each visitor of a run.
pub type Kind = (&'static str, fn(u64) -> Vec<Step>);

/// Those who keep to the rules. Few of them chat: what one says there, and that one leaves, all of them hear.
pub const DECENT: [Kind; 16] = [
    ("echo", echo),
    ("pages", pages),
    ("echo of 20 KB", echo_large),
    ("broadcast", broadcast),
    ("chat", chat),
    ("pages, pipelined", pipelined),
    ("echo", echo),
    ("page, then silence", keep_alive),
    ("broadcast", broadcast),
    ("echo of 20 KB", echo_large),
    ("echo", echo),
    ("pages", pages),
    ("chat without a name", chat_anonymous),
    ("echo", echo),
    ("pages, pipelined", pipelined),
    ("echo", echo),
];

/// Some of them, to see whether the server still answers.
pub const QUICK: [Kind; 6] = [
    ("echo", echo),
    ("echo of 20 KB", echo_large),
    ("pages", pages),
    ("pages, pipelined", pipelined),
    ("broadcast", broadcast),
    ("chat", chat),
];

/// Those who do not.
pub const BAD: [Kind; 24] = [
    ("reset in a frame", |_| open("/echo", [Send(cut(text("x".repeat(200)), 90)), Reset])),
    ("reset in a message", |_| open("/echo", [Send(frame(0x01, vec![b'x'; 30_000])), Reset])),
    ("reset in a head", |_| vec![Send(cut(upgrade("/echo"), 40)), Reset]),
    ("reset in a body", |_| vec![Send(post(100, 10)), Response(405), Reset]),
    ("reset in the chat", |number| open(&chat_path(number), [Send(text("bye")), Reset])),
    ("connects and goes", |_| vec![Leave]),
    ("connects and resets", |_| vec![Reset]),
    ("says nothing", |_| vec![End]),
    ("stops in the head", |_| vec![Send(cut(upgrade("/ws"), 60)), Response(408), End]),
    ("head byte by byte", |_| vec![Drip(upgrade("/echo").into_bytes(), SLOW), End]),
    ("stops in a frame", |_| open("/echo", [Send(cut(text("stop"), 8)), Mute, Closed(1011)])),
    ("never answers a ping", |_| open("/echo", [Mute, Closed(1011)])),
    ("frames byte by byte", frames_byte_by_byte),
    ("never reads its echo", |_| open("/echo", [Deaf, Flood(binary(vec![7; 4_000]), 250)])),
    ("never reads, floods with pings", |_| open("/echo", [Deaf, Flood(ping(vec![7; 125]).repeat(30), 250)])),
    ("never reads the chat", |number| open(&chat_path(number), [Deaf, Stay])),
    ("never reads a page", |_| vec![Deaf, Flood(page().repeat(100).into(), 250)]),
    ("half-close behind a message", half_close),
    ("half-close in a head", |_| vec![Send(cut(upgrade("/ws"), 60)), HalfClose, End]),
    ("garbage", |_| vec![Send(vec![0x16, 3, 1, 0, 0xff, 0, b'\n', b'\r', b'\n']), Response(400), End]),
    ("frame over the limit", |_| open("/echo", [Send(too_long()), Closed(1009)])),
    ("head over the limit", |_| vec![Send(long_head()), Response(431), End]),
    ("thousands of pings", pings),
    ("breaks a rule", |_| open("/echo", [Send(text([0xff])), Closed(1007)])),
];

/// After so many visitors it is the same decent kind's turn again.
const ROUND: u64 = 2 * DECENT.len() as u64;

/// From one byte to the next.
const SLOW: Duration = Duration::from_millis(100);

fn open<const N: usize>(path: &str, then: [Step; N]) -> Vec<Step> {
    let mut steps = vec![Send(upgrade(path).into()), Switched, Crowd];
    steps.extend(then);
    steps
}

fn leaves(mut steps: Vec<Step>) -> Vec<Step> {
    steps.extend([Send(close(1000, "done")), Closed(1000)]);
    steps
}

fn cut(bytes: impl Into<Vec<u8>>, len: usize) -> Vec<u8> {
    let mut bytes = bytes.into();
    bytes.truncate(len);
    bytes
}

fn page() -> &'static str {
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
}

fn chat_path(number: u64) -> String {
    format!("/ws/{number}")
}

fn echo(_: u64) -> Vec<Step> {
    let fragments = [frame(0x01, "one "), ping("now"), frame(0x80, "message")].concat();
    leaves(open(
        "/echo",
        [
            Send(text("hello")),
            Frame(0x81, b"hello".to_vec()),
            Send(fragments),
            Frame(0x8a, b"now".to_vec()),
            Frame(0x81, b"one message".to_vec()),
        ],
    ))
}

fn echo_large(number: u64) -> Vec<Step> {
    let payload: Vec<u8> = number.to_be_bytes().repeat(2_500);
    leaves(open("/echo", [Send(binary(&payload)), Frame(0x82, payload)]))
}

/// One in four speaks; all of them hear it. (In between come other kinds, and the bad ones.)
fn speaks(number: u64) -> bool {
    (number / ROUND).is_multiple_of(4)
}

fn chat(number: u64) -> Vec<Step> {
    let mut steps = open(&chat_path(number), []);
    if speaks(number) {
        let says = format!("Client #{number} says: hi");
        steps.extend([
            Send(text("hi")),
            FrameAmong(0x81, b"You wrote: hi".to_vec()),
            FrameAmong(0x81, says.into()),
        ]);
    }
    leaves(steps)
}

fn chat_anonymous(number: u64) -> Vec<Step> {
    let mut steps = open("/ws", []);
    if speaks(number) {
        let says = format!("{number} was here");
        steps.extend([Send(text(&says)), FrameAmong(0x81, says.into())]);
    }
    leaves(steps)
}

/// A topic that nobody used before, for two.
fn broadcast(number: u64) -> Vec<Step> {
    let says = format!("{number}");
    leaves(open(
        &format!("/broadcast/soak-{}", number / ROUND),
        [Send(text(&says)), FrameAmong(0x81, says.into())],
    ))
}

fn pages(_: u64) -> Vec<Step> {
    let once = || [Send(page().into()), Response(200)];
    let mut steps: Vec<Step> = (0..3).flat_map(|_| once()).collect();
    steps.push(Leave);
    steps
}

fn pipelined(_: u64) -> Vec<Step> {
    let last = "GET /none HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    vec![Send(format!("{}{}{last}", page(), page()).into()), Response(200), Response(200), Response(404), End]
}

fn keep_alive(_: u64) -> Vec<Step> {
    vec![Send(page().into()), Response(200), End]
}

fn frames_byte_by_byte(_: u64) -> Vec<Step> {
    let mut bytes = text("slow").repeat(2);
    bytes.extend(close(1000, ""));
    open("/echo", [Mute, Drip(bytes, SLOW), End])
}

/// A client ends its side: the server answers what is complete, then ends the connection.
fn half_close(_: u64) -> Vec<Step> {
    open("/echo", [Send(text("last")), HalfClose, Frame(0x81, b"last".to_vec()), End])
}

fn too_long() -> Vec<u8> {
    vec![0x82, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 1, 2, 3, 4, 5]
}

fn long_head() -> Vec<u8> {
    let field = format!("X-Long: {}\r\n", "x".repeat(20_000));
    page().replace("\r\n\r\n", &format!("\r\n{field}\r\n")).into()
}

fn post(announced: usize, sent: usize) -> Vec<u8> {
    let head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    format!("{head}Content-Length: {announced}\r\n\r\n{}", "x".repeat(sent)).into()
}

/// Each gets its Pong, the last one another than the others; then it is gone without a word.
fn pings(_: u64) -> Vec<Step> {
    let mut many = ping("are you there?").repeat(3_000);
    many.extend(ping("goodbye"));
    let goodbye = FrameAmong(0x8a, b"goodbye".to_vec());
    open("/echo", [Send(many), goodbye, Leave])
}
