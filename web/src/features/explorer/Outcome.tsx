import { IconBan, IconCheck, IconX } from "@tabler/icons-react";
import { useI18n } from "../../shared/i18n/i18n";
import { visible } from "../../shared/format/visible";
import { label, tone } from "./columns";

const glyphs = { failure: IconX, denied: IconBan };

/** Outcome is glyph and word; only what failed or was refused has a colour. */
export function Outcome({ value }: { value: unknown }) {
  const i18n = useI18n();
  if (typeof value !== "string") return null;
  const how = tone(value);
  const Glyph = value === "success" ? IconCheck : how === "quiet" ? undefined : glyphs[how];
  return <span className="k-outcome" data-tone={how}>{Glyph && <Glyph size={13} stroke={2} aria-hidden />}<span>{visible(label(i18n, "outcome", value), 40)}</span></span>;
}
