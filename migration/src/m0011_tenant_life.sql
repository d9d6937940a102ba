ALTER TABLE tenant ADD COLUMN version {small} NOT NULL DEFAULT 1

ALTER TABLE tenant ADD COLUMN settings {text} NOT NULL DEFAULT '{}'

ALTER TABLE tenant ADD COLUMN settings_version {small} NOT NULL DEFAULT 1

ALTER TABLE tenant ADD COLUMN deactivated_at {time}

ALTER TABLE tenant ADD COLUMN purge_after {time}

ALTER TABLE tenant ADD COLUMN exported_at {time}

CREATE TABLE tenant_contact (
  tenant_id {uuid} NOT NULL REFERENCES tenant (id),
  kind {text} NOT NULL CHECK (kind IN ('general', 'billing')),
  name {text} NOT NULL,
  email {text} NOT NULL,
  phone {text},
  company {text},
  tax_number {text},
  line1 {text},
  line2 {text},
  postal_code {text},
  city {text},
  region {text},
  country {text},
  updated_at {time} NOT NULL,
  PRIMARY KEY (tenant_id, kind)
) {strict}

CREATE TABLE quota_override (
  tenant_id {uuid} NOT NULL REFERENCES tenant (id),
  metric {text} NOT NULL CHECK (metric IN ('API_CALLS', 'AI_TOKENS', 'STORAGE_BYTES', 'USERS')),
  limit_value {int} NOT NULL CHECK (limit_value >= 0),
  set_by {uuid} NOT NULL,
  set_at {time} NOT NULL,
  PRIMARY KEY (tenant_id, metric)
) {strict}

CREATE TABLE audit_purge (
  tenant_id {uuid} NOT NULL PRIMARY KEY,
  plan {text} NOT NULL,
  document {text} NOT NULL,
  row_count {int} NOT NULL DEFAULT 0,
  begun_at {time} NOT NULL,
  done_at {time},
  certificate {text}
) {strict}

CREATE INDEX file_by_replaced ON file (tenant_id, replaces) WHERE replaces IS NOT NULL

{row_level_security tenant_contact}

{row_level_security quota_override}

{row_level_security audit_purge}
