-- The sample database of ./quickstart: a shop with 1.2 million order items, related tables and
-- every common type. Made by arithmetic alone, so that each run makes the same rows.
-- Run by psql in an empty database; no extension is needed, a role `penstock` is.

SET client_min_messages = warning;
SET synchronous_commit = off;
SET work_mem = '128MB';
SET maintenance_work_mem = '256MB';

-- A well mixed number in [0, range) for each n; `salt` tells the columns apart.
CREATE FUNCTION pick(n bigint, salt int, range bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (hashint8extended(n, salt) & 9223372036854775807) % range;

CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'delivered', 'returned');
CREATE TYPE address AS (street text, city text, postcode varchar(10), country char(2));
CREATE DOMAIN email AS varchar(120) CHECK (VALUE LIKE '%@%');

CREATE TABLE categories (
  id smallint PRIMARY KEY,
  name text NOT NULL UNIQUE,
  parent_id smallint REFERENCES categories
);
INSERT INTO categories
SELECT n, (ARRAY['Books', 'Music', 'Garden', 'Kitchen', 'Toys', 'Sports'])[n], NULL
FROM generate_series(1, 6) n;
INSERT INTO categories
SELECT 6 + n, 'Aisle ' || n, 1 + n % 6 FROM generate_series(1, 24) n;

CREATE TABLE customers (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account uuid NOT NULL UNIQUE,
  full_name varchar(80) NOT NULL,
  email email,
  home address,
  tags text[] NOT NULL DEFAULT '{}',
  preferences jsonb NOT NULL DEFAULT '{}',
  credit numeric(12, 2),
  is_business boolean NOT NULL DEFAULT false,
  born date,
  last_address inet,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE customers IS 'Everybody who ever opened an account';
COMMENT ON COLUMN customers.credit IS 'In euros; NULL means that no credit was agreed';
INSERT INTO customers (account, full_name, email, home, tags, preferences, credit, is_business,
                       born, last_address, created_at)
SELECT md5('customer' || n)::uuid,
       (ARRAY['Ada', 'Grace', 'Linus', 'Zoë', 'Jürgen', 'Miyuki 美雪', 'Olga', 'Said'])
         [1 + pick(n, 1, 8)] || ' ' || initcap(substr(md5(n::text), 1, 7)),
       CASE WHEN n % 11 <> 0 THEN 'user' || n || '@example.com' END,
       ROW(1 + n % 300 || ' Main Street', 'Town ' || pick(n, 2, 500),
           lpad((n % 99999)::text, 5, '0'),
           (ARRAY['DE', 'FR', 'JP', 'IN', 'BR'])[1 + n % 5])::address,
       CASE n % 3 WHEN 0 THEN '{}' WHEN 1 THEN ARRAY['newsletter']
                  ELSE ARRAY['vip', 'early, "bird"'] END,
       jsonb_build_object('language', (ARRAY['de', 'fr', 'ja', 'en'])[1 + n % 4], 'visits', n % 97),
       CASE WHEN n % 4 <> 0 THEN pick(n, 3, 1000000) / 100.0 END,
       n % 9 = 0,
       CASE WHEN n % 13 <> 0 THEN date '1940-01-01' + pick(n, 4, 25000)::int END,
       ('10.' || n % 256 || '.' || n / 256 % 256 || '.7')::inet,
       timestamptz '2019-01-01 08:00+00' + n * interval '37 minutes'
FROM generate_series(1, 50000) n;

CREATE TABLE products (
  id int PRIMARY KEY,
  sku char(12) NOT NULL UNIQUE,
  name text NOT NULL,
  category_id smallint NOT NULL REFERENCES categories,
  price numeric(10, 2) NOT NULL CHECK (price > 0),
  weight_kg real,
  rating double precision,
  sizes smallint[],
  sold_during daterange,
  attributes jsonb,
  thumbnail bytea,
  searchable tsvector GENERATED ALWAYS AS (to_tsvector('simple', name)) STORED
);
INSERT INTO products (id, sku, name, category_id, price, weight_kg, rating, sizes, sold_during,
                      attributes, thumbnail)
SELECT n, 'SKU-' || lpad(n::text, 8, '0'), 'Product ' || n || ' ' || md5(n::text),
       7 + n % 24, 1 + pick(n, 5, 50000) / 100.0, pick(n, 6, 3000) / 100.0,
       CASE WHEN n % 7 <> 0 THEN 1 + pick(n, 7, 4000) / 1000.0 END,
       CASE WHEN n % 5 = 0 THEN ARRAY[36, 38, 40, 42]::smallint[] END,
       daterange(date '2018-01-01' + n % 900,
                 CASE WHEN n % 3 = 0 THEN date '2024-01-01' + n % 300 END),
       jsonb_build_object('colour', (ARRAY['red', 'green', 'blue'])[1 + n % 3], 'parts', n % 12),
       CASE WHEN n % 2 = 0 THEN decode(md5('thumb' || n), 'hex') END
FROM generate_series(1, 5000) n;

CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id int NOT NULL,
  status order_status NOT NULL,
  ordered_at timestamptz NOT NULL,
  ship_by date,
  handling interval,
  note text
);
INSERT INTO orders
SELECT n, 1 + pick(n, 8, 50000), (enum_range(NULL::order_status))[1 + pick(n, 9, 5)],
       timestamptz '2021-01-01 00:00+00' + n * interval '5 minutes',
       CASE WHEN n % 6 <> 0 THEN date '2021-01-03' + (n / 288)::int END,
       CASE WHEN n % 6 <> 0 THEN make_interval(days => (n % 5)::int, mins => (n % 1440)::int) END,
       CASE WHEN n % 20 = 0 THEN E'Leave it at the door.\nRing "twice" — thanks! № ' || n END
FROM generate_series(1, 400000) n;

CREATE TABLE order_items (
  order_id bigint NOT NULL,
  line smallint NOT NULL,
  product_id int NOT NULL,
  quantity int NOT NULL,
  unit_price numeric(10, 2) NOT NULL,
  discount real NOT NULL DEFAULT 0,
  total numeric(14, 2) GENERATED ALWAYS AS (quantity * unit_price) STORED
);
COMMENT ON TABLE order_items IS 'The largest table: three lines per order';
INSERT INTO order_items (order_id, line, product_id, quantity, unit_price, discount)
SELECT n / 3 + 1, n % 3 + 1, 1 + pick(n, 10, 5000), 1 + pick(n, 11, 9),
       1 + pick(n, 12, 50000) / 100.0, pick(n, 13, 4) * 0.05
FROM generate_series(0::bigint, 1199999) n;

CREATE TABLE payments (
  id uuid PRIMARY KEY,
  order_id bigint NOT NULL,
  amount numeric(14, 2) NOT NULL,
  exchange_rate numeric NOT NULL,
  paid_at timestamp NOT NULL,
  card_hash bytea,
  risk double precision
);
INSERT INTO payments
SELECT md5('payment' || n)::uuid, n, 5 + pick(n, 14, 200000) / 100.0,
       1 + pick(n, 15, 100000) / 1000000.0, timestamp '2021-01-01' + n * interval '300.25 seconds',
       CASE WHEN n % 3 <> 0 THEN decode(md5('card' || n % 60000), 'hex') END,
       CASE WHEN n % 50 = 0 THEN 'NaN' ELSE pick(n, 16, 10000) / 10000.0 END
FROM generate_series(1, 320000) n;

CREATE TABLE events (
  id bigint NOT NULL,
  happened_at timestamptz NOT NULL,
  session uuid NOT NULL,
  kind varchar(20) NOT NULL,
  page text,
  client inet,
  duration interval,
  payload jsonb,
  product_ids int[],
  PRIMARY KEY (id, happened_at)
) PARTITION BY RANGE (happened_at);
COMMENT ON TABLE events IS 'Partitioned by quarter; one table at the destination';
CREATE TABLE events_2024_q1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-04-01');
CREATE TABLE events_2024_q2 PARTITION OF events FOR VALUES FROM ('2024-04-01') TO ('2024-07-01');
CREATE TABLE events_2024_q3 PARTITION OF events FOR VALUES FROM ('2024-07-01') TO ('2024-10-01');
CREATE TABLE events_2024_q4 PARTITION OF events FOR VALUES FROM ('2024-10-01') TO ('2025-01-01');
INSERT INTO events
SELECT n, timestamptz '2024-01-01 00:00+00' + n * interval '120.5 seconds',
       md5('session' || n / 8)::uuid,
       (ARRAY['view', 'search', 'basket', 'buy'])[1 + pick(n, 17, 4)],
       CASE WHEN n % 10 <> 0 THEN '/product/' || 1 + pick(n, 18, 5000) END,
       CASE WHEN n % 3 = 0 THEN ('2001:db8::' || to_hex(n % 65536))::inet
            ELSE ('192.0.2.' || n % 256)::inet END,
       make_interval(secs => pick(n, 19, 600000) / 1000.0),
       CASE WHEN n % 4 <> 0 THEN jsonb_build_object('ref', n % 100, 'new', n % 2 = 0) END,
       CASE WHEN n % 5 = 0 THEN ARRAY[n % 5000 + 1, NULL, n % 77 + 1]::int[] END
FROM generate_series(1, 250000) n;

-- One column for each common type, with an ordinary row, one near the edges, and one of NULLs.
CREATE TABLE type_samples (
  id int PRIMARY KEY,
  a_bool boolean, a_smallint smallint, an_int int, a_bigint bigint,
  a_real real, a_double double precision, a_numeric numeric, a_decimal decimal(38, 10),
  some_money money, a_char char(8), a_varchar varchar(40), a_text text, some_bytes bytea,
  a_date date, a_time time, a_time_tz timetz, a_timestamp timestamp, a_timestamp_tz timestamptz,
  an_interval interval, a_uuid uuid, a_json json, a_jsonb jsonb, an_xml xml,
  an_inet inet, a_cidr cidr, a_mac macaddr, some_bits bit(8), var_bits varbit(16),
  a_point point, an_int_range int4range, a_ts_range tstzrange, a_vector tsvector,
  an_enum order_status, a_domain email, a_composite address,
  some_ints int[], some_texts text[], some_numerics numeric(10, 3)[], a_matrix int[][]
);
INSERT INTO type_samples VALUES
  (1, true, 12, 345, 678, 1.5, 2.25, 123.456, 98765.4321, 12.34, 'char', 'varchar', 'text',
   '\x00ff', '2024-02-29', '12:34:56', '12:34:56+02', '2024-02-29 12:34:56',
   '2024-02-29 12:34:56+02', '1 year 2 days 03:04:05', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
   '{"a": 1}', '{"b": [1, null]}', '<p>xml</p>', '192.0.2.1/24', '192.0.2.0/24',
   '08:00:2b:01:02:03', B'10101010', B'101', '(1.5,2.5)', '[1,10)', '[2024-01-01,2024-02-01)',
   'fat:2 cat:3', 'paid', 'a@b.example', ROW('1 Main Street', 'Town', '12345', 'DE'),
   '{1,2,NULL}', '{"a","b,c","d\"e",NULL}', '{1.500,2.25}', '{{1,2},{3,4}}'),
  (2, false, -32768, -2147483648, -9223372036854775808, '-1e37', '1e300',
   '12345678901234567890.123456789', '9999999999999999999999999999.9999999999',
   '-92233720368547758.08', '', '', E'tab\tnew\nline', '', '1970-01-01', '23:59:59.999999',
   '00:00:00-12', '1970-01-01 00:00:00.000001', '2099-12-31 23:59:59.999999+00',
   '-1 mon +1 day -00:00:00.000001', '00000000-0000-0000-0000-000000000000', 'null', '"text"',
   '', '::1', '::/0', 'ff:ff:ff:ff:ff:ff', B'00000000', B'', '(-1e10,1e-10)', 'empty', '(,)', '',
   'returned', 'x@y', ROW(NULL, '', NULL, NULL), '{}', '{}', '{}', '{}');
INSERT INTO type_samples (id) VALUES (3);

-- Keys and relations last: it is much faster, as any bulk load knows.
ALTER TABLE order_items ADD PRIMARY KEY (order_id, line);
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE order_items
  ADD FOREIGN KEY (order_id) REFERENCES orders,
  ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE payments ADD FOREIGN KEY (order_id) REFERENCES orders;
CREATE INDEX ON orders (customer_id);

CREATE VIEW revenue_by_month AS
SELECT date_trunc('month', ordered_at) AS month, sum(total) AS revenue
FROM orders JOIN order_items ON order_id = orders.id GROUP BY 1;

DROP FUNCTION pick;

-- penstock needs no more than this: a role that may read.
GRANT USAGE ON SCHEMA public TO penstock;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO penstock;
ANALYZE;
