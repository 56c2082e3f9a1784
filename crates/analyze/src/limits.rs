//! The bounds of analysis, in one place, each with its reason. What does not fit is counted and said in the judgement.

/// Addresses that may be a machine of the plant. A sensor sees some thousands at the most; a node takes about
/// 400 bytes, and the machine it becomes in a judgement some 4 KB.
pub const NODES_MAX: usize = 20_000;

/// Of these, public addresses: a scan from or to the Internet must not push out the plant.
pub const EXTERNAL_NODES_MAX: usize = 6_000;

/// Pairs of machines with a protocol.
pub const EDGES_MAX: usize = 65_536;

/// Ports of the server kept for an edge.
pub const EDGE_PORTS_MAX: usize = 16;

/// Claims kept of one address or part; the rest is only counted. A BACnet controller with its objects needs some hundreds.
pub const CLAIMS_PER_NODE_MAX: usize = 512;

/// Different values kept of one attribute of one address: names of variables and users can be many.
pub const VALUES_PER_KEY_MAX: usize = 64;

/// Claims kept in all.
pub const CLAIMS_MAX: usize = 400_000;

/// Devices behind one address: 247 Modbus units, a rack with its slots; a DNP3 or BACnet router can front thousands.
pub const PARTS_PER_NODE_MAX: usize = 512;

/// Devices behind addresses in all.
pub const PARTS_MAX: usize = 65_536;

/// Services kept for an address, offered or used each: a port scan that finds everything open must not grow it.
pub const SERVICES_PER_NODE_MAX: usize = 64;

/// Hardware addresses seen with one IP address: more than a few is an attack or a mistake.
pub const MACS_PER_IP_MAX: usize = 8;

/// VLANs seen with one address.
pub const VLANS_PER_NODE_MAX: usize = 16;

/// Addresses kept that were called and never answered.
pub const UNANSWERED_MAX: usize = 8_192;

/// Unanswered addresses shown as examples.
pub const UNANSWERED_EXAMPLES_MAX: usize = 32;

/// Kinds of acts of one protocol whose messages are remembered, to count those of merged acts.
pub const MESSAGE_SHAPES_MAX: usize = 64;

/// Protocols told apart; there are some hundred decoders.
pub const PROTOCOLS_MAX: usize = 512;

/// Machines named as partners of a service or an exposure.
pub const PARTNERS_SHOWN_MAX: usize = 32;

/// Findings in all, and of one detector: one bad detector must not push out the others.
pub const FINDINGS_MAX: usize = 20_000;
/// Findings of one detector.
pub const FINDINGS_PER_DETECTOR_MAX: usize = 1_000;

/// Sentences of evidence kept with a finding.
pub const EVIDENCE_MAX: usize = 6;
/// Characters of one sentence of evidence.
pub const EVIDENCE_CHARACTERS_MAX: usize = 300;

/// Keys that one detector with a memory follows at the same time (machines, pairs, conversations).
pub const TRACKED_MAX: usize = 8_192;

/// Distinct targets that a scan detector remembers for one source; above all thresholds of the catalogue (50).
pub const SCAN_TARGETS_MAX: usize = 64;

/// Characters kept of one value of a claim.
pub const VALUE_CHARACTERS_MAX: usize = 500;

/// Health records kept for the section on what could not be seen; counts go on.
pub const HEALTH_DETAILS_MAX: usize = 64;

/// Machines that the baseline knows; group addresses are counted among them.
pub const BASELINE_MACHINES_MAX: usize = 16_384;

/// Channels of the baseline: who, to whom, by what. Of the size of the table of edges.
pub const BASELINE_CHANNELS_MAX: usize = 32_768;

/// Functions told apart in one channel. The richest protocols have some hundred.
pub const BASELINE_LINES_PER_CHANNEL_MAX: usize = 128;

/// Functions told apart in all channels.
pub const BASELINE_LINES_MAX: usize = 65_536;

/// Spaces of objects told apart of one function; beyond that anything goes, and the line says so.
pub const BASELINE_SPACES_MAX: usize = 256;

/// Ranges told apart in one space; beyond that anything goes.
pub const BASELINE_RANGES_MAX: usize = 128;

/// Variables whose written values are followed.
pub const BASELINE_SETPOINTS_MAX: usize = 32_768;

/// Attributes of machines and their parts that are followed.
pub const BASELINE_IDENTITIES_MAX: usize = 65_536;

/// Different values kept of one attribute: a key has some positions, a controller some programs.
pub const BASELINE_VALUES_MAX: usize = 8;

/// Pairs of machines whose order of messages is followed.
pub const BASELINE_SEQUENCES_MAX: usize = 4_096;

/// Kinds of messages told apart in one order of messages.
pub const BASELINE_SYMBOLS_MAX: usize = 48;

/// Contexts kept of one order of messages.
pub const BASELINE_CONTEXTS_MAX: usize = 512;

/// Connections whose last messages are remembered.
pub const BASELINE_FLOWS_MAX: usize = 16_384;

/// Novelties remembered so that each is told once.
pub const BASELINE_SAID_MAX: usize = 32_768;
