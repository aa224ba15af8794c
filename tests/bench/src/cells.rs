//! The cells that are compared with the floor.

use crate::message::{Kind, Message};
use crate::workload::{Pattern, Workload};

/// A load whose processor time is compared with the floor's.
#[derive(Debug)]
pub struct Cell {
    /// The bar that it is held against.
    pub id: &'static str,
    /// Left out by `--quick`.
    pub extra: bool,
    /// What is done.
    pub workload: Workload,
}

const fn cell(
    id: &'static str,
    extra: bool,
    connections: usize,
    kind: Kind,
    size: usize,
    pattern: Pattern,
) -> Cell {
    let message = Message { kind, size };
    Cell {
        id,
        extra,
        workload: Workload {
            connections,
            message,
            pattern,
        },
    }
}

const ONE: Pattern = Pattern::Echo(1);
const SIXTEEN: Pattern = Pattern::Echo(16);

/// The cells, in the order in which they run.
#[rustfmt::skip]
pub const CELLS: &[Cell] = &[
    cell("echo-16-c50", false, 50, Kind::Text, 16, ONE),
    cell("echo-1k-c50", false, 50, Kind::Text, 1 << 10, ONE),
    cell("echo-16-f16", false, 50, Kind::Text, 16, SIXTEEN),
    cell("echo-1k-f16", false, 50, Kind::Text, 1 << 10, SIXTEEN),
    cell("echo-16-c1", true, 1, Kind::Text, 16, ONE),
    cell("echo-1k-c1", true, 1, Kind::Text, 1 << 10, ONE),
    cell("echo-16-c1000", true, 1_000, Kind::Text, 16, ONE),
    cell("echo-1k-c1000", true, 1_000, Kind::Text, 1 << 10, ONE),
    cell("echo-16k", true, 50, Kind::Text, 16 << 10, ONE),
    cell("echo-64k", true, 50, Kind::Text, 64 << 10, ONE),
    cell("echo-wide", true, 50, Kind::Wide, 16 << 10, ONE),
    cell("broadcast-1000", false, 1_000, Kind::Text, 16, Pattern::Broadcast(1)),
    cell("broadcast-100", true, 100, Kind::Text, 16, Pattern::Broadcast(1)),
    cell("broadcast-9000", true, 9_000, Kind::Text, 16, Pattern::Broadcast(1)),
    cell("broadcast-ten", true, 1_000, Kind::Text, 16, Pattern::Broadcast(10)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bars::{BARS, Unit};
    use crate::matches::MATCHES;
    use std::collections::BTreeSet;

    #[test]
    fn every_ratio_has_a_cell_and_every_cell_a_bar() {
        let mut bars: Vec<_> = BARS
            .iter()
            .filter(|bar| bar.unit == Unit::Ratio)
            .map(|bar| bar.id)
            .collect();
        let matches = MATCHES.iter().flat_map(|held| held.sides.iter());
        let matches: BTreeSet<_> = matches.map(|(id, _)| *id).collect();
        let mut cells: Vec<_> = CELLS.iter().map(|cell| cell.id).chain(matches).collect();
        bars.sort_unstable();
        cells.sort_unstable();
        assert_eq!(bars, cells);
    }
}
