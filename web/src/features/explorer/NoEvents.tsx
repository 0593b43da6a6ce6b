import { Button } from "@mantine/core";
import { useI18n } from "../../shared/i18n/i18n";
import type { Range } from "../../shared/time/range";
import { visible } from "../../shared/format/visible";
import type { components } from "../../shared/api/schema";
import { renamed } from "../../shared/query/edit";
import { useReasons, type Asked } from "./useRun";

type UnknownField = components["schemas"]["UnknownField"];

/** NoEvents explains an empty result: nothing is stored yet, no field has that name, the range is too narrow, or a term removed everything. */
export function NoEvents({ asked, unknown, ask, setRange }: { asked: Asked; unknown: UnknownField[]; ask: (text: string) => void; setRange: (r: Range) => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const { data } = useReasons(asked, true);
  if (data?.stored === 0) {
    return (
      <div className="k-none">
        <h2>{t("empty.title")}</h2>
        <p>{t("empty.text")}</p>
        <pre>{"logger --server 127.0.0.1 --port 5514 --tcp 'user=bob action=login result=denied src=203.0.113.9'\nbin/kiroku import /var/log/auth.log"}</pre>
      </div>
    );
  }
  const limited = asked.from !== undefined || asked.to !== undefined;
  const helpful = data?.terms.filter((term) => term.count > 0).sort((a, b) => b.count - a.count) ?? [];
  return (
    <div className="k-none">
      <h2>{t("none.title")}</h2>
      {unknown.length > 0 && (
        <ul>
          {unknown.map((u) => (
            <li key={u.from}>
              <span>{t("none.field", { field: visible(u.field, 80) })}</span>
              {u.nearest.map((name) => <Button key={name} variant="light" size="compact-sm" onClick={() => ask(renamed(asked.search, u, name))}>{name}</Button>)}
            </li>
          ))}
        </ul>
      )}
      {data && (
        <ul>
          {limited && (
            <li>
              <span>{data.ever === 0 ? t("none.ever.0") : i18n.plural("none.ever", data.ever)}</span>
              {data.ever > 0 && <Button variant="light" size="compact-sm" onClick={() => setRange({ from: "", to: "" })}>{t("none.ever.show")}</Button>}
            </li>
          )}
          {helpful.map((term) => (
            <li key={term.text}>
              <span>{i18n.plural("none.without", term.count, { term: visible(term.text, 80) })}</span>
              <Button variant="light" size="compact-sm" onClick={() => ask(term.left)}>{t("none.without.show")}</Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
