//! Who may know whom: dependencies in `src/` point one way (src/lib.rs, the map).
//!
//! The table below is the architecture in the form of a test. Whoever adds a line to it changes the
//! architecture, and should want to.

use crate::support::source::{self, Source};

/// A module and everything in it: which modules of ours it may name, and which crates.
struct Layer {
    module: &'static str,
    ours: &'static [&'static str],
    crates: &'static [&'static str],
}

const fn layer(
    module: &'static str,
    ours: &'static [&'static str],
    crates: &'static [&'static str],
) -> Layer {
    Layer { module, ours, crates }
}

/// The table of layers, from the ground up. The longest name that fits a module decides. Modules of the same
/// layer may name each other.
///
/// Its lines stand in the order of imports: a module names only what stands above it here. Time, settings and
/// tables come first; then `http`, and `ws`, which begins with a request of `http`; then what works on frames and
/// their bytes, as `deflate` does behind a port of `ws`; then `guard`, which knows no connection; then the hub with
/// its connections. On the hub stand the applications, Socket.IO among them, and beside them the server with its
/// sockets. `main` joins them all.
const LAYERS: &[Layer] = &[
    // No knowledge of anything above.
    layer("clock", &[], &[]),
    layer("config", &[], &[]),
    layer("shortcuts", &[], &[]),
    layer("rooms", &[], &["slab"]),
    layer("slots", &[], &["slab"]),
    layer("pool", &[], &["memmap2"]),
    layer("metered", &[], &[]),
    // The two protocols: bytes in, bytes out.
    layer("http", &["config"], &["httparse"]),
    layer("http::date", &[], &["time"]),
    layer("ws", &["metered", "pool", "shortcuts", "ws::extension"], &["simdutf8"]),
    layer("ws::offers", &["http::head"], &[]),
    layer("ws::client", &["http::answer", "ws::handshake", "ws::offers"], &[]),
    layer("ws::handshake", &["http", "ws::offers"], &["base64", "sha1"]),
    // The port for what changes the payload of messages, and the wing that stands behind it.
    layer("ws::extension", &["http", "metered", "ws::close"], &[]),
    layer("deflate", &["config", "http::head", "ws::close", "ws::extension", "ws::offers"], &["flate2"]),
    layer("outbox", &["metered", "pool", "ws::frame"], &[]),
    layer("large", &["metered", "outbox", "pool", "ws"], &[]),
    // What keeps the server alive: it knows no connection.
    layer("guard", &["clock", "config", "http"], &["log"]),
    // Connections, without sockets.
    layer(
        "hub",
        &[
            "clock",
            "config",
            "deflate",
            "guard",
            "http",
            "hub",
            "large",
            "metered",
            "outbox",
            "pool",
            "shortcuts",
            "ws",
        ],
        &["slab"],
    ),
    layer("hub::ids", &["guard", "ws::close"], &[]),
    layer("hub::ports", &["hub::ids"], &[]),
    layer(
        "hub::conn",
        &[
            "clock",
            "config",
            "guard",
            "http",
            "hub::ids",
            "metered",
            "outbox",
            "ws::close",
            "ws::endpoint",
            "ws::extension",
        ],
        &[],
    ),
    // The contract with applications, which see no frames.
    layer(
        "hub::app",
        &["http", "hub::ctx", "hub::ids", "hub::ports", "large", "ws::close", "ws::message"],
        &[],
    ),
    // What listens to the bytes of connections: a port, with nothing behind it.
    layer("tap", &["clock", "hub::app"], &[]),
    layer("files", &["http"], &[]),
    layer("files::embedded", &["files"], &["flate2"]),
    layer("files::folder", &["files"], &["rustix"]),
    // Applications, without frames.
    layer("apps", &["apps::json", "files", "http", "hub::app", "rooms", "ws::close"], &["slab"]),
    layer("apps::json", &[], &["serde", "serde_json"]),
    layer(
        "socketio::engine",
        &["clock", "guard::rate", "http", "hub::app", "slots", "socketio::cors"],
        &["base64"],
    ),
    // Of Engine.IO only what is made for those above it.
    layer(
        "socketio",
        &["apps::json", "clock", "hub::app", "rooms", "socketio::engine::io"],
        &["serde", "serde_json"],
    ),
    layer("socketio::cors", &["http"], &[]),
    layer("socketio::bundle", &["files", "http", "hub::app", "socketio::cors"], &[]),
    // The world.
    layer("tap", &["clock", "hub::app"], &[]),
    layer("sockets", &["hub::app", "tap"], &["mio", "rustix"]),
    layer(
        "server",
        &["clock", "hub", "sockets", "tap"],
        &["log", "mio", "rustix", "signal_hook", "signal_hook_mio"],
    ),
    // What the program is asked, and what it says.
    layer("cli", &["config"], &["lexopt", "log"]),
    layer("cli::tool", &["cli::help", "cli::unknown"], &["lexopt"]),
    layer("cli::log", &["cli::outlet"], &["log", "simplelog", "time"]),
    layer("cli::outlet", &[], &["rustix"]),
    layer("cli::welcome", &["cli::log", "cli::outlet"], &["log"]),
    // What shows bytes. It asks those who judge for the server, and knows no connection of the hub.
    layer("tools", &["clock", "config", "deflate", "http", "tools", "ws"], &["serde_json"]),
    layer("tools::notation", &["ws::frame", "ws::raw"], &[]),
    // Accept values are shown in their steps.
    layer(
        "tools::explain",
        &["cli::tool", "http::head", "tools", "tools::explain", "ws"],
        &["base64", "serde_json"],
    ),
    layer("tools::observed", &["hub::app", "tools", "ws::frame"], &[]),
    layer("tools::trace", &["clock", "config", "hub::app", "tap", "tools", "ws::frame"], &[]),
    // A tap, and applications that show what it has seen.
    layer(
        "tools::view",
        &["clock", "http", "hub", "tap", "tools", "ws::close", "ws::endpoint", "ws::extension", "ws::frame"],
        &["serde_json", "sha1"],
    ),
    layer(
        "tools::start",
        &["cli::flags", "cli::outlet", "config", "hub", "tap", "tools", "ws::endpoint"],
        &["rustix"],
    ),
    // A client of its own: it knows the protocol and the other tools, and nothing of a server.
    layer(
        "tools::connect",
        &["cli::tool", "clock", "config", "http::answer", "http::head", "pool", "tools", "ws"],
        &["base64", "getrandom", "signal_hook"],
    ),
    layer(
        "main",
        &[
            "apps",
            "cli",
            "config",
            "files",
            "http",
            "hub",
            "guard::panics",
            "server",
            "socketio",
            "tap",
            "tools",
        ],
        &["getrandom", "log", "rustix", "signal_hook"],
    ),
    layer("lib", &[], &[]),
    // Not part of the program: what Cargo runs before it compiles.
    layer("build", &[], &[]),
];

/// Names that only these modules may say: the core is a function of bytes, time and a seed.
///
/// `tools::connect` is a client and may wait where the server may not, so its shell has a thread for each of those who make
/// it wait, and a clock. Its session, like the core, has neither.
const WORDS: &[(&str, &[&str])] = &[
    ("TcpStream", &["server::accept", "sockets", "tools::connect::link"]),
    ("TcpListener", &["server", "server::accept"]),
    ("UdpSocket", &[]),
    ("Instant", &["server", "tools::connect::shell"]),
    ("SystemTime", &["main"]),
    ("std::fs", &["files::folder", "tools::explain::outside", "tools::connect"]),
    ("std::process", &["main", "build", "tools::explain::outside", "tools::connect", "tools::connect::link"]),
    ("std::env", &["main", "build", "tools::explain::outside"]),
    ("std::thread", &["tools::connect::shell"]),
    // Would hide one of those.
    ("std::{", &[]),
    ("std::*", &[]),
    ("stdin", &["tools::explain::outside", "tools::connect::link", "tools::connect::shell"]),
    // Iterated in an order that differs from run to run.
    ("HashMap", &[]),
    ("HashSet", &[]),
    ("async", &[]),
    ("unsafe", &[]),
    // Would end the process, or fail when stdout is closed.
    ("print!", &[]),
    ("println!", &[]),
    ("eprint!", &[]),
    ("eprintln!", &[]),
    ("dbg!", &[]),
    ("panic!", &[]),
    ("todo!", &[]),
    ("unimplemented!", &[]),
    ("unreachable!", &[]),
    ("assert!", &[]),
    ("assert_eq!", &[]),
    // `expect` is not here: the endpoint has a method of that name. Clippy tells them apart.
    (".unwrap(", &[]),
];

fn is_within(module: &str, layer: &str) -> bool {
    module.strip_prefix(layer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn layer_of(module: &str) -> Option<&'static Layer> {
    LAYERS.iter().filter(|layer| is_within(module, layer.module)).max_by_key(|layer| layer.module.len())
}

/// Every permission of this table that goes against its order.
fn against_the_order(layers: &[Layer]) -> Vec<String> {
    let top = |module: &'static str| module.split("::").next();
    let rank = |module| layers.iter().position(|it| top(it.module) == top(module));
    let mut found = Vec::new();
    for layer in layers {
        let wrong = layer.ours.iter().filter(|ours| {
            let theirs = rank(ours);
            theirs.is_none() || theirs > rank(layer.module)
        });
        found.extend(wrong.map(|ours| format!("{} stands below {ours}", layer.module)));
    }
    found
}

/// Every breach of the tables in this text, were it this file of `src/`.
fn breaches(file: &str, text: &str) -> Vec<String> {
    let source = Source::new(file, text);
    let module = &source.module;
    let Some(layer) = layer_of(module) else {
        return vec![format!("{file}: no layer for the module {module}")];
    };
    let may_name = |path: &String| {
        layer_of(path).is_some_and(|theirs| theirs.module == layer.module)
            || layer.ours.iter().any(|ours| is_within(path, ours))
    };
    let mut breaches = Vec::new();
    for path in source.ours().iter().filter(|path| !may_name(path)) {
        breaches.push(format!("{file}: {module} must not know {path}"));
    }
    for name in source.crates() {
        if !layer.crates.contains(&name.as_str()) {
            breaches.push(format!("{file}: {module} must not use the crate {name}"));
        }
    }
    for (word, allowed) in WORDS {
        if source.says(word) && !allowed.contains(&module.as_str()) {
            breaches.push(format!("{file}: {module} must not say {word}"));
        }
    }
    breaches
}

#[test]
fn dependencies_point_one_way() {
    let mut found = Vec::new();
    let files = source::all();
    assert!(files.len() > 40, "the whole of src/");
    for (file, text) in &files {
        found.extend(breaches(file, text));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_import_goes_against_the_order() {
    // `dependencies_point_one_way` has compared the imports with the table.
    assert_eq!(against_the_order(LAYERS), [""; 0]);
    let wrong = [
        layer("ws", &["ws::close", "hub::app"], &[]),
        layer("ws::close", &["ws"], &[]),
        layer("hub", &["ws", "gone"], &[]),
    ];
    let found = ["ws stands below hub::app", "hub stands below gone"];
    assert_eq!(against_the_order(&wrong), found);
}

#[test]
fn each_layer_exists_and_names_layers_that_exist() {
    let modules: Vec<String> =
        source::all().iter().map(|(file, text)| Source::new(file, text).module).collect();
    for layer in LAYERS {
        assert!(
            modules.iter().any(|module| is_within(module, layer.module)),
            "{} is gone: take it off the table",
            layer.module
        );
        for ours in layer.ours {
            assert!(
                modules.iter().any(|module| is_within(module, ours) || is_within(ours, module)),
                "{} may name {ours}, which is gone",
                layer.module
            );
        }
        for name in layer.crates {
            assert!(source::dependencies().iter().any(|known| known == name), "{name} is not in Cargo.toml");
        }
    }
}

#[test]
fn a_permission_that_nobody_uses_is_taken_back() {
    let sources: Vec<Source> = source::all().iter().map(|(file, text)| Source::new(file, text)).collect();
    let mut unused = Vec::new();
    for layer in LAYERS {
        let inside = sources
            .iter()
            .filter(|source| layer_of(&source.module).is_some_and(|l| l.module == layer.module));
        let (mut ours, mut crates) = (Vec::new(), Vec::new());
        for source in inside {
            ours.extend(source.ours());
            crates.extend(source.crates());
        }
        for allowed in layer.ours {
            if !ours.iter().any(|path| is_within(path, allowed)) {
                unused.push(format!("{} does not name {allowed}", layer.module));
            }
        }
        for allowed in layer.crates {
            if !crates.iter().any(|name| name == allowed) {
                unused.push(format!("{} does not use the crate {allowed}", layer.module));
            }
        }
    }
    assert!(unused.is_empty(), "{}", unused.join("\n"));
}

#[test]
fn a_wrong_import_is_noticed() {
    for (file, text) in [
        ("ws/frame.rs", "use crate::hub::Hub;"),
        ("ws/frame.rs", "use crate::http::head::Head;"),
        ("ws/mod.rs", "use super::hub::conn::Conn;"),
        ("ws/utf8.rs", "use super::super::hub::conn::Conn;"),
        ("ws/utf8.rs", "fn f() { let x = crate::hub::conn::Conn::new(); }"),
        ("ws/utf8.rs", "use crate::{clock, ws};"),
        ("ws/utf8.rs", "use crate::*;"),
        ("http/head.rs", "use crate::ws::close::CloseCode;"),
        ("http/head.rs", "use crate :: ws :: close :: CloseCode;"),
        ("http/head.rs", "use crate::\n    ws::close::CloseCode;"),
        ("outbox.rs", "use crate::ws::close::CloseCode;"),
        ("outbox.rs", "use crate::ws::{frame, close};"),
        ("ws/endpoint.rs", "use super::handshake::Plan;"),
        ("ws/message.rs", "use crate::deflate::extension;"),
        ("deflate/inflate.rs", "use crate::hub::Hub;"),
        ("metered.rs", "use std::time::Instant;"),
        ("clock.rs", "use mio::Poll;"),
        ("hub/conn.rs", "use super::core::Core;"),
        ("hub/app.rs", "use super::conn::Conn;"),
        ("apps/echo.rs", "use crate::hub::Hub;"),
        ("hub/core.rs", "use ::mio::Poll;"),
        ("hub/core.rs", "use crate::apps::echo::Echo;"),
        ("hub/core.rs", "use std::net::TcpStream;"),
        ("hub/core.rs", "use std::{fs, io};"),
        ("apps/echo.rs", "use crate::ws::frame::Opcode;"),
        ("files/embedded.rs", "use std::fs::File;"),
        ("hub/core.rs", "fn f() { let a = /* none */ b.unwrap(); }"),
        ("hub/core.rs", "fn f() { println!(\"\"); }"),
        ("hub/core.rs", "fn f() { let c = '\"'; panic!(\"\"); }"),
        ("fresh.rs", ""),
    ] {
        assert_eq!(breaches(file, text).len(), 1, "{file}: {text}");
    }
}

#[test]
fn what_is_only_talked_about_is_no_import() {
    for text in [
        "// use crate::hub::Hub; panic!",
        "//! [`Hub`](crate::hub::Hub)",
        "/* use mio::Poll; /* nested */ unsafe */",
        "const A: &str = \"crate::hub::Hub \\\" mio::Poll panic!\";",
        "const A: &str = r#\"crate::hub::Hub \" unsafe\"#;",
        "fn f<'a>(x: &'a str) -> Option<&'a str> { x.get(1..).or(Some(\"unsafe\")) }",
        "use std::time::Duration;",
        "use crate::ws::close::CloseCode;",
        "use super::close::CloseCode;",
    ] {
        assert_eq!(breaches("ws/frame.rs", text), [""; 0], "{text}");
    }
}

/// Types with more than 15 fields, and how many they have.
fn crowded(text: &str) -> Vec<(&str, usize)> {
    let mut crowded = Vec::new();
    for part in text.split("struct ").skip(1) {
        let Some((head, rest)) = part.split_once(" {\n") else { continue };
        // A tuple, or a word of a comment.
        if head.contains([';', '(', '\n']) {
            continue;
        }
        let body = rest.split("\n}").next().unwrap_or_default();
        let is_field = |line: &&str| {
            let name = line
                .trim_start_matches("pub ")
                .trim_start_matches("pub(super) ")
                .trim_start_matches("pub(crate) ");
            name.split_once(": ")
                .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        };
        let fields = body.lines().filter_map(|line| line.strip_prefix("    ")).filter(is_field).count();
        if fields > 15 {
            crowded.push((head.split(['<', ' ']).next().unwrap_or_default(), fields));
        }
    }
    crowded
}

#[test]
fn no_type_has_many_fields_but_the_record_of_a_connection() {
    for (file, text) in source::all() {
        // One record: nested ones are padded apart, and there is one for each connection.
        let found: Vec<_> = crowded(&text).into_iter().filter(|(name, _)| *name != "Conn").collect();
        assert!(found.is_empty(), "{file}: {found:?}: which of these fields belong together?");
    }
    let many: String = (0..16).map(|_| "    pub(crate) field: u8,\n").collect();
    assert_eq!(
        crowded(&format!("pub struct Many<T> {{\n{many}}}\nstruct Few {{\n    a: u8,\n}}\n")),
        [("Many", 16)]
    );
}
