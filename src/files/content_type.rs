//! The content type of a file, by the ending of its name.
//!
//! The list is fixed, so that an answer does not depend on the machine. It has what a browser shows, plays
//! or runs by itself, and what lies beside that in a project, with the types that Express names. Together
//! with `X-Content-Type-Options: nosniff` it decides what a browser may run: an ending that is not
//! listed is a download, never a script. (Hence `cjs`, which Express sends under a type of no script:
//! there the browser runs it all the same.)

use std::borrow::Cow;

/// The types of a family, each with its endings; a type without any is its own ending. And what follows their names.
///
/// Text carries its charset, because a browser would otherwise guess one; XML and SVG name theirs inside the document.
const FAMILIES: [(&str, &str, &str); 8] = [
    (
        "text",
        "html html htm shtml, css, javascript js mjs cjs, jsx, less, x-sass sass, x-scss scss, stylus styl stylus, \
         x-handlebars-template hbs, plain txt text log conf def in ini list, markdown md markdown, csv, \
         tab-separated-values tsv, yaml yaml yml, calendar ics, vtt, vcard, x-vcard vcf, \
         cache-manifest appcache manifest, wgsl",
        "; charset=utf-8",
    ),
    ("application", "json json map, manifest+json webmanifest", "; charset=utf-8"),
    (
        "application",
        "ld+json jsonld, geo+json geojson, xml xml xsl xsd rng, xslt+xml xslt, atom+xml atom, rss+xml rss, \
         gpx+xml gpx, vnd.google-earth.kml+xml kml, dash+xml mpd, xhtml+xml xhtml, vnd.ms-fontobject eot, \
         vnd.apple.mpegurl m3u8, pdf, wasm, rtf, zip, gzip gz",
        "",
    ),
    (
        "image",
        "svg+xml svg, png, apng, bmp, jpeg jpg jpeg jpe jfif, gif, webp, avif, jxl, heic, heif, tiff tif tiff, \
         x-icon ico",
        "",
    ),
    ("font", "woff, woff2, ttf, otf, collection ttc", ""),
    (
        "audio",
        "mpeg mp3, mp4 m4a, ogg ogg oga opus, wav, webm weba, aac, flac, midi mid midi, x-aiff aif aiff",
        "",
    ),
    (
        "video",
        "mp4, x-m4v m4v, mpeg mpg mpeg, mp2t ts, 3gpp 3gp, x-matroska mkv, x-msvideo avi, ogg ogv, quicktime mov, webm",
        "",
    ),
    ("model", "gltf-binary glb, gltf+json gltf, obj, mtl, stl", ""),
];

/// The `Content-Type` for a file of this name. The case of its ending does not matter.
#[must_use]
pub fn of(name: &str) -> Cow<'static, str> {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    for (family, types, more) in FAMILIES {
        for known in types.split(", ") {
            let (name, endings) = known.split_once(' ').unwrap_or((known, known));
            if endings.split(' ').any(|known| known.eq_ignore_ascii_case(ending)) {
                return format!("{family}/{name}{more}").into();
            }
        }
    }
    "application/octet-stream".into()
}
