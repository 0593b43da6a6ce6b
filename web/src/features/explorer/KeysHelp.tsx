import { ActionIcon, Kbd, Popover } from "@mantine/core";
import { IconKeyboard } from "@tabler/icons-react";
import { useState } from "react";
import { useI18n } from "../../shared/i18n/i18n";
import { useKeys } from "./useKeys";

const keys = [["/", "query"], ["Enter", "run"], ["j k", "move"], ["Enter", "open"], ["Esc", "close"], ["[ ]", "step"], ["t", "time"], ["u", "utc"],
  ["f", "facets"], ["l", "live"], ["r", "again"]] as const;

export function KeysHelp() {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  useKeys({ "?": () => setOpen(true) });
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon color="gray" aria-label={t("keys.label")} onClick={() => setOpen((v) => !v)}><IconKeyboard size={17} stroke={1.7} aria-hidden /></ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("keys.label")} className="k-keys" tabIndex={-1} data-autofocus>
        <dl>
          {keys.map(([key, does]) => <div key={does}><dt>{key.split(" ").map((k) => <Kbd key={k}>{k}</Kbd>)}</dt><dd>{t(`keys.${does}`)}</dd></div>)}
        </dl>
      </Popover.Dropdown>
    </Popover>
  );
}
