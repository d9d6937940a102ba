ALTER TABLE audit_export ADD COLUMN epoch {small} CHECK (epoch >= 0)
