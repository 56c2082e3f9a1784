/** What there is to explore. */

import { useMay } from "../../app/roles";
import { PageHead, TabLinks } from "../../components/basics";
import { useText } from "../../i18n";

export function ExploreTabs({ active }: { active: "acts" | "conversations" | "variables" | "sql" }) {
  const { t } = useText();
  const may = useMay();
  return (
    <>
      <PageHead title={t("nav.explore")} />
      <TabLinks
        label={t("nav.explore")}
        active={active}
        tabs={[
          { key: "acts", label: t("machine.tab.acts"), to: "/explore" },
          { key: "conversations", label: t("machine.conversations"), to: "/explore/conversations" },
          { key: "variables", label: t("machine.tab.variables"), to: "/explore/variables" },
          ...(may("analyst") ? [{ key: "sql", label: "SQL", to: "/explore/sql" }] : []),
        ]}
      />
    </>
  );
}
