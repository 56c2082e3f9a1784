//! The weights of attack paths, in one place, each with its reason. They say what is easier than what; they are no
//! frequencies.

use model::Importance;

/// Somebody on the Internet finds a service that the Internet reaches.
pub const INTERNET_SERVICE: f64 = 0.5;
/// Somebody who uses web or mail is deceived.
pub const INTERNET_PERSON: f64 = 0.2;
/// A computer of the office is in wrong hands: the most frequent beginning of incidents in plants.
pub const OFFICE: f64 = 0.3;
/// The access of a vendor is misused: accounts are shared and rarely changed.
pub const VENDOR: f64 = 0.3;
/// A laptop that was elsewhere is plugged in among controllers.
pub const LAPTOP: f64 = 0.1;
/// A memory stick brings something into a station where programs are carried in and out.
pub const MEDIA: f64 = 0.15;

/// A way that was seen works.
pub const SEEN: f64 = 0.95;
/// A way that a configuration allows works.
pub const DECLARED: f64 = 0.9;
/// A way within a subnet works.
pub const SAME_SUBNET: f64 = 0.9;
/// A way between subnets that talk, without a configuration.
pub const ROUTED_GUESS: f64 = 0.3;

/// A protocol that obeys anyone.
pub const OPEN_PROTOCOL: f64 = 0.95;
/// A protocol with a login or keys.
pub const GUARDED_PROTOCOL: f64 = 0.2;
/// The same where it was seen without security.
pub const UNGUARDED_PROTOCOL: f64 = 0.8;
/// A published default password is in use.
pub const DEFAULT_PASSWORD: f64 = 0.9;
/// The password crosses the network in clear.
pub const CLEAR_PASSWORD: f64 = 0.6;
/// A screen or a shell with a password nobody saw.
pub const UNKNOWN_PASSWORD: f64 = 0.2;
/// A service with an outdated protocol or system behind it.
pub const OUTDATED: f64 = 0.4;
/// Any other service has an unknown hole.
pub const UNKNOWN_HOLE: f64 = 0.03;
/// Who holds the operator's machine acts through it.
pub const LEGITIMATE_USER: f64 = 0.9;
/// What is left of a service's weakness after it was hardened.
pub const HARDENED: f64 = 0.03;
/// What is left of an entry after it was controlled.
pub const CONTROLLED: f64 = 0.1;

/// Paths less likely than this are not followed.
pub const LIKELIHOOD_MIN: f64 = 1e-4;

/// What is at stake.
pub const fn impact(importance: Importance) -> f64 {
    match importance {
        Importance::Critical => 10.0,
        Importance::High => 5.0,
        Importance::Medium => 2.0,
        Importance::Low => 0.0,
    }
}
