//! No two files of `src/` import each other, directly or by a longer way.
//!
//! An import of what a file only passes on (`pub use`) counts as one of the file where it is from. That a
//! file declares another (`mod`) is no import.

use crate::support::source::{self, Source};
use std::collections::{BTreeMap, BTreeSet};

/// Which files each file names, by module.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The graph of these files: path from `src/`, and text.
fn graph<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Graph {
    let files = files.into_iter();
    let sources: BTreeMap<String, Source> = files
        .map(|(file, text)| Source::new(file, text))
        .map(|source| (source.module.clone(), source))
        .collect();
    let named_by = |source: &Source| {
        let mentions = source.mentions();
        let named = mentions.iter().map(|mention| home(&sources, &mention.path, 0));
        named.filter(|module| *module != source.module).collect()
    };
    sources.iter().map(|(module, source)| (module.clone(), named_by(source))).collect()
}

/// The file in which lies what this path names, followed through imports as far as those are known.
fn home(sources: &BTreeMap<String, Source>, path: &[String], steps: usize) -> String {
    let depth = (1..=path.len()).rev().find(|&depth| sources.contains_key(&path[..depth].join("::")));
    let depth = depth.unwrap_or(0);
    let module = match depth {
        0 => "lib".to_owned(),
        _ => path[..depth].join("::"),
    };
    let passed_on = sources.get(&module).zip(path.get(depth)).and_then(|(source, item)| {
        let mentions = source.mentions();
        mentions.into_iter().find(|it| it.name.as_ref() == Some(item))
    });
    match passed_on {
        Some(origin) if steps < 8 => {
            let whole = [&origin.path[..], &path[depth + 1..]].concat();
            home(sources, &whole, steps + 1)
        }
        _ => module,
    }
}

/// A way from one file to another, both ends included.
fn way(graph: &Graph, from: &str, to: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![from.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| graph.get(last)).into_iter().flatten() {
                let grown = [&way[..], std::slice::from_ref(next)].concat();
                if next == to {
                    return Some(grown);
                }
                if seen.insert(next.clone()) {
                    longer.push(grown);
                }
            }
        }
        ways = longer;
    }
    None
}

/// The shortest loop through each file that lies in one.
fn loops(graph: &Graph) -> BTreeSet<String> {
    let shortest = |module: &String| way(graph, module, module);
    let mut found = BTreeSet::new();
    for mut way in graph.keys().filter_map(shortest) {
        // Begun at its first name, a loop looks alike whoever finds it.
        way.pop();
        let first = way.iter().min().cloned();
        let at = way.iter().position(|it| Some(it) == first.as_ref());
        way.rotate_left(at.unwrap_or(0));
        way.extend(first);
        found.insert(way.join(" -> "));
    }
    found
}

#[test]
fn no_two_files_import_each_other() {
    let files = source::all();
    let files = files.iter().map(|(file, text)| (file.as_str(), text.as_str()));
    let whole = graph(files);
    assert!(whole.len() > 40, "the whole of src/");
    let found: Vec<String> = loops(&whole).into_iter().collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_loop_is_noticed_however_the_import_is_written() {
    for text in [
        "use crate::b::c::C;",
        "use crate::{b::c::{self, C}, d};",
        "use super::b::c;",
        "pub use super::b::*;",
        "fn f() { crate::b::c::f(); }",
        "use crate::d::Passed;",
    ] {
        let files = [
            ("lib.rs", "pub mod a; mod b; mod d;"),
            ("a.rs", text),
            ("b/mod.rs", "mod c; use c::f; fn g() { f() }"),
            ("b/c.rs", "/// [`A`](crate::d::D)\nuse super::super::a::A as Other;"),
            ("d.rs", "pub use crate::b::c::C as Passed;"),
        ];
        let found = loops(&graph(files));
        let is_found = |it: &String| it.contains("b::c -> a") || it.contains("a -> b::c -> a");
        assert!(found.iter().any(is_found), "{text}: {found:?}");
    }
    let passed_on = [
        ("a/mod.rs", "pub use self::b::B; mod b; mod c;"),
        ("a/b.rs", "fn f() { std::mem::take(c::x) }"),
        ("a/c.rs", "use super::B;"),
    ];
    assert_eq!(loops(&graph(passed_on)), BTreeSet::new());
}
