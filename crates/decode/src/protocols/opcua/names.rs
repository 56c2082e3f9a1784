//! Names: status codes, attributes, security, well-known nodes.
//!
//! Written from OPC 10000-4 (Part 4), section 7; OPC 10000-6 (Part 6), annex A (node ids, status codes).

use compact_str::format_compact;
use model::{FactKey, Text, Verb};

/// Name of a status code; the lower half only refines it (limits, overflow).
pub(super) fn status(code: u32) -> Text {
    let [high, low, _, _] = code.to_be_bytes();
    match STATUSES.binary_search_by_key(&u16::from_be_bytes([high, low]), |(code, _)| *code) {
        Ok(index) => STATUSES.get(index).map_or(Text::default(), |(_, name)| Text::const_new(name)),
        Err(_) => format_compact!("0x{code:08x}"),
    }
}

/// Whether a status is bad: the upper two bits (section 7.39 of Part 4).
pub(super) const fn is_bad(code: u32) -> bool {
    code >> 30 >= 2
}

/// Name of a security mode.
pub(super) const fn mode(mode: u32) -> &'static str {
    match mode {
        1 => "none",
        2 => "sign",
        3 => "sign and encrypt",
        _ => "invalid",
    }
}

/// `Basic256Sha256` out of the URI of a policy.
pub(super) fn policy(uri: &str) -> &str {
    uri.rsplit_once('#').map_or(uri, |(_, name)| name)
}

/// Name of a server state (section 12.6 of Part 5).
pub(super) fn server_state(state: u32) -> Text {
    const STATES: &[&str] =
        &["running", "failed", "no configuration", "suspended", "shutdown", "test", "communication fault", "unknown"];
    let name = usize::try_from(state).ok().and_then(|index| STATES.get(index));
    name.map_or_else(|| format_compact!("{state}"), |name| Text::const_new(name))
}

/// Name of an attribute; the value is what a node is read for, and is not named.
pub(super) fn attribute(id: u32) -> Option<Text> {
    #[rustfmt::skip]
    const ATTRIBUTES: &[&str] = &[
        "NodeId", "NodeClass", "BrowseName", "DisplayName", "Description", "WriteMask", "UserWriteMask", "IsAbstract",
        "Symmetric", "InverseName", "ContainsNoLoops", "EventNotifier", "", "DataType", "ValueRank", "ArrayDimensions",
        "AccessLevel", "UserAccessLevel", "MinimumSamplingInterval", "Historizing", "Executable", "UserExecutable",
        "DataTypeDefinition", "RolePermissions", "UserRolePermissions", "AccessRestrictions", "AccessLevelEx",
    ];
    if id == 13 {
        return None;
    }
    let index = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
    let name = index.and_then(|index| ATTRIBUTES.get(index));
    Some(name.map_or_else(|| format_compact!("attribute {id}"), |name| Text::const_new(name)))
}

/// Name of a node class.
pub(super) const fn node_class(class: u32) -> &'static str {
    match class {
        1 => "object",
        2 => "variable",
        4 => "method",
        8 => "object type",
        16 => "variable type",
        32 => "reference type",
        64 => "data type",
        128 => "view",
        _ => "node",
    }
}

/// What the value of a node of namespace 0 says of the machine.
pub(super) const fn fact_key(node: u32) -> Option<FactKey> {
    match node {
        2261 => Some(FactKey::Model),
        2263 => Some(FactKey::Vendor),
        2264 => Some(FactKey::Firmware),
        2259 => Some(FactKey::RunState),
        2262 => Some(FactKey::Software),
        _ => None,
    }
}

/// What a field of the server status or build information says of the machine.
pub(super) fn field_key(field: &str) -> Option<FactKey> {
    match field {
        "product name" => Some(FactKey::Model),
        "manufacturer name" => Some(FactKey::Vendor),
        "software version" => Some(FactKey::Firmware),
        "product uri" => Some(FactKey::Software),
        "state" => Some(FactKey::RunState),
        _ => None,
    }
}

/// Name and verb of a method of namespace 0 (Part 5 annex, Part 9, Part 10, Part 20).
pub(super) const fn method(node: u32) -> Option<(&'static str, Verb)> {
    Some(match node {
        2426 => ("program start", Verb::Start),
        2427 => ("program suspend", Verb::Stop),
        2428 => ("program resume", Verb::Start),
        2429 => ("program halt", Verb::Stop),
        2430 => ("program reset", Verb::Reset),
        3875 | 12912 => ("condition refresh", Verb::Alarm),
        9027 => ("condition enable", Verb::Alarm),
        9028 => ("condition disable", Verb::Alarm),
        9029 => ("add comment", Verb::Alarm),
        9111 => ("acknowledge", Verb::Alarm),
        9113 => ("confirm", Verb::Alarm),
        11492 => ("get monitored items", Verb::Subscribe),
        12873 => ("resend data", Verb::Subscribe),
        12749 => ("set subscription durable", Verb::Subscribe),
        12883 | 12886 => ("request server state change", Verb::Mode),
        11580 => ("file open", Verb::File),
        11583 => ("file close", Verb::File),
        11585 => ("file read", Verb::File),
        11588 => ("file write", Verb::File),
        _ => return None,
    })
}

/// Status codes by their upper half, ascending.
#[rustfmt::skip]
const STATUSES: &[(u16, &str)] = &[
    (0x0000, "Good"), (0x002d, "GoodSubscriptionTransferred"), (0x002e, "GoodCompletesAsynchronously"),
    (0x002f, "GoodOverload"), (0x0030, "GoodClamped"), (0x0096, "GoodLocalOverride"), (0x00a2, "GoodEntryInserted"),
    (0x00a3, "GoodEntryReplaced"), (0x00a5, "GoodNoData"), (0x00a6, "GoodMoreData"),
    (0x00ba, "GoodResultsMayBeIncomplete"), (0x406c, "UncertainNotAllNodesAvailable"),
    (0x408f, "UncertainNoCommunicationLastUsableValue"), (0x4090, "UncertainLastUsableValue"),
    (0x4091, "UncertainSubstituteValue"), (0x4092, "UncertainInitialValue"), (0x4093, "UncertainSensorNotAccurate"),
    (0x4094, "UncertainEngineeringUnitsExceeded"), (0x4095, "UncertainSubNormal"), (0x40a4, "UncertainDataSubNormal"),
    (0x40bc, "UncertainReferenceNotDeleted"), (0x8001, "BadUnexpectedError"), (0x8002, "BadInternalError"),
    (0x8003, "BadOutOfMemory"), (0x8004, "BadResourceUnavailable"), (0x8005, "BadCommunicationError"),
    (0x8006, "BadEncodingError"), (0x8007, "BadDecodingError"), (0x8008, "BadEncodingLimitsExceeded"),
    (0x8009, "BadUnknownResponse"), (0x800a, "BadTimeout"), (0x800b, "BadServiceUnsupported"), (0x800c, "BadShutdown"),
    (0x800d, "BadServerNotConnected"), (0x800e, "BadServerHalted"), (0x800f, "BadNothingToDo"),
    (0x8010, "BadTooManyOperations"), (0x8011, "BadDataTypeIdUnknown"), (0x8012, "BadCertificateInvalid"),
    (0x8013, "BadSecurityChecksFailed"), (0x8014, "BadCertificateTimeInvalid"),
    (0x8015, "BadCertificateIssuerTimeInvalid"), (0x8016, "BadCertificateHostNameInvalid"),
    (0x8017, "BadCertificateUriInvalid"), (0x8018, "BadCertificateUseNotAllowed"),
    (0x8019, "BadCertificateIssuerUseNotAllowed"), (0x801a, "BadCertificateUntrusted"),
    (0x801b, "BadCertificateRevocationUnknown"), (0x801c, "BadCertificateIssuerRevocationUnknown"),
    (0x801d, "BadCertificateRevoked"), (0x801e, "BadCertificateIssuerRevoked"), (0x801f, "BadUserAccessDenied"),
    (0x8020, "BadIdentityTokenInvalid"), (0x8021, "BadIdentityTokenRejected"), (0x8022, "BadSecureChannelIdInvalid"),
    (0x8023, "BadInvalidTimestamp"), (0x8024, "BadNonceInvalid"), (0x8025, "BadSessionIdInvalid"),
    (0x8026, "BadSessionClosed"), (0x8027, "BadSessionNotActivated"), (0x8028, "BadSubscriptionIdInvalid"),
    (0x802a, "BadRequestHeaderInvalid"), (0x802b, "BadTimestampsToReturnInvalid"),
    (0x802c, "BadRequestCancelledByClient"), (0x8031, "BadNoCommunication"), (0x8032, "BadWaitingForInitialData"),
    (0x8033, "BadNodeIdInvalid"), (0x8034, "BadNodeIdUnknown"), (0x8035, "BadAttributeIdInvalid"),
    (0x8036, "BadIndexRangeInvalid"), (0x8037, "BadIndexRangeNoData"), (0x8038, "BadDataEncodingInvalid"),
    (0x8039, "BadDataEncodingUnsupported"), (0x803a, "BadNotReadable"), (0x803b, "BadNotWritable"),
    (0x803c, "BadOutOfRange"), (0x803d, "BadNotSupported"), (0x803e, "BadNotFound"), (0x803f, "BadObjectDeleted"),
    (0x8040, "BadNotImplemented"), (0x8041, "BadMonitoringModeInvalid"), (0x8042, "BadMonitoredItemIdInvalid"),
    (0x8043, "BadMonitoredItemFilterInvalid"), (0x8044, "BadMonitoredItemFilterUnsupported"),
    (0x8045, "BadFilterNotAllowed"), (0x8046, "BadStructureMissing"), (0x8047, "BadEventFilterInvalid"),
    (0x8048, "BadContentFilterInvalid"), (0x8049, "BadFilterOperandInvalid"), (0x804a, "BadContinuationPointInvalid"),
    (0x804b, "BadNoContinuationPoints"), (0x804c, "BadReferenceTypeIdInvalid"), (0x804d, "BadBrowseDirectionInvalid"),
    (0x804e, "BadNodeNotInView"), (0x804f, "BadServerUriInvalid"), (0x8050, "BadServerNameMissing"),
    (0x8051, "BadDiscoveryUrlMissing"), (0x8052, "BadSempahoreFileMissing"), (0x8053, "BadRequestTypeInvalid"),
    (0x8054, "BadSecurityModeRejected"), (0x8055, "BadSecurityPolicyRejected"), (0x8056, "BadTooManySessions"),
    (0x8057, "BadUserSignatureInvalid"), (0x8058, "BadApplicationSignatureInvalid"),
    (0x8059, "BadNoValidCertificates"), (0x805a, "BadRequestCancelledByRequest"), (0x805b, "BadParentNodeIdInvalid"),
    (0x805c, "BadReferenceNotAllowed"), (0x805d, "BadNodeIdRejected"), (0x805e, "BadNodeIdExists"),
    (0x805f, "BadNodeClassInvalid"), (0x8060, "BadBrowseNameInvalid"), (0x8061, "BadBrowseNameDuplicated"),
    (0x8062, "BadNodeAttributesInvalid"), (0x8063, "BadTypeDefinitionInvalid"), (0x8064, "BadSourceNodeIdInvalid"),
    (0x8065, "BadTargetNodeIdInvalid"), (0x8066, "BadDuplicateReferenceNotAllowed"),
    (0x8067, "BadInvalidSelfReference"), (0x8068, "BadReferenceLocalOnly"), (0x8069, "BadNoDeleteRights"),
    (0x806a, "BadServerIndexInvalid"), (0x806b, "BadViewIdUnknown"), (0x8073, "BadWriteNotSupported"),
    (0x8074, "BadTypeMismatch"), (0x8075, "BadMethodInvalid"), (0x8076, "BadArgumentsMissing"),
    (0x8077, "BadTooManySubscriptions"), (0x8078, "BadTooManyPublishRequests"), (0x8079, "BadNoSubscription"),
    (0x807a, "BadSequenceNumberUnknown"), (0x807b, "BadMessageNotAvailable"), (0x807c, "BadInsufficientClientProfile"),
    (0x807d, "BadTcpServerTooBusy"), (0x807e, "BadTcpMessageTypeInvalid"), (0x807f, "BadTcpSecureChannelUnknown"),
    (0x8080, "BadTcpMessageTooLarge"), (0x8081, "BadTcpNotEnoughResources"), (0x8082, "BadTcpInternalError"),
    (0x8083, "BadTcpEndpointUrlInvalid"), (0x8084, "BadRequestInterrupted"), (0x8085, "BadRequestTimeout"),
    (0x8086, "BadSecureChannelClosed"), (0x8087, "BadSecureChannelTokenUnknown"), (0x8088, "BadSequenceNumberInvalid"),
    (0x8089, "BadConfigurationError"), (0x808a, "BadNotConnected"), (0x808b, "BadDeviceFailure"),
    (0x808c, "BadSensorFailure"), (0x808d, "BadOutOfService"), (0x808e, "BadDeadbandFilterInvalid"),
    (0x8097, "BadRefreshInProgress"), (0x8098, "BadConditionAlreadyDisabled"), (0x8099, "BadConditionDisabled"),
    (0x809a, "BadEventIdUnknown"), (0x809b, "BadNoData"), (0x809d, "BadDataLost"), (0x809e, "BadDataUnavailable"),
    (0x809f, "BadEntryExists"), (0x80a0, "BadNoEntryExists"), (0x80a1, "BadTimestampNotSupported"),
    (0x80ab, "BadInvalidArgument"), (0x80ac, "BadConnectionRejected"), (0x80ad, "BadDisconnect"),
    (0x80ae, "BadConnectionClosed"), (0x80af, "BadInvalidState"), (0x80b0, "BadEndOfStream"),
    (0x80b8, "BadRequestTooLarge"), (0x80b9, "BadResponseTooLarge"), (0x80bb, "BadEventNotAcknowledgeable"),
    (0x80bd, "BadInvalidTimestampArgument"), (0x80be, "BadProtocolVersionUnsupported"), (0x80bf, "BadStateNotActive"),
    (0x80c1, "BadFilterOperatorInvalid"), (0x80c2, "BadFilterOperatorUnsupported"),
    (0x80c3, "BadFilterOperandCountMismatch"), (0x80c4, "BadFilterElementInvalid"),
    (0x80c5, "BadFilterLiteralInvalid"), (0x80c6, "BadIdentityChangeNotSupported"), (0x80c8, "BadNotTypeDefinition"),
    (0x80c9, "BadViewTimestampInvalid"), (0x80ca, "BadViewParameterMismatch"), (0x80cb, "BadViewVersionInvalid"),
    (0x80cc, "BadConditionAlreadyEnabled"), (0x80cd, "BadDialogNotActive"), (0x80ce, "BadDialogResponseInvalid"),
    (0x80cf, "BadConditionBranchAlreadyAcked"), (0x80d0, "BadConditionBranchAlreadyConfirmed"),
    (0x80d1, "BadConditionAlreadyShelved"), (0x80d2, "BadConditionNotShelved"), (0x80d3, "BadShelvingTimeOutOfRange"),
    (0x80db, "BadTooManyMonitoredItems"), (0x80e5, "BadTooManyArguments"), (0x80e6, "BadSecurityModeInsufficient"),
    (0x80ee, "BadCertificatePolicyCheckFailed"), (0x810d, "BadCertificateChainIncomplete"),
    (0x810e, "BadLicenseExpired"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        assert!(STATUSES.is_sorted_by_key(|(code, _)| *code));
        assert_eq!(status(0x8034_0000), "BadNodeIdUnknown");
        assert_eq!(status(0), "Good");
        assert_eq!(status(0x8fff_0000), "0x8fff0000");
        assert!(is_bad(0x8034_0000) && !is_bad(0x4090_0000));
        assert_eq!(attribute(3), Some("BrowseName".into()));
        assert_eq!(policy("http://opcfoundation.org/UA/SecurityPolicy#None"), "None");
    }
}
