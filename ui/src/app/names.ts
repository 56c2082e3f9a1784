/** The names of machines by id and by address, for records that carry addresses only. */
import { useMemo } from "react";
import { useAssets } from "../api/queries";

/** By id: the name. By `ip ADDRESS`: the id. */
export function useNames(): Map<string, string> {
  const assets = useAssets();
  return useMemo(() => {
    const names = new Map<string, string>();
    for (const asset of assets.data ?? []) {
      names.set(asset.id, asset.name);
      for (const ip of asset.ips) names.set(`ip ${ip}`, asset.id);
    }
    return names;
  }, [assets.data]);
}
