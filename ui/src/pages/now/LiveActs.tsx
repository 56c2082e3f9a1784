/** Acts as they happen, the newest on top; changes only unless all are asked for. */
import { Link } from "@tanstack/react-router";
import { memo, useCallback, useMemo, useState } from "react";
import { useLive } from "../../api/stream";
import type { Act } from "../../api/types";
import { useShortcuts } from "../../app/keys";
import { useNames } from "../../app/names";
import { actLine, Box, CHANGES, deedOf, End, Toggle } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";

const SHOWN_MAX = 60;

export function LiveActs() {
  const { t } = useText();
  const acts = useLive((live) => live.acts);
  const seen = useLive((live) => live.actsSeen);
  const dropped = useLive((live) => live.dropped);
  const names = useNames();
  const [which, choose] = useState<"changes" | "all">("all");
  const [paused, pause] = useState<{ acts: typeof acts; seen: number } | undefined>();
  const toggle = useCallback(() => pause((was) => (was ? undefined : { acts, seen })), [acts, seen]);
  const shortcuts = useMemo(() => ({ p: toggle }), [toggle]);
  useShortcuts(shortcuts);
  const from = paused?.acts ?? acts;
  const shown = useMemo(
    () =>
      (which === "all" ? from : from.filter((act) => CHANGES.has(act.verb) || act.outcome === "refused")).slice(
        0,
        SHOWN_MAX,
      ),
    [from, which],
  );
  return (
    <Box
      flush
      title={t("now.acts.title")}
      aside={
        <>
          <Toggle
            label={t("now.acts.title")}
            value={which}
            choices={[
              ["changes", t("now.acts.changes")],
              ["all", t("now.acts.all")],
            ]}
            onChange={choose}
          />
          <Toggle
            label={t("now.acts.pause")}
            value={paused ? "paused" : "running"}
            choices={[["paused", paused ? t("now.acts.resume") : t("now.acts.pause")]]}
            onChange={toggle}
          />
          <Link to="/explore" className="small">
            {t("now.acts.explore")}
          </Link>
        </>
      }
    >
      {paused && (
        <p className="dim small" style={{ padding: "0 1rem" }}>
          {t("now.acts.paused", { n: seen - paused.seen })}
        </p>
      )}
      {dropped > 0 && (
        <p className="dim small" style={{ padding: "0 1rem" }}>
          {t("live.dropped", { n: dropped })}
        </p>
      )}
      <div className="acts" tabIndex={0} role="log" aria-live="off" aria-label={t("now.acts.title")}>
        {shown.length === 0 && (
          <p className="dim" style={{ padding: "0 1rem 0.8rem" }}>
            {t(which === "all" ? "now.acts.waitingall" : "now.acts.waiting")}
          </p>
        )}
        {shown.map((act) => (
          <Line key={act.key} act={act} names={names} />
        ))}
      </div>
    </Box>
  );
}

const Line = memo(function Line({ act, names }: { act: Act; names: Map<string, string> }) {
  const { language, word } = useText();
  return (
    <div className="act fresh">
      <time className="dim tabular" dateTime={act.at} title={act.at}>
        {format.clock(language, act.at)}
      </time>
      <span className={`dot ${deedOf(act.verb)}`} title={word("verb", act.verb)} />
      <span className="wrap">
        <End asset={act.from_asset} of={act.from} names={names} /> →{" "}
        <End asset={act.to_asset} of={act.to} names={names} /> <span className="strong">{word("verb", act.verb)}</span>{" "}
        <span className="dim">
          {act.protocol} · {actLine(language, act, word)}
        </span>
      </span>
    </div>
  );
});
