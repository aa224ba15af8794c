//! As much Markdown as our own pages use: fenced blocks, code spans, links, headings.

use std::fs;
use std::path::{Path, PathBuf};

/// The languages a fenced block may name. A block without one is checked by nobody.
const LANGUAGES: [&str; 10] =
    ["wire", "rust", "sh", "text", "console", "json", "toml", "ini", "nginx", "caddy"];

/// One document.
pub struct Page {
    /// From the top of the repository: `docs/handshake.md`.
    pub name: String,
    pub text: String,
}

/// A fenced block.
pub struct Fence<'a> {
    pub language: &'a str,
    /// The line of the page that its first line is, counted from 1.
    pub line: usize,
    pub lines: Vec<&'a str>,
}

/// The folder of Cargo.toml.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn page(name: &str) -> Page {
    Page { name: name.to_owned(), text: read(name) }
}

/// README.md and everything in docs/.
pub fn pages() -> Vec<Page> {
    let mut names = vec!["README.md".to_owned()];
    for name in files_below("docs") {
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.iter().map(|name| page(name)).collect()
}

/// The files in a folder and below it, by their names from there, in order.
pub fn files_below(folder: &str) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let top = root().join(folder);
    let mut found = Vec::new();
    walk(&top, &mut found);
    let name = |path: &PathBuf| path.strip_prefix(&top).unwrap().display().to_string();
    let mut names: Vec<String> = found.iter().map(name).collect();
    names.sort();
    names
}

impl Page {
    pub fn fences(&self) -> Vec<Fence<'_>> {
        let mut fences = Vec::new();
        let mut open: Option<Fence<'_>> = None;
        for (at, line) in self.text.lines().enumerate() {
            match (line.strip_prefix("```"), open.as_mut()) {
                (Some(language), None) => {
                    let place = format!("{}:{}", self.name, at + 1);
                    assert!(LANGUAGES.contains(&language), "{place}: ```{language}");
                    open = Some(Fence { language, line: at + 2, lines: Vec::new() });
                }
                (Some(_), Some(_)) => fences.extend(open.take()),
                (None, Some(fence)) => fence.lines.push(line),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block is never closed", self.name);
        fences
    }

    pub fn fences_of(&self, language: &str) -> Vec<Fence<'_>> {
        let mut fences = self.fences();
        fences.retain(|fence| fence.language == language);
        fences
    }

    /// The text outside of fenced blocks, with the lines' numbers.
    pub fn prose(&self) -> Vec<(usize, &str)> {
        let mut inside = false;
        let lines = self.text.lines().enumerate();
        lines
            .filter(|(_, line)| {
                let is_fence = line.starts_with("```");
                inside ^= is_fence;
                !inside && !is_fence
            })
            .map(|(at, line)| (at + 1, line))
            .collect()
    }

    /// `` `spans` `` outside of fenced blocks, with the lines' numbers.
    pub fn code_spans(&self) -> Vec<(usize, &str)> {
        let mut spans = Vec::new();
        for (at, line) in self.prose() {
            let marks = line.matches('`').count();
            assert!(marks % 2 == 0, "{}:{at}: a span over two lines", self.name);
            spans.extend(line.split('`').skip(1).step_by(2).map(|span| (at, span)));
        }
        spans
    }

    /// Targets of links and images outside of fenced blocks.
    pub fn links(&self) -> Vec<(usize, &str)> {
        let mut links = Vec::new();
        for (at, line) in self.prose() {
            for (mark, end) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
                for part in line.split(mark).skip(1) {
                    links.extend(part.split(end).next().map(|target| (at, target)));
                }
            }
        }
        links
    }

    /// The anchors of the headings, made as the usual renderers make them.
    pub fn anchors(&self) -> Vec<String> {
        let headings = self.prose().into_iter().filter(|(_, line)| line.starts_with('#'));
        headings
            .map(|(_, line)| {
                let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
                let words = line.trim_start_matches('#').trim().to_lowercase();
                words.chars().filter(kept).collect::<String>()
            })
            .map(|words| words.replace(' ', "-"))
            .collect()
    }

    /// The lines of the section under this heading.
    pub fn section(&self, heading: &str) -> Vec<&str> {
        let mut lines =
            self.text.lines().skip_while(|line| line.trim_start_matches('#').trim() != heading).peekable();
        let level = |line: &str| line.len() - line.trim_start_matches('#').len();
        let top = lines.peek().map_or(0, |line| level(line));
        assert!(top > 0, "{} has no section {heading:?}", self.name);
        let mut fenced = false;
        lines
            .skip(1)
            .take_while(|line| {
                fenced ^= line.starts_with("```");
                fenced || !(1..=top).contains(&level(line))
            })
            .collect()
    }
}
