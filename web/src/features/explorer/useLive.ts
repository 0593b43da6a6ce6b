import { useEffect, useState } from "react";
import { api, Failure, type EventRow } from "../../shared/api/client";
import { messages } from "../../shared/api/sse";
import type { Asked } from "./useRun";

/** More live rows than this are not kept: the newest stay. */
const mostLive = 1000;
/** Rows are shown this often at most, however fast they come. */
const paintEvery = 250;

interface Live { rows: EventRow[]; full: Map<string, EventRow>; missed: number; error: unknown }
const none: Live = { rows: [], full: new Map(), missed: 0, error: undefined };

/** useLive follows the events that arrive, newest first. A broken stream is taken up again behind the last event that was seen. */
export function useLive(asked: Asked, on: boolean): Live {
  const [live, setLive] = useState<Live>(none);
  const { search } = asked;
  const stores = asked.stores?.join(",");
  useEffect(() => {
    if (!on) return;
    const abort = new AbortController();
    let waiting: EventRow[] = [];
    let cursor = "";
    setLive(none);
    const flush = setInterval(() => {
      if (waiting.length === 0) return;
      const fresh = waiting.reverse();
      waiting = [];
      setLive((was) => {
        const rows = [...fresh, ...was.rows].slice(0, mostLive);
        return { ...was, rows, full: new Map(rows.map((r) => [String(r["event_uid"]), r])) };
      });
    }, paintEvery);
    const follow = async () => {
      while (!abort.signal.aborted) {
        try {
          const { response, error } = await api.GET("/api/v1/tail", {
            params: { query: { search, stores: stores?.split(","), ...(cursor !== "" && { cursor }) } }, signal: abort.signal, parseAs: "stream",
          });
          if (error || !response.body) throw new Failure(error ?? { type: "about:blank", title: response.statusText, status: response.status });
          setLive((was) => ({ ...was, error: undefined }));
          for await (const m of messages(response.body)) {
            if (m.event === "row") {
              waiting.push(JSON.parse(m.data) as EventRow);
              cursor = m.id;
            } else if (m.event === "missed") {
              const { missed } = JSON.parse(m.data) as { missed: number };
              setLive((was) => ({ ...was, missed: was.missed + missed }));
            } else if (m.event === "error") throw new Failure(JSON.parse(m.data));
          }
        } catch (e) {
          if (abort.signal.aborted) return;
          setLive((was) => ({ ...was, error: e instanceof Failure ? e : new Failure({ type: "about:blank", title: "", status: 0, code: "unreachable" }) }));
          if (e instanceof Failure && e.problem.status >= 400 && e.problem.status < 500) return;
        }
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
    };
    void follow();
    return () => {
      abort.abort();
      clearInterval(flush);
      setLive(none);
    };
  }, [on, search, stores]);
  return live;
}
