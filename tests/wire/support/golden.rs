//! Output that is compared with a file. `GOLDEN=write` writes the files anew: read the difference before you commit it.

use super::fail;
use std::fs;
use std::path::Path;

/// Compares with a file below `tests/wire`.
#[track_caller]
pub fn compare(name: &str, came: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(name);
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, came).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if came == expected {
        return;
    }
    let lines = expected.lines().zip(came.lines());
    let same = lines.take_while(|(expected, came)| expected == came).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(nothing)").to_owned();
    fail(&format!(
        "tests/wire/{name}:{} differs\nexpected  {}\ncame      {}\nGOLDEN=write writes it anew",
        same + 1,
        line(&expected),
        line(came)
    ));
}
