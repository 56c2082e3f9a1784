/** What runs here, since when, and how it is. */
import { useHealth, useList } from "../../api/queries";
import { Box, Count, Ready, Time } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";
import { SettingsTabs } from "./SettingsTabs";

interface ProtocolAbout {
  id: string;
  title: string;
  about?: string;
  depth?: string;
  carriers?: string[];
  documents?: string[];
  industrial?: boolean;
}

export function About() {
  const { t, language } = useText();
  const health = useHealth();
  const protocols = useList<ProtocolAbout>("/protocols");
  return (
    <>
      <SettingsTabs active="about" />
      <Ready query={health}>
        {(data) => (
          <div className="columns">
            <Box title={t("about.protocols")} about={t("about.protocols.about")}>
              <ul className="bare lines">
                {(protocols.data ?? []).map((protocol) => (
                  <li key={protocol.id}>
                    <details>
                      <summary>
                        <span className="strong">{protocol.title}</span>{" "}
                        <span className="dim small mono">{protocol.id}</span>
                      </summary>
                      <div lang="en">
                        <p>{protocol.about}</p>
                        <p className="small">{protocol.depth}</p>
                        <p className="small dim">{protocol.carriers?.join("; ")}</p>
                        <ul className="small dim">
                          {protocol.documents?.map((document) => (
                            <li key={document}>{document}</li>
                          ))}
                        </ul>
                      </div>
                    </details>
                  </li>
                ))}
              </ul>
            </Box>
            <div className="stack">
              <Box title="Vigie">
                <dl className="pairs">
                  <dt>{t("about.version")}</dt>
                  <dd>{data.version}</dd>
                  <dt>{t("about.started")}</dt>
                  <dd>
                    <Time at={data.started} />{" "}
                    <span className="dim small">({format.span(language, Date.now() - Date.parse(data.started))})</span>
                  </dd>
                  <dt>{t("about.status")}</dt>
                  <dd>{data.status === "ok" ? t("about.ok") : data.status}</dd>
                  <dt>{t("about.batches")}</dt>
                  <dd>
                    <Count of={data.analysis?.applied} />
                    {(data.analysis?.behind ?? 0) > 0 && (
                      <span className="dim"> – {t("now.behind", { n: data.analysis?.behind ?? 0 })}</span>
                    )}
                  </dd>
                  <dt>{t("ledger.size")}</dt>
                  <dd>
                    <Count of={data.ledger?.size} />
                  </dd>
                </dl>
              </Box>
              <Box>
                <p>{t("about.passive")}</p>
                <p className="dim small">{t("about.sources")}</p>
                <p className="small">
                  <a href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
                    {t("about.api")}
                  </a>
                </p>
              </Box>
            </div>
          </div>
        )}
      </Ready>
    </>
  );
}
