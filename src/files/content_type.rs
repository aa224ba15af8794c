//! The content type of a file, by the ending of its name.
//!
//! The list is fixed, so that an answer does not depend on the machine. It has what a browser shows, plays
//! or runs by itself, and what lies beside that in a project, with the types that Express names. Together
//! with `X-Content-Type-Options: nosniff` it decides what a browser may run: an ending that is not
//! listed is a download, never a script. (Hence `cjs`, which Express sends under a type of no script:
//! there the browser runs it all the same.)

/// Endings in lower case, and the type of each. Text carries its charset, because a browser would otherwise guess one;
/// XML and SVG name theirs inside the document.
const TYPES: &[(&str, &str)] = &[
    ("html htm shtml", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js mjs cjs", "text/javascript; charset=utf-8"),
    ("jsx", "text/jsx; charset=utf-8"),
    ("less", "text/less; charset=utf-8"),
    ("sass", "text/x-sass; charset=utf-8"),
    ("scss", "text/x-scss; charset=utf-8"),
    ("styl stylus", "text/stylus; charset=utf-8"),
    ("hbs", "text/x-handlebars-template; charset=utf-8"),
    ("json map", "application/json; charset=utf-8"),
    ("webmanifest", "application/manifest+json; charset=utf-8"),
    ("txt text log conf def in ini list", "text/plain; charset=utf-8"),
    ("md markdown", "text/markdown; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("tsv", "text/tab-separated-values; charset=utf-8"),
    ("yaml yml", "text/yaml; charset=utf-8"),
    ("ics", "text/calendar; charset=utf-8"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("vcard", "text/vcard; charset=utf-8"),
    ("vcf", "text/x-vcard; charset=utf-8"),
    ("appcache manifest", "text/cache-manifest; charset=utf-8"),
    ("wgsl", "text/wgsl; charset=utf-8"),
    ("jsonld", "application/ld+json"),
    ("geojson", "application/geo+json"),
    ("xml xsl xsd rng", "application/xml"),
    ("xslt", "application/xslt+xml"),
    ("atom", "application/atom+xml"),
    ("rss", "application/rss+xml"),
    ("gpx", "application/gpx+xml"),
    ("kml", "application/vnd.google-earth.kml+xml"),
    ("mpd", "application/dash+xml"),
    ("xhtml", "application/xhtml+xml"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("apng", "image/apng"),
    ("bmp", "image/bmp"),
    ("jpg jpeg jpe jfif", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("jxl", "image/jxl"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("tif tiff", "image/tiff"),
    ("ico", "image/x-icon"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("ttf", "font/ttf"),
    ("otf", "font/otf"),
    ("ttc", "font/collection"),
    ("eot", "application/vnd.ms-fontobject"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
    ("ogg oga opus", "audio/ogg"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("aac", "audio/aac"),
    ("flac", "audio/flac"),
    ("mid midi", "audio/midi"),
    ("aif aiff", "audio/x-aiff"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("mp4", "video/mp4"),
    ("m4v", "video/x-m4v"),
    ("mpg mpeg", "video/mpeg"),
    ("ts", "video/mp2t"),
    ("3gp", "video/3gpp"),
    ("mkv", "video/x-matroska"),
    ("avi", "video/x-msvideo"),
    ("ogv", "video/ogg"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("glb", "model/gltf-binary"),
    ("gltf", "model/gltf+json"),
    ("obj", "model/obj"),
    ("mtl", "model/mtl"),
    ("stl", "model/stl"),
    ("pdf", "application/pdf"),
    ("wasm", "application/wasm"),
    ("rtf", "application/rtf"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
];

/// The `Content-Type` for a file of this name. The case of its ending does not matter.
#[must_use]
pub fn of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_it = |known: &str| known.eq_ignore_ascii_case(ending);
    let mut types = TYPES.iter();
    let found = types.find(|(endings, _)| endings.split(' ').any(is_it));
    found.map_or("application/octet-stream", |(_, content_type)| content_type)
}
