//! The text of `--help`: complete, and true.

use super::{FLAGS, help, serve};

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
    let names: Vec<_> = entries.iter().map(|e| e.split(' ').next().unwrap()).collect();
    for &(flag, unit, default, ..) in FLAGS {
        let written = match unit {
            "" | "[=FORM]" => format!("{flag}{unit} "),
            _ => format!("{flag} {unit} "),
        };
        let entry = entries.iter().find(|entry| entry.starts_with(&written));
        let entry = entry.unwrap_or_else(|| panic!("{flag} {unit} is missing"));
        assert!(entry.ends_with(&format!("(default {default})")), "{entry}");
    }
    assert_eq!(names.len(), FLAGS.len(), "a flag that this test does not know: {names:?}");
}

#[test]
fn help_fits_a_terminal_and_explains_itself() {
    let text = help();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert_eq!(line, line.trim_end());
    }
    for part in [
        "Usage: ws101 [serve] [FLAGS]\n",
        "\nWhere to listen:\n",
        "\nPages and chat:\n",
        "\nWho may connect:\n",
        "\nLimits:\n",
        "\nDeadlines, how long the server waits:\n",
        "\nLogs:\n",
        #[cfg(feature = "tools")]
        "\nTrace:\n",
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
