//! `make bench`: the server beside the floor, and the report against the bars.
//!
//! A bar that is not met is a line of the report, never a failure; the program fails when something
//! that should have been measured could not be.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use ws101_bench::Result;
use ws101_bench::bars::{BARS, Outcome, spread};
use ws101_bench::cells::CELLS;
use ws101_bench::contest::{Contest, Pattern, Workload};
use ws101_bench::cores::{Cores, pin, raise_file_limit};
use ws101_bench::counts::{Tool, per_message};
use ws101_bench::frames::{Kind, Message};
use ws101_bench::idle::{self, Idle};
use ws101_bench::process::Program;
use ws101_bench::report::Report;
use ws101_bench::start;

const USAGE: &str = "\
bench [--server target/release/ws101] [--quick | --all] [--only WORD]...
      [--rounds N] [--round-ms N] [--self] [--report target/bench/report.md]

--quick  three short rounds of the first cells
--all    the slow cells too
--only   only what has this word in its name, such as echo, broadcast, idle, calls, instructions
--self   the floor in place of the server: every ratio should be 1, what differs is noise";

struct Options {
    server: PathBuf,
    report: PathBuf,
    quick: bool,
    all: bool,
    only: Vec<String>,
    rounds: Option<usize>,
    round: Option<u64>,
    against_itself: bool,
    help: bool,
}

fn options() -> std::result::Result<Options, lexopt::Error> {
    let mut options = Options {
        server: "target/release/ws101".into(),
        report: "target/bench/report.md".into(),
        quick: false,
        all: false,
        only: Vec::new(),
        rounds: None,
        round: None,
        against_itself: false,
        help: false,
    };
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("server") => options.server = parser.value()?.into(),
            Arg::Long("report") => options.report = parser.value()?.into(),
            Arg::Long("quick") => options.quick = true,
            Arg::Long("all") => options.all = true,
            Arg::Long("only") => options.only.push(parser.value()?.string()?),
            Arg::Long("rounds") => options.rounds = Some(parser.value()?.parse()?),
            Arg::Long("round-ms") => options.round = Some(parser.value()?.parse()?),
            Arg::Long("self") => options.against_itself = true,
            Arg::Long("help") => options.help = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

struct Bench {
    options: Options,
    floor: PathBuf,
    scratch: PathBuf,
    cores: Cores,
    files: u64,
    rounds: usize,
    round: Duration,
    report: Report,
    failed: bool,
}

impl Bench {
    fn new(options: Options) -> Result<Self> {
        let files = raise_file_limit()?;
        let cores = Cores::choose()?;
        pin(cores.generator)?;
        let scratch = options.report.parent().unwrap_or(Path::new("")).to_owned();
        fs::create_dir_all(&scratch)?;
        let rounds = options.rounds.unwrap_or(if options.quick { 3 } else { 51 });
        let round = options
            .round
            .unwrap_or(if options.quick { 200 } else { 80 });
        let own = std::env::current_exe()?;
        let mut report = Report {
            servers: vec!["ws101".into(), "floor".into()],
            ..Report::default()
        };
        report.method.push(format!(
            "{rounds} interleaved rounds of about {round} ms (fewer and longer with many connections), {}",
            match (cores.server, cores.generator) {
                (Some(server), Some(generator)) =>
                    format!("servers on core {server}, generator on core {generator}"),
                _ => "nothing pinned, because there is one core".to_owned(),
            }
        ));
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split_whitespace().next().unwrap_or("unknown");
        report.method.push(format!(
            "load of the machine before the run: {load} (above 0.5, others were at work too)"
        ));
        if options.against_itself {
            report.servers = vec!["floor again".into(), "floor".into()];
            let line = "**the floor against itself**: what differs from 1 is noise";
            report.method.push(line.into());
        }
        Ok(Self {
            options,
            floor: own.with_file_name("floor"),
            scratch,
            cores,
            files,
            rounds,
            round: Duration::from_millis(round),
            report,
            failed: false,
        })
    }

    fn floor(&self, workload: &Workload) -> Program {
        let Message { kind, size } = workload.message;
        let size = size.to_string();
        Program::new(&self.floor, &[workload.mode(), kind.name(), &size])
    }

    fn server(&self, workload: &Workload) -> Program {
        if self.options.against_itself {
            return self.floor(workload);
        }
        let arguments = ["--port", "0", "--log", "off", "--ping-interval", "0"];
        Program::new(&self.options.server, &arguments)
    }

    fn wanted(&self, id: &str) -> bool {
        let only = &self.options.only;
        only.is_empty() || only.iter().any(|word| id.contains(word.as_str()))
    }

    fn note(&mut self, id: &'static str, outcome: Outcome) {
        match (&outcome, BARS.iter().find(|bar| bar.id == id)) {
            (Outcome::Measured(figures), Some(bar)) => {
                let (median, least, most) = spread(figures);
                let show = |figure| bar.unit.show(figure);
                eprintln!("{id}: {} ({} .. {})", show(median), show(least), show(most));
            }
            (Outcome::NotMeasured(why), _) => eprintln!("{id}: not measured: {why}"),
            (Outcome::Measured(_), None) => {}
        }
        self.report.outcomes.insert(id, outcome);
    }

    fn record(&mut self, id: &'static str, result: Result<Vec<f64>>) {
        let outcome = result.map_or_else(
            |error| {
                self.failed = true;
                Outcome::NotMeasured(error.to_string())
            },
            Outcome::Measured,
        );
        self.note(id, outcome);
    }

    fn contests(&mut self) {
        for cell in CELLS {
            if !self.wanted(cell.id) || (cell.extra && !self.options.all) {
                continue;
            }
            let workload = &cell.workload;
            let programs = [self.server(workload), self.floor(workload)];
            let files = (workload.connections * programs.len()) as u64 + 64;
            if files > self.files {
                let why = format!("needs {files} open files, {} are allowed", self.files);
                self.note(cell.id, Outcome::NotMeasured(why));
                continue;
            }
            let contest = Contest::hold(&programs, workload, self.cores, self.rounds, self.round);
            match contest {
                Ok(contest) => {
                    self.record(cell.id, Ok(contest.ratios()));
                    self.report.contests.push((cell.id, contest));
                }
                Err(error) => self.record(cell.id, Err(error)),
            }
        }
    }

    fn counts(&mut self) {
        let text = Message {
            kind: Kind::Text,
            size: 16,
        };
        let workload = |connections, pattern| Workload {
            connections,
            message: text,
            pattern,
        };
        let (echo, ahead) = (Pattern::Echo(1), Pattern::Echo(16));
        let all = Pattern::Broadcast(1);
        for (id, tool, workload, messages) in [
            ("calls-1", Tool::Strace, workload(50, echo), 500),
            ("calls-16", Tool::Strace, workload(50, ahead), 8_000),
            (
                "instructions-echo",
                Tool::Callgrind,
                workload(50, echo),
                2_000,
            ),
            (
                "instructions-broadcast",
                Tool::Callgrind,
                workload(100, all),
                10_000,
            ),
        ] {
            if !self.wanted(id) {
                continue;
            }
            if !tool.is_there() {
                let why = format!("{} is missing", tool.name());
                self.note(id, Outcome::NotMeasured(why));
                continue;
            }
            let program = self.server(&workload);
            let counts = per_message(
                tool,
                &program,
                &workload,
                messages,
                self.cores,
                &self.scratch,
            );
            match counts {
                Ok(counts) => {
                    self.record(id, Ok(vec![counts.values().sum()]));
                    if matches!(tool, Tool::Strace) {
                        self.report.calls.push((id, counts));
                    }
                }
                Err(error) => self.record(id, Err(error)),
            }
        }
    }

    fn idle(&mut self) {
        type Figure = (&'static str, fn(&Idle) -> f64);
        let echo: &[Figure] = &[
            ("idle-echo", |idle| idle.private_per_connection),
            ("idle-echo-first", |idle| idle.private_per_first_connection),
            ("resident-start", |idle| idle.resident_at_start),
            ("resident-idle", |idle| idle.resident),
            ("idle-cpu", |idle| idle.cpu),
            ("idle-switches", |idle| idle.switches),
        ];
        let chat: &[Figure] = &[
            ("idle-chat", |idle| idle.private_per_connection),
            ("idle-chat-first", |idle| idle.private_per_first_connection),
        ];
        let silent = Workload {
            connections: idle::CONNECTIONS,
            message: Message {
                kind: Kind::Text,
                size: 16,
            },
            pattern: Pattern::Echo(1),
        };
        let program = self.server(&silent);
        let (times, silence) = if self.options.quick { (1, 1) } else { (3, 5) };
        for (path, figures) in [("/echo", echo), ("/ws/{}", chat)] {
            if !figures.iter().any(|(id, _)| self.wanted(id)) {
                continue;
            }
            let needed = idle::CONNECTIONS as u64 + 64;
            if needed > self.files {
                for (id, _) in figures {
                    let why = format!("needs {needed} open files, {} are allowed", self.files);
                    self.note(id, Outcome::NotMeasured(why));
                }
                continue;
            }
            let silence = Duration::from_secs(silence);
            let runs: Result<Vec<Idle>> = (0..times)
                .map(|_| idle::measure(&program, path, self.cores, silence))
                .collect();
            let runs = runs.map_err(|error| error.to_string());
            for (id, figure) in figures {
                let result = match &runs {
                    Ok(runs) => Ok(runs.iter().map(figure).collect()),
                    Err(error) => Err(error.clone().into()),
                };
                self.record(id, result);
            }
        }
    }

    fn start(&mut self) {
        let silent = Workload {
            connections: 0,
            message: Message {
                kind: Kind::Text,
                size: 16,
            },
            pattern: Pattern::Echo(1),
        };
        let program = self.server(&silent);
        if self.wanted("size") {
            self.record("size", start::size(&program).map(|size| vec![size]));
        }
        if self.wanted("start-up") {
            let times = if self.options.quick { 5 } else { 20 };
            self.record("start-up", start::start_up(&program, self.cores, times));
        }
    }
}

fn main() -> ExitCode {
    let outcome = options().map_err(Into::into).and_then(|options| {
        if options.help {
            println!("{USAGE}");
            return Ok(false);
        }
        if !options.against_itself && !options.server.is_file() {
            let server = options.server.display();
            return Err(format!("{server} is missing: cargo build --release makes it").into());
        }
        let mut bench = Bench::new(options)?;
        bench.start();
        bench.counts();
        bench.contests();
        bench.idle();
        let markdown = bench.report.markdown();
        fs::write(&bench.options.report, &markdown)?;
        print!("{markdown}");
        Ok::<_, ws101_bench::Error>(bench.failed)
    });
    match outcome {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => {
            eprintln!("bench: something could not be measured, see the report");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
