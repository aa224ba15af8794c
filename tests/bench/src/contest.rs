//! Servers beside each other: the same load for each in turn, round after round.
//!
//! All servers of a cell run at the same time with all their connections open, and only one of them is
//! given work. So rounds can be short and follow each other closely, and what else the machine does hits
//! all alike. Only processor time is compared. One that fails leaves the contest; the others go on. The measure
//! of all is called the floor here; where compression is compared it is another server.

use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::bars::spread;
use crate::cores::Cores;
use crate::handshake::Offer;
use crate::load::{Load, Run};
use crate::process::{Program, Server};
use crate::workload::Workload;

/// How often at least each connection gets something to do in a round: the beginning and the end of
/// a round, when not all of them are busy, must not weigh. With large messages that makes rounds longer.
const FLIGHTS: u64 = 10;

/// The same for a guest whose round would take very long.
const FLIGHTS_OF_A_SLOW_GUEST: u64 = 3;

/// A guest's round may be so many times as long as it is meant to be.
const PATIENCE_WITH_GUESTS: u32 = 3;

/// Guests take part in about so many rounds.
const ROUNDS_OF_GUESTS: usize = 9;

/// A just-in-time compiler needs some processor time to do its best.
const WARM_UP_OF_GUESTS: Duration = Duration::from_millis(500);

/// But on a busy machine it is not waited for longer than this.
const LONGEST_WARM_UP: Duration = Duration::from_secs(5);

/// Files that a process has open beside its connections, generously.
const OTHER_FILES: u64 = 64;

/// Who takes part beside the floor.
#[derive(Debug)]
pub struct Entrant {
    /// Its name in the report.
    pub name: String,
    /// How it is started.
    pub program: Program,
    /// What compression its clients offer; it must agree.
    pub offer: Offer,
    /// It is warmed up, takes part in fewer rounds, and gets fewer messages when it is slow.
    pub guest: bool,
}

/// One server in one round.
#[derive(Debug)]
pub struct Sample {
    /// The number of the round.
    round: usize,
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

/// What came out for one server.
#[derive(Debug)]
pub struct Standing {
    /// Its name in the report.
    pub name: String,
    /// Messages or deliveries in a round.
    pub messages: u64,
    /// Its rounds; or why there are none.
    pub samples: Result<Vec<Sample>, String>,
    /// Its processor time in units of the floor's, of the same round each.
    pub ratios: Vec<f64>,
}

/// A server with its connections.
struct Contender {
    name: String,
    guest: bool,
    server: Server,
    load: Load,
    messages: u64,
    samples: Vec<Sample>,
}

impl Contender {
    fn start(entrant: &Entrant, workload: &Workload, cores: Cores) -> Result<Self> {
        let server = Server::start(&entrant.program, cores)?;
        let load = Load::connect(
            server.address,
            workload.path(),
            workload.connections,
            workload.message,
            entrant.offer,
        )?;
        Ok(Self {
            name: entrant.name.clone(),
            guest: entrant.guest,
            server,
            load,
            messages: 0,
            samples: Vec::new(),
        })
    }

    /// Runs for a while unseen and decides how many messages make a round.
    fn warm_up(&mut self, workload: &Workload, messages: u64, round: Duration) -> Result<()> {
        self.messages = messages;
        if !self.guest {
            workload.run(&mut self.load, messages / 4)?;
            return Ok(());
        }
        let (started, before) = (Instant::now(), self.server.cpu_time()?);
        let least = workload.in_flight() * FLIGHTS_OF_A_SLOW_GUEST;
        loop {
            let run = workload.run(&mut self.load, least.min(messages))?;
            let warm = self.server.cpu_time()? >= before + WARM_UP_OF_GUESTS;
            if warm || started.elapsed() >= LONGEST_WARM_UP {
                let fitting = fitting(&run, round * PATIENCE_WITH_GUESTS)?;
                self.messages = messages.min(fitting.max(least));
                return Ok(());
            }
        }
    }

    fn round(&mut self, number: usize, workload: &Workload) -> Result<()> {
        let before = self.server.cpu_time()?;
        let run = workload.run(&mut self.load, self.messages)?;
        // The kernel brings the count up to date when the server goes to sleep.
        thread::sleep(Duration::from_millis(10));
        let cpu = self.server.cpu_time()?.saturating_sub(before).as_secs_f64();
        self.samples.push(Sample {
            round: number,
            cpu_per_message: cpu / run.messages as f64,
            server_busy: cpu / run.wall.as_secs_f64(),
            generator_busy: run.busy(),
            rate: run.rate(),
            latency_50: run.latency.quantile(0.5).as_secs_f64(),
            latency_99: run.latency.quantile(0.99).as_secs_f64(),
        });
        Ok(())
    }

    fn end(self) -> Result<Vec<Sample>> {
        drop(self.load);
        self.server.stop()?;
        Ok(self.samples)
    }
}

/// How contests are held.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Who runs where.
    pub cores: Cores,
    /// How many rounds; with so many connections, or such large messages, that they take longer, fewer, but at least five.
    pub rounds: usize,
    /// How long a round lasts for the floor.
    pub round: Duration,
    /// How many files this process may have open.
    pub files: u64,
}

impl Rules {
    /// How many servers, the floor among them, can have so many connections from here at once.
    fn places(&self, connections: usize) -> u64 {
        self.files.saturating_sub(OTHER_FILES) / connections.max(1) as u64
    }

    /// Why something cannot be done that needs so many files.
    #[must_use]
    pub fn too_few_files(&self, needed: u64) -> String {
        format!("needs {needed} open files, {} are allowed", self.files)
    }

    /// About how many seconds a contest takes on a quiet machine, with so many guests among the entrants.
    #[must_use]
    pub fn guess(&self, workload: &Workload, entrants: usize, guests: usize) -> f64 {
        const OPENING: f64 = 3e-4;
        const DELIVERY: f64 = 3e-6;
        const BYTE: f64 = 4e-10;
        /// Calibration, warm-up and the end, in rounds.
        const BESIDES: f64 = 6.0;
        let places = self.places(workload.connections).max(2);
        let floors = (entrants as u64).div_ceil(places - 1) as f64;
        let (hosts, guests) = ((entrants - guests) as f64 + floors, guests as f64);
        let opening = OPENING * workload.connections as f64 * (hosts + guests);

        let wanted = self.round.as_secs_f64();
        let delivery = DELIVERY + workload.message.size as f64 * BYTE;
        let round = wanted.max((workload.in_flight() * FLIGHTS) as f64 * delivery);
        let rounds = (self.rounds as f64 * wanted / round).max(5.0);
        let visits = rounds.min(1.5 * ROUNDS_OF_GUESTS as f64);
        opening + (round + 0.02) * (hosts * (rounds + BESIDES) + guests * visits) + guests
    }

    /// Starts everybody, then gives each the same messages round by round, in changing order.
    ///
    /// Those for whom no connections are left hold a contest of their own with the floor. The last standing is
    /// the floor's, of the first contest.
    ///
    /// # Errors
    /// The floor fails, or there are not files enough for it and one other.
    pub fn hold(&self, entrants: &[Entrant], floor: &Entrant, workload: &Workload) -> Result<Vec<Standing>> {
        let places = usize::try_from(self.places(workload.connections))?;
        if places < 2 {
            let needed = 2 * workload.connections as u64 + OTHER_FILES;
            return Err(self.too_few_files(needed).into());
        }
        let mut standings = Vec::new();
        let mut floors = Vec::new();
        for group in entrants.chunks(places - 1) {
            let mut found = self.hold_one(group, floor, workload)?;
            floors.extend(found.pop());
            standings.append(&mut found);
        }
        standings.extend(floors.into_iter().next());
        Ok(standings)
    }

    fn hold_one(&self, entrants: &[Entrant], floor: &Entrant, workload: &Workload) -> Result<Vec<Standing>> {
        let mut floor = Contender::start(floor, workload, self.cores)?;
        if floor.guest {
            floor.warm_up(workload, workload.in_flight() * FLIGHTS, self.round)?;
            // From here on it is what the others are measured by.
            floor.guest = false;
        }
        let fitting = calibrate(&mut floor, workload, self.round)?;
        let messages = fitting.max(workload.in_flight() * FLIGHTS);
        let times_longer = usize::try_from(messages / fitting)?;
        let rounds = self.rounds.min((self.rounds / times_longer).max(5));
        let every = (rounds / ROUNDS_OF_GUESTS).max(1);
        floor.warm_up(workload, messages, self.round)?;

        let start = |entrant| {
            let mut contender = Contender::start(entrant, workload, self.cores)?;
            contender.warm_up(workload, messages, self.round)?;
            Ok(contender)
        };
        // The floor is the last, and alone may not fail.
        let mut field: Vec<Result<Contender>> = entrants.iter().map(start).collect();
        field.push(Ok(floor));
        for number in 0..rounds {
            let mut order: Vec<_> = field.iter_mut().collect();
            // Nobody always comes after the same one, or first.
            let places = order.len();
            order.rotate_left(number / 2 % places);
            if number % 2 == 1 {
                order.reverse();
            }
            for place in order {
                let Ok(contender) = place else { continue };
                if contender.guest && number % every != 0 {
                    continue;
                }
                if let Err(error) = contender.round(number, workload) {
                    *place = Err(error);
                }
            }
        }
        let floor = field.pop().ok_or("no floor")??;
        let name = floor.name.clone();
        let reference = floor.end()?;
        let mut standings = Vec::new();
        for (entrant, place) in entrants.iter().zip(field) {
            let sent = place.as_ref().map_or(0, |contender| contender.messages);
            let samples = place.and_then(Contender::end);
            standings.push(standing(&entrant.name, sent, samples, &reference));
        }
        let ratios = vec![1.0; reference.len()];
        standings.push(Standing { name, messages, samples: Ok(reference), ratios });
        Ok(standings)
    }
}

fn standing(name: &str, messages: u64, samples: Result<Vec<Sample>>, floor: &[Sample]) -> Standing {
    let ratio = |sample: &Sample| {
        let floor = floor.iter().find(|floor| floor.round == sample.round)?;
        Some(sample.cpu_per_message / floor.cpu_per_message)
    };
    Standing {
        name: name.to_owned(),
        messages,
        ratios: samples.iter().flatten().filter_map(ratio).collect(),
        samples: samples.map_err(|error| error.to_string()),
    }
}

/// The median of one figure over the rounds.
#[must_use]
pub fn median_of(samples: &[Sample], figure: impl Fn(&Sample) -> f64) -> f64 {
    spread(&samples.iter().map(figure).collect::<Vec<_>>()).median
}

/// How many messages take about as long as a round should.
fn calibrate(floor: &mut Contender, workload: &Workload, round: Duration) -> Result<u64> {
    let mut messages = workload.a_few();
    while workload.run(&mut floor.load, messages)?.wall * 8 < round {
        messages *= 4;
    }
    // One of these runs may have been held up by what else the machine does; hardly all.
    let mut wanted = messages;
    for _ in 0..5 {
        let run = workload.run(&mut floor.load, messages)?;
        wanted = wanted.max(fitting(&run, round)?);
    }
    Ok(wanted)
}

/// How many messages would have taken so long at the speed of this run.
fn fitting(run: &Run, time: Duration) -> Result<u64> {
    Ok(u64::try_from(u128::from(run.messages) * time.as_nanos() / run.wall.as_nanos())?)
}
