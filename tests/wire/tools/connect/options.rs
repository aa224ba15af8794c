//! The command line, and URLs.

use std::time::Duration;
use ws101::config::TraceForm;
use ws101::tools::connect::options::Settings;
use ws101::tools::connect::outgoing::Masking;
use ws101::tools::connect::script::Step;
use ws101::tools::connect::url::Url;

fn read(arguments: &[&str]) -> Result<Settings, String> {
    let settings = Settings::read(arguments.iter().map(Into::into).collect());
    settings.map_err(|complaint| complaint.unwrap_err())
}

#[test]
fn urls_are_taken_apart() {
    for (text, host, port, is_secure, target, authority) in [
        ("ws://example.org", "example.org", 80, false, "/", "example.org"),
        ("ws://example.org:80/a?b=c d", "example.org", 80, false, "/a?b=c%20d", "example.org"),
        ("WS://127.0.0.1:8000/echo", "127.0.0.1", 8000, false, "/echo", "127.0.0.1:8000"),
        ("ws://[::1]:9/x", "::1", 9, false, "/x", "[::1]:9"),
        ("ws://[::1]", "::1", 80, false, "/", "[::1]"),
        ("wss://example.org?q", "example.org", 443, true, "/?q", "example.org"),
        ("wss://example.org:80", "example.org", 80, true, "/", "example.org:80"),
        ("http://example.org:/ä", "example.org", 80, false, "/%C3%A4", "example.org"),
        ("https://example.org/", "example.org", 443, true, "/", "example.org"),
        ("localhost:8000/echo", "localhost", 8000, false, "/echo", "localhost:8000"),
    ] {
        let url = Url::read(text).unwrap();
        assert_eq!(url.authority(), authority, "{text}");
        let Url { host: h, port: p, is_secure: s, target: t } = url;
        assert_eq!((h.as_str(), p, s, t.as_str()), (host, port, is_secure, target), "{text}");
    }
    for (text, hint) in [
        ("ftp://x/", "ws or wss"),
        ("ws://", "no host"),
        ("/echo", "no host"),
        ("ws://:80/", "no host"),
        ("ws://x:0/", "1 to 65535"),
        ("ws://x:65536/", "1 to 65535"),
        ("ws://x:+5/", "1 to 65535"),
        ("ws://x:8a/", "1 to 65535"),
        ("ws://::1/", "no host"),
        ("ws://[::1]8/", "1 to 65535"),
        ("ws://x/#y", "%23"),
        ("ws://me:secret@x/", "Authorization"),
        ("ws://x y/", "no host"),
        ("ws://x/\r\nHost: y", "control character"),
    ] {
        let complaint = Url::read(text).unwrap_err();
        assert!(complaint.contains(hint) && complaint.contains("as in ws://"), "{complaint}");
        assert_eq!(complaint.lines().count(), 1);
    }
}

#[test]
fn flags_say_what_to_do() {
    let plain = read(&["ws://x"]).unwrap();
    assert!(plain.steps.is_none() && !plain.one && !plain.deflate && plain.form.is_none());
    assert_eq!((plain.timeout, plain.masking), (Duration::from_secs(10), Masking::Random));
    assert_eq!((plain.host.as_str(), plain.max_message_bytes), ("x", 16 << 20));

    let all = read(&[
        "--send",
        "a",
        "--expect=b",
        "--send",
        "-c",
        "--one",
        "ws://x:1/",
        "--header",
        "A: b: c",
        "--header=host: y",
        "--origin",
        "http://z",
        "--protocol",
        "p,q",
        "--protocol",
        "r",
        "--no-mask",
        "--timeout",
        "500ms",
        "--max-message-bytes",
        "64k",
        "--trace=json",
        "--via",
        "cat",
    ])
    .unwrap();
    let step = |text: &str| Step::Send(text.to_owned());
    assert_eq!(all.steps, Some(vec![step("a"), Step::Expect("b".into()), step("-c"), Step::One]));
    assert_eq!(all.host, "y");
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(all.fields, [field("Origin", "http://z"), field("A", "b: c")]);
    assert_eq!(all.protocols, ["p", "q", "r"]);
    assert_eq!((all.timeout, all.masking), (Duration::from_millis(500), Masking::Off));
    assert_eq!((all.max_message_bytes, all.form), (64 << 10, Some(TraceForm::Json)));
    assert_eq!(all.via.as_deref(), Some("cat"));
    assert_eq!(read(&["--trace", "ws://x"]).unwrap().form, Some(TraceForm::Short));
    assert_eq!(read(&["--trace=off", "ws://x"]).unwrap().form, Some(TraceForm::Off));
    assert_eq!(read(&["--deflate", "ws://x"]).is_ok(), cfg!(feature = "deflate"));
}

#[test]
fn complaints_are_one_line_with_the_way_out() {
    for (arguments, hint) in [
        (&[][..], "give one URL"),
        (&["ws://x", "ws://y"], "give one URL"),
        (&["--sen", "x", "ws://x"], "--send"),
        (&["--send"], "--send TEXT"),
        (&["--header", "A", "ws://x"], "'Name: value'"),
        (&["--header", "A b: c", "ws://x"], "'Name: value'"),
        (&["--header", "A: b\r\nC: d", "ws://x"], "control character"),
        (&["--header", "Upgrade: h2c", "ws://x"], "a part of the handshake"),
        (&["--origin", "a\nb", "ws://x"], "control character"),
        (&["--protocol", "a b", "ws://x"], "chat"),
        (&["--timeout", "0", "ws://x"], "500ms, 20s, 2m"),
        (&["--timeout", "soon", "ws://x"], "500ms, 20s, 2m"),
        (&["--max-message-bytes", "9", "ws://x"], "64k, 16m"),
        (&["--trace=long", "ws://x"], "short, fields, hex, json or off"),
        (&["--one", "--expect", "x", "ws://x"], "add --send"),
    ] {
        let complaint = read(arguments).unwrap_err();
        assert!(complaint.contains(hint), "{arguments:?}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
}

#[test]
fn help_fits_a_terminal_and_names_every_exit_status() {
    let Err(Ok(help)) = Settings::read(vec!["--help".into()]) else { panic!("no help") };
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    for status in ["0 the connection", "1 it was not", "2 the command", "3 there is no", "4 the handshake"] {
        assert!(help.contains(status), "{status}");
    }
}
