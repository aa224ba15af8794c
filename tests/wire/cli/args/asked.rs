//! What is asked for: by flag, by environment, or by nothing at all.

use super::{FLAGS, run, serve, show, stands_alone, variable};
use log::LevelFilter;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;
use ws101::cli::args::{Invocation, parse};

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

fn printed(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    match run(arguments, environment) {
        Ok(Invocation::Print(text)) => text,
        other => panic!("{arguments:?}: {other:?}"),
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
        assert!(printed(arguments, &[]).starts_with("Usage: ws101 "), "{arguments:?}");
    }
    for arguments in [&["--version"][..], &["-V"], &["serve", "--version"]] {
        let version = format!("ws101 {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(printed(arguments, &[]), version, "{arguments:?}");
    }
    // A variable that is wrong must not keep anybody from the help that explains it.
    let wrong = [("WS101_PORT", "x")];
    assert!(printed(&["help"], &wrong).starts_with("Usage: ws101 "));
}

#[test]
fn every_flag_works_in_every_form() {
    for &(flag, _, _, value, expected) in FLAGS {
        let joined = format!("--{flag}={value}");
        assert_eq!(show(flag, &serve(&[&joined], &[])), expected, "{joined}");
        if !stands_alone(flag) {
            let apart = [&format!("--{flag}"), value];
            assert_eq!(show(flag, &serve(&apart, &[])), expected, "{apart:?}");
            let after = ["serve", apart[0], value];
            assert_eq!(show(flag, &serve(&after, &[])), expected, "{after:?}");
        }
        let name = variable(flag);
        let by_variable = serve(&[], &[(&name, value)]);
        assert_eq!(show(flag, &by_variable), expected, "{name}");
    }
}

#[cfg(feature = "tools")]
#[test]
fn a_flag_that_stands_alone_takes_no_other_argument() {
    let options = serve(&["--trace-full", "--trace", "--port", "9", "--trace-secrets"], &[]);
    assert_eq!((options.trace_full, options.trace_secrets, options.port), (true, true, 9));
    assert_eq!(show("trace", &options), "Fields");
    assert!(!options.trace_no_time);
    // The flag wins, also where it says no.
    let options =
        serve(&["--trace-full=off", "--trace=off"], &[("WS101_TRACE_FULL", "1"), ("WS101_TRACE", "hex")]);
    assert_eq!((options.trace_full, show("trace", &options).as_str()), (false, "Off"));
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
        &["--allow-host", "a.example", "--allow-host=b.example,c.example"],
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
    let error = parse(arguments("--host"), |_| None).unwrap_err().to_string();
    assert!(error.starts_with("--host: ") && error.contains("UTF-8"), "{error}");
}
