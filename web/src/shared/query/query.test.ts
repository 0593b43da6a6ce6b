import { describe, expect, test } from "vitest";
import { add, hiddenByPriority, only, put, quote, renamed, state, take, without, withoutTerm } from "./edit";
import { best, place } from "./complete";
import { charOffset, paint } from "./paint";
import { terms } from "./terms";

const fields = (text: string) => terms(text)?.map((t) => `${t.negated ? "-" : ""}${t.field ?? ""}=${t.values?.join("|") ?? "?"}`);

describe("terms", () => {
  test.each([
    ["", []],
    ["-priority:low", ["-priority=low"]],
    ["NOT priority:low AND source:cloudtrail", ["-priority=low", "source=cloudtrail"]],
    ["－outcome：（failure OR denied）", ["-outcome=failure|denied"]],
    ['user:"a b" "login failed" word', ["user=a b", "=?", "=?"]],
    ["src_ip:2001:db8::1 CIDR(src_ip, 10.0.0.0/8)", ["src_ip=2001:db8::1", "=?"]],
    ["severity:>=high http_status:[400 TO 499] path:/a/*", ["severity=?", "http_status=?", "path=?"]],
    ["`odd field`:x (a OR b)", ["odd field=x", "=?"]],
    ["action:a\\*b resource:arn:aws:s3:::x", ["action=a*b", "resource=arn:aws:s3:::x"]],
  ])("%s", (text, want) => expect(fields(text)).toEqual(want));

  test.each(["a OR b", "(a", 'user:"x', "a OR", "AND a", "user:"])("%s is more than a list of terms", (text) => expect(terms(text)).toBeUndefined());
});

describe("edits of the text", () => {
  test("a value is added, joined, taken back", () => {
    let text = put("-priority:low", "outcome", "failure", false);
    expect(text).toBe("-priority:low outcome:failure");
    text = put(text, "outcome", "denied", false);
    expect(text).toBe("-priority:low outcome:(failure OR denied)");
    expect(state(text, "outcome", "Denied")).toBe("included");
    text = take(take(text, "outcome", "failure"), "outcome", "denied");
    expect(text).toBe("-priority:low");
    expect(take(text, "priority", "low")).toBe("");
  });
  test("excluding takes back the contrary", () => {
    expect(put("user:alice", "user", "alice", true)).toBe("-user:alice");
    expect(put("-user:alice", "user", "alice", false)).toBe("");
    expect(put("-user:alice", "user", "bob", true)).toBe("-user:(alice OR bob)");
  });
  test("a text with OR is kept together", () => expect(put("a OR b", "user", "x", false)).toBe("(a OR b) user:x"));
  test("names of one field are one", () => {
    expect(state("severity:high", "severity_id", "high")).toBe("included");
    expect(without("@src.ip:10.0.0.1 AND user:x", "src_ip")).toBe("user:x");
  });
  test("only forgets the other values", () => expect(only("source:(a OR b) -user:x", "source", "c")).toBe("-user:x source:c"));
  test("an operator does not stay behind", () => {
    const [first, second] = terms("a:1 AND b:2") ?? [];
    expect(first && withoutTerm("a:1 AND b:2", first)).toBe("b:2");
    expect(second && withoutTerm("a:1 AND b:2", second)).toBe("a:1");
  });
  test("add to everything", () => expect(add(" * ", "a:b")).toBe("a:b"));
});

test("values are quoted so that they mean themselves, and read back", () => {
  for (const value of ["alice", "a b", 'say "hi"', "back\\slash", "a*b", "-x", "OR", ">5", "", "(x)", "日本", "line\nbreak", "AUT24327", "10.0.0.1", "a:b"]) {
    expect(terms(`f:${quote(value)}`)?.[0]?.values, value).toEqual([value]);
  }
});

test("what low priority hides", () => {
  expect(hiddenByPriority("-priority:low")).toBe("priority:low");
  expect(hiddenByPriority("source:cloudtrail -priority:low user:x")).toBe("source:cloudtrail user:x priority:low");
  expect(hiddenByPriority("priority:normal")).toBeUndefined();
  expect(hiddenByPriority("")).toBeUndefined();
});

test("the painted pieces are the text", () => {
  for (const text of ["", "-a:b", 'x:"open', "user：（a OR b） AND c -d", "a:>=5 b:~\"x\" `odd f`:1 \\", "日本 𠮷 a:b"]) {
    expect(paint(text).map((p) => p.text).join("")).toBe(text);
  }
  expect(paint("-user:alice OR \"x\"").map((p) => p.paint)).toEqual(["punctuation", "field", "punctuation", "value", "plain", "operator", "plain", "phrase"]);
});

test("what is completed at the caret", () => {
  const at = (marked: string) => place(marked.replace("|", ""), marked.indexOf("|"));
  expect(at("out|")).toEqual({ typed: "out", from: 0, to: 3 });
  expect(at("a:b -out|")).toEqual({ typed: "out", from: 5, to: 8 });
  expect(at("(outcome:fa|)")).toEqual({ field: "outcome", typed: "fa", from: 9, to: 11 });
  expect(at("outcome:|")).toEqual({ field: "outcome", typed: "", from: 8, to: 8 });
  for (const none of ["|", "a |", "out|come", '"out|', "a:>5|", "10.0|", 'a:"b|', "a:b*|"]) expect(at(none), none).toBeUndefined();
  expect(best(["src_ip", "ip", "tunnel_ip", "user"], "ip", (n) => [n], 2)).toEqual(["ip", "src_ip"]);
});

test("places in UTF-8 become places in the text", () => {
  expect(charOffset("a日𠮷b", 0)).toBe(0);
  expect(charOffset("a日𠮷b", 4)).toBe(2);
  expect(charOffset("a日𠮷b", 8)).toBe(4);
  expect(charOffset("a", 99)).toBe(1);
});

test("a name is replaced where the service says it stands, in bytes", () => {
  expect(renamed("記録 OR usr:bob", { from: 10, to: 13 }, "user")).toBe("記録 OR user:bob");
});
