//! What the command line can set, and what holds when it sets nothing.

use crate::config::Config;
use log::LevelFilter;
use std::path::PathBuf;

/// How to run the server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen: an IP address without brackets, or a name that is still to be resolved.
    pub host: String,
    /// The port; 0 is any free one.
    pub port: u16,
    /// The folder to serve instead of the embedded pages. Nobody has looked yet whether it is there.
    pub www: Option<PathBuf>,
    /// Origins allowed beside the server's own pages, in lower case: `*`, `null`, or
    /// `scheme://host[:port]`.
    pub allow_origin: Vec<String>,
    /// Hosts allowed beside IP literals and this machine's names, in lower case, without port; or `*`.
    pub allow_host: Vec<String>,
    /// What the chat says after the name of somebody who left.
    pub farewell: String,
    /// The least severe level that is logged.
    pub log: LevelFilter,
    /// Limits and deadlines.
    pub config: Config,
    /// Variables that are ignored, and why: a line for each, to be logged.
    pub ignored: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 8000,
            www: None,
            allow_origin: Vec::new(),
            allow_host: Vec::new(),
            farewell: "has left the chat".to_owned(),
            log: LevelFilter::Info,
            config: Config::default(),
            ignored: Vec::new(),
        }
    }
}
