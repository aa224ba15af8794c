//! README.md and docs/ tell the truth: dumps are run, excerpts are found in the source, flags are
//! those of `--help`, paths and links lead somewhere.
//!
//! Whoever changes the server and not its documents finds out here.

mod conformance;
#[cfg(feature = "tools")]
mod dumps;
mod limits;
mod places;
mod readme;
mod references;
mod shout;

use crate::sim::{Sim, apps};
use crate::support::markdown::{self, files_below, page, pages, read, root};
use sha1::{Digest, Sha1};
use std::collections::BTreeSet;
use ws101::config::Config;

#[test]
fn the_accept_value_comes_about_as_told() {
    // RFC 6455 §1.3, §4.2.2
    let page = page("docs/handshake.md");
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let digest = Sha1::digest(format!("{key}{guid}"));
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let accept = ws101::ws::handshake::accept_value(key.as_bytes());
    let accept = String::from_utf8(accept.to_vec()).unwrap();
    let section = page.section("The accept value").join("\n");
    for told in [&format!("{key}{guid}"), &hex, &accept] {
        assert!(section.contains(told), "{told} is not told");
    }
}

#[test]
fn excerpts_stand_in_the_files_they_name() {
    let mut excerpts = 0;
    for page in pages() {
        for fence in page.fences_of("rust") {
            let place = format!("{}:{}", page.name, fence.line);
            let (title, lines) = fence.lines.split_first().expect(&place);
            let title = title.strip_prefix("// ").expect(&place);
            let (file, name) = title.split_once(": ").expect(&place);
            assert!(lines.iter().any(|line| line.contains(name)), "{place}");
            let source = read(file);
            let source: Vec<&str> = source.lines().collect();
            let is_here = |window: &[&str]| {
                let at = window[0].find(|c| c != ' ').unwrap_or(0);
                let same = |(ours, theirs): (&&str, &&str)| {
                    ours.is_empty() && theirs.is_empty()
                        || ours.get(..at).is_some_and(|start| start.trim().is_empty())
                            && ours[at..] == **theirs
                };
                window.iter().zip(lines).all(same)
            };
            assert!(source.windows(lines.len()).any(is_here), "{place} is not in {file} as it stands there");
            excerpts += 1;
        }
    }
    assert!(excerpts >= 3, "only {excerpts} excerpts");
}

/// "`decode` in `src/ws/frame.rs`": the file has something of that name.
#[test]
fn names_in_running_text_stand_in_the_files_they_name() {
    let mut names = 0;
    for page in pages() {
        let spans: Vec<(usize, &str)> = page.code_spans();
        let words = page.prose().into_iter().flat_map(|(_, line)| line.split_whitespace());
        let text = words.collect::<Vec<_>>().join(" ");
        for pair in spans.windows(2) {
            let [(line, name), (_, file)] = pair else { continue };
            if !file.starts_with("src/") || !text.contains(&format!("`{name}` in `{file}`")) {
                continue;
            }
            let source = read(file);
            for part in name.split("::") {
                // Of a field only `pub` stands before the name.
                let kinds = ["fn", "struct", "enum", "trait", "const", "impl", "pub"];
                let is_defined = kinds.iter().any(|kind| {
                    let after = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
                    source.split(&format!("{kind} {part}")).skip(1).any(after)
                });
                assert!(is_defined, "{}:{line}: no {part} in {file}", page.name);
            }
            names += 1;
        }
    }
    assert!(names >= 8, "only {names} names");
}

#[test]
fn paths_in_running_text_exist() {
    for page in pages() {
        for (line, span) in page.code_spans() {
            let tops = ["src/", "tests/", "docs/", "www/", ".ci/"];
            if tops.iter().any(|top| span.starts_with(top)) {
                assert!(root().join(span).exists(), "{}:{line}: {span}", page.name);
            }
        }
    }
}

#[test]
fn links_and_images_lead_somewhere() {
    let mut links = 0;
    for page in pages() {
        for (line, target) in page.links() {
            let place = format!("{}:{line}: {target}", page.name);
            if target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let folder = page.name.rsplit_once('/').map_or("", |(folder, _)| folder);
            let file = match file {
                "" => page.name.clone(),
                file => root().join(folder).join(file).display().to_string(),
            };
            assert!(root().join(&file).exists(), "{place}");
            if !anchor.is_empty() {
                let anchors = markdown::page(&file).anchors();
                assert!(anchors.iter().any(|known| known == anchor), "{place}");
            }
            links += 1;
        }
    }
    assert!(links >= 4, "only {links} links");
}

#[test]
fn every_document_is_linked_from_the_readme() {
    let readme = page("README.md");
    let links: BTreeSet<&str> = readme.links().into_iter().map(|(_, link)| link).collect();
    for page in pages() {
        let is_linked = page.name == readme.name || links.contains(&*page.name);
        assert!(is_linked, "nobody finds {}", page.name);
    }
}

#[test]
fn make_targets_exist() {
    let makefile = read("Makefile");
    for page in pages() {
        for (at, line) in (1..).zip(page.text.lines()) {
            let commands = line.split('`').skip(1).step_by(2).chain([line]);
            for target in commands.filter_map(|command| command.strip_prefix("make ")) {
                let end = target.find(|c: char| !c.is_ascii_lowercase() && c != '-');
                let target = &target[..end.unwrap_or(target.len())];
                let rule = format!("\n{target}:");
                assert!(makefile.contains(&rule), "{}:{at}: {target}", page.name);
            }
        }
    }
}

#[test]
fn the_map_names_every_source_file_and_no_other() {
    let page = page("docs/ARCHITECTURE.md");
    let map = page.section("Map");
    let named =
        map.iter().filter_map(|line| line.split_whitespace().next()).filter(|word| word.ends_with(".rs"));
    let named: Vec<String> = named.map(str::to_owned).collect();
    let mut files = files_below("src");
    files.retain(|name| name.ends_with(".rs"));
    let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    let (map, files_of_src) = (set(&named), set(&files));
    let differ: Vec<_> = map.symmetric_difference(&files_of_src).collect();
    assert!(differ.is_empty(), "only in the map, or only in src: {differ:?}");
    assert_eq!(named.len(), files.len(), "a file is named twice");
}

#[test]
fn the_example_application_works() {
    let mut apps = apps();
    apps.push(Box::new(shout::Shout));
    let mut sim = Sim::with_apps(Config::default(), apps);
    let peer = sim.open("/shout");
    let answer = sim.exchange(peer, &crate::client::text("Hello"));
    assert_eq!(answer, crate::client::from_server(0x81, "HELLO"));
}
