/**
 * Where machines stand on the map: a band for each level of the Purdue model, the outside on top and the process at the
 * bottom; in a band a block for each zone; in a block the machines in rows.
 *
 * Blocks wrap within their band at the width that makes the largest picture, so that 14 machines and 5,000 fill the
 * same screen. The order of zones is the same in every band.
 */
import type { MapNode } from "../../api/types";

export const LEVELS = ["5", "4", "3.5", "3", "2", "1", "0", "unknown"] as const;

export interface Spot {
  x: number;
  y: number;
}

export interface Block {
  zone: string;
  level: string;
  /** Upper left corner, and size; y grows downwards. */
  x: number;
  y: number;
  width: number;
  height: number;
  count: number;
}

export interface Band {
  level: string;
  y: number;
  height: number;
  count: number;
}

export interface Layout {
  spots: Map<string, Spot>;
  blocks: Block[];
  bands: Band[];
  width: number;
  height: number;
  /** Width of the place of one machine. */
  cell: number;
  /** Height of the head of a block, where its name stands. */
  head: number;
}

/** Distances, in units of the height of one machine. */
const CELL_WIDTH = 1.6;
/** With few machines every name is shown, so that each needs more room. */
const CELL_WIDTH_NAMED = 2.6;
export const NAMED_MAX = 150;
const CELL_HEIGHT = 1;
const CELL_HEIGHT_NAMED = 1.5;
const BLOCK_GAP = 0.9;
const BLOCK_PADDING = 0.35;
const BLOCK_HEAD = 0.8;
/** With many machines all is small, and the name of a zone needs the room of two rows. */
const BLOCK_HEAD_LARGE = 2.1;
const BAND_GAP = 0.7;

/** How much wider than high a block is, and how wide the whole: what gives the largest picture is taken. */
const PROPORTIONS = [1.2, 2.5, 5, 12, 40];
const WIDTHS = [0.7, 0.85, 1, 1.2, 1.5, 2];

interface Group {
  zone: string;
  level: string;
  nodes: MapNode[];
}

/** Where `nodes` stand in a picture that is `aspect` times wider than high. */
export function layout(nodes: readonly MapNode[], zoneOf: (node: MapNode) => string, aspect = 1.9): Layout {
  const groups = new Map<string, Group>();
  for (const node of nodes) {
    const zone = zoneOf(node);
    const level = (LEVELS as readonly string[]).includes(node.level) ? node.level : "unknown";
    const key = `${level}\u0000${zone}`;
    const group = groups.get(key) ?? { zone, level, nodes: [] };
    groups.set(key, group);
    group.nodes.push(node);
  }
  const ordered = [...groups.values()].sort((a, b) => a.zone.localeCompare(b.zone, "en", { numeric: true }));
  for (const group of ordered) {
    group.nodes.sort((a, b) => a.role.localeCompare(b.role) || a.name.localeCompare(b.name, "en", { numeric: true }));
  }
  const cell = nodes.length <= NAMED_MAX ? CELL_WIDTH_NAMED : CELL_WIDTH;
  const row = nodes.length <= NAMED_MAX ? CELL_HEIGHT_NAMED : CELL_HEIGHT;
  const head = nodes.length <= NAMED_MAX ? BLOCK_HEAD : BLOCK_HEAD_LARGE;
  let best: Layout | undefined;
  let largest = 0;
  for (const proportion of PROPORTIONS) {
    const sizes = ordered.map((group) => sizeOf(group.nodes.length, proportion, cell, row, head));
    const area = sizes.reduce((sum, size) => sum + (size.width + BLOCK_GAP) * (size.height + BLOCK_GAP), 0);
    const widest = sizes.reduce((most, size) => Math.max(most, size.width), 0);
    for (const share of WIDTHS) {
      const placed = place(ordered, sizes, Math.max(widest, Math.sqrt(area * aspect) * share));
      const scale = Math.min(aspect / Math.max(placed.width, 1), 1 / Math.max(placed.height, 1));
      if (scale > largest) {
        largest = scale;
        best = placed;
      }
    }
  }
  const empty = { blocks: [], bands: [], width: 0, height: 0, head, cell };
  return { ...(best ?? empty), head, cell, spots: best ? spotsOf(best.blocks, ordered, cell, row, head) : new Map() };
}

interface Size {
  columns: number;
  width: number;
  height: number;
}

function sizeOf(count: number, proportion: number, cell: number, row: number, head: number): Size {
  const columns = Math.min(count, Math.max(1, Math.ceil(Math.sqrt((count * proportion) / cell))));
  return {
    columns,
    width: columns * cell + 2 * BLOCK_PADDING,
    height: Math.ceil(count / columns) * row + 2 * BLOCK_PADDING + head,
  };
}

/** Puts blocks into their bands, wrapping at `wanted`. */
function place(groups: readonly Group[], sizes: readonly Size[], wanted: number): Layout {
  const blocks: Block[] = [];
  const bands: Band[] = [];
  let top = 0;
  let width = 0;
  for (const level of LEVELS) {
    let x = 0;
    let y = top;
    let rowHeight = 0;
    let count = 0;
    groups.forEach((group, index) => {
      const size = sizes[index];
      if (group.level !== level || !size) return;
      if (x > 0 && x + size.width > wanted) {
        x = 0;
        y += rowHeight + BLOCK_GAP;
        rowHeight = 0;
      }
      blocks.push({ zone: group.zone, level, x, y, width: size.width, height: size.height, count: group.nodes.length });
      count += group.nodes.length;
      x += size.width + BLOCK_GAP;
      width = Math.max(width, x - BLOCK_GAP);
      rowHeight = Math.max(rowHeight, size.height);
    });
    if (count === 0) continue;
    const height = y + rowHeight - top;
    bands.push({ level, y: top, height, count });
    top += height + BAND_GAP;
  }
  return { spots: new Map(), blocks, bands, width, height: Math.max(0, top - BAND_GAP), head: 0, cell: 0 };
}

function spotsOf(
  blocks: readonly Block[],
  groups: readonly Group[],
  cell: number,
  row: number,
  head: number,
): Map<string, Spot> {
  const byKey = new Map(blocks.map((block) => [`${block.level}\u0000${block.zone}`, block]));
  const spots = new Map<string, Spot>();
  for (const group of groups) {
    const block = byKey.get(`${group.level}\u0000${group.zone}`);
    if (!block) continue;
    const columns = Math.max(1, Math.round((block.width - 2 * BLOCK_PADDING) / cell));
    group.nodes.forEach((node, index) => {
      spots.set(node.id, {
        x: block.x + BLOCK_PADDING + ((index % columns) + 0.5) * cell,
        y: block.y + head + BLOCK_PADDING + (Math.floor(index / columns) + 0.4) * row,
      });
    });
  }
  return spots;
}

/** Bits of an IPv4 address, or nothing. */
function bits(ip: string): number | undefined {
  const parts = ip.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** The network of `prefixes` that holds one of `ips`: the narrowest. IPv6 by its first 64 bits. */
export function networkOf(ips: readonly string[], prefixes: readonly string[]): string | undefined {
  let best: { prefix: string; length: number } | undefined;
  for (const ip of ips) {
    const number = bits(ip);
    for (const prefix of prefixes) {
      const [base = "", text = ""] = prefix.split("/");
      const length = Number(text);
      if (best && best.length >= length) continue;
      const start = bits(base);
      if (number !== undefined && start !== undefined) {
        const size = 2 ** (32 - length);
        if (Math.floor(number / size) === Math.floor(start / size)) best = { prefix, length };
      } else if (
        number === undefined &&
        start === undefined &&
        ip.split(":").slice(0, 4).join(":") === base.split(":").slice(0, 4).join(":")
      ) {
        best = { prefix, length };
      }
    }
  }
  return best?.prefix;
}

export interface Link {
  from: string;
  to: string;
  protocols: string[];
  packets: number;
  /** The gravest thing done over it. */
  deed: "observe" | "write" | "command" | "engineer";
}

const DEED_ORDER = ["observe", "write", "command", "engineer"] as const;

/** One link for each pair of machines, whatever the direction and the number of protocols. */
export function links(
  edges: readonly {
    from: string;
    to: string;
    is_group: boolean;
    protocol: string;
    packets: number;
    verbs: [string, number][];
  }[],
  deedOf: (verb: string) => Link["deed"],
): Link[] {
  const pairs = new Map<string, Link>();
  for (const edge of edges) {
    if (edge.is_group || edge.from === edge.to) continue;
    const [from, to] = edge.from < edge.to ? [edge.from, edge.to] : [edge.to, edge.from];
    const key = `${from} ${to}`;
    const link = pairs.get(key) ?? { from, to, protocols: [], packets: 0, deed: "observe" as const };
    pairs.set(key, link);
    if (edge.protocol && !link.protocols.includes(edge.protocol)) link.protocols.push(edge.protocol);
    link.packets += edge.packets;
    for (const [verb] of edge.verbs) {
      const deed = deedOf(verb);
      if (DEED_ORDER.indexOf(deed) > DEED_ORDER.indexOf(link.deed)) link.deed = deed;
    }
  }
  return [...pairs.values()];
}

export interface Bundle {
  from: Spot;
  to: Spot;
  count: number;
  deed: Link["deed"];
}

/** Links between the same two blocks as one line, the thickest first; what stays within a block is left out. */
export function bundles(links: readonly Link[], placed: Layout): Bundle[] {
  const blockOf = new Map<string, number>();
  placed.blocks.forEach((block, index) => {
    for (const [id, spot] of placed.spots) {
      const isInside =
        spot.x >= block.x && spot.x <= block.x + block.width && spot.y >= block.y && spot.y <= block.y + block.height;
      if (isInside) blockOf.set(id, index);
    }
  });
  const pairs = new Map<string, Bundle>();
  for (const link of links) {
    const a = blockOf.get(link.from);
    const b = blockOf.get(link.to);
    if (a === undefined || b === undefined || a === b) continue;
    const [from, to] = [placed.blocks[Math.min(a, b)], placed.blocks[Math.max(a, b)]];
    if (!from || !to) continue;
    const key = `${Math.min(a, b)} ${Math.max(a, b)}`;
    const centre = (block: Block): Spot => ({ x: block.x + block.width / 2, y: block.y + block.height / 2 });
    const bundle = pairs.get(key) ?? { from: centre(from), to: centre(to), count: 0, deed: "observe" as const };
    pairs.set(key, bundle);
    bundle.count += 1;
    if (DEED_ORDER.indexOf(link.deed) > DEED_ORDER.indexOf(bundle.deed)) bundle.deed = link.deed;
  }
  return [...pairs.values()].sort((x, y) => y.count - x.count);
}
