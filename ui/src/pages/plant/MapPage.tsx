/** The map of the plant: machines by Purdue level and zone, with who talks to whom, drawn by WebGL. */
import { ActionIcon, Button, Select, TextInput, useComputedColorScheme } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useAssets, useMap } from "../../api/queries";
import type { MapNode, PlantMap } from "../../api/types";
import { useFilters } from "../../app/filters";
import { deedOf, Empty, Loading, MachineLink, Ready, Severity } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";
import { layout, links, networkOf } from "./layout";
import { MapCanvas } from "./MapCanvas";
import { PlantTabs } from "./PlantTabs";

export function MapPage() {
  const map = useMap();
  const assets = useAssets();
  const { t } = useText();
  const ips = useMemo(() => new Map((assets.data ?? []).map((asset) => [asset.id, asset.ips])), [assets.data]);
  return (
    <div className="mappage">
      <div className="maphead">
        <PlantTabs active="map" />
      </div>
      <Ready query={map}>
        {(plant) =>
          !assets.data && !assets.error ? (
            <Loading />
          ) : plant.nodes.length === 0 ? (
            <div className="box" style={{ margin: "1rem" }}>
              <Empty title={t("now.empty")}>{t("now.empty.about")}</Empty>
            </div>
          ) : (
            <PlantView plant={plant} ips={ips} />
          )
        }
      </Ready>
    </div>
  );
}

const LINKS = ["all", "industrial", "changes", "none"] as const;
/** Protocols of the office and of the network itself, left out of industrial links. */
const ORDINARY = new Set([
  "",
  "arp",
  "icmp",
  "icmpv6",
  "dns",
  "mdns",
  "llmnr",
  "nbns",
  "nbdgm",
  "ntp",
  "dhcp",
  "dhcpv6",
  "http",
  "tls",
  "ssh",
  "snmp",
  "syslog",
  "smb",
  "smb2",
  "stp",
  "lldp",
  "igmp",
  "ssdp",
  "kerberos",
  "ldap",
  "rdp",
  "quic",
  "ftp",
  "tftp",
  "telnet",
  "radius",
  "dcerpc",
]);

function PlantView({ plant, ips }: { plant: PlantMap; ips: Map<string, string[]> }) {
  const { t, word, language } = useText();
  const scheme = useComputedColorScheme("light");
  const [filters, change] = useFilters();
  const [search, setSearch] = useState("");
  const which = LINKS.find((name) => name === filters.links) ?? "all";
  const zoneOf = useMemo(() => {
    const prefixes = plant.networks.map((network) => network.prefix);
    const zones = new Map<string, string>();
    for (const node of plant.nodes) {
      const addresses = ips.get(node.id) ?? [];
      zones.set(
        node.id,
        node.zone ??
          (node.is_external
            ? t("asset.external")
            : (networkOf(addresses, prefixes) ??
              (addresses.length === 0 ? t("map.noaddress") : t("map.othernetwork")))),
      );
    }
    return (node: MapNode) => zones.get(node.id) ?? "";
  }, [plant, ips, t]);
  const placed = useMemo(
    () => layout(plant.nodes, zoneOf, Math.max(0.6, window.innerWidth / Math.max(300, window.innerHeight - 190))),
    [plant.nodes, zoneOf],
  );
  const all = useMemo(() => links(plant.edges, deedOf), [plant.edges]);
  const protocols = useMemo(
    () => [...new Set(plant.edges.map((edge) => edge.protocol).filter(Boolean))].sort(),
    [plant.edges],
  );
  const shown = useMemo(() => {
    if (which === "none") return [];
    return all.filter(
      (link) =>
        (!filters.protocol || link.protocols.includes(filters.protocol)) &&
        (which !== "industrial" || link.protocols.some((protocol) => !ORDINARY.has(protocol))) &&
        (which !== "changes" || link.deed !== "observe"),
    );
  }, [all, which, filters.protocol]);
  const chosen = plant.nodes.find((node) => node.id === filters.machine);
  const find = () => {
    const wanted = search.trim().toLowerCase();
    const found =
      wanted &&
      plant.nodes.find((node) =>
        `${node.name} ${node.id} ${(ips.get(node.id) ?? []).join(" ")}`.toLowerCase().includes(wanted),
      );
    if (found) change({ machine: found.id });
  };
  return (
    <>
      <div className="mapbar">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            find();
          }}
        >
          <TextInput
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            aria-label={t("map.find")}
            placeholder={t("map.find.hint")}
            w={220}
          />
        </form>
        <Select
          aria-label={t("map.links")}
          data={LINKS.map((name) => ({ value: name, label: t(`map.links.${name}`) }))}
          value={which}
          onChange={(value) => change({ links: value && value !== "all" ? value : undefined })}
          allowDeselect={false}
          w={210}
        />
        <Select
          aria-label={t("common.protocol")}
          placeholder={t("map.allprotocols")}
          data={protocols}
          value={filters.protocol ?? null}
          onChange={(value) => change({ protocol: value ?? undefined })}
          clearable
          searchable
          w={170}
        />
        <span className="dim small only-wide">
          {t("count.machines", { n: plant.nodes.length })}, {t("count.links", { n: shown.length })}
        </span>
        <span className="grow" />
        <span className="row tight small dim only-wide">
          {(["observe", "write", "command", "engineer"] as const).map((deed) => (
            <span key={deed} className="nowrap">
              <span
                className={`dot ${deed}`}
                style={{ height: 3, width: 14, borderRadius: 0, verticalAlign: "middle" }}
              />{" "}
              {t(`deed.${deed}`)}
            </span>
          ))}
        </span>
      </div>
      <div className="mapstage">
        <MapCanvas
          nodes={plant.nodes}
          layout={placed}
          links={shown}
          chosen={filters.machine}
          onChoose={(machine) => change({ machine })}
          scheme={scheme}
          language={language}
        />
        {chosen && (
          <Card
            node={chosen}
            plant={plant}
            zone={zoneOf(chosen)}
            ips={ips.get(chosen.id) ?? []}
            onClose={() => change({ machine: undefined })}
            onGo={(machine) => change({ machine })}
          />
        )}
      </div>
      <p className="visually-hidden">
        {t("map.text")} <Link to="/plant">{t("plant.list")}</Link> {word("role", "plc")}
      </p>
    </>
  );
}

const PARTNERS_MAX = 30;

function Card(props: {
  node: MapNode;
  plant: PlantMap;
  zone: string;
  ips: string[];
  onClose: () => void;
  onGo: (id: string) => void;
}) {
  const { node, plant } = props;
  const { t, word, language } = useText();
  const partners = useMemo(() => {
    const names = new Map(plant.nodes.map((other) => [other.id, other.name]));
    const found = new Map<string, { name: string; protocols: Set<string>; packets: number }>();
    for (const edge of plant.edges) {
      if (edge.is_group || (edge.from !== node.id && edge.to !== node.id)) continue;
      const id = edge.from === node.id ? edge.to : edge.from;
      const partner = found.get(id) ?? { name: names.get(id) ?? id, protocols: new Set(), packets: 0 };
      if (edge.protocol) partner.protocols.add(edge.protocol);
      partner.packets += edge.packets;
      found.set(id, partner);
    }
    return [...found].sort((a, b) => b[1].packets - a[1].packets);
  }, [node, plant]);
  return (
    <aside className="mapcard box" aria-label={node.name}>
      <div className="row between" style={{ flexWrap: "nowrap" }}>
        <h2 className="wrap" style={{ margin: 0 }}>
          <MachineLink id={node.id} name={node.name} />
        </h2>
        <ActionIcon variant="subtle" color="gray" onClick={props.onClose} aria-label={t("common.close")}>
          ×
        </ActionIcon>
      </div>
      <p>
        {word("role", node.role)} · {t("asset.level")} {word("level", node.level)}
      </p>
      <p className="dim small wrap">
        {props.ips.slice(0, 4).join(", ")} · {props.zone}
      </p>
      {node.worst && (
        <p>
          <Severity of={node.worst} />{" "}
          <Link to="/findings" search={{ asset: node.id }}>
            {t("asset.findings")}
          </Link>
        </p>
      )}
      <h3>
        {t("machine.partners")} <span className="dim">{format.number(language, partners.length)}</span>
      </h3>
      <ul className="bare partners">
        {partners.slice(0, PARTNERS_MAX).map(([id, partner]) => (
          <li key={id}>
            <button type="button" className="whybutton" onClick={() => props.onGo(id)}>
              {format.clean(partner.name, 50)}
            </button>{" "}
            <span className="dim small">{[...partner.protocols].slice(0, 4).join(", ")}</span>
          </li>
        ))}
        {partners.length > PARTNERS_MAX && (
          <li className="dim small">{t("count.more", { n: partners.length - PARTNERS_MAX })}</li>
        )}
      </ul>
      <div className="row" style={{ marginTop: "0.600rem" }}>
        <Button size="xs" variant="default" component={Link} to="/plant/$id" params={{ id: node.id } as never}>
          {t("map.open")}
        </Button>
        <Button size="xs" variant="default" component={Link} to="/explore" search={{ asset: node.id } as never}>
          {t("machine.tab.acts")}
        </Button>
      </div>
    </aside>
  );
}
