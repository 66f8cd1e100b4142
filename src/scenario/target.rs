//! The serde type of `[[targets]]`.
//!
//! Which metrics there are is left to `plan`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::PragmaValue;

/// `[[targets]]`: one demand, on every level that its selectors match.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSection {
    /// Only this workload. Without it, all.
    #[schemars(extend("examples" = ["append"]))]
    pub workload: Option<String>,
    /// Figures of this operation, instead of all together.
    #[schemars(extend("examples" = ["users"]))]
    pub operation: Option<String>,
    /// Only the level with this number of workers. Without it, all.
    #[schemars(range(min = 1))]
    #[schemars(extend("examples" = [8]))]
    pub concurrency: Option<u32>,
    /// Only this variant. `"base"` is the file as it stands. Without it, all.
    #[schemars(extend("examples" = ["base"]))]
    pub variant: Option<String>,
    /// Only where variables have these values. Another key that the matrix varies goes by its path, such as `"limits.memory"`.
    #[serde(default)]
    #[schemars(with = "IndexMap<String, PragmaValue>")]
    #[schemars(extend("examples" = [{ "file_size": "100MB" }]))]
    pub vars: serde_json::Map<String, serde_json::Value>,
    /// Name of the figure.
    #[schemars(extend("examples" = ["latency.p99"]))]
    pub metric: String,
    /// Greatest value allowed: a number in the figure's unit, or a quantity. There is `max` or `min`, or both.
    #[schemars(with = "Option<LimitValue>")]
    #[schemars(extend("examples" = ["5ms"]))]
    pub max: Option<serde_json::Value>,
    /// Least value allowed: a number in the figure's unit, or a quantity.
    #[schemars(with = "Option<LimitValue>")]
    #[schemars(extend("examples" = ["2000/s"]))]
    pub min: Option<serde_json::Value>,
}

/// A number, or a quantity as text.
#[derive(JsonSchema)]
#[schemars(transform = crate::scenario::schema::number_or_text)]
#[expect(dead_code, reason = "stands for a number or text in the schema only")]
struct LimitValue(serde_json::Value);
