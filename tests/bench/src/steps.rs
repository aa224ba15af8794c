//! What a run consists of: a list of steps, made before the first of them, and what to do for each.

use std::path::Path;

use crate::Result;
use crate::bars::{BARS, Outcome, spread};
use crate::cells::{CELLS, Cell};
use crate::compressed;
use crate::contest::{Rules, Standing};
use crate::counts::{Tool, per_message};
use crate::handshake::Offer;
use crate::large::{Faults, Footprint};
use crate::matches::{MATCHES, Match};
use crate::message::{Kind, Message};
use crate::process::Program;
use crate::report::Report;
use crate::servers::{OURS, Servers};
use crate::silent::Crowd;
use crate::start::{self, VARIANTS, Variant};
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
pub(crate) enum Job {
    Size,
    StartUp(String, Program),
    Count(&'static Counted, String, Program),
    Contest(&'static Cell),
    Idle(&'static Crowd, String, Program),
    Match(&'static Match),
    Faults(&'static Faults, String, Program),
    Footprint(&'static Footprint, String, Program),
    CompressedSilence,
}

/// Something that is counted.
#[derive(Debug)]
pub(crate) struct Counted {
    id: &'static str,
    tool: Tool,
    workload: Workload,
    messages: u64,
    /// Flags of ours with which it is counted. Nobody else takes part then.
    flags: &'static [&'static str],
}

const fn counted(
    id: &'static str,
    tool: Tool,
    connections: usize,
    pattern: Pattern,
    messages: u64,
) -> Counted {
    let message = Message { kind: Kind::Text, size: 16 };
    Counted { id, tool, workload: Workload { connections, message, pattern }, messages, flags: &[] }
}

/// What the wire view costs while nobody watches.
const fn unwatched(id: &'static str, connections: usize, pattern: Pattern, messages: u64) -> Counted {
    Counted { flags: &["--wire-view"], ..counted(id, Tool::Callgrind, connections, pattern, messages) }
}

#[rustfmt::skip]
static COUNTED: [Counted; 6] = [
    counted("calls-1", Tool::Strace, 50, Pattern::Echo(1), 500),
    counted("calls-16", Tool::Strace, 50, Pattern::Echo(16), 8_000),
    counted("instructions-echo", Tool::Callgrind, 50, Pattern::Echo(1), 2_000),
    counted("instructions-broadcast", Tool::Callgrind, 100, Pattern::Broadcast(1), 10_000),
    unwatched("instructions-echo-view", 50, Pattern::Echo(1), 2_000),
    unwatched("instructions-broadcast-view", 100, Pattern::Broadcast(1), 10_000),
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

/// Whether a run of `only` these words is about the binary with other features, which must be built for it.
#[must_use]
pub fn needs(only: &[String], variant: &Variant) -> bool {
    [variant.size, variant.resident].iter().any(|id| !id.is_empty() && wanted(only, id))
}

fn wanted(only: &[String], id: &str) -> bool {
    only.is_empty() || only.iter().any(|word| id.contains(word.as_str()))
}

impl Run {
    /// Whether it is wanted, and whoever is its measure is there.
    fn can_hold(&self, held: &Match) -> bool {
        held.sides.iter().any(|(id, _)| self.wanted(id))
            && held.measure.program(&self.servers, &held.workload).is_some()
    }

    pub(crate) fn wanted(&self, id: &str) -> bool {
        wanted(&self.only, id)
    }

    /// Everything that is asked for, in the order of the report.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut add = |what: String, guess: f64, job| steps.push(Step { what, guess, job });
        if self.wanted("size") || VARIANTS.iter().any(|variant| needs(&self.only, variant)) {
            add("size".to_owned(), 1.0, Job::Size);
        }
        let everybody = self.servers.everybody(&SILENT);
        for (name, program) in everybody.iter().filter(|_| self.wanted("start-up")) {
            let job = Job::StartUp(name.clone(), program.clone());
            add(format!("start-up, {name}"), 1.0, job);
        }
        for counted in COUNTED.iter().filter(|counted| self.wanted(counted.id)) {
            if !counted.flags.is_empty() {
                let mut program = self.servers.ours();
                program.arguments.extend(counted.flags.iter().map(Into::into));
                add(format!("{}, {OURS}", counted.id), 2.0, Job::Count(counted, OURS.to_owned(), program));
                continue;
            }
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
        if !self.quick {
            self.add_large(&mut add);
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
        self.add_silence(&mut add);
        steps
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
            Job::Faults(counted, name, program) => self.page_faults(counted, name, program),
            Job::Footprint(held, name, program) => self.footprint(held, name, program),
        }
    }

    fn size(&mut self) {
        let size = start::size(&self.servers.ours);
        self.record("size", OURS, size.map(|size| vec![size]));
        for (variant, built) in self.report.variants.clone() {
            let size = built.clone().map_err(Into::into);
            let size = size.and_then(|path| start::size(&path));
            self.record(variant.size, OURS, size.map(|size| vec![size]));
            if variant.resident.is_empty() {
                continue;
            }
            let resident = built.map_err(Into::into).and_then(|path| {
                let mut program = self.servers.ours();
                program.path = path;
                start::resident(&program, self.rules.cores)
            });
            self.record(variant.resident, OURS, resident.map(|bytes| vec![bytes]));
        }
    }

    fn count(&mut self, counted: &Counted, name: &str, program: &Program, scratch: &Path) {
        let Counted { id, tool, workload, messages, .. } = *counted;
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
        Rules { rounds: self.rules.rounds.div_ceil(cell.beside.share_of_rounds()), ..self.rules }
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
                for Standing { name, samples, ratios, .. } in &standings {
                    let found = samples.as_ref().map(|_| ratios.clone());
                    self.record(cell.id, name, found.map_err(|why| why.clone().into()));
                }
                self.report.contests.push((cell.id, standings));
            }
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
