//! Variables that begin with `WS101_` and set nothing: mistakes, and what Kubernetes sets for a service.

use super::{FLAGS, run, serve, variable};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use ws101::cli::unknown::variables as unknown_variables;

fn complaints(variables: &[(&str, &str)]) -> Vec<String> {
    let pairs = variables.iter();
    unknown_variables(pairs.map(|(name, value)| (name.into(), value.into())))
}

/// What Kubernetes gives to containers beside a service named `ws101` with the ports `http` and 9000,
/// and beside one named `ws101-chat`.
const KUBERNETES: &[(&str, &str)] = &[
    ("WS101_PORT", "tcp://10.0.0.1:8000"),
    ("WS101_SERVICE_HOST", "10.0.0.1"),
    ("WS101_SERVICE_PORT", "8000"),
    ("WS101_SERVICE_PORT_HTTP", "8000"),
    ("WS101_SERVICE_PORT_METRICS_2", "9000"),
    ("WS101_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
    ("WS101_PORT_8000_TCP_PROTO", "tcp"),
    ("WS101_PORT_8000_TCP_PORT", "8000"),
    ("WS101_PORT_8000_TCP_ADDR", "10.0.0.1"),
    ("WS101_PORT_9000_UDP", "udp://10.0.0.1:9000"),
    ("WS101_PORT_9000_UDP_PORT", "9000"),
    ("WS101_CHAT_SERVICE_HOST", "10.0.0.2"),
    ("WS101_CHAT_SERVICE_PORT", "80"),
    ("WS101_CHAT_PORT", "tcp://10.0.0.2:80"),
    ("WS101_CHAT_PORT_80_TCP_ADDR", "10.0.0.2"),
];

#[test]
fn address_of_a_service_is_not_taken_for_the_port() {
    for link in ["tcp://10.0.0.1:8000", "udp://10.0.0.1:9000", "sctp://10.0.0.1:1", "tcp://[fd00::1]:8000"] {
        let options = serve(&[], &[("WS101_PORT", link)]);
        assert_eq!(options.port, 8000);
        let [line] = &options.ignored[..] else {
            panic!("{:?}", options.ignored);
        };
        let named = format!("WS101_PORT={link} is ignored: Kubernetes ");
        assert!(line.starts_with(&named) && !line.contains('\n'), "{line}");
        assert!(line.contains("--port"), "{line}");
    }
    // A variable that is not used is not judged.
    let options = serve(&["--port=9000"], &KUBERNETES[..1]);
    assert_eq!((options.port, options.ignored.len()), (9000, 0));
    assert_eq!(serve(&[], &[("WS101_PORT", "9000")]).ignored.len(), 0);
}

#[test]
fn only_that_value_of_that_variable_is_passed_over() {
    for value in [
        "tcp://10.0.0.1",
        "tcp://ws101:8000",
        "tcp://10.0.0.1:x",
        "tcp://10.0.0.1:8000/",
        "http://10.0.0.1:8000",
        "://10.0.0.1:8000",
        "10.0.0.1:8000",
        "tcp://10.0.0.1:8000\n",
    ] {
        let message = run(&[], &[("WS101_PORT", value)]).expect_err(value);
        assert!(message.starts_with("WS101_PORT: "), "{message}");
    }
    for &(flag, ..) in FLAGS {
        // These take any text.
        if !["port", "www", "farewell", "trace-file"].contains(&flag) {
            let name = variable(flag);
            let message = run(&[], &[(&name, "tcp://10.0.0.1:8000")]);
            // An origin may have any scheme.
            assert_eq!(message.is_ok(), flag == "allow-origin", "{name}");
        }
    }
    // As a flag it is a mistake.
    run(&["--port=tcp://10.0.0.1:8000"], &[]).unwrap_err();
}

#[test]
fn variable_that_no_flag_has_is_named_with_the_nearest() {
    for (name, meant) in [
        ("WS101_MAX_CONECTIONS", "WS101_MAX_CONNECTIONS"),
        ("WS101_PING", "WS101_PING_INTERVAL"),
        ("WS101_PROT", "WS101_PORT"),
        ("WS101_Port", "WS101_PORT"),
        ("WS101_ALLOWED_HOST", "WS101_ALLOW_HOST"),
        ("WS101_LOG_LEVEL", "WS101_LOG"),
        ("WS101_PORT_8000", "WS101_PORT"),
    ] {
        let expected = format!("{name} sets nothing: did you mean {meant}?");
        assert_eq!(complaints(&[(name, "5")]), [expected]);
    }
    let [line] = &complaints(&[("WS101_ZZZZZZ", "5")])[..] else {
        panic!("one line");
    };
    assert!(line.starts_with("WS101_ZZZZZZ sets nothing: ws101 --help "), "{line}");
    let two = complaints(&[("WS101_PROT", "1"), ("WS101_HOTS", "x")]);
    assert!(two[0].starts_with("WS101_HOTS ") && two[1].starts_with("WS101_PROT "));
}

#[test]
fn what_is_no_mistake_is_not_complained_about() {
    let empty: &[String] = &[];
    for &(flag, _, _, value, _) in FLAGS {
        assert_eq!(complaints(&[(&variable(flag), value)]), empty);
    }
    for variable in KUBERNETES {
        assert_eq!(complaints(&[*variable]), empty, "{variable:?}");
    }
    for name in ["PATH", "WS101", "ws101_port", "XWS101_PROT", "WS1010_X"] {
        assert_eq!(complaints(&[(name, "5")]), empty, "{name}");
    }
    // Service units clear a variable by setting it to nothing.
    assert_eq!(complaints(&[("WS101_PROT", "")]), empty);
}

#[test]
fn complaint_is_one_line_whatever_the_name_is() {
    let name = OsString::from_vec(b"WS101_A\nB\x1b\xff".to_vec());
    let lines = unknown_variables([(name, "5".into())]);
    assert_eq!(lines.len(), 1);
    assert!(!lines[0].chars().any(char::is_control), "{:?}", lines[0]);
}

#[cfg(not(feature = "deflate"))]
#[test]
fn variable_of_another_build_is_explained() {
    let [line] = &complaints(&[("WS101_DEFLATE_LEVEL", "5")])[..] else {
        panic!("one line");
    };
    assert!(line.contains("built without compression"), "{line}");
}
