/** The ledger: its signed checkpoint, its last entries, and who did what. */
import { Button } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { address, api, itemsOf } from "../../api/client";
import { useHealth, usePages } from "../../api/queries";
import type { AuditEntry, LedgerEntry, Page } from "../../api/types";
import { Box, Count, Empty, Failure, Loading, Time } from "../../components/basics";
import { More } from "../../components/records";
import { save } from "../../csv";
import * as format from "../../format";
import { useText } from "../../i18n";
import { SettingsTabs } from "./SettingsTabs";

/** The checkpoint is a text of its own form (signed note), not JSON. */
async function readCheckpoint(): Promise<string> {
  const response = await fetch(address("/ledger/checkpoint"), { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.text();
}

export function Ledger() {
  const { t } = useText();
  const health = useHealth();
  const checkpoint = useQuery({ queryKey: ["checkpoint"], queryFn: readCheckpoint, retry: false });
  return (
    <>
      <SettingsTabs active="ledger" />
      <div className="columns">
        <Audit />
        <div className="stack">
          <Box title={t("ledger.title")} about={t("ledger.about")}>
            <p>
              {t("ledger.size")} <Count of={health.data?.ledger?.size} />
            </p>
            <h3>{t("ledger.checkpoint")}</h3>
            {checkpoint.data ? (
              <>
                <pre className="mono wrap checkpoint">{checkpoint.data}</pre>
                <Button
                  variant="default"
                  size="xs"
                  onClick={() => save("checkpoint.txt", checkpoint.data, "text/plain")}
                >
                  {t("sql.download")}
                </Button>
              </>
            ) : checkpoint.error ? (
              <p className="dim">{t("ledger.nocheckpoint")}</p>
            ) : (
              <Loading />
            )}
            <p className="dim small">{t("ledger.verify")}</p>
          </Box>
          <Entries />
        </div>
      </div>
    </>
  );
}

function Audit() {
  const { t, word } = useText();
  const audit = usePages<AuditEntry>("/audit", {});
  const rows = audit.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Box title={t("audit.title")} about={t("audit.about")} flush>
      {audit.error ? (
        <Failure error={audit.error} again={() => void audit.refetch()} />
      ) : !audit.data ? (
        <Loading />
      ) : rows.length === 0 ? (
        <Empty title={t("audit.none")} />
      ) : (
        <>
          <div className="scroll" tabIndex={0} role="region" aria-label={t("audit.title")}>
            <table className="plain">
              <thead>
                <tr>
                  <th>{t("common.time")}</th>
                  <th>{t("machine.edits.by")}</th>
                  <th>{t("audit.what")}</th>
                  <th>{t("sight.detail")}</th>
                  <th className="number">{t("ledger.entry")}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={`${row.index} ${row.at}`}>
                    <td>
                      <Time at={row.at} />
                    </td>
                    <td>{row.by}</td>
                    <td className="nowrap">{word("deedkind", row.kind)}</td>
                    <td className="wrap small">{details(row.body)}</td>
                    <td className="number dim">{row.index}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <More
            loaded={rows.length}
            total={audit.data.pages[0]?.total}
            hasMore={audit.hasNextPage}
            isBusy={audit.isFetchingNextPage}
            more={() => void audit.fetchNextPage()}
          />
        </>
      )}
    </Box>
  );
}

/** The fields of a decision in a line, without the one that says its kind. */
function details(body: Record<string, unknown> | null | undefined): string {
  return Object.entries(body ?? {})
    .filter(([name, value]) => name !== "kind" && value !== null && value !== undefined && value !== "")
    .map(
      ([name, value]) =>
        `${name}: ${typeof value === "object" ? JSON.stringify(value) : format.clean(String(value), 120)}`,
    )
    .join(" · ");
}

const ENTRIES = 50;

function Entries() {
  const { t, word } = useText();
  // They are listed the oldest first: the last ones are asked for by their number.
  const size = useHealth().data?.ledger?.size;
  const entries = useQuery({
    queryKey: ["entries", size],
    enabled: size !== undefined,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      itemsOf(
        await api.get<Page<LedgerEntry>>(
          "/ledger/entries",
          { from: Math.max(0, (size ?? 0) - ENTRIES), limit: ENTRIES },
          signal,
        ),
      ),
  });
  const rows = [...(entries.data ?? [])].sort((a, b) => b.index - a.index);
  return (
    <Box title={t("ledger.entries")} flush>
      {entries.error ? (
        <p className="dim" style={{ padding: "0 1rem 0.700rem" }}>
          {t("ledger.noentries")}
        </p>
      ) : (
        <div
          className="scroll tall"
          style={{ ["--tall" as string]: "420px" }}
          tabIndex={0}
          role="region"
          aria-label={t("ledger.entries")}
        >
          <table className="plain">
            <thead>
              <tr>
                <th className="number">{t("ledger.entry")}</th>
                <th>{t("sight.kind")}</th>
                <th>{t("sight.detail")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => {
                const body = (typeof row.entry === "object" && row.entry !== null ? row.entry : row) as Record<
                  string,
                  unknown
                >;
                return (
                  <tr key={row.index}>
                    <td className="number">{row.index}</td>
                    <td className="nowrap">{word("deedkind", String(row.kind ?? body.kind ?? ""))}</td>
                    <td className="wrap small mono">
                      {details(Object.fromEntries(Object.entries(body).filter(([name]) => name !== "index")))}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Box>
  );
}
