-- What is in the database before each migration: a little of everything, by ids that stay the same.
INSERT INTO users (email, full_name, password_hash, role)
SELECT 'user' || n || '@example.com', 'User ' || n, '00$00',
       (ARRAY['clerk', 'accountant', 'admin'])[1 + n % 3]::user_role
FROM generate_series(1, 20) n;

-- Some have no email, some have no phone: what real tables look like.
INSERT INTO customers (name, email, phone, address, country)
SELECT 'Customer ' || n,
       CASE WHEN n % 5 <> 0 THEN 'buyer' || n || '@example.com' END,
       CASE WHEN n % 3 <> 0 THEN '+49 30 ' || n END,
       'Street ' || n || ', 10115 Berlin', (ARRAY['DE', 'AT', 'CH'])[1 + n % 3]
FROM generate_series(1, 200) n;

INSERT INTO products (sku, name, description, price, stock, attributes)
SELECT 'SKU-' || n, 'Product ' || n, 'A good thing', n * 1.5, 100,
       jsonb_build_object('colour', (ARRAY['red', 'green'])[1 + n % 2], 'weight_g', n)
FROM generate_series(1, 500) n;

INSERT INTO orders (customer_id, status, note)
SELECT 1 + n % 200, (ARRAY['draft', 'confirmed', 'shipped', 'cancelled'])[1 + n % 4]::order_status,
       CASE WHEN n % 7 = 0 THEN 'gift' END
FROM generate_series(1, 1000) n;

INSERT INTO order_lines (order_id, product_id, quantity, unit_price)
SELECT n, 1 + n % 500, 1 + n % 4, n FROM generate_series(1, 1000) n;

INSERT INTO invoices (number, order_id, total, due_on, paid)
SELECT '2026-' || n, n, n * 10, DATE '2026-01-01' + n % 300, n % 2 = 0
FROM generate_series(1, 400) n;

ANALYZE;
