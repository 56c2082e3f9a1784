/** The plant that the mock server shows: real judgements of a simulated plant, or a large made-up one. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "data");
const json = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));

const SEVERITIES = ["critical", "high", "medium", "low", "info"];

/** Everything, in the shapes of the API. */
export function load() {
  const inventory = json("inventory.json");
  const summary = json("summary.json");
  const detectors = json("detectors.json");
  const records = readFileSync(join(folder, "records.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const byIp = new Map();
  const byMac = new Map();
  for (const asset of inventory.assets) {
    for (const face of asset.interfaces) {
      if (face.mac) byMac.set(face.mac, asset.id);
      for (const ip of face.ips) byIp.set(ip, asset.id);
    }
  }
  const who = (of) => (of ? (byIp.get(of.ip) ?? byMac.get(of.mac) ?? null) : null);
  const findings = records
    .filter((record) => record.record === "finding")
    .map((finding, index) => ({
      ...finding,
      id: finding.id ?? `${finding.detector}-${index}`,
      evidence_fr: finding.evidence_fr ?? finding.evidence,
      from_asset: who(finding.from),
      to_asset: who(finding.to),
      state: "open",
      assignee: null,
      comments: [],
      about: detectors.find((detector) => detector.id === finding.detector)?.title,
      explanation: detectors.find((detector) => detector.id === finding.detector),
    }));
  const attribute = (asset, key) => asset.attributes.find((a) => a.key === key)?.value ?? null;
  const findingsOf = (id) => findings.filter((finding) => finding.from_asset === id || finding.to_asset === id);
  const rows = inventory.assets.map((asset) => ({
    id: asset.id,
    name: asset.name,
    ips: asset.interfaces.flatMap((face) => face.ips),
    macs: asset.interfaces.flatMap((face) => (face.mac ? [face.mac] : [])),
    vendor: attribute(asset, "vendor") ?? asset.interfaces[0]?.maker ?? null,
    model: attribute(asset, "model"),
    order_number: attribute(asset, "order_number"),
    firmware: attribute(asset, "firmware"),
    role: asset.roles[0]?.role ?? "unknown",
    level: asset.purdue.level,
    importance: asset.criticality.importance,
    zone: null,
    known: asset.known,
    first: asset.first,
    last: asset.last,
    is_external: asset.is_external,
    is_remote: asset.is_remote,
    findings: findingsOf(asset.id).length,
  }));
  const worst = (id) =>
    SEVERITIES.find((severity) => findingsOf(id).some((finding) => finding.severity === severity)) ?? null;
  const map = {
    nodes: rows.map((row) => ({
      id: row.id,
      name: row.name,
      role: row.role,
      level: row.level,
      importance: row.importance,
      zone: row.zone,
      is_external: row.is_external,
      worst: worst(row.id),
    })),
    edges: inventory.edges,
    networks: inventory.networks,
  };
  const of = (kind) => records.filter((record) => record.record === kind).reverse();
  const withAssets = (record) => ({ ...record, from_asset: who(record.from), to_asset: who(record.to) });
  const variables = new Map();
  for (const sample of records) {
    if (sample.record !== "sample") continue;
    const key = `${who(sample.from)} ${sample.protocol} ${sample.behind ?? ""} ${sample.object}`;
    const known = variables.get(key) ?? {
      asset: who(sample.from),
      protocol: sample.protocol,
      behind: sample.behind ?? null,
      object: sample.object,
      first: sample.at,
      points: [],
    };
    known.value = sample.value;
    known.origin = sample.origin;
    known.last = sample.at;
    known.points.push([Date.parse(sample.at), Number(sample.value)]);
    known.samples = known.points.length;
    variables.set(key, known);
  }
  const uses = Object.entries(summary.protocols).map(([protocol, use]) => {
    const edges = inventory.edges.filter((edge) => edge.protocol === protocol);
    const sum = (field) => edges.reduce((total, edge) => total + edge[field], 0);
    return {
      protocol,
      acts: use.acts,
      messages: use.messages,
      malformed: use.malformed,
      conversations: sum("conversations"),
      packets: sum("packets"),
      bytes: sum("bytes"),
      machines: new Set(edges.flatMap((edge) => [edge.from, edge.to])).size,
      verbs: [],
    };
  });
  const nameOf = (id) => rows.find((row) => row.id === id)?.name ?? id;
  const capabilities = inventory.edges
    .flatMap((edge) =>
      edge.verbs
        .filter(([verb]) => ["stop", "program", "operate", "write", "reset"].includes(verb))
        .map(([verb, seen]) => ({ edge, verb, seen })),
    )
    .map(({ edge, verb, seen }) => ({
      verb,
      seen,
      severity: verb === "program" ? "critical" : verb === "write" ? "medium" : "high",
      asset: edge.to,
      protocol: edge.protocol,
      by: [edge.from],
      sentence: {
        en: `Any machine of the network can ${verb} ${nameOf(edge.to)} by ${edge.protocol} without authentication: seen ${seen} times.`,
        fr: `Toute machine du réseau peut agir (${verb}) sur ${nameOf(edge.to)} par ${edge.protocol} sans authentification : vu ${seen} fois.`,
      },
    }))
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  const sight = [
    {
      kind: "duration",
      severity: "medium",
      count: 60,
      examples: [],
      what: {
        en: "60 minutes were seen: what happens by shift, day and week is not shown.",
        fr: "60 minutes ont été vues : ce qui se passe par poste, jour et semaine n'apparaît pas.",
      },
      remedy: { en: "Listen for a week at least.", fr: "Écoutez une semaine au moins." },
    },
    {
      kind: "people",
      severity: "info",
      count: 3,
      examples: ["location", "owner"],
      what: {
        en: "Locations, owners and asset numbers are not on the network.",
        fr: "Emplacements, responsables et numéros d'inventaire ne sont pas sur le réseau.",
      },
      remedy: { en: "Enter them on the page of each machine.", fr: "Saisissez-les sur la page de chaque machine." },
    },
    {
      kind: "hidden",
      severity: "low",
      count: 1,
      examples: ["10.20.1.1"],
      what: { en: "1 router hides the machines behind it.", fr: "1 routeur cache les machines derrière lui." },
      remedy: { en: "Mirror the other side of the router too.", fr: "Recopiez aussi l'autre côté du routeur." },
    },
  ];
  return {
    first: inventory.first,
    last: inventory.last,
    assets: inventory.assets.map((asset) => ({
      ...asset,
      edits: {},
      row: rows.find((row) => row.id === asset.id),
      edges: inventory.edges.filter((edge) => edge.from === asset.id || edge.to === asset.id),
      findings: findingsOf(asset.id),
    })),
    rows,
    map,
    findings,
    detectors,
    catalogue: json("protocols.json"),
    protocols: uses.sort((a, b) => b.acts - a.acts),
    acts: of("act").map(withAssets),
    conversations: of("conversation").map(withAssets),
    facts: of("fact"),
    health: of("health"),
    variables: [...variables.values()],
    capabilities,
    sight,
    records: {
      acts: 219_000,
      facts: of("fact").length,
      samples: of("sample").length,
      conversations: of("conversation").length,
      health: 0,
    },
  };
}

/** A made-up plant of `machines` machines and about `links` links, to measure the map and the list. */
export function large(machines, links) {
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  const pick = (list) => list[Math.floor(random() * list.length)];
  const kinds = [
    ["0", ["remote i/o", "drive", "instrument"], 0.35],
    ["1", ["plc", "rtu", "ied"], 0.25],
    ["2", ["hmi", "scada server", "engineering station"], 0.2],
    ["3", ["historian", "domain controller", "file server"], 0.08],
    ["3.5", ["firewall", "web server"], 0.02],
    ["4", ["workstation", "printer"], 0.1],
  ];
  const zones = Array.from({ length: 40 }, (_, index) => `Line ${index + 1}`);
  const nodes = Array.from({ length: machines }, (_, index) => {
    let dice = random();
    const [level, roles] =
      kinds.find(([, , share]) => {
        dice -= share;
        return dice < 0;
      }) ?? kinds[5];
    const zone =
      level === "3" || level === "3.5" || level === "4" ? pick(["Data centre", "Office", "DMZ"]) : pick(zones);
    return {
      id: `mac-${index.toString(16).padStart(12, "0")}`,
      name: `${pick(roles).replaceAll(" ", "-")}-${index}`,
      role: pick(roles),
      level,
      importance: pick(["low", "medium", "high"]),
      zone,
      is_external: false,
      worst: random() < 0.01 ? pick(["medium", "high", "critical"]) : null,
    };
  });
  const byZone = new Map();
  for (const node of nodes) byZone.set(node.zone, [...(byZone.get(node.zone) ?? []), node]);
  const edges = Array.from({ length: links }, () => {
    const from = pick(nodes);
    const to = random() < 0.85 ? pick(byZone.get(from.zone)) : pick(nodes);
    return {
      from: from.id,
      to: to.id,
      is_group: false,
      protocol: pick(["modbus", "s7comm", "cip", "opcua", "tls"]),
      is_guess: false,
      ports: [502],
      verbs: [[random() < 0.05 ? "write" : "read", 100]],
      acts: 100,
      refused: 0,
      unanswered: 0,
      conversations: 2,
      packets: Math.floor(random() * 1e5),
      bytes: Math.floor(random() * 1e7),
      first: "2026-03-02T06:30:00Z",
      last: "2026-03-02T07:30:00Z",
    };
  }).filter((edge) => edge.from !== edge.to);
  const rows = nodes.map((node, index) => ({
    ...node,
    ips: [`10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`],
    macs: [node.id.slice(4).replace(/(..)(?=.)/g, "$1:")],
    vendor: pick(["Siemens", "Schneider Electric", "Rockwell Automation", null]),
    model: pick(["S7-1500", "M340", null]),
    order_number: null,
    firmware: pick(["V2.9.4", "V3.1", null]),
    known: Math.floor(random() * 14),
    first: "2026-03-02T06:30:00Z",
    last: "2026-03-02T07:30:00Z",
    is_remote: false,
    findings: node.worst ? 1 : 0,
  }));
  return { map: { nodes, edges, networks: [] }, rows };
}
