CREATE TABLE idempotency_key (
  tenant_id {uuid} NOT NULL,
  principal_id {uuid} NOT NULL,
  client_key {text} NOT NULL,
  fingerprint {bytes} NOT NULL,
  master_no {small} NOT NULL,
  upload_id {uuid},
  held_until {time},
  log_id {uuid},
  event_id {uuid},
  targets {text},
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL,
  PRIMARY KEY (tenant_id, principal_id, client_key)
) {strict}

CREATE INDEX idempotency_key_expired ON idempotency_key (expires_at)

{row_level_security idempotency_key}
