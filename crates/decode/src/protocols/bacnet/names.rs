//! Names of object types, properties and errors.
//!
//! Written from ANSI/ASHRAE 135-2020, clause 21 (formal description of application protocol data units). An empty name
//! is a number that is not assigned.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use compact_str::format_compact;
use model::Text;

/// A name out of a table indexed by number.
fn indexed(table: &'static [&'static str], number: u32) -> Option<&'static str> {
    table.get(usize::try_from(number).ok()?).copied().filter(|name| !name.is_empty())
}

/// Name of an object type: `analog-input`; proprietary ones keep their number: `object-type-128`.
pub(super) fn object_type(number: u32) -> Text {
    match indexed(OBJECT_TYPES, number) {
        Some(name) => Text::const_new(name),
        None => format_compact!("object-type-{number}"),
    }
}

/// Name of an object type as a bit of `protocol-object-types-supported`.
pub(super) fn object_type_static(number: u32) -> Option<&'static str> {
    indexed(OBJECT_TYPES, number)
}

/// Name of a property: `present-value`; proprietary ones keep their number: `property-512`.
pub(super) fn property(number: u32) -> Text {
    match indexed(PROPERTIES, number) {
        Some(name) => Text::const_new(name),
        None => match PROPERTIES_HIGH.iter().find(|(high, _)| *high == number) {
            Some((_, name)) => Text::const_new(name),
            None => format_compact!("property-{number}"),
        },
    }
}

/// Name of an error class.
pub(super) fn error_class(number: u32) -> Text {
    match indexed(ERROR_CLASSES, number) {
        Some(name) => Text::const_new(name),
        None => format_compact!("class-{number}"),
    }
}

/// Name of an error code.
pub(super) fn error_code(number: u32) -> Text {
    match indexed(ERROR_CODES, number) {
        Some(name) => Text::const_new(name),
        None => format_compact!("code-{number}"),
    }
}

/// Name of a reason for rejection.
pub(super) fn reject_reason(number: u32) -> Text {
    match indexed(REJECT_REASONS, number) {
        Some(name) => Text::const_new(name),
        None => format_compact!("reason-{number}"),
    }
}

/// Name of a reason for an abort.
pub(super) fn abort_reason(number: u32) -> Text {
    match indexed(ABORT_REASONS, number) {
        Some(name) => Text::const_new(name),
        None => format_compact!("reason-{number}"),
    }
}

/// The maker with a vendor identifier, where the table in `data/bacnet_vendors.tsv` has it.
pub(super) fn vendor(number: u32) -> Option<&'static str> {
    static BY_NUMBER: LazyLock<BTreeMap<u32, &'static str>> = LazyLock::new(|| {
        let rows = VENDORS.lines().rev().filter(|line| !line.starts_with('#'));
        // Read from the end, so that the first row of a number is the one that stays.
        rows.filter_map(|line| line.split_once('\t')).filter_map(|(id, name)| Some((id.parse().ok()?, name))).collect()
    });
    BY_NUMBER.get(&number).copied()
}

/// Assigned vendor identifiers: number, tab, name.
const VENDORS: &str = include_str!("../../../data/bacnet_vendors.tsv");

/// Production `Error`, error-class.
const ERROR_CLASSES: &[&str] =
    &["device", "object", "property", "resources", "security", "services", "vt", "communication"];

/// Production `BACnetRejectReason`.
const REJECT_REASONS: &[&str] = &[
    "other",
    "buffer-overflow",
    "inconsistent-parameters",
    "invalid-parameter-data-type",
    "invalid-tag",
    "missing-required-parameter",
    "parameter-out-of-range",
    "too-many-arguments",
    "undefined-enumeration",
    "unrecognized-service",
    "invalid-data-encoding",
];

/// Production `BACnetAbortReason`.
const ABORT_REASONS: &[&str] = &[
    "other",
    "buffer-overflow",
    "invalid-apdu-in-this-state",
    "preempted-by-higher-priority-task",
    "segmentation-not-supported",
    "security-error",
    "insufficient-security",
    "window-size-out-of-range",
    "application-exceeded-reply-time",
    "out-of-resources",
    "tsm-timeout",
    "apdu-too-long",
    "insufficient-memory",
];

/// Properties above the first block.
const PROPERTIES_HIGH: &[(u32, &str)] = &[
    (4_194_304, "max-bvlc-length-accepted"),
    (4_194_305, "max-npdu-length-accepted"),
    (4_194_306, "operational-certificate-file"),
    (4_194_307, "current-health"),
    (4_194_308, "sc-connect-wait-timeout"),
    (4_194_309, "sc-direct-connect-accept-enable"),
    (4_194_310, "sc-direct-connect-accept-uris"),
    (4_194_311, "sc-direct-connect-binding"),
    (4_194_312, "sc-direct-connect-connection-status"),
    (4_194_313, "sc-direct-connect-initiate-enable"),
    (4_194_314, "sc-disconnect-wait-timeout"),
    (4_194_315, "sc-failed-connection-requests"),
    (4_194_316, "sc-failover-hub-connection-status"),
    (4_194_317, "sc-failover-hub-uri"),
    (4_194_318, "sc-hub-connector-state"),
    (4_194_319, "sc-hub-function-accept-uris"),
    (4_194_320, "sc-hub-function-binding"),
    (4_194_321, "sc-hub-function-connection-status"),
    (4_194_322, "sc-hub-function-enable"),
    (4_194_323, "sc-heartbeat-timeout"),
    (4_194_324, "sc-primary-hub-connection-status"),
    (4_194_325, "sc-primary-hub-uri"),
    (4_194_326, "sc-maximum-reconnect-time"),
    (4_194_327, "sc-minimum-reconnect-time"),
    (4_194_328, "color-override"),
    (4_194_329, "color-reference"),
    (4_194_330, "default-color"),
    (4_194_331, "default-color-temperature"),
    (4_194_332, "override-color-reference"),
    (4_194_334, "color-command"),
    (4_194_335, "high-end-trim"),
    (4_194_336, "low-end-trim"),
    (4_194_337, "trim-fade-time"),
];

/// Production `BACnetObjectType`.
#[rustfmt::skip]
const OBJECT_TYPES: &[&str] = &[
    "analog-input", "analog-output", "analog-value", "binary-input", "binary-output", "binary-value", "calendar",
    "command", "device", "event-enrollment", "file", "group", "loop", "multi-state-input", "multi-state-output",
    "notification-class", "program", "schedule", "averaging", "multi-state-value", "trend-log", "life-safety-point",
    "life-safety-zone", "accumulator", "pulse-converter", "event-log", "global-group", "trend-log-multiple",
    "load-control", "structured-view", "access-door", "timer", "access-credential", "access-point", "access-rights",
    "access-user", "access-zone", "credential-data-input", "network-security", "bitstring-value",
    "characterstring-value", "datepattern-value", "date-value", "datetimepattern-value", "datetime-value",
    "integer-value", "large-analog-value", "octetstring-value", "positive-integer-value", "timepattern-value",
    "time-value", "notification-forwarder", "alert-enrollment", "channel", "lighting-output", "binary-lighting-output",
    "network-port", "elevator-group", "escalator", "lift", "staging", "audit-log", "audit-reporter", "color",
    "color-temperature",
];

/// Production `BACnetPropertyIdentifier`, 0 to 511.
#[rustfmt::skip]
const PROPERTIES: &[&str] = &[
    "acked-transitions", "ack-required", "action", "action-text", "active-text", "active-vt-sessions", "alarm-value",
    "alarm-values", "all", "all-writes-successful", "apdu-segment-timeout", "apdu-timeout",
    "application-software-version", "archive", "bias", "change-of-state-count", "change-of-state-time",
    "notification-class", "", "controlled-variable-reference", "controlled-variable-units",
    "controlled-variable-value", "cov-increment", "date-list", "daylight-savings-status", "deadband",
    "derivative-constant", "derivative-constant-units", "description", "description-of-halt", "device-address-binding",
    "device-type", "effective-period", "elapsed-active-time", "error-limit", "event-enable", "event-state",
    "event-type", "exception-schedule", "fault-values", "feedback-value", "file-access-method", "file-size",
    "file-type", "firmware-revision", "high-limit", "inactive-text", "in-process", "instance-of", "integral-constant",
    "integral-constant-units", "issue-confirmed-notifications", "limit-enable", "list-of-group-members",
    "list-of-object-property-references", "list-of-session-keys", "local-date", "local-time", "location", "low-limit",
    "manipulated-variable-reference", "maximum-output", "max-apdu-length-accepted", "max-info-frames", "max-master",
    "max-pres-value", "minimum-off-time", "minimum-on-time", "minimum-output", "min-pres-value", "model-name",
    "modification-date", "notify-type", "number-of-apdu-retries", "number-of-states", "object-identifier",
    "object-list", "object-name", "object-property-reference", "object-type", "optional", "out-of-service",
    "output-units", "event-parameters", "polarity", "present-value", "priority", "priority-array",
    "priority-for-writing", "process-identifier", "program-change", "program-location", "program-state",
    "proportional-constant", "proportional-constant-units", "protocol-conformance-class",
    "protocol-object-types-supported", "protocol-services-supported", "protocol-version", "read-only",
    "reason-for-halt", "recipient", "recipient-list", "reliability", "relinquish-default", "required", "resolution",
    "segmentation-supported", "setpoint", "setpoint-reference", "state-text", "status-flags", "system-status",
    "time-delay", "time-of-active-time-reset", "time-of-state-count-reset", "time-synchronization-recipients", "units",
    "update-interval", "utc-offset", "vendor-identifier", "vendor-name", "vt-classes-supported", "weekly-schedule",
    "attempted-samples", "average-value", "buffer-size", "client-cov-increment", "cov-resubscription-interval",
    "current-notify-time", "event-time-stamps", "log-buffer", "log-device-object-property", "enable", "log-interval",
    "maximum-value", "minimum-value", "notification-threshold", "previous-notify-time", "protocol-revision",
    "records-since-notification", "record-count", "start-time", "stop-time", "stop-when-full", "total-record-count",
    "valid-samples", "window-interval", "window-samples", "maximum-value-timestamp", "minimum-value-timestamp",
    "variance-value", "active-cov-subscriptions", "backup-failure-timeout", "configuration-files", "database-revision",
    "direct-reading", "last-restore-time", "maintenance-required", "member-of", "mode", "operation-expected",
    "setting", "silenced", "tracking-value", "zone-members", "life-safety-alarm-values", "max-segments-accepted",
    "profile-name", "auto-slave-discovery", "manual-slave-address-binding", "slave-address-binding",
    "slave-proxy-enable", "last-notify-record", "schedule-default", "accepted-modes", "adjust-value", "count",
    "count-before-change", "count-change-time", "cov-period", "input-reference", "limit-monitoring-interval",
    "logging-object", "logging-record", "prescale", "pulse-rate", "scale", "scale-factor", "update-time",
    "value-before-change", "value-set", "value-change-time", "align-intervals", "", "interval-offset",
    "last-restart-reason", "logging-type", "", "", "", "", "restart-notification-recipients", "time-of-device-restart",
    "time-synchronization-interval", "trigger", "utc-time-synchronization-recipients", "node-subtype", "node-type",
    "structured-object-list", "subordinate-annotations", "subordinate-list", "actual-shed-level", "duty-window",
    "expected-shed-level", "full-duty-baseline", "", "", "requested-shed-level", "shed-duration",
    "shed-level-descriptions", "shed-levels", "state-description", "", "", "", "door-alarm-state",
    "door-extended-pulse-time", "door-members", "door-open-too-long-time", "door-pulse-time", "door-status",
    "door-unlock-delay-time", "lock-status", "masked-alarm-values", "secured-status", "", "", "", "", "", "", "", "",
    "absentee-limit", "access-alarm-events", "access-doors", "access-event", "access-event-authentication-factor",
    "access-event-credential", "access-event-time", "access-transaction-events", "accompaniment", "accompaniment-time",
    "activation-time", "active-authentication-policy", "assigned-access-rights", "authentication-factors",
    "authentication-policy-list", "authentication-policy-names", "authentication-status", "authorization-mode",
    "belongs-to", "credential-disable", "credential-status", "credentials", "credentials-in-zone", "days-remaining",
    "entry-points", "exit-points", "expiration-time", "extended-time-enable", "failed-attempt-events",
    "failed-attempts", "failed-attempts-time", "last-access-event", "last-access-point", "last-credential-added",
    "last-credential-added-time", "last-credential-removed", "last-credential-removed-time", "last-use-time",
    "lockout", "lockout-relinquish-time", "master-exemption", "max-failed-attempts", "members", "muster-point",
    "negative-access-rules", "number-of-authentication-policies", "occupancy-count", "occupancy-count-adjust",
    "occupancy-count-enable", "occupancy-exemption", "occupancy-lower-limit", "occupancy-lower-limit-enforced",
    "occupancy-state", "occupancy-upper-limit", "occupancy-upper-limit-enforced", "passback-exemption",
    "passback-mode", "passback-timeout", "positive-access-rules", "reason-for-disable", "supported-formats",
    "supported-format-classes", "threat-authority", "threat-level", "trace-flag", "transaction-notification-class",
    "user-external-identifier", "user-information-reference", "", "", "", "", "", "user-name", "user-type",
    "uses-remaining", "zone-from", "zone-to", "access-event-tag", "global-identifier", "", "", "verification-time",
    "base-device-security-policy", "distribution-key-revision", "do-not-hide", "key-sets", "last-key-server",
    "network-access-security-policies", "packet-reorder-time", "security-pdu-timeout", "security-time-window",
    "supported-security-algorithms", "update-key-set-timeout", "backup-and-restore-state", "backup-preparation-time",
    "restore-completion-time", "restore-preparation-time", "bit-mask", "bit-text", "is-utc", "group-members",
    "group-member-names", "member-status-flags", "requested-update-interval", "covu-period", "covu-recipients",
    "event-message-texts", "event-message-texts-config", "event-detection-enable", "event-algorithm-inhibit",
    "event-algorithm-inhibit-ref", "time-delay-normal", "reliability-evaluation-inhibit", "fault-parameters",
    "fault-type", "local-forwarding-only", "process-identifier-filter", "subscribed-recipients", "port-filter",
    "authorization-exemptions", "allow-group-delay-inhibit", "channel-number", "control-groups", "execution-delay",
    "last-priority", "write-status", "property-list", "serial-number", "blink-warn-enable", "default-fade-time",
    "default-ramp-rate", "default-step-increment", "egress-time", "in-progress", "instantaneous-power",
    "lighting-command", "lighting-command-default-priority", "max-actual-value", "min-actual-value", "power",
    "transition", "egress-active", "interface-value", "fault-high-limit", "fault-low-limit", "low-diff-limit",
    "strike-count", "time-of-strike-count-reset", "default-timeout", "initial-timeout", "last-state-change",
    "state-change-values", "timer-running", "timer-state", "apdu-length", "ip-address", "ip-default-gateway",
    "ip-dhcp-enable", "ip-dhcp-lease-time", "ip-dhcp-lease-time-remaining", "ip-dhcp-server", "ip-dns-server",
    "bacnet-ip-global-address", "bacnet-ip-mode", "bacnet-ip-multicast-address", "bacnet-ip-nat-traversal",
    "ip-subnet-mask", "bacnet-ip-udp-port", "bbmd-accept-fd-registrations", "bbmd-broadcast-distribution-table",
    "bbmd-foreign-device-table", "changes-pending", "command", "fd-bbmd-address", "fd-subscription-lifetime",
    "link-speed", "link-speeds", "link-speed-autonegotiate", "mac-address", "network-interface-name", "network-number",
    "network-number-quality", "network-type", "routing-table", "virtual-mac-address-table", "command-time-array",
    "current-command-priority", "last-command-time", "value-source", "value-source-array", "bacnet-ipv6-mode",
    "ipv6-address", "ipv6-prefix-length", "bacnet-ipv6-udp-port", "ipv6-default-gateway",
    "bacnet-ipv6-multicast-address", "ipv6-dns-server", "ipv6-auto-addressing-enable", "ipv6-dhcp-lease-time",
    "ipv6-dhcp-lease-time-remaining", "ipv6-dhcp-server", "ipv6-zone-index", "assigned-landing-calls",
    "car-assigned-direction", "car-door-command", "car-door-status", "car-door-text", "car-door-zone",
    "car-drive-status", "car-load", "car-load-units", "car-mode", "car-moving-direction", "car-position",
    "elevator-group", "energy-meter", "energy-meter-ref", "escalator-mode", "fault-signals", "floor-text", "group-id",
    "", "group-mode", "higher-deck", "installation-id", "landing-calls", "landing-call-control", "landing-door-status",
    "lower-deck", "machine-room-id", "making-car-call", "next-stopping-floor", "operation-direction",
    "passenger-alarm", "power-mode", "registered-car-call", "active-cov-multiple-subscriptions", "protocol-level",
    "reference-port", "deployed-profile-location", "profile-location", "tags", "subordinate-node-types",
    "subordinate-tags", "subordinate-relationships", "default-subordinate-relationship", "represents",
    "default-present-value", "present-stage", "stages", "stage-names", "target-references", "audit-source-reporter",
    "audit-level", "audit-notification-recipient", "audit-priority-filter", "auditable-operations",
    "delete-on-forward", "maximum-send-delay", "monitored-objects", "send-now", "floor-number", "device-uuid",
    "additional-reference-ports", "certificate-signing-request-file", "command-validation-result",
    "issuer-certificate-files",
];

/// Production `Error`, error-code.
#[rustfmt::skip]
const ERROR_CODES: &[&str] = &[
    "other", "authentication-failed", "configuration-in-progress", "device-busy", "dynamic-creation-not-supported",
    "file-access-denied", "incompatible-security-levels", "inconsistent-parameters",
    "inconsistent-selection-criterion", "invalid-data-type", "invalid-file-access-method",
    "invalid-file-start-position", "invalid-operator-name", "invalid-parameter-data-type", "invalid-time-stamp",
    "key-generation-error", "missing-required-parameter", "no-objects-of-specified-type", "no-space-for-object",
    "no-space-to-add-list-element", "no-space-to-write-property", "no-vt-sessions-available", "property-is-not-a-list",
    "object-deletion-not-permitted", "object-identifier-already-exists", "operational-problem", "password-failure",
    "read-access-denied", "security-not-supported", "service-request-denied", "timeout", "unknown-object",
    "unknown-property", "", "unknown-vt-class", "unknown-vt-session", "unsupported-object-type", "value-out-of-range",
    "vt-session-already-closed", "vt-session-termination-failure", "write-access-denied",
    "character-set-not-supported", "invalid-array-index", "cov-subscription-failed", "not-cov-property",
    "optional-functionality-not-supported", "invalid-configuration-data", "datatype-not-supported", "duplicate-name",
    "duplicate-object-id", "property-is-not-an-array", "abort-buffer-overflow", "abort-invalid-apdu-in-this-state",
    "abort-preempted-by-higher-priority-task", "abort-segmentation-not-supported", "abort-proprietary", "abort-other",
    "invalid-tag", "network-down", "reject-buffer-overflow", "reject-inconsistent-parameters",
    "reject-invalid-parameter-data-type", "reject-invalid-tag", "reject-missing-required-parameter",
    "reject-parameter-out-of-range", "reject-too-many-arguments", "reject-undefined-enumeration",
    "reject-unrecognized-service", "reject-proprietary", "reject-other", "unknown-device", "unknown-route",
    "value-not-initialized", "invalid-event-state", "no-alarm-configured", "log-buffer-full", "logged-value-purged",
    "no-property-specified", "not-configured-for-triggered-logging", "unknown-subscription", "parameter-out-of-range",
    "list-element-not-found", "busy", "communication-disabled", "success", "access-denied", "bad-destination-address",
    "bad-destination-device-id", "bad-signature", "bad-source-address", "bad-timestamp", "cannot-use-key",
    "cannot-verify-message-id", "correct-key-revision", "destination-device-id-required", "duplicate-message",
    "encryption-not-configured", "encryption-required", "incorrect-key", "invalid-key-data", "key-update-in-progress",
    "malformed-message", "not-key-server", "security-not-configured", "source-security-required", "too-many-keys",
    "unknown-authentication-type", "unknown-key", "unknown-key-revision", "unknown-source-message",
    "not-router-to-dnet", "router-busy", "unknown-network-message", "message-too-long", "security-error",
    "addressing-error", "write-bdt-failed", "read-bdt-failed", "register-foreign-device-failed", "read-fdt-failed",
    "delete-fdt-entry-failed", "distribute-broadcast-failed", "unknown-file-size", "abort-apdu-too-long",
    "abort-application-exceeded-reply-time", "abort-out-of-resources", "abort-tsm-timeout",
    "abort-window-size-out-of-range", "file-full", "inconsistent-configuration", "inconsistent-object-type",
    "internal-error", "not-configured", "out-of-memory", "value-too-long", "abort-insufficient-security",
    "abort-security-error", "duplicate-entry", "invalid-value-in-this-state", "invalid-operation-in-this-state",
    "list-item-not-numbered", "list-item-not-timestamped", "invalid-data-encoding", "bvlc-function-unknown",
    "bvlc-proprietary-function-unknown", "header-encoding-error", "header-not-understood", "message-incomplete",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_numbers_of_the_standard() {
        let properties = [
            (85, "present-value"),
            (87, "priority-array"),
            (139, "protocol-revision"),
            (203, "time-of-device-restart"),
            (338, "backup-and-restore-state"),
            (372, "serial-number"),
            (411, "ip-subnet-mask"),
            (511, "issuer-certificate-files"),
        ];
        for (number, name) in properties {
            assert_eq!(property(number), name);
        }
        assert_eq!(property(512), "property-512");
        assert_eq!(object_type(56), "network-port");
        assert_eq!(error_code(32), "unknown-property");
        assert_eq!(error_code(122), "unknown-file-size");
        assert_eq!(vendor(5), Some("Johnson Controls"));
        assert_eq!(vendor(65_535), None);
    }
}
