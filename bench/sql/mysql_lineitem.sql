-- The same shape and value distributions for MariaDB: TPC-H's lineitem (specification, 4.2.3) from
-- arithmetic alone, four lines per order, in the order of the key. ROWS stands for the number.
DROP TABLE IF EXISTS lineitem;
CREATE TABLE lineitem (
  l_key bigint NOT NULL PRIMARY KEY,
  l_orderkey int NOT NULL,
  l_partkey int NOT NULL,
  l_suppkey int NOT NULL,
  l_linenumber int NOT NULL,
  l_quantity decimal(15, 2) NOT NULL,
  l_extendedprice decimal(15, 2) NOT NULL,
  l_discount decimal(15, 2) NOT NULL,
  l_tax decimal(15, 2) NOT NULL,
  l_returnflag char(1) NOT NULL,
  l_linestatus char(1) NOT NULL,
  l_shipdate date NOT NULL,
  l_commitdate date NOT NULL,
  l_receiptdate date NOT NULL,
  l_shipinstruct char(25) NOT NULL,
  l_shipmode char(10) NOT NULL,
  l_comment varchar(44) NOT NULL
);

SET @words = (
  SELECT group_concat(elt(1 + crc32(concat('w', seq)) % 24, 'furiously', 'regular', 'packages',
    'sleep', 'blithely', 'ironic', 'deposits', 'above', 'the', 'express', 'requests', 'quickly',
    'final', 'accounts', 'haggle', 'carefully', 'pending', 'theodolites', 'among', 'bold', 'foxes',
    'wake', 'slyly', 'even') ORDER BY seq SEPARATOR ' ')
  FROM seq_1_to_130
);

INSERT INTO lineitem
SELECT o * 8 + line, o, part, 1 + crc32(concat(seq, 'g')) % 10000, line, quantity,
       quantity * (90000 + part DIV 10 % 20001 + 100 * (part % 1000)) / 100,
       crc32(concat(seq, 'h')) % 11 / 100, crc32(concat(seq, 'i')) % 9 / 100,
       if(receipt > '1995-06-17', 'N', elt(1 + crc32(concat(seq, 'j')) % 2, 'R', 'A')),
       if(ship > '1995-06-17', 'O', 'F'),
       ship, ordered + INTERVAL 30 + crc32(concat(seq, 'k')) % 61 DAY, receipt,
       elt(1 + crc32(concat(seq, 'l')) % 4, 'DELIVER IN PERSON', 'COLLECT COD', 'NONE',
           'TAKE BACK RETURN'),
       elt(1 + crc32(concat(seq, 'm')) % 7, 'REG AIR', 'AIR', 'RAIL', 'SHIP', 'TRUCK', 'MAIL',
           'FOB'),
       substr(@words, 1 + crc32(concat(seq, 'n')) % 600, 10 + crc32(concat(seq, 'o')) % 34)
FROM (
  SELECT shipped.*, ship + INTERVAL 1 + crc32(concat(seq, 'f')) % 30 DAY AS receipt
  FROM (
    SELECT base.*, ordered + INTERVAL 1 + crc32(concat(seq, 'e')) % 121 DAY AS ship
    FROM (
      SELECT seq, (seq - 1) DIV 4 + 1 AS o, (seq - 1) % 4 + 1 AS line,
             1 + crc32(concat(seq, 'a')) % 200000 AS part,
             1 + crc32(concat(seq, 'b')) % 50 AS quantity,
             date '1992-01-01' + INTERVAL crc32(concat('c', (seq - 1) DIV 4)) % 2406 DAY AS ordered
      FROM seq_1_to_ROWS
    ) base
  ) shipped
) received;
ANALYZE TABLE lineitem;
