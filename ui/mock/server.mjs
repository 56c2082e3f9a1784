/**
 * A small stand-in for the server, for developing and testing the UI without it. Nothing of it is shipped.
 *
 *   node mock/server.mjs [PORT]          name `demo`, password `a long enough password`
 *   MOCK_MACHINES=5000 MOCK_LINKS=20000  a large plant instead of the simulated one
 *   MOCK_SETUP=1                         nobody can sign in yet; the token is `first`
 */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { large, load } from "./data.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../dist");
const port = Number(process.argv[2] ?? 8480);
const plant = load();
if (process.env.MOCK_MACHINES)
  Object.assign(plant, large(Number(process.env.MOCK_MACHINES), Number(process.env.MOCK_LINKS ?? 20_000)));

const people = new Map();
if (!process.env.MOCK_SETUP)
  people.set("demo", {
    name: "demo",
    password: "a long enough password",
    role: "administrator",
    created: new Date().toISOString(),
    is_disabled: false,
    has_totp: false,
    origin: "local",
    created_by: "demo",
  });
const sessions = new Map();
const tokens = [];
const notifications = [];
const queries = [
  {
    id: "1",
    name: "Writes an hour",
    query:
      "SELECT date_trunc('hour', at) AS hour, count(*) AS writes\nFROM acts WHERE verb = 'write' GROUP BY 1 ORDER BY 1",
    by: "demo",
  },
];
const audit = [
  {
    index: 3_601,
    at: new Date().toISOString(),
    by: "demo",
    kind: "logged-in",
    body: { kind: "logged-in", name: "demo", address: "127.0.0.1", origin: "local" },
  },
];
let settings = {
  site_name: null,
  language: null,
  disabled_detectors: [],
  retention: { acts: { days: 365, bytes: 50e9 }, samples: { days: 90, bytes: 100e9 } },
};
const started = new Date().toISOString();

class Refusal extends Error {
  constructor(status, title, detail) {
    super(title);
    Object.assign(this, { status, title, detail });
  }
}

const page = (items, query) => {
  const limit = Math.min(Number(query.get("limit") ?? 100), 1000);
  const from = Number(query.get("cursor") ?? 0);
  return {
    items: items.slice(from, from + limit),
    next: from + limit < items.length ? String(from + limit) : null,
    total: items.length,
  };
};
const within = (record, query) =>
  (!query.get("from") || record.at >= query.get("from")) && (!query.get("to") || record.at <= query.get("to"));
const has = (list, wanted) => !wanted || wanted.split(",").includes(list);
const about = (record, query) =>
  !query.get("asset") || record.from_asset === query.get("asset") || record.to_asset === query.get("asset");
const note = (who, kind, object) =>
  audit.unshift({ index: 3_600 + audit.length, at: new Date().toISOString(), by: who, kind, body: { kind, object } });

/** Every route: method, pattern, what it answers. */
const routes = [
  [
    "GET",
    "/health",
    () => ({
      status: "ok",
      version: "0.1.0",
      started,
      sensors: [
        {
          id: "local",
          interface: "simulated plant",
          state: "running",
          packets: 255_903,
          bytes: 19_888_536,
          packets_per_second: 71.2,
          dropped_kernel: 0,
          dropped_user: 0,
          last_packet: new Date().toISOString(),
        },
      ],
      queues: {},
      ledger: { size: 3_600 + audit.length },
      analysis: { applied: 3_600, behind: 0 },
    }),
  ],
  ["GET", "/setup", () => ({ needed: people.size === 0 })],
  ["GET", "/login", () => ({ password: true, oidc: null, ldap: false })],
  ["GET", "/session", ({ session }) => session],
  [
    "GET",
    "/summary",
    () => ({
      first: plant.first,
      last: plant.last,
      records: plant.records,
      assets: plant.rows.length,
      conversations: plant.conversations.length,
      findings: count(
        plant.findings.filter((f) => f.state === "open"),
        "severity",
      ),
      protocols: plant.protocols,
      rates: { packets_per_second: 71.2, acts_per_second: 60.8 },
      capabilities: plant.capabilities,
    }),
  ],
  ["GET", "/assets", ({ query }) => page(plant.rows, query)],
  ["GET", "/assets/([^/]+)", ({ match }) => need(plant.assets.find((asset) => asset.id === match))],
  [
    "PATCH",
    "/assets/([^/]+)",
    ({ match, body, session }) => {
      const asset = need(plant.assets.find((candidate) => candidate.id === match));
      for (const [field, value] of Object.entries(body)) {
        if (value === null) delete asset.edits[field];
        else asset.edits[field] = { at: new Date().toISOString(), by: session.name, value };
      }
      if (body.name) asset.row.name = body.name;
      note(session.name, "asset-edited", match);
      return asset;
    },
  ],
  ["GET", "/map", () => plant.map],
  [
    "GET",
    "/findings",
    ({ query }) =>
      page(
        plant.findings.filter(
          (f) =>
            has(f.state, query.get("state")) &&
            has(f.severity, query.get("severity")) &&
            has(f.detector, query.get("detector")) &&
            about(f, query),
        ),
        query,
      ),
  ],
  ["GET", "/findings/([^/]+)", ({ match }) => need(plant.findings.find((finding) => finding.id === match))],
  [
    "PATCH",
    "/findings/([^/]+)",
    ({ match, body, session }) => {
      const finding = need(plant.findings.find((candidate) => candidate.id === match));
      if (body.state) finding.state = body.state;
      if ("assignee" in body) finding.assignee = body.assignee;
      if (body.comment) finding.comments.push({ at: new Date().toISOString(), by: session.name, text: body.comment });
      note(session.name, "finding-changed", match);
      return finding;
    },
  ],
  ["GET", "/sight", () => plant.sight],
  ["GET", "/protocols", () => plant.catalogue],
  ["GET", "/surface", () => []],
  ["GET", "/detectors", () => plant.detectors],
  [
    "GET",
    "/acts",
    ({ query }) =>
      page(
        plant.acts.filter(
          (a) =>
            within(a, query) &&
            about(a, query) &&
            has(a.protocol, query.get("protocol")) &&
            has(a.verb, query.get("verb")) &&
            has(a.outcome, query.get("outcome")),
        ),
        query,
      ),
  ],
  [
    "GET",
    "/conversations",
    ({ query }) =>
      page(
        plant.conversations.filter(
          (c) =>
            within(c, query) &&
            about(c, query) &&
            has(c.protocol, query.get("protocol")) &&
            has(c.flow, query.get("flow")),
        ),
        query,
      ),
  ],
  ["GET", "/facts", ({ query }) => page(plant.facts, query)],
  ["GET", "/health-records", ({ query }) => page(plant.health, query)],
  [
    "GET",
    "/variables",
    ({ query }) =>
      page(
        plant.variables
          .filter((v) => has(v.asset, query.get("asset")) && v.object.includes(query.get("search") ?? ""))
          .map(({ points, ...rest }) => rest),
        query,
      ),
  ],
  [
    "GET",
    "/variables/series",
    ({ query }) => {
      const variable = need(
        plant.variables.find(
          (v) =>
            v.asset === query.get("asset") &&
            v.object === query.get("object") &&
            has(v.protocol, query.get("protocol")),
        ),
      );
      const from = query.get("from") ? Date.parse(query.get("from")) : 0;
      const to = query.get("to") ? Date.parse(query.get("to")) : Number.MAX_SAFE_INTEGER;
      const points = variable.points.filter(([at]) => at >= from && at <= to);
      const step = Math.max(1, Math.ceil(points.length / Number(query.get("points") ?? 600)));
      const values = points.map(([, value]) => value);
      return {
        points: points.filter((_, index) => index % step === 0),
        min: Math.min(...values),
        max: Math.max(...values),
      };
    },
  ],
  [
    "GET",
    "/sql/schema",
    () =>
      ["acts", "facts", "samples", "conversations", "events", "health", "findings"].map((name) => ({
        name,
        columns: [
          { name: "at", type: "Timestamp(ns)" },
          { name: "protocol", type: "Utf8" },
          { name: "verb", type: "Utf8" },
          { name: "from_ip", type: "Utf8" },
          { name: "to_ip", type: "Utf8" },
          { name: "count", type: "UInt64" },
        ],
      })),
  ],
  [
    "POST",
    "/sql",
    ({ body }) => {
      if (!/^\s*(select|with|show|explain)/i.test(body.query))
        throw new Refusal(400, "not a query", "only SELECT is allowed: this statement would change data");
      return {
        columns: [
          { name: "at", type: "Timestamp(ns)" },
          { name: "protocol", type: "Utf8" },
          { name: "verb", type: "Utf8" },
          { name: "count", type: "UInt64" },
        ],
        rows: plant.acts.slice(0, 200).map((act) => [act.at, act.protocol, act.verb, act.count]),
        truncated: true,
        seconds: 0.042,
      };
    },
  ],
  ["GET", "/queries", () => queries],
  [
    "POST",
    "/queries",
    ({ body, session }) => add(queries, { id: String(queries.length + 1), by: session.name, ...body }),
  ],
  ["DELETE", "/queries/([^/]+)", ({ match }) => remove(queries, match)],
  ["GET", "/users", () => [...people.values()].map(({ password, ...rest }) => rest)],
  [
    "POST",
    "/users",
    ({ body, session }) => {
      if (people.has(body.name)) throw new Refusal(409, "exists already", `there is a user named ${body.name}`);
      people.set(body.name, {
        ...body,
        is_disabled: false,
        has_totp: false,
        origin: "local",
        created_by: session.name,
        created: new Date().toISOString(),
      });
      note(session.name, "user-added", body.name);
      return { name: body.name, role: body.role };
    },
  ],
  ["PATCH", "/users/([^/]+)", ({ match, body }) => Object.assign(need(people.get(match)), body)],
  ["DELETE", "/users/([^/]+)", ({ match }) => void people.delete(match)],
  [
    "POST",
    "/users/([^/]+)/password",
    ({ match, body }) => {
      const person = need(people.get(match));
      if (body.current !== undefined && body.current !== person.password)
        throw new Refusal(403, "wrong password", "the current password is not right");
      person.password = body.password;
    },
  ],
  [
    "POST",
    "/users/([^/]+)/totp",
    ({ match, body }) => {
      if (body.code) {
        need(people.get(match)).has_totp = true;
        return undefined;
      }
      return { secret: "JBSWY3DPEHPK3PXP", url: `otpauth://totp/Vigie:${match}?secret=JBSWY3DPEHPK3PXP&issuer=Vigie` };
    },
  ],
  [
    "DELETE",
    "/users/([^/]+)/totp",
    ({ match }) => {
      need(people.get(match)).has_totp = false;
    },
  ],
  ["GET", "/tokens", () => tokens.map(({ secret, ...rest }) => rest)],
  [
    "POST",
    "/tokens",
    ({ body, session }) => {
      const token = {
        id: String(tokens.length + 1),
        created: new Date().toISOString(),
        by: session.name,
        revoked: null,
        name: body.name,
        scopes: body.scopes,
        expires: body.expires ?? null,
      };
      tokens.push(token);
      return { secret: "vigie_0123456789abcdef0123456789abcdef", token };
    },
  ],
  ["DELETE", "/tokens/([^/]+)", ({ match }) => remove(tokens, match)],
  ["GET", "/notifications", () => notifications],
  [
    "POST",
    "/notifications",
    ({ body }) => add(notifications, { id: String(notifications.length + 1), is_enabled: true, ...body }),
  ],
  [
    "PATCH",
    "/notifications/([^/]+)",
    ({ match, body }) => Object.assign(need(notifications.find((n) => n.id === match)), body),
  ],
  ["DELETE", "/notifications/([^/]+)", ({ match }) => remove(notifications, match)],
  ["POST", "/notifications/([^/]+)/test", () => ({ sent: true })],
  ["GET", "/settings", () => settings],
  [
    "PATCH",
    "/settings",
    ({ body }) => {
      settings = { ...settings, ...body };
      return settings;
    },
  ],
  ["GET", "/audit", ({ query }) => page(audit, query)],
  [
    "GET",
    "/ledger/checkpoint",
    () =>
      "vigie.example/site\n3600\nq1rS0vJ8a1y3m9T2vO4xk2y7b5n0p8d6f4h2j0l8n6Q=\n\n— vigie.example/site Az3grvR0c2lnbmF0dXJl\n",
  ],
  [
    "GET",
    "/ledger/entries",
    ({ query }) =>
      page(
        Array.from({ length: 40 }, (_, index) => ({
          index: 3_599 - index,
          kind: "batch",
          entry: {
            kind: "batch",
            sensor: "local",
            number: 3_599 - index,
            records: 812,
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
          },
        })),
        query,
      ),
  ],
];

function count(list, field) {
  const counts = {};
  for (const item of list) counts[item[field]] = (counts[item[field]] ?? 0) + 1;
  return counts;
}
function need(thing) {
  if (!thing) throw new Refusal(404, "not found", "there is nothing with this id");
  return thing;
}
function add(list, item) {
  list.push(item);
  return item;
}
function remove(list, id) {
  const index = list.findIndex((item) => item.id === id);
  if (index >= 0) list.splice(index, 1);
}

function sessionOf(request) {
  const cookie = /vigie=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
  return cookie ? sessions.get(cookie) : undefined;
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

function signIn(response, person) {
  const id = Math.random().toString(36).slice(2);
  const session = { name: person.name, role: person.role, csrf: `csrf-${id}`, scopes: [] };
  sessions.set(id, session);
  response.setHeader("set-cookie", `vigie=${id}; HttpOnly; SameSite=Strict; Path=/`);
  return session;
}

const streams = new Set();
function stream(response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": hello\n\n");
  streams.add(response);
  response.on("close", () => streams.delete(response));
}
const say = (event, data) => {
  for (const response of streams) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
};
const tape = [...plant.acts].reverse();
let position = 0;
setInterval(() => {
  const at = new Date().toISOString();
  for (let index = 0; index < 3; index++) say("act", { ...tape[position++ % tape.length], at });
}, 250);
setInterval(
  () =>
    say("rates", {
      at: new Date().toISOString(),
      packets_per_second: 65 + Math.random() * 12,
      acts_per_second: 55 + Math.random() * 8,
    }),
  1000,
);

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};
function file(path, response) {
  const wanted = join(dist, normalize(path));
  const found =
    wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, "index.html");
  if (!existsSync(found)) {
    response.writeHead(404).end("run npm run build first");
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(found)] ?? "application/octet-stream",
    "content-security-policy":
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'",
  });
  createReadStream(found).pipe(response);
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://mock");
  if (!url.pathname.startsWith("/api/v1")) return file(url.pathname, response);
  const path = url.pathname.slice("/api/v1".length);
  const answer = (status, body, type = "application/json") => {
    response.writeHead(status, { "content-type": type });
    response.end(
      body === undefined ? "" : typeof body === "string" && type === "text/plain" ? body : JSON.stringify(body),
    );
  };
  try {
    if (process.env.MOCK_DELAY) await new Promise((done) => setTimeout(done, Number(process.env.MOCK_DELAY)));
    const session = sessionOf(request);
    const body = request.method === "GET" ? undefined : await bodyOf(request);
    if (request.method === "POST" && path === "/session") {
      const person = people.get(body.name);
      if (!person || person.password !== body.password)
        throw new Refusal(401, "not signed in", "name, password or code is not right");
      return answer(200, signIn(response, person));
    }
    if (request.method === "POST" && path === "/setup") {
      if (body.token !== "first" || people.size > 0)
        throw new Refusal(403, "set-up refused", "the one-time token is not right, or was used already");
      const person = {
        name: body.name,
        password: body.password,
        role: "administrator",
        created: new Date().toISOString(),
      };
      people.set(body.name, person);
      return answer(200, signIn(response, person));
    }
    if (!session && !["/health", "/setup", "/login"].includes(path))
      throw new Refusal(401, "not signed in", "sign in first");
    if (request.method !== "GET" && request.headers["x-vigie-csrf"] !== session?.csrf)
      throw new Refusal(403, "csrf token missing", "the header x-vigie-csrf is not right");
    if (request.method === "DELETE" && path === "/session") {
      sessions.delete(/vigie=([^;]+)/.exec(request.headers.cookie)?.[1]);
      return answer(204);
    }
    if (path === "/stream") return stream(response);
    for (const [method, pattern, handle] of routes) {
      const match = new RegExp(`^${pattern}$`).exec(path);
      if (method !== request.method || !match) continue;
      const result = handle({
        match: match[1] && decodeURIComponent(match[1]),
        query: url.searchParams,
        body,
        session,
      });
      return path === "/ledger/checkpoint"
        ? answer(200, result, "text/plain")
        : answer(result === undefined ? 204 : 200, result);
    }
    throw new Refusal(404, "no such route", `${request.method} ${path} is not part of the API`);
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 500;
    answer(
      status,
      { type: "about:blank", title: error.title ?? "internal error", status, detail: error.detail ?? String(error) },
      "application/problem+json",
    );
    if (status === 500) console.error(error);
  }
}).listen(port, "127.0.0.1", () => console.log(`mock of the server on http://127.0.0.1:${port}`));
