/** What cannot be seen: the limits of the view, and the health records behind them. */
import { Button } from "@mantine/core";
import { useList, usePages } from "../../api/queries";
import type { Blindness, HealthRecord } from "../../api/types";
import { Box, Count, Empty, Failure, PageHead, Protocol, Ready, Severity, Time } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";

export function Sight() {
  const { t, say, word } = useText();
  const sight = useList<Blindness>("/sight");
  const records = usePages<HealthRecord>("/health-records", {});
  const rows = records.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHead title={t("sight.title")} about={t("sight.about")} />
      <div className="stack">
        <Ready query={sight}>
          {(items) =>
            items.length === 0 ? (
              <div className="box">
                <Empty title={t("now.sight.none")} />
              </div>
            ) : (
              <div
                style={{
                  display: "grid",
                  gap: "0.700rem",
                  gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 380px), 1fr))",
                }}
              >
                {items.map((blindness) => (
                  <Box
                    key={blindness.kind + blindness.what.en}
                    title={word("blindness", blindness.kind)}
                    aside={<Severity of={blindness.severity} />}
                  >
                    <p className="wrap">{say(blindness.what)}</p>
                    <p className="small wrap">
                      <span className="dim">{t("sight.remedy")} – </span>
                      {say(blindness.remedy)}
                    </p>
                    {blindness.examples.length > 0 && (
                      <p className="small dim wrap">
                        {t("sight.examples")} –{" "}
                        {blindness.examples
                          .slice(0, 6)
                          .map((example) => format.clean(example, 60))
                          .join(", ")}
                      </p>
                    )}
                  </Box>
                ))}
              </div>
            )
          }
        </Ready>
        <Box title={t("sight.records")} flush>
          {records.error ? (
            <Failure error={records.error} again={() => void records.refetch()} />
          ) : records.data && rows.length === 0 ? (
            <Empty title={t("sight.records.none")} />
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label={t("sight.records")}>
              <table className="plain">
                <thead>
                  <tr>
                    <th>{t("common.time")}</th>
                    <th>{t("sight.kind")}</th>
                    <th>{t("common.protocol")}</th>
                    <th className="number">{t("sight.count")}</th>
                    <th>{t("sight.detail")}</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((record, index) => (
                    <tr key={`${record.at} ${index}`}>
                      <td>
                        <Time at={record.at} />
                      </td>
                      <td className="nowrap">{word("health", record.kind)}</td>
                      <td>{record.protocol ? <Protocol of={record.protocol} /> : ""}</td>
                      <td className="number">
                        <Count of={record.count} />
                      </td>
                      <td className="wrap">{format.clean(record.detail)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Box>
        {records.hasNextPage && (
          <div style={{ textAlign: "center" }}>
            <Button variant="default" onClick={() => void records.fetchNextPage()} loading={records.isFetchingNextPage}>
              {t("common.more")}
            </Button>
          </div>
        )}
      </div>
    </>
  );
}
