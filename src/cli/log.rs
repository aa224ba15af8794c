//! The log: lines to stderr, each with its time, and never waiting for a reader.

use super::outlet::Outlet;
use log::LevelFilter;
use simplelog::{ConfigBuilder, WriteLogger};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// How the log writes a time (RFC 3339), always as long.
const TIME: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Logs to stderr from now on: everything that is at least as severe as `level`.
///
/// Returns whether the log owes lines, now and later. Somebody should flush it while it does.
pub fn start(level: LevelFilter) -> Arc<AtomicBool> {
    let config = ConfigBuilder::new()
        .set_time_format_custom(TIME)
        .set_thread_level(LevelFilter::Off)
        .set_target_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .build();
    let stderr = Outlet::new(io::stderr(), lost_lines);
    let owes = Arc::clone(&stderr.owes);
    // Fails only if there is a logger already.
    let _ = WriteLogger::init(level, config, stderr);
    owes
}

/// The line of the log that says how many were lost.
pub(super) fn lost_lines(count: u64) -> String {
    let time = OffsetDateTime::now_utc().format(TIME).unwrap_or_default();
    let lines = if count == 1 { "line was" } else { "lines were" };
    format!("{time} [WARN] {count} {lines} lost: nobody read the log\n")
}
