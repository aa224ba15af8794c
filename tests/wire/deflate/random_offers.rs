//! RFC 7692 §5, §7.1: offers that nobody has thought of.

use super::client::{PLAIN, answer};
use super::offers::{TABLE, config, respond};
use crate::sim::{Rng, Sim};
use ws101::config::Deflate;

const NAMES: [&str; 6] = [
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "client_max_window_bits",
    "x",
    "Server_Max_Window_Bits",
];
const VALUES: [&str; 12] = ["7", "8", "9", "12", "15", "16", "09", "+9", "010", "a", "\"11\"", "0"];

/// One offer, and what it asks for: `None` if it cannot be accepted.
fn random_offer(rng: &mut Rng) -> (String, Option<[Option<Option<u8>>; 4]>) {
    let name = ["permessage-deflate", "permessage-deflate", "other"][rng.below(3)];
    let (mut text, mut wishes) = (name.to_owned(), Some([None; 4]));
    if name == "other" {
        wishes = None;
    }
    for _ in 0..rng.below(4) {
        // Mostly what is right.
        let known = if rng.below(4) > 0 { 4 } else { NAMES.len() };
        let which = rng.below(known);
        let value = match which {
            0 | 1 if rng.below(8) > 0 => None,
            3 if rng.below(2) > 0 => None,
            _ => Some(VALUES[rng.below(VALUES.len())]),
        };
        text += [";", "; ", " ;\t"][rng.below(3)];
        text += NAMES[which];
        if let Some(value) = value {
            text += &format!("={value}");
        }
        let number = value.map(|value| match value.trim_matches('"') {
            "8" => Some(8),
            "9" => Some(9),
            "11" => Some(11),
            "12" => Some(12),
            "15" => Some(15),
            _ => None,
        });
        let is_good = match (which, number) {
            (0 | 1 | 3, None) => true,
            (2, Some(Some(bits))) => bits > 8,
            (3, Some(Some(_))) => true,
            _ => false,
        };
        wishes = wishes.filter(|wishes| is_good && wishes[which].is_none());
        if let Some(wishes) = &mut wishes {
            wishes[which] = Some(number.flatten());
        }
    }
    (text, wishes)
}

#[test]
fn random_offers_are_answered_as_the_rules_say() {
    // RFC 7692 §7.1: by rules written down a second time, for the default policy.
    let mut sim = Sim::default();
    let mut accepted = 0;
    for seed in 0..1_500 {
        let mut rng = Rng::new(seed);
        let offers: Vec<_> = (0..1 + rng.below(4)).map(|_| random_offer(&mut rng)).collect();
        let mut lines = vec![String::new()];
        for (text, _) in &offers {
            let line = lines.last_mut().expect("a line");
            if line.is_empty() {
                line.push_str(text);
            } else if rng.below(2) > 0 {
                line.push_str(&format!(", {text}"));
            } else {
                lines.push(text.clone());
            }
        }
        let wishes = offers.iter().find_map(|(_, wishes)| *wishes);
        let expected = wishes.map(|[_, _, server, client]| {
            let mut answer = PLAIN.to_owned();
            if let Some(Some(bits)) = server {
                answer += &format!("; server_max_window_bits={bits}");
            }
            if let Some(Some(bits)) = client {
                answer += &format!("; client_max_window_bits={bits}");
            }
            answer
        });
        accepted += u32::from(expected.is_some());
        assert_eq!(answer(&respond(&mut sim, &lines)), expected, "{lines:?}");
    }
    assert!((300..1_200).contains(&accepted), "{accepted}");
}

#[test]
fn offers_with_random_bytes_changed_never_do_worse_than_400() {
    // RFC 6455 §9.1, RFC 7692 §5.1: accepted, declined, or not to be read.
    let bytes: &[u8] = b";,= \t\"\\0189x+-_~";
    for policy in [Deflate::On, Deflate::Takeover] {
        let mut sim = Sim::new(config(policy));
        let mut seen = [0; 3];
        for seed in 0..1_000 {
            let mut rng = Rng::new(seed);
            let (line, ..) = TABLE[rng.below(TABLE.len())];
            let mut line = line.join(", ").into_bytes();
            for _ in 0..1 + rng.below(3) {
                let at = rng.below(line.len());
                match rng.below(3) {
                    0 => line[at] = bytes[rng.below(bytes.len())],
                    1 => line.insert(at, bytes[rng.below(bytes.len())]),
                    _ => drop(line.remove(at)),
                }
            }
            let line = String::from_utf8(line).expect("ASCII");
            let response = respond(&mut sim, &[&line]);
            let kind = if response.starts_with(b"HTTP/1.1 400 ") {
                0
            } else {
                1 + usize::from(answer(&response).is_some())
            };
            seen[kind] += 1;
        }
        assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
    }
}
