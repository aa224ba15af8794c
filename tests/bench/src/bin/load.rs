//! The generator by hand, against any server that runs already.
//!
//! `bench` uses the same generator; this program is for looking at one thing for as long as it takes,
//! under `perf` for instance.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use ws101_bench::Result;
use ws101_bench::cores::{pin, raise_file_limit};
use ws101_bench::handshake::{Offer, open};
use ws101_bench::load::{Load, Run};
use ws101_bench::message::{Kind, Message};

const USAGE: &str = "\
load echo      ADDRESS [--connections 50] [--in-flight 1] [--messages 100000]
load broadcast ADDRESS [--connections 1000] [--senders 1] [--window 1] [--turns 1000]
load idle      ADDRESS [--connections 9900] [--seconds 10]

ADDRESS is an IP address and a port. For all: [--path PATH] (idle: {} in it becomes a number),
[--core CORE]. For echo and broadcast: [--kind text|wide|json|event|binary] [--size 16].
--deflate offers compression as browsers do, and insists on it. --kind event is Socket.IO, and needs
--path '/socket.io/?EIO=4&transport=websocket'.";

struct Options {
    words: Vec<String>,
    connections: Option<usize>,
    in_flight: usize,
    messages: u64,
    senders: usize,
    window: usize,
    turns: u64,
    seconds: u64,
    path: Option<String>,
    core: Option<usize>,
    offer: Offer,
    message: Message,
}

fn options() -> std::result::Result<Options, lexopt::Error> {
    let mut options = Options {
        words: Vec::new(),
        connections: None,
        in_flight: 1,
        messages: 100_000,
        senders: 1,
        window: 1,
        turns: 1_000,
        seconds: 10,
        path: None,
        core: None,
        offer: Offer::Nothing,
        message: Message { kind: Kind::Text, size: 16 },
    };
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Value(word) => options.words.push(word.string()?),
            Arg::Long("connections") => options.connections = Some(parser.value()?.parse()?),
            Arg::Long("in-flight") => options.in_flight = parser.value()?.parse()?,
            Arg::Long("messages") => options.messages = parser.value()?.parse()?,
            Arg::Long("senders") => options.senders = parser.value()?.parse()?,
            Arg::Long("window") => options.window = parser.value()?.parse()?,
            Arg::Long("turns") => options.turns = parser.value()?.parse()?,
            Arg::Long("seconds") => options.seconds = parser.value()?.parse()?,
            Arg::Long("path") => options.path = Some(parser.value()?.string()?),
            Arg::Long("core") => options.core = Some(parser.value()?.parse()?),
            Arg::Long("deflate") => options.offer = Offer::AsBrowsers,
            Arg::Long("kind") => options.message.kind = parser.value()?.parse()?,
            Arg::Long("size") => options.message.size = parser.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

fn main() -> Result<()> {
    let options = options()?;
    let [mode, address] = options.words.as_slice() else { return Err(USAGE.into()) };
    let address: SocketAddr = address.parse()?;
    let path = |usual: &str| options.path.clone().unwrap_or_else(|| usual.to_owned());
    let connections = |usual: usize| options.connections.unwrap_or(usual).max(1);
    raise_file_limit()?;
    pin(options.core)?;
    match mode.as_str() {
        "echo" => {
            let path = path("/echo");
            let count = connections(50);
            let mut load = Load::connect(address, &path, count, options.message, options.offer)?;
            show(&load.echo(options.messages, options.in_flight.max(1))?);
        }
        "broadcast" => {
            let path = path("/broadcast/bench");
            let count = connections(1_000);
            let mut load = Load::connect(address, &path, count, options.message, options.offer)?;
            let senders = options.senders.clamp(1, count);
            show(&load.broadcast(options.turns, senders, options.window.max(1))?);
        }
        "idle" => {
            let path = path("/echo");
            let held: Vec<_> = (0..connections(9_900))
                .map(|number| {
                    let path = path.replace("{}", &number.to_string());
                    open(address, &path, options.offer)
                })
                .collect::<Result<_>>()?;
            println!("{} connections are open", held.len());
            thread::sleep(Duration::from_secs(options.seconds));
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

fn show(run: &Run) {
    println!(
        "{} messages in {:.3} s: {:.0} messages/s; the generator was busy for {:.0} % of it",
        run.messages,
        run.wall.as_secs_f64(),
        run.rate(),
        100.0 * run.busy()
    );
    for share in [0.5, 0.9, 0.99, 0.999] {
        let latency = run.latency.quantile(share).as_secs_f64() * 1e6;
        println!("latency, {:>4} %: {latency:.0} us", 100.0 * share);
    }
}
