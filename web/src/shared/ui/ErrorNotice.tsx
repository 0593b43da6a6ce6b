import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { problemOf } from "../api/client";
import { useI18n } from "../i18n/i18n";
import { visible } from "../format/visible";

/** ErrorNotice says what failed, what to do next, and which request it was. */
export function ErrorNotice({ error, children }: { error: unknown; children?: ReactNode }) {
  const { t } = useI18n();
  const p = problemOf(error);
  const unreachable = p.code === "unreachable";
  return (
    <div className="k-error" role="alert">
      <IconAlertTriangle size={16} stroke={1.7} aria-hidden />
      <div>
        <strong>{unreachable ? t("error.unreachable") : visible(p.detail ?? p.title)}</strong>
        {" "}
        <span>{unreachable ? t("error.unreachable.next") : visible(p.next ?? "")}</span>
        {p.request_id && <span className="k-error-id">{t("error.request", { id: p.request_id })}</span>}
      </div>
      {children}
    </div>
  );
}
