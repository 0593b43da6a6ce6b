import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconDownload } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { api, isAbort, must } from "../../shared/api/client";
import { useI18n } from "../../shared/i18n/i18n";
import { ErrorNotice } from "../../shared/ui/ErrorNotice";
import type { Asked } from "./useRun";

const formats = ["csv", "ndjson", "parquet"] as const;

/** ExportMenu saves every event of the run, not only those that are shown. */
export function ExportMenu({ asked, total }: { asked: Asked; total: number | undefined }) {
  const i18n = useI18n();
  const { t } = i18n;
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController>(undefined);

  const save = async (format: (typeof formats)[number]) => {
    running.current = new AbortController();
    setBusy(true);
    setError(undefined);
    try {
      const { search, stores, from, to, tz } = asked;
      const file = await must(api.GET("/api/v1/export", {
        params: { query: { format, search, stores, from, to, tz } }, parseAs: "blob", signal: running.current.signal,
      })) as unknown as Blob;
      download(file, `kiroku-${new Date().toISOString().replace(/\..*|[-:]/g, "")}.${format}`);
    } catch (e) {
      if (!isAbort(e)) setError(e);
    } finally {
      setBusy(false);
    }
  };

  if (busy) return <Button variant="default" size="xs" loading={false} onClick={() => running.current?.abort()}>{t("export.cancel")}</Button>;
  return (
    <>
      {error !== undefined && <ErrorNotice error={error} />}
      <Menu>
        <Menu.Target>
          <Button variant="subtle" color="gray" leftSection={<IconDownload size={16} stroke={1.7} aria-hidden />}
            rightSection={<IconChevronDown size={14} aria-hidden />}>{t("export.label")}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{total === undefined ? t("export.all") : i18n.plural("export.n", total)}</Menu.Label>
          {formats.map((f) => <Menu.Item key={f} onClick={() => void save(f)}>{t(`export.${f}`)}</Menu.Item>)}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function download(file: Blob, name: string) {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
