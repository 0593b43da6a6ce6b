import { useEffect, useRef } from "react";

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** composing: an input method is at work, and Enter, Escape and the arrows are its own. */
export function composing(e: KeyboardEvent | { nativeEvent: KeyboardEvent }): boolean {
  const native = "nativeEvent" in e ? e.nativeEvent : e;
  return native.isComposing || native.keyCode === 229;
}

/** useKeys binds single keys of the page. They rest while somebody types, in open menus, and with Ctrl, Alt or Command held. */
export function useKeys(keys: Record<string, () => void>) {
  const latest = useRef(keys);
  useEffect(() => { latest.current = keys; });
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || composing(e) || typing(e.target)) return;
      if (e.target instanceof HTMLElement && e.target.closest("[role=menu],[role=dialog],[role=listbox]")) return;
      const act = latest.current[e.key];
      if (!act) return;
      e.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
