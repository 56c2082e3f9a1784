/** Small things that every page is made of. */
import { Alert, Button, Loader } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import type { Act, Address, Severity as SeverityWord } from "../api/types";
import type { Filters } from "../app/router";
import * as format from "../format";
import { useText } from "../i18n";

/** The head of a page: its title, what it is, and what can be done. */
export function PageHead(props: { title: ReactNode; about?: ReactNode; actions?: ReactNode; children?: ReactNode }) {
  return (
    <div className="pagehead">
      <h1>{props.title}</h1>
      {props.children}
      {props.actions && <div className="actions">{props.actions}</div>}
      {props.about && <p className="about">{props.about}</p>}
    </div>
  );
}

/** A titled box. */
export function Box(props: {
  title?: ReactNode;
  aside?: ReactNode;
  about?: ReactNode;
  flush?: boolean;
  children: ReactNode;
}) {
  return (
    <section className={props.flush ? "box flush" : "box"}>
      {props.title && (
        <div className="boxhead">
          <h2>{props.title}</h2>
          {props.aside && (
            <div className="row tight" style={{ marginLeft: "auto" }}>
              {props.aside}
            </div>
          )}
          {props.about && (
            <p className="dim small" style={{ flexBasis: "100%", margin: 0 }}>
              {props.about}
            </p>
          )}
        </div>
      )}
      {props.children}
    </section>
  );
}

/** Nothing to show, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <b>{title}</b>
      {children}
    </div>
  );
}

export function Loading() {
  const { t } = useText();
  return (
    <div className="empty" role="status">
      <Loader size="sm" color="gray" aria-hidden /> <span className="dim">{t("common.loading")}</span>
    </div>
  );
}

/** An error, told plainly. */
export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  const { t } = useText();
  const known = error instanceof ApiError ? error : undefined;
  const text =
    known?.status === 0
      ? t("error.unreachable")
      : known?.status === 403
        ? `${t("error.forbidden")} ${known.detail ?? ""}`
        : known?.status === 404
          ? `${t("error.missing")} ${known.detail ? `(${known.detail})` : ""}`
          : (known?.detail ?? known?.title ?? String(error instanceof Error ? error.message : error));
  return (
    <Alert color="orange" variant="outline" title={t("error.title")} role="alert">
      <p>{text}</p>
      {known && known.status > 0 && (
        <p className="dim small">{t("error.status", { status: `${known.status} ${known.title}` })}</p>
      )}
      {again && (
        <Button variant="default" size="xs" mt="xs" onClick={again}>
          {t("error.again")}
        </Button>
      )}
    </Alert>
  );
}

/** What a query gives, or why not yet. */
export function Ready<T>(props: {
  query: { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };
  children: (data: T) => ReactNode;
}) {
  const { query } = props;
  if (query.data !== undefined) return <>{props.children(query.data)}</>;
  if (query.error) return <Failure error={query.error} again={() => void query.refetch()} />;
  return <Loading />;
}

export function Severity({ of }: { of: SeverityWord }) {
  const { word } = useText();
  return <span className={`badge ${of}`}>{word("severity", of)}</span>;
}

/** A time; its full form to the nanosecond, in UTC, on pointing. */
export function Time({ at, only }: { at: string | number | null | undefined; only?: "clock" }) {
  const { language } = useText();
  if (at === null || at === undefined || at === "") return <span className="dim">–</span>;
  const iso = typeof at === "string" ? at : new Date(at).toISOString();
  return (
    <time dateTime={iso} title={iso} className="nowrap tabular">
      {only === "clock" ? format.clock(language, at) : format.dateTime(language, at)}
    </time>
  );
}

export function Count({ of, digits }: { of: number | null | undefined; digits?: number }) {
  const { language } = useText();
  return <span className="tabular">{of === null || of === undefined ? "–" : format.number(language, of, digits)}</span>;
}

/** A machine by its id, with the name where it is known. */
export function MachineLink({ id, name }: { id: string; name?: string | undefined }) {
  return (
    <Link to="/plant/$id" params={{ id }} className="wrap">
      {format.clean(name || id, 80)}
    </Link>
  );
}

/** One end of an act or a conversation: the machine where the server knows it, else the address. */
export function End({
  asset,
  of,
  names,
}: {
  asset?: string | null | undefined;
  of?: Address | undefined;
  names?: Map<string, string> | undefined;
}) {
  const id = asset ?? (of ? guessAsset(of, names) : undefined);
  if (id) return <MachineLink id={id} name={names?.get(id) ?? format.endpoint(of, false)} />;
  return <span className="wrap">{format.endpoint(of, false)}</span>;
}

/** The machine that has an address, by the ids that machines have: by hardware address or by IP. */
export function guessAsset(of: Address, names: Map<string, string> | undefined): string | undefined {
  if (!names) return undefined;
  const byIp = of.ip ? names.get(`ip ${of.ip}`) : undefined;
  if (byIp) return byIp;
  const byMac = of.mac ? `mac-${of.mac.replaceAll(":", "")}` : undefined;
  return !of.ip && byMac && names.has(byMac) ? byMac : undefined;
}

export type Deed = "observe" | "write" | "command" | "engineer";

const DEEDS: Record<string, Deed> = {
  write: "write",
  operate: "command",
  start: "command",
  stop: "command",
  mode: "command",
  program: "engineer",
  firmware: "engineer",
  configure: "engineer",
  reset: "engineer",
};

/** Verbs in four groups, from harmless to grave; the colours of acts. */
export const deedOf = (verb: string): Deed => DEEDS[verb] ?? "observe";

/** Verbs of acts that change the plant, or that prepare it. */
export const CHANGES: ReadonlySet<string> = new Set([...Object.keys(DEEDS), "upload", "login"]);

export function Verb({ of }: { of: string }) {
  const { word } = useText();
  return (
    <span className="row tight" style={{ display: "inline-flex", flexWrap: "nowrap" }}>
      <span className={`dot ${deedOf(of)}`} />
      <span className="nowrap">{word("verb", of)}</span>
    </span>
  );
}

export function Protocol({ of, guess }: { of: string | undefined; guess?: boolean | undefined }) {
  const { t } = useText();
  if (!of) return <span className="dim">{t("common.unrecognised")}</span>;
  return (
    <span className="nowrap" title={guess ? t("machine.guess") : undefined}>
      {of}
      {guess ? "?" : ""}
    </span>
  );
}

/** What an act says, in a line: its own name, the object, the values and how it ended. */
export function actLine(language: format.Language, act: Act, word: (set: string, word: string) => string): string {
  const parts = [act.name];
  if (act.behind) parts.push(act.behind);
  if (act.object) parts.push(act.object);
  let line = format.clean(parts.join(" · "), 160);
  const values = (act.values ?? []).slice(0, 3).map((reading) => {
    const name = reading.object && reading.object !== act.object ? `${reading.object} ` : "";
    return `${name}${format.value(language, reading.value)}`;
  });
  if (values.length) line += ` = ${values.join(", ")}${(act.values?.length ?? 0) > 3 ? " …" : ""}`;
  if (act.outcome === "refused" || act.outcome === "no answer") {
    line += ` — ${word("outcome", act.outcome)}${act.status ? ` (${act.status.name})` : ""}`;
  }
  return line;
}

/** Tabs that are links, so that each has an address. */
export function TabLinks(props: {
  label: string;
  tabs: {
    key: string;
    label: string;
    count?: number | undefined;
    to: string;
    params?: Record<string, string>;
    search?: Filters;
  }[];
  active: string;
}) {
  const { language } = useText();
  return (
    <nav className="tabs" aria-label={props.label}>
      {props.tabs.map((tab) => (
        <Link
          key={tab.key}
          to={tab.to}
          params={tab.params ?? {}}
          search={tab.search ?? {}}
          className={props.active === tab.key ? "here" : ""}
          aria-current={props.active === tab.key ? "page" : undefined}
        >
          {tab.label}
          {tab.count !== undefined && <span className="count">{format.number(language, tab.count)}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** Two or more choices of which one holds. */
export function Toggle<T extends string>(props: {
  label: string;
  value: T;
  choices: [T, string][];
  onChange: (value: T) => void;
}) {
  return (
    <div className="toggle" role="group" aria-label={props.label}>
      {props.choices.map(([value, label]) => (
        <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {label}
        </button>
      ))}
    </div>
  );
}
