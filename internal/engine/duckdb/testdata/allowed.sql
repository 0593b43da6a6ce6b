-- Statements that must run. A blank line ends each.

SELECT 1

SELECT 1;

VALUES (1, 'a'), (2, 'b')

FROM events LIMIT 1

TABLE events LIMIT 1

/* a comment */ SELECT count(*) FROM EVENTS -- with another

SELECT e.seq, "Default".* EXCLUDE (raw_data) FROM "Default", events e WHERE e.seq = "Default".seq LIMIT 3

SELECT * REPLACE (lower(source) AS source) FROM events LIMIT 1

SELECT COLUMNS('actor_.*') FROM events LIMIT 1

SELECT COLUMNS(c -> c LIKE 'src%') FROM events LIMIT 1

WITH f AS (SELECT * FROM events WHERE status_id = 2), g AS MATERIALIZED (SELECT actor_user_name, count(*) n FROM f GROUP BY ALL) SELECT * FROM g ORDER BY n DESC LIMIT 5

WITH events AS (SELECT seq FROM events WHERE seq < 3) SELECT * FROM events

WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n) FROM t

SELECT * FROM (WITH a AS (SELECT 1 AS x) SELECT * FROM a) AS s

SELECT seq, lag(time) OVER w, row_number() OVER (PARTITION BY actor_user_name ORDER BY time DESC) FROM events WINDOW w AS (ORDER BY time) LIMIT 5

SELECT actor_user_name, time FROM events QUALIFY row_number() OVER (PARTITION BY actor_user_name ORDER BY time DESC) = 1

SELECT e.seq, x.n FROM events e, LATERAL (SELECT e.seq + 1 AS n) x LIMIT 3

SELECT e.seq, g FROM events e, unnest(e.actor_user_groups) AS u(g) LIMIT 3

SELECT g, count(*) FROM (SELECT unnest(actor_user_groups) AS g FROM events) GROUP BY g

SELECT unnest({'a': 1, 'b': 2})

SELECT * FROM range(3) r(i)

SELECT * FROM generate_series(TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-02', INTERVAL 6 HOUR)

SELECT count(*) FROM events WHERE actor_user_name IN (SELECT actor_user_name FROM events WHERE status_id = 2)

SELECT (SELECT max(seq) FROM events), EXISTS (FROM events WHERE seq < 0)

SELECT count(*) FROM events e WHERE seq = (SELECT max(seq) FROM events i WHERE i.actor_user_name = e.actor_user_name)

SELECT json_extract_string(raw_data, '$.id'), raw_data::JSON->'$.n', raw_data->>'$.id' FROM events LIMIT 2

SELECT key, value FROM events, json_each(raw_data::JSON) LIMIT 4

SELECT fullkey FROM json_tree('{"a": [1, 2]}'::JSON)

SELECT unmapped['vendor.realm'], map_keys(unmapped), cardinality(unmapped), element_at(unmapped, 'vendor.node') FROM events LIMIT 1

SELECT list_transform(actor_user_groups, lambda g: upper(g)), list_filter(actor_user_groups, g -> g LIKE 't%'), [g FOR g IN actor_user_groups IF g <> 'staff'] FROM events LIMIT 1

SELECT list_contains(actor_user_groups, 'staff'), len(actor_user_groups), actor_user_groups[1], actor_user_groups[1:2], list_reduce([1, 2, 3], lambda a, b: a + b) FROM events LIMIT 1

SELECT date_trunc('hour', time) AS h, count(*) FROM events GROUP BY h ORDER BY h

SELECT time_bucket(INTERVAL 15 MINUTE, time), count(*) FROM events GROUP BY 1 ORDER BY 1 LIMIT 3

SELECT extract(dow FROM time), strftime(time, '%Y-%m-%d'), time AT TIME ZONE 'Asia/Tokyo', epoch_ms(time), date_diff('second', time, ingest_time), age(time), time::DATE, now() - INTERVAL '1 day' FROM events LIMIT 1

SELECT strptime('2026-03-01', '%Y-%m-%d'), try_strptime('x', '%Y'), make_timestamp(2026, 3, 1, 0, 0, 0.0), DATE '2026-03-01' + 1, to_timestamp(0), current_date, current_timestamp, today()

SELECT regexp_matches(raw_data, 'AUT\d+'), regexp_extract(raw_data, '"id":"([^"]+)"', 1), regexp_replace(raw_data, '\d', '#', 'g'), raw_data LIKE '%AUT%', raw_data ILIKE 'aut', raw_data SIMILAR TO '.*', raw_data GLOB '*A*' FROM events LIMIT 1

SELECT substring(source FROM 1 FOR 3), position('i' IN source), trim(BOTH 'i' FROM source), source || '-', source[1], concat_ws('-', source, store), format('{} {}', 1, 'a'), printf('%d', 1), split_part('a.b', '.', 1), starts_with(source, 'iv') FROM events LIMIT 1

SELECT md5('a'), sha256('a'), base64('a'::BLOB), from_base64('YQ=='), hex('a'), url_decode('%41'), uuid() IS NOT NULL, hash(1), encode('a'), levenshtein('a', 'b')

SELECT count(DISTINCT actor_user_name), approx_count_distinct(src_ip), arg_max(seq, time), string_agg(source, ',' ORDER BY seq) FILTER (WHERE seq < 3), list(seq ORDER BY seq) FILTER (WHERE seq < 3), median(seq), quantile_cont(seq, [0.5, 0.9]), mode(source), histogram(severity_id), any_value(source), bool_or(is_mfa), stddev(seq), approx_top_k(actor_user_name, 3), max(seq, 3), count_if(is_mfa) FROM events

SELECT actor_user_name, severity_id, count(*), grouping(severity_id) FROM events GROUP BY ROLLUP (actor_user_name, severity_id) ORDER BY ALL LIMIT 3

SELECT severity_id, status_id, count(*) FROM events GROUP BY GROUPING SETS ((severity_id), (status_id), ())

SELECT severity_id, status_id, count(*) FROM events GROUP BY CUBE (severity_id, status_id)

PIVOT events ON severity_id IN (1, 2, 3, 4) USING count(*) GROUP BY actor_user_name

SELECT * FROM events PIVOT (count(*) FOR severity_id IN (1, 2) GROUP BY actor_user_name)

UNPIVOT (SELECT seq, class_uid, activity_id FROM events LIMIT 2) ON class_uid, activity_id INTO NAME n VALUE v

SELECT seq FROM events WHERE seq < 3 UNION SELECT 7 EXCEPT SELECT 1 INTERSECT SELECT 1

SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS b

SELECT * FROM events a JOIN "default" b USING (seq) LEFT JOIN empty c ON c.seq = a.seq WHERE a.seq = 3

SELECT a.seq FROM events a ASOF JOIN events b ON a.time >= b.time LIMIT 1

SELECT * FROM (SELECT 1) POSITIONAL JOIN (SELECT 2)

SELECT a.seq FROM events a SEMI JOIN empty b USING (seq)

SELECT * FROM events USING SAMPLE 5 ROWS

SELECT * FROM events TABLESAMPLE RESERVOIR(5 ROWS)

SELECT DISTINCT ON (actor_user_name) actor_user_name, seq FROM events ORDER BY seq

SELECT seq FROM events ORDER BY time DESC NULLS LAST LIMIT 10 OFFSET 5

SELECT seq FROM events LIMIT 10%

SELECT CASE severity_id WHEN 1 THEN 'a' ELSE 'b' END, if(is_mfa, 1, 2), coalesce(message, '-'), nullif(source, 'x'), greatest(1, 2), least(1, 2), seq BETWEEN 1 AND 2, seq IS DISTINCT FROM 1, severity_id IN (1, 2), NOT is_mfa FROM events LIMIT 1

SELECT TRY_CAST('x' AS INTEGER), '1'::INT, CAST(1 AS DECIMAL(10, 2)), 'a'::ENUM('a', 'b'), [1, 2]::BIGINT[], {'a': 1}::STRUCT(a BIGINT), MAP {'a': 1}, TRY(1 / 0)

SELECT actor.user.name, src_endpoint.location.lat, metadata.product.name, http_request.url.hostname, actor.user.groups[1].name, resources[1].uid FROM ocsf LIMIT 1

SELECT * FROM ocsf LIMIT 2

SELECT store, count(*) FROM ocsf GROUP BY ALL

SELECT count(*) FROM events WHERE kiroku_ip_in(src_ip, '192.0.2.0/28')

DESCRIBE events

DESCRIBE SELECT 1 AS a

SUMMARIZE SELECT seq, source FROM events

SELECT * FROM (DESCRIBE ocsf)

SELECT row_to_json(t) FROM (SELECT seq, source FROM events LIMIT 1) t

SELECT json_group_array(seq), json_object('a', 1), to_json([1]), json_group_object(source, seq) FROM (SELECT * FROM events LIMIT 2)

SELECT #1 FROM (SELECT 5)

SELECT 5!, 7 % 3, 2 ** 3, 7 // 2, ~1, 1 & 3, 1 << 2, @(-1), 'a' ^@ 'a', random() < 2, round(1.55, 1), pi(), ln(1), gcd(4, 6)

SELECT source COLLATE NOCASE = 'IVANTI-CONNECT-SECURE' FROM events LIMIT 1

SELECT pg_typeof(1), typeof(seq), version() FROM events LIMIT 1

SELECT alias: seq FROM events LIMIT 1

SELECT kiroku_json_text(raw_data, '$.id'), kiroku_json_scalar(raw_data, '$.n'), kiroku_json_value(raw_data, '$'), kiroku_json_sorted(raw_data, '$'),
  kiroku_json_texts(raw_data, '$'), kiroku_json_members(raw_data, '$'), kiroku_json_elements(raw_data, '$') FROM events

SELECT kiroku_double_text(src_lat) FROM events
