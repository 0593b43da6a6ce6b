import { useElementSize } from "@mantine/hooks";
import { useState, type KeyboardEvent, type PointerEvent } from "react";
import type { Schemas } from "../../shared/api/client";
import { useI18n } from "../../shared/i18n/i18n";
import type { Range } from "../../shared/time/range";
import { clock, shortTime } from "../../shared/time/zone";
import { ErrorNotice } from "../../shared/ui/ErrorNotice";
import { bars, ceiling, ticks, tones, type Bar } from "./bars";

interface Props {
  data: Schemas["HistogramResult"] | undefined;
  busy: boolean;
  error: unknown;
  tz: string;
  zoom: (r: Range) => void;
}

const height = 84;
const left = 44;
const foot = 18;

export function Histogram({ data, busy, error, tz, zoom }: Props) {
  const { t } = useI18n();
  // A mistake in the search is told once, under it.
  if (error && !data) return <div className="k-histogram"><p className="k-quiet">{t("histogram.failed")}</p></div>;
  if (!data) return <div className="k-histogram" aria-busy />;
  return (
    <div className="k-histogram" data-dim={busy} data-busy={busy}>
      {error && !isPlaced(error) ? <ErrorNotice error={error} /> : null}
      {data.buckets.length > 0 && <Chart all={bars(data)} tz={tz} zoom={zoom} />}
    </div>
  );
}

const isPlaced = (error: unknown) => error instanceof Error && "problem" in error && (error.problem as Schemas["Problem"]).from !== undefined;

function Chart({ all, tz, zoom }: { all: Bar[]; tz: string; zoom: (r: Range) => void }) {
  const i18n = useI18n();
  const { ref, width } = useElementSize();
  const [drag, setDrag] = useState<[number, number]>();
  const [at, setAt] = useState<number>();
  const most = ceiling(Math.max(1, ...all.map((b) => b.count)));
  const plot = Math.max(0, width - left);
  const each = plot / all.length;
  const y = (n: number) => (n / most) * (height - 8);
  const range = (a: number, b: number) => {
    const [first, last] = [all[Math.min(a, b)], all[Math.max(a, b)]];
    if (first && last) zoom({ from: new Date(first.start).toISOString(), to: new Date(last.end).toISOString() });
  };
  const indexAt = (e: PointerEvent<SVGElement>) => {
    const x = e.clientX - e.currentTarget.getBoundingClientRect().left - left;
    return Math.max(0, Math.min(all.length - 1, Math.floor(x / each)));
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const to = { ArrowLeft: (at ?? all.length) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: all.length - 1 }[e.key];
    if (to !== undefined) setAt(Math.max(0, Math.min(all.length - 1, to)));
    else if (e.key === "Enter" && at !== undefined) range(at, at);
    else return;
    e.preventDefault();
  };
  const shown = at === undefined ? undefined : all[at];
  return (
    <div ref={ref} className="k-chart" role="slider" tabIndex={0} aria-label={i18n.t("histogram.label")} aria-valuemin={0} aria-valuemax={all.length - 1}
      aria-valuenow={at ?? 0} aria-valuetext={describe(i18n, shown ?? all[0], tz)} onKeyDown={onKeyDown} onBlur={() => setAt(undefined)}>
      <svg width="100%" height={height + foot} aria-hidden
        onPointerDown={(e) => { e.currentTarget.setPointerCapture(e.pointerId); setDrag([indexAt(e), indexAt(e)]); }}
        onPointerMove={(e) => { const i = indexAt(e); setAt(i); if (drag) setDrag([drag[0], i]); }}
        onPointerUp={() => { if (drag) range(...drag); setDrag(undefined); }} onPointerCancel={() => setDrag(undefined)} onPointerLeave={() => setAt(undefined)}>
        {[0, most / 2, most].map((n) => (
          <g key={n}>
            <line x1={left} x2={width} y1={height - y(n) - 0.5} y2={height - y(n) - 0.5} className="k-chart-line" />
            {n % 1 === 0 && <text x={left - 8} y={height - y(n) + 4} className="k-chart-text" textAnchor="end">{i18n.short(n)}</text>}
          </g>
        ))}
        {width > 0 && all.map((b, i) => <Column key={b.start} bar={b} x={left + i * each} width={each} y={y} />)}
        {shown && at !== undefined && !drag && <rect x={left + at * each} y={0} width={each} height={height} className="k-chart-at" />}
        {drag && <rect x={left + Math.min(...drag) * each} y={0} width={(Math.abs(drag[1] - drag[0]) + 1) * each} height={height} className="k-chart-drag" />}
        <Labels all={all} each={each} width={width} tz={tz} />
      </svg>
      {shown && <p className="k-chart-tip" data-side={at !== undefined && at > all.length / 2 ? "left" : "right"}>{describe(i18n, shown, tz)}</p>}
    </div>
  );
}

function Column({ bar, x, width, y }: { bar: Bar; x: number; width: number; y: (n: number) => number }) {
  const gap = width > 4 ? 1 : 0;
  let top = height;
  return (
    <g>
      {tones.map((tone) => {
        const n = bar.parts[tone];
        if (n === 0) return null;
        // One event must be seen, however high the others are.
        const size = Math.max(1.5, y(n));
        top -= size;
        return <rect key={tone} x={x} y={top} width={Math.max(1, width - gap)} height={size} className="k-chart-bar" data-tone={tone} />;
      })}
    </g>
  );
}

function Labels({ all, each, width, tz }: { all: Bar[]; each: number; width: number; tz: string }) {
  const first = all[0];
  const last = all.at(-1);
  if (!first || !last || width === 0) return null;
  const zoneOffset = Date.parse(`${shortTime(first.start, tz).slice(0, 10)}T${clock(first.start, tz).time}Z`) - Math.floor(first.start / 1000) * 1000;
  const span = last.end - first.start;
  let day = "";
  return ticks(all, Math.max(2, Math.floor(width / 150)), zoneOffset).map((i) => {
    const c = clock(all[i]?.start ?? 0, tz);
    const text = span > 300 * 86_400_000 ? c.date.slice(0, 7) : span > 3 * 86_400_000 ? c.date.slice(5)
      : `${c.date === day ? "" : `${c.date.slice(5)} `}${span < 120_000 ? c.time : c.time.slice(0, 5)}`;
    day = c.date;
    const x = left + i * each;
    return x > width - 60 ? null : <text key={i} x={x} y={height + 14} className="k-chart-text">{text}</text>;
  });
}

function describe(i18n: ReturnType<typeof useI18n>, bar: Bar | undefined, tz: string): string {
  if (!bar) return "";
  const parts = (["denied", "failure"] as const).filter((tone) => bar.parts[tone] > 0)
    .map((tone) => `${i18n.t(`outcome.${tone}`)} ${i18n.number(bar.parts[tone])}`);
  const from = shortTime(bar.start, tz);
  const to = shortTime(bar.end, tz);
  const end = to.slice(0, 10) === from.slice(0, 10) ? to.slice(11) : to;
  return [`${from} – ${end}`, i18n.plural("count.events", bar.count), ...parts].join(" · ");
}
