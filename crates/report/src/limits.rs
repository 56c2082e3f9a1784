//! Bounds of what is shown, each with its reason: a report stays a file that a browser and a mail can carry.

/// Characters of one value from the network; longer ones are cut, the inventory as JSON has them whole.
pub const VALUE_CHARACTERS_MAX: usize = 240;
/// Machines with a row of their own; the inventory file has all of them.
pub const MACHINE_ROWS_MAX: usize = 5_000;
/// Machines with everything that is known of them in the report.
pub const MACHINE_DETAILS_MAX: usize = 1_000;
/// Bytes of all machines' details together: reached only when many machines have much to tell.
pub const DETAILS_BYTES_MAX: usize = 10 << 20;
/// Claims shown for one attribute.
pub const CLAIMS_MAX: usize = 6;
/// Attributes of the same kind shown for one machine (certificates, users, software …).
pub const ATTRIBUTES_MAX: usize = 60;
/// Modules and devices behind one machine.
pub const PARTS_MAX: usize = 40;
/// Services offered, and used, by one machine.
pub const SERVICES_MAX: usize = 40;
/// Partners named for one service.
pub const PARTNERS_MAX: usize = 6;
/// Rows of who talks to whom.
pub const EDGES_MAX: usize = 400;
/// Findings shown of one detector.
pub const FINDINGS_PER_DETECTOR_MAX: usize = 40;
/// Rows of the attack surface.
pub const SURFACE_MAX: usize = 40;
/// Sentences on what can be done to the plant.
pub const CAPABILITIES_MAX: usize = 40;
/// Networks in the table.
pub const NETWORKS_MAX: usize = 200;
/// Problems with the input that are written out.
pub const PROBLEMS_MAX: usize = 50;
/// Machines of one lane of the map that have a node of their own, when not all of them fit.
pub const LANE_NODES_MAX: usize = 24;
/// Nodes of one lane of the map up to which nothing is grouped.
pub const LANE_FULL_MAX: usize = 32;
/// Groups (subnets) of one lane; the smallest beyond become one.
pub const LANE_GROUPS_MAX: usize = 8;
/// Lines of the map; the most telling are drawn.
pub const LINES_MAX: usize = 600;
