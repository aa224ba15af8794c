//! Lines for a pipe that nobody reads.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::atomic::Ordering::Relaxed;
use ws101::cli::outlet::Outlet;

fn notice(lost: u64) -> String {
    format!("{lost} lost\n")
}

/// Lines of a hundred bytes, until some are lost; how many there were.
fn fill(outlet: &mut Outlet<PipeWriter>) -> usize {
    let mut lines = 0;
    while !outlet.owes.load(Relaxed) || !lines.to_string().ends_with('7') {
        // In pieces, as the log writes them.
        write!(outlet, "{lines:>90}").unwrap();
        outlet.write_all(b" the end").unwrap();
        outlet.write_all(b".\n").unwrap();
        lines += 1;
        assert!(lines < 1_000_000, "no pipe holds that much");
    }
    lines
}

/// All that is in the pipe.
fn drained(reader: &mut PipeReader, outlet: &mut Outlet<PipeWriter>) -> String {
    // Something to stop at: the pipe does not end.
    let mut text = Vec::new();
    let mut piece = [0; 4_096];
    while !text.ends_with(b" lost\n") {
        let len = reader.read(&mut piece).unwrap();
        text.extend_from_slice(&piece[..len]);
        outlet.flush().unwrap();
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn lines_are_whole_and_those_that_are_lost_are_counted() {
    let (mut reader, writer) = pipe().unwrap();
    let mut outlet = Outlet::new(writer, notice);
    assert!(!outlet.owes.load(Relaxed));
    for round in 0..3 {
        let lines = fill(&mut outlet);
        let text = drained(&mut reader, &mut outlet);
        assert!(!outlet.owes.load(Relaxed));
        let told: Vec<&str> = text.lines().collect();
        let (last, told) = told.split_last().unwrap();
        for (number, line) in told.iter().enumerate() {
            assert_eq!(*line, format!("{number:>90} the end."), "round {round}");
        }
        let lost = last.strip_suffix(" lost").unwrap().parse::<usize>().unwrap();
        assert_eq!(told.len() + lost, lines, "round {round}");
    }
}

#[test]
fn next_line_that_fits_comes_after_the_one_that_tells_of_the_lost() {
    let (mut reader, writer) = pipe().unwrap();
    let mut outlet = Outlet::new(writer, notice);
    fill(&mut outlet);
    // The pipe is empty again before anybody has tried.
    let mut text = Vec::new();
    let mut piece = [0; 4_096];
    while !text.ends_with(b"the end.\n") || outlet.owes.load(Relaxed) {
        let len = reader.read(&mut piece).unwrap();
        text.extend_from_slice(&piece[..len]);
        if text.ends_with(b"the end.\n") {
            outlet.write_all(b"again\n").unwrap();
        }
    }
    drop(outlet);
    reader.read_to_end(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let mut last = text.lines().rev();
    assert_eq!(last.next(), Some("again"));
    assert!(last.next().unwrap().ends_with(" lost"));
}

#[test]
fn line_longer_than_a_pipe_takes_at_once_is_finished_later() {
    let (mut reader, writer) = pipe().unwrap();
    let mut outlet = Outlet::new(writer, notice);
    let long = format!("{}\n", "x".repeat(1 << 20));
    outlet.write_all(long.as_bytes()).unwrap();
    outlet.write_all(b"lost\n").unwrap();
    assert!(outlet.owes.load(Relaxed));
    let text = drained(&mut reader, &mut outlet);
    assert!(text == format!("{long}1 lost\n"), "{} bytes", text.len());
}

#[test]
fn pipe_without_a_reader_owes_nothing() {
    let (reader, writer) = pipe().unwrap();
    let mut outlet = Outlet::new(writer, notice);
    fill(&mut outlet);
    drop(reader);
    outlet.write_all(b"for nobody\n").unwrap();
    assert!(!outlet.owes.load(Relaxed));
}

#[test]
fn line_without_its_end_waits_for_it() {
    let (mut reader, writer) = pipe().unwrap();
    let mut outlet = Outlet::new(writer, notice);
    outlet.write_all(b"begun").unwrap();
    outlet.flush().unwrap();
    outlet.write_all(b" and ended\nnot ended").unwrap();
    outlet.write_all(b" yet\n").unwrap();
    outlet.write_all(b"never").unwrap();
    drop(outlet);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "begun and ended\nnot ended yet\n");
}
