// What the Explorer knows about columns of the event table: which belong together, and how a few of their values are called.
import type { Key } from "../../shared/i18n/en";
import type { I18n } from "../../shared/i18n/i18n";

/** Facets that are shown from the beginning. Others can be added. */
export const firstFacets = ["source", "priority", "outcome", "severity", "actor_user_name", "src_ip", "service", "event_code", "api_operation",
  "src_country", "tags"];

export const sources: Record<string, { name: string; mark: string; hue: string }> = {
  "ivanti-connect-secure": { name: "Ivanti Connect Secure", mark: "I", hue: "red" },
  "okta-access-gateway": { name: "Okta Access Gateway", mark: "O", hue: "blue" },
  cloudtrail: { name: "AWS CloudTrail", mark: "A", hue: "amber" },
  "audit-events": { name: "Audit events", mark: "E", hue: "amber" },
  "defender-for-cloud-apps": { name: "Defender for Cloud Apps", mark: "D", hue: "teal" },
  kiroku: { name: "Kiroku", mark: "K", hue: "ink" },
  generic: { name: "Generic", mark: "G", hue: "grey" },
};

/** Words that the search language has for the numbers of severity_id. */
const severities = ["unknown", "info", "low", "medium", "high", "critical", "fatal"] as const;
export type Severity = (typeof severities)[number];
export const severity = (id: unknown): Severity => severities[Number(id)] ?? "unknown";

export type Tone = "quiet" | "failure" | "denied";
/** tone is how an outcome looks: only what failed or was refused has a colour. */
export function tone(outcome: unknown): Tone {
  switch (outcome) {
    case "failure":
    case "unauthenticated": return "failure";
    case "denied":
    case "rejected":
    case "blocked": return "denied";
    default: return "quiet";
  }
}

const outcomes = ["success", "failure", "denied", "rejected", "unauthenticated", "blocked"];

/** word is the value as the search language writes it: of severities the word, not the number. */
export const word = (field: string, value: string) => (field === "severity" || field === "severity_id" ? severity(value) : value);

/** label is the value as a person reads it. */
export function label(i18n: I18n, field: string, value: string): string {
  if (field === "source") return sources[value]?.name ?? value;
  if (field === "severity" || field === "severity_id") return i18n.t(`severity.${severity(value)}`);
  if (field === "outcome" && outcomes.includes(value)) return i18n.t(`outcome.${value}` as Key);
  if (field === "priority" && (value === "normal" || value === "low")) return i18n.t(`priority.${value}`);
  return value;
}

const titled = ["source", "priority", "outcome", "severity", "actor_user_name", "src_ip", "service", "event_code", "api_operation", "src_country", "tags"];
/** title is the name of a field for people; undefined where it has only its machine name. */
export const title = (i18n: I18n, field: string) => (titled.includes(field) ? i18n.t(`field.${field}` as Key) : undefined);

export type Section = "who" | "where" | "what" | "evidence";

const who = /^(actor_|user_(?!agent)|group_|is_mfa|is_remote|auth_)/;
const where = /^(src_|tunnel_ip|device_|user_agent|collector$)/;
const evidence = /^(event_uid|time$|ingest_time|seq|source$|input|channel|tags|labels|priority|parse_error|raw_encoding|original_time|timezone_offset|metadata_uid|correlation_uid|log_|product_|ocsf_version|profiles|cloud_)/;

export function section(column: string): Section {
  if (who.test(column)) return "who";
  if (where.test(column)) return "where";
  return evidence.test(column) ? "evidence" : "what";
}

/** summary is the line that stands for an event in the list. */
export function summary(row: Record<string, unknown>): string {
  for (const column of ["message", "api_operation", "activity_name", "parse_error"]) {
    const value = row[column];
    if (typeof value === "string" && value !== "") return value;
  }
  return "";
}
