//! The program: arguments and wiring.

use std::io::Write;
use ws101::app::World;
use ws101::apps::{broadcast::Broadcast, chat::Chat, echo::Echo};
use ws101::config::Config;
use ws101::http::policy::Policy;
use ws101::hub::Hub;
use ws101::server::Server;

struct System;

impl World for System {
    fn random(&mut self, bytes: &mut [u8]) {
        let _ = getrandom::fill(bytes);
    }
    fn unix_time(&mut self) -> u64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }
}

fn main() {
    let port = std::env::args().skip_while(|arg| arg != "--port").nth(1);
    let port: u16 = port.and_then(|port| port.parse().ok()).unwrap_or(8000);
    let hub = Hub::new(
        Config::default(),
        Policy::default(),
        Box::new(System),
        vec![
            Box::new(Echo),
            Box::new(Broadcast::default()),
            Box::new(Chat::new("has left the chat".to_owned())),
        ],
    );
    let mut server = match Server::bind(([127, 0, 0, 1], port).into(), hub) {
        Ok(server) => server,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            std::process::exit(1);
        }
    };
    if let Ok(address) = server.local_addr() {
        let _ = writeln!(std::io::stdout(), "Server running at http://{address}");
    }
    let _ = server.run();
}
