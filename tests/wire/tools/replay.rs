//! A trace can be played again: the server then sends what it has sent.

use super::trace::{LOOK, traced};
use crate::client::{binary, close, ping, text, upgrade};
use crate::sim::Sim;
use crate::support::markdown::read;
use crate::support::notation::replay;
use ws101::tools::event::Look;
use ws101::tools::notation::{Act, Item, read as read_notation};

/// Two members of a room, who talk at the same time, in reads that do not end where frames do.
fn talk(sim: &mut Sim) {
    let peers = [sim.connect(), sim.connect()];
    for (at, peer) in peers.iter().enumerate() {
        sim.send(*peer, upgrade(&format!("/ws/{}", at + 1)).as_bytes());
        sim.run();
    }
    let [one, other] = peers;
    let hello = text("Hello");
    sim.send(one, &[&hello[..], &hello[..4]].concat());
    sim.send(other, &[ping("mid"), text("a".repeat(300))[..9].to_vec()].concat());
    sim.run();
    sim.send(other, &text("a".repeat(300))[9..]);
    sim.run();
    sim.send(one, &hello[4..7]);
    sim.run();
    sim.send(one, &[&hello[7..], &binary([0; 40])].concat());
    sim.run();
    sim.send(other, &close(1000, "bye"));
    sim.run();
    sim.reset(other);
    sim.fin(one);
    sim.run();
}

#[test]
fn full_trace_of_several_connections_replays_to_the_same_bytes() {
    let (mut sim, paper) = traced(Look { is_full: true, with_secrets: true, ..LOOK });
    talk(&mut sim);
    let trace = paper.text();
    assert_eq!(replay(Sim::default(), &trace), Ok(()), "{trace}");
    // A frame that has begun in an earlier read goes on although others were told meanwhile.
    let lines: Vec<&str> = trace.lines().filter(|line| !line.starts_with('#')).collect();
    let between = |pair: &[&str]| pair[1].starts_with("C+") && !pair[0].starts_with('C');
    assert!(lines.windows(2).any(between), "{trace}");
    // One byte more that somebody says is one more that everybody reads.
    let more = trace.replacen("81 85 ", "81 86 ", 1).replacen("7f 9f 4d 51 58", "7f 9f 4d 51 58 58", 1);
    assert_ne!(more, trace);
    assert!(replay(Sim::default(), &more).is_err());
}

#[test]
fn trace_that_leaves_bytes_out_is_not_replayed() {
    let (mut sim, paper) = traced(LOOK);
    talk(&mut sim);
    let wrong = replay(Sim::default(), &paper.text()).unwrap_err();
    assert!(wrong.contains("this cannot be played, because bytes are not told: ...*"), "{wrong}");
}

#[test]
fn what_a_trace_prints_is_read_and_prints_the_same() {
    for name in ["fields", "short", "hex"] {
        let text = read(&format!("tests/wire/tools/trace/{name}.wire"));
        let lines = read_notation(&text, 1).unwrap();
        let printed: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
        assert_eq!(printed, text, "{name}");
    }
    let (mut sim, paper) = traced(LOOK);
    talk(&mut sim);
    let lines = read_notation(&paper.text(), 1).unwrap();
    let printed: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
    assert_eq!(printed, paper.text());
    let leaves_out = |act: &Act| match act {
        Act::Bytes { items, .. } => items.iter().any(|item| matches!(item, Item::LeftOut(_))),
        _ => false,
    };
    assert!(lines.iter().any(|(_, line)| leaves_out(&line.act)));
}
