/** What can be set, as far as the person may. */

import type { UserRole } from "../../api/types";
import { useMay } from "../../app/roles";
import { PageHead, TabLinks } from "../../components/basics";
import { useText } from "../../i18n";

const TABS: [string, string, UserRole][] = [
  ["account", "/settings", "viewer"],
  ["users", "/settings/users", "administrator"],
  ["tokens", "/settings/tokens", "engineer"],
  ["notifications", "/settings/notifications", "engineer"],
  ["system", "/settings/system", "administrator"],
  ["ledger", "/settings/ledger", "auditor"],
  ["about", "/settings/about", "viewer"],
];

export function SettingsTabs({
  active,
}: {
  active: "account" | "users" | "tokens" | "notifications" | "system" | "ledger" | "about";
}) {
  const { t } = useText();
  const may = useMay();
  return (
    <>
      <PageHead title={t("nav.settings")} />
      <TabLinks
        label={t("nav.settings")}
        active={active}
        tabs={TABS.filter(([, , least]) => may(least)).map(([key, to]) => ({
          key,
          to,
          label: t(`settings.${key as "account"}`),
        }))}
      />
    </>
  );
}
