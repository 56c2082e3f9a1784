//! Names of enumerated values and of bits, found by the property that has them.
//!
//! Written from ANSI/ASHRAE 135-2020, clause 21.

use model::{FactKey, Text, Verb};

use super::names;

/// What the numbers of an enumeration, or the bits of a string, are called.
#[derive(Clone, Copy)]
pub(super) enum Words {
    /// No names are known.
    Unknown,
    /// By number, or by bit.
    Listed(&'static [&'static str]),
    /// By object type.
    ObjectTypes,
}

impl Words {
    /// The name of `number`, if there is one.
    pub(super) fn name(self, number: u64) -> Option<Text> {
        let number = u32::try_from(number).ok()?;
        let name = match self {
            Words::Unknown => None,
            Words::Listed(list) => list.get(usize::try_from(number).ok()?).copied(),
            Words::ObjectTypes => names::object_type_static(number),
        };
        name.filter(|name| !name.is_empty()).map(Text::const_new)
    }
}

/// Object types, clause 21.
pub(super) mod kind {
    pub(in super::super) const BINARY_INPUT: u32 = 3;
    pub(in super::super) const BINARY_OUTPUT: u32 = 4;
    pub(in super::super) const BINARY_VALUE: u32 = 5;
    pub(in super::super) const DEVICE: u32 = 8;
    pub(in super::super) const PROGRAM: u32 = 16;
    pub(in super::super) const LIFE_SAFETY_POINT: u32 = 21;
    pub(in super::super) const LIFE_SAFETY_ZONE: u32 = 22;
    pub(in super::super) const ACCESS_DOOR: u32 = 30;
    pub(in super::super) const BINARY_LIGHTING: u32 = 55;
    pub(in super::super) const NETWORK_PORT: u32 = 56;
}

/// Properties, clause 21.
pub(super) mod property {
    pub(in super::super) const EVENT_STATE: u32 = 36;
    pub(in super::super) const EVENT_TIME_STAMPS: u32 = 130;
    pub(in super::super) const LOG_BUFFER: u32 = 131;
    pub(in super::super) const OUT_OF_SERVICE: u32 = 81;
    pub(in super::super) const PRESENT_VALUE: u32 = 85;
    pub(in super::super) const PROGRAM_CHANGE: u32 = 90;
    pub(in super::super) const PROTOCOL_REVISION: u32 = 139;
    pub(in super::super) const UTC_OFFSET: u32 = 119;
    pub(in super::super) const VENDOR_IDENTIFIER: u32 = 120;
}

/// Production `BACnetEventState`.
pub(super) const EVENT_STATES: Words =
    Words::Listed(&["normal", "fault", "offnormal", "high-limit", "low-limit", "life-safety-alarm"]);

/// Production `BACnetEventType`.
pub(super) const EVENT_TYPES: Words = Words::Listed(&[
    "change-of-bitstring",
    "change-of-state",
    "change-of-value",
    "command-failure",
    "floating-limit",
    "out-of-range",
    "complex-event-type",
    "",
    "change-of-life-safety",
    "extended",
    "buffer-ready",
    "unsigned-range",
    "",
    "access-event",
    "double-out-of-range",
    "signed-out-of-range",
    "unsigned-out-of-range",
    "change-of-characterstring",
    "change-of-status-flags",
    "change-of-reliability",
    "none",
    "change-of-discrete-value",
    "change-of-timer",
]);

/// Production `BACnetNotifyType`.
pub(super) const NOTIFY_TYPES: Words = Words::Listed(&["alarm", "event", "ack-notification"]);

/// Production `BACnetSegmentation`.
pub(super) const SEGMENTATION: Words =
    Words::Listed(&["segmented-both", "segmented-transmit", "segmented-receive", "no-segmentation"]);

/// Production `BACnetStatusFlags`.
pub(super) const STATUS_FLAGS: Words = Words::Listed(&["in-alarm", "fault", "overridden", "out-of-service"]);

/// Production `BACnetEventTransitionBits`.
pub(super) const TRANSITIONS: Words = Words::Listed(&["to-offnormal", "to-fault", "to-normal"]);

/// Production `BACnetLifeSafetyOperation`.
pub(super) const LIFE_SAFETY_OPERATIONS: Words = Words::Listed(&[
    "none",
    "silence",
    "silence-audible",
    "silence-visual",
    "reset",
    "reset-alarm",
    "reset-fault",
    "unsilence",
    "unsilence-audible",
    "unsilence-visual",
]);

/// Production `BACnetBinaryPV`.
const BINARY: Words = Words::Listed(&["inactive", "active"]);

/// Production `BACnetReliability`.
const RELIABILITY: Words = Words::Listed(&[
    "no-fault-detected",
    "no-sensor",
    "over-range",
    "under-range",
    "open-loop",
    "shorted-loop",
    "no-output",
    "unreliable-other",
    "process-error",
    "multi-state-fault",
    "configuration-error",
    "",
    "communication-failure",
    "member-fault",
    "monitored-object-fault",
    "tripped",
    "lamp-failure",
    "activation-failure",
    "renew-dhcp-failure",
    "renew-fd-registration-failure",
    "restart-auto-negotiation-failure",
    "restart-failure",
    "proprietary-command-failure",
    "faults-listed",
    "referenced-object-fault",
    "multi-state-out-of-range",
]);

/// Production `BACnetLifeSafetyState`.
const LIFE_SAFETY_STATES: Words = Words::Listed(&[
    "quiet",
    "pre-alarm",
    "alarm",
    "fault",
    "fault-pre-alarm",
    "fault-alarm",
    "not-ready",
    "active",
    "tamper",
    "test-alarm",
    "test-active",
    "test-fault",
    "test-fault-alarm",
    "holdup",
    "duress",
    "tamper-alarm",
    "abnormal",
    "emergency-power",
    "delayed",
    "blocked",
    "local-alarm",
    "general-alarm",
    "supervisory",
    "test-supervisory",
]);

/// Production `BACnetLifeSafetyMode`.
const LIFE_SAFETY_MODES: Words = Words::Listed(&[
    "off",
    "on",
    "test",
    "manned",
    "unmanned",
    "armed",
    "disarmed",
    "prearmed",
    "slow",
    "fast",
    "disconnected",
    "enabled",
    "disabled",
    "automatic-release-disabled",
    "default",
]);

/// Production `BACnetServicesSupported`.
const SERVICES: Words = Words::Listed(&[
    "acknowledge-alarm",
    "confirmed-cov-notification",
    "confirmed-event-notification",
    "get-alarm-summary",
    "get-enrollment-summary",
    "subscribe-cov",
    "atomic-read-file",
    "atomic-write-file",
    "add-list-element",
    "remove-list-element",
    "create-object",
    "delete-object",
    "read-property",
    "read-property-conditional",
    "read-property-multiple",
    "write-property",
    "write-property-multiple",
    "device-communication-control",
    "confirmed-private-transfer",
    "confirmed-text-message",
    "reinitialize-device",
    "vt-open",
    "vt-close",
    "vt-data",
    "authenticate",
    "request-key",
    "i-am",
    "i-have",
    "unconfirmed-cov-notification",
    "unconfirmed-event-notification",
    "unconfirmed-private-transfer",
    "unconfirmed-text-message",
    "time-synchronization",
    "who-has",
    "who-is",
    "read-range",
    "utc-time-synchronization",
    "life-safety-operation",
    "subscribe-cov-property",
    "get-event-information",
    "write-group",
    "subscribe-cov-property-multiple",
    "confirmed-cov-notification-multiple",
    "unconfirmed-cov-notification-multiple",
    "confirmed-audit-notification",
    "audit-log-query",
    "unconfirmed-audit-notification",
    "who-am-i",
    "you-are",
]);

/// What the values of `property` of an object of `object_type` are called.
pub(super) fn words(object_type: u32, property: u32) -> Words {
    match property {
        0 | 1 | 35 => TRANSITIONS,
        2 => Words::Listed(&["direct", "reverse"]),
        20 | 27 | 50 | 82 | 94 | 117 | 455 => Words::Listed(UNITS),
        36 => EVENT_STATES,
        37 => EVENT_TYPES,
        41 => Words::Listed(&["record-access", "stream-access"]),
        52 => Words::Listed(&["low-limit", "high-limit"]),
        72 => NOTIFY_TYPES,
        79 | 96 => Words::ObjectTypes,
        84 => Words::Listed(&["normal", "reverse"]),
        90 => PROGRAM_CHANGES,
        92 => Words::Listed(&["idle", "loading", "running", "waiting", "halted", "unloading"]),
        97 => SERVICES,
        100 => Words::Listed(&["normal", "load-failed", "internal", "program", "other"]),
        103 => RELIABILITY,
        107 => SEGMENTATION,
        111 | 347 => STATUS_FLAGS,
        112 => Words::Listed(&[
            "operational",
            "operational-read-only",
            "download-required",
            "download-in-progress",
            "non-operational",
            "backup-in-progress",
        ]),
        160 | 175 => LIFE_SAFETY_MODES,
        161 => LIFE_SAFETY_OPERATIONS,
        163 => Words::Listed(&["unsilenced", "audible-silenced", "visible-silenced", "all-silenced"]),
        164 | 166 => LIFE_SAFETY_STATES,
        196 => Words::Listed(&[
            "unknown",
            "coldstart",
            "warmstart",
            "detected-power-lost",
            "detected-powered-off",
            "hardware-watchdog",
            "software-watchdog",
            "suspended",
            "activate-changes",
        ]),
        197 => Words::Listed(&["polled", "cov", "triggered"]),
        208 => Words::Listed(&[
            "unknown",
            "system",
            "network",
            "device",
            "organizational",
            "area",
            "equipment",
            "point",
            "collection",
            "property",
            "functional",
            "other",
        ]),
        231 => Words::Listed(&["closed", "open", "unknown", "door-fault", "unused"]),
        233 => Words::Listed(&["locked", "unlocked", "lock-fault", "unused", "unknown"]),
        235 => Words::Listed(&["secured", "unsecured", "unknown"]),
        338 => Words::Listed(&[
            "idle",
            "preparing-for-backup",
            "preparing-for-restore",
            "performing-a-backup",
            "performing-a-restore",
            "backup-failure",
            "restore-failure",
        ]),
        370 => Words::Listed(&["idle", "in-progress", "successful", "failed"]),
        408 | 435 => Words::Listed(&["normal", "foreign", "bbmd"]),
        417 => Words::Listed(&[
            "idle",
            "discard-changes",
            "renew-fd-registration",
            "restart-slave-discovery",
            "renew-dhcp",
            "restart-autonegotiation",
            "disconnect",
            "restart-port",
        ]),
        426 => Words::Listed(&["unknown", "learned", "learned-configured", "configured"]),
        427 => Words::Listed(&[
            "ethernet",
            "arcnet",
            "mstp",
            "ptp",
            "lontalk",
            "ipv4",
            "zigbee",
            "virtual",
            "",
            "ipv6",
            "serial",
            "secure-connect",
        ]),
        482 => Words::Listed(&["physical", "protocol", "bacnet-application", "non-bacnet-application"]),
        // Properties whose type is that of the object's present value.
        6 | 40 | 85 | 87 | 104 | 174 | 492 => match object_type {
            kind::BINARY_INPUT | kind::BINARY_OUTPUT | kind::BINARY_VALUE => BINARY,
            kind::LIFE_SAFETY_POINT | kind::LIFE_SAFETY_ZONE => LIFE_SAFETY_STATES,
            kind::ACCESS_DOOR => Words::Listed(&["lock", "unlock", "pulse-unlock", "extended-pulse-unlock"]),
            kind::BINARY_LIGHTING => {
                Words::Listed(&["off", "on", "warn", "warn-off", "warn-relinquish", "stop", "toggle"])
            }
            _ => Words::Unknown,
        },
        _ => Words::Unknown,
    }
}

/// Production `BACnetProgramRequest`.
const PROGRAM_CHANGES: Words = Words::Listed(&["ready", "load", "run", "halt", "restart", "unload"]);

/// What writing `property` of an object of `object_type` does. Programs are started and stopped by writing a property
/// (clause 12.22.5); taking an object out of service cuts it off from the physical point.
pub(super) fn write_verb(object_type: u32, property: u32, number: Option<f64>, word: Option<&str>) -> Verb {
    match (object_type, property) {
        (kind::PROGRAM, property::PROGRAM_CHANGE) => match (word, number.map(|n| n as i64)) {
            (Some("load"), _) => Verb::Program,
            (Some("run"), _) => Verb::Start,
            (Some("halt" | "unload"), _) => Verb::Stop,
            (Some("restart"), _) => Verb::Reset,
            _ => Verb::Mode,
        },
        (_, property::OUT_OF_SERVICE) => Verb::Mode,
        (kind::NETWORK_PORT, 417) => Verb::Reset,
        (kind::DEVICE | kind::NETWORK_PORT, _) => Verb::Configure,
        _ => Verb::Write,
    }
}

/// What a property of a device or network port object says of the machine.
pub(super) fn fact_key(object_type: u32, property: u32) -> Option<FactKey> {
    match (object_type, property) {
        (kind::DEVICE, 121) => Some(FactKey::Vendor),
        (kind::DEVICE, 70) => Some(FactKey::Model),
        (kind::DEVICE, 44) => Some(FactKey::Firmware),
        (kind::DEVICE, 12) => Some(FactKey::Software),
        (kind::DEVICE, 372) => Some(FactKey::Serial),
        (kind::DEVICE, 77) => Some(FactKey::StationName),
        (kind::DEVICE, 58) => Some(FactKey::Location),
        (kind::DEVICE, 28) => Some(FactKey::Description),
        (kind::DEVICE, 112) => Some(FactKey::RunState),
        (kind::NETWORK_PORT, 400) => Some(FactKey::Ip),
        (kind::NETWORK_PORT, 411) => Some(FactKey::Netmask),
        (kind::NETWORK_PORT, 401) => Some(FactKey::Gateway),
        (kind::NETWORK_PORT, 406) => Some(FactKey::NameServer),
        (kind::NETWORK_PORT, 423) => Some(FactKey::Mac),
        _ => None,
    }
}

/// Production `BACnetEngineeringUnits`, 0 to 254.
const UNITS: &[&str] = &[
    "square-meters",
    "square-feet",
    "milliamperes",
    "amperes",
    "ohms",
    "volts",
    "kilovolts",
    "megavolts",
    "volt-amperes",
    "kilovolt-amperes",
    "megavolt-amperes",
    "volt-amperes-reactive",
    "kilovolt-amperes-reactive",
    "megavolt-amperes-reactive",
    "degrees-phase",
    "power-factor",
    "joules",
    "kilojoules",
    "watt-hours",
    "kilowatt-hours",
    "btus",
    "therms",
    "ton-hours",
    "joules-per-kilogram-dry-air",
    "btus-per-pound-dry-air",
    "cycles-per-hour",
    "cycles-per-minute",
    "hertz",
    "grams-of-water-per-kilogram-dry-air",
    "percent-relative-humidity",
    "millimeters",
    "meters",
    "inches",
    "feet",
    "watts-per-square-foot",
    "watts-per-square-meter",
    "lumens",
    "luxes",
    "foot-candles",
    "kilograms",
    "pounds-mass",
    "tons",
    "kilograms-per-second",
    "kilograms-per-minute",
    "kilograms-per-hour",
    "pounds-mass-per-minute",
    "pounds-mass-per-hour",
    "watts",
    "kilowatts",
    "megawatts",
    "btus-per-hour",
    "horsepower",
    "tons-refrigeration",
    "pascals",
    "kilopascals",
    "bars",
    "pounds-force-per-square-inch",
    "centimeters-of-water",
    "inches-of-water",
    "millimeters-of-mercury",
    "centimeters-of-mercury",
    "inches-of-mercury",
    "degrees-celsius",
    "degrees-kelvin",
    "degrees-fahrenheit",
    "degree-days-celsius",
    "degree-days-fahrenheit",
    "years",
    "months",
    "weeks",
    "days",
    "hours",
    "minutes",
    "seconds",
    "meters-per-second",
    "kilometers-per-hour",
    "feet-per-second",
    "feet-per-minute",
    "miles-per-hour",
    "cubic-feet",
    "cubic-meters",
    "imperial-gallons",
    "liters",
    "us-gallons",
    "cubic-feet-per-minute",
    "cubic-meters-per-second",
    "imperial-gallons-per-minute",
    "liters-per-second",
    "liters-per-minute",
    "us-gallons-per-minute",
    "degrees-angular",
    "degrees-celsius-per-hour",
    "degrees-celsius-per-minute",
    "degrees-fahrenheit-per-hour",
    "degrees-fahrenheit-per-minute",
    "no-units",
    "parts-per-million",
    "parts-per-billion",
    "percent",
    "percent-per-second",
    "per-minute",
    "per-second",
    "psi-per-degree-fahrenheit",
    "radians",
    "revolutions-per-minute",
    "currency1",
    "currency2",
    "currency3",
    "currency4",
    "currency5",
    "currency6",
    "currency7",
    "currency8",
    "currency9",
    "currency10",
    "square-inches",
    "square-centimeters",
    "btus-per-pound",
    "centimeters",
    "pounds-mass-per-second",
    "delta-degrees-fahrenheit",
    "delta-degrees-kelvin",
    "kilohms",
    "megohms",
    "millivolts",
    "kilojoules-per-kilogram",
    "megajoules",
    "joules-per-degree-kelvin",
    "joules-per-kilogram-degree-kelvin",
    "kilohertz",
    "megahertz",
    "per-hour",
    "milliwatts",
    "hectopascals",
    "millibars",
    "cubic-meters-per-hour",
    "liters-per-hour",
    "kilowatt-hours-per-square-meter",
    "kilowatt-hours-per-square-foot",
    "megajoules-per-square-meter",
    "megajoules-per-square-foot",
    "watts-per-square-meter-degree-kelvin",
    "cubic-feet-per-second",
    "percent-obscuration-per-foot",
    "percent-obscuration-per-meter",
    "milliohms",
    "megawatt-hours",
    "kilo-btus",
    "mega-btus",
    "kilojoules-per-kilogram-dry-air",
    "megajoules-per-kilogram-dry-air",
    "kilojoules-per-degree-kelvin",
    "megajoules-per-degree-kelvin",
    "newton",
    "grams-per-second",
    "grams-per-minute",
    "tons-per-hour",
    "kilo-btus-per-hour",
    "hundredths-seconds",
    "milliseconds",
    "newton-meters",
    "millimeters-per-second",
    "millimeters-per-minute",
    "meters-per-minute",
    "meters-per-hour",
    "cubic-meters-per-minute",
    "meters-per-second-per-second",
    "amperes-per-meter",
    "amperes-per-square-meter",
    "ampere-square-meters",
    "farads",
    "henrys",
    "ohm-meters",
    "siemens",
    "siemens-per-meter",
    "teslas",
    "volts-per-degree-kelvin",
    "volts-per-meter",
    "webers",
    "candelas",
    "candelas-per-square-meter",
    "degrees-kelvin-per-hour",
    "degrees-kelvin-per-minute",
    "joule-seconds",
    "radians-per-second",
    "square-meters-per-newton",
    "kilograms-per-cubic-meter",
    "newton-seconds",
    "newtons-per-meter",
    "watts-per-meter-per-degree-kelvin",
    "micro-siemens",
    "cubic-feet-per-hour",
    "us-gallons-per-hour",
    "kilometers",
    "micrometers",
    "grams",
    "milligrams",
    "milliliters",
    "milliliters-per-second",
    "decibels",
    "decibels-millivolt",
    "decibels-volt",
    "millisiemens",
    "watt-hours-reactive",
    "kilowatt-hours-reactive",
    "megawatt-hours-reactive",
    "millimeters-of-water",
    "per-mille",
    "grams-per-gram",
    "kilograms-per-kilogram",
    "grams-per-kilogram",
    "milligrams-per-gram",
    "milligrams-per-kilogram",
    "grams-per-milliliter",
    "grams-per-liter",
    "milligrams-per-liter",
    "micrograms-per-liter",
    "grams-per-cubic-meter",
    "milligrams-per-cubic-meter",
    "micrograms-per-cubic-meter",
    "nanograms-per-cubic-meter",
    "grams-per-cubic-centimeter",
    "becquerels",
    "kilobecquerels",
    "megabecquerels",
    "gray",
    "milligray",
    "microgray",
    "sieverts",
    "millisieverts",
    "microsieverts",
    "microsieverts-per-hour",
    "decibels-a",
    "nephelometric-turbidity-unit",
    "ph",
    "grams-per-square-meter",
    "minutes-per-degree-kelvin",
    "ohm-meter-squared-per-meter",
    "ampere-seconds",
    "volt-ampere-hours",
    "kilovolt-ampere-hours",
    "megavolt-ampere-hours",
    "volt-ampere-hours-reactive",
    "kilovolt-ampere-hours-reactive",
    "megavolt-ampere-hours-reactive",
    "volt-square-hours",
    "ampere-square-hours",
    "joule-per-hours",
    "cubic-feet-per-day",
    "cubic-meters-per-day",
    "watt-hours-per-cubic-meter",
    "joules-per-cubic-meter",
    "mole-percent",
    "pascal-seconds",
    "million-standard-cubic-feet-per-minute",
];
