import { Link } from "@tanstack/react-router";
import { useI18n } from "../shared/i18n/i18n";

export function NotFound() {
  const { t } = useI18n();
  return (
    <main className="k-message">
      <h1>{t("notfound.title")}</h1>
      <p>{t("notfound.text")}</p>
      <Link to="/explore">{t("nav.explorer")}</Link>
    </main>
  );
}
