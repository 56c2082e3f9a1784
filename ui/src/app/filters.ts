/** The query of the page as filters that a person set, and how to change them. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import type { Filters } from "./router";

export function useFilters(): [Filters, (change: Filters) => void] {
  const filters = useSearch({ strict: false }) as Filters;
  const navigate = useNavigate();
  const change = useCallback(
    (change: Filters) => {
      void navigate({
        to: ".",
        search: (old: Filters) => {
          const next = { ...old, ...change };
          return Object.fromEntries(Object.entries(next).filter(([, value]) => value));
        },
        replace: true,
      } as never);
    },
    [navigate],
  );
  return [filters, change];
}
