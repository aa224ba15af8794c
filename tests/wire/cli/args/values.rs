//! Values: how large they may be, which fit together, and in which spelling they are kept.

use super::{refusal, serve};
use std::time::Duration;
use ws101::config::Config;

#[test]
fn value_out_of_range_names_the_range() {
    const HUGE: &str = "99999999999999999999999";
    for (flag, least, below, most, above) in [
        ("max-message-bytes", "125", "124", "1g", "1073741825"),
        ("max-queue-bytes", "512k", "524287", "1g", "2g"),
        ("memory-budget-bytes", "64k", "65535", "64g", "65g"),
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
            let expected = format!("--{flag}: {value:?} is out of range; allowed is {least} to {most}");
            assert_eq!(refusal(&[&format!("--{flag}={value}")]), expected);
        }
        let expected = format!("--{flag}: this cannot be switched off; allowed is {least} to {most}");
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
    // These products are 1024 bytes, 1 GiB and 60 seconds in 64-bit arithmetic that wraps.
    for argument in [
        "--max-head-bytes=18014398509481985k",
        "--memory-budget-bytes=17179869185g",
        "--head-timeout=576460752303423489m",
    ] {
        assert!(refusal(&[argument]).contains(" is out of range"), "{argument}");
    }
}

#[test]
fn gigabytes_are_1024_megabytes() {
    let message = serve(&["--max-message-bytes=1g"], &[]).config;
    assert_eq!(message.max_message_bytes, 1 << 30);
    assert_eq!(message.queue_limit_bytes(), 2 << 30);
    let queue = serve(&["--max-queue-bytes", "1g"], &[]).config;
    assert_eq!(queue.max_queue_bytes, Some(1 << 30));
    for (text, bytes) in [("2g", 2_u64 << 30), ("4g", 4 << 30), ("64g", 64 << 30)] {
        let config = serve(&["--memory-budget-bytes", text], &[]).config;
        // What a 32-bit machine cannot hold, it cannot exceed either.
        let expected = usize::try_from(bytes).unwrap_or(usize::MAX);
        assert_eq!(config.memory_budget_bytes, expected, "{text}");
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
    assert!(message.ends_with("allowed is 0 (any number) or 1 to 1000000"), "{message}");
    let message = refusal(&["--ping-interval=5ms"]);
    let expected = "--ping-interval: \"5ms\" is out of range; allowed is 0 (never) or 10ms to 60m";
    assert_eq!(message, expected);
    let message = refusal(&["--drain-timeout=2000m"]);
    assert!(message.ends_with("allowed is 0 (cut at once) or 10ms to 60m"), "{message}");
}

#[test]
fn queue_smaller_than_a_message_is_refused() {
    let message = refusal(&["--max-queue-bytes=1m"]);
    assert!(message.starts_with("--max-queue-bytes 1m is less than --max-message-bytes 16m: "), "{message}");
    serve(&["--max-queue-bytes=1m", "--max-message-bytes=1m"], &[]);
    serve(&["--max-queue-bytes=1m"], &[("WS101_MAX_MESSAGE_BYTES", "1m")]);
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
    let hosts = serve(&["--allow-host=Chat.Example.ORG,*,[FE80::1],Pi.local."], &[]).allow_host;
    assert_eq!(hosts, ["chat.example.org", "*", "fe80::1", "pi.local"]);
    for (value, expected) in [
        ("HTTPS://Chat.Example.org", "https://chat.example.org"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("NULL", "null"),
    ] {
        assert_eq!(serve(&["--allow-origin", value], &[]).allow_origin, [expected]);
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

#[test]
fn caps_fit_the_limit_on_open_files() {
    // At most the limit minus 16 connections, and 64 refusals at once if there is room.
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
        let mut config = Config { max_connections: asked, ..Config::default() };
        assert_eq!(config.fit_open_files(limit), is_cut, "{limit}");
        let caps = (config.max_connections, config.tuning.max_refusals);
        assert_eq!(caps, (connections, refusals), "{limit}, {asked} asked for");
    }
}
