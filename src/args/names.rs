//! Names that nobody knows: what was probably meant.

/// Why there is no flag of this name, if other builds have one.
pub(super) fn built_without(name: &str) -> Option<&'static str> {
    let is_missing = cfg!(not(feature = "deflate")) && name.starts_with("deflate");
    is_missing.then_some("this program was built without compression (feature deflate)")
}

/// The name that `word` was probably meant to be: the start of it or more than it, a part of it, or
/// few edits away, in this order.
pub(super) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let kinship = |name: &str| {
        if word.is_empty() {
            2
        } else if name.starts_with(word) || word.starts_with(name) {
            0
        } else if word.len() > 2 && name.contains(word) {
            1
        } else {
            2
        }
    };
    let (kinship, distance, name) = names
        .into_iter()
        .map(|name| (kinship(name), edit_distance(word, name), name))
        .min()?;
    (kinship < 2 || distance * 2 <= word.chars().count()).then_some(name)
}

/// Levenshtein's: characters to insert, remove or replace.
fn edit_distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, left) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (right, &above) in to.chars().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(left != right);
            before = replaced.min(above + 1).min(before + 1);
            diagonal = above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
