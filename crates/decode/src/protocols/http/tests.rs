//! Transcripts of HTTP.

use expect_test::expect;

use super::*;
use crate::testing::{self, Dialog};

fn dialog(parts: &[(Speaker, &str)]) -> Dialog {
    parts.iter().fold(Dialog::stream(&PROTOCOL), |dialog, (speaker, text)| dialog.says(*speaker, text.as_bytes()))
}

use Speaker::{Client, Server};

#[test]
fn a_page_and_its_server() {
    dialog(&[
        (Client, "GET /index.html?user=a&password=b HTTP/1.1\r\nHost: plc.example\r\nUser-Agent: Mozilla/4.0 (Windows NT 5.1; x)\r\n\r\n"),
        (Server, "HTTP/1.1 200 OK\r\nServer: A-B WWW/0.1\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"),
    ])
    .end_is(expect![[r#"
        fact C: software = Mozilla/4.0 (Windows NT 5.1; x) (http, user-agent, likely)
        fact C: os = Windows NT 5.1 (http, user-agent, likely)
        fact S: hostname = plc.example (http, host, likely)
        fact S: software = A-B WWW/0.1 (http, server, likely)
        fact S: vendor = Rockwell Automation (http, server, guess)
        C > S http [read] get | /index.html?user=a&password=… -> done (200 ok) in 1000 us host=plc.example agent=Mozilla/4.0 (Windows NT 5.1; x) type=text/html bytes=5 server=A-B WWW/0.1 {http 1: 1} {http 0: 1}
    "#]]);
}

#[test]
fn chunks_are_passed_over_and_requests_are_matched_in_order() {
    dialog(&[
        (Client, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
        (Server, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    ])
    .end_is(expect![[r#"
        C > S http [read] get | /a -> done (200 ok) in 1000 us {http 1: 1} {http 0: 1}
        C > S http [read] get | /b -> refused (404 not found) in 1000 us bytes=0 {http 1: 1} {http 0: 1}
    "#]]);
}

#[test]
fn a_default_password_is_known_and_not_kept() {
    dialog(&[
        (Client, "GET /portal.htm HTTP/1.1\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n"),
        (Server, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"S7-1200\"\r\nContent-Length: 0\r\n\r\n"),
        (Client, "GET /portal.htm HTTP/1.1\r\nAuthorization: Basic d2FnbzprZXB0\r\n\r\n"),
        (Server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (Client, "GET /portal.htm HTTP/1.1\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n"),
        (Server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ])
    .end_is(expect![[r#"
        fact S: credential = http basic (http, authorization, certain)
        fact C: user = admin (http, authorization, likely)
        fact S: description = S7-1200 (http, realm, guess)
        C > S http [login] get | /portal.htm -> refused (401 unauthorized) in 1000 us bytes=0 {http 1: 1} {http 0: 1}
        fact C: user = wago (http, authorization, likely)
        C > S http [read] get | /portal.htm -> done (200 ok) in 1000 us bytes=0 {http 1: 1} {http 0: 1}
        fact S: default_credential = http basic of admin (http, authorization, certain)
        C > S http [read] get | /portal.htm -> done (200 ok) in 1000 us bytes=0 {http 1: 1} {http 0: 1}
    "#]]);
}

#[test]
fn files_sent_by_a_form_have_a_name() {
    dialog(&[(
        Client,
        "POST /upload HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 77\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"fw.bin\"\r\n\r\n01234567\r\n",
    )])
    .end_is(expect![[r#"
        C > S http [file] post | /upload -> no answer sent=77 file=fw.bin {http 3: 1}
    "#]]);
}

#[test]
fn a_tunnel_is_opened() {
    dialog(&[
        (Client, "CONNECT mail.example:443 HTTP/1.1\r\n\r\n"),
        (Server, "HTTP/1.1 200 Connection established\r\n\r\n"),
        (Client, "anything"),
    ])
    .end_is(expect![[r#"
        C > S http [other] connect | mail.example:443 -> done (200 connection established) in 1000 us {http 6: 1} {http 0: 1}
    "#]]);
}

#[test]
fn probes_want_a_line() {
    let probe = |text: &str| testing::probe(&PROTOCOL, &crate::words::hexadecimal(text.as_bytes()));
    assert_eq!(probe("GET / HTTP/1.1\r\n"), Verdict::by(Match::Certain, Client));
    assert_eq!(probe("HTTP/1.1 200 OK\r\n"), Verdict::by(Match::Certain, Server));
    assert_eq!(probe("GET / HT"), Verdict::MORE);
    assert_eq!(probe("INVITE sip:x SIP/2.0\r\n"), Verdict::NO);
    assert_eq!(probe("OPTIONS rtsp://x RTSP/1.0\r\n"), Verdict::NO);
}

#[test]
fn no_bytes_make_it_fail() {
    let hex = |text: &str| crate::words::hexadecimal(text.as_bytes());
    let messages = [
        hex("POST /a HTTP/1.1\r\nAuthorization: Basic YTpi\r\nContent-Length: 3\r\n\r\nabc"),
        hex("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
    ];
    testing::torture(&PROTOCOL, &messages.each_ref().map(|m| m.as_str()));
}
