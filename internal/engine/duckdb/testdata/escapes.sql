-- Statements that must be refused before they reach the engine. A blank line ends each; {dir} is the folder of the data
-- files, {file} one of them, {secret} a text file outside it.

-- files: table functions
SELECT * FROM read_parquet('{file}')

SELECT * FROM read_csv('{secret}')

SELECT * FROM read_csv_auto('{secret}')

SELECT * FROM read_text('{secret}')

SELECT * FROM read_blob('/etc/hostname')

SELECT * FROM read_json('{secret}')

SELECT * FROM read_json_objects('{secret}')

SELECT * FROM read_ndjson('{secret}')

SELECT * FROM read_duckdb('{secret}')

SELECT * FROM parquet_scan('{file}')

SELECT * FROM parquet_metadata('{file}')

SELECT * FROM parquet_schema('{file}')

SELECT * FROM parquet_file_metadata('{file}')

SELECT * FROM parquet_kv_metadata('{file}')

SELECT * FROM parquet_full_metadata('{file}')

SELECT * FROM parquet_bloom_probe('{file}', 'source', 'x')

SELECT * FROM glob('{dir}/*')

SELECT * FROM sniff_csv('{secret}')

SELECT * FROM "read_text"('{secret}')

SELECT * FROM READ_TEXT('{secret}')

SELECT * FROM main.read_text('{secret}')

SELECT * FROM system.main.read_text('{secret}')

FROM events, read_text('{secret}')

FROM events JOIN LATERAL (SELECT * FROM read_text('{secret}')) ON true

SELECT (SELECT content FROM read_text('{secret}'))

SELECT 1 WHERE EXISTS (FROM read_text('{secret}'))

SELECT 1 ORDER BY (SELECT content FROM read_text('{secret}'))

SELECT 1 LIMIT (SELECT size FROM read_text('{secret}'))

SELECT count(*) FILTER (WHERE (SELECT true FROM read_text('{secret}'))) FROM events

SELECT sum(seq) OVER (PARTITION BY (SELECT content FROM read_text('{secret}'))) FROM events

SELECT list_transform([1], lambda x: (SELECT content FROM read_text('{secret}')))

SELECT CASE WHEN true THEN (SELECT content FROM read_text('{secret}')) END

SELECT * FROM (VALUES ((SELECT content FROM read_text('{secret}'))))

SELECT * FROM range((SELECT size FROM read_text('{secret}')))

WITH a AS (SELECT * FROM read_text('{secret}')) SELECT * FROM a

WITH RECURSIVE a(x) AS (SELECT content FROM read_text('{secret}') UNION ALL SELECT x FROM a WHERE false) SELECT * FROM a

SELECT 1 UNION ALL SELECT size FROM read_text('{secret}')

PIVOT (SELECT * FROM read_text('{secret}')) ON filename IN ('a') USING count(*)

UNPIVOT (SELECT * FROM read_text('{secret}')) ON size INTO NAME n VALUE v

DESCRIBE SELECT * FROM read_text('{secret}')

SUMMARIZE SELECT * FROM read_text('{secret}')

SELECT * REPLACE ((SELECT content FROM read_text('{secret}')) AS source) FROM events

SELECT 1 GROUP BY (SELECT content FROM read_text('{secret}'))

SELECT 1 HAVING (SELECT true FROM read_text('{secret}'))

SELECT seq FROM events QUALIFY (SELECT true FROM read_text('{secret}'))

SELECT DISTINCT ON ((SELECT content FROM read_text('{secret}'))) seq FROM events

-- files: names that stand for files
SELECT * FROM '{file}'

SELECT * FROM "{file}"

SELECT * FROM '{secret}'

FROM '/etc/passwd'

TABLE '{secret}'

SELECT * FROM '{dir}/*.parquet'

SELECT * FROM 'https://example.com/a.parquet'

SELECT * FROM "s3://bucket/a.parquet"

SELECT * FROM 'file:{secret}'

DESCRIBE '{file}'

SUMMARIZE '{file}'

WITH "{file}" AS (SELECT 1) SELECT * FROM "{file}"

WITH a AS (WITH "x.csv" AS (SELECT 1) SELECT * FROM "x.csv") SELECT * FROM a, "x.csv"

SELECT * FROM (WITH inner_only AS (SELECT 1) SELECT * FROM inner_only), inner_only

WITH a AS (SELECT * FROM later), later AS (SELECT 1) SELECT * FROM a

WITH RECURSIVE a AS (SELECT * FROM a UNION ALL SELECT 1) SELECT * FROM a

SELECT * FROM events AT (VERSION => 1)

-- files: statements
COPY events TO '{dir}/out.csv'

COPY (SELECT 1) TO '{dir}/out.csv'

COPY events FROM '{secret}'

EXPORT DATABASE '{dir}'

IMPORT DATABASE '{dir}'

ATTACH '{secret}' AS other

DETACH memory

USE memory

-- extensions and network
INSTALL httpfs

LOAD httpfs

LOAD '{dir}/evil.duckdb_extension'

FORCE INSTALL httpfs FROM 'https://example.com'

CREATE SECRET s (TYPE S3, KEY_ID 'a', SECRET 'b')

SELECT * FROM which_secret('s3://bucket', 's3')

SELECT * FROM duckdb_secrets()

-- settings
SET memory_limit = '100GB'

SET GLOBAL enable_external_access = true

SET enable_progress_bar = false

RESET memory_limit

PRAGMA database_list

PRAGMA table_info('events')

PRAGMA enable_profiling

SELECT current_setting('allowed_directories')

SELECT getvariable('x')

SET VARIABLE x = 1

CALL pragma_version()

CALL enable_logging()

SELECT * FROM pragma_version()

SELECT * FROM enable_logging()

SELECT * FROM enable_profiling()

SELECT * FROM force_checkpoint()

SELECT write_log('x')

SELECT * FROM duckdb_logs

-- changing data
CREATE TABLE x AS SELECT 1

CREATE OR REPLACE TEMP VIEW events AS SELECT 1

CREATE MACRO m() AS TABLE SELECT * FROM read_text('{secret}')

CREATE FUNCTION f(x) AS x

CREATE TYPE mood AS ENUM ('a')

CREATE SEQUENCE s

INSERT INTO events SELECT * FROM events

UPDATE events SET source = 'x'

DELETE FROM events

MERGE INTO events USING events ON true WHEN MATCHED THEN DELETE

TRUNCATE events

DROP VIEW events

ALTER VIEW events RENAME TO x

COMMENT ON VIEW events IS 'x'

VACUUM

ANALYZE

CHECKPOINT

BEGIN

COMMIT

WITH d AS (DELETE FROM events RETURNING *) SELECT * FROM d

WITH d AS (INSERT INTO events VALUES (1) RETURNING *) SELECT * FROM d

SELECT nextval('s')

SELECT setseed(0.5)

-- statements in statements
SELECT 1; SELECT 2

SELECT 1; DROP VIEW events

SELECT 1; ; COPY events TO '{dir}/out.csv'

PREPARE p AS SELECT 1

EXECUTE p

DEALLOCATE p

EXPLAIN SELECT * FROM events

EXPLAIN ANALYZE SELECT * FROM events

SELECT * FROM query('SELECT * FROM read_text(''{secret}'')')

SELECT * FROM query_table('{secret}')

SELECT * FROM query_table(['events', '{file}'])

SELECT * FROM histogram_values(events, seq)

SELECT * FROM json_execute_serialized_sql('{}')

PRAGMA json_execute_serialized_sql('{}')

SELECT json_serialize_sql('SELECT 1')

SELECT json_serialize_plan('SELECT * FROM events')

SELECT json_deserialize_sql('{}')

SELECT * FROM sql_auto_complete('SEL')

SELECT * FROM check_peg_parser('SELECT 1')

SELECT * FROM enable_peg_parser()

-- catalog and state
SHOW TABLES

SHOW ALL TABLES

SHOW DATABASES

SHOW

FROM (SHOW TABLES)

DESCRIBE

SELECT * FROM duckdb_views()

SELECT * FROM duckdb_views

SELECT * FROM duckdb_settings()

SELECT * FROM duckdb_columns

SELECT * FROM duckdb_functions()

SELECT * FROM duckdb_external_file_cache()

SELECT * FROM duckdb_temporary_files()

SELECT * FROM duckdb_prepared_statements

SELECT * FROM duckdb_memory()

SELECT * FROM information_schema.tables

SELECT * FROM information_schema.views

SELECT * FROM pg_catalog.pg_views

SELECT * FROM pg_views

SELECT * FROM pg_class

SELECT * FROM sqlite_master

SELECT * FROM system.information_schema.tables

SELECT * FROM temp.main.events

SELECT * FROM main.events

SELECT * FROM temp.events

SELECT * FROM memory.main.events

SELECT pg_get_viewdef('events')

SELECT obj_description(1)

SELECT current_query()

SELECT current_database()

SELECT current_setting(alias) FROM (SELECT 'threads' AS alias)

SELECT getenv('HOME')

SELECT * FROM test_all_types()

SELECT * FROM seq_scan('events')

SELECT * FROM arrow_scan(1, 2, 3)

SELECT stats(seq) FROM events

SELECT sleep_ms(1000)

SELECT pg_sleep(1)

SELECT "main"."current_setting"('threads')

SELECT 'threads'.current_setting()

SELECT list_transform(['threads'], lambda x: current_setting(x))

SELECT list_transform(['threads'], x -> current_setting(x))

SELECT [current_setting(x) FOR x IN ['threads']]

SELECT COLUMNS(lambda c: current_setting(c) = 'x') FROM events

SELECT filename FROM events

SELECT file_row_number FROM events

SELECT rowid FROM events

-- other stores
SELECT * FROM hidden

SELECT * FROM "hidden"

SELECT hidden.seq FROM events

SELECT $name

SELECT $0
