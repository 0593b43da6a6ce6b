import { Button } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import { useI18n } from "../../shared/i18n/i18n";
import { defaultSearch } from "../../shared/query/edit";
import { serverNow, type EventRow } from "../../shared/api/client";
import { day, step, type Range } from "../../shared/time/range";
import { knownZone, localZone } from "../../shared/time/zone";
import { ErrorNotice } from "../../shared/ui/ErrorNotice";
import { EventList } from "./EventList";
import { EventPanel } from "./EventPanel";
import { Facets } from "./Facets";
import { Histogram } from "./Histogram";
import { NoEvents } from "./NoEvents";
import { QueryRow } from "./QueryRow";
import { Toolbar } from "./Toolbar";
import { useKeys } from "./useKeys";
import { useLive } from "./useLive";
import { useHistogram, useLastGood, usePages, useRun } from "./useRun";

/** What the address says; see app/url.ts. */
export interface Address { q?: string; stores?: string; from?: string; to?: string; tz?: string; ev?: string; tab?: string; live?: string }

export function ExplorerPage({ search, go }: { search: Address; go: (next: Address, replace: boolean) => void }) {
  const { t } = useI18n();
  const q = search.q ?? defaultSearch;
  const [draft, setDraft] = useDraft(q);
  const range: Range = useMemo(() => (search.from === undefined && search.to === undefined ? day : { from: search.from ?? "", to: search.to ?? "" }),
    [search.from, search.to]);
  const stores = useMemo(() => (search.stores ?? "").split(",").filter((s) => s !== ""), [search.stores]);
  const tz = search.tz && knownZone(search.tz) ? search.tz : localZone();
  const run = useRun(q, stores, range, tz);
  const pages = usePages(run.asked);
  const histogram = useHistogram(run.asked);
  const live = useLive(run.asked, search.live === "1");
  const [facetsOpen, setFacetsOpen] = useState(true);
  const listRef = useRef<HTMLDivElement>(null);

  const shown = useLastGood(pages.data);
  const bars = useLastGood(histogram.data);
  const rows = useMemo(() => distinct([...live.rows, ...(shown?.pages.flatMap((p) => p.rows) ?? [])]), [live.rows, shown]);
  const patch = (next: Address, replace = false) => go({ ...search, ...next }, replace);
  /** ask runs a search text; the text that is asked always stands in the address afterwards. */
  const ask = (text: string) => {
    setDraft(text);
    if (text === q && search.q !== undefined) run.again();
    else patch({ q: text });
  };
  const setRange = (r: Range) => (r.from === range.from && r.to === range.to ? run.again() : patch({ from: r.from, to: r.to, live: undefined }));
  const open = (uid: string | undefined) => patch({ ev: uid, ...(uid === undefined && { tab: undefined }) }, true);
  const shift = (direction: 1 | -1) => {
    const next = step(range, serverNow(), direction);
    if (next) setRange(next);
  };
  const setLive = (on: boolean) => patch({ live: on ? "1" : undefined }, true);

  useEffect(() => { document.title = q === "" ? "Kiroku" : `${q} · Kiroku`; }, [q]);
  useKeys({
    "/": () => document.getElementById("query")?.focus(),
    "[": () => shift(-1),
    "]": () => shift(1),
    r: run.again,
    l: () => setLive(search.live !== "1"),
    f: () => setFacetsOpen((v) => !v),
    u: () => patch({ tz: tz === "UTC" ? undefined : "UTC" }, true),
    t: () => document.querySelector<HTMLElement>("[data-range]")?.click(),
    Escape: () => {
      if (search.ev !== undefined) open(undefined);
      else run.stop();
      listRef.current?.focus();
    },
  });

  const busy = pages.isFetching || histogram.isFetching;
  const empty = pages.isSuccess && !pages.isPlaceholderData && rows.length === 0;
  return (
    <main className="k-explorer" id="page">
      <h1 className="k-hidden">{t("nav.explorer")}</h1>
      <QueryRow draft={draft} setDraft={setDraft} ask={ask} asked={q} run={run.asked} error={pages.isFetchNextPageError ? undefined : pages.error} busy={busy} stop={run.stop} stores={stores}
        setStores={(names) => patch({ stores: names.length > 0 ? names.join(",") : undefined })} range={range} setRange={setRange} shift={shift}
        tz={tz} setZone={(zone) => patch({ tz: zone }, true)} live={search.live === "1"} setLive={setLive} />
      {search.tz !== undefined && search.tz !== tz && <p className="k-notice" role="status">{t("zone.unknown", { zone: search.tz, used: tz })}</p>}
      <Toolbar run={run} q={q} ask={ask} histogram={histogram} facetsOpen={facetsOpen} setFacetsOpen={setFacetsOpen} loaded={pages.isError && !pages.isFetchNextPageError ? 0 : rows.length}
        more={pages.hasNextPage} liveCount={live.rows.length} />
      <Histogram data={bars} busy={histogram.isFetching} error={histogram.error} tz={tz} zoom={setRange} />
      <div className="k-body" data-facets={facetsOpen} data-panel={search.ev !== undefined}>
        {facetsOpen && <Facets asked={run.asked} ask={ask} />}
        <section className="k-results" aria-label={t("list.label")}>
          {pages.isFetchNextPageError ? (
            <ErrorNotice error={pages.error}><Button variant="default" onClick={() => void pages.fetchNextPage()}>{t("list.retry")}</Button></ErrorNotice>
          ) : pages.isError && rows.length > 0 && <p className="k-notice">{t("list.before")}</p>}
          {live.error !== undefined && <ErrorNotice error={live.error} />}
          {empty ? <NoEvents asked={run.asked} unknown={pages.data?.pages[0]?.unknown_fields ?? []} ask={ask} setRange={setRange} /> : pages.error && rows.length === 0 ? <p className="k-quiet k-pad">{t("list.failed")}</p> : (
            <EventList rows={rows} selected={search.ev} open={open} tz={tz} dim={pages.isPlaceholderData} total={histogram.data?.total}
              loadMore={pages.hasNextPage && !pages.isFetching && !pages.isError ? () => void pages.fetchNextPage() : undefined} loading={pages.isFetching}
              complete={pages.isSuccess && !pages.hasNextPage} listRef={listRef} live={search.live === "1"} />
          )}
        </section>
        {search.ev !== undefined && (
          <EventPanel uid={search.ev} row={live.full.get(search.ev)} tab={search.tab ?? "overview"} setTab={(tab) => patch({ tab }, true)} tz={tz} q={q}
            ask={ask} setRange={setRange} rows={rows} open={open} />
        )}
      </div>
    </main>
  );
}

/** distinct leaves out stored events that the live tail has brought already. */
function distinct(rows: EventRow[]): EventRow[] {
  return [...new Map(rows.map((r) => [r["event_uid"], r])).values()];
}

/** useDraft is the text in the editor: what the address says, until somebody types. */
function useDraft(q: string): [string, (next: string) => void] {
  const [state, setState] = useState({ of: q, text: q });
  if (state.of !== q) setState({ of: q, text: q });
  return [state.text, (text) => setState({ of: q, text })];
}
