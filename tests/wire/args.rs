//! The command line: every flag by flag and by environment, every complaint, the help text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

use log::LevelFilter;
use ws101::args::{Invocation, Options, parse};
use ws101::config::Config;

/// Flag, its unit and default in `--help`, a good value, and what it comes to.
const FLAGS: &[(&str, &str, &str, &str, &str)] = &[
    ("host", "HOST", "127.0.0.1", "::1", "::1"),
    ("port", "PORT", "8000", "0", "0"),
    ("www", "DIR", "the built-in pages", "site", "site"),
    ("allow-origin", "ORIGIN", "none", "*", "*"),
    (
        "allow-host",
        "HOST",
        "none",
        "chat.example.org",
        "chat.example.org",
    ),
    ("farewell", "TEXT", "\"has left the chat\"", "left", "left"),
    ("max-connections", "COUNT", "10000", "250", "250"),
    ("max-handshakes", "COUNT", "2000", "1", "1"),
    ("max-connections-per-ip", "COUNT", "0", "20", "20"),
    ("max-messages-per-second", "COUNT", "0", "30", "30"),
    ("max-message-bytes", "SIZE", "16m", "64k", "65536"),
    (
        "max-queue-bytes",
        "SIZE",
        "twice the message limit, at least 8m",
        "32m",
        "33554432",
    ),
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
        Ok(Invocation::Help(text)) => text,
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
        other => panic!("no field for {other}"),
    }
}

fn variable(flag: &str) -> String {
    format!("WS101_{}", flag.to_uppercase().replace('-', "_"))
}

// ------------------------------------------------------------------ what is asked for

#[test]
fn nothing_given_serves_with_the_defaults() {
    for arguments in [&[][..], &["serve"]] {
        let options = serve(arguments, &[]);
        assert_eq!((options.host.as_str(), options.port), ("127.0.0.1", 8000));
        assert_eq!(options.www, None);
        assert_eq!(options.farewell, "has left the chat");
        assert_eq!(options.log, LevelFilter::Info);
        assert!(options.allow_origin.is_empty() && options.allow_host.is_empty());
        assert_eq!(options.config.max_message_bytes, 16 << 20);
        assert_eq!(options.config.max_queue_bytes, None);
        assert_eq!(options.config.ping_interval, Duration::from_secs(20));
    }
}

#[test]
fn help_and_version_win_over_serving() {
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["help"],
        &["help", "serve"],
        &["help", "help"],
        &["serve", "--help"],
        &["--port", "1", "-h"],
    ] {
        assert!(
            matches!(run(arguments, &[]), Ok(Invocation::Help(_))),
            "{arguments:?}"
        );
    }
    for arguments in [&["--version"][..], &["-V"], &["serve", "--version"]] {
        assert!(
            matches!(run(arguments, &[]), Ok(Invocation::Version)),
            "{arguments:?}"
        );
    }
    // A variable that is wrong must not keep anybody from the help that explains it.
    let wrong = [("WS101_PORT", "x")];
    assert!(matches!(run(&["help"], &wrong), Ok(Invocation::Help(_))));
}

#[test]
fn every_flag_works_in_every_form() {
    for &(flag, _, _, value, expected) in FLAGS {
        let joined = format!("--{flag}={value}");
        assert_eq!(show(flag, &serve(&[&joined], &[])), expected, "{joined}");
        let apart = [&format!("--{flag}"), value];
        assert_eq!(show(flag, &serve(&apart, &[])), expected, "{apart:?}");
        let after = ["serve", apart[0], value];
        assert_eq!(show(flag, &serve(&after, &[])), expected, "{after:?}");
        let name = variable(flag);
        let by_variable = serve(&[], &[(&name, value)]);
        assert_eq!(show(flag, &by_variable), expected, "{name}");
    }
}

#[test]
fn flag_wins_over_its_variable() {
    for &(flag, _, _, value, expected) in FLAGS {
        let argument = format!("--{flag}={value}");
        // A variable that is not used is not judged either.
        for unused in ["1", "nonsense\n"] {
            let options = serve(&[&argument], &[(&variable(flag), unused)]);
            assert_eq!(show(flag, &options), expected, "{argument}");
        }
    }
}

#[test]
fn empty_variable_is_no_variable() {
    for &(flag, ..) in FLAGS {
        let options = serve(&[], &[(&variable(flag), "")]);
        assert_eq!(options.port, 8000, "{flag}");
    }
}

#[test]
fn repeated_flag_adds_to_a_list_and_replaces_anything_else() {
    let options = serve(
        &[
            "--allow-host",
            "a.example",
            "--allow-host=b.example,c.example",
        ],
        &[("WS101_ALLOW_HOST", "unused.example")],
    );
    assert_eq!(options.allow_host, ["a.example", "b.example", "c.example"]);
    let origins = "https://a.example, http://b.example:81,null";
    let options = serve(&[], &[("WS101_ALLOW_ORIGIN", origins)]);
    let expected = ["https://a.example", "http://b.example:81", "null"];
    assert_eq!(options.allow_origin, expected);
    assert_eq!(serve(&["--port", "1", "--port", "2"], &[]).port, 2);
}

#[test]
fn folder_need_not_be_utf8_but_text_must() {
    let raw = OsString::from_vec(b"\xffsite".to_vec());
    let arguments = |flag: &str| [OsString::from(flag), raw.clone()];
    match parse(arguments("--www"), |_| None) {
        Ok(Invocation::Serve(options)) => assert_eq!(options.www.as_deref(), Some(Path::new(&raw))),
        other => panic!("{other:?}"),
    }
    let error = parse(arguments("--host"), |_| None)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("--host: ") && error.contains("UTF-8"),
        "{error}"
    );
}

// ------------------------------------------------------------------ complaints

#[test]
fn unknown_flag_names_the_nearest() {
    for (argument, nearest) in [
        ("--prot", "--port"),
        ("--prt=80", "--port"),
        ("--Port", "--port"),
        ("--hots", "--host"),
        ("--ping-intervall", "--ping-interval"),
        ("--ping", "--ping-interval"),
        ("--queue-bytes", "--max-queue-bytes"),
        ("--max-mesage-byte", "--max-message-bytes"),
        ("--allow-orgin", "--allow-origin"),
        ("--log-level", "--log"),
        ("--hepl", "--help"),
        ("--verison", "--version"),
        ("-p", "--port"),
    ] {
        let message = refusal(&[argument]);
        let given = argument.split('=').next().unwrap();
        let expected = format!("unknown flag {given:?}: did you mean {nearest}?");
        assert_eq!(message, expected);
    }
    for argument in ["--zzzzzz", "-x", "--="] {
        let given = argument.trim_end_matches('=');
        let expected = format!("unknown flag {given:?}: ws101 --help lists the flags");
        assert_eq!(refusal(&[argument]), expected);
    }
}

#[test]
fn unknown_command_and_stray_argument_are_refused() {
    let message = refusal(&["sevre"]);
    assert_eq!(message, "unknown command \"sevre\": did you mean serve?");
    let message = refusal(&["help", "seve"]);
    assert_eq!(message, "unknown command \"seve\": did you mean serve?");
    assert!(refusal(&["8080"]).starts_with("unknown command \"8080\": "));
    assert!(refusal(&["a\nb"]).starts_with("unknown command \"a\\nb\": "));
    assert!(refusal(&["serve", "8080"]).starts_with("unexpected argument \"8080\": "));
    assert!(refusal(&["--", "--port"]).starts_with("unknown command \"--port\": "));
}

#[test]
fn missing_value_is_named_with_its_unit() {
    for &(flag, unit, ..) in FLAGS {
        let argument = format!("--{flag}");
        let expected = format!("{argument} needs a value: {argument} {unit}");
        assert_eq!(refusal(&[&argument]), expected);
        // The next flag is not taken for the value.
        assert_eq!(refusal(&[&argument, "--log=info"]), expected);
    }
}

#[test]
fn bad_value_names_flag_or_variable_and_what_is_right() {
    for (flag, values, way_out) in [
        ("port", "-1 65536 80a +80 8_0 0x50", "give 1 to 65535, or 0"),
        ("host", "http://localhost/ a/b", "leave out scheme and path"),
        (
            "host",
            "localhost:80 127.0.0.1:80 [::1]:80",
            "leave out the port",
        ),
        (
            "host",
            "-a a..b 1.2.3 999.1.1.1 [1.2.3.4] [x] ü *",
            "as in 127.0.0.1",
        ),
        (
            "allow-host",
            "https://a.example",
            "leave out scheme and path",
        ),
        ("allow-host", "a.example:80", "leave out the port"),
        ("allow-host", "*.example a!b", "chat.example.org"),
        (
            "allow-origin",
            "https://a.example/ https://a.example/x https:// https://a.example:99999 https://::1 http://fe80::1:80 \
             https://a.example: https://u@a.example ://a.example https://*",
            "without a path or a final slash",
        ),
        (
            "allow-origin",
            "a.example a.example:80 **",
            "starts with a scheme",
        ),
        (
            "log",
            "loud 3",
            "give off, error, warn, info, debug or trace",
        ),
        (
            "max-connections",
            "x 1k 1.5 -1 +1 1_000 0x10 many",
            "give digits only, as in 500",
        ),
        (
            "max-head-bytes",
            "x 1.5k 16K 16kb k -1 ++1 0x10",
            "give bytes, or a number with k or m, as in 512, 64k, 16m",
        ),
        (
            "head-timeout",
            "x 1.5s 1h -1 s 10S 5sec",
            "give seconds, or a number with ms, s or m, as in 500ms, 20s, 2m",
        ),
    ] {
        for value in values.split_whitespace() {
            let message = refusal(&[&format!("--{flag}={value}")]);
            assert!(
                message.starts_with(&format!("--{flag}: {value:?} is n")),
                "{message}"
            );
            assert!(message.contains(way_out), "{message}");
            let name = variable(flag);
            let by_variable = run(&[], &[(&name, value)]).unwrap_err();
            let same = message.replacen(&format!("--{flag}: "), &format!("{name}: "), 1);
            assert_eq!(by_variable, same);
        }
    }
}

#[test]
fn empty_value_is_refused() {
    for &(flag, ..) in FLAGS {
        let message = refusal(&[&format!("--{flag}=")]);
        assert!(message.starts_with(&format!("--{flag}: ")), "{message}");
    }
    let message = refusal(&["--allow-host=a.example,,b.example"]);
    assert!(
        message.starts_with("--allow-host: \"\" is no host name"),
        "{message}"
    );
}

#[test]
fn value_out_of_range_names_the_range() {
    const HUGE: &str = "99999999999999999999999";
    for (flag, least, below, most, above) in [
        ("max-message-bytes", "125", "124", "1024m", "1073741825"),
        ("max-queue-bytes", "512k", "524287", "1024m", "1025m"),
        ("memory-budget-bytes", "64k", "65535", "65536m", "65537m"),
        ("max-head-bytes", "1k", "10", "1m", "1025k"),
        ("max-connections", "1", "1000001", "1000000", "10000000"),
        ("max-handshakes", "1", "1000001", "1000000", "10000000"),
        ("head-timeout", "10ms", "9ms", "60m", "61m"),
        ("keep-alive-timeout", "10ms", "9ms", "60m", "3601"),
        ("write-timeout", "10ms", "1ms", "60m", "3600001ms"),
        ("pong-timeout", "10ms", "9ms", "60m", "61m"),
        ("close-timeout", "10ms", "9ms", "60m", "61m"),
    ] {
        for value in [below, above, HUGE] {
            let expected =
                format!("--{flag}: {value:?} is out of range; allowed is {least} to {most}");
            assert_eq!(refusal(&[&format!("--{flag}={value}")]), expected);
        }
        let expected =
            format!("--{flag}: this cannot be switched off; allowed is {least} to {most}");
        assert_eq!(refusal(&[&format!("--{flag}=0")]), expected);
        for value in [least, most] {
            // So that the one flag that depends on another fits both ends of its range.
            let message = "--max-message-bytes=125";
            serve(&[message, &format!("--{flag}={value}")], &[]);
        }
    }
}

#[test]
fn value_that_overflows_is_out_of_range() {
    // These products are 1024 bytes and 60 seconds in 64-bit arithmetic that wraps.
    for argument in [
        "--max-head-bytes=18014398509481985k",
        "--head-timeout=576460752303423489m",
    ] {
        assert!(
            refusal(&[argument]).contains(" is out of range"),
            "{argument}"
        );
    }
}

#[test]
fn zero_switches_off_what_can_be_off() {
    let options = serve(&["--ping-interval=0s", "--drain-timeout=0"], &[]);
    assert_eq!(options.config.ping_interval, Duration::ZERO);
    assert_eq!(options.config.drain_timeout, Duration::ZERO);
    let options = serve(&["--max-connections-per-ip=0"], &[]);
    assert_eq!(options.config.max_connections_per_ip, 0);
    let options = serve(&["--max-messages-per-second=0"], &[]);
    assert_eq!(options.config.max_messages_per_second, 0);
    let message = refusal(&["--max-connections-per-ip=1000001"]);
    assert!(
        message.ends_with("allowed is 0 (any number) or 1 to 1000000"),
        "{message}"
    );
    let message = refusal(&["--ping-interval=5ms"]);
    let expected = "--ping-interval: \"5ms\" is out of range; allowed is 0 (never) or 10ms to 60m";
    assert_eq!(message, expected);
    let message = refusal(&["--drain-timeout=2000m"]);
    assert!(
        message.ends_with("allowed is 0 (cut at once) or 10ms to 60m"),
        "{message}"
    );
}

#[test]
fn queue_smaller_than_a_message_is_refused() {
    let message = refusal(&["--max-queue-bytes=1m"]);
    assert!(
        message.starts_with("--max-queue-bytes 1m is less than --max-message-bytes 16m: "),
        "{message}"
    );
    serve(&["--max-queue-bytes=1m", "--max-message-bytes=1m"], &[]);
    serve(
        &["--max-queue-bytes=1m"],
        &[("WS101_MAX_MESSAGE_BYTES", "1m")],
    );
    refusal(&["--max-queue-bytes=1m", "--max-message-bytes=1048577"]);
    // Without a limit of its own the queue follows the message.
    serve(&["--max-message-bytes=1024m"], &[]);
}

#[test]
fn hosts_and_origins_are_kept_in_one_spelling() {
    for (value, expected) in [
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("0.0.0.0", "0.0.0.0"),
        ("localhost", "localhost"),
        ("raspberry_pi.local", "raspberry_pi.local"),
    ] {
        assert_eq!(serve(&["--host", value], &[]).host, expected);
    }
    let hosts = serve(&["--allow-host=Chat.Example.ORG,*,[FE80::1]"], &[]).allow_host;
    assert_eq!(hosts, ["chat.example.org", "*", "fe80::1"]);
    for (value, expected) in [
        ("HTTPS://Chat.Example.org", "https://chat.example.org"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("NULL", "null"),
    ] {
        assert_eq!(
            serve(&["--allow-origin", value], &[]).allow_origin,
            [expected]
        );
    }
}

#[test]
fn farewell_is_one_line() {
    let options = serve(&["--farewell", "left — tschüß"], &[]);
    assert_eq!(options.farewell, "left — tschüß");
    assert_eq!(serve(&["--farewell=-- bye"], &[]).farewell, "-- bye");
    let long = "x".repeat(1_001);
    serve(&["--farewell", &long[1..]], &[]);
    for text in ["a\nb", "a\u{7}", "\u{85}", &long] {
        assert!(refusal(&["--farewell", text]).starts_with("--farewell: \""));
    }
}

// ------------------------------------------------------------------ help

#[test]
fn help_lists_every_flag_with_unit_and_default() {
    let text = help();
    let mut entries = Vec::new();
    for line in text.lines().skip_while(|line| *line != "Where to listen:") {
        if let Some(start) = line.strip_prefix("  --") {
            entries.push(start.to_owned());
        } else if line.starts_with("     ") {
            let entry = entries.last_mut().unwrap();
            entry.push(' ');
            entry.push_str(line.trim_start());
        }
    }
    let names: Vec<_> = entries
        .iter()
        .map(|e| e.split(' ').next().unwrap())
        .collect();
    for &(flag, unit, default, ..) in FLAGS {
        let entry = entries
            .iter()
            .find(|entry| entry.starts_with(&format!("{flag} {unit} ")));
        let entry = entry.unwrap_or_else(|| panic!("{flag} {unit} is missing"));
        assert!(entry.ends_with(&format!("(default {default})")), "{entry}");
    }
    assert_eq!(
        names.len(),
        FLAGS.len(),
        "a flag that this test does not know: {names:?}"
    );
}

#[test]
fn help_fits_a_terminal_and_explains_itself() {
    let text = help();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert_eq!(line, line.trim_end());
    }
    for part in [
        "Usage: ws101 [serve] [FLAGS]\n\n",
        "\nWhere to listen:\n",
        "\nPages and chat:\n",
        "\nWho may connect:\n",
        "\nLimits:\n",
        "\nDeadlines, how long the server waits:\n",
        "\nLogs:\n",
        "WS101_PING_INTERVAL",
        "--version",
        "\nExamples:\n",
    ] {
        assert!(text.contains(part), "{part:?}");
    }
    assert!(text.ends_with('\n'));
}

#[test]
fn examples_of_the_help_are_valid() {
    let text = help();
    let (_, examples) = text.split_once("\nExamples:\n").unwrap();
    let mut count = 0;
    for example in examples.lines() {
        let mut words = example.split_whitespace();
        assert_eq!(words.next(), Some("ws101"));
        serve(&words.collect::<Vec<_>>(), &[]);
        count += 1;
    }
    assert_eq!(count, 2);
}

#[test]
fn caps_fit_the_limit_on_open_files() {
    // LIMITS §2: min(10,000, fd soft limit - 16), and 64 refusals at once if there is room.
    for (limit, asked, connections, refusals, is_cut) in [
        (1 << 20, 10_000, 10_000, 64, false),
        (10_074, 10_000, 10_000, 64, false),
        (10_016, 10_000, 10_000, 6, false),
        (10_015, 10_000, 9_999, 6, true),
        (1_024, 10_000, 1_008, 6, true),
        (1_024, 1_000, 1_000, 14, false),
        (256, 1_000_000, 240, 6, true),
        (40, 10_000, 24, 6, true),
        (17, 10_000, 1, 6, true),
        (16, 10_000, 1, 5, true),
        (0, 1, 1, 0, false),
    ] {
        let mut config = Config {
            max_connections: asked,
            ..Config::default()
        };
        assert_eq!(config.fit_open_files(limit), is_cut, "{limit}");
        let caps = (config.max_connections, config.max_refusals);
        assert_eq!(caps, (connections, refusals), "{limit}, {asked} asked for");
    }
}
