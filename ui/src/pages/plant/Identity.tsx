/** What a machine is, with the facts behind every field. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Asset, Attribute } from "../../api/types";
import { Box, Count, Empty, Protocol, Time } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";

export function Identity({ asset }: { asset: Asset }) {
  const { t, word, say, language } = useText();
  return (
    <div className="columns">
      <div className="stack">
        <Box title={t("machine.facts")} flush>
          {asset.attributes.length === 0 ? (
            <Empty title={t("machine.facts.none")}>{t("machine.facts.none.about")}</Empty>
          ) : (
            <Attributes attributes={asset.attributes} />
          )}
        </Box>
        <Box title={t("machine.roles")}>
          <ul className="bare lines">
            {asset.roles.map((claim) => (
              <li key={claim.role}>
                <span className="strong">
                  {t("asset.role")} – {word("role", claim.role)}
                </span>{" "}
                <span className="dim small">({word("confidence", claim.confidence)})</span>
                {claim.reasons.map((reason) => (
                  <div key={reason.en} className="small wrap">
                    {say(reason)}
                  </div>
                ))}
              </li>
            ))}
            <li>
              <span className="strong">
                {t("asset.level")} – {word("level", asset.purdue.level)}
              </span>
              {asset.purdue.reasons.map((reason) => (
                <div key={reason.en} className="small wrap">
                  {say(reason)}
                </div>
              ))}
            </li>
            <li>
              <span className="strong">
                {t("asset.importance")} – {word("importance", asset.criticality.importance)}
              </span>
              {asset.criticality.reasons.map((reason) => (
                <div key={reason.en} className="small wrap">
                  {say(reason)}
                </div>
              ))}
            </li>
          </ul>
        </Box>
      </div>
      <div className="stack">
        <Box
          title={t("machine.fields")}
          aside={
            <span className="dim small tabular">
              {asset.known} / {asset.fields.length}
            </span>
          }
        >
          <dl className="pairs">
            {asset.fields.map((field) => (
              <FieldPair key={field.name} field={field} />
            ))}
          </dl>
        </Box>
        <Box title={t("machine.interfaces")}>
          <ul className="bare lines">
            {asset.interfaces.map((face) => (
              <li key={face.mac ?? face.ips.join()}>
                <span className="mono">{face.mac ?? "–"}</span> <span className="dim">{face.maker ?? ""}</span>
                <div className="mono wrap">{face.ips.join(", ")}</div>
                {face.vlans.length > 0 && <div className="dim small">VLAN {face.vlans.join(", ")}</div>}
              </li>
            ))}
          </ul>
        </Box>
        <Box title={t("machine.traffic")}>
          <dl className="pairs">
            <dt>{t("machine.packets")}</dt>
            <dd className="tabular">
              <Count of={asset.packets_sent} /> {t("machine.sent")}, <Count of={asset.packets_received} />{" "}
              {t("machine.received")}
            </dd>
            <dt>{t("machine.bytes")}</dt>
            <dd className="tabular">
              {format.bytes(language, asset.bytes_sent)} {t("machine.sent")},{" "}
              {format.bytes(language, asset.bytes_received)} {t("machine.received")}
            </dd>
            <dt>{t("machine.asked")}</dt>
            <dd>
              <Link to="/plant/$id" params={{ id: asset.id }} search={{ tab: "acts" }}>
                <Count of={asset.acts_asked} />
              </Link>
            </dd>
            <dt>{t("machine.answered")}</dt>
            <dd>
              <Link to="/plant/$id" params={{ id: asset.id }} search={{ tab: "acts" }}>
                <Count of={asset.acts_received} />
              </Link>
            </dd>
            <dt>{t("asset.first")}</dt>
            <dd>
              <Time at={asset.first} />
            </dd>
            <dt>{t("asset.last")}</dt>
            <dd>
              <Time at={asset.last} />
            </dd>
            {asset.users.length > 0 && (
              <>
                <dt>{t("machine.users")}</dt>
                <dd>{asset.users.map((user) => format.clean(user, 60)).join(", ")}</dd>
              </>
            )}
            {asset.credentials.length > 0 && (
              <>
                <dt>{t("machine.credentials")}</dt>
                <dd>{asset.credentials.map((kind) => format.clean(kind, 60)).join(", ")}</dd>
              </>
            )}
          </dl>
        </Box>
      </div>
    </div>
  );
}

function FieldPair({ field }: { field: Asset["fields"][number] }) {
  const { t, word } = useText();
  return (
    <>
      <dt>{word("field", field.name)}</dt>
      <dd>
        {field.value ? (
          <>
            {field.name === "asset criticality"
              ? word("importance", field.value)
              : field.name === "asset role/type"
                ? word("role", field.value)
                : format.clean(field.value)}
            {field.is_proposal && <span className="dim small"> – {t("machine.fields.confirm")}</span>}
          </>
        ) : (
          <span className="dim">– {field.needs_people ? t("machine.fields.people") : t("machine.fields.network")}</span>
        )}
      </dd>
    </>
  );
}

/** Attributes; each opens to the claims that it rests on. */
export function Attributes({ attributes }: { attributes: Attribute[] }) {
  const { t, word } = useText();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (key: string) =>
    setOpen((old) => {
      const next = new Set(old);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  return (
    <div className="scroll">
      <table className="plain">
        <thead>
          <tr>
            <th>{t("machine.attribute")}</th>
            <th>{t("machine.value")}</th>
            <th>{t("machine.sure")}</th>
            <th>{t("machine.why")}</th>
          </tr>
        </thead>
        <tbody>
          {attributes.map((attribute) => {
            const [best] = attribute.claims;
            const isOpen = open.has(attribute.key);
            const name = word("fact", attribute.key);
            return [
              <tr key={attribute.key}>
                <th scope="row" className="nowrap" style={{ fontWeight: 400 }}>
                  {name}
                </th>
                <td className="wrap strong">
                  {format.clean(attribute.key === "role" ? word("role", attribute.value) : attribute.value, 200)}
                  {attribute.is_disputed && (
                    <span
                      className="badge medium slim"
                      title={t("machine.disputed.about")}
                      style={{ marginLeft: "0.400rem" }}
                    >
                      {t("machine.disputed")}
                    </span>
                  )}
                </td>
                <td>{best ? word("confidence", best.confidence) : ""}</td>
                <td>
                  <button
                    type="button"
                    className="whybutton small"
                    aria-expanded={isOpen}
                    onClick={() => toggle(attribute.key)}
                  >
                    <span className="visually-hidden">{t("machine.why.of", { name })} </span>
                    {best?.protocol} <span className="dim">· {t("count.claims", { n: attribute.claims.length })}</span>
                  </button>
                </td>
              </tr>,
              isOpen && (
                <tr key={`${attribute.key} claims`}>
                  <td colSpan={4} style={{ padding: "0 0.600rem 0.600rem 1.600rem" }}>
                    <table className="plain">
                      <tbody>
                        {attribute.claims.map((claim, index) => (
                          <tr key={`${claim.value} ${claim.source} ${index}`}>
                            <td className="wrap">{format.clean(claim.value, 200)}</td>
                            <td>
                              <Protocol of={claim.protocol} /> <span className="dim">{claim.source}</span>
                            </td>
                            <td>{word("confidence", claim.confidence)}</td>
                            <td className="small dim">
                              {t("count.times", { n: claim.count })}, <Time at={claim.first} />
                              {claim.last !== claim.first && (
                                <>
                                  {" – "}
                                  <Time at={claim.last} />
                                </>
                              )}
                            </td>
                          </tr>
                        ))}
                      </tbody>
                    </table>
                  </td>
                </tr>
              ),
            ];
          })}
        </tbody>
      </table>
    </div>
  );
}
