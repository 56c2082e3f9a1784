/** Modules in slots, devices behind a machine, and its programs. */
import type { Asset, Part } from "../../api/types";
import { Box, Count, Empty, Protocol, Time } from "../../components/basics";
import { ActTable } from "../../components/records";
import * as format from "../../format";
import { useText } from "../../i18n";
import { Attributes } from "./Identity";

export function Parts({ asset }: { asset: Asset }) {
  const { t } = useText();
  return (
    <div className="stack">
      <PartList title={t("machine.modules")} none={t("machine.modules.none")} parts={asset.modules} />
      <PartList title={t("machine.behind")} none={t("machine.behind.none")} parts={asset.behind} />
    </div>
  );
}

function PartList({ title, none, parts }: { title: string; none: string; parts: Part[] }) {
  const { t, word } = useText();
  return (
    <Box title={title} flush>
      {parts.length === 0 ? (
        <p className="dim" style={{ padding: "0 1rem 0.700rem" }}>
          {none}
        </p>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label={title}>
          <table className="plain">
            <thead>
              <tr>
                <th>{t("machine.where")}</th>
                <th>{t("common.protocol")}</th>
                <th>{t("machine.facts")}</th>
                <th className="number">{t("machine.tab.acts")}</th>
                <th className="number">{t("machine.changes")}</th>
                <th>{t("asset.last")}</th>
              </tr>
            </thead>
            <tbody>
              {parts.map((part) => (
                <tr key={`${part.behind} ${part.protocol}`}>
                  <th scope="row" className="nowrap">
                    {part.behind}
                  </th>
                  <td>
                    <Protocol of={part.protocol} />
                  </td>
                  <td className="wrap">
                    {part.attributes.length === 0 && (
                      <span className="dim">
                        {part.has_answered ? t("machine.part.answers") : t("machine.part.silent")}
                      </span>
                    )}
                    {part.attributes.map((attribute) => (
                      <div key={attribute.key}>
                        <span className="dim">{word("fact", attribute.key)}</span> {format.clean(attribute.value, 160)}{" "}
                        <span className="dim small" title={attribute.claims[0]?.source}>
                          ({attribute.claims[0]?.protocol}, {word("confidence", attribute.claims[0]?.confidence)})
                        </span>
                      </div>
                    ))}
                  </td>
                  <td className="number">
                    <Count of={part.acts} />
                  </td>
                  <td className="number">
                    <Count of={part.changes} />
                  </td>
                  <td>
                    <Time at={part.last} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Box>
  );
}

const PROGRAM_KEYS = ["program", "program_hash", "protection", "key_position", "run_state", "firmware", "software"];

export function Programs({ asset }: { asset: Asset }) {
  const { t } = useText();
  const own = asset.attributes.filter((attribute) => PROGRAM_KEYS.includes(attribute.key));
  const parts = [...asset.modules, ...asset.behind].flatMap((part) =>
    part.attributes
      .filter((attribute) => PROGRAM_KEYS.includes(attribute.key))
      .map((attribute) => ({ part, attribute })),
  );
  return (
    <div className="stack">
      <Box title={t("machine.programs.known")} flush>
        {own.length + parts.length === 0 ? (
          <Empty title={t("machine.programs.none")}>{t("machine.programs.none.about")}</Empty>
        ) : (
          <>
            {own.length > 0 && <Attributes attributes={own} />}
            {parts.map(({ part, attribute }) => (
              <div key={`${part.behind} ${attribute.key}`} style={{ borderTop: "1px solid var(--line)" }}>
                <p className="dim small" style={{ padding: "0.300rem 0.600rem 0" }}>
                  {part.behind}
                </p>
                <Attributes attributes={[attribute]} />
              </div>
            ))}
          </>
        )}
      </Box>
      <h2 style={{ margin: 0 }}>{t("machine.programs.acts")}</h2>
      <ActTable
        query={{ asset: asset.id, verb: "program,upload,firmware,start,stop,mode,reset" }}
        none={t("machine.programs.none")}
      />
    </div>
  );
}
