/** One finding: what was seen, what it means, what to do, and what people decided. */
import { Button, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { address, api } from "../../api/client";
import { queryClient, useFinding } from "../../api/queries";
import type { Finding, FindingState } from "../../api/types";
import { useNames } from "../../app/names";
import { useMay } from "../../app/roles";
import { Box, Count, End, Failure, PageHead, Protocol, Ready, Severity, Time } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";
import { evidenceIn } from "./Now";

export function FindingPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const finding = useFinding(id);
  return <Ready query={finding}>{(data) => <Told finding={data} />}</Ready>;
}

/** A moment around the finding, so that what led to it and what followed are in it. */
function around(first: string, last: string): { from: string; to: string } {
  const shift = (at: string, ms: number) => new Date(Date.parse(at) + ms).toISOString();
  return { from: shift(first, -10_000), to: shift(last, 10_000) };
}

function Told({ finding }: { finding: Finding }) {
  const { t, say, language } = useText();
  const names = useNames();
  const may = useMay();
  const { explanation } = finding;
  const evidence = evidenceIn(language, finding);
  const span = around(finding.first, finding.last);
  const asset = finding.from_asset ?? finding.to_asset ?? undefined;
  return (
    <>
      <PageHead
        title={say(explanation?.title ?? finding.about ?? finding.title)}
        actions={
          <>
            <Button
              variant="default"
              component={Link}
              to="/explore"
              search={
                {
                  asset,
                  from: span.from,
                  to: span.to,
                  ...(finding.protocol ? { protocol: finding.protocol } : {}),
                } as never
              }
            >
              {t("finding.acts")}
            </Button>
            {may("analyst") && (
              <Button
                variant="default"
                component="a"
                href={address("/evidence", { flow: finding.flow, asset: finding.flow ? undefined : asset, ...span })}
                download
              >
                {t("finding.evidence.packets")}
              </Button>
            )}
          </>
        }
      >
        <Severity of={finding.severity} />
      </PageHead>
      <div className="columns">
        <div className="stack">
          <Box title={t("finding.evidence")}>
            <dl className="pairs" style={{ marginBottom: "0.700rem" }}>
              {(finding.from || finding.from_asset) && (
                <>
                  <dt>{t("findings.who")}</dt>
                  <dd>
                    <End asset={finding.from_asset} of={finding.from} names={names} />
                  </dd>
                </>
              )}
              {(finding.to || finding.to_asset) && (
                <>
                  <dt>{t("findings.whom")}</dt>
                  <dd>
                    <End asset={finding.to_asset} of={finding.to} names={names} />
                    {finding.behind && <span className="dim"> · {finding.behind}</span>}
                  </dd>
                </>
              )}
              {finding.protocol && (
                <>
                  <dt>{t("common.protocol")}</dt>
                  <dd>
                    <Protocol of={finding.protocol} />
                  </dd>
                </>
              )}
              <dt>{t("finding.seen")}</dt>
              <dd>
                {t("count.times", { n: finding.count })} · <Time at={finding.first} />
                {finding.last !== finding.first && (
                  <>
                    {" – "}
                    <Time at={finding.last} />
                  </>
                )}
              </dd>
            </dl>
            <ul className="bare lines">
              {evidence.map((line) => (
                <li key={line} className="wrap">
                  {format.clean(line)}
                </li>
              ))}
            </ul>
          </Box>
          {explanation && (
            <Box>
              <h3 style={{ marginTop: 0 }}>{t("finding.meaning")}</h3>
              <p>{say(explanation.meaning)}</p>
              <h3>{t("finding.action")}</h3>
              <p>{say(explanation.action)}</p>
              {say(explanation.caution) && (
                <>
                  <h3>{t("finding.caution")}</h3>
                  <p className="caution">{say(explanation.caution)}</p>
                </>
              )}
              <dl className="pairs small" style={{ marginTop: "1rem" }}>
                {explanation.techniques.length > 0 && (
                  <>
                    <dt>{t("finding.techniques")}</dt>
                    <dd>{explanation.techniques.map(([code, name]) => `${code} ${name}`).join(", ")}</dd>
                  </>
                )}
                {explanation.requirements.length > 0 && (
                  <>
                    <dt>{t("finding.requirements")}</dt>
                    <dd>{explanation.requirements.join(", ")}</dd>
                  </>
                )}
                {say(explanation.thresholds) && (
                  <>
                    <dt>{t("finding.thresholds")}</dt>
                    <dd>{say(explanation.thresholds)}</dd>
                  </>
                )}
              </dl>
            </Box>
          )}
        </div>
        <Handling finding={finding} />
      </div>
    </>
  );
}

function Handling({ finding }: { finding: Finding }) {
  const { t, word } = useText();
  const may = useMay();
  const [comment, setComment] = useState("");
  const [assignee, setAssignee] = useState(finding.assignee ?? "");
  const state = finding.state ?? "open";
  const change = useMutation({
    mutationFn: (patch: { state?: FindingState; comment?: string; assignee?: string | null }) =>
      api.patch<Finding | undefined>(`/findings/${encodeURIComponent(finding.id)}`, patch),
    onSuccess: () => {
      setComment("");
      for (const key of ["finding", "findings", "summary"]) void queryClient.invalidateQueries({ queryKey: [key] });
    },
  });
  const decide = (to: FindingState) =>
    change.mutate({ state: to, ...(comment.trim() ? { comment: comment.trim() } : {}) });
  const choices: [FindingState, string][] = (
    [
      ["acknowledged", t("finding.acknowledge")],
      ["closed", t("finding.close")],
      ["open", t("finding.reopen")],
    ] as [FindingState, string][]
  ).filter(([to]) => to !== state && (to !== "open" || state !== "open"));
  return (
    <div className="stack">
      <Box title={t("finding.handling")}>
        <dl className="pairs">
          <dt>{t("findings.state")}</dt>
          <dd>
            {word("fstate", state)}
            {finding.has_come_back && <span className="dim"> – {t("finding.back")}</span>}
          </dd>
          {finding.assignee && (
            <>
              <dt>{t("findings.assignee")}</dt>
              <dd>{finding.assignee}</dd>
            </>
          )}
        </dl>
        {may("analyst") && (
          <div className="stack noprint" style={{ marginTop: "0.800rem" }}>
            <Textarea
              label={t("finding.comment")}
              placeholder={t("finding.comment.hint")}
              value={comment}
              onChange={(event) => setComment(event.currentTarget.value)}
              autosize
              minRows={2}
            />
            <div className="row">
              {choices.map(([to, label]) => (
                <Button
                  key={to}
                  variant={to === "acknowledged" ? "filled" : "default"}
                  loading={change.isPending}
                  onClick={() => decide(to)}
                >
                  {label}
                </Button>
              ))}
              <Button
                variant="default"
                disabled={!comment.trim()}
                loading={change.isPending}
                onClick={() => change.mutate({ comment: comment.trim() })}
              >
                {t("finding.comment.add")}
              </Button>
            </div>
            <form
              className="row"
              style={{ alignItems: "flex-end" }}
              onSubmit={(event) => {
                event.preventDefault();
                change.mutate({ assignee: assignee.trim() || null });
              }}
            >
              <TextInput
                label={t("findings.assignee")}
                value={assignee}
                onChange={(event) => setAssignee(event.currentTarget.value)}
                className="grow"
              />
              <Button type="submit" variant="default" disabled={assignee.trim() === (finding.assignee ?? "")}>
                {t("finding.assign")}
              </Button>
            </form>
            {change.error ? <Failure error={change.error} /> : null}
          </div>
        )}
      </Box>
      <Box title={t("finding.comments")} aside={<Count of={finding.comments?.length ?? 0} />}>
        {!finding.comments?.length && <p className="dim">{t("finding.comments.none")}</p>}
        <ul className="bare lines">
          {finding.comments?.map((said) => (
            <li key={`${said.at} ${said.by}`}>
              <div className="small dim">
                {said.by} · <Time at={said.at} />
              </div>
              <div className="wrap" style={{ whiteSpace: "pre-wrap" }}>
                {format.clean(said.text, 4_000)}
              </div>
            </li>
          ))}
        </ul>
      </Box>
    </div>
  );
}
