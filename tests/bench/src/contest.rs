//! Servers beside each other: the same load for each in turn, round after round.
//!
//! All servers of a cell run at the same time with all their connections open, and only one of them is
//! given work. So rounds can be short and follow each other closely, and what else the machine does hits
//! all alike. Only processor time is compared.

use std::thread;
use std::time::Duration;

use crate::Result;
use crate::bars::spread;
use crate::cores::Cores;
use crate::frames::Message;
use crate::load::{Load, Run};
use crate::process::{Program, Server};

/// How often at least each connection gets something to do in a round: the beginning and the end of
/// a round, when not all of them are busy, must not weigh.
const FLIGHTS: u64 = 10;

/// What clients do.
#[derive(Debug, Clone, Copy)]
pub enum Pattern {
    /// Each sends this many messages ahead of the replies.
    Echo(usize),
    /// So many of them send one message each in a turn.
    Broadcast(usize),
}

/// The load of one cell.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// Open connections; with broadcasts all of them receive.
    pub connections: usize,
    /// What they send.
    pub message: Message,
    /// In which way.
    pub pattern: Pattern,
}

impl Workload {
    /// The endpoint of our server for it.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self.pattern {
            Pattern::Echo(_) => "/echo",
            Pattern::Broadcast(_) => "/broadcast/bench",
        }
    }

    /// The first word of the floor's arguments for it.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        match self.pattern {
            Pattern::Echo(_) => "echo",
            Pattern::Broadcast(_) => "broadcast",
        }
    }

    /// Messages (or deliveries) under way at once.
    fn in_flight(&self) -> u64 {
        let each = match self.pattern {
            Pattern::Echo(in_flight) => in_flight,
            Pattern::Broadcast(senders) => senders * window(senders),
        };
        (each * self.connections) as u64
    }

    /// Sends about this many messages (echo: exactly; broadcast: deliveries, rounded up to whole turns).
    ///
    /// # Errors
    /// Those of [`Load`].
    pub fn run(&self, load: &mut Load, messages: u64) -> Result<Run> {
        match self.pattern {
            Pattern::Echo(in_flight) => load.echo(messages, in_flight),
            Pattern::Broadcast(senders) => {
                let turns = messages.div_ceil((senders * self.connections) as u64);
                load.broadcast(turns, senders, window(senders))
            }
        }
    }
}

/// Several senders count as one turn only if the server finds all their messages at once: then the
/// next turn has to wait for it while it writes.
fn window(senders: usize) -> usize {
    if senders > 1 { 2 } else { 1 }
}

/// One server in one round.
#[derive(Debug)]
pub struct Sample {
    /// Processor time of the server per message or delivery, in seconds.
    pub cpu_per_message: f64,
    /// Its share of its core.
    pub server_busy: f64,
    /// The generator's share of its own.
    pub generator_busy: f64,
    /// Messages or deliveries per second.
    pub rate: f64,
    /// Half of all latencies are below, in seconds.
    pub latency_50: f64,
    /// 99 % are below.
    pub latency_99: f64,
}

/// A server with its connections.
struct Contender {
    server: Server,
    load: Load,
    samples: Vec<Sample>,
}

impl Contender {
    fn round(&mut self, workload: &Workload, messages: u64) -> Result<Sample> {
        let before = self.server.cpu_time()?;
        let run = workload.run(&mut self.load, messages)?;
        // The kernel brings the count up to date when the server goes to sleep.
        thread::sleep(Duration::from_millis(10));
        let cpu = self.server.cpu_time()?.saturating_sub(before).as_secs_f64();
        Ok(Sample {
            cpu_per_message: cpu / run.messages as f64,
            server_busy: cpu / run.wall.as_secs_f64(),
            generator_busy: run.busy(),
            rate: run.rate(),
            latency_50: run.latency.quantile(0.5).as_secs_f64(),
            latency_99: run.latency.quantile(0.99).as_secs_f64(),
        })
    }
}

/// What came out, server by server in the order given.
#[derive(Debug)]
pub struct Contest {
    /// Messages or deliveries in a round.
    pub messages: u64,
    /// The samples of each server, round by round.
    pub samples: Vec<Vec<Sample>>,
}

impl Contest {
    /// Starts all programs, then gives each the same messages in every round, in alternating order.
    ///
    /// A round lasts about `round` for the last program, which is meant to be the floor; with so many
    /// connections that they need longer, there are fewer rounds (at least five).
    ///
    /// # Errors
    /// A server does not start, or a run fails.
    pub fn hold(
        programs: &[Program],
        workload: &Workload,
        cores: Cores,
        rounds: usize,
        round: Duration,
    ) -> Result<Self> {
        let mut contenders = Vec::new();
        for program in programs {
            let server = Server::start(program, cores)?;
            let load = Load::connect(
                server.address,
                workload.path(),
                workload.connections,
                workload.message,
            )?;
            contenders.push(Contender {
                server,
                load,
                samples: Vec::new(),
            });
        }
        let floor = contenders.last_mut().ok_or("no programs")?;
        let fitting = calibrate(floor, workload, round)?;
        let messages = fitting.max(workload.in_flight() * FLIGHTS);
        let times_longer = usize::try_from(messages / fitting)?;
        let rounds = rounds.min((rounds / times_longer).max(5));
        for contender in &mut contenders {
            workload.run(&mut contender.load, messages / 4)?;
        }
        for number in 0..rounds {
            let mut order: Vec<&mut Contender> = contenders.iter_mut().collect();
            if number % 2 == 1 {
                order.reverse();
            }
            for contender in order {
                let sample = contender.round(workload, messages)?;
                contender.samples.push(sample);
            }
        }
        let mut samples = Vec::new();
        for contender in contenders {
            drop(contender.load);
            contender.server.stop()?;
            samples.push(contender.samples);
        }
        Ok(Self { messages, samples })
    }

    /// The processor time of the first server in units of the last one's, round by round.
    #[must_use]
    pub fn ratios(&self) -> Vec<f64> {
        let pairs = self.samples.first().zip(self.samples.last());
        pairs.map_or_else(Vec::new, |(ours, floor)| {
            ours.iter()
                .zip(floor)
                .map(|(ours, floor)| ours.cpu_per_message / floor.cpu_per_message)
                .collect()
        })
    }
}

/// The median of one figure over the rounds.
#[must_use]
pub fn median_of(samples: &[Sample], figure: impl Fn(&Sample) -> f64) -> f64 {
    spread(&samples.iter().map(figure).collect::<Vec<_>>()).0
}

/// How many messages take about as long as a round should.
fn calibrate(floor: &mut Contender, workload: &Workload, round: Duration) -> Result<u64> {
    let mut messages = (workload.connections as u64 * 2).max(256);
    while workload.run(&mut floor.load, messages)?.wall * 8 < round {
        messages *= 4;
    }
    // One of these runs may have been held up by what else the machine does; hardly all.
    let mut wanted = messages;
    for _ in 0..5 {
        let run = workload.run(&mut floor.load, messages)?;
        let fitting = u128::from(run.messages) * round.as_nanos() / run.wall.as_nanos();
        wanted = wanted.max(u64::try_from(fitting)?);
    }
    Ok(wanted)
}
