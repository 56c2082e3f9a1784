//! One message of the message router: a request, an answer, and what both tell together.

use model::{Behind, Messages, Outcome, Status, Time};
use wire::{Reader, Short};

use super::path::Path;
use super::tables;
use crate::Draft;

/// A request: volume 1, section 2-4.1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub service: u8,
    pub path: Path<'a>,
    pub data: Reader<'a>,
}

impl<'a> Request<'a> {
    pub(crate) fn read(r: &mut Reader<'a>) -> Result<Request<'a>, Short> {
        let service = r.u8("service")?;
        let words = r.u8("request path size")?;
        let path = Path::parse(r.bytes(usize::from(words).saturating_mul(2), "request path")?);
        let data = r.sub_at_most(r.left());
        Ok(Request { service, path, data })
    }
}

/// An answer: volume 1, section 2-4.2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    /// Without the reply bit.
    pub service: u8,
    pub status: u8,
    pub extended: Option<u16>,
    pub data: Reader<'a>,
}

impl<'a> Answer<'a> {
    pub(crate) fn read(r: &mut Reader<'a>) -> Result<Answer<'a>, Short> {
        let service = r.u8("reply service")? & 0x7f;
        r.u8("reserved")?;
        let status = r.u8("general status")?;
        let words = r.u8("size of additional status")?;
        let mut additional = r.sub(usize::from(words).saturating_mul(2), "additional status")?;
        // An additional status of 0 says nothing.
        let extended = additional.u16_le("additional status").ok().filter(|extended| *extended != 0);
        let data = r.sub_at_most(r.left());
        Ok(Answer { service, status, extended, data })
    }

    /// Whether it was carried out, at least in part.
    pub(crate) const fn is_good(&self) -> bool {
        self.status == 0 || self.status == 6
    }
}

/// What is around a request and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Around {
    pub asked: Option<Time>,
    pub answered: Option<Time>,
    /// The server asked.
    pub is_from_server: bool,
    pub behind: Behind,
    /// Messages of the layers below, told with the first act.
    pub messages: Messages,
}

impl Around {
    /// Takes the messages of the layers below, for the first act.
    pub(crate) fn take(&mut self) -> Messages {
        std::mem::take(&mut self.messages)
    }

    /// Outcome, times and place of an act. Written where the draft is: it is large, and this is done for every act.
    pub(crate) fn complete(&self, draft: &mut Draft<'_>, answer: Option<&Answer<'_>>) {
        draft.asked = self.asked.or(draft.asked);
        match (answer, self.answered) {
            (Some(answer), Some(at)) => {
                draft.answered = Some(at);
                draft.outcome = if answer.is_good() { Outcome::Done } else { Outcome::Refused };
                let extended = answer.extended.filter(|_| !answer.is_good());
                if answer.status != 0 {
                    let name = tables::status(answer.status, extended);
                    draft.status = Some(Status { code: answer.status.into(), name });
                }
            }
            _ => draft.outcome = Outcome::NoAnswer,
        }
        draft.is_from_server |= self.is_from_server;
        draft.behind = self.behind.clone();
    }
}
