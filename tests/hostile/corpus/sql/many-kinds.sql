BEGIN;
-- Running upgrade  -> 1975ea83b712
CREATE TABLE warehouses (id SERIAL NOT NULL, code VARCHAR(12) DEFAULT 'zq7xsecret' NOT NULL, CONSTRAINT pk PRIMARY KEY (id));
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_orders_note ON orders (note) WHERE note <> 'zq7xsecret';
ALTER TABLE orders ADD COLUMN weight NUMERIC(12, 2) DEFAULT 0 NOT NULL, ALTER COLUMN note TYPE VARCHAR(20) USING left(note, 20);
ALTER TABLE orders ADD CONSTRAINT ck CHECK (total >= 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT ck;
ALTER TYPE order_status ADD VALUE 'zq7xsecret' BEFORE 'open';
UPDATE orders SET note = E'it\'s zq7xsecret' WHERE id IN (SELECT order_id FROM billing.invoices WHERE reference LIKE '%zq7xsecret%');
INSERT INTO currencies (code, name) VALUES ('EUR', 'zq7xsecret'), ('USD', $$zq7xsecret$$) ON CONFLICT (code) DO UPDATE SET name = excluded.name;
DELETE FROM currencies;
DROP VIEW IF EXISTS open_orders CASCADE;
CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $body$ SELECT a + 1; DELETE FROM orders $body$;
DO $do$ BEGIN PERFORM f(1); EXECUTE 'DROP TABLE zq7xsecret'; END $do$;
CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION log_it();
GRANT SELECT ON orders TO reporting; REVOKE ALL ON orders FROM public;
COMMENT ON TABLE orders IS 'zq7xsecret';
UPDATE alembic_version SET version_num='1975ea83b712' WHERE alembic_version.version_num = 'x';
COMMIT;
