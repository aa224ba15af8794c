//! The content type of a file, by the ending of its name.
//!
//! The list is fixed, so that an answer does not depend on the machine. Together with
//! `X-Content-Type-Options: nosniff` it decides what a browser may run: an ending that is not
//! listed is a download, never a script.

/// Endings in lower case. Text carries its charset, because a browser would otherwise guess one;
/// XML and SVG name theirs inside the document.
const TYPES: &[(&[&str], &str)] = &[
    (&["html", "htm"], "text/html; charset=utf-8"),
    (&["css"], "text/css; charset=utf-8"),
    (&["js", "mjs"], "text/javascript; charset=utf-8"),
    (&["json", "map"], "application/json; charset=utf-8"),
    (&["webmanifest"], "application/manifest+json; charset=utf-8"),
    (&["txt", "text", "log"], "text/plain; charset=utf-8"),
    (&["md"], "text/markdown; charset=utf-8"),
    (&["csv"], "text/csv; charset=utf-8"),
    (&["tsv"], "text/tab-separated-values; charset=utf-8"),
    (&["yaml", "yml"], "text/yaml; charset=utf-8"),
    (&["ics"], "text/calendar; charset=utf-8"),
    (&["vtt"], "text/vtt; charset=utf-8"),
    (&["xml", "xsl"], "application/xml"),
    (&["xhtml"], "application/xhtml+xml"),
    (&["svg"], "image/svg+xml"),
    (&["png"], "image/png"),
    (&["apng"], "image/apng"),
    (&["bmp"], "image/bmp"),
    (&["jpg", "jpeg"], "image/jpeg"),
    (&["gif"], "image/gif"),
    (&["webp"], "image/webp"),
    (&["avif"], "image/avif"),
    (&["ico"], "image/x-icon"),
    (&["woff"], "font/woff"),
    (&["woff2"], "font/woff2"),
    (&["ttf"], "font/ttf"),
    (&["otf"], "font/otf"),
    (&["mp3"], "audio/mpeg"),
    (&["m4a"], "audio/mp4"),
    (&["ogg", "oga", "opus"], "audio/ogg"),
    (&["wav"], "audio/wav"),
    (&["weba"], "audio/webm"),
    (&["aac"], "audio/aac"),
    (&["flac"], "audio/flac"),
    (&["mp4"], "video/mp4"),
    (&["ogv"], "video/ogg"),
    (&["mov"], "video/quicktime"),
    (&["webm"], "video/webm"),
    (&["glb"], "model/gltf-binary"),
    (&["gltf"], "model/gltf+json"),
    (&["pdf"], "application/pdf"),
    (&["wasm"], "application/wasm"),
    (&["zip"], "application/zip"),
    (&["gz"], "application/gzip"),
];

/// The `Content-Type` for a file of this name. The case of its ending does not matter.
#[must_use]
pub fn of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    TYPES
        .iter()
        .find(|(endings, _)| endings.iter().any(|e| e.eq_ignore_ascii_case(ending)))
        .map_or("application/octet-stream", |(_, content_type)| content_type)
}
