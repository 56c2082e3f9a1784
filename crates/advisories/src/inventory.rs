//! Machines out of a CSV file: columns by their names, in any order.

use crate::limits::{INVENTORY_BYTES_MAX, MACHINES_MAX, PROBLEMS_MAX};
use crate::machine::Machine;

/// What is wrong in an inventory, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

/// Machines of a file, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Its machines, in order.
    pub machines: Vec<Machine>,
    /// Lines that could not be read.
    pub problems: Vec<Problem>,
    /// Columns that were looked for and are not there.
    pub absent: Vec<&'static str>,
}

/// Names of columns, in lower case with `_` for spaces and hyphens: the field, then its spellings (English, French, German).
const COLUMNS: &[(&str, &[&str])] = &[
    (
        "asset",
        &[
            "asset",
            "name",
            "asset_name",
            "hostname",
            "host",
            "id",
            "asset_id",
            "machine",
            "tag",
            "nom",
            "équipement",
            "station",
            "device",
        ],
    ),
    (
        "vendor",
        &["vendor", "manufacturer", "maker", "make", "brand", "fabricant", "constructeur", "hersteller", "supplier"],
    ),
    (
        "product",
        &["product", "product_name", "family", "product_family", "product_line", "produit", "gamme", "produkt", "type"],
    ),
    ("model", &["model", "model_name", "model_number", "modèle", "modele", "modell", "device_model"]),
    (
        "order_number",
        &[
            "order_number",
            "order_no",
            "ordernumber",
            "order_code",
            "catalog_number",
            "catalogue_number",
            "cat_no",
            "part_number",
            "partnumber",
            "mlfb",
            "article_number",
            "reference",
            "référence",
            "sku",
            "product_code",
            "bestellnummer",
        ],
    ),
    (
        "firmware",
        &[
            "firmware",
            "firmware_version",
            "version",
            "fw",
            "fw_version",
            "sw_version",
            "software_version",
            "revision",
            "micrologiciel",
        ],
    ),
    ("serial", &["serial", "serial_number", "serial_no", "sn", "numéro_de_série", "seriennummer"]),
];

/// Reads a file. Separator: comma, or semicolon or tab where the first line has more of these.
pub fn parse(bytes: &[u8]) -> Result<Inventory, Problem> {
    let wrong = |line: u64, reason: String| Problem { line, reason };
    if bytes.len() as u64 > INVENTORY_BYTES_MAX {
        return Err(wrong(1, format!("larger than {} MiB", INVENTORY_BYTES_MAX >> 20)));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| first.iter().filter(|byte| **byte == wanted).count();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(|c| (count(*c), *c == b',')).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut inventory = Inventory::default();
    let has_header = reader.read_byte_record(&mut record).map_err(|error| wrong(1, error.to_string()))?;
    if !has_header {
        return Err(wrong(1, "the file is empty; its first line must name the columns".into()));
    }
    let titles: Vec<String> =
        record.iter().map(|title| text(title).to_lowercase().trim().replace([' ', '-'], "_")).collect();
    let place = |field: &str| {
        let (_, names) = COLUMNS.iter().find(|(name, _)| *name == field)?;
        names.iter().find_map(|name| titles.iter().position(|title| title == name))
    };
    let places: Vec<Option<usize>> = COLUMNS.iter().map(|(field, _)| place(field)).collect();
    for ((field, _), place) in COLUMNS.iter().zip(&places) {
        if place.is_none() && !matches!(*field, "asset" | "serial") {
            inventory.absent.push(field);
        }
    }
    if ["vendor", "product", "model", "order_number"].iter().all(|field| inventory.absent.contains(field)) {
        return Err(wrong(
            1,
            format!(
                "none of the columns vendor, product, model, order_number is there; the first line is `{}`",
                titles.join(",").chars().take(200).collect::<String>()
            ),
        ));
    }
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                if inventory.problems.len() < PROBLEMS_MAX {
                    inventory.problems.push(wrong(line, error.to_string()));
                }
                continue;
            }
        }
        let line = record.position().map_or(line, csv::Position::line);
        if record.iter().all(<[u8]>::is_empty) {
            continue;
        }
        if inventory.machines.len() >= MACHINES_MAX {
            inventory.problems.push(wrong(line, format!("more than {MACHINES_MAX} machines; the rest is left out")));
            break;
        }
        if record.len() < titles.len() && inventory.problems.len() < PROBLEMS_MAX {
            let reason = format!(
                "{} fields where the first line names {}; the missing ones are empty",
                record.len(),
                titles.len()
            );
            inventory.problems.push(wrong(line, reason));
        }
        let field = |at: usize| {
            places[at].and_then(|place| record.get(place)).map_or_else(String::new, |value| {
                let value = text(value);
                match value.trim().to_lowercase().as_str() {
                    // What people write where they know nothing.
                    "-" | "n/a" | "na" | "unknown" | "inconnu" | "?" | "none" | "null" => String::new(),
                    _ => value.trim().to_string(),
                }
            })
        };
        let mut machine = Machine {
            asset: field(0),
            vendor: field(1),
            product: field(2),
            model: field(3),
            order_number: field(4),
            firmware: field(5),
            serial: field(6),
        };
        if machine.asset.is_empty() {
            machine.asset = format!("line {line}");
        }
        inventory.machines.push(machine);
    }
    Ok(inventory)
}

/// Text in UTF-8, or else in Latin-1, as spreadsheets still write it.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests;
