/** Settings of the site: its name, how long the past is kept, which detectors are off. */
import { Button, NumberInput, Switch, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api } from "../../api/client";
import { queryClient, useList } from "../../api/queries";
import type { Descriptor } from "../../api/types";
import { Box, Failure, Ready, Severity, Toggle } from "../../components/basics";
import { useText } from "../../i18n";
import { weight } from "../now/stories";
import { SettingsTabs } from "./SettingsTabs";

/** How long one kind of records is kept. */
interface Retention {
  days?: number | null;
  bytes?: number | null;
}

interface Settings {
  site_name?: string | null;
  language?: "en" | "fr" | null;
  disabled_detectors?: string[] | null;
  retention?: Record<string, Retention> | null;
}

export function System() {
  const settings = useQuery({ queryKey: ["settings"], queryFn: () => api.get<Settings>("/settings") });
  return (
    <>
      <SettingsTabs active="system" />
      <Ready query={settings}>{(data) => <Form settings={data} />}</Ready>
    </>
  );
}

function Form({ settings }: { settings: Settings }) {
  const { t } = useText();
  const [name, setName] = useState(settings.site_name ?? "");
  useEffect(() => setName(settings.site_name ?? ""), [settings.site_name]);
  const change = useMutation({
    mutationFn: (patch: Settings) => api.patch<Settings>("/settings", patch),
    onSuccess: (data) => {
      if (data) queryClient.setQueryData(["settings"], data);
      for (const key of ["settings", "summary", "findings", "/detectors"])
        void queryClient.invalidateQueries({ queryKey: [key] });
    },
  });
  return (
    <div className="stack">
      {change.error ? <Failure error={change.error} /> : null}
      <div className="columns even">
        <Box title={t("system.site")}>
          <form
            className="row"
            style={{ alignItems: "flex-end" }}
            onSubmit={(event) => {
              event.preventDefault();
              change.mutate({ site_name: name.trim() || null });
            }}
          >
            <TextInput
              className="grow"
              label={t("system.name")}
              description={t("system.name.about")}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              maxLength={100}
            />
            <Button type="submit" disabled={name.trim() === (settings.site_name ?? "")} loading={change.isPending}>
              {t("common.save")}
            </Button>
          </form>
          <h3>{t("system.language")}</h3>
          <Toggle
            label={t("system.language")}
            value={settings.language ?? "en"}
            choices={[
              ["en", "English"],
              ["fr", "Français"],
            ]}
            onChange={(language) => change.mutate({ language })}
          />
        </Box>
        {settings.retention && (
          <RetentionBox
            retention={settings.retention}
            save={(retention) => change.mutate({ retention })}
            isBusy={change.isPending}
          />
        )}
      </div>
      <Detectors
        disabled={settings.disabled_detectors ?? []}
        save={(disabled_detectors) => change.mutate({ disabled_detectors })}
      />
    </div>
  );
}

function RetentionBox(props: {
  retention: Record<string, Retention>;
  save: (retention: Record<string, Retention>) => void;
  isBusy: boolean;
}) {
  const { t, word } = useText();
  const [edited, edit] = useState(props.retention);
  useEffect(() => edit(props.retention), [props.retention]);
  return (
    <Box title={t("system.retention")} about={t("system.retention.about")}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          props.save(edited);
        }}
      >
        <div className="scroll">
          <table className="plain">
            <thead>
              <tr>
                <th>{t("system.kind")}</th>
                <th>{t("system.days")}</th>
                <th>{t("system.gigabytes")}</th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(edited).map(([kind, keep]) => (
                <tr key={kind}>
                  <th scope="row">{word("recordkind", kind)}</th>
                  <td>
                    <NumberInput
                      size="xs"
                      min={1}
                      w={110}
                      aria-label={`${word("recordkind", kind)}: ${t("system.days")}`}
                      value={keep.days ?? ""}
                      onChange={(days) =>
                        edit({ ...edited, [kind]: { ...keep, days: days === "" ? null : Number(days) } })
                      }
                    />
                  </td>
                  <td>
                    <NumberInput
                      size="xs"
                      min={0.1}
                      decimalScale={1}
                      w={110}
                      aria-label={`${word("recordkind", kind)}: ${t("system.gigabytes")}`}
                      value={keep.bytes ? keep.bytes / 1e9 : ""}
                      onChange={(size) =>
                        edit({
                          ...edited,
                          [kind]: { ...keep, bytes: size === "" ? null : Math.round(Number(size) * 1e9) },
                        })
                      }
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <div>
          <Button type="submit" loading={props.isBusy}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Box>
  );
}

function Detectors({ disabled, save }: { disabled: string[]; save: (disabled: string[]) => void }) {
  const { t, say } = useText();
  const detectors = useList<Descriptor>("/detectors", { limit: 1000 });
  const ordered = useMemo(
    () => [...(detectors.data ?? [])].sort((a, b) => weight(b.severity) - weight(a.severity)),
    [detectors.data],
  );
  return (
    <Box title={t("system.detectors")} about={t("system.detectors.about")} flush>
      <div
        className="scroll tall"
        style={{ ["--tall" as string]: "460px" }}
        tabIndex={0}
        role="region"
        aria-label={t("system.detectors")}
      >
        <table className="plain">
          <thead>
            <tr>
              <th>{t("notifications.on")}</th>
              <th>{t("findings.severity")}</th>
              <th>{t("findings.detector")}</th>
              <th>{t("finding.techniques")}</th>
            </tr>
          </thead>
          <tbody>
            {ordered.map((detector) => (
              <tr key={detector.id}>
                <td>
                  <Switch
                    size="xs"
                    checked={!disabled.includes(detector.id)}
                    aria-label={say(detector.title)}
                    onChange={(event) =>
                      save(
                        event.currentTarget.checked
                          ? disabled.filter((id) => id !== detector.id)
                          : [...disabled, detector.id],
                      )
                    }
                  />
                </td>
                <td>
                  <Severity of={detector.severity} />
                </td>
                <td>
                  <span className="strong">{say(detector.title)}</span>{" "}
                  <span className="dim small mono">{detector.id}</span>
                  <div className="small dim">{say(detector.meaning)}</div>
                </td>
                <td className="small">{detector.techniques.map(([code]) => code).join(", ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Box>
  );
}
