//! The flag or command that somebody probably meant. A first reader may skip this file.

/// The name that `word` was probably meant to be.
///
/// The start of a name or more than it comes first, then a part of one, then few edits away.
pub(super) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let kinship = |name: &str| match word {
        "" => 2,
        _ if name.starts_with(word) || word.starts_with(name) => 0,
        _ if word.len() > 2 && name.contains(word) => 1,
        _ => 2,
    };
    let (kinship, distance, name) =
        names.into_iter().map(|name| (kinship(name), edit_distance(word, name), name)).min()?;
    (kinship < 2 || distance * 2 <= word.chars().count()).then_some(name)
}

/// Levenshtein's distance: characters to insert, remove or replace. `to` is not empty.
fn edit_distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, left) in from.chars().enumerate() {
        let (mut diagonal, mut before) = (line, line + 1);
        for (cell, right) in row.iter_mut().skip(1).zip(to.chars()) {
            let replaced = diagonal + usize::from(left != right);
            diagonal = *cell;
            before = replaced.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or(0)
}
