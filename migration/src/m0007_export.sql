CREATE TABLE audit_export (
  tenant_id {uuid} NOT NULL REFERENCES tenant (id),
  id {uuid} NOT NULL,
  format {text} NOT NULL CHECK (format IN ('BUNDLE', 'OCSF', 'CSV')),
  first_seq {int} NOT NULL CHECK (first_seq >= 0),
  end_seq {int},
  disclosures {bool} NOT NULL,
  state {text} NOT NULL
    CHECK (state IN ('PENDING', 'RUNNING', 'DONE', 'FAILED', 'EXPIRED')),
  attempt {small} NOT NULL DEFAULT 0,
  done_count {int} NOT NULL DEFAULT 0,
  total_count {int} NOT NULL DEFAULT 0,
  byte_len {int},
  sha256 {bytes},
  object_key {text},
  checkpoint {text},
  verdict {text},
  reason {text},
  requested_by_type {text} NOT NULL,
  requested_by_id {uuid} NOT NULL,
  created_at {time} NOT NULL,
  finished_at {time},
  expires_at {time},
  PRIMARY KEY (tenant_id, id)
) {strict}

CREATE UNIQUE INDEX audit_export_live ON audit_export (tenant_id)
  WHERE state IN ('PENDING', 'RUNNING')

CREATE INDEX audit_export_due ON audit_export (expires_at) WHERE state IN ('DONE', 'FAILED')

CREATE INDEX audit_entry_by_action ON audit_entry (action, tenant_id, epoch, seq)

CREATE INDEX audit_entry_by_actor ON audit_entry (actor_id, tenant_id, epoch, seq)
