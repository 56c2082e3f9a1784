//! An advisory in our words: what is affected, since when it is known, and what to do. Made by `csaf.rs` and `cve.rs`.

use serde::{Deserialize, Serialize};

/// What a document says of one product and one weakness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Affected (`known_affected`, `first_affected`, `last_affected`).
    Affected,
    /// Said not to be affected (`known_not_affected`).
    NotAffected,
    /// Said to be fixed (`fixed`, `first_fixed`).
    Fixed,
    /// `under_investigation`.
    Investigated,
}

/// A product that a document names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its id inside the document.
    pub id: String,
    /// Vendors of the branches above it.
    pub vendors: Vec<String>,
    /// Names of the branches above it, outermost first: family, product.
    pub names: Vec<String>,
    /// The text of the version branch; empty where there is none.
    pub version: String,
    /// The full name.
    pub full_name: String,
    /// `model_numbers`, `skus`: identification helpers.
    pub models: Vec<String>,
    /// `serial_numbers`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<String>,
    /// `cpe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// `purl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// The product on which this one is installed: an index into the document's products.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<u32>,
    /// Whether only a product made of this one and another is spoken of.
    #[serde(default)]
    pub is_part: bool,
}

/// What can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remediation {
    /// `vendor_fix`, `mitigation`, `workaround`, `no_fix_planned`, `none_available` …
    pub category: String,
    /// In words.
    pub details: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Products: indexes; empty for all of the weakness.
    pub products: Vec<u32>,
}

/// A score with its vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The vector as it was written.
    pub vector: String,
    /// The base score that the document states.
    pub base: Option<f64>,
    /// Products: indexes; empty for all.
    pub products: Vec<u32>,
}

/// One weakness of a document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vulnerability {
    /// CVE, or another id; empty where it has none.
    pub id: String,
    /// Title.
    pub title: String,
    /// `CWE-79`.
    pub cwe: String,
    /// What is said of which product (an index).
    pub statuses: Vec<(u32, Status)>,
    /// Reasons why products are not affected (`vulnerable_code_not_present` …).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<(String, Vec<u32>)>,
    /// Scores.
    pub scores: Vec<Score>,
    /// What can be done.
    pub remediations: Vec<Remediation>,
}

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// Its id: `ICSA-19-344-06`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Who published it.
    pub publisher: String,
    /// When it was released first: RFC 3339, as written.
    pub released: String,
    /// When this revision was released.
    pub updated: String,
    /// The revision.
    pub revision: String,
    /// `draft`, `interim`, `final`.
    pub state: String,
    /// Its products.
    pub products: Vec<Product>,
    /// Its weaknesses.
    pub vulnerabilities: Vec<Vulnerability>,
}
