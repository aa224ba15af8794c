//! Too many connections, too few descriptors, and a listener that fails.

use crate::client::{Answer, Client};
use crate::process::{Server, eventually, limited};
use crate::wire;

fn expect_refusal(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.head);
    assert!(answer.head.contains("\r\nConnection: close\r\n"));
    let is_told_when = answer.head.contains("\r\nRetry-After: 5\r\n");
    assert_eq!(is_told_when, status == 503);
}

/// What becomes of a client that asks for a WebSocket.
enum Fate {
    Served(Client),
    Refused,
    Cut,
}

fn fate(server: &Server) -> Fate {
    let mut client = Client::connect(server);
    // It may be closed already.
    let _ = std::io::Write::write_all(&mut client.stream, wire::upgrade("/echo").as_bytes());
    if !client.more().unwrap_or(false) {
        return Fate::Cut;
    }
    let answer = client.answer();
    if answer.status == 101 {
        return Fate::Served(client);
    }
    expect_refusal(&answer, 503);
    Fate::Refused
}

/// So many clients come: who is served, how many are refused, how many cut.
fn crowd(server: &Server, count: usize) -> (Vec<Client>, usize, usize) {
    let (mut served, mut refused, mut cut) = (Vec::new(), 0, 0);
    for _ in 0..count {
        match fate(server) {
            Fate::Served(client) => served.push(client),
            Fate::Refused => refused += 1,
            Fate::Cut => cut += 1,
        }
    }
    (served, refused, cut)
}

#[test]
fn client_over_the_cap_reads_503_whenever_it_asks() {
    let server = Server::start(&["--max-connections", "2"]);
    let mut served = [Client::open(&server, "/echo"), Client::open(&server, "/echo")];
    // Asks at once, asks when it has the answer already, asks when all of that is one readiness.
    let mut prompt = Client::connect(&server);
    expect_refusal(&prompt.get("/"), 503);
    prompt.expect_end();
    let mut late = Client::connect(&server);
    assert!(late.more().unwrap());
    late.send(wire::upgrade("/echo"));
    expect_refusal(&late.answer(), 503);
    late.expect_end();
    let mut frozen = server.frozen(|| {
        let mut client = Client::connect(&server);
        client.send(wire::upgrade("/echo"));
        client.send(vec![b'x'; 100_000]);
        client
    });
    expect_refusal(&frozen.answer(), 503);
    frozen.expect_end();
    for client in &mut served {
        client.expect_echo();
    }
}

#[test]
fn who_comes_when_another_goes_is_served() {
    let server = Server::start(&["--max-connections", "1"]);
    let mut only = Client::open(&server, "/echo");
    for _ in 0..20 {
        only.expect_echo();
        // The server may well see both at once.
        only = server.frozen(|| {
            // Not left to `drop`: a process that another test starts holds a copy of the socket for a moment.
            only.fin();
            Client::connect(&server)
        });
        only = only.upgraded("/echo");
    }
}

#[test]
fn sixty_four_refused_clients_are_told_at_once_and_the_rest_is_cut() {
    let server = Server::start(&["--max-connections", "1"]);
    let mut only = Client::open(&server, "/echo");
    let mut clients: Vec<Client> = server.frozen(|| {
        let connect = |_| Client::connect(&server);
        (0..100).map(connect).collect()
    });
    for client in &mut clients[..64] {
        expect_refusal(&client.answer(), 503);
    }
    for client in &mut clients[64..] {
        client.expect_cut();
    }
    only.expect_echo();
    drop(clients);
    eventually("refusals are told again", || matches!(fate(&server), Fate::Refused));
}

#[test]
fn handshakes_in_progress_are_capped_and_websockets_are_not() {
    let server = Server::start(&["--max-handshakes", "2", "--head-timeout", "60m"]);
    let (mut served, refused, cut) = crowd(&server, 20);
    assert_eq!((served.len(), refused, cut), (20, 0, 0));
    let silent = [Client::connect(&server), Client::connect(&server)];
    expect_refusal(&Client::connect(&server).answer(), 503);
    for client in &mut served {
        client.expect_echo();
    }
    drop(silent);
    eventually("somebody new is served", || Client::connect(&server).try_open("/echo"));
}

#[test]
fn too_many_from_one_address_read_429() {
    let server = Server::start(&["--max-connections-per-ip", "2"]);
    let mut served = [Client::open(&server, "/echo"), Client::open(&server, "/echo")];
    let mut refused = Client::connect(&server);
    expect_refusal(&refused.get("/"), 429);
    refused.expect_end();
    for client in &mut served {
        client.expect_echo();
    }
}

#[test]
fn client_that_sends_too_much_waits_and_loses_nothing() {
    let server = Server::start(&["--max-messages-per-second", "2000"]);
    let mut greedy = Client::open(&server, "/echo");
    let mut modest = Client::open(&server, "/echo");
    let messages: Vec<u8> = (0..4_000).flat_map(|n| wire::text(n.to_string())).collect();
    greedy.send(messages);
    modest.expect_echo();
    for n in 0..4_000 {
        assert_eq!(greedy.text(), n.to_string());
    }
    greedy.expect_echo();
}

#[test]
fn soft_limit_of_descriptors_is_raised_at_start() {
    // A process may raise its soft limit up to the hard one, and ws101 does.
    let server = Server::spawn(limited("ulimit -S -n 40", &[]));
    let mut clients: Vec<Client> = (0..60).map(|_| Client::open(&server, "/echo")).collect();
    for client in &mut clients {
        client.expect_echo();
    }
}

#[test]
fn cap_fits_the_limit_of_descriptors_and_leaves_room_to_say_no() {
    // 16 of the 40 files that may be open are kept for the server itself and for those it turns away.
    let server = Server::spawn(limited("ulimit -n 40", &["--max-connections", "9000"]));
    let line = server.log_line();
    let told = "at most 24 connections, not 9000: 40 files may be open (ulimit -n)";
    assert!(line.contains(told), "{line}");
    let (mut served, refused, cut) = crowd(&server, 60);
    assert_eq!(served.len(), 24);
    assert!(refused >= 6, "{refused} refused, {cut} cut");
    for client in &mut served {
        client.expect_echo();
    }
    served.truncate(20);
    eventually("somebody new is served", || Client::connect(&server).try_open("/echo"));
    for client in &mut served {
        client.expect_echo();
    }
}

#[test]
fn cap_that_fits_and_one_that_nobody_asked_for_are_nothing_to_speak_of() {
    for flags in [&["--max-connections", "44"][..], &[]] {
        let server = Server::spawn(limited("ulimit -n 60", flags));
        Client::open(&server, "/echo").expect_echo();
        let line = server.log_line();
        assert!(line.contains("/echo"), "{line}");
    }
}

/// The kernel gives what cannot be had otherwise: a limit that sinks, a listener that fails.
#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use crate::process::Scratch;
    use rustix::net::{Shutdown, getsockname, listen, shutdown};
    use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, Resource, Rlimit};
    use rustix::process::{pidfd_getfd, pidfd_open, prlimit};
    use std::fs;
    use std::net::SocketAddr;
    use std::os::fd::OwnedFd;

    fn descriptors(server: &Server) -> Vec<i32> {
        let names = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
        let number = |name: std::io::Result<fs::DirEntry>| {
            let name = name.unwrap().file_name();
            name.to_str().unwrap().parse().unwrap()
        };
        names.map(number).collect()
    }

    /// No descriptor of this number or above can be had any more; those that are there stay.
    fn limit_descriptors(server: &Server, limit: u64) {
        let pid = Pid::from_raw(server.pid() as i32);
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        prlimit(pid, Resource::Nofile, limit).unwrap();
    }

    fn next_descriptor(server: &Server) -> u64 {
        let used = descriptors(server);
        (0..).find(|number| !used.contains(number)).unwrap() as u64
    }

    #[test]
    fn without_descriptors_peers_are_turned_away_and_later_served() {
        // Nobody is left in the backlog: the server accepts each connection and closes it. No cap refuses them.
        let server = Server::start(&[]);
        limit_descriptors(&server, 30);
        let (mut served, refused, cut) = crowd(&server, 60);
        assert!(served.len() > 10 && cut > 10, "{cut} cut");
        assert_eq!(refused, 0);
        assert!(server.log_line().contains("cannot be accepted"));
        for client in &mut served {
            client.expect_echo();
        }
        served.drain(..5);
        eventually("somebody new is served", || Client::connect(&server).try_open("/echo"));
        for client in &mut served {
            client.expect_echo();
        }
    }

    #[test]
    fn without_descriptors_and_over_the_cap_everybody_is_turned_away_in_some_way() {
        let server = Server::start(&["--max-connections", "5"]);
        let served: Vec<Client> = (0..5).map(|_| Client::open(&server, "/echo")).collect();
        // Room for three who are told.
        limit_descriptors(&server, next_descriptor(&server) + 3);
        let clients: Vec<Client> = server.frozen(|| {
            let connect = |_| Client::connect(&server);
            (0..50).map(connect).collect()
        });
        let mut refused = 0;
        for mut client in clients {
            if client.more().unwrap_or(false) {
                expect_refusal(&client.answer(), 503);
                refused += 1;
            }
        }
        assert!(refused >= 3, "{refused}");
        for mut client in served {
            client.expect_echo();
        }
        eventually("somebody new is served", || Client::connect(&server).try_open("/echo"));
    }

    #[test]
    fn page_without_a_descriptor_is_503_and_later_served() {
        let scratch = Scratch::new();
        fs::write(scratch.0.join("index.html"), "home").unwrap();
        let server = Server::start(&["--www", scratch.path()]);
        let mut client = Client::connect(&server);
        assert_eq!(client.get("/").body, b"home");
        limit_descriptors(&server, next_descriptor(&server));
        expect_refusal(&client.get("/"), 503);
        let line = server.log_line();
        assert!(line.contains("a page could not be opened"), "{line}");
        client.expect_end();
        drop(client);
        // The place of that connection is enough for a page, but not for both.
        eventually("somebody is answered", || {
            let mut client = Client::connect(&server);
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            client.more().unwrap_or(false)
        });
    }

    #[test]
    fn stalled_downloads_count_as_connections() {
        let scratch = Scratch::new();
        fs::write(scratch.0.join("large.bin"), vec![b'.'; 8 << 20]).unwrap();
        let arguments = ["--www", scratch.path(), "--max-connections", "3"];
        let server = Server::start(&arguments);
        let mut slow = Client::with_small_window(&server);
        slow.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(slow.bytes(15), b"HTTP/1.1 200 OK");
        let mut other = Client::connect(&server);
        expect_refusal(&Client::connect(&server).get("/large.bin"), 503);
        expect_refusal(&other.get("/large.bin"), 503);
        drop(slow);
        eventually("the file is closed, and there is room", || {
            Client::connect(&server).get("/missing").status == 404
        });
    }

    #[test]
    fn listener_that_fails_for_a_while_costs_nobody_else() {
        // No error of `accept` ends the server. This one is EINVAL: the socket does not listen.
        let mut server = Server::start(&[]);
        let mut client = Client::open(&server, "/echo");
        let listener = stolen_listener(&server);
        shutdown(&listener, Shutdown::Both).unwrap();
        assert!(server.log_line().contains("cannot be accepted"));
        for _ in 0..20 {
            client.expect_echo();
        }
        listen(&listener, 100).unwrap();
        // The kernel may have chosen another port.
        let address = getsockname(&listener).unwrap();
        server.port = SocketAddr::try_from(address).unwrap().port();
        eventually("it is served again", || Client::connect(&server).try_open("/echo"));
        client.expect_echo();
    }

    /// The server's listening socket, as a descriptor of ours.
    fn stolen_listener(server: &Server) -> OwnedFd {
        use rustix::net::sockopt::socket_acceptconn;
        let pid = Pid::from_raw(server.pid() as i32).unwrap();
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        let stolen = descriptors(server).into_iter().map(|number| {
            pidfd_getfd(&pidfd, number, PidfdGetfdFlags::empty()).expect("a child may be looked into")
        });
        let mut listeners = stolen.filter(|fd| socket_acceptconn(fd).unwrap_or(false));
        listeners.next().expect("a listener")
    }
}
