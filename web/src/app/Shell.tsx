import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconLanguage, IconLogout, IconSearch, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { api, must } from "../shared/api/client";
import { forget } from "../shared/api/token";
import { useI18n } from "../shared/i18n/i18n";
import { LanguageMenu, ThemeMenu } from "../shared/ui/Preferences";
import { Logo } from "../shared/ui/Logo";

/** Shell is the rail at the left with the pages that there are, and the page beside it. */
export function Shell() {
  const { t } = useI18n();
  return (
    <div className="k-shell">
      <a className="k-skip" href="#page">{t("nav.skip")}</a>
      <nav className="k-rail" aria-label={t("nav.label")}>
        <Link to="/explore" className="k-brand" aria-label="Kiroku"><Logo /></Link>
        <Tooltip label={t("nav.explorer")} position="right">
          <Link to="/explore" className="k-rail-link" activeProps={{ "aria-current": "page" }} aria-label={t("nav.explorer")}>
            <IconSearch size={18} stroke={1.7} aria-hidden />
          </Link>
        </Tooltip>
        <div className="k-rail-foot">
          <LanguageMenu icon={<IconLanguage size={18} stroke={1.7} aria-hidden />} />
          <ThemeMenu />
          <Account />
        </div>
      </nav>
      <Outlet />
    </div>
  );
}

function Account() {
  const { t } = useI18n();
  const { data: me } = useQuery({ queryKey: ["me"], queryFn: ({ signal }) => must(api.GET("/api/v1/me", { signal })) });
  const leave = async () => {
    // Only a session can be ended; an API token goes on working, this tab just forgets it.
    if (me && !me.user.startsWith("token:")) await api.POST("/api/v1/logout").catch(() => undefined);
    forget();
  };
  return (
    <Menu position="right-end">
      <Menu.Target>
        <ActionIcon aria-label={t("account.label")} color="gray"><IconUser size={18} stroke={1.7} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me ? t("account.as", { user: me.user.replace(/^token:/, ""), role: me.role }) : t("account.label")}</Menu.Label>
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.7} />} onClick={() => void leave()}>{t("account.signout")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
