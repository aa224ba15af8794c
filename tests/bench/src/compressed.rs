//! Steps of a run without the floor: the matches, and crowds that have agreed to compression.

use std::time::Duration;

use crate::Result;
use crate::bars::Outcome;
use crate::contest::{Entrant, Standing};
use crate::idle::{self, Clients, Idle};
use crate::matches::{JSON, Match, Mode, Side, Who};
use crate::servers::{NOISE, OURS};
use crate::steps::Run;
use crate::workload::SILENT;

/// A crowd whose members exchange messages before they fall silent, so that what is kept for that exists.
#[derive(Debug)]
struct Crowd {
    side: Side,
    connections: usize,
    /// How many messages each exchanges before it falls silent.
    messages: usize,
    /// The bars for the second crowd and the first.
    ids: [&'static str; 2],
}

const fn crowd(
    who: Who,
    mode: Mode,
    (connections, messages): (usize, usize),
    ids: [&'static str; 2],
) -> Crowd {
    Crowd { side: Side { who, mode }, connections, messages, ids }
}

/// Private bytes per connection, in both ways.
#[derive(Debug, Clone, Copy)]
struct Price {
    second: f64,
    first: f64,
}

/// Those whose difference is a bar.
static PLAIN: Crowd = crowd(
    Who::Ours,
    Mode::Plain,
    (idle::CONNECTIONS, 1),
    ["deflate-idle-without", "deflate-idle-without-first"],
);
static DEFLATE: Crowd =
    crowd(Who::Ours, Mode::Deflate, (idle::CONNECTIONS, 1), ["deflate-idle-with", "deflate-idle-with-first"]);
const DIFFERENCE: [&str; 2] = ["deflate-idle", "deflate-idle-first"];

/// How often both are measured: where the allocator leaves holes of some 200 KB differs from process to process,
/// which is 20 bytes for each connection.
const PAIRS: usize = 5;

/// A tenth of the others, because a connection with windows can hold some hundred kilobytes; and messages enough
/// to fill windows of 4 KiB, which is what ours agrees to.
const FEW: (usize, usize) = (idle::CONNECTIONS / 10, 8);
const TAKEOVER: [&str; 2] = ["deflate-idle-takeover", "deflate-idle-takeover-first"];
static TAKEOVERS: [Crowd; 2] =
    [crowd(Who::Ours, Mode::Takeover, FEW, TAKEOVER), crowd(Who::Peer("ws"), Mode::Deflate, FEW, TAKEOVER)];

/// The bars that [`Run::compressed_silence`] is about.
pub fn silent_bars() -> impl Iterator<Item = &'static str> {
    let all = [DIFFERENCE, PLAIN.ids, DEFLATE.ids, TAKEOVER];
    all.into_iter().flatten()
}

impl Run {
    /// Holds a match.
    pub(crate) fn hold(&mut self, held: &'static Match) {
        let entrant = |side: Side, name| {
            Some(Entrant {
                name,
                program: side.program(&self.servers, &held.workload)?,
                offer: side.offer(),
                guest: matches!(side.who, Who::Peer(_)),
            })
        };
        let measure = held.measure;
        let Some(reference) = entrant(measure, measure.name()) else { return };
        let mut ids: Vec<_> = Vec::new();
        let mut entrants = Vec::new();
        for (id, side) in held.sides {
            if let Some(entrant) = entrant(*side, side.name()) {
                ids.push((*id, side.who.name()));
                entrants.push(entrant);
            }
        }
        ids.push((held.id(), NOISE));
        entrants.extend(entrant(measure, format!("{} again", measure.name())));
        if measure.who.name() != OURS {
            ids.push((held.id(), measure.who.name()));
        }
        let standings = match self.rules.hold(&entrants, &reference, &held.workload) {
            Ok(standings) => standings,
            // A peer that fails is a line of the report and no more.
            Err(error) if reference.guest => {
                let why = format!("{}: {error}", reference.name);
                return self.note(held.id(), OURS, Outcome::NotMeasured(why));
            }
            Err(error) => return self.record(held.id(), OURS, Err(error)),
        };
        for (Standing { samples, ratios, .. }, (id, name)) in standings.iter().zip(ids) {
            let found = samples.as_ref().map(|_| ratios.clone());
            self.record(id, name, found.map_err(|why| why.clone().into()));
        }
        self.report.contests.push((held.id(), standings));
    }

    /// What silent connections hold that have agreed to compression, beside those that have not.
    pub(crate) fn compressed_silence(&mut self) {
        let times = if self.quick { 1 } else { PAIRS };
        let pairs: Result<Vec<_>, String> =
            (0..times).map(|_| Ok((self.price(&PLAIN)?, self.price(&DEFLATE)?))).collect();
        let each = |figure: fn(&(Price, Price)) -> Price| match &pairs {
            Ok(pairs) => Ok(pairs.iter().map(figure).collect()),
            Err(why) => Err(why.clone()),
        };
        let difference = each(|(plain, deflate)| Price {
            second: deflate.second - plain.second,
            first: deflate.first - plain.first,
        });
        let (plain, deflate) = (each(|pair| pair.0), each(|pair| pair.1));
        self.record_prices(PLAIN.ids, OURS, plain);
        self.record_prices(DEFLATE.ids, OURS, deflate);
        self.record_prices(DIFFERENCE, OURS, difference);
        for crowd in &TAKEOVERS {
            if crowd.side.program(&self.servers, &SILENT).is_some() {
                let price = self.price(crowd).map(|price| vec![price]);
                self.record_prices(crowd.ids, crowd.side.who.name(), price);
            }
        }
    }

    fn price(&self, crowd: &Crowd) -> Result<Price, String> {
        let program = crowd.side.program(&self.servers, &SILENT).ok_or("not installed")?;
        let clients = Clients {
            path: "/echo",
            connections: crowd.connections,
            offer: crowd.side.offer(),
            message: Some((JSON, crowd.messages)),
        };
        let needed = clients.files();
        if needed > self.rules.files {
            return Err(self.rules.too_few_files(needed));
        }
        let found = idle::measure(&program, &clients, self.rules.cores, Duration::ZERO);
        let Idle { private_per_connection: second, private_per_first_connection: first, .. } =
            found.map_err(|error| error.to_string())?;
        Ok(Price { second, first })
    }

    fn record_prices(
        &mut self,
        [second, first]: [&'static str; 2],
        name: &str,
        prices: Result<Vec<Price>, String>,
    ) {
        for (id, figure) in
            [(second, (|price| price.second) as fn(&Price) -> f64), (first, |price| price.first)]
        {
            let found = prices.as_ref().map(|all| all.iter().map(figure).collect());
            self.record(id, name, found.map_err(|why| why.clone().into()));
        }
    }
}
