/** Tables of records from history: acts and conversations, read page by page. */
import { Button, Modal } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { address, type Query } from "../api/client";
import { usePages } from "../api/queries";
import type { Act, Conversation, Side } from "../api/types";
import { useNames } from "../app/names";
import { useMay } from "../app/roles";
import * as format from "../format";
import { useText } from "../i18n";
import { actLine, Empty, End, Failure, Loading, Protocol, Time, Verb } from "./basics";

/** What stands under a list that is read page by page. */
export function More(props: {
  loaded: number;
  total: number | null | undefined;
  hasMore: boolean;
  isBusy: boolean;
  more: () => void;
}) {
  const { t } = useText();
  return (
    <div className="row noprint" style={{ justifyContent: "center", padding: "0.600rem" }}>
      <span className="dim small">
        {props.total != null && props.total > props.loaded
          ? t("common.shown", { shown: props.loaded, total: props.total })
          : t("count.rows", { n: props.loaded })}
      </span>
      {props.hasMore && (
        <Button variant="default" size="xs" onClick={props.more} loading={props.isBusy}>
          {t("common.more")}
        </Button>
      )}
    </div>
  );
}

/** The machines of a record; an act of Explore may be narrowed to one of them by choosing it there. */
export function ActTable({ query, none }: { query: Query; none: string }) {
  const { t, word, language } = useText();
  const names = useNames();
  const acts = usePages<Act>("/acts", query);
  const [chosen, choose] = useState<Act>();
  const rows = acts.data?.pages.flatMap((page) => page.items) ?? [];
  if (acts.error) return <Failure error={acts.error} again={() => void acts.refetch()} />;
  if (!acts.data) return <Loading />;
  if (rows.length === 0)
    return (
      <div className="box">
        <Empty title={none} />
      </div>
    );
  return (
    <section className="box flush">
      <div className="scroll" tabIndex={0} role="region" aria-label={t("machine.tab.acts")}>
        <table className="plain">
          <thead>
            <tr>
              <th>{t("common.time")}</th>
              <th>{t("common.from")}</th>
              <th>{t("common.to")}</th>
              <th>{t("common.protocol")}</th>
              <th>{t("act.verb")}</th>
              <th>{t("act.what")}</th>
              <th>{t("act.outcome")}</th>
              <th className="number">{t("findings.count")}</th>
              <th className="number">{t("act.latency")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((act, index) => (
              <tr key={`${act.at} ${act.flow} ${index}`}>
                <td>
                  <button type="button" className="whybutton" onClick={() => choose(act)} title={t("act.open")}>
                    <Time at={act.at} />
                  </button>
                </td>
                <td className="nowrap">
                  <End asset={act.from_asset} of={act.from} names={names} />
                </td>
                <td className="nowrap">
                  <End asset={act.to_asset} of={act.to} names={names} />
                </td>
                <td>
                  <Protocol of={act.protocol} />
                </td>
                <td>
                  <Verb of={act.verb} />
                </td>
                <td className="wrap" style={{ minWidth: 220 }}>
                  {actLine(language, { ...act, outcome: "done" }, word)}
                </td>
                <td className="nowrap">
                  {act.outcome === "refused" ? (
                    <span className="badge slim medium" title={act.status?.name}>
                      {word("outcome", act.outcome)}
                    </span>
                  ) : (
                    word("outcome", act.outcome)
                  )}
                </td>
                <td className="number">{format.number(language, act.count)}</td>
                <td className="number">
                  {act.latency_us === undefined ? "–" : format.latency(language, act.latency_us)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <More
        loaded={rows.length}
        total={acts.data.pages[0]?.total}
        hasMore={acts.hasNextPage}
        isBusy={acts.isFetchingNextPage}
        more={() => void acts.fetchNextPage()}
      />
      <ActDetail act={chosen} onClose={() => choose(undefined)} />
    </section>
  );
}

/** Everything that one act says. */
export function ActDetail({ act, onClose }: { act: Act | undefined; onClose: () => void }) {
  const { t, word, language } = useText();
  const names = useNames();
  const may = useMay();
  const shift = (at: string, ms: number) => new Date(Date.parse(at) + ms).toISOString();
  return (
    <Modal
      opened={act !== undefined}
      onClose={onClose}
      title={act ? `${act.protocol} · ${format.clean(act.name, 80)}` : ""}
      size="lg"
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {act && (
        <div className="stack">
          <dl className="pairs">
            <dt>{t("common.time")}</dt>
            <dd className="mono">{act.at}</dd>
            <dt>{t("common.from")}</dt>
            <dd>
              <End asset={act.from_asset} of={act.from} names={names} />{" "}
              <span className="dim mono">
                {format.endpoint(act.from)} {act.from.ip ? act.from.mac : ""}
              </span>
            </dd>
            <dt>{t("common.to")}</dt>
            <dd>
              <End asset={act.to_asset} of={act.to} names={names} />{" "}
              <span className="dim mono">
                {format.endpoint(act.to)} {act.to.ip ? act.to.mac : ""}
              </span>
            </dd>
            {act.behind && (
              <>
                <dt>{t("finding.behind")}</dt>
                <dd>{act.behind}</dd>
              </>
            )}
            <dt>{t("act.verb")}</dt>
            <dd>
              <Verb of={act.verb} />
            </dd>
            <dt>{t("act.code")}</dt>
            <dd>
              {act.name} <span className="dim mono">0x{act.code.toString(16)}</span>
            </dd>
            {act.object && (
              <>
                <dt>{t("act.object")}</dt>
                <dd>{format.clean(act.object)}</dd>
              </>
            )}
            <dt>{t("act.outcome")}</dt>
            <dd>
              {word("outcome", act.outcome)}
              {act.status && ` – ${act.status.name} (0x${act.status.code.toString(16)})`}
            </dd>
            {act.latency_us !== undefined && (
              <>
                <dt>{t("act.latency")}</dt>
                <dd>{format.latency(language, act.latency_us)}</dd>
              </>
            )}
            {act.count > 1 && (
              <>
                <dt>{t("findings.count")}</dt>
                <dd>
                  {format.number(language, act.count)} · <Time at={act.first} /> – <Time at={act.last} />
                </dd>
              </>
            )}
            {Object.entries(act.extra ?? {}).map(([name, value]) => (
              <FieldPair key={name} name={name} value={value} />
            ))}
          </dl>
          {(act.values?.length ?? 0) > 0 && (
            <div className="scroll tall" style={{ ["--tall" as string]: "40vh" }}>
              <table className="plain">
                <thead>
                  <tr>
                    <th>{t("act.object")}</th>
                    <th className="number">{t("machine.value")}</th>
                    <th>{t("act.quality")}</th>
                  </tr>
                </thead>
                <tbody>
                  {act.values?.map((reading, index) => (
                    <tr key={`${reading.object} ${index}`}>
                      <td>{format.clean(reading.object ?? act.object ?? "", 120)}</td>
                      <td className="number wrap">{format.value(language, reading.value)}</td>
                      <td>{reading.quality ?? ""}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          <div className="row">
            <Link to="/explore/conversations" search={{ flow: act.flow }}>
              {t("act.conversation")}
            </Link>
            {may("analyst") && (
              <a
                href={address("/evidence", {
                  flow: act.flow,
                  from: shift(act.first, -2_000),
                  to: shift(act.last, 2_000),
                })}
                download
              >
                {t("machine.evidence")}
              </a>
            )}
          </div>
        </div>
      )}
    </Modal>
  );
}

function FieldPair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{format.clean(value)}</dd>
    </>
  );
}

const troubles = (side: Side) => (side.retransmissions ?? 0) + (side.resets ?? 0) + (side.gaps ?? 0);

export function ConversationTable({ query, none }: { query: Query; none: string }) {
  const { t, word, language } = useText();
  const names = useNames();
  const may = useMay();
  const conversations = usePages<Conversation>("/conversations", query);
  const rows = conversations.data?.pages.flatMap((page) => page.items) ?? [];
  if (conversations.error) return <Failure error={conversations.error} again={() => void conversations.refetch()} />;
  if (!conversations.data) return <Loading />;
  if (rows.length === 0)
    return (
      <div className="box">
        <Empty title={none} />
      </div>
    );
  return (
    <section className="box flush">
      <div className="scroll" tabIndex={0} role="region" aria-label={t("machine.conversations")}>
        <table className="plain">
          <thead>
            <tr>
              <th>{t("findings.first")}</th>
              <th>{t("common.from")}</th>
              <th>{t("common.to")}</th>
              <th className="number">{t("machine.port")}</th>
              <th>{t("common.protocol")}</th>
              <th>{t("findings.state")}</th>
              <th className="number">{t("conversation.length")}</th>
              <th className="number">{t("conversation.sent")}</th>
              <th className="number">{t("conversation.received")}</th>
              <th className="number">{t("machine.packets")}</th>
              <th className="number">{t("conversation.troubles")}</th>
              {may("analyst") && <th>{t("conversation.packets")}</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={`${row.flow} ${row.at} ${index}`}>
                <td>
                  <Time at={row.first} />
                </td>
                <td className="nowrap">
                  <End asset={row.from_asset} of={row.from} names={names} />
                </td>
                <td className="nowrap">
                  <End asset={row.to_asset} of={row.to} names={names} />
                </td>
                <td className="number">
                  {row.to.port ?? "–"} <span className="dim">{row.transport}</span>
                </td>
                <td>
                  <Protocol of={row.protocol} guess={row.guess} />
                </td>
                <td className="nowrap">{word("state", row.state)}</td>
                <td className="number">{format.span(language, Date.parse(row.last) - Date.parse(row.first))}</td>
                <td className="number">{format.bytes(language, row.sent.bytes)}</td>
                <td className="number">{format.bytes(language, row.received.bytes)}</td>
                <td className="number">{format.number(language, row.sent.packets + row.received.packets)}</td>
                <td className="number">
                  {troubles(row.sent) + troubles(row.received) || <span className="dim">0</span>}
                </td>
                {may("analyst") && (
                  <td>
                    <a href={address("/evidence", { flow: row.flow, from: row.first, to: row.last })} download>
                      pcapng
                    </a>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <More
        loaded={rows.length}
        total={conversations.data.pages[0]?.total}
        hasMore={conversations.hasNextPage}
        isBusy={conversations.isFetchingNextPage}
        more={() => void conversations.fetchNextPage()}
      />
    </section>
  );
}
