/** Packets and acts per second over the last minutes. */
import { useMemo } from "react";
import { useLive } from "../../api/stream";
import { LineChart } from "../../components/LineChart";
import { useText } from "../../i18n";

export function RatesChart() {
  const { t } = useText();
  const rates = useLive((live) => live.rates);
  const data = useMemo(
    () => ({
      times: rates.map((rate) => rate.at),
      series: [rates.map((rate) => rate.packets), rates.map((rate) => rate.acts)],
    }),
    [rates],
  );
  if (rates.length < 2) return <p className="dim">{t("now.acts.waitingall")}</p>;
  return (
    <LineChart
      label={t("now.rates")}
      height={150}
      times={data.times}
      series={data.series}
      names={[t("now.packets"), t("now.acts")]}
    />
  );
}
