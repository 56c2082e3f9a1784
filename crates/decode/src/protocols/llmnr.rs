//! LLMNR: the messages of DNS under a row of their own; `dns` reads them.

use super::dns::{CODES, Dns, Kind, probe_for};
use crate::{Carrier, Protocol};

/// LLMNR.
pub static PROTOCOL: Protocol = Protocol {
    id: "llmnr",
    title: "LLMNR",
    about: "Windows asks its neighbours for names when no server knows them, and believes whoever answers.",
    depth: "Queries with their answers, all common record types.",
    documents: &["RFC 4795 Link-Local Multicast Name Resolution (2007)"],
    carriers: &[Carrier::Udp(&[5355]), Carrier::Tcp(&[5355])],
    is_industrial: false,
    codes: CODES,
    probe: |probe| probe_for(Kind::LinkLocal, probe),
    open: |opening| Box::new(Dns::new(Kind::LinkLocal, opening.is_stream)),
};

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::testing::Dialog;

    #[test]
    fn a_neighbour_answers_with_its_address() {
        Dialog::datagrams(&PROTOCOL)
            .client("1234 0000 0001 0000 0000 0000 03484d49 00 0001 0001")
            .server("1234 8000 0001 0001 0000 0000 03484d49 00 0001 0001 c00c 0001 0001 0000001e 0004 0a000002")
            .end_is(expect![[r#"
                fact S: hostname = HMI (llmnr, llmnr answer, likely)
                C > S llmnr [browse] query a | HMI = HMI a=10.0.0.2 -> done in 1000 us {llmnr 0: 1} {llmnr 1: 1}
            "#]]);
    }
}
