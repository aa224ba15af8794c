//! The path of a connection, as it is kept for the log: short ones in the record, long ones beside it.

use ws101::app::Path;

#[test]
fn path_of_any_length_is_kept_whole() {
    for len in [0, 1, 21, 22, 23, 255, 256, 257, 8_000] {
        let path: String = "/chat-ä".chars().cycle().take(len).collect();
        assert_eq!(Path::new(&path).as_bytes(), path.as_bytes(), "{len}");
    }
}

#[test]
fn chat_path_with_the_number_of_a_browser_needs_no_memory_of_its_own() {
    // What ten thousand idle connections have.
    assert!(size_of::<Path>() <= 24);
    assert!("/ws/1700000000000".len() <= 22);
}
