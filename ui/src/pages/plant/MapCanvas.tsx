/** The drawing of the map: sigma.js for machines and links, a canvas below for bands and zones. */
import { ActionIcon } from "@mantine/core";
import Graph from "graphology";
import { useEffect, useRef } from "react";
import Sigma from "sigma";
import type { MapNode } from "../../api/types";
import type { Language } from "../../format";
import { useText, wordIn } from "../../i18n";
import { bundles, type Layout, type Link, NAMED_MAX } from "./layout";

export interface MapCanvasProps {
  nodes: readonly MapNode[];
  layout: Layout;
  links: readonly Link[];
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
  scheme: "light" | "dark";
  language: Language;
}

interface Palette {
  text: string;
  dim: string;
  line: string;
  soft: string;
  box: string;
  on: string;
  node: string;
  observe: string;
  faint: string;
  deeds: Record<Link["deed"], string>;
  worst: Record<string, string>;
}

/** Colours of the page, with the ones that WebGL mixes made of three and four numbers. */
function palette(element: HTMLElement, isDark: boolean): Palette {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: of("--text"),
    dim: of("--dim"),
    line: of("--line"),
    soft: of("--soft"),
    box: of("--box"),
    on: of("--on"),
    node: isDark ? "#8b979f" : "#6b7a84",
    observe: isDark ? "#4a5359" : "#c3cacf",
    faint: isDark ? "#2d3235" : "#e4e7e9",
    deeds: {
      observe: isDark ? "#4a5359" : "#c3cacf",
      write: of("--write"),
      command: of("--command"),
      engineer: of("--engineer"),
    },
    worst: { critical: of("--critical"), high: of("--high"), medium: of("--medium") },
  };
}

/** Above this many links, the picture of all shows bundles between zones; links show when one looks closer. */
const SINGLE_LINKS_MAX = 2_500;
/** The part of the picture that is seen when single links are drawn. */
const CLOSE = 0.22;
const BUNDLES_MAX = 350;

/** Above this many links they are not drawn while the picture moves. */
const MOVING_LINKS_MAX = 8_000;

export function MapCanvas(props: MapCanvasProps) {
  const { nodes, layout, links, chosen, scheme, language } = props;
  const { t } = useText();
  const place = useRef<HTMLDivElement>(null);
  const sigma = useRef<Sigma | undefined>(undefined);
  const choose = useRef(props.onChoose);
  choose.current = props.onChoose;
  const focus = useRef<{ id: string | undefined; near: Set<string> }>({ id: undefined, near: new Set() });

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const colours = palette(element, scheme === "dark");
    const graph = new Graph({ type: "undirected", multi: false });
    const isLarge = nodes.length > NAMED_MAX;
    // Machines are as large as their place allows, also on a telephone.
    const unit = Math.min(
      element.clientWidth / Math.max(layout.width, 1),
      element.clientHeight / Math.max(layout.height, 1),
    );
    const size = isLarge ? 2.6 : Math.max(3, Math.min(11, unit * 0.42));
    for (const node of nodes) {
      const spot = layout.spots.get(node.id);
      if (!spot) continue;
      graph.addNode(node.id, {
        x: spot.x,
        y: -spot.y,
        size: size * (node.importance === "critical" ? 1.25 : 1),
        color: (node.worst && colours.worst[node.worst]) || colours.node,
        label: node.name,
        glyph: wordIn(language, "glyph", node.role),
      });
    }
    const most = links.reduce((most, link) => Math.max(most, link.packets), 1);
    for (const link of links) {
      if (!graph.hasNode(link.from) || !graph.hasNode(link.to)) continue;
      graph.addEdge(link.from, link.to, {
        color: colours.deeds[link.deed],
        size: (isLarge ? 0.4 : 0.8) + (2 * Math.log1p(link.packets)) / Math.log1p(most) / (isLarge ? 3 : 1.5),
        zIndex: link.deed === "observe" ? 0 : 1,
      });
    }
    const gathered = links.length > SINGLE_LINKS_MAX ? bundles(links, layout).slice(0, BUNDLES_MAX) : [];
    const thickest = gathered[0]?.count ?? 1;
    let isClose = gathered.length === 0;
    // The width that a name may take without touching its neighbour's.
    // It draws once while it is being made.
    let made: Sigma | undefined;
    const room = () =>
      made ? made.graphToViewport({ x: layout.cell, y: 0 }).x - made.graphToViewport({ x: 0, y: 0 }).x - 6 : 90;
    const renderer = new Sigma(graph, element, {
      labelColor: { color: colours.text },
      labelFont: 'system-ui, "Liberation Sans", sans-serif',
      labelSize: 12,
      labelWeight: "400",
      labelDensity: isLarge ? 0.5 : 4,
      labelGridCellSize: 90,
      labelRenderedSizeThreshold: isLarge ? 7 : 3,
      zIndex: true,
      minCameraRatio: 0.01,
      maxCameraRatio: 1.6,
      stagePadding: 34,
      hideEdgesOnMove: links.length > MOVING_LINKS_MAX,
      hideLabelsOnMove: isLarge,
      allowInvalidContainer: true,
      defaultDrawNodeHover: (context, data) => drawLabel(context, data, colours),
      defaultDrawNodeLabel: (context, data) => drawLabel(context, data, colours, room()),
      nodeReducer: (id, data) => {
        const { id: at, near } = focus.current;
        if (!at) return data;
        if (id === at) return { ...data, highlighted: true, zIndex: 3 };
        return near.has(id)
          ? { ...data, forceLabel: near.size < 40, zIndex: 2 }
          : { ...data, color: colours.faint, label: "" };
      },
      edgeReducer: (edge, data) => {
        const { id: at } = focus.current;
        if (!at) return data;
        return graph.hasExtremity(edge, at)
          ? {
              ...data,
              color: data.color === colours.observe ? colours.dim : data.color,
              size: Math.max(1.2, data.size as number),
              zIndex: 3,
            }
          : { ...data, hidden: true };
      },
    });
    made = renderer;
    renderer.setCustomBBox({ x: [0, layout.width], y: [-layout.height, 0] });
    renderer.refresh();
    // Where machines are is known: looking it up is quicker than reading back from the graphics card which colour was
    // drawn, for which everything drawn before has to be finished. Without this sigma's own way still works.
    const cells = new Map<string, string[]>();
    for (const [id, spot] of layout.spots) {
      const cell = `${Math.floor(spot.x)} ${Math.floor(spot.y)}`;
      const list = cells.get(cell);
      if (list) list.push(id);
      else cells.set(cell, [id]);
    }
    const at = (position: { x: number; y: number }): string | null => {
      const here = renderer.viewportToGraph(position);
      let nearest: string | null = null;
      let least = Number.POSITIVE_INFINITY;
      for (let x = Math.floor(here.x) - 1; x <= here.x + 1; x++) {
        for (let y = Math.floor(-here.y) - 1; y <= -here.y + 1; y++) {
          for (const id of cells.get(`${x} ${y}`) ?? []) {
            const spot = layout.spots.get(id);
            const shown = renderer.getNodeDisplayData(id);
            if (!spot || !shown) continue;
            const seen = renderer.graphToViewport({ x: spot.x, y: -spot.y });
            const distance = Math.hypot(seen.x - position.x, seen.y - position.y);
            if (distance <= Math.max(5, renderer.scaleSize(shown.size) + 2) && distance < least) {
              nearest = id;
              least = distance;
            }
          }
        }
      }
      return nearest;
    };
    const inner = renderer as unknown as {
      getNodeAtPosition: typeof at;
      nodePrograms: Record<string, { pickProgram: unknown }>;
      edgePrograms: Record<string, { hasNothingToRender: () => boolean; verticesCount: number }>;
    };
    inner.getNodeAtPosition = at;
    for (const program of Object.values(inner.nodePrograms)) program.pickProgram = null;
    // Where bundles stand for links, links are not drawn at all; taking them out of sigma's buffers would take long.
    for (const program of Object.values(inner.edgePrograms)) {
      program.hasNothingToRender = () => program.verticesCount === 0 || (!isClose && !focus.current.id);
    }
    sigma.current = renderer;
    // Tests measure frames through this.
    (window as unknown as { vigieMap?: Sigma }).vigieMap = renderer;

    const canvas = renderer.createCanvas("bands", { beforeLayer: "edges", style: { pointerEvents: "none" } });
    // While the picture moves, what costs most is left out: bundles, and layers that have nothing in them then.
    let isMoving = false;
    let settled: ReturnType<typeof setTimeout> | undefined;
    const onMove = () => {
      if (gathered.length === 0) return;
      if (!isMoving) element.classList.add("moving");
      isMoving = true;
      clearTimeout(settled);
      settled = setTimeout(() => {
        isMoving = false;
        element.classList.remove("moving");
        renderer.scheduleRender();
      }, 160);
    };
    const drawBands = () => {
      const pen = canvas?.getContext("2d", { willReadFrequently: true });
      if (!canvas || !pen) return;
      const { width, height } = renderer.getDimensions();
      const ratio = window.devicePixelRatio || 1;
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
        canvas.style.width = `${width}px`;
        canvas.style.height = `${height}px`;
      }
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      const corner = (x: number, y: number) => renderer.graphToViewport({ x, y: -y });
      layout.bands.forEach((band, index) => {
        const a = corner(0, band.y - 0.35);
        const b = corner(layout.width, band.y + band.height + 0.35);
        if (b.y < 0 || a.y > height) return;
        pen.fillStyle = index % 2 ? colours.box : colours.soft;
        pen.globalAlpha = 0.55;
        pen.fillRect(0, a.y, width, b.y - a.y);
        pen.globalAlpha = 1;
      });
      if (!isClose && !focus.current.id && !isMoving) {
        for (const bundle of gathered) {
          const a = corner(bundle.from.x, bundle.from.y);
          const b = corner(bundle.to.x, bundle.to.y);
          const share = Math.sqrt(bundle.count / thickest);
          pen.strokeStyle = colours.deeds[bundle.deed === "write" ? "observe" : bundle.deed];
          pen.globalAlpha = 0.25 + 0.6 * share;
          pen.lineWidth = 0.5 + 5 * share;
          pen.beginPath();
          pen.moveTo(a.x, a.y);
          pen.quadraticCurveTo((a.x + b.x) / 2 + (b.y - a.y) * 0.12, (a.y + b.y) / 2 - (b.x - a.x) * 0.12, b.x, b.y);
          pen.stroke();
        }
        pen.globalAlpha = 1;
      }
      pen.textBaseline = "top";
      for (const block of layout.blocks) {
        const a = corner(block.x, block.y);
        const b = corner(block.x + block.width, block.y + block.height);
        if (b.x < 0 || a.x > width || b.y < 0 || a.y > height) continue;
        const wide = b.x - a.x;
        pen.strokeStyle = colours.line;
        pen.lineWidth = 1;
        pen.strokeRect(a.x, a.y, wide, b.y - a.y);
        const room = corner(0, block.y + layout.head).y - a.y;
        const letters = Math.min(12, Math.max(9, room - 3));
        if (wide < 34 || room < 8) continue;
        pen.font = `600 ${letters}px system-ui, sans-serif`;
        pen.fillStyle = colours.dim;
        pen.fillText(fitted(pen, `${block.zone} · ${block.count}`, wide - 8), a.x + 4, a.y + 3);
      }
      pen.font = "600 12px system-ui, sans-serif";
      for (const band of layout.bands) {
        const a = corner(0, band.y);
        const b = corner(0, band.y + band.height);
        if (b.y < 14 || a.y > height) continue;
        const name = wordIn(language, "level", band.level);
        const x = 6;
        pen.save();
        pen.translate(x, Math.max(6, Math.min((a.y + b.y) / 2, height - 6)));
        pen.rotate(-Math.PI / 2);
        pen.textAlign = "center";
        pen.fillStyle = colours.text;
        if (b.y - a.y > 30) pen.fillText(fitted(pen, name, b.y - a.y), 0, 0);
        pen.restore();
      }
      pen.textAlign = "left";
    };
    renderer.on("afterRender", drawBands);
    renderer.getCamera().on("updated", ({ ratio }) => {
      onMove();
      const is = gathered.length === 0 || ratio < CLOSE;
      if (is === isClose) return;
      isClose = is;
      renderer.scheduleRender();
    });
    renderer.on("clickNode", ({ node }) => choose.current(node));
    renderer.on("clickStage", () => choose.current(undefined));
    renderer.on("enterNode", () => {
      element.style.cursor = "pointer";
    });
    renderer.on("leaveNode", () => {
      element.style.cursor = "";
    });
    drawBands();
    return () => {
      clearTimeout(settled);
      sigma.current = undefined;
      renderer.kill();
    };
  }, [nodes, layout, links, scheme, language]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new drawing has to show the choice again.
  useEffect(() => {
    const renderer = sigma.current;
    if (!renderer) return;
    const graph = renderer.getGraph();
    const known = chosen && graph.hasNode(chosen) ? chosen : undefined;
    focus.current = { id: known, near: new Set(known ? graph.neighbors(known) : []) };
    renderer.refresh({ skipIndexation: true });
    if (!known) return;
    const at = renderer.getNodeDisplayData(known);
    if (!at) return;
    const seen = renderer.framedGraphToViewport(at);
    const { width, height } = renderer.getDimensions();
    const isNear = seen.x > 60 && seen.x < width - 340 && seen.y > 40 && seen.y < height - 40;
    const ratio = renderer.getCamera().ratio;
    const wanted = graph.order > NAMED_MAX ? Math.min(ratio, 0.25) : ratio;
    if (!isNear || wanted !== ratio)
      void renderer.getCamera().animate({ x: at.x, y: at.y, ratio: wanted }, { duration: 300 });
  }, [chosen, nodes, layout, links, scheme, language]);

  const move = (action: "in" | "out" | "all") => {
    const camera = sigma.current?.getCamera();
    if (!camera) return;
    if (action === "in") void camera.animatedZoom({ duration: 200 });
    else if (action === "out") void camera.animatedUnzoom({ duration: 200 });
    else void camera.animatedReset({ duration: 250 });
  };
  return (
    <>
      <div
        ref={place}
        className="mapcanvas"
        role="application"
        aria-label={t("map.label")}
        tabIndex={0}
        onKeyDown={(event) => {
          const camera = sigma.current?.getCamera();
          if (!camera) return;
          const step = 0.12 * camera.ratio;
          if (event.key === "ArrowLeft") camera.setState({ x: camera.x - step });
          else if (event.key === "ArrowRight") camera.setState({ x: camera.x + step });
          else if (event.key === "ArrowUp") camera.setState({ y: camera.y + step });
          else if (event.key === "ArrowDown") camera.setState({ y: camera.y - step });
          else if (event.key === "+") move("in");
          else if (event.key === "-") move("out");
          else if (event.key === "0") move("all");
          else if (event.key === "Escape") choose.current(undefined);
          else return;
          event.preventDefault();
        }}
      />
      <div className="mapzoom">
        <ActionIcon variant="default" size="lg" onClick={() => move("in")} aria-label={t("map.in")}>
          +
        </ActionIcon>
        <ActionIcon variant="default" size="lg" onClick={() => move("out")} aria-label={t("map.out")}>
          −
        </ActionIcon>
        <ActionIcon
          variant="default"
          size="lg"
          onClick={() => move("all")}
          aria-label={t("map.all")}
          title={t("map.all")}
        >
          <svg
            width="15"
            height="15"
            viewBox="0 0 16 16"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.600"
            aria-hidden="true"
          >
            <path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" />
          </svg>
        </ActionIcon>
      </div>
    </>
  );
}

/** `text` cut to a width. */
function fitted(pen: CanvasRenderingContext2D, text: string, width: number): string {
  if (pen.measureText(text).width <= width) return text;
  let cut = text;
  while (cut.length > 1 && pen.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
  return cut.length > 1 ? `${cut}…` : "";
}

interface Drawn {
  x: number;
  y: number;
  size: number;
  label?: string | null;
  color: string;
  glyph?: string;
}

/** Name and glyph of a machine; without `room` it is pointed at, and its name is shown whole in a box. */
function drawLabel(pen: CanvasRenderingContext2D, data: object, colours: Palette, room?: number): void {
  const isHover = room === undefined;
  const node = data as Drawn;
  const size = node.size;
  if (node.glyph && size >= 8) {
    pen.font = `600 ${Math.min(12, size * 0.75)}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillStyle = colours.on;
    pen.fillText(node.glyph, node.x, node.y);
    pen.textAlign = "left";
    pen.textBaseline = "alphabetic";
  }
  if (!node.label) return;
  pen.font = `${isHover ? 600 : 400} 12px system-ui, sans-serif`;
  const label = isHover ? node.label : room < 44 ? "" : fitted(pen, node.label, room);
  if (!label) return;
  const width = pen.measureText(label).width;
  const x = node.x - width / 2;
  const y = node.y + size + 13;
  if (isHover) {
    pen.beginPath();
    pen.arc(node.x, node.y, size + 2.5, 0, Math.PI * 2);
    pen.strokeStyle = colours.text;
    pen.lineWidth = 2;
    pen.stroke();
    pen.fillStyle = colours.box;
    pen.fillRect(x - 4, y - 12, width + 8, 17);
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.strokeRect(x - 4, y - 12, width + 8, 17);
  }
  pen.fillStyle = colours.text;
  pen.fillText(label, x, y);
}
