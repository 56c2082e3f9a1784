/** One machine: what it is and why that is believed, what it does, and what people say of it. */
import { Button } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { address } from "../../api/client";
import { useAsset } from "../../api/queries";
import type { Asset } from "../../api/types";
import { useFilters } from "../../app/filters";
import { useNames } from "../../app/names";
import { useMay } from "../../app/roles";
import { Box, Empty, Loading, PageHead, Ready, TabLinks } from "../../components/basics";
import { ActTable, ConversationTable } from "../../components/records";
import { useText } from "../../i18n";
import { FindingTable } from "../now/Findings";
import { Connections } from "./Connections";
import { EditMachine, EditTable, editsOf } from "./Edits";
import { Identity } from "./Identity";
import { Parts, Programs } from "./Parts";
import { Timeline } from "./Timeline";

const VariableList = lazy(() =>
  import("../../components/VariableList").then((module) => ({ default: module.VariableList })),
);

const TABS = ["identity", "connections", "parts", "programs", "variables", "acts", "findings", "edits"] as const;
type Tab = (typeof TABS)[number];

export function Machine() {
  const { id } = useParams({ strict: false }) as { id: string };
  const asset = useAsset(id);
  return <Ready query={asset}>{(data) => <Page asset={data} />}</Ready>;
}

function Page({ asset }: { asset: Asset }) {
  const { t, word } = useText();
  const [filters] = useFilters();
  const may = useMay();
  const [isEditing, edit] = useState(false);
  const tab: Tab = TABS.find((name) => name === filters.tab) ?? "identity";
  const counts: Partial<Record<Tab, number>> = {
    connections: new Set(asset.edges.map((edge) => (edge.from === asset.id ? edge.to : edge.from))).size,
    parts: asset.modules.length + asset.behind.length,
    findings: asset.findings.length,
    edits: editsOf(asset).length,
  };
  const role = asset.row?.role ?? asset.roles[0]?.role ?? "unknown";
  const ips = asset.interfaces.flatMap((face) => face.ips);
  return (
    <>
      <PageHead
        title={asset.row?.name ?? asset.name}
        actions={
          <>
            <Button variant="default" component={Link} to="/map" search={{ machine: asset.id } as never}>
              {t("machine.onmap")}
            </Button>
            {may("analyst") && (
              <Button variant="default" component="a" href={address("/evidence", { asset: asset.id })} download>
                {t("machine.evidence")}
              </Button>
            )}
            {may("engineer") && <Button onClick={() => edit(true)}>{t("common.edit")}</Button>}
          </>
        }
      >
        <span className="dim">
          {word("role", role)} · {t("asset.level")} {word("level", asset.purdue.level)} ·{" "}
          {ips[0] && ips[0] !== asset.name ? `${ips[0]} · ` : ""}
          {t("asset.importance")} {word("importance", asset.row?.importance ?? asset.criticality.importance)}
          {asset.is_external && ` · ${t("asset.external")}`}
          {asset.is_remote && ` · ${t("asset.remote")}`}
          {asset.is_hearsay && ` · ${t("asset.hearsay")}`}
        </span>
      </PageHead>
      <TabLinks
        label={t("machine.tabs")}
        active={tab}
        tabs={TABS.map((name) => ({
          key: name,
          label: t(`machine.tab.${name}`),
          count: counts[name],
          to: "/plant/$id",
          params: { id: asset.id },
          search: name === "identity" ? {} : { tab: name },
        }))}
      />
      <Content asset={asset} tab={tab} />
      <EditMachine asset={asset} isOpen={isEditing} onClose={() => edit(false)} />
    </>
  );
}

function Content({ asset, tab }: { asset: Asset; tab: Tab }) {
  const { t } = useText();
  const names = useNames();
  switch (tab) {
    case "identity":
      return <Identity asset={asset} />;
    case "connections":
      return (
        <div className="stack">
          <Connections asset={asset} />
          <h2 style={{ margin: "0.500rem 0 0" }}>{t("machine.conversations")}</h2>
          <ConversationTable query={{ asset: asset.id }} none={t("machine.edges.none")} />
        </div>
      );
    case "parts":
      return <Parts asset={asset} />;
    case "programs":
      return <Programs asset={asset} />;
    case "variables":
      return (
        <Suspense fallback={<Loading />}>
          <VariableList asset={asset.id} />
        </Suspense>
      );
    case "acts":
      return (
        <div className="stack">
          <Timeline asset={asset.id} />
          <ActTable query={{ asset: asset.id }} none={t("machine.acts.none")} />
        </div>
      );
    case "findings":
      return asset.findings.length === 0 ? (
        <Box>
          <Empty title={t("machine.findings.none")} />
        </Box>
      ) : (
        <FindingTable findings={asset.findings} names={names} />
      );
    case "edits":
      return <EditTable asset={asset} />;
  }
}
