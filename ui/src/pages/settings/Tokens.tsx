/** Tokens by which programs use the API; the secret is shown once. */
import { Button, Checkbox, CopyButton, Modal, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { queryClient, useList } from "../../api/queries";
import type { Token } from "../../api/types";
import { Box, Empty, Failure, Ready, Time } from "../../components/basics";
import { Confirm } from "../../components/Confirm";
import { useText } from "../../i18n";
import { SettingsTabs } from "./SettingsTabs";

const SCOPES = ["read", "query", "write", "metrics", "admin"] as const;
const DAYS = ["30", "90", "365", ""] as const;

export function Tokens() {
  const { t, word } = useText();
  const tokens = useList<Token>("/tokens");
  const [isAdding, add] = useState(false);
  const [secret, setSecret] = useState<string>();
  const [removed, setRemoved] = useState<Token>();
  const again = () => void queryClient.invalidateQueries({ queryKey: ["/tokens"] });
  const remove = useMutation({
    mutationFn: (id: string) => api.delete(`/tokens/${encodeURIComponent(id)}`),
    onSuccess: () => {
      setRemoved(undefined);
      again();
    },
  });
  return (
    <>
      <SettingsTabs active="tokens" />
      <div className="filters">
        <Button onClick={() => add(true)}>{t("tokens.add")}</Button>
      </div>
      <Ready query={tokens}>
        {(list) => (
          <Box flush>
            {list.length === 0 ? (
              <Empty title={t("tokens.none")}>{t("tokens.none.about")}</Empty>
            ) : (
              <div className="scroll" tabIndex={0} role="region" aria-label={t("settings.tokens")}>
                <table className="plain">
                  <thead>
                    <tr>
                      <th>{t("login.name")}</th>
                      <th>{t("tokens.owner")}</th>
                      <th>{t("tokens.scopes")}</th>
                      <th>{t("users.since")}</th>
                      <th>{t("tokens.expires")}</th>
                      <th>{t("users.actions")}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {list.map((token) => (
                      <tr key={token.id}>
                        <th scope="row" className="wrap">
                          {token.name} <span className="dim small mono">{token.id}</span>
                        </th>
                        <td>{token.by}</td>
                        <td>{token.scopes.map((scope) => word("scope", scope)).join(", ")}</td>
                        <td>
                          <Time at={token.created} />
                        </td>
                        <td>{token.expires ? <Time at={token.expires} /> : t("common.never")}</td>
                        <td>
                          {token.revoked ? (
                            <span className="dim">{t("tokens.revoked")}</span>
                          ) : (
                            <Button size="compact-xs" variant="default" onClick={() => setRemoved(token)}>
                              {t("tokens.revoke")}
                            </Button>
                          )}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </Box>
        )}
      </Ready>
      <NewToken
        isOpen={isAdding}
        onClose={() => add(false)}
        onMade={(made) => {
          setSecret(made);
          again();
        }}
      />
      <Modal
        opened={secret !== undefined}
        onClose={() => setSecret(undefined)}
        title={t("tokens.secret")}
        closeOnClickOutside={false}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <div className="stack">
          <p className="caution">{t("tokens.secret.about")}</p>
          <code className="box wrap">{secret}</code>
          <div className="row">
            <CopyButton value={secret ?? ""}>
              {({ copied, copy }) => <Button onClick={copy}>{copied ? t("common.copied") : t("common.copy")}</Button>}
            </CopyButton>
          </div>
        </div>
      </Modal>
      <Confirm
        title={removed && t("tokens.remove", { name: removed.name })}
        about={t("tokens.remove.about")}
        yes={t("tokens.revoke")}
        isBusy={remove.isPending}
        error={remove.error}
        onYes={() => removed && remove.mutate(removed.id)}
        onNo={() => {
          remove.reset();
          setRemoved(undefined);
        }}
      />
    </>
  );
}

function NewToken({
  isOpen,
  onClose,
  onMade,
}: {
  isOpen: boolean;
  onClose: () => void;
  onMade: (secret: string) => void;
}) {
  const { t, word } = useText();
  const [scopes, setScopes] = useState<string[]>(["read"]);
  const [days, setDays] = useState<string>("90");
  const add = useMutation({
    mutationFn: (name: string) =>
      api.post<{ secret: string }>("/tokens", {
        name,
        scopes,
        expires: days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null,
      }),
    onSuccess: ({ secret }) => {
      onClose();
      onMade(secret);
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    add.mutate(String(new FormData(event.currentTarget).get("name") ?? "").trim());
  };
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t("tokens.add")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form className="stack" onSubmit={submit}>
        <TextInput name="name" label={t("tokens.name")} required withAsterisk={false} data-autofocus maxLength={100} />
        <Checkbox.Group label={t("tokens.scopes")} value={scopes} onChange={setScopes}>
          <div className="stack tight" style={{ marginTop: "0.400rem" }}>
            {SCOPES.map((scope) => (
              <Checkbox key={scope} value={scope} label={`${word("scope", scope)} – ${t(`scope.about.${scope}`)}`} />
            ))}
          </div>
        </Checkbox.Group>
        <Select
          label={t("tokens.expires")}
          data={DAYS.map((value) => ({
            value,
            label: value ? t("tokens.days", { n: Number(value) }) : t("common.never"),
          }))}
          value={days}
          onChange={(value) => setDays(value ?? "")}
          allowDeselect={false}
        />
        {add.error ? <Failure error={add.error} /> : null}
        <Button type="submit" loading={add.isPending} disabled={scopes.length === 0}>
          {t("common.add")}
        </Button>
      </form>
    </Modal>
  );
}
