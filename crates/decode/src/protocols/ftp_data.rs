//! The data connections that FTP announces: recognised by the announcement, passed over.

use compact_str::format_compact;
use model::Verb;

use crate::{Carrier, Code, Context, Decoder, Draft, Measure, Output, Protocol, Speaker, Verdict, code};

const CODES: &[Code] = &[code(0, "transfer", Verb::Other)];

/// FTP data.
pub static PROTOCOL: Protocol = Protocol {
    id: "ftp-data",
    title: "FTP data",
    about: "Carries the files and lists that an FTP connection asked for.",
    depth: "Bytes in each direction; names are with the FTP connection.",
    documents: &["RFC 959, section 3"],
    carriers: &[Carrier::Tcp(&[20])],
    is_industrial: false,
    codes: CODES,
    // Nothing in the bytes says it: only the announcement does.
    probe: |_| Verdict::NO,
    open: |_| Box::new(FtpData::default()),
};

#[derive(Default)]
struct FtpData {
    /// From the client and from the server of the data connection.
    bytes: [u64; 2],
}

impl Decoder for FtpData {
    fn measure(&mut self, bytes: &[u8], _speaker: Speaker) -> Measure {
        Measure::Whole(bytes.len())
    }

    fn read(&mut self, message: &[u8], context: &Context, _out: &mut Output<'_>) {
        let [client, server] = &mut self.bytes;
        let count = if context.speaker == Speaker::Client { client } else { server };
        *count = count.saturating_add(message.len() as u64);
    }

    fn end(&mut self, out: &mut Output<'_>) {
        let [client, server] = self.bytes;
        if client > 0 || server > 0 {
            let draft = Draft::new(&PROTOCOL, 0).extra("client bytes", format_compact!("{client}"));
            out.act(draft.extra("server bytes", format_compact!("{server}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::Dialog;

    #[test]
    fn both_directions_are_summed_up_and_nothing_of_the_content_is_kept() {
        Dialog::stream(&PROTOCOL).client("6669726d77617265").server("00 01 02").client("2e62696e").end_is(expect![[
            r#"
                C > S ftp-data [other] transfer -> asked client bytes=12 server bytes=3
            "#
        ]]);
    }
}
