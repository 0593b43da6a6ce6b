import { ActionIcon, Button, Popover, TextInput, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronLeft, IconChevronRight, IconClock } from "@tabler/icons-react";
import { useState } from "react";
import { serverNow } from "../../shared/api/client";
import { useI18n, type I18n } from "../../shared/i18n/i18n";
import { moment, presetOf, presets, step, type Range } from "../../shared/time/range";
import { localZone, offset, shortTime } from "../../shared/time/zone";

interface Props {
  range: Range;
  setRange: (r: Range) => void;
  shift: (direction: 1 | -1) => void;
  tz: string;
  setZone: (zone: string | undefined) => void;
}

/** The offset that the shown zone has at the end of the range; it may change within it. */
export function ZoneBadge({ tz, at }: { tz: string; at?: number }) {
  return <span className="k-zone" title={tz}>{offset(tz, at ?? Date.now())}</span>;
}

export function TimeControl({ range, setRange, shift, tz, setZone }: Props) {
  const { t, ...i18n } = useI18n();
  const [open, setOpen] = useState(false);
  const fixed = step(range, serverNow(), 1) === undefined;
  const choose = (r: Range) => {
    setOpen(false);
    setRange(r);
  };
  return (
    <div className="k-time" role="group" aria-label={t("time.label")}>
      <Tooltip label={t("time.earlier")}>
        <ActionIcon variant="default" size={32} disabled={fixed} aria-label={t("time.earlier")} onClick={() => shift(-1)}><IconChevronLeft size={16} aria-hidden /></ActionIcon>
      </Tooltip>
      <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus returnFocus>
        <Popover.Target>
          <Button data-range size="sm" variant="default" onClick={() => setOpen((v) => !v)} leftSection={<IconClock size={15} stroke={1.7} aria-hidden />}
            rightSection={<><ZoneBadge tz={tz} at={moment(range.to, serverNow())} /><IconChevronDown size={14} aria-hidden /></>}>
            {rangeText({ t, ...i18n }, range, tz)}
          </Button>
        </Popover.Target>
        <Popover.Dropdown className="k-time-drop" aria-label={t("time.label")}>
          <ul>
            {presets.map((p) => (
              <li key={p.key}>
                <button type="button" aria-pressed={presetOf(range) === p.key} onClick={() => choose({ from: p.from, to: p.to })}>{t(`range.${p.key}`)}</button>
              </li>
            ))}
          </ul>
          <Ends range={range} tz={tz} choose={choose} setZone={setZone} />
        </Popover.Dropdown>
      </Popover>
      <Tooltip label={t("time.later")}>
        <ActionIcon variant="default" size={32} disabled={fixed} aria-label={t("time.later")} onClick={() => shift(1)}><IconChevronRight size={16} aria-hidden /></ActionIcon>
      </Tooltip>
    </div>
  );
}

/** Ends takes both ends as the command line does; an end without a zone is of the shown zone. */
function Ends({ range, tz, choose, setZone }: { range: Range; tz: string; choose: (r: Range) => void; setZone: (z: string | undefined) => void }) {
  const { t } = useI18n();
  const [from, setFrom] = useState(() => endText(range.from, tz));
  const [to, setTo] = useState(() => endText(range.to, tz));
  const local = localZone();
  return (
    <form onSubmit={(e) => {
      e.preventDefault();
      // An end that nobody touched stays what it was, to the microsecond.
      choose({ from: from === endText(range.from, tz) ? range.from : from.trim(), to: to === endText(range.to, tz) ? range.to : to.trim() });
    }}>
      <TextInput label={t("time.from")} value={from} onChange={(e) => setFrom(e.currentTarget.value)} placeholder="now-24h" />
      <TextInput label={t("time.to")} value={to} onChange={(e) => setTo(e.currentTarget.value)} placeholder="now" />
      <p className="k-hint">{t("time.hint", { zone: tz })}</p>
      <div className="k-time-zones" role="group" aria-label={t("time.zone")}>
        {[...new Set([local, "UTC"])].map((zone) => (
          <button type="button" key={zone} aria-pressed={tz === zone} onClick={() => setZone(zone === local ? undefined : zone)}>{zone} <ZoneBadge tz={zone} /></button>
        ))}
      </div>
      <Button type="submit" fullWidth>{t("time.apply")}</Button>
    </form>
  );
}

function endText(end: string, tz: string): string {
  const at = end.startsWith("now") ? undefined : moment(end, 0);
  return at === undefined ? end : shortTime(at, tz);
}

function rangeText(i18n: I18n, r: Range, tz: string): string {
  const preset = presetOf(r);
  if (preset) return i18n.t(`range.${preset}`);
  const from = r.from === "" ? i18n.t("time.beginning") : endText(r.from, tz);
  const to = r.to === "" ? i18n.t("time.open") : endText(r.to, tz);
  const [day, time] = to.split(" ");
  return `${from} – ${time !== undefined && from.startsWith(`${day} `) ? time : to}`;
}
