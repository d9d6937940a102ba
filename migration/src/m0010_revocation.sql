CREATE TABLE revocation (
  id {serial},
  kind {text} NOT NULL,
  subject_id {uuid} NOT NULL,
  created_at {time} NOT NULL
) {strict}

CREATE INDEX revocation_by_time ON revocation (created_at)
