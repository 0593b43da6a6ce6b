// Gives a service events of the last hours: records of Ivanti Connect Secure and CloudTrail as those products write them, with
// times that lie behind now. The same events every time, but for the times.
import { spawn } from "node:child_process";

/** A sequence that only looks random: the tests must see the same events every time. */
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * sides);
  };
}

const people = ["alice", "bob", "carol", "dave", "erin", "frank"];
const iso = (at) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");

function ivanti(at, roll, i) {
  const user = people[roll(people.length)];
  const ip = `203.0.113.${10 + roll(40)}`;
  const kinds = [
    ["AUT31504", `Login succeeded for ${user}/Employees (session:sid${i}) from ${ip}`, "info"],
    ["NWC23508", `Key Exchange number 1 occurred for user with NCIP 10.200.4.${roll(200)}`, "info"],
    ["WEB20174", `WebRequest completed, GET to https://intranet.example.com:443//index.html from ${ip} result=200 sent=512 received=2048 in 1 seconds`, "info"],
    ["AUT24327", `Primary authentication failed for ${user}/AD-Corp from ${ip}`, "minor"],
    ["AUT24414", `Agent login failed for ${user}/Employees from ${ip}`, "minor"],
  ];
  const burst = i % 9 === 0 ? 3 : roll(12) === 0 ? 4 : roll(3);
  const [code, text, severity] = kinds[burst];
  const record = { message_id: code, date: iso(at).slice(0, 10), timestamp: String(Math.floor(at / 1000)), unique_id: `e2e-${i}`, sev_num: severity === "info" ? "1" : "5",
    sev_string: severity, source_ip: ip, user, realm_name: "Employees", roles: "Employees-Role, VPN-Full", session_id: `5f934b${i}`, raw_message: text };
  return `<134>1 ${iso(at)} vpn1.example.com PulseSecure: - - - ${JSON.stringify(record)}`;
}

const calls = [
  // Of services whose events have normal priority.
  ["ec2.amazonaws.com", "DescribeInstances"], ["s3.amazonaws.com", "GetObject"], ["iam.amazonaws.com", "CreateAccessKey"], ["signin.amazonaws.com", "ConsoleLogin"],
  // Of services whose events have low priority.
  ["kms.amazonaws.com", "Decrypt"], ["sts.amazonaws.com", "AssumeRole"], ["logs.amazonaws.com", "CreateLogStream"],
];

function trail(at, roll, i) {
  const [source, name] = calls[roll(calls.length)];
  const user = people[roll(people.length)];
  const denied = i % 11 === 0;
  return JSON.stringify({ eventVersion: "1.11", userIdentity: { type: "IAMUser", principalId: "AIDAEXAMPLE", arn: `arn:aws:iam::111122223333:user/${user}`,
    accountId: "111122223333", userName: user }, eventTime: iso(at), eventSource: source, eventName: name, awsRegion: "ap-northeast-1", sourceIPAddress: `198.51.100.${1 + roll(30)}`,
    userAgent: "aws-cli/2.17.0", requestID: `r-${i}`, eventID: `0000${String(i).padStart(4, "0")}-aaaa-4bbb-8ccc-111122223333`, readOnly: name !== "CreateAccessKey", eventType: "AwsApiCall",
    managementEvent: true, recipientAccountId: "111122223333", eventCategory: "Management",
    ...(denied && { errorCode: "AccessDenied", errorMessage: `User: arn:aws:iam::111122223333:user/${user} is not authorized to perform: ${source.split(".")[0]}:${name}` }) });
}

/** What nobody should be able to make the console do. */
export const hostile = [
  { message: "<img src=x onerror=\"document.title='owned'\"> <script>document.title='owned'</script>", user: "<b>mallory</b>" },
  { message: "evil \u202Egnp.exe\u202C \u001b[31mred\u001b[0m nul:\u0000 zero\u200bwidth", user: "mallory\u202e" },
  { message: "x".repeat(100_000), user: "long" },
];

/** records are n lines of each product, spread over the 20 hours before now, the newest a minute ago. */
export function records(now, n) {
  const roll = dice(20261123);
  const at = (i) => now - 60_000 - Math.floor((i / n) ** 1.2 * 20 * 3_600_000);
  return {
    "ivanti-connect-secure": Array.from({ length: n }, (_, i) => ivanti(at(i), roll, i)),
    cloudtrail: Array.from({ length: n }, (_, i) => trail(at(i) - 20_000, roll, i)),
    generic: hostile.map((h, i) => JSON.stringify({ time: iso(now - 19 * 3_600_000 - i * 1000), ...h })),
  };
}

/** seed imports them with the command line, as a person would. */
export async function seed(server, n) {
  for (const [source, lines] of Object.entries(records(Date.now(), n))) {
    await run(server.binary, ["import", "--url", server.url, "--token", server.token, "--source", source, "--quiet", "-"], lines.join("\n"));
  }
}

function run(binary, args, input) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    child.stdout.on("data", (d) => { said += d; });
    child.stderr.on("data", (d) => { said += d; });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve(said) : reject(new Error(`kiroku ${args[0]} ended with ${code}: ${said}`))));
    child.stdin.end(input);
  });
}
