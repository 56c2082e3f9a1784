/** The first page: what needs a person, what happens now, and what cannot be seen. */
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { useFindings, useHealth, useList, useSummary } from "../../api/queries";
import { useLive } from "../../api/stream";
import type { Blindness, Finding, Health, Severity as SeverityWord, Summary } from "../../api/types";
import { useNames } from "../../app/names";
import { Box, Count, Empty, Failure, MachineLink, PageHead, Ready, Severity, Time } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";
import { LiveActs } from "./LiveActs";
import { type Story, stories, weight } from "./stories";

const RatesChart = lazy(() => import("./RatesChart").then((module) => ({ default: module.RatesChart })));

export function Now() {
  const { t } = useText();
  const summary = useSummary();
  const health = useHealth();
  return (
    <>
      <PageHead title={t("now.title")} />
      {summary.error && !summary.data ? <Failure error={summary.error} again={() => void summary.refetch()} /> : null}
      <Tiles summary={summary.data} health={health.data} />
      {summary.data?.assets === 0 && (
        <div className="box" style={{ marginBottom: "0.900rem" }}>
          <Empty title={t("now.empty")}>{t("now.empty.about")}</Empty>
        </div>
      )}
      <div className="columns">
        <div className="stack">
          <NeedsPerson />
          {summary.data && summary.data.capabilities.length > 0 && <Capabilities summary={summary.data} />}
          {summary.data && <Protocols summary={summary.data} />}
        </div>
        <div className="stack">
          <LiveActs />
          <Box title={t("now.rates")}>
            <Suspense fallback={<div style={{ height: 150 }} />}>
              <RatesChart />
            </Suspense>
          </Box>
          <Sensors health={health.data} />
          <SightShort />
        </div>
      </div>
    </>
  );
}

function Tiles({ summary, health }: { summary: Summary | undefined; health: Health | undefined }) {
  const { t, language } = useText();
  const rates = useLive((live) => live.rates);
  // Repeats are counted together and told once a minute: only a mean over a minute says something.
  const latest = useMemo(() => {
    const last = rates.slice(-60);
    if (last.length === 0) return undefined;
    const mean = (of: (rate: (typeof last)[number]) => number) =>
      last.reduce((sum, rate) => sum + of(rate), 0) / last.length;
    return { packets: mean((rate) => rate.packets), acts: mean((rate) => rate.acts) };
  }, [rates]);
  const packets = latest?.packets ?? summary?.rates?.packets_per_second;
  const acts = latest?.acts ?? summary?.rates?.acts_per_second;
  const lost = health?.sensors.reduce((sum, sensor) => sum + sensor.dropped_kernel + sensor.dropped_user, 0);
  const open = useFindings({ state: "open" }).data;
  // Counted from the list that the tile leads to; acknowledged ones do not wait for anybody.
  const of = (severity: SeverityWord) =>
    open ? open.filter((finding) => finding.severity === severity).length : (summary?.findings[severity] ?? 0);
  const show = (value: number | undefined, digits = 0) =>
    value === undefined ? "–" : format.number(language, value, digits);
  const records = summary ? Object.values(summary.records).reduce((sum, count) => sum + count, 0) : undefined;
  return (
    <div className="tiles">
      {(["critical", "high", "medium"] as const).map((severity) => (
        <Link
          key={severity}
          to="/findings"
          search={{ severity, state: "open" }}
          className={`tile ${summary && of(severity) > 0 ? severity : ""}`}
        >
          <b>{show(summary && of(severity))}</b>
          <span>{t(`now.open.${severity}`)}</span>
        </Link>
      ))}
      <Link to="/findings" search={{ state: "open" }} className="tile">
        <b>{show(summary && of("low") + of("info"))}</b>
        <span>{t("now.open.low")}</span>
      </Link>
      <Link to="/plant" className="tile">
        <b>{show(summary?.assets)}</b>
        <span>{t("now.machines")}</span>
      </Link>
      <Link to="/explore/conversations" className="tile">
        <b>{show(packets, packets !== undefined && packets < 10 ? 1 : 0)}</b>
        <span>{t("now.packets")}</span>
      </Link>
      <Link to="/explore" className="tile">
        <b>{show(acts, acts !== undefined && acts < 10 ? 1 : 0)}</b>
        <span>{t("now.acts")}</span>
      </Link>
      <Link to="/sight" className={`tile ${lost ? "medium" : ""}`}>
        <b>{show(lost)}</b>
        <span>{t("now.lost")}</span>
      </Link>
      <Link to="/explore/sql" className="tile">
        <b>{show(records)}</b>
        <span>{t("now.records")}</span>
      </Link>
    </div>
  );
}

const STORIES_MAX = 12;

function NeedsPerson() {
  const { t } = useText();
  const findings = useFindings({ state: "open" });
  const names = useNames();
  const told = useMemo(
    () => stories((findings.data ?? []).filter((finding) => weight(finding.severity) >= weight("medium"))),
    [findings.data],
  );
  return (
    <Box
      title={t("now.person")}
      about={t("now.person.about")}
      aside={
        <Link to="/findings" search={{ state: "open" }} className="small">
          {t("now.allfindings")}
        </Link>
      }
    >
      <Ready query={findings}>
        {() =>
          told.length === 0 ? (
            <Empty title={t("now.person.none")}>{t("now.person.none.about")}</Empty>
          ) : (
            <div className="stack tight" style={{ gap: "0.550rem" }}>
              {told.slice(0, STORIES_MAX).map((story) => (
                <StoryCard key={story.key} story={story} names={names} />
              ))}
            </div>
          )
        }
      </Ready>
    </Box>
  );
}

const LINES_MAX = 4;

function StoryCard({ story, names }: { story: Story; names: Map<string, string> }) {
  const { t } = useText();
  const [isOpen, open] = useState(false);
  const lines = useMemo(
    () =>
      isOpen
        ? story.findings
        : [...story.findings]
            .sort((a, b) => weight(b.severity) - weight(a.severity))
            .slice(0, LINES_MAX)
            .sort((a, b) => (a.first < b.first ? -1 : 1)),
    [story, isOpen],
  );
  const [only] = story.on;
  return (
    <article className={`story ${story.worst}`}>
      <div className="row between tight">
        <h3>
          {story.by ? <MachineLink id={story.by} name={names.get(story.by)} /> : !only ? t("now.story.nobody") : null}
          {story.by && story.on.length > 0 ? " → " : ""}
          {story.on.slice(0, 3).map((id, index) => (
            <span key={id}>
              {index > 0 && ", "}
              <MachineLink id={id} name={names.get(id)} />
            </span>
          ))}
          {story.on.length > 3 && <span className="dim"> + {t("count.more", { n: story.on.length - 3 })}</span>}
        </h3>
        <span className="small dim">
          <Time at={story.first} />
          {story.last.slice(0, 16) !== story.first.slice(0, 16) && (
            <>
              {" – "}
              <Time at={story.last} only={story.last.slice(0, 10) === story.first.slice(0, 10) ? "clock" : undefined} />
            </>
          )}
        </span>
      </div>
      <ul className="bare">
        {lines.map((finding) => (
          <li key={finding.id}>
            <Severity of={finding.severity} />
            <FindingTitle finding={finding} />
            <span className="small dim">
              <Time at={finding.first} only="clock" />
            </span>
          </li>
        ))}
      </ul>
      {story.findings.length > LINES_MAX && (
        <button type="button" className="whybutton small dim" onClick={() => open(!isOpen)} aria-expanded={isOpen}>
          {isOpen ? t("now.story.less") : t("now.story.show", { n: story.findings.length })}
        </button>
      )}
    </article>
  );
}

/** What was seen, in the reader's language where the server has it. */
export function evidenceIn(language: format.Language, finding: Finding): string[] {
  return (language === "fr" && finding.evidence_fr?.length ? finding.evidence_fr : finding.evidence) ?? [];
}

/** The title of a finding in the reader's language, linked to its page. */
export function FindingTitle({ finding }: { finding: Finding }) {
  const { say, t, language } = useText();
  const title = say(finding.about ?? finding.explanation?.title ?? finding.title);
  const evidence = evidenceIn(language, finding)[0];
  return (
    <span className="wrap">
      <Link to="/findings/$id" params={{ id: finding.id }}>
        {title}
      </Link>
      {finding.count > 1 && <span className="dim small"> · {t("count.times", { n: finding.count })}</span>}
      {evidence && (
        <span className="dim small" style={{ display: "block" }}>
          {format.clean(evidence, 140)}
        </span>
      )}
    </span>
  );
}

function Capabilities({ summary }: { summary: Summary }) {
  const { t, say } = useText();
  return (
    <Box title={t("now.capabilities")} about={t("now.capabilities.about")}>
      <ul className="bare lines">
        {summary.capabilities.slice(0, 6).map((capability) => (
          <li
            key={`${capability.asset} ${capability.verb} ${capability.protocol}`}
            className="row top"
            style={{ flexWrap: "nowrap" }}
          >
            <Severity of={capability.severity} />
            <span className="grow wrap">
              {say(capability.sentence)}{" "}
              <Link
                to="/explore"
                search={{ asset: capability.asset, verb: capability.verb, protocol: capability.protocol }}
                className="small"
              >
                {t("finding.acts")}
              </Link>
            </span>
          </li>
        ))}
      </ul>
    </Box>
  );
}

function Protocols({ summary }: { summary: Summary }) {
  const { t, language } = useText();
  return (
    <Box title={t("now.protocols")} flush>
      <div
        className="scroll tall"
        style={{ ["--tall" as string]: "330px" }}
        tabIndex={0}
        role="region"
        aria-label={t("now.protocols")}
      >
        <table className="plain">
          <thead>
            <tr>
              <th>{t("common.protocol")}</th>
              <th className="number">{t("now.machines")}</th>
              <th className="number">{t("machine.tab.acts")}</th>
              <th className="number">{t("machine.packets")}</th>
              <th className="number">{t("machine.bytes")}</th>
              <th className="number">{t("health.malformed")}</th>
            </tr>
          </thead>
          <tbody>
            {summary.protocols.map((use) => (
              <tr key={use.protocol}>
                <th scope="row">
                  {use.protocol ? (
                    <Link to="/explore" search={{ protocol: use.protocol }}>
                      {use.protocol}
                    </Link>
                  ) : (
                    <span className="dim">{t("common.unrecognised")}</span>
                  )}
                </th>
                <td className="number">
                  <Count of={use.machines} />
                </td>
                <td className="number">
                  <Count of={use.acts} />
                </td>
                <td className="number">
                  <Count of={use.packets} />
                </td>
                <td className="number">{format.bytes(language, use.bytes)}</td>
                <td className="number">
                  {use.malformed ? <Link to="/sight">{format.number(language, use.malformed)}</Link> : "0"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Box>
  );
}

function Sensors({ health }: { health: Health | undefined }) {
  const { t, word, language } = useText();
  return (
    <Box title={t("now.sensors")}>
      {health && health.sensors.length === 0 && <p className="dim">{t("now.sensors.none")}</p>}
      <ul className="bare lines">
        {health?.sensors.map((sensor) => {
          const lost = sensor.dropped_kernel + sensor.dropped_user;
          return (
            <li key={`${sensor.id} ${sensor.interface}`}>
              <div className="row between">
                <span className="strong wrap">{sensor.interface || sensor.id}</span>
                <span className="dim small">{word("sensor", sensor.state)}</span>
              </div>
              <dl className="pairs small">
                <dt>{t("now.sensor.packets")}</dt>
                <dd className="tabular">
                  {format.number(language, sensor.packets)} ({format.number(language, sensor.packets_per_second)} / s)
                </dd>
                <dt>{t("now.sensor.lost")}</dt>
                <dd className="tabular">
                  {lost > 0 ? <span className="badge medium slim">{format.number(language, lost)}</span> : "0"}
                </dd>
                <dt>{t("now.sensor.last")}</dt>
                <dd>
                  <Time at={sensor.last_packet} />
                </dd>
              </dl>
            </li>
          );
        })}
      </ul>
      {health?.analysis && health.analysis.behind > 2 && (
        <p className="caution small">{t("now.behind", { n: health.analysis.behind })}</p>
      )}
    </Box>
  );
}

function SightShort() {
  const { t, say, word } = useText();
  const sight = useList<Blindness>("/sight");
  return (
    <Box title={t("now.sight")} about={t("now.sight.about")}>
      <Ready query={sight}>
        {(items) => (
          <>
            {items.length === 0 && <p className="dim">{t("now.sight.none")}</p>}
            <ul className="bare lines">
              {items.slice(0, 5).map((blindness) => (
                <li key={blindness.kind + blindness.what.en}>
                  <span className="strong">{word("blindness", blindness.kind)}</span>{" "}
                  <span className="wrap">{say(blindness.what)}</span>
                </li>
              ))}
            </ul>
            <p className="small" style={{ marginTop: "0.5rem" }}>
              <Link to="/sight">{t("now.sight.all")}</Link>
            </p>
          </>
        )}
      </Ready>
    </Box>
  );
}
