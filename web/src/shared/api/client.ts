// The one door to the server. Types come from internal/api/openapi.yaml (npm run gen).
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";
import { currentToken, expire } from "./token";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];
/** An event: the columns that have a value. */
export type EventRow = Record<string, unknown>;

export const api = createClient<paths>({ baseUrl: "" });

let clockAhead = 0;
/** serverNow is the server's clock: "the last hour" means its last hour, whatever this machine's clock says. */
export const serverNow = () => Date.now() + clockAhead;

api.use({
  onRequest({ request }) {
    const token = currentToken();
    if (token && !request.headers.has("authorization")) request.headers.set("authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ request, response }) {
    const date = Date.parse(response.headers.get("date") ?? "");
    // The header has whole seconds; a difference below two says nothing.
    if (Number.isFinite(date)) clockAhead = Math.abs(date - Date.now()) < 2000 ? 0 : date - Date.now();
    if (response.status === 401 && !new URL(request.url).pathname.endsWith("/login")) expire(request.headers.get("authorization"));
  },
});

/** Failure is a request that was not carried out; problem says why and what to do. */
export class Failure extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }
}

interface Answer<T> { data?: T; error?: Problem; response: Response }

/** must returns what the server answered, or throws a Failure. */
export async function must<T>(answer: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await answer;
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") throw e;
    throw new Failure({ type: "about:blank", title: "unreachable", status: 0, code: "unreachable" });
  }
  if (!got.response.ok) {
    const known = typeof got.error === "object" && got.error !== null && "title" in got.error;
    throw new Failure(known ? (got.error as Problem) : { type: "about:blank", title: got.response.statusText, status: got.response.status });
  }
  return got.data as T;
}

export const problemOf = (e: unknown): Problem =>
  e instanceof Failure ? e.problem : { type: "about:blank", title: "unexpected", status: 0, detail: e instanceof Error ? e.message : String(e) };

export const isAbort = (e: unknown) => e instanceof Error && (e.name === "AbortError" || e.name === "CancelledError");
