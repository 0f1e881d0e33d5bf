"""A small ERP: customers, products, orders, invoices."""
