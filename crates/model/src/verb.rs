//! What an act does, in one closed set for every protocol.

use crate::words;

words! {
    /// The closed set on which every detector, rule, colour and chart is built.
    pub enum Verb {
        /// Values were asked for.
        Read = "read",
        /// Values were set: registers, tags, attributes, set points.
        Write = "write",
        /// A field action was commanded: breaker, coil by command service, control relay, select or execute.
        Operate = "operate",
        /// Logic or configuration went into a controller (the field calls it download).
        Program = "program",
        /// Logic or configuration was taken out of a controller.
        Upload = "upload",
        /// A controller or program was started.
        Start = "start",
        /// A controller or program was stopped.
        Stop = "stop",
        /// The operating mode was changed: run, program, test, remote.
        Mode = "mode",
        /// A device was restarted or set back to its factory state.
        Reset = "reset",
        /// Settings of a device were changed: address, name, communication, parameters.
        Configure = "configure",
        /// Firmware was transferred or activated.
        Firmware = "firmware",
        /// Identity was asked for or announced.
        Identify = "identify",
        /// Names, tags, objects or directories were listed.
        Browse = "browse",
        /// A report was ordered or ended.
        Subscribe = "subscribe",
        /// Values were sent unasked, or by an earlier subscription.
        Report = "report",
        /// Someone identified themselves, or a session with rights was opened or closed.
        Login = "login",
        /// A file was read, written, listed or removed.
        File = "file",
        /// A clock was read, set or synchronised.
        Time = "time",
        /// Diagnosis, loopback, statistics.
        Diagnose = "diagnose",
        /// An alarm or event was raised, acknowledged or silenced.
        Alarm = "alarm",
        /// Everything else, such as opening a connection or keeping it alive.
        Other = "other",
    }
}

impl Verb {
    /// Acts that roll-up never merges away, because each one counts for itself (DESIGN section 4).
    pub const fn is_momentous(self) -> bool {
        matches!(
            self,
            Verb::Operate
                | Verb::Program
                | Verb::Upload
                | Verb::Start
                | Verb::Stop
                | Verb::Mode
                | Verb::Reset
                | Verb::Configure
                | Verb::Firmware
                | Verb::Login
        )
    }

    /// Acts that change what the plant does, or could do next.
    pub const fn is_change(self) -> bool {
        matches!(
            self,
            Verb::Write
                | Verb::Operate
                | Verb::Program
                | Verb::Start
                | Verb::Stop
                | Verb::Mode
                | Verb::Reset
                | Verb::Configure
                | Verb::Firmware
        )
    }
}
