//! What large messages do to the memory of a server: pages that it touches anew for each, how much it holds while
//! they are under way, and how much of that stays when all connections have gone.
//!
//! Page faults are counts: how busy the machine is does not matter. They show what processor time hides: memory that is
//! given back after each message and asked for again.

use std::thread;
use std::time::Duration;

use crate::Result;
use crate::cores::Cores;
use crate::handshake::Offer;
use crate::load::Load;
use crate::message::{Kind, Message};
use crate::process::{Program, Server};
use crate::servers::{FLOOR, OURS};
use crate::steps::{Job, Run};
use crate::workload::{Pattern, Workload};

/// Messages on each connection before anything is counted, so that buffers have their size.
const WARM_UP: u64 = 20;

/// Messages on each connection between the two counts of page faults.
const COUNTED: u64 = 50;

/// How long after the last connection has gone the memory that stays is looked at.
const SETTLE: Duration = Duration::from_secs(1);

/// A load whose page faults are counted.
#[derive(Debug)]
pub(crate) struct Faults {
    /// The bar.
    id: &'static str,
    /// What is done.
    workload: Workload,
}

/// A load whose memory is looked at.
#[derive(Debug)]
pub(crate) struct Footprint {
    /// The bar for the peak, if there is one.
    peak: Option<&'static str>,
    /// The bar for what stays.
    left: &'static str,
    /// What is done.
    workload: Workload,
}

const fn load(kind: Kind, connections: usize, size: usize, pattern: Pattern) -> Workload {
    Workload { connections, message: Message { kind, size }, pattern }
}

const fn echo(kind: Kind, connections: usize, size: usize) -> Workload {
    load(kind, connections, size, Pattern::Echo(1))
}

const fn faults(id: &'static str, workload: Workload) -> Faults {
    Faults { id, workload }
}

/// The loads whose page faults are counted.
static FAULTS: [Faults; 5] = [
    faults("large-faults-128k", echo(Kind::Binary, 10, 128 << 10)),
    faults("large-faults-1m", echo(Kind::Binary, 4, 1 << 20)),
    faults("large-faults-1m-text", echo(Kind::Text, 4, 1 << 20)),
    faults("large-faults-4m", echo(Kind::Binary, 2, 4 << 20)),
    faults("large-faults-16mb", echo(Kind::Binary, 2, 16_000_000)),
];

/// The loads whose memory is looked at.
static FOOTPRINTS: [Footprint; 3] = [
    Footprint {
        peak: Some("large-resident-16mb"),
        left: "large-left-16mb",
        workload: echo(Kind::Binary, 2, 16_000_000),
    },
    Footprint { peak: None, left: "large-left-1m", workload: echo(Kind::Binary, 4, 1 << 20) },
    Footprint {
        peak: None,
        left: "large-left-broadcast",
        workload: load(Kind::Binary, 20, 1 << 20, Pattern::Broadcast(1)),
    },
];

impl Footprint {
    /// The bars that it is about.
    fn bars(&self) -> impl Iterator<Item = &'static str> {
        self.peak.into_iter().chain([self.left])
    }
}

/// Resident bytes.
#[derive(Debug, Clone, Copy)]
struct Resident {
    /// The most at any time.
    peak: f64,
    /// After the last connection has gone, above what was there before the first.
    left: f64,
}

fn connect(server: &Server, workload: &Workload) -> Result<Load> {
    Load::connect(server.address, workload.path(), workload.connections, workload.message, Offer::Nothing)
}

/// Page faults of the server per message, when it has been busy for a while.
fn faults_per_message(program: &Program, workload: &Workload, cores: Cores) -> Result<f64> {
    let server = Server::start(program, cores)?;
    let mut load = connect(&server, workload)?;
    workload.run(&mut load, workload.in_flight() * WARM_UP)?;
    let before = server.page_faults()?;
    let run = workload.run(&mut load, workload.in_flight() * COUNTED)?;
    let faults = server.page_faults()? - before;
    drop(load);
    server.stop()?;
    Ok(faults as f64 / run.messages as f64)
}

fn resident(program: &Program, workload: &Workload, cores: Cores) -> Result<Resident> {
    let server = Server::start(program, cores)?;
    thread::sleep(Duration::from_millis(100));
    let files = server.open_files()?;
    let before = server.resident_memory()? as f64;
    let mut load = connect(&server, workload)?;
    workload.run(&mut load, workload.in_flight() * WARM_UP)?;
    let peak = server.peak_resident_memory()? as f64;
    drop(load);
    server.wait_for_open_files(files)?;
    thread::sleep(SETTLE);
    let left = server.resident_memory()? as f64 - before;
    server.stop()?;
    Ok(Resident { peak, left })
}

impl Run {
    /// Adds a step for each load and each server.
    pub(crate) fn add_large(&self, add: &mut impl FnMut(String, f64, Job)) {
        for counted in FAULTS.iter().filter(|counted| self.wanted(counted.id)) {
            for (name, program) in self.holders(&counted.workload, true) {
                let what = format!("{}, {name}", counted.id);
                add(what, 2.0, Job::Faults(counted, name, program));
            }
        }
        for held in &FOOTPRINTS {
            if !held.bars().any(|id| self.wanted(id)) {
                continue;
            }
            for (name, program) in self.holders(&held.workload, false) {
                let what = format!("{}, {name}", held.left);
                add(what, 3.0, Job::Footprint(held, name, program));
            }
        }
    }

    /// Ours several times in processes of their own, others once.
    fn times(name: &str) -> usize {
        if name == OURS { 3 } else { 1 }
    }

    /// Those whose memory says something with large messages; the floor only where it makes no buffers beforehand.
    fn holders(&self, workload: &Workload, with_floor: bool) -> Vec<(String, Program)> {
        let mut all = self.servers.everybody(workload);
        all.retain(|(name, _)| self.servers.is_native(name) && (with_floor || name != FLOOR));
        all
    }

    /// Counts the page faults of one server.
    pub(crate) fn page_faults(&mut self, counted: &Faults, name: &str, program: &Program) {
        let one = |_| faults_per_message(program, &counted.workload, self.rules.cores);
        let found = (0..Self::times(name)).map(one).collect();
        self.record(counted.id, name, found);
    }

    /// Looks at the memory of one server.
    pub(crate) fn footprint(&mut self, held: &Footprint, name: &str, program: &Program) {
        let one = |_| resident(program, &held.workload, self.rules.cores);
        let found: Result<Vec<_>> = (0..Self::times(name)).map(one).collect();
        let found = found.map_err(|error| error.to_string());
        let each = |figure: fn(&Resident) -> f64| match &found {
            Ok(all) => Ok(all.iter().map(figure).collect()),
            Err(why) => Err(why.clone().into()),
        };
        let (peak, left) = (each(|one| one.peak), each(|one| one.left));
        if let Some(id) = held.peak {
            self.record(id, name, peak);
        }
        self.record(held.left, name, left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bars::{BARS, Unit};
    use std::collections::BTreeSet;

    #[test]
    fn everything_that_is_looked_at_has_a_line_of_the_report() {
        let faults = FAULTS.iter().map(|one| (one.id, Unit::Count));
        let footprints = FOOTPRINTS.iter().flat_map(Footprint::bars);
        let wanted = faults.chain(footprints.map(|id| (id, Unit::Mebibytes)));
        let wanted: BTreeSet<_> = wanted.map(|(id, unit)| (id, format!("{unit:?}"))).collect();
        let bars = BARS.iter().filter(|bar| bar.id.starts_with("large-"));
        let bars = bars.filter(|bar| bar.unit != Unit::Ratio);
        let bars: BTreeSet<_> = bars.map(|bar| (bar.id, format!("{:?}", bar.unit))).collect();
        assert_eq!(wanted, bars);
    }
}
