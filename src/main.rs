//! The program: reads the command line, joins the parts, says where it serves.
//!
//! Everything here happens once. Messages go out with writes whose errors are dropped, since a
//! closed stdout or stderr must not end a server.

use log::{LevelFilter, warn};
use signal_hook::consts::SIGXFSZ;
use simplelog::{ConfigBuilder, WriteLogger};
use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use ws101::app::{App, World};
use ws101::apps::broadcast::Broadcast;
use ws101::apps::channels::Channels;
use ws101::apps::chat::Chat;
use ws101::apps::echo::Echo;
use ws101::apps::pages::Pages;
use ws101::apps::status::Status;
use ws101::args::{self, Invocation, Options};
use ws101::config::Config;
use ws101::files::embedded::Embedded;
use ws101::files::folder::Folder;
use ws101::files::{self, Files, Found};
use ws101::guard::panics;
use ws101::http::policy::Policy;
use ws101::hub::Hub;
use ws101::outlet::{Outlet, Owing};
use ws101::server::Server;
#[cfg(feature = "socketio")]
use ws101::socketio::{
    broker::{Broker, CONNECT_TIMEOUT},
    bundle::Bundle,
    chat::Chat as SocketIoChat,
    engine::{Engine, Settings},
};
use ws101::welcome;

/// How the log writes a time (RFC 3339), always as long.
const TIME: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// The command line, or a file it names, cannot be followed.
const USAGE: u8 = 2;

/// Randomness and the calendar, as the operating system gives them.
struct System;

impl World for System {
    fn random(&mut self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Guessable ids would be worse than none: nothing may go on as if it had worked.
            warn!("the system gives no random bytes: {error}");
            std::process::abort();
        }
    }

    fn unix_time(&mut self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }

    fn last_panic(&mut self) -> String {
        panics::take()
    }
}

fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1), |name| std::env::var_os(name)) {
        Ok(Invocation::Serve(options)) => serve(*options),
        Ok(Invocation::Help(text)) => {
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Ok(Invocation::Version) => {
            let _ = writeln!(io::stdout(), "ws101 {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Err(error) => fail(USAGE, &error.to_string()),
    }
}

fn fail(status: u8, message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "ws101: {message}");
    ExitCode::from(status)
}

fn serve(options: Options) -> ExitCode {
    ignore_file_size_signal();
    let owing = start_log(options.log);
    panics::keep_messages();
    let unknown = args::unknown_variables(std::env::vars_os());
    for line in options.ignored.iter().chain(&unknown) {
        warn!("{line}");
    }
    let (files, pages) = match files(options.www.as_deref()) {
        Ok(both) => both,
        Err(message) => return fail(USAGE, &message),
    };
    let addresses = match (options.host.as_str(), options.port).to_socket_addrs() {
        Ok(addresses) => addresses.collect::<Vec<_>>(),
        Err(error) => {
            let host = &options.host;
            return fail(
                USAGE,
                &format!("--host {host}: {error}; try an address such as 0.0.0.0"),
            );
        }
    };
    warn_of_small_budget(&options.config);
    let mut config = options.config.clone();
    fit_open_files(&mut config);
    let hub = Hub::new(
        config,
        policy(&options),
        Box::new(System),
        apps(&options, files),
    );
    let mut server = match bind(&addresses, hub) {
        Ok(server) => server.with_log(owing),
        Err(message) => return fail(1, &message),
    };
    if let Ok(address) = server.local_addr() {
        say_hello(address, pages);
    }
    match server.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &format!("the event loop failed: {error}")),
    }
}

/// Where pages come from, and what is to be said of them.
fn files(www: Option<&Path>) -> Result<(Box<dyn Files>, welcome::Pages<'_>), String> {
    let Some(name) = www else {
        return Ok((Box::new(Embedded::default()), welcome::Pages::BuiltIn));
    };
    let mut folder = Folder::new(name)
        .map_err(|error| format!("--www {}: {error}; name a folder to read", name.display()))?;
    let index = folder.open(&[files::INDEX.to_owned()], false);
    let has_index = matches!(index, Ok(Found::File(_)));
    let pages = welcome::Pages::Folder { name, has_index };
    Ok((Box::new(folder), pages))
}

fn say_hello(address: SocketAddr, pages: welcome::Pages<'_>) {
    let is_terminal = io::stdout().is_terminal();
    let mut stdout = Outlet::new(io::stdout(), lost_lines);
    let _ = stdout.write_all(welcome::text(address, pages, is_terminal).as_bytes());
    let _ = stdout.flush();
    if let welcome::Pages::Folder { name, has_index } = pages
        && !has_index
        && !is_terminal
    {
        warn!("--www {}: {}", name.display(), welcome::NO_INDEX);
    }
}

/// In the order in which they are asked whether a path is theirs. Pages take what is left.
fn apps(options: &Options, files: Box<dyn Files>) -> Vec<Box<dyn App>> {
    vec![
        #[cfg(feature = "socketio")]
        Box::new(Bundle::new(options.allow_origin.clone())),
        #[cfg(feature = "socketio")]
        Box::new(socket_io(options)),
        Box::new(Echo),
        Box::new(Broadcast::default()),
        Box::new(Channels::default()),
        Box::new(Chat::new(options.farewell.clone())),
        Box::new(Status),
        Box::new(Pages::new(files)),
    ]
}

/// The chat of the Socket.IO tutorial. Whose pages may open WebSockets may poll, too (CORS), and load
/// the client.
#[cfg(feature = "socketio")]
fn socket_io(options: &Options) -> Engine<Broker<SocketIoChat>> {
    let settings = Settings {
        origins: options.allow_origin.clone(),
        ..Settings::default()
    };
    Engine::new(settings, Broker::new(SocketIoChat, CONNECT_TIMEOUT))
}

fn policy(options: &Options) -> Policy {
    let name = rustix::system::uname();
    Policy {
        allowed_hosts: options.allow_host.clone(),
        allowed_origins: options.allow_origin.clone(),
        machine_name: name.nodename().to_string_lossy().into_owned(),
    }
}

/// A name such as `localhost` may have several addresses: the first that can be bound serves.
fn bind(addresses: &[SocketAddr], hub: Hub) -> Result<Server, String> {
    let mut failure = "the host has no address".to_owned();
    let mut hub = Some(hub);
    for address in addresses {
        match Server::listen(*address) {
            Ok(listener) => {
                let Some(hub) = hub.take() else { break };
                return Server::new(listener, hub)
                    .map_err(|error| format!("the event loop cannot start: {error}"));
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                failure =
                    format!("address in use: {address}; choose another with --port, or --port 0");
            }
            Err(error) => failure = format!("cannot listen on {address}: {error}"),
        }
    }
    Err(failure)
}

/// Each connection is an open file. What the system allows, we take. What it does not is told to who asked
/// for it; the default is by definition no more than that.
fn fit_open_files(config: &mut Config) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Refused on some systems for "unlimited": then the limit stays as it was.
    let _ = setrlimit(Resource::Nofile, limit);
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return;
    };
    let asked = config.max_connections;
    let is_cut = config.fit_open_files(usize::try_from(limit).unwrap_or(usize::MAX));
    if is_cut && asked != Config::default().max_connections {
        let most = config.max_connections;
        warn!("at most {most} connections, not {asked}: {limit} files may be open (ulimit -n)");
    }
}

/// A message that can never be held is no reason not to start: shorter ones may be all there are.
fn warn_of_small_budget(config: &Config) {
    let (budget, message) = (config.memory_budget_bytes, config.max_message_bytes);
    if u64::try_from(budget).is_ok_and(|budget| budget < message) {
        warn!(
            "--memory-budget-bytes {budget} is less than --max-message-bytes {message}: a message \
             that does not fit ends its connection with 1013"
        );
    }
}

/// A log file that may not grow any more (`ulimit -f`) would end the process by a signal. With a
/// handler for it, the write fails instead.
fn ignore_file_size_signal() {
    // Fails only for signals that cannot be handled.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Lines to stderr, from now on.
fn start_log(level: LevelFilter) -> Owing {
    let config = ConfigBuilder::new()
        .set_time_format_custom(TIME)
        .set_thread_level(LevelFilter::Off)
        .set_target_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .build();
    let stderr = Outlet::new(io::stderr(), lost_lines);
    let owing = stderr.owing();
    // Fails only if there is a logger already.
    let _ = WriteLogger::init(level, config, stderr);
    owing
}

/// A line of the log: this many were lost.
fn lost_lines(count: u64) -> String {
    let time = OffsetDateTime::now_utc().format(TIME);
    let time = time.unwrap_or_default();
    let lines = if count == 1 { "line was" } else { "lines were" };
    format!("{time} [WARN] {count} {lines} lost: nobody read the log\n")
}
