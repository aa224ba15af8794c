//! The cells that are compared with the floor.

use crate::message::{Kind, Message};
use crate::workload::{Pattern, Workload};

/// Who takes part in a cell beside ours and the second floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Everybody.
    All,
    /// Those that are machine code before they start: the others would make the run some minutes longer.
    Native,
    /// Nobody: no bar names the cell. It shows whether costs jump between two that a bar names.
    Nobody,
}

impl Beside {
    /// One round of how many is held: where no bar is at stake, a few show a jump.
    pub(crate) fn share_of_rounds(self) -> usize {
        match self {
            Self::All | Self::Native => 1,
            Self::Nobody => 3,
        }
    }
}

/// A load whose processor time is compared with the floor's.
#[derive(Debug)]
pub struct Cell {
    /// The bar that it is held against.
    pub id: &'static str,
    /// Left out by `--quick`.
    pub extra: bool,
    /// Who takes part beside ours.
    pub beside: Beside,
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
    Cell { id, extra, beside: Beside::All, workload: Workload { connections, message, pattern } }
}

/// A binary message that is echoed, one in flight on each connection.
const fn large(id: &'static str, connections: usize, size: usize) -> Cell {
    cell(id, true, connections, Kind::Binary, size, ONE).beside(Beside::Native)
}

/// Such a message of a size that no bar names.
const fn between(id: &'static str, connections: usize, size: usize) -> Cell {
    large(id, connections, size).beside(Beside::Nobody)
}

impl Cell {
    const fn beside(self, beside: Beside) -> Self {
        Self { beside, ..self }
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
    between("large-echo-96k", 10, 96 << 10),
    large("large-echo-128k", 10, 128 << 10),
    between("large-echo-144k", 10, 144 << 10),
    between("large-echo-192k", 10, 192 << 10),
    large("large-echo-256k", 10, 256 << 10),
    between("large-echo-300kb", 10, 300_000),
    large("large-echo-512k", 4, 512 << 10),
    cell("large-echo-1m", false, 4, Kind::Binary, 1 << 20, ONE),
    cell("large-echo-1m-text", true, 4, Kind::Text, 1 << 20, ONE).beside(Beside::Native),
    between("large-echo-2m", 4, 2 << 20),
    large("large-echo-4m", 2, 4 << 20),
    between("large-echo-8m", 2, 8 << 20),
    large("large-echo-16mb", 2, 16_000_000),
    cell("large-broadcast-100", true, 100, Kind::Binary, 1 << 20, Pattern::Broadcast(1)).beside(Beside::Native),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bars::{BARS, Unit};
    use crate::matches::MATCHES;
    use std::collections::BTreeSet;

    #[test]
    fn every_ratio_has_a_cell_and_every_cell_a_bar() {
        let mut bars: Vec<_> = BARS.iter().filter(|bar| bar.unit == Unit::Ratio).map(|bar| bar.id).collect();
        let matches = MATCHES.iter().flat_map(|held| held.sides.iter());
        let matches: BTreeSet<_> = matches.map(|(id, _)| *id).collect();
        let mut cells: Vec<_> = CELLS.iter().map(|cell| cell.id).chain(matches).collect();
        bars.sort_unstable();
        cells.sort_unstable();
        assert_eq!(bars, cells);
    }
}
