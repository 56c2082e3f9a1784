//! CSAF 2.0 and 2.1 (OASIS, *Common Security Advisory Framework*, section 3) into [`Advisory`].
//!
//! A document is hostile: every list is bounded, nesting is bounded, references may lead nowhere or in circles. What is
//! wrong is told with its place as a JSON path; what is wrong in one product does not cost the others.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::document::{Advisory, Product, Remediation, Score, Status, Vulnerability};
use crate::limits::{
    BRANCH_DEPTH_MAX, NAME_MAX, PROBLEMS_MAX, PRODUCTS_MAX, REFERENCES_MAX, RELATIONSHIP_DEPTH_MAX, VULNERABILITIES_MAX,
};

/// What is wrong in a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON path (`$.product_tree.branches[3].name`), or line and column.
    pub place: String,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

fn fault(place: &str, reason: impl Into<String>) -> Fault {
    Fault { place: place.to_string(), reason: reason.into() }
}

/// Reads a document. Faults beside it cost only what stands at their place.
pub fn parse(bytes: &[u8]) -> Result<(Advisory, Vec<Fault>), Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| fault(&format!("line {} column {}", error.line(), error.column()), reason(&error)))?;
    from_value(&value)
}

/// serde_json's message without the position, which is told apart.
pub fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(reason, _)| reason.to_string())
}

/// Whether a JSON value is a CSAF document.
pub fn is_csaf(value: &Value) -> bool {
    value.get("document").is_some_and(|document| document.get("csaf_version").is_some())
}

/// Reads a document that is already JSON.
pub fn from_value(value: &Value) -> Result<(Advisory, Vec<Fault>), Fault> {
    let mut reader = Reader::default();
    let root = value.as_object().ok_or_else(|| fault("$", "expected an object"))?;
    let document = object(root, "$", "document")?;
    let version = text(document, "$.document", "csaf_version")?;
    if !matches!(version, "2.0" | "2.1") {
        return Err(fault("$.document.csaf_version", format!("`{}` is not 2.0 or 2.1", short(version))));
    }
    let tracking = object(document, "$.document", "tracking")?;
    let mut advisory = Advisory {
        id: bounded(text(tracking, "$.document.tracking", "id")?),
        title: bounded(soft(document, "title")),
        publisher: document
            .get("publisher")
            .and_then(|p| p.get("name"))
            .and_then(Value::as_str)
            .map_or_else(String::new, bounded),
        released: bounded(soft(tracking, "initial_release_date")),
        updated: bounded(soft(tracking, "current_release_date")),
        revision: bounded(soft(tracking, "version")),
        state: bounded(soft(tracking, "status")),
        ..Advisory::default()
    };
    if advisory.id.trim().is_empty() {
        return Err(fault("$.document.tracking.id", "it is empty"));
    }
    if let Some(tree) = root.get("product_tree") {
        match tree.as_object() {
            Some(tree) => reader.tree(tree),
            None => reader.tell("$.product_tree", "expected an object"),
        }
    }
    if let Some(list) = reader.list(root, "$", "vulnerabilities") {
        if list.len() > VULNERABILITIES_MAX {
            return Err(fault("$.vulnerabilities", format!("more than {VULNERABILITIES_MAX} weaknesses")));
        }
        for (at, item) in list.iter().enumerate() {
            let place = format!("$.vulnerabilities[{at}]");
            match item.as_object() {
                Some(item) => {
                    let vulnerability = reader.vulnerability(item, &place, at)?;
                    advisory.vulnerabilities.push(vulnerability);
                }
                None => reader.tell(&place, "expected an object"),
            }
        }
    }
    if let Some(refused) = reader.refused {
        return Err(refused);
    }
    advisory.products = reader.products;
    Ok((advisory, reader.faults))
}

fn object<'a>(map: &'a Map<String, Value>, place: &str, key: &str) -> Result<&'a Map<String, Value>, Fault> {
    let at = format!("{place}.{key}");
    match map.get(key) {
        None => Err(fault(&at, "it is missing")),
        Some(value) => {
            value.as_object().ok_or_else(|| fault(&at, format!("expected an object, found {}", kind(value))))
        }
    }
}

fn text<'a>(map: &'a Map<String, Value>, place: &str, key: &str) -> Result<&'a str, Fault> {
    let at = format!("{place}.{key}");
    match map.get(key) {
        None => Err(fault(&at, "it is missing")),
        Some(value) => value.as_str().ok_or_else(|| fault(&at, format!("expected text, found {}", kind(value)))),
    }
}

fn soft<'a>(map: &'a Map<String, Value>, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A text without control characters, of bounded length. Also repairs UTF-8 that was read as Latin-1 and written again, as
/// some published documents have it (`GeutebrÃ¼ck`).
pub fn bounded(text: &str) -> String {
    let text: String = text.trim().chars().take(NAME_MAX * 4).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim().to_string();
    if text.contains('Ã') && text.chars().all(|c| u32::from(c) < 256) {
        let bytes: Vec<u8> = text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
        if let Ok(repaired) = String::from_utf8(bytes) {
            return repaired;
        }
    }
    text
}

#[derive(Default)]
struct Reader {
    products: Vec<Product>,
    index: HashMap<String, u32>,
    groups: HashMap<String, Vec<u32>>,
    references: usize,
    faults: Vec<Fault>,
    refused: Option<Fault>,
}

impl Reader {
    fn tell(&mut self, place: &str, reason: impl Into<String>) {
        if self.faults.len() < PROBLEMS_MAX {
            self.faults.push(fault(place, reason));
        }
    }

    fn refuse(&mut self, place: &str, reason: impl Into<String>) {
        if self.refused.is_none() {
            self.refused = Some(fault(place, reason));
        }
    }

    fn list<'a>(&mut self, map: &'a Map<String, Value>, place: &str, key: &str) -> Option<&'a Vec<Value>> {
        let value = map.get(key)?;
        let list = value.as_array();
        if list.is_none() {
            self.tell(&format!("{place}.{key}"), format!("expected a list, found {}", kind(value)));
        }
        list
    }

    fn tree(&mut self, tree: &Map<String, Value>) {
        let place = "$.product_tree";
        let path = Path { vendors: Vec::new(), names: Vec::new(), version: String::new() };
        if let Some(branches) = self.list(tree, place, "branches") {
            self.branches(branches, &format!("{place}.branches"), &path, 0);
        }
        if let Some(list) = self.list(tree, place, "full_product_names") {
            for (at, item) in list.iter().enumerate() {
                self.product(item, &format!("{place}.full_product_names[{at}]"), &path);
            }
        }
        if let Some(list) = self.list(tree, place, "relationships") {
            for (at, item) in list.iter().enumerate() {
                self.relationship(item, &format!("{place}.relationships[{at}]"));
            }
        }
        self.circles(place);
        if let Some(list) = self.list(tree, place, "product_groups") {
            for (at, item) in list.iter().enumerate() {
                let place = format!("{place}.product_groups[{at}]");
                let Some(id) = item.get("group_id").and_then(Value::as_str) else {
                    self.tell(&place, "a group without an id");
                    continue;
                };
                let members = item.as_object().and_then(|item| self.list(item, &place, "product_ids")).cloned();
                let members = self.ids(&members.unwrap_or_default(), &format!("{place}.product_ids"));
                self.groups.insert(id.to_string(), members);
            }
        }
    }

    fn branches(&mut self, branches: &[Value], place: &str, path: &Path, depth: usize) {
        if depth >= BRANCH_DEPTH_MAX {
            self.refuse(place, format!("branches nested deeper than {BRANCH_DEPTH_MAX}"));
            return;
        }
        for (at, branch) in branches.iter().enumerate() {
            if self.refused.is_some() {
                return;
            }
            let place = format!("{place}[{at}]");
            let Some(branch) = branch.as_object() else {
                self.tell(&place, format!("expected an object, found {}", kind(branch)));
                continue;
            };
            let (name, category) = match (text(branch, &place, "name"), text(branch, &place, "category")) {
                (Ok(name), Ok(category)) => (bounded(name), category),
                (Err(error), _) | (_, Err(error)) => {
                    self.tell(&error.place, error.reason);
                    continue;
                }
            };
            let mut path = path.clone();
            match category {
                "vendor" => path.vendors.push(name),
                "product_version" | "product_version_range" | "patch_level" | "service_pack" => {
                    if !path.version.is_empty() {
                        path.version.push(' ');
                    }
                    path.version.push_str(&name);
                }
                "architecture" | "host_name" | "language" | "legacy" | "platform" | "specification" => {
                    path.names.push(name);
                }
                _ => path.names.push(name),
            }
            if let Some(product) = branch.get("product") {
                self.product(product, &format!("{place}.product"), &path);
            }
            if let Some(inner) = self.list(branch, &place, "branches") {
                self.branches(inner, &format!("{place}.branches"), &path, depth + 1);
            }
        }
    }

    fn product(&mut self, item: &Value, place: &str, path: &Path) {
        let Some(map) = item.as_object() else {
            self.tell(place, format!("expected an object, found {}", kind(item)));
            return;
        };
        let (id, name) = match (text(map, place, "product_id"), text(map, place, "name")) {
            (Ok(id), Ok(name)) => (id, bounded(name)),
            (Err(error), _) | (_, Err(error)) => {
                self.tell(&error.place, error.reason);
                return;
            }
        };
        let mut product = Product {
            id: bounded(id),
            vendors: path.vendors.clone(),
            names: path.names.clone(),
            version: path.version.clone(),
            full_name: name,
            ..Product::default()
        };
        if let Some(helper) = map.get("product_identification_helper").and_then(Value::as_object) {
            let place = format!("{place}.product_identification_helper");
            for key in ["model_numbers", "skus"] {
                if let Some(list) = self.list(helper, &place, key) {
                    product.models.extend(list.iter().filter_map(Value::as_str).map(bounded));
                }
            }
            if let Some(list) = self.list(helper, &place, "serial_numbers") {
                product.serials.extend(list.iter().filter_map(Value::as_str).map(bounded));
            }
            product.cpe = helper.get("cpe").and_then(Value::as_str).map(bounded);
            let purl = helper.get("purl").or_else(|| helper.get("purls").and_then(|list| list.get(0)));
            product.purl = purl.and_then(Value::as_str).map(bounded);
        }
        self.add(product, place);
    }

    fn add(&mut self, product: Product, place: &str) {
        if self.products.len() >= PRODUCTS_MAX {
            self.refuse(place, format!("more than {PRODUCTS_MAX} products"));
            return;
        }
        if self.index.contains_key(&product.id) {
            self.tell(place, format!("the product id `{}` is used twice; the first one counts", short(&product.id)));
            return;
        }
        self.index.insert(product.id.clone(), self.products.len() as u32);
        self.products.push(product);
    }

    /// `relationships`: a product that is made of two, such as firmware installed on hardware.
    fn relationship(&mut self, item: &Value, place: &str) {
        let part = |key: &str| item.get(key).and_then(Value::as_str);
        let (Some(category), Some(inner), Some(outer), Some(full)) = (
            part("category"),
            part("product_reference"),
            part("relates_to_product_reference"),
            item.get("full_product_name").and_then(Value::as_object),
        ) else {
            self.tell(place, "a relationship without category, references or full name");
            return;
        };
        let (Some(&inner), Some(&outer)) = (self.index.get(inner), self.index.get(outer)) else {
            self.tell(place, "it refers to a product that the document does not have");
            return;
        };
        let (Some(id), Some(name)) =
            (full.get("product_id").and_then(Value::as_str), full.get("name").and_then(Value::as_str))
        else {
            self.tell(&format!("{place}.full_product_name"), "without id or name");
            return;
        };
        // Software or firmware (inner) on, or as part of, hardware (outer): the versions are those of the inner one.
        let mut product = self.products[inner as usize].clone();
        let is_within = matches!(
            category,
            "installed_on"
                | "installed_with"
                | "default_component_of"
                | "optional_component_of"
                | "external_component_of"
        );
        if !is_within {
            self.tell(&format!("{place}.category"), format!("`{}` is not known", short(category)));
            return;
        }
        product.id = bounded(id);
        product.full_name = bounded(name);
        product.on = Some(outer);
        product.is_part = false;
        self.add(product, place);
    }

    /// A relationship can only refer to products before it, so circles cannot arise; long chains are cut.
    fn circles(&mut self, place: &str) {
        for start in 0..self.products.len() {
            let (mut at, mut steps) = (start, 0);
            while let Some(next) = self.products[at].on {
                at = next as usize;
                steps += 1;
                if steps > RELATIONSHIP_DEPTH_MAX {
                    self.refuse(&format!("{place}.relationships"), "relationships in a circle, or a very long chain");
                    return;
                }
            }
        }
    }

    fn ids(&mut self, list: &[Value], place: &str) -> Vec<u32> {
        self.references = self.references.saturating_add(list.len());
        if self.references > REFERENCES_MAX {
            self.refuse(place, format!("more than {REFERENCES_MAX} references to products"));
            return Vec::new();
        }
        let mut found = Vec::with_capacity(list.len());
        for (at, id) in list.iter().enumerate() {
            match id.as_str().and_then(|id| self.index.get(id).copied()) {
                Some(index) => found.push(index),
                None => self.tell(&format!("{place}[{at}]"), "it names a product that the document does not have"),
            }
        }
        found
    }

    fn products_of(&mut self, item: &Map<String, Value>, place: &str, key: &str) -> Vec<u32> {
        let mut found = match self.list(item, place, key) {
            Some(list) => self.ids(&list.clone(), &format!("{place}.{key}")),
            None => Vec::new(),
        };
        if let Some(groups) = item.get("group_ids").and_then(Value::as_array) {
            for group in groups.iter().filter_map(Value::as_str) {
                if let Some(members) = self.groups.get(group) {
                    self.references = self.references.saturating_add(members.len());
                    found.extend(members);
                }
            }
            if self.references > REFERENCES_MAX {
                self.refuse(place, format!("more than {REFERENCES_MAX} references to products"));
            }
        }
        found
    }

    fn vulnerability(&mut self, item: &Map<String, Value>, place: &str, at: usize) -> Result<Vulnerability, Fault> {
        let mut vulnerability = Vulnerability { title: bounded(soft(item, "title")), ..Vulnerability::default() };
        vulnerability.id = match item.get("cve").and_then(Value::as_str) {
            Some(cve) => bounded(cve),
            None => item
                .get("ids")
                .and_then(|ids| ids.get(0))
                .and_then(|id| id.get("text"))
                .and_then(Value::as_str)
                .map_or_else(|| format!("#{}", at + 1), bounded),
        };
        let cwe = item.get("cwe").or_else(|| item.get("cwes").and_then(|list| list.get(0)));
        vulnerability.cwe = cwe.and_then(|cwe| cwe.get("id")).and_then(Value::as_str).map_or_else(String::new, bounded);
        if let Some(status) = item.get("product_status").and_then(Value::as_object) {
            for (key, meaning) in STATUSES {
                let place = format!("{place}.product_status");
                let Some(list) = self.list(status, &place, key) else { continue };
                for index in self.ids(&list.clone(), &format!("{place}.{key}")) {
                    vulnerability.statuses.push((index, *meaning));
                }
            }
        }
        vulnerability.statuses.sort_unstable();
        vulnerability.statuses.dedup();
        if let Some(list) = self.list(item, place, "flags") {
            for (at, flag) in list.iter().enumerate() {
                let Some(flag) = flag.as_object() else { continue };
                let products = self.products_of(flag, &format!("{place}.flags[{at}]"), "product_ids");
                vulnerability.flags.push((bounded(soft(flag, "label")), products));
            }
        }
        self.scores(item, place, &mut vulnerability);
        if let Some(list) = self.list(item, place, "remediations") {
            for (at, remediation) in list.iter().enumerate() {
                let Some(remediation) = remediation.as_object() else { continue };
                let products = self.products_of(remediation, &format!("{place}.remediations[{at}]"), "product_ids");
                vulnerability.remediations.push(Remediation {
                    category: bounded(soft(remediation, "category")),
                    details: bounded(soft(remediation, "details")),
                    url: remediation.get("url").and_then(Value::as_str).map(bounded),
                    products,
                });
            }
        }
        match self.refused.take() {
            Some(refused) => Err(refused),
            None => Ok(vulnerability),
        }
    }

    /// `scores` of CSAF 2.0, `metrics` of 2.1.
    fn scores(&mut self, item: &Map<String, Value>, place: &str, vulnerability: &mut Vulnerability) {
        for key in ["scores", "metrics"] {
            let Some(list) = self.list(item, place, key) else { continue };
            for (at, entry) in list.iter().enumerate() {
                let Some(entry) = entry.as_object() else { continue };
                let products = self.products_of(entry, &format!("{place}.{key}[{at}]"), "products");
                let content = entry.get("content").and_then(Value::as_object).unwrap_or(entry);
                for name in ["cvss_v4", "cvss_v3", "cvss_v2"] {
                    let Some(score) = content.get(name).and_then(Value::as_object) else { continue };
                    vulnerability.scores.push(Score {
                        vector: bounded(soft(score, "vectorString")),
                        base: score.get("baseScore").and_then(Value::as_f64),
                        products: products.clone(),
                    });
                }
            }
        }
    }
}

const STATUSES: &[(&str, Status)] = &[
    ("known_affected", Status::Affected),
    ("first_affected", Status::Affected),
    ("last_affected", Status::Affected),
    ("known_not_affected", Status::NotAffected),
    ("fixed", Status::Fixed),
    ("first_fixed", Status::Fixed),
    ("under_investigation", Status::Investigated),
];

#[derive(Clone)]
struct Path {
    vendors: Vec<String>,
    names: Vec<String>,
    version: String,
}

#[cfg(test)]
mod tests;
