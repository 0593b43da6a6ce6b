// The life of a store, a channel and its events with AWS's SDK for JavaScript, with nothing changed but the endpoint.
// Usage: node life.mjs URL ACCOUNT; credentials and region come from the environment. Throws when something is not as it should be.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as control from "@aws-sdk/client-cloudtrail";
import { SignatureV4 } from "@smithy/signature-v4";

const [endpoint, account] = process.argv.slice(2);
const trail = new control.CloudTrailClient({ endpoint });
const signer = new SignatureV4({ credentials: trail.config.credentials, region: trail.config.region, service: "cloudtrail-data", sha256: trail.config.sha256 });

// putAuditEvents sends what the client of cloudtrail-data sends, signed by the SDK's own signer.
async function putAuditEvents(query, auditEvents) {
  const url = new URL(endpoint);
  const { headers, body } = await signer.sign({
    method: "POST", protocol: url.protocol, hostname: url.hostname, port: Number(url.port), path: "/PutAuditEvents", query,
    headers: { host: url.host, "content-type": "application/json" }, body: JSON.stringify({ auditEvents }),
  });
  const response = await fetch(`${endpoint}/PutAuditEvents?${new URLSearchParams(query)}`, { method: "POST", headers, body });
  return { status: response.status, errorType: response.headers.get("x-amzn-errortype"), ...(await response.json()) };
}

async function collect(pages, member) {
  const all = [];
  for await (const page of pages) all.push(...page[member]);
  return all;
}

async function refused(promise, name) {
  await assert.rejects(promise, (e) => {
    assert.equal(e.name, name);
    assert.ok(e.$metadata.requestId, "an error has a request id");
    return true;
  });
}

const AdvancedEventSelectors = [{ FieldSelectors: [{ Field: "eventCategory", Equals: ["ActivityAuditLog"] }] }];
const store = await trail.send(new control.CreateEventDataStoreCommand({ Name: "js-1", MultiRegionEnabled: false, AdvancedEventSelectors, TerminationProtectionEnabled: false }));
assert.equal(store.Status, "ENABLED");
assert.ok(store.CreatedTimestamp instanceof Date && Math.abs(Date.now() - store.CreatedTimestamp) < 60_000);
for (const n of [2, 3]) await trail.send(new control.CreateEventDataStoreCommand({ Name: `js-${n}` }));
const stores = await collect(control.paginateListEventDataStores({ client: trail, pageSize: 2 }, {}), "EventDataStores");
assert.deepEqual(stores.map((s) => s.Name), ["js-1", "js-2", "js-3"]);
await refused(trail.send(new control.CreateEventDataStoreCommand({ Name: "js-1" })), "EventDataStoreAlreadyExistsException");

const Destinations = [{ Type: "EVENT_DATA_STORE", Location: store.EventDataStoreArn }];
const { ChannelArn } = await trail.send(new control.CreateChannelCommand({ Name: "js-portal", Source: "Custom", Destinations, Tags: [{ Key: "a", Value: "b" }] }));
const channels = await collect(control.paginateListChannels({ client: trail, pageSize: 1 }, {}), "Channels");
assert.deepEqual(channels, [{ ChannelArn, Name: "js-portal" }]);
const tags = await collect(control.paginateListTags({ client: trail }, { ResourceIdList: [ChannelArn] }), "ResourceTagList");
assert.deepEqual(tags[0].TagsList, [{ Key: "a", Value: "b" }]);
const ResourcePolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Principal: { AWS: "444455556666" }, Action: "cloudtrail-data:PutAuditEvents", Resource: ChannelArn }],
});
await trail.send(new control.PutResourcePolicyCommand({ ResourceArn: ChannelArn, ResourcePolicy }));
assert.equal((await trail.send(new control.GetResourcePolicyCommand({ ResourceArn: ChannelArn }))).ResourcePolicy, ResourcePolicy);

const event = (UID, more) =>
  JSON.stringify({
    version: "1", userIdentity: { type: "employee", principalId: "kei" }, eventSource: "js.example.com", eventName: "Open",
    eventTime: new Date().toISOString().slice(0, 19) + "Z", UID, recipientAccountId: account, ...more,
  });
const good = event("js-1", { requestParameters: { memo: "新幹線 \u{1F684}", n: 12345678901234567890n.toString() } });
const put = await putAuditEvents({ channelArn: ChannelArn, externalId: "ab+c=d,e.f@g:h/i-j_k" }, [
  { id: "good", eventData: good, eventDataChecksum: createHash("sha256").update(good).digest("base64") },
  { id: "checksum", eventData: good, eventDataChecksum: "AAAA" },
  { id: "recipient", eventData: event("js-2", { recipientAccountId: "444455556666" }) },
]);
assert.equal(put.status, 200);
assert.deepEqual(put.successful.map((e) => e.id), ["good"]);
assert.match(put.successful[0].eventID, /^[0-9a-f-]{36}$/);
assert.deepEqual(put.failed.map((e) => [e.id, e.errorCode]), [["checksum", "InvalidChecksum"], ["recipient", "InvalidRecipient"]]);
const twice = [{ id: "a", eventData: good }, { id: "a", eventData: good }];
for (const [channelArn, list, name] of [[ChannelArn, twice, "DuplicatedAuditEventId"], ["arn:aws:sns:x", twice.slice(1), "InvalidChannelARN"]]) {
  const answer = await putAuditEvents({ channelArn }, list);
  assert.deepEqual([answer.status, answer.errorType, answer.__type], [400, name, name]);
}
const channel = await trail.send(new control.GetChannelCommand({ Channel: ChannelArn }));
assert.equal(channel.IngestionStatus.LatestIngestionSuccessEventID, put.successful[0].eventID);
assert.equal(channel.IngestionStatus.LatestIngestionErrorCode, "InvalidRecipient");

// A query: started, waited for, its rows page by page.
const table = store.EventDataStoreArn.split("/").pop();
const QueryStatement = `SELECT eventData.uid AS uid, element_at(eventData.requestParameters, 'memo') AS memo, n FROM ${table} CROSS JOIN UNNEST(sequence(1, 3)) AS t(n) ORDER BY n DESC`;
const { QueryId } = await trail.send(new control.StartQueryCommand({ QueryStatement }));
let described;
for (const deadline = Date.now() + 30_000; ; await new Promise((next) => setTimeout(next, 50))) {
  described = await trail.send(new control.DescribeQueryCommand({ QueryId }));
  if (!["QUEUED", "RUNNING"].includes(described.QueryStatus)) break;
  assert.ok(Date.now() < deadline, "the query does not end");
}
assert.equal(described.QueryStatus, "FINISHED", described.ErrorMessage);
assert.equal(described.QueryString, QueryStatement);
assert.ok(described.QueryStatistics.CreationTime instanceof Date && described.QueryStatistics.EventsScanned === 1);
const rows = await collect(control.paginateGetQueryResults({ client: trail, pageSize: 2 }, { QueryId }), "QueryResultRows");
assert.deepEqual(rows, ["3", "2", "1"].map((n) => [{ uid: "js-1" }, { memo: "新幹線 \u{1F684}" }, { n }]));
assert.ok((await collect(control.paginateListQueries({ client: trail }, { EventDataStore: store.EventDataStoreArn }), "Queries")).some((q) => q.QueryId === QueryId));
await refused(trail.send(new control.StartQueryCommand({ QueryStatement: `SELECT nothing FROM ${table}` })), "InvalidQueryStatementException");
await refused(trail.send(new control.CancelQueryCommand({ QueryId })), "InactiveQueryException");

await refused(trail.send(new control.DeleteEventDataStoreCommand({ EventDataStore: store.EventDataStoreArn })), "ChannelExistsForEDSException");
await trail.send(new control.DeleteChannelCommand({ Channel: ChannelArn }));
await trail.send(new control.DeleteEventDataStoreCommand({ EventDataStore: store.EventDataStoreArn }));
assert.equal((await trail.send(new control.GetEventDataStoreCommand({ EventDataStore: store.EventDataStoreArn }))).Status, "PENDING_DELETION");
assert.equal((await trail.send(new control.RestoreEventDataStoreCommand({ EventDataStore: store.EventDataStoreArn }))).Status, "ENABLED");
await refused(trail.send(new control.CreateTrailCommand({ Name: "x", S3BucketName: "y" })), "UnsupportedOperationException");
console.log("done");
