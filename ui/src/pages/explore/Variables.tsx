/** Variables of all machines, with charts. */

import { useFilters } from "../../app/filters";
import { VariableList } from "../../components/VariableList";
import { ExploreTabs } from "./ExploreTabs";

export function Variables() {
  const [filters] = useFilters();
  return (
    <>
      <ExploreTabs active="variables" />
      <VariableList asset={filters.asset} chosen={filters.object} />
    </>
  );
}
