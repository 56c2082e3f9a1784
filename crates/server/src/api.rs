//! THE TABLE of routes. A route is one row here and one function in a file of `api/`.
//!
//! Who may use it, what a token needs, what it takes and gives: the router, the check of rights, the OpenAPI document
//! and the test of every route with every role are made from these rows.

mod assets;
mod baseline;
mod evidence;
mod exports;
mod findings;
mod history;
mod ledger;
mod login;
mod notifications;
mod people;
mod plant;
mod queries;
mod session;
mod site;
mod stream;
mod tokens;

use store::{Role, Scope};

use crate::call::Handler;

/// Where the routes are, but for `/metrics`.
pub const BASE: &str = "/api/v1";

/// HTTP methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes, or does.
    Post,
    /// Changes.
    Patch,
    /// Takes away.
    Delete,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Everybody, logged in or not.
    Nobody,
    /// Everybody who is logged in; the handler looks closer where the row says so.
    Anybody,
    /// Who has at least this role.
    Role(Role),
    /// Programs on the same machine; else who has at least this role.
    LoopbackOr(Role),
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number, at least and at most.
    Number(u64, u64),
    /// One of these words.
    Words(&'static [&'static str]),
    /// RFC 3339.
    Time,
}

/// A parameter in the query.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it means.
    pub about: &'static str,
    /// Whether it must be there.
    pub is_needed: bool,
}

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Path below [`BASE`], with `{names}`.
    pub path: &'static str,
    /// Who.
    pub need: Need,
    /// What a token needs besides.
    pub scope: Scope,
    /// What it does, in a line.
    pub about: &'static str,
    /// Parameters in the query.
    pub query: &'static [Parameter],
    /// JSON schema of the body; empty where there is none.
    pub body: &'static str,
    /// Media type of the answer.
    pub gives: &'static str,
    /// What does it.
    pub handler: Handler,
}

const VIEWER: Need = Need::Role(Role::Viewer);
const ANALYST: Need = Need::Role(Role::Analyst);
const ENGINEER: Need = Need::Role(Role::Engineer);
const ADMINISTRATOR: Need = Need::Role(Role::Administrator);
const AUDITOR: Need = Need::Role(Role::Auditor);

const JSON: &str = "application/json";

const fn text(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Text, about, is_needed: false }
}

const fn words(name: &'static str, words: &'static [&'static str], about: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Words(words), about, is_needed: false }
}

const LIMIT: Parameter =
    Parameter { name: "limit", kind: Kind::Number(1, 1000), about: "rows at most; 100 unless told", is_needed: false };
const CURSOR: Parameter = text("cursor", "`next` of the page before");
const SORT: Parameter = text("sort", "a field of the rows; with `-` before it the greatest first");

const FROM: Parameter = Parameter { name: "from", kind: Kind::Time, about: "not before", is_needed: false };
const TO: Parameter = Parameter { name: "to", kind: Kind::Time, about: "not after", is_needed: false };

const SEVERITIES: &[&str] = &["info", "low", "medium", "high", "critical"];
const STATES: &[&str] = &["open", "acknowledged", "closed"];

const LOGIN: &str = r#"{"type":"object","required":["name","password"],"properties":{
    "name":{"type":"string"},"password":{"type":"string"},"code":{"type":"string"}}}"#;
const SETUP: &str = r#"{"type":"object","required":["token","name","password"],"properties":{
    "token":{"type":"string"},"name":{"type":"string"},"password":{"type":"string","minLength":12}}}"#;
const NEW_USER: &str = r#"{"type":"object","required":["name","role","password"],"properties":{
    "name":{"type":"string","pattern":"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$"},
    "role":{"enum":["viewer","auditor","analyst","engineer","administrator"]},
    "password":{"type":"string","minLength":12,"maxLength":256}}}"#;
const USER: &str = r#"{"type":"object","properties":{
    "role":{"enum":["viewer","auditor","analyst","engineer","administrator"]},"is_disabled":{"type":"boolean"}}}"#;
const PASSWORD: &str = r#"{"type":"object","required":["password"],"properties":{
    "password":{"type":"string","minLength":12,"maxLength":256},"current":{"type":"string"}}}"#;
const CODE: &str = r#"{"type":"object","properties":{"code":{"type":"string"}}}"#;
const TOKEN: &str = r#"{"type":"object","required":["name","scopes"],"properties":{
    "name":{"type":"string","minLength":1,"maxLength":100},
    "scopes":{"type":"array","minItems":1,"items":{"enum":["read","query","write","metrics","admin"]}},
    "expires":{"type":"string","format":"date-time"}}}"#;
const ASSET: &str = r#"{"type":"object","additionalProperties":false,"properties":{
    "name":{"type":["string","null"]},"note":{"type":["string","null"]},"zone":{"type":["string","null"]},
    "owner":{"type":["string","null"]},"role":{"type":["string","null"]},
    "importance":{"enum":["low","medium","high","critical",null]},"location":{"type":["string","null"]}}}"#;
const FINDING: &str = r#"{"type":"object","additionalProperties":false,"properties":{
    "state":{"enum":["open","acknowledged","closed"]},"comment":{"type":"string","maxLength":4000},
    "assignee":{"type":["string","null"],"maxLength":100}}}"#;
const SETTINGS: &str = r#"{"type":"object","additionalProperties":false,"properties":{
    "site_name":{"type":["string","null"],"maxLength":100},
    "disabled_detectors":{"type":["array","null"],"items":{"type":"string"}},
    "language":{"enum":["en","fr",null]},
    "smtp":{"type":["object","null"],"required":["host","port","security","from"],"properties":{
        "host":{"type":"string"},"port":{"type":"integer","minimum":1,"maximum":65535},
        "security":{"enum":["starttls","tls","none"]},"from":{"type":"string"},"user":{"type":["string","null"]}}},
    "smtp_password":{"type":["string","null"],"maxLength":1000}}}"#;

const QUERY: &str = r#"{"type":"object","required":["name","query"],"properties":{
    "name":{"type":"string","minLength":1,"maxLength":100},"query":{"type":"string","minLength":1,"maxLength":20000}}}"#;
const SQL: &str = r#"{"type":"object","required":["query"],"properties":{
    "query":{"type":"string","minLength":1,"maxLength":20000},"limit":{"type":"integer","minimum":1,"maximum":100000}}}"#;
const NOTIFICATION: &str = r#"{"type":"object","properties":{
    "name":{"type":"string","minLength":1,"maxLength":100},"kind":{"enum":["webhook","email","syslog"]},
    "target":{"type":"string"},"form":{"enum":["","ocsf","slack","teams","mattermost","servicenow","glpi","jira","cef"]},
    "language":{"enum":["en","fr"]},"least":{"enum":["info","low","medium","high","critical"]},
    "detectors":{"type":"array","items":{"type":"string"}},"is_enabled":{"type":"boolean"},
    "secret":{"type":"string","maxLength":4096}}}"#;

const LINES: &str = r#"{"type":"object","additionalProperties":false,"required":["lines"],"properties":{
    "lines":{"type":"array","minItems":1,"maxItems":2000,"items":{"type":"string","maxLength":20000}}}}"#;

macro_rules! to {
    ($handler:path) => {
        |call| Box::pin($handler(call))
    };
}

const fn get(path: &'static str, need: Need, about: &'static str, handler: Handler) -> Route {
    Route { method: Method::Get, path, need, scope: Scope::Read, about, query: &[], body: "", gives: JSON, handler }
}

const fn change(
    method: Method,
    path: &'static str,
    need: Need,
    body: &'static str,
    about: &'static str,
    handler: Handler,
) -> Route {
    let scope = match need {
        Need::Role(role) => crate::call::scope_of_change(role),
        _ => Scope::Write,
    };
    Route { method, path, need, scope, about, query: &[], body, gives: JSON, handler }
}

impl Route {
    const fn query(self, query: &'static [Parameter]) -> Route {
        Route { query, ..self }
    }

    const fn scope(self, scope: Scope) -> Route {
        Route { scope, ..self }
    }

    const fn gives(self, gives: &'static str) -> Route {
        Route { gives, ..self }
    }
}

use Method::{Delete, Patch, Post};

/// Every route.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    get("/health", Need::Nobody, "How the site is: sensors, queues, how far the analysis is", to!(site::health)),
    get("/openapi.json", Need::Nobody, "This document", to!(site::openapi)),
    get("/metrics", Need::LoopbackOr(Role::Viewer), "Numbers for Prometheus; without login from the same machine", to!(site::metrics))
        .scope(Scope::Metrics).gives("text/plain"),

    get("/setup", Need::Nobody, "Whether there is no administrator yet", to!(session::setup_needed)),
    change(Post, "/setup", Need::Nobody, SETUP, "Make the first administrator, with the word of the link that was printed", to!(session::set_up)),
    change(Post, "/session", Need::Nobody, LOGIN, "Log in: sets the cookie, gives the word for `x-vigie-csrf`", to!(session::log_in)),
    get("/session", Need::Anybody, "Who is logged in", to!(session::who)),
    change(Delete, "/session", Need::Anybody, "", "Log out", to!(session::log_out)),

    get("/login", Need::Nobody, "What ways there are to come in", to!(login::ways)),
    get("/login/oidc", Need::Nobody, "Come in by the OpenID Connect provider: leads the browser there", to!(login::begin)).gives("text/html"),
    get("/login/oidc/callback", Need::Nobody, "Where the provider sends the browser back to", to!(login::end)).gives("text/html").query(&[
        text("code", "what the provider gave"), text("state", "of the login that was begun"),
        text("iss", "which provider"), text("error", "why the provider refused"),
    ]),

    get("/users", ADMINISTRATOR, "Everybody", to!(people::list)).scope(Scope::Admin),
    change(Post, "/users", ADMINISTRATOR, NEW_USER, "Let somebody in", to!(people::add)),
    change(Patch, "/users/{name}", ADMINISTRATOR, USER, "Change what somebody may", to!(people::change)),
    change(Delete, "/users/{name}", ADMINISTRATOR, "", "Remove somebody; ends their sessions and tokens", to!(people::remove)),
    change(Post, "/users/{name}/password", Need::Anybody, PASSWORD, "Set a password: one's own with the current one, or somebody's as administrator", to!(people::set_password)).scope(Scope::Admin),
    change(Post, "/users/{name}/totp", Need::Anybody, CODE, "Set up one's own second factor: without a code gives the secret, with a code of it turns it on", to!(people::set_up_code)).scope(Scope::Admin),
    change(Delete, "/users/{name}/totp", Need::Anybody, "", "Turn the second factor off: one's own, or somebody's as administrator", to!(people::remove_code)).scope(Scope::Admin),
    get("/tokens", ENGINEER, "Tokens of programs: one's own; all as administrator", to!(tokens::list)).scope(Scope::Admin),
    change(Post, "/tokens", ENGINEER, TOKEN, "Make a token; its secret is shown this once", to!(tokens::add)).scope(Scope::Admin),
    change(Delete, "/tokens/{id}", ENGINEER, "", "Revoke a token", to!(tokens::remove)).scope(Scope::Admin),

    get("/summary", VIEWER, "The site in numbers", to!(plant::summary)),
    get("/assets", VIEWER, "The machines", to!(assets::list)).query(&[
        LIMIT, CURSOR, SORT,
        text("search", "in name, addresses, vendor, model, order number, role, zone"),
        text("role", "`plc`, `hmi` …"), text("level", "Purdue level: `0` to `5`, `3.5`, `unknown`"),
        words("importance", &["low", "medium", "high", "critical"], "how much the plant depends on it"),
        text("vendor", "exactly"), text("zone", "exactly"),
        text("finding", "id of a detector, or a severity that its worst open finding has at least, or `any`"),
    ]),
    get("/assets/{id}", VIEWER, "All of one machine: claims, modules, services, edits, edges, findings", to!(assets::one)),
    change(Patch, "/assets/{id}", ENGINEER, ASSET, "What people know of a machine; null takes it back", to!(assets::edit)),
    get("/map", VIEWER, "Who talks to whom: nodes, edges, networks", to!(plant::map)),
    get("/findings", VIEWER, "What is wrong, the worst first", to!(findings::list)).query(&[
        LIMIT, CURSOR, SORT,
        words("state", STATES, "where it stands"), words("severity", SEVERITIES, "at least"),
        text("asset", "id of a machine"), text("detector", "id of a detector"), text("search", "in title and evidence"),
    ]),
    get("/findings/{id}", VIEWER, "All of one finding, with what it means and what to do", to!(findings::one)),
    change(Patch, "/findings/{id}", ANALYST, FINDING, "Where it stands, who deals with it, a word on it", to!(findings::change)),
    get("/sight", VIEWER, "What cannot be seen from here", to!(plant::sight)).query(&[LIMIT, CURSOR, SORT]),
    get("/surface", VIEWER, "The attack surface, the worst first", to!(plant::surface)).query(&[LIMIT, CURSOR, SORT, text("asset", "id of a machine")]),
    get("/baseline", VIEWER, "What is normal, line by line: state, and with channels whether they judge yet", to!(baseline::list)).query(&[
        LIMIT, CURSOR, SORT,
        words("state", &["approved", "proposed", "waiting"], "what became of the line"),
        text("machine", "label of a machine at either end"), text("service", "a protocol"), text("search", "in the line"),
    ]),
    get("/baseline/text", VIEWER, "What is normal, as text", to!(baseline::text)).gives("text/plain"),
    change(Post, "/baseline/approve", ENGINEER, LINES, "Approve lines, as the list gives them; what begins with `removed` is forgotten", to!(baseline::approve)),
    get("/detectors", VIEWER, "What is looked for", to!(plant::detectors)).query(&[LIMIT, CURSOR, SORT]),
    get("/protocols", VIEWER, "What is decoded", to!(plant::protocols)),
    get("/stream", VIEWER, "What happens, as it happens (server-sent events)", to!(stream::open))
        .query(&[text("kinds", "of `act fact finding asset rates health`, separated by commas; all unless told")])
        .gives("text/event-stream"),

    get("/acts", VIEWER, "Who asked or told whom what, the newest first", to!(history::acts)).query(&[
        LIMIT, CURSOR, text("asset", "id of a machine"), text("protocol", "id of a protocol"), text("verb", "`write`, `stop` …"),
        text("outcome", "`done`, `refused` …"), text("flow", "of one flow"), FROM, TO,
    ]),
    get("/conversations", VIEWER, "Who talked to whom, the newest first", to!(history::conversations))
        .query(&[LIMIT, CURSOR, text("asset", "id of a machine"), text("protocol", "id of a protocol"), text("flow", "of one flow"), FROM, TO]),
    get("/facts", VIEWER, "What devices revealed of themselves, the newest first", to!(history::facts))
        .query(&[LIMIT, CURSOR, text("asset", "id of a machine"), text("protocol", "id of a protocol"), text("key", "`firmware` …"), FROM, TO]),
    get("/health-records", VIEWER, "What could not be seen, the newest first", to!(history::health))
        .query(&[LIMIT, CURSOR, text("protocol", "id of a protocol"), text("kind", "`malformed` …"), FROM, TO]),
    get("/variables", VIEWER, "Process variables with their last value", to!(history::variables))
        .query(&[LIMIT, CURSOR, text("asset", "id of a machine"), text("search", "in the name of the variable")]),
    get("/variables/series", VIEWER, "The values of a variable: `[milliseconds, value]`", to!(history::series)).query(&[
        Parameter { name: "asset", kind: Kind::Text, about: "id of a machine", is_needed: true },
        Parameter { name: "object", kind: Kind::Text, about: "the variable", is_needed: true },
        text("behind", "what behind the machine has it"), text("protocol", "id of a protocol"), FROM, TO,
        Parameter { name: "points", kind: Kind::Number(10, 5000), about: "at most so many, about; 500 unless told", is_needed: false },
    ]),
    get("/sql/schema", ANALYST, "The tables of the past and their columns", to!(history::schema)).scope(Scope::Query),
    change(Post, "/sql", ANALYST, SQL, "Ask the past in SQL; it can only be read", to!(history::sql)).scope(Scope::Query),
    get("/sql/download", ANALYST, "The answer to a query as a file", to!(history::download_sql)).scope(Scope::Query).query(&[
        Parameter { name: "query", kind: Kind::Text, about: "SQL", is_needed: true },
        Parameter { name: "format", kind: Kind::Words(&["csv", "json", "parquet"]), about: "of the file", is_needed: true },
    ]).gives("text/csv"),
    get("/queries", ANALYST, "Saved queries", to!(queries::list)),
    change(Post, "/queries", ANALYST, QUERY, "Save a query; under a known name it takes the place of the one before", to!(queries::add)),
    change(Delete, "/queries/{id}", ANALYST, "", "Remove a saved query", to!(queries::remove)),
    get("/evidence", ANALYST, "The packets of a flow or machine, as pcapng", to!(evidence::packets)).scope(Scope::Query)
        .query(&[text("flow", "the flow of a record"), text("asset", "id of a machine"), FROM, TO])
        .gives("application/vnd.tcpdump.pcap"),
    get("/exports/{form}", ANALYST, "Findings in the form of another tool: zeek, eve, cef, syslog, ocsf, stix", to!(exports::findings))
        .scope(Scope::Query).query(&[FROM, TO, words("severity", SEVERITIES, "at least")]).gives("application/x-ndjson"),

    get("/notifications", ENGINEER, "Whom to tell of findings, and how that goes", to!(notifications::list)),
    change(Post, "/notifications", ENGINEER, NOTIFICATION, "Tell somebody of findings: webhook, mail, syslog", to!(notifications::add)),
    change(Patch, "/notifications/{id}", ENGINEER, NOTIFICATION, "Change what is told, to whom", to!(notifications::change)),
    change(Delete, "/notifications/{id}", ENGINEER, "", "Tell them no more", to!(notifications::remove)),
    change(Post, "/notifications/{id}/test", ENGINEER, "", "Tell them of a test, now", to!(notifications::test)),

    get("/ledger/checkpoint", VIEWER, "The signed checkpoint (C2SP tlog-checkpoint)", to!(ledger::checkpoint)).gives("text/plain"),
    get("/ledger/key", VIEWER, "The key to verify with: note it down elsewhere", to!(ledger::key)).gives("text/plain"),
    get("/ledger/entries", AUDITOR, "Entries, the oldest first", to!(ledger::entries))
        .query(&[LIMIT, CURSOR, Parameter { name: "from", kind: Kind::Number(0, u64::MAX >> 1), about: "number of the first", is_needed: false }]),
    get("/ledger/proof/{index}", AUDITOR, "That an entry is in the ledger (C2SP tlog-proof)", to!(ledger::proof)).gives("text/plain"),
    get("/ledger/tile/{*path}", AUDITOR, "Tiles and bundles of entries (C2SP tlog-tiles)", to!(ledger::tile)).gives("application/octet-stream"),

    get("/settings", ADMINISTRATOR, "Settings", to!(site::settings)).scope(Scope::Admin),
    change(Patch, "/settings", ADMINISTRATOR, SETTINGS, "Change settings; null is the default again", to!(site::set_settings)),
    get("/audit", AUDITOR, "Who did what, the newest first", to!(site::audit)).query(&[LIMIT, CURSOR]),
];
