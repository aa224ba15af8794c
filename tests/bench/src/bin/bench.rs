//! `make bench`: the server beside the floor and beside others, and the report against the bars.
//!
//! A bar that is not met is a line of the report, never a failure; nor is a peer that cannot be installed or
//! fails. The program fails when something of ours that should have been measured could not be.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use ws101_bench::Result;
use ws101_bench::contest::Rules;
use ws101_bench::cores::{Cores, pin, raise_file_limit};
use ws101_bench::machine::{date, first_line, load, machine};
use ws101_bench::peers::PEERS;
use ws101_bench::pictures::pictures;
use ws101_bench::progress::Progress;
use ws101_bench::report::Report;
use ws101_bench::servers::Servers;
use ws101_bench::start::{self, VARIANTS};
use ws101_bench::steps::{Run, needs};
use ws101_bench::{children, target_dir};

const USAGE: &str = "\
bench [--quick] [--only WORD]... [--peers all|none|NAME,...] [--save]
      [--server target/release/ws101] [--rounds N] [--round-ms N] [--report target/bench/report.md]

--quick  a few short rounds of the first cells, without peers unless they are asked for
--only   only what has this word in its name, such as echo, broadcast, idle, deflate, socketio, large
--peers  other servers beside ours: all, none, or of tungstenite,fastwebsockets,bun,ws,fastapi,socketio
--save   a whole run only: the report becomes tests/bench/RESULTS.md, with its pictures";

/// Where a report that is to be kept goes.
const RESULTS: &str = "tests/bench/RESULTS.md";

struct Options {
    server: PathBuf,
    report: PathBuf,
    quick: bool,
    save: bool,
    only: Vec<String>,
    peers: Option<String>,
    rounds: Option<usize>,
    round: Option<u64>,
    help: bool,
}

fn options() -> std::result::Result<Options, lexopt::Error> {
    let mut options = Options {
        server: target_dir().join("release/ws101"),
        report: target_dir().join("bench/report.md"),
        quick: false,
        save: false,
        only: Vec::new(),
        peers: None,
        rounds: None,
        round: None,
        help: false,
    };
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("server") => options.server = parser.value()?.into(),
            Arg::Long("report") => options.report = parser.value()?.into(),
            Arg::Long("quick") => options.quick = true,
            Arg::Long("save") => options.save = true,
            Arg::Long("only") => options.only.push(parser.value()?.string()?),
            Arg::Long("peers") => options.peers = Some(parser.value()?.string()?),
            Arg::Long("rounds") => options.rounds = Some(parser.value()?.parse()?),
            Arg::Long("round-ms") => options.round = Some(parser.value()?.parse()?),
            Arg::Long("help") => options.help = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

impl Options {
    /// Whether the report is one of everything, such as may be kept.
    fn is_whole(&self) -> bool {
        let chosen = self.peers.as_deref().is_some_and(|peers| peers != "all");
        !(self.quick || chosen) && self.only.is_empty()
    }

    /// Installs the peers that are asked for, into the report.
    fn install_peers(&self, report: &mut Report) -> Result<()> {
        let usual = if self.is_whole() || !self.only.is_empty() && !self.quick { "all" } else { "none" };
        let wanted = self.peers.as_deref().unwrap_or(usual);
        let names: Vec<_> = match wanted {
            "all" => PEERS.iter().map(|peer| peer.folder).collect(),
            "none" => Vec::new(),
            list => list.split(',').collect(),
        };
        for name in &names {
            let peer = PEERS.iter().find(|peer| peer.folder == *name);
            let peer = peer.ok_or_else(|| format!("--peers {name}: there is no such peer"))?;
            eprintln!("installing {name}");
            let installed = peer.install();
            match &installed {
                Ok(version) => eprintln!("    {version}"),
                Err(why) => eprintln!("    not run: {why}"),
            }
            report.peers.push((peer, installed));
        }
        Ok(())
    }

    fn describe(&self, rules: &Rules, report: &mut Report) {
        let Rules { rounds, round, .. } = rules;
        let pinned = match (rules.cores.server, rules.cores.generator) {
            (Some(server), Some(generator)) => {
                format!("servers on core {server}, generator on core {generator}")
            }
            _ => "nothing pinned, because there is one core".to_owned(),
        };
        let server = self.server.to_string_lossy();
        let commit = first_line("git", &["describe", "--always", "--dirty", "--abbrev=10"]);
        report.method = vec![
            format!("{}; {}", date(), machine()),
            format!(
                "{} at commit {commit}; {}; {}; {}",
                first_line(&server, &["--version"]),
                first_line("rustc", &["--version"]),
                first_line("strace", &["--version"]),
                first_line("valgrind", &["--version"])
            ),
            format!(
                "{rounds} interleaved rounds of about {} ms (fewer and longer with many connections \
                 or large messages, fewer for peers), {pinned}",
                round.as_millis()
            ),
            format!("load of the machine before the run: {} (above 0.5, others were at work too)", load()),
        ];
        if load().parse::<f64>().is_ok_and(|load| load > 1.0) {
            let line = "Others were at work on this machine: believe the counts and memory, not the ratios.";
            report.warnings.push(line.to_owned());
        }
        if self.quick {
            let line = "A quick run: good for seeing that it works, not for comparing.";
            report.warnings.push(line.to_owned());
        }
    }

    fn run(&self) -> Result<bool> {
        if !self.server.is_file() {
            let server = self.server.display();
            return Err(format!("{server} is missing: cargo build --release makes it").into());
        }
        if self.save && !self.is_whole() {
            return Err("--save keeps whole runs only: no --quick, --only or --peers".into());
        }
        children::end_with_us()?;
        let mut report = Report::default();
        self.install_peers(&mut report)?;
        for variant in VARIANTS.iter().filter(|variant| needs(&self.only, variant)) {
            eprintln!("building with these features only: {:?}", variant.features);
            let built = start::build(variant).map_err(|error| error.to_string());
            report.variants.push((*variant, built));
        }
        let (rounds, round) = if self.quick { (5, 100) } else { (51, 80) };
        let rules = Rules {
            cores: Cores::choose()?,
            rounds: self.rounds.unwrap_or(rounds),
            round: Duration::from_millis(self.round.unwrap_or(round)),
            files: raise_file_limit()?,
        };
        pin(rules.cores.generator)?;
        self.describe(&rules, &mut report);
        let installed = report.peers.iter().filter(|(_, version)| version.is_ok());
        let servers = Servers {
            ours: self.server.clone(),
            floor: std::env::current_exe()?.with_file_name("floor"),
            peers: installed.map(|(peer, _)| *peer).collect(),
        };
        let scratch = self.report.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(scratch)?;
        let mut run =
            Run { servers, rules, quick: self.quick, only: self.only.clone(), report, failed: false };
        let steps = run.steps();
        let guesses: Vec<_> = steps.iter().map(|step| step.guess).collect();
        let mut progress = Progress::new(&guesses);
        for step in &steps {
            progress.begin(&step.what);
            run.take(step, scratch);
            progress.end(step.guess);
        }
        write(&mut run.report, &self.report)?;
        if self.save {
            write(&mut run.report, Path::new(RESULTS))?;
        }
        print!("{}", run.report.markdown());
        Ok(run.failed)
    }
}

/// Writes the report, with its pictures in the folder `img` beside it.
fn write(report: &mut Report, file: &Path) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder.join("img"))?;
    let pictures = pictures(report);
    report.pictures.clear();
    for (name, picture) in pictures {
        let link = format!("img/{name}");
        fs::write(folder.join(&link), picture.svg())?;
        report.pictures.push((link, picture.title));
    }
    Ok(fs::write(file, report.markdown())?)
}

fn main() -> ExitCode {
    let outcome = options().map_err(Into::into).and_then(|options| {
        if options.help {
            println!("{USAGE}");
            return Ok(false);
        }
        options.run()
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
