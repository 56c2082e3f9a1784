/** Conversations of the past: who talked to whom, how much, and how it went. */
import { useFilters } from "../../app/filters";
import { RecordFilters } from "../../components/RecordFilters";
import { ConversationTable } from "../../components/records";
import { useText } from "../../i18n";
import { ExploreTabs } from "./ExploreTabs";

export function Conversations() {
  const { t } = useText();
  const [filters, change] = useFilters();
  const { asset, protocol, flow, from, to } = filters;
  return (
    <>
      <ExploreTabs active="conversations" />
      <RecordFilters filters={filters} change={change} hasVerbs={false} />
      {flow && (
        <p className="dim small wrap">
          {t("explore.flow")} <span className="mono">{flow}</span>
        </p>
      )}
      <ConversationTable query={{ asset, protocol, flow, from, to }} none={t("explore.conversations.none")} />
    </>
  );
}
