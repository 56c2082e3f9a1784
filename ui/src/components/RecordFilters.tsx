/** Filters over records: machine, protocol, what was done, how it ended, when. */
import { Button, Select, TextInput } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { useAssets, useSummary } from "../api/queries";
import type { Filters } from "../app/router";
import { useText } from "../i18n";
import { en } from "../i18n/en";

const words = (set: string) =>
  Object.keys(en)
    .filter((key) => key.startsWith(`${set}.`))
    .map((key) => key.slice(set.length + 1));

export const VERBS = words("verb");
const OUTCOMES = words("outcome");

/** `2026-03-02T08:30` of a field in local time as RFC 3339, and back. */
export function toField(at: string | undefined): string {
  if (!at) return "";
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

export function fromField(text: string): string | undefined {
  const date = text ? new Date(text) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : undefined;
}

export function RecordFilters(props: { filters: Filters; change: (change: Filters) => void; hasVerbs: boolean }) {
  const { filters, change } = props;
  const { t, word } = useText();
  const assets = useAssets();
  const summary = useSummary();
  const machines = useMemo(
    () =>
      (assets.data ?? []).map((asset) => ({
        value: asset.id,
        label: asset.ips[0] && asset.ips[0] !== asset.name ? `${asset.name} (${asset.ips[0]})` : asset.name,
      })),
    [assets.data],
  );
  const protocols = (summary.data?.protocols ?? []).map((use) => use.protocol).filter(Boolean);
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <div className="filters">
      <Select
        label={t("common.machine")}
        data={machines}
        value={filters.asset ?? null}
        onChange={(asset) => change({ asset: asset ?? undefined })}
        placeholder={t("common.any")}
        searchable
        clearable
        limit={60}
        w={220}
      />
      <Select
        label={t("common.protocol")}
        data={withChosen(protocols, filters.protocol)}
        value={filters.protocol ?? null}
        onChange={(protocol) => change({ protocol: protocol ?? undefined })}
        placeholder={t("common.any")}
        searchable
        clearable
        w={140}
      />
      {props.hasVerbs && (
        <>
          <Select
            label={t("act.verb")}
            data={VERBS.map((verb) => ({ value: verb, label: word("verb", verb) }))}
            value={filters.verb ?? null}
            onChange={(verb) => change({ verb: verb ?? undefined })}
            placeholder={t("common.any")}
            searchable
            clearable
            w={160}
          />
          <Select
            label={t("act.outcome")}
            data={OUTCOMES.map((outcome) => ({ value: outcome, label: word("outcome", outcome) }))}
            value={filters.outcome ?? null}
            onChange={(outcome) => change({ outcome: outcome ?? undefined })}
            placeholder={t("common.any")}
            clearable
            w={140}
          />
        </>
      )}
      <Moment label={t("common.since")} value={filters.from} onChange={(from) => change({ from })} />
      <Moment label={t("common.until")} value={filters.to} onChange={(to) => change({ to })} />
      {isFiltered && (
        <Button
          variant="subtle"
          onClick={() => change(Object.fromEntries(Object.keys(filters).map((name) => [name, undefined])))}
        >
          {t("common.clear")}
        </Button>
      )}
    </div>
  );
}

function withChosen(list: string[], chosen: string | undefined): string[] {
  return chosen && !list.includes(chosen) ? [...list, chosen] : list;
}

function Moment(props: { label: string; value: string | undefined; onChange: (at: string | undefined) => void }) {
  const [text, setText] = useState(toField(props.value));
  useEffect(() => setText(toField(props.value)), [props.value]);
  const commit = () => {
    if (text !== toField(props.value)) props.onChange(fromField(text));
  };
  return (
    <TextInput
      type="datetime-local"
      step={1}
      label={props.label}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
      w={205}
    />
  );
}
