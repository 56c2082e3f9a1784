/** The acts of a machine on a line of time, a lane for each kind of deed. */
import { useMemo } from "react";
import { usePages } from "../../api/queries";
import type { Act } from "../../api/types";
import { Box, type Deed, deedOf } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";

const LANES: Deed[] = ["engineer", "command", "write", "observe"];
const LANE_PIXELS = 22;
const WIDTH = 1000;

export function Timeline({ asset }: { asset: string }) {
  const { t, language } = useText();
  const acts = usePages<Act>("/acts", { asset, limit: 1000 });
  const marks = useMemo(() => {
    const items = acts.data?.pages.flatMap((page) => page.items) ?? [];
    if (items.length === 0) return undefined;
    const times = items.flatMap((act) => [Date.parse(act.first), Date.parse(act.last)]);
    const from = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
    const to = Math.max(
      times.reduce((most, time) => Math.max(most, time), 0),
      from + 1_000,
    );
    const at = (time: number) => ((time - from) / (to - from)) * WIDTH;
    // Marks that fall on the same pixel are one: the drawing is bounded however many acts there are.
    const lanes = new Map<Deed, Map<number, number>>();
    for (const act of items) {
      const lane = lanes.get(deedOf(act.verb)) ?? new Map<number, number>();
      lanes.set(deedOf(act.verb), lane);
      const start = Math.round(at(Date.parse(act.first)));
      lane.set(start, Math.max(lane.get(start) ?? start, Math.round(at(Date.parse(act.last)))));
    }
    return { lanes, from, to };
  }, [acts.data]);
  if (!marks) return null;
  const height = LANES.length * LANE_PIXELS;
  return (
    <Box title={t("machine.timeline")} about={t("machine.timeline.about")}>
      <div style={{ display: "grid", gridTemplateColumns: "max-content minmax(0, 1fr)", gap: "0 0.700rem" }}>
        <div>
          {LANES.map((lane) => (
            <div
              key={lane}
              className="small dim nowrap"
              style={{ height: LANE_PIXELS, lineHeight: `${LANE_PIXELS}px` }}
            >
              <span className={`dot ${lane}`} /> {t(`deed.${lane}`)}
            </div>
          ))}
        </div>
        <div>
          <svg
            viewBox={`0 0 ${WIDTH} ${height}`}
            preserveAspectRatio="none"
            width="100%"
            height={height}
            role="img"
            aria-label={t("machine.timeline")}
          >
            {LANES.map((lane, index) => (
              <g key={lane}>
                <line
                  x1={0}
                  x2={WIDTH}
                  y1={(index + 0.5) * LANE_PIXELS}
                  y2={(index + 0.5) * LANE_PIXELS}
                  stroke="var(--line)"
                  vectorEffect="non-scaling-stroke"
                />
                {[...(marks.lanes.get(lane) ?? [])].map(([start, end]) => (
                  <rect
                    key={start}
                    x={start - 1}
                    y={index * LANE_PIXELS + 4}
                    width={Math.max(2, end - start)}
                    height={LANE_PIXELS - 8}
                    fill={`var(--${lane})`}
                    fillOpacity={end - start > 2 ? 0.35 : 0.9}
                  />
                ))}
              </g>
            ))}
          </svg>
          <div className="row between small dim tabular">
            <span>{format.dateTime(language, marks.from)}</span>
            <span>{format.dateTime(language, marks.to)}</span>
          </div>
        </div>
      </div>
    </Box>
  );
}
