//! `--www DIR`: the folder as it is at the moment of each request.

use crate::client::Client;
use crate::process::{Scratch, Server};
use std::fs;

#[test]
fn folder_is_served_as_it_is_now() {
    let scratch = Scratch::new();
    let index = scratch.0.join("index.html");
    fs::write(&index, "first").unwrap();
    let server = Server::start(&["--www", scratch.path()]);
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/").body, b"first");
    fs::write(&index, "second, and longer").unwrap();
    assert_eq!(client.get("/").body, b"second, and longer");
    assert_eq!(client.get("/new.txt").status, 404);
    fs::write(scratch.0.join("new.txt"), "new").unwrap();
    assert_eq!(client.get("/new.txt").body, b"new");
    fs::remove_file(&index).unwrap();
    assert_eq!(client.get("/").status, 404);
    client.upgraded("/echo").expect_echo();
}

#[test]
fn folder_without_an_index_is_one_warning_at_the_start() {
    let scratch = Scratch::new();
    let server = Server::start(&["--www", scratch.path()]);
    let line = server.log_line();
    let expected = format!("--www {}: no index.html in it", scratch.path());
    assert!(line.contains("[WARN] ") && line.contains(&expected), "{line}");
    assert_eq!(Client::connect(&server).get("/").status, 404);
    assert!(server.log_line().contains(" / "));
}

#[test]
fn release_that_a_link_names_is_served_at_once() {
    let scratch = Scratch::new();
    for release in ["r1", "r2"] {
        fs::create_dir(scratch.0.join(release)).unwrap();
        fs::write(scratch.0.join(release).join("index.html"), release).unwrap();
    }
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, scratch.0.join(name)).unwrap();
    link("r1", "current");
    let server = Server::start(&["--www", scratch.0.join("current").to_str().unwrap()]);
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/").body, b"r1");
    link("r2", "next");
    fs::rename(scratch.0.join("next"), scratch.0.join("current")).unwrap();
    fs::remove_dir_all(scratch.0.join("r1")).unwrap();
    assert_eq!(client.get("/").body, b"r2");
}

#[test]
fn large_file_arrives_whole_beside_other_requests() {
    let scratch = Scratch::new();
    let content: Vec<u8> = (0..5_000_000).map(|at| (at % 251) as u8).collect();
    fs::write(scratch.0.join("large.bin"), &content).unwrap();
    let server = Server::start(&["--www", scratch.path()]);
    let mut slow = Client::with_small_window(&server);
    slow.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
    slow.send("GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n");
    Client::open(&server, "/echo").expect_echo();
    let answer = slow.answer();
    assert!(answer.body == content, "the bytes differ");
    assert_eq!(slow.answer().status, 404);
}

#[test]
fn nothing_outside_the_folder_and_nothing_that_blocks() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let scratch = Scratch::new();
    let www = scratch.0.join("www");
    fs::create_dir(&www).unwrap();
    fs::write(scratch.0.join("secret.txt"), "SECRET").unwrap();
    std::os::unix::fs::symlink("../secret.txt", www.join("link.txt")).unwrap();
    let fifo = www.join("fifo");
    if cfg!(target_os = "linux") {
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }
    let server = Server::start(&["--www", www.to_str().unwrap()]);
    let mut client = Client::connect(&server);
    let paths =
        ["/link.txt", "/fifo", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//secret.txt"];
    for path in paths {
        let answer = client.get(path);
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        if answer.head.contains("Connection: close") {
            client = Client::connect(&server);
        }
    }
}
