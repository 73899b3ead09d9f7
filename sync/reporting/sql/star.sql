-- The star model. Tables of the same names as in schema.toml, `terms`, `rate_days`, `company_terms`,
-- `web_origins`, `region_names` and `store_terms` are there already. Every amount is a decimal; a division is one
-- of whole numbers.

CREATE MACRO share(amount, part, whole) AS
    CASE WHEN whole = 0 THEN 0::DECIMAL(38,6)
    ELSE (sign(amount * part) * ((2 * (abs(amount) * 10000)::HUGEINT * (abs(part) * 10000)::HUGEINT
        + (abs(whole) * 1000000)::HUGEINT) // (2 * (abs(whole) * 1000000)::HUGEINT)
        ))::DECIMAL(32,0) * 0.01::DECIMAL(4,2) END::DECIMAL(38,6);

CREATE MACRO converted(amount, rate) AS round(amount * rate, 2)::DECIMAL(38,6);

CREATE VIEW dim_store AS
SELECT shop, store, name, brand, company, coalesce(t.warehouse, '') AS warehouse
FROM stores LEFT JOIN store_terms t USING (shop, store);

CREATE VIEW dim_campaign AS
SELECT shop, rule, name, is_active, first_day, last_day FROM campaigns;

CREATE VIEW dim_item AS
SELECT sku, min(nullif(item, '')) AS item, min(name) AS name, min(product_group) AS product_group
FROM (
    SELECT sku, '' AS item, NULL AS name, NULL AS product_group FROM order_lines WHERE sku <> ''
    UNION ALL
    SELECT coalesce(nullif(l.sku, ''), l.item), l.item, i.name, i.product_group
    FROM invoice_lines l LEFT JOIN items i ON i.company = l.company AND i.item = l.item
)
WHERE sku <> '' GROUP BY sku;

CREATE VIEW dim_account AS
SELECT DISTINCT company, account FROM invoices
UNION SELECT DISTINCT company, account FROM receivables;

CREATE VIEW dim_company AS SELECT company, currency FROM company_terms;

CREATE VIEW dim_region AS
SELECT DISTINCT o.country, coalesce(r.region, o.country) AS region
FROM orders o LEFT JOIN region_names r USING (country);

CREATE VIEW dim_date AS
SELECT day::DATE AS day, strftime(day, '%Y-%m') AS month, year(day) AS year,
    quarter(day) AS quarter,
    year(day) + (month(day) >= fiscal_start AND fiscal_start > 1)::INT AS fiscal_year,
    (month(day) - fiscal_start + 12) % 12 + 1 AS fiscal_month,
    (month(day) - fiscal_start + 12) % 12 // 3 + 1 AS fiscal_quarter
FROM (
    SELECT unnest(generate_series(min(day)::TIMESTAMP, max(day)::TIMESTAMP, INTERVAL 1 DAY)) AS day
    FROM (SELECT day FROM orders UNION ALL SELECT day FROM invoices
          UNION ALL SELECT day FROM stock_days UNION ALL SELECT day FROM receivables)
), (SELECT fiscal_start FROM terms);

CREATE VIEW order_rates AS
SELECT o.shop, o.order_key, b.rate AS books_rate, g.rate AS group_rate
FROM orders o
JOIN company_terms c USING (company)
CROSS JOIN terms t
ASOF LEFT JOIN rate_days b ON b.source = o.currency AND b.target = c.currency AND o.day >= b.day
ASOF LEFT JOIN rate_days g
    ON g.source = o.currency AND g.target = t.group_currency AND o.day >= g.day;

CREATE VIEW order_places AS
SELECT o.shop, o.order_key, o.order_id, o.company, o.store, s.brand,
    coalesce(s.warehouse, '') AS warehouse, o.country,
    coalesce(r.region, o.country) AS region, o.day, o.currency, o.is_void, o.company_id
FROM orders o
LEFT JOIN dim_store s USING (shop, store)
LEFT JOIN region_names r USING (country);

CREATE VIEW fact_order_lines AS
SELECT p.company, p.day, p.shop, p.order_key, l.line, l.sku, p.store, p.brand, p.warehouse,
    p.country, p.region, 'web' AS channel, p.currency, p.is_void, l.quantity, l.cancelled, l.shipped,
    l.refunded, l.net, l.discount, converted(l.net, r.books_rate) AS net_books,
    converted(l.net, r.group_rate) AS net_group
FROM order_lines l
JOIN order_places p USING (shop, order_key)
LEFT JOIN order_rates r USING (shop, order_key);

CREATE VIEW fact_promotion_uses AS
SELECT p.company, p.day, p.shop, p.order_key, u.line, l.sku, u.rule, u.rules, p.store, p.brand,
    p.region, p.currency, p.is_void, u.discount, l.net,
    u.rule = min(u.rule) OVER (PARTITION BY u.shop, u.order_key, u.line) AS is_first
FROM promotion_uses u
JOIN order_lines l USING (shop, order_key, line)
JOIN order_places p USING (shop, order_key)
WHERE u.rule <> 0;

CREATE VIEW shipped_rows AS
SELECT s.shop, p.order_key, s.shipment_id, s.day, s.line, s.quantity
FROM shipments s JOIN order_places p USING (shop, order_id);

-- A bundle whose parts are sent stands beside them and counts shipments: it is left out. Else it
-- stands for its parts. `whole`: so many pieces are all of the line.
CREATE VIEW shipped_parts AS
SELECT r.*, b.bundle, b.whole
FROM shipped_rows r
JOIN (
    SELECT *, sum(quantity) OVER (PARTITION BY shop, order_key, bundle) AS whole FROM bundle_parts
) b USING (shop, order_key, line);

CREATE VIEW shipped_wholes AS
SELECT r.* FROM shipped_rows r
ANTI JOIN shipped_parts p ON p.shop = r.shop AND p.order_key = r.order_key
    AND p.shipment_id = r.shipment_id AND p.bundle = r.line;

CREATE VIEW shipped_lines AS
SELECT shop, order_key, shipment_id, day, line, sum(quantity) AS quantity, max(whole) AS whole
FROM (
    SELECT *, NULL AS whole FROM shipped_wholes
    UNION ALL
    SELECT shop, order_key, shipment_id, day, bundle, quantity, whole FROM shipped_parts
    UNION ALL
    SELECT w.shop, w.order_key, w.shipment_id, w.day, b.line,
        share(b.quantity, w.quantity, b.sets), NULL
    FROM shipped_wholes w JOIN bundle_parts b
        ON b.shop = w.shop AND b.order_key = w.order_key AND b.bundle = w.line
) GROUP BY shop, order_key, shipment_id, day, line;

CREATE VIEW fact_shipments AS
SELECT p.company, s.day, s.shop, p.order_key, s.shipment_id, s.line, l.sku, p.store, p.brand,
    p.region, p.currency, s.quantity,
    share(l.net, sum(s.quantity) OVER sent, coalesce(s.whole, l.quantity))
    - share(l.net, sum(s.quantity) OVER sent - s.quantity, coalesce(s.whole, l.quantity)) AS net
FROM shipped_lines s
JOIN order_places p USING (shop, order_key)
JOIN order_lines l USING (shop, order_key, line)
WINDOW sent AS (PARTITION BY s.shop, p.order_key, s.line ORDER BY s.shipment_id);

-- One row per number and day: lines name no voucher.
CREATE VIEW invoice_heads AS
SELECT company, number, day, min(account) AS account, min(origin) AS origin,
    max(shop) AS shop, max(record_kind) AS record_kind, max(record_key) AS record_key,
    min(currency) AS currency, sum(amount) AS amount, sum(tax) AS tax,
    sum(amount_books) AS amount_books, sum(tax_books) AS tax_books,
    bool_or(includes_tax) AS includes_tax, bool_or(is_intercompany) AS is_intercompany
FROM invoices GROUP BY company, number, day;

-- Of joins by key: one whose condition depends on the kind would try each invoice on each order.
CREATE VIEW invoice_orders AS
SELECT h.company, h.number, h.day, p.shop, p.order_key, p.store, p.brand, p.country, p.region
FROM invoice_heads h
JOIN order_places p ON p.shop = h.shop AND p.order_key = h.record_key
WHERE h.record_kind = 'orders'
UNION ALL
SELECT h.company, h.number, h.day, p.shop, p.order_key, p.store, p.brand, p.country, p.region
FROM invoice_heads h
JOIN shop_documents d ON d.shop = h.shop AND d.document_key = h.record_key
    AND d.kind || 's' = h.record_kind
JOIN order_places p ON p.shop = h.shop AND p.order_id = d.order_id
UNION ALL
SELECT h.company, h.number, h.day, p.shop, p.order_key, p.store, p.brand, p.country, p.region
FROM invoice_heads h
JOIN (SELECT DISTINCT shop, rma_key, order_id FROM returns) r
    ON r.shop = h.shop AND r.rma_key = h.record_key
JOIN order_places p ON p.shop = h.shop AND p.order_id = r.order_id
WHERE h.record_kind = 'returns';

CREATE VIEW line_amounts AS
SELECT l.company, l.number, l.day, l.line, l.lot, coalesce(nullif(l.sku, ''), l.item) AS sku,
    l.quantity, l.amount - CASE WHEN h.includes_tax THEN l.tax ELSE 0 END AS net,
    l.amount_books - CASE WHEN h.includes_tax THEN l.tax_books ELSE 0 END AS net_books
FROM invoice_lines l JOIN invoice_heads h USING (company, number, day);

CREATE VIEW all_line_amounts AS
SELECT * FROM line_amounts
UNION ALL BY NAME
SELECT h.company, h.number, h.day, 0 AS line, '' AS lot, '' AS sku, 0::DECIMAL(38,6) AS quantity,
    h.amount - h.tax - coalesce(s.net, 0) AS net,
    h.amount_books - h.tax_books - coalesce(s.net_books, 0) AS net_books
FROM invoice_heads h
LEFT JOIN (
    SELECT company, number, day, sum(net) AS net, sum(net_books) AS net_books
    FROM line_amounts GROUP BY company, number, day
) s USING (company, number, day);

CREATE VIEW fact_invoice_lines AS
SELECT l.company, l.day, l.number, l.line, l.lot, l.sku, h.account, coalesce(o.shop, h.shop) AS shop,
    o.order_key, o.store, o.brand, o.country, o.region,
    CASE WHEN h.shop <> '' OR w.origin IS NOT NULL THEN 'web'
        WHEN h.origin <> '' THEN h.origin ELSE 'other' END AS channel,
    h.amount < 0 AS is_credit, h.is_intercompany, h.currency, l.quantity, l.net, l.net_books,
    converted(l.net_books, g.rate) AS net_group
FROM all_line_amounts l
JOIN invoice_heads h USING (company, number, day)
LEFT JOIN invoice_orders o USING (company, number, day)
LEFT JOIN web_origins w ON w.company = h.company AND w.origin = h.origin
LEFT JOIN company_terms c ON c.company = l.company
CROSS JOIN terms t
ASOF LEFT JOIN rate_days g
    ON g.source = c.currency AND g.target = t.group_currency AND l.day >= g.day;

CREATE VIEW fact_receivables AS
SELECT r.company, r.source_key, r.account, r.kind, r.invoice, r.voucher, r.day, r.due, r.closed,
    r.currency, r.amount, r.settled, r.amount - r.settled AS open,
    r.amount_books, o.shop, o.order_key
FROM receivables r
LEFT JOIN invoice_orders o
    ON o.company = r.company AND o.number = r.invoice AND o.day = r.day AND r.invoice <> '';

CREATE VIEW fact_stock_days AS
SELECT company, day, item, dimensions, site, warehouse, on_hand, available, available <= 0 AS is_out
FROM stock_days;

-- As each cart stands now; what it was worth is told of the last day on which its rows were listed.
CREATE VIEW fact_carts AS
SELECT c.company, c.day, c.shop, c.cart_id, c.store, s.brand, c.began_at, c.is_active, c.is_guest,
    c.is_quote, c.currency, w.pieces, w.worth
FROM (SELECT * FROM carts QUALIFY row_number() OVER (
    PARTITION BY shop, cart_id ORDER BY changed_at DESC) = 1) c
LEFT JOIN (SELECT shop, cart_id, pieces, worth FROM carts WHERE worth IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY shop, cart_id ORDER BY changed_at DESC) = 1) w
    USING (shop, cart_id)
LEFT JOIN dim_store s USING (shop, store);

CREATE VIEW fact_quotes AS
SELECT q.company, q.day, q.shop, q.cart_id, q.store, s.brand, q.status, q.expires, c.currency,
    c.pieces, c.worth
FROM quotes q
LEFT JOIN fact_carts c USING (shop, cart_id)
LEFT JOIN dim_store s ON s.shop = q.shop AND s.store = q.store;

-- A bundle whose parts carry the amounts has theirs. What has no price of its own is told without.
CREATE VIEW fact_returns AS
SELECT p.company, r.day, r.shop, r.rma_id, r.line, p.order_key, coalesce(l.sku, '') AS sku, p.store,
    p.brand, p.region, p.currency, r.status, r.row_status, r.reason, r.resolution, r.requested,
    r.authorized, r.returned, r.approved, coalesce(share(l.net, r.requested, l.quantity),
        share(b.net, r.requested, b.sets), 0)::DECIMAL(38,6) AS net
FROM returns r
JOIN order_places p ON p.shop = r.shop AND p.order_id = r.order_id
LEFT JOIN order_lines l ON l.shop = p.shop AND l.order_key = p.order_key AND l.line = r.order_line
LEFT JOIN (
    SELECT shop, order_key, b.bundle, max(b.sets) AS sets, sum(l.net) AS net
    FROM bundle_parts b JOIN order_lines l USING (shop, order_key, line) GROUP BY ALL
) b ON b.shop = p.shop AND b.order_key = p.order_key AND b.bundle = r.order_line
WHERE r.order_line IS NOT NULL;

-- Not invoiced is what is more than a cent short of what was neither cancelled nor refunded before
-- it was invoiced. What was cancelled of an order paid by gift card may be in its lines alone.
CREATE VIEW fact_orders AS
SELECT p.company, p.day, p.shop, p.order_key, p.store, p.brand, p.country, p.region, p.currency,
    p.is_void, o.amount, o.tax, o.discount, converted(o.amount, r.books_rate) AS amount_books,
    converted(o.amount, r.group_rate) AS amount_group,
    share(o.amount, coalesce(s.net, 0), coalesce(l.net, 0)) AS shipped, s.day AS shipped_day,
    coalesce(i.amount, 0)::DECIMAL(38,6) AS invoiced, i.day AS invoiced_day,
    coalesce(c.settled, 0)::DECIMAL(38,6) AS paid, c.day AS paid_day,
    o.unshipped > 0 AS is_unshipped,
    CASE WHEN o.state = 'closed' THEN 0 ELSE o.amount - coalesce(i.amount, 0)
        - greatest(o.cancelled, share(o.amount, coalesce(l.cancelled, 0), coalesce(l.net, 0)))
        - greatest(coalesce(b.amount, 0) - coalesce(i.credited, 0), 0)
        END::DECIMAL(38,6) AS uninvoiced,
    uninvoiced > 0.01::DECIMAL(4,2) AS is_uninvoiced
FROM orders o
JOIN order_places p USING (shop, order_key)
LEFT JOIN order_rates r USING (shop, order_key)
LEFT JOIN (
    SELECT shop, order_key, sum(net) AS net, sum(share(net, cancelled, quantity)) AS cancelled
    FROM order_lines WHERE line <> 0 GROUP BY ALL
) l USING (shop, order_key)
LEFT JOIN (
    SELECT shop, order_key, sum(net) AS net, max(day) AS day FROM fact_shipments GROUP BY ALL
) s USING (shop, order_key)
LEFT JOIN (
    SELECT o.shop, o.order_key, sum(greatest(h.amount, 0)) AS amount,
        sum(greatest(-h.amount, 0)) AS credited, max(h.day) FILTER (h.amount > 0) AS day
    FROM invoice_orders o JOIN invoice_heads h USING (company, number, day) GROUP BY ALL
) i USING (shop, order_key)
LEFT JOIN (
    SELECT shop, order_id, sum(amount) AS amount FROM shop_documents
    WHERE kind = 'creditmemo' AND NOT is_void GROUP BY ALL
) b ON b.shop = o.shop AND b.order_id = o.order_id
LEFT JOIN (
    SELECT shop, order_key, sum(settled) AS settled, max(closed) AS day
    FROM fact_receivables WHERE amount > 0 AND order_key IS NOT NULL GROUP BY ALL
) c USING (shop, order_key);

-- Confidential. Joined by lot and invoice; a line without a lot is a service and has no cost.
CREATE VIEW line_costs AS
SELECT o.company, o.lot, c.invoice, -sum(c.posted + c.adjusted) AS cost, bool_or(c.is_open) AS is_open
FROM costs c JOIN cost_origins o USING (company, origin_key)
GROUP BY o.company, o.lot, c.invoice;

CREATE VIEW fact_margins AS
SELECT l.company, l.day, l.number, l.line, l.sku, l.account, l.shop, l.order_key, l.store, l.brand,
    l.region, l.channel, l.net_books, coalesce(c.cost, 0)::DECIMAL(38,6) AS cost,
    CASE WHEN c.cost IS NULL AND l.lot <> '' THEN 'missing'
        WHEN c.is_open THEN 'provisional' ELSE 'final' END AS state
FROM fact_invoice_lines l
LEFT JOIN line_costs c ON c.company = l.company AND c.lot = l.lot AND c.invoice = l.number
WHERE NOT l.is_intercompany;
