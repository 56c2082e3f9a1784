/** The first administrator, made once by the link that the program printed. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api } from "../api/client";
import { queryClient } from "../api/queries";
import type { Session } from "../api/types";
import { Failure } from "../components/basics";
import { Languages } from "../components/Languages";
import { useText } from "../i18n";

export const PASSWORD_CHARACTERS_MIN = 12;

export function Setup() {
  const { t } = useText();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { token?: string };
  const state = useQuery({ queryKey: ["setup"], queryFn: () => api.get<{ needed: boolean }>("/setup"), retry: 1 });
  const [password, setPassword] = useState("");
  const [repeated, setRepeated] = useState("");
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const isShort = password.length < PASSWORD_CHARACTERS_MIN;
  const differs = repeated !== "" && repeated !== password;
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = String(form.get("name") ?? "").trim();
    const token = search.token ?? String(form.get("token") ?? "").trim();
    if (isShort || password !== repeated) return;
    setBusy(true);
    setError(undefined);
    try {
      const made = await api.post<Session | undefined>("/setup", { token, name, password });
      const session = made?.csrf ? made : await api.post<Session>("/session", { name, password });
      queryClient.clear();
      queryClient.setQueryData(["session"], session);
      void navigate({ to: "/now", search: {}, replace: true });
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="narrow stack">
      {state.data && !state.data.needed ? (
        <div className="box stack">
          <h1>{t("setup.done")}</h1>
          <Link to="/login">{t("setup.tologin")}</Link>
        </div>
      ) : (
        <form className="box stack" onSubmit={(event) => void submit(event)}>
          <div>
            <h1>{t("setup.title")}</h1>
            <p className="dim">{t("setup.about")}</p>
          </div>
          {!search.token && (
            <TextInput name="token" label={t("setup.token")} required withAsterisk={false} autoComplete="off" />
          )}
          <TextInput
            name="name"
            label={t("login.name")}
            autoComplete="username"
            required
            withAsterisk={false}
            autoFocus
            maxLength={64}
          />
          <PasswordInput
            label={t("login.password")}
            description={t("setup.password.about")}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={password && isShort ? t("setup.short", { n: password.length }) : undefined}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
          />
          <PasswordInput
            label={t("setup.repeat")}
            value={repeated}
            onChange={(event) => setRepeated(event.currentTarget.value)}
            error={differs ? t("setup.differ") : undefined}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
          />
          {error ? <Failure error={error} /> : null}
          <Button type="submit" loading={isBusy} disabled={isShort || password !== repeated} fullWidth>
            {t("setup.submit")}
          </Button>
        </form>
      )}
      <Languages />
    </div>
  );
}
