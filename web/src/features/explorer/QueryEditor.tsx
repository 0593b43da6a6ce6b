import { useRef, type ClipboardEvent, type KeyboardEvent, type ReactNode } from "react";
import { useI18n } from "../../shared/i18n/i18n";
import { paint } from "../../shared/query/paint";
import { composing } from "./useKeys";

interface Mistake { from: number; to: number }
interface Props { value: string; onChange: (text: string) => void; onRun: () => void; mistake: Mistake | undefined }

/** QueryEditor is a text area with its text painted behind it: the browser's own caret, input methods and screen readers work. */
export function QueryEditor({ value, onChange, onRun, mistake }: Props) {
  const { t } = useI18n();
  const behind = useRef<HTMLPreElement>(null);
  const onKeyDown = (e: KeyboardEvent<HTMLTextAreaElement>) => {
    if (composing(e)) return;
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
        onChange={(e) => onChange(e.currentTarget.value)} onKeyDown={onKeyDown} onPaste={onPaste}
        onScroll={(e) => { if (behind.current) behind.current.scrollTop = e.currentTarget.scrollTop; }} />
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
