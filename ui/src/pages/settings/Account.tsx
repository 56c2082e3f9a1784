/** One's own account: language, colours, password, second factor. */
import { Button, PasswordInput, TextInput, useMantineColorScheme } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { renderSVG } from "uqr";
import { api } from "../../api/client";
import { queryClient, useSession } from "../../api/queries";
import { Box, Failure, Toggle } from "../../components/basics";
import { useText } from "../../i18n";
import { PASSWORD_CHARACTERS_MIN } from "../Setup";
import { SettingsTabs } from "./SettingsTabs";

export function Account() {
  const { t, language, setLanguage, word } = useText();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const session = useSession().data;
  if (!session) return null;
  return (
    <>
      <SettingsTabs active="account" />
      <div className="columns even">
        <div className="stack">
          <Box title={session.name}>
            <dl className="pairs">
              <dt>{t("users.role")}</dt>
              <dd>
                {word("userrole", session.role)}{" "}
                <span className="dim small">– {t(`userrole.about.${session.role}`)}</span>
              </dd>
              <dt>{t("shell.language")}</dt>
              <dd>
                <Toggle
                  label={t("shell.language")}
                  value={language}
                  choices={[
                    ["en", "English"],
                    ["fr", "Français"],
                  ]}
                  onChange={setLanguage}
                />
              </dd>
              <dt>{t("shell.theme")}</dt>
              <dd>
                <Toggle
                  label={t("shell.theme")}
                  value={colorScheme}
                  choices={[
                    ["light", t("shell.theme.light")],
                    ["dark", t("shell.theme.dark")],
                    ["auto", t("shell.theme.auto")],
                  ]}
                  onChange={setColorScheme}
                />
              </dd>
            </dl>
            <p className="dim small">{t("account.device")}</p>
          </Box>
          <SecondFactor name={session.name} isOn={session.has_totp ?? false} />
        </div>
        <Password name={session.name} />
      </div>
    </>
  );
}

function Password({ name }: { name: string }) {
  const { t } = useText();
  const [password, setPassword] = useState("");
  const [repeated, setRepeated] = useState("");
  const [current, setCurrent] = useState("");
  const change = useMutation({
    mutationFn: () => api.post(`/users/${encodeURIComponent(name)}/password`, { current, password }),
    onSuccess: () => {
      setPassword("");
      setRepeated("");
      setCurrent("");
    },
  });
  const isShort = password.length < PASSWORD_CHARACTERS_MIN;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const eye = { "aria-label": t("login.show") };
  return (
    <Box title={t("account.password")}>
      <form className="stack" onSubmit={submit}>
        <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
        <PasswordInput
          label={t("account.current")}
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          autoComplete="current-password"
          visibilityToggleButtonProps={eye}
        />
        <PasswordInput
          label={t("account.new")}
          description={t("setup.password.about")}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={password && isShort ? t("setup.short", { n: password.length }) : undefined}
          autoComplete="new-password"
          visibilityToggleButtonProps={eye}
        />
        <PasswordInput
          label={t("setup.repeat")}
          value={repeated}
          onChange={(event) => setRepeated(event.currentTarget.value)}
          error={repeated && repeated !== password ? t("setup.differ") : undefined}
          autoComplete="new-password"
          visibilityToggleButtonProps={eye}
        />
        {change.error ? <Failure error={change.error} /> : null}
        {change.isSuccess && !password && <p role="status">{t("account.changed")}</p>}
        <div>
          <Button type="submit" loading={change.isPending} disabled={!current || isShort || password !== repeated}>
            {t("account.change")}
          </Button>
        </div>
      </form>
    </Box>
  );
}

interface Offer {
  secret: string;
  url: string;
}

function SecondFactor({ name, isOn }: { name: string; isOn: boolean }) {
  const { t } = useText();
  const [offer, setOffer] = useState<Offer>();
  const path = `/users/${encodeURIComponent(name)}/totp`;
  const again = () => {
    setOffer(undefined);
    void queryClient.invalidateQueries({ queryKey: ["session"] });
  };
  const begin = useMutation({ mutationFn: () => api.post<Offer>(path), onSuccess: setOffer });
  const confirm = useMutation({ mutationFn: (code: string) => api.post(path, { code }), onSuccess: again });
  const remove = useMutation({ mutationFn: () => api.delete(path), onSuccess: again });
  return (
    <Box title={t("totp.title")} about={t("totp.about")}>
      {isOn ? (
        <div className="row between">
          <span>{t("totp.on")}</span>
          <Button variant="default" onClick={() => remove.mutate()} loading={remove.isPending}>
            {t("totp.remove")}
          </Button>
        </div>
      ) : offer ? (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            confirm.mutate(String(new FormData(event.currentTarget).get("code") ?? "").trim());
          }}
        >
          <p>{t("totp.scan")}</p>
          {/* Drawn here from the address that the server gave; nothing of it leaves the page. */}
          <img
            className="qr"
            alt={t("totp.qr")}
            width={180}
            height={180}
            src={`data:image/svg+xml;utf8,${encodeURIComponent(renderSVG(offer.url, { border: 2 }))}`}
          />
          <p className="small">
            {t("totp.key")} <code className="wrap">{offer.secret}</code>
          </p>
          <TextInput
            name="code"
            label={t("login.code")}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={6}
            required
            withAsterisk={false}
            w={180}
          />
          <div className="row">
            <Button type="submit" loading={confirm.isPending}>
              {t("totp.confirm")}
            </Button>
            <Button variant="default" onClick={() => setOffer(undefined)}>
              {t("common.cancel")}
            </Button>
          </div>
        </form>
      ) : (
        <Button variant="default" onClick={() => begin.mutate()} loading={begin.isPending}>
          {t("totp.begin")}
        </Button>
      )}
      {[begin, confirm, remove].map((step, index) => (step.error ? <Failure key={index} error={step.error} /> : null))}
    </Box>
  );
}
