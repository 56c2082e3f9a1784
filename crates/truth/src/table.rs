//! Lists of machines as CSV, with any of the usual separators and headers in several languages.

use crate::{Declared, Machine, ROWS_MAX, Refused, mac};

/// Headers by what they mean; compared in lower case without spaces, dots, dashes and underscores.
const HEADERS: &[(&str, &[&str])] = &[
    (
        "name",
        &[
            "name",
            "nom",
            "hostname",
            "host",
            "machine",
            "asset",
            "assetname",
            "tag",
            "device",
            "devicename",
            "equipement",
            "équipement",
            "designation",
            "désignation",
            "repere",
            "repère",
        ],
    ),
    ("ip", &["ip", "ipaddress", "address", "adresseip", "adresse", "ipv4", "ips", "ipaddresses"]),
    ("mac", &["mac", "macaddress", "adressemac", "hardwareaddress", "macs"]),
    ("vendor", &["vendor", "manufacturer", "maker", "make", "fabricant", "constructeur", "marque", "brand"]),
    ("model", &["model", "modele", "modèle", "product", "produit", "type", "devicetype", "reference produit"]),
    (
        "order_number",
        &[
            "ordernumber",
            "partnumber",
            "catalognumber",
            "cataloguenumber",
            "articlenumber",
            "mlfb",
            "reference",
            "référence",
            "orderno",
            "partno",
            "sku",
            "numérodecommande",
            "numerodecommande",
        ],
    ),
    ("firmware", &["firmware", "version", "firmwareversion", "fw", "micrologiciel", "fwversion", "softwareversion"]),
    ("serial", &["serial", "serialnumber", "sn", "numerodeserie", "numérodesérie", "noserie", "serialno"]),
    ("role", &["role", "rôle", "function", "fonction", "category", "catégorie", "categorie"]),
    ("location", &["location", "site", "place", "emplacement", "localisation", "lieu", "area", "zone"]),
];

pub(crate) fn read(declared: &mut Declared, name: &str, text: &str) -> Result<&'static str, Refused> {
    let refuse = |line: usize, why: String| Refused { place: format!("{name}:{line}"), why };
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let separator = [';', '\t', ','].into_iter().max_by_key(|c| first.matches(*c).count()).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator as u8)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| refuse(1, e.to_string()))?.clone();
    let meaning: Vec<Option<&str>> = headers
        .iter()
        .map(|header| {
            let header: String = header.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
            HEADERS.iter().find(|(_, words)| words.contains(&header.as_str())).map(|(meaning, _)| *meaning)
        })
        .collect();
    if !meaning.iter().flatten().any(|meaning| matches!(*meaning, "name" | "ip" | "mac" | "serial")) {
        return Err(refuse(1, "no column with a name, an address or a serial number: not a list of machines, and no other format was recognised".to_owned()));
    }
    for (number, record) in reader.records().enumerate() {
        let record =
            record.map_err(|e| refuse(e.position().map_or(number + 2, |p| p.line() as usize), e.to_string()))?;
        let line = record.position().map_or(number + 2, |position| position.line() as usize);
        if number >= ROWS_MAX {
            return Err(refuse(line, format!("more than {ROWS_MAX} rows")));
        }
        let mut machine = Machine { place: format!("{name}:{line}"), ..Machine::default() };
        for (cell, meaning) in record.iter().zip(&meaning) {
            let parts = || cell.split([' ', ',', ';', '|', '/']).filter(|part| !part.is_empty());
            match meaning {
                _ if cell.is_empty() => {}
                Some("ip") => {
                    machine.ips.extend(parts().filter_map(|part| part.parse::<std::net::IpAddr>().ok()));
                    if machine.ips.is_empty() {
                        declared.not_understood(format!("{name}:{line}"), cell);
                    }
                }
                Some("mac") => match cell.split([' ', ',', ';', '|']).filter_map(mac).collect::<Vec<_>>() {
                    macs if macs.is_empty() => declared.not_understood(format!("{name}:{line}"), cell),
                    macs => machine.macs = macs,
                },
                Some("name") if machine.name.is_empty() => machine.name = cell.to_owned(),
                Some("vendor") => machine.vendor = cell.to_owned(),
                Some("model") => machine.model = cell.to_owned(),
                Some("order_number") => machine.order_number = cell.to_owned(),
                Some("firmware") => machine.firmware = cell.to_owned(),
                Some("serial") => machine.serial = cell.to_owned(),
                Some("role") => machine.role = cell.to_owned(),
                Some("location") => machine.location = cell.to_owned(),
                _ => {}
            }
        }
        if !machine.name.is_empty() || !machine.ips.is_empty() || !machine.macs.is_empty() || !machine.serial.is_empty()
        {
            declared.machines.push(machine);
        }
    }
    Ok("csv")
}
