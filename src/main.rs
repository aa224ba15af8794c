//! The program: reads the command line, joins the parts, says where it serves.
//!
//! Everything here happens once. Messages go out with writes whose errors are dropped, since a
//! closed stdout or stderr must not end a server.

use log::warn;
use signal_hook::consts::SIGXFSZ;
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use ws101::apps::{
    broadcast::Broadcast, channels::Channels, chat::Chat, echo::Echo, pages::Pages, status::Status,
};
use ws101::cli::args::{self, Invocation};
use ws101::cli::flags::Options;
use ws101::cli::{self, unknown, welcome};
use ws101::config::Config;
use ws101::files::{self, Files, Found, embedded::Embedded, folder::Folder};
use ws101::guard::panics;
use ws101::http::policy::Policy;
use ws101::hub::Hub;
use ws101::hub::app::{App, World};
use ws101::server::Server;
#[cfg(feature = "socketio")]
use ws101::socketio::{
    broker::{Broker, CONNECT_TIMEOUT},
    bundle::Bundle,
    chat::Chat as SocketIoChat,
    engine::{Engine, Settings},
};
use ws101::tap::Watcher;

/// The exit status if the command line, or a file that it names, cannot be followed.
const USAGE: u8 = 2;
/// The exit status if the system refuses something.
const FAILURE: u8 = 1;

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
    let outcome = match args::parse(std::env::args_os().skip(1), |name| std::env::var_os(name)) {
        Ok(Invocation::Serve(options)) => serve(&options),
        Ok(Invocation::Print(text)) => {
            let _ = io::stdout().write_all(text.as_bytes());
            Ok(())
        }
        Err(message) => Err((USAGE, message)),
        Ok(Invocation::Tool(name, arguments)) => return tool(name, arguments),
    };
    let Err((status, message)) = outcome else { return ExitCode::SUCCESS };
    let _ = writeln!(io::stderr(), "ws101: {message}");
    ExitCode::from(status)
}

/// Serves until a signal ends it. An error is the exit status, and what to say.
fn serve(options: &Options) -> Result<(), (u8, String)> {
    // A write to a log file that may not grow any more (`ulimit -f`) has to fail. Without a handler its signal
    // would end the process. This fails only for signals that cannot be handled.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let log_owes = cli::log::start(options.log);
    panics::keep_messages();
    for line in options.ignored.iter().chain(&unknown::variables(std::env::vars_os())) {
        warn!("{line}");
    }
    let (files, folder) = files(options.www.as_deref()).map_err(|message| (USAGE, message))?;
    let host = options.host.as_str();
    let addresses = (host, options.port).to_socket_addrs().map_err(|error| {
        let message = format!("--host {host}: {error}; try an address such as 0.0.0.0");
        (USAGE, message)
    })?;
    let policy = Policy {
        allowed_hosts: options.allow_host.clone(),
        allowed_origins: options.allow_origin.clone(),
        machine_name: rustix::system::uname().nodename().to_string_lossy().into_owned(),
    };
    let config = fit(options.config.clone());
    let mut hub = Hub::new(config, policy, Box::new(System), apps(options, files));
    let tap = watcher(options, &mut hub).map_err(|message| (USAGE, message))?;
    let mut server =
        bind(addresses, hub).map_err(|message| (FAILURE, message))?.with_log(log_owes).with_tap(tap);
    if let Ok(address) = server.local_addr() {
        welcome::say_hello(address, folder);
    }
    server.run().map_err(|error| (FAILURE, format!("the event loop failed: {error}")))
}

/// Where pages come from, and what to say of the folder (`--www`).
fn files(www: Option<&Path>) -> Result<(Box<dyn Files>, Option<welcome::Folder<'_>>), String> {
    let Some(name) = www else { return Ok((Box::new(Embedded::default()), None)) };
    let mut folder = Folder::new(name)
        .map_err(|error| format!("--www {}: {error}; name a folder to read", name.display()))?;
    let index = folder.open(&[files::INDEX.to_owned()], false);
    let has_index = matches!(index, Ok(Found::File(_)));
    Ok((Box::new(folder), Some(welcome::Folder { name, has_index })))
}

/// All applications, in the order in which they are asked for a path. Pages take what is left.
///
/// The files of Socket.IO lie below its own path. Socket.IO comes late: who does not use it, has none of its code in memory.
fn apps(options: &Options, files: Box<dyn Files>) -> Vec<Box<dyn App>> {
    vec![
        Box::new(Echo),
        Box::new(Broadcast::default()),
        Box::new(Channels::default()),
        Box::new(Chat::new(options.farewell.clone())),
        Box::new(Status),
        #[cfg(feature = "socketio")]
        Box::new(Bundle(options.allow_origin.clone())),
        #[cfg(feature = "socketio")]
        Box::new(Engine::new(
            // Pages that may open WebSockets may also poll (CORS).
            Settings { origins: options.allow_origin.clone(), ..Settings::default() },
            Broker::new(SocketIoChat, CONNECT_TIMEOUT),
        )),
        Box::new(Pages(files)),
    ]
}

/// Listens at the first address that can be bound. A name such as `localhost` may have several.
fn bind(addresses: impl Iterator<Item = SocketAddr>, hub: Hub) -> Result<Server, String> {
    let mut failure = "the host has no address".to_owned();
    for address in addresses {
        failure = match Server::listen(address) {
            Ok(listener) => {
                return Server::new(listener, hub)
                    .map_err(|error| format!("the event loop cannot start: {error}"));
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                format!("address in use: {address}; choose another with --port, or --port 0")
            }
            Err(error) => format!("cannot listen on {address}: {error}"),
        };
    }
    Err(failure)
}

/// Warns of limits that cannot be reached here, and lowers them to what can be.
///
/// Takes as many open files as the system allows: each connection is one.
fn fit(mut config: Config) -> Config {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let (budget, message) = (config.memory_budget_bytes, config.max_message_bytes);
    // The server starts all the same: all messages may be shorter.
    if u64::try_from(budget).is_ok_and(|budget| budget < message) {
        warn!(
            "--memory-budget-bytes {budget} is less than --max-message-bytes {message}: a message \
             that does not fit ends its connection with 1013"
        );
    }
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Refused on some systems for "unlimited": then the limit stays as it was.
    let _ = setrlimit(Resource::Nofile, limit);
    let Some(limit) = getrlimit(Resource::Nofile).current else { return config };
    let asked = config.max_connections;
    let is_cut = config.fit_open_files(usize::try_from(limit).unwrap_or(usize::MAX));
    // The default asks for no number.
    if is_cut && asked != Config::default().max_connections {
        let most = config.max_connections;
        warn!("at most {most} connections, not {asked}: {limit} files may be open (ulimit -n)");
    }
    config
}

/// The trace and the wire view that were asked for.
#[cfg(feature = "tools")]
#[cold]
fn watcher(options: &Options, hub: &mut Hub) -> Result<Watcher, String> {
    ws101::tools::start::start(options, hub)
}

#[cfg(not(feature = "tools"))]
fn watcher(_: &Options, _: &mut Hub) -> Result<Watcher, String> {
    Ok(Watcher::default())
}

/// Runs a tool. A server has none of its code in memory.
#[cold]
fn tool(name: &str, arguments: Vec<OsString>) -> ExitCode {
    match name {
        #[cfg(feature = "tools")]
        "explain" => ws101::tools::explain::run(arguments),
        #[cfg(feature = "tools")]
        "connect" => ws101::tools::connect::run(arguments),
        _ => {
            drop(arguments);
            ExitCode::from(USAGE)
        }
    }
}
