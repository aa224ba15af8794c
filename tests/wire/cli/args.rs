//! The command line: every flag by flag and by environment, every complaint, the help text.

mod asked;
mod complaints;
mod help;
mod values;
mod variables;

use std::ffi::OsString;
use std::time::Duration;
use ws101::cli::args::{Invocation, parse};
use ws101::cli::flags::Options;

/// Flag, its unit and default in `--help`, a good value, and what it comes to.
const FLAGS: &[(&str, &str, &str, &str, &str)] = &[
    ("host", "HOST", "127.0.0.1", "::1", "::1"),
    ("port", "PORT", "8000", "0", "0"),
    ("www", "DIR", "the built-in pages", "site", "site"),
    ("allow-origin", "ORIGIN", "none", "*", "*"),
    ("allow-host", "HOST", "none", "chat.example.org", "chat.example.org"),
    ("farewell", "TEXT", "\"has left the chat\"", "left", "left"),
    ("max-connections", "COUNT", "10000", "250", "250"),
    ("max-handshakes", "COUNT", "2000", "1", "1"),
    ("max-connections-per-ip", "COUNT", "0", "20", "20"),
    ("max-messages-per-second", "COUNT", "0", "30", "30"),
    ("max-message-bytes", "SIZE", "16m", "64k", "65536"),
    ("max-queue-bytes", "SIZE", "twice the message limit, at least 8m", "32m", "33554432"),
    ("memory-budget-bytes", "SIZE", "64m", "8m", "8388608"),
    ("max-head-bytes", "SIZE", "16k", "2000", "2000"),
    ("head-timeout", "TIME", "10s", "500ms", "500ms"),
    ("keep-alive-timeout", "TIME", "15s", "5", "5s"),
    ("write-timeout", "TIME", "30s", "2m", "120s"),
    ("ping-interval", "TIME", "20s", "0", "0ns"),
    ("pong-timeout", "TIME", "20s", "7s", "7s"),
    ("close-timeout", "TIME", "5s", "10ms", "10ms"),
    ("drain-timeout", "TIME", "5s", "60m", "3600s"),
    #[cfg(feature = "deflate")]
    ("deflate", "WHICH", "on", "takeover", "Takeover"),
    #[cfg(feature = "deflate")]
    ("deflate-threshold", "SIZE", "256", "1k", "1024"),
    #[cfg(feature = "deflate")]
    ("deflate-level", "COUNT", "1", "9", "9"),
    ("log", "LEVEL", "info", "trace", "TRACE"),
    #[cfg(feature = "tools")]
    ("trace", "[=FORM]", "off", "short", "Short"),
    #[cfg(feature = "tools")]
    ("trace-file", "FILE", "none", "t.wire", "t.wire"),
    #[cfg(feature = "tools")]
    ("trace-full", "", "off", "on", "true"),
    #[cfg(feature = "tools")]
    ("trace-secrets", "", "off", "1", "true"),
    #[cfg(feature = "tools")]
    ("trace-no-time", "", "off", "yes", "true"),
    #[cfg(feature = "tools")]
    ("wire-view", "", "off", "yes", "true"),
];

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Invocation, String> {
    let arguments = arguments.iter().map(OsString::from);
    parse(arguments, |name| {
        let known = environment.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| OsString::from(value))
    })
    .map_err(|error| error.to_string())
}

fn serve(arguments: &[&str], environment: &[(&str, &str)]) -> Options {
    match run(arguments, environment) {
        Ok(Invocation::Serve(options)) => *options,
        other => panic!("{arguments:?}: {other:?}"),
    }
}

fn refusal(arguments: &[&str]) -> String {
    let message = run(arguments, &[]).expect_err(&format!("{arguments:?} was accepted"));
    assert!(!message.contains('\n'), "more than one line: {message}");
    message
}

fn help() -> String {
    match run(&["--help"], &[]) {
        Ok(Invocation::Print(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// The field that a flag fills, as text.
fn show(flag: &str, options: &Options) -> String {
    let config = &options.config;
    let time = |duration: Duration| format!("{duration:?}");
    match flag {
        "host" => options.host.clone(),
        "port" => options.port.to_string(),
        "www" => options.www.as_ref().unwrap().display().to_string(),
        "allow-origin" => options.allow_origin.join("|"),
        "allow-host" => options.allow_host.join("|"),
        "farewell" => options.farewell.clone(),
        "max-connections" => config.max_connections.to_string(),
        "max-handshakes" => config.max_handshakes.to_string(),
        "max-connections-per-ip" => config.max_connections_per_ip.to_string(),
        "max-messages-per-second" => config.max_messages_per_second.to_string(),
        "max-message-bytes" => config.max_message_bytes.to_string(),
        "max-queue-bytes" => config.max_queue_bytes.unwrap().to_string(),
        "memory-budget-bytes" => config.memory_budget_bytes.to_string(),
        "max-head-bytes" => config.max_head_bytes.to_string(),
        "head-timeout" => time(config.head_timeout),
        "keep-alive-timeout" => time(config.keep_alive_timeout),
        "write-timeout" => time(config.write_timeout),
        "ping-interval" => time(config.ping_interval),
        "pong-timeout" => time(config.pong_timeout),
        "close-timeout" => time(config.close_timeout),
        "drain-timeout" => time(config.drain_timeout),
        "deflate" => format!("{:?}", config.deflate),
        "deflate-threshold" => config.deflate_threshold_bytes.to_string(),
        "deflate-level" => config.deflate_level.to_string(),
        "log" => options.log.to_string(),
        "trace" => format!("{:?}", options.trace),
        "trace-file" => options.trace_file.as_ref().unwrap().display().to_string(),
        "trace-full" => options.trace_full.to_string(),
        "trace-secrets" => options.trace_secrets.to_string(),
        "trace-no-time" => options.trace_no_time.to_string(),
        "wire-view" => options.wire_view.to_string(),
        other => panic!("no field for {other}"),
    }
}

/// Whether a flag may stand without a value.
fn stands_alone(flag: &str) -> bool {
    FLAGS.iter().any(|(name, unit, ..)| *name == flag && (unit.is_empty() || unit.starts_with("[=")))
}

fn variable(flag: &str) -> String {
    format!("WS101_{}", flag.to_uppercase().replace('-', "_"))
}
