/** The two ways to look at the plant. */
import { PageHead, TabLinks } from "../../components/basics";
import { useText } from "../../i18n";

export function PlantTabs({ active, count }: { active: "list" | "map"; count?: number | undefined }) {
  const { t } = useText();
  return (
    <>
      <PageHead title={t("plant.title")} />
      <TabLinks
        label={t("plant.title")}
        active={active}
        tabs={[
          { key: "list", label: t("plant.list"), count, to: "/plant" },
          { key: "map", label: t("plant.map"), to: "/map" },
        ]}
      />
    </>
  );
}
