//! Packets of a capture: their headers come off, and each gets its direction.

use crate::tools::explain::step::{Act, Input, Opening, Step, opening};
use crate::ws::frame::Sender;

const ACK: u8 = 0x10;
const RST: u8 = 0x04;
const SYN: u8 = 0x02;
const FIN: u8 = 0x01;

/// A TCP segment.
struct Segment<'a> {
    /// Address and port.
    source: (&'a [u8], u16),
    target: (&'a [u8], u16),
    number: u32,
    flags: u8,
    payload: &'a [u8],
}

/// A connection of which segments were seen.
struct Flow<'a> {
    client: (&'a [u8], u16),
    server: (&'a [u8], u16),
    /// The sequence numbers that come next: of the client, of the server.
    next: [Option<u32>; 2],
}

/// The bytes of dumps: those of TCP segments, or just bytes.
pub(super) fn read(dumps: Vec<Vec<u8>>) -> Input {
    let segments: Vec<Option<Segment<'_>>> = dumps.iter().map(|dump| segment(dump)).collect();
    if segments.iter().all(Option::is_none) {
        let each = dumps.into_iter().map(|bytes| Act::Bytes { from: None, bytes, is_read: true });
        return Input { steps: each.map(|act| Step { conn: 1, act }).collect(), notes: Vec::new() };
    }
    let mut input = Input::default();
    let others = segments.iter().filter(|segment| segment.is_none()).count();
    let mut note = "The headers of Ethernet, IP and TCP are left away.".to_owned();
    if others > 0 {
        note.push_str(&format!(" Packets that are no TCP: {others}."));
    }
    input.notes.push(note);
    let segments: Vec<Segment<'_>> = segments.into_iter().flatten().collect();
    let mut flows: Vec<Flow<'_>> = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let known = flows.iter().position(|flow| flow.direction(segment).is_some());
        let at = known.unwrap_or_else(|| {
            flows.push(Flow::of(segments.get(index..).unwrap_or_default()));
            flows.len() - 1
        });
        if let Some(flow) = flows.get_mut(at) {
            flow.take(segment, u32::try_from(at + 1).unwrap_or(u32::MAX), &mut input.steps);
        }
    }
    input
}

impl<'a> Flow<'a> {
    /// The flow of the first of these segments. The others tell who is its client.
    fn of(segments: &[Segment<'a>]) -> Self {
        let mut flow = Self { client: (&[], 0), server: (&[], 0), next: [None; 2] };
        let Some(first) = segments.first() else { return flow };
        (flow.client, flow.server) = (first.source, first.target);
        // Whether the first segment is a client's, as each sign has it.
        let sign = |of: &dyn Fn(&Segment<'_>) -> Option<bool>| {
            segments.iter().find_map(|it| Some((flow.direction(it)? == Sender::Client) == of(it)?))
        };
        let begins = sign(&|segment| match (segment.flags & (SYN | ACK), opening(segment.payload)) {
            (SYN, _) | (_, Opening::Request) => Some(true),
            (flags, _) if flags & SYN != 0 => Some(false),
            (_, Opening::Response) => Some(false),
            _ => None,
        });
        // The ports that systems give to clients.
        let is_high = |port: u16| port >= 32_768;
        let (source, target) = (first.source.1, first.target.1);
        let by_port = (is_high(source) != is_high(target)).then_some(is_high(source));
        let is_masked = |segment: &Segment<'_>| Some(segment.payload.get(1)? & 0x80 != 0);
        let told = begins.or(by_port).or_else(|| sign(&is_masked));
        if !told.unwrap_or(source > target) {
            (flow.client, flow.server) = (first.target, first.source);
        }
        flow
    }

    fn direction(&self, segment: &Segment<'_>) -> Option<Sender> {
        match (segment.source, segment.target) {
            ends if ends == (self.client, self.server) => Some(Sender::Client),
            ends if ends == (self.server, self.client) => Some(Sender::Server),
            _ => None,
        }
    }

    /// Takes what is new in a segment: not what was sent again.
    fn take(&mut self, segment: &Segment<'_>, conn: u32, steps: &mut Vec<Step>) {
        let Some(from) = self.direction(segment) else { return };
        let [client, server] = &mut self.next;
        let next = if from == Sender::Client { client } else { server };
        let mut push = |act| steps.push(Step { conn, act });
        let first = segment.number.wrapping_add(u32::from(segment.flags & SYN != 0));
        // Less than half of all numbers before the next: sent again. Else bytes are missing.
        let ahead = first.wrapping_sub(next.unwrap_or(first));
        let payload = match ahead {
            0..0x8000_0000 => segment.payload,
            _ => segment.payload.get(ahead.wrapping_neg() as usize..).unwrap_or_default(),
        };
        if !payload.is_empty() {
            if ahead > 0 && ahead < 0x8000_0000 {
                push(Act::Unknown(from, ahead.into()));
            }
            push(Act::Bytes { from: Some(from), bytes: payload.to_vec(), is_read: true });
        }
        let len = u32::try_from(segment.payload.len()).unwrap_or(0);
        if ahead < 0x8000_0000 || !payload.is_empty() {
            *next = Some(first.wrapping_add(len));
        }
        if segment.flags & RST != 0 {
            push(Act::Reset);
        } else if segment.flags & FIN != 0 {
            push(Act::End(from));
        }
    }
}

/// The TCP segment in a packet, whatever the link below it.
fn segment(packet: &[u8]) -> Option<Segment<'_>> {
    // None, loopback, Ethernet, Linux's "any" in both versions, Ethernet with a VLAN.
    [0, 4, 14, 16, 18, 20].into_iter().find_map(|skipped| ip(packet.get(skipped..)?))
}

fn ip(packet: &[u8]) -> Option<Segment<'_>> {
    let number = |at: usize| Some(usize::from(u16::from_be_bytes(*packet.get(at..)?.first_chunk()?)));
    match packet.first()? >> 4 {
        4 => {
            let header = usize::from(packet.first()? & 15) * 4;
            let whole = packet.get(..number(2)?)?;
            let is_tcp = header >= 20 && *whole.get(9)? == 6;
            is_tcp.then(|| tcp(whole.get(header..)?, whole.get(12..16)?, whole.get(16..20)?))?
        }
        6 => {
            let payload = packet.get(40..)?.get(..number(4)?)?;
            (*packet.get(6)? == 6).then(|| tcp(payload, packet.get(8..24)?, packet.get(24..40)?))?
        }
        _ => None,
    }
}

fn tcp<'a>(segment: &'a [u8], source: &'a [u8], target: &'a [u8]) -> Option<Segment<'a>> {
    let port = |at: usize| Some(u16::from_be_bytes(*segment.get(at..)?.first_chunk()?));
    let header = usize::from(segment.get(12)? >> 4) * 4;
    Some(Segment {
        source: (source, port(0)?),
        target: (target, port(2)?),
        number: u32::from_be_bytes(*segment.get(4..)?.first_chunk()?),
        flags: *segment.get(13)?,
        payload: segment.get(header.max(20)..)?,
    })
}
