/** Findings told together: what one machine did, or what happened to one machine, is one story. */
import type { Finding, Severity } from "../../api/types";

export const SEVERITIES: readonly Severity[] = ["critical", "high", "medium", "low", "info"];

/** How bad, as a number: the higher the worse. */
export const weight = (severity: Severity): number => SEVERITIES.length - SEVERITIES.indexOf(severity);

export interface Story {
  key: string;
  /** The machine that did it; absent where nobody is known to have. */
  by: string | null;
  /** Machines it was done to, in order of time. */
  on: string[];
  worst: Severity;
  first: string;
  last: string;
  /** In order of time. */
  findings: Finding[];
}

/** Stories of `findings`: the worst first, of equally bad ones the latest first. */
export function stories(findings: readonly Finding[]): Story[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = finding.from_asset
      ? `by ${finding.from_asset}`
      : finding.to_asset
        ? `on ${finding.to_asset}`
        : "network";
    const group = groups.get(key);
    if (group) group.push(finding);
    else groups.set(key, [finding]);
  }
  const told: Story[] = [];
  for (const [key, group] of groups) {
    const ordered = [...group].sort((a, b) =>
      a.first < b.first ? -1 : a.first > b.first ? 1 : weight(b.severity) - weight(a.severity),
    );
    const [head] = ordered;
    if (!head) continue;
    const by = head.from_asset ?? null;
    const on = [...new Set(ordered.flatMap((finding) => finding.to_asset ?? []))].filter((id) => id !== by);
    const worst = ordered.reduce(
      (worst, finding) => (weight(finding.severity) > weight(worst) ? finding.severity : worst),
      head.severity,
    );
    const last =
      ordered
        .map((finding) => finding.last)
        .sort()
        .at(-1) ?? head.last;
    told.push({ key, by, on, worst, first: head.first, last, findings: ordered });
  }
  return told.sort((a, b) => weight(b.worst) - weight(a.worst) || (a.last < b.last ? 1 : a.last > b.last ? -1 : 0));
}
