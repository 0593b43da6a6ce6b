// The token of this tab. It lies in sessionStorage: closing the tab forgets it, other tabs and other sites never see it.
import { useSyncExternalStore } from "react";

const key = "kiroku.token";
const listeners = new Set<() => void>();
let token = sessionStorage.getItem(key) ?? undefined;
let expired = false;

export const currentToken = () => token;

function set(next: string | undefined, isExpired: boolean) {
  token = next;
  expired = isExpired;
  if (next) sessionStorage.setItem(key, next);
  else sessionStorage.removeItem(key);
  for (const listener of listeners) listener();
}

export const signInWith = (next: string) => set(next, false);
export const forget = () => set(undefined, false);

/** expire forgets the token when the server no longer takes it. An answer to an older token changes nothing. */
export function expire(authorization: string | null) {
  if (token && authorization === `Bearer ${token}`) set(undefined, true);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useToken = () => useSyncExternalStore(subscribe, currentToken);
/** Whether the last session ended because the server refused its token. */
export const useExpired = () => useSyncExternalStore(subscribe, () => expired);
