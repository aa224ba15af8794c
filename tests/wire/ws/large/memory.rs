//! What large messages hold, what is kept for the next one, and when that is given up.

use super::*;
use ws101::pool::PAUSE;

/// Begins a binary message of `total` bytes and sends the first `arrived` of them.
fn begin(sim: &mut Sim, peer: PeerNo, total: usize, arrived: usize) {
    let mut bytes = vec![0x82, 0xff];
    bytes.extend((total as u64).to_be_bytes());
    bytes.resize(14 + arrived, 7);
    sim.send(peer, &bytes);
    sim.run();
}

#[test]
fn at_most_twice_of_what_has_arrived_is_held_never_what_was_announced() {
    for kept in [false, true] {
        for arrived in [1, 1_000, 100_000, 200_000, 300_000, MIB, 5 * MIB] {
            let mut sim = Sim::default();
            let other = sim.open("/echo");
            if kept {
                sim.exchange(other, &binary(noise(MIB)));
                assert!(sim.hub.kept_bytes() >= MIB / 2);
            }
            let peer = sim.open("/echo");
            begin(&mut sim, peer, 16 * MIB, arrived);
            let held = sim.hub.held_bytes();
            // A block that lies there anyway may be used before it is half full.
            let block = if kept { 260 * KIB } else { 0 };
            let most = (2 * arrived).max(block) + 70_000;
            assert!((arrived..most).contains(&held), "{arrived}: {held}");
        }
    }
}

#[test]
fn announcements_alone_get_no_more_blocks_than_were_kept() {
    let mut sim = Sim::default();
    let other = sim.open("/echo");
    sim.exchange(other, &binary(noise(2 * MIB)));
    let kept = sim.hub.kept_bytes();
    for _ in 0..100 {
        let peer = sim.open("/echo");
        begin(&mut sim, peer, 16 * MIB, 1);
    }
    let held = sim.hub.held_bytes();
    // And for what growing leaves behind, a quarter more is counted.
    let most = kept + kept / 4 + 100 * 1_000;
    assert!(held < most, "{held} for 100 bytes");
}

#[test]
fn a_sixteenth_of_the_budget_is_kept_at_most() {
    for budget in [64 * MIB, 20 * MIB, MIB] {
        let mut sim = Sim::new(Config { memory_budget_bytes: budget, ..Config::default() });
        let peer = sim.open("/echo");
        for size in [400_000, 600_000, 7 * MIB, 3 * MIB] {
            sim.exchange(peer, &binary(noise(size.min(budget / 3))));
            sim.advance(PAUSE);
            assert!(sim.hub.kept_bytes() <= budget / 16);
            assert_eq!(sim.hub.held_bytes(), 0, "what is kept is held for nobody");
        }
        assert!(budget == MIB || sim.hub.kept_bytes() > MIB);
    }
}

#[test]
fn what_is_kept_is_given_up_before_anybody_goes() {
    let mut sim = Sim::new(Config {
        memory_budget_bytes: 16 * MIB,
        ping_interval: Duration::ZERO,
        ..Config::default()
    });
    let first = sim.open("/echo");
    sim.exchange(first, &binary(noise(2 * MIB)));
    let kept = sim.hub.kept_bytes();
    assert!(kept >= 512 * KIB);
    // Messages that use no block, until the budget is used up but for what is kept.
    let mut peers = Vec::new();
    while sim.hub.kept_bytes() > 0 {
        let peer = sim.open("/echo");
        sim.exchange(peer, &frame(0x02, noise(30_000)));
        peers.push(peer);
    }
    assert!(sim.hub.held_bytes() + kept > 16 * MIB, "not before");
    assert!(sim.hub.held_bytes() < 16 * MIB);
    assert!(peers.iter().all(|peer| sim.end(*peer) == End::Open));
}

#[test]
fn everything_kept_goes_with_the_last_connection() {
    let mut sim = Sim::default();
    let (first, second) = (sim.open("/echo"), sim.open("/broadcast"));
    sim.exchange(first, &binary(noise(3 * MIB)));
    sim.exchange(second, &binary(noise(3 * MIB)));
    sim.reset(first);
    sim.run();
    assert!(sim.hub.kept_bytes() > MIB);
    sim.reset(second);
    sim.run();
    assert_eq!(sim.hub.kept_bytes(), 0);
    // And the next connection finds a server that works.
    let third = sim.open("/echo");
    assert_eq!(sim.exchange(third, &text("x")), from_server(0x81, "x"));
}

#[test]
fn large_broadcast_is_held_once_and_for_as_long_as_somebody_waits() {
    let mut sim = Sim::default();
    let sender = sim.open("/broadcast");
    let mute: Vec<PeerNo> = (0..50).map(|_| sim.open("/broadcast")).collect();
    for peer in &mute {
        sim.set_window(*peer, Some(0));
    }
    sim.exchange(sender, &binary(noise(3 * MIB)));
    let held = sim.hub.held_bytes();
    assert!((3 * MIB..5 * MIB).contains(&held), "{held}");
    for peer in &mute[1..] {
        sim.reset(*peer);
    }
    sim.run();
    assert!(sim.hub.held_bytes() >= 3 * MIB);
    sim.set_window(mute[0], None);
    sim.run();
    assert_eq!(sim.hub.held_bytes(), 0);
}

#[test]
fn what_the_pool_may_not_keep_goes_after_a_pause_and_not_before() {
    let mut sim = Sim::new(Config { ping_interval: Duration::ZERO, ..Config::default() });
    let peer = sim.open("/echo");
    let message = binary(noise(14 * MIB));
    for _ in 0..3 {
        sim.exchange(peer, &message);
        assert!(sim.hub.kept_bytes() >= 13 * MIB, "for the next message");
        sim.advance(PAUSE - Duration::from_millis(1));
        assert!(sim.hub.kept_bytes() >= 13 * MIB);
    }
    sim.advance(Duration::from_millis(1));
    assert!((2 * MIB..=4 * MIB).contains(&sim.hub.kept_bytes()));
    // Only the deadline of its handshake is left, which nobody took back.
    assert!(sim.hub.next_deadline() > sim.now.after(Duration::from_secs(1)));
}

#[test]
fn pool_gives_back_large_blocks_first() {
    let small_bytes = BlockSize::Usual.bytes();
    let pool = Pool::new(8 * small_bytes + 200 * KIB);
    let large = pool.take(BlockSize::Large).unwrap();
    let small: Vec<_> = (0..10).map(|_| pool.take(BlockSize::Usual).unwrap()).collect();
    assert_eq!((large.len(), small[0].len()), (2 * MIB, small_bytes));
    drop(large);
    assert_eq!(pool.kept_bytes(), 2 * MIB);
    assert!(pool.has_kept(BlockSize::Large));
    assert!(!pool.has_surplus());
    drop(small);
    assert!(pool.has_surplus() && pool.take_busy() && !pool.take_busy());
    pool.trim();
    // The large one has gone; eight small ones fit.
    assert_eq!(pool.kept_bytes(), 8 * small_bytes);
    assert!(!pool.has_kept(BlockSize::Large));
    assert!(pool.take_kept(BlockSize::Large).is_none());
    let block = pool.take_kept(BlockSize::Usual).unwrap();
    assert_eq!(pool.kept_bytes(), 7 * small_bytes);
    pool.clear();
    assert_eq!(pool.kept_bytes(), 0);
    drop(block);
    assert_eq!(pool.kept_bytes(), small_bytes, "it is used again");
}

#[test]
fn memory_that_the_system_does_not_give_is_no_block() {
    assert!(Pool::default().take_whole(usize::MAX / 2).is_none());
    let block = Pool::default().take_whole(5 * MIB).unwrap();
    assert!(block.len() == 5 * MIB && block.iter().all(|byte| *byte == 0));
}

#[test]
fn who_leaves_the_last_byte_of_large_messages_unread_goes_first() {
    let mut sim = Sim::new(Config {
        memory_budget_bytes: 24 * MIB,
        ping_interval: Duration::ZERO,
        ..Config::default()
    });
    // Each of them keeps a block of 2 MiB in memory for one byte.
    let message = noise(4 * MIB);
    let mean: Vec<PeerNo> = (0..10).map(|_| sim.open("/echo")).collect();
    for peer in &mean {
        sim.set_window(*peer, Some(message.len() + 9));
        sim.exchange(*peer, &binary(&message));
    }
    assert!(sim.hub.held_bytes() > 18 * MIB, "{}", sim.hub.held_bytes());
    assert!(mean.iter().all(|peer| sim.end(*peer) == End::Open));
    let honest = sim.open("/echo");
    for arrived in 1..=18 {
        let peer = sim.open("/echo");
        begin(&mut sim, peer, 16 * MIB, 300 * KIB);
        assert_eq!(sim.end(honest), End::Open, "{arrived}");
        assert_eq!(sim.end(peer), End::Open, "{arrived}");
    }
    assert!(mean.iter().any(|peer| sim.end(*peer) != End::Open));
}
