/** The list of machines: search, a filter a column, sorting, export. */
import { Button, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ColumnDef } from "@tanstack/react-table";
import { useCallback, useDeferredValue, useMemo, useRef } from "react";
import { useAssets } from "../../api/queries";
import type { AssetRow, Importance } from "../../api/types";
import { useFilters } from "../../app/filters";
import { matches } from "../../app/MachineSearch";
import { Count, Empty, MachineLink, Ready, Time } from "../../components/basics";
import { DataTable } from "../../components/DataTable";
import { csv, save } from "../../csv";
import * as format from "../../format";
import { useText } from "../../i18n";
import { PlantTabs } from "./PlantTabs";

const IMPORTANCES: Importance[] = ["critical", "high", "medium", "low"];

/** Text in any case; a word of a closed set must be equal. */
const contains = (row: { getValue: (id: string) => unknown }, id: string, wanted: string) =>
  String(row.getValue(id) ?? "")
    .toLowerCase()
    .includes(wanted.toLowerCase());
const equals = (row: { getValue: (id: string) => unknown }, id: string, wanted: string) =>
  String(row.getValue(id) ?? "") === wanted;

export function Machines() {
  const assets = useAssets();
  return (
    <>
      <PlantTabs active="list" count={assets.data?.length} />
      <Ready query={assets}>{(rows) => <List rows={rows} />}</Ready>
    </>
  );
}

function List({ rows }: { rows: AssetRow[] }) {
  const { t, word, language } = useText();
  const [filters, change] = useFilters();
  const search = useDeferredValue(filters.search ?? "");
  const found = useMemo(
    () => (search ? rows.filter((row) => matches(row, search, word("role", row.role))) : rows),
    [rows, search, word],
  );
  const columns = useMemo<ColumnDef<AssetRow, unknown>[]>(() => {
    const present = (values: string[], set: string): [string, string][] =>
      [...new Set(values)]
        .map((value) => [value, word(set, value)] as [string, string])
        .sort((a, b) => a[1].localeCompare(b[1], language));
    const levels = present(
      rows.map((row) => row.level),
      "level",
    );
    const hasZones = rows.some((row) => row.zone);
    const list: ColumnDef<AssetRow, unknown>[] = [
      {
        id: "name",
        header: t("asset.name"),
        size: 165,
        accessorFn: (row) => row.name,
        filterFn: contains,
        cell: ({ row }) => <MachineLink id={row.original.id} name={row.original.name} />,
      },
      {
        id: "ip",
        header: t("asset.ip"),
        size: 120,
        accessorFn: (row) => row.ips.join(" "),
        filterFn: contains,
        sortingFn: (a, b) => ipNumber(a.original.ips[0]) - ipNumber(b.original.ips[0]),
        cell: ({ row }) => (
          <span className="tabular" title={row.original.ips.join(", ")}>
            {row.original.ips[0] ?? "–"}
            {row.original.ips.length > 1 && <span className="dim"> +{row.original.ips.length - 1}</span>}
          </span>
        ),
      },
      {
        id: "role",
        header: t("asset.role"),
        size: 145,
        accessorFn: (row) => row.role,
        filterFn: equals,
        meta: {
          choices: present(
            rows.map((row) => row.role),
            "role",
          ),
        },
        sortingFn: (a, b) => word("role", a.original.role).localeCompare(word("role", b.original.role), language),
        cell: ({ row }) => word("role", row.original.role),
      },
      {
        id: "level",
        header: t("asset.level"),
        size: 118,
        accessorFn: (row) => row.level,
        filterFn: equals,
        meta: { choices: levels },
        cell: ({ row }) => word("level", row.original.level),
      },
      {
        id: "importance",
        header: t("asset.importance"),
        size: 98,
        accessorFn: (row) => row.importance,
        filterFn: equals,
        meta: {
          choices: present(
            rows.map((row) => row.importance),
            "importance",
          ),
        },
        sortingFn: (a, b) => IMPORTANCES.indexOf(a.original.importance) - IMPORTANCES.indexOf(b.original.importance),
        cell: ({ row }) => (
          <span className={row.original.importance === "critical" ? "strong" : ""}>
            {word("importance", row.original.importance)}
          </span>
        ),
      },
    ];
    if (hasZones)
      list.push({
        id: "zone",
        header: t("asset.zone"),
        size: 115,
        accessorFn: (row) => row.zone ?? "",
        filterFn: equals,
        meta: { choices: present(rows.map((row) => row.zone ?? "").filter(Boolean), "zone") },
      });
    list.push(
      {
        id: "vendor",
        header: t("asset.vendor"),
        size: 135,
        accessorFn: (row) => row.vendor ?? undefined,
        filterFn: contains,
        cell: ({ row }) => (
          <span title={row.original.vendor ?? ""}>{format.clean(row.original.vendor ?? "–", 60)}</span>
        ),
      },
      {
        id: "model",
        header: t("asset.model"),
        size: 135,
        accessorFn: (row) => row.model ?? row.order_number ?? undefined,
        filterFn: contains,
        cell: ({ row }) => (
          <span title={row.original.order_number ?? ""}>
            {format.clean(row.original.model ?? row.original.order_number ?? "–", 60)}
          </span>
        ),
      },
      {
        id: "firmware",
        header: t("asset.firmware"),
        size: 84,
        accessorFn: (row) => row.firmware ?? undefined,
        filterFn: contains,
        cell: ({ row }) => format.clean(row.original.firmware ?? "–", 40),
      },
      {
        id: "known",
        header: t("asset.known"),
        size: 66,
        accessorFn: (row) => row.known,
        meta: { choices: false, isNumber: true },
        cell: ({ row }) => <span title={t("asset.known.about")}>{row.original.known}/14</span>,
      },
      {
        id: "findings",
        header: t("asset.findings"),
        size: 76,
        accessorFn: (row) => row.findings,
        meta: { choices: false, isNumber: true },
        cell: ({ row }) =>
          row.original.findings ? (
            <Link to="/findings" search={{ asset: row.original.id }}>
              <Count of={row.original.findings} />
            </Link>
          ) : (
            <span className="dim">0</span>
          ),
      },
      {
        id: "last",
        header: t("asset.last"),
        size: 152,
        accessorFn: (row) => row.last,
        meta: { choices: false },
        cell: ({ row }) => <Time at={row.original.last} />,
      },
    );
    return list;
  }, [rows, t, word, language]);
  const shown = useRef<AssetRow[]>(found);
  const onShown = useCallback((left: AssetRow[]) => {
    shown.current = left;
  }, []);
  const download = () => {
    const names = [
      "id",
      "name",
      "ips",
      "macs",
      "role",
      "level",
      "importance",
      "zone",
      "vendor",
      "model",
      "order_number",
      "firmware",
      "known",
      "findings",
      "first",
      "last",
      "is_external",
      "is_remote",
    ] as const;
    const rows = shown.current.map((row) =>
      names.map((name) => (Array.isArray(row[name]) ? (row[name] as string[]).join(" ") : row[name])),
    );
    save("machines.csv", csv([...names], rows));
  };
  const isFiltered = Object.keys(filters).some((name) => name !== "sort");
  return (
    <>
      <div className="filters">
        <TextInput
          value={filters.search ?? ""}
          onChange={(event) => change({ search: event.currentTarget.value || undefined })}
          aria-label={t("plant.search")}
          placeholder={t("plant.search.hint")}
          style={{ width: "min(340px, 100%)" }}
        />
        {isFiltered && (
          <Button
            variant="subtle"
            onClick={() => change(Object.fromEntries(Object.keys(filters).map((name) => [name, undefined])))}
          >
            {t("common.clear")}
          </Button>
        )}
        <span className="grow" />
        <Button variant="default" onClick={download}>
          {t("common.csv")}
        </Button>
      </div>
      {found.length === 0 ? (
        <div className="box">
          {rows.length === 0 ? (
            <Empty title={t("now.empty")}>{t("now.empty.about")}</Empty>
          ) : (
            <Empty title={t("plant.none")}>{t("plant.none.about")}</Empty>
          )}
        </div>
      ) : (
        <DataTable
          label={t("plant.list")}
          rows={found}
          columns={columns}
          rowKey={(row) => row.id}
          filters={filters}
          onFilter={(column, value) => change({ [column]: value })}
          sort={filters.sort}
          onSort={(sort) => change({ sort })}
          onShown={onShown}
          height="calc(100vh - 195px)"
        />
      )}
    </>
  );
}

/** Addresses in the order of their numbers; those that are not IPv4 last. */
export function ipNumber(ip: string | undefined): number {
  const parts = ip?.split(".").map(Number);
  if (parts?.length !== 4) return Number.MAX_SAFE_INTEGER;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
