/** Reading the API through TanStack Query: keys, freshness, and pages that follow each other. */
import { QueryClient, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ApiError, api, itemsOf, type Query } from "./client";
import type { Asset, AssetRow, Finding, Health, Page, PlantMap, Session, Summary } from "./types";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      refetchOnWindowFocus: true,
    },
  },
});

export const useSession = () =>
  useQuery({ queryKey: ["session"], queryFn: () => api.get<Session>("/session"), retry: false, staleTime: 300_000 });

export const useHealth = () =>
  useQuery({ queryKey: ["health"], queryFn: () => api.get<Health>("/health"), refetchInterval: 5_000 });

export const useSummary = () =>
  useQuery({ queryKey: ["summary"], queryFn: () => api.get<Summary>("/summary"), refetchInterval: 10_000 });

export const useAsset = (id: string) =>
  useQuery({ queryKey: ["asset", id], queryFn: () => api.get<Asset>(`/assets/${encodeURIComponent(id)}`) });

export const useMap = () =>
  useQuery({ queryKey: ["map"], queryFn: () => api.get<PlantMap>("/map"), staleTime: 30_000 });

/** All pages of a list, one after the other, up to `most` rows. */
export async function everything<T>(path: string, query: Query, most: number, signal?: AbortSignal): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> | T[] = await api.get<Page<T> | T[]>(path, { limit: 1000, ...query, cursor }, signal);
    all.push(...itemsOf(page));
    cursor = Array.isArray(page) ? null : page.next;
  } while (cursor && all.length < most);
  return all;
}

/** How many machines the browser holds at once. */
export const ASSETS_MAX = 20_000;

export const useAssets = () =>
  useQuery({
    queryKey: ["assets"],
    queryFn: ({ signal }) => everything<AssetRow>("/assets", {}, ASSETS_MAX, signal),
    staleTime: 30_000,
  });

export const useFindings = (query: Query) =>
  useQuery({
    queryKey: ["findings", query],
    queryFn: ({ signal }) => everything<Finding>("/findings", query, 2_000, signal),
  });

export const useFinding = (id: string) =>
  useQuery({ queryKey: ["finding", id], queryFn: () => api.get<Finding>(`/findings/${encodeURIComponent(id)}`) });

/** A short list that is read whole. */
export const useList = <T>(path: string, query: Query = {}) =>
  useQuery({
    queryKey: [path, query],
    queryFn: async ({ signal }) => itemsOf(await api.get<Page<T> | T[]>(path, query, signal)),
  });

/** A long list that is read page by page, the newest first. */
export const usePages = <T>(path: string, query: Query, enabled = true) =>
  useInfiniteQuery({
    queryKey: ["pages", path, query],
    enabled,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const answer = await api.get<Page<T> | T[]>(path, { limit: 100, ...query, cursor: pageParam }, signal);
      return Array.isArray(answer) ? { items: answer, next: null, total: answer.length } : answer;
    },
    getNextPageParam: (last) => last.next,
  });
