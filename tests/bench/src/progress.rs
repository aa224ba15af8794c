//! How far a run is, and how long it will still take.
//!
//! Each step comes with a guess of its seconds. How long the steps so far took against their guesses
//! tells what to make of the guesses for the rest.

use std::time::{Duration, Instant};

/// The steps of a run.
#[derive(Debug)]
pub struct Progress {
    steps: usize,
    done: usize,
    seconds_left: f64,
    guessed: f64,
    taken: f64,
    started: Instant,
}

impl Progress {
    /// A run of steps that should take so many seconds each.
    #[must_use]
    pub fn new(guesses: &[f64]) -> Self {
        Self {
            steps: guesses.len(),
            done: 0,
            seconds_left: guesses.iter().sum(),
            guessed: 0.0,
            taken: 0.0,
            started: Instant::now(),
        }
    }

    /// Says on stderr what comes now.
    pub fn begin(&mut self, what: &str) {
        self.started = Instant::now();
        let left = left(self.seconds_left * self.slowness());
        eprintln!("[{}/{}] {what} ({left})", self.done + 1, self.steps);
    }

    /// The step that was guessed to take so long is done.
    pub fn end(&mut self, guess: f64) {
        self.count(guess, self.started.elapsed());
    }

    fn count(&mut self, guess: f64, taken: Duration) {
        self.done += 1;
        self.seconds_left -= guess;
        self.guessed += guess;
        self.taken += taken.as_secs_f64();
    }

    /// Actual over guessed time so far; the first minute of guesses counts as right.
    fn slowness(&self) -> f64 {
        const TRUST: f64 = 60.0;
        (self.taken + TRUST) / (self.guessed + TRUST)
    }
}

fn left(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("about {:.0} s left", (seconds / 10.0).ceil() * 10.0)
    } else {
        format!("about {:.0} min left", seconds / 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_guessed_from_what_was_slower_than_thought() {
        let mut progress = Progress::new(&[60.0, 60.0, 60.0]);
        assert_eq!(progress.slowness(), 1.0);
        progress.count(60.0, Duration::from_secs(180));
        assert_eq!((progress.seconds_left, progress.slowness()), (120.0, 2.0));
        assert_eq!(left(240.0), "about 4 min left");
        assert_eq!(left(41.0), "about 50 s left");
    }
}
