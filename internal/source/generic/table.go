package generic

import "kiroku/internal/event"

// common are the names that programs give to what has a column: plain names, those of the Elastic Common Schema, GELF and
// firewalls. They stand without "_", "-" and in lower case.
var common = aliases{
	"time": {event.ColTime, stamp}, "timestamp": {event.ColTime, stamp}, "@timestamp": {event.ColTime, stamp}, "ts": {event.ColTime, stamp},
	"datetime": {event.ColTime, stamp}, "eventtime": {event.ColTime, stamp}, "logtime": {event.ColTime, stamp}, "createdat": {event.ColTime, stamp},
	"asctime": {event.ColTime, stamp}, "date": {event.ColTime, dateOnly}, "tz": {event.ColTime, zone}, "published": {event.ColTime, stamp}, "event.created": {event.ColTime, stamp},
	"realtimetimestamp": {event.ColTime, stamp}, "sourcerealtimetimestamp": {event.ColTime, stamp},

	"level": {event.ColLogLevel, level}, "severity": {event.ColLogLevel, level}, "loglevel": {event.ColLogLevel, level}, "log.level": {event.ColLogLevel, level},
	"lvl": {event.ColLogLevel, level}, "levelname": {event.ColLogLevel, level}, "priority": {event.ColLogLevel, level}, "pri": {event.ColLogLevel, level},
	"severitytext": {event.ColLogLevel, level}, "sev": {event.ColLogLevel, level},

	"message": {event.ColMessage, text}, "msg": {event.ColMessage, text}, "shortmessage": {event.ColMessage, text}, "log": {event.ColMessage, text},

	"host": {event.ColDeviceHost, hostName}, "hostname": {event.ColDeviceHost, hostName}, "host.name": {event.ColDeviceHost, hostName},
	"host.hostname": {event.ColDeviceHost, hostName}, "computer": {event.ColDeviceHost, hostName}, "computername": {event.ColDeviceHost, hostName},
	"winlog.computername": {event.ColDeviceHost, hostName}, "devname": {event.ColDeviceHost, hostName}, "devicehost": {event.ColDeviceHost, hostName}, "devicename": {event.ColDeviceHost, hostName},

	"user": {event.ColActorUserName, text}, "username": {event.ColActorUserName, text}, "user.name": {event.ColActorUserName, text},
	"usr": {event.ColActorUserName, text}, "usr.name": {event.ColActorUserName, text}, "login": {event.ColActorUserName, text},
	"loginname": {event.ColActorUserName, text}, "account": {event.ColActorUserName, text}, "accountname": {event.ColActorUserName, text},
	"srcuser": {event.ColActorUserName, text}, "sourceuser": {event.ColActorUserName, text}, "suser": {event.ColActorUserName, text}, "actor": {event.ColActorUserName, text},
	"actor.name": {event.ColActorUserName, text}, "userid": {event.ColActorUserUID, text}, "user.id": {event.ColActorUserUID, text}, "usr.id": {event.ColActorUserUID, text},
	"email": {event.ColActorUserEmail, text}, "useremail": {event.ColActorUserEmail, text}, "user.email": {event.ColActorUserEmail, text},
	"userdomain": {event.ColActorUserDomain, text}, "user.domain": {event.ColActorUserDomain, text}, "realm": {event.ColActorUserDomain, text},
	"subjectusername": {event.ColActorUserName, text}, "useridentity.username": {event.ColActorUserName, text}, "userprincipalname": {event.ColActorUserName, text},
	"targetuser": {event.ColUserName, text}, "targetusername": {event.ColUserName, text}, "duser": {event.ColUserName, text},
	"dstuser": {event.ColUserName, text}, "destinationuser": {event.ColUserName, text}, "user.target.name": {event.ColUserName, text},
	"group": {event.ColGroupName, text}, "groupname": {event.ColGroupName, text}, "group.name": {event.ColGroupName, text},
	"groups": {event.ColActorUserGroups, list}, "roles": {event.ColActorUserGroups, list}, "user.groups": {event.ColActorUserGroups, list},
	"user.roles": {event.ColActorUserGroups, list}, "usr.groups": {event.ColActorUserGroups, list}, "usr.roles": {event.ColActorUserGroups, list},
	"usergroups": {event.ColActorUserGroups, list}, "userroles": {event.ColActorUserGroups, list}, "memberof": {event.ColActorUserGroups, list},
	"session": {event.ColActorSessionUID, text}, "sessionid": {event.ColActorSessionUID, text}, "session.id": {event.ColActorSessionUID, text},

	"src": {event.ColSrcIP, endpoint}, "client": {event.ColSrcIP, endpoint}, "rhost": {event.ColSrcIP, endpoint}, "remotehost": {event.ColSrcIP, endpoint},
	"srcip": {event.ColSrcIP, address}, "source": {event.ColSrcIP, address}, "sourceip": {event.ColSrcIP, address}, "source.ip": {event.ColSrcIP, address},
	"source.address": {event.ColSrcIP, endpoint}, "sourceipaddress": {event.ColSrcIP, address}, "sourceaddress": {event.ColSrcIP, address}, "srcaddr": {event.ColSrcIP, address},
	"saddr": {event.ColSrcIP, address}, "clientip": {event.ColSrcIP, address}, "client.ip": {event.ColSrcIP, address}, "client.address": {event.ColSrcIP, endpoint},
	"cip": {event.ColSrcIP, address}, "clientaddr": {event.ColSrcIP, address}, "clientaddress": {event.ColSrcIP, address}, "remoteaddr": {event.ColSrcIP, address},
	"remoteip": {event.ColSrcIP, address}, "remoteaddress": {event.ColSrcIP, address}, "ip": {event.ColSrcIP, address}, "ipaddress": {event.ColSrcIP, address},
	"ipaddr": {event.ColSrcIP, address}, "addr": {event.ColSrcIP, address}, "peer": {event.ColSrcIP, address}, "network.client.ip": {event.ColSrcIP, address},
	"srcport": {event.ColSrcPort, port}, "sourceport": {event.ColSrcPort, port}, "source.port": {event.ColSrcPort, port}, "spt": {event.ColSrcPort, port},
	"sport": {event.ColSrcPort, port}, "clientport": {event.ColSrcPort, port}, "client.port": {event.ColSrcPort, port}, "remoteport": {event.ColSrcPort, port},
	"srchost": {event.ColSrcHost, text}, "sourcehost": {event.ColSrcHost, text}, "srchostname": {event.ColSrcHost, text}, "sourcehostname": {event.ColSrcHost, text},
	"source.domain": {event.ColSrcHost, text}, "clienthost": {event.ColSrcHost, text}, "clienthostname": {event.ColSrcHost, text}, "shost": {event.ColSrcHost, text},
	"workstationname": {event.ColSrcHost, text},
	"srcmac":          {event.ColSrcMac, text}, "source.mac": {event.ColSrcMac, text}, "smac": {event.ColSrcMac, text},

	"dst": {event.ColDstIP, endpoint}, "dest": {event.ColDstIP, endpoint}, "destination": {event.ColDstIP, endpoint}, "dstip": {event.ColDstIP, address},
	"destip": {event.ColDstIP, address}, "destinationip": {event.ColDstIP, address}, "destination.ip": {event.ColDstIP, address},
	"destination.address": {event.ColDstIP, endpoint}, "destinationaddress": {event.ColDstIP, address}, "dstaddr": {event.ColDstIP, address}, "daddr": {event.ColDstIP, address},
	"serverip": {event.ColDstIP, address}, "server.ip": {event.ColDstIP, address}, "network.destination.ip": {event.ColDstIP, address},
	"dstport": {event.ColDstPort, port}, "destport": {event.ColDstPort, port}, "destinationport": {event.ColDstPort, port}, "destination.port": {event.ColDstPort, port},
	"dpt": {event.ColDstPort, port}, "dport": {event.ColDstPort, port}, "serverport": {event.ColDstPort, port}, "server.port": {event.ColDstPort, port},
	"dsthost": {event.ColDstHost, text}, "desthost": {event.ColDstHost, text}, "destinationhost": {event.ColDstHost, text}, "dsthostname": {event.ColDstHost, text},
	"destinationhostname": {event.ColDstHost, text}, "destination.domain": {event.ColDstHost, text}, "dhost": {event.ColDstHost, text},

	"useragent": {event.ColUserAgent, text}, "useragent.original": {event.ColUserAgent, text}, "httpuseragent": {event.ColUserAgent, text},
	"http.useragent": {event.ColUserAgent, text}, "ua": {event.ColUserAgent, text}, "agent": {event.ColUserAgent, text},
	"method": {event.ColHTTPMethod, text}, "httpmethod": {event.ColHTTPMethod, text}, "requestmethod": {event.ColHTTPMethod, text}, "verb": {event.ColHTTPMethod, text},
	"http.method": {event.ColHTTPMethod, text}, "http.request.method": {event.ColHTTPMethod, text},
	"url": {event.ColHTTPURL, text}, "uri": {event.ColHTTPURL, text}, "requesturi": {event.ColHTTPURL, text}, "requesturl": {event.ColHTTPURL, text},
	"path": {event.ColHTTPURL, text}, "url.full": {event.ColHTTPURL, text}, "url.original": {event.ColHTTPURL, text}, "http.url": {event.ColHTTPURL, text},
	"url.path": {event.ColHTTPURL, text}, "url.domain": {event.ColURLHost, text}, "httphost": {event.ColURLHost, text}, "vhost": {event.ColURLHost, text},
	"referer": {event.ColHTTPReferrer, text}, "referrer": {event.ColHTTPReferrer, text}, "httpreferer": {event.ColHTTPReferrer, text}, "httpreferrer": {event.ColHTTPReferrer, text},
	"http.request.referrer": {event.ColHTTPReferrer, text},
	"httpstatus":            {event.ColHTTPStatus, httpCode}, "httpstatuscode": {event.ColHTTPStatus, httpCode}, "statuscode": {event.ColHTTPStatus, httpCode},
	"responsecode": {event.ColHTTPStatus, httpCode}, "httpcode": {event.ColHTTPStatus, httpCode}, "http.statuscode": {event.ColHTTPStatus, httpCode},
	"http.response.statuscode": {event.ColHTTPStatus, httpCode},
	"requestid":                {event.ColCorrelationUID, text}, "correlationid": {event.ColCorrelationUID, text}, "traceid": {event.ColCorrelationUID, text},
	"trace.id": {event.ColCorrelationUID, text}, "transactionid": {event.ColCorrelationUID, text}, "xrequestid": {event.ColCorrelationUID, text},

	"eventid": {event.ColEventCode, eventID}, "event.id": {event.ColEventCode, eventID}, "eventcode": {event.ColEventCode, text}, "event.code": {event.ColEventCode, text},
	"messageid": {event.ColEventCode, text}, "msgid": {event.ColEventCode, text}, "signatureid": {event.ColEventCode, text}, "logid": {event.ColEventCode, text},
	"winlog.eventid": {event.ColEventCode, text}, "uuid": {event.ColMetadataUID, text}, "guid": {event.ColMetadataUID, text}, "eventuuid": {event.ColMetadataUID, text},
	"event": {event.ColActivityName, text}, "eventname": {event.ColActivityName, text}, "event.action": {event.ColActivityName, text}, "eventtype": {event.ColActivityName, text},
	"action": {event.ColActivityName, text}, "act": {event.ColActivityName, text}, "activity": {event.ColActivityName, text}, "operation": {event.ColActivityName, text},

	"status": {event.ColStatusCode, status}, "outcome": {event.ColStatusCode, status}, "result": {event.ColStatusCode, status}, "event.outcome": {event.ColStatusCode, status},
	"success": {event.ColStatusCode, status}, "reason": {event.ColStatusDetail, text}, "error": {event.ColStatusDetail, text}, "err": {event.ColStatusDetail, text},
	"errormessage": {event.ColStatusDetail, text}, "error.message": {event.ColStatusDetail, text},

	"app": {event.ColAppName, text}, "application": {event.ColAppName, text}, "appname": {event.ColAppName, text}, "applicationname": {event.ColAppName, text},
	"program": {event.ColLogProvider, text}, "programname": {event.ColLogProvider, text}, "logger": {event.ColLogProvider, text}, "loggername": {event.ColLogProvider, text},
	"log.logger": {event.ColLogProvider, text}, "process.name": {event.ColLogProvider, text}, "service.name": {event.ColLogProvider, text}, "syslogidentifier": {event.ColLogProvider, text},
	"command": {event.ColProcessCmdLine, text}, "cmd": {event.ColProcessCmdLine, text}, "cmdline": {event.ColProcessCmdLine, text}, "commandline": {event.ColProcessCmdLine, text},
	"process.commandline": {event.ColProcessCmdLine, text},
	"policy":              {event.ColPolicyName, text}, "policyname": {event.ColPolicyName, text}, "rule": {event.ColPolicyName, text}, "rulename": {event.ColPolicyName, text},
	"rule.name": {event.ColPolicyName, text},
	"bytesin":   {event.ColBytesIn, number}, "bytesout": {event.ColBytesOut, number}, "durationms": {event.ColDurationMS, number}, "elapsedms": {event.ColDurationMS, number},
	"latencyms": {event.ColDurationMS, number}, "cloud.provider": {event.ColCloudProvider, text}, "cloud.region": {event.ColCloudRegion, text},
	"cloud.account.id": {event.ColCloudAccountUID, text}, "awsregion": {event.ColCloudRegion, text},
}

// cefAliases are the keys of CEF's extension dictionary that mean something else than elsewhere.
var cefAliases = aliases{
	"rt": {event.ColTime, stamp}, "start": {event.ColTime, stamp}, "end": {kind: other}, "externalid": {event.ColMetadataUID, text},
	"request": {event.ColHTTPURL, text}, "requestclientapplication": {event.ColUserAgent, text}, "requestcontext": {event.ColHTTPReferrer, text},
	"suid": {event.ColActorUserUID, text}, "duid": {event.ColUserUID, text}, "sntdom": {event.ColActorUserDomain, text},
	"dvchost": {event.ColDeviceHost, hostName}, "in": {event.ColBytesIn, number}, "out": {event.ColBytesOut, number}, "cat": {event.ColLogName, text},
	"destinationservicename": {event.ColDstSvcName, text}, "act": {kind: other}, "app": {kind: other}, "path": {kind: other},
	"sproc": {event.ColLogProvider, text}, "severity": {kind: other},
}

// leefAliases are LEEF's predefined attributes that mean something else than elsewhere.
var leefAliases = aliases{
	"devtime": {event.ColTime, stamp}, "usrname": {event.ColActorUserName, text}, "sev": {event.ColLogLevel, level10}, "cat": {event.ColLogName, text},
	"domain": {event.ColActorUserDomain, text}, "resource": {event.ColResourceName, text}, "accountname": {event.ColActorUserName, text},
	"identsrc": {kind: other}, "identhostname": {kind: other}, "policy": {event.ColPolicyName, text}, "proto": {kind: other},
}

// besideWords holds the names that are only part of the message where pairs stand behind or between words.
var besideWords = aliases{"message": {kind: other}, "msg": {kind: other}, "log": {kind: other}}
