CREATE TABLE audit_cosigner (
  key_no {small} NOT NULL PRIMARY KEY,
  master_no {small} NOT NULL,
  sealed {bytes} NOT NULL,
  public {bytes} NOT NULL,
  created_at {time} NOT NULL
) {strict}

ALTER TABLE audit_head ADD COLUMN collected_size {int} NOT NULL DEFAULT 0

ALTER TABLE audit_head ADD COLUMN anchored_size {int} NOT NULL DEFAULT 0

CREATE INDEX audit_entry_of_keys ON audit_entry (tenant_id, epoch, seq)
  WHERE action IN ('audit.cosigner', 'audit.key', 'audit.key.retired')

CREATE INDEX audit_checkpoint_cosigned ON audit_checkpoint (tenant_id, epoch, cosigned_at)
  WHERE cosigned_at IS NOT NULL
