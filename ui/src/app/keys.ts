/** Keyboard shortcuts: single keys and two keys one after the other, never while a person writes. */
import { useEffect } from "react";

export type Shortcuts = Record<string, () => void>;

/** Whether keys typed now belong to a field. */
function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** How long the first key of two waits for the second. */
const PAIR_MS = 1_200;

/** Listens to `shortcuts`: `"?"`, `"/"`, `"g n"`. */
export function useShortcuts(shortcuts: Shortcuts): void {
  useEffect(() => {
    let first = "";
    let at = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      const now = performance.now();
      const pair = first && now - at < PAIR_MS ? `${first} ${event.key}` : event.key;
      const action = shortcuts[pair] ?? shortcuts[event.key];
      first = event.key;
      at = now;
      if (!action) return;
      first = "";
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [shortcuts]);
}
