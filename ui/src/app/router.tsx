/** Every page and its address. Heavy pages (map, charts, SQL) are loaded when they are first opened. */
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { Failure, Loading } from "../components/basics";
import { Shell } from "./Shell";

/** The query of every page: plain texts, so that an address can be read and typed. */
export type Filters = Record<string, string | undefined>;

const validateSearch = (search: Record<string, unknown>): Filters =>
  Object.fromEntries(
    Object.entries(search)
      .filter(([, value]) => value !== undefined && value !== null && value !== "")
      .map(([name, value]) => [name, String(value)]),
  );

const root = createRootRoute({ component: Shell, validateSearch });
const page = <P extends string>(path: P, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({
    getParentRoute: () => root,
    path,
    // biome-ignore lint/suspicious/noExplicitAny: pages take no properties; the router's type cannot say so by name.
    component: lazyRouteComponent(load as () => Promise<any>, name),
  });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/now" });
  },
});

const tree = root.addChildren([
  home,
  page("/now", () => import("../pages/now/Now"), "Now"),
  page("/findings", () => import("../pages/now/Findings"), "Findings"),
  page("/findings/$id", () => import("../pages/now/FindingPage"), "FindingPage"),
  page("/sight", () => import("../pages/now/Sight"), "Sight"),
  page("/plant", () => import("../pages/plant/Machines"), "Machines"),
  page("/map", () => import("../pages/plant/MapPage"), "MapPage"),
  page("/plant/$id", () => import("../pages/plant/Machine"), "Machine"),
  page("/explore", () => import("../pages/explore/Acts"), "Acts"),
  page("/explore/conversations", () => import("../pages/explore/Conversations"), "Conversations"),
  page("/explore/variables", () => import("../pages/explore/Variables"), "Variables"),
  page("/explore/sql", () => import("../pages/explore/Sql"), "Sql"),
  page("/settings", () => import("../pages/settings/Account"), "Account"),
  page("/settings/users", () => import("../pages/settings/Users"), "Users"),
  page("/settings/tokens", () => import("../pages/settings/Tokens"), "Tokens"),
  page("/settings/notifications", () => import("../pages/settings/Notifications"), "Notifications"),
  page("/settings/system", () => import("../pages/settings/System"), "System"),
  page("/settings/ledger", () => import("../pages/settings/Ledger"), "Ledger"),
  page("/settings/about", () => import("../pages/settings/About"), "About"),
  page("/login", () => import("../pages/Login"), "Login"),
  page("/setup", () => import("../pages/Setup"), "Setup"),
]);

const parse = (text: string): Record<string, string> => Object.fromEntries(new URLSearchParams(text));
const write = (search: Record<string, unknown>): string => {
  const kept = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : "";
};

export const router = createRouter({
  routeTree: tree,
  history: createHashHistory(),
  parseSearch: parse,
  stringifySearch: write,
  defaultPreload: "intent",
  defaultPendingComponent: Loading,
  defaultPendingMs: 150,
  defaultErrorComponent: ({ error }) => <Failure error={error} />,
  defaultNotFoundComponent: () => <Failure error={new Error("404")} />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
