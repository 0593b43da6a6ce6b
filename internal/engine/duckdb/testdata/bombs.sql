-- Statements that would take the machine's memory, or hold a processor in planning, and are refused for that. A blank
-- line ends each.

SELECT repeat('x', 4000000000)

SELECT repeat(raw_data, seq) FROM events

SELECT repeat(repeat(source, 100), 100) FROM events

SELECT length(lpad('x', 2000000000, 'y'))

SELECT rpad(source, seq::INTEGER) FROM events

SELECT len(range(300000000))

SELECT range(seq) FROM events

SELECT generate_series(1, 10000000)

SELECT unnest(range(0, 99999999999999999999))

SELECT list_resize([1], 2000000000)

SELECT printf('%1000000000d', 1)

SELECT printf('%*d', 1000000000, 1)

SELECT printf(raw_data, 1) FROM events

SELECT format('{:1000000000}', 1)

SELECT format('{:{}}', 1, 1000000000)

SELECT replace(raw_data, 'a', raw_data) FROM events

SELECT replace(replace(replace(replace(source, 'i', 'iiiiiiiiii'), 'i', 'iiiiiiiiii'), 'i', 'iiiiiiiiii'), 'i', 'ii') FROM events

SELECT regexp_replace(source, '.*', raw_data, 'g') FROM events

SELECT list_transform(range(1000), x -> repeat(source, 10)) FROM events

SELECT list_reduce(range(1000), lambda a, b: a || b || a) FROM events

SELECT x || x FROM (SELECT x || x AS x FROM (SELECT x || x AS x FROM (SELECT x || x AS x FROM (SELECT x || x AS x FROM (SELECT x || x AS x FROM (SELECT x || x AS x FROM (SELECT x || x AS x FROM (SELECT x || x AS x FROM (SELECT source || source AS x FROM events)))))))))

WITH a AS (SELECT repeat(source, 100) AS x FROM events), b AS (SELECT repeat(x, 100) AS x FROM a) SELECT x FROM b

SELECT source || source AS a, a || a AS b, b || b AS c, c || c AS d, d || d AS e, e || e AS f, f || f AS g, g || g AS h, h || h AS i, i || i AS j FROM events

SELECT repeat(source, 500) AS a, max(length(a || a || a)) FROM events GROUP BY ALL

SELECT CAST(NULL AS INTEGER[100000])

SELECT bitstring('1', 2147483647)

SELECT bitstring(source, seq::INTEGER) FROM events

SELECT length(list_reduce(list_transform(range(34), x -> 'ab'), (a, b) -> a || a))

SELECT list_reduce(list_transform(range(34), x -> [1, 2]), lambda a, b: a || a)

SELECT reduce(range(34), (a, b) -> {'x': a.x || a.x}, {'x': 'ab'})

SELECT array_reduce(tags, (a, b) -> repeat(a, 2)) FROM events

SELECT list_reduce(tags, (a, b) -> concat(a, b, A)) FROM events

SELECT list_reduce(tags, (a, b) -> list_reduce(tags, (c, d) -> c || a || a)) FROM events

SELECT list_reduce([1], (a, b) -> list_reduce([1], (a, b) -> list_reduce([1], (a, b) -> list_reduce([1], (a, b) -> list_reduce([1], (a, b) -> a)))))

SELECT list_reduce(range(900), (a, b) -> a, repeat(source, 200)) FROM events

SELECT {'x': repeat(source, 100)} AS s, repeat(s.x, 100) FROM events

SELECT * FROM events USING SAMPLE reservoir(1000000000 ROWS)

SELECT * FROM events TABLESAMPLE reservoir(1000000000 ROWS)

SELECT * FROM (SELECT * FROM events USING SAMPLE 100001)

SELECT list_reduce(tags, (a, b) -> CAST({'x': a, 'y': a} AS VARCHAR)) FROM events

SELECT list_reduce(range(34), (a, b) -> {'x': a.x || a.y, 'y': a.y || a.x}, {'x': 'a', 'y': 'b'})

SELECT list_reduce(tags, (a, b) -> list_extract(list_transform([a], c -> c || a), 1)) FROM events

SELECT list_reduce(tags, (a, b) -> list_extract(list_transform([a], c -> c || c), 1)) FROM events

SELECT list_reduce(tags, (a, b) -> CASE WHEN b = 'x' THEN a ELSE a || a END) FROM events

SELECT list_reduce(tags, (a, b) -> to_json(row(a, a))::VARCHAR) FROM events

SELECT list_transform(list(i), x -> repeat('a', 500)) FROM range(10000000) t(i)

SELECT list_transform(list(source), x -> repeat('a', 500)) FROM events

SELECT list_transform(l, x -> repeat('a', 500)) FROM (SELECT list(source) AS l FROM events)

SELECT list_transform(ARRAY(SELECT source FROM events), x -> repeat(x, 100))

SELECT list(source) AS l, list_transform(l, x -> repeat('a', 500)) FROM events

WITH a AS (SELECT list(source) AS l FROM events) SELECT (SELECT list_transform(l, x -> repeat('a', 500))) FROM a

SELECT map(list(i), list(i)) FROM range(20000000) t(i)

SELECT map(list(i), list(i)) FROM generate_series(1, 20000000) t(i)

SELECT map(array_agg(a), array_agg(b)) FROM range(5000) t(a), range(5000) u(b)

SELECT histogram(a) FROM range(-30000000, 0, 2) t(a)

WITH a AS (SELECT i FROM range(8000) t(i)) SELECT map(list(x.i), list(y.i)) FROM a x, a y

WITH a AS (SELECT i FROM range(200) t(i)), B AS (SELECT x.i FROM a x, a y) SELECT (SELECT len(list(x.i)) FROM b x, b y)
