//! Watching a real interface, in a network namespace of the test's own: everything is seen and nothing is sent.

use std::process::Command;

use crate::running::Running;
use crate::{folder, plant, text};

/// A network namespace with a cable in it: what goes in at `v1` comes out at `v0`.
struct Namespace(String);

impl Namespace {
    /// `None` where this machine does not let us.
    fn new(name: &str) -> Option<Namespace> {
        let namespace = Namespace(format!("vigie-{name}-{}", std::process::id()));
        if !run("ip", &["netns", "add", &namespace.0]) {
            return None;
        }
        let is_made = namespace.run(&["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"])
            && namespace.run(&["ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"])
            && ["lo", "v0", "v1"].iter().all(|link| namespace.run(&["ip", "link", "set", link, "up"]));
        is_made.then_some(namespace)
    }

    fn run(&self, command: &[&str]) -> bool {
        run("ip", &[&["netns", "exec", &self.0], command].concat())
    }

    /// A counter of `v0`.
    fn counter(&self, name: &str) -> u64 {
        let path = format!("/sys/class/net/v0/statistics/{name}");
        let output = Command::new("ip").args(["netns", "exec", &self.0, "cat", &path]).output().expect("a counter");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        run("ip", &["netns", "del", &self.0]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

#[test]
fn an_interface_is_watched_and_nothing_is_ever_sent() {
    if !run("tcpreplay", &["--version"]) {
        println!("skipped: tcpreplay is not installed (scripts/setup test installs it)");
        return;
    }
    let Some(namespace) = Namespace::new("live") else {
        println!("skipped: network namespaces cannot be made here (root is needed)");
        return;
    };
    let running = Running::start_in(Some(&namespace.0), &["run", "--interface", "v0"], &folder("live"));
    let sent_before = namespace.counter("tx_packets");
    let packets = crate::frames(plant()).len() as u64;
    assert!(namespace.run(&["tcpreplay", "--intf1", "v1", "--pps", "20000", text(plant())]));
    let health = running.wait("the last packet", 60, |health| {
        health["sensors"][0]["packets"].as_u64().is_some_and(|seen| seen >= packets)
            && health["analysis"]["behind"].as_u64() == Some(0)
    });
    assert_eq!(health["sensors"][0]["dropped_kernel"], 0, "{health:#}");
    assert_eq!(namespace.counter("tx_packets"), sent_before, "something was sent on the watched interface");

    // An interface that goes down and comes back is watched again.
    assert!(namespace.run(&["ip", "link", "set", "v0", "down"]));
    running.wait("the interface down", 20, |health| health["sensors"][0]["state"] == "down");
    assert!(namespace.run(&["ip", "link", "set", "v0", "up"]));
    running.wait("the interface up", 20, |health| health["sensors"][0]["state"] == "up");
    assert!(namespace.run(&["tcpreplay", "--intf1", "v1", "--pps", "20000", text(plant())]));
    running.wait("the second playing", 60, |health| {
        health["sensors"][0]["packets"].as_u64().is_some_and(|seen| seen >= 2 * packets)
    });
    assert_eq!(namespace.counter("tx_packets"), sent_before);
    assert!(running.stop().success());
}
