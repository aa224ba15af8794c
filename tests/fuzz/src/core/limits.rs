//! How wide or narrow the limits are in which a script plays.

use std::time::Duration;
use ws101::config::{Config, Deflate, Tuning};

/// Limits that a script can pass: the fewer bits are set, the narrower.
pub fn limits(flags: u8) -> Config {
    let mut config = Config::default();
    if flags & 1 == 0 {
        config = Config {
            max_head_bytes: 600,
            max_message_bytes: 10_000,
            tuning: Tuning {
                max_target_bytes: 100,
                max_requests_per_connection: 5,
                max_fragments: 8,
                slow_message_bytes: 500,
                linger_bytes: 5_000,
                ..config.tuning
            },
            ..config
        };
    }
    if flags & 2 == 0 {
        config = Config {
            max_queue_bytes: Some(20_000),
            tuning: Tuning {
                high_water_bytes: 2_000,
                low_water_bytes: 500,
                stall_bytes: 8_000,
                piece_bytes: 700,
                ..config.tuning
            },
            ..config
        };
    }
    if flags & 4 == 0 {
        config = Config {
            tuning: Tuning {
                max_deliveries_per_turn: 3,
                max_turn_bytes: 8_000,
                write_out_bytes: 2_000,
                ..config.tuning
            },
            ..config
        };
    }
    if flags & 8 != 0 {
        config.ping_interval = Duration::ZERO;
    }
    match flags >> 6 {
        0 => {}
        1 => config.deflate = Deflate::Takeover,
        2 => (config.deflate_threshold_bytes, config.deflate_level) = (0, 6),
        _ => {
            config.deflate = Deflate::Takeover;
            config.deflate_threshold_bytes = 0;
        }
    }
    config.memory_budget_bytes = match flags >> 4 & 3 {
        1 => 4_000,
        2 => 30_000,
        _ => config.memory_budget_bytes,
    };
    config
}

/// Caps that eight peers can reach.
pub fn caps_of(caps: u8, config: Config) -> Config {
    let one_of = |shift: u8, choices: [usize; 4]| choices[usize::from(caps >> shift & 3)];
    Config {
        max_connections: one_of(0, [10_000, 5, 3, 10_000]),
        max_handshakes: one_of(2, [2_000, 2, 1, 2_000]),
        max_connections_per_ip: one_of(4, [0, 2, 1, 0]),
        // So few that what a script says is dealt with in `LONG`.
        max_messages_per_second: one_of(6, [0, 50, 1_000, 0]),
        tuning: Tuning { max_refusals: one_of(4, [64, 1, 0, 2]), ..config.tuning },
        ..config
    }
}
