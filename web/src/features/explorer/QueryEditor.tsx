import { useLayoutEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode } from "react";
import { useI18n } from "../../shared/i18n/i18n";
import { paint } from "../../shared/query/paint";
import { visible } from "../../shared/format/visible";
import { useCompletion, type Offer } from "./useCompletion";
import { composing } from "./useKeys";
import type { Asked } from "./useRun";

interface Mistake { from: number; to: number }
interface Props { value: string; onChange: (text: string) => void; onRun: () => void; mistake: Mistake | undefined; asked: Asked }

/** QueryEditor is a text area with its text painted behind it: the browser's own caret, input methods and screen readers work. */
export function QueryEditor({ value, onChange, onRun, mistake, asked }: Props) {
  const { t } = useI18n();
  const behind = useRef<HTMLPreElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  // Where the caret was when something was typed: only then is anything offered, and nothing is chosen unless the arrows do so.
  const [caret, setCaret] = useState<number>();
  const [chosen, setChosen] = useState(-1);
  const { place, offers } = useCompletion(value, caret, asked);
  const close = () => { setCaret(undefined); setChosen(-1); };
  const after = useRef<number>(undefined);
  useLayoutEffect(() => {
    if (after.current !== undefined) area.current?.setSelectionRange(after.current, after.current);
    after.current = undefined;
  }, [value]);
  const take = (offer: Offer | undefined) => {
    if (!offer || !place) return;
    after.current = place.from + offer.insert.length;
    onChange(value.slice(0, place.from) + offer.insert + value.slice(place.to));
    setCaret(place.field === undefined ? after.current : undefined);
    setChosen(-1);
    area.current?.focus();
  };
  const onKeyDown = (e: KeyboardEvent<HTMLTextAreaElement>) => {
    if (composing(e)) return;
    if (offers.length > 0) {
      const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1 }[e.key];
      if (to !== undefined) {
        e.preventDefault();
        setChosen(Math.max(-1, Math.min(offers.length - 1, to)));
        return;
      }
      if ((e.key === "Enter" || e.key === "Tab") && chosen >= 0 && !e.ctrlKey && !e.metaKey) {
        e.preventDefault();
        take(offers[chosen]);
        return;
      }
      if (e.key === "Escape") {
        e.preventDefault();
        close();
        return;
      }
    }
    close();
    if (e.key === "Enter" && (!e.shiftKey || e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      onRun();
    } else if (e.key === "Escape") e.currentTarget.blur();
  };
  // A query copied from several lines of a runbook is one line here.
  const onPaste = (e: ClipboardEvent<HTMLTextAreaElement>) => {
    const text = e.clipboardData.getData("text/plain");
    if (!/[\r\n]/.test(text)) return;
    e.preventDefault();
    const { selectionStart, selectionEnd } = e.currentTarget;
    onChange(value.slice(0, selectionStart) + text.trim().replace(/\s*[\r\n]+\s*/g, " ") + value.slice(selectionEnd));
  };
  return (
    <div className="k-editor">
      <pre ref={behind} aria-hidden>{painted(value, mistake)}{"\n"}</pre>
      <textarea id="query" value={value} rows={1} spellCheck={false} autoComplete="off" autoCapitalize="off" maxLength={4096}
        aria-label={t("query.label")} placeholder={t("query.placeholder")} aria-invalid={mistake !== undefined}
        aria-describedby={mistake ? "query-error" : undefined}
        ref={area} aria-autocomplete="list" aria-haspopup="listbox" aria-controls={offers.length > 0 ? "query-offers" : undefined}
        aria-activedescendant={chosen >= 0 ? `offer-${chosen}` : undefined} onBlur={close}
        onChange={(e) => { onChange(e.currentTarget.value); setCaret(e.currentTarget.selectionStart); setChosen(-1); }} onKeyDown={onKeyDown} onPaste={onPaste}
        onScroll={(e) => { if (behind.current) behind.current.scrollTop = e.currentTarget.scrollTop; }} />
      {offers.length > 0 && (
        <ul className="k-offers" id="query-offers" role="listbox" aria-label={t("query.offers")}>
          {offers.map((o, i) => (
            <li key={o.insert} id={`offer-${i}`} role="option" aria-selected={i === chosen} onMouseDown={(e) => { e.preventDefault(); take(o); }}>
              <code>{visible(o.name, 120)}</code><span>{visible(o.note, 120)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function painted(value: string, mistake: Mistake | undefined): ReactNode[] {
  const out: ReactNode[] = [];
  let at = 0;
  const push = (text: string, paintName: string, wrong: boolean) => {
    if (text !== "") out.push(<span key={out.length} className={`k-paint-${paintName}${wrong ? " k-wrong" : ""}`}>{text}</span>);
  };
  for (const piece of paint(value)) {
    const end = at + piece.text.length;
    const from = Math.min(Math.max(mistake?.from ?? end, at), end);
    const to = Math.min(Math.max(mistake?.to ?? end, from), end);
    push(value.slice(at, from), piece.paint, false);
    push(value.slice(from, to), piece.paint, true);
    push(value.slice(to, end), piece.paint, false);
    at = end;
  }
  // A mistake at the end has no character to stand under.
  if (mistake && mistake.from >= value.length) out.push(<span key="end" className="k-wrong">{" "}</span>);
  return out;
}
