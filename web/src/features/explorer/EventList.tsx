import { useVirtualizer } from "@tanstack/react-virtual";
import { IconArrowDown } from "@tabler/icons-react";
import { useEffect, useRef, type KeyboardEvent, type RefObject } from "react";
import type { EventRow } from "../../shared/api/client";
import { visible } from "../../shared/format/visible";
import { useI18n, type I18n } from "../../shared/i18n/i18n";
import { clock } from "../../shared/time/zone";
import { label, severity, sources, summary } from "./columns";
import { Outcome } from "./Outcome";
import { ZoneBadge } from "./TimeControl";
import { mostRows } from "./useRun";

const rowHeight = 28;

interface Props {
  rows: EventRow[];
  selected: string | undefined;
  open: (uid: string | undefined) => void;
  tz: string;
  /** The rows are of an earlier run. */
  dim: boolean;
  total: number | undefined;
  loadMore: (() => void) | undefined;
  loading: boolean;
  complete: boolean;
  listRef: RefObject<HTMLDivElement | null>;
  live: boolean;
}

/** Severities that are said in the row; the others are told in the event. */
const loud = new Set<string>(["medium", "high", "critical", "fatal"]);

const uidOf = (row: EventRow | undefined) => (row ? String(row["event_uid"]) : undefined);
const text = (value: unknown) => (typeof value === "string" ? visible(value, 400) : "");

/** EventList is a grid with one tab stop: the keys move, the selected event is read out. */
export function EventList({ rows, selected, open, tz, dim, total, loadMore, loading, complete, listRef, live }: Props) {
  const i18n = useI18n();
  const { t } = i18n;
  const at = selected === undefined ? -1 : rows.findIndex((r) => uidOf(r) === selected);
  const virtual = useVirtualizer({
    count: rows.length, getScrollElement: () => listRef.current, estimateSize: () => rowHeight, overscan: 12,
    getItemKey: (i) => uidOf(rows[i]) ?? i,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => { if (loadMore && last > rows.length - 80) loadMore(); }, [loadMore, last, rows.length]);
  useKeepPlace(rows, listRef, live);

  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    virtual.scrollToIndex(next, { align: "auto" });
    open(uidOf(rows[next]));
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((listRef.current?.clientHeight ?? 0) / rowHeight) - 2);
    const to = { j: at + 1, ArrowDown: at + 1, k: at - 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1 }[e.key];
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (to !== undefined) move(to);
    else if (e.key === "Enter" && at >= 0) document.getElementById("event-panel")?.focus();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  const years = new Set([rows[0], rows.at(-1)].map((r) => String(r?.["time"] ?? "").slice(0, 4)));
  const withYear = years.size > 1 || !years.has(String(new Date().getFullYear()));
  return (
    <>
    <div ref={listRef} className="k-list" role="grid" aria-label={t("list.label")} aria-rowcount={total === undefined ? -1 : total + 1} aria-busy={loading} tabIndex={0}
      aria-activedescendant={at >= 0 ? `e-${selected}` : undefined} onKeyDown={onKeyDown} data-dim={dim} data-years={withYear}>
      <div className="k-list-head" role="row" aria-rowindex={1}>
        <span role="columnheader" className="c-time">{t("column.time")} <IconArrowDown size={12} aria-hidden /> <ZoneBadge tz={tz} /></span>
        <span role="columnheader" className="c-outcome">{t("column.outcome")}</span>
        <span role="columnheader" className="c-source">{t("column.source")}</span>
        <span role="columnheader" className="c-user">{t("column.user")}</span>
        <span role="columnheader" className="c-ip">{t("column.ip")}</span>
        <span role="columnheader" className="c-message">{t("column.message")}</span>
      </div>
      <div className="k-list-rows" role="rowgroup" ref={(el) => { if (el) el.style.height = `${virtual.getTotalSize()}px`; }}>
        {items.map((item) => {
          const row = rows[item.index];
          return row && <Row key={item.key} row={row} index={item.index} start={item.start} selected={item.index === at} tz={tz} withYear={withYear} i18n={i18n}
            open={() => { open(uidOf(row)); listRef.current?.focus({ preventScroll: true }); }} />;
        })}
      </div>
      <div className="k-list-end" role="row"><span role="gridcell">
        {loading && rows.length > 0 ? t("list.loading") : complete && rows.length > 0 ? t("list.end", { n: rows.length }) : rows.length >= mostRows ? t("list.most", { n: mostRows }) : ""}
      </span></div>
    </div>
    <p className="k-hidden" aria-live="polite">{at >= 0 && `${t("list.at", { n: at + 1, of: total ?? rows.length })} ${text(rows[at]?.["outcome"])} ${text(rows[at]?.["actor_user_name"])}`}</p>
    </>
  );
}

interface RowProps { row: EventRow; index: number; start: number; selected: boolean; tz: string; withYear: boolean; i18n: I18n; open: () => void }

function Row({ row, index, start, selected, tz, withYear, i18n, open }: RowProps) {
  const c = clock(String(row["time"]), tz);
  const source = sources[String(row["source"])];
  const level = severity(row["severity_id"]);
  return (
    // The grid itself takes the keys (one tab stop); a row takes the pointer.
    <div role="row" id={`e-${uidOf(row)}`} aria-rowindex={index + 2} aria-selected={selected} className="k-row" data-severity={level} data-priority={row["priority"]}
      onClick={open} ref={(el) => { if (el) el.style.transform = `translateY(${start}px)`; }}>
      <span role="gridcell" className="c-time" title={`${String(row["time"])} UTC`}>
        <span className="c-date">{withYear ? c.date : c.date.slice(5)} </span>{c.time}.{c.fraction.slice(0, 3)}
      </span>
      <span role="gridcell" className="c-outcome"><Outcome value={row["outcome"]} /></span>
      <span role="gridcell" className="c-source"><SourceMark name={String(row["source"])} /><span>{source?.name ?? text(row["source"])}</span></span>
      <span role="gridcell" className="c-user"><bdi>{text(row["actor_user_name"] ?? row["user_name"])}</bdi></span>
      <span role="gridcell" className="c-ip">{text(row["src_ip"] ?? row["src_host"])}</span>
      <span role="gridcell" className="c-message">
        {row["priority"] === "low" && <span className="k-tag">{i18n.t("priority.low")}</span>}
        {loud.has(level) && <span className="k-tag" data-severity={level}>{label(i18n, "severity", String(row["severity_id"]))}</span>}
        <bdi>{visible(summary(row), 400)}</bdi>
      </span>
    </div>
  );
}

export function SourceMark({ name }: { name: string }) {
  const known = sources[name];
  return <span className="k-mark" data-hue={known?.hue ?? "grey"} aria-hidden>{known?.mark ?? name.slice(0, 1).toUpperCase()}</span>;
}

/** useKeepPlace leaves what a reader looks at where it is while new events come in above it. */
function useKeepPlace(rows: EventRow[], listRef: RefObject<HTMLDivElement | null>, live: boolean) {
  const before = useRef<{ first: string | undefined; count: number }>({ first: undefined, count: 0 });
  useEffect(() => {
    const el = listRef.current;
    const { first, count } = before.current;
    before.current = { first: uidOf(rows[0]), count: rows.length };
    if (!live || !el || el.scrollTop < rowHeight || first === undefined || rows.length <= count) return;
    const grown = rows.findIndex((r) => uidOf(r) === first);
    if (grown > 0) el.scrollTop += grown * rowHeight;
  }, [rows, listRef, live]);
}
