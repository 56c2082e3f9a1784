/** Variables with their last value; choosing some draws their past. */
import { Button, Checkbox, TextInput } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";
import { api } from "../api/client";
import { usePages } from "../api/queries";
import type { Series, Variable } from "../api/types";
import { useNames } from "../app/names";
import * as format from "../format";
import { useText } from "../i18n";
import { Box, Empty, Failure, Loading, MachineLink, Protocol, Time } from "./basics";
import { LineChart } from "./LineChart";
import { More } from "./records";

/** How many variables are drawn at once. */
const CHARTS_MAX = 6;
const POINTS = 600;

const keyOf = (variable: Variable) =>
  `${variable.asset}\u0000${variable.protocol}\u0000${variable.behind ?? ""}\u0000${variable.object}`;

export function VariableList({ asset, chosen: preset }: { asset?: string | undefined; chosen?: string | undefined }) {
  const { t, word, language } = useText();
  const names = useNames();
  const [search, setSearch] = useState(preset ?? "");
  const wanted = useDeferredValue(search);
  const variables = usePages<Variable>("/variables", { asset, search: wanted || undefined, limit: 200 });
  const rows = variables.data?.pages.flatMap((page) => page.items) ?? [];
  const [chosen, choose] = useState<Map<string, Variable>>(new Map());
  const shown = useMemo(() => {
    if (chosen.size > 0) return [...chosen.values()];
    return rows.filter((row) => typeof row.value === "number" && (row.samples ?? 2) > 1).slice(0, 2);
  }, [chosen, rows]);
  const toggle = (variable: Variable) =>
    choose((old) => {
      const next = new Map(old);
      if (!next.delete(keyOf(variable))) next.set(keyOf(variable), variable);
      while (next.size > CHARTS_MAX) next.delete(next.keys().next().value ?? "");
      return next;
    });
  const [zoom, setZoom] = useState<[number, number] | undefined>();
  return (
    <div className="stack">
      {shown.length > 0 && <Charts variables={shown} zoom={zoom} setZoom={setZoom} names={names} hasMachine={!asset} />}
      <div className="filters" style={{ marginBottom: 0 }}>
        <TextInput
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          aria-label={t("variables.search")}
          placeholder={t("variables.search.hint")}
          style={{ width: "min(340px, 100%)" }}
        />
        <span className="dim small">{t("variables.choose", { n: CHARTS_MAX })}</span>
      </div>
      {variables.error ? (
        <Failure error={variables.error} again={() => void variables.refetch()} />
      ) : !variables.data ? (
        <Loading />
      ) : rows.length === 0 ? (
        <div className="box">
          <Empty title={wanted ? t("variables.none") : t("machine.variables.none")}>
            {wanted ? "" : t("machine.variables.none.about")}
          </Empty>
        </div>
      ) : (
        <section className="box flush">
          <div className="scroll" tabIndex={0} role="region" aria-label={t("machine.tab.variables")}>
            <table className="plain">
              <thead>
                <tr>
                  <th>{t("variables.draw")}</th>
                  {!asset && <th>{t("common.machine")}</th>}
                  <th>{t("variables.object")}</th>
                  <th>{t("finding.behind")}</th>
                  <th>{t("common.protocol")}</th>
                  <th className="number">{t("variables.value")}</th>
                  <th>{t("act.quality")}</th>
                  <th>{t("variables.origin")}</th>
                  <th>{t("variables.at")}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={keyOf(row)}>
                    <td>
                      <Checkbox
                        size="xs"
                        checked={chosen.has(keyOf(row))}
                        onChange={() => toggle(row)}
                        aria-label={t("variables.draw.one", { name: row.object })}
                      />
                    </td>
                    {!asset && (
                      <td className="nowrap">
                        <MachineLink id={row.asset} name={row.asset_name ?? names.get(row.asset)} />
                      </td>
                    )}
                    <td className="wrap strong">{format.clean(row.object, 120)}</td>
                    <td className="dim">{row.behind ?? ""}</td>
                    <td>
                      <Protocol of={row.protocol} />
                    </td>
                    <td className="number wrap">{format.value(language, row.value)}</td>
                    <td>{row.quality ?? ""}</td>
                    <td className="nowrap">{row.origin ? word("origin", row.origin) : ""}</td>
                    <td>
                      <Time at={row.last} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <More
            loaded={rows.length}
            total={variables.data.pages[0]?.total}
            hasMore={variables.hasNextPage}
            isBusy={variables.isFetchingNextPage}
            more={() => void variables.fetchNextPage()}
          />
        </section>
      )}
    </div>
  );
}

function Charts(props: {
  variables: Variable[];
  zoom: [number, number] | undefined;
  setZoom: (zoom: [number, number] | undefined) => void;
  names: Map<string, string>;
  hasMachine: boolean;
}) {
  const { t } = useText();
  const { variables, zoom } = props;
  const answers = useQueries({
    queries: variables.map((variable) => ({
      queryKey: ["series", keyOf(variable), zoom],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        api.get<Series>(
          "/variables/series",
          {
            asset: variable.asset,
            object: variable.object,
            behind: variable.behind,
            protocol: variable.protocol,
            points: POINTS,
            from: zoom ? new Date(zoom[0]).toISOString() : undefined,
            to: zoom ? new Date(zoom[1]).toISOString() : undefined,
          },
          signal,
        ),
      refetchInterval: zoom ? (false as const) : 10_000,
      placeholderData: (old: Series | undefined) => old,
    })),
  });
  const onZoom = (from: number | undefined, to: number | undefined) =>
    props.setZoom(from !== undefined && to !== undefined ? [from, to] : undefined);
  return (
    <Box
      title={t("variables.charts")}
      about={t("variables.zoom")}
      aside={
        zoom && (
          <Button size="xs" variant="default" onClick={() => props.setZoom(undefined)}>
            {t("variables.all")}
          </Button>
        )
      }
    >
      <div className={variables.length > 1 ? "columns even" : ""}>
        {variables.map((variable, index) => {
          const answer = answers[index];
          const name = `${props.hasMachine ? `${variable.asset_name ?? props.names.get(variable.asset) ?? variable.asset} · ` : ""}${variable.object}`;
          return (
            <div key={keyOf(variable)}>
              <h3 className="wrap" style={{ marginTop: 0 }}>
                {format.clean(name, 120)}
              </h3>
              {answer?.error ? (
                <Failure error={answer.error} />
              ) : answer?.data ? (
                answer.data.points.length === 0 ? (
                  <p className="dim">{t("variables.nopoints")}</p>
                ) : (
                  <Chart name={name} series={answer.data} onZoom={onZoom} />
                )
              ) : (
                <Loading />
              )}
            </div>
          );
        })}
      </div>
    </Box>
  );
}

function Chart({
  name,
  series,
  onZoom,
}: {
  name: string;
  series: Series;
  onZoom: (from: number | undefined, to: number | undefined) => void;
}) {
  const { t } = useText();
  const drawn = useMemo(
    () => ({ times: series.points.map(([at]) => at), values: [series.points.map(([, value]) => value)] }),
    [series],
  );
  return (
    <LineChart
      label={name}
      height={170}
      times={drawn.times}
      series={drawn.values}
      names={[t("variables.value")]}
      isStepped
      onZoom={onZoom}
    />
  );
}
