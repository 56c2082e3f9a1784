/** Choice of the language, for pages without the account menu. */
import { useText } from "../i18n";
import { Toggle } from "./basics";

export function Languages() {
  const { language, setLanguage, t } = useText();
  return (
    <div style={{ textAlign: "center" }}>
      <Toggle
        label={t("shell.language")}
        value={language}
        choices={[
          ["en", "English"],
          ["fr", "Français"],
        ]}
        onChange={setLanguage}
      />
    </div>
  );
}
