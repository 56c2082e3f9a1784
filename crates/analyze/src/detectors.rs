//! THE TABLE of detectors. A detector is one row here and one constant in a file of `detectors/`.

mod control;

use model::Descriptor;

use crate::detector::Detector;

/// Every detector, in the order in which lists show them.
pub const DETECTORS: &[&Detector] = &[&control::STOPPED];

/// The descriptor of the detector `id`.
pub fn descriptor(id: &str) -> Option<&'static Descriptor> {
    DETECTORS.iter().find(|detector| detector.about.id == id).map(|detector| &detector.about)
}
