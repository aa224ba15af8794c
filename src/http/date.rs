//! Reads and writes dates in header fields (RFC 9110 §5.6.7).
//!
//! Skip this file on a first reading. A date is the seconds since 1970-01-01 00:00:00 UTC. It is written
//! as `Sun, 06 Nov 1994 08:49:37 GMT`, and read in all three forms that a recipient must know.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::parsing::Parsed;
use time::{OffsetDateTime, PrimitiveDateTime};

type Form = [BorrowedFormatItem<'static>];

const IMF_FIXDATE: &Form =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
/// `Sunday, 06-Nov-94 08:49:37 GMT`, obsolete.
const RFC850_DATE: &Form = format_description!(
    "[weekday], [day]-[month repr:short]-[year repr:last_two] [hour]:[minute]:[second] GMT"
);
/// `Sun Nov  6 08:49:37 1994`, obsolete.
const ASCTIME_DATE: &Form = format_description!(
    "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
);

/// The IMF-fixdate of a moment: 29 ASCII bytes. A moment after the year 9999 is written as 1970.
pub fn format(unix_seconds: u64) -> String {
    i64::try_from(unix_seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .format(IMF_FIXDATE)
        .unwrap_or_default()
}

/// The moment that a date names. `None`: it is no date, or one before 1970.
///
/// A year of two digits is at most 50 years after `now` (seconds since 1970).
pub fn parse(text: &str, now: u64) -> Option<u64> {
    let date = PrimitiveDateTime::parse(text, IMF_FIXDATE)
        .or_else(|_| PrimitiveDateTime::parse(text, ASCTIME_DATE))
        .ok()
        .or_else(|| parse_rfc850(text, now))?;
    u64::try_from(date.assume_utc().unix_timestamp()).ok()
}

fn parse_rfc850(text: &str, now: u64) -> Option<PrimitiveDateTime> {
    let mut parsed = Parsed::new();
    let rest = parsed.parse_items(text.as_bytes(), RFC850_DATE).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let now = OffsetDateTime::from_unix_timestamp(i64::try_from(now).ok()?).ok()?;
    let in_century = i32::from(parsed.year_last_two()?);
    let latest = now.year() + 50;
    // The last year that ends in these two digits and is not after `latest`.
    let year = latest - (latest - in_century).rem_euclid(100);
    parsed.set_year(year)?;
    parsed.try_into().ok()
}

/// The value of `Date`, which is made only once in each second.
#[derive(Debug, Default)]
pub struct DateCache {
    unix_seconds: Option<u64>,
    text: String,
}

impl DateCache {
    /// The IMF-fixdate of this second.
    pub fn at(&mut self, unix_seconds: u64) -> &str {
        if self.unix_seconds != Some(unix_seconds) {
            self.text = format(unix_seconds);
            self.unix_seconds = Some(unix_seconds);
        }
        &self.text
    }
}
