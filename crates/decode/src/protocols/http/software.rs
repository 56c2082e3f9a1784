//! What the names of web servers and browsers say of the machine behind them.

use model::{Confidence, FactKey};

use crate::{About, Output};

/// Words in the server field and what they tell: from the makers' manuals and from captures.
const SERVERS: &[(&str, FactKey, &str)] = &[
    ("siemens", FactKey::Vendor, "Siemens"),
    ("simatic", FactKey::Vendor, "Siemens"),
    ("s7 ", FactKey::Vendor, "Siemens"),
    ("simatic hmi", FactKey::Model, "SIMATIC HMI"),
    ("sinema", FactKey::Vendor, "Siemens"),
    ("scalance", FactKey::Model, "SCALANCE"),
    ("schneider", FactKey::Vendor, "Schneider Electric"),
    ("factorycast", FactKey::Vendor, "Schneider Electric"),
    ("a-b www", FactKey::Vendor, "Rockwell Automation"),
    ("allen-bradley", FactKey::Vendor, "Rockwell Automation"),
    ("rockwell", FactKey::Vendor, "Rockwell Automation"),
    ("wago", FactKey::Vendor, "WAGO"),
    ("beckhoff", FactKey::Vendor, "Beckhoff"),
    ("moxa", FactKey::Vendor, "Moxa"),
    ("hirschmann", FactKey::Vendor, "Hirschmann"),
    ("ewon", FactKey::Vendor, "eWON"),
    ("westermo", FactKey::Vendor, "Westermo"),
    ("phoenix", FactKey::Vendor, "Phoenix Contact"),
    ("niagara", FactKey::Vendor, "Tridium"),
    ("niagara", FactKey::Model, "Niagara"),
    ("honeywell", FactKey::Vendor, "Honeywell"),
    ("omron", FactKey::Vendor, "Omron"),
    ("mitsubishi", FactKey::Vendor, "Mitsubishi Electric"),
    ("lantronix", FactKey::Vendor, "Lantronix"),
    ("digi ", FactKey::Vendor, "Digi"),
    ("axis", FactKey::Vendor, "Axis"),
    ("hikvision", FactKey::Vendor, "Hikvision"),
    ("cisco", FactKey::Vendor, "Cisco"),
    ("mikrotik", FactKey::Vendor, "MikroTik"),
    ("synology", FactKey::Vendor, "Synology"),
    ("vxworks", FactKey::Os, "VxWorks"),
    ("windriver", FactKey::Os, "VxWorks"),
    ("windows ce", FactKey::Os, "Windows CE"),
    ("microsoft-windows-ce", FactKey::Os, "Windows CE"),
    ("microsoft-iis/5.0", FactKey::Os, "Windows 2000"),
    ("microsoft-iis/5.1", FactKey::Os, "Windows XP"),
    ("microsoft-iis/6.0", FactKey::Os, "Windows Server 2003"),
    ("microsoft-iis/7.0", FactKey::Os, "Windows Server 2008"),
    ("microsoft-iis/7.5", FactKey::Os, "Windows Server 2008 R2"),
    ("microsoft-iis/8.0", FactKey::Os, "Windows Server 2012"),
    ("microsoft-iis/8.5", FactKey::Os, "Windows Server 2012 R2"),
    ("microsoft-iis/10", FactKey::Os, "Windows"),
    ("microsoft-httpapi", FactKey::Os, "Windows"),
    ("(win32)", FactKey::Os, "Windows"),
    ("(win64)", FactKey::Os, "Windows"),
    ("(ubuntu)", FactKey::Os, "Ubuntu Linux"),
    ("(debian)", FactKey::Os, "Debian Linux"),
    ("(centos)", FactKey::Os, "CentOS Linux"),
    ("(red hat", FactKey::Os, "Red Hat Linux"),
    ("(fedora)", FactKey::Os, "Fedora Linux"),
    ("(suse)", FactKey::Os, "SUSE Linux"),
    ("(freebsd)", FactKey::Os, "FreeBSD"),
    ("(unix)", FactKey::Os, "Unix"),
    ("linux", FactKey::Os, "Linux"),
];

/// Facts that follow from the server field.
pub(super) fn tell(server: &str, out: &mut Output<'_>) {
    let lower = server.to_ascii_lowercase();
    for (word, key, value) in SERVERS {
        if lower.contains(word) {
            out.fact(About::Server, *key, value, "server", Confidence::Guess);
        }
    }
}

/// The operating system in a user agent, as it writes it.
pub(super) fn system(agent: &str) -> Option<&str> {
    const STARTS: [&str; 9] = [
        "Windows NT ",
        "Windows CE",
        "Windows Phone",
        "Android ",
        "iPhone OS ",
        "Mac OS X",
        "CrOS ",
        "FreeBSD",
        "Linux",
    ];
    let (at, word) = STARTS.iter().find_map(|start| agent.find(start).map(|at| (at, *start)))?;
    let rest = agent.get(at..)?;
    let behind = rest.get(word.len()..)?;
    let end = behind.find([';', ')', ',', '/']).unwrap_or(behind.len()).min(24);
    let mut end = word.len().saturating_add(end);
    while !rest.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    rest.get(..end).map(str::trim)
}
