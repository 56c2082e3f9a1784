//! Exports of engineering and inventory tools: TIA Portal (AML), Rockwell (L5X), Schneider (XEF), IEC 61850 (SCL), GSDML,
//! nmap and pfSense as XML; NetBox as JSON; EDS.

use std::net::IpAddr;

use serde_json::Value;

use crate::xml::{self, Node};
use crate::{Declared, Machine, Refused, mac, walls};

/// Reads an XML file by the name of its root.
pub(crate) fn xml(declared: &mut Declared, name: &str, text: &str) -> Result<&'static str, Refused> {
    let root = xml::parse(name, text)?;
    let format = match root.name.as_str() {
        "CAEXFile" => aml(declared, name, &root),
        "RSLogix5000Content" => l5x(declared, name, &root),
        "FEFExchangeFile" | "XEFExchangeFile" | "ZEFExchangeFile" => xef(declared, name, &root),
        "SCL" => scl(declared, name, &root),
        "nmaprun" => nmap(declared, name, &root),
        "pfsense" => walls::pfsense(declared, name, &root),
        "ISO15745Profile" => gsdml(declared, name, &root),
        other => {
            return Err(Refused {
                place: name.to_owned(),
                why: format!("an XML file of an unknown kind: its root is `{other}`"),
            });
        }
    };
    Ok(format)
}

fn ip(text: &str) -> Option<IpAddr> {
    text.trim().split('/').next()?.parse().ok()
}

/// TIA Portal writes an attribute of a device item as `<Attribute Name="…"><Value>…</Value></Attribute>`.
fn value<'a>(element: &'a Node, name: &str) -> &'a str {
    element
        .children
        .iter()
        .find(|child| child.name == "Attribute" && child.attribute("Name") == name)
        .map_or("", |attribute| attribute.text_of("Value"))
}

fn aml(declared: &mut Declared, name: &str, root: &Node) -> &'static str {
    let mut devices = Vec::new();
    aml_devices(root, &mut devices);
    for device in devices {
        let mut machine = Machine {
            name: device.attribute("Name").to_owned(),
            vendor: "Siemens".to_owned(),
            place: format!("{name}: {}", device.attribute("Name")),
            ..Machine::default()
        };
        let mut items = Vec::new();
        device.all("InternalElement", &mut items);
        for item in std::iter::once(device).chain(items) {
            if let Some(address) = ip(value(item, "NetworkAddress")) {
                machine.ips.push(address);
            }
            let Some(order) = value(item, "TypeIdentifier").strip_prefix("OrderNumber:") else { continue };
            let (order, version) = order
                .split_once("/V")
                .map_or((order, String::new()), |(order, version)| (order, format!("V{version}")));
            let firmware = Some(value(item, "FirmwareVersion"))
                .filter(|version| !version.is_empty())
                .map_or(version, str::to_owned);
            if machine.order_number.is_empty() && !firmware.is_empty() {
                // The head of the device: what speaks on the network is called as it is.
                machine.name = item.attribute("Name").to_owned();
                machine.order_number = order.to_owned();
                machine.firmware = firmware.clone();
                machine.model = value(item, "TypeName").to_owned();
            }
            machine.modules.push((value(item, "PositionNumber").to_owned(), order.to_owned(), firmware));
        }
        if !machine.ips.is_empty() || !machine.order_number.is_empty() {
            declared.machines.push(machine);
        }
    }
    "tia portal aml"
}

/// Devices: elements that say so, else the outermost with an order number.
fn aml_devices<'a>(element: &'a Node, found: &mut Vec<&'a Node>) {
    for child in &element.children {
        let kind = value(child, "TypeIdentifier");
        match child.name == "InternalElement" && (kind.starts_with("System:Device") || kind.starts_with("OrderNumber:"))
        {
            true => found.push(child),
            false => aml_devices(child, found),
        }
    }
}

fn l5x(declared: &mut Declared, name: &str, root: &Node) -> &'static str {
    for controller in root.children.iter().filter(|child| child.name == "Controller") {
        let version = |node: &Node, major: &str, minor: &str| match node.attribute(major) {
            "" => String::new(),
            major => {
                format!("{major}.{}", Some(node.attribute(minor)).filter(|minor| !minor.is_empty()).unwrap_or("0"))
            }
        };
        let mut programs = Vec::new();
        controller.all("Program", &mut programs);
        let mut machine = Machine {
            name: controller.attribute("Name").to_owned(),
            vendor: "Rockwell Automation".to_owned(),
            order_number: controller.attribute("ProcessorType").to_owned(),
            firmware: version(controller, "MajorRev", "MinorRev"),
            serial: controller.attribute("ProjectSN").trim_start_matches("16#").replace('_', ""),
            programs: programs.iter().map(|program| program.attribute("Name").to_owned()).collect(),
            place: format!("{name}: Controller {}", controller.attribute("Name")),
            ..Machine::default()
        };
        let mut modules = Vec::new();
        controller.all("Module", &mut modules);
        for module in modules {
            let mut ports = Vec::new();
            module.all("Port", &mut ports);
            let (order, firmware) = (module.attribute("CatalogNumber").to_owned(), version(module, "Major", "Minor"));
            let address = ports.iter().find_map(|port| ip(port.attribute("Address")));
            let slot = ports
                .iter()
                .find(|port| port.attribute("Type") != "Ethernet")
                .map_or("", |port| port.attribute("Address"));
            match address {
                Some(address) => declared.machines.push(Machine {
                    name: module.attribute("Name").to_owned(),
                    vendor: "Rockwell Automation".to_owned(),
                    ips: vec![address],
                    order_number: order,
                    firmware,
                    place: format!("{name}: Module {}", module.attribute("Name")),
                    ..Machine::default()
                }),
                None => machine.modules.push((slot.to_owned(), order, firmware)),
            }
        }
        declared.machines.push(machine);
    }
    "rockwell l5x"
}

fn xef(declared: &mut Declared, name: &str, root: &Node) -> &'static str {
    let mut items = Vec::new();
    root.all("partItem", &mut items);
    let mut headers = Vec::new();
    root.all("contentHeader", &mut headers);
    let part = |item: &Node| item.attribute("partNumber").to_owned();
    let mut machine = Machine {
        name: headers.first().map_or("", |header| header.attribute("name")).to_owned(),
        vendor: "Schneider Electric".to_owned(),
        place: name.to_owned(),
        ..Machine::default()
    };
    for (number, item) in items.iter().enumerate() {
        let version = item.attribute("version").to_owned();
        match number {
            0 => (machine.order_number, machine.firmware) = (part(item), version),
            _ => machine.modules.push((item.attribute("topoAddress").to_owned(), part(item), version)),
        }
    }
    addresses(root, &mut machine.ips);
    declared.machines.push(machine);
    "schneider xef"
}

/// Addresses in attributes whose name says that they are.
fn addresses(node: &Node, found: &mut Vec<IpAddr>) {
    for (key, text) in &node.attributes {
        let key = key.to_lowercase();
        if let Some(address) = ip(text)
            .filter(|ip| key.contains("ip") && !key.contains("mask") && !key.contains("gate") && !ip.is_unspecified())
        {
            found.push(address);
        }
    }
    node.children.iter().for_each(|child| addresses(child, found));
}

fn scl(declared: &mut Declared, name: &str, root: &Node) -> &'static str {
    let mut points = Vec::new();
    root.all("ConnectedAP", &mut points);
    for ied in root.children.iter().filter(|child| child.name == "IED") {
        let mut machine = Machine {
            name: ied.attribute("name").to_owned(),
            vendor: ied.attribute("manufacturer").to_owned(),
            model: ied.attribute("type").to_owned(),
            firmware: ied.attribute("configVersion").to_owned(),
            role: "ied".to_owned(),
            place: format!("{name}: IED {}", ied.attribute("name")),
            ..Machine::default()
        };
        // The version of the configuration is no firmware.
        machine.firmware.clear();
        for point in points.iter().filter(|point| point.attribute("iedName") == machine.name) {
            let settings = point.child("Address").map(|address| address.children.as_slice()).unwrap_or_default();
            machine.ips.extend(settings.iter().filter(|p| p.attribute("type") == "IP").filter_map(|p| ip(&p.text)));
        }
        declared.machines.push(machine);
    }
    "iec 61850 scl"
}

fn gsdml(declared: &mut Declared, name: &str, root: &Node) -> &'static str {
    let mut vendors = Vec::new();
    root.all("VendorName", &mut vendors);
    let vendor = vendors.first().map_or("", |vendor| vendor.attribute("Value")).to_owned();
    let mut points = Vec::new();
    root.all("DeviceAccessPointItem", &mut points);
    for point in points {
        let Some(info) = point.child("ModuleInfo") else { continue };
        let of = |name: &str| info.child(name).map_or("", |child| child.attribute("Value")).to_owned();
        // A kind of device, not a machine: no name and no address, so nothing is found missing.
        let kind = Machine {
            vendor: vendor.clone(),
            order_number: of("OrderNumber"),
            firmware: of("SoftwareRelease"),
            place: format!("{name}: {}", point.attribute("ID")),
            ..Machine::default()
        };
        declared.machines.push(kind);
    }
    "gsdml"
}

fn nmap(declared: &mut Declared, name: &str, root: &Node) -> &'static str {
    for host in root.children.iter().filter(|child| child.name == "host") {
        let is_down = host.child("status").is_some_and(|status| status.attribute("state") == "down");
        let mut machine = Machine::default();
        for address in host.children.iter().filter(|child| child.name == "address") {
            machine.ips.extend(ip(address.attribute("addr")));
            machine.macs.extend(mac(address.attribute("addr")).filter(|_| address.attribute("addrtype") == "mac"));
            if !address.attribute("vendor").is_empty() {
                machine.vendor = address.attribute("vendor").to_owned();
            }
        }
        if let Some(hostname) = host.child("hostnames").and_then(|names| names.child("hostname")) {
            machine.name = hostname.attribute("name").to_owned();
        }
        for port in host.child("ports").map(|ports| ports.children.as_slice()).unwrap_or_default() {
            let is_open = port.child("state").is_some_and(|state| state.attribute("state") == "open");
            if let (true, Ok(number)) = (is_open, port.attribute("portid").parse()) {
                machine.services.push((port.attribute("protocol").to_owned(), number));
            }
        }
        machine.place = format!("{name}: host {}", machine.ips.first().map(IpAddr::to_string).unwrap_or_default());
        if !is_down && !machine.ips.is_empty() {
            declared.machines.push(machine);
        }
    }
    "nmap"
}

/// NetBox: a list of devices or virtual machines, or `{"results": […]}`.
pub(crate) fn netbox(declared: &mut Declared, name: &str, text: &str) -> Result<&'static str, Refused> {
    let refuse = |place: String, why: String| Refused { place, why };
    let all: Value = serde_json::from_str(text).map_err(|e| refuse(format!("{name}:{}", e.line()), e.to_string()))?;
    let list = all.as_array().or_else(|| all.get("results").and_then(Value::as_array));
    let Some(list) = list else {
        return Err(refuse(name.to_owned(), "JSON without a list of devices (`results`)".to_owned()));
    };
    for (number, device) in list.iter().enumerate() {
        // Names stand in texts, or in objects with `name`, `display` or `address`.
        let word = |value: Option<&Value>| -> String {
            let of = |key: &str| value.and_then(|value| value.get(key)).and_then(Value::as_str);
            value
                .and_then(Value::as_str)
                .or_else(|| of("name"))
                .or_else(|| of("model"))
                .or_else(|| of("address"))
                .or_else(|| of("display"))
                .unwrap_or_default()
                .to_owned()
        };
        let kind = device.get("device_type");
        let mut machine = Machine {
            name: word(device.get("name")),
            vendor: word(kind.and_then(|kind| kind.get("manufacturer"))),
            model: kind.and_then(|kind| kind.get("model")).and_then(Value::as_str).unwrap_or_default().to_owned(),
            order_number: word(kind.and_then(|kind| kind.get("part_number"))),
            serial: word(device.get("serial")),
            role: word(device.get("role").or_else(|| device.get("device_role"))),
            location: word(device.get("site")),
            place: format!("{name}: device {}", number + 1),
            ..Machine::default()
        };
        for key in ["primary_ip4", "primary_ip6", "primary_ip"] {
            machine.ips.extend(ip(&word(device.get(key))));
        }
        machine.ips.sort();
        machine.ips.dedup();
        match machine.name.is_empty() && machine.ips.is_empty() {
            true => declared.not_understood(machine.place, &device.to_string().chars().take(200).collect::<String>()),
            false => declared.machines.push(machine),
        }
    }
    Ok("netbox")
}

/// An EDS file of ODVA: sections in brackets, `Key = value;`.
pub(crate) fn eds(declared: &mut Declared, name: &str, text: &str) -> Option<&'static str> {
    if !text.lines().take(200).any(|line| line.trim().eq_ignore_ascii_case("[device]")) {
        return None;
    }
    let of = |key: &str| {
        text.lines().find_map(|line| {
            let (found, value) = line.split_once('=')?;
            (found.trim() == key).then(|| value.trim().trim_end_matches(';').trim().trim_matches('"').to_owned())
        })
    };
    let revision = [of("MajRev"), of("MinRev")].into_iter().flatten().collect::<Vec<_>>().join(".");
    declared.machines.push(Machine {
        vendor: of("VendName").unwrap_or_default(),
        model: of("ProdName").unwrap_or_default(),
        order_number: of("Catalog").unwrap_or_default(),
        firmware: revision,
        place: name.to_owned(),
        ..Machine::default()
    });
    Some("eds")
}
