import { Button, PasswordInput, Tabs, TextInput } from "@mantine/core";
import { IconLanguage } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { api, must, problemOf } from "../../shared/api/client";
import { signInWith, useExpired } from "../../shared/api/token";
import { useI18n } from "../../shared/i18n/i18n";
import { ErrorNotice } from "../../shared/ui/ErrorNotice";
import { Logo } from "../../shared/ui/Logo";
import { LanguageMenu, ThemeMenu } from "../../shared/ui/Preferences";
import { NewPassword } from "./NewPassword";

/** What a session that must change its password first needs to do so. */
export interface OneTime { token: string; password: string }

export function SignInPage() {
  const { t } = useI18n();
  const expired = useExpired();
  const [oneTime, setOneTime] = useState<OneTime>();
  return (
    <div className="k-signin">
      <main>
        <header>
          <Logo size={40} />
          <h1>Kiroku <span lang="ja">記録</span></h1>
          <span className="k-signin-prefs"><LanguageMenu icon={<IconLanguage size={18} stroke={1.7} aria-hidden />} /><ThemeMenu /></span>
        </header>
        {expired && <p role="status" className="k-notice">{t("signin.expired")}</p>}
        {oneTime ? <NewPassword session={oneTime} /> : (
          <Tabs defaultValue="password" keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="password">{t("signin.password.tab")}</Tabs.Tab>
              <Tabs.Tab value="token">{t("signin.token.tab")}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="password"><ByPassword mustChange={setOneTime} /></Tabs.Panel>
            <Tabs.Panel value="token"><ByToken /></Tabs.Panel>
          </Tabs>
        )}
      </main>
    </div>
  );
}

/** useAttempt runs one sign-in at a time and keeps what went wrong. */
export function useAttempt(work: () => Promise<void>) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return { error, busy, submit: (e: FormEvent) => void submit(e) };
}

function ByPassword({ mustChange }: { mustChange: (s: OneTime) => void }) {
  const { t } = useI18n();
  const [user, setUser] = useState("admin");
  const [password, setPassword] = useState("");
  const { error, busy, submit } = useAttempt(async () => {
    const session = await must(api.POST("/api/v1/login", { body: { user, password } }));
    if (session.must_change_password) mustChange({ token: session.token, password });
    else signInWith(session.token);
  });
  return (
    <form onSubmit={submit}>
      <TextInput label={t("signin.user")} value={user} onChange={(e) => setUser(e.currentTarget.value)} autoComplete="username" required />
      <PasswordInput label={t("signin.password")} description={t("signin.password.hint")} value={password}
        onChange={(e) => setPassword(e.currentTarget.value)} autoComplete="current-password" required data-autofocus
        visibilityToggleButtonProps={{ "aria-label": t("signin.show") }} />
      {error !== undefined && <ErrorNotice error={error} />}
      <Button type="submit" size="sm" loading={busy}>{t("signin.submit")}</Button>
    </form>
  );
}

function ByToken() {
  const { t } = useI18n();
  const [token, setToken] = useState("");
  const { error, busy, submit } = useAttempt(async () => {
    const given = token.trim();
    await must(api.GET("/api/v1/me", { headers: { authorization: `Bearer ${given}` } }));
    signInWith(given);
  });
  return (
    <form onSubmit={submit}>
      <PasswordInput label={t("signin.token")} description={t("signin.token.hint")} value={token} required autoComplete="off"
        onChange={(e) => setToken(e.currentTarget.value)} visibilityToggleButtonProps={{ "aria-label": t("signin.show") }} />
      {error !== undefined && <ErrorNotice error={error} />}
      {problemOf(error).status === 401 && <p className="k-hint">{t("signin.token.refused")} <code>cat DATA/admin.token</code></p>}
      <Button type="submit" size="sm" loading={busy}>{t("signin.submit")}</Button>
    </form>
  );
}
