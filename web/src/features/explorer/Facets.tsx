import { ActionIcon, TextInput, Tooltip } from "@mantine/core";
import { useDebouncedValue, useLocalStorage } from "@mantine/hooks";
import { IconEqual, IconEyeOff, IconPlus, IconSearch, IconX } from "@tabler/icons-react";
import { useState } from "react";
import type { Schemas } from "../../shared/api/client";
import { visible } from "../../shared/format/visible";
import { useI18n } from "../../shared/i18n/i18n";
import { only, put, state, take } from "../../shared/query/edit";
import { ErrorNotice } from "../../shared/ui/ErrorNotice";
import { firstFacets, label, title, word } from "./columns";
import { useFacets, useFields, useLastGood, type Asked } from "./useRun";

const never = new Set(["raw_data", "unmapped", "time", "ingest_time", "seq", "event_uid"]);

export function Facets({ asked, ask }: { asked: Asked; ask: (text: string) => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  const [filter] = useDebouncedValue(typed.trim().toLowerCase(), 120);
  const [added, setAdded] = useLocalStorage<string[]>({ key: "kiroku.facets", defaultValue: [], getInitialValueInEffect: false });
  const fields = [...added, ...firstFacets.filter((f) => !added.includes(f))];
  const asking = useFacets(asked, fields);
  const { loading, error } = asking;
  const facets = useLastGood(asking.facets.size > 0 && !error ? asking.facets : undefined) ?? asking.facets;
  const shown = fields.filter((f) => filter === "" || f.includes(filter) || facets.get(f)?.values.some((v) => v.value.toLowerCase().includes(filter)));
  return (
    <aside className="k-facets" aria-label={t("facets.label")} data-dim={loading}>
      <TextInput size="xs" value={typed} onChange={(e) => setTyped(e.currentTarget.value)} aria-label={t("facets.filter")} placeholder={t("facets.filter")}
        leftSection={<IconSearch size={14} aria-hidden />} />
      <div className="k-facets-scroll">
        {error && facets.size === 0 ? <ErrorNotice error={error} /> : null}
        {filter !== "" && <MoreFields asked={asked} filter={filter} shown={fields} add={(f) => { setAdded([f, ...added]); setTyped(""); }} />}
        {shown.map((f) => {
          const facet = facets.get(f);
          if (!facet || (facet.values.length === 0 && !added.includes(f))) return null;
          return <Group key={f} facet={facet} search={asked.search} ask={ask} remove={added.includes(f) ? () => setAdded(added.filter((a) => a !== f)) : undefined} />;
        })}
      </div>
    </aside>
  );
}

function Group({ facet, search, ask, remove }: { facet: Schemas["Facet"]; search: string; ask: (text: string) => void; remove?: () => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const [open, setOpen] = useState(true);
  const most = Math.max(1, ...facet.values.map((v) => v.count));
  const name = title(i18n, facet.field);
  return (
    <section className="k-facet">
      <h2>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          <span>{name ?? facet.field}</span>{name && name !== facet.field && <code>{facet.field}</code>}
        </button>
        {remove && <ActionIcon size={22} color="gray" aria-label={t("facets.remove", { field: facet.field })} onClick={remove}><IconX size={13} aria-hidden /></ActionIcon>}
      </h2>
      {open && (
        <ul>
          {facet.values.map((v) => {
            const value = word(facet.field, v.value);
            const now = state(search, facet.field, value);
            const shown = visible(label(i18n, facet.field, v.value), 80) || t("value.empty");
            return (
              <li key={v.value} data-state={now}>
                <span className="k-facet-bar"><svg width="100%" height="100%" aria-hidden><rect width={`${(v.count / most) * 100}%`} height="100%" /></svg></span>
                <button type="button" role="checkbox" aria-checked={now === "included" ? true : now === "excluded" ? "mixed" : false} title={`${facet.field}: ${shown}`}
                  onClick={() => ask(now === "none" ? put(search, facet.field, value, false) : take(search, facet.field, value))}>
                  <span className="k-box" aria-hidden />
                  <bdi>{shown}</bdi>
                  <span className="k-facet-count">{i18n.short(v.count)}</span>
                </button>
                <span className="k-facet-more">
                  <Tooltip label={t("value.only")}>
                    <ActionIcon size={22} color="gray" aria-label={t("value.only.of", { value: shown })} onClick={() => ask(only(search, facet.field, value))}><IconEqual size={13} aria-hidden /></ActionIcon>
                  </Tooltip>
                  <Tooltip label={t("value.exclude")}>
                    <ActionIcon size={22} color="gray" aria-label={t("value.exclude.of", { value: shown })} onClick={() => ask(put(search, facet.field, value, true))}><IconEyeOff size={13} aria-hidden /></ActionIcon>
                  </Tooltip>
                </span>
              </li>
            );
          })}
          {facet.other > 0 && <li className="k-quiet k-facet-rest">{t("facets.other", { n: facet.other })}</li>}
          {facet.values.length === 0 && <li className="k-quiet k-facet-rest">{t("facets.none")}</li>}
        </ul>
      )}
    </section>
  );
}

/** MoreFields offers the other fields that the events of the range have. */
function MoreFields({ asked, filter, shown, add }: { asked: Asked; filter: string; shown: string[]; add: (field: string) => void }) {
  const i18n = useI18n();
  const { data, error } = useFields(asked, true);
  if (error) return <ErrorNotice error={error} />;
  const found = (data ?? []).filter((f) => !shown.includes(f.name) && !never.has(f.name) &&
    [f.name, f.path ?? "", ...(f.aliases ?? [])].some((n) => n.toLowerCase().includes(filter))).slice(0, 20);
  if (found.length === 0) return null;
  return (
    <ul className="k-fields" aria-label={i18n.t("facets.more")}>
      {found.map((f) => (
        <li key={f.name}>
          <button type="button" onClick={() => add(f.name)} title={f.doc}>
            <IconPlus size={13} aria-hidden /><code>{f.name}</code>
            {f.share !== undefined && <span className="k-quiet">{Math.round(f.share * 100)} %</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}
