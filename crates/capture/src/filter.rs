//! Which frames are wanted: a libpcap filter expression and a range of time. The only file that touches libpcap.

use ::pcap::{BpfProgram, Capture, Dead, Linktype};
use model::{LinkType, Time};

use crate::limits;

/// A filter expression that libpcap refuses.
#[derive(Debug, thiserror::Error)]
#[error("filter `{expression}`: {reason}")]
pub struct BadFilter {
    /// The expression.
    pub expression: String,
    /// What libpcap says of it.
    pub reason: String,
}

/// A filter expression in libpcap's language (`man pcap-filter`), compiled for each link type when it first appears.
pub struct Filter {
    expression: String,
    programs: Vec<(LinkType, Option<BpfProgram>)>,
    /// Why it could not be compiled for a link type; taken by the reader and told as a problem.
    pub(crate) complaints: Vec<String>,
}

impl Filter {
    /// Checks the expression: it must compile for at least one usual link type.
    pub fn new(expression: &str) -> Result<Filter, BadFilter> {
        const USUAL: [LinkType; 4] = [LinkType::ETHERNET, LinkType::RAW, LinkType::IEEE802_11, LinkType::LINUX_SLL];
        let mut programs = Vec::new();
        let mut first_reason = None;
        for link in USUAL {
            match compile(expression, link) {
                Ok(program) => {
                    programs.push((link, Some(program)));
                    break;
                }
                Err(reason) => _ = first_reason.get_or_insert(reason),
            }
        }
        if programs.is_empty() {
            let reason = first_reason.unwrap_or_default();
            return Err(BadFilter { expression: expression.to_owned(), reason });
        }
        Ok(Filter { expression: expression.to_owned(), programs, complaints: Vec::new() })
    }

    /// Whether the frame matches. An expression that means nothing for a link type matches none of its frames.
    fn matches(&mut self, link: LinkType, bytes: &[u8]) -> bool {
        let index = match self.programs.iter().position(|(known, _)| *known == link) {
            Some(index) => index,
            None if self.programs.len() >= limits::FILTER_LINK_TYPES_MAX => return false,
            None => {
                let program = compile(&self.expression, link)
                    .map_err(|reason| {
                        let expression = &self.expression;
                        self.complaints.push(format!("filter `{expression}` on link type {}: {reason}", link.0));
                    })
                    .ok();
                self.programs.push((link, program));
                self.programs.len() - 1
            }
        };
        self.programs[index].1.as_ref().is_some_and(|program| program.filter(bytes))
    }
}

/// libpcap numbers link types by `DLT_…`; for those at hand the registry's number is the same, except for raw IP.
fn compile(expression: &str, link: LinkType) -> Result<BpfProgram, String> {
    let number = match link {
        LinkType::RAW => 12,
        LinkType(other) => other as i32,
    };
    let text = |error: ::pcap::Error| match error {
        ::pcap::Error::PcapError(text) => text,
        other => other.to_string(),
    };
    let capture: Capture<Dead> = Capture::dead(Linktype(number)).map_err(text)?;
    capture.compile(expression, true).map_err(text)
}

/// Which frames are wanted. The default wants all.
#[derive(Default)]
pub struct Selection {
    /// Only frames that match.
    pub filter: Option<Filter>,
    /// Only frames at this time or later.
    pub from: Option<Time>,
    /// Only frames before this time.
    pub to: Option<Time>,
}

impl Selection {
    pub(crate) fn is_everything(&self) -> bool {
        self.filter.is_none() && self.from.is_none() && self.to.is_none()
    }

    pub(crate) fn keeps(&mut self, link: LinkType, at: Time, bytes: &[u8]) -> bool {
        self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at < to)
            && self.filter.as_mut().is_none_or(|filter| filter.matches(link, bytes))
    }
}
