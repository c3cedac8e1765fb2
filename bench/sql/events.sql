-- The types that lineitem lacks: uuid, nullable text, bool, double, timestamptz, jsonb, an array.
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
DROP TABLE IF EXISTS events;

BEGIN;
CREATE TABLE events (
  id bigint NOT NULL,
  session uuid NOT NULL,
  note text,
  active boolean NOT NULL,
  score double precision NOT NULL,
  happened_at timestamptz NOT NULL,
  payload jsonb NOT NULL,
  numbers int[] NOT NULL,
  level smallint NOT NULL
);

INSERT INTO events
SELECT n, md5('session' || n / 5)::uuid,
       CASE WHEN n % 3 <> 0 THEN 'note ' || n || ' ' || repeat('lorem ', (n % 9)::int) END,
       n % 7 <> 0, sqrt(n) * 3.7, timestamptz '2022-01-01 00:00+00' + n * interval '17.003 seconds',
       jsonb_build_object('page', '/product/' || n % 5000, 'ms', n % 997, 'ok', n % 11 <> 0),
       ARRAY[n % 100, n % 1000, n]::int[], (n % 30)::smallint
FROM generate_series(1::bigint, :rows) n;
COMMIT;

ALTER TABLE events ADD PRIMARY KEY (id);
VACUUM (FREEZE, ANALYZE) events;
GRANT SELECT ON events TO penstock;
