ALTER TABLE verification ADD COLUMN started_by {text} NOT NULL DEFAULT 'request'

ALTER TABLE verification ADD COLUMN epoch {small} NOT NULL DEFAULT 0

ALTER TABLE verification ADD COLUMN begin_size {int} NOT NULL DEFAULT 0

ALTER TABLE verification ADD COLUMN entries_read {int} NOT NULL DEFAULT 0

ALTER TABLE verification ADD COLUMN reported_at {time}

ALTER TABLE verification ADD COLUMN checkpoint {text}

ALTER TABLE verification ADD COLUMN last_good_size {int}

ALTER TABLE verification ADD COLUMN last_good_at {time}

ALTER TABLE verification ADD COLUMN first_bad_size {int}

ALTER TABLE verification ADD COLUMN first_bad_at {time}

ALTER TABLE verification ADD COLUMN affected_count {int} NOT NULL DEFAULT 0

ALTER TABLE verification ADD COLUMN receipt_size {int}

ALTER TABLE verification ADD COLUMN receipt_at {time}

ALTER TABLE verification ADD COLUMN anchor_size {int}

ALTER TABLE verification ADD COLUMN anchor_at {time}

ALTER TABLE verification ADD COLUMN seal {bytes}

CREATE INDEX verification_by_time ON verification (tenant_id, started_at)

ALTER TABLE audit_head ADD COLUMN known_epoch {small}

ALTER TABLE audit_head ADD COLUMN known_size {int}

ALTER TABLE audit_head ADD COLUMN known_root {bytes}
