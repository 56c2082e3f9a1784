//! Gives up every right that watching does not need, before the first packet is read.
//!
//! Three fences, each as far as the kernel has it: capabilities (only the one that opens a capture stays, because an
//! interface that went away has to be opened again), landlock (files: only what Vigie keeps is writable) and seccomp (no
//! new programs, no look into other processes, no mounts, no kernel modules). Whoever breaks a decoder is inside these.

use std::path::Path;

/// Which fences stand, to be told at the start and on the health page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fences {
    /// Capabilities were given up.
    pub has_fewer_capabilities: bool,
    /// Files are fenced: fully or partly, as the kernel can.
    pub files: &'static str,
    /// System calls are filtered.
    pub has_seccomp: bool,
    /// What did not work, in words.
    pub problems: Vec<String>,
}

/// What the process will still have to do.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// Open interfaces again that went away.
    pub has_interfaces: bool,
    /// Listen on a port below 1024.
    pub has_low_port: bool,
}

impl Fences {
    /// In a line.
    pub fn in_words(&self) -> String {
        let capabilities = if self.has_fewer_capabilities { "given up" } else { "kept" };
        let calls = if self.has_seccomp { "filtered" } else { "not filtered" };
        format!("capabilities {capabilities}; files fenced: {}; system calls {calls}", self.files)
    }
}

/// Confines this process and all threads it starts from now on. Only `writable` may be written below, and `readable` and
/// what the system's libraries need may be read. Never fails as a whole: what the kernel does not have is told.
#[cfg(target_os = "linux")]
pub fn confine(writable: &[&Path], readable: &[&Path], needs: Needs) -> Fences {
    let mut fences = Fences { files: "none", ..Fences::default() };
    let mut problems = Vec::new();
    match capabilities(needs) {
        Ok(()) => fences.has_fewer_capabilities = true,
        Err(reason) => problems.push(format!("capabilities: {reason}")),
    }
    match files(writable, readable) {
        Ok(state) => fences.files = state,
        Err(reason) => problems.push(format!("landlock: {reason}")),
    }
    match calls() {
        Ok(()) => fences.has_seccomp = true,
        Err(reason) => problems.push(format!("seccomp: {reason}")),
    }
    fences.problems = problems;
    fences
}

/// Other systems have no such fences.
#[cfg(not(target_os = "linux"))]
pub fn confine(_: &[&Path], _: &[&Path], _: Needs) -> Fences {
    Fences { files: "none", problems: vec!["only Linux has these fences".into()], ..Fences::default() }
}

#[cfg(target_os = "linux")]
fn capabilities(needs: Needs) -> Result<(), String> {
    use caps::{CapSet, Capability, CapsHashSet};
    let mut keep = CapsHashSet::new();
    if needs.has_low_port {
        keep.insert(Capability::CAP_NET_BIND_SERVICE);
    }
    if needs.has_interfaces {
        // Opening a capture; promiscuous mode needs no more than this on the same socket.
        keep.insert(Capability::CAP_NET_RAW);
    }
    let has = caps::read(None, CapSet::Permitted).map_err(|e| e.to_string())?;
    let keep: CapsHashSet = keep.intersection(&has).copied().collect();
    let nothing = CapsHashSet::new();
    // Bounding first: taking from it needs a right that the next lines take away.
    if has.contains(&Capability::CAP_SETPCAP) {
        for capability in caps::all() {
            if !keep.contains(&capability) && caps::has_cap(None, CapSet::Bounding, capability).unwrap_or(false) {
                caps::drop(None, CapSet::Bounding, capability).map_err(|e| e.to_string())?;
            }
        }
    }
    let _ = caps::set(None, CapSet::Ambient, &nothing);
    caps::set(None, CapSet::Effective, &keep).map_err(|e| e.to_string())?;
    caps::set(None, CapSet::Permitted, &keep).map_err(|e| e.to_string())?;
    caps::set(None, CapSet::Inheritable, &nothing).map_err(|e| e.to_string())
}

#[cfg(target_os = "linux")]
fn files(writable: &[&Path], readable: &[&Path]) -> Result<&'static str, String> {
    use landlock::{
        ABI, Access, AccessFs, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, path_beneath_rules,
    };
    // Names and certificates of other hosts (notifications, logins), time zones, what libpcap and the runtime look up.
    const SYSTEM: &[&str] =
        &["/etc", "/usr/share", "/usr/lib", "/lib", "/lib64", "/proc", "/sys", "/run/systemd/resolve"];
    let abi = ABI::V5;
    let all = AccessFs::from_all(abi);
    let status = Ruleset::default()
        .handle_access(all)
        .and_then(|rules| rules.create())
        .and_then(|rules| rules.add_rules(path_beneath_rules(SYSTEM, AccessFs::from_read(abi))))
        .and_then(|rules| rules.add_rules(path_beneath_rules(readable, AccessFs::from_read(abi))))
        .and_then(|rules| rules.add_rules(path_beneath_rules(writable, all)))
        .and_then(|rules| rules.add_rules(path_beneath_rules(["/dev/null", "/dev/urandom", "/dev/random"], all)))
        .and_then(|rules| rules.restrict_self())
        .map_err(|e| e.to_string())?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => "all",
        RulesetStatus::PartiallyEnforced => "most",
        RulesetStatus::NotEnforced => "none",
    })
}

/// Refuses system calls that a watcher never makes: they fail with "operation not permitted" instead of ending the
/// program, so that a library that tries one goes on without.
#[cfg(target_os = "linux")]
fn calls() -> Result<(), String> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    const REFUSED: &[libc::c_long] = &[
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_clock_adjtime,
        libc::SYS_sethostname,
        libc::SYS_setdomainname,
        libc::SYS_acct,
        libc::SYS_quotactl,
        libc::SYS_userfaultfd,
        libc::SYS_open_by_handle_at,
    ];
    let architecture = std::env::consts::ARCH.try_into().map_err(|e: seccompiler::BackendError| e.to_string())?;
    let filter = SeccompFilter::new(
        REFUSED.iter().map(|call| (*call, Vec::new())).collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM as u32),
        architecture,
    )
    .map_err(|e| e.to_string())?;
    let program: BpfProgram = filter.try_into().map_err(|e: seccompiler::BackendError| e.to_string())?;
    seccompiler::apply_filter(&program).map_err(|e| e.to_string())
}
