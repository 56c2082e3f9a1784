/** Who is told of findings, and by what. */
import { Button, Modal, PasswordInput, Select, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { api } from "../../api/client";
import { queryClient, useList } from "../../api/queries";
import type { NotificationTarget, Severity as SeverityWord } from "../../api/types";
import { Box, Empty, Failure, Ready, Severity, Time } from "../../components/basics";
import { Confirm } from "../../components/Confirm";
import * as format from "../../format";
import { useText } from "../../i18n";
import { SEVERITIES } from "../now/stories";
import { SettingsTabs } from "./SettingsTabs";

const CHANNELS = ["webhook", "email", "syslog"] as const;
type Channel = (typeof CHANNELS)[number];
const FORMS: Record<Channel, string[]> = {
  webhook: ["plain", "jira", "servicenow", "teams"],
  email: ["plain"],
  syslog: ["plain", "cef"],
};
const HINTS: Record<Channel, string> = {
  webhook: "https://tickets.example/hook",
  email: "ot-security@example.org",
  syslog: "siem.example:6514",
};
const again = () => void queryClient.invalidateQueries({ queryKey: ["/notifications"] });
const path = (id: string, rest = "") => `/notifications/${encodeURIComponent(id)}${rest}`;

export function Notifications() {
  const { t, word } = useText();
  const list = useList<NotificationTarget>("/notifications");
  const [edited, edit] = useState<Partial<NotificationTarget>>();
  const [removed, setRemoved] = useState<NotificationTarget>();
  const change = useMutation({
    mutationFn: ({ id, ...patch }: Partial<NotificationTarget> & { id: string }) => api.patch(path(id), patch),
    onSuccess: again,
  });
  const test = useMutation({ mutationFn: (id: string) => api.post(path(id, "/test")) });
  const remove = useMutation({
    mutationFn: (id: string) => api.delete(path(id)),
    onSuccess: () => {
      setRemoved(undefined);
      again();
    },
  });
  return (
    <>
      <SettingsTabs active="notifications" />
      <div className="filters">
        <Button
          onClick={() => edit({ kind: "webhook", form: "plain", least: "high", detectors: [], is_enabled: true })}
        >
          {t("notifications.add")}
        </Button>
      </div>
      <div className="stack">
        {[change, test].map((step, index) => (step.error ? <Failure key={index} error={step.error} /> : null))}
        {test.isSuccess && <p role="status">{t("notifications.tested")}</p>}
        <Ready query={list}>
          {(items) => (
            <Box flush>
              {items.length === 0 ? (
                <Empty title={t("notifications.none")}>{t("notifications.none.about")}</Empty>
              ) : (
                <div className="scroll" tabIndex={0} role="region" aria-label={t("settings.notifications")}>
                  <table className="plain">
                    <thead>
                      <tr>
                        <th>{t("login.name")}</th>
                        <th>{t("notifications.channel")}</th>
                        <th>{t("notifications.target")}</th>
                        <th>{t("notifications.severity")}</th>
                        <th>{t("notifications.on")}</th>
                        <th>{t("users.actions")}</th>
                      </tr>
                    </thead>
                    <tbody>
                      {items.map((item) => (
                        <tr key={item.id}>
                          <th scope="row">{format.clean(item.name, 80)}</th>
                          <td>
                            {word("channel", item.kind)} <span className="dim small">{item.form}</span>
                          </td>
                          <td className="wrap">
                            <span className="mono">{item.target}</span>
                            {item.last_error && <div className="caution small">{format.clean(item.last_error)}</div>}
                            {item.last_sent && (
                              <div className="dim small">
                                {t("notifications.sent")} <Time at={item.last_sent} />
                              </div>
                            )}
                          </td>
                          <td>
                            <Severity of={item.least} />
                          </td>
                          <td>
                            <Switch
                              size="xs"
                              checked={item.is_enabled}
                              aria-label={`${t("notifications.on")} ${item.name}`}
                              onChange={(event) =>
                                change.mutate({ id: item.id, is_enabled: event.currentTarget.checked })
                              }
                            />
                          </td>
                          <td>
                            <div className="row tight">
                              <Button
                                size="compact-xs"
                                variant="default"
                                loading={test.isPending && test.variables === item.id}
                                onClick={() => test.mutate(item.id)}
                              >
                                {t("notifications.test")}
                              </Button>
                              <Button size="compact-xs" variant="default" onClick={() => edit(item)}>
                                {t("common.edit")}
                              </Button>
                              <Button size="compact-xs" variant="default" onClick={() => setRemoved(item)}>
                                {t("common.delete")}
                              </Button>
                            </div>
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
      </div>
      <Editor start={edited} onClose={() => edit(undefined)} />
      <Confirm
        title={removed && t("notifications.remove", { name: removed.name })}
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

function Editor({ start, onClose }: { start: Partial<NotificationTarget> | undefined; onClose: () => void }) {
  const { t, word } = useText();
  const [item, setItem] = useState<Partial<NotificationTarget>>({});
  useEffect(() => {
    if (start) setItem(start);
  }, [start]);
  const [secret, setSecret] = useState("");
  const save = useMutation({
    mutationFn: () => {
      const { id, name, kind, target, form, least, detectors, is_enabled } = item;
      const rest = { name, kind, target, form, least, detectors, is_enabled, ...(secret ? { secret } : {}) };
      return id ? api.patch(path(id), rest) : api.post("/notifications", rest);
    },
    onSuccess: () => {
      setSecret("");
      again();
      onClose();
    },
  });
  const channel = item.kind ?? "webhook";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Modal
      opened={start !== undefined}
      onClose={onClose}
      title={item.id ? t("notifications.edit") : t("notifications.add")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form className="stack" onSubmit={submit}>
        <TextInput
          label={t("login.name")}
          value={item.name ?? ""}
          onChange={(event) => setItem({ ...item, name: event.currentTarget.value })}
          required
          withAsterisk={false}
          maxLength={100}
          data-autofocus
        />
        <Select
          label={t("notifications.channel")}
          data={CHANNELS.map((value) => ({ value, label: word("channel", value) }))}
          value={channel}
          onChange={(value) => value && setItem({ ...item, kind: value as Channel, form: "plain" })}
          allowDeselect={false}
        />
        {FORMS[channel].length > 1 && (
          <Select
            label={t("notifications.form")}
            data={FORMS[channel]}
            value={item.form || "plain"}
            onChange={(form) => setItem({ ...item, form: form ?? "plain" })}
            allowDeselect={false}
          />
        )}
        <TextInput
          label={t("notifications.target")}
          placeholder={HINTS[channel]}
          value={item.target ?? ""}
          onChange={(event) => setItem({ ...item, target: event.currentTarget.value })}
          required
          withAsterisk={false}
        />
        <Select
          label={t("notifications.severity")}
          data={SEVERITIES.map((value) => ({ value, label: word("severity", value) }))}
          value={item.least ?? "high"}
          onChange={(value) => value && setItem({ ...item, least: value as SeverityWord })}
          allowDeselect={false}
        />
        {channel === "webhook" && (
          <PasswordInput
            label={t("notifications.secret")}
            description={t("notifications.secret.about")}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
            autoComplete="off"
            visibilityToggleButtonProps={{ "aria-label": t("login.show") }}
          />
        )}
        {save.error ? <Failure error={save.error} /> : null}
        <Button type="submit" loading={save.isPending}>
          {t("common.save")}
        </Button>
      </form>
    </Modal>
  );
}
