import { ActionIcon, Menu, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useI18n, type Language } from "../i18n/i18n";

const check = <IconCheck size={14} aria-hidden />;

export function LanguageMenu({ icon }: { icon: ReactNode }) {
  const { t, language, setLanguage } = useI18n();
  const offered: [Language, string][] = [["en", "English"], ["ja", "日本語"]];
  return (
    <Menu position="right-end">
      <Menu.Target><ActionIcon aria-label={t("prefs.language")} color="gray">{icon}</ActionIcon></Menu.Target>
      <Menu.Dropdown>
        {offered.map(([code, name]) => (
          <Menu.Item key={code} lang={code} rightSection={language === code && check} onClick={() => setLanguage(code)}>{name}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function ThemeMenu() {
  const { t } = useI18n();
  // Mantine would switch transitions off with a style element, which the content security policy refuses.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const offered: [MantineColorScheme, ReactNode][] = [
    ["auto", <IconDeviceDesktop key="a" size={16} stroke={1.7} aria-hidden />],
    ["light", <IconSun key="l" size={16} stroke={1.7} aria-hidden />],
    ["dark", <IconMoon key="d" size={16} stroke={1.7} aria-hidden />],
  ];
  return (
    <Menu position="right-end">
      <Menu.Target>
        <ActionIcon aria-label={t("prefs.theme")} color="gray"><IconSun size={18} stroke={1.7} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {offered.map(([scheme, icon]) => (
          <Menu.Item key={scheme} leftSection={icon} rightSection={colorScheme === scheme && check} onClick={() => setColorScheme(scheme)}>
            {t(`theme.${scheme}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
