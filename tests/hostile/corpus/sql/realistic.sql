BEGIN;

-- Running upgrade 5d0a1c7be214 -> 7b1f0c93aa52

CREATE TABLE warehouses (
    id SERIAL NOT NULL, 
    code VARCHAR(12) NOT NULL, 
    name VARCHAR(120) NOT NULL, 
    CONSTRAINT pk_warehouses PRIMARY KEY (id), 
    CONSTRAINT uq_warehouses_code UNIQUE (code)
);

CREATE INDEX ix_warehouses_name ON warehouses (name);

INSERT INTO warehouses (code, name) VALUES ('MAIN', 'Main warehouse');

ALTER TABLE orders ADD COLUMN warehouse_id INTEGER;

UPDATE orders SET warehouse_id = (SELECT id FROM warehouses WHERE code = 'MAIN');

ALTER TABLE orders ALTER COLUMN warehouse_id SET NOT NULL;

ALTER TABLE orders ADD CONSTRAINT fk_orders_warehouse_id_warehouses FOREIGN KEY(warehouse_id) REFERENCES warehouses (id);

UPDATE alembic_version SET version_num='7b1f0c93aa52' WHERE alembic_version.version_num = '5d0a1c7be214';

-- Running upgrade 7b1f0c93aa52 -> 9c2e44d1f0b8

ALTER TABLE billing.invoices ALTER COLUMN reference TYPE VARCHAR(20) USING left(reference, 20);

ALTER TABLE billing.invoices ADD COLUMN key UUID DEFAULT gen_random_uuid() NOT NULL;

ALTER TABLE billing.invoices ADD CONSTRAINT uq_invoices_reference UNIQUE (reference);

UPDATE billing.invoices SET reference = 'none' WHERE reference IS NULL;

CREATE OR REPLACE FUNCTION touch_order() RETURNS trigger AS $$
BEGIN
    NEW.placed_at := now();
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER touch_order BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch_order();

DO $$ BEGIN PERFORM pg_notify('erp', 'token-4711'); END $$;

UPDATE alembic_version SET version_num='9c2e44d1f0b8' WHERE alembic_version.version_num = '7b1f0c93aa52';

-- Running upgrade 9c2e44d1f0b8 -> c41d7720e6aa

COMMIT;

CREATE INDEX CONCURRENTLY ix_orders_customer_id ON orders (customer_id);

BEGIN;

ALTER TABLE orders DROP COLUMN note;

DROP TABLE currencies;

DELETE FROM orders WHERE number LIKE 'TEST-%';

UPDATE alembic_version SET version_num='c41d7720e6aa' WHERE alembic_version.version_num = '9c2e44d1f0b8';

COMMIT;
