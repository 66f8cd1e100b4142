//! The standard encoding of HdrHistogram (V2, compressed) in base64, which other tools read and which can be pooled.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};

/// What the values of an encoded histogram are: nanoseconds.
pub const HISTOGRAM_UNIT: &str = "ns";

/// Encodes a histogram. Absent only if it cannot be encoded, which needs more than 2^63 recorded values.
pub fn encode(histogram: &Histogram<u64>) -> Option<String> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}

/// Decodes what [`encode`] or another tool wrote. Absent if it is not such an encoding.
pub fn decode(text: &str) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(text).ok()?;
    Deserializer::new().deserialize(&mut Cursor::new(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_survives_the_encoding() {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        (1..=1000).for_each(|value| histogram.record(value * 1_000).unwrap());
        let decoded = decode(&encode(&histogram).unwrap()).unwrap();
        assert_eq!(decoded, histogram);
        assert_eq!(decoded.value_at_percentile(99.0), histogram.value_at_percentile(99.0));
        assert_eq!(decode("HISTFAAA not base64"), None);
        assert_eq!(decode("AAAA"), None);
    }
}
