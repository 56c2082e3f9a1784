//! What a device revealed of itself, with who said it and how sure it is.

use std::borrow::Cow;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::{Address, Behind, Flow, Text, Time, words};

/// One thing that a device revealed of itself or of another.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Fact {
    /// When it was said first.
    pub at: Time,
    /// The flow that carried it.
    pub flow: Flow,
    /// Id of the protocol that said it.
    pub protocol: Cow<'static, str>,
    /// The machine it is about.
    pub subject: Address,
    /// What behind that machine it is about.
    pub behind: Behind,
    /// Which attribute.
    pub key: FactKey,
    /// Its value, as the device wrote it, trimmed.
    pub value: Text,
    /// Where in the protocol it was said: `szl 0x0011`, `device identification object 0`, `lldp system name`.
    pub source: Text,
    /// How sure it is.
    pub confidence: Confidence,
}

words! {
    /// How sure a fact is.
    pub enum Confidence {
        /// Deduced from behaviour, port or pattern.
        Guess = "guess",
        /// Said by another machine, or by a field that people fill freely.
        Likely = "likely",
        /// Said by the device of itself, in a field made for it.
        Certain = "certain",
    }
}

words! {
    /// The attributes that facts speak of.
    pub enum FactKey {
        /// Maker of the device.
        Vendor = "vendor",
        /// Product name or family.
        Model = "model",
        /// Order, catalogue or part number.
        OrderNumber = "order_number",
        /// Firmware or software version of the device.
        Firmware = "firmware",
        /// Hardware version.
        Hardware = "hardware",
        /// Serial number.
        Serial = "serial",
        /// Name of the machine on the network.
        Hostname = "hostname",
        /// Name given by people to device, plant or station.
        StationName = "station_name",
        /// Operating system.
        Os = "os",
        /// Version of the operating system.
        OsVersion = "os_version",
        /// Role that the device says it has, or that its protocol implies: `plc`, `hmi`, `switch` …
        Role = "role",
        /// A module in the device: order number or name; `Fact::behind` says where.
        Module = "module",
        /// Kind of device in the protocol's words (CIP device type, BACnet object type …).
        DeviceType = "device_type",
        /// Position of the key or mode switch.
        KeyPosition = "key_position",
        /// Running, stopped, faulted, programming …
        RunState = "run_state",
        /// Seconds since start.
        Uptime = "uptime",
        /// Name of the loaded program, project or block.
        Program = "program",
        /// Hash of the loaded program.
        ProgramHash = "program_hash",
        /// Protection level against reading and writing of the program.
        Protection = "protection",
        /// A hardware address that the device has.
        Mac = "mac",
        /// An IP address that the device has.
        Ip = "ip",
        /// Subnet mask.
        Netmask = "netmask",
        /// Default router.
        Gateway = "gateway",
        /// Where it stands, as configured by people.
        Location = "location",
        /// Person or department to ask, as configured by people.
        Contact = "contact",
        /// Free description.
        Description = "description",
        /// Software or library on the machine, with version where known.
        Software = "software",
        /// A service that the machine offers: protocol, version.
        Service = "service",
        /// Name of a user or account. Never a password.
        User = "user",
        /// Windows or Kerberos domain, DNS domain, workgroup.
        Domain = "domain",
        /// A credential was seen; the value says what kind (`http basic`, `ftp password`), never its content.
        Credential = "credential",
        /// The credential seen is a published default; the value says of what, never its content.
        DefaultCredential = "default_credential",
        /// X.509 certificate: subject, issuer, validity, hash.
        Certificate = "certificate",
        /// Security of a channel: `none`, `sign`, `sign and encrypt`, TLS version and cipher.
        ChannelSecurity = "channel_security",
        /// Client or server fingerprint: `ja3=…`, `ja4=…`, `hassh=…`.
        Fingerprint = "fingerprint",
        /// Share, export or directory offered.
        Share = "share",
        /// Server of time that the machine uses.
        TimeSource = "time_source",
        /// Server of names that the machine uses.
        NameServer = "name_server",
        /// Time zone or offset of local time.
        TimeZone = "time_zone",
        /// Name of a VLAN, or its number with a meaning.
        Vlan = "vlan",
        /// Port of a switch: the neighbour's name and port.
        Neighbour = "neighbour",
        /// The machine forwards packets of others.
        Router = "router",
        /// The machine hides in a virtual one: hypervisor.
        Hypervisor = "hypervisor",
        /// Identity number in a protocol (BACnet device instance, DNP3 address, EtherNet/IP product code …).
        DeviceId = "device_id",
        /// A process variable, data set or control block that the device offers.
        Variable = "variable",
        /// Language or keyboard layout.
        Language = "language",
        /// Sends logs to.
        Logging = "logging",
        /// Antivirus, endpoint protection.
        Protector = "protector",
        /// Backup, update or management agent.
        Agent = "agent",
    }
}
