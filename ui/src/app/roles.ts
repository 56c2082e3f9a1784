/** What the signed-in person may do; the server decides, this only hides what it would refuse. */
import { useCallback } from "react";
import { useSession } from "../api/queries";
import type { UserRole } from "../api/types";

/** Rights rise from viewer to administrator; the auditor reads everything and changes nothing. */
const RANKS: Record<UserRole, number> = { viewer: 1, auditor: 1, analyst: 2, engineer: 3, administrator: 4 };

/** Whether `role` may do what at least `least` may. */
export function mayDo(role: UserRole | undefined, least: UserRole): boolean {
  if (!role) return false;
  if (least === "auditor") return role === "auditor" || role === "administrator";
  return RANKS[role] >= RANKS[least];
}

export function useMay(): (least: UserRole) => boolean {
  const role = useSession().data?.role;
  return useCallback((least: UserRole) => mayDo(role, least), [role]);
}
