import { Button, Checkbox, Popover, Tooltip } from "@mantine/core";
import { IconChevronDown, IconDatabase, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { problemOf } from "../../shared/api/client";
import { visible } from "../../shared/format/visible";
import { useI18n } from "../../shared/i18n/i18n";
import { charOffset } from "../../shared/query/paint";
import type { Range } from "../../shared/time/range";
import { ErrorNotice } from "../../shared/ui/ErrorNotice";
import { QueryEditor } from "./QueryEditor";
import { TimeControl } from "./TimeControl";
import { useStores, type Asked } from "./useRun";

interface Props {
  draft: string;
  setDraft: (text: string) => void;
  /** The text that was asked last; places in errors are of it. */
  asked: string;
  run: Asked;
  ask: (text: string) => void;
  error: unknown;
  busy: boolean;
  stop: () => void;
  stores: string[];
  setStores: (names: string[]) => void;
  range: Range;
  setRange: (r: Range) => void;
  shift: (direction: 1 | -1) => void;
  tz: string;
  setZone: (zone: string | undefined) => void;
  live: boolean;
  setLive: (on: boolean) => void;
}

export function QueryRow(p: Props) {
  const { t } = useI18n();
  const problem = p.error ? problemOf(p.error) : undefined;
  const placed = problem?.from !== undefined && p.draft === p.asked;
  const mistake = placed ? { from: charOffset(p.asked, problem.from ?? 0), to: charOffset(p.asked, problem.to ?? 0) } : undefined;
  return (
    <search className="k-query">
      <div className="k-query-row">
        <div className="k-query-box" data-invalid={mistake !== undefined}>
          <StorePicker chosen={p.stores} choose={p.setStores} />
          <QueryEditor value={p.draft} onChange={p.setDraft} onRun={() => p.ask(p.draft.trim())} mistake={mistake} asked={p.run} />
        </div>
        {p.busy
          ? <Button size="sm" variant="default" leftSection={<IconPlayerStop size={15} aria-hidden />} onClick={p.stop}>{t("query.stop")}</Button>
          : <Button size="sm" leftSection={<IconPlayerPlay size={15} aria-hidden />} onClick={() => p.ask(p.draft.trim())}>{t("query.run")}</Button>}
        <TimeControl range={p.range} setRange={p.setRange} shift={p.shift} tz={p.tz} setZone={p.setZone} />
        <Tooltip label={t("live.hint")}>
          <Button size="sm" variant="default" aria-pressed={p.live} className="k-live" onClick={() => p.setLive(!p.live)}
            leftSection={<span className="k-live-dot" aria-hidden />}>{t("live.label")}</Button>
        </Tooltip>
      </div>
      {mistake && problem ? (
        <p className="k-mistake" id="query-error" role="alert">
          <strong>{t("query.mistake", { at: mistake.from + 1 })}</strong> {visible(reason(problem.detail ?? problem.title))}
          {problem.next && <span> · {t("query.next", { next: visible(problem.next) })}</span>}
        </p>
      ) : p.error ? <ErrorNotice error={p.error} /> : null}
    </search>
  );
}

/** The place is shown in the text itself; the message need not begin with it. */
const reason = (detail: string) => detail.replace(/^read search at \d+: /, "");

function StorePicker({ chosen, choose }: { chosen: string[]; choose: (names: string[]) => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { data: stores, error } = useStores();
  const name = chosen.length === 0 ? t("stores.all") : chosen.length === 1 ? (chosen[0] ?? "") : i18n.plural("stores.some", chosen.length);
  return (
    <Popover position="bottom-start" trapFocus>
      <Popover.Target>
        <button type="button" className="k-stores" aria-label={t("stores.label", { chosen: name })}>
          <IconDatabase size={15} stroke={1.7} aria-hidden /><span>{name}</span><IconChevronDown size={14} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("stores.title")}>
        {error && <ErrorNotice error={error} />}
        <div className="k-stores-list">
          <Checkbox label={t("stores.all")} checked={chosen.length === 0} onChange={() => choose([])} />
          {stores?.map((s) => (
            <Checkbox key={s.name} checked={chosen.includes(s.name)}
              label={<>{s.name} <span className="k-quiet">{i18n.plural("count.events", s.events, { n: i18n.short(s.events) })}</span></>}
              onChange={(e) => choose(e.currentTarget.checked ? [...chosen, s.name] : chosen.filter((c) => c !== s.name))} />
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
