/** Values over time, drawn by uPlot in the colours of the page. */
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import * as format from "../format";
import { useText } from "../i18n";

export interface LineChartProps {
  label: string;
  height: number;
  /** Milliseconds since 1970, rising. */
  times: number[];
  series: (number | null)[][];
  names: string[];
  /** Steps instead of slopes: the value holds until the next one. */
  isStepped?: boolean;
  /** Told when a person chose a span by dragging; undefined when they went back to all. */
  onZoom?: (from: number | undefined, to: number | undefined) => void;
}

export function LineChart(props: LineChartProps) {
  const { label, height, times, series, names, isStepped, onZoom } = props;
  const { language, t } = useText();
  const scheme = useComputedColorScheme("light");
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data = useRef<uPlot.AlignedData>([[]]);
  data.current = [times.map((time) => time / 1000), ...series];
  const time = useRef("");
  time.current = t("common.time");
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  const namesKey = names.join("\u0000");

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new colour scheme needs the plot drawn anew.
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--dim"),
      grid: { stroke: colour("--line"), width: 0.5 },
      ticks: { stroke: colour("--line"), width: 0.5 },
      font: "11px system-ui, sans-serif",
    };
    const strokes = [colour("--series"), colour("--command"), colour("--good")];
    const day = new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB", { day: "numeric", month: "short" });
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        cursor: { drag: { x: true, y: false, setScale: !zoom.current } },
        legend: { show: true, live: true },
        scales: {
          x: { time: true },
          y: {
            range: (_, least, most) =>
              least === null || most === null
                ? [0, 1]
                : least === most
                  ? [least - 1, most + 1]
                  : [
                      Math.min(least, least < 0 ? least * 1.05 : least - (most - least) * 0.05),
                      most + (most - least) * 0.05,
                    ],
          },
        },
        series: [
          {
            value: (_, seconds) => (seconds === null ? "–" : format.dateTime(language, seconds * 1000)),
            label: time.current,
          },
          ...namesKey.split("\u0000").map((name, index) => ({
            label: name,
            stroke: strokes[index % strokes.length] ?? "gray",
            width: 1.4,
            points: { show: false },
            spanGaps: false,
            ...(isStepped && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
            value: (_: uPlot, value: number | null) => (value === null ? "–" : format.measure(language, value)),
          })),
        ],
        axes: [
          {
            ...axis,
            // Whole seconds at least: the clock shows no less.
            incrs: [
              1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800,
              2592000,
            ],
            values: (_, splits, __, ___, increment) =>
              splits.map((seconds) =>
                increment >= 86_400
                  ? day.format(seconds * 1000)
                  : format.clock(language, seconds * 1000).slice(0, increment < 60 ? 8 : 5),
              ),
          },
          { ...axis, size: 56, values: (_, splits) => splits.map((value) => format.measure(language, value)) },
        ],
        hooks: {
          setSelect: [
            (self) => {
              if (!zoom.current || self.select.width < 4) return;
              zoom.current(
                Math.round(self.posToVal(self.select.left, "x") * 1000),
                Math.round(self.posToVal(self.select.left + self.select.width, "x") * 1000),
              );
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      data.current,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [height, namesKey, language, scheme, isStepped]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the data is what changed.
  useEffect(() => plot.current?.setData(data.current), [times, series]);

  return (
    <div
      ref={place}
      className="chart"
      role="img"
      aria-label={label}
      onDoubleClick={() => zoom.current?.(undefined, undefined)}
    />
  );
}
