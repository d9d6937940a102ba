CREATE TABLE audit_hold (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  seq {int} NOT NULL,
  first_seq {int} NOT NULL,
  until_seq {int},
  cleared_seq {int},
  PRIMARY KEY (tenant_id, id)
) {strict}

CREATE TABLE audit_removal (
  tenant_id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  seq {int} NOT NULL,
  kind {text} NOT NULL CHECK (kind IN ('redact', 'payload', 'entries')),
  removed {int} NOT NULL DEFAULT 0,
  begun_at {time} NOT NULL,
  done_at {time},
  PRIMARY KEY (tenant_id, epoch, seq)
) {strict}

CREATE INDEX audit_removal_open ON audit_removal (begun_at) WHERE done_at IS NULL

CREATE INDEX audit_entry_of_retention ON audit_entry (tenant_id, epoch, seq)
  WHERE action IN ('audit.hold.clear', 'audit.hold.set', 'audit.prune', 'audit.redact')

ALTER TABLE verification ADD COLUMN pruned {int} NOT NULL DEFAULT 0

ALTER TABLE verification ADD COLUMN redacted {int} NOT NULL DEFAULT 0
