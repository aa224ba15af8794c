//! What is said of a command line that cannot be understood: one line, and the way out.

use super::{FLAGS, refusal, run, stands_alone, variable};

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
    for &(flag, unit, ..) in FLAGS.iter().filter(|(flag, ..)| !stands_alone(flag)) {
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
        ("host", "localhost:80 127.0.0.1:80 [::1]:80", "leave out the port"),
        ("host", "-a a..b 1.2.3 999.1.1.1 [1.2.3.4] [x] ü *", "as in 127.0.0.1"),
        ("allow-host", "https://a.example", "leave out scheme and path"),
        ("allow-host", "a.example:80", "leave out the port"),
        ("allow-host", "*.example a!b", "chat.example.org"),
        (
            "allow-origin",
            "https://a.example/ https://a.example/x https:// https://a.example:99999 https://::1 http://fe80::1:80 \
             https://a.example: https://u@a.example ://a.example https://*",
            "without a path or a final slash",
        ),
        ("allow-origin", "a.example a.example:80 **", "starts with a scheme"),
        ("log", "loud 3", "give off, error, warn, info, debug or trace"),
        ("max-connections", "x 1k 1.5 -1 +1 1_000 0x10 many", "give digits only, as in 500"),
        (
            "max-head-bytes",
            "x 1.5k 16K 16kb 1G 1gb g k -1 ++1 0x10",
            "give bytes, or a number with k, m or g, as in 512, 64k, 16m",
        ),
        (
            "head-timeout",
            "x 1.5s 1h -1 s 10S 5sec",
            "give seconds, or a number with ms, s or m, as in 500ms, 20s, 2m",
        ),
    ] {
        for value in values.split_whitespace() {
            let message = refusal(&[&format!("--{flag}={value}")]);
            assert!(message.starts_with(&format!("--{flag}: {value:?} is n")), "{message}");
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
    assert!(message.starts_with("--allow-host: \"\" is no host name"), "{message}");
}
