//! How measurements are stored without losing a figure: histograms sparse, wide integers and floats as text.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::histogram::Buckets;

impl<const BITS: u32> Serialize for Buckets<BITS> {
    /// Number and count of each slot that was hit.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.numbered())
    }
}

impl<'de, const BITS: u32> Deserialize<'de> for Buckets<BITS> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut buckets = Buckets::default();
        for (number, count) in Vec::<(usize, u64)>::deserialize(deserializer)? {
            if !buckets.add_numbered(number, count) {
                return Err(D::Error::custom(format!("a histogram has no slot {number}")));
            }
        }
        Ok(buckets)
    }
}

/// Integers above 64 bits, which JSON readers round.
pub(super) mod wide {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Floats to the last bit: serde_json reads most, but not all, as they were written.
pub(super) mod exact {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(
        value: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(|value| value.to_string()).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Latencies, ResourceMeasurement};

    fn again<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
        serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
    }

    #[test]
    fn latencies_that_were_stored_have_the_same_figures() {
        let mut latencies = Latencies::default();
        (0..64).for_each(|shift| latencies.record((u64::MAX >> 8 >> (shift % 50)).wrapping_sub(shift)));
        latencies.record_n(7_000, (1 << 33) + 5);
        let read = again(&latencies);
        assert_eq!(read.to_hdr(), latencies.to_hdr());
        for percent in [0.1, 50.0, 99.0, 100.0] {
            assert_eq!(read.percentile_ns(percent), latencies.percentile_ns(percent), "{percent}");
        }
        assert_eq!(read.stddev_ns(), latencies.stddev_ns());
        assert_eq!((read.sum_ns(), read.min_ns()), (latencies.sum_ns(), latencies.min_ns()));
        assert_eq!((read.count(), read.max_ns()), (latencies.count(), latencies.max_ns()));
    }

    #[test]
    fn only_the_slots_that_were_hit_are_stored() {
        let mut latencies = Latencies::default();
        latencies.record_n(7_000, 1_000_000);
        assert!(serde_json::to_string(&latencies).unwrap().len() < 200);
    }

    #[test]
    fn a_slot_that_does_not_exist_is_refused() {
        let mut latencies = Latencies::default();
        latencies.record(u64::MAX >> 12);
        let mut stored = serde_json::to_value(&latencies).unwrap();
        assert!(serde_json::from_value::<Latencies>(stored.clone()).is_ok());
        stored["buckets"][0][0] = serde_json::json!(56 * 1_024);
        assert!(serde_json::from_value::<Latencies>(stored).is_err());
    }

    #[test]
    fn floats_are_the_same_to_the_last_bit() {
        for load in [0.1 + 0.2, 5e-324, 1.797_693_134_862_315_7e308, 0.0] {
            let resources = ResourceMeasurement { other_load: Some(load), ..Default::default() };
            assert_eq!(again(&resources).other_load.map(f64::to_bits), Some(load.to_bits()));
        }
        assert_eq!(again(&ResourceMeasurement::default()).other_load, None);
    }
}
