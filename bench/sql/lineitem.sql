-- A table with the shape and the value distributions of TPC-H's lineitem (specification, 4.2.3),
-- from arithmetic alone. :rows rows, one to seven lines per order, in the order of the key.
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
DROP TABLE IF EXISTS lineitem;

CREATE OR REPLACE FUNCTION pick(n bigint, salt int, range bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (hashint8extended(n, salt) & 9223372036854775807) % range;

-- In one transaction with its table, wal_level = minimal lets the rows skip the log.
BEGIN;
CREATE TABLE lineitem (
  l_key bigint NOT NULL,
  l_orderkey int NOT NULL,
  l_partkey int NOT NULL,
  l_suppkey int NOT NULL,
  l_linenumber int NOT NULL,
  l_quantity numeric(15, 2) NOT NULL,
  l_extendedprice numeric(15, 2) NOT NULL,
  l_discount numeric(15, 2) NOT NULL,
  l_tax numeric(15, 2) NOT NULL,
  l_returnflag char(1) NOT NULL,
  l_linestatus char(1) NOT NULL,
  l_shipdate date NOT NULL,
  l_commitdate date NOT NULL,
  l_receiptdate date NOT NULL,
  l_shipinstruct char(25) NOT NULL,
  l_shipmode char(10) NOT NULL,
  l_comment varchar(44) NOT NULL
);

INSERT INTO lineitem
WITH pool AS MATERIALIZED (
  SELECT string_agg(
    (ARRAY['furiously', 'regular', 'packages', 'sleep', 'blithely', 'ironic', 'deposits', 'above',
           'the', 'express', 'requests', 'quickly', 'final', 'accounts', 'haggle', 'carefully',
           'pending', 'theodolites', 'among', 'bold', 'foxes', 'wake', 'slyly', 'even'])
    [1 + pick(n, 90, 24)], ' ' ORDER BY n) AS words
  FROM generate_series(1, 400) n
), lines AS (
  SELECT o AS orderkey, line, o * 8 + line AS key, 1 + pick(o * 8 + line, 1, 200000) AS part,
         1 + pick(o * 8 + line, 2, 50) AS quantity,
         date '1992-01-01' + pick(o, 3, 2406)::int AS ordered
  FROM generate_series(1::bigint, :rows) o, LATERAL generate_series(1, 1 + pick(o, 4, 7)) line
  LIMIT :rows
), shipped AS (
  SELECT *, ordered + 1 + pick(key, 5, 121)::int AS ship FROM lines
), received AS (
  SELECT *, ship + 1 + pick(key, 6, 30)::int AS receipt FROM shipped
)
SELECT key, orderkey, part, 1 + pick(key, 7, 10000), line, quantity,
       quantity * (90000 + part / 10 % 20001 + 100 * (part % 1000)) / 100.0,
       pick(key, 8, 11) / 100.0, pick(key, 9, 9) / 100.0,
       CASE WHEN receipt > date '1995-06-17' THEN 'N'
            WHEN pick(key, 10, 2) = 0 THEN 'R' ELSE 'A' END,
       CASE WHEN ship > date '1995-06-17' THEN 'O' ELSE 'F' END,
       ship, ordered + 30 + pick(key, 11, 61)::int, receipt,
       (ARRAY['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'])
         [1 + pick(key, 12, 4)],
       (ARRAY['REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL', 'FOB'])[1 + pick(key, 13, 7)],
       substr(words, 1 + pick(key, 14, 2000)::int, 10 + pick(key, 15, 34)::int)
FROM received, pool;
COMMIT;

ALTER TABLE lineitem ADD PRIMARY KEY (l_key);
VACUUM (FREEZE, ANALYZE) lineitem;
GRANT SELECT ON lineitem TO penstock;
