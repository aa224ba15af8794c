//! As much of Rust as it takes to see what a file names: comments and literals off, paths whole.

use std::fs;
use std::path::Path;

/// A file of `src/` as a list of words; `::`, `!` and single characters are words, too.
pub struct Source {
    /// `hub::core` for `hub/core.rs`, `hub` for `hub/mod.rs`.
    pub module: String,
    /// Where `super` leads from here.
    parent: Option<String>,
    words: Vec<String>,
}

/// A path, and the name that it gets when it is imported; `*` for all that is there.
type Named = (Vec<String>, Option<String>);

/// Something of this crate that a file names.
pub struct Mention {
    /// `["http", "head", "Head"]`.
    pub path: Vec<String>,
    /// The name by which `use` makes it known in the file; `None` where it is only named.
    pub name: Option<String>,
}

/// All files below `src/`, by path from there, with their text.
pub fn all() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("below src/");
                let text = fs::read_to_string(&path).expect("UTF-8");
                files.push((name.to_str().expect("a plain name").to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

/// The crates of `[dependencies]`, as code spells them.
pub fn dependencies() -> Vec<String> {
    include_str!("../../../Cargo.toml")
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split_once(" = ")?.0.replace('-', "_")))
        .collect()
}

impl Source {
    pub fn new(file: &str, text: &str) -> Self {
        // A file's own tests stand at its end, and are no part of the program.
        let text = text.split("#[cfg(test)]").next().unwrap_or(text);
        let name = file.trim_end_matches(".rs");
        let module = name.trim_end_matches("/mod").replace('/', "::");
        let parent = module.rsplit_once("::").map(|(parent, _)| parent.to_owned());
        Self { module, parent, words: words(text) }
    }

    fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }

    /// The path that goes on at `index`, behind a `::`. An open brace or a star ends it: whoever names
    /// a list of modules, or all, is taken to name their parent.
    fn path(&self, mut index: usize) -> Vec<String> {
        let mut path = Vec::new();
        while is_name(self.word(index)) {
            path.push(self.word(index).to_owned());
            if self.word(index + 1) != "::" {
                break;
            }
            index += 2;
        }
        path
    }

    /// The modules of our own that this file names, however it names them.
    pub fn ours(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (index, word) in self.words.iter().enumerate() {
            let starts = index == 0 || self.word(index - 1) != "::";
            if !starts || self.word(index + 1) != "::" {
                continue;
            }
            let mut rest = self.path(index + 2);
            let path = match (word.as_str(), &self.parent) {
                ("crate" | "ws101", _) => rest,
                ("super", Some(parent)) if rest.first().is_none_or(|name| name != "super") => {
                    rest.insert(0, parent.clone());
                    rest
                }
                // No module lies so deep that two steps up stay inside.
                ("super", _) => rest.into_iter().skip_while(|name| name == "super").collect(),
                _ => continue,
            };
            found.push(if path.is_empty() { "everything".to_owned() } else { path.join("::") });
        }
        found
    }

    /// All paths into this crate that the file names: lists are taken apart, `super`, `self` and
    /// modules that it declares are led back to the root.
    pub fn mentions(&self) -> Vec<Mention> {
        let mut found = Vec::new();
        for at in 0..self.words.len() {
            let is_use = at > 0 && self.word(at - 1) == "use";
            let is_start = at == 0 || self.word(at - 1) != "::";
            if is_use || is_start && self.word(at + 1) == "::" {
                let mut named = Vec::new();
                self.tree(at, &[], &mut named);
                let inside = named.into_iter().filter_map(|(path, name)| {
                    let path = self.whole_path(&path)?;
                    let name = name.filter(|_| is_use);
                    Some(Mention { path, name })
                });
                found.extend(inside);
            }
        }
        found
    }

    /// Reads what stands at `at`: a path, or a list of them. Gives the place after it.
    fn tree(&self, mut at: usize, before: &[String], found: &mut Vec<Named>) -> usize {
        let mut path = before.to_vec();
        while is_name(self.word(at)) {
            path.push(self.word(at).to_owned());
            at += 1;
            if self.word(at) != "::" {
                break;
            }
            at += 1;
        }
        match self.word(at) {
            "{" if self.word(at - 1) == "::" => {
                at += 1;
                while !matches!(self.word(at), "}" | "") {
                    at = self.tree(at, &path, found);
                    at += usize::from(self.word(at) == ",");
                }
                return at + 1;
            }
            "*" if self.word(at - 1) == "::" => {
                found.push((path, Some("*".to_owned())));
                return at + 1;
            }
            _ => {}
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let is_renamed = self.word(at) == "as";
        let name = match is_renamed {
            true => Some(self.word(at + 1).to_owned()),
            false => path.last().cloned(),
        };
        found.push((path, name));
        at + if is_renamed { 2 } else { 0 }
    }

    /// The path as it would be written after `crate::`; `None` when it leads to another crate.
    fn whole_path(&self, path: &[String]) -> Option<Vec<String>> {
        let mut here: Vec<&str> = match self.module.as_str() {
            "lib" | "main" => Vec::new(),
            module => module.split("::").collect(),
        };
        let (first, mut rest) = path.split_first()?;
        match first.as_str() {
            "crate" | "ws101" => here.clear(),
            "self" => {}
            "super" => {
                here.pop();
                while let [next, others @ ..] = rest
                    && next == "super"
                {
                    here.pop();
                    rest = others;
                }
            }
            child if self.says(&format!("mod {child};")) => here.push(child),
            _ => return None,
        }
        let here = here.into_iter().map(str::to_owned);
        Some(here.chain(rest.iter().cloned()).collect())
    }

    /// The crates that this file names.
    pub fn crates(&self) -> Vec<String> {
        let known = dependencies();
        let mut found: Vec<String> = (0..self.words.len())
            .filter(|&index| {
                // `::mio::Poll` is the crate, `std::time::Duration` is not.
                let is_part = index > 1
                    && self.word(index - 1) == "::"
                    && (is_name(self.word(index - 2)) || self.word(index - 2) == ">");
                self.word(index + 1) == "::" && !is_part || self.word(index.wrapping_sub(1)) == "use"
            })
            .map(|index| self.words[index].clone())
            .filter(|word| known.contains(word))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// Whether these words occur one behind the other.
    pub fn says(&self, what: &str) -> bool {
        let what = words(what);
        self.words.windows(what.len()).any(|window| window == what.as_slice())
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c == '_' || c.is_alphabetic()) && word != "use"
}

/// The words of a text, without comments and without what stands in quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment_len(rest)
        } else if first == '"' {
            string_len(rest)
        } else if let Some(len) = raw_string_len(rest) {
            len
        } else if first == '\'' {
            quote_len(rest)
        } else {
            let len = word_len(rest, first);
            if !first.is_whitespace() {
                words.push(rest[..len].to_owned());
            }
            len
        };
        rest = &rest[len..];
    }
    words
}

fn word_len(text: &str, first: char) -> usize {
    let is_inside = |c: char| c == '_' || c.is_alphanumeric();
    if is_inside(first) {
        text.find(|c| !is_inside(c)).unwrap_or(text.len())
    } else if text.starts_with("::") {
        2
    } else {
        first.len_utf8()
    }
}

fn comment_len(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        match text.get(at..at + 2) {
            Some("/*") => (depth, at) = (depth + 1, at + 2),
            Some("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn raw_string_len(text: &str) -> Option<usize> {
    let start = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = start.len() - start.trim_start_matches('#').len();
    let body = start[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let len = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + len)
}

/// A character literal, or only the quote of a lifetime.
fn quote_len(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, _))) => text[at + 1..].find('\'').map_or(1, |end| at + end + 2),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}
