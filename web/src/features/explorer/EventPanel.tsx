import { ActionIcon, Button, Tabs, TextInput, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconChevronDown, IconChevronUp, IconCopy, IconEyeOff, IconFilter, IconX } from "@tabler/icons-react";
import { useState } from "react";
import type { EventRow } from "../../shared/api/client";
import { visible, visibleLines } from "../../shared/format/visible";
import { useI18n } from "../../shared/i18n/i18n";
import { put, state, take } from "../../shared/query/edit";
import type { Range } from "../../shared/time/range";
import { clock } from "../../shared/time/zone";
import { ErrorNotice } from "../../shared/ui/ErrorNotice";
import { label, section, severity, sources, summary, word, type Section } from "./columns";
import { SourceMark } from "./EventList";
import { Outcome } from "./Outcome";
import { ZoneBadge } from "./TimeControl";
import { useEvent } from "./useRun";

interface Props {
  uid: string;
  /** The whole event, when the live tail brought it: it may not be stored yet. */
  row: EventRow | undefined;
  tab: string;
  setTab: (tab: string) => void;
  tz: string;
  q: string;
  ask: (text: string) => void;
  setRange: (r: Range) => void;
  rows: EventRow[];
  open: (uid: string | undefined) => void;
}

export function EventPanel(p: Props) {
  const { t } = useI18n();
  const stored = useEvent(p.row ? undefined : p.uid);
  const row = p.row ?? stored.data;
  const at = p.rows.findIndex((r) => r["event_uid"] === p.uid);
  const go = (to: number) => p.open(String(p.rows[to]?.["event_uid"]));
  return (
    <aside className="k-panel" aria-label={t("panel.label")} id="event-panel" tabIndex={-1}>
      <div className="k-panel-tools">
        {row && <Outcome value={row["outcome"]} />}
        {row && <span className="k-tag" data-severity={severity(row["severity_id"])}>{t(`severity.${severity(row["severity_id"])}`)}</span>}
        {row?.["priority"] === "low" && <span className="k-tag">{t("priority.low.long")}</span>}
        <span className="k-spring" />
        <ActionIcon color="gray" disabled={at <= 0} aria-label={t("panel.newer")} onClick={() => go(at - 1)}><IconChevronUp size={17} aria-hidden /></ActionIcon>
        <ActionIcon color="gray" disabled={at < 0 || at >= p.rows.length - 1} aria-label={t("panel.older")} onClick={() => go(at + 1)}><IconChevronDown size={17} aria-hidden /></ActionIcon>
        <ActionIcon color="gray" aria-label={t("panel.close")} onClick={() => p.open(undefined)}><IconX size={17} aria-hidden /></ActionIcon>
      </div>
      {stored.error ? <ErrorNotice error={stored.error} /> : null}
      {row === null && <p className="k-quiet k-pad">{t("panel.gone", { id: p.uid })}</p>}
      {row && <Event {...p} row={row} />}
    </aside>
  );
}

function Event({ row, tab, setTab, tz, q, ask }: Props & { row: EventRow }) {
  const { t } = useI18n();
  const c = clock(String(row["time"]), tz);
  return (
    <>
      <h2><bdi>{visible(summary(row), 300) || t("panel.nomessage")}</bdi></h2>
      <p className="k-panel-sub">
        <SourceMark name={String(row["source"])} /> {sources[String(row["source"])]?.name ?? String(row["source"])}
        <span className="k-mono" title={`${String(row["time"])} UTC`}>{c.date} {c.time}.{c.fraction.slice(0, 3)}</span><ZoneBadge tz={tz} at={Date.parse(String(row["time"]))} />
      </p>
      <Tabs value={tab} onChange={(next) => setTab(next ?? "overview")} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="overview">{t("panel.overview")}</Tabs.Tab>
          <Tabs.Tab value="fields">{t("panel.fields")}</Tabs.Tab>
          <Tabs.Tab value="raw">{t("panel.raw")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="overview"><Overview row={row} q={q} ask={ask} tz={tz} /></Tabs.Panel>
        <Tabs.Panel value="fields"><AllFields row={row} q={q} ask={ask} tz={tz} /></Tabs.Panel>
        <Tabs.Panel value="raw"><Raw row={row} /></Tabs.Panel>
      </Tabs>
    </>
  );
}

interface Field { name: string; value: string }

/** fieldsOf is every value of an event with the name that the search language has for it; elements of lists one by one. */
function fieldsOf(row: EventRow): Field[] {
  const out: Field[] = [];
  const add = (name: string, value: unknown) => {
    if (Array.isArray(value)) for (const v of value) add(name, v);
    else if (value !== null && value !== undefined) out.push({ name, value: typeof value === "object" ? JSON.stringify(value) : String(value) });
  };
  for (const [name, value] of Object.entries(row)) {
    if (name === "raw_data") continue;
    if (name === "unmapped" && typeof value === "object" && value !== null) for (const [key, v] of Object.entries(value)) add(`unmapped.${key}`, v);
    else add(name, value);
  }
  return out;
}

const numbersOfOCSF = /^(class_uid|type_uid|category_uid|activity_id|status_id|action_id|disposition_id|auth_protocol_id|ocsf_version|seq|event_uid|timezone_offset|message|time)$/;

function Overview({ row, ...rest }: { row: EventRow; q: string; ask: (text: string) => void; tz: string }) {
  const { t } = useI18n();
  const fields = fieldsOf(row).filter((f) => !f.name.startsWith("unmapped.") && !numbersOfOCSF.test(f.name));
  return (["who", "where", "what", "evidence"] as Section[]).map((s) => {
    const of = fields.filter((f) => section(f.name) === s);
    return of.length > 0 && <section key={s} className="k-values"><h3>{t(`section.${s}`)}</h3><Values fields={of} {...rest} /></section>;
  });
}

function AllFields({ row, ...rest }: { row: EventRow; q: string; ask: (text: string) => void; tz: string }) {
  const { t } = useI18n();
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const fields = fieldsOf(row).filter((f) => wanted === "" || f.name.toLowerCase().includes(wanted) || f.value.toLowerCase().includes(wanted));
  return (
    <section className="k-values">
      <TextInput size="xs" value={filter} onChange={(e) => setFilter(e.currentTarget.value)} aria-label={t("panel.filter")} placeholder={t("panel.filter")} />
      <Values fields={fields.slice(0, 500)} {...rest} />
      {fields.length > 500 && <p className="k-quiet">{t("panel.more", { n: fields.length - 500 })}</p>}
    </section>
  );
}

/** A longer value makes no sensible term of a search. */
const longest = 300;

function Values({ fields, q, ask, tz }: { fields: Field[]; q: string; ask: (text: string) => void; tz: string }) {
  const i18n = useI18n();
  const { t } = i18n;
  return (
    <dl>
      {fields.map((f, i) => {
        const value = word(f.name, f.value);
        const time = /(^|_)time$/.test(f.name) && f.name !== "original_time";
        const now = time ? "none" : state(q, f.name, value);
        const shown = visible(label(i18n, f.name, f.value)) || t("value.empty");
        return (
          <div key={`${f.name} ${i}`} data-state={now}>
            <dt>{visible(f.name, 200)}</dt>
            <dd>
              <bdi>{time ? local(f.value, tz) : shown}</bdi>
              <span className="k-value-tools">
                {!time && f.value.length <= longest && <>
                  <Tool label={t("value.include.of", { field: f.name, value: shown })} tip={t("value.include")} pressed={now === "included"}
                    onClick={() => ask(now === "included" ? take(q, f.name, value) : put(q, f.name, value, false))}><IconFilter size={13} aria-hidden /></Tool>
                  <Tool label={t("value.exclude.of", { value: shown })} tip={t("value.exclude")} pressed={now === "excluded"}
                    onClick={() => ask(now === "excluded" ? take(q, f.name, value) : put(q, f.name, value, true))}><IconEyeOff size={13} aria-hidden /></Tool>
                </>}
                <Copy text={f.value} label={t("value.copy.of", { field: f.name })} />
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function local(instant: string, tz: string): string {
  const c = clock(instant, tz);
  return `${c.date} ${c.time}.${c.fraction}`;
}

function Tool({ label: name, tip, pressed, onClick, children }: { label: string; tip: string; pressed?: boolean; onClick: () => void; children: React.ReactNode }) {
  return <Tooltip label={tip}><ActionIcon size={24} color="gray" aria-label={name} aria-pressed={pressed} onClick={onClick}>{children}</ActionIcon></Tooltip>;
}

function Copy({ text, label: name }: { text: string; label: string }) {
  const { t } = useI18n();
  const clipboard = useClipboard();
  return <Tool label={name} tip={t(clipboard.copied ? "value.copied" : "value.copy")} onClick={() => clipboard.copy(text)}>
    {clipboard.copied ? <IconCheck size={13} aria-hidden /> : <IconCopy size={13} aria-hidden />}
  </Tool>;
}

function Raw({ row }: { row: EventRow }) {
  const { t } = useI18n();
  const clipboard = useClipboard();
  const [laidOut, setLaidOut] = useState(false);
  const raw = row["raw_data"];
  if (typeof raw !== "string") return <p className="k-quiet k-pad">{t("raw.denied")}</p>;
  const json = laidOut ? pretty(raw) : undefined;
  return (
    <section className="k-raw">
      <div>
        <Tooltip label={t("raw.exact")}><Button variant="default" size="compact-xs" onClick={() => clipboard.copy(raw)}>{t(clipboard.copied ? "value.copied" : "raw.copy")}</Button></Tooltip>
        {pretty(raw) !== undefined && <Button variant="default" size="compact-xs" aria-pressed={laidOut} onClick={() => setLaidOut(!laidOut)}>{t(laidOut ? "raw.asis" : "raw.pretty")}</Button>}
        <span className="k-quiet">{t("raw.bytes", { n: new TextEncoder().encode(raw).length })}{row["raw_encoding"] === "base64" && ` · base64`}</span>
      </div>
      {/* A scrolled text must be reachable by keyboard. */}
      <pre tabIndex={0} aria-label={t("panel.raw")}><bdi>{json ?? visibleLines(raw)}</bdi></pre>
    </section>
  );
}

/** pretty lays JSON out without reading it: numbers and the order of members stay as they were sent. */
function pretty(raw: string): string | undefined {
  const start = raw.indexOf("{");
  if (start < 0 || raw.length > 200_000) return undefined;
  try {
    JSON.parse(raw.slice(start));
  } catch {
    return undefined;
  }
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const token of raw.slice(start).match(/"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []) {
    if (token === "{" || token === "[") { depth++; out += token + line(); }
    else if (token === "}" || token === "]") { depth--; out = /[{[]\s*$/.test(out) ? out.trimEnd() + token : out + line() + token; }
    else out += token === "," ? token + line() : token === ":" ? ": " : visible(token, 200_000);
  }
  return visible(raw.slice(0, start)) + (start > 0 ? "\n" : "") + out;
}
