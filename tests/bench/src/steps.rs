//! What a run consists of: a list of steps, made before the first of them, and what to do for each.

use std::path::Path;
use std::time::Duration;

use crate::Result;
use crate::bars::{BARS, Outcome, spread};
use crate::cells::{Beside, CELLS, Cell};
use crate::compressed;
use crate::contest::{Rules, Standing};
use crate::counts::{Tool, per_message};
use crate::handshake::Offer;
use crate::idle::{self, Clients, Idle};
use crate::matches::{MATCHES, Match};
use crate::message::{Kind, Message};
use crate::process::Program;
use crate::report::Report;
use crate::servers::{OURS, Servers};
use crate::start;
use crate::workload::{Pattern, SILENT, Workload};

/// One thing to do.
#[derive(Debug)]
pub struct Step {
    /// The bar, and the server unless it is about all of them.
    pub what: String,
    /// How many seconds it should take.
    pub guess: f64,
    job: Job,
}

#[derive(Debug)]
enum Job {
    Size,
    StartUp(String, Program),
    Count(&'static Counted, String, Program),
    Contest(&'static Cell),
    Idle(&'static Crowd, String, Program),
    Match(&'static Match),
    CompressedSilence,
}

/// Something that is counted.
#[derive(Debug)]
struct Counted {
    id: &'static str,
    tool: Tool,
    workload: Workload,
    messages: u64,
}

const fn counted(
    id: &'static str,
    tool: Tool,
    connections: usize,
    pattern: Pattern,
    messages: u64,
) -> Counted {
    let message = Message {
        kind: Kind::Text,
        size: 16,
    };
    Counted {
        id,
        tool,
        workload: Workload {
            connections,
            message,
            pattern,
        },
        messages,
    }
}

#[rustfmt::skip]
static COUNTED: [Counted; 4] = [
    counted("calls-1", Tool::Strace, 50, Pattern::Echo(1), 500),
    counted("calls-16", Tool::Strace, 50, Pattern::Echo(16), 8_000),
    counted("instructions-echo", Tool::Callgrind, 50, Pattern::Echo(1), 2_000),
    counted("instructions-broadcast", Tool::Callgrind, 100, Pattern::Broadcast(1), 10_000),
];

type Figure = (&'static str, fn(&Idle) -> f64);

/// Silent connections to one path.
#[derive(Debug)]
struct Crowd {
    path: &'static str,
    figures: &'static [Figure],
    /// Only ours serves that path.
    only_ours: bool,
}

static CROWDS: [Crowd; 2] = [
    Crowd {
        path: "/echo",
        figures: &[
            ("idle-echo", |idle| idle.private_per_connection),
            ("idle-echo-first", |idle| idle.private_per_first_connection),
            ("resident-start", |idle| idle.resident_at_start),
            ("resident-idle", |idle| idle.resident),
            ("idle-cpu", |idle| idle.cpu),
            ("idle-switches", |idle| idle.switches),
        ],
        only_ours: false,
    },
    Crowd {
        path: "/ws/{}",
        figures: &[
            ("idle-chat", |idle| idle.private_per_connection),
            ("idle-chat-first", |idle| idle.private_per_first_connection),
        ],
        only_ours: true,
    },
];

/// A run: its steps, and what they need and find.
#[derive(Debug)]
pub struct Run {
    /// Who is measured.
    pub servers: Servers,
    /// How contests are held.
    pub rules: Rules,
    /// Fewer and shorter measurements.
    pub quick: bool,
    /// Only bars whose name contains one of these words; all when there are none.
    pub only: Vec<String>,
    /// What was found.
    pub report: Report,
    /// Something of ours or of the floor could not be measured.
    pub failed: bool,
}

/// Bars about the binary itself.
const SIZES: [&str; 3] = ["size", "size-minimal", "resident-minimal"];

/// Whether a run of `only` these words is about the binary without default features, which must be built for it.
#[must_use]
pub fn needs_minimal(only: &[String]) -> bool {
    SIZES.iter().any(|id| wanted(only, id))
}

fn wanted(only: &[String], id: &str) -> bool {
    only.is_empty() || only.iter().any(|word| id.contains(word.as_str()))
}

impl Run {
    /// Whether it is wanted, and whoever is its measure is there.
    fn can_hold(&self, held: &Match) -> bool {
        held.sides.iter().any(|(id, _)| self.wanted(id))
            && held
                .measure
                .program(&self.servers, &held.workload)
                .is_some()
    }

    fn wanted(&self, id: &str) -> bool {
        wanted(&self.only, id)
    }

    /// Everything that is asked for, in the order of the report.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut add = |what: String, guess: f64, job| steps.push(Step { what, guess, job });
        if needs_minimal(&self.only) {
            add("size".to_owned(), 1.0, Job::Size);
        }
        let everybody = self.servers.everybody(&SILENT);
        for (name, program) in everybody.iter().filter(|_| self.wanted("start-up")) {
            let job = Job::StartUp(name.clone(), program.clone());
            add(format!("start-up, {name}"), 1.0, job);
        }
        for counted in COUNTED.iter().filter(|counted| self.wanted(counted.id)) {
            for (name, program) in self.servers.everybody(&counted.workload) {
                let native = self.servers.is_native(&name);
                if matches!(counted.tool, Tool::Strace) || native {
                    let what = format!("{}, {name}", counted.id);
                    add(what, 2.0, Job::Count(counted, name, program));
                }
            }
        }
        for cell in CELLS {
            if self.wanted(cell.id) && !(cell.extra && self.quick) {
                // Ours and the second floor are no guests.
                let peers = self.servers.peers_of(cell.beside).count();
                let rules = self.rules_of(cell);
                let guess = rules.guess(&cell.workload, peers + 2, peers);
                add(cell.id.to_owned(), guess, Job::Contest(cell));
            }
        }
        for held in MATCHES.iter().filter(|held| self.can_hold(held)) {
            let (entrants, guests) = (held.sides.len() + 1, 2);
            let guess = self.rules.guess(&held.workload, entrants, guests);
            add(held.id().to_owned(), guess, Job::Match(held));
        }
        if compressed::silent_bars().any(|id| self.wanted(id)) {
            let guess = if self.quick { 15.0 } else { 50.0 };
            let what = "silent after one message, with deflate and without".to_owned();
            add(what, guess, Job::CompressedSilence);
        }
        for crowd in &CROWDS {
            if !crowd.figures.iter().any(|(id, _)| self.wanted(id)) {
                continue;
            }
            for (name, program) in &everybody {
                if crowd.only_ours && name != OURS {
                    continue;
                }
                let what = format!("9,900 silent at {}, {name}", crowd.path);
                let (times, silence) = self.patience(name);
                let silent = if crowd.only_ours { 0 } else { 11 + silence };
                let guess = (times * (silent + 7)) as f64;
                add(what, guess, Job::Idle(crowd, name.clone(), program.clone()));
            }
        }
        steps
    }

    /// How often silence is measured, and how many seconds of it.
    fn patience(&self, name: &str) -> (u64, u64) {
        match (self.quick, name == OURS) {
            (true, _) => (1, 1),
            (false, true) => (3, 5),
            (false, false) => (1, 5),
        }
    }

    /// Does one of them.
    pub fn take(&mut self, step: &Step, scratch: &Path) {
        match &step.job {
            Job::Size => self.size(),
            Job::StartUp(name, program) => {
                let times = if self.quick { 5 } else { 11 };
                let found = start::start_up(program, self.rules.cores, times);
                self.record("start-up", name, found);
            }
            Job::Count(counted, name, program) => self.count(counted, name, program, scratch),
            Job::Contest(cell) => self.contest(cell),
            Job::Idle(crowd, name, program) => self.silence(crowd, name, program),
            Job::Match(held) => self.hold(held),
            Job::CompressedSilence => self.compressed_silence(),
        }
    }

    fn size(&mut self) {
        let size = start::size(&self.servers.ours);
        self.record("size", OURS, size.map(|size| vec![size]));
        let minimal = match self.report.minimal.clone() {
            None => return,
            Some(minimal) => minimal,
        };
        let size = minimal.clone().map_err(Into::into);
        let size = size.and_then(|path| start::size(&path));
        self.record("size-minimal", OURS, size.map(|size| vec![size]));
        let resident = minimal.map_err(Into::into).and_then(|path| {
            let mut program = self.servers.ours();
            program.path = path;
            start::resident(&program, self.rules.cores)
        });
        self.record("resident-minimal", OURS, resident.map(|bytes| vec![bytes]));
    }

    fn count(&mut self, counted: &Counted, name: &str, program: &Program, scratch: &Path) {
        let Counted {
            id,
            tool,
            workload,
            messages,
        } = *counted;
        if !tool.is_there() {
            let why = format!("{} is missing", tool.name());
            return self.note(id, name, Outcome::NotMeasured(why));
        }
        let cores = self.rules.cores;
        let counts = per_message(tool, program, &workload, messages, cores, scratch);
        let sum = counts.as_ref().map(|counts| vec![counts.values().sum()]);
        let sum = sum.map_err(|error| error.to_string().into());
        self.record(id, name, sum);
        if let (Tool::Strace, Ok(counts)) = (tool, counts) {
            self.report.calls.push((id, name.to_owned(), counts));
        }
    }

    fn rules_of(&self, cell: &Cell) -> Rules {
        let share = if cell.beside == Beside::Nobody { 3 } else { 1 };
        Rules {
            rounds: self.rules.rounds.div_ceil(share),
            ..self.rules
        }
    }

    fn contest(&mut self, cell: &'static Cell) {
        let workload = &cell.workload;
        let floor = crate::contest::Entrant {
            name: crate::servers::FLOOR.to_owned(),
            program: self.servers.floor(workload),
            offer: Offer::Nothing,
            guest: false,
        };
        let entrants = self.servers.entrants(workload, cell.beside);
        match self.rules_of(cell).hold(&entrants, &floor, workload) {
            Err(error) => self.record(cell.id, OURS, Err(error)),
            Ok(standings) => {
                for Standing {
                    name,
                    samples,
                    ratios,
                    ..
                } in &standings
                {
                    let found = samples.as_ref().map(|_| ratios.clone());
                    self.record(cell.id, name, found.map_err(|why| why.clone().into()));
                }
                self.report.contests.push((cell.id, standings));
            }
        }
    }

    fn silence(&mut self, crowd: &Crowd, name: &str, program: &Program) {
        let clients = Clients {
            path: crowd.path,
            connections: idle::CONNECTIONS,
            offer: Offer::Nothing,
            message: None,
        };
        let (times, silence) = self.patience(name);
        let runs: Result<Vec<Idle>> = if clients.files() > self.rules.files {
            Err(self.rules.too_few_files(clients.files()).into())
        } else {
            let silence = if crowd.only_ours { 0 } else { silence };
            let silence = Duration::from_secs(silence);
            (0..times)
                .map(|_| idle::measure(program, &clients, self.rules.cores, silence))
                .collect()
        };
        let runs = runs.map_err(|error| error.to_string());
        for (id, figure) in crowd.figures {
            let found = runs.as_ref().map(|runs| runs.iter().map(figure).collect());
            self.record(id, name, found.map_err(|why| why.clone().into()));
        }
    }

    pub(crate) fn record(&mut self, id: &'static str, name: &str, result: Result<Vec<f64>>) {
        let outcome = result.map_or_else(
            |error| {
                self.failed |= !self.servers.is_peer(name);
                Outcome::NotMeasured(error.to_string())
            },
            Outcome::Measured,
        );
        self.note(id, name, outcome);
    }

    pub(crate) fn note(&mut self, id: &'static str, name: &str, outcome: Outcome) {
        match (&outcome, BARS.iter().find(|bar| bar.id == id)) {
            (Outcome::Measured(figures), Some(bar)) => {
                let spread = spread(figures);
                let show = |figure| bar.unit.show(figure);
                eprintln!(
                    "    {id}, {name}: {} ({} .. {})",
                    show(spread.median),
                    show(spread.lower),
                    show(spread.upper)
                );
            }
            (Outcome::NotMeasured(why), _) => eprintln!("    {id}, {name}: not measured: {why}"),
            (Outcome::Measured(_), None) => {}
        }
        self.report.outcomes.insert((id, name.to_owned()), outcome);
    }
}
