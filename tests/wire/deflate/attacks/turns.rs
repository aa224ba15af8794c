//! How much is inflated and compressed before others have their turn.

use super::*;
use std::cell::Cell;
use std::rc::Rc;
use ws101::app::{App, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::apps::{WEBSOCKET, echo::Echo};
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::route::Route;

const MIB: usize = 1 << 20;

/// `/count` counts messages, and answers each with a text of so many bytes, or not at all.
struct Counting {
    count: Rc<Cell<usize>>,
    answer: String,
}

impl App for Counting {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        (head.path == "/count").then_some(WEBSOCKET)
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, _: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(0))
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, id: ConnId, _: u64, _: Message<'_>) {
        self.count.set(self.count.get() + 1);
        if !self.answer.is_empty() {
            ctx.send(id, Message::Text(&self.answer));
        }
    }
}

fn counting(answer_len: usize) -> (Sim, Rc<Cell<usize>>) {
    let count = Rc::<Cell<usize>>::default();
    let counting = Counting { count: Rc::clone(&count), answer: "a".repeat(answer_len) };
    let config = Config::default();
    assert_eq!(config.tuning.max_turn_bytes, 4 * MIB);
    let sim = Sim::with_apps(config, vec![Box::new(counting), Box::new(Echo)]);
    (sim, count)
}

/// One read of `peer`, which makes much work, and one of another: the other is answered in the same turn, and no more than
/// so many messages of the first are processed until then. In the end all are.
fn expect_turns(sim: &mut Sim, count: &Cell<usize>, read: &[u8], all: usize, at_most: usize) {
    let offers = ["", "; server_max_window_bits=9"].map(|more| format!("{DEFLATE}{more}"));
    let [peer, other] = offers.map(|offer| open(sim, "/count", &offer));
    let innocent = open(sim, "/echo", DEFLATE);
    assert!(read.len() <= 128 << 10, "one read: {} bytes", read.len());
    sim.send(peer, read);
    sim.send(innocent, &frame(0x81, "Hello"));
    sim.turn();
    assert_eq!(received(sim, innocent).0, [b"Hello"]);
    assert!(count.get() <= at_most, "{} in a turn", count.get());
    // Two of them take turns; neither keeps the innocent waiting.
    sim.send(other, read);
    let mut turns = 1;
    while count.get() < 2 * all {
        let before = count.get();
        sim.send(innocent, &frame(0x81, "Hello"));
        sim.turn();
        turns += 1;
        assert_eq!(received(sim, innocent).0, [b"Hello"]);
        assert!(count.get() - before <= 2 * at_most);
        sim.take(peer);
        sim.take(other);
        assert!(turns < 1_000, "{} of {all}", count.get());
    }
    assert!(turns >= all / at_most, "{turns} turns");
    sim.run();
}

#[test]
fn small_frames_that_become_large_messages_end_the_turn() {
    let read = frame(0xc2, bomb(MIB)).repeat(100);
    let (mut sim, count) = counting(0);
    expect_turns(&mut sim, &count, &read, 100, 4);
}

#[test]
fn the_same_in_fragments() {
    let payload = bomb(MIB);
    let parts: Vec<&[u8]> = payload.chunks(50).collect();
    let read = fragmented(1, &parts).concat().repeat(80);
    let (mut sim, count) = counting(0);
    expect_turns(&mut sim, &count, &read, 80, 4);
}

#[test]
fn large_messages_that_become_small_frames_end_the_turn() {
    // What goes out is a thousandth of what went through the compressor.
    let read = frame(0x81, "please").repeat(25);
    let (mut sim, count) = counting(MIB);
    expect_turns(&mut sim, &count, &read, 25, 4);
}

#[test]
fn messages_that_make_much_work_and_no_bytes_end_the_turn() {
    // 32 KiB, and then blocks with BFINAL, empty and of two bytes: the window is copied behind each.
    let mut payload = [&bomb(32 << 10)[..], &TAIL].concat();
    for _ in 0..1_000 {
        payload.extend([0x03, 0x00]);
    }
    let read = frame(0xc2, &payload).repeat(60);
    let (mut sim, count) = counting(0);
    expect_turns(&mut sim, &count, &read, 60, 1);
}

#[test]
fn large_broadcast_has_two_forms_at_most_and_all_can_read_them() {
    let message = lines(MIB);
    for first in 9..=15 {
        let mut sim = Sim::default();
        let windows = [first].into_iter().chain(9..=15);
        let offer = |bits| format!("{DEFLATE}; server_max_window_bits={bits}");
        let peers: Vec<(u8, PeerNo)> =
            windows.map(|bits| (bits, open(&mut sim, "/broadcast", &offer(bits)))).collect();
        let plain = sim.open("/broadcast");
        sim.send(peers[0].1, &frame(0x81, &message));
        sim.run();
        assert!(received(&mut sim, plain).0 == [message.clone()]);
        let mut forms = Vec::new();
        for (bits, peer) in peers {
            let frame = frames(&sim.take(peer)).remove(0);
            assert_eq!(frame.first, if bits < first { 0x81 } else { 0xc1 }, "{bits}");
            if !forms.contains(&frame) {
                assert!(content(&frame) == message);
                forms.push(frame);
            }
        }
        assert_eq!(forms.len(), if first == 9 { 1 } else { 2 });
    }
}

#[test]
fn room_is_made_for_the_forms_that_are_needed_and_no_more() {
    let message = lines(12 * MIB);
    let window = |bits: u8| format!("{DEFLATE}; server_max_window_bits={bits}");
    let (small, large) = (window(10), window(15));
    // What came and one form of it, or two: 4 MiB of that are any turn's.
    let copies = [
        (["", "", ""], true),
        ([&small, &small, &small], true),
        ([&small, &large, &small], true),
        ([&large, &small, &large], false),
        (["", &small, &small], false),
        ([&small, &small, ""], false),
    ];
    // What is passed on as it came is a form that is there already.
    let passes_on = [
        (["", "", ""], true),
        ([&small, &small, &small], false),
        ([&large, &small, &large], false),
        (["", &small, &small], false),
    ];
    let copies = copies.map(|(offers, fits)| ("/ws", 24, offers, fits));
    let enough = passes_on.map(|(offers, _)| ("/broadcast", 24, offers, true));
    let too_little = passes_on.map(|(offers, fits)| ("/broadcast", 19, offers, fits));
    for (path, budget, offers, fits) in copies.into_iter().chain(enough).chain(too_little) {
        let mut sim = Sim::new(Config { memory_budget_bytes: budget * MIB, ..Config::default() });
        let peers = offers.map(|offer| match offer {
            "" => sim.open(path),
            offer => open(&mut sim, path, offer),
        });
        sim.send(peers[0], &frame(0x81, &message));
        sim.run();
        for (no, peer) in peers.into_iter().enumerate() {
            let (mut messages, code) = received(&mut sim, peer);
            messages.retain(|came| came != b"A client disconnected");
            assert_eq!(messages.len(), usize::from(fits), "{path} {offers:?}");
            assert!(messages.iter().all(|came| *came == message));
            assert_eq!(code, (!fits && no == 0).then_some(1013));
        }
    }
}

#[test]
fn small_broadcast_keeps_to_the_window_of_each() {
    // A distance of 700 bytes again and again: what has a window of 512 cannot refer to it.
    let message = noise(700).repeat(40);
    let mut sim = Sim::default();
    let offer = |bits| format!("{DEFLATE}; server_max_window_bits={bits}");
    let peers: Vec<PeerNo> = (9..=15).map(|bits| open(&mut sim, "/broadcast", &offer(bits))).collect();
    sim.send(peers[6], &frame(0x82, &message));
    sim.run();
    for (peer, bits) in peers.into_iter().zip(9..) {
        let frame = frames(&sim.take(peer)).remove(0);
        assert!(content(&frame) == message);
        assert_eq!(frame.first, if bits == 9 { 0x82 } else { 0xc2 });
    }
}

#[test]
fn long_message_is_compressed_fast_whatever_the_level() {
    // Two letters at random: at level 9 the library searches 3.6 us for each byte of them.
    let echo = |deflate_level: usize, len: usize| {
        let mut sim = Sim::new(Config { deflate_level, ..Config::default() });
        let peer = open(&mut sim, "/echo", DEFLATE);
        let message: Vec<u8> = letters(len, 5).iter().map(|byte| b'a' + byte % 2).collect();
        let mut frames = Vec::new();
        // A long one does not change what the next is compressed with.
        for len in [1_000, len, 1_000] {
            sim.send(peer, &frame(0x81, &message[..len]));
            sim.run();
            let frame = crate::client::frames(&sim.take(peer)).remove(0);
            assert_eq!(frame.first, 0xc1);
            assert!(content(&frame) == message[..len]);
            frames.push(frame.payload);
        }
        assert_eq!(frames[0], frames[2]);
        frames.swap_remove(1)
    };
    assert!(echo(9, 60_000).len() < echo(1, 60_000).len());
    assert!(echo(9, 300_000) == echo(1, 300_000));
    assert!(echo(6, 70_000) == echo(1, 70_000));
}
