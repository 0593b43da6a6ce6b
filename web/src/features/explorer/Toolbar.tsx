import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconCheck, IconEye, IconEyeOff, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand, IconLink } from "@tabler/icons-react";
import { useClipboard } from "@mantine/hooks";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Schemas } from "../../shared/api/client";
import { useI18n } from "../../shared/i18n/i18n";
import { put, state, take } from "../../shared/query/edit";
import { terms } from "../../shared/query/terms";
import { ExportMenu } from "./ExportMenu";
import { KeysHelp } from "./KeysHelp";
import { useHidden, type Run } from "./useRun";

interface Props {
  run: Run;
  q: string;
  ask: (text: string) => void;
  histogram: UseQueryResult<Schemas["HistogramResult"]>;
  facetsOpen: boolean;
  setFacetsOpen: (open: boolean) => void;
  loaded: number;
  more: boolean;
  liveCount: number;
}

export function Toolbar({ run, q, ask, histogram, facetsOpen, setFacetsOpen, loaded, more, liveCount }: Props) {
  const i18n = useI18n();
  const { t } = i18n;
  const clipboard = useClipboard();
  const { data } = histogram;
  const toggle = t(facetsOpen ? "facets.hide" : "facets.show");
  return (
    <div className="k-toolbar">
      <Tooltip label={toggle}>
        <ActionIcon aria-label={toggle} aria-expanded={facetsOpen} color="gray" onClick={() => setFacetsOpen(!facetsOpen)}>
          {facetsOpen ? <IconLayoutSidebarLeftCollapse size={17} stroke={1.7} aria-hidden /> : <IconLayoutSidebarLeftExpand size={17} stroke={1.7} aria-hidden />}
        </ActionIcon>
      </Tooltip>
      <p className="k-count" role="status" data-dim={histogram.isPlaceholderData}>
        {data && !histogram.isError ? <>
          <strong>{i18n.plural("count.events", data.total)}</strong>{" "}
          <span className="k-quiet k-scanned">{t("count.scanned", { ms: Math.max(1, Math.round(data.scanned.took_ms)), bytes: i18n.bytes(data.scanned.bytes) })}</span>
        </> : loaded > 0 && <strong>{more ? t("count.atleast", { n: loaded }) : i18n.plural("count.events", loaded)}</strong>}
        {liveCount > 0 && <span className="k-quiet"> {t("live.count", { n: liveCount })}</span>}
      </p>
      <LowPriority run={run} q={q} ask={ask} />
      <span className="k-spring" />
      <ul className="k-legend" aria-label={t("histogram.legend")}>
        <li data-tone="quiet">{t("outcome.quiet")}</li>
        <li data-tone="denied">{t("outcome.denied")}</li>
        <li data-tone="failure">{t("outcome.failure")}</li>
      </ul>
      <ExportMenu asked={run.asked} total={histogram.isError ? undefined : data?.total} />
      <Tooltip label={t(clipboard.copied ? "link.copied" : "link.copy")}>
        <ActionIcon color="gray" aria-label={t(clipboard.copied ? "link.copied" : "link.copy")} onClick={() => clipboard.copy(location.href)}>
          {clipboard.copied ? <IconCheck size={17} aria-hidden /> : <IconLink size={17} stroke={1.7} aria-hidden />}
        </ActionIcon>
      </Tooltip>
      <KeysHelp />
    </div>
  );
}

/** LowPriority says how many events the default filter hides, and shows or hides them with one click: by editing the search text. */
function LowPriority({ run, q, ask }: { run: Run; q: string; ask: (text: string) => void }) {
  const i18n = useI18n();
  const hidden = useHidden(run.asked);
  if (state(q, "priority", "low") === "excluded") {
    return (
      <span className="k-low" data-dim={hidden.isPlaceholderData}>
        <IconEyeOff size={15} stroke={1.7} aria-hidden />
        <span>{hidden.data === undefined ? i18n.t("low.hidden.unknown") : i18n.plural("low.hidden", hidden.data)}</span>
        <Button variant="light" size="compact-xs" onClick={() => ask(take(q, "priority", "low"))}>{i18n.t("low.show")}</Button>
      </span>
    );
  }
  if (terms(q) === undefined || state(q, "priority", "low") === "included" || state(q, "priority", "normal") !== "none") return null;
  return (
    <Button variant="subtle" color="gray" size="compact-xs" leftSection={<IconEye size={15} stroke={1.7} aria-hidden />}
      onClick={() => ask(put(q, "priority", "low", true))}>{i18n.t("low.hide")}</Button>
  );
}
