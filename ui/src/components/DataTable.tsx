/** A table for many rows: sorting, a filter a column, only the visible rows in the page. */
import {
  type Column,
  type ColumnDef,
  type ColumnFiltersState,
  flexRender,
  getCoreRowModel,
  getFilteredRowModel,
  getSortedRowModel,
  type RowData,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { useText } from "../i18n";

declare module "@tanstack/react-table" {
  interface ColumnMeta<TData extends RowData, TValue> {
    /** Words to choose from, with how they are shown; a text field where absent; no filter where `false`. */
    choices?: [string, string][] | false;
    isNumber?: boolean;
    /** How the value is written to a file. */
    csv?: (row: TData) => TValue | string;
  }
}

const ROW_PIXELS = 31;

export interface DataTableProps<T> {
  label: string;
  rows: T[];
  columns: ColumnDef<T, unknown>[];
  rowKey: (row: T) => string;
  /** Filters by column, as the address has them. */
  filters: Record<string, string | undefined>;
  onFilter: (column: string, value: string | undefined) => void;
  sort?: string | undefined;
  onSort?: (sort: string | undefined) => void;
  /** Told which rows are left, in their order. */
  onShown?: (rows: T[]) => void;
  height?: string;
}

export function DataTable<T>(props: DataTableProps<T>) {
  const { t } = useText();
  const { rows, columns, filters, sort } = props;
  const columnFilters = useMemo<ColumnFiltersState>(
    () =>
      columns.flatMap((column) =>
        column.id && filters[column.id] ? [{ id: column.id, value: filters[column.id] }] : [],
      ),
    [columns, filters],
  );
  const sorting = useMemo<SortingState>(
    () => (sort ? [{ id: sort.replace(/^-/, ""), desc: sort.startsWith("-") }] : []),
    [sort],
  );
  const table = useReactTable({
    data: rows,
    columns,
    state: { columnFilters, sorting },
    getRowId: props.rowKey,
    getCoreRowModel: getCoreRowModel(),
    getFilteredRowModel: getFilteredRowModel(),
    getSortedRowModel: getSortedRowModel(),
    defaultColumn: { size: 120, sortUndefined: "last" },
  });
  const shown = table.getRowModel().rows;
  const onShown = props.onShown;
  useEffect(() => onShown?.(shown.map((row) => row.original)), [shown, onShown]);
  const place = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PIXELS,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items[items.length - 1]?.end ?? 0);
  const onSort = (id: string) => props.onSort?.(sort === id ? `-${id}` : sort === `-${id}` ? undefined : id);
  return (
    <div
      ref={place}
      className="grid-table"
      role="table"
      aria-label={props.label}
      aria-rowcount={shown.length + 1}
      style={{ maxHeight: props.height ?? "70vh" }}
      tabIndex={0}
    >
      <div role="rowgroup" className="head">
        {table.getHeaderGroups().map((group) => (
          <div role="row" key={group.id} aria-rowindex={1}>
            {group.headers.map((header) => {
              const id = header.column.id;
              const direction = sort === id ? "ascending" : sort === `-${id}` ? "descending" : "none";
              const name = String(header.column.columnDef.header ?? "");
              return (
                <div
                  role="columnheader"
                  key={header.id}
                  aria-sort={direction}
                  style={{ width: header.getSize(), flexGrow: header.getSize() > 130 ? 1 : 0 }}
                >
                  <button type="button" className="sort" title={t("common.sort", { name })} onClick={() => onSort(id)}>
                    {name}
                    {direction === "ascending" ? " ▲" : direction === "descending" ? " ▼" : ""}
                  </button>
                  <ColumnFilter
                    column={header.column}
                    name={name}
                    value={filters[id]}
                    onChange={(value) => props.onFilter(id, value)}
                  />
                </div>
              );
            })}
          </div>
        ))}
      </div>
      <div role="rowgroup" className="body">
        <div role="presentation" style={{ height: before }} />
        {items.map((item) => {
          const row = shown[item.index];
          return row ? (
            <div role="row" key={row.id} aria-rowindex={item.index + 2} style={{ height: ROW_PIXELS }}>
              {row.getVisibleCells().map((cell) => (
                <div
                  role="cell"
                  key={cell.id}
                  className={cell.column.columnDef.meta?.isNumber ? "number" : ""}
                  style={{ width: cell.column.getSize(), flexGrow: cell.column.getSize() > 130 ? 1 : 0 }}
                >
                  {flexRender(cell.column.columnDef.cell, cell.getContext())}
                </div>
              ))}
            </div>
          ) : null;
        })}
        <div role="presentation" style={{ height: after }} />
      </div>
    </div>
  );
}

function ColumnFilter<T>(props: {
  column: Column<T, unknown>;
  name: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const { t } = useText();
  const { column, name, value } = props;
  const [text, setText] = useState(value ?? "");
  useEffect(() => setText(value ?? ""), [value]);
  const choices = column.columnDef.meta?.choices;
  const label = t("common.filterby", { name });
  if (choices === false) return <div style={{ height: 26 }} />;
  if (choices) {
    return (
      <select
        className="colfilter"
        aria-label={label}
        value={value ?? ""}
        onChange={(event) => props.onChange(event.currentTarget.value || undefined)}
      >
        <option value="">{t("common.any")}</option>
        {choices.map(([word, shown]) => (
          <option key={word} value={word}>
            {shown}
          </option>
        ))}
      </select>
    );
  }
  return (
    <input
      className="colfilter"
      aria-label={label}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        props.onChange(event.currentTarget.value || undefined);
      }}
    />
  );
}
