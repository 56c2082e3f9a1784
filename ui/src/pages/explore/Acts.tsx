/** Acts of the past: who asked whom for what, and how it ended. */
import { useFilters } from "../../app/filters";
import { RecordFilters } from "../../components/RecordFilters";
import { ActTable } from "../../components/records";
import { useText } from "../../i18n";
import { ExploreTabs } from "./ExploreTabs";

export function Acts() {
  const { t } = useText();
  const [filters, change] = useFilters();
  const { asset, protocol, verb, outcome, from, to } = filters;
  return (
    <>
      <ExploreTabs active="acts" />
      <RecordFilters filters={filters} change={change} hasVerbs />
      <ActTable query={{ asset, protocol, verb, outcome, from, to }} none={t("explore.acts.none")} />
    </>
  );
}
