/** SQL over the past: read-only, with saved queries and downloads. */
import { Button, Menu, Modal, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { address, api } from "../../api/client";
import { queryClient, useList } from "../../api/queries";
import type { SavedQuery, SqlAnswer, SqlTable, Value } from "../../api/types";
import { useFilters } from "../../app/filters";
import { Box, Empty, Failure, Ready } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";
import { ExploreTabs } from "./ExploreTabs";

const LIMIT = 1_000;
const KEPT = "vigie-sql";

const FIRST =
  "SELECT protocol, verb, count(*) AS records, sum(count) AS acts\nFROM acts\nGROUP BY protocol, verb\nORDER BY acts DESC\nLIMIT 50";

/** The schema, however the server lists it: tables with columns, or one row a column. */
function tablesOf(answer: unknown): SqlTable[] {
  const list = Array.isArray(answer)
    ? answer
    : ((answer as { tables?: unknown[]; items?: unknown[] } | undefined)?.tables ??
      (answer as { items?: unknown[] } | undefined)?.items ??
      []);
  return (list as SqlTable[]).filter((table) => table?.name && Array.isArray(table.columns));
}

export function Sql() {
  const { t, language } = useText();
  const [filters, change] = useFilters();
  const [text, setText] = useState(filters.query ?? localStorage.getItem(KEPT) ?? FIRST);
  const field = useRef<HTMLTextAreaElement>(null);
  const schema = useQuery({
    queryKey: ["/sql/schema"],
    queryFn: () => api.get<unknown>("/sql/schema"),
    staleTime: 300_000,
  });
  const run = useMutation({ mutationFn: (query: string) => api.post<SqlAnswer>("/sql", { query, limit: LIMIT }) });
  useEffect(() => localStorage.setItem(KEPT, text), [text]);
  const start = () => {
    const query = text.trim().replace(/;$/, "");
    if (!query) return;
    change({ query });
    run.mutate(query);
  };
  const insert = (word: string) => {
    const element = field.current;
    const at = element?.selectionStart ?? text.length;
    const end = element?.selectionEnd ?? at;
    setText(`${text.slice(0, at)}${word}${text.slice(end)}`);
    requestAnimationFrame(() => {
      element?.focus();
      element?.setSelectionRange(at + word.length, at + word.length);
    });
  };
  const answer = run.data;
  return (
    <>
      <ExploreTabs active="sql" />
      <div className="sqlpage">
        <div className="stack">
          <Box>
            <label htmlFor="sql" className="visually-hidden">
              {t("sql.query")}
            </label>
            <textarea
              id="sql"
              ref={field}
              className="sql"
              spellCheck={false}
              autoComplete="off"
              value={text}
              rows={Math.min(18, Math.max(6, text.split("\n").length + 1))}
              onChange={(event) => setText(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                  event.preventDefault();
                  start();
                }
              }}
            />
            <div className="row" style={{ marginTop: "0.600rem" }}>
              <Button onClick={start} loading={run.isPending}>
                {t("sql.run")}
              </Button>
              <span className="dim small only-wide">
                <kbd>Ctrl</kbd> + <kbd>Enter</kbd>
              </span>
              <Saved text={text} onLoad={setText} />
              <span className="grow" />
              <Menu position="bottom-end">
                <Menu.Target>
                  <Button variant="default" disabled={!text.trim()}>
                    {t("sql.download")}
                  </Button>
                </Menu.Target>
                <Menu.Dropdown>
                  {(["csv", "parquet", "json"] as const).map((kind) => (
                    <Menu.Item
                      key={kind}
                      component="a"
                      href={address("/sql/download", { query: text.trim().replace(/;$/, ""), format: kind })}
                      download
                    >
                      {kind === "parquet" ? "Parquet" : kind.toUpperCase()}
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
            </div>
            {run.isPending && <p className="dim small">{t("sql.running")}</p>}
          </Box>
          {run.error ? <Failure error={run.error} /> : null}
          {answer && (
            <section className="box flush">
              <p className="dim small" style={{ padding: "0.500rem 1rem 0" }}>
                {t("count.rows", { n: answer.rows.length })} · {format.number(language, answer.seconds, 3)} s
                {answer.truncated && ` · ${t("sql.truncated", { n: answer.rows.length })}`}
              </p>
              {answer.rows.length === 0 ? (
                <Empty title={t("sql.none")}>{t("sql.none.about")}</Empty>
              ) : (
                <div className="scroll tall" tabIndex={0} role="region" aria-label={t("sql.answer")}>
                  <table className="plain">
                    <thead>
                      <tr>
                        {answer.columns.map((column, index) => (
                          <th
                            key={`${column.name} ${index}`}
                            title={column.type}
                            className={isNumeric(column.type) ? "number" : ""}
                          >
                            {column.name}
                          </th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>
                      {answer.rows.map((row, index) => (
                        <tr key={index}>
                          {row.map((cell, column) => (
                            <td
                              key={column}
                              className={isNumeric(answer.columns[column]?.type ?? "") ? "number" : "wrap"}
                            >
                              <Cell value={cell} type={answer.columns[column]?.type ?? ""} />
                            </td>
                          ))}
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
            </section>
          )}
        </div>
        <Box title={t("sql.tables")} about={t("sql.tables.about")}>
          <Ready query={schema}>
            {(data) => (
              <div className="schema">
                {tablesOf(data).map((table) => (
                  <details key={table.name}>
                    <summary>
                      <span className="mono strong">{table.name}</span>{" "}
                      <span className="dim small">{table.columns.length}</span>
                    </summary>
                    <ul className="bare">
                      {table.columns.map((column) => (
                        <li key={column.name}>
                          <button type="button" className="whybutton mono" onClick={() => insert(column.name)}>
                            {column.name}
                          </button>{" "}
                          <span className="dim small">{column.type}</span>
                        </li>
                      ))}
                    </ul>
                  </details>
                ))}
              </div>
            )}
          </Ready>
        </Box>
      </div>
    </>
  );
}

const isNumeric = (type: string) => /^(u?int|float|decimal|bigint|double|real)/i.test(type);

function Cell({ value, type }: { value: Value | object | undefined; type: string }) {
  const { language } = useText();
  if (value === null || value === undefined) return <span className="dim">–</span>;
  if (typeof value === "object") return <span className="mono small">{format.clean(JSON.stringify(value), 300)}</span>;
  if (typeof value === "number") return <>{format.value(language, value)}</>;
  if (/timestamp|date/i.test(type))
    return (
      <span className="nowrap tabular" title={String(value)}>
        {String(value).replace("T", " ").slice(0, 23)}
      </span>
    );
  return <>{format.clean(String(value), 300)}</>;
}

function Saved({ text, onLoad }: { text: string; onLoad: (query: string) => void }) {
  const { t } = useText();
  const queries = useList<SavedQuery>("/queries");
  const [isNaming, name] = useState(false);
  const again = () => void queryClient.invalidateQueries({ queryKey: ["/queries"] });
  const save = useMutation({
    mutationFn: (title: string) => api.post("/queries", { name: title, query: text }),
    onSuccess: () => {
      again();
      name(false);
    },
  });
  const remove = useMutation({
    mutationFn: (id: string) => api.delete(`/queries/${encodeURIComponent(id)}`),
    onSuccess: again,
  });
  return (
    <>
      <Menu position="bottom-start" width={320}>
        <Menu.Target>
          <Button variant="default">{t("sql.saved")}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {queries.data?.length === 0 && <Menu.Label>{t("sql.saved.none")}</Menu.Label>}
          {queries.data?.map((query) => (
            <Menu.Item key={query.id} onClick={() => onLoad(query.query)}>
              {format.clean(query.name, 80)} <span className="dim small">{query.by}</span>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => name(true)} disabled={!text.trim()}>
            {t("sql.save")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={isNaming}
        onClose={() => name(false)}
        title={t("sql.save")}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            const title = String(new FormData(event.currentTarget).get("name") ?? "").trim();
            if (title) save.mutate(title);
          }}
        >
          <TextInput name="name" label={t("sql.name")} data-autofocus maxLength={100} required withAsterisk={false} />
          {save.error ? <Failure error={save.error} /> : null}
          <Button type="submit" loading={save.isPending}>
            {t("common.save")}
          </Button>
          {(queries.data?.length ?? 0) > 0 && (
            <div>
              <h3>{t("sql.saved")}</h3>
              <ul className="bare lines">
                {queries.data?.map((query) => (
                  <li key={query.id} className="row between">
                    <span className="wrap">{format.clean(query.name, 80)}</span>
                    <Button size="compact-xs" variant="subtle" onClick={() => remove.mutate(query.id)}>
                      {t("common.delete")}
                    </Button>
                  </li>
                ))}
              </ul>
              {remove.error ? <Failure error={remove.error} /> : null}
            </div>
          )}
        </form>
      </Modal>
    </>
  );
}
