/** All findings, by state, severity, detector and machine. */
import { Button, Menu, Select } from "@mantine/core";
import { useMemo } from "react";
import { address } from "../../api/client";
import { useFindings } from "../../api/queries";
import type { Finding } from "../../api/types";
import { useFilters } from "../../app/filters";
import { useNames } from "../../app/names";
import { useMay } from "../../app/roles";
import { Empty, End, MachineLink, PageHead, Ready, Severity, Time } from "../../components/basics";
import { useText } from "../../i18n";
import { FindingTitle } from "./Now";
import { SEVERITIES, weight } from "./stories";

/** Forms that other tools read. */
const EXPORTS = [
  ["eve", "Suricata EVE (JSON)"],
  ["zeek", "Zeek notice.log (JSON)"],
  ["cef", "CEF"],
  ["syslog", "Syslog (RFC 5424)"],
  ["ocsf", "OCSF (JSON)"],
  ["stix", "STIX 2.1"],
] as const;

export function Findings() {
  const { t, word, say } = useText();
  const [filters, change] = useFilters();
  const names = useNames();
  const may = useMay();
  const findings = useFindings({
    state: filters.state,
    severity: filters.severity,
    asset: filters.asset,
    detector: filters.detector,
  });
  const detectors = useMemo(() => {
    const known = new Map(
      (findings.data ?? []).map((finding) => [
        finding.detector,
        say(finding.about ?? finding.explanation?.title ?? finding.title),
      ]),
    );
    return [...known].map(([value, label]) => ({ value, label })).sort((a, b) => a.label.localeCompare(b.label));
  }, [findings.data, say]);
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <>
      <PageHead
        title={t("findings.title")}
        actions={
          may("analyst") && (
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="default">{t("findings.export")}</Button>
              </Menu.Target>
              <Menu.Dropdown>
                {EXPORTS.map(([form, label]) => (
                  <Menu.Item
                    key={form}
                    component="a"
                    href={address(`/exports/${form}`, { severity: filters.severity })}
                    download
                  >
                    {label}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )
        }
      >
        {filters.asset && <MachineLink id={filters.asset} name={names.get(filters.asset)} />}
      </PageHead>
      <div className="filters">
        <Select
          label={t("findings.state")}
          data={["open", "acknowledged", "closed"].map((state) => ({ value: state, label: word("fstate", state) }))}
          value={filters.state ?? null}
          onChange={(state) => change({ state: state ?? undefined })}
          placeholder={t("common.any")}
          clearable
          w={170}
        />
        <Select
          label={t("findings.severity")}
          data={SEVERITIES.map((severity) => ({ value: severity, label: word("severity", severity) }))}
          value={filters.severity ?? null}
          onChange={(severity) => change({ severity: severity ?? undefined })}
          placeholder={t("common.any")}
          clearable
          w={150}
        />
        <Select
          label={t("findings.detector")}
          data={detectors}
          value={filters.detector ?? null}
          onChange={(detector) => change({ detector: detector ?? undefined })}
          placeholder={t("common.any")}
          clearable
          searchable
          w={300}
          maw="100%"
        />
        {isFiltered && (
          <Button
            variant="subtle"
            onClick={() => change(Object.fromEntries(Object.keys(filters).map((name) => [name, undefined])))}
          >
            {t("common.clear")}
          </Button>
        )}
      </div>
      <Ready query={findings}>
        {(all) => {
          // The server gives this severity and worse.
          const items = filters.severity ? all.filter((finding) => finding.severity === filters.severity) : all;
          return items.length === 0 ? (
            <div className="box">
              <Empty title={t("findings.none")}>{t("findings.none.about")}</Empty>
            </div>
          ) : (
            <FindingTable findings={items} names={names} />
          );
        }}
      </Ready>
    </>
  );
}

export function FindingTable({ findings, names }: { findings: Finding[]; names: Map<string, string> }) {
  const { t, word } = useText();
  const ordered = useMemo(
    () => [...findings].sort((a, b) => weight(b.severity) - weight(a.severity) || (a.last < b.last ? 1 : -1)),
    [findings],
  );
  return (
    <section className="box flush">
      <div className="scroll" tabIndex={0} role="region" aria-label={t("findings.title")}>
        <table className="plain">
          <thead>
            <tr>
              <th>{t("findings.severity")}</th>
              <th>{t("findings.finding")}</th>
              <th>{t("findings.who")}</th>
              <th>{t("findings.whom")}</th>
              <th>{t("findings.first")}</th>
              <th>{t("findings.last")}</th>
              <th>{t("findings.state")}</th>
              <th>{t("findings.assignee")}</th>
            </tr>
          </thead>
          <tbody>
            {ordered.map((finding) => (
              <tr key={finding.id}>
                <td>
                  <Severity of={finding.severity} />
                </td>
                <td style={{ minWidth: 240 }}>
                  <FindingTitle finding={finding} />
                </td>
                <td>
                  {finding.from || finding.from_asset ? (
                    <End asset={finding.from_asset} of={finding.from} names={names} />
                  ) : (
                    "–"
                  )}
                </td>
                <td>
                  {finding.to || finding.to_asset ? (
                    <End asset={finding.to_asset} of={finding.to} names={names} />
                  ) : (
                    "–"
                  )}
                </td>
                <td>
                  <Time at={finding.first} />
                </td>
                <td>
                  <Time at={finding.last} />
                </td>
                <td className="nowrap">{word("fstate", finding.state ?? "open")}</td>
                <td>{finding.assignee ?? ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
