//! `ws101 connect`: talks to a server by hand, and shows the bytes.
//!
//! Read `session` first: it is all of it but sockets, and knows no clock. `shell` gives it the world, `link` the way to
//! the server.

pub mod answer;
pub mod command;
pub mod incoming;
mod link;
pub mod options;
pub mod outgoing;
pub mod script;
pub mod session;
mod shell;
pub mod show;
pub mod url;

use super::event::{Listener, Look};
use super::kept::Keep;
use super::trace::writer::Writer;
use crate::config::TraceForm;
use crate::ws::client::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use link::{Link, NoLink};
use options::Settings;
use session::{Session, Setup};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// The exit status if the command line cannot be followed.
const USAGE: u8 = 2;
/// The exit status if there is no connection.
const NO_CONNECTION: u8 = 3;
/// What is offered with `--deflate`.
const DEFLATE: &str = "permessage-deflate; client_max_window_bits";
/// A longer opening handshake is refused here: hardly a server would take it.
const REQUEST_BYTES: usize = 16 << 10;

/// Runs the command with these arguments.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let outcome = match Settings::read(arguments) {
        Ok(settings) => connect(settings),
        Err(Ok(help)) => {
            let _ = io::stdout().write_all(help.as_bytes());
            Ok(0)
        }
        Err(Err(complaint)) => Err((USAGE, complaint)),
    };
    ExitCode::from(outcome.unwrap_or_else(|(status, complaint)| {
        shell::say(&format!("ws101: {complaint}"));
        status
    }))
}

fn connect(settings: Settings) -> Result<u8, (u8, String)> {
    let request = request(&settings);
    if request.len() > REQUEST_BYTES {
        let len = request.len();
        return Err((USAGE, format!("the request has {len} bytes: make it shorter than {REQUEST_BYTES}")));
    }
    let mut listeners = listeners(&settings).map_err(|complaint| (USAGE, complaint))?;
    let link = reach(&settings).map_err(|error| match error {
        NoLink::Missing(complaint) => (USAGE, complaint),
        NoLink::Unreachable(complaint) => (NO_CONNECTION, complaint),
    })?;
    let most = settings.max_message_bytes;
    let is_by_hand = settings.steps.is_none() && !settings.one && shell::is_typed();
    let setup = Setup {
        request,
        peer: link.peer,
        keep: if settings.look.is_full { Keep::FULL } else { Keep::SHORT },
        max_message_bytes: most,
        timeout: settings.timeout,
        masking: settings.masking,
        steps: settings.steps,
        one: settings.one,
        is_by_hand,
        random: Box::new(random),
    };
    Ok(shell::run(move |now| Session::new(setup, now), link, &mut listeners, most))
}

/// The opening handshake.
fn request(settings: &Settings) -> Vec<u8> {
    let mut nonce = [0; 16];
    random(&mut nonce);
    let mut request = Vec::new();
    let Settings { url, host, protocols, fields, deflate, .. } = settings;
    let (key, extensions) = (STANDARD.encode(nonce), deflate.then_some(DEFLATE));
    Request { host, target: &url.target, key: &key, protocols, extensions, fields }.write(&mut request);
    request
}

/// Random bytes of the system. Guessable keys would be worse than none, so without them nothing goes on.
fn random(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        shell::say(&format!("ws101: the system gives no random bytes: {error}"));
        std::process::abort();
    }
}

/// Where the trace is written: stderr, a file, both or neither.
fn listeners(settings: &Settings) -> Result<Vec<Box<dyn Listener>>, String> {
    let mut listeners: Vec<Box<dyn Listener>> = Vec::new();
    let usual = if io::stderr().is_terminal() { TraceForm::Short } else { TraceForm::Off };
    let form = settings.form.unwrap_or(usual);
    if form != TraceForm::Off {
        let look = Look { form, ..settings.look };
        listeners.push(Box::new(Writer::new(io::stderr(), look, |_| false)));
    }
    if let Some(path) = &settings.file {
        let file = File::create(path).map_err(|error| {
            format!("--trace-file {}: {error}; name a file that can be written", path.display())
        })?;
        // Whoever names a file wants a trace.
        let form = settings.form.filter(|form| *form != TraceForm::Off).unwrap_or(TraceForm::Fields);
        let look = Look { form, ..settings.look };
        listeners.push(Box::new(Writer::new(file, look, |_| false)));
    }
    Ok(listeners)
}

/// Finds a way to the server.
fn reach(settings: &Settings) -> Result<Link, NoLink> {
    match &settings.via {
        Some(command) => link::via(command),
        None if settings.url.is_secure => {
            let link = link::tls(&settings.url)?;
            shell::say("wss: the bytes go through openssl s_client, which speaks TLS for us");
            Ok(link)
        }
        None => link::tcp(&settings.url, settings.timeout),
    }
}
