/** The live stream (server-sent events): one connection for the whole UI, its state visible, its memory bounded. */
import { useSyncExternalStore } from "react";
import { address } from "./client";
import { queryClient } from "./queries";
import type { Act, Finding, Rates } from "./types";

export type StreamState = "off" | "connecting" | "live" | "lost";

export interface RatePoint {
  /** Milliseconds since 1970. */
  at: number;
  packets: number;
  acts: number;
}

export interface Live {
  state: StreamState;
  /** Newest first. */
  acts: (Act & { key: number })[];
  /** Findings that came while the page was open, newest first. */
  findings: Finding[];
  rates: RatePoint[];
  /** Events that the server left out because this browser was too slow. */
  dropped: number;
  /** Acts seen since the page was opened. */
  actsSeen: number;
}

const ACTS_MAX = 400;
const RATES_MAX = 600;
const FINDINGS_MAX = 50;
const FLUSH_MS = 250;

let live: Live = { state: "off", acts: [], findings: [], rates: [], dropped: 0, actsSeen: 0 };
let pending: Partial<Pick<Live, "state">> & { acts: Act[]; findings: Finding[]; rates: RatePoint[]; dropped: number } =
  {
    acts: [],
    findings: [],
    rates: [],
    dropped: 0,
  };
const listeners = new Set<() => void>();
let source: EventSource | undefined;
let flushTimer: ReturnType<typeof setTimeout> | undefined;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let retryMs = 1_000;
let nextKey = 0;
const stale = new Map<string, ReturnType<typeof setTimeout>>();

function publish(change: Partial<Live>): void {
  live = { ...live, ...change };
  for (const listener of listeners) listener();
}

function flush(): void {
  flushTimer = undefined;
  const { acts, findings, rates, dropped } = pending;
  pending = { acts: [], findings: [], rates: [], dropped: 0 };
  const keyed = acts.slice(-ACTS_MAX).map((act) => ({ ...act, key: nextKey++ }));
  publish({
    acts: acts.length ? [...keyed.reverse(), ...live.acts].slice(0, ACTS_MAX) : live.acts,
    findings: findings.length ? [...findings.reverse(), ...live.findings].slice(0, FINDINGS_MAX) : live.findings,
    rates: rates.length ? [...live.rates, ...rates].slice(-RATES_MAX) : live.rates,
    dropped: live.dropped + dropped,
    actsSeen: live.actsSeen + acts.length,
  });
}

function soon(): void {
  flushTimer ??= setTimeout(flush, FLUSH_MS);
}

/** Reads a query anew within `ms`, however many events ask for it. */
function refresh(key: string, ms: number): void {
  if (stale.has(key)) return;
  stale.set(
    key,
    setTimeout(() => {
      stale.delete(key);
      void queryClient.invalidateQueries({ queryKey: [key] });
    }, ms),
  );
}

function parse<T>(event: Event): T | undefined {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as T;
  } catch {
    return undefined;
  }
}

function listen(to: EventSource): void {
  to.onopen = () => {
    retryMs = 1_000;
    if (live.state === "lost") {
      for (const key of ["findings", "summary", "assets", "health"]) refresh(key, 100);
    }
    publish({ state: "live" });
  };
  to.onerror = () => {
    publish({ state: "lost" });
    // A browser gives up for good on an answer that is not a stream; then trying again is ours.
    if (to.readyState === EventSource.CLOSED) {
      retryTimer = setTimeout(connect, retryMs);
      retryMs = Math.min(retryMs * 2, 15_000);
    }
  };
  to.addEventListener("act", (event) => {
    const act = parse<Act>(event);
    if (!act) return;
    pending.acts.push(act);
    if (pending.acts.length > 5_000) pending.acts.splice(0, 2_500);
    soon();
  });
  to.addEventListener("finding", (event) => {
    const finding = parse<Finding>(event);
    if (finding) pending.findings.push(finding);
    refresh("findings", 1_000);
    refresh("summary", 1_000);
    soon();
  });
  to.addEventListener("asset", () => {
    refresh("assets", 3_000);
    refresh("map", 5_000);
    refresh("summary", 2_000);
  });
  to.addEventListener("rates", (event) => {
    const rates = parse<Rates>(event);
    if (!rates) return;
    const at = rates.at ? Date.parse(rates.at) : Date.now();
    pending.rates.push({ at, packets: rates.packets_per_second, acts: rates.acts_per_second });
    soon();
  });
  to.addEventListener("health", () => refresh("health", 500));
  to.addEventListener("dropped", (event) => {
    const dropped = parse<{ count?: number; dropped?: number } | number>(event);
    pending.dropped += typeof dropped === "number" ? dropped : (dropped?.count ?? dropped?.dropped ?? 1);
    soon();
  });
}

/** Opens the stream, or opens it again. */
export function connect(): void {
  clearTimeout(retryTimer);
  source?.close();
  publish({ state: live.state === "off" ? "connecting" : live.state });
  source = new EventSource(address("/stream", { kinds: "act,finding,asset,rates,health" }));
  listen(source);
}

/** Closes the stream and forgets what it brought. */
export function disconnect(): void {
  clearTimeout(retryTimer);
  clearTimeout(flushTimer);
  flushTimer = undefined;
  source?.close();
  source = undefined;
  live = { state: "off", acts: [], findings: [], rates: [], dropped: 0, actsSeen: 0 };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A part of the live state; `pick` must give the same object while nothing changed. */
export function useLive<T>(pick: (live: Live) => T): T {
  return useSyncExternalStore(subscribe, () => pick(live));
}
