//! One thousand messages in one turn to a hundred receivers, three of whom do not read: encoded
//! once, in few writes, and nobody waits for the three.

use crate::client;
use crate::record::{Record, watched};
use crate::sim::{End, PeerNo, Sim};
use std::time::Duration;
use ws101::app::{App, Cause, Closed, ConnId, Ctx, Message, Options, Reply, Request, RequestId};
use ws101::apps::WEBSOCKET;
use ws101::clock::Time;
use ws101::config::Config;
use ws101::http::head::Head;
use ws101::http::route::Route;
use ws101::ws::close::CloseCode;

const MESSAGES: usize = 1_000;

/// `/crowd` listens; what `/stage` says is a number of bytes, and so long are the thousand messages.
#[derive(Default)]
struct Stage {
    crowd: Vec<ConnId>,
}

fn message(number: usize, len: usize) -> String {
    format!("{number:0>len$}")
}

impl App for Stage {
    fn route(&self, head: &Head<'_>) -> Option<Route> {
        matches!(head.path, "/crowd" | "/stage").then_some(WEBSOCKET)
    }

    fn on_request(&mut self, _: &mut Ctx<'_>, _: RequestId, request: &Request<'_>) -> Reply {
        Reply::Upgrade(Options::tagged(u64::from(request.head.path == "/crowd")))
    }

    fn on_open(&mut self, _: &mut Ctx<'_>, id: ConnId, tag: u64) {
        if tag == 1 {
            self.crowd.push(id);
        }
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_>, _: ConnId, _: u64, length: Message<'_>) {
        let Message::Text(length) = length else { return };
        let length = length.parse().expect("a number");
        for number in 0..MESSAGES {
            let text = message(number, length);
            ctx.send_many(self.crowd.iter().copied(), Message::Text(&text));
        }
    }

    fn on_close(&mut self, _: &mut Ctx<'_>, id: ConnId, _: u64, _: &Closed) {
        self.crowd.retain(|member| *member != id);
    }
}

struct Scene {
    sim: Sim,
    record: Record,
    speaker: PeerNo,
    readers: Vec<PeerNo>,
    mute: Vec<PeerNo>,
}

/// A hundred in the crowd, of whom the 1st, the 50th and the 100th do not read.
fn scene(config: Config) -> Scene {
    scene_of(config, 100, &[0, 49, 99])
}

fn scene_of(config: Config, crowd: usize, mute: &[usize]) -> Scene {
    let (apps, record) = watched(vec![Box::<Stage>::default() as Box<dyn App>]);
    let mut sim = Sim::with_apps(config, apps);
    let speaker = sim.open("/stage");
    let all: Vec<PeerNo> = (0..crowd).map(|_| sim.open("/crowd")).collect();
    let pick = |is_mute: bool| -> Vec<PeerNo> {
        let chosen = all.iter().enumerate();
        let chosen = chosen.filter(|(at, _)| mute.contains(at) == is_mute);
        chosen.map(|(_, peer)| *peer).collect()
    };
    let (readers, mute) = (pick(false), pick(true));
    for peer in &mute {
        sim.set_window(*peer, Some(0));
    }
    Scene { sim, record, speaker, readers, mute }
}

impl Scene {
    fn speak(&mut self, len: usize) {
        let length = client::text(len.to_string());
        self.sim.send(self.speaker, &length);
        self.sim.run();
    }

    /// Each reader has the thousand, in order.
    fn readers_have_all(&mut self, len: usize) {
        let expected: Vec<String> = (0..MESSAGES).map(|at| message(at, len)).collect();
        let first = self.sim.take(self.readers[0]);
        assert!(client::texts(&first) == expected, "all, in order");
        for peer in &self.readers[1..] {
            assert!(self.sim.take(*peer) == first, "{peer:?} has the same");
        }
    }

    fn dropped(&self) -> usize {
        let slow = Closed { code: CloseCode::TryAgainLater, cause: Cause::Slow };
        let closes = self.record.closes();
        assert!(closes.iter().all(|why| *why == slow), "{closes:?}");
        closes.len()
    }

    fn mute_are(&self, end: End) -> bool {
        self.mute.iter().all(|peer| self.sim.end(*peer) == end)
    }
}

#[test]
fn thousand_small_messages_leave_in_one_write_for_each_receiver() {
    let mut scene = scene(Config::default());
    let writes = |scene: &Scene| -> Vec<usize> {
        let of = |peer: &PeerNo| scene.sim.peer(*peer).writes;
        scene.readers.iter().map(of).collect()
    };
    let before = writes(&scene);
    scene.speak(4);
    let after = writes(&scene);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(after - before, 1, "one write for a turn");
    }
    for peer in &scene.mute {
        assert_eq!(scene.sim.peer(*peer).writes, 2, "the 101, and one in vain");
    }
    scene.readers_have_all(4);
    assert_eq!(scene.dropped(), 0, "6,000 bytes wait; that is no harm yet");

    // No byte was accepted for 30 s, to the millisecond.
    scene.sim.advance(Duration::from_millis(29_999));
    assert_eq!(scene.dropped(), 0);
    scene.sim.advance(Duration::from_millis(1));
    assert_eq!(scene.dropped(), 3);
    // The speaker and the readers were pinged meanwhile, and are still there.
    assert_eq!(scene.record.check(), 98);
}

#[test]
fn over_1_mib_without_progress_for_1_s_is_too_slow() {
    let mut scene = scene(Config::default());
    scene.speak(1_100);
    scene.readers_have_all(1_100);
    assert_eq!(scene.dropped(), 0);
    scene.sim.advance(Duration::from_millis(999));
    assert_eq!(scene.dropped(), 0);
    scene.sim.advance(Duration::from_millis(1));
    assert_eq!(scene.dropped(), 3);
    // Nothing of a frame was written, so the Close can go out; nobody takes it within the 2 s.
    assert!(scene.mute_are(End::Open));
    for peer in scene.mute.clone() {
        scene.sim.set_window(peer, Some(4));
        scene.sim.run();
        assert_eq!(scene.sim.take(peer)[..4], [0x88, 10, 0x03, 0xf5]);
    }
    scene.sim.advance(Duration::from_millis(1_999));
    assert!(scene.mute_are(End::Open));
    scene.sim.advance(Duration::from_millis(1));
    assert!(scene.mute_are(End::Reset));
    assert_eq!(scene.sim.hub.connections(), 98);
}

#[test]
fn over_the_queue_limit_is_too_slow_at_once() {
    // The limit is twice the message limit, at least 8 MiB, and is judged after the turn's write.
    let config = Config { max_message_bytes: 1 << 20, ..Config::default() };
    assert_eq!(config.queue_limit_bytes(), 8 << 20);
    let frame_bytes = (8 << 20) / MESSAGES;
    for (over, len) in [(false, frame_bytes - 4), (true, frame_bytes - 3)] {
        let mut scene = scene_of(config.clone(), 5, &[1, 2, 4]);
        scene.speak(len);
        scene.readers_have_all(len);
        assert_eq!(scene.dropped(), if over { 3 } else { 0 }, "{len} bytes each");
    }
    // The flag replaces it. At the limit is not over it: frames of 1,000 bytes, and of 1,001.
    let config = Config { max_queue_bytes: Some(1_000_000), ..Config::default() };
    for (over, len) in [(false, 996), (true, 997)] {
        let mut scene = scene(config.clone());
        scene.speak(len);
        scene.readers_have_all(len);
        let dropped = if over { 3 } else { 0 };
        assert_eq!(scene.dropped(), dropped, "{len} bytes each");
    }
}

#[test]
fn who_reads_slowly_but_steadily_is_not_dropped_below_the_limit() {
    let mut scene = scene(Config::default());
    scene.speak(1_100);
    let slow = scene.mute[1];
    // More than a MiB waits; a byte each 999 ms is progress.
    for _ in 0..40 {
        scene.sim.advance(Duration::from_millis(999));
        scene.sim.open_window(slow, 1);
        scene.sim.run();
    }
    assert_eq!(scene.sim.end(slow), End::Open);
    assert_eq!(scene.dropped(), 2, "the other two");
    // It loses nothing.
    scene.sim.set_window(slow, None);
    scene.sim.run();
    let expected: Vec<String> = (0..MESSAGES).map(|at| message(at, 1_100)).collect();
    let mut got = client::texts(&scene.sim.take(slow));
    got.truncate(MESSAGES);
    assert!(got == expected);
}

#[test]
fn dropped_receivers_leave_no_timer_behind() {
    let config = Config { ping_interval: Duration::ZERO, ..Config::default() };
    let mut scene = scene(config);
    scene.speak(1_100);
    scene.speak(1_100);
    scene.sim.advance(Duration::from_secs(10));
    assert_eq!(scene.dropped(), 3);
    assert_eq!(scene.sim.hub.next_deadline(), Time::NEVER);
}
