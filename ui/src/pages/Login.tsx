/** Signing in with name, password and, where the account has one, a code. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError, api } from "../api/client";
import { queryClient } from "../api/queries";
import type { Session } from "../api/types";
import { Failure } from "../components/basics";
import { Languages } from "../components/Languages";
import { type MessageKey, useText } from "../i18n";

/** Why somebody who is known elsewhere was not let in, by the word in the address. */
const refusals: Record<string, MessageKey> = {
  "no-role": "login.refused.no-role",
  "name-taken": "login.refused.name-taken",
  "name-unfit": "login.refused.name-unfit",
  "shut-out": "login.refused.shut-out",
  "provider-refused": "login.refused.provider-refused",
};

export function Login() {
  const { t } = useText();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { next?: string; refused?: string };
  const ways = useQuery({
    queryKey: ["login"],
    queryFn: () => api.get<{ oidc: { title: string } | null; ldap: boolean }>("/login"),
    retry: 1,
  });
  const setup = useQuery({ queryKey: ["setup"], queryFn: () => api.get<{ needed: boolean }>("/setup"), retry: 1 });
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const [needsCode, setNeedsCode] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const code = String(form.get("code") ?? "").trim();
    setBusy(true);
    setError(undefined);
    try {
      const session = await api.post<Session>("/session", {
        name: form.get("name"),
        password: form.get("password"),
        ...(code ? { code } : {}),
      });
      queryClient.clear();
      queryClient.setQueryData(["session"], session);
      void navigate({ to: search.next ?? "/now", replace: true });
    } catch (failure) {
      if (failure instanceof ApiError && /^code-/.test(failure.kind)) setNeedsCode(true);
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const isRefused = error instanceof ApiError && error.status === 401;
  return (
    <div className="narrow stack">
      <form className="box stack" onSubmit={(event) => void submit(event)}>
        <div>
          <h1>Vigie</h1>
          <p className="dim">{t("login.about")}</p>
        </div>
        {search.refused && !error && (
          <p role="alert" className="caution">
            {t(refusals[search.refused] ?? "login.refused.provider")}
          </p>
        )}
        {setup.data?.needed && <p className="caution">{t("login.setup")}</p>}
        <TextInput
          name="name"
          label={t("login.name")}
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus
        />
        <PasswordInput
          name="password"
          label={t("login.password")}
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
        />
        {needsCode && (
          <TextInput
            name="code"
            label={t("login.code")}
            description={t("login.code.about")}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={12}
            autoFocus
          />
        )}
        {isRefused ? (
          <p role="alert" className="caution">
            {t(
              error.kind === "code-needed"
                ? "login.code.needed"
                : error.kind === "code-wrong"
                  ? "login.code.wrong"
                  : "login.refused",
            )}
          </p>
        ) : error ? (
          <Failure error={error} />
        ) : null}
        <Button type="submit" loading={isBusy} fullWidth>
          {t("login.submit")}
        </Button>
        {ways.data?.oidc && (
          <Button component="a" href="/api/v1/login/oidc" variant="default" fullWidth>
            {ways.data.oidc.title || t("login.oidc")}
          </Button>
        )}
      </form>
      <Languages />
    </div>
  );
}
