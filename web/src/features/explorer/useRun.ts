// What the Explorer asks the server. One run is a search, its stores and its range, fixed at a moment: the page, the histogram,
// the facets and every later page ask for exactly that.
import { keepPreviousData, useInfiniteQuery, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, must, serverNow, type EventRow } from "../../shared/api/client";
import { hiddenByPriority, sameField, without, withoutTerm } from "../../shared/query/edit";
import { terms } from "../../shared/query/terms";
import { fix, type Range } from "../../shared/time/range";

/** Asked is what every request of a run says. */
export interface Asked { search: string; stores?: string[]; from?: string; to?: string; tz: string }

export const pageSize = 200;
/** More rows than this are not kept in the browser; the histogram leads to what lies further back. */
export const mostRows = 20_000;

const listColumns = ["event_uid", "time", "source", "outcome", "severity_id", "priority", "actor_user_name", "user_name", "src_ip", "src_host",
  "message", "api_operation", "activity_name", "parse_error"];

export interface Run { asked: Asked; again(): void; stop(): void }

/** useRun begins a new run whenever what is asked for changes, or somebody asks for it again. */
export function useRun(search: string, stores: string[], range: Range, tz: string): Run {
  const client = useQueryClient();
  const key = JSON.stringify([search, stores, range, tz]);
  const [begun, setBegun] = useState(() => ({ key, now: serverNow() }));
  if (begun.key !== key) setBegun({ key, now: serverNow() });
  const { from, to } = fix(range, begun.now);
  const asked: Asked = { search, tz, ...(stores.length > 0 && { stores }), ...(from !== "" && { from }), ...(to !== "" && { to }) };
  return {
    asked,
    again: () => {
      void client.invalidateQueries({ queryKey: ["run"], refetchType: "none" });
      setBegun({ key, now: serverNow() });
    },
    stop: () => void client.cancelQueries({ queryKey: ["run"] }),
  };
}

/** useLastGood keeps what was answered last while the next answer is awaited, and when it turns out to be an error. */
export function useLastGood<T>(data: T | undefined): T | undefined {
  const last = useRef(data);
  useEffect(() => { if (data !== undefined) last.current = data; }, [data]);
  return data ?? last.current;
}

export function usePages(asked: Asked) {
  return useInfiniteQuery({
    queryKey: ["run", "pages", asked],
    queryFn: ({ signal, pageParam }) => must(api.POST("/api/v1/search", {
      body: { ...asked, limit: pageSize, columns: listColumns, ...(pageParam !== "" && { cursor: pageParam }) }, signal,
    })),
    initialPageParam: "",
    getNextPageParam: (last, all) => (all.length * pageSize < mostRows ? last.cursor : undefined),
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });
}

export const useHistogram = (asked: Asked) => useQuery({
  queryKey: ["run", "histogram", asked],
  queryFn: ({ signal }) => must(api.POST("/api/v1/histogram", { body: { ...asked, buckets: 120, by: "outcome" }, signal })),
  placeholderData: keepPreviousData,
});

async function count(asked: Asked, signal: AbortSignal): Promise<number> {
  return (await must(api.POST("/api/v1/count", { body: asked, signal }))).count;
}

/** useHidden counts the events that the search leaves out for their low priority; undefined data when it leaves out none. */
export function useHidden(asked: Asked) {
  const search = hiddenByPriority(asked.search);
  return useQuery({
    queryKey: ["run", "hidden", { ...asked, search }],
    queryFn: ({ signal }) => count({ ...asked, search: search ?? "" }, signal),
    enabled: search !== undefined,
    placeholderData: keepPreviousData,
  });
}

const top = 6;

/** useFacets counts values of fields. A field that the search names is counted without its own clause, to show the alternatives. */
export function useFacets(asked: Asked, fields: string[]) {
  const own = terms(asked.search);
  const named = fields.filter((f) => own?.some((t) => sameField(t.field, f)));
  const rest = fields.filter((f) => !named.includes(f));
  const groups = [...(rest.length > 0 ? [{ fields: rest, search: asked.search }] : []),
    ...named.map((f) => ({ fields: [f], search: without(asked.search, f) }))];
  return useQueries({
    queries: groups.map((g) => ({
      queryKey: ["run", "facets", { ...asked, search: g.search }, g.fields],
      queryFn: ({ signal }: { signal: AbortSignal }) => must(api.POST("/api/v1/facets", { body: { ...asked, search: g.search, fields: g.fields, top }, signal })),
      placeholderData: keepPreviousData,
    })),
    combine: (results) => ({
      facets: new Map(results.flatMap((r) => r.data?.facets ?? []).map((f) => [f.field, f])),
      loading: results.some((r) => r.isFetching),
      error: results.find((r) => r.error)?.error,
    }),
  });
}

/** What might have removed the events that somebody expects: the range, or one term of the search. */
export function useReasons(asked: Asked, enabled: boolean) {
  const { from: _from, to: _to, ...everAsked } = asked;
  const parts = (terms(asked.search) ?? []).slice(0, 6);
  return useQuery({
    queryKey: ["run", "reasons", asked],
    enabled,
    queryFn: async ({ signal }) => {
      const [ever, stored, ...each] = await Promise.all([
        count(everAsked, signal), count({ ...everAsked, search: "" }, signal),
        ...parts.map((t) => count({ ...asked, search: withoutTerm(asked.search, t) }, signal)),
      ]);
      return { ever, stored, terms: parts.map((t, i) => ({ text: asked.search.slice(t.from, t.to), left: withoutTerm(asked.search, t), count: each[i] ?? 0 })) };
    },
  });
}

/** useEvent reads all of one event. It is found by its id alone, so that a link to it works whatever else the link says. */
export const useEvent = (uid: string | undefined) => useQuery({
  queryKey: ["event", uid],
  enabled: uid !== undefined,
  queryFn: async ({ signal }): Promise<EventRow | null> => {
    const page = await must(api.POST("/api/v1/search", { body: { search: `event_uid:"${(uid ?? "").replace(/["\\]/g, "")}"`, limit: 1 }, signal }));
    return page.rows[0] ?? null;
  },
});

export const useStores = () => useQuery({
  queryKey: ["stores"],
  queryFn: async ({ signal }) => (await must(api.GET("/api/v1/stores", { signal }))).stores,
  staleTime: 60_000,
});

export const useFields = (asked: Asked, enabled: boolean) => useQuery({
  queryKey: ["fields", asked.from, asked.to, asked.stores],
  queryFn: async ({ signal }) => (await must(api.GET("/api/v1/fields", {
    params: { query: { from: asked.from, to: asked.to, stores: asked.stores, tz: asked.tz } }, signal,
  }))).fields,
  enabled,
  placeholderData: keepPreviousData,
});
