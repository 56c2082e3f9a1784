//! Every bound of this crate, with its reason.

/// Bytes of one document. The largest published CSAF documents have some 10 MB.
pub const DOCUMENT_BYTES_MAX: u64 = 64 << 20;
/// Bytes of everything that comes out of one archive: a zip bomb ends here.
pub const ARCHIVE_BYTES_MAX: u64 = 4 << 30;
/// Bytes that one byte of a compressed archive may become on average, once it has given 16 MiB.
pub const ARCHIVE_RATIO_MAX: u64 = 200;
/// Files in one archive or directory.
pub const ARCHIVE_FILES_MAX: u64 = 2_000_000;
/// Depth of directories below the one that was named.
pub const DIRECTORY_DEPTH_MAX: usize = 32;
/// Depth of branches in a product tree. CSAF's schema nests them without a bound; real ones have three to six.
pub const BRANCH_DEPTH_MAX: usize = 40;
/// Products of one document.
pub const PRODUCTS_MAX: usize = 200_000;
/// Vulnerabilities of one document.
pub const VULNERABILITIES_MAX: usize = 20_000;
/// Product ids that all lists of one document may name together.
pub const REFERENCES_MAX: usize = 20_000_000;
/// Relationships that lead from one product to the product it stands on.
pub const RELATIONSHIP_DEPTH_MAX: usize = 16;
/// Characters of a version text that is read; longer ones are no versions.
pub const VERSION_TEXT_MAX: usize = 400;
/// Parts of one version.
pub const VERSION_PARTS_MAX: usize = 24;
/// Alternatives of one version range.
pub const CLAUSES_MAX: usize = 200;
/// Names that one product name may be expanded to (`R08/16/32/120PCPU`).
pub const EXPANSIONS_MAX: usize = 64;
/// Characters of a name that is read.
pub const NAME_MAX: usize = 500;
/// Bytes of one inventory file.
pub const INVENTORY_BYTES_MAX: u64 = 512 << 20;
/// Machines of one inventory.
pub const MACHINES_MAX: usize = 2_000_000;
/// Problems that are told one by one; further ones are counted.
pub const PROBLEMS_MAX: usize = 1_000;
