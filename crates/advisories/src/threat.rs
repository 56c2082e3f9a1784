//! What is known of attacks: CISA's list of exploited vulnerabilities (KEV), and EPSS, the estimated probability that a
//! vulnerability is exploited within thirty days (FIRST).

use std::collections::HashMap;
use std::io::Read;

use serde_json::Value;

use crate::limits::DOCUMENT_BYTES_MAX;

/// An entry of KEV.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exploited {
    /// When it was added: `2025-08-25`.
    pub added: String,
    /// Whether it is known to be used by ransomware.
    pub is_ransomware: bool,
}

/// An estimate of EPSS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Probability, 0 to 1.
    pub probability: f64,
    /// Share of vulnerabilities with a lower one.
    pub percentile: f64,
}

/// Everything that is known of attacks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Threats {
    /// KEV by CVE.
    pub exploited: HashMap<String, Exploited>,
    /// EPSS by CVE.
    pub estimates: HashMap<String, Estimate>,
}

impl Threats {
    /// Adds CISA's list.
    pub fn add_kev(&mut self, value: &Value) -> Result<usize, String> {
        let list =
            value.get("vulnerabilities").and_then(Value::as_array).ok_or("$.vulnerabilities: expected a list")?;
        let mut count = 0;
        for (at, entry) in list.iter().enumerate() {
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            let cve = text("cveID").ok_or_else(|| format!("$.vulnerabilities[{at}].cveID: expected text"))?;
            let added = text("dateAdded").unwrap_or_default().to_string();
            let is_ransomware = text("knownRansomwareCampaignUse") == Some("Known");
            self.exploited.insert(cve.trim().to_ascii_uppercase(), Exploited { added, is_ransomware });
            count += 1;
        }
        Ok(count)
    }

    /// Adds EPSS: CSV (also gzip) with the columns `cve,epss,percentile` and perhaps a line of comment before.
    pub fn add_epss(&mut self, bytes: &[u8]) -> Result<usize, String> {
        let mut unpacked = Vec::new();
        let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
            let reader = flate2::read::MultiGzDecoder::new(bytes);
            reader.take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut unpacked).map_err(|error| error.to_string())?;
            if unpacked.len() as u64 > DOCUMENT_BYTES_MAX {
                return Err("it unpacks to far more than a list of EPSS has".into());
            }
            &unpacked
        } else {
            bytes
        };
        let text =
            std::str::from_utf8(bytes).map_err(|error| format!("byte {}: it is not UTF-8", error.valid_up_to()))?;
        let mut count = 0;
        let mut has_titles = false;
        for (at, line) in text.lines().enumerate() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let fields: Vec<&str> = line.split(',').map(|field| field.trim().trim_matches('"')).collect();
            if !has_titles {
                if fields.first().is_none_or(|first| !first.eq_ignore_ascii_case("cve")) {
                    return Err(format!("line {}: expected the columns cve,epss,percentile", at + 1));
                }
                has_titles = true;
                continue;
            }
            let number = |place: usize| {
                fields.get(place).and_then(|f| f.parse::<f64>().ok()).filter(|n| (0.0..=1.0).contains(n))
            };
            match (fields.first(), number(1)) {
                (Some(cve), Some(probability)) => {
                    let percentile = number(2).unwrap_or(0.0);
                    self.estimates.insert(cve.to_ascii_uppercase(), Estimate { probability, percentile });
                    count += 1;
                }
                _ => return Err(format!("line {}: expected a CVE and a number from 0 to 1", at + 1)),
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_wrong_ones_told() {
        let mut threats = Threats::default();
        let kev = serde_json::json!({ "vulnerabilities": [{ "cveID": "CVE-2020-1", "dateAdded": "2022-01-01", "knownRansomwareCampaignUse": "Known" }] });
        assert_eq!(threats.add_kev(&kev), Ok(1));
        assert!(threats.exploited["CVE-2020-1"].is_ransomware);
        assert!(threats.add_kev(&serde_json::json!({ "vulnerabilities": [{}] })).unwrap_err().contains("[0].cveID"));
        assert_eq!(threats.add_epss(b"#model:v1\ncve,epss,percentile\nCVE-2020-1,0.97,0.99\n"), Ok(1));
        assert_eq!(threats.estimates["CVE-2020-1"].probability, 0.97);
        assert!(threats.add_epss(b"cve,epss\nCVE-1,7\n").unwrap_err().starts_with("line 2"));
        assert!(threats.add_epss(b"a,b\n").unwrap_err().starts_with("line 1"));
    }
}
