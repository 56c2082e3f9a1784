/** Who a machine talks to, over what, and what is done; the services it offers and uses. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Asset, Service } from "../../api/types";
import { useNames } from "../../app/names";
import { Box, Count, deedOf, Empty, MachineLink, Protocol, Time } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";

export function Connections({ asset }: { asset: Asset }) {
  const { t, word, language } = useText();
  const names = useNames();
  const edges = useMemo(() => [...asset.edges].sort((a, b) => b.packets - a.packets), [asset.edges]);
  return (
    <>
      <Box title={t("machine.edges")} flush>
        {edges.length === 0 ? (
          <Empty title={t("machine.edges.none")} />
        ) : (
          <div className="scroll tall" tabIndex={0} role="region" aria-label={t("machine.edges")}>
            <table className="plain">
              <thead>
                <tr>
                  <th>{t("machine.partner")}</th>
                  <th>{t("machine.direction")}</th>
                  <th>{t("common.protocol")}</th>
                  <th>{t("machine.port")}</th>
                  <th>{t("machine.verbs")}</th>
                  <th className="number">{t("machine.tab.acts")}</th>
                  <th className="number">{t("machine.refused")}</th>
                  <th className="number">{t("machine.unanswered")}</th>
                  <th className="number">{t("machine.conversations")}</th>
                  <th className="number">{t("machine.packets")}</th>
                  <th className="number">{t("machine.bytes")}</th>
                  <th>{t("asset.last")}</th>
                </tr>
              </thead>
              <tbody>
                {edges.map((edge) => {
                  const isAsking = edge.from === asset.id;
                  const partner = isAsking ? edge.to : edge.from;
                  return (
                    <tr key={`${edge.from} ${edge.to} ${edge.protocol}`}>
                      <td className="nowrap">
                        {edge.is_group && isAsking ? (
                          <span className="mono">
                            {partner.replace(/^group-/, "")} <span className="dim">{t("common.group")}</span>
                          </span>
                        ) : (
                          <MachineLink id={partner} name={names.get(partner)} />
                        )}
                      </td>
                      <td className="nowrap dim">{isAsking ? t("machine.asks") : t("machine.isasked")}</td>
                      <td>
                        <Protocol of={edge.protocol} guess={edge.is_guess} />
                      </td>
                      <td className="tabular">{edge.ports.slice(0, 3).join(", ")}</td>
                      <td>
                        <span className="row tight">
                          {edge.verbs.slice(0, 4).map(([verb, count]) => (
                            <Link
                              key={verb}
                              to="/explore"
                              search={{ asset: asset.id, protocol: edge.protocol, verb }}
                              className="quiet nowrap small"
                            >
                              <span className={`dot ${deedOf(verb)}`} /> {word("verb", verb)}{" "}
                              <span className="dim">{format.number(language, count)}</span>
                            </Link>
                          ))}
                        </span>
                      </td>
                      <td className="number">
                        <Count of={edge.acts} />
                      </td>
                      <td className="number">
                        {edge.refused ? (
                          <Link to="/explore" search={{ asset: asset.id, protocol: edge.protocol, outcome: "refused" }}>
                            <Count of={edge.refused} />
                          </Link>
                        ) : (
                          <span className="dim">0</span>
                        )}
                      </td>
                      <td className="number">
                        {edge.unanswered ? (
                          <Link
                            to="/explore"
                            search={{ asset: asset.id, protocol: edge.protocol, outcome: "no answer" }}
                          >
                            <Count of={edge.unanswered} />
                          </Link>
                        ) : (
                          <span className="dim">0</span>
                        )}
                      </td>
                      <td className="number">
                        <Link to="/explore/conversations" search={{ asset: asset.id, protocol: edge.protocol }}>
                          <Count of={edge.conversations} />
                        </Link>
                      </td>
                      <td className="number">
                        <Count of={edge.packets} />
                      </td>
                      <td className="number">{format.bytes(language, edge.bytes)}</td>
                      <td>
                        <Time at={edge.last} />
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        )}
      </Box>
      <div className="columns even">
        <Services
          title={t("machine.services")}
          none={t("machine.services.none")}
          services={asset.services}
          names={names}
        />
        <Services title={t("machine.uses")} none={t("machine.uses.none")} services={asset.uses} names={names} />
      </div>
    </>
  );
}

const PARTNERS_MAX = 4;

function Services(props: { title: string; none: string; services: Service[]; names: Map<string, string> }) {
  const { t } = useText();
  return (
    <Box title={props.title}>
      {props.services.length === 0 && <p className="dim">{props.none}</p>}
      <ul className="bare lines">
        {props.services.map((service) => (
          <li key={`${service.protocol} ${service.transport} ${service.port} ${service.partners[0]}`}>
            <Protocol of={service.protocol} guess={service.is_guess} />{" "}
            <span className="dim tabular">
              {service.transport}
              {service.port !== null ? `/${service.port}` : ""}
            </span>{" "}
            <span className="small">
              ·{" "}
              {service.partners.slice(0, PARTNERS_MAX).map((id, index) => (
                <span key={id}>
                  {index > 0 && ", "}
                  <MachineLink id={id} name={props.names.get(id)} />
                </span>
              ))}
              {service.partner_count > PARTNERS_MAX && (
                <span className="dim"> + {t("count.more", { n: service.partner_count - PARTNERS_MAX })}</span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Box>
  );
}
