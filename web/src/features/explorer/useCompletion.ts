import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { api, must } from "../../shared/api/client";
import { quote, without } from "../../shared/query/edit";
import { best, place, type Place } from "../../shared/query/complete";
import { useI18n } from "../../shared/i18n/i18n";
import { label, word } from "./columns";
import { useFields, type Asked } from "./useRun";

/** One line that is offered: what is put in the place of what was typed, and what is said of it. */
export interface Offer { insert: string; name: string; note: string }

const most = 10;

/** useCompletion offers names of fields, and behind a colon the values that the field has in the range. */
export function useCompletion(text: string, caret: number | undefined, asked: Asked): { place: Place | undefined; offers: Offer[] } {
  const i18n = useI18n();
  const here = caret === undefined ? undefined : place(text, caret);
  const fields = useFields(asked, here !== undefined);
  const [field] = useDebouncedValue(here?.field, 150);
  const values = useQuery({
    queryKey: ["values", asked.from, asked.to, asked.stores, asked.search, field],
    enabled: field !== undefined,
    queryFn: async ({ signal }) => (await must(api.POST("/api/v1/facets", {
      body: { ...asked, search: without(asked.search, field ?? ""), fields: [field ?? ""], top: 100 }, signal,
    }))).facets[0]?.values ?? [],
  });
  if (!here) return { place: undefined, offers: [] };
  if (here.field === undefined) {
    const found = best(fields.data ?? [], here.typed, (f) => [f.name, f.path ?? "", ...(f.aliases ?? [])], most);
    return { place: here, offers: found.map((f) => ({ insert: `${f.name}:`, name: f.name, note: f.doc || (f.path ?? "") })) };
  }
  const found = here.field === field ? best(values.data ?? [], here.typed, (v) => [word(here.field ?? "", v.value), label(i18n, here.field ?? "", v.value)], most) : [];
  return { place: here, offers: found.map((v) => ({ insert: `${quote(word(here.field ?? "", v.value))} `, name: word(here.field ?? "", v.value), note: i18n.short(v.count) })) };
}
