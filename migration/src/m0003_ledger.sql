ALTER TABLE audit_head ADD COLUMN frontier {bytes}

CREATE TABLE audit_tile (
  tenant_id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  level {small} NOT NULL,
  tile_index {int} NOT NULL,
  hashes {bytes} NOT NULL,
  PRIMARY KEY (tenant_id, epoch, level, tile_index)
) {strict}

CREATE TABLE audit_checkpoint (
  tenant_id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  size {int} NOT NULL,
  root {bytes} NOT NULL,
  note {text} NOT NULL,
  signed_at {time} NOT NULL,
  cosigned_at {time},
  pinned {bool} NOT NULL,
  PRIMARY KEY (tenant_id, epoch, size)
) {strict}
