//! A `vigie run` or `vigie demo` that a test started, with what it said at the start.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running program. It is ended with the test.
pub struct Running {
    child: Child,
    /// Host and port of the API.
    pub address: String,
    /// Token of the set-up link, where there is one.
    pub token: Option<String>,
    /// Network namespace that it runs in.
    namespace: Option<String>,
}

/// What the API answered.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e} in {} {}", self.status, self.body))
    }
}

impl Running {
    /// Starts `vigie` with these arguments and `--data`, on a free port of loopback; waits until it serves.
    pub fn start(arguments: &[&str], data: &Path) -> Running {
        Running::start_in(None, arguments, data)
    }

    /// The same, in a network namespace.
    pub fn start_in(namespace: Option<&str>, arguments: &[&str], data: &Path) -> Running {
        let program = env!("CARGO_BIN_EXE_vigie");
        let mut command = match namespace {
            Some(name) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name, program]);
                command
            }
            None => Command::new(program),
        };
        let mut child = command
            .args(arguments)
            .args(["--listen", "127.0.0.1:0", "--data", crate::text(data)])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let (mut address, mut token, mut said) = (None, None, String::new());
        while address.is_none() || !said.ends_with("Ctrl-C\n") {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap_or(0) == 0 {
                let _ = child.kill();
                panic!("it ended before it served; it said:\n{said}");
            }
            if let Some((_, rest)) = line.split_once("http://") {
                let (host, path) = rest.trim().split_once('/').unwrap_or((rest.trim(), ""));
                address = Some(host.to_owned());
                token = path.split_once("token=").map(|(_, token)| token.trim().to_owned()).or(token);
            }
            said.push_str(&line);
        }
        // What it says later must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Running { child, address: address.expect("an address"), token, namespace: namespace.map(str::to_owned) }
    }

    /// Asks the API; `head` is further lines of the head, each with its end.
    pub fn ask(&self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        if let Some(namespace) = &self.namespace {
            let url = format!("http://{}{path}", self.address);
            let output = Command::new("ip")
                .args(["netns", "exec", namespace, "curl", "-s", "-m", "10", "-X", method, &url])
                .output()
                .expect("curl");
            let body = String::from_utf8_lossy(&output.stdout).into_owned();
            return Answer { status: if output.status.success() { 200 } else { 0 }, body };
        }
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n{head}\r\n{body}",
            self.address
        )
        .expect("it takes the question");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer.as_str(), ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        let body = if is_chunked { unchunked(body) } else { body.to_owned() };
        Answer { status, body }
    }

    /// What needs no login.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// The health page.
    pub fn health(&self) -> Value {
        self.get("/api/v1/health").json()
    }

    /// Waits until the health page is as wanted.
    pub fn wait(&self, what: &str, seconds: u64, is: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let health = self.health();
            if is(&health) {
                return health;
            }
            assert!(start.elapsed() < Duration::from_secs(seconds), "{what} did not come: {health:#}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it as Ctrl-C does, and gives how it ended.
    pub fn stop(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-INT", &id]).status().expect("kill");
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(mut self) {
        self.child.kill().expect("it is there");
        self.child.wait().expect("it ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of an answer that comes in chunks (RFC 9112 section 7.1).
fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let Ok(length) = usize::from_str_radix(length.trim(), 16) else { break };
        if length == 0 {
            break;
        }
        whole.push_str(rest.get(..length).unwrap_or(rest));
        body = rest.get(length + 2..).unwrap_or("");
    }
    whole
}
