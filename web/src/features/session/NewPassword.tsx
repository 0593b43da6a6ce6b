import { Button, PasswordInput } from "@mantine/core";
import { useState } from "react";
import { api, must } from "../../shared/api/client";
import { signInWith } from "../../shared/api/token";
import { useI18n } from "../../shared/i18n/i18n";
import { ErrorNotice } from "../../shared/ui/ErrorNotice";
import { useAttempt, type OneTime } from "./SignInPage";

/** NewPassword replaces the one-time password that the first start printed; until then the session may do nothing else. */
export function NewPassword({ session }: { session: OneTime }) {
  const { t } = useI18n();
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const differs = again !== "" && next !== again;
  const { error, busy, submit } = useAttempt(async () => {
    await must(api.POST("/api/v1/password", {
      body: { old: session.password, new: next }, headers: { authorization: `Bearer ${session.token}` },
    }));
    signInWith(session.token);
  });
  const eye = { "aria-label": t("signin.show") };
  return (
    <form onSubmit={submit}>
      <h2>{t("signin.new.title")}</h2>
      <p className="k-hint">{t("signin.new.text")}</p>
      <PasswordInput label={t("signin.new.password")} description={t("signin.new.rule")} value={next} required minLength={12}
        onChange={(e) => setNext(e.currentTarget.value)} autoComplete="new-password" visibilityToggleButtonProps={eye} />
      <PasswordInput label={t("signin.new.again")} value={again} required error={differs && t("signin.new.differs")}
        onChange={(e) => setAgain(e.currentTarget.value)} autoComplete="new-password" visibilityToggleButtonProps={eye} />
      {error !== undefined && <ErrorNotice error={error} />}
      <Button type="submit" size="sm" loading={busy} disabled={next === "" || next !== again}>{t("signin.new.submit")}</Button>
    </form>
  );
}
