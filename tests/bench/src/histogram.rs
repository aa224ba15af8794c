//! Latencies in buckets that are about 3 % wide, so that recording one costs an addition.

use std::time::Duration;

/// Buckets for each power of two of nanoseconds.
const STEPS: usize = 32;

/// Counts of durations.
#[derive(Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; 64 * STEPS], total: 0 }
    }
}

impl Histogram {
    /// Counts a duration `times` times.
    pub fn record(&mut self, duration: Duration, times: u64) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(nanos)) {
            *count += times;
            self.total += times;
        }
    }

    /// The duration below which this share (0 to 1) of all durations lies.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let wanted = share * self.total as f64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen > 0 && seen as f64 >= wanted {
                return Duration::from_nanos(lower_edge(index));
            }
        }
        Duration::ZERO
    }
}

fn bucket(nanos: u64) -> usize {
    let power = nanos.max(STEPS as u64).ilog2() as usize;
    let shift = power - STEPS.ilog2() as usize;
    let step = usize::try_from(nanos >> shift).unwrap_or(usize::MAX);
    shift * STEPS + step
}

fn lower_edge(bucket: usize) -> u64 {
    let shift = (bucket / STEPS).saturating_sub(1);
    ((bucket - shift * STEPS) as u64) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_in_its_bucket() {
        for nanos in (0..200).chain([1_000, 65_535, 65_536, 1 << 40, u64::MAX >> 2]) {
            let bucket = bucket(nanos);
            assert!(lower_edge(bucket) <= nanos, "{nanos}");
            assert!(nanos < lower_edge(bucket + 1), "{nanos}");
        }
    }

    #[test]
    fn quantiles_count_from_below() {
        let mut histogram = Histogram::default();
        histogram.record(Duration::from_nanos(10), 98);
        histogram.record(Duration::from_nanos(20), 2);
        assert_eq!(histogram.quantile(0.5), Duration::from_nanos(10));
        assert_eq!(histogram.quantile(0.99), Duration::from_nanos(20));
    }
}
