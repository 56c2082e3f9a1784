/** The shapes of `/api/v1`, in one place. Times are RFC 3339 texts, ids are texts, phrases have both languages. */

export type Severity = "info" | "low" | "medium" | "high" | "critical";
export type Confidence = "guess" | "likely" | "certain";
export type Importance = "low" | "medium" | "high" | "critical";
export type UserRole = "viewer" | "analyst" | "engineer" | "administrator" | "auditor";
export type FindingState = "open" | "acknowledged" | "closed";

/** A text in the languages of the product. */
export interface Phrase {
  en: string;
  fr: string;
}

/** One page of a list. `total` counts what the filters leave, `next` is the cursor of the page after this one. */
export interface Page<T> {
  items: T[];
  next: string | null;
  total: number | null;
}

/** An error as RFC 9457 writes it. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
}

export interface Session {
  name: string;
  role: UserRole;
  csrf: string;
  scopes: string[];
  has_totp?: boolean;
}

export interface Sensor {
  id: string;
  interface: string;
  state: string;
  packets: number;
  bytes: number;
  packets_per_second: number;
  dropped_kernel: number;
  dropped_user: number;
  last_packet: string | null;
}

export interface Health {
  status: string;
  version: string;
  started: string;
  sensors: Sensor[];
  queues?: Record<string, unknown>;
  ledger?: { size: number };
  analysis?: { applied: number; behind: number };
}

export interface Rates {
  at?: string;
  packets_per_second: number;
  acts_per_second: number;
}

export interface ProtocolUse {
  protocol: string;
  acts: number;
  messages: number;
  conversations: number;
  packets: number;
  bytes: number;
  malformed: number;
  machines: number;
  verbs: [string, number][];
}

export interface Capability {
  verb: string;
  sentence: Phrase;
  severity: Severity;
  asset: string;
  protocol: string;
  seen: number;
  by: string[];
}

export interface Summary {
  first: string | null;
  last: string | null;
  records: { acts: number; facts: number; samples: number; conversations: number; health: number };
  assets: number;
  conversations: number;
  findings: Partial<Record<Severity, number>>;
  protocols: ProtocolUse[];
  rates: Rates;
  capabilities: Capability[];
}

/** A row of the list of machines. */
export interface AssetRow {
  id: string;
  name: string;
  ips: string[];
  macs: string[];
  vendor: string | null;
  model: string | null;
  order_number: string | null;
  firmware: string | null;
  role: string;
  level: string;
  importance: Importance;
  zone?: string | null;
  owner?: string | null;
  known: number;
  first: string;
  last: string;
  is_external: boolean;
  is_remote: boolean;
  findings: number;
}

export interface Claim {
  value: string;
  protocol: string;
  source: string;
  confidence: Confidence;
  first: string;
  last: string;
  count: number;
}

export interface Attribute {
  key: string;
  value: string;
  is_disputed: boolean;
  claims: Claim[];
}

export interface Part {
  behind: string;
  protocol: string;
  attributes: Attribute[];
  acts: number;
  changes: number;
  has_answered: boolean;
  first: string;
  last: string;
}

export interface Service {
  protocol: string;
  is_guess: boolean;
  transport: string;
  port: number | null;
  partners: string[];
  partner_count: number;
  conversations: number;
  first: string;
  last: string;
}

export interface Edge {
  from: string;
  to: string;
  is_group: boolean;
  protocol: string;
  is_guess: boolean;
  ports: number[];
  verbs: [string, number][];
  acts: number;
  refused: number;
  unanswered: number;
  conversations: number;
  packets: number;
  bytes: number;
  first: string;
  last: string;
}

/** What people say of one field of a machine. */
export interface Edit {
  value: string;
  at: string;
  by: string;
}

export interface Asset {
  id: string;
  name: string;
  names: string[];
  interfaces: { mac: string | null; maker: string | null; ips: string[]; vlans: number[] }[];
  attributes: Attribute[];
  modules: Part[];
  behind: Part[];
  services: Service[];
  uses: Service[];
  roles: { role: string; confidence: Confidence; reasons: Phrase[] }[];
  purdue: { level: string; reasons: Phrase[] };
  criticality: { importance: Importance; reasons: Phrase[] };
  fields: { name: string; value: string | null; is_proposal: boolean; needs_people: boolean }[];
  known: number;
  users: string[];
  credentials: string[];
  os: string | null;
  is_remote: boolean;
  is_external: boolean;
  is_hearsay: boolean;
  first: string;
  last: string;
  packets_sent: number;
  packets_received: number;
  bytes_sent: number;
  bytes_received: number;
  acts_asked: number;
  acts_received: number;
  /** The machine as a row of the list, with what people say of it. */
  row?: AssetRow;
  /** By field. */
  edits: Record<string, Edit>;
  surface?: Exposure[];
  capabilities?: Capability[];
  edges: Edge[];
  findings: Finding[];
}

export interface AssetPatch {
  name?: string | null;
  note?: string | null;
  zone?: string | null;
  owner?: string | null;
  role?: string | null;
  importance?: string | null;
  location?: string | null;
}

export interface Address {
  mac?: string;
  ip?: string;
  port?: number;
  vlan?: number;
}

export interface Descriptor {
  id: string;
  title: Phrase;
  severity: Severity;
  techniques: [string, string][];
  requirements: string[];
  meaning: Phrase;
  action: Phrase;
  caution: Phrase;
  covers: string[];
  thresholds: Phrase;
}

export interface Comment {
  at: string;
  by: string;
  text: string;
}

export interface Finding {
  id: string;
  detector: string;
  title: string;
  severity: Severity;
  first: string;
  last: string;
  count: number;
  from?: Address;
  to?: Address;
  behind?: string;
  protocol?: string;
  /** Sentences in English. */
  evidence: string[];
  /** The same in French; absent where a finding comes from the live stream. */
  evidence_fr?: string[];
  flow?: string;
  from_asset: string | null;
  to_asset: string | null;
  state?: FindingState;
  assignee?: string | null;
  comments?: Comment[];
  /** Its title in both languages. */
  about?: Phrase;
  /** Closed before, and happened again since. */
  has_come_back?: boolean;
  explanation?: Descriptor;
}

export interface Network {
  prefix: string;
  vlans: number[];
  machines: number;
  controllers: number;
  is_remote: boolean;
  is_external: boolean;
}

export interface MapNode {
  id: string;
  name: string;
  role: string;
  level: string;
  importance: Importance;
  zone: string | null;
  is_external: boolean;
  worst: Severity | null;
}

export interface PlantMap {
  nodes: MapNode[];
  edges: Edge[];
  networks: Network[];
}

export interface Blindness {
  kind: string;
  severity: Severity;
  what: Phrase;
  remedy: Phrase;
  count: number;
  examples: string[];
}

export interface Exposure {
  asset: string;
  name: string;
  protocol: string;
  port: number | null;
  transport: string;
  score: number;
  reasons: [number, Phrase][];
  reached_from: string[];
  reached_count: number;
}

/** A value that the network carried. */
export type Value = boolean | number | string | null;

export interface Reading {
  object?: string;
  value: Value;
  quality?: string;
  at?: string;
}

export interface Act {
  record?: "act";
  at: string;
  flow: string;
  protocol: string;
  from: Address;
  to: Address;
  from_asset?: string | null;
  to_asset?: string | null;
  behind?: string;
  code: number;
  name: string;
  verb: string;
  object?: string;
  values?: Reading[];
  outcome: string;
  status?: { code: number; name: string };
  latency_us?: number;
  extra?: Record<string, string>;
  count: number;
  first: string;
  last: string;
  gap_mean_us?: number;
}

export interface Side {
  packets: number;
  bytes: number;
  payload: number;
  retransmissions?: number;
  missing?: number;
  gaps?: number;
  resets?: number;
  duplicates?: number;
}

export interface Conversation {
  record?: "conversation";
  at: string;
  flow: string;
  transport: string;
  protocol: string;
  guess?: boolean;
  from: Address;
  to: Address;
  from_asset?: string | null;
  to_asset?: string | null;
  state: string;
  first: string;
  last: string;
  opening: boolean;
  sent: Side;
  received: Side;
}

export interface Fact {
  record?: "fact";
  at: string;
  flow: string;
  protocol: string;
  from: Address;
  behind?: string;
  key: string;
  value: string;
  source: string;
  confidence: Confidence;
}

export interface HealthRecord {
  record?: "health";
  at: string;
  flow?: string;
  protocol?: string;
  kind: string;
  count: number;
  detail: string;
}

export interface Variable {
  asset: string;
  asset_name?: string;
  behind?: string | null;
  protocol: string;
  object: string;
  value: Value;
  quality?: string | null;
  origin?: string;
  first?: string | null;
  last?: string | null;
  samples?: number;
}

export interface Series {
  points: [number, number | null][];
  min: number | null;
  max: number | null;
}

export interface SqlAnswer {
  columns: { name: string; type: string }[];
  rows: Value[][];
  truncated: boolean;
  seconds: number;
}

export interface SqlTable {
  name: string;
  columns: { name: string; type: string }[];
}

export interface SavedQuery {
  id: string;
  name: string;
  query: string;
  by?: string;
  at?: string;
}

export interface User {
  name: string;
  role: UserRole;
  origin?: "local" | "oidc" | "ldap";
  is_disabled: boolean;
  has_totp: boolean;
  created: string;
  created_by: string;
}

export interface Token {
  id: string;
  name: string;
  by: string;
  scopes: string[];
  created: string;
  expires: string | null;
  revoked: string | null;
}

export interface NotificationTarget {
  id: string;
  name: string;
  kind: "webhook" | "email" | "syslog";
  target: string;
  form: string;
  language?: string;
  least: Severity;
  detectors: string[];
  is_enabled: boolean;
  last_sent?: string | null;
  last_error?: string | null;
  dropped?: number;
}

export interface LedgerEntry {
  index: number;
  at?: string;
  kind?: string;
  by?: string | null;
  entry?: unknown;
}

/** A line of who did what; `index` is its number in the ledger. */
export interface AuditEntry {
  index: number;
  at: string;
  by: string;
  kind: string;
  body: Record<string, unknown>;
}
