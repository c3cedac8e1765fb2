-- public.every type
-- c numeric: numeric_as_text: numbers without bounds are stored as exact text; give the column a decimal(p,s) type to store numbers
-- c time(6): time_as_text: stored as text HH:MM:SS
-- c timestamp(0): zoneless_as_utc: the wall-clock reading is stored as if it were UTC
-- c timestamp(6): zoneless_as_utc: the wall-clock reading is stored as if it were UTC
-- c interval: interval_as_text: stored as text
-- c list<int32>: null_list: ClickHouse has no NULL arrays: NULL is stored as []
-- c list<list<string>>: null_list: ClickHouse has no NULL arrays: NULL is stored as []
-- c geometry(4326): geometry_as_wkb: stored as (E)WKB bytes
CREATE TABLE `data base`.`every type`
(
    `id` Int64 COMMENT 'it\'s the key',
    `kind` String,
    `c bool` Nullable(Bool),
    `c int8` Nullable(Int8),
    `c uint8` Nullable(UInt8),
    `c int64` Nullable(Int64),
    `c uint64` Nullable(UInt64),
    `c float32` Nullable(Float32),
    `c float64` Nullable(Float64),
    `c decimal(15,2)` Nullable(Decimal(15, 2)),
    `c decimal(76,38)` Nullable(Decimal(76, 38)),
    `c numeric` Nullable(String),
    `c string` Nullable(String),
    `c binary` Nullable(String),
    `c date` Nullable(Date32),
    `c time(6)` Nullable(String),
    `c timestamp(0)` Nullable(DateTime64(0, 'UTC')),
    `c timestamp(6)` Nullable(DateTime64(6, 'UTC')),
    `c timestamp(9,utc)` Nullable(DateTime64(9, 'UTC')),
    `c interval` Nullable(String),
    `c uuid` Nullable(UUID),
    `c json` Nullable(String),
    `c enum('x')` LowCardinality(Nullable(String)),
    `c list<int32>` Array(Nullable(Int32)),
    `c list<list<string>>` Array(Array(Nullable(String))),
    `c geometry(4326)` Nullable(String),
    `c network` Nullable(String),
    `not null` DateTime64(6, 'UTC'),
    `_version` UInt64,
    `_deleted` UInt8
)
ENGINE = ReplacingMergeTree(`_version`, `_deleted`)
ORDER BY (`id`, `kind`);

CREATE VIEW `data base`.`every type_current` AS
SELECT `id`, `kind`, `c bool`, `c int8`, `c uint8`, `c int64`, `c uint64`, `c float32`, `c float64`, `c decimal(15,2)`, `c decimal(76,38)`, `c numeric`, `c string`, `c binary`, `c date`, `c time(6)`, `c timestamp(0)`, `c timestamp(6)`, `c timestamp(9,utc)`, `c interval`, `c uuid`, `c json`, `c enum('x')`, `c list<int32>`, `c list<list<string>>`, `c geometry(4326)`, `c network`, `not null`
FROM `data base`.`every type` FINAL
WHERE `_deleted` = 0;

-- we`ird.ta"b'l\e
CREATE TABLE `data base`.`ta"b'l\\e`
(
    `select` Nullable(Int32),
    `a\`b` Nullable(String),
    `c\\d` Nullable(String),
    `e'f` Nullable(String),
    `tab\there` Nullable(String),
    `ü` Nullable(String)
)
ENGINE = MergeTree
ORDER BY tuple();

-- we`ird.ta"b'l\e
-- problem: order_by names the column 'select', which can be NULL; ClickHouse does not sort by such
CREATE TABLE `data base`.`ta"b'l\\e`
(
    `select` Int32,
    `a\`b` Nullable(String),
    `c\\d` Nullable(String),
    `e'f` Nullable(String),
    `tab\there` Nullable(String),
    `ü` Nullable(String)
)
ENGINE = MergeTree
ORDER BY (`select`);

-- public.every type
-- c numeric: numeric_as_text: numbers without bounds are stored as exact text; give the column a decimal(p,s) type to store numbers
-- c time(6): time_as_text: stored as text HH:MM:SS
-- c timestamp(0): zoneless_as_utc: the wall-clock reading is stored as if it were UTC
-- c timestamp(6): zoneless_as_utc: the wall-clock reading is stored as if it were UTC
-- c interval: interval_as_text: stored as text
-- c list<int32>: null_list: ClickHouse has no NULL arrays: NULL is stored as []
-- c list<list<string>>: null_list: ClickHouse has no NULL arrays: NULL is stored as []
-- c geometry(4326): geometry_as_wkb: stored as (E)WKB bytes
CREATE TABLE `data base`.`every type`
(
    `id` Int64 COMMENT 'it\'s the key',
    `kind` String,
    `c bool` Nullable(Bool),
    `c int8` Nullable(Int8),
    `c uint8` Nullable(UInt8),
    `c int64` Nullable(Int64),
    `c uint64` Nullable(UInt64),
    `c float32` Nullable(Float32),
    `c float64` Nullable(Float64),
    `c decimal(15,2)` Nullable(Decimal(15, 2)),
    `c decimal(76,38)` Nullable(Decimal(76, 38)),
    `c numeric` Nullable(String),
    `c string` Nullable(String),
    `c binary` Nullable(String),
    `c date` Nullable(Date32),
    `c time(6)` Nullable(String),
    `c timestamp(0)` Nullable(DateTime64(0, 'UTC')),
    `c timestamp(6)` Nullable(DateTime64(6, 'UTC')),
    `c timestamp(9,utc)` Nullable(DateTime64(9, 'UTC')),
    `c interval` Nullable(String),
    `c uuid` Nullable(UUID),
    `c json` Nullable(String),
    `c enum('x')` Nullable(String),
    `c list<int32>` Array(Nullable(Int32)),
    `c list<list<string>>` Array(Array(Nullable(String))),
    `c geometry(4326)` Nullable(String),
    `c network` Nullable(String),
    `not null` DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`not null`)
ORDER BY (`not null`, `id`);

-- public.every type
-- problem: order_by names the column 'idd', which the table does not have (did you mean 'id'?)
-- problem: order_by must contain the key column 'id': rows of different keys would replace one another
-- problem: order_by must contain the key column 'kind': rows of different keys would replace one another
-- c numeric: numeric_as_text: numbers without bounds are stored as exact text; give the column a decimal(p,s) type to store numbers
-- c time(6): time_as_text: stored as text HH:MM:SS
-- c timestamp(0): zoneless_as_utc: the wall-clock reading is stored as if it were UTC
-- c timestamp(6): zoneless_as_utc: the wall-clock reading is stored as if it were UTC
-- c interval: interval_as_text: stored as text
-- c list<int32>: null_list: ClickHouse has no NULL arrays: NULL is stored as []
-- c list<list<string>>: null_list: ClickHouse has no NULL arrays: NULL is stored as []
-- c geometry(4326): geometry_as_wkb: stored as (E)WKB bytes
CREATE TABLE `data base`.`every type`
(
    `id` Int64 COMMENT 'it\'s the key',
    `kind` String,
    `c bool` Nullable(Bool),
    `c int8` Nullable(Int8),
    `c uint8` Nullable(UInt8),
    `c int64` Nullable(Int64),
    `c uint64` Nullable(UInt64),
    `c float32` Nullable(Float32),
    `c float64` Nullable(Float64),
    `c decimal(15,2)` Nullable(Decimal(15, 2)),
    `c decimal(76,38)` Nullable(Decimal(76, 38)),
    `c numeric` Nullable(String),
    `c string` Nullable(String),
    `c binary` Nullable(String),
    `c date` Nullable(Date32),
    `c time(6)` Nullable(String),
    `c timestamp(0)` Nullable(DateTime64(0, 'UTC')),
    `c timestamp(6)` Nullable(DateTime64(6, 'UTC')),
    `c timestamp(9,utc)` Nullable(DateTime64(9, 'UTC')),
    `c interval` Nullable(String),
    `c uuid` Nullable(UUID),
    `c json` Nullable(String),
    `c enum('x')` LowCardinality(Nullable(String)),
    `c list<int32>` Array(Nullable(Int32)),
    `c list<list<string>>` Array(Array(Nullable(String))),
    `c geometry(4326)` Nullable(String),
    `c network` Nullable(String),
    `not null` DateTime64(6, 'UTC'),
    `_version` UInt64,
    `_deleted` UInt8
)
ENGINE = ReplacingMergeTree(`_version`, `_deleted`)
ORDER BY (`idd`);

