/** One small client for `/api/v1`: JSON in and out, the CSRF header on what changes things, errors as RFC 9457. */
import type { Page, Problem } from "./types";

const BASE = "/api/v1";

let csrf = "";
let onUnauthorised: () => void = () => {};

/** Keeps the token that every changing request of this session must carry. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** What to do when the server no longer knows this session. */
export function setOnUnauthorised(action: () => void): void {
  onUnauthorised = action;
}

/** An error answered by the server, or `status` 0 where no answer came. */
export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  /** The stable word of the problem: `code-needed`. */
  readonly kind: string;

  constructor(problem: Problem) {
    super(problem.detail ? `${problem.title}: ${problem.detail}` : problem.title);
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.kind = problem.type?.replace(/^urn:vigie:/, "") ?? "";
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** `path` below the API with its query; empty values are left out. */
export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return `${BASE}${path}${text ? `?${text}` : ""}`;
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { title: response.statusText || `HTTP ${response.status}`, status: response.status };
  try {
    const body = (await response.json()) as Partial<Problem>;
    return { ...fallback, ...body, status: response.status };
  } catch {
    return fallback;
  }
}

async function send<T>(method: string, path: string, query?: Query, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrf) headers["x-vigie-csrf"] = csrf;
  let response: Response;
  try {
    response = await fetch(address(path, query), {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError({ title: "unreachable", status: 0 });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && path !== "/session") onUnauthorised();
    throw new ApiError(problem);
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => send<T>("GET", path, query, undefined, signal),
  post: <T>(path: string, body?: unknown) => send<T>("POST", path, undefined, body ?? {}),
  patch: <T>(path: string, body: unknown) => send<T>("PATCH", path, undefined, body),
  delete: <T>(path: string) => send<T>("DELETE", path),
};

/** A list that may come as a page or, from short routes, as a bare array. */
export function itemsOf<T>(answer: Page<T> | T[] | undefined): T[] {
  if (!answer) return [];
  return Array.isArray(answer) ? answer : (answer.items ?? []);
}
