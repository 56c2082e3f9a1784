/** The frame around every page: places, search, the state of the live stream, the account; and who may not enter yet. */
import { ActionIcon, Menu, Modal, useMantineColorScheme } from "@mantine/core";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { Suspense, useEffect, useMemo, useRef, useState } from "react";
import { ApiError, api, setCsrf, setOnUnauthorised } from "../api/client";
import { queryClient, useSession } from "../api/queries";
import { connect, disconnect, useLive } from "../api/stream";
import { Failure, Loading } from "../components/basics";
import { useText } from "../i18n";
import { useShortcuts } from "./keys";
import { MachineSearch } from "./MachineSearch";

const PLACES = [
  { key: "now", to: "/now", paths: ["/now", "/findings", "/sight"] },
  { key: "plant", to: "/plant", paths: ["/plant", "/map"] },
  { key: "explore", to: "/explore", paths: ["/explore"] },
  { key: "settings", to: "/settings", paths: ["/settings"] },
] as const;

/** Pages that need no session. */
const OPEN = ["/login", "/setup"];

export function Shell() {
  const { pathname } = useLocation();
  const isOpen = OPEN.includes(pathname);
  return isOpen ? (
    <main id="content" tabIndex={-1}>
      <Suspense fallback={<Loading />}>
        <Outlet />
      </Suspense>
    </main>
  ) : (
    <Inside pathname={pathname} />
  );
}

function Inside({ pathname }: { pathname: string }) {
  const session = useSession();
  const navigate = useNavigate();
  const { t } = useText();
  const refused = session.error instanceof ApiError && session.error.status === 401;
  const csrf = session.data?.csrf;

  useEffect(() => {
    if (refused) void navigate({ to: "/login", search: pathname === "/now" ? {} : { next: pathname }, replace: true });
  }, [refused, navigate, pathname]);

  useEffect(() => {
    if (csrf === undefined) return;
    setCsrf(csrf);
    setOnUnauthorised(() => void queryClient.resetQueries({ queryKey: ["session"] }));
    connect();
    return disconnect;
  }, [csrf]);

  const mainRef = useRef<HTMLElement>(null);
  if (session.error && !refused) {
    return (
      <main id="content" className="narrow">
        <Failure error={session.error} again={() => void session.refetch()} />
      </main>
    );
  }
  if (!session.data) return <Loading />;
  const place = PLACES.find((candidate) => candidate.paths.some((path) => pathname.startsWith(path)))?.key ?? "now";
  const links = PLACES.map(({ key, to }) => (
    <Link key={key} to={to} className={place === key ? "here" : ""} aria-current={place === key ? "page" : undefined}>
      {t(`nav.${key}`)}
    </Link>
  ));
  return (
    <>
      <button type="button" className="skip" onClick={() => mainRef.current?.focus()}>
        {t("nav.skip")}
      </button>
      <header className="bar">
        <div>
          <Link to="/now" className="brand" aria-label="Vigie">
            <Eye />
            <span className="only-wide">Vigie</span>
          </Link>
          <nav className="places top" aria-label={t("nav.main")}>
            {links}
          </nav>
          <span className="grow" />
          <LiveState />
          <MachineSearch />
          <AccountMenu name={session.data.name} role={session.data.role} />
        </div>
        <LostBanner />
      </header>
      <main id="content" ref={mainRef} tabIndex={-1} className={pathname === "/map" ? "full" : ""}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <nav className="bottomnav" aria-label={t("nav.main")}>
        {links}
      </nav>
      <Keys />
    </>
  );
}

function Eye() {
  return (
    <svg
      width="22"
      height="22"
      viewBox="0 0 32 32"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.6"
    >
      <path d="M3 16c4-6.500 8-9.500 13-9.500s9 3 13 9.500c-4 6.500-8 9.500-13 9.500S7 22.500 3 16z" />
      <circle cx="16" cy="16" r="4.500" fill="currentColor" stroke="none" />
    </svg>
  );
}

function LiveState() {
  const { t } = useText();
  const state = useLive((live) => live.state);
  return (
    <span className={`livestate ${state}`} role="status" title={t(`live.${state}`)}>
      <span className="dot" />
      <span className="text">{t(`live.${state}`)}</span>
    </span>
  );
}

/** Said only after some seconds, so that a short interruption disturbs nobody. */
function LostBanner() {
  const { t } = useText();
  const state = useLive((live) => live.state);
  const [isShown, show] = useState(false);
  useEffect(() => {
    if (state !== "lost") {
      show(false);
      return;
    }
    const timer = setTimeout(() => show(true), 3_000);
    return () => clearTimeout(timer);
  }, [state]);
  return isShown ? (
    <div className="banner" role="alert">
      {t("live.lost")}. {t("live.lost.about")}
    </div>
  ) : null;
}

function AccountMenu({ name, role }: { name: string; role: string }) {
  const { t, language, setLanguage, word } = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const navigate = useNavigate();
  const signOut = async () => {
    await api.delete("/session").catch(() => undefined);
    disconnect();
    queryClient.clear();
    void navigate({ to: "/login" });
  };
  return (
    <Menu position="bottom-end" shadow="md" width={230}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" title={name} style={{ fontWeight: 600 }}>
          {name.slice(0, 2).toUpperCase()}
          <span className="visually-hidden"> {t("shell.user")}</span>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name} · {word("userrole", role)}
        </Menu.Label>
        <Menu.Item component={Link} to="/settings">
          {t("shell.account")}
        </Menu.Item>
        <Menu.Item onClick={() => window.dispatchEvent(new Event("vigie-keys"))} rightSection={<kbd>?</kbd>}>
          {t("shell.shortcuts")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("shell.language")}</Menu.Label>
        {(["en", "fr"] as const).map((code) => (
          <Menu.Item
            key={code}
            lang={code}
            onClick={() => setLanguage(code)}
            rightSection={language === code ? "✓" : undefined}
          >
            {code === "en" ? "English" : "Français"}
          </Menu.Item>
        ))}
        <Menu.Label>{t("shell.theme")}</Menu.Label>
        {(["light", "dark", "auto"] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            onClick={() => setColorScheme(scheme)}
            rightSection={colorScheme === scheme ? "✓" : undefined}
          >
            {t(`shell.theme.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut()}>{t("shell.signout")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Keys() {
  const { t } = useText();
  const [isOpen, open] = useState(false);
  const navigate = useNavigate();
  const { toggleColorScheme } = useMantineColorScheme();
  useEffect(() => {
    const show = () => open(true);
    window.addEventListener("vigie-keys", show);
    return () => window.removeEventListener("vigie-keys", show);
  }, []);
  const shortcuts = useMemo(() => {
    const go = (to: string) => () => void navigate({ to });
    return {
      "?": () => open((was) => !was),
      "g n": go("/now"),
      "g f": go("/findings"),
      "g p": go("/plant"),
      "g m": go("/map"),
      "g e": go("/explore"),
      "g q": go("/explore/sql"),
      "g s": go("/settings"),
      d: () => toggleColorScheme(),
      "/": () => window.dispatchEvent(new Event("vigie-search")),
    };
  }, [navigate, toggleColorScheme]);
  useShortcuts(shortcuts);
  const rows = [
    ["/", t("keys.search")],
    ["g n", t("keys.now")],
    ["g f", t("keys.findings")],
    ["g p", t("keys.plant")],
    ["g m", t("keys.map")],
    ["g e", t("keys.explore")],
    ["g q", t("keys.sql")],
    ["g s", t("keys.settings")],
    ["p", t("keys.pause")],
    ["Ctrl Enter", t("keys.run")],
    ["d", t("keys.theme")],
    ["?", t("keys.help")],
  ];
  return (
    <Modal
      opened={isOpen}
      onClose={() => open(false)}
      title={t("keys.title")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <table className="plain">
        <tbody>
          {rows.map(([keys, what]) => (
            <tr key={keys}>
              <td className="nowrap">
                {keys?.split(" ").map((key, index) => (
                  <span key={key}>
                    {index > 0 && ` ${keys.startsWith("Ctrl") ? "+" : t("keys.then")} `}
                    <kbd>{key}</kbd>
                  </span>
                ))}
              </td>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
