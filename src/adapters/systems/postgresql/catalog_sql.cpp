#include "adapters/systems/postgresql/catalog_sql.h"

namespace penstock::postgresql::sql {

extern const std::string_view server = R"(
SELECT current_setting('server_version'), current_database(), current_user,
       pg_is_in_recovery(), current_setting('server_encoding'),
       scale('0'::money::numeric), current_setting('block_size')::int,
       (SELECT datcollate FROM pg_database WHERE datname = current_database()))";

// Row types of tables and their arrays only where a column uses them: there is a pair per table.
extern const std::string_view types = R"(
SELECT t.oid, n.nspname, t.typname, format_type(t.oid, NULL), coalesce(e.extname, ''), t.typtype,
       CASE WHEN t.typelem <> 0 AND t.typlen = -1 AND t.typcategory = 'A'
                 AND t.typname NOT IN ('int2vector', 'oidvector') THEN t.typelem ELSE 0 END,
       t.typbasetype, t.typtypmod, t.typndims, t.typsend <> 0
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE t.typtype <> 'p'
  AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid
                                 AND c.relkind = 'c'))
  AND (t.typelem = 0 OR NOT EXISTS (
        SELECT FROM pg_type i JOIN pg_class c ON c.oid = i.typrelid
        WHERE i.oid = t.typelem AND c.relkind <> 'c')))";

extern const std::string_view enum_labels = R"(
SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder)";

extern const std::string_view tables = R"(
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, c.relpersistence,
       obj_description(c.oid, 'pg_class'), c.reltuples, c.relpages,
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) ELSE 0 END,
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) ELSE 0 END,
       coalesce(am.amname = 'heap', false),
       has_table_privilege(c.oid, 'SELECT'), has_schema_privilege(n.oid, 'USAGE'),
       row_security_active(c.oid)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am am ON am.oid = c.relam
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.oid)";

// Since PostgreSQL 18 a NOT NULL constraint (contype 'n') may not have been validated: then
// attnotnull is set, and the rows from before it may hold NULLs.
extern const std::string_view columns = R"(
SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, a.attndims,
       a.attnotnull AND NOT EXISTS (
         SELECT FROM pg_constraint con WHERE con.conrelid = a.attrelid AND con.contype = 'n'
         AND NOT con.convalidated AND con.conkey = ARRAY[a.attnum]),
       a.attgenerated <> '', a.attidentity <> '', format_type(a.atttypid, a.atttypmod),
       pg_get_expr(ad.adbin, ad.adrelid),
       CASE WHEN co.collname <> 'default' THEN co.collname END,
       col_description(a.attrelid, a.attnum),
       has_table_privilege(a.attrelid, 'SELECT')
         OR has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
LEFT JOIN pg_collation co ON co.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
ORDER BY a.attrelid, a.attnum)";

extern const std::string_view constraints = R"(
SELECT con.conrelid, con.contype, con.conname,
       (SELECT json_agg(a.attname ORDER BY k.place)
        FROM unnest(con.conkey) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.number),
       rn.nspname, rc.relname,
       (SELECT json_agg(a.attname ORDER BY k.place)
        FROM unnest(con.confkey) WITH ORDINALITY k(number, place)
        JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.number),
       pg_get_constraintdef(con.oid),
       CASE WHEN con.condeferrable THEN
         'DEFERRABLE' || CASE WHEN con.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END END,
       CASE WHEN con.contype IN ('p', 'u') THEN
         substr(pg_get_indexdef(con.conindid), length(format(
           'CREATE UNIQUE INDEX %I ON %s%I.%I ', ic.relname,
           CASE WHEN c.relkind = 'p' THEN 'ONLY ' ELSE '' END, n.nspname, c.relname)) + 1) END,
       con.confupdtype, con.confdeltype
FROM pg_constraint con
JOIN pg_class c ON c.oid = con.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class rc ON rc.oid = con.confrelid
LEFT JOIN pg_namespace rn ON rn.oid = rc.relnamespace
LEFT JOIN pg_class ic ON ic.oid = con.conindid AND con.contype IN ('p', 'u')
WHERE con.contype IN ('p', 'u', 'f', 'c', 'x')
  AND NOT (con.contype = 'f' AND con.conparentid <> 0 AND NOT c.relispartition)
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
ORDER BY con.conrelid, con.conname)";

// Those behind primary keys, unique and exclusion constraints come with the constraints.
extern const std::string_view indexes = R"(
SELECT i.indrelid, ic.relname, i.indisunique,
       CASE WHEN i.indexprs IS NULL THEN
         (SELECT json_agg(a.attname ORDER BY k.place)
          FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place)
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
          WHERE k.place <= i.indnkeyatts) END,
       pg_get_indexdef(i.indexrelid),
       substr(pg_get_indexdef(i.indexrelid), length(format(
         'CREATE %sINDEX %I ON %s%I.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END,
         ic.relname, CASE WHEN c.relkind = 'p' THEN 'ONLY ' ELSE '' END, n.nspname,
         c.relname)) + 1)
FROM pg_index i
JOIN pg_class ic ON ic.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indislive AND i.indisvalid AND NOT ic.relispartition
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_constraint con WHERE con.conindid = i.indexrelid
                  AND con.contype IN ('p', 'u', 'x'))
ORDER BY i.indrelid, ic.relname)";

extern const std::string_view inheritance = R"(
SELECT inhparent, inhrelid FROM pg_inherits ORDER BY inhparent, inhseqno, inhrelid)";

extern const std::string_view sequences = R"(
SELECT d.refobjid, a.attname, quote_ident(n.nspname) || '.' || quote_ident(s.relname),
       CASE WHEN has_sequence_privilege(s.oid, 'USAGE, SELECT')
            THEN coalesce(pg_sequence_last_value(s.oid) + q.seqincrement, q.seqstart) ELSE 0 END,
       q.seqincrement,
       format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s', q.seqstart,
              q.seqincrement, q.seqmin, q.seqmax, q.seqcache,
              CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END),
       a.attidentity = 'a'
FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_sequence q ON q.seqrelid = s.oid
JOIN pg_namespace n ON n.oid = s.relnamespace
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.deptype IN ('a', 'i')
ORDER BY d.refobjid, a.attnum)";

// What CREATE TYPE and CREATE DOMAIN need, as (type, statement, types it builds on).
extern const std::string_view definitions = R"(
SELECT t.oid, CASE t.typtype
  WHEN 'e' THEN format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
    (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder)
     FROM pg_enum WHERE enumtypid = t.oid))
  WHEN 'd' THEN format('CREATE DOMAIN %I.%I AS %s%s%s%s%s', n.nspname, t.typname,
    format_type(t.typbasetype, t.typtypmod),
    CASE WHEN co.collname <> 'default' AND t.typcollation <> b.typcollation
         THEN format(' COLLATE %I.%I', con.nspname, co.collname) ELSE '' END,
    coalesce(' DEFAULT ' || t.typdefault, ''), CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END,
    (SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(k.oid)), ''
                       ORDER BY conname)
     FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
  WHEN 'c' THEN format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname,
    (SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', '
                       ORDER BY attnum)
     FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped))
  WHEN 'r' THEN format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s%s)', n.nspname, t.typname,
    format_type(g.rngsubtype, NULL),
    CASE WHEN g.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || g.rngsubdiff::regproc ELSE '' END)
  END,
  (SELECT json_agg(needed::bigint) FROM (
     SELECT t.typbasetype AS needed WHERE t.typtype = 'd'
     UNION SELECT g.rngsubtype WHERE t.typtype = 'r'
     UNION SELECT atttypid FROM pg_attribute
           WHERE t.typtype = 'c' AND attrelid = t.typrelid AND attnum > 0
             AND NOT attisdropped) f)
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_collation co ON co.oid = t.typcollation
LEFT JOIN pg_namespace con ON con.oid = co.collnamespace
LEFT JOIN pg_range g ON g.rngtypid = t.oid
WHERE t.typtype IN ('e', 'd', 'c', 'r') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_toast%'
  AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid
                                 AND c.relkind = 'c')))";

}  // namespace penstock::postgresql::sql
