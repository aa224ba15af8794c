//! The table of a frame: `offset  bytes  bits  field  value`.

use super::page::{Ink, Page, WIDTH, chopped, width, wrapped};
use super::rows::{Row, rows};
use crate::tools::fields::{Field, fields};
use crate::tools::json::bits_of;
use crate::tools::rules::Rule;
use crate::tools::unit::{Unit, What};
use std::ops::Range;

const BYTES: usize = 8;
const BITS: usize = 25;
const VALUE: usize = 52;
const NOTE: usize = 58;
/// A longer value is shortened: characters at its beginning, and at its end.
const LONG: (usize, usize) = (84, 28);

/// Prints the fields of a unit that begins at this byte.
pub(super) fn table(page: &mut Page<'_>, unit: &Unit, at: u64) {
    page.line(&format!("{:<8}{:<17}{:<10}{:<17}value", "offset", "bytes", "bits", "field"), Ink::Faint);
    let mut before = None;
    for field in fields(unit) {
        let is_new = !field.is_derived && before != Some(field.offset);
        before = if field.is_derived { before } else { Some(field.offset) };
        match field.bits {
            Some(bits) => of_bits(page, &field, bits, is_new.then_some(at + field.offset)),
            None => of_bytes(page, &field, unit, at),
        }
    }
}

/// A line of the table.
fn line(offset: Option<u64>, bytes: &str, bits: &str, name: &str, value: &str) -> String {
    let offset = offset.map(|offset| format!("{offset:>6}")).unwrap_or_default();
    let bytes = match bits {
        "" => format!("{bytes:<27}"),
        bits => format!("{bytes:<17}{bits:<10}"),
    };
    // The longest name fills its column.
    let gap = if name.len() < 17 { "" } else { " " };
    format!("{offset:<8}{bytes}{name:<17}{gap}{value}")
}

fn of_bits(page: &mut Page<'_>, field: &Field, bits: u8, offset: Option<u64>) {
    let byte = field.bytes.first.first().map(|byte| format!("{byte:02x}"));
    let byte = byte.filter(|_| offset.is_some()).unwrap_or_default();
    let mut values = values(field).into_iter();
    let first = values.next().unwrap_or_default();
    page.line(&line(offset, &byte, &bits_of(&field.bytes, bits), &field.name, &first), Ink::Plain);
    values.for_each(|value| page.line(&line(None, "", "", "", &value), Ink::Plain));
    let Some(rule) = &field.rule else { return };
    // Of several reserved bits those that are set.
    let set = bits & field.bytes.first.first().copied().unwrap_or_default();
    let marked = if bits.count_ones() == 3 && set != 0 { set } else { bits };
    let marks: String = (0..8).rev().map(|bit| if marked >> bit & 1 == 1 { '^' } else { ' ' }).collect();
    broken(page, BITS, &marks, rule);
}

fn of_bytes(page: &mut Page<'_>, field: &Field, unit: &Unit, at: u64) {
    let rule = field.rule.as_ref();
    let wrong = rule.map(|rule| wrong(field, unit, rule));
    let rows = rows(&field.bytes, field.indent, wrong);
    let mut values = values(field).into_iter();
    let last = rows.len().saturating_sub(1);
    let mut is_told = false;
    for (index, Row { at: start, text, marks }) in rows.into_iter().enumerate() {
        let offset = (!field.is_derived).then_some(at + field.offset + start);
        let name = if index == 0 { field.name.as_str() } else { "" };
        let value = values.next().unwrap_or_default();
        page.line(
            &line(offset.filter(|_| last == 0 || !text.starts_with('.')), &text, "", name, &value),
            Ink::Plain,
        );
        if let (Some((column, len)), Some(rule)) = (marks, rule) {
            if index == last {
                values.by_ref().for_each(|value| page.line(&line(None, "", "", "", &value), Ink::Plain));
            }
            broken(page, BYTES + column, &"^".repeat(len), rule);
            is_told = true;
        }
    }
    values.for_each(|value| page.line(&line(None, "", "", "", &value), Ink::Plain));
    if let Some(rule) = rule.filter(|_| !is_told) {
        broken(page, BYTES, "", rule);
    }
}

/// Value and note, in lines.
fn values(field: &Field) -> Vec<String> {
    let is_text = field.value.starts_with('"');
    // What is no text is not shown as one.
    let is_no_text = field.rule.as_ref().is_some_and(|rule| rule.id == "8.1-1");
    let value = if is_text && is_no_text { "" } else { field.value.as_str() };
    let note = |most| if field.note.is_empty() { Vec::new() } else { wrapped(&field.note, most) };
    if width(value) >= NOTE - VALUE {
        let lines =
            if is_text { chopped(&shortened(value), WIDTH - VALUE) } else { wrapped(value, WIDTH - VALUE) };
        return lines.into_iter().chain(note(WIDTH - VALUE)).collect();
    }
    let mut notes = note(WIDTH - NOTE).into_iter();
    let first = format!("{value:<6}{}", notes.next().unwrap_or_default());
    std::iter::once(first).chain(notes.map(|note| format!("      {note}"))).collect()
}

fn shortened(value: &str) -> String {
    let (first, last) = LONG;
    let count = value.chars().count();
    if count <= first + last + 5 {
        return value.to_owned();
    }
    let start: String = value.chars().take(first).collect();
    let end: String = value.chars().skip(count - last).collect();
    format!("{start} ... {end}")
}

/// The marks, and what the rule says below them.
fn broken(page: &mut Page<'_>, column: usize, marks: &str, rule: &Rule) {
    if !marks.trim().is_empty() {
        page.line(&format!("{:column$}{marks}", ""), Ink::Bad);
    }
    let first = column + marks.find('^').unwrap_or(0);
    page.text(first.min(BITS), &format!("{}: {}", rule.id, rule.words), Ink::Bad);
}

/// The bytes of the field that are wrong, counted from its first.
fn wrong(field: &Field, unit: &Unit, rule: &Rule) -> Range<u64> {
    let all = 0..field.len.max(1);
    let (Some(broken), What::Frame(frame)) = (&unit.broken, &unit.what) else { return all };
    let is_payload = field.name.starts_with("payload") || field.name == "reason";
    if rule.id != "8.1-1" || !is_payload {
        return all;
    }
    let skipped = if field.name == "reason" { 2 } else { 0 };
    let proof = broken.at.saturating_sub(frame.header.len() as u64 + skipped);
    let is_inflated = field.name.ends_with("inflated");
    match field.bytes.all().map(std::str::from_utf8) {
        Some(Err(error)) => {
            let start = error.valid_up_to() as u64;
            let len = error.error_len().map_or(field.len - start, |len| len as u64);
            // The byte that proves it belongs to it, as in e9 74.
            let end = if is_inflated { start + len } else { (proof + 1).max(start + len) };
            start..end.min(field.len)
        }
        // A character that an earlier frame has begun, or bytes that are not kept.
        _ if is_inflated => all,
        _ => proof..proof + 1,
    }
}
