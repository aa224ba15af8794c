//! Steps of a run about connections on which nothing happens, without compression.

use std::time::Duration;

use crate::Result;
use crate::handshake::Offer;
use crate::idle::{self, Clients, Idle};
use crate::process::Program;
use crate::servers::OURS;
use crate::steps::{Job, Run};
use crate::workload::SILENT;

type Figure = (&'static str, fn(&Idle) -> f64);

/// Silent connections to one path.
#[derive(Debug)]
pub(crate) struct Crowd {
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

impl Run {
    /// Adds a step for each crowd and each server.
    pub(crate) fn add_silence(&self, add: &mut impl FnMut(String, f64, Job)) {
        let everybody = self.servers.everybody(&SILENT);
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
    }

    /// How often silence is measured, and how many seconds of it.
    fn patience(&self, name: &str) -> (u64, u64) {
        match (self.quick, name == OURS) {
            (true, _) => (1, 1),
            (false, true) => (3, 5),
            (false, false) => (1, 5),
        }
    }

    /// Measures one server with such a crowd.
    pub(crate) fn silence(&mut self, crowd: &Crowd, name: &str, program: &Program) {
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
            (0..times).map(|_| idle::measure(program, &clients, self.rules.cores, silence)).collect()
        };
        let runs = runs.map_err(|error| error.to_string());
        for (id, figure) in crowd.figures {
            let found = runs.as_ref().map(|runs| runs.iter().map(figure).collect());
            self.record(id, name, found.map_err(|why| why.clone().into()));
        }
    }
}
