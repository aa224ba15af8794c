//! The text of `--help`, made from the table of flags, 80 columns wide.

use super::flags::{Flag, Options, flags, groups};

const WIDTH: usize = 80;

const HEAD: &str = "\
Usage: ws101 [serve] [FLAGS]
       ws101 COMMAND

A WebSocket server with echo, broadcast, a chat, and the pages to try them.

Commands:
  serve           run the server; this is what ws101 does without a command
";

#[cfg(feature = "tools")]
const TOOLS: &str = concat!(
    "  explain HEX     what do these bytes mean, and is it allowed?\n",
    "  connect URL     talk to a server by hand, and see the bytes\n",
);
#[cfg(not(feature = "tools"))]
const TOOLS: &str = "";

const HELP: &str = "  help [COMMAND]  print this text, or that of a command\n";

const TAIL: &str = "
Other:
  -h, --help      print this text
  -V, --version   print the version

TIME is a whole number with ms, s or m, as in 500ms, 20s, 2m; a bare number is
seconds. SIZE is a whole number with k (1024), m (1024k) or g (1024m), as in
64k, 16m, 2g; a bare number is bytes. COUNT is a whole number.

Every flag can be set by an environment variable: --ping-interval is
WS101_PING_INTERVAL. The flag wins. For a flag that may be repeated, commas
separate the values.

Examples:
  ws101 --port 8080 --www site
  ws101 --host 0.0.0.0 --allow-host chat.example.org --ping-interval 45s
";

/// The whole text.
pub(super) fn text() -> String {
    let options = Options::default();
    let left = |flag: &Flag| format!("  {}", flag.with_value());
    let column = flags().into_iter().map(|flag| left(flag).len()).max().unwrap_or_default() + 2;
    let mut text = [HEAD, TOOLS, HELP].concat();
    for group in groups() {
        text.push_str(&format!("\n{}:\n", group.title));
        for flag in group.flags {
            let default = format!("(default {})", (flag.default)(&options));
            // It stays in one piece if there is a line that it fits.
            let pieces = if column + default.len() <= WIDTH { 1 } else { usize::MAX };
            let words = flag.about.split(' ').chain(default.splitn(pieces, ' '));
            entry(&mut text, &left(flag), column, words);
        }
    }
    text.push_str(TAIL);
    text
}

/// Appends what `left` means, in a column of its own, with line breaks where the width asks for them.
pub(super) fn entry<'a>(
    text: &mut String,
    left: &str,
    column: usize,
    words: impl IntoIterator<Item = &'a str>,
) {
    let mut line = format!("{left:column$}");
    let mut gap = "";
    for word in words {
        if line.len() + gap.len() + word.len() > WIDTH {
            text.push_str(&format!("{line}\n"));
            (line, gap) = (" ".repeat(column), "");
        }
        line.push_str(gap);
        line.push_str(word);
        gap = " ";
    }
    text.push_str(&format!("{line}\n"));
}
