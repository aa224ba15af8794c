//! What waits for a peer that reads little or nothing: every byte of it, in order, and at a cost that
//! does not grow with the number of messages.

use crate::client::{binary, frames, ping};
use crate::sim::{Rng, Sim};
use ws101::metered::Meter;
use ws101::outbox::{Outbox, Span, share};

/// One turn: these bytes are queued, none of them is written.
fn turn(outbox: &mut Outbox, arena: &[u8]) {
    let end = arena.len() as u32;
    outbox.push(Span { start: 0, end });
    leave_arena(outbox, arena);
}

fn leave_arena(outbox: &mut Outbox, arena: &[u8]) {
    let meter = Meter::default();
    let mut spans = Vec::new();
    outbox.collect_spans(arena, &meter, &mut spans);
    outbox.adopt(&share(&mut arena.to_vec(), spans, &meter), &meter);
}

/// Everything that waits, as write calls take it.
fn drain(outbox: &mut Outbox) -> Vec<u8> {
    let mut drained = Vec::new();
    while !outbox.is_empty() {
        let mut pieces = [std::io::IoSlice::new(&[]); ws101::outbox::MAX_PIECES];
        let count = outbox.pieces(&[], &mut pieces);
        let offered: Vec<u8> = pieces[..count].iter().flat_map(|it| it.to_vec()).collect();
        assert_eq!(offered.len(), outbox.offered_len());
        outbox.sent(&[], offered.len());
        drained.extend(offered);
    }
    drained
}

#[test]
fn short_messages_of_many_turns_take_few_entries() {
    let mut outbox = Outbox::default();
    let mut expected = Vec::new();
    for number in 0..20_000_u32 {
        let frame = [0x82, 1, number as u8];
        turn(&mut outbox, &frame);
        expected.extend(frame);
    }
    assert_eq!(outbox.len(), expected.len());
    assert!(outbox.chunks().count() <= 20, "{} entries", outbox.chunks().count());
    assert!(drain(&mut outbox) == expected, "the bytes differ");
}

#[test]
fn long_messages_are_shared_and_stay_in_order() {
    let meter = Meter::default();
    let (mut first, mut second) = (Outbox::default(), Outbox::default());
    let mut expected = Vec::new();
    for number in 0..100_u8 {
        let mut arena = vec![0x82, 126, 0, 200];
        arena.resize(204, number);
        first.push(Span { start: 0, end: 204 });
        second.push(Span { start: 0, end: 204 });
        let mut spans = Vec::new();
        first.collect_spans(&arena, &meter, &mut spans);
        second.collect_spans(&arena, &meter, &mut spans);
        let chunks = share(&mut arena.clone(), spans, &meter);
        assert_eq!(chunks.len(), 1, "one copy for both");
        first.adopt(&chunks, &meter);
        second.adopt(&chunks, &meter);
        expected.extend(arena);
        turn(&mut first, &[0x81, 1, number]);
        turn(&mut second, &[0x81, 1, number]);
        expected.extend([0x81, 1, number]);
    }
    assert!(drain(&mut first) == expected, "the bytes differ");
    assert!(drain(&mut second) == expected, "the bytes differ");
}

#[test]
fn small_part_of_a_large_chunk_does_not_keep_all_of_it_in_memory() {
    let meter = Meter::default();
    // The limit of a queue counts its own bytes. A peer that takes little of what others are sent
    // must not hold, turn by turn, what they have long received.
    let mut arena = vec![0x82, 127, 0, 0, 0, 0, 0, 0, 0x40, 0];
    arena.resize(10 + 0x4000, 1);
    let small_start = arena.len() as u32;
    arena.extend([0x82, 98]);
    arena.resize(arena.len() + 98, 2);
    let end = arena.len() as u32;
    let (mut large, mut small) = (Outbox::default(), Outbox::default());
    large.push(Span { start: 0, end });
    small.push(Span { start: small_start, end });
    let mut spans = Vec::new();
    large.collect_spans(&arena, &meter, &mut spans);
    small.collect_spans(&arena, &meter, &mut spans);
    let chunks = share(&mut arena.clone(), spans, &meter);
    assert_eq!(chunks.len(), 1);
    large.adopt(&chunks, &meter);
    assert_eq!(std::rc::Rc::strong_count(&chunks[0].1), 2, "shared");
    small.adopt(&chunks, &meter);
    assert_eq!(std::rc::Rc::strong_count(&chunks[0].1), 2, "copied");
    assert!(drain(&mut small) == arena[small_start as usize..]);
    assert!(drain(&mut large) == arena);
}

#[test]
fn flood_of_pongs_ahead_takes_few_entries() {
    let mut outbox = Outbox::default();
    let begun = [0x82, 4, 1, 2, 3, 4];
    turn(&mut outbox, &begun);
    turn(&mut outbox, &[0x82, 1, 9]);
    outbox.sent(&[], 3);
    let mut expected = begun[3..].to_vec();
    for number in 0..5_000_u32 {
        // A message between two Pongs: their ranges do not touch.
        let arena = [0x8a, 1, number as u8, 0x82, 0, 0x8a, 0];
        outbox.push_pong(Span { start: 0, end: 3 });
        outbox.push(Span { start: 3, end: 5 });
        outbox.push_pong(Span { start: 5, end: 7 });
        leave_arena(&mut outbox, &arena);
        expected.extend([0x8a, 1, number as u8, 0x8a, 0]);
    }
    assert!(outbox.chunks().count() <= 20, "{} entries", outbox.chunks().count());
    expected.extend([0x82, 1, 9]);
    expected.extend([0x82, 0].repeat(5_000));
    assert!(drain(&mut outbox) == expected, "the bytes differ");
}

#[test]
fn dropping_keeps_the_rest_of_the_begun_frame_only() {
    let mut outbox = Outbox::default();
    turn(&mut outbox, &[0x82, 4, 1, 2, 3, 4]);
    turn(&mut outbox, &[0x82, 1, 9]);
    outbox.sent(&[], 3);
    assert!(outbox.drop_unbegun(3));
    turn(&mut outbox, &[0x88, 0]);
    assert_eq!(drain(&mut outbox), [2, 3, 4, 0x88, 0]);

    turn(&mut outbox, &[0x82, 4, 1, 2, 3, 4]);
    outbox.sent(&[], 1);
    let pong = [0x8a, 1, 7];
    outbox.push_pong(Span { start: 0, end: 3 });
    leave_arena(&mut outbox, &pong);
    // The begun frame is written, and one byte of the Pong.
    outbox.sent(&[], 6);
    assert!(!outbox.drop_unbegun(1));
    assert!(outbox.drop_unbegun(2));
    assert_eq!(drain(&mut outbox), [1, 7]);
}

#[test]
fn nothing_overtakes_or_replaces_the_answer_to_a_handshake() {
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    let rest_of = |written: usize| {
        let mut outbox = Outbox::default();
        let arena = [&answer[..], &[0x82, 1, 9]].concat();
        let end = arena.len() as u32;
        outbox.push(Span { start: 0, end: end - 3 });
        outbox.push(Span { start: end - 3, end });
        outbox.sent(&arena, written);
        leave_arena(&mut outbox, &arena);
        outbox
    };
    let pong = [0x8a, 1, 7];
    // The socket took nothing, something, all of it, and the first byte of the frame.
    for written in [0, 1, answer.len() - 1, answer.len(), answer.len() + 1] {
        let whole = [&answer[..], &[0x82, 1, 9]].concat();
        let begun = if written > answer.len() { whole.len() } else { answer.len() };
        let mut outbox = rest_of(written);
        outbox.push_pong(Span { start: 0, end: 3 });
        leave_arena(&mut outbox, &pong);
        let expected = [&whole[written..begun], &pong, &whole[begun..]].concat();
        assert_eq!(drain(&mut outbox), expected, "{written}");
        let mut outbox = rest_of(written);
        assert!(outbox.drop_unbegun(answer.len()));
        assert_eq!(drain(&mut outbox), whole[written..begun], "{written}");
    }
    // Answers to earlier requests may wait before it: then the hub says where it ends.
    let mut outbox = Outbox::default();
    turn(&mut outbox, b"HTTP/1.1 200 OK\r\n\r\nHello");
    outbox.push(Span { start: 0, end: answer.len() as u32 });
    outbox.seal();
    leave_arena(&mut outbox, answer);
    outbox.sent(&[], 3);
    outbox.push_pong(Span { start: 0, end: 3 });
    leave_arena(&mut outbox, &pong);
    let expected = [b"P/1.1 200 OK\r\n\r\nHello", &answer[..], &pong].concat();
    assert_eq!(drain(&mut outbox), expected);
}

#[test]
fn reader_in_fits_and_starts_misses_nothing() {
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        let mut sim = Sim::default();
        let reader = sim.open("/broadcast");
        let writer = sim.open("/broadcast");
        sim.set_window(reader, Some(0));
        let (mut messages, mut pings) = (Vec::new(), Vec::new());
        let mut received = Vec::new();
        for number in 0..200_u32 {
            let len = [0, 1, 40, 60, 70, 200, 3_000][rng.below(7)];
            let mut payload = number.to_be_bytes().to_vec();
            payload.resize(4 + len, number as u8);
            sim.exchange(writer, &binary(&payload));
            messages.push(payload);
            for _ in 0..rng.below(3) {
                let payload = (pings.len() as u32).to_be_bytes().to_vec();
                sim.send(reader, &ping(&payload));
                pings.push(payload);
            }
            let room = [0, 0, 1, 5, 100, 5_000][rng.below(6)];
            sim.open_window(reader, room);
            sim.run();
            received.extend(sim.take(reader));
        }
        sim.open_window(reader, usize::MAX / 2);
        sim.run();
        received.extend(sim.take(reader));
        let (pongs, others): (Vec<_>, Vec<_>) =
            frames(&received).into_iter().partition(|frame| frame.first == 0x8a);
        let payloads = |frames: Vec<crate::client::Frame>| -> Vec<Vec<u8>> {
            frames.into_iter().map(|frame| frame.payload).collect()
        };
        assert!(payloads(others) == messages, "messages, seed {seed}");
        assert!(payloads(pongs) == pings, "pongs, seed {seed}");
    }
}

#[test]
fn large_arena_of_which_most_waits_becomes_the_chunk() {
    let meter = Meter::default();
    let mut arena = vec![3; 300 << 10];
    let address = arena.as_ptr();
    let end = arena.len() as u32;
    let spans = vec![Span { start: 1_000, end }];
    let chunks = share(&mut arena, spans, &meter);
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks[0].1.as_ptr(), address, "not copied");
    assert!((300 << 10..301 << 10).contains(&meter.total()));
    // When little of it waits, that is copied, and the arena can be used again.
    let mut arena = vec![3; 300 << 10];
    let chunks = share(&mut arena, vec![Span { start: 0, end: 999 }], &meter);
    assert_eq!(chunks[0].1.len(), 999);
    assert_eq!(arena.len(), 300 << 10);
}
